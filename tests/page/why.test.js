// Why a rule with a join alerts: which events filled which side, with the values; and all rules against one event.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { accessible, add, aPageForEachTest, event, file, page, scanOff, settled } from './support.js';

aPageForEachTest();

const RULE = readFileSync(new URL('../../rules/AWS_ECRImageScanningDisabled.yaml', import.meta.url), 'utf8')
  .replace('19602494', '39602494').replace(/name: .*/, 'name: A key made for another, and used').replace(/query: \|[^]*?\n(?=\w)/, `query: |
  let waiting = 1h;
  let made = AWSCloudTrail
  | where EventName == "CreateAccessKey" and isempty(ErrorCode)
  | project Made = TimeGenerated, Maker = UserIdentityUserName, Key = tostring(parse_json(ResponseElements).accessKey.accessKeyId);
  AWSCloudTrail
  | where EventName == "GetSecretValue"
  | project Used = TimeGenerated, Secret = EventName, UserIdentityAccessKeyId, TimeGenerated, SourceIpAddress
  | join kind=inner made on $left.UserIdentityAccessKeyId == $right.Key
  | where Used - Made < waiting
`).replace(/entityMappings:[^]*?(?=\nversion|\nkind)/, '');
const by = (name, key) => ({ userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::111122223333:user/${name}`, userName: name, accessKeyId: key } });
const LOG = [
  event(1, { eventSource: 'iam.amazonaws.com', eventName: 'CreateAccessKey', readOnly: false, ...by('mallory', 'AKIAMALLORY000000001'), responseElements: { accessKey: { userName: 'bob', accessKeyId: 'AKIABOB0000000000001' } } }),
  event(60, { eventSource: 'secretsmanager.amazonaws.com', eventName: 'GetSecretValue', readOnly: true, ...by('bob', 'AKIABOB0000000000001') }),
  // Another key, which nobody made here.
  event(61, { eventSource: 'secretsmanager.amazonaws.com', eventName: 'GetSecretValue', readOnly: true, ...by('carol', 'AKIACAROL00000000001') }),
];
const load = async () => {
  await add(page, file('joined.yaml', RULE));
  await page.waitForFunction(() => document.querySelector('#tab-rules .count')?.textContent === '52');
  await add(page, file('a.ndjson', LOG.join('\n')));
  await settled(page);
};
const open = async () => {
  await page.click('#panel-alerts .vt-row:has-text("A key made for another")');
  await page.waitForSelector('.detail .stages');
};

test('a joined alert names the events of each side, with the values that met', { timeout: 300_000 }, async () => {
  await load();
  await open();
  assert.match(await page.textContent('.why .outcome'), /^✓? ?Match\. These 2 events together give 1 result row and 1 alert\.$/);
  assert.deepEqual(await page.$$eval('.why .branch > h4', (all) => all.map((e) => e.textContent)), ['let made', 'query']);
  assert.match(await page.textContent('.why'), /let waiting = 01:00:00/);
  // Each side begins with the two events of the evidence, and its filter takes its own.
  for (const at of [0, 1]) assert.match(await page.textContent(`.why .branch >> nth=${at} >> [data-operator=where] .rows >> nth=0`), /2 → 1/);
  const join = await page.textContent('.why [data-operator=join]');
  assert.match(join, /Left: .*"AKIABOB0000000000001"/);
  assert.match(join, /Right: .*"AKIABOB0000000000001"/);
  assert.doesNotMatch(join, /CAROL/);
  assert.match(await page.textContent('.why .run'), /Trigger.*1 row, needs more than 0/s);
  await page.waitForTimeout(3200);
  await accessible(page, 'a join');
});

test('from an event, all rules are told by how far they came', { timeout: 300_000 }, async () => {
  await load();
  await page.click('#tab-events');
  await page.click('#panel-events .vt-body .vt-row:has-text("carol")');
  await page.click('.allof summary');
  await page.waitForSelector('.allrules li', { timeout: 60_000 });
  const told = () => page.$$eval('.allrules li', (all) => all.map((e) => e.textContent));
  await page.click('[data-key="all rules"]');
  const all = await told();
  assert.equal(all.length, 52);
  const mine = all.findIndex((text) => text.includes('A key made for another'));
  assert.match(all[mine], /passed \d of \d stages, ends at: join kind=inner made/);
  // The fewer stages are left, the earlier.
  const left = all.map((text) => /passed (\d+) of (\d+) stages/.exec(text)).filter(Boolean).map(([, passed, of]) => of - passed);
  assert.ok(left.length > 40);
  assert.deepEqual(left, [...left].sort((a, b) => a - b));
  await page.click('.allrules >> text=A key made for another');
  await page.waitForSelector('.why .stage.no[data-operator=join]');
  await page.waitForTimeout(3200);
  await accessible(page, 'all rules');
});

test('a rule that alerts on the event comes first', async () => {
  await add(page, file('a.ndjson', scanOff(1)));
  await settled(page);
  await page.click('#tab-events');
  await page.click('#panel-events .vt-body .vt-row >> nth=0');
  await page.click('.allof summary');
  await page.waitForSelector('.allrules li', { timeout: 60_000 });
  assert.match(await page.textContent('.allrules li >> nth=0'), /ECR image scanning disabled.*alert$/);
});
