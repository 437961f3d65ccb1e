// Writing: alerts and answers to standard output, everything else to standard error.

import { createWriteStream } from 'node:fs';
import { eastAsianWidth } from 'get-east-asian-width';
import { stringifyExact } from '../json.js';
import { visible } from '../visible.js';
import { reasonOf } from './files.js';

const COLOURS = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, bold: 1, dim: 2 };

let wanted = 'auto';
let intoFile = false; // what would go to standard output does

/** `--color`: `always`, `never`, or `auto`. */
export function setColour(choice = 'auto') { wanted = choice; }

/** Whether a stream shows colours: as `--color` says; else NO_COLOR and FORCE_COLOR decide; else whether it is a terminal. */
function colourful(stream) {
  if (wanted !== 'auto') return wanted === 'always';
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR) return process.env.FORCE_COLOR !== '0';
  return Boolean(stream.isTTY) && process.env.TERM !== 'dumb' && !(intoFile && stream === process.stdout);
}

const painter = (stream) => Object.fromEntries(Object.entries(COLOURS).map(([name, code]) =>
  [name, (text) => (colourful(stream) ? `\x1b[${code}m${text}\x1b[0m` : String(text))]));

/** No colours: for reports. */
export const noStyle = Object.fromEntries(Object.keys(COLOURS).map((name) => [name, String]));

/** Colours for standard error and for standard output: either may be a terminal without the other. */
export const style = painter(process.stderr);
export const outStyle = painter(process.stdout);

/** Writes to standard output, and waits where the reader is slow. */
export function out(text) {
  if (process.stdout.write(text)) return undefined;
  return new Promise((resolve) => process.stdout.once('drain', resolve));
}

/** Writes sentences to standard output. */
export const say = (text) => out(prose(text, process.stdout));

/** Where `--output FILE` writes, or standard output: `{write, say, close}`; all are waited for. `say` is for sentences: a terminal shows long ones in several lines. */
export function outputTo(path) {
  if (path === undefined) return { write: out, say, close: () => undefined };
  intoFile = true;
  const file = createWriteStream(path);
  file.on('error', (error) => {
    process.stderr.write(`forepost: cannot write ${clean(path)}: ${clean(reasonOf(error))}\n`);
    process.exit(2);
  });
  const write = (text) => (file.write(text) ? undefined : new Promise((resolve) => { file.once('drain', resolve); }));
  return {
    write,
    say: write,
    close: () => new Promise((resolve) => { file.end(resolve); }),
  };
}

let onNote = () => {};
let quiet = false;

/** `--quiet`: only alerts, answers and errors. */
export function setQuiet() { quiet = true; }

/** Something that draws on standard error (the progress bar) wants to step aside before each note. */
export function beforeNotes(callback) { onNote = callback; }

/** One line to standard error that `--quiet` leaves out. */
export function remark(text) {
  if (!quiet) note(text);
}

/** One line to standard error. */
export function note(text) {
  onNote();
  process.stderr.write(`${prose(text, process.stderr)}\n`);
}

/** `forepost … | head` is no error: when the reader goes, so do we. A full disk is one. */
export function leaveWhenOutputFails() {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
      if (stream === process.stdout) process.stderr.write(`forepost: cannot write the output: ${error.message}\n`);
      process.exit(2);
    });
  }
}

/** What came from outside, safe to show; what should be text and is not shows as JSON. */
export const clean = (value) => visible(textOf(value));

const textOf = (value) => (value !== null && typeof value === 'object' ? stringifyExact(value) : String(value));

/** Text from outside as text of HTML and XML. */
export const markup = (text) => clean(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const CODE = /\x1b\[[\d;]*m/g; // a colour

/** How many columns of a terminal a cleaned text takes, with the colours that we gave it. */
export function width(text) {
  let columns = 0;
  for (const char of text.replace(CODE, '')) columns += /\p{M}/u.test(char) ? 0 : eastAsianWidth(char.codePointAt(0));
  return columns;
}

/** The text in at most so many columns of a terminal; `…` stands for what was cut. */
export function fit(text, columns) {
  if (text.length <= columns / 2 || width(text) <= columns) return text;
  let kept = '';
  let used = 1;
  for (const char of text) {
    used += width(char);
    if (used > columns) break;
    kept += char;
  }
  return `${kept}…`;
}

/** A text in lines of so many columns, the first of `first`, cut between words where that is possible. A colour goes on in the next line. */
export function wrapped(text, columns, first = columns) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === '') lines[lines.length - 1] = word;
    else if (width(last) + 1 + width(word) <= (lines.length > 1 ? columns : first)) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines.flatMap((line, i) => piecesOf(line, columns, i > 0 ? columns : first));
}

function piecesOf(line, columns, first) {
  const pieces = [''];
  for (const [part] of line.matchAll(/\x1b\[[\d;]*m|[^]/gu)) {
    if (width(pieces.at(-1)) + width(part) > (pieces.length > 1 ? columns : first)) pieces.push('');
    pieces[pieces.length - 1] += part;
  }
  return pieces;
}

const LABEL = /^ *(?:\S+ {2,})?/; // blanks, and a sign or word that stands apart
const SHARE = 3;                  // the part of the width that may stand before what goes on below

/**
 * Sentences as a terminal shows them: lines that are wider go on below their first word. Where the width is not known, as in a pipe or a
 * file, they stay as they are: who reads there reads lines.
 */
export function prose(text, stream) {
  const columns = knownColumns(stream);
  return columns ? text.split('\n').map((line) => hanging(line, columns)).join('\n') : text;
}

function hanging(line, columns) {
  if (line.length <= columns / 2 || width(line) <= columns) return line;
  const [blanks] = /^ */.exec(line);
  const start = width(LABEL.exec(line.replace(CODE, ''))[0]);
  const indent = start > columns / SHARE ? 2 : start > 0 && start === blanks.length ? start + 2 : start;
  return blanks + wrapped(line.slice(blanks.length), columns - indent, columns - blanks.length).join(`\n${' '.repeat(indent)}`);
}

/** A text with blanks up to so many columns. */
export const pad = (text, columns) => text + ' '.repeat(Math.max(0, columns - width(text)));

/** How wide a stream shows lines: as the terminal is, or as COLUMNS says; 0 if neither is known. */
const knownColumns = (stream) => stream.columns || Number(process.env.COLUMNS) || 0;

/** The same; where it is not known, as wide as most are. */
export const columnsOf = (stream) => knownColumns(stream) || 120;

/** `1,234`; of a whole number. `toLocaleString` takes 20 ms the first time. */
export const number = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 file`, `2 files` */
export const count = (n, noun, several = `${noun}s`) => `${number(n)} ${n === 1 ? noun : several}`;

/** `1.2 MB` */
export function bytes(n) {
  if (n < 1000) return `${n} B`;
  const unit = Math.min(4, Math.floor(Math.log10(n) / 3));
  return `${(n / 1000 ** unit).toFixed(1)} ${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`;
}

/** `2026-03-11 07:10:05 UTC` from an ISO time; sub-seconds only where they are not zero. */
export function time(iso) {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+?)0*)?Z$/.exec(iso ?? '');
  if (!match) return clean(iso ?? '—');
  return `${match[1]} ${match[2]}${match[3] && match[3] !== '0' ? `.${match[3]}` : ''} UTC`;
}
