// `bag_unpack` and `pivot` without declared columns: a query reads its inputs once more for them, and answers as if they had been declared.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { forepost, jsonLines, PACKAGE, s3, scratch, switchedOff } from './support.js';

const { Detector, Query, QueryError, load, query } = await import(`${PACKAGE}entry/node.js`);
await load();

const folder = scratch('again');
const logs = `${folder}/logs`;
mkdirSync(logs);
const requests = [{ bucketName: 'b1', maxKeys: 10 }, null, { bucketName: 'b2', maxKeys: '20' }, { instanceId: 'i-1', 'a b': [1] }];
const event = (n) => switchedOff({ eventID: `e${n}`, eventName: `E${n % 3}`, eventSource: `s${n % 4}.amazonaws.com`, requestParameters: requests[n % 4] });
const files = Array.from({ length: 6 }, (_, n) => [`${logs}/${n}.json`, s3(...Array.from({ length: 3 + n }, (_, i) => event(n * 7 + i)))]);
files.forEach(([path, text], n) => (n % 2 ? writeFileSync(path, text) : writeFileSync(`${path}.gz`, gzipSync(text))));
const texts = files.map(([, text]) => text);

const OPEN = {
  'AWSCloudTrail | project AwsEventId, d = todynamic(RequestParameters) | evaluate bag_unpack(d)': ': (*, [\'a b\']:dynamic, bucketName:string, instanceId:string, maxKeys:dynamic)',
  'AWSCloudTrail | summarize count() by EventSource, EventName | evaluate pivot(EventSource, sum(count_))': ': (EventName:string, [\'s0.amazonaws.com\']:long, [\'s1.amazonaws.com\']:long, [\'s2.amazonaws.com\']:long, [\'s3.amazonaws.com\']:long)',
};

test('the answer is that of the declared columns, for any number of threads and in each format', async () => {
  for (const [open, schema] of Object.entries(OPEN)) {
    const declared = await forepost(['query', `${open} ${schema}`, logs, '--format', 'csv']);
    assert.equal(declared.status, 0, declared.stderr);
    for (const threads of ['1', '2', '3']) {
      const read = await forepost(['query', open, logs, '--format', 'csv', '--threads', threads]);
      assert.deepEqual([read.status, read.stdout], [0, declared.stdout], read.stderr);
      assert.match(read.stderr, /read once more/);
    }
    const rows = jsonLines((await forepost(['query', open, logs, '--format', 'ndjson'])).stdout);
    assert.deepEqual(Object.keys(rows[0]), declared.stdout.split('\r\n')[0].split(',').map((name) => name.replaceAll('"', '')));
  }
});

test('what comes only once is kept: standard input, and streams of the package', async () => {
  const [open] = Object.keys(OPEN);
  const whole = texts.map((text) => JSON.parse(text).Records).flat().map((record) => JSON.stringify(record)).join('\n');
  writeFileSync(`${folder}/whole.json`, whole);
  const wanted = await forepost(['query', open, `${folder}/whole.json`, '--format', 'csv']);
  const piped = await forepost(['query', open, '-', '--format', 'csv'], { input: whole });
  assert.deepEqual([piped.status, piped.stdout], [0, wanted.stdout], piped.stderr);
  const answer = async (inputs) => {
    const { columns, rows, problems } = await query(open, inputs);
    assert.ok(problems.every((list) => list.length === 0));
    return JSON.stringify([columns, rows]);
  };
  const of = await answer(whole);
  const buffer = new Uint8Array(100); // filled again and again
  const chunks = async function* () {
    const bytes = new TextEncoder().encode(whole);
    for (let at = 0; at < bytes.length; at += buffer.length) {
      const part = bytes.subarray(at, at + buffer.length);
      buffer.set(part);
      yield buffer.subarray(0, part.length);
    }
  };
  for (const inputs of [createReadStream(`${folder}/whole.json`), new Blob([whole]), new Response(whole), [chunks()], new TextEncoder().encode(whole), Promise.resolve(whole)]) {
    assert.equal(await answer(inputs), of, Object.prototype.toString.call(inputs));
  }
  assert.equal(await answer(texts), of);
});

