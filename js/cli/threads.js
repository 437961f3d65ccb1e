// The threads that read for a scan or a query, as the one sees them that concludes. Each reads ahead in files of its own, or in parts of large
// ones; what they found is taken part by part, in the order of the files, so that the outcome does not depend on how many they are or which is quicker.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ForepostError } from '../errors.js';
import { compiledModule } from '../instance.js';
import { pullInBreaths } from './files.js';
import { partsOf } from './parts.js';

const QUEUED = { bytes: 1 << 20, parts: 64 }; // what a thread has before it: enough not to idle, and shared out evenly

const WORTH = 8 << 20; // bytes of gzip that take longer than another thread takes to start
const PLAIN = { scan: 16, query: 4 }; // so many times as much of plain text: a scan steps over most of it
const MOST = 8;
const MUCH = 4 << 20;  // bytes handed over, from which on it shows whether threads are of use

/**
 * The threads to read the files with; undefined where one is as good. `reader` takes what they find; `setup` is what it was made of: a
 * detector's `{rules, tables}`, a query's `{kql, now, tables}`.
 */
export function threadsFor(wanted, files, reader, setup) {
  const plain = setup.kql === undefined ? PLAIN.scan : PLAIN.query;
  const work = files.reduce((sum, { path, size }) => sum + (/\.gz$/i.test(path) ? size : size / plain), 0);
  const most = wanted ?? Math.min(availableParallelism(), MOST, Math.floor(work / WORTH));
  if (most < 2) return undefined;
  const parts = files.flatMap(({ path, size }, index) => {
    // What needs the beginning of the files only stops at the same place, however many threads there are.
    const places = reader.canComplete ? [{ from: 0, to: Infinity }] : partsOf(path, size);
    return places.map(({ from, to }) => ({ index, path, from, to, size: Math.min(to, size) - from, whole: places.length === 1 }));
  });
  const count = Math.min(most, parts.filter(({ size }) => size > 0).length);
  return count > 1 ? new Threads(count, parts, reader, setup) : undefined;
}

/** A thread ended early. What the others read, and what it had read before, is not touched by that. */
export class ThreadLost extends ForepostError {}

export class Threads {
  #reader;
  #parts;
  #ofFiles = [];          // the parts of each file
  #threads;
  #next = 0;              // of the parts, the first that no thread has
  #arrived = new Map();   // by the number of a part: its pieces that came and were not taken
  #wake = () => {};
  #handed = 0;            // bytes taken
  #givenUp = false;
  #closed = false;

