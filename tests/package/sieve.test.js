// What `sieve` prints is all that `conclude` needs; what either could not do is said by the other's end. `records` prints events as they stood.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { forepost, jsonLines, ROOT, SAMPLE, sampleEvents, scratch, shared, switchedOff } from './support.js';

const folder = scratch('sieve');
const RULE = readFileSync(`${ROOT}rules/AWS_ECRImageScanningDisabled.yaml`, 'utf8');
const ndjson = (events) => events.map((event) => `${typeof event === 'string' ? event : JSON.stringify(event)}\n`).join('');
const alertsOf = (command, paths, args) => forepost([command, ...paths, '--format', 'ndjson', ...args]);

/** A rule of our own that alerts where nothing happens. */
const silent = `${folder}/silent.yaml`;
writeFileSync(silent, RULE.replace(/^id:.*$/m, 'id: 5b2f7a52-6f0e-4f0e-9a55-0d9d6a4e7c11').replace(/^triggerOperator:.*$/m, 'triggerOperator: eq')
  .replace(/^triggerThreshold:.*$/m, 'triggerThreshold: 0').replace('PutImageScanningConfiguration', 'NobodyCallsThis'));

/** Microsoft's rule alone. */
const ECR = ['--pack', 'ecr'];
const real = shared('cloudtrail/real_unique.ndjson.gz');
const sets = [
  { name: 'Microsoft’s rule', args: ['--pack', 'ecr'], logs: SAMPLE },
  { name: 'the pack', args: [], logs: SAMPLE },
  { name: 'a rule that alerts on nothing', args: ['--rules', silent], logs: SAMPLE },
  { name: 'the pack, some hours', args: ['--pack', 'aws'], logs: SAMPLE, span: ['--from', '2026-06-17T01:00:00Z', '--to', '2026-06-17T14:00:00Z'] },
  ...(real && shared('rules') ? [{ name: 'the shared rules over real events', args: ['--rules', shared('rules')], logs: real }] : []),
];

for (const { name, args, logs, span = [] } of sets) {
  test(`sieve, then conclude, is scan: ${name}`, async () => {
    const whole = await alertsOf('scan', [logs], [...args, ...span]);
    const file = `${folder}/${name.replaceAll(' ', '-')}.ndjson`;
    const sieved = await forepost(['sieve', logs, '-o', file, ...args, ...span]);
    assert.equal(sieved.status, whole.status, sieved.stderr);
    const concluded = await alertsOf('conclude', [file], args);
    assert.equal(concluded.stdout, whole.stdout, concluded.stderr);
    assert.equal(concluded.status, whole.status, concluded.stderr);
    assert.ok(whole.stdout.length > 0, whole.stderr);
    const lines = readFileSync(file, 'utf8').split('\n');
    assert.deepEqual(Object.keys(JSON.parse(lines[0])), ['forepostSieve']);
    const { end } = JSON.parse(lines.at(-2)).forepostSieve;
    assert.equal(end.candidates, lines.length - 3);
    assert.ok(end.candidates < end.events, 'it drops');
    console.log(`${name}: ${end.candidates} of ${end.events} events, ${whole.stdout.split('\n').length - 1} alerts`);
  });
}

test('three machines sieve: their output, joined in any way, gives the alerts of one scan', async () => {
  const parts = [[], [], []];
  sampleEvents().forEach((event, n) => parts[(n * 7) % 3].push(event));
  const whole = await alertsOf('scan', [SAMPLE], ['--pack', 'aws']);
  const sieved = [];
  for (const [n, part] of parts.entries()) {
    const { stdout, status, stderr } = await forepost(['sieve', '-', '--pack', 'aws'], { input: ndjson(part) });
    assert.equal(status, 0, stderr);
    writeFileSync(`${folder}/node-${n}.ndjson.gz`, gzipSync(stdout));
    sieved.unshift(stdout);
  }
  const files = await alertsOf('conclude', [0, 1, 2].map((n) => `${folder}/node-${n}.ndjson.gz`), ['--pack', 'aws']);
  assert.equal(files.stdout, whole.stdout);
  assert.equal(files.status, 0, files.stderr);
  const joined = await forepost(['conclude', '-', '--format', 'ndjson', '--pack', 'aws'], { input: sieved.join('') });
  assert.equal(joined.stdout, whole.stdout);
  assert.equal(joined.status, 0, joined.stderr);
  const fewer = await forepost(['conclude', '-', '--format', 'ndjson', '--pack', 'aws', '--rule', 'root'], { input: sieved.join('') });
  assert.equal(fewer.status, 0, 'some of the rules that sieved may conclude');
});

