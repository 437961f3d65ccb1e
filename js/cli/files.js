// Finds the files of a path and reads them.

import { closeSync, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Names that logs usually have: such files are read without a look at their first bytes. */
const LOG_NAMES = /\.(json|gz|ndjson|jsonl|log|csv|zip|zst|tgz)$/i;
const RULE_NAMES = /\.ya?ml$/i;

/** Reads a regular file, straight into the reader's memory: yields the length of each part that it took. */
export function* pullFile(path, reader) {
  const file = openSync(path);
  try {
    const { size } = fstatSync(file);
    const fill = (room) => readSync(file, room);
    for (let n = reader.pull(fill, size); n > 0; n = reader.pull(fill, size)) yield n;
  } finally {
    closeSync(file);
  }
}

/** The log files of paths. In a folder, the content decides: a file that can hold events is taken, whatever its name. */
export const findLogs = (paths) => find(paths, (path, size) => (size === 0 || LOG_NAMES.test(path) ? undefined : whyNoLog(path, size)));

/** The rule files of paths. In a folder, those that are called .yaml or .yml. */
export const findRules = (paths) => find(paths, (path) => (RULE_NAMES.test(path) ? undefined : 'not .yaml or .yml'));

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

/** First bytes of compressed files, archives and UTF-16 text. The engine reads them, or says what they are. */
const MAGICS = ['1f8b', '504b0304', '28b52ffd', 'fd377a585a', '425a68', '377abcaf', 'fffe', 'feff', '50415231'];
/** Where a tar archive says that it is one. */
const TAR = { at: 257, text: 'ustar' };
/** A key of an event in JSON, which may stand inside a string; and a header of exported rows. */
const KEY = /"event(?:Name|Source|Version)\\*"/;
const HEADER = /^[^\n]*(?:event ?(?:name|source|version|json)|_raw)[^\n]*[,;\t]|^[^\n]*[,;\t][^\n]*(?:event ?(?:name|source|version|json)|_raw)/i;
const LOOKED_AT = 64 << 10;

/** Why a file cannot hold events; undefined if it can. An empty one should: the engine says that it is empty. */
function whyNoLog(path, size) {
  const file = openSync(path);
  let bytes = Buffer.alloc(Math.min(size, LOOKED_AT));
  try {
    bytes = bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
  const text = bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  if (MAGICS.some((magic) => bytes.toString('hex', 0, 8).startsWith(magic)) || text.startsWith(TAR.text, TAR.at)) return undefined;
  if (/^\s*[{[]/.test(text)) return undefined;
  if (text.includes('\0')) return 'not text';
  if (RULE_NAMES.test(path)) return 'YAML';
  return KEY.test(text) || HEADER.test(text) ? undefined : 'text without events';
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
  if (/^https?:\/\//i.test(path)) return 'Forepost reads local files; download it first';
  if (error.code === 'ENOENT' && /[*?]/.test(path)) return 'no such file or folder; the shell found nothing for the pattern';
  return REASONS[error.code] ?? error.message;
}
