// `forepost backtest` and `forepost compare`: figures of rules over logs, and what another version of a rule changes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { incidentSettings, incidentsOf, milliseconds } from '../../js/cli/incidents.js';
import { forepost, jsonLines, ROOT, ruleText, s3, SAMPLE, scratch, shared, switchedOff } from './support.js';

const ECR = `${ROOT}rules/AWS_ECRImageScanningDisabled.yaml`;
const HOURLY = ruleText('Each hour', 'AWSCloudTrail\n| where EventName == "Denied"').replace('entityMappings: []', 'entityMappings:\n- entityType: Account\n  fieldMappings:\n  - identifier: Name\n    columnName: UserIdentityUserName');

/** Denied calls: `[[time, user]]`. */
const logs = (calls) => s3(...calls.map(([time, user], i) => switchedOff({ eventName: 'Denied', eventTime: time, eventID: `e-${i}`, userIdentity: { type: 'IAMUser', userName: user } })));

function files(name, contents) {
  const path = scratch(`backtest-${name}`);
  for (const [file, text] of Object.entries(contents)) writeFileSync(join(path, file), text);
  return (file) => join(path, file);
}

const backtest = async (...args) => {
  const { status, stdout, stderr } = await forepost(['backtest', ...args, '--format', 'json']);
  return { status, stderr, ...JSON.parse(stdout) };
};

test('figures of a rule over days', async () => {
  const calls = [['2026-03-10T01:10:00Z', 'ci'], ['2026-03-10T02:10:00Z', 'ci'], ['2026-03-10T03:10:00Z', 'ci'], ['2026-03-10T04:10:00Z', 'ci'], ['2026-03-10T05:10:00Z', 'ana'],
    ['2026-03-12T01:10:00Z', 'ci']];
  const at = files('figures', { 'rule.yaml': HOURLY, 'log.json': logs(calls) });
  const { status, logs: read, rules: [rule] } = await backtest(at('log.json'), '--rules', at('rule.yaml'));
  assert.equal(status, 0);
  assert.deepEqual([read.events, read.days], [6, 2]);
  assert.deepEqual([rule.alerts, rule.runs, rule.runsWithAlerts, rule.incidents, rule.repeats], [6, 49, 6, 6, 0]);
  assert.deepEqual(rule.aDay, { mean: 3, median: 3, max: 5, maxOn: '2026-03-10', daysWithAny: 2 });
  assert.deepEqual(rule.entities, [{ type: 'account', name: 'ci', alerts: 5, share: 83, withoutADay: 0.5 }, { type: 'account', name: 'ana', alerts: 1, share: 17, withoutADay: 2.5 }]);
  assert.equal(rule.verdict, 'steady');
  assert.deepEqual([rule.first, rule.last], ['2026-03-10T02:05:00.000Z', '2026-03-12T02:05:00.000Z']);
  const pretty = await forepost(['backtest', at('log.json'), '--rules', at('rule.yaml')]);
  assert.match(pretty.stdout, /account +ci 83 %, ana 17 %\n +without ci: 0\.5 a day/);
  const md = await forepost(['backtest', at('log.json'), '--rules', at('rule.yaml'), '--format', 'md']);
  assert.match(md.stdout, /\| Each hour \| Low \| steady \| 6 \| 3 \| 5 \(2026-03-10\) \| 6 \| 0 \| ci 83 % \|/);
});

test('alerts that overlapping windows repeat, incidents by grouping, and what if', async () => {
  const grouped = `${HOURLY.replace('queryPeriod: 1h', 'queryPeriod: 3h')}incidentConfiguration:\n  createIncident: true\n  groupingConfiguration: {enabled: true, reopenClosedIncident: false, lookbackDuration: 5h, matchingMethod: AllEntities}\n`;
  const at = files('grouping', { 'rule.yaml': grouped, 'log.json': logs([['2026-03-10T01:10:00Z', 'ci'], ['2026-03-11T01:10:00Z', 'ana']]) });
  const { rules: [rule], sweep } = await backtest(at('log.json'), '--rules', at('rule.yaml'), '--sweep', 'triggerThreshold=0,1', '--sweep', 'queryFrequency=3h');
  assert.deepEqual([rule.alerts, rule.repeats, rule.incidents], [6, 4, 2]);
  assert.deepEqual(sweep.map(({ key, value, alerts, incidents }) => [key, value, alerts, incidents]), [['triggerThreshold', '0', 6, 2], ['triggerThreshold', '1', 0, 0], ['queryFrequency', '3h', 2, 2]]);
  const refused = await backtest(at('log.json'), '--rules', at('rule.yaml'), '--sweep', 'queryFrequency=1x');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /1 rule left out/);
  assert.equal((await forepost(['backtest', at('log.json'), '--sweep', 'severity=High'])).status, 2);
});

