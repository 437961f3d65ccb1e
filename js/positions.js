// The engine counts bytes, and columns in characters; JavaScript and editors count UTF-16 units.

/** The UTF-16 offsets of UTF-8 byte offsets into a text, by these: one walk over the text, however many there are. */
export function utf16Offsets(text, offsets) {
  const units = new Map();
  let unit = 0;
  let seen = 0;
  for (const bytes of Float64Array.from(new Set(offsets)).sort()) {
    while (seen < bytes && unit < text.length) {
      const point = text.codePointAt(unit);
      seen += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      unit += point < 0x10000 ? 1 : 2;
    }
    units.set(bytes, unit);
  }
  return units;
}

/** A finding with its column in UTF-16 units and `start` and `end`, offsets into the text of its file. */
export function locate(finding, text) {
  const lineStart = startOfLine(text, finding.line);
  const lineEnd = text.indexOf('\n', lineStart) < 0 ? text.length : text.indexOf('\n', lineStart);
  let start = lineStart;
  for (let n = 1; n < finding.column && start < lineEnd; n += 1) start += text.codePointAt(start) > 0xffff ? 2 : 1;
  const word = /^(?:[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_])/u.exec(text.slice(start, lineEnd));
  return { ...finding, column: start - lineStart + 1, start, end: start + (word?.[0].length ?? 0) };
}

/** The offset at which a line begins, counted from 1. */
export function startOfLine(text, line) {
  let at = 0;
  for (let n = 1; n < line; n += 1) {
    const next = text.indexOf('\n', at);
    if (next < 0) return at;
    at = next + 1;
  }
  return at;
}

let lines = { text: '', starts: [0] }; // of the last text: a template has thousands of places to tell

/** The line and column, both from 1, of an offset into a text; everything in UTF-16 units. */
export function lineAndColumn(text, offset) {
  if (lines.text !== text) {
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    lines = { text, starts };
  }
  const { starts } = lines;
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= offset) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: offset - starts[low] + 1 };
}
