// The module for other hosts as docs/abi.md describes it: plain WebAssembly, no imports, nothing but its exports.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { forepost, sampleEvents, switchedOff } from '../package/support.js';

const ROOT = new URL('../../', import.meta.url);
const bytesOf = (path) => readFileSync(new URL(path, ROOT));

class Host {
  constructor(path = 'dist/wasm/forepost.wasm') {
    const module = new WebAssembly.Module(bytesOf(path));
    assert.deepEqual(WebAssembly.Module.imports(module), []);
    this.exports = new WebAssembly.Instance(module, {}).exports;
    this.panic = this.exports.forepost_panic();
    this.answer = this.exports.forepost_answer();
  }

  read(place) {
    const [address, length] = new Uint32Array(this.exports.memory.buffer, place, 2);
    return Buffer.from(new Uint8Array(this.exports.memory.buffer, address, length)).toString();
  }

  put(data) {
    const bytes = typeof data === 'object' && !ArrayBuffer.isView(data) ? Buffer.from(JSON.stringify(data)) : Buffer.from(data);
    const address = this.exports.forepost_alloc(bytes.length);
    new Uint8Array(this.exports.memory.buffer).set(bytes, address);
    return [address, bytes.length];
  }

  /** Calls an export; what is no number is put into the memory first. `{status, answer}`. */
  call(name, ...args) {
    const places = [];
    const flat = args.flatMap((arg) => (typeof arg === 'number' || typeof arg === 'bigint' ? [arg] : places[places.push(this.put(arg)) - 1]));
    const status = this.exports[`forepost_${name}`](...flat);
    const answer = this.read(this.answer);
    for (const place of places) this.exports.forepost_free(...place);
    return { status, answer };
  }

  done(name, ...args) {
    const { status, answer } = this.call(name, ...args);
    assert.equal(status, 0, answer);
    return answer;
  }

  refused(name, ...args) {
    const { status, answer } = this.call(name, ...args);
    assert.equal(status, /_new$/.test(name) ? 0 : 1, `${name} did what it should refuse`);
    return JSON.parse(answer)[0];
  }

  make(name, options) {
    const { status, answer } = this.call(`${name}_new`, options);
    assert.ok(status > 0, answer);
    return status;
  }
}

const RULE = (name, condition, id) => ({
  file: `${name}.yaml`,
  text: `id: 00000000-0000-4000-8000-00000000000${id}\nname: ${name}\ndescription: d\nseverity: Low\nrequiredDataConnectors: []\nkind: Scheduled\nversion: 1.0.0\nqueryFrequency: 1d\nqueryPeriod: 1d\ntriggerOperator: gt\ntriggerThreshold: 0\nquery: AWSCloudTrail | where ${condition}\n`,
});
const RULES = [RULE('one', 'EventName == "PutImageScanningConfiguration"', 1), RULE('two', 'EventSource == "ecr.amazonaws.com"', 2)];
const EVENTS = [...sampleEvents(), switchedOff()].map((event) => `${JSON.stringify(event)}\n`);

function alertsOf(host, detector) {
  let all = '';
  for (let text = host.done('take_alerts', detector); text !== ''; text = host.done('take_alerts', detector)) all += text;
  return all;
}

function scanned(host, options, inputs) {
  const detector = host.make('detector', options);
  for (const input of inputs) {
    host.done('push', detector, input);
    host.done('end_input', detector);
  }
  host.done('finish', detector);
  return { detector, alerts: alertsOf(host, detector) };
}

test('what it does, the command does', async () => {
  const host = new Host();
  assert.equal(host.exports.forepost_abi_version(), 1);
  assert.match(JSON.parse(host.done('about')).build, /^[0-9a-f]{16}$/);
  const { stdout } = await forepost(['scan', '-', '--format', 'ndjson'], { input: EVENTS.join('') });
  const { detector, alerts } = scanned(host, {}, [EVENTS.join('')]);
  assert.ok(alerts.length > 0);
  assert.equal(alerts, stdout);
  assert.equal(JSON.parse(host.done('stats', detector)).events, EVENTS.length);
  assert.equal(host.done('take_problems', detector), '');
  host.done('push', detector, '{"no":1}\n');
  assert.equal(JSON.parse(host.done('take_problems', detector)).code, 'not_cloudtrail');
  assert.equal(JSON.parse(host.done('built_in_rules')).length, 51);
  assert.equal(JSON.parse(host.done('describe_rule', RULES[0].text)).name, 'one');
  assert.equal(host.done('describe_rule', 'no rule'), 'null');
});

