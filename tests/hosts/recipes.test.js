// The recipes, executed as far as the tests can: what cannot run here says so in its own file.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { PACKAGE, ROOT, ruleText, SAMPLE, s3, scratch, start, switchedOff } from '../package/support.js';

// Where the package is found, as in a user's project.
const WORK = `${ROOT}tests/hosts/out/recipes`;
rmSync(WORK, { recursive: true, force: true });
mkdirSync(WORK, { recursive: true });
cpSync(`${ROOT}recipes`, WORK, { recursive: true });
const scanned = execFileSync(process.execPath, [`${ROOT}dist/npm/cli.js`, 'scan', SAMPLE, '--format', 'ndjson'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

test('scan - --follow: an alert while the events still come', async () => {
  const child = start(['scan', '-', '--follow', '--format', 'ndjson'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const line = (time, eventName) => child.stdin.write(`${JSON.stringify(switchedOff({ eventTime: time, eventName }))}\n`);
  let out = '';
  child.stdout.on('data', (data) => { out += data; });
  line('2026-06-17T10:00:00Z', 'PutImageScanningConfiguration');
  // Past the rule's daily window and the delay of 5 minutes.
  line('2026-06-18T00:04:00Z', 'X');
  await new Promise((resolve) => { setTimeout(resolve, 700); });
  assert.equal(out, '', 'the window may still get events');
  line('2026-06-18T00:05:01Z', 'X');
  for (let i = 0; i < 100 && !out; i += 1) await new Promise((resolve) => { setTimeout(resolve, 50); });
  assert.equal(JSON.parse(out).AlertName, 'Amazon ECR image scanning disabled by ana from 203.0.113.5');
  child.stdin.end();
  await new Promise((resolve) => { child.on('exit', resolve); });
  assert.equal(out.trim().split('\n').length, 1, 'and not again at the end');
});

test('Lambda: S3 events, plain and through SNS and SQS', async () => {
  const { createHandler } = await import(`${WORK}/lambda/handler.js`);
  const objects = new Map([['a b.json.gz', gzipSync(s3(switchedOff()))], ['two.json', Buffer.from(s3(switchedOff({ eventID: '2' })))], ['bad', Buffer.from('{"Records":[{')]]);
  const lambda = createHandler((bucket, key) => {
    assert.equal(bucket, 'trail');
    return Readable.from([objects.get(key).subarray(0, 100), objects.get(key).subarray(100)]);
  });
  const of = (key) => ({ s3: { bucket: { name: 'trail' }, object: { key } } });
  const said = [];
  const { log, error } = console;
  Object.assign(console, { log: (line) => said.push(line), error: (line) => said.push(line) });
  try {
    assert.deepEqual(await lambda({ Records: [of('a+b.json.gz'), of('two.json')] }), { events: 2, alerts: 1, problems: 0 });
    assert.deepEqual(await lambda({ Records: [{ Sns: { Message: JSON.stringify({ Records: [of('two.json')] }) } }] }), { events: 1, alerts: 1, problems: 0 });
    const sqs = { Records: [{ body: JSON.stringify({ Message: JSON.stringify({ Records: [of('two.json'), of('bad')] }) }) }] };
    const got = await lambda(sqs);
    assert.equal(got.alerts, 1);
    assert.ok(got.problems > 0);
  } finally {
    Object.assign(console, { log, error });
  }
  assert.ok(said.some((line) => JSON.parse(line).AlertName));
});

test('Lambda: all alerts, beyond what one text holds; problems of rules; events without a time', async () => {
  const { createHandler, rulesIn } = await import(`${WORK}/lambda/handler.js`);
  const rules = `${scratch('lambda-rules')}`;
  const perEvent = ruleText('many', 'AWSCloudTrail\n| where EventName == "X"').replace('kind: Scheduled', 'eventGroupingSettings:\n  aggregationKind: AlertPerResult\nkind: Scheduled');
  writeFileSync(`${rules}/many.yaml`, perEvent);
  writeFileSync(`${rules}/notes.txt`, 'no rule');
  assert.equal(rulesIn(undefined), undefined);
  assert.deepEqual(rulesIn(rules).map(({ file }) => file), ['many.yaml']);
  // 150 alerts a run at most, so many hours, and 25 MB of evidence.
  const hours = 24;
  const fill = 'x'.repeat(7000);
  const events = Array.from({ length: hours * 145 }, (_, i) => switchedOff({ eventID: String(i), eventName: 'X', requestParameters: { fill }, eventTime: new Date(Date.UTC(2026, 5, 17, i % hours)).toISOString() }));
  const lambda = createHandler(() => Readable.from([s3(...events, switchedOff({ eventTime: 'soon' }))].map((text) => Buffer.from(text))), { rules: rulesIn(rules) });
  const lines = [];
  const { log } = console;
  console.log = (line) => lines.push(line);
  let got;
  try {
    got = await lambda({ Records: [{ s3: { bucket: { name: 'trail' }, object: { key: 'k' } } }] });
  } finally {
    console.log = log;
  }
  assert.ok(lines.join('').length > 17 << 20, 'more than one text holds');
  assert.deepEqual(got, { events: events.length + 1, alerts: events.length, problems: 1, untimed: 1 });
  assert.equal(lines.length, events.length);
});

test('Cloudflare: rules in the bundle, and rules in KV', async () => {
  const folder = `${WORK}/cloudflare`;
  const wrangler = readFileSync(`${folder}/wrangler.toml`, 'utf8');
  const two = ['a', 'b'].map((name, i) => [`${name}.yaml`, ruleText(name, 'AWSCloudTrail\n| where EventName == "PutImageScanningConfiguration"').replace('00aa', `00a${i}`)]);
  for (const [main, rules, want] of [['bundled.js', [], ['Root user signed in to the AWS console']], ['kv.js', two, ['a', 'b']]]) {
    assert.ok(wrangler.includes(main));
    assert.deepEqual(readdirSync(`${folder}/rules`), ['root-sign-in.yaml']);
    // As wrangler does: .yaml is text, .wasm a module of its own.
    const { outputFiles: [bundle] } = await build({
      entryPoints: [`${folder}/${main}`], bundle: true, write: false, format: 'esm', conditions: ['workerd', 'worker', 'browser'], external: ['*.wasm'], loader: { '.yaml': 'text' }, logLevel: 'error',
    });
    const contents = bundle.text.replace(/from "[^"]*forepost\.wasm"/, 'from "./forepost.wasm"');
    const miniflare = new Miniflare({
      compatibilityDate: '2026-01-01', kvNamespaces: ['RULES'], bindings: { FOREPOST_KEY: 'k' },
      modules: [{ type: 'ESModule', path: 'worker.js', contents }, { type: 'CompiledWasm', path: 'forepost.wasm', contents: readFileSync(`${PACKAGE}forepost.wasm`) }],
    });
    try {
      const kv = await miniflare.getKVNamespace('RULES');
      await Promise.all(rules.map(([name, text]) => kv.put(name, text)));
      const post = () => miniflare.dispatchFetch('http://x/', { method: 'POST', headers: { 'x-api-key': 'k' }, body: s3(switchedOff(), switchedOff({ eventName: 'ConsoleLogin', userIdentity: { type: 'Root' }, eventID: '2' })) });
      for (const answer of await Promise.all([post(), post(), post()])) {
        const got = await answer.json();
        assert.equal(answer.status, 200, JSON.stringify(got));
        assert.deepEqual(got.alerts.map((a) => a.AlertName).sort(), want);
      }
    } finally {
      await miniflare.dispose();
    }
  }
});

test('node:stream', () => {
  const file = `${scratch('recipes')}/events.json.gz`;
  writeFileSync(file, gzipSync(s3(switchedOff())));
  const out = execFileSync(process.execPath, [`${WORK}/node-stream/alerts.js`, file], { encoding: 'utf8' });
  assert.equal(JSON.parse(out).AlertSeverity, 'Medium');
});

test('README.md names every recipe', () => {
  assert.ok(readdirSync(`${ROOT}recipes`).filter((name) => name !== 'README.md').every((name) => readFileSync(`${ROOT}recipes/README.md`, 'utf8').includes(name)));
});
