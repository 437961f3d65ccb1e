// Reads files into a Detector or a Query, one after the other. Reports what cannot be read and goes on.

import { createReadStream } from 'node:fs';
import { find, LOGS, pullFile, reason } from './files.js';
import { Progress } from './progress.js';
import { clean, count, note, number, style } from './terminal.js';
import { ThreadLost } from './threads.js';

const SHOWN = 100;      // problems of one file that are listed one by one
const BREATH = 50;      // ms between looks at what else there is to do, such as Ctrl-C

/**
 * Feeds every file of the paths. Returns what was read: `{files, total, unreadable, problems, skipped, interrupted, lost}`; `lost` are
 * the errors of threads that were. `afterPart` is waited for after each part. `ahead` may give `Threads` that read these files ahead.
 * Ctrl-C stops reading after the current part; a second one ends the process.
 */
export async function readInto(reader, paths, { afterPart, ahead } = {}) {
  const { files, failed, skipped } = find(paths, LOGS);
  const report = { files: 0, total: files.length, unreadable: failed.length, problems: 0, skipped, interrupted: false, lost: [] };
  for (const { path, message } of failed) note(`${style.red('cannot read')} ${clean(path)}: ${message}`);
  const progress = new Progress(files.reduce((sum, file) => sum + file.size, 0));
  const threads = ahead?.(files);
  let current; // the source that is being read: Ctrl-C must not wait for its next part
  const stop = () => {
    if (report.interrupted) process.exit(130);
    report.interrupted = true;
    current?.close();
    threads?.close();
    note(style.dim('Interrupted: finishing with what was read so far (Ctrl-C again to quit)'));
  };
  process.on('SIGINT', stop);
  try {
    for (const [index, file] of files.entries()) {
      if (report.interrupted) break;
      current = await threads?.source(index) ?? open(reader, file);
      await readFile(reader, file.path, current, report, async (length) => {
        progress.advance(length, () => reader.stats().events);
        await afterPart?.();
      });
    }
  } finally {
    process.removeListener('SIGINT', stop);
    progress.clear();
    await threads?.stop();
  }
  return report;
}

/**
 * A file that this thread reads: `parts`, the lengths of what the reader took of it, each when it has taken it; what ends it, and
 * how to stop waiting for the next.
 */
function open(reader, { path, size }) {
  // What has no size may be a pipe, where there is something to wait for.
  const stream = size > 0 ? undefined : path === '-' ? process.stdin : createReadStream(path);
  let closed = false;
  const pulled = async function* () {
    let length = 0;
    for (const taken of pullFile(path, reader)) {
      length += taken;
      if (performance.now() - breathed < BREATH) continue; // to look up after each part would cost a tenth of the reading
      yield length;
      length = 0;
      await new Promise(setImmediate);
      breathed = performance.now();
      if (closed) throw new Error('closed');
    }
    if (length > 0) yield length;
  };
  const pushed = async function* () {
    for await (const chunk of stream) {
      reader.push(chunk);
      yield chunk.length;
    }
  };
  return {
    parts: stream ? pushed() : pulled(),
    end: () => reader.endInput(),
    close: () => { closed = true; stream?.destroy(); },
  };
}

let breathed = performance.now();

async function readFile(reader, path, source, report, onPart) {
  const name = path === '-' ? 'standard input' : clean(path);
  const problems = problemPrinter(name);
  try {
    for await (const length of source.parts) {
      problems.print(reader);
      await onPart(length);
    }
    report.files += 1;
  } catch (error) {
    if (report.interrupted) return; // its stream was closed half-way, so its end is no problem of the file's
    if (error.syscall === undefined) { // the engine's, not the file system's
      note(`${style.red('failed')} while reading ${name}`);
      if (!(error instanceof ThreadLost)) throw error; // all that was found is gone
      report.lost.push(error);
      report.problems += problems.close();
      return;
    }
    report.unreadable += 1;
    note(`${style.red('cannot read')} ${name}: ${reason(error)}`);
  }
  source.end();
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
        if (seen <= SHOWN) note(`${style.yellow('problem')} ${name}${where}: ${clean(message)} ${style.dim(`[${clean(code)}]`)}`);
      }
    },
    close() {
      if (seen > SHOWN) note(`${style.yellow('problem')} ${name}: ${count(seen - SHOWN, 'more problem')}`);
      return seen;
    },
  };
}
