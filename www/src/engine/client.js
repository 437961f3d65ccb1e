// The page's side of the workers: files in, progress and alerts out. Nothing here looks into a log.

import deskUrl from './desk.worker.js?worker&url';
import readerUrl from './reader.worker.js?worker&url';
import moduleUrl from 'forepost/forepost.wasm?url';
import { scriptUrl } from '../trust.js';

const SETTLE_MS = 40;          // how often progress is shown, at most
const CONCLUDE_MS = 1500;      // how often alerts are concluded while files are still being read, at most

export class Engine {
  #module;
  #desk;
  #calls = new Map();
  #next = 1;
  #readers = [];
  #queue = [];
  #inputs = [];                // {id, file, path, size, status, bytes, events, problems, problemCount}
  #counts = new Map();         // events by reader
  #span;
  #rules = [];
  #emit;
  #indexing = true;
  #lastConclude = 0;
  #concluding = false;
  #started = 0;
  #round = 0;
  #settling;

  /** `emit(what, data)` is told of `progress`, `alerts`, `idle` and `failed`. */
  constructor(emit) { this.#emit = emit; }

  get inputs() { return this.#inputs; }

  async start() {
    const response = await fetch(moduleUrl);
    if (!response.ok) throw new Error(`${moduleUrl} answered ${response.status} ${response.statusText}`);
    this.#module = await WebAssembly.compile(await response.arrayBuffer());
    this.#desk = new Worker(scriptUrl(deskUrl), { type: 'module', name: 'desk' });
    this.#desk.onmessage = ({ data }) => this.#answer(data);
    this.#desk.onerror = (event) => this.#emit('failed', event.message || 'a worker could not start');
    this.#desk.postMessage({ type: 'start', module: this.#module });
  }

  #answer({ id, answer, error, event, ...rest }) {
    if (event) { this.#emit(event, rest); return; }
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error) call?.reject(Object.assign(new Error(error.message), error));
    else call?.resolve(answer);
  }

  /** Asks the desk: see its operations. */
  ask(op, ...args) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#desk.postMessage({ id, op, args });
    });
  }

  /** Reads files, with what was read before. */
  read(files) {
    for (const { file, path } of files) {
      const input = { id: this.#inputs.length, file, path, size: file.size, status: 'waiting', bytes: 0, events: 0, problems: [], problemCount: 0 };
      this.#inputs.push(input);
      this.#queue.push(input);
    }
    if (!this.#started) this.#started = performance.now();
    this.#work();
    this.#progress();
  }

  /** Other rules: everything that was read is read again for them; the events that are kept stay. */
  async use(rules) {
    this.#rules = rules;
    this.#round += 1;
    const again = this.#inputs.filter(({ status }) => status === 'done' || status === 'waiting' || status === 'reading');
    const wasReading = this.#inputs.some(({ status }) => status === 'reading' || status === 'waiting');
    this.#stopReaders();
    await this.ask('use', rules);
    if (!again.length) return;
    if (wasReading) {
      // The index was not complete: begin anew.
      await this.ask('clear');
      this.#indexing = true;
    } else {
      this.#indexing = false;
    }
    this.#counts.clear();
    this.#started = performance.now();
    for (const input of again) Object.assign(input, { status: 'waiting', bytes: 0, events: 0, problems: [], problemCount: 0 });
    this.#queue = again;
    this.#work();
  }

  #stopReaders() {
    for (const reader of this.#readers) reader.worker.terminate();
    this.#readers = [];
    this.#queue = [];
  }

  /** Stops reading; what was read stays. */
  async cancel() {
    const round = ++this.#round;
    for (const input of this.#queue) input.status = 'cancelled';
    this.#queue = [];
    for (const { worker, input } of this.#readers) if (input) worker.postMessage({ type: 'cancel' });
    // A worker that does not hear it in time is ended.
    setTimeout(() => {
      if (round !== this.#round) return;
      for (const reader of this.#readers.filter(({ input }) => input)) {
        reader.worker.terminate();
        reader.input.status = 'cancelled';
        this.#readers.splice(this.#readers.indexOf(reader), 1);
      }
      this.#settle();
    }, 1500);
    this.#progress();
  }

  async clear() {
    this.#round += 1;
    this.#stopReaders();
    this.#inputs = [];
    this.#counts.clear();
    this.#span = undefined;
    this.#started = 0;
    this.#indexing = true;
    await this.ask('clear');
  }

  #work() {
    const cores = Math.max(1, Math.min(navigator.hardwareConcurrency || 2, 16));
    while (this.#queue.length) {
      let reader = this.#readers.find(({ input }) => !input);
      if (!reader) {
        if (this.#readers.length >= cores) break;
        reader = this.#startReader();
      }
      const input = this.#queue.shift();
      input.status = 'reading';
      reader.input = input;
      reader.worker.postMessage({ type: 'read', job: { id: input.id, file: input.file, path: input.path } });
    }
  }

  #startReader() {
    const worker = new Worker(scriptUrl(readerUrl), { type: 'module', name: 'reader' });
    const reader = { worker, input: undefined, id: `${this.#round}-${this.#next++}` };
    const { port1, port2 } = new MessageChannel();
    this.#desk.postMessage({ type: 'reader' }, [port1]);
    worker.postMessage({ type: 'start', id: reader.id, module: this.#module, rules: this.#rules, desk: port2, indexing: this.#indexing }, [port2]);
    worker.onmessage = ({ data }) => this.#heard(reader, data);
    worker.onerror = (event) => {
      event.preventDefault();
      const { input } = reader;
      worker.terminate();
      this.#readers.splice(this.#readers.indexOf(reader), 1);
      if (input) Object.assign(input, { status: 'done', problems: [{ offset: input.bytes, code: 'worker', message: event.message || 'the reader failed' }], problemCount: 1 });
      this.#work();
      this.#settle();
    };
    this.#readers.push(reader);
    return reader;
  }

  #heard(reader, data) {
    const input = this.#inputs[data.id];
    if (!input || !this.#readers.includes(reader)) return;
    this.#observe(data);
    if (data.type === 'progress') {
      input.bytes = data.bytes;
      this.#counts.set(data.reader, data.events);
    } else if (data.type === 'done') {
      const { events, problems, problemCount, cancelled } = data;
      Object.assign(input, { events, problems, problemCount, bytes: cancelled ? input.bytes : input.size, status: cancelled ? 'cancelled' : 'done' });
      reader.input = undefined;
      this.#work();
    }
    this.#settle();
  }

  #observe({ firstEvent, lastEvent }) {
    if (!firstEvent || !lastEvent) return;
    const [first, last] = this.#span ?? [firstEvent, lastEvent];
    this.#span = [firstEvent < first ? firstEvent : first, lastEvent > last ? lastEvent : last];
  }

  get reading() { return this.#inputs.some(({ status }) => status === 'reading' || status === 'waiting'); }

  /** With thousands of files there are thousands of messages: they are looked at together. */
  #settle() {
    this.#settling ??= setTimeout(() => { this.#settling = undefined; this.#settled(); }, SETTLE_MS);
  }

  #settled() {
    this.#progress();
    if (!this.reading) this.#conclude(true);
    else if (performance.now() - this.#lastConclude > CONCLUDE_MS) this.#conclude(false);
  }

  async #conclude(last) {
    if (this.#concluding) {
      if (last) this.concludeAgain = true;
      return;
    }
    this.#concluding = true;
    const round = this.#round;
    const began = performance.now();
    try {
      const answer = await this.ask('conclude', this.#span);
      if (round === this.#round || last) this.#emit('alerts', { ...answer, last: last && !this.reading });
    } catch (error) {
      // Too much for the engine's memory, say: the events are still there to look at.
      this.#emit('alerts', { problems: [{ code: error.code ?? 'failed', message: `The rules failed: ${error.message}` }], last: last && !this.reading });
    }
    // Many candidates make a conclusion slow: leave ten times as long in between.
    this.#lastConclude = performance.now() + 10 * (performance.now() - began);
    this.#concluding = false;
    if (this.concludeAgain) {
      this.concludeAgain = false;
      this.#conclude(true);
    }
  }

  #progress() {
    const sum = (key) => this.#inputs.reduce((total, input) => total + input[key], 0);
    const events = [...this.#counts.values()].reduce((a, b) => a + b, 0);
    const done = this.#inputs.filter(({ status }) => status === 'done' || status === 'cancelled').length;
    this.#emit('progress', {
      reading: this.reading,
      bytes: sum('bytes'),
      totalBytes: sum('size'),
      files: done,
      totalFiles: this.#inputs.length,
      events,
      rate: events / Math.max((performance.now() - this.#started) / 1000, 0.1),
      problems: sum('problemCount'),
      span: this.#span,
    });
  }
}
