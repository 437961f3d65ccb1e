// Runs the cases of a test file on the engine: the same Detector that `scan` drives.

import { Detector } from '../entry/node.js';
import { parseExact, stringifyExact } from '../json.js';
import { isoTime, recordsOf } from './events.js';
import { differences } from './expect.js';
import { visible } from '../visible.js';
import { whereItEnded } from './why.js';

const MOST_EXPLAINED = 3; // events
const AT_ONCE = 1000;     // events that cross as one text

/** Rules that run many times. They are compiled once for each choice of tables. */
export class RulesUnderTest {
  #detector;
  #tables;
  #known = new Map();

  constructor(rules) { this.rules = rules; }

  /** `{alerts, problems}` of records, as if nothing had been read before. */
  run(records, tables = [], period) {
    const key = JSON.stringify(tables);
    if (this.#tables === key) this.#detector.restart();
    else {
      this.dispose();
      this.#detector = new Detector({ rules: this.rules, tables, emptyTables: true });
      this.#tables = key;
    }
    const detector = this.#detector;
    if (period) detector.observe(new Date(period[0]), new Date(period[1]));
    for (let at = 0; at < records.length; at += AT_ONCE) detector.push(records.slice(at, at + AT_ONCE).map((record) => `${stringifyExact(record)}\n`).join(''));
    if (records.length > 0) detector.endInput(); // an empty input would be a problem
    detector.finish();
    const alerts = [...detector.alertTexts()].flatMap((text) => text.split('\n').filter(Boolean).map(parseExact));
    return { alerts, problems: detector.problems() };
  }

  /** The same for events that several cases ask about: those that `quietWhen` changes. */
  runOnce(base, ...given) {
    if (!this.#known.has(base)) this.#known.set(base, this.run(...given));
    return this.#known.get(base);
  }

  dispose() {
    this.#detector?.dispose();
    this.#detector = this.#tables = undefined;
  }
}

/**
 * Runs one case: `{status, failures, alerts}`. `status` is passed, failed or error; `failures` are `[{path, line, message}]`, with the
 * line in the test file. `others(names)` gives the rules that must stay quiet too. With `explained`, it says where events ended.
 */
export function runCase(suite, test, rule, others, explained = true) {
  const fail = (path, message) => { throw suite.document.error(path, message); };
  const place = ({ path, message }) => ({ message, ...suite.document.at([...test.path, ...path]) });
  try {
    const tables = Object.values(test.tables);
    const records = recordsOf(test.given, test.start, fail);
    if (test.base) {
      const unchanged = recordsOf(test.base.given, test.start, fail);
      const { alerts, problems } = rule.runOnce(test.base, unchanged, Object.values(test.base.tables), test.period);
      if (problems.length > 0) return error(suite, test, problems);
      if (alerts.length === 0) {
        return { status: 'failed', alerts: [], failures: [place({ path: [], message: `proves nothing: the events do not alert without the change either${explained ? why(rule, unchanged, Object.values(test.base.tables)) : ''}` })] };
      }
    }
    const { alerts, problems } = rule.run(records, tables, test.period);
    if (problems.length > 0) return error(suite, test, problems);
    const failures = test.expect ? differences(test.expect, alerts, test.start).map((difference) => place({ ...difference, path: test.base ? [] : ['expect', ...difference.path] })) : [];
    if (explained && failures.length > 0 && alerts.length === 0) failures[0].message += why(rule, records, tables);
    if (failures.length > 0 && test.expect.alerts === 0) failures[0].message += alerts.slice(0, 3).map((alert) => `\n${alert.AlertSeverity}: ${visible(alert.AlertName)} (${isoTime(Date.parse(alert.TimeGenerated))})`).join('');
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
    return alerts.length > 0 ? [`${file} alerts too: ${visible(alerts[0].AlertName)}`] : [];
  });
}

/** Events that cannot be read, or a rule that fails while it runs: no answer, so no silence either. */
function error(suite, test, problems) {
  const { line, column } = suite.document.at(test.path);
  return { status: 'error', alerts: [], failures: problems.map(({ rule, message }) => ({ line, column, message: `${rule ? 'the rule failed: ' : 'an event could not be read: '}${message}` })) };
}

/** Where each of a few events ended. */
function why(rule, records, tables) {
  if (records.length === 0 || records.length > MOST_EXPLAINED) return '';
  return records.map((record) => `\n${visible(String(record.eventName))}: ${whereItEnded(rule.rules[0], record, { tables })}`).join('');
}
