// `forepost explain`: why a rule alerts on an event of a log, or is silent over all of it.

import { explain as explainRule, NearestMisses } from '../explain.js';
import { QueryError, RuleError } from '../errors.js';
import { stringifyExact } from '../json.js';
import { Account } from './account.js';
import { inputsOf, UsageError } from './args.js';
import { nearestMisses, tree } from './explained.js';
import { readInto } from './read.js';
import { readRules, render } from './rulefiles.js';
import { readContext } from './context.js';
import { clean, note, outputTo, outStyle, style } from './terminal.js';

export const EXPLAIN_FORMATS = ['pretty', 'ndjson'];

export async function explain(options, [path, ...operands]) {
  const { rule, functions } = ruleOf(path);
  const { event, where, nearest = 5, expect } = options;
  if (event !== undefined && where !== undefined) throw new UsageError('--event names one event and --where a condition for many; give one of them', 'explain');
  const inputs = inputsOf(operands, 'explain');
  const { leftOut: unusable, ...context } = readContext(options, 'explain', functions);
  const account = new Account();
  account.unusable = unusable;
  let misses;
  try {
    misses = new NearestMisses(rule, { event: /^\d{1,15}$/.test(event ?? '') ? Number(event) : event, where, ...context });
    await readInto(misses, inputs, account);
    if (account.nothingRead) {
      note([...account.gaps(), ...account.outcome()].join('\n'));
      return 2;
    }
    const report = misses.report(nearest);
    const { texts, complete } = misses.candidates();
    if (event !== undefined && report.found === null) {
      note([`${style.red('forepost:')} no event ${clean(event)} in ${inputs.map(clean).join(', ')}`, ...account.gaps()].join('\n'));
      return 2;
    }
    const answer = explained(rule, texts, report.found, context);
    if (!complete) answer.cut.push('The log holds more events that pass the filters of single events than are kept; the runs saw a part of them.');
    await print(options, answer, event === undefined ? report : undefined, where);
    const gaps = account.gaps();
    if (gaps.length > 0) note(gaps.join('\n'));
    if (account.interrupted) return 130;
    const isAlert = answer.verdict === 'alert';
    if (expect !== undefined && isAlert !== (expect === 'match')) {
      note(`${style.red('not as expected:')} ${isAlert ? 'an alert' : 'no alert'} where --expect ${expect} was given`);
      return 1;
    }
    return account.complete && answer.verdict !== 'failed' ? 0 : 1;
  } catch (error) {
    if (error instanceof RuleError) {
      for (const finding of error.diagnostics) note(render(finding, rule.text));
    } else if (error instanceof QueryError) {
      for (const d of error.diagnostics) note(render({ file: '--where', line: 1, column: d.start + 1, ...d }, where));
    } else {
      throw error;
    }
    return 2;
  } finally {
    misses?.dispose();
  }
}

/** The one rule of a file, with the functions that came along. */
function ruleOf(path) {
  if (path === undefined) throw new UsageError('explain needs a rule file and a log: forepost explain RULE.yaml LOG', 'explain');
  const { rules, functions, failed } = readRules([path]);
  if (failed.length > 0) throw new UsageError(`cannot read ${clean(path)}: ${clean(failed[0].message)}`, 'explain');
  if (rules.length !== 1) throw new UsageError(`explain needs one rule file, and ${clean(path)} has ${rules.length}`, 'explain');
  return { rule: rules[0], functions };
}

/** The events that the query's own filters keep, and the event that is looked at: no other has a part in any run. */
function explained(rule, candidates, found, context) {
  if (found === null) return explainRule(rule, candidates, context);
  const at = candidates.indexOf(found);
  const events = at < 0 ? [...candidates, found] : candidates;
  return explainRule(rule, events, { event: at < 0 ? candidates.length : at, ...context });
}

async function print({ format, output: path }, answer, report, where) {
  const output = outputTo(path);
  if (format === 'ndjson') {
    await output.write(`${stringifyExact({ ...answer, nearest: report ?? null })}\n`);
  } else {
    await output.say(`${tree(answer, report, outStyle)}\n`);
    if (report) await output.say(`\n${nearestMisses(report, where, outStyle)}\n`);
  }
  await output.close();
}
