// The commands of a responder: summary, timeline, pivot, hunt; over events of our own.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { forepost, jsonLines, s3, scratch, switchedOff } from './support.js';

const folder = scratch('investigate');
const logs = `${folder}/logs`;

const ana = { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ana', userName: 'ana', accessKeyId: 'AKIAANAANAANA0001', accountId: '111122223333' };
const session = (arn, accessKeyId) => ({ type: 'AssumedRole', arn, accessKeyId, accountId: '111122223333' });
const OPS = 'arn:aws:sts::111122223333:assumed-role/ops/night';
const BACKUP = 'arn:aws:sts::111122223333:assumed-role/backup/night';
let number = 0;
const event = (minute, eventName, userIdentity, more = {}) => switchedOff({
  eventID: `${number += 1}`, eventTime: `2026-06-17T10:${String(minute).padStart(2, '0')}:00Z`, eventName, eventSource: 'sts.amazonaws.com', userIdentity,
  sourceIPAddress: '203.0.113.5', requestParameters: null, ...more,
});

/** ana assumes ops, ops assumes backup, backup makes a key for bob, bob's key is used from elsewhere; mia has nothing to do with it. */
const chain = () => [
  event(9, 'GetCallerIdentity', session(BACKUP, 'ASIABACKUPBACKUP1'), { sourceIPAddress: '198.51.100.7', readOnly: true }),
  event(1, 'AssumeRole', ana, { responseElements: { credentials: { accessKeyId: 'ASIAOPSOPSOPS0001' }, assumedRoleUser: { arn: OPS } } }),
  event(2, 'AssumeRole', session(OPS, 'ASIAOPSOPSOPS0001'), { sourceIPAddress: '192.0.2.1', responseElements: { credentials: { accessKeyId: 'ASIABACKUPBACKUP1' }, assumedRoleUser: { arn: BACKUP } } }),
  event(3, 'AssumeRole', ana, { errorCode: 'AccessDenied', errorMessage: 'no', responseElements: null }),
  event(4, 'CreateAccessKey', session(BACKUP, 'ASIABACKUPBACKUP1'), { sourceIPAddress: '192.0.2.2', responseElements: { accessKey: { accessKeyId: 'AKIABOBBOBBOB0001', userName: 'bob' } } }),
  event(5, 'ListBuckets', { ...ana, arn: 'arn:aws:iam::111122223333:user/bob', accessKeyId: 'AKIABOBBOBBOB0001' }, { sourceIPAddress: '198.51.100.9', readOnly: true }),
  event(6, 'ListBuckets', { ...ana, arn: 'arn:aws:iam::111122223333:user/mia', accessKeyId: 'AKIAMIAMIAMIA0001' }, { sourceIPAddress: '198.51.100.8', readOnly: true }),
];

before(() => {
  mkdirSync(logs);
  const events = chain();
  writeFileSync(`${logs}/a.json`, s3(...events.slice(0, 4)));
  writeFileSync(`${logs}/b.json`, s3(...events.slice(4)));
});

test('summary shows who, from where, what changed, what failed, keys and alerts on one screen', async () => {
  const { status, stdout, stderr } = await forepost(['summary', logs], { env: { COLUMNS: '120' } });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^who\n/);
  assert.match(stdout, /user\/ana +2 +1 +2 +1 /);
  assert.match(stdout, /AccessDenied +1  AssumeRole/);
  assert.match(stdout, /7 events in 2 files, 51 rules\nfrom 2026-06-17 10:01:00 UTC to 2026-06-17 10:09:00 UTC/);
  assert.match(stdout, /no alerts from 51 rules\n$/);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 120, line);
  const json = JSON.parse((await forepost(['summary', logs, '--format', 'json', '--from', '2026-06-17T10:04:00Z', '--to', '2026-06-17T10:06:00Z'])).stdout);
  assert.deepEqual(json.regions.map(({ Region, Events }) => [Region, Events]), [['eu-west-1', 2]]);
  const md = (await forepost(['summary', logs, '--format', 'md'], { env: { FORCE_COLOR: '1' } })).stdout;
  assert.match(md, /^- 7 events in 2 files, 51 rules$/m);
  assert.ok(!md.includes('\u001b'), 'a report has no colours');
  assert.equal((await forepost(['summary', `${folder}/none`])).status, 2);
});

