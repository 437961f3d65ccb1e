// The events that were read, as columns: a view filters them, counts their values and lays them out in time.

import { parseExact } from 'forepost/json.js';
import { csv } from '../csv.js';
import { COLUMNS, accessKey, isAt, who } from './fields.js';
import { Repeats, without } from './repeats.js';

/** What is kept: beyond either, events are read and counted, but not shown. */
export const MAX_ROWS = 1_000_000;
export const MAX_BYTES = 512 << 20;

const BINS = 144;
const PARSED = 20_000;         // events that a page of an entity looks into

const SIGN_IN = 'signin.amazonaws.com'; // who signs in writes, but changes nothing

/** What such a page lists: a name, and where it stands in an event. */
const ENTITY_FIELDS = [
  ['Principals', who], ['Access keys', accessKey], ['Addresses', (r) => r.sourceIPAddress ?? r.SourceIpAddress], ['Calls', (r) => r.eventName ?? r.EventName],
  ['Errors', (r) => r.errorCode ?? r.ErrorCode], ['Changes', (r) => ((r.readOnly ?? r.ReadOnly) === false && (r.eventSource ?? r.EventSource) !== SIGN_IN && !(r.errorCode ?? r.ErrorCode) ? r.eventName ?? r.EventName : undefined)],
  ['Regions', (r) => r.awsRegion ?? r.AWSRegion], ['Accounts', (r) => r.recipientAccountId ?? r.RecipientAccountId], ['Agents', (r) => r.userAgent ?? r.UserAgent],
];
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
  repeated = 0;                // events that came before: they are kept once
  #repeats;
  #found = new Map();          // by field and words: a byte for each row that was looked at
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

  /** `once`: an event that comes again is not kept again. */
  constructor({ once = true } = {}) {
    if (once) this.#repeats = new Repeats((row) => this.raw(row));
  }

  /** Takes a batch of a reader; words are numbered by each reader for itself. */
  add(reader, file, { count, times, offsets, words, raw, ends, newWords }) {
    const known = this.#readers.get(reader) ?? COLUMNS.map(() => []);
    this.#readers.set(reader, known);
    newWords.forEach((list, column) => list.forEach((word) => known[column].push(this.#number(column, word))));
    let kept = Math.min(count, MAX_ROWS - this.count);
    while (kept > 0 && this.bytes + ends[kept - 1] > MAX_BYTES) kept -= 1;
    if (kept < count) this.full = true;
    const repeated = this.#repeats?.find(raw, ends, kept) ?? new Set();
    this.repeated += repeated.size;
    // Without repeats, which is usual, the bytes stay where they are.
    const part = repeated.size ? without(raw, ends, kept, repeated) : { raw: kept < count ? raw.slice(0, ends[kept - 1]) : raw, ends, kept: undefined };
    const fresh = kept - repeated.size;
    if (!fresh) return;
    const from = this.count;
    const to = from + fresh;
    this.#times = grown(this.#times, to);
    this.#offsets = grown(this.#offsets, to);
    this.#codes = this.#codes.map((codes) => grown(codes, to));
    this.#files = grown(this.#files, to);
    this.#batchOf = grown(this.#batchOf, to);
    this.#starts = grown(this.#starts, to);
    this.#ends = grown(this.#ends, to);
    for (let n = 0; n < fresh; n += 1) {
      const row = from + n;
      const i = part.kept ? part.kept[n] : n;
      this.#times[row] = times[i];
      this.#offsets[row] = offsets[i];
      this.#files[row] = file;
      this.#batchOf[row] = this.#batches.length;
      this.#starts[row] = n ? part.ends[n - 1] : 0;
      this.#ends[row] = part.ends[n];
      for (let c = 0; c < COLUMNS.length; c += 1) this.#codes[c][row] = known[c][words[i * COLUMNS.length + c]];
    }
    this.#batches.push({ raw: part.raw, count: fresh, from });
    this.bytes += part.raw.length;
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

  totals() { return { count: this.count, bytes: this.bytes, full: this.full, repeated: this.repeated }; }

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
   * The rows that pass `{values: {field: [word]}, not: {field: [word]}, time: [from, to], text}`: how many, for each column its words
   * with counts (over the rows that pass all other filters), and a histogram of `range`, else of the whole span (over the
   * rows that pass all but the time).
   */
  view({ values = {}, not = {}, time, text } = {}, range = undefined) {
    this.#sort();
    const order = this.#order;
    const numbersOf = (list) => COLUMNS.map((name, c) => list[name]?.length && new Set(list[name].map((word) => this.#numbers[c].get(word))));
    const sets = numbersOf(values);
    const excluded = numbersOf(not);
    const tests = [values, not].flatMap((list, n) => Object.entries(list).filter(([field, words]) => words.length && (field === 'account' || field === 'value' || field.startsWith('/')))
      .map(([field, words]) => [this.#where(field, words), n]));
    const counts = COLUMNS.map((_, c) => new Uint32Array(this.#words[c].length));
    const found = text ? this.#search(text) : undefined;
    const span = this.span();
    const [first, last] = range ?? span;
    const width = Math.max((last - first) / BINS, 1);
    const all = new Uint32Array(BINS);
    const rows = new Uint32Array(order.length);
    let passed = 0;
    for (let i = 0; i < order.length; i += 1) {
      const row = order[i];
      if (found && !found[row]) continue;
      if (tests.some(([there, unwanted]) => there[row] === unwanted)) continue;
      if (excluded.some((set, c) => set && set.has(this.#codes[c][row]))) continue;
      let failed = 0;
      let only = -1;
      for (let c = 0; c < COLUMNS.length && failed < 2; c += 1) {
        if (sets[c] && !sets[c].has(this.#codes[c][row])) { failed += 1; only = c; }
      }
      const at = this.#times[row];
      if (!failed && at >= first && at <= last) all[Math.min(Math.floor((at - first) / width), BINS - 1)] += 1;
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
    return { total: this.count, passed, facets, histogram: { first, last, width, all, span }, ...this.totals() };
  }

  /** The times of the first and last event, in milliseconds; zeros if no event has one. */
  span() {
    this.#sort();
    const order = this.#order;
    let end = order.length;
    while (end && Number.isNaN(this.#times[order[end - 1]])) end -= 1;
    return end ? [this.#times[order[0]], this.#times[order[end - 1]]] : [0, 0];
  }

  /** For each row, 1 if its record has one of the words at the field. What was looked at once is remembered. */
  #where(field, words) {
    const key = JSON.stringify([field, ...words]);
    const before = this.#found.get(key);
    if (before?.length === this.count) return before;
    if (this.#found.size > 20) this.#found.clear();
    const found = new Uint8Array(this.count);
    found.set(before ?? []);
    const wanted = new Set(words);
    // A record that has the word has its longest plain part; only those are parsed.
    const parts = words.map((word) => (word.match(/[\w.@-]+/g) ?? ['']).reduce((a, b) => (b.length > a.length ? b : a)));
    const maybe = parts.some((part) => part.length < 2) ? undefined : parts.map((part) => this.#search(part));
    for (let row = before?.length ?? 0; row < this.count; row += 1) {
      if (maybe && !maybe.some((rows) => rows[row])) continue;
      let record;
      try { record = parseExact(this.#decoder.decode(this.raw(row))); } catch { continue; }
      if (isAt(record, field, wanted)) found[row] = 1;
    }
    this.#found.set(key, found);
    return found;
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

  /** What is known of the rows with these words at a field; of many, the first are parsed. */
  entity(field, words) {
    this.#sort();
    const column = COLUMNS.indexOf(field);
    const numbers = column >= 0 && new Set(words.map((word) => this.#numbers[column].get(word)));
    const there = numbers ? undefined : this.#where(field, words);
    const facts = Object.fromEntries(ENTITY_FIELDS.map(([name]) => [name, new Map()]));
    let [count, failed, first, last] = [0, 0, NaN, NaN];
    for (const row of this.#order) {
      if (numbers ? !numbers.has(this.#codes[column][row]) : !there[row]) continue;
      count += 1;
      const at = this.#times[row];
      if (!Number.isNaN(at)) { if (Number.isNaN(first)) first = at; last = at; }
      if (this.#words[5][this.#codes[5][row]]) failed += 1;
      if (count > PARSED) continue;
      let record;
      try { record = parseExact(this.#decoder.decode(this.raw(row))); } catch { continue; }
      for (const [name, of] of ENTITY_FIELDS) {
        const value = of(record);
        if (!value) continue;
        const known = facts[name].get(value) ?? { value, count: 0, first: at };
        known.count += 1;
        facts[name].set(value, known);
      }
    }
    const top = (map) => [...map.values()].sort((a, b) => b.count - a.count).slice(0, 20);
    return { count, failed, first, last, parsed: Math.min(count, PARSED), facts: Object.entries(facts).map(([name, map]) => ({ name, different: map.size, values: top(map) })) };
  }

  /** The records of the view as a file: NDJSON, or the indexed columns as CSV. */
  file(format) {
    const { rows } = this.#view;
    if (format === 'ndjson') {
      const parts = [];
      for (const row of rows) parts.push(this.raw(row), this.raw(row).at(-1) === 10 ? '' : '\n');
      return new Blob(parts, { type: 'application/x-ndjson' });
    }
    const lines = Array.from(rows, (row) => { const { time, cells } = this.#row(row); return [Number.isNaN(time) ? '' : new Date(time).toISOString(), ...cells]; });
    return new Blob([csv(['TimeGenerated', ...COLUMNS], lines)], { type: 'text/csv' });
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
