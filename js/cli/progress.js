// The progress bar: on standard error, only where that is a terminal.

import { beforeNotes, bytes, columnsOf, fit, number } from './terminal.js';

const EVERY = 100; // ms

export class Progress {
  #total;
  #started = performance.now();
  #drawn = 0;
  #visible = false;
  read = 0;

  /** `total` in bytes; 0 where it is not known (standard input). */
  constructor(total) {
    this.#total = total;
    if (process.stderr.isTTY) beforeNotes(() => this.clear());
  }

  /** `events` is a function, asked only when something is drawn. */
  advance(length, events) {
    this.read += length;
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#drawn < EVERY || now - this.#started < 300) return;
    this.#drawn = now;
    this.#visible = true;
    process.stderr.write(`\r\x1b[K${fit(this.#line(now, events()), columnsOf(process.stderr) - 1)}`);
  }

  clear() {
    if (this.#visible) process.stderr.write('\r\x1b[K');
    this.#visible = false;
  }

  #line(now, events) {
    const rate = this.read / ((now - this.#started) / 1000);
    const parts = [bytes(this.read), `${number(events)} events`, `${bytes(Math.round(rate))}/s`];
    if (this.#total <= 0) return parts.join(' · ');
    const done = Math.min(1, this.read / this.#total);
    const bar = '█'.repeat(Math.round(done * 20)).padEnd(20, '░');
    const left = Math.ceil((this.#total - this.read) / rate);
    const clock = left >= 3600 ? `${Math.floor(left / 3600)} h ${Math.floor((left % 3600) / 60)} min` : left >= 60 ? `${Math.floor(left / 60)} min ${left % 60} s` : `${Math.max(0, left)} s`;
    return `${bar} ${Math.floor(done * 100)} % · ${parts[0]} of ${bytes(this.#total)} · ${parts.slice(1).join(' · ')} · ${clock} left`;
  }
}
