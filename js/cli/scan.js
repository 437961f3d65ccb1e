// `forepost scan` and `forepost conclude`

import { parseExact } from '../json.js';
import { Account, LEVELS, writeSummary } from './account.js';
import { inputsOf, UsageError } from './args.js';
import { readContext } from './context.js';
import { alertWriter } from './formats.js';
import { readInto } from './read.js';
import { chosenRules, newDetector } from './ruleset.js';
import { spanOf } from './span.js';
import { note, outputTo, remark } from './terminal.js';
import { threadsFor } from './threads.js';

export const scan = (options, operands) => run('scan', options, operands, { looked: spanOf(options, 'scan') });

/** A scan over candidates, plus the period that the filters covered. */
export function conclude(options, operands) {
  const { from, to } = spanOf(options, 'conclude');
  if ((from === undefined) !== (to === undefined)) throw new UsageError('--from and --to must be given together', 'conclude');
  return run('conclude', options, operands, { covered: from && [from, to] });
}

/** `looked`: the span of events that count; `covered`: the period of events that others have read. */
async function run(command, options, operands, { looked = {}, covered }) {
  const paths = inputsOf(operands, command);
  const files = chosenRules(options, command);
  const { leftOut: unusable, ...context } = readContext(options, command, files?.functions);
  // Candidates are what the rules need of the logs: a table without one says nothing of its log.
  const setup = { ...context, ...looked, emptyTables: command === 'conclude' };
  const { detector, rules, leftOut } = newDetector(files, setup, options);
  const output = outputTo(options.output);
  const started = performance.now();
  const write = alertWriter(options.format ?? 'pretty', output);
  const account = new Account();
  let severest = -1;
  const print = async () => {
    for (const text of detector.alertTexts()) {
      for (const line of text.split('\n').filter(Boolean)) {
        const alert = parseExact(line);
        const level = LEVELS.indexOf(alert.AlertSeverity.toLowerCase());
        if (options.severity && level < LEVELS.indexOf(options.severity)) {
          account.below += 1;
          continue;
        }
        severest = Math.max(severest, level);
        account.alert(alert);
        await write.alert(alert, line);
      }
    }
  };
  if (covered) detector.observe(...covered);
  await readInto(detector, paths, account, {
    afterPart: options.follow && print,
    ahead: command === 'scan' && !options.follow ? (found) => threadsFor(options.threads, found, detector, { rules, ...setup }) : undefined,
  });
  account.leftOut = leftOut;
  account.unusable = unusable;
  detector.finish();
  await print();
  account.count(detector.stats());
  for (const problem of detector.problems()) account.failure(problem);
  await write.end(account);
  await output.close();
  account.failures().forEach(note);
  const summary = [...account.reading(performance.now() - started), ...account.outcome()].join('\n');
  if (account.status === 0) remark(summary);
  else note(summary);
  if (options.summary) writeSummary(options.summary, account, command);
  detector.dispose();
  if (account.status === 0 && options['fail-on'] && severest >= LEVELS.indexOf(options['fail-on'])) return 3;
  return account.status;
}