test('a query answers, explains and checks', () => {
  const host = new Host();
  const query = host.make('query', { query: 'AWSCloudTrail | count', now: '2026-06-18T00:00:00Z' });
  const reader = host.make('query_reader', { query: 'AWSCloudTrail | count', now: '2026-06-18T00:00:00Z' });
  host.done('push', reader, EVENTS.join(''));
  host.done('end_input', reader);
  assert.equal(host.exports.forepost_is_complete(query), 0);
  assert.equal(host.exports.forepost_hand_over(reader), 0);
  const [at, length] = new Uint32Array(host.exports.memory.buffer, host.answer, 2);
  host.done('take_over', query, new Uint8Array(host.exports.memory.buffer.slice(at, at + length)));
  assert.deepEqual(JSON.parse(host.done('result', query)).rows, [[EVENTS.length]]);
  assert.deepEqual(JSON.parse(host.done('check', { rules: RULES })), []);
  assert.equal(JSON.parse(host.done('check', { rules: [RULE('x', 'Nope == 1', 3)] }))[0].severity, 'error');
  const event = EVENTS.at(-1);
  const why = JSON.parse(host.done('explain', { rule: RULES[0].text, lengths: [event.length] }, event));
  assert.equal(why.verdict, 'alert');
});

test('readers hand over, whole or candidate by candidate', () => {
  const host = new Host();
  const options = { rules: RULES };
  const want = scanned(host, options, [EVENTS.join('')]).alerts;
  const half = EVENTS.length >> 1;
  const detector = host.make('detector', options);
  for (const part of [EVENTS.slice(half), EVENTS.slice(0, half)]) {
    const reader = host.make('reader', options);
    host.done('push', reader, part.join(''));
    host.done('end_input', reader);
    assert.equal(host.exports.forepost_hand_over(reader), 0);
    const [at, length] = new Uint32Array(host.exports.memory.buffer, host.answer, 2);
    const handed = new Uint8Array(host.exports.memory.buffer.slice(at, at + length));
    host.done('take_over', detector, handed);
    host.exports.forepost_drop(reader);
    assert.equal(host.refused('push', reader, 'x').code, 'FP404');
    // Another build's, another reader's, a cut one: none is misread.
    const build = Buffer.from(handed).indexOf(JSON.parse(host.done('about')).build);
    const older = Buffer.from(handed);
    older.write('0123456789abcdef', build);
    for (const [bytes, says] of [[older, /0123456789abcdef/], [handed.subarray(0, -1), /end .* missing/], [Buffer.from('x'), /nothing that a reader/]]) {
      const { code, message } = host.refused('take_over', detector, bytes);
      assert.equal(code, 'FP405');
      assert.match(message, says);
    }
    const other = host.make('detector', { rules: [RULES[0]] });
    assert.match(host.refused('take_over', other, handed).message, /other rules/);
  }
  host.done('finish', detector);
  assert.equal(alertsOf(host, detector), want);
  // Each rule from the candidates that carry its number.
  const reader = host.make('reader', options);
  host.done('push', reader, EVENTS.join(''));
  host.done('end_input', reader);
  const of = [[], []];
  for (const line of host.done('take_candidates', reader).split('\n').filter(Boolean)) {
    const [rules, time, event] = line.split(/\t(.*?)\t/);
    assert.match(time, /^2026-\d\d-\d\dT[\d:.]+Z$/);
    for (const rule of rules.split(',')) of[rule].push(event);
  }
  assert.ok(of[0].length > 0 && of[1].length > of[0].length);
  assert.equal(of.map((events, i) => scanned(host, { rules: [RULES[i]] }, [events.join('\n')]).alerts).join(''), want);
});