test('incidents: none, one each, by entities, by anything, by what is selected, within the look-back', () => {
  const alert = (hour, name, severity = 'Low', details = {}) => ({ time: hour * 3_600_000, name: 'a', severity, details: JSON.stringify(details), entities: [{ type: 'account', text: name }, { type: 'ip', text: `ip of ${name}` }] });
  const alerts = [alert(0, 'x'), alert(1, 'x'), alert(2, 'y'), alert(6, 'x', 'High'), alert(7, 'x', 'High', { K: ['v'] })];
  const of = (grouping) => incidentsOf(incidentSettings(`incidentConfiguration: ${grouping}`), alerts);
  const by = (more) => of(`{createIncident: true, groupingConfiguration: {enabled: true, lookbackDuration: 5h, ${more}}}`);
  assert.equal(of('{createIncident: false}'), 0);
  assert.equal(of('{createIncident: true, groupingConfiguration: {enabled: false}}'), 5);
  assert.equal(incidentsOf(incidentSettings('id: x'), alerts), 5);
  assert.equal(by('matchingMethod: AllEntities'), 3);
  assert.equal(by('matchingMethod: AnyAlert'), 2);
  assert.equal(by('matchingMethod: Selected, groupByEntities: [IP]'), 3);
  assert.equal(by('matchingMethod: Selected, groupByAlertDetails: [Severity]'), 2);
  assert.equal(by('matchingMethod: Selected, groupByCustomDetails: [K]'), 3);
  assert.deepEqual(['5h', 'PT5H', '05:00:00', '1.12:00:00', 'P1DT12H', '1d', 'x', 'P'].map(milliseconds), [18e6, 18e6, 18e6, 1296e5, 1296e5, 864e5, undefined, undefined]);
});

test('a silent rule says which calls are not in the logs, and which came', async () => {
  const silent = ruleText('Silent', 'AWSCloudTrail\n| where EventName in ("Denied", "Never") and AWSRegion == "none"');
  const at = files('silent', { 'rule.yaml': silent, 'log.json': logs([['2026-03-10T01:10:00Z', 'ci']]) });
  const { rules: [rule] } = await backtest(at('log.json'), '--rules', at('rule.yaml'));
  assert.deepEqual([rule.verdict, rule.looksFor], ['silent', { came: [{ name: 'Denied', events: 1 }], missing: ['Never'] }]);
  assert.equal(rule.aWeek.low, 0);
});

test('expectations', async () => {
  const at = files('expect', {
    'rule.yaml': HOURLY, 'log.json': logs([['2026-03-10T01:10:00Z', 'ci']]),
    'met.yaml': 'rules:\n- {rule: Each hour, exactly: 1}\n', 'not.yaml': 'rules:\n- {rule: 8c1c3f10-0000-4000-8000-0000000000aa, atLeast: 2}\n',
    'absent.yaml': 'rules: [{rule: Nobody, atMost: 1}]', 'wrong.yaml': 'rules: [{rule: x, atlest: 1}]', 'others.yaml': 'others: fail\nrules: [{rule: AWSCloudTrail - Amazon ECR image scanning disabled, exactly: 0}]',
  });
  const status = async (file) => (await forepost(['backtest', at('log.json'), '--rules', at('rule.yaml'), '--rules', ECR, '--expect', at(file)])).status;
  assert.deepEqual([await status('met.yaml'), await status('not.yaml'), await status('absent.yaml'), await status('wrong.yaml'), await status('others.yaml')], [0, 1, 2, 2, 1]);
});

test('what is not read is said, and nothing read is no silence', async () => {
  const at = files('gaps', { 'log.json': '{"Records":[{"eventVersion', 'good.json': s3(switchedOff()) });
  const none = await forepost(['backtest', at('log.json')]);
  assert.equal(none.status, 2);
  const some = await forepost(['backtest', at('log.json'), at('good.json'), '--format', 'md']);
  assert.equal(some.status, 1);
  assert.match(some.stdout, /1 problem while reading/);
});

test('compare: a rule with itself is empty', async () => {
  const { status, stdout } = await forepost(['compare', ECR, ECR, SAMPLE]);
  assert.deepEqual([status, stdout], [0, 'no difference: 1 rule with 1 alert\n']);
});