test('a run that is driven by hand says how often it reads', () => {
  const run = new Query('AWSCloudTrail | project EventName | evaluate pivot(EventName)');
  const read = () => texts.forEach((text) => { run.push(text); run.endInput(); });
  assert.equal(run.readsAgain, true);
  read();
  run.readAgain();
  assert.equal(run.readsAgain, false);
  read();
  assert.deepEqual(run.result().columns.map(({ name, type }) => `${name}:${type}`), ['E0:long', 'E1:long', 'E2:long']);
  assert.equal(run.account().inputs.read, 6);
  run.dispose();

  const once = new Query('AWSCloudTrail | project EventName | evaluate pivot(EventName)');
  once.push(texts[0]);
  assert.throws(() => once.result(), { code: 'FP021' });
  once.dispose();
});

test('columns that do not fit, are too many, or come from inputs that change, are errors with a place', async () => {
  for (const [kql, code] of [
    ['AWSCloudTrail | project bucketName = "x", d = todynamic(RequestParameters) | evaluate bag_unpack(d)', 'KS171'],
    ['AWSCloudTrail | project d = todynamic(RequestParameters) | evaluate bag_unpack(d) | where bucketNam == "b"', 'KS142'],
    ['AWSCloudTrail | mv-expand n = range(1, 3000) | project n = strcat(n, AwsEventId) | evaluate pivot(n)', 'FP104'],
  ]) {
    const { status, stdout, stderr } = await forepost(['query', kql, logs]);
    assert.deepEqual([status, stdout], [2, ''], kql);
    assert.match(stderr, new RegExp(`error\\[${code}\\] query:1:\\d+`));
    await assert.rejects(query(kql, texts), (error) => error instanceof QueryError && error.code === code && error.start > 0);
  }
  const grows = `${folder}/grows.ndjson`;
  writeFileSync(grows, `${JSON.stringify(event(1))}\n`);
  const run = new Query('AWSCloudTrail | project EventName | evaluate pivot(EventName)');
  for (const more of [1, 2]) {
    run.push(readFileSync(grows));
    run.endInput();
    if (run.readsAgain) run.readAgain();
    if (more === 1) appendFileSync(grows, `${JSON.stringify(event(2))}\n`);
  }
  assert.throws(() => run.result(), { code: 'FP107' });
  run.dispose();
});

test('nothing read is no answer, whatever the columns', async () => {
  const empty = `${folder}/empty`;
  mkdirSync(empty);
  for (const path of [empty, `${folder}/missing`]) {
    const { status, stdout } = await forepost(['query', Object.keys(OPEN)[0], path]);
    assert.deepEqual([status, stdout], [2, ''], path);
  }
  const none = await forepost(['query', 'AWSCloudTrail | project d = todynamic(RequestParameters) | evaluate bag_unpack(d) | count', '--format', 'csv']);
  assert.deepEqual([none.status, none.stdout.trim().split(/\s+/).at(-1)], [0, '0']);
});

