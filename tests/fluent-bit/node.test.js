// The Fluent Bit module in a second engine, V8: the host's steps as in src/host.rs, on synthetic records.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'

const module = new WebAssembly.Module(readFileSync(new URL('../../dist/fluent-bit/forepost.wasm', import.meta.url)))

class Host {
  constructor() {
    assert.deepEqual(WebAssembly.Module.imports(module), [])
    this.exports = new WebAssembly.Instance(module).exports
  }
  duplicate(bytes) {
    const at = this.exports.malloc(bytes.length + 1) >>> 0
    assert.notEqual(at, 0)
    const memory = new Uint8Array(this.exports.memory.buffer)
    memory.set(bytes, at)
    memory[at + bytes.length] = 0
    return at
  }
  // undefined: the host's own buffer came back.
  call(name, record) {
    const bytes = typeof record === 'string' ? Buffer.from(record) : record
    const tag = this.duplicate(Buffer.from('aws'))
    const at = this.duplicate(bytes)
    const result = this.exports[name](tag, 3, 1773277200, 5, at, bytes.length) >>> 0
    const memory = new Uint8Array(this.exports.memory.buffer)
    const end = memory.indexOf(0, result)
    assert.ok(result > 0 && end >= result, 'a text inside memory')
    const text = result === at ? undefined : Buffer.from(memory.slice(result, end)).toString()
    this.exports.free(tag)
    this.exports.free(at)
    return text
  }
  counters() {
    const memory = new Uint8Array(this.exports.memory.buffer)
    const at = this.exports.forepost_counters() >>> 0
    return JSON.parse(Buffer.from(memory.slice(at, memory.indexOf(0, at))).toString())
  }
}

const event = (name, scanOnPush = false) => ({
  eventVersion: '1.08', userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/mallory', userName: 'mallory' },
  eventTime: '2026-03-12T07:15:00Z', eventSource: 'ecr.amazonaws.com', eventName: name, sourceIPAddress: '198.51.100.7',
  requestParameters: { imageScanningConfiguration: { scanOnPush } }, recipientAccountId: '111122223333',
})

test('an event is found wherever a pipeline puts it, and the record stays as it was', () => {
  const host = new Host()
  assert.equal(host.exports.forepost_abi_version(), 1)
  const it = event('PutImageScanningConfiguration')
  for (const record of [it, { log: JSON.stringify(it) }, { message: it, n: 1 }, { event: { log: JSON.stringify(it) } }, { log: JSON.stringify({ Records: [it] }) }]) {
    const text = JSON.stringify(record)
    const out = host.call('filter', text)
    assert.ok(out.startsWith(text.slice(0, -1) + ',"forepost":'))
    const { forepost, ...rest } = JSON.parse(out)
    assert.deepEqual(rest, record)
    assert.equal(forepost.rules[0].state, 'alert')
    assert.equal(host.call('sieve', text), out)
  }
  for (const record of [event('DescribeImages'), event('PutImageScanningConfiguration', true)]) {
    assert.equal(host.call('filter', JSON.stringify(record)), undefined)
    assert.equal(host.call('sieve', JSON.stringify(record)), '')
  }
})

test('100,000 records keep memory flat, however large one was', () => {
  const host = new Host()
  const large = JSON.stringify({ ...event('PutImageScanningConfiguration'), pad: 'x'.repeat(1_000_000) })
  assert.ok(host.call('filter', large).endsWith('}]}}'))
  const records = [event('PutImageScanningConfiguration'), event('X'), { log: 'plain' }].map(r => JSON.stringify(r))
  let flat
  for (let i = 0; i < 100_000; i++) {
    host.call('filter', records[i % 3])
    if (i === 1000) {
      host.call('filter', large)
      flat = host.exports.memory.buffer.byteLength
    }
  }
  const { bytesInUse, traps } = host.counters()
  assert.equal(host.exports.memory.buffer.byteLength, flat)
  assert.equal(traps, 0)
  assert.ok(bytesInUse < 300_000, `${bytesInUse} bytes in use`)
})
