// The base class of Detector and Query: a handle in WebAssembly that takes bytes.

import { Tally } from './account.js';
import { toBytes } from './bytes.js';
import { room } from './engine.js';
import { ForepostError } from './errors.js';
import { assertAlive, currentGeneration, guarded } from './instance.js';
import { parseLines } from './json.js';

// Room of the engine's memory.
const PUSHED = 512 << 10; // for what is copied there: it fits a processor's cache
const PULLED = 2 << 20;   // for what a file is read into: the calls cost more than the cache saves

const space = { bytes: new Uint8Array(0), generation: 0 }; // the room, as it was the last time

/** The room, with at least so many bytes. It moves only when it has to grow, and has no length here when the memory has moved. */
function spaceFor(size) {
  if (space.bytes.length < size || space.generation !== currentGeneration()) {
    Object.assign(space, { bytes: room(size), generation: currentGeneration() });
  }
  return space.bytes;
}

export class Reader {
  #kind;
  #handle;
  #generation;
  #inputs = 1;
  #offset = 0;
  #tally = new Tally();
  #waiting = []; // problems that the account has seen and the caller has not

  #accounts;

  /**
   * `make` returns the generated class's object; `kind` names it in messages. Of one that hands over what it found, the account is
   * kept where that arrives.
   */
  constructor(kind, make, { accounts = true } = {}) {
    this.#kind = kind;
    this.#accounts = accounts;
    this.#handle = guarded(`new ${kind}()`, undefined, make);
    this.#generation = currentGeneration();
  }

  /** Calls into the engine with the handle. */
  call(name, ...args) {
    return this.#call(name, 0, () => this.#handle[name](...args));
  }

  /** A call that is about so many bytes of the input. */
  #call(name, length, call) {
    if (!this.#handle) throw new ForepostError('disposed', `This ${this.#kind} was disposed.`);
    assertAlive(this.#generation, this.#kind);
    const input = { number: this.#inputs, offset: this.#offset, length };
    const where = length > 0 ? `of bytes ${input.offset} to ${input.offset + length} of` : 'in';
    return guarded(`${this.#kind}.${name} ${where} input ${input.number}`, input, call);
  }

  push(data) {
    const bytes = toBytes(data);
    for (let at = 0; at < bytes.length; at += PUSHED) {
      const slice = bytes.subarray(at, at + PUSHED);
      this.#fill(slice.length, (room) => {
        room.set(slice);
        return slice.length;
      });
    }
  }

  /** As a push of what `fill` writes into the bytes that it is given. It returns how many, and so does this. `size`: about so many will come. */
  pull(fill, size) { return this.#fill(Math.min(Math.max(size, PUSHED), PULLED), fill); }

  #fill(size, fill) {
    const length = fill(this.#call('push', 0, () => spaceFor(size)));
    if (length > 0) this.#call('push', length, () => this.#handle.push(length));
    this.#offset += length;
    return length;
  }

  /** The current input, which is JSON text, is read from this byte on: another reader reads what comes before. */
  startAt(offset) {
    this.call('startAt', offset);
    this.#offset = offset;
  }

  endInput() {
    this.call('endInput');
    if (this.#accounts) this.#note(this.#inputs);
    this.#tally.found = this.#tally.read = this.#inputs;
    this.#inputs += 1;
    this.#offset = 0;
  }

  /** The next bytes are the first of the first input. */
  rewind() {
    this.#inputs = 1;
    this.#offset = 0;
    this.#tally = new Tally();
    this.#waiting = [];
  }

  problems() {
    this.#note();
    return this.#waiting.splice(0);
  }

  /** Takes what the engine reports into the account. */
  #note(number = this.#offset > 0 ? this.#inputs : Math.max(1, this.#inputs - 1)) {
    for (const problem of parseLines(this.call('takeProblems'))) {
      this.#waiting.push(problem);
      if (problem.rule === undefined && problem.code !== 'FP301') this.#tally.problem(`input ${number}`, problem);
      else this.#tally.failure(problem);
    }
  }

  account() {
    this.#note();
    const { found } = this.#tally;
    // An input that was not ended was read so far.
    if (this.#offset > 0) this.#tally.found = this.#tally.read = this.#inputs;
    this.#tally.count(this.stats());
    const account = this.#tally.toJSON();
    this.#tally.found = this.#tally.read = found;
    return account;
  }

  stats() { return JSON.parse(this.call('stats')); }

  dispose() {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle && this.#generation === currentGeneration()) guarded(`${this.#kind}.dispose()`, undefined, () => handle.free());
  }
}

if (Symbol.dispose) Reader.prototype[Symbol.dispose] = Reader.prototype.dispose;
