// Small files as text.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { decodeText } from '../bytes.js';

const PART = 64 << 10; // bytes

/**
 * A file of text (UTF-8; UTF-16 where a mark at its start says so, as Windows writes it; `-` is standard input) of at most `max` bytes, which may be
 * gzipped. A pipe does not know how many it has, and a device has no end.
 */
export const readText = (path, max) => textOf(readBytes(path, max), max);

/** The same of bytes that are there. */
export const textOf = (bytes, max) => decode(inflated(bytes, max));

/** The bytes of a file, at most `max`. */
export function readBytes(path, max) {
  const file = path === '-' ? 0 : openSync(path);
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
    return Buffer.concat(parts);
  } finally {
    if (file !== 0) closeSync(file);
  }
}

function inflated(bytes, max) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: max });
  } catch (error) {
    throw new Error(error.code === 'ERR_BUFFER_TOO_LARGE' ? `the file is larger than ${max} bytes` : 'the gzip file is damaged', { cause: error });
  }
}

/** The text of bytes; throws if they are none. */
export function decode(bytes) {
  try {
    return decodeText(bytes, true);
  } catch {
    throw new Error('the file is not UTF-8 text');
  }
}
