// Writing: alerts and answers to standard output, everything else to standard error.

const COLOURS = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, bold: 1, dim: 2 };

/** Whether a stream shows colours: a terminal, unless NO_COLOR says no. */
const colourful = (stream) => Boolean(stream.isTTY) && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

const painter = (stream) => Object.fromEntries(Object.entries(COLOURS).map(([name, code]) =>
  [name, (text) => (colourful(stream) ? `\x1b[${code}m${text}\x1b[0m` : String(text))]));

/** Colours for standard error and for standard output: either may be a terminal without the other. */
export const style = painter(process.stderr);
export const outStyle = painter(process.stdout);

/** Writes to standard output, and waits where the reader is slow. */
export function out(text) {
  if (process.stdout.write(text)) return undefined;
  return new Promise((resolve) => process.stdout.once('drain', resolve));
}

let onNote = () => {};

/** Something that draws on standard error (the progress bar) wants to step aside before each note. */
export function beforeNotes(callback) { onNote = callback; }

/** One line to standard error. */
export function note(text) {
  onNote();
  process.stderr.write(`${text}\n`);
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

const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Text from outside, safe to show: logs are an attacker's to write, and control or direction characters could
 * repaint the terminal. They show as \u{…}.
 */
export const clean = (text) => String(text).replace(UNSAFE, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

/** `1,234`; of a whole number. `toLocaleString` takes 20 ms the first time. */
export const number = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 file`, `2 files` */
export const count = (n, noun) => `${number(n)} ${noun}${n === 1 ? '' : 's'}`;

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
