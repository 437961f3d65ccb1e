// The Detector and the queries through the package.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { check, Detector, load, query, Query, RuleError } from '../../dist/npm/entry/node.js';
import { parseExact, stringifyExact } from '../../dist/npm/json.js';
import { locate, utf16Offsets } from '../../dist/npm/positions.js';
import { toTicks } from '../../dist/npm/time.js';
import { ruleText, s3, switchedOff } from './support.js';

before(() => load());

const TWO = s3(switchedOff(), switchedOff({ eventName: 'DescribeRepositories' }), switchedOff({ eventTime: '2026-06-17T11:00:00Z', eventID: 'b' }));

function scanChunks(chunks, options) {
  const detector = new Detector(options);
  for (const chunk of chunks) detector.push(chunk);
  detector.finish();
  return detector;
}

test('the built-in rule finds what it must, with the evidence', () => {
  const detector = scanChunks([TWO]);
  const alerts = detector.alerts();
  assert.equal(alerts.length, 1);
  assert.equal(alerts[0].AlertName, 'Amazon ECR image scanning disabled by ana from 203.0.113.5');
  assert.equal(alerts[0].AlertSeverity, 'Medium');
  assert.deepEqual(JSON.parse(alerts[0].Entities).map((e) => e.Type), ['account', 'ip']);
  const events = alerts[0].Evidence.flatMap((row) => row.events);
  assert.deepEqual(events.map((e) => e.record.requestParameters.repositoryName), ['team/ape', 'team/ape']);
  assert.equal(detector.stats().events, 3);
  assert.deepEqual(detector.alerts(), [], 'alerts are taken once');
  assert.equal('Evidence' in scanChunks([TWO], { evidence: false }).alerts()[0], false);
  assert.match(scanChunks([TWO], { workspace: 'w-1' }).alerts()[0].AlertType, /^w-1_/);
});

test('the same alerts wherever the bytes are cut, plain and gzip', () => {
  const whole = scanChunks([TWO]).alertsText();
  assert.notEqual(whole, '');
  for (const bytes of [Buffer.from(TWO), gzipSync(TWO)]) {
    for (let at = 0; at <= bytes.length; at += 1) {
      assert.equal(scanChunks([bytes.subarray(0, at), bytes.subarray(at)]).alertsText(), whole, `cut at ${at}`);
    }
    assert.equal(scanChunks([...bytes].map((byte) => Uint8Array.of(byte))).alertsText(), whole, 'byte by byte');
  }
});

test('strings, views and buffers are the same bytes', () => {
  const whole = scanChunks([TWO]).alertsText();
  const bytes = new TextEncoder().encode(`  ${TWO}`);
  for (const form of [TWO, bytes, bytes.buffer, new DataView(bytes.buffer, 2), Buffer.from(TWO)]) {
    assert.equal(scanChunks([form]).alertsText(), whole);
  }
  for (const wrong of [undefined, null, 5, {}, [1, 2]]) {
    assert.throws(() => new Detector().push(wrong), { name: 'ForepostError', code: 'bad-argument' });
  }
});

test('as a TransformStream and as an async iterator', async () => {
  const whole = scanChunks([TWO]).alerts();
  const streamed = [];
  for await (const alert of new Blob([TWO]).stream().pipeThrough(new Detector().stream())) streamed.push(alert);
  assert.deepEqual(streamed, whole);
  for (const input of [TWO, [TWO.slice(0, 9), TWO.slice(9)], new Blob([TWO]).stream(), (async function* chunks() { yield TWO; })()]) {
    const scanned = [];
    for await (const alert of new Detector().scan(input)) scanned.push(alert);
    assert.deepEqual(scanned, whole);
  }
});

test('a stream concludes a window when the clock says so', () => {
  const detector = new Detector();
  detector.push(TWO);
  detector.endInput();
  assert.deepEqual(detector.alerts(), []);
  detector.advanceTo('2026-06-17T23:00:00Z');
  assert.deepEqual(detector.alerts(), []);
  detector.advanceTo(new Date('2026-06-18T00:06:00Z'));
  assert.equal(detector.alerts().length, 1);
  detector.finish();
  assert.deepEqual(detector.alerts(), []);
  for (const wrong of ['yesterday', '2026-06-17', new Date(NaN), 5, undefined, -1n, 1n << 70n]) {
    assert.throws(() => detector.advanceTo(wrong), { code: 'bad-argument' });
  }
});

test('times become ticks', () => {
  assert.equal(toTicks('0001-01-01T00:00:00Z'), 0n);
  assert.equal(toTicks('1970-01-01T00:00:00.0000001Z'), 621355968000000001n);
  assert.equal(toTicks('1970-01-01T01:00:00.5+01:00'), 621355968005000000n);
  assert.equal(toTicks(new Date(0)), 621355968000000000n);
  assert.equal(toTicks(7n), 7n);
});

test('a bad record is reported with its place; the others are read', () => {
  const good = JSON.stringify(switchedOff());
  const detector = new Detector();
  detector.push(`${good}\n{"eventName": nonsense}\n${good}\n`);
  detector.endInput();
  const problems = detector.problems();
  assert.equal(problems.length, 1);
  assert.ok(problems[0].offset >= good.length && problems[0].offset <= good.length + 26, String(problems[0].offset));
  assert.equal(typeof problems[0].code, 'string');
  detector.finish();
  assert.equal(detector.stats().events, 2);
  assert.equal(detector.stats().problems, 1);
});

