// `forepost compare`: what another version of rules does otherwise on the same logs.

import { whereItEnded } from '../testing/why.js';
import { Account, writeSummary } from './account.js';
import { inputsOf, UsageError } from './args.js';
import { toldApart } from '../arm/functions.js';
import { readContext, withFunctions } from './context.js';
import { compareWriter } from './comparereport.js';
import { differencesOf, rulePairs } from './differences.js';
import { rulesAt } from './git.js';
import { readInto } from './read.js';
import { Replay } from './replay.js';
import { loadRules, newDetector } from './ruleset.js';
import { Several } from './several.js';
import { note, outputTo, remark } from './terminal.js';

/** How many events of a rule are explained. */
const EXPLAINED = 100;

export async function compare(options, operands) {
  const [before, after, ...logs] = operands;
  if (before === undefined || after === undefined) throw new UsageError('compare needs the old rules, the new rules and the logs', 'compare');
  const paths = inputsOf(logs, 'compare');
  const context = readContext(options, 'compare');
  const sides = [side(before, after, options, context), side(after, before, options, context)];
  const account = new Account();
  account.unusable = [...context.leftOut, ...sides.flatMap(({ unusable }) => unusable)];
  account.leftOut = sides.flatMap(({ leftOut }) => leftOut);
  const take = () => sides.forEach(({ replay, detector }) => replay.take(detector));
  await readInto(new Several(sides.map(({ detector }) => detector)), paths, account, { afterPart: take });
  for (const { detector, replay } of sides) {
    detector.finish();
    replay.take(detector);
    for (const problem of detector.problems()) account.failure(problem);
  }
  const stats = sides[0].detector.stats();
  account.count({ ...stats, alerts: undefined });
  const rules = rulePairs(sides[0].replay.rules, sides[1].replay.rules).map(([one, other]) => withReasons(differencesOf(one, other), one, other, sides));
  const report = { before, after, logs: { events: stats.events, first: stats.firstEvent, last: stats.lastEvent }, rules };
  const output = outputTo(options.output);
  await compareWriter(options.format ?? 'pretty', output, options.limit ?? 10)(report, account);
  await output.close();
  account.failures().forEach(note);
  const summary = account.reading().join('\n');
  if (account.status === 0) remark(summary);
  else note(summary);
  if (options.summary) writeSummary(options.summary, account, 'compare');
  for (const { detector } of sides) detector.dispose();
  // As diff: 0 the same, 1 different, 2 trouble. What was not read, or did not run, cannot be the same.
  if (account.status !== 0) return account.status === 130 ? 130 : 2;
  return rules.some(({ differs }) => differs) ? 1 : 0;
}

/** One version of the rules, ready to read: a file or folder, or `git:COMMIT` with a path, which without one is the other side's. */
function side(operand, other, options, context) {
  const { ref, path } = placeOf(operand);
  let files;
  if (ref === undefined) files = loadRules([operand], options, 'compare');
  else {
    const there = path || placeOf(other).path;
    if (!there) throw new UsageError(`${operand} needs a path: git:${ref}:rules/`, 'compare');
    files = { ...toldApart(rulesAt(ref, there, 'compare')), failed: [] };
    if (files.rules.length === 0) throw new UsageError(`there are no rules in ${there} at ${ref}`, 'compare');
  }
  // Each version of the rules has its own functions.
  const { leftOut: unusable, ...own } = withFunctions({ ...context, leftOut: [] }, files.functions, options, 'compare');
  const { detector, rules, leftOut } = newDetector(files, own, options);
  return { detector, leftOut, unusable, context: own, replay: new Replay(rules) };
}

/** `{ref, path}` of `git:REF:PATH`, or the path alone. */
function placeOf(operand) {
  const [, ref, path] = /^git:([^:]+)(?::(.*))?$/s.exec(operand) ?? [operand, undefined, operand];
  return { ref, path };
}

/** With the filter at which the other version ends the events that only one version shows. */
function withReasons(difference, one, other, [before, after]) {
  let left = EXPLAINED;
  const why = (rule, record, { context }) => {
    if (!rule || record === undefined || left <= 0) return undefined;
    left -= 1;
    return whereItEnded({ file: rule.file, text: rule.text }, record, context);
  };
  const alerts = (rule, list, of) => list.map((alert) => ({ ...alert, why: why(rule, alert.records.values().next().value, of) }));
  const events = (rule, list, of) => list.map(({ id, record }) => ({ id, call: record && JSON.parse(record).eventName, why: why(rule, record, of) }));
  return {
    ...difference,
    gone: alerts(other, difference.gone, after),
    new: alerts(one, difference.new, before),
    changed: difference.changed.map((change) => ({ ...change, gone: events(other, change.gone, after), new: events(one, change.new, before) })),
  };
}
