// Small files as text.

import { decodeText, joined } from 'forepost/bytes.js';

/** The bytes of a stream, at most `max` of them. */
export async function bytesOf(stream, max, each = () => {}) {
  const parts = [];
  let size = 0;
  for (const reader = stream.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > max) {
      reader.cancel().catch(() => { /* nothing more is wanted of it */ });
      throw new Error(`it is larger than ${max >> 20} MB`);
    }
    each(value);
    parts.push(value);
  }
  return joined(parts);
}

export const isGzip = (bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The text of a file that may be gzipped, of at most `max` bytes. */
export async function textOf(file, max) {
  if (file.size > max) throw new Error(`it is larger than ${max >> 20} MB`);
  let bytes = new Uint8Array(await file.arrayBuffer());
  if (isGzip(bytes)) {
    try {
      bytes = await bytesOf(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')), max);
    } catch (error) {
      throw error instanceof TypeError ? new Error('the gzip file is damaged', { cause: error }) : error;
    }
  }
  try {
    return decodeText(bytes, true);
  } catch (error) {
    throw new Error('it is not UTF-8 text', { cause: error });
  }
}