  constructor(count, parts, reader, setup) {
    this.#reader = reader;
    this.#parts = parts.map((part, number) => ({ ...part, number }));
    for (const part of this.#parts) (this.#ofFiles[part.index] ??= []).push(part);
    this.#threads = Array.from({ length: count }, () => this.#start(setup));
    this.#threads.forEach((thread) => this.#fill(thread));
  }

  /** How to read a file, as for `readFile`; undefined if no thread does. Files are asked for in their order. */
  async source(index) {
    this.#weigh();
    const parts = this.#ofFiles[index];
    const [first] = parts;
    while (this.#arrived.get(first.number)?.length === 0 && !this.#closed) await this.#news();
    if (!this.#arrived.has(first.number)) return undefined;
    let end = () => this.#reader.endParts();
    const lengths = async function* () {
      for (const part of parts) {
        if (part !== first) this.#weigh();
        if (!this.#arrived.has(part.number)) { // no thread reads it, so all that follows is read here
          this.#reader.startAt(part.from);
          yield* pullInBreaths(part.path, this.#reader, () => this.#closed, { from: part.from, to: Infinity });
          end = () => this.#reader.endInput();
          break;
        }
        const { last, take } = yield* this.#pieces(part.number);
        if (part.whole) end = () => take(last);
        else take(last);
        if (last.failed) throw Object.assign(new Error(last.failed.message), last.failed);
        if (!last.goesOn) break;
      }
      parts.forEach(({ number }) => this.#arrived.delete(number));
    };
    return { parts: lengths.call(this), end: () => end(), close: () => this.close() };
  }

  /** Takes the pieces of a part, and yields their lengths. Returns the last, and what takes it. */
  async* #pieces(number) {
    const pieces = this.#arrived.get(number);
    const take = ({ handed }) => {
      this.#handed += handed.length;
      this.#reader.takeOver(handed);
    };
    for (;;) {
      while (pieces.length === 0 && !this.#closed) await this.#news();
      if (this.#closed) throw new Error('closed');
      const piece = pieces.shift();
      if (piece.lost) throw piece.lost;
      Atomics.sub(piece.thread.ahead, 0, piece.handed.length);
      Atomics.notify(piece.thread.ahead, 0);
      if (piece.ended) {
        this.#arrived.delete(number);
        return { last: piece, take };
      }
      take(piece);
      if (!piece.partial) yield piece.length;
    }
  }

  /** Where most events matter to some rule, they are all looked at twice, and handing them over costs more than it saves. */
  #weigh() {
    const pays = this.#handed < MUCH || this.#handed < this.#reader.stats().inflatedBytes / 2;
    if (!this.#givenUp && !pays) this.#giveUp();
  }

  /** What has not arrived as a whole is read here. */
  #giveUp() {
    this.#givenUp = true;
    this.#next = this.#parts.length;
    for (const { numbers, worker } of this.#threads) {
      numbers.forEach((number) => this.#arrived.delete(number));
      numbers.clear();
      worker.terminate();
    }
  }

  /** Ends all threads, whatever they are at. */
  async stop() {
    this.close();
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  /** Nothing more is taken. */
  close() {
    this.#closed = true;
    this.#wake();
  }

  #news() { return new Promise((resolve) => { this.#wake = resolve; }); }

  #start(setup) {
    const shared = () => new Int32Array(new SharedArrayBuffer(4));
    // `current`: the part it reads; `ahead`: the bytes that it has handed over and nobody has taken.
    const thread = { current: shared().fill(-1), ahead: shared(), numbers: new Set(), bytes: 0, error: undefined };
    const { current, ahead } = thread;
    thread.worker = new Worker(new URL('thread.js', import.meta.url), { workerData: { ...setup, module: compiledModule(), current, ahead } });
    thread.worker.on('message', (pieces) => this.#arrive(thread, pieces));
    thread.worker.on('error', (error) => { thread.error = error; });
    thread.worker.on('exit', (code) => this.#lose(thread, code));
    return thread;
  }

  /** Gives a thread the next parts, in their order. What has no size (a pipe, perhaps) may keep a thread waiting for ever. */
  #fill(thread) {
    const given = [];
    for (; this.#next < this.#parts.length && thread.bytes < QUEUED.bytes && thread.numbers.size < QUEUED.parts; this.#next += 1) {
      const part = this.#parts[this.#next];
      if (part.size === 0) continue;
      given.push(part);
      thread.numbers.add(part.number);
      thread.bytes += part.size;
      this.#arrived.set(part.number, []);
    }
    if (given.length > 0) thread.worker.postMessage(given);
  }

  #arrive(thread, pieces) {
    for (const piece of pieces) {
      this.#arrived.get(piece.number)?.push({ ...piece, thread });
      if (piece.ended) {
        thread.numbers.delete(piece.number);
        thread.bytes -= this.#parts[piece.number].size;
      }
    }
    this.#fill(thread);
    this.#wake();
  }

  /** It is gone. The part that it was at is to blame; the others that it had not done are read here. */
  #lose(thread, code) {
    if (this.#closed) return;
    const blamed = Atomics.load(thread.current, 0);
    for (const number of thread.numbers) {
      if (number === blamed) this.#arrived.get(number)?.push({ lost: whyLost(thread.error, code) });
      else this.#arrived.delete(number);
    }
    thread.numbers.clear();
    this.#wake();
  }
}

function whyLost(error, code) {
  const why = error?.message ?? `it ended with status ${code}`;
  return new ThreadLost('thread-lost', `a reading thread failed; the rest of its file was not read: ${why}`, { cause: error });
}
