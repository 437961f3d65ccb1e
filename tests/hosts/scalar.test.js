// Where SIMD is missing, the module without it is loaded, and finds the same.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { PACKAGE, SAMPLE, ROOT, withoutSimd } from '../package/support.js';

test('the probe decides, and both modules give the same alerts', () => {
  const scan = (...flags) => execFileSync(process.execPath, [...flags, `${PACKAGE}cli.js`, 'scan', SAMPLE, '--format', 'ndjson'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const want = scan();
  assert.ok(want.length > 0);
  assert.equal(scan(...withoutSimd()), want);
});

test('the module without SIMD has none', () => {
  const hasVectors = (file) => execFileSync(`${ROOT}node_modules/.bin/wasm-dis`, [`${PACKAGE}${file}`], { encoding: 'utf8', maxBuffer: 1 << 30 }).includes('v128');
  assert.ok(!hasVectors('forepost-scalar.wasm'));
  assert.ok(hasVectors('forepost.wasm'));
});
