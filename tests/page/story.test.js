// What happened, by whom: findings by the principal behind sessions and keys, lanes, entities and the ATT&CK matrix.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { accessible, add, aPageForEachTest, event, file, page, scanOff, settled, type } from './support.js';

aPageForEachTest();

const ADA = { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ada', userName: 'ada', accessKeyId: 'AKIAADA0000000000001' };
const session = (role, key) => ({ type: 'AssumedRole', arn: `arn:aws:sts::111122223333:assumed-role/${role}/ada`, principalId: `AROA${role}:ada`, accessKeyId: key });
const assume = (n, by, role, key) => event(n, {
  eventSource: 'sts.amazonaws.com', eventName: 'AssumeRole', readOnly: true, userIdentity: by,
  responseElements: { credentials: { accessKeyId: key }, assumedRoleUser: { arn: session(role, key).arn } },
});
const CHAIN = [
  event(1, { userIdentity: ADA, readOnly: true, sourceIPAddress: '198.51.100.7' }),
  assume(2, ADA, 'dev', 'ASIADEV0000000000001'), assume(3, session('dev', 'ASIADEV0000000000001'), 'admin', 'ASIAADMIN00000000001'),
  scanOff(5, { userIdentity: session('admin', 'ASIAADMIN00000000001'), readOnly: false, sourceIPAddress: '203.0.113.9' }),
  event(6, { userIdentity: session('admin', 'ASIAADMIN00000000001'), eventName: 'DeleteTrail', eventSource: 'cloudtrail.amazonaws.com', readOnly: false, errorCode: 'AccessDenied', sourceIPAddress: '203.0.113.9' }),
  // Another account has a user of the same name.
  event(7, { userIdentity: { ...ADA, arn: 'arn:aws:iam::999900001111:user/ada', accessKeyId: 'AKIAOTHER' }, readOnly: false }),
];
const load = async (lines) => { await add(page, file('a.ndjson', lines.join('\n'))); await settled(page); await page.waitForSelector('.story li'); };

test('the sentence names who, through which roles, from where, what changed and what failed', async () => {
  await load(CHAIN);
  assert.equal(await page.locator('.story li').count(), 1);
  assert.equal(await page.textContent('.story p'), 'user/ada of account 111122223333 from 203.0.113.9, 2026-03-10 06:00:05Z: 1 finding for Defense Evasion.'
    + ' Went through assumed-role/dev/ada (AssumeRole), assumed-role/admin/ada (AssumeRole). In 5 events, it changed: PutImageScanningConfiguration; 1 call failed: AccessDenied.');
  assert.match(await page.getAttribute('.lanes svg', 'aria-label'), /user\/ada: 5 events, 1 failed, 1 finding/);
  assert.equal(await page.locator('.lanes .first').count(), 3, 'three addresses that ada had not used at first');
});

test('who signs in changes nothing, and what was changed stands in the order of time', async () => {
  const noMfa = event(1, { eventSource: 'signin.amazonaws.com', eventName: 'ConsoleLogin', eventType: 'AwsConsoleSignIn', readOnly: false, userIdentity: ADA, responseElements: { ConsoleLogin: 'Success' }, additionalEventData: { MFAUsed: 'No', LoginTo: 'https://console.aws.amazon.com/' } });
  const off = (n) => scanOff(n, { userIdentity: ADA, readOnly: false });
  await load([noMfa, event(2, { eventSource: 's3.amazonaws.com', eventName: 'PutBucketTagging', readOnly: false, userIdentity: ADA }), off(3), event(4, { eventSource: 's3.amazonaws.com', eventName: 'CreateBucket', readOnly: false, userIdentity: ADA })]);
  assert.match(await page.textContent('.story p'), /In 4 events, it changed: PutBucketTagging, PutImageScanningConfiguration, CreateBucket; nothing failed\.$/);
});

test('when to when is of all the evidence, not of the row alone', async () => {
  await load(Array.from({ length: 5 }, (_, n) => event(n, { eventName: 'GetPasswordData', readOnly: true, recipientAccountId: '111122223333', userIdentity: ADA, sourceIPAddress: '198.51.100.7', requestParameters: { instanceId: `i-${n}` } })));
  assert.match(await page.textContent('.story p'), /2026-03-10 06:00:00Z → .*06:00:04Z: 1 finding/);
});

test('when and from where is told of the principal alone, not of others whose events are in the same alert', async () => {
  const bob = { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/bob', userName: 'bob', accessKeyId: 'AKIABOB0000000000001' };
  await load([scanOff(1, { userIdentity: ADA, sourceIPAddress: '198.51.100.7' }), scanOff(2, { userIdentity: ADA, sourceIPAddress: '198.51.100.7' }), scanOff(9, { userIdentity: bob, sourceIPAddress: '203.0.113.9' })]);
  assert.match(await page.textContent('.story p'), /^user\/ada of account 111122223333 \(and 1 other principal in the same findings\) from 198\.51\.100\.7, 2026-03-10 06:00:01Z → 06:00:02Z: 1 finding/);
  await page.click('#panel-alerts .vt-body .vt-row >> nth=0');
  await page.waitForSelector('.detail details.event >> nth=2');
  const times = await page.$$eval('.detail details.event summary', (all) => all.map((e) => /T(\S+)Z/.exec(e.textContent)[1]));
  assert.deepEqual(times, [...times].sort(), 'evidence stands in the order of time');
});

test('a page of a principal has its sessions, and of an address its principals', async () => {
  await load(CHAIN);
  await page.click('.story .link >> nth=0');
  await page.waitForSelector('.detail .factlist');
  const text = await page.textContent('.detail');
  assert.match(text, /Events5, 1 failed/);
  assert.match(text, /AssumeRole → assumed-role\/admin\/ada/);
  assert.match(text, /new address 203\.0\.113\.9/);
  await page.click('.detail >> text=Only these events');
  await page.waitForFunction(() => document.querySelector('#tab-events .count')?.textContent === '5/6');
  await page.click('.detail .factlist >> text=203.0.113.9');
  await page.waitForFunction(() => /Events2, 1 failed/.test(document.querySelector('.detail')?.textContent));
});

test('a loop of roles ends, and a session that many can make is its own principal', async () => {
  const [a, b] = [session('a', 'ASIAA000000000000001'), session('b', 'ASIAB000000000000001')];
  const role = { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/app/i-1', accessKeyId: 'ASIAAPP0000000000001' };
  const service = event(1, { eventSource: 'sts.amazonaws.com', eventName: 'AssumeRole', userIdentity: { type: 'AWSService', invokedBy: 'ec2.amazonaws.com' }, responseElements: { credentials: { accessKeyId: role.accessKeyId }, assumedRoleUser: { arn: role.arn } } });
  await load([assume(1, a, 'b', b.accessKeyId), assume(2, b, 'a', a.accessKeyId), service, scanOff(3, { userIdentity: b }), scanOff(4, { userIdentity: role, sourceIPAddress: '192.0.2.77' })]);
  assert.match(await page.textContent('.story'), /assumed-role\//);
  assert.doesNotMatch(await page.textContent('.story'), /^ec2\.amazonaws\.com/);
});

test('runs over the same evidence are one finding', async () => {
  const rule = readFileSync(new URL('../../rules/AWS_ECRImageScanningDisabled.yaml', import.meta.url), 'utf8')
    .replace('19602494', '49602494').replace(/queryPeriod: .*/, 'queryPeriod: 5d').replace(/name: .*/, 'name: Five days of scanning off');
  await add(page, file('runs.yaml', rule));
  await page.waitForFunction(() => document.querySelector('#tab-rules .count')?.textContent === '52');
  await load([...CHAIN, event(6 * 86400)]);
  const runs = await page.textContent('#panel-alerts .vt-body');
  assert.match(runs, /in 5 runs/);
  assert.match(await page.textContent('#panel-alerts .note'), /2 findings in 6 alerts/);
  await page.click('#panel-alerts .vt-row:has-text("in 5 runs")');
  await page.waitForSelector('.detail >> text=5 runs over the same evidence');
});

test('the matrix shows what rules look for and what they found, and filters', async () => {
  await load(CHAIN);
  await page.click('#tab-attack');
  assert.match(await page.textContent('.matrix .note'), /51 active rules\. No active rule looks for Reconnaissance/);
  assert.equal(await page.locator('.tactics .hit').count(), 3, 'the tactic, its technique and the sub-technique');
  assert.deepEqual(await page.$$eval('.tactics li .cell', (all) => all.map((e) => e.textContent).filter((text) => /^T[\d.]+ *$/.test(text))), [], 'each technique has its name');
  await page.click('.cell:has-text("T1562 Impair")');
  await page.waitForSelector('.chip:has-text("technique: T1562")');
  assert.equal(await page.textContent('#tab-alerts .count'), '1');
});

test('the histogram zooms, its axis is of what it shows, and typed nonsense is answered', async () => {
  await page.click('text=Try the sample');
  await settled(page);
  await page.waitForFunction(() => document.querySelector('.ticks')?.lastChild?.textContent === '23:58'); // all of it is shown
  const ticks = () => page.$$eval('.ticks span', (all) => all.map((e) => e.textContent));
  const before = await ticks();
  const box = await page.locator('.plotarea').boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40, { steps: 5 });
  await page.mouse.up();
  await page.waitForSelector('text=zoom in');
  assert.deepEqual(await ticks(), before, 'a brush moves no axis');
  await page.click('text=zoom in');
  await page.waitForFunction((old) => document.querySelector('.ticks').textContent !== old, before.join(''));
  await page.click('text=zoom out');
  await page.waitForFunction((old) => document.querySelector('.ticks')?.textContent === old, before.join(''));
  await type(page, '.axis input >> nth=0', 'yesterday');
  await page.waitForSelector('.axis >> text=Write a time such as');
});

test('axe finds nothing in the story, an entity and the matrix', { timeout: 400_000 }, async () => {
  await load(CHAIN);
  const check = (where) => accessible(page, where);
  await page.waitForTimeout(3200);
  await check('story');
  await page.click('.story .link >> nth=0');
  await page.waitForSelector('.detail .factlist');
  await check('entity');
  await page.click('#tab-attack');
  await check('matrix');
});
