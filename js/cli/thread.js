// One of the threads that read for a scan or a query: files in, in their order, and out what there is to know of them. It runs no rule
// and no query to its end: the thread that started it concludes. Everything here waits for the disk, so that nothing has to wait for this loop.

import { parentPort, workerData } from 'node:worker_threads';
import { QueryReader } from '../query.js';
import { EventReader, loadSync } from '../triage.js';
import { pullFile } from './files.js';

const HANDED = 256 << 10;    // so much found goes on its way at once
const PARTS = 16;            // or so many parts, so that the bar moves
const UNREAD = 16 << 20;     // with so much on its way, wait until it is taken

const { module, current, ahead, ...setup } = workerData;
loadSync(module);
const { kql, ...given } = setup;
const reader = kql === undefined ? new EventReader({ ...given, index: false }) : new QueryReader(kql, given);

let parts = [];
let size = 0;
let begun = false; // part of the current file has gone

parentPort.on('message', (files) => {
  try {
    files.forEach(read);
  } finally { // whatever went wrong in a file, the others are done
    send();
  }
});

function read({ index, path }) {
  Atomics.store(current, 0, index);
  begun = false;
  let failed;
  try {
    for (const length of pullFile(path, reader)) took(index, length);
  } catch (error) {
    if (error.syscall === undefined) throw error; // the engine's, not the file system's
    failed = { code: error.code, syscall: error.syscall, message: error.message };
  }
  reader.endInput();
  add({ index, ended: true, failed });
  if (begun) send(); // so that a file that is not the current one has gone as a whole or not at all
}

function took(index, length) {
  if (reader.waiting() > HANDED) add({ index, partial: true });
  add({ index, length });
}

function add(part) {
  const handed = reader.handOver();
  parts.push({ ...part, handed });
  size += handed.length;
  if (size < HANDED && parts.length < PARTS) return;
  begun = true;
  send();
  for (let bytes = Atomics.load(ahead, 0); bytes > UNREAD; bytes = Atomics.load(ahead, 0)) Atomics.wait(ahead, 0, bytes);
}

function send() {
  Atomics.add(ahead, 0, size);
  if (parts.length > 0) parentPort.postMessage(parts, parts.map(({ handed }) => handed.buffer));
  parts = [];
  size = 0;
}
