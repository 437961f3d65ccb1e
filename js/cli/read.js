// Reads files into a Detector or a Query: streamed, one after the other, whatever fails reported and passed over.

import { createReadStream } from 'node:fs';
import { find, LOGS, reason } from './files.js';
import { Progress } from './progress.js';
import { clean, count, note, number, style } from './terminal.js';

const CHUNK = 1 << 20;
const SHOWN = 100; // problems of one file that are listed one by one

/**
 * Feeds every file of the paths. Returns what was read: `{files, total, unreadable, problems, skipped, interrupted}`.
 * `afterChunk` is waited for after each chunk. Ctrl-C stops reading after the current chunk; a second one ends the process.
 */
export async function readInto(reader, paths, afterChunk) {
  const { files, failed, skipped } = find(paths, LOGS);
  const report = { files: 0, total: files.length, unreadable: failed.length, problems: 0, skipped, interrupted: false };
  for (const { path, message } of failed) note(`${style.red('unreadable')} ${clean(path)}: ${message}`);
  const progress = new Progress(files.reduce((sum, file) => sum + file.size, 0));
  let current; // the stream that is being read: Ctrl-C must not wait for its next chunk
  const stop = () => {
    if (report.interrupted) process.exit(130);
    report.interrupted = true;
    current?.destroy();
    note(style.dim('stopping: concluding over what was read; Ctrl-C again to leave at once'));
  };
  process.on('SIGINT', stop);
  try {
    for (const file of files) {
      if (report.interrupted) break;
      current = open(file);
      await readFile(reader, file.path, current, report, async (length) => {
        progress.advance(length, () => reader.stats().events);
        await afterChunk?.();
      });
    }
  } finally {
    process.removeListener('SIGINT', stop);
    progress.clear();
  }
  return report;
}

/** Small files need no buffer of a whole chunk. */
const open = ({ path, size }) =>
  (path === '-' ? process.stdin : createReadStream(path, { highWaterMark: Math.max(4096, Math.min(CHUNK, size + 1)) }));

async function readFile(reader, path, stream, report, onChunk) {
  const name = path === '-' ? 'standard input' : clean(path);
  const problems = problemPrinter(name);
  try {
    for await (const chunk of stream) {
      reader.push(chunk);
      problems.print(reader);
      await onChunk(chunk.length);
    }
    report.files += 1;
  } catch (error) {
    if (report.interrupted) return; // its stream was closed half-way, so its end is no problem of the file's
    if (error.syscall === undefined) { // the engine's, not the file system's
      note(`${style.red('stopped')} while reading ${name}`);
      throw error;
    }
    report.unreadable += 1;
    note(`${style.red('unreadable')} ${name}: ${reason(error)}`);
  }
  reader.endInput();
  problems.print(reader);
  report.problems += problems.close();
}

function problemPrinter(name) {
  let seen = 0;
  return {
    print(reader) {
      for (const { offset, code, message } of reader.problems()) {
        seen += 1;
        const where = offset === null ? '' : ` at byte ${number(offset)}`;
        if (seen <= SHOWN) note(`${style.yellow('unreadable')} ${name}${where}: ${clean(message)} ${style.dim(clean(code))}`);
      }
    },
    close() {
      if (seen > SHOWN) note(`${style.yellow('unreadable')} ${name}: and ${count(seen - SHOWN, 'more place')}`);
      return seen;
    },
  };
}
