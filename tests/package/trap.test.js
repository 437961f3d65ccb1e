// After the instance fails, everything on it says so and a new one works. The failure is made by overwriting the
// instance's memory, or by an engine that panics over an input that asks for it and is in no package but that of this test: no input
// is known to do it to the others.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { initSync } from '../../dist/npm/engine.js';
import { check, Detector, load, Query, TrapError } from '../../dist/npm/entry/node.js';
import { renew } from '../../dist/npm/triage.js';
import { ROOT, s3, scratch, switchedOff } from './support.js';

before(() => load());

/** The engine's own memory, filled with a byte: what it finds there next makes no sense. */
const ruin = (fill) => new Uint8Array(initSync().memory.buffer).fill(fill);

function alertsOf(text) {
  const detector = new Detector();
  detector.push(text);
  detector.finish();
  return detector.alerts();
}

test('memory that has grown is given back, and a handle that somebody held says so', () => {
  const size = () => initSync().memory.buffer.byteLength;
  assert.equal(renew(1 << 30), false, 'not yet');
  const query = new Query('T | count', { tables: [{ name: 'T', data: `a\n${`${'y'.repeat(60)}\n`.repeat(500_000)}` }] });
  assert.deepEqual(query.result().rows, [[500_000]]);
  query.dispose();
  const held = new Query('print 1');
  const grown = size();
  assert.equal(renew(32 << 20), true);
  assert.ok(size() < grown / 2, `${grown} → ${size()}`);
  assert.throws(() => held.result(), { code: 'instance-lost', message: /its memory was given back/ });
  held.dispose();
  assert.deepEqual(new Query('print 2').result().rows, [[2]]);
});

// Not zeros: an engine full of them is an empty one, and does not fail.
for (const fill of [0xff, 0x7f, 0x41]) {
  test(`memory overwritten with ${fill}`, () => {
    const whole = alertsOf(s3(switchedOff()));
    const broken = new Detector();
    const bystander = new Detector();
    const query = new Query('print 1');
    broken.push('{"Records":[');
    ruin(fill);
    let trap;
    assert.throws(() => { broken.push(']}'); broken.finish(); broken.alerts(); }, (error) => { trap = error; return error instanceof TrapError; });
    assert.equal(trap.code, 'trap');
    assert.match(trap.message, /^Detector\.\w+ (?:of bytes 12 to 14 of|in) input 1: the engine failed: .+ at wasm-function\[\d+\]:0x[0-9a-f]+.+ a new instance is ready/s);
    assert.equal(trap.input.number, 1);
    assert.match(trap.place, /^wasm-function\[\d+\]:0x[0-9a-f]+ \(.*\w+.*\)$/, 'the name of a function');
    assert.ok(trap.cause instanceof Error);
    for (const lost of [() => broken.push('x'), () => bystander.stats(), () => query.result()]) {
      assert.throws(lost, { name: 'TrapError', code: 'instance-lost', message: /was lost with its WebAssembly instance/ });
    }
    for (const object of [broken, bystander, query]) object.dispose();
    assert.throws(() => bystander.stats(), { code: 'disposed' });
    assert.deepEqual(alertsOf(s3(switchedOff())), whole, 'the new instance works as the first did');
    assert.deepEqual(check([]), []);
  });
}

const panicking = `${ROOT}dist/panic-test/`;
const line = readFileSync(`${ROOT}src/host/panic_test.rs`, 'utf8').split('\n').findIndex((text) => text.includes('panic!("a panic on purpose")')) + 1;
const said = new RegExp(`the engine failed: panicked at src/host/panic_test\\.rs:${line}:\\d+: a panic on purpose; unreachable at wasm-function`);

/** Runs Node with a package whose engine panics over an input that asks for it. */
const node = (...args) => new Promise((resolve) => {
  execFile(process.execPath, args, (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }));
});

test('a panic says what it is and where, and so does the next instance', async () => {
  const { stdout, stderr } = await node('--input-type=module', '-e', `
    import { Detector, load } from ${JSON.stringify(`${panicking}entry/node.js`)};
    await load();
    for (let i = 0; i < 2; i++) {
      try {
        new Detector().push('please panic');
      } catch ({ name, code, message, panic, location, place }) {
        console.log(JSON.stringify({ name, code, message, panic, location, place }));
      }
    }`);
  const errors = stdout.split('\n').filter(Boolean).map((text) => JSON.parse(text));
  assert.equal(errors.length, 2, stderr);
  for (const error of errors) {
    assert.deepEqual([error.name, error.code, error.panic], ['TrapError', 'trap', 'a panic on purpose']);
    assert.match(error.location, new RegExp(`^src/host/panic_test\\.rs:${line}:\\d+$`));
    assert.match(error.place, /^wasm-function\[\d+\]:0x[0-9a-f]+ \(.*\w+.*\)$/, 'the name of a function');
    assert.match(error.message, said);
  }
});

test('the command prints the panic and where it was', async () => {
  const path = `${scratch('panic')}/panic.json`;
  writeFileSync(path, 'please panic');
  for (const threads of [['--threads', '1'], ['--threads', '2']]) {
    const { status, stderr } = await node(`${panicking}cli.js`, 'scan', `${ROOT}samples/AWSLogs`, path, ...threads);
    assert.notEqual(status, 0);
    assert.match(stderr, said);
  }
});
