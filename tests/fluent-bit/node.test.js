// The Fluent Bit module in a second engine, V8, on synthetic records.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Host } from './host.js';

const event = (name, scanOnPush = false) => ({
  eventVersion: '1.08', userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/mallory', userName: 'mallory' },
  eventTime: '2026-03-12T07:15:00Z', eventSource: 'ecr.amazonaws.com', eventName: name, sourceIPAddress: '198.51.100.7',
  requestParameters: { imageScanningConfiguration: { scanOnPush } }, recipientAccountId: '111122223333',
});

test('an event is found wherever a pipeline puts it, and the record stays as it was', () => {
  const host = new Host();
  assert.equal(host.exports.forepost_abi_version(), 1);
  const it = event('PutImageScanningConfiguration');
  for (const record of [it, { log: JSON.stringify(it) }, { message: it, n: 1 }, { event: { log: JSON.stringify(it) } }, { log: JSON.stringify({ Records: [it] }) }]) {
    const text = JSON.stringify(record);
    const out = host.call('filter', text);
    assert.ok(out.startsWith(`${text.slice(0, -1)},"forepost":`));
    const { forepost, ...rest } = JSON.parse(out);
    assert.deepEqual(rest, record);
    assert.equal(forepost.rules[0].state, 'alert');
    assert.equal(host.call('sieve', text), out);
  }
  for (const record of [event('DescribeImages'), event('PutImageScanningConfiguration', true)]) {
    assert.equal(host.call('filter', JSON.stringify(record)), JSON.stringify(record));
    assert.equal(host.call('sieve', JSON.stringify(record)), '');
  }
});

test('100,000 records keep memory flat, however large one was', () => {
  const host = new Host();
  const { bytesInUse: rules } = host.counters();
  const large = JSON.stringify({ ...event('PutImageScanningConfiguration'), pad: 'x'.repeat(1_000_000) });
  assert.ok(host.call('filter', large).endsWith('}]}}'));
  const records = [event('PutImageScanningConfiguration'), event('X'), { log: 'plain' }].map((r) => JSON.stringify(r));
  let flat;
  for (let i = 0; i < 100_000; i += 1) {
    host.call('filter', records[i % 3]);
    if (i === 1000) {
      host.call('filter', large);
      flat = host.exports.memory.buffer.byteLength;
    }
  }
  const { bytesInUse, traps } = host.counters();
  assert.equal(host.exports.memory.buffer.byteLength, flat);
  assert.equal(traps, 0);
  assert.ok(bytesInUse < rules + 200_000, `${bytesInUse} bytes in use, ${rules} of them by the rules`);
});
