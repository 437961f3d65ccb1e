// JSON text to values and back, without losing digits.

/** Each line of NDJSON, parsed. */
export const parseLines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

const TOKEN = /"(?:[^"\\]+|\\.)*"|-?\d[\d.eE+-]*/g;

/** As JSON.parse, but an integer beyond 2^53 becomes a bigint instead of a rounded number. */
export function parseExact(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const mark = markNotIn(text);
  const marked = text.replace(TOKEN, (token) =>
    (/^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${mark}${token}"` : token));
  return JSON.parse(marked, (_, value) =>
    (typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value));
}

/** As JSON.stringify, but a bigint is written as the integer it is. */
export function stringifyExact(value) {
  let hasBig = false;
  const plain = JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? ((hasBig = true), String(v)) : v));
  if (!hasBig) return plain;
  const mark = markNotIn(plain);
  const marked = JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${mark}${v}` : v));
  return marked.replace(new RegExp(`"${mark.replace('.', '\\.')}(-?\\d+)"`, 'g'), '$1');
}

function markNotIn(text) {
  let mark;
  do mark = `${Math.random()}:`; while (text.includes(mark));
  return mark;
}
