// After the instance fails, everything on it says so and a new one works. The failure is made by overwriting the
// instance's memory: no input is known to do it.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { initSync } from '../../dist/npm/engine.js';
import { check, Detector, load, Query, TrapError } from '../../dist/npm/entry/node.js';
import { s3, switchedOff } from './support.js';

before(() => load());

/** The engine's own memory, filled with a byte: what it finds there next makes no sense. */
const ruin = (fill) => new Uint8Array(initSync().memory.buffer).fill(fill);

function alertsOf(text) {
  const detector = new Detector();
  detector.push(text);
  detector.finish();
  return detector.alerts();
}

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
