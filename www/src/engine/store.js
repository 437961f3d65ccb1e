// The events that were read, as columns: a view filters them, counts their values and lays them out in time.

/** The columns, as src/detector/index.rs has them. */
export const COLUMNS = ['EventName', 'EventSource', 'User', 'SourceIpAddress', 'AWSRegion', 'ErrorCode'];
/** What is kept: beyond either, events are read and counted, but not shown. */
export const MAX_ROWS = 1_000_000;
export const MAX_BYTES = 512 << 20;

const BINS = 144;
const TOP = 200;               // values of a facet that are told

const grown = (array, length) => {
  if (array.length >= length) return array;
  const bigger = new array.constructor(Math.min(Math.max(length, array.length * 2), MAX_ROWS));
  bigger.set(array);
  return bigger;
};

export class EventStore {
  count = 0;
  bytes = 0;
  full = false;
  #times = new Float64Array(1024);
  #offsets = new Float64Array(1024);
  #codes = COLUMNS.map(() => new Uint32Array(1024));
  #files = new Uint32Array(1024);
  #batchOf = new Uint32Array(1024);
  #starts = new Uint32Array(1024);
  #ends = new Uint32Array(1024);
  #batches = [];
  #words = COLUMNS.map(() => []);
  #numbers = COLUMNS.map(() => new Map());
  #readers = new Map();        // of each reader, our number for each of its words
  #order = new Uint32Array(0); // rows by time
  #ordered = 0;                // rows that are in #order
  #view = { rows: this.#order };
  #decoder = new TextDecoder();

