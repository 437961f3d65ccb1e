// `--from`, `--to`, `--since` and `--rule`: part of the events, part of the rules; and what the account says of the rest.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { forepost, jsonLines, PACKAGE, s3, scratch, switchedOff } from './support.js';

const { Detector, load } = await import(`${PACKAGE}entry/node.js`);
await load();
const folder = scratch('span');
const at = (eventTime, more) => switchedOff({ eventTime, ...more });
const events = [at('2026-03-10T23:59:59Z'), at('2026-03-11T00:00:00Z'), at('2026-03-11T12:00:00Z', { eventName: 'DescribeRepositories' }), at('2026-03-12T00:00:00Z'), at('never')];
const log = `${folder}/log.json`;
writeFileSync(log, s3(...events));
const half = `${folder}/half.json`;
writeFileSync(half, s3(...events.slice(0, 4)));

test('scan looks at the events of a span only, and says how many others there were; threads change nothing', async () => {
  const outcomes = [];
  for (const threads of ['1', '3']) {
    const summary = `${folder}/summary.json`;
    const { status, stdout, stderr } = await forepost(['scan', half, log, '--from', '2026-03-11', '--to', '2026-03-12', '--threads', threads, '--format', 'ndjson', '--summary', summary]);
    const account = JSON.parse(readFileSync(summary, 'utf8'));
    assert.equal(status, 1, stderr); // an event has no time
    assert.match(stderr, /4 events outside the span/);
    assert.deepEqual([account.events.read, account.events.outside, account.events.untimed, account.events.first], [9, 4, 1, '2026-03-11T00:00:00.0000000Z']);
    assert.deepEqual(jsonLines(stdout).flatMap(({ Evidence }) => Evidence.flatMap((row) => row.events.map(({ record }) => record.eventTime))), ['2026-03-11T00:00:00Z', '2026-03-11T00:00:00Z']);
    outcomes.push(stdout);
  }
  assert.equal(outcomes[0], outcomes[1]);
});

test('no event in the span is no "no alerts"', async () => {
  for (const command of [['scan', half], ['timeline', half], ['pivot', '203.0.113.7', half], ['summary', half]]) {
    const { status, stdout, stderr } = await forepost([...command, '--since', '1m']);
    assert.equal(status, 1, command[0]);
    assert.match(stdout + stderr, /4 events outside the span/, command[0]);
    assert.match(stdout + stderr, /no event is in the span/, command[0]);
    assert.doesNotMatch(stdout + stderr, /no alerts from/);
  }
});

test('summary, timeline and pivot look at the same events', async () => {
  const span = ['--from', '2026-03-11T00:00', '--to', '2026-03-11T12:00:00.5Z'];
  const lines = jsonLines((await forepost(['timeline', half, ...span, '--format', 'ndjson'])).stdout);
  assert.deepEqual(lines.map(({ TimeGenerated }) => TimeGenerated.slice(0, 19)), ['2026-03-11T00:00:00', '2026-03-11T12:00:00']);
  const { account } = JSON.parse((await forepost(['summary', half, ...span, '--format', 'json'])).stdout);
  assert.deepEqual([account.events.outside, account.alerts.total], [2, 1]);
});

test('a time that is none, a span that is empty, both of --from and --since are refused', async () => {
  for (const [options, message] of [
    [['--from', '2026-02-31'], /must be a date/], [['--from', 'yesterday'], /must be a date/], [['--to', '2026-03-11T25:00'], /must be a date/], [['--since', '3y'], /--since must be/],
    [['--from', '2026-03-12', '--to', '2026-03-11'], /must be after/], [['--from', '2026-03-11T00:00:00.5Z', '--to', '2026-03-11T00:00:00Z'], /must be after/], [['--from', '03/11/2026'], /must be a date/], [['--to', '2026-03-11T10:00+25:00'], /must be a date/], [['--from', '2026-03-11', '--since', '1d'], /give one of them/],
  ]) {
    for (const command of ['scan', 'timeline', 'summary']) {
      const { status, stdout, stderr } = await forepost([command, half, ...options]);
      assert.deepEqual([status, stdout], [2, ''], options.join(' '));
      assert.match(stderr, message);
    }
  }
});

test('--rule runs some of the rules', async () => {
  const rule = (n, name) => writeFileSync(`${folder}/r${n}.yaml`, `id: 0f0e0d0c-1234-4000-8000-00000000000${n}\nname: ${name}\ndescription: d\nseverity: High\nkind: NRT\ntactics: []\nrelevantTechniques: []\nquery: AWSCloudTrail | where EventName startswith 'Put'\n`);
  rule(1, 'First of them');
  rule(2, 'Another one');
  const ran = async (...wanted) => JSON.parse((await forepost(['scan', half, '--rules', folder, ...wanted.flatMap((text) => ['--rule', text]), '--format', 'ndjson'])).stdout.split('\n')[0]).AlertName;
  assert.equal(await ran('FIRST'), 'First of them');
  assert.equal(await ran('000000000002'), 'Another one');
  assert.equal(await ran('r1.yaml'), 'First of them');
  assert.equal((await forepost(['scan', half, '--rule', 'ecr'])).status, 0);
  const none = await forepost(['scan', half, '--rules', folder, '--rule', 'nosuch']);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /no rule has "nosuch"/);
});

test('the package has the span and the account too', () => {
  const detector = new Detector({ from: '2026-03-11T00:00:00Z', to: new Date('2026-03-12T00:00:00Z') });
  for (const input of [s3(...events), 'rubbish']) {
    detector.push(input);
    detector.endInput();
  }
  const before = detector.account();
  assert.deepEqual([before.inputs.found, before.inputs.problems.first.map(({ path }) => path)], [2, ['input 1', 'input 2']]);
  assert.equal(detector.problems().length, 2); // the account took none away
  assert.equal(detector.problems().length, 0);
  detector.finish();
  const { complete, events: counted, rules, alerts } = detector.account();
  assert.deepEqual([complete, counted.read, counted.outside, counted.untimed, rules, alerts.total], [false, 5, 2, 1, { ran: 51, leftOut: [], failed: [] }, 1]);
  const all = new Detector();
  all.push(s3(events[0]));
  all.finish();
  assert.equal(all.account().complete, true);
  assert.equal(new Detector().account().complete, false); // nothing was read
});

test('times are taken as people write and copy them, with or without a zone', async () => {
  for (const from of ['2026-03-11', '2026-03-11T00:00', '2026-03-11 00:00:00 UTC', '2026-03-11T00:00:00.0000000Z', '2026-03-11T02:00+02:00', '2026-03-10T19:00:00-0500', '2026-03-11 00:00z']) {
    const { stdout, stderr } = await forepost(['timeline', half, '--from', from, '--format', 'ndjson']);
    assert.equal(jsonLines(stdout).length, 3, `${from}: ${stderr}`);
  }
  // A half of a second is more than none.
  assert.equal((await forepost(['timeline', half, '--from', '2026-03-11T00:00:00Z', '--to', '2026-03-11T00:00:00.5Z', '--format', 'ndjson'])).stdout.split('\n').length, 2);
  assert.equal((await forepost(['query', 'print now()', '--now', '2026-03-11 01:00+01:00', '--format', 'csv'])).stdout, 'print_0\r\n2026-03-11T00:00:00.0000000Z\r\n');
  assert.match((await forepost(['query', 'print now()', '--now', 'soon'])).stderr, /--now must be a date/);
  assert.match((await forepost(['conclude', half, '--from', '2026-03-11'])).stderr, /given together/);
});