test('numbers beyond 2^53 survive in the text of an alert', () => {
  const record = JSON.stringify(switchedOff()).replace('"readOnly":false', '"readOnly":false,"sharedCount":9007199254740993');
  assert.match(scanChunks([`{"Records":[${record}]}`]).alertsText(), /"sharedCount":9007199254740993\b/);
});

test('a rule with errors is refused, with all findings at their places', () => {
  const rule = ruleText('"𐍈"', `AWSCloudTrail
| where EventName == "𐍈" and Nme == 1
| where Othr == 2`);
  assert.throws(() => new Detector({ rules: [{ file: 'a.yaml', text: rule }] }), (error) => {
    assert.ok(error instanceof RuleError);
    assert.ok(error.diagnostics.length > 1);
    const wrong = error.diagnostics.filter((d) => d.code === 'KS142');
    assert.deepEqual(wrong.map((d) => [d.file, d.line, rule.slice(d.start, d.end)]), [['a.yaml', 14, 'Nme'], ['a.yaml', 15, 'Othr']]);
    assert.equal(wrong[0].column, '  | where EventName == "𐍈" and '.length + 1);
    assert.equal(error.code, error.diagnostics.find((d) => d.severity === 'error').code);
    return true;
  });
  assert.ok(check(rule).some((d) => d.severity === 'error'));
  assert.ok(check(['', '\ud800', '\0', ': : :\n- [', 'a: &a [*a]']).length >= 5, 'nonsense is told, not thrown');
  for (const wrong of [5, {}, [null], [{ file: 'x' }]]) assert.throws(() => check(wrong), { code: 'bad-argument' });
});

test('queries', async () => {
  const { columns, rows } = await query('print a = 9007199254740993, b = -9007199254740993, c = 12, d = "x"');
  assert.deepEqual(columns.map((c) => `${c.name}:${c.type}`), ['a:long', 'b:long', 'c:long', 'd:string']);
  assert.deepEqual(rows, [[9007199254740993n, -9007199254740993n, 12, 'x']]);
  const counted = await query('AWSCloudTrail | count', [TWO, gzipSync(TWO), [TWO.slice(0, 50), TWO.slice(50)], 'nonsense']);
  assert.deepEqual(counted.rows, [[9]]);
  assert.deepEqual(counted.problems.map((p) => p.length > 0), [false, false, false, true]);
  const wrong = 'print x = "𐍈é" | where x == "𐍈" and Nme == 1';
  await assert.rejects(query(wrong), (error) => error.name === 'QueryError' && error.code === 'KS142' && wrong.slice(error.start, error.end) === 'Nme'
    && error.diagnostics.length === 1);
  assert.deepEqual((await query('print now()', [], { now: '2026-06-17T10:00:00.1234567Z' })).rows, [['2026-06-17T10:00:00.1234567Z']]);
  assert.throws(() => new Query(5), { code: 'bad-argument' });
  assert.throws(() => new Query(`print ${'('.repeat(5000)}`), { name: 'LimitError', code: 'FP002' });
});

test('after dispose() a call says so, and disposing twice is nothing', () => {
  const detector = new Detector();
  detector.dispose();
  detector.dispose();
  assert.throws(() => detector.push('x'), { code: 'disposed' });
});

test('objects that are dropped give their memory back', { skip: globalThis.gc === undefined && 'needs --expose-gc' }, async () => {
  const { initSync } = await import('../../dist/npm/engine.js');
  const fill = 'x'.repeat(1 << 20);
  const size = () => initSync().memory.buffer.byteLength;
  let settled = 0;
  for (let i = 0; i < 200; i += 1) {
    new Detector().push(`{"Records":[{"a":"${fill}`);
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (i === 50) settled = size();
  }
  assert.ok(size() <= settled * 1.5, `${settled} → ${size()}`);
});

test('JSON keeps every digit', () => {
  const hard = '{"a":9007199254740993,"b":"9007199254740993","c":[-12345678901234567890],"d":1234567890123456,"e":"\\"9007199254740993\\\\","f":1e20,"g":0.12345678901234567890}';
  const value = parseExact(hard);
  assert.equal(value.a, 9007199254740993n);
  assert.equal(value.b, '9007199254740993');
  assert.deepEqual(value.c, [-12345678901234567890n]);
  assert.equal(value.d, 1234567890123456);
  assert.equal(value.e, '"9007199254740993\\');
  assert.equal(stringifyExact(value.a), '9007199254740993');
  assert.equal(stringifyExact({ a: 1n << 60n, b: 'x:5' }), '{"a":1152921504606846976,"b":"x:5"}');
  assert.equal(stringifyExact([1, 'a', null]), '[1,"a",null]');
});

test('positions count UTF-16 units', () => {
  assert.deepEqual([...utf16Offsets('aé𐍈b', [7, 0, 3, 99, 7])], [[0, 0], [3, 2], [7, 4], [99, 5]]);
  const text = 'x\n𐍈 Nme == 1\r\n';
  assert.deepEqual(locate({ line: 2, column: 3 }, text), { line: 2, column: 4, start: 5, end: 8 });
  assert.deepEqual(locate({ line: 9, column: 9 }, ''), { line: 9, column: 1, start: 0, end: 0 });
});
