// JSON text to values and back, without losing digits.

/** Each line of NDJSON, parsed. */
export const parseLines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

const LONGEST = 1000; // digits of a bigint: reading one takes time that grows with their square
const NUMBER = new Set('0123456789.eE+-');

/** As JSON.parse, but an integer beyond 2^53 becomes a bigint instead of a rounded number. */
export function parseExact(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const mark = markNotIn(text);
  return JSON.parse(markIntegers(text, mark), (_, value) =>
    (typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value));
}

/** Puts quotes and the mark around integers beyond 2^53. No regular expression: texts that are no JSON get here too, and what it tries on them has no limit. */
function markIntegers(text, mark) {
  let marked = '';
  let taken = 0;
  for (let at = 0; at < text.length;) {
    const begin = at;
    if (text[at] === '"') {
      for (at += 1; at < text.length && text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1;
      at += 1;
    } else if (NUMBER.has(text[at])) {
      while (NUMBER.has(text[at])) at += 1;
      if (at - begin < 16 || at - begin > LONGEST) continue;
      const token = text.slice(begin, at);
      if (!/^-?\d+$/.test(token) || Number.isSafeInteger(Number(token))) continue;
      marked += `${text.slice(taken, begin)}"${mark}${token}"`;
      taken = at;
    } else {
      at += 1;
    }
  }
  return marked + text.slice(taken);
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
