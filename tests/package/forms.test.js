// Every form of docs/inputs.md's table of hosts, read by the command, the package and the worker; the page and the filter have their own tests.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { FORMS, formsAsMarkdown } from '../forms.js';
import { forepost, jsonLines, PACKAGE, ROOT, scratch } from './support.js';

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

test('docs/inputs.md has the table', () => {
  assert.ok(readFileSync(`${ROOT}docs/inputs.md`, 'utf8').includes(formsAsMarkdown()));
});
