// Finds the files of a path and reads them.

import { closeSync, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isFunctionTemplate, isLogByName, isRuleByName, isTemplate, isTestByName, LOOKED_AT, suppliedByName, whyNoLog } from '../logfile.js';

/** Reads a regular file, or a part of it, straight into the reader's memory: yields the length of each piece that it took. */
export function* pullFile(path, reader, { from, to } = WHOLE) {
  const file = openSync(path);
  try {
    const { size } = fstatSync(file);
    let at = from;
    const fill = (room) => readSync(file, room, 0, Math.min(room.length, to - at), at);
    for (let n = reader.pull(fill, size - from); n > 0; n = reader.pull(fill, size - from)) {
      at += n;
      yield n;
    }
  } finally {
    closeSync(file);
  }
}

const WHOLE = { from: 0, to: Infinity };
const BREATH = 50; // ms between looks at what else there is to do, such as Ctrl-C
let breathed = performance.now();

/** The same, where this thread has other things to do: ends with an error as soon as `closed()`. */
export async function* pullInBreaths(path, reader, closed, part) {
  let length = 0;
  for (const taken of pullFile(path, reader, part)) {
    length += taken;
    if (performance.now() - breathed < BREATH) continue; // to look up after each piece would cost a tenth of the reading
    yield length;
    length = 0;
    await new Promise(setImmediate);
    breathed = performance.now();
    if (closed()) throw new Error('closed');
  }
  if (length > 0) yield length;
}

/** The log files of paths. In a folder, the content decides: a file that can hold events is taken, whatever its name. */
export const findLogs = (paths) => find(paths, (path, size) => (isLogByName(path, size) ? undefined : lookInto(path, size)));

/** The rule files of paths, and those of functions beside them. In a folder, those that are called .yaml or .yml and hold no tests, and ARM templates. */
export const findRules = (paths) => find(paths, (path, size) => (isTestByName(path) ? 'tests of a rule' : holdsRulesByStart(path, () => startOf(path, size)) ? undefined : 'not .yaml or .yml'));

/** Whether a file may hold rules or functions of theirs, by its name and what `start()` gives, its first bytes. */
export const holdsRulesByStart = (path, start) => isRuleByName(path) || (/\.json$/i.test(path) && [isTemplate, isFunctionTemplate].some((is) => is(path, start())));

/** The tables and functions of a folder, by their names. */
export const findContext = (paths) => find(paths, (path) => (suppliedByName(path) && !isTestByName(path) ? undefined : 'no table and no function'));

/** The test files of paths, and the rule files. */
export const findTests = (paths) => find(paths, (path) => (isRuleByName(path) || isTestByName(path) ? undefined : 'not .yaml or .yml'));

/** The ARM templates of paths. */
export const findTemplates = (paths) => find(paths, (path, size) => (isTemplate(path, startOf(path, size)) ? undefined : 'no ARM template'));

/**
 * The files of paths in a fixed order (by name, folders and files alike): `{files: [{path, size}], failed: [{path, message}],
 * skipped: [{path, reason}]}`. A file named outright is taken; `whyNot(path, size)` gives the reason not to take one that was
 * found in a folder. Each file is taken once, however many links lead to it; so a link to a folder above cannot loop.
 */
function find(paths, whyNot) {
  const found = { files: [], failed: [], skipped: [] };
  const seen = new Set();
  for (const path of paths) {
    if (path === '-') found.files.push({ path, size: 0 });
    else visit(path);
  }
  return found;

  function visit(start) {
    const pending = [start];
    while (pending.length > 0) {
      const path = pending.pop();
      const named = path === start;
      try {
        const stat = statSync(path);
        const real = realpathSync(path);
        if (seen.has(real)) continue;
        seen.add(real);
        if (!named && basename(path).startsWith('.')) {
          found.skipped.push({ path, reason: 'hidden' });
        } else if (stat.isDirectory()) {
          pending.push(...readdirSync(path).sort(byCodeUnit).reverse().map((name) => join(path, name)));
        } else {
          const size = stat.isFile() ? stat.size : 0;
          const reason = named ? undefined : stat.isFile() ? whyNot(path, size) : 'not a regular file';
          if (reason) found.skipped.push({ path, reason });
          else found.files.push({ path, size });
        }
      } catch (error) {
        found.failed.push({ path, message: reasonOf(error, path) });
      }
    }
  }
}

const byCodeUnit = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

const lookInto = (path, size) => whyNoLog(path, startOf(path, size));

/** The first bytes of a file. */
function startOf(path, size) {
  const file = openSync(path);
  try {
    const bytes = Buffer.alloc(Math.min(size, LOOKED_AT));
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

const REASONS = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'its symbolic links form a loop',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENAMETOOLONG: 'the name is too long',
  ERR_INVALID_ARG_VALUE: 'the name contains a null character',
};

/** What an error of the file system means to a person. */
export function reasonOf(error, path = '') {
  if (/^s3:\/\//i.test(path)) return 'Forepost reads local files; download it first: aws s3 sync s3://BUCKET/PREFIX DIR';
  if (/^file:\/\//i.test(path)) return 'give the path alone, without file://';
  if (/^(?:[a-z][a-z0-9+.-]+:\/\/|arn:)/i.test(path)) return 'Forepost reads local files; download it first';
  if (error.code === 'ENOENT' && path.startsWith('~')) return 'no such file or folder; the shell replaces ~ only where it stands outside of quotes';
  if (error.code === 'ENOENT' && /[*?]/.test(path)) return 'no such file or folder; the shell found nothing for the pattern';
  return REASONS[error.code] ?? error.message;
}
