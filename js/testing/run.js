// Runs the cases of a test file on the engine: the same Detector that `scan` drives.

import { Detector, explain } from '../entry/node.js';
import { parseExact, stringifyExact } from '../json.js';
import { isoTime, recordsOf } from './events.js';
import { differences } from './expect.js';

const NO_EXPLANATIONS_BEYOND = 3; // events

/** A rule with the detectors that tests need of it. */
export class RuleUnderTest {
  constructor(rules) {
    this.rules = rules;
  }

  /** `{alerts, problems}` of records in a detector of their own. */
  run(records, tables = [], period) {
    const detector = new Detector({ rules: this.rules, tables });
    try {
      if (period) detector.observe(new Date(period[0]), new Date(period[1]));
      detector.push(stringifyExact({ Records: records }));
      detector.endInput();
      detector.finish();
      const alerts = [...detector.alertTexts()].flatMap((text) => text.split('\n').filter(Boolean).map(parseExact));
      return { alerts, problems: detector.problems() };
    } finally {
      detector.dispose();
    }
  }
}

/**
 * Runs one case: `{status, failures, alerts}`. `status` is passed, failed or error; `failures` are `[{path, line, message}]`, with the
 * line in the test file. `others(names)` gives the rules that must stay quiet too.
 */
export function runCase(suite, test, rule, others) {
  const fail = (path, message) => { throw suite.document.error(path, message); };
  const place = ({ path, message }) => ({ message, ...suite.document.at([...test.path, ...path]) });
  try {
    const tables = Object.values(test.tables);
    const records = recordsOf(test.given, test.start, fail);
    if (test.base) {
      const unchanged = recordsOf(test.base.given, test.start, fail);
      // Two cases of one quietWhen ask the same.
      test.base.outcome ??= rule.run(unchanged, Object.values(test.base.tables), test.period);
      const { alerts, problems } = test.base.outcome;
      if (problems.length > 0) return error(suite, test, problems);
      if (alerts.length === 0) {
        return { status: 'failed', alerts: [], failures: [place({ path: [], message: `proves nothing: the events do not alert without the change either${why(rule, unchanged)}` })] };
      }
    }
    const { alerts, problems } = rule.run(records, tables, test.period);
    if (problems.length > 0) return error(suite, test, problems);
    const failures = test.expect ? differences(test.expect, alerts, test.start).map((difference) => place({ ...difference, path: test.base ? [] : ['expect', ...difference.path] })) : [];
    if (failures.length > 0 && alerts.length === 0) failures[0].message += why(rule, records);
    if (failures.length > 0 && test.expect.alerts === 0) failures[0].message += alerts.slice(0, 3).map((alert) => `\n${alert.AlertSeverity}: ${alert.AlertName} (${isoTime(Date.parse(alert.TimeGenerated))})`).join('');
    if (test.alsoQuiet) failures.push(...loud(test, others, records, tables).map((message) => place({ path: ['alsoQuiet'], message })));
    return { status: failures.length > 0 ? 'failed' : 'passed', failures, alerts };
  } catch (caught) {
    if (caught?.code === 'bad-test-file') return { status: 'error', alerts: [], failures: [{ message: caught.reason, line: caught.line, column: caught.column }] };
    throw caught;
  }
}

function loud(test, others, records, tables) {
  return others(test.alsoQuiet).flatMap((other) => {
    const { alerts, problems } = other.run(records, tables, test.period);
    const [{ file }] = other.rules;
    if (problems.length > 0) return [`${file} did not run: ${problems[0].message}`];
    return alerts.length > 0 ? [`${file} alerts too: ${alerts[0].AlertName}`] : [];
  });
}

/** Events that cannot be read, or a rule that fails while it runs: no answer, so no silence either. */
function error(suite, test, problems) {
  const { line, column } = suite.document.at(test.path);
  return { status: 'error', alerts: [], failures: problems.map(({ rule, message }) => ({ line, column, message: `${rule ? 'the rule failed: ' : 'an event could not be read: '}${message}` })) };
}

/** Where each of a few events ended. */
function why(rule, records) {
  if (records.length === 0 || records.length > NO_EXPLANATIONS_BEYOND) return '';
  return records.map((record) => `\n${record.eventName ?? 'the event'}: ${whereItEnded(rule.rules[0], record)}`).join('');
}

function whereItEnded(file, record) {
  let answer;
  try {
    answer = explain(file, record);
  } catch {
    return 'no explanation, for the rule reads other tables';
  }
  const ends = answer.leaves.map(({ stages }) => stages.find(({ passed }) => !passed)).filter(Boolean);
  if (ends.length === answer.leaves.length && ends.length > 0) return `ended at ${[...new Set(ends.map((stage) => deciding(stage, answer.query)))].join(', and at ')}`;
  if (answer.result?.rows === 0) return 'passed the filters, but what follows them makes no row of it alone';
  return 'makes rows; the rule’s schedule or trigger made no alert of them';
}

/** The first part of a filter that was false, and the value that it looked at. */
function deciding({ start, end, rows }, query) {
  const steps = rows[0]?.steps ?? [];
  const no = steps.findIndex(({ value }) => value === false);
  const cut = (place) => query.slice(place.start, place.end).replace(/\s+/g, ' ');
  if (no < 0) return cut({ start, end });
  const inside = steps.slice(0, no).findLast((step) => step.start >= steps[no].start && step.end <= steps[no].end);
  return `${cut(steps[no])}${inside && inside.value !== undefined ? `, where ${cut(inside)} is ${stringifyExact(inside.value)}` : ''}`;
}
