// Small files as text.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A UTF-8 file of at most `max` bytes, which the file itself may not know: a device has no size and no end. */
export function readText(path, max) {
  const file = openSync(path);
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    if (!stat.isFile()) throw new Error('not a regular file');
    if (stat.size > max) throw new Error(`the file has ${stat.size} bytes; it can have at most ${max}`);
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    for (let n = readSync(file, bytes); n > 0 && length < bytes.length; n = readSync(file, bytes, { offset: length })) length += n;
    return decode(bytes.subarray(0, length));
  } finally {
    closeSync(file);
  }
}

function decode(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('the file is not UTF-8 text');
  }
}
