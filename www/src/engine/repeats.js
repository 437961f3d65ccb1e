// Events that came more than once: the same eventID and the same record, from a second export or another trail.

const ID = /"(?:eventID|AwsEventId)"\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)"/g;
const TRIED = 4;               // records of one id that are compared: a hostile log may have a million of them, all different
const SEVERAL = Symbol('several');
const PRIME = 0x01000193;      // of FNV-1a
/** A weight for each byte, none for what parts words in JSON: white space and `" , : [ ] { }`. */
const WEIGHTS = Int32Array.from({ length: 256 }, (_, byte) => (byte <= 0x20 || '",:[]{}'.includes(String.fromCharCode(byte)) ? 0 : Math.imul(byte, 0x9e3779b1) ^ (byte << 16) | 1));

export class Repeats {
  #raw;
  #first = new Map();          // by hash of an id: the number of its first record
  #again = new Set();          // hashes of ids that came again with another content,
  #known = new Map();          // and by hash of id and content the numbers of their records
  #count = 0;

  /** `raw(n)` gives the bytes of the n-th record that was new. */
  constructor(raw) { this.#raw = raw; }

  /** Of `count` records, one after another in `bytes` and ended at `ends`: those that came before, as a set of indices. */
  find(bytes, ends, count) {
    const text = new TextDecoder('latin1').decode(count ? bytes.subarray(0, ends[count - 1]) : new Uint8Array(0));
    const ids = idsOf(text, ends, count);
    const repeated = new Set();
    const base = this.#count;
    const fresh = [];            // indices of this call's new records
    const of = (i) => bytes.subarray(i ? ends[i - 1] : 0, ends[i]);
    const record = (n) => (n < base ? this.#raw(n) : of(fresh[n - base]));
    for (let i = 0; i < count; i += 1) {
      const id = ids[i] === SEVERAL ? parsedId(text.slice(i ? ends[i - 1] : 0, ends[i])) : ids[i];
      if (id && this.#came(hashOf(id), of(i), record)) {
        repeated.add(i);
      } else {
        fresh.push(i);
        this.#count += 1;
      }
    }
    return repeated;
  }

  /** Whether the record is there; if not, it is the next one that is new. Contents are looked at only of ids that come again, which few do. */
  #came(id, bytes, record) {
    const first = this.#first.get(id);
    if (first === undefined) {
      this.#first.set(id, this.#count);
      return false;
    }
    if (equal(bytes, record(first))) return true; // as one file twice
    if (!this.#again.has(id)) {
      this.#again.add(id);
      this.#note(id ^ sumOf(record(first)), first);
    }
    const key = id ^ sumOf(bytes);
    if (this.#numbers(key).some((n) => same(bytes, record(n)))) return true;
    this.#note(key, this.#count);
    return false;
  }

  #numbers(key) { return [].concat(this.#known.get(key) ?? []); }

  #note(key, n) {
    const numbers = this.#numbers(key);
    if (numbers.length < TRIED) this.#known.set(key, numbers.length ? [...numbers, n] : n);
  }
}

/** The id of each record: its text, undefined where it has none, SEVERAL where the key stands more than once. */
function idsOf(text, ends, count) {
  const ids = new Array(count);
  let i = 0;
  ID.lastIndex = 0;
  for (let match = ID.exec(text); match; match = ID.exec(text)) {
    while (i < count && ends[i] <= match.index) i += 1;
    if (i === count) break;
    if (ID.lastIndex > ends[i]) ID.lastIndex = ends[i]; // a damaged record, which ends inside the string
    else ids[i] = ids[i] === undefined ? match[1] : SEVERAL;
  }
  return ids;
}

function parsedId(text) {
  const record = parse(text);
  const id = record?.eventID ?? record?.AwsEventId;
  return typeof id === 'string' ? id : undefined;
}

/** 32 bits of FNV-1a. What has the same is compared. */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return hash;
}

/** The same for the same keys and values in any order, white space apart: records of one id that differ are not compared. Of each pair of bytes in a word. */
function sumOf(bytes) {
  let sum = 0;
  let before = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const weight = WEIGHTS[bytes[i]];
    sum = (sum + Math.imul(before + 1, weight)) | 0;
    before = weight;
  }
  return sum;
}

function equal(a, b) {
  if (a.length !== b.length) return false;
  let i = 0;
  while (i < a.length && a[i] === b[i]) i += 1;
  return i === a.length;
}

function same(a, b) {
  if (equal(a, b)) return true;
  const [one, other] = [a, b].map((bytes) => parse(new TextDecoder().decode(bytes)));
  return one !== undefined && JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
}

/** Exporters order keys as they like. */
const ordered = (value) => (Array.isArray(value) ? value.map(ordered)
  : value !== null && typeof value === 'object' ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, ordered(value[key])])) : value);

function parse(text) {
  try { return JSON.parse(text); } catch { return undefined; }
}

/** The bytes without the records at these indices, and where each of the others ends. */
export function without(bytes, ends, count, repeated) {
  const kept = [];
  let length = 0;
  for (let i = 0; i < count; i += 1) if (!repeated.has(i)) { kept.push(i); length += ends[i] - (i ? ends[i - 1] : 0); }
  const raw = new Uint8Array(length);
  const newEnds = new Uint32Array(kept.length);
  let at = 0;
  kept.forEach((i, n) => {
    const part = bytes.subarray(i ? ends[i - 1] : 0, ends[i]);
    raw.set(part, at);
    newEnds[n] = at += part.length;
  });
  return { raw, ends: newEnds, kept };
}
