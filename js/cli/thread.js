// One of the threads that read for a scan or a query: files or parts of them in, in their order, and out what there is to know of them. It runs no rule
// and no query to its end: the thread that started it concludes. Everything here waits for the disk, so that nothing has to wait for this loop.

import { parentPort, workerData } from 'node:worker_threads';
import { QueryReader } from '../query.js';
import { EventReader, loadSync } from '../triage.js';
import { pullFile } from './files.js';

const HANDED = 256 << 10;    // so much found goes on its way at once
const PIECES = 16;           // or so many pieces, so that the bar moves
const UNREAD = 16 << 20;     // with so much on its way, wait until it is taken

const { module, current, ahead, ...setup } = workerData;
loadSync(module);
const { kql, ...given } = setup;
const reader = kql === undefined ? new EventReader({ ...given, index: false }) : new QueryReader(kql, given);

let pieces = [];
let size = 0;
let begun = false; // something of the current file, or part, has gone

parentPort.on('message', (parts) => {
  try {
    parts.forEach(read);
  } finally { // whatever went wrong in one, the others are done
    send();
  }
});

function read({ number, path, from, to, whole }) {
  Atomics.store(current, 0, number);
  begun = false;
  let [failed, goesOn] = [undefined, false];
  try {
    if (!whole) reader.startAt(from);
    for (const length of pullFile(path, reader, { from, to })) took(number, length);
    if (to !== Infinity) {
      goesOn = reader.endPart(false);
      // It did not end between two lines: so this is the last part.
      if (!goesOn) for (const length of pullFile(path, reader, { from: to, to: Infinity })) took(number, length);
    }
  } catch (error) {
    if (error.syscall === undefined) throw error; // the engine's, not the file system's
    failed = { code: error.code, syscall: error.syscall, message: error.message };
  }
  if (whole) reader.endInput();
  else if (!goesOn) reader.endPart(true);
  add({ number, ended: true, goesOn, failed });
  if (begun) send(); // so that one that is not the current one has gone as a whole or not at all
}

function took(number, length) {
  if (reader.waiting() > HANDED) add({ number, partial: true });
  add({ number, length });
}

function add(piece) {
  const handed = reader.handOver();
  pieces.push({ ...piece, handed });
  size += handed.length;
  if (size < HANDED && pieces.length < PIECES) return;
  begun = true;
  send();
  for (let bytes = Atomics.load(ahead, 0); bytes > UNREAD; bytes = Atomics.load(ahead, 0)) Atomics.wait(ahead, 0, bytes);
}

function send() {
  Atomics.add(ahead, 0, size);
  if (pieces.length > 0) parentPort.postMessage(pieces, pieces.map(({ handed }) => handed.buffer));
  pieces = [];
  size = 0;
}
