// The answer of a query as text: a table, lines, CSV, TSV or Markdown.

import { cellText } from '../cells.js';
import { clean, columnsOf, fit, outStyle as style, pad, width } from './terminal.js';

const WIDEST = 60; // columns of the terminal that one column of the answer takes

/** Aligned columns, as many as fit; numbers to the right. `whole`: nothing is cut and nothing left out. */
export function table(columns, rows, whole = false) {
  const widest = whole ? Infinity : WIDEST;
  const cells = [columns.map(({ name }) => name), ...rows.map((row) => row.map(cellText))].map((row) => row.map((text) => {
    const cut = whole ? text : text.slice(0, 2 * WIDEST);
    return cut === text ? fit(clean(text), widest) : fit(`${clean(cut)}…`, widest);
  }));
  const widths = columns.map((_, i) => cells.reduce((most, row) => Math.max(most, width(row[i])), 1));
  const shown = whole ? columns.length : fitting(widths, columnsOf(process.stdout));
  const right = columns.map(({ type }) => ['int', 'long', 'real', 'decimal'].includes(type));
  const line = (row) => row.slice(0, shown).map((text, i) => (right[i] ? ' '.repeat(widths[i] - width(text)) + text : pad(text, widths[i]))).join('  ').trimEnd();
  const [head, ...body] = cells;
  const lines = [style.bold(line(head)), style.dim(widths.slice(0, shown).map((n) => '─'.repeat(n)).join('  ')), ...body.map(line)];
  return { text: `${lines.join('\n')}\n`, hidden: columns.slice(shown).map(({ name }) => name) };
}

/** How many columns fit side by side: one at least. */
function fitting(widths, room) {
  let used = 0;
  const over = widths.findIndex((n) => (used += n + 2) - 2 > room);
  return over < 0 ? widths.length : Math.max(1, over);
}

/** One line a cell, as `\G` of databases: for rows of many columns. Empty cells are left out. `before`: how many rows came earlier. */
export function lines(columns, rows, before = 0) {
  const label = Math.max(...columns.map(({ name }) => width(clean(name))));
  return rows.map((row, i) => `${style.dim(`── row ${before + i + 1} `.padEnd(label + 2, '─'))}\n${row.map((cell, j) => [clean(columns[j].name), clean(cellText(cell))])
    .filter(([, text]) => text !== '').map(([name, text]) => `${style.bold(pad(name, label))}  ${text}\n`).join('')}`).join('');
}