test('compare: the ECR rule with and without its error filter names the events and the filter', async () => {
  const at = files('compare', {
    'new.yaml': readFileSync(ECR, 'utf8').replace(' and isempty(ErrorCode) and isempty(ErrorMessage)', ''),
    'log.json': s3(switchedOff(), switchedOff({ eventID: 'denied-1', errorCode: 'AccessDenied', eventTime: '2026-06-17T11:00:00Z' }), switchedOff({ eventID: 'denied-2', errorCode: 'AccessDenied', eventTime: '2026-06-19T11:00:00Z' })),
  });
  const { status, stdout } = await forepost(['compare', ECR, at('new.yaml'), at('log.json'), '--format', 'ndjson']);
  assert.equal(status, 1);
  const [rule] = jsonLines(stdout);
  assert.deepEqual([rule.before, rule.after, rule.same, rule.gone.length], [1, 2, 0, 0]);
  assert.deepEqual(rule.changes.map(({ what }) => what), ['query']);
  const filter = 'ended at isempty(ErrorCode), where ErrorCode is "AccessDenied"';
  assert.deepEqual(rule.changed.map(({ parts, eventsGone, eventsNew }) => [parts, eventsGone, eventsNew]), [[['events', 'number of rows'], [], [{ id: 'denied-1', call: 'PutImageScanningConfiguration', why: filter }]]]);
  assert.deepEqual(rule.new.map(({ events, why }) => [events, why]), [[['denied-2'], filter]]);
  const back = await forepost(['compare', at('new.yaml'), ECR, at('log.json')]);
  assert.match(back.stdout, /gone 1\n +1 × in the new version, the event ended at isempty\(ErrorCode\), where ErrorCode is "AccessDenied"/);
  const md = await forepost(['compare', at('new.yaml'), ECR, at('log.json'), '--format', 'md']);
  assert.match(md.stdout, /\| AWSCloudTrail - Amazon ECR image scanning disabled \| 2 \| 1 \| 1 \| 0 \| 1 \|/);
  assert.match(md.stdout, /```diff\n- \| where EventName == "PutImageScanningConfiguration"\n\+ \| where/);
});

test('compare: settings, other names, rules that are gone or new, and versions of a repository', async () => {
  const at = files('versions', { 'log.json': logs([['2026-03-10T01:10:00Z', 'ci']]) });
  const repository = at('repository');
  mkdirSync(join(repository, 'rules'), { recursive: true });
  const git = (...args) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: repository, stdio: 'pipe' });
  writeFileSync(join(repository, 'rules/rule.yaml'), HOURLY);
  writeFileSync(join(repository, 'rules/rule.test.yaml'), 'tests: [{name: x, given: [], expect: none}]');
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'a');
  writeFileSync(join(repository, 'rules/rule.yaml'), HOURLY.replace('severity: Low', 'severity: High').replace('gt', 'eq'));
  writeFileSync(join(repository, 'rules/other.yaml'), HOURLY.replace('00aa', '00ab').replace('Each hour', 'Another'));
  const run = (...args) => forepostIn(repository, ['compare', ...args, at('log.json'), '--format', 'ndjson']);
  const changed = await run('git:HEAD', 'rules');
  assert.equal(changed.status, 1, changed.stderr);
  const [rule, added] = jsonLines(changed.stdout);
  assert.deepEqual(rule.changes, [{ what: 'severity', before: 'Low', after: 'High' }, { what: 'triggerOperator', before: 'GreaterThan', after: 'Equal' }]);
  assert.deepEqual([rule.gone.length, added.rule.name, added.new.length], [1, 'Another', 1]);
  assert.equal((await run('git:HEAD', 'git:HEAD:rules/')).status, 0);
  assert.equal((await run('git:nowhere', 'rules')).status, 2);
  assert.equal((await run('git:--output=x', 'rules')).status, 2);
});

/** Runs the command in a folder. */
async function forepostIn(folder, args) {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await forepost(args);
  } finally {
    process.chdir(before);
  }
}

test('figures over the shared events are those of a query over the alerts', shared('cloudtrail/real') && shared('rules') ? {} : { skip: 'shared/cloudtrail/real is not here' }, async () => {
  const at = files('shared', {});
  await forepost(['scan', shared('cloudtrail/real'), '--rules', shared('rules'), '--format', 'ndjson', '--no-evidence', '-o', at('alerts.ndjson')]);
  assert.ok(jsonLines(readFileSync(at('alerts.ndjson'), 'utf8')).length > 10);
  const table = `Alerts:(TimeGenerated:datetime, AlertType:string, Entities:string, ExtendedProperties:string)=${at('alerts.ndjson')}`;
  const query = `Alerts
| extend rule = substring(AlertType, strlen("forepost_")), end = todatetime(tostring(parse_json(ExtendedProperties)["Query End Time UTC"]))
| mv-expand entity = iff(Entities == "", dynamic([{}]), parse_json(Entities))
| extend name = strcat(entity.Name, entity.AadUserId, entity.FullName), isAccount = tostring(entity.Type) == "account"
| summarize alerts = count_distinct(strcat(rule, TimeGenerated, ExtendedProperties)), firstAlert = min(TimeGenerated), lastAlert = max(TimeGenerated), days = dcount(startofday(end - 1s)), accounts = dcountif(name, isAccount and name != "") by rule
| project rule, alerts, firstAlert, lastAlert, days, accounts`;
  const { stdout } = await forepost(['query', query, '--table', table, '--format', 'ndjson']);
  const wanted = new Map(jsonLines(stdout).map((row) => [row.rule, row]));
  const { rules } = await backtest(shared('cloudtrail/real'), '--rules', shared('rules'));
  const loud = rules.filter(({ alerts }) => alerts > 0);
  assert.equal(loud.length, wanted.size);
  for (const { id, alerts, first, last, aDay, entities } of loud) {
    const want = wanted.get(id);
    const iso = (time) => new Date(time).toISOString();
    assert.deepEqual([alerts, first, last, aDay.daysWithAny], [want.alerts, iso(want.firstAlert), iso(want.lastAlert), want.days], id);
    if (entities.length < 100) assert.equal(entities.filter(({ type, name }) => type === 'account' && name !== '').length, want.accounts, id);
  }
});
