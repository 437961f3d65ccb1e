// Random expressions over the whole library, and those that once differed, have the same answers byte for byte in the
// native engine and in the package, with SIMD and without. FOREPOST_EXPRESSIONS sets how many.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLI, NATIVE, ROOT, withoutSimd } from './support.js';

const COUNT = process.env.FOREPOST_EXPRESSIONS ?? '10000';

/** The lines that a program writes. */
function lines(program, args, input = '') {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const parts = [];
    child.on('error', reject).stdin.on('error', () => {}).end(input); // it may fall before it has read everything
    child.stdout.on('data', (part) => parts.push(part));
    child.on('close', () => resolve(Buffer.concat(parts).toString().trimEnd().split('\n')));
  });
}

test('random expressions have one answer, here and there', async () => {
  const asked = await lines(NATIVE, ['fuzz', COUNT]);
  const answers = (program, ...args) => lines(program, [...args, 'query', '--batch'], `${asked.join('\n')}\n`);
  const [native, simd, scalar] = await Promise.all([
    answers(NATIVE), answers(process.execPath, CLI), answers(process.execPath, ...withoutSimd(), CLI),
  ]);
  assert.equal(native.length, asked.length, `the native engine fell over ${asked[native.length]}`);
  const different = [...asked.keys()].filter((i) => simd[i] !== native[i] || scalar[i] !== native[i]);
  const shown = different.slice(0, 10).map((i) => [JSON.parse(asked[i]).query, native[i], simd[i], scalar[i]].join('\n  '));
  assert.equal(different.length, 0, `${different.length} of ${asked.length} differ:\n${shown.join('\n')}`);

  const evaluated = asked.filter((_, i) => !JSON.parse(native[i]).error).map((line) => JSON.parse(line));
  assert.ok(evaluated.length > 0.9 * asked.length, `only ${evaluated.length} of ${asked.length} bind and run`);
  const called = new Set(evaluated.flatMap(({ calls }) => calls));
  const library = JSON.parse(readFileSync(`${ROOT}js/functions.json`, 'utf8'));
  assert.deepEqual(library.filter(({ family, name }) => !['Tabular operators', 'Scalar operators', 'Plug-ins', 'Rejected'].includes(family) && !called.has(name)).map(({ name }) => name), []);
});
