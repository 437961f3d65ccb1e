// What a Detector and a Query share: a handle in WebAssembly that bytes are pushed into.

import { slices } from './bytes.js';
import { ForepostError } from './errors.js';
import { assertAlive, currentGeneration, guarded } from './instance.js';
import { parseLines } from './json.js';

export class Reader {
  #kind;
  #handle;
  #generation;
  #inputs = 1;
  #offset = 0;

  /** `make` returns the generated class's object; `kind` names it in messages. */
  constructor(kind, make) {
    this.#kind = kind;
    this.#handle = guarded(`new ${kind}()`, undefined, make);
    this.#generation = currentGeneration();
  }

  /** Calls into the engine with the handle. */
  call(name, ...args) {
    if (!this.#handle) throw new ForepostError('disposed', `This ${this.#kind} was disposed of.`);
    assertAlive(this.#generation, this.#kind);
    const input = { number: this.#inputs, offset: this.#offset, length: args[0]?.length ?? 0 };
    const where = name === 'push' ? ` of bytes ${input.offset} to ${input.offset + input.length} of input ${input.number}` : ` in input ${input.number}`;
    return guarded(`${this.#kind}.${name}${where}`, input, () => this.#handle[name](...args));
  }

  push(data) {
    for (const slice of slices(data)) {
      this.call('push', slice);
      this.#offset += slice.length;
    }
  }

  endInput() {
    this.call('endInput');
    this.#inputs += 1;
    this.#offset = 0;
  }

  problems() { return parseLines(this.call('takeProblems')); }

  stats() { return JSON.parse(this.call('stats')); }

  dispose() {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle && this.#generation === currentGeneration()) guarded(`${this.#kind}.dispose()`, undefined, () => handle.free());
  }
}

if (Symbol.dispose) Reader.prototype[Symbol.dispose] = Reader.prototype.dispose;
