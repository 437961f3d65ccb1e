// `make filter` says what is wrong with a rule and where, and builds nothing of it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ROOT, scratch } from '../package/support.js';

const folder = scratch('filter');
const out = `${folder}/out.wasm`;
const filter = (...args) => spawnSync(process.execPath,
  ['tools/filter.js', 'target/filter/wasm32-unknown-unknown/release/forepost.wasm', out, ...args], { cwd: ROOT, encoding: 'utf8' });
const rule = readFileSync(`${ROOT}rules/AWS_ECRImageScanningDisabled.yaml`, 'utf8');

test('a rule that cannot run is told with its place', () => {
  const file = `${folder}/wrong.yaml`;
  writeFileSync(file, rule.replace('EventName', 'EvenName'));
  const { status, stderr } = filter(file);
  assert.equal(status, 1);
  const line = rule.split('\n').findIndex((text) => text.includes('EventName')) + 1;
  assert.match(stderr, new RegExp(`^${file}:${line}:\\d+: error \\w+ .*EvenName.*$`, 'm'));
  assert.match(stderr, /filter: the rules cannot run\n$/);
  assert.doesNotMatch(stderr, /backtrace|trapped/);
  assert.ok(!existsSync(out));
});

test('rules that need more stack than there is are refused, with the record that needs it and what to do', () => {
  const fits = (bytes, ...events) => spawnSync('cargo', ['run', '--quiet', '--locked', '--release', '--manifest-path', 'tests/fluent-bit/Cargo.toml', '--', 'fits', 'dist/fluent-bit/forepost.wasm', bytes],
    { cwd: ROOT, encoding: 'utf8', input: events.map((text) => `${text}\n`).join('') });
  const events = spawnSync(process.execPath, ['tools/filter-events.js', 'rules/AWS_ECRImageScanningDisabled.yaml'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim().split('\n');
  assert.ok(events.length > 3 && events.every((text) => JSON.parse(text).eventName));
  const good = fits('8192', ...events);
  assert.equal(good.status, 0, good.stderr);
  assert.match(good.stdout, new RegExp(`^\\d+ bytes of stack at most, of 8192, with ${events.length} events of tests\n$`));
  const most = Number(good.stdout.match(/^\d+/)[0]);
  const bad = fits(String(most - 1));
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /^filter: the rules need \d+ bytes of stack, Fluent Bit gives \d+, .*\nfilter: .*STACK=8192 here, and wasm_stack_size 8K/);
});

test('what holds no rule is refused', () => {
  assert.match(filter(`${ROOT}tools`).stderr, /no rule file/);
  assert.match(filter(`${folder}/nowhere`).stderr, /does not exist/);
});

test('AOT=1 without the compiler says what it needs before it builds anything; with it, how it is called', () => {
  const make = (env) => spawnSync('make', ['--no-print-directory', 'filter-aot', 'MAKE=true'], { cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...env } });
  const without = make({ WAMRC: '/nowhere/wamrc' });
  assert.equal(without.status, 2);
  assert.match(without.stderr, /^AOT=1 needs wamrc, .*make filter AOT=1 WAMRC=/ms);
  assert.doesNotMatch(without.stdout, /cargo|forepost\.aot/);
  const program = `${folder}/wamrc`;
  writeFileSync(program, '#!/bin/sh\necho "wamrc $*"\n', { mode: 0o755 });
  const { status, stdout, stderr } = make({ WAMRC: program });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^wamrc --disable-simd --bounds-checks=1 -o dist\/fluent-bit\/forepost\.aot dist\/fluent-bit\/forepost\.wasm$/m);
});
