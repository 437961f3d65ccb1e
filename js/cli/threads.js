// The threads that read for a scan or a query, as the one sees them that concludes. Each reads ahead in files of its own; what they found is
// taken file by file, in the order of the files, so that the outcome does not depend on how many they are or which is quicker.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ForepostError } from '../errors.js';
import { compiledModule } from '../instance.js';

const QUEUED = { bytes: 1 << 20, files: 64 }; // what a thread has before it: enough not to idle, and shared out evenly

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
  const readable = files.filter(({ size }) => size > 0).length;
  const count = Math.min(wanted ?? Math.min(availableParallelism(), MOST, Math.floor(work / WORTH)), readable);
  return count > 1 ? new Threads(count, files, reader, setup) : undefined;
}

/** A thread ended early. What the others read, and what it had read before, is not touched by that. */
export class ThreadLost extends ForepostError {}

export class Threads {
  #reader;
  #files;
  #threads;
  #next = 0;              // of the files, the first that no thread has
  #arrived = new Map();   // by file: its parts that came and were not taken
  #wake = () => {};
  #handed = 0;            // bytes taken
  #givenUp = false;
  #closed = false;

  constructor(count, files, reader, setup) {
    this.#reader = reader;
    this.#files = files;
    this.#threads = Array.from({ length: count }, () => this.#start(setup));
    this.#threads.forEach((thread) => this.#fill(thread));
  }

  /** How to read a file, as for `readFile`; undefined if no thread does. Files are asked for in their order. */
  async source(index) {
    if (!this.#givenUp && !this.#pays()) this.#giveUp();
    const parts = this.#arrived.get(index);
    while (parts?.length === 0 && this.#arrived.has(index) && !this.#closed) await this.#news();
    if (!this.#arrived.has(index)) return undefined;
    let last;
    const take = ({ handed }) => {
      this.#handed += handed.length;
      this.#reader.takeOver(handed);
    };
    const lengths = async function* () {
      for (;;) {
        while (parts.length === 0 && !this.#closed) await this.#news();
        if (this.#closed) throw new Error('closed');
        const part = parts.shift();
        if (part.lost) throw part.lost;
        Atomics.sub(part.thread.ahead, 0, part.handed.length);
        Atomics.notify(part.thread.ahead, 0);
        if (part.ended) {
          this.#arrived.delete(index);
          last = part;
          if (part.failed) throw Object.assign(new Error(part.failed.message), part.failed);
          return;
        }
        take(part);
        if (!part.partial) yield part.length;
      }
    };
    return { parts: lengths.call(this), end: () => take(last), close: () => this.close() };
  }

  /** Where most events matter to some rule, they are all looked at twice, and handing them over costs more than it saves. */
  #pays() { return this.#handed < MUCH || this.#handed < this.#reader.stats().inflatedBytes / 2; }

  /** What has not arrived as a whole is read here. */
  #giveUp() {
    this.#givenUp = true;
    this.#next = this.#files.length;
    for (const { files, worker } of this.#threads) {
      files.forEach((index) => this.#arrived.delete(index));
      files.clear();
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
    // `current`: the file it reads; `ahead`: the bytes that it has handed over and nobody has taken.
    const thread = { current: shared().fill(-1), ahead: shared(), files: new Set(), bytes: 0, error: undefined };
    const { current, ahead } = thread;
    thread.worker = new Worker(new URL('thread.js', import.meta.url), { workerData: { ...setup, module: compiledModule(), current, ahead } });
    thread.worker.on('message', (parts) => this.#arrive(thread, parts));
    thread.worker.on('error', (error) => { thread.error = error; });
    thread.worker.on('exit', (code) => this.#lose(thread, code));
    return thread;
  }

  /** Gives a thread the next files, in their order. What has no size (a pipe, perhaps) may keep a thread waiting for ever. */
  #fill(thread) {
    const given = [];
    for (; this.#next < this.#files.length && thread.bytes < QUEUED.bytes && thread.files.size < QUEUED.files; this.#next += 1) {
      const { path, size } = this.#files[this.#next];
      if (size === 0) continue;
      given.push({ index: this.#next, path });
      thread.files.add(this.#next);
      thread.bytes += size;
      this.#arrived.set(this.#next, []);
    }
    if (given.length > 0) thread.worker.postMessage(given);
  }

  #arrive(thread, parts) {
    for (const part of parts) {
      this.#arrived.get(part.index)?.push({ ...part, thread });
      if (part.ended) {
        thread.files.delete(part.index);
        thread.bytes -= this.#files[part.index].size;
      }
    }
    this.#fill(thread);
    this.#wake();
  }

  /** It is gone. The file that it was at is to blame; the others that it had not done are read here. */
  #lose(thread, code) {
    if (this.#closed) return;
    const blamed = Atomics.load(thread.current, 0);
    for (const index of thread.files) {
      if (index === blamed) this.#arrived.get(index).push({ lost: whyLost(thread.error, code) });
      else this.#arrived.delete(index);
    }
    thread.files.clear();
    this.#wake();
  }
}

function whyLost(error, code) {
  const why = error?.message ?? `it ended with status ${code}`;
  return new ThreadLost('thread-lost', `a reading thread failed; the rest of its file was not read: ${why}`, { cause: error });
}