  /** Takes a batch of a reader; words are numbered by each reader for itself. */
  add(reader, file, { count, times, offsets, words, raw, ends, newWords }) {
    const known = this.#readers.get(reader) ?? COLUMNS.map(() => []);
    this.#readers.set(reader, known);
    newWords.forEach((list, column) => list.forEach((word) => known[column].push(this.#number(column, word))));
    let kept = Math.min(count, MAX_ROWS - this.count);
    while (kept > 0 && this.bytes + ends[kept - 1] > MAX_BYTES) kept -= 1;
    if (kept < count) this.full = true;
    if (!kept) return;
    const from = this.count;
    const to = from + kept;
    this.#times = grown(this.#times, to);
    this.#offsets = grown(this.#offsets, to);
    this.#codes = this.#codes.map((codes) => grown(codes, to));
    this.#files = grown(this.#files, to);
    this.#batchOf = grown(this.#batchOf, to);
    this.#starts = grown(this.#starts, to);
    this.#ends = grown(this.#ends, to);
    for (let i = 0; i < kept; i += 1) {
      const row = from + i;
      this.#times[row] = times[i];
      this.#offsets[row] = offsets[i];
      this.#files[row] = file;
      this.#batchOf[row] = this.#batches.length;
      this.#starts[row] = i ? ends[i - 1] : 0;
      this.#ends[row] = ends[i];
      for (let c = 0; c < COLUMNS.length; c += 1) this.#codes[c][row] = known[c][words[i * COLUMNS.length + c]];
    }
    const bytes = kept < count ? raw.slice(0, ends[kept - 1]) : raw;
    this.#batches.push({ raw: bytes, count: kept, from });
    this.bytes += bytes.length;
    this.count = to;
  }

  #number(column, word) {
    const numbers = this.#numbers[column];
    let number = numbers.get(word);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(word, number);
      this.#words[column].push(word);
    }
    return number;
  }

  batches() { return this.#batches; }

  totals() { return { count: this.count, bytes: this.bytes, full: this.full }; }

  /** Rows that came since the last time are sorted and merged in; those without a time come last. */
  #sort() {
    if (this.#ordered === this.count) return;
    const times = this.#times;
    const key = (row) => (Number.isNaN(times[row]) ? Infinity : times[row]);
    const fresh = new Uint32Array(this.count - this.#ordered);
    for (let i = 0; i < fresh.length; i += 1) fresh[i] = this.#ordered + i;
    fresh.sort((a, b) => key(a) - key(b) || a - b);
    const merged = new Uint32Array(this.count);
    const old = this.#order;
    for (let i = 0, a = 0, b = 0; i < merged.length; i += 1) {
      const first = b >= fresh.length || (a < old.length && key(old[a]) <= key(fresh[b]));
      merged[i] = first ? old[a++] : fresh[b++];
    }
    this.#order = merged;
    this.#ordered = this.count;
  }

  /**
   * The rows that pass `{values: {column: [word]}, time: [from, to], text}`: how many, for each column its words with
   * counts (over the rows that pass all other filters), and a histogram (over the rows that pass all but the time).
   */
  view({ values = {}, time, text } = {}) {
    this.#sort();
    const order = this.#order;
    const sets = COLUMNS.map((name, c) => values[name]?.length && new Set(values[name].map((word) => this.#numbers[c].get(word))));
    const counts = COLUMNS.map((_, c) => new Uint32Array(this.#words[c].length));
    const found = text ? this.#search(text) : undefined;
    const [first, last] = this.#span();
    const width = Math.max((last - first) / BINS, 1);
    const all = new Uint32Array(BINS);
    const rows = new Uint32Array(order.length);
    let passed = 0;
    for (let i = 0; i < order.length; i += 1) {
      const row = order[i];
      if (found && !found[row]) continue;
      let failed = 0;
      let only = -1;
      for (let c = 0; c < COLUMNS.length && failed < 2; c += 1) {
        if (sets[c] && !sets[c].has(this.#codes[c][row])) { failed += 1; only = c; }
      }
      const at = this.#times[row];
      if (!failed && at >= first) all[Math.min(Math.floor((at - first) / width), BINS - 1)] += 1;
      if (time && !(at >= time[0] && at <= time[1])) continue;
      if (failed === 1) {
        counts[only][this.#codes[only][row]] += 1;
      } else if (!failed) {
        for (let c = 0; c < COLUMNS.length; c += 1) counts[c][this.#codes[c][row]] += 1;
        rows[passed++] = row;
      }
    }
    this.#view = { rows: rows.slice(0, passed) };
    const facets = COLUMNS.map((name, c) => {
      const numbers = [...counts[c].keys()].filter((n) => counts[c][n] > 0 || (sets[c] && sets[c].has(n)));
      numbers.sort((a, b) => counts[c][b] - counts[c][a] || (this.#words[c][a] < this.#words[c][b] ? -1 : 1));
      return { name, different: numbers.length, words: numbers.slice(0, TOP).map((n) => [this.#words[c][n], counts[c][n]]) };
    });
    return { total: this.count, passed, facets, histogram: { first, last, width, all }, ...this.totals() };
  }

  #span() {
    const order = this.#order;
    let end = order.length;
    while (end && Number.isNaN(this.#times[order[end - 1]])) end -= 1;
    return end ? [this.#times[order[0]], this.#times[order[end - 1]]] : [0, 0];
  }

  /** Rows whose record has the text, whatever its case; a byte for each row. */
  #search(text) {
    const latin = new TextDecoder('latin1');
    const needle = latin.decode(new TextEncoder().encode(text)).toLowerCase();
    const found = new Uint8Array(this.count);
    for (const { raw, from, count } of this.#batches) {
      const hay = latin.decode(raw).toLowerCase();
      let row = from;
      for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at)) {
        while (row < from + count && this.#ends[row] <= at) row += 1;
        if (row >= from + count) break;
        if (at + needle.length <= this.#ends[row]) found[row] = 1;
        at = this.#ends[row];
      }
    }
    return found;
  }

  /** Rows of the view, as the table shows them. */
  rows(from, count) {
    return Array.from(this.#view.rows.subarray(from, from + count), (row) => this.#row(row));
  }

  #row(row) {
    const cells = COLUMNS.map((_, c) => this.#words[c][this.#codes[c][row]]);
    return { row, time: this.#times[row], cells, file: this.#files[row], offset: this.#offsets[row] };
  }

  /** Where a row stands in the view, or -1. */
  position(row) { return this.#view.rows.indexOf(row); }

  /** A row with its record's text. */
  record(row) {
    if (!(row >= 0 && row < this.count)) return undefined;
    return { ...this.#row(row), text: this.#decoder.decode(this.raw(row)) };
  }

  raw(row) { return this.#batches[this.#batchOf[row]].raw.subarray(this.#starts[row], this.#ends[row]); }

  /** The first row whose record names this event id, or -1. */
  locate(eventId) {
    const found = this.#search(`"${eventId}"`);
    return found.indexOf(1);
  }
}
