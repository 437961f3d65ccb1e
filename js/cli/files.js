// Finds the files of a path and reads them.

import { closeSync, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const LOGS = ['.json', '.gz', '.ndjson', '.jsonl', '.log', '.csv'];
export const RULES = ['.yaml', '.yml'];

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

/**
 * The files of paths in a fixed order (by name, folders and files alike): `{files: [{path, size}], failed:
 * [{path, message}], skipped}`. A file named outright is taken whatever its name; in a folder, those with one of the
 * extensions, and `skipped` counts the others by extension. Each file is taken once, however many links lead to it;
 * so a link to a folder above cannot loop.
 */
export function find(paths, extensions) {
  const found = { files: [], failed: [], skipped: new Map() };
  const seen = new Set();
  for (const path of paths) {
    if (path === '-') found.files.push({ path, size: 0 });
    else visit(path, true);
  }
  return found;

  function visit(start, named) {
    const pending = [{ path: start, named }];
    while (pending.length > 0) {
      const { path, named: outright } = pending.pop();
      try {
        const stat = statSync(path);
        const real = realpathSync(path);
        if (seen.has(real)) continue;
        if (stat.isDirectory()) {
          seen.add(real);
          const names = readdirSync(path).sort(byCodeUnit).reverse();
          pending.push(...names.map((name) => ({ path: join(path, name), named: false })));
        } else if (outright || (stat.isFile() && extensions.some((e) => path.toLowerCase().endsWith(e)))) {
          seen.add(real);
          found.files.push({ path, size: stat.isFile() ? stat.size : 0 });
        } else {
          const kind = stat.isFile() ? /\.[^./]+$/.exec(path)?.[0] ?? 'no extension' : 'not a file';
          found.skipped.set(kind, (found.skipped.get(kind) ?? 0) + 1);
        }
      } catch (error) {
        found.failed.push({ path, message: reason(error) });
      }
    }
  }
}

const byCodeUnit = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

const REASONS = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'its symbolic links form a loop',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'the name is too long',
  ERR_INVALID_ARG_VALUE: 'the name contains a null character',
};

/** What an error of the file system means to a person. */
export const reason = (error) => REASONS[error.code] ?? error.message;
