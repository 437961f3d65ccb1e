// The answer of a query as text: a table, lines, CSV, TSV or Markdown.

import { cellText } from '../cells.js';
import { clean, columnsOf, fit, outStyle as style, pad, width } from './terminal.js';

const WIDEST = 60; // columns of the terminal that one column of the answer takes
const LEAST = 30;  // and that a wide one keeps, so that others find room beside it

/** Aligned columns, as many as fit; numbers to the right. `whole`: nothing is cut and nothing left out; so for a column with `keep`. */
export function table(columns, rows, whole = false) {
  const widest = whole ? Infinity : WIDEST;
  const cells = [columns.map(({ name }) => name), ...rows.map((row) => row.map(cellText))].map((row) => row.map((text) => {
    const cut = whole ? text : text.slice(0, 2 * WIDEST);
    return cut === text ? fit(clean(text), widest) : fit(`${clean(cut)}…`, widest);
  }));
  const wanted = columns.map((_, i) => cells.reduce((most, row) => Math.max(most, width(row[i])), 1));
  const widths = whole ? wanted : fitting(wanted, columns, columnsOf(process.stdout));
  const shown = widths.length;
  const right = columns.map(({ type }) => ['int', 'long', 'real', 'decimal'].includes(type));
  const cell = (text, i) => (right[i] ? ' '.repeat(Math.max(0, widths[i] - width(text))) + text : pad(text, widths[i]));
  const line = (row) => row.slice(0, shown).map((text, i) => cell(fit(text, widths[i]), i)).join('  ').trimEnd();
  const [head, ...body] = cells;
  const lines = [style.bold(line(head)), style.dim(widths.map((n) => '─'.repeat(n)).join('  ')), ...body.map(line)];
  return { text: `${lines.join('\n')}\n`, hidden: columns.slice(shown).map(({ name }) => name) };
}

/** The widths of the columns that fit side by side, one at least; wide texts give way to the others. */
function fitting(wanted, columns, room) {
  const taken = (widths) => widths.reduce((sum, n) => sum + n + 2, -2);
  const atMost = (limit, count) => wanted.slice(0, count).map((n, i) => (TEXTS.includes(columns[i].type) && !columns[i].keep ? Math.min(n, limit) : n));
  let count = wanted.length;
  while (count > 1 && taken(atMost(LEAST, count)) > room) count -= 1;
  let limit = WIDEST;
  while (limit > LEAST && taken(atMost(limit, count)) > room) limit -= 1;
  return count === 1 ? [Math.min(atMost(limit, 1)[0], room)] : atMost(limit, count);
}

const TEXTS = ['string', 'dynamic'];

/** One line a cell, as `\G` of databases: for rows of many columns. Empty cells are left out. `before`: how many rows came earlier. */
export function lines(columns, rows, before = 0) {
  const label = Math.max(...columns.map(({ name }) => width(clean(name))));
  return rows.map((row, i) => `${style.dim(`── row ${before + i + 1} `.padEnd(label + 2, '─'))}\n${row.map((cell, j) => [clean(columns[j].name), clean(cellText(cell))])
    .filter(([, text]) => text !== '').map(([name, text]) => `${style.bold(pad(name, label))}  ${text}\n`).join('')}`).join('');
}
