// Small files as text.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const PART = 64 << 10; // bytes

/** A UTF-8 file of at most `max` bytes. A pipe does not know how many it has, and a device has no end. */
export function readText(path, max) {
  const file = openSync(path);
  try {
    const { size } = fstatSync(file);
    const parts = [];
    let length = 0;
    for (let n = -1; n !== 0 && length <= max; length += n) {
      const part = Buffer.alloc(Math.max(PART, size - length));
      n = readSync(file, part);
      parts.push(part.subarray(0, n));
    }
    if (length > max) throw new Error(`the file is larger than ${max} bytes`);
    return decode(Buffer.concat(parts));
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
