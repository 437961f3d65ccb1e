// `forepost sieve` and `forepost records`

import { version } from '../entry/node.js';
import { EventReader } from '../triage.js';
import { Account, writeSummary } from './account.js';
import { inputsOf } from './args.js';
import { readContext } from './context.js';
import { readInto } from './read.js';
import { chosenRules, withRunnable } from './ruleset.js';
import { spanOf } from './span.js';
import { bytes, count, note, outputTo, remark, style } from './terminal.js';

/** Prints the events that the rules' filters keep, between two lines that tell `conclude` which rules, and what was read. */
export async function sieve(options, operands) {
  const paths = inputsOf(operands, 'sieve');
  const files = chosenRules(options, 'sieve');
  const { leftOut: unusable, ...context } = readContext(options, 'sieve', files?.functions);
  const { made: reader, leftOut } = withRunnable(files, options, (rules) =>
    new EventReader({ rules, ...context, ...spanOf(options, 'sieve'), index: false }));
  const says = (what) => `${JSON.stringify({ forepostSieve: what })}\n`;
  return print('sieve', reader, paths, options, {
    account: Object.assign(new Account(), { leftOut, unusable }),
    first: says({ version: version(), rules: reader.fingerprints() }),
    last: ({ complete, nothingRead, stats: { events, candidates, firstEvent, lastEvent } }) =>
      says({ end: { events, candidates, first: firstEvent, last: lastEvent, complete: complete && !nothingRead } }),
  });
}

/** Prints all events. */
export async function records(options, operands) {
  const paths = inputsOf(operands, 'records');
  const reader = new EventReader({ ...spanOf(options, 'records'), index: false });
  reader.collectEverything();
  return print('records', reader, paths, options, { account: new Account() });
}

async function print(command, reader, paths, options, { account, first, last }) {
  const output = outputTo(options.output);
  const started = performance.now();
  let size = 0;
  const pass = async () => {
    const lines = reader.candidates();
    size += lines.length;
    if (lines.length > 0) await output.write(lines);
  };
  if (first) await output.write(first);
  await readInto(reader, paths, account, { afterPart: pass });
  await pass(); // what only the end of the last file showed to be an event
  const { rules, ...stats } = reader.stats();
  account.count(command === 'sieve' ? { ...stats, rules } : stats);
  if (last) await output.write(last(account));
  await output.close();
  reader.dispose();
  const printed = command === 'sieve' ? stats.candidates : stats.events - stats.outside;
  account.failures().forEach(note);
  const summary = [...account.reading(performance.now() - started), style.bold(`${count(printed, 'event')} printed, ${bytes(size)}`)].join('\n');
  if (account.status === 0) remark(summary);
  else note(summary);
  if (options.summary) writeSummary(options.summary, account, command);
  return account.status;
}
