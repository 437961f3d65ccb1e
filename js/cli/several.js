// Several readers that read the same bytes: what a command asks of the logs in one reading.

const ROOM = 1 << 20; // bytes

export class Several {
  #readers;
  #room = new Uint8Array(ROOM);

  /** The first one's counts stand for all: they read the same. */
  constructor(readers) { this.#readers = readers; }

  push(chunk) { this.#readers.forEach((reader) => reader.push(chunk)); }

  pull(fill) {
    const length = fill(this.#room);
    if (length > 0) this.push(this.#room.subarray(0, length));
    return length;
  }

  endInput() { this.#readers.forEach((reader) => reader.endInput()); }

  /** Each once. Most are everyone's; that an event is not JSON throughout is said by those that read that part of it. */
  problems() {
    const found = new Map();
    for (const reader of this.#readers) {
      for (const problem of reader.problems()) found.set(JSON.stringify(problem), problem);
    }
    return [...found.values()];
  }

  stats() { return this.#readers[0].stats(); }

  dispose() { this.#readers.forEach((reader) => reader.dispose()); }
}