test('timeline lists every event in order; --changes leaves out what only reads', async () => {
  const { status, stdout } = await forepost(['timeline', logs, '--format', 'ndjson']);
  assert.equal(status, 0);
  assert.deepEqual(jsonLines(stdout).map((e) => e.TimeGenerated.slice(14, 16)), ['01', '02', '03', '04', '05', '06', '09']);
  const changes = jsonLines((await forepost(['timeline', logs, '--format', 'ndjson', '--changes'])).stdout);
  assert.deepEqual(changes.map((e) => e.EventName), ['AssumeRole', 'AssumeRole', 'AssumeRole', 'CreateAccessKey']);
  const pretty = (await forepost(['timeline', logs], { env: { COLUMNS: '90' } })).stdout.trimEnd().split('\n');
  assert.match(pretty[2], /^2026-06-17 10:03:00  AssumeRole ✗ AccessDenied  ana · 203\.0\.113\.5  eu-west-1/);
  assert.ok(pretty.every((line) => line.length <= 90));
  assert.match((await forepost(['timeline', logs, '--from', 'yesterday'])).stderr, /--from must be a date or a time/);
});

test('pivot follows roles and keys, from each link of the chain on', async () => {
  const minutes = async (value) => jsonLines((await forepost(['pivot', value, logs, '--format', 'ndjson'])).stdout).map((e) => Number(e.TimeGenerated.slice(14, 16)));
  assert.deepEqual(await minutes('203.0.113.5'), [1, 2, 3, 4, 5, 9]);
  assert.deepEqual(await minutes(ana.arn), [1, 2, 3, 4, 5, 9]);
  assert.deepEqual(await minutes('AKIABOBBOBBOB0001'), [4, 5], 'and where the key was made');
  assert.deepEqual(await minutes(OPS), [1, 2, 4, 5, 9], 'and where the session was made');
  assert.deepEqual(await minutes('198.51.100.8'), [6]);
  assert.deepEqual(await minutes('night'), [2, 4, 5, 9], 'a session by its name');
  assert.deepEqual(await minutes("x' or true or 'a' == '"), [], 'a value is a value');
  assert.match((await forepost(['pivot', '192.0.2.99', logs])).stderr, /no event of 192\.0\.2\.99/);
  assert.match((await forepost(['pivot', OPS])).stderr, /needs files or folders/);
});

test('hunt runs hunting queries, names what it cannot run, and passes over what is none', async () => {
  const hunts = `${folder}/hunts`;
  mkdirSync(hunts);
  const hunting = (name, query) => `id: 0f0e0d0c-1234-4000-8000-00000000000a\nname: ${name}\ndescription: x\ntactics: [Persistence]\nquery: |\n  ${query}\n`;
  writeFileSync(`${hunts}/keys.yaml`, hunting('Keys made', 'AWSCloudTrail | where EventName == "CreateAccessKey" | project UserIdentityArn'));
  writeFileSync(`${hunts}/none.yaml`, hunting('Nothing', 'AWSCloudTrail | where EventName == "Nope"'));
  writeFileSync(`${hunts}/other.yaml`, hunting('Other product', 'SigninLogs | take 1'));
  writeFileSync(`${hunts}/parameters.yaml`, 'parameters: []\nversion: 1\n');
  const { status, stdout, stderr } = await forepost(['hunt', hunts, logs, '--summary', `${folder}/hunt.json`]);
  assert.equal(status, 1, stderr);
  assert.match(stdout, /^Keys made 1 row · Persistence\n/);
  assert.match(stdout, /assumed-role\/backup\/night/);
  assert.match(stderr, /2 hunting queries, 1 without rows/);
  assert.match(stderr, /1 rule left out: 1 × .*SigninLogs.* \(.*other\.yaml\)/);
  assert.equal(JSON.parse(readFileSync(`${folder}/hunt.json`, 'utf8')).complete, false);
  assert.equal((await forepost(['check', `${hunts}/keys.yaml`])).status, 0);
  assert.equal((await forepost(['hunt', logs, logs])).status, 2);
});