test('hunting queries read again too; a rule declares its columns', async () => {
  const hunts = `${folder}/hunts`;
  mkdirSync(hunts);
  const yaml = (id, name, kql) => `id: ${id}\nname: ${name}\ndescription: |\n  x\nquery: |\n  ${kql}\n`;
  writeFileSync(`${hunts}/a.yaml`, yaml('4a3b1c52-1111-4222-8333-000000000001', 'By source', 'AWSCloudTrail | project EventSource | evaluate pivot(EventSource)'));
  writeFileSync(`${hunts}/b.yaml`, yaml('4a3b1c52-1111-4222-8333-000000000002', 'Plain', 'AWSCloudTrail | count'));
  writeFileSync(`${hunts}/c.yaml`, yaml('4a3b1c52-1111-4222-8333-000000000003', 'Clash', 'AWSCloudTrail | project bucketName = "x", d = todynamic(RequestParameters) | evaluate bag_unpack(d)'));
  const { status, stdout, stderr } = await forepost(['hunt', hunts, logs, '--format', 'ndjson']);
  const rows = jsonLines(stdout);
  assert.deepEqual(rows.map(({ query: name }) => name).sort(), ['By source', 'Plain'], stderr);
  assert.equal(Object.keys(rows.find(({ query: name }) => name === 'By source').row).length, 4);
  assert.equal(status, 1);
  assert.match(stderr, /bucketName' is already declared/);
  const checked = await forepost(['check', `${hunts}/a.yaml`]);
  assert.doesNotMatch(checked.stdout + checked.stderr, /FP021/);

  const rule = readFileSync(new URL('../../rules/AWS_ECRImageScanningDisabled.yaml', import.meta.url), 'utf8').replace(/^query: \|[\s\S]*?(?=^\S)/m, 'query: |\n  AWSCloudTrail\n  | project TimeGenerated, d = todynamic(RequestParameters)\n  | evaluate bag_unpack(d)\n');
  assert.throws(() => new Detector({ rules: rule }), (error) => error.diagnostics.some(({ code, hint }) => code === 'FP021' && /declare them/.test(hint)));
});

test('a query counts the events that are not JSON throughout where it reads them', async () => {
  const broken = `${folder}/broken.ndjson`;
  writeFileSync(broken, `${JSON.stringify(event(0)).replace('"maxKeys":10', '"maxKeys":NaN')}\n${JSON.stringify(event(1))}\n`);
  for (const threads of ['1', '2']) {
    const summary = `${folder}/summary.json`;
    const { status, stderr } = await forepost(['query', 'AWSCloudTrail | where todynamic(RequestParameters).maxKeys == 10', broken, files[1][0], '--threads', threads, '--summary', summary]);
    assert.equal(status, 1);
    assert.match(stderr, /not JSON throughout: unexpected character at its byte \d+/);
    const account = JSON.parse(readFileSync(summary, 'utf8'));
    assert.deepEqual([account.complete, account.inputs.problems.count], [false, 1]);
  }
  assert.equal((await forepost(['query', 'AWSCloudTrail | count', broken])).status, 0);
});

test('files that were joined, each with its byte order mark, are read as one', async () => {
  const joined = `${folder}/joined.json`;
  writeFileSync(joined, texts.map((text) => `\ufeff${text}`).join(''));
  const { status, stdout } = await forepost(['query', 'AWSCloudTrail | count', joined, '--format', 'csv']);
  assert.deepEqual([status, stdout.trim().split(/\s+/)[1]], [0, String(texts.reduce((sum, text) => sum + JSON.parse(text).Records.length, 0))]);
});

test('a function file that is a query alone has no parameters, and that is said', async () => {
  writeFileSync(`${folder}/ActorOf.kql`, 'AWSCloudTrail | take 1');
  const { status, stderr } = await forepost(['query', 'AWSCloudTrail | invoke ActorOf()', logs, '--function', `${folder}/ActorOf.kql`]);
  assert.equal(status, 2);
  assert.match(stderr.replace(/\s+/g, ' '), /KS119.*write let ActorOf = \(PARAMETERS\) \{ … \}; in the file/);
  writeFileSync(`${folder}/Two.kql`, '(T:(*)) { T | take 2 }');
  assert.match((await forepost(['query', 'AWSCloudTrail | invoke Two() | count', logs, '--function', `${folder}/Two.kql`, '--format', 'csv'])).stdout, /2/);
});

test('a pipe is kept as standard input is', { skip: process.platform === 'win32' && 'no named pipes here' }, async () => {
  const pipe = `${folder}/pipe`;
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const answer = forepost(['query', Object.keys(OPEN)[0], pipe, '--format', 'csv']);
  const { open } = await import('node:fs/promises');
  const end = await open(pipe, 'w');
  await end.write(texts[1]);
  await end.close();
  const wanted = await forepost(['query', Object.keys(OPEN)[0], files[1][0], '--format', 'csv']);
  const { status, stdout, stderr } = await answer;
  assert.deepEqual([status, stdout], [0, wanted.stdout], stderr);
});
