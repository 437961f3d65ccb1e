// Converts what callers pass in to bytes for the engine, and bytes of files to text.

import { ForepostError } from './errors.js';

const encoder = new TextEncoder();
const nameOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

// By name, because objects of another realm (a frame, a test runner's sandbox) are no instances of this one's classes.
export const isBuffer = (value) => ArrayBuffer.isView(value) || nameOf(value) === 'ArrayBuffer' || nameOf(value) === 'SharedArrayBuffer';
const isBlob = (value) => typeof value?.stream === 'function' && typeof value.arrayBuffer === 'function';
const isMessage = (value) => nameOf(value) === 'Response' || nameOf(value) === 'Request';

/** Text or any view of bytes, as bytes. */
export function toBytes(data) {
  if (data instanceof Uint8Array) return data;
  if (typeof data === 'string') return encoder.encode(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (isBuffer(data)) return new Uint8Array(data);
  throw new ForepostError('bad-argument', `A chunk must be a Uint8Array, an ArrayBuffer or a string, not ${describe(data)}`);
}

/** Parts of bytes as one. */
export function joined(parts) {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The chunks of one input: bytes, text, a Blob, a Response, or anything that yields bytes or text. */
export async function* chunksOf(given) {
  const input = streamOf(await given);
  if (typeof input === 'string' || isBuffer(input)) {
    yield input;
  } else if (input?.[Symbol.asyncIterator] || input?.[Symbol.iterator]) {
    yield* input;
  } else if (typeof input?.getReader === 'function') {
    const reader = input.getReader(); // Safari's ReadableStream cannot be iterated
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
    } finally {
      reader.releaseLock();
    }
  } else {
    throw new ForepostError('bad-argument', `An input must be bytes, a string, a Blob, a Response, or an iterable or stream of bytes or strings, not ${describe(input)}`);
  }
}

const MOST_KEPT = 256 << 20; // bytes

/**
 * Inputs that are read more than once, by their numbers. What gives its bytes only once (a stream, a Response) is kept from the first
 * reading on, up to a limit.
 */
export class Kept {
  #chunks = new Map();
  #bytes = 0;

  has(n) { return this.#chunks.has(n); }

  /** The chunks of an input. */
  async* of(n, given) {
    const kept = this.#chunks.get(n);
    if (kept) return yield* kept;
    const input = await given;
    if (typeof input === 'string' || isBuffer(input) || isBlob(input)) return yield* chunksOf(input);
    const chunks = [];
    for await (const chunk of chunksOf(input)) {
      // A copy: who gave the chunk may fill it with the next.
      const copy = toBytes(chunk).slice();
      this.#bytes += copy.length;
      if (this.#bytes > MOST_KEPT) throw new ForepostError('too-large', TOO_MUCH_KEPT);
      chunks.push(copy);
      yield copy;
    }
    return void this.#chunks.set(n, chunks);
  }
}

const TOO_MUCH_KEPT = `The columns of bag_unpack or pivot depend on the data, so it is read twice, and of a stream no more than ${MOST_KEPT >> 20} MB can be kept for that: read from files, or declare the columns, as in evaluate bag_unpack(column) : (*, name:string)`;

/** The stream inside a Blob or a Response. */
function streamOf(input) {
  if (isBlob(input)) return input.stream();
  if (!isMessage(input)) return input;
  if (input.ok === false) throw new ForepostError('bad-argument', `The response is no log: ${input.url} answered ${input.status} ${input.statusText}`);
  if (input.bodyUsed) throw new ForepostError('bad-argument', 'The body of the response was already read');
  return input.body ?? '';
}

/**
 * A list of inputs: the items of an array, or the one input that was given. Other iterables are refused, because they could be
 * either the inputs or the chunks of one.
 */
export function inputsOf(given) {
  if (given === undefined) return [];
  if (Array.isArray(given)) return given;
  const isOne = typeof given === 'string' || isBuffer(given) || isBlob(given) || isMessage(given)
    || typeof given?.getReader === 'function'                                                   // a ReadableStream
    || (typeof given?.pipe === 'function' && typeof given[Symbol.asyncIterator] === 'function') // Node's
    || (typeof given?.then === 'function');
  if (isOne) return [given];
  const iterable = given?.[Symbol.asyncIterator] || given?.[Symbol.iterator];
  throw new ForepostError('bad-argument', iterable
    ? `query() cannot know whether ${describe(given)} yields inputs or the chunks of one: pass [it] for one input, or an array of inputs`
    : `query() needs an input (bytes, a string, a stream, a Blob, a Response) or an array of them, not ${describe(given)}`);
}

/** `null`, `a number`, `a Map` … for messages. */
export function describe(value) {
  if (value === null || value === undefined) return String(value);
  const name = typeof value === 'object' ? value.constructor?.name || 'object' : typeof value;
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}

/** Bytes as text. Windows writes UTF-16, with a mark at its start. `fatal`: what is no text throws. */
export function decodeText(bytes, fatal = false) {
  const [a, b] = bytes;
  return new TextDecoder(a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8', { fatal }).decode(bytes);
}
