// Reads files: finds the records that matter to the rules, and indexes all of them. One of these runs on each core.

import { contextOf } from 'forepost/contextfiles.js';
import { EventReader, loadSync } from 'forepost/triage.js';

const SLICE = 1 << 20;         // a push: small enough that a Cancel is heard soon
const PACKED = 64 << 10;       // a push of what is compressed: it may come out a thousand times as long
const AHEAD = 16;              // small files that are opened while others are read
const PARCEL = 256 << 10;      // bytes that are worth a message to the desk: one for each small file would cost more than to read it
const REPORT_MS = 100;         // how often progress is told
const MAX_PROBLEMS = 200;      // told per file; the rest is counted

let rules;
let context;
let desk;                      // the port to the desk, which keeps events and candidates
let reader;
let readerId = '';
let indexing = true;
let cancelled = false;
let unacknowledged = 0;
let wake;
let made = 0;

self.onmessage = ({ data }) => {
  if (data.type === 'start') {
    loadSync(data.module);
    ({ rules, desk, indexing } = data);
    context = contextOf(data.supplied);
    desk.onmessage = ({ data: { stop } }) => {
      unacknowledged -= 1;
      if (stop) { indexing = false; reader?.stopIndex(); }
      wake?.();
    };
    name(data.id);
    renew();
  } else if (data.type === 'read') {
    readAll(data.jobs);
  } else if (data.type === 'cancel') {
    cancelled = true;
  }
};

const name = (id) => { readerId = id; };

function renew() {
  made += 1;
  reader = new EventReader({ rules, index: indexing, ...context });
}

/** Reads files one after another. To open a small file takes longer than to read it, so that some are opened ahead. */
async function readAll(jobs) {
  cancelled = false;
  const heads = [];
  // To ask for a part, or for the size, costs the browser as much again as to read a small file.
  const open = async ({ file, size, bytes }) => bytes ?? new Uint8Array(await (size > SLICE ? file.slice(0, SLICE) : file).arrayBuffer());
  for (let n = 0; n < jobs.length; n += 1) {
    while (!cancelled && heads.length < Math.min(n + AHEAD, jobs.length)) {
      const head = open(jobs[heads.length]);
      head.catch(() => { /* said when its turn comes */ });
      heads.push(head);
    }
    if (cancelled) finished({ ...newJob(jobs[n]), begun: false });
    else await read(jobs[n], heads[n], n === jobs.length - 1);
    heads[n] = undefined;
  }
  report();
  self.postMessage({ type: 'free' });
}

const newJob = ({ id }) => ({ id, bytes: 0, problems: [], problemCount: 0, told: performance.now(), events: 0 });

async function read({ id, file, path, size }, head, last) {
  const job = { ...newJob({ id }), begun: true, before: reader.stats().events };
  try {
    const first = await head;
    job.step = /^[\s\ufeff]*[[{]/.test(new TextDecoder().decode(first.subarray(0, 64))) ? SLICE : PACKED;
    for await (const chunk of slices(file, size, job, first)) {
      for (let at = 0; at < chunk.length && !cancelled; at += job.step) {
        reader.push(chunk.subarray(at, at + job.step));
        await flush(job);
      }
    }
    reader.endInput();
    await flush(job, last || cancelled);
    job.seen = reader.stats();
    job.cut = cancelled && job.bytes < size;
    if (job.cut) job.problems.length = job.problemCount = 0; // where it was cut is our doing
  } catch (error) {
    // A trap takes the reader with it: what it had handed over stays, a new one goes on with the next file.
    problem(job, { offset: job.bytes, code: typeof error.code === 'string' ? error.code : 'unreadable', message: readable(error, path) });
    try {
      await flush(job, true);
      job.seen = reader.stats();
      tell(job);
    } catch { /* the reader is gone */ }
    renew();
  }
  finished(job);
}

let done = [];                 // files that the page has not heard of
let reported = 0;

function finished({ id, bytes, problems, problemCount, begun, cut, before = 0, seen = {} }) {
  const { events = before, firstEvent, lastEvent } = seen;
  done.push({ id, bytes, events: events - before, problems, problemCount, cancelled: cut || !begun, firstEvent, lastEvent, tables: tablesOf(seen) });
  if (performance.now() - reported > REPORT_MS) report();
}

function report() {
  reported = performance.now();
  self.postMessage({ type: 'done', reader: `${readerId}.${made}`, count: reader.stats().events, files: done });
  done = [];
}

const readable = (error, path) => (error.name === 'NotFoundError' || error.name === 'NotReadableError'
  ? `${path} cannot be opened: ${error.message}` : error.message);

/** The file in slices. The browser takes its time to bring one: the next is asked for before this one is worked on. */
async function* slices(file, size, job, first) {
  const ask = (at) => {
    const slice = at < size ? file.slice(at, at + SLICE).arrayBuffer() : undefined;
    slice?.catch(() => { /* said when its turn comes */ });
    return slice;
  };
  let next;
  for (let at = 0; at < size && !cancelled; at += SLICE) {
    const bytes = at ? new Uint8Array(await next) : first;
    if (cancelled) return;
    next = ask(at + SLICE);
    yield bytes;
    if (cancelled) return;
    job.bytes = Math.min(at + SLICE, size);
    tell(job);
  }
}

function collectProblems(job) {
  for (const found of reader.problems()) problem(job, found);
}

function problem(job, found) {
  job.problemCount += 1;
  if (job.problems.length < MAX_PROBLEMS) job.problems.push(found);
}

let parts = [];                // what was found and the desk has not got, a part for each file
let parcel = 0;                // its bytes

/** Hands what was found to the desk, many small parts together; waits while the desk is behind. */
async function flush(job, last = false) {
  collectProblems(job);
  const candidates = reader.candidates();
  const batch = indexing ? reader.batch() : undefined;
  if (candidates.length || batch) {
    parts.push({ reader: `${readerId}.${made}`, file: job.id, candidates, batch });
    parcel += candidates.length + (batch?.raw.length ?? 0);
  }
  if (parts.length && (last || parcel > PARCEL)) {
    const buffers = parts.flatMap(({ candidates: of, batch: rows }) => [of, ...(rows ? [rows.times, rows.offsets, rows.words, rows.raw, rows.ends] : [])]).map(({ buffer }) => buffer);
    unacknowledged += 1;
    desk.postMessage(parts, buffers);
    parts = [];
    parcel = 0;
  }
  while (unacknowledged > (last ? 0 : 2)) await new Promise((resolve) => { wake = resolve; });
}

function tell(job) {
  const time = performance.now();
  if (time - job.told < REPORT_MS) return;
  job.told = time;
  const stats = reader.stats();
  const { events, firstEvent, lastEvent } = stats;
  self.postMessage({ type: 'progress', id: job.id, bytes: job.bytes, reader: `${readerId}.${made}`, events, firstEvent, lastEvent, tables: tablesOf(stats) });
}

/** The tables that records were read of. */
function tablesOf({ events = 0, tables = {} }) {
  const others = Object.values(tables).reduce((a, b) => a + b, 0);
  return events > others ? ['AWSCloudTrail', ...Object.keys(tables)] : Object.keys(tables);
}
