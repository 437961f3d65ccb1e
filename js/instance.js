// The WebAssembly instance: loading it, and making a new one after a trap. Only this file and the two classes
// that hold handles (detector.js, query.js) touch the generated glue, engine.js.

import { __wbg_reset_state, initSync, onPanic, room, version as engineVersion } from './engine.js';
import { describe } from './bytes.js';
import { ForepostError, TrapError } from './errors.js';

let loading;         // the promise of a load, under way or done
let ready = false;
let compiled;        // the module
let generation = 0;  // counts instances; a handle made on an older one is dead
let lastTrap = '';
let panic;           // what the engine said before it trapped, and where

/**
 * Compiles the module and makes it ready. Calling again returns the first call's promise; after a failure the
 * next call tries again. `source` may be a function that gives it; `hint` says what to do if it fails.
 */
export function load(source, hint) {
  if (ready) return Promise.resolve();
  loading ??= compile(source).then(loadSync).catch((error) => {
    loading = undefined;
    throw error instanceof ForepostError ? error : loadFailure(error, hint);
  });
  return loading;
}

/** The same from bytes or a compiled module, at once. */
export function loadSync(source, hint) {
  if (ready) return;
  try {
    const given = typeof source === 'function' ? source() : source;
    const module = given instanceof WebAssembly.Module ? given : new WebAssembly.Module(checked(given));
    // The glue keeps whatever it instantiates, so a stranger must not get that far.
    if (!WebAssembly.Module.exports(module).some(({ name }) => name === 'detector_push')) throw new Error('it is another module');
    initSync({ module });
    listen();
    compiled = module;
  } catch (error) {
    throw loadFailure(error, hint);
  }
  ready = true;
}

// The smallest module with a SIMD instruction.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

/** Whether this runtime has SIMD: without it another module is loaded, which is slower and otherwise the same. */
export const hasSimd = () => WebAssembly.validate(new Uint8Array(SIMD));

/** The module that was loaded: a worker that is given it need not compile it again. */
export const compiledModule = () => compiled;

/** The engine's version. */
export const version = () => guarded('version()', undefined, engineVersion);

/** For modules that are expected beside the code: a bundler moves the code and may leave the module behind. */
export const BESIDE_HINT = "If a bundler made this program, import 'forepost/inline', which has the module inside, or give load() a copy of forepost.wasm.";

function loadFailure(error, hint) {
  const message = `The WebAssembly module could not be loaded: ${error?.message ?? error}.${hint ? ` ${hint}` : ''}`;
  return new ForepostError('load-failed', message, { cause: error });
}

async function compile(source) {
  source = await (typeof source === 'function' ? source() : source);
  source = source?.default ?? source; // import * as module from 'forepost/forepost.wasm'
  if (source instanceof WebAssembly.Module) return source;
  const isRequest = typeof Request === 'function' && source instanceof Request;
  if (typeof source === 'string' || source instanceof URL || isRequest) source = await fetched(source);
  if (typeof Response === 'function' && source instanceof Response) {
    const from = source.url || 'the response';
    if (!source.ok) throw new Error(`${from} answered ${source.status} ${source.statusText}`.trim());
    const type = source.headers.get('content-type') ?? '';
    if (type.split(';')[0] === 'application/wasm' && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(source);
    return WebAssembly.compile(checked(await source.arrayBuffer(), from, type));
  }
  return WebAssembly.compile(checked(source));
}

async function fetched(source) {
  try {
    return await fetch(source);
  } catch (error) {
    throw new Error(`${source.url ?? source} could not be fetched (${error?.cause?.message ?? error?.message ?? error})`, { cause: error });
  }
}

/** Bytes that begin as a module does. A server answers an unknown path with a page, and the compiler would say so in bytes. */
function checked(source, from = 'it', type = '') {
  const isBytes = ArrayBuffer.isView(source) || typeof source?.byteLength === 'number';
  if (!isBytes) throw new Error(`it needs bytes, a WebAssembly.Module, a Response or a URL, not ${describe(source)}`);
  const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
  if ([0, 97, 115, 109].some((byte, i) => bytes[i] !== byte)) {
    const text = new TextDecoder().decode(bytes.subarray(0, 24)).replace(/[^ -~]+/g, ' ').trim();
    throw new Error(`${from} is not WebAssembly but ${[type, text && JSON.stringify(text)].filter(Boolean).join(' ') || `${bytes.length} other bytes`}`);
  }
  return source;
}

/** Which instance lives now: what a handle remembers, to know later whether it is dead. */
export const currentGeneration = () => generation;

/** Throws if the instance that a handle was made on is gone. */
export function assertAlive(madeOn, what) {
  if (madeOn === generation) return;
  throw new TrapError('instance-lost', `This ${what} was lost with its WebAssembly instance, which failed: ${lastTrap}. ` +
    `A new instance is ready: make a new ${what}.`);
}

/**
 * Runs a call into the engine. A thrown *string* is a refusal and passes. Anything else (a trap, a stack
 * overflow, memory that is used up) leaves the instance in an unknown state: it is replaced, and a TrapError says so.
 */
export function guarded(what, input, call) {
  if (!ready) throw new ForepostError('not-loaded', 'The engine is not loaded yet: `await load()` first.');
  try {
    return call();
  } catch (error) {
    if (typeof error === 'string') throw error;
    throw replaceInstance(what, input, error);
  }
}

/**
 * Gives the engine's memory back if it has grown beyond `most` bytes: WebAssembly's memory cannot become smaller, so that a new instance takes over. All handles
 * are dead then: for hosts that hold none.
 */
export function renew(most) {
  if (!ready || room(0).buffer.byteLength <= most) return false;
  lastTrap = 'its memory was given back';
  generation += 1;
  __wbg_reset_state();
  listen();
  return true;
}

/** Lets the instance tell why it panics; each new one is told anew. */
function listen() {
  onPanic((message, location) => { panic = { message, location }; });
}

/** The place in the module where it trapped, with the function's name, as the stack says it. */
function placeOf(stack) {
  const [, place] = /(wasm-function\[\d+\]:0x[0-9a-f]+)/.exec(stack) ?? [];
  const [, name] = /^\s*(?:at )?(\S.*?)(?: \(|@)\S*wasm-function\[/m.exec(stack) ?? [];
  return place && (name ? `${place} (${name})` : place);
}

function replaceInstance(what, input, cause) {
  const { message, location } = panic ?? {};
  panic = undefined;
  // A trap says no more than its kind. What panicked said more; where the stack or the memory was used up, the place has to do.
  const place = placeOf(cause?.stack);
  lastTrap = `${message === undefined ? '' : `panicked at ${location}: ${message}; `}${cause?.message ?? cause}${place ? ` at ${place}` : ''}`;
  generation += 1;
  const details = { input, panic: message, location, place };
  try {
    __wbg_reset_state();
    listen();
  } catch (error) {
    ready = false; // e.g. no memory for another instance
    return new TrapError('trap', `${what}: the engine failed (${lastTrap}) and could not be started anew (${error?.message ?? error}).`,
      { cause }, details);
  }
  return new TrapError('trap', `${what}: the engine failed: ${lastTrap}. All its state is lost; a new instance is ready. ` +
    'Please report this with the input: no input should be able to do it.', { cause }, details);
}
