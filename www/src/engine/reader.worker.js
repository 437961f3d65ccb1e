// Reads files: finds the records that matter to the rules, and indexes all of them. One of these runs on each core.

import { EventReader, loadSync } from 'forepost/triage.js';
import { isZip, unzip } from './zip.js';

const SLICE = 1 << 20;         // a push: small enough that a Cancel is heard soon
const REPORT_MS = 100;         // how often progress is told
const MAX_PROBLEMS = 200;      // told per file; the rest is counted

let rules;
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
    desk.onmessage = ({ data: { stop } }) => {
      unacknowledged -= 1;
      if (stop) { indexing = false; reader?.stopIndex(); }
      wake?.();
    };
    name(data.id);
    renew();
  } else if (data.type === 'read') {
    read(data.job);
  } else if (data.type === 'cancel') {
    cancelled = true;
  }
};

const name = (id) => { readerId = id; };

function renew() {
  made += 1;
  reader = new EventReader({ rules, index: indexing });
}

async function read({ id, file, path }) {
  const job = { id, bytes: 0, problems: [], problemCount: 0, told: 0, events: 0, members: 0 };
  const before = reader.stats().events;
  cancelled = false;
  let seen = {};
  try {
    const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
    if (isZip(head)) await readArchive(file, job);
    else await readPlain(file, job);
    await flush(job, true);
    seen = reader.stats();
    if (cancelled) job.problems.length = job.problemCount = 0; // where it was cut is our doing
    tell(job, true);
  } catch (error) {
    // A trap takes the reader with it: what it had handed over stays, a new one goes on with the next file.
    problem(job, { offset: job.bytes, code: error.code ?? 'unreadable', message: readable(error, path) });
    try {
      await flush(job, true);
      seen = reader.stats();
      tell(job, true);
    } catch { /* the reader is gone */ }
    renew();
  }
  const { events = before, firstEvent, lastEvent } = seen;
  self.postMessage({ type: 'done', id, events: events - before, problems: job.problems, problemCount: job.problemCount, cancelled, firstEvent, lastEvent });
}

async function readPlain(file, job) {
  for await (const chunk of slices(file, job)) {
    reader.push(chunk);
    await flush(job);
  }
  end(job);
}

async function readArchive(file, job) {
  await unzip(slices(file, job), (entry) => {
    job.members += 1;
    return {
      push: (chunk) => pushAll(job, chunk, entry),
      end: () => end(job, entry),
      fail: (message) => {
        problem(job, { offset: null, code: 'zip', message: `${entry}: ${message}` });
        end(job, entry);
      },
    };
  });
  if (cancelled) reader.endInput();
  else if (!job.members) problem(job, { offset: 0, code: 'zip', message: 'the archive has no log files' });
}

const readable = (error, path) => (error.name === 'NotFoundError' || error.name === 'NotReadableError'
  ? `${path} cannot be opened: ${error.message}` : error.message);

async function* slices(file, job) {
  for (let at = 0; at < file.size && !cancelled; at += SLICE) {
    const bytes = new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer());
    if (cancelled) return;
    yield bytes;
    job.bytes = Math.min(at + SLICE, file.size);
    tell(job);
  }
}

async function pushAll(job, chunk, entry) {
  for (let at = 0; at < chunk.length && !cancelled; at += SLICE) {
    reader.push(chunk.subarray(at, at + SLICE));
    await flush(job, false, entry);
  }
}

function end(job, entry) {
  reader.endInput();
  collectProblems(job, entry);
}

function collectProblems(job, entry) {
  for (const found of reader.problems()) {
    problem(job, entry ? { ...found, message: `${entry}: ${found.message}` } : found);
  }
}

function problem(job, found) {
  job.problemCount += 1;
  if (job.problems.length < MAX_PROBLEMS) job.problems.push(found);
}

/** Hands what was found to the desk; waits while the desk is behind. */
async function flush(job, last = false, entry = undefined) {
  collectProblems(job, entry);
  const candidates = reader.candidates();
  const batch = indexing ? reader.batch() : undefined;
  if (candidates.length || batch) {
    const transfer = [candidates.buffer];
    if (batch) transfer.push(batch.times.buffer, batch.offsets.buffer, batch.words.buffer, batch.raw.buffer, batch.ends.buffer);
    unacknowledged += 1;
    desk.postMessage({ reader: `${readerId}.${made}`, file: job.id, candidates, batch }, transfer);
  }
  while (unacknowledged > (last ? 0 : 2)) await new Promise((resolve) => { wake = resolve; });
}

function tell(job, now = false) {
  const time = performance.now();
  if (!now && time - job.told < REPORT_MS) return;
  job.told = time;
  const { events, firstEvent, lastEvent } = reader.stats();
  self.postMessage({ type: 'progress', id: job.id, bytes: job.bytes, reader: `${readerId}.${made}`, events, firstEvent, lastEvent });
}
