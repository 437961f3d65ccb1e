// The parts of a large file of JSON lines, for several threads to read. Where one begins is a guess, by the look of the lines: the engine
// says, when it has read a part, whether it ended where the next one can begin (`endPart`).

import { closeSync, openSync, readSync } from 'node:fs';

const PART = 16 << 20; // bytes, about: many more than it costs to begin one
const LINE = 1 << 20;  // so many bytes are looked at for the end of a line

/** `[{from, to}]` of a file, in order. */
export function partsOf(path, size) {
  const starts = size >= 2 * PART ? placesToCut(path, size) : [];
  return [0, ...starts].map((from, n) => ({ from, to: starts[n] ?? Infinity }));
}

function placesToCut(path, size) {
  const bytes = Buffer.alloc(LINE);
  let file;
  try {
    file = openSync(path);
    const places = [];
    for (let at = 0; at < size - PART / 2; at += PART) {
      const read = bytes.subarray(0, readSync(file, bytes, 0, LINE, at));
      if (at === 0 && !beginsWithObject(read)) return [];
      const place = read.indexOf('\n{');
      if (at > 0 && place >= 0) places.push(at + place + 1);
    }
    return places;
  } catch {
    return []; // whoever reads the file says what is the matter with it
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whether the first line is an object and nothing else. */
function beginsWithObject(bytes) {
  const end = bytes.indexOf('\n');
  if (bytes[0] !== 0x7b || end < 0) return false;
  try {
    JSON.parse(bytes.toString('utf8', 0, end));
    return true;
  } catch {
    return false;
  }
}
