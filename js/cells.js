// Cells of an answer as lines of CSV, TSV and Markdown.

import { stringifyExact } from './json.js';
import { visible, visibleLines } from './visible.js';

/** A value as the text of a cell. */
export const cellText = (cell) => (cell === null || cell === undefined ? '' : typeof cell === 'string' ? cell : stringifyExact(cell));

/** Cells that a spreadsheet takes for a formula, behind blanks and in full width too. */
const FORMULA = /^[\s\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]/u;
/** Most cells: nothing in them needs a quote or is a formula, and one look says so. */
const PLAIN = /^[A-Za-z0-9][\w .:/()-]*$/;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/**
 * RFC 4180: commas, CRLF, quotes where needed. A text that a spreadsheet would run as a formula gets a `'` in front, and control and
 * direction characters but tab and line end show as \u{…}.
 */
export function csvLine(cells) {
  const quote = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const written = (text) => (PLAIN.test(text) ? text : quote(defused(text)));
  return `${cells.map((cell) => written(cellText(cell))).join(',')}\r\n`;
}

/** Tab-separated, a row a line: tabs and line ends inside cells are `\t` and `\n`. */
export const tsvLine = (cells) => `${cells.map((cell) => visibleLines(cellText(cell)).replace(/[\\\t\r\n]/g, (c) => ({ '\\': '\\\\', '\t': '\\t', '\r': '\\r', '\n': '\\n' })[c])).join('\t')}\n`;

export const mdLine = (cells) => `| ${cells.map((cell) => visible(cellText(cell)).replace(/[\\|`*_<>[\]]/g, '\\$&')).join(' | ')} |\n`;

const defused = (text) => (FORMULA.test(text) && !NUMBER.test(text) ? `'${visibleLines(text)}` : visibleLines(text));
