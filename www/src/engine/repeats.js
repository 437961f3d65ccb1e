// Events that came more than once: the same eventID and the same record, from a second export or another trail.

const ID = /"(?:eventID|AwsEventId)"\s*:\s*"((?:[^"\\]|\\.)*)"/;
const TRIED = 4;               // records of one id that are compared: a hostile log may have a million of them, all different

export class Repeats {
  #raw;
  #known = new Map();          // by hash of the id and the record: the numbers of its records
  #count = 0;

  /** `raw(n)` gives the bytes of the n-th record that was new. */
  constructor(raw) { this.#raw = raw; }

  /** Of `count` records, one after another in `bytes` and ended at `ends`: those that came before, as a set of indices. */
  find(bytes, ends, count) {
    const text = new TextDecoder('latin1').decode(count ? bytes.subarray(0, ends[count - 1]) : new Uint8Array(0));
    const repeated = new Set();
    const base = this.#count;
    const fresh = [];            // indices of this call's new records
    const of = (i) => bytes.subarray(i ? ends[i - 1] : 0, ends[i]);
    for (let i = 0; i < count; i += 1) {
      const id = idOf(text.slice(i ? ends[i - 1] : 0, ends[i]));
      if (id !== undefined) {
        const hash = hashOf(id) ^ sumOf(of(i));
        const numbers = this.#known.get(hash) ?? [];
        const seen = [].concat(numbers);
        if (seen.some((n) => same(of(i), n < base ? this.#raw(n) : of(fresh[n - base])))) {
          repeated.add(i);
          continue;
        }
        if (seen.length < TRIED) this.#known.set(hash, seen.length ? [...seen, this.#count] : this.#count);
      }
      fresh.push(i);
      this.#count += 1;
    }
    return repeated;
  }
}

/** The id of a record. Where the key stands more than once, the record is parsed. */
function idOf(text) {
  const match = ID.exec(text);
  if (!match) return undefined;
  if (!ID.test(text.slice(match.index + match[0].length))) return match[1] || undefined;
  const record = parse(text);
  const id = record?.eventID ?? record?.AwsEventId;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** 32 bits of FNV-1a. What has the same is compared. */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** The same for the same bytes in any order, white space apart: records of one id that differ are not compared. */
function sumOf(bytes) {
  let sum = 0;
  for (const byte of bytes) if (byte > 0x20) sum = (sum + byte * byte) | 0;
  return sum;
}

function same(a, b) {
  if (a.length === b.length && a.every((byte, i) => byte === b[i])) return true;
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
