// Fluent Bit's side of the ABI, step by step, in V8. The same in wasmi is src/host.rs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export class Host {
  /** `file` is a URL or a path of a module. */
  constructor(file = new URL('../../dist/fluent-bit/forepost.wasm', import.meta.url)) {
    const module = new WebAssembly.Module(readFileSync(file));
    assert.deepEqual(WebAssembly.Module.imports(module), []);
    this.exports = new WebAssembly.Instance(module).exports;
  }

  duplicate(bytes) {
    const at = this.exports.malloc(bytes.length + 1) >>> 0;
    assert.notEqual(at, 0);
    const memory = new Uint8Array(this.exports.memory.buffer);
    memory.set(bytes, at);
    memory[at + bytes.length] = 0;
    return at;
  }

  /** What goes on: the record itself where the host's own buffer came back, the changed one, or '' if it is dropped. */
  call(name, record) {
    const bytes = Buffer.from(record);
    const tag = this.duplicate(Buffer.from('aws'));
    const at = this.duplicate(bytes);
    const result = this.exports[name](tag, 3, 1773277200, 5, at, bytes.length) >>> 0;
    const memory = new Uint8Array(this.exports.memory.buffer);
    const end = memory.indexOf(0, result);
    assert.ok(result > 0 && end >= result, 'a text inside memory');
    const text = result === at ? record : Buffer.from(memory.slice(result, end)).toString();
    this.exports.free(tag);
    this.exports.free(at);
    return text;
  }

  counters() {
    const at = this.exports.forepost_counters() >>> 0;
    const memory = new Uint8Array(this.exports.memory.buffer);
    return JSON.parse(Buffer.from(memory.slice(at, memory.indexOf(0, at))).toString());
  }
}
