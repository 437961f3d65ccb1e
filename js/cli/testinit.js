// `forepost test --init`: a first test file of a rule, from a log or from what the rule looks for.

import { existsSync, writeFileSync } from 'node:fs';
import { Document as YamlDocument, isMap, isSeq, visit } from 'yaml';
import { Detector } from '../detector.js';
import { parseExact } from '../json.js';
import { viewOf } from '../testing/expect.js';
import { testOf } from '../testing/files.js';
import { comparedWith } from '../testing/kql.js';
import { describeRule } from '../triage.js';
import { Account } from './account.js';
import { UsageError } from './args.js';
import { readInto } from './read.js';
import { readRules } from './rulefiles.js';
import { clean, note, remark } from './terminal.js';

const MOST_EVENTS = 5; // of an alert that become events of the test

export async function init([path, ...logs]) {
  const { rules, functions, failed } = readRules(path === undefined ? [] : [path]);
  const rule = rules[0] ?? functions[0];
  if (path === undefined || failed.length > 0 || !rule) throw new UsageError(path === undefined ? '--init needs a rule file, and may be given logs' : `cannot read ${clean(path)}`, 'test');
  const file = testOf(rule.file);
  if (existsSync(file)) throw new UsageError(`${clean(file)} is there already`, 'test');
  const description = describeRule(rule.text);
  if (description === null) throw new UsageError(`${clean(path)} is no analytic rule; forepost check says why`, 'test');
  const found = logs.length > 0 ? await fromLogs(rule, logs) : { tests: fromQuery(description), status: 0 };
  if (!found.tests) {
    note('the rule raises no alert on these logs; forepost backtest says which calls it looks for');
    return found.status || 1;
  }
  const document = new YamlDocument(found.tests);
  visit(document, { Collection: (_, node, path) => { node.flow = node.items.length === 0 || depthOf(path) > 3; } });
  writeFileSync(file, document.toString({ lineWidth: 150, indentSeq: false, singleQuote: true, flowCollectionPadding: true }));
  remark(`wrote ${clean(file)}${logs.length > 0 ? '; it holds events of your log: replace names and addresses that are private' : '; its event is a guess: make it one that the rule looks for'}`);
  return found.status;
}

const depthOf = (path) => path.filter((node) => isMap(node) || isSeq(node)).length;

/** The events of the first alert, and what it shows. */
async function fromLogs(rule, logs) {
  const detector = new Detector({ rules: [rule] });
  const account = new Account();
  await readInto(detector, logs, account);
  detector.finish();
  const [line] = detector.alertsText().split('\n');
  account.count(detector.stats());
  detector.dispose();
  if (!line) return { status: account.status };
  const alert = parseExact(line);
  const { name, severity, entities } = viewOf(alert);
  const records = (alert.Evidence ?? []).flatMap(({ events }) => events.map(({ record }) => record)).slice(0, MOST_EVENTS);
  const events = Object.fromEntries(records.map((record, i) => [records.length === 1 ? 'event' : `event${i + 1}`, record]));
  const names = Object.keys(events);
  const test = { name: 'alerts', given: names.length === 1 ? names[0] : names, expect: { alerts: 1, alert: { name, severity, ...(entities.length > 0 ? { entities } : {}) } }, quietWhen: [{ set: { eventName: 'AnotherCall' } }] };
  return { status: account.status, tests: { start: alert.StartTime.replace(/\.0+Z$/, 'Z'), events, tests: [test] } };
}

/** One event with the names that the query asks for. */
function fromQuery({ query }) {
  const [eventSource = 'SERVICE.amazonaws.com'] = comparedWith(query, 'EventSource');
  const [eventName = 'CALL'] = comparedWith(query, 'EventName');
  return {
    events: { call: { eventSource, eventName, awsRegion: 'eu-west-1', sourceIPAddress: '198.51.100.7', userIdentity: { type: 'IAMUser', userName: 'mallory', arn: 'arn:aws:iam::111122223333:user/mallory' }, recipientAccountId: '111122223333', requestParameters: {} } },
    tests: [{ name: 'alerts', given: 'call', expect: { alerts: 1 }, quietWhen: [{ set: { errorCode: 'AccessDenied' } }, { set: { eventName: 'AnotherCall' } }] }],
  };
}
