// Converts what callers pass in to bytes for the engine.

import { ForepostError } from './errors.js';

const encoder = new TextEncoder();

/** Text or any view of bytes, as bytes. */
export function toBytes(data) {
  if (data instanceof Uint8Array) return data;
  if (typeof data === 'string') return encoder.encode(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new ForepostError('bad-argument', `push() needs a Uint8Array, an ArrayBuffer or a string, not ${describe(data)}`);
}

/** The chunks of one input: bytes, text, or anything that yields them. */
export async function* chunksOf(input) {
  if (typeof input?.getReader === 'function' && typeof input[Symbol.asyncIterator] !== 'function') {
    const reader = input.getReader(); // Safari's ReadableStream cannot be iterated
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
    } finally {
      reader.releaseLock();
    }
  } else if (typeof input === 'string' || input instanceof ArrayBuffer || ArrayBuffer.isView(input)) {
    yield input;
  } else if (input?.[Symbol.asyncIterator] || input?.[Symbol.iterator]) {
    yield* input;
  } else {
    throw new ForepostError('bad-argument', `An input must be bytes, a string, or an iterable or stream of them, not ${describe(input)}`);
  }
}

/** `null`, `a number`, `a Map` … for messages. */
export function describe(value) {
  if (value === null || value === undefined) return String(value);
  const name = typeof value === 'object' ? value.constructor?.name ?? 'object' : typeof value;
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}
