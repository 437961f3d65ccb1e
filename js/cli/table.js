// The answer of a query as a table or as CSV.

import { stringifyExact } from '../json.js';
import { clean, outStyle as style } from './terminal.js';

const WIDEST = 60; // of one column on a terminal; elsewhere nothing is cut

const cellText = (cell) => (cell === null ? '' : typeof cell === 'string' ? cell : stringifyExact(cell));

/** Aligned columns; numbers to the right. */
export function table(columns, rows) {
  const cut = process.stdout.isTTY ? WIDEST : Infinity;
  const shorten = (text) => (text.length > cut ? `${text.slice(0, cut - 1)}…` : text);
  const cells = [columns.map(({ name }) => shorten(clean(name))), ...rows.map((row) => row.map((cell) => shorten(clean(cellText(cell)))))];
  const widths = columns.map((_, i) => cells.reduce((width, row) => Math.max(width, row[i].length), 1));
  const right = columns.map(({ type }) => ['int', 'long', 'real', 'decimal'].includes(type));
  const line = (row) => row.map((text, i) => (right[i] ? text.padStart(widths[i]) : text.padEnd(widths[i]))).join('  ').trimEnd();
  const [head, ...body] = cells;
  return [style.bold(line(head)), style.dim(widths.map((width) => '─'.repeat(width)).join('  ')), ...body.map(line)].join('\n') + '\n';
}

/** RFC 4180: a header, CRLF, quotes where needed. */
export function csv(columns, rows) {
  const quote = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [columns.map(({ name }) => name), ...rows].map((row) => `${row.map((cell) => quote(cellText(cell))).join(',')}\r\n`).join('');
}
