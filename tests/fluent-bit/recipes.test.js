// The recipes for Fluent Bit: the script is run; the configurations are read and followed by an imitation of Fluent Bit with its oddities.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { forepost, jsonLines, ROOT, s3, SAMPLE, sampleEvents, scratch, switchedOff } from '../package/support.js';
import { run } from './pipeline.js';

const recipe = (name) => readFileSync(`${ROOT}recipes/fluent-bit/${name}`, 'utf8');
const RECIPES = [['classic.conf', 'pipeline.yaml'], ['alerts-only.conf', 'alerts-only.yaml']];

test('the configurations name functions that are there, and classic and YAML say the same', () => {
  const module = new WebAssembly.Module(readFileSync(`${ROOT}dist/fluent-bit/forepost.wasm`));
  const exports = WebAssembly.Module.exports(module).map((e) => e.name);
  const words = (text, pattern) => [...text.matchAll(pattern)].map(([, key, value]) => `${key} ${value.replace(/^'(.*)'$/, '$1')}`).sort();
  for (const [conf, yaml] of RECIPES) {
    const [a, b] = [conf, yaml].map(recipe);
    assert.deepEqual(words(a, /^ {4}([\w.]+) +(.+)$/gm), words(b, /^ +(?:- )?([\w.]+): (.+)$/gm), conf);
    assert.ok(exports.includes(/function_name +(\w+)/.exec(a)[1]));
    for (const text of [a, b]) assert.match(text, /Not run by the project's tests/);
  }
});

const deepIn = (levels, inner = '1') => '{"a":'.repeat(levels) + inner + '}'.repeat(levels);
const text = JSON.stringify(switchedOff({ eventID: 'deep', userAgent: 'é 日本 \\ "' }));
const deep = (levels) => text.replace('"responseElements":null', `"responseElements":${deepIn(levels)}`);
/** Events as they are, among them what a filter may not judge. */
const events = [...sampleEvents().map((e) => JSON.stringify(e)), text, deep(3), deep(12)];
const plain = (lines) => lines.map((line) => `${line}\n`).join('');
const evidence = (lines) => forepost(['conclude', '-', '--format', 'ndjson', '--pack', 'ecr'], { input: plain(lines) });

for (const [conf] of RECIPES) {
  test(`${conf}: every event goes out that should, and the alerts are those of scan, with their evidence`, async () => {
    const whole = await forepost(['scan', '-', '--format', 'ndjson', '--pack', 'ecr'], { input: plain(events) });
    const { lines, said } = run(recipe(conf), plain(events));
    assert.deepEqual(said, []);
    if (conf.startsWith('classic')) assert.equal(lines.length, events.length);
    else assert.ok(lines.length < events.length / 4, 'the sieve drops');
    const { stdout } = await evidence(lines);
    assert.ok(stdout.length > 0);
    assert.equal(stdout, whole.stdout);
  });

  test(`${conf}: a line that is no event costs itself, and conclude names it; none is lost for its depth`, async () => {
    const odd = ['{"eventName":"PutImageScanningConfiguration","eventSource":', 'not JSON at all', text.slice(0, -9)];
    const tooDeep = [20, 62, 63, 64, 65, 100, 500].map(deep);
    const { lines } = run(recipe(conf), plain([text, odd[0], deep(2), odd[1], ...tooDeep, odd[2], deep(4)]));
    assert.equal(lines.length, 13, 'all of them matter, or cannot be judged');
    const added = lines.map((line) => JSON.parse(line).forepost);
    // What only Fluent Bit's parser or the module could not read names its reason, so that no later filter on the key loses it.
    assert.deepEqual(added.map((one) => one?.error?.code ?? one?.rules[0].state), conf.startsWith('classic')
      ? ['alert', 'unread', 'alert', undefined, ...tooDeep.map((_, n) => added[n + 4].error?.code ?? 'alert'), 'unread', 'alert'] : added.map((one) => one?.error?.code ?? one?.rules[0].state));
    for (const one of added.slice(4, 11)) assert.ok(one.error?.code === 'too_deep' || one.error?.code === 'unread' || one.rules[0].state === 'alert', JSON.stringify(one));
    const { status, stderr, stdout } = await evidence(lines);
    assert.equal(status, 1);
    assert.match(stderr, /problem/);
    const scanned = await forepost(['scan', '-', '--format', 'ndjson', '--no-evidence', '--pack', 'ecr'], { input: plain([text, deep(2), ...tooDeep, deep(4)]) });
    assert.equal(jsonLines(stdout).length, jsonLines(scanned.stdout).length);
  });
}

test('a parser on standard input, or in exec, loses what these recipes keep', () => {
  const two = plain([text, text, 'cut']);
  const conf = recipe('alerts-only.conf');
  assert.equal(run(conf.replace(/name +exec/, 'name stdin').replace(/oneshot/, 'parser cloudtrail\n    oneshot'), two).lines.length, 0);
  const parsed = run(conf.replace(/    oneshot/, '    parser              cloudtrail\n    oneshot'), two);
  assert.deepEqual([parsed.lines.length, parsed.said.length], [2, 1]);
  const { lines } = run(conf.replace('json.escape_unicode off', 'log_level info').replace(/json_date_key +false/, 'tls.verify on'), two);
  assert.match(lines[0], /^\{"date":/);
  assert.match(lines[0], /\\u00e9/);
});

/** Runs s3-gz.sh where `forepost` is our command, and `aws` copies from a folder of buckets. */
function s3gz(path, buckets = '') {
  const bin = scratch('recipes-bin');
  const program = (name, lines) => writeFileSync(`${bin}/${name}`, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  program('forepost', `exec '${process.execPath}' '${ROOT}dist/npm/cli.js' "$@"`);
  program('aws', `cd '${buckets}' || exit 1
case "$2" in
ls) find "\${4#s3://}" -type f | sort | while read -r file; do echo "2026-06-17 10:00:00       1234 \${file#*/}"; done ;;
cp) cat "\${4#s3://}" > "$5" ;;
esac`);
  return spawnSync('sh', [`${ROOT}recipes/fluent-bit/s3-gz.sh`, path], { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } });
}

test('s3-gz.sh prints every event as it stands, from a folder and from a bucket', () => {
  const { stdout, status, stderr } = s3gz(SAMPLE);
  assert.equal(status, 0, stderr);
  assert.deepEqual(jsonLines(stdout), sampleEvents());
  const buckets = scratch('buckets');
  cpSync(SAMPLE, `${buckets}/trail/AWSLogs`, { recursive: true });
  const there = s3gz('s3://trail/AWSLogs/', buckets);
  assert.equal(there.status, 0, there.stderr);
  assert.deepEqual(there.stdout.split('\n').sort(), stdout.split('\n').sort());
});

test('s3-gz.sh goes on behind a damaged file, names it, and its status says so', () => {
  const buckets = scratch('buckets-damaged');
  const folder = `${buckets}/trail/logs`;
  mkdirSync(folder, { recursive: true });
  const events = (name) => Array.from({ length: 20 }, (_, n) => switchedOff({ eventID: `${name}${n}`, requestID: `${n * 7919}`.repeat(9) }));
  for (const name of ['a', 'b c', 'd']) {
    const bytes = gzipSync(s3(...events(name)));
    writeFileSync(`${folder}/${name}.json.gz`, name === 'b c' ? bytes.subarray(0, 300) : bytes);
  }
  for (const path of [folder, 's3://trail/logs/']) {
    const { stdout, stderr, status } = s3gz(path, buckets);
    assert.equal(status, 1, path);
    const names = jsonLines(stdout).map(({ eventID }) => eventID);
    for (const whole of ['a', 'd']) assert.equal(names.filter((name) => name.startsWith(whole)).length, 20, path);
    assert.match(stderr, /b c\.json\.gz/, path);
  }
});
