// Every form of docs/inputs.md's table of hosts, read by the command, the package and the worker; the page and the filter have their own tests.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { FORMS, formsAsMarkdown, LOGS } from '../forms.js';
import { forepost, jsonLines, PACKAGE, ROOT, ruleText, scratch } from './support.js';

const { Detector, load } = await import(`${PACKAGE}entry/node.js`);
const { createHandler } = await import(`${PACKAGE}entry/worker-node.js`);
await load();
const folder = scratch('forms');
const handler = createHandler({ key: 'secret' });

for (const { name, data } of FORMS) {
  test(`${name}: the command, the package and the worker find its event`, async () => {
    const detector = new Detector();
    detector.push(data);
    detector.finish();
    const [alert] = detector.alerts();
    assert.equal(detector.account().complete, true, JSON.stringify(detector.account()));
    assert.equal(alert?.Evidence[0].row.RecipientAccountId ?? alert?.Evidence[0].events[0].record.recipientAccountId, '111122223333');

    writeFileSync(`${folder}/file`, data); // without an ending: the name tells nothing
    const { status, stdout, stderr } = await forepost(['scan', folder, '--format', 'ndjson']);
    assert.deepEqual([status, jsonLines(stdout).length], [0, 1], stderr);

    const answer = await handler(new Request('http://x/', { method: 'POST', headers: { 'x-api-key': 'secret' }, body: data }));
    const { alerts, account } = await answer.json();
    assert.deepEqual([answer.status, alerts.length, account.complete, account.events.read], [200, 1, true, 1]);
  });
}

for (const { name, table, data } of LOGS) {
  test(`${name}: the command, the package and the worker read a row of ${table}`, async () => {
    const rule = ruleText(table, `${table}\n| where Type == "${table}" and isnotnull(TimeGenerated)`);
    const detector = new Detector({ rules: rule });
    detector.push(data);
    detector.finish();
    assert.equal(detector.alerts().length, 1);
    const { complete, events } = detector.account();
    assert.deepEqual([complete, events.read, events.tables], [true, 1, { [table]: 1 }]);

    const path = scratch('logs');
    mkdirSync(`${path}/in`);
    writeFileSync(`${path}/in/file`, data); // without an ending: the name tells nothing
    writeFileSync(`${path}/rule.yaml`, rule);
    const { status, stdout, stderr } = await forepost(['scan', `${path}/in`, '--rules', `${path}/rule.yaml`, '--format', 'ndjson']);
    assert.deepEqual([status, jsonLines(stdout).length], [0, 1], stderr);
    assert.match(stderr, new RegExp(`tables: ${table} 1`));

    const answer = await createHandler({ key: 'secret', rules: [rule] })(new Request('http://x/', { method: 'POST', headers: { 'x-api-key': 'secret' }, body: data }));
    const { alerts, account } = await answer.json();
    assert.deepEqual([answer.status, alerts.length, account.complete, account.events.tables], [200, 1, true, { [table]: 1 }]);
  });
}

test('a rule whose logs were not given is left out and named; where no rule is left, nothing ran', async () => {
  const path = scratch('logs-left-out');
  writeFileSync(`${path}/flow.log`, LOGS.find(({ table }) => table === 'AWSVPCFlow').data);
  mkdirSync(`${path}/rules`);
  writeFileSync(`${path}/rules/flow.yaml`, ruleText('Flows', 'AWSVPCFlow'));
  writeFileSync(`${path}/rules/waf.yaml`, ruleText('Requests', 'AWSWAF').replace('00aa', '00ab'));
  const both = await forepost(['scan', `${path}/flow.log`, '--rules', `${path}/rules`, '--summary', `${path}/summary.json`, '--format', 'ndjson']);
  assert.equal(both.status, 1);
  assert.match(both.stderr, /1 rule left out: 1 × log not given: AWSWAF \(Requests\); scan it too/);
  assert.match(both.stderr, /1 alert/);
  const { rules } = JSON.parse(readFileSync(`${path}/summary.json`, 'utf8'));
  assert.deepEqual([rules.ran, rules.leftOut.map(({ rule, code }) => [rule, code])], [1, [['Requests', 'FP305']]]);
  const none = await forepost(['scan', `${path}/flow.log`, '--rules', `${path}/rules/waf.yaml`]);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /no rule could run/);
  const query = await forepost(['query', 'AWSWAF | count', `${path}/flow.log`]);
  assert.equal(query.status, 1);
  assert.match(query.stderr, /no record of AWSWAF was among the logs/);
});

test('docs/inputs.md has the table', () => {
  assert.ok(readFileSync(`${ROOT}docs/inputs.md`, 'utf8').includes(formsAsMarkdown()));
});
