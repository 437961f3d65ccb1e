// Reads files into a Detector or a Query, one after the other. Accounts for what cannot be read and goes on.

import { createReadStream } from 'node:fs';
import { findLogs, pullInBreaths, reasonOf } from './files.js';
import { Progress } from './progress.js';
import { clean, count, note, number, style } from './terminal.js';
import { ThreadLost } from './threads.js';

const SHOWN = 100;      // problems of one file that are listed one by one

/**
 * Feeds every file of the paths, and accounts for it. `afterPart` is waited for after each part. `ahead` may give `Threads`
 * that read these files ahead. Reading ends as soon as `until()` says that nothing more is needed. `quiet`: the problems are not
 * shown. `kept`: the `Kept` of several readings, from and for which what can be read only once is kept. Ctrl-C stops reading after the current part; a second one ends the process.
 */
export async function readInto(reader, paths, account, { afterPart, ahead, until = () => false, quiet = false, kept } = {}) {
  const { files, failed, skipped } = findLogs(paths);
  account.found = files.length + failed.length;
  account.skipped = skipped;
  const show = quiet ? () => {} : note;
  for (const { path, message } of failed) unreadable(account, path, message, show);
  const progress = new Progress(files.reduce((sum, file) => sum + file.size, 0));
  const threads = ahead?.(files);
  let current; // the source that is being read: Ctrl-C must not wait for its next part
  const stop = () => {
    if (account.interrupted) process.exit(130);
    account.interrupted = true;
    current?.close();
    threads?.close();
    note(style.dim('Interrupted: finishing with what was read so far (Ctrl-C again to quit)'));
  };
  process.on('SIGINT', stop);
  try {
    for (const [index, file] of files.entries()) {
      if (account.interrupted || account.enough) break;
      current = await threads?.source(index) ?? open(reader, file, kept);
      await readFile(reader, file.path, current, account, show, async (length) => {
        progress.advance(length, () => reader.stats().events);
        await afterPart?.();
        if (until()) {
          account.enough = true;
          current.close();
        }
      });
    }
  } finally {
    process.removeListener('SIGINT', stop);
    progress.clear();
    await threads?.stop();
  }
  account.count(reader.stats());
}

function unreadable(account, path, reason, show) {
  account.unreadable.push({ path: nameOf(path), reason });
  show(`${style.red('cannot read')} ${clean(nameOf(path))}: ${clean(reason)}`);
}

const nameOf = (path) => (path === '-' ? 'standard input' : path);

/**
 * A file that this thread reads: `parts`, the lengths of what the reader took of it, each when it has taken it; what ends it, and
 * how to stop waiting for the next.
 */
function open(reader, { path, size }, kept) {
  // What has no size may be a pipe, where there is something to wait for.
  const again = kept?.has(path);
  const stream = size > 0 || again ? undefined : path === '-' ? process.stdin : createReadStream(path);
  let closed = false;
  const pushed = async function* () {
    for await (const chunk of kept ? kept.of(path, stream) : stream) {
      reader.push(chunk);
      yield chunk.length;
    }
  };
  return {
    parts: stream || again ? pushed() : pullInBreaths(path, reader, () => closed),
    end: () => reader.endInput(),
    close: () => { closed = true; stream?.destroy(); },
  };
}

async function readFile(reader, path, source, account, show, onPart) {
  const problems = problemPrinter(nameOf(path), account, show);
  try {
    for await (const length of source.parts) {
      problems.print(reader);
      await onPart(length);
    }
    account.read += 1;
  } catch (error) {
    if (account.interrupted || account.enough) return; // its stream was closed half-way, so its end is no problem of the file's
    const lost = error instanceof ThreadLost;
    if (error.syscall === undefined && !lost) { // the engine's, not the file system's: all that was found is gone
      note(`${style.red('failed')} while reading ${clean(nameOf(path))}`);
      throw error;
    }
    unreadable(account, path, lost ? error.message : reasonOf(error, path), show);
  }
  source.end();
  problems.print(reader);
  problems.close();
}

function problemPrinter(name, account, show) {
  let seen = 0;
  return {
    print(reader) {
      for (const problem of reader.problems()) {
        const { offset, code, message } = problem;
        seen += 1;
        account.problem(name, problem);
        const where = offset === null ? '' : ` at byte ${number(offset)}`;
        if (seen <= SHOWN) show(`${style.yellow('problem')} ${clean(name)}${where}: ${clean(message)} ${style.dim(`[${clean(code)}]`)}`);
      }
    },
    close() {
      if (seen > SHOWN) show(`${style.yellow('problem')} ${clean(name)}: ${count(seen - SHOWN, 'more problem')}`);
    },
  };
}
