// The page's side of the workers: files in, progress and alerts out. Nothing here looks into a log.

import deskUrl from './desk.worker.js?worker&url';
import readerUrl from './reader.worker.js?worker&url';
import moduleUrl from 'forepost/forepost.wasm?url';
import { scriptUrl } from '../trust.js';

const HANDED = 4 << 20;        // bytes of files that a reader gets at once, and
const HANDED_FILES = 256;      // how many files
const SETTLE_MS = 40;          // how often progress is shown, at most
const CONCLUDE_MS = 1500;      // how often alerts are concluded while files are still being read, at most

export class Engine {
  #module;
  #desk;
  #calls = new Map();
  #next = 1;
  #readers = [];
  #queue = [];
  #inputs = [];                // {id, file, path, size, read: bytes that were looked at, status, bytes, events, problems, problemCount}
  #counts = new Map();         // events by reader
  #span;
  #tables = new Set(); // of which records were read
  #rules = [];
  #supplied = [];              // {path, name, text} of tables and functions
  #emit;
  #indexing = true;
  #lastConclude = 0;
  #concluding = false;
  #started = 0;
  #round = 0;
  #each = false;
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
    for (const { file, path, bytes: read, size = file.size } of files) {
      const input = { id: this.#inputs.length, file, path, size, read, status: 'waiting', bytes: 0, events: 0, problems: [], problemCount: 0 };
      this.#inputs.push(input);
      this.#queue.push(input);
    }
    if (!this.#started) this.#started = performance.now();
    this.#work();
    this.#progress();
  }

  /** Adds a file of tables or functions: `name` is a table's. What runs sees it after `use`. Resolves to its rows and columns, or its functions. */
  async supply(file) {
    const shape = await this.ask('supply', file);
    this.#supplied.push(file);
    return shape;
  }

  async withdraw({ path, name }) {
    await this.ask('withdraw', { path, name });
    this.#supplied = this.#supplied.filter((file) => file.path !== path || file.name !== name);
  }

  /** Other rules, tables or functions: everything that was read is read again for them; the events that are kept stay. */
  async use(rules) {
    this.#rules = rules;
    this.#round += 1;
    const again = this.#inputs.filter(({ status }) => status === 'done' || status === 'waiting' || status === 'reading');
    const wasReading = this.#inputs.some(({ status }) => status === 'reading' || status === 'waiting');
    this.#stopReaders();
    await this.ask('use', rules);
    if (!again.length) return;
    const cancelled = this.#inputs.filter(({ status }) => status === 'cancelled');
    if (wasReading || cancelled.length) {
      // The index was not complete, or has events of files that are not read again: begin anew.
      for (const input of cancelled) Object.assign(input, { bytes: 0, events: 0 });
      await this.ask('clear', this.#each);
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

  /** Whether repeated events count each time. All inputs are read again. */
  async countEach(each) {
    this.#each = each;
    const files = this.#inputs.map(({ file, path, size }) => ({ file, path, size }));
    await this.clear();
    if (files.length) this.read(files);
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
    for (const { worker, inputs } of this.#readers) if (inputs.size) worker.postMessage({ type: 'cancel' });
    // A worker that does not hear it in time is ended.
    setTimeout(() => {
      if (round !== this.#round) return;
      for (const reader of this.#readers.filter(({ inputs }) => inputs.size)) {
        reader.worker.terminate();
        for (const input of reader.inputs) input.status = 'cancelled';
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
    this.#tables.clear();
    this.#started = 0;
    this.#indexing = true;
    await this.ask('clear', this.#each);
  }

  #work() {
    const cores = Math.max(1, Math.min(navigator.hardwareConcurrency || 2, 16));
    while (this.#queue.length) {
      let reader = this.#readers.find(({ busy }) => !busy);
      if (!reader) {
        if (this.#readers.length >= cores) break;
        reader = this.#startReader();
      }
      reader.busy = true;
      const jobs = [];
      // All readers get a share of what waits; a large file comes alone.
      const share = Math.min(HANDED_FILES, Math.ceil(this.#queue.length / cores));
      for (let bytes = 0; this.#queue.length && jobs.length < share && (!jobs.length || bytes + this.#queue[0].size <= HANDED);) {
        const input = this.#queue.shift();
        bytes += input.size;
        input.status = 'reading';
        reader.inputs.add(input);
        jobs.push({ id: input.id, file: input.file, path: input.path, size: input.size, bytes: input.read });
        input.read = undefined; // when rules change, the file is read again
      }
      reader.worker.postMessage({ type: 'read', jobs }, jobs.flatMap(({ bytes }) => bytes?.buffer ?? []));
    }
  }

  #startReader() {
    const worker = new Worker(scriptUrl(readerUrl), { type: 'module', name: 'reader' });
    const reader = { worker, inputs: new Set(), busy: false, id: `${this.#round}-${this.#next++}` };
    const { port1, port2 } = new MessageChannel();
    this.#desk.postMessage({ type: 'reader' }, [port1]);
    worker.postMessage({ type: 'start', id: reader.id, module: this.#module, rules: this.#rules, supplied: this.#supplied, desk: port2, indexing: this.#indexing }, [port2]);
    worker.onmessage = ({ data }) => this.#heard(reader, data);
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      this.#readers.splice(this.#readers.indexOf(reader), 1);
      // The first of its files is where it failed; the others are for another reader.
      const [failed, ...rest] = reader.inputs;
      if (failed) Object.assign(failed, { status: 'done', problems: [{ offset: failed.bytes, code: 'worker', message: event.message || 'the reader failed' }], problemCount: 1 });
      for (const input of rest) input.status = 'waiting';
      this.#queue.unshift(...rest);
      this.#work();
      this.#settle();
    };
    this.#readers.push(reader);
    return reader;
  }

  #heard(reader, data) {
    if (!this.#readers.includes(reader)) return;
    if (data.type === 'progress') {
      this.#observe(data);
      this.#inputs[data.id].bytes = data.bytes;
      this.#counts.set(data.reader, data.events);
    } else if (data.type === 'done') {
      this.#counts.set(data.reader, data.count);
      for (const file of data.files) {
        const { id, bytes, events, problems, problemCount, cancelled } = file;
        const input = this.#inputs[id];
        this.#observe(file);
        Object.assign(input, { events, problems, problemCount, bytes: cancelled ? bytes : input.size, status: cancelled ? 'cancelled' : 'done' });
        reader.inputs.delete(input);
      }
    } else if (data.type === 'free') {
      reader.busy = false;
      this.#work();
    }
    this.#settle();
  }

  #observe({ firstEvent, lastEvent, tables }) {
    for (const table of tables) this.#tables.add(table);
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
      const seen = last && !this.reading && this.#tables.size > 0 ? [...this.#tables] : undefined;
      const answer = await this.ask('conclude', this.#span, seen);
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
    const cancelled = this.#inputs.filter(({ status }) => status === 'cancelled');
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
      cancelled: cancelled.length,
      unread: cancelled.reduce((total, { size, bytes }) => total + size - bytes, 0),
    });
  }
}