test('a line of the timeline says who, from where and on what, without what is empty or only wraps', async () => {
  const request = (requestParameters, more) => event(20, 'X', ana, { requestParameters, ...more });
  const cases = [
    [{ groupId: 'sg-1', ipPermissions: {} }, 'groupId=sg-1'],
    [{ groupId: 'sg-1', ipPermissions: { items: [{ ipProtocol: 'tcp', fromPort: 22, groups: {}, ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] } }] } }, 'groupId=sg-1 ipPermissions.ipRanges.cidrIp=0.0.0.0/0 ipPermissions.ipProtocol=tcp ipPermissions.fromPort=22'],
    [{ DeleteFlowLogsRequest: { FlowLogId: { tag: 1, content: 'fl-1' } } }, 'DeleteFlowLogsRequest.FlowLogId=fl-1'],
    [{ launchPermission: { add: { items: [{ userId: '1' }, { userId: '2' }, { userId: '3' }, { userId: '4' }] } } }, 'launchPermission.add.userId=1,2,3 and 1 more'],
    [{ a: null, b: '', c: [], d: { e: {} } }, ''],
    ['not an object', ''],
    [JSON.parse(`${'{"a":'.repeat(50)}1${'}'.repeat(50)}`), ''],
  ];
  const file = `${folder}/requests.json`;
  for (const [parameters, shown] of cases) {
    writeFileSync(file, s3(request(parameters)));
    const { stdout } = await forepost(['timeline', file], { env: { COLUMNS: '200' } });
    assert.equal(stdout, `2026-06-17 10:20:00  X  ana · 203.0.113.5${shown && `  ${shown}`}  eu-west-1\n`);
  }
  // A name alone does not say who it is where there are several accounts; and what is shown can be asked for.
  writeFileSync(file, s3(request(null), request(null, { recipientAccountId: '444455556666', userIdentity: { ...ana, arn: 'arn:aws:iam::444455556666:user/ana' } })));
  const { stdout } = await forepost(['timeline', file]);
  assert.match(stdout, /X {2}111122223333:user\/ana · .*\n.*X {2}444455556666:user\/ana · /);
  const { stdout: one } = await forepost(['pivot', '444455556666:user/ana', file, '--format', 'ndjson']);
  assert.deepEqual(jsonLines(one).map(({ UserIdentityArn }) => UserIdentityArn), ['arn:aws:iam::444455556666:user/ana']);
});

test('a hunting query that asks for the last day means the last day of the logs', async () => {
  writeFileSync(`${folder}/recent.yaml`, "id: 0f0e0d0c-1234-4000-8000-00000000000c\nname: Recent\ndescription: x\ntactics: [Persistence]\nrelevantTechniques: [T1098]\nquery: |\n  AWSCloudTrail | where TimeGenerated > ago(1d) | count\n");
  const { stdout, stderr } = await forepost(['hunt', `${folder}/recent.yaml`, logs]);
  assert.match(stdout, /\n +7\n/);
  assert.match(stderr, /now\(\) is 2026-06-17 10:09:00 UTC, the time of the last event/);
  assert.match((await forepost(['hunt', `${folder}/recent.yaml`, logs, '--now', '2026-07-01', '--format', 'ndjson'])).stdout, /"Count":0/);
});