test('the runs of a rule are shared out, where none needs another', () => {
  const host = new Host();
  const DAY = 864_000_000_000n;
  const suppressed = { ...RULES[1], text: `${RULES[1].text}suppressionEnabled: true\nsuppressionDuration: 5h\n` };
  const silent = { ...RULES[1], text: RULES[1].text.replace('triggerOperator: gt', 'triggerOperator: eq') };
  const reader = host.make('reader', { rules: [RULES[1], suppressed, silent] });
  assert.deepEqual(JSON.parse(host.done('schedules', reader)), [null, 'suppression', 'trigger'].map((together) => ({ frequency: Number(DAY), period: Number(DAY), together })));
  const events = Array.from({ length: 9 }, (_, i) => `${JSON.stringify(switchedOff({ eventID: `${i}`, eventTime: `2026-06-0${1 + (i % 4)}T1${i}:00:00Z` }))}\n`);
  const want = scanned(host, { rules: [RULES[1]] }, [events.join('')]).alerts;
  const first = 621_355_968_000_000_000n + BigInt(Date.parse('2026-06-01T00:00:00Z')) * 10_000n;
  const detector = host.make('detector', { rules: [RULES[1]], emptyTables: true });
  const parts = [];
  for (let day = 4; day >= 0; day -= 1) {
    host.done('restart', detector);
    host.done('limit_runs', detector, first + BigInt(day) * DAY, first + BigInt(day + 1) * DAY);
    host.done('push', detector, events.join('')); // more than the windows of these runs hold: it changes nothing
    host.done('finish', detector);
    parts.unshift(alertsOf(host, detector));
  }
  assert.deepEqual(parts.map((text) => text.split('\n').length - 1), [0, 1, 1, 1, 1]);
  assert.equal(parts.join(''), want);
  assert.equal(host.refused('limit_runs', reader, 0n, 1n).code, 'FP404');
  assert.equal(host.refused('schedules', host.make('query', { query: 'print 1', now: '2026-01-01T00:00:00Z' })).code, 'FP404');
});

test('what makes no sense is refused, and nothing breaks', () => {
  const host = new Host();
  const detector = host.make('detector', {});
  const query = host.make('query', { query: 'print 1', now: '2026-01-01T00:00:00Z' });
  for (const [name, ...args] of [
    ['push', 99, 'x'], ['finish', query], ['result', detector], ['hand_over', detector], ['take_candidates', detector], ['restart', query],
    ['take_over', host.make('reader', {}), 'x'], ['detector_new', 'not JSON'], ['detector_new', { rulez: [] }], ['detector_new', { from: 'noon' }],
    ['reader_new', { rules: [{ file: 'x' }] }], ['query_new', { query: 'print 1' }], ['check', {}], ['explain', { rule: 'x', lengths: [9] }, 'short'],
    ['push', detector, 0, 5], ['push', detector, 0xffffff00, 5], ['push', detector, 0xffffffff, 0xffffffff],
  ]) {
    const refused = host.refused(name, ...args);
    assert.equal(refused.code, 'FP404', `${name}: ${refused.message}`);
  }
  assert.equal(host.refused('query_new', { query: 'print x', now: '2026-01-01T00:00:00Z' }).code, 'KS204');
  assert.equal(host.refused('detector_new', { rules: [RULE('x', 'Nope == 1', 3)] }).file, 'x.yaml');
  assert.equal(host.refused('detector_new', { tables: [{ name: 'T', schema: 'a:foo', text: '' }] }).code, 'FP402');
  assert.equal(host.exports.forepost_alloc(0xffffffff), 0);
  host.exports.forepost_free(0, 10);
  host.exports.forepost_drop(99);
  host.done('push', detector, EVENTS.join(''));
  host.done('finish', detector);
  assert.ok(alertsOf(host, detector).length > 0);
});

test('a panic can be read after the trap', () => {
  const host = new Host('target/abi/panic.wasm');
  const detector = host.make('detector', {});
  assert.equal(host.read(host.panic), '');
  assert.throws(() => host.call('push', detector, 'please panic'), WebAssembly.RuntimeError);
  const { message, location } = JSON.parse(host.read(host.panic));
  assert.equal(message, 'a panic on purpose');
  assert.match(location, /panic_test\.rs:\d+:\d+$/);
});

test('reading again and again keeps the memory flat', () => {
  const host = new Host();
  const detector = host.make('detector', {});
  let flat;
  for (let i = 0; i < 3000; i += 1) {
    host.done('push', detector, EVENTS[i % EVENTS.length]);
    host.done('end_input', detector);
    host.done('restart', detector);
    if (i === 300) flat = host.exports.memory.buffer.byteLength;
  }
  assert.equal(host.exports.memory.buffer.byteLength, flat);
});