test('conclude says if other rules or another version sieved, if the output is cut, and if the sieve did not read everything', async () => {
  const { stdout: text } = await forepost(['sieve', SAMPLE, ...ECR]);
  const conclude = (input, ...args) => forepost(['conclude', '-', '--format', 'ndjson', ...(args.length > 0 ? args : ECR)], { input });
  assert.equal((await conclude(text)).status, 0);
  const lines = text.split('\n');
  for (const [what, input, args, says] of [
    ['other rules', text, ['--pack', 'aws'], /sieved without .* and \d+ more rules/],
    ['another query', text, ['--rules', silent], /sieved without /],
    ['another version', text.replace(/"version":"[^"]*"/, '"version":"0.0.9"'), [], /Forepost 0\.0\.9 sieved/],
    ['cut', lines.slice(0, -2).join('\n'), [], /last line of the sieve is missing/],
    ['the first line lost', lines.slice(1).join('\n'), [], /without its first one/],
    ['damaged', text.replace('"version"', '"versio"'), [], /cannot be read/],
  ]) {
    const { status, stderr } = await conclude(input, ...args);
    assert.equal(status, 1, what);
    assert.match(stderr, says, what);
  }
  // A rule whose threshold or schedule changed needs the same events.
  const tuned = `${folder}/tuned.yaml`;
  writeFileSync(tuned, RULE.replace(/^triggerThreshold:.*$/m, 'triggerThreshold: 3').replace(/^name:.*$/m, 'name: Renamed'));
  assert.equal((await conclude(text, '--rules', tuned)).status, 0);
  // Damage: said by the sieve, and again by whoever concludes.
  mkdirSync(`${folder}/damaged`);
  writeFileSync(`${folder}/damaged/a.json.gz`, gzipSync(ndjson([switchedOff()])));
  writeFileSync(`${folder}/damaged/b.json.gz`, gzipSync(JSON.stringify({ Records: sampleEvents() })).subarray(0, 3000));
  writeFileSync(`${folder}/damaged/c.json.gz`, gzipSync(ndjson([switchedOff({ eventID: 'c' })])));
  const sieved = await forepost(['sieve', `${folder}/damaged`, ...ECR]);
  assert.equal(sieved.status, 1);
  assert.match(sieved.stderr, /b\.json\.gz/);
  const concluded = await conclude(sieved.stdout);
  assert.equal(concluded.status, 1);
  assert.match(concluded.stderr, /could not read all of its logs/);
  assert.equal(concluded.stdout, (await alertsOf('scan', [`${folder}/damaged`], ECR)).stdout);
  const nothing = await forepost(['sieve', '-']);
  assert.equal(nothing.status, 2);
  assert.equal((await conclude(nothing.stdout)).status, 2);
});

const ODD = '{"eventVersion":"1.08","eventTime":"2026-03-12T07:15:00Z","eventName":"X","eventSource":"ecr.amazonaws.com","a":791.0,"b":9007199254740993,"c":1e400,"d":"é\\u00e9\\/\\n","a":2}';

test('records prints every event as it stood', async () => {
  const spaced = ODD.replaceAll(',"', ',\r\n  "').replaceAll('":', '" : ');
  for (const input of [`${ODD}\n`, ODD, spaced, `{"Records":[${spaced},${ODD}]}`, gzipSync(`[${ODD}]`)]) {
    const { stdout, status, stderr } = await forepost(['records', '-'], { input });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, `${ODD}\n`.repeat(String(input).includes('Records') ? 2 : 1));
  }
  const sample = await forepost(['records', SAMPLE]);
  assert.deepEqual(jsonLines(sample.stdout), sampleEvents());
  assert.equal((await forepost(['records', SAMPLE, '--from', '2026-06-17', '--to', '2026-06-17T12:00:00Z'])).stdout,
    ndjson(sampleEvents().filter(({ eventTime }) => eventTime >= '2026-06-17T00:00:00Z' && eventTime < '2026-06-17T12:00:00Z')));
  if (real) assert.equal((await forepost(['records', real])).stdout, gunzipSync(readFileSync(real)).toString(), 'real events');
});

test('records goes on behind a damaged file, and says so', async () => {
  const { stdout, stderr, status } = await forepost(['records', `${folder}/damaged`]);
  assert.equal(status, 1);
  const names = jsonLines(stdout).map(({ eventID }) => eventID);
  assert.equal(names.at(-1), 'c');
  assert.ok(names.length > 2);
  assert.match(stderr, /b\.json\.gz/);
  assert.match(stderr, /events? printed/);
});
