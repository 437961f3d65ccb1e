// What callers pass in: inputs, options, events to explain. Nothing is taken for what it is not.

import assert from 'node:assert/strict';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { before, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { check, Detector, load, Query, query, RuleError } from '../../dist/npm/entry/node.js';
import { parseExact } from '../../dist/npm/json.js';
import { LOOKED_AT, whyNoLog } from '../../dist/npm/logfile.js';
import { ROOT, s3, scratch, switchedOff } from './support.js';

// Larger than a stream's chunks, so that a chunk taken for a file would show.
const EVENTS = 500;
const TEXT = s3(...Array.from({ length: EVENTS }, (_, i) => switchedOff({ eventID: String(i), eventName: i ? 'X' : 'PutImageScanningConfiguration' })));
const FILE = `${scratch('api')}/events.json`;
const RULE = readFileSync(`${ROOT}rules/AWS_ECRImageScanningDisabled.yaml`, 'utf8');
const COUNT = 'AWSCloudTrail | count';
const all = async (iterable) => {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
};
const pieces = () => [TEXT.slice(0, 1000), TEXT.slice(1000)];

before(() => {
  writeFileSync(FILE, TEXT);
  return load();
});

test('query() reads one input, whatever holds it', async () => {
  const bytes = new TextEncoder().encode(TEXT);
  const inputs = {
    text: TEXT, bytes, buffer: bytes.buffer, view: new DataView(bytes.buffer), gzip: gzipSync(TEXT),
    file: createReadStream(FILE), 'file as text': createReadStream(FILE, 'utf8'), 'node stream': Readable.from(pieces()), web: new Blob([TEXT]).stream(),
    blob: new Blob([TEXT]), response: new Response(TEXT), request: new Request('http://x', { method: 'POST', body: TEXT }), promise: Promise.resolve(TEXT),
    'promise of a response': Promise.resolve(new Response(gzipSync(TEXT))), 'only a reader': { getReader: () => new Blob([TEXT]).stream().getReader() },
  };
  for (const [name, input] of Object.entries(inputs)) {
    const { rows, problems } = await query(COUNT, input);
    assert.deepEqual(rows, [[EVENTS]], name);
    assert.deepEqual(problems, [[]], name);
  }
});

test('query() reads a list of inputs, each of any kind', async () => {
  const { rows, problems } = await query(COUNT, [TEXT, createReadStream(FILE), new Blob([TEXT]), new Response(TEXT), pieces(), (async function* chunks() { yield* pieces(); })(), 'nonsense', '']);
  assert.deepEqual(rows, [[6 * EVENTS]]);
  assert.deepEqual(problems.map((p) => p.length), [0, 0, 0, 0, 0, 0, 1, 1], 'an input that is no log, and one that is empty');
  assert.deepEqual((await query(COUNT, [])).rows, [[0]]);
  assert.deepEqual((await query(COUNT)).rows, [[0]]);
});

test('what could be inputs or chunks, or is neither, is refused with a hint', async () => {
  const generators = [(async function* g() { yield TEXT; })(), (function* g() { yield TEXT; })(), new Set([TEXT]), new Map()];
  for (const input of generators) await assert.rejects(query(COUNT, input), { code: 'bad-argument', message: /pass \[it\] for one input, or an array/ });
  for (const input of [null, 5, {}, true, () => TEXT]) await assert.rejects(query(COUNT, input), { code: 'bad-argument' });
  for (const input of [[null], [5], [[5]], [{}]]) await assert.rejects(query(COUNT, input), { code: 'bad-argument' });
  await assert.rejects(query(COUNT, new Response('<html>', { status: 404, statusText: 'Not Found' })), { code: 'bad-argument', message: /answered 404 Not Found/ });
  const read = new Response(TEXT);
  await read.text();
  await assert.rejects(query(COUNT, read), { code: 'bad-argument', message: /already read/ });
  await assert.rejects(query(COUNT, createReadStream('/no/such/file')), { code: 'ENOENT' });
});

test('the rows of an answer as objects', async () => {
  const result = await query('print Name = "ana", __proto__ = 1, Big = 9007199254740993');
  const [row] = result.objects();
  assert.deepEqual(Object.entries(row), [['Name', 'ana'], ['__proto__', 1], ['Big', 9007199254740993n]]);
  assert.deepEqual(Object.keys(result), ['columns', 'rows', 'problems']);
  assert.deepEqual(structuredClone(result).rows, result.rows);
});

test('an option that does not exist is an error, and so are no rules', () => {
  const refused = (make, message) => assert.throws(make, { name: 'ForepostError', code: 'bad-argument', message });
  refused(() => new Detector({ rule: RULE }), /no option "rule"; its options are rules,/);
  refused(() => new Detector({ rules: RULE, Evidence: false }), /Evidence/);
  refused(() => new Query('print 1', { table: [] }), /no option "table"/);
  refused(() => check(RULE, { Tables: [] }), /no option "Tables"/);
  for (const wrong of [[RULE], RULE, null, 5]) refused(() => new Detector(wrong), /takes an object of options/);
  refused(() => new Detector({ rules: [] }), /empty array/);
  for (const wrong of [-1, NaN, '5']) refused(() => new Detector({ maxInflatedBytes: wrong }), /must be a number/);
  const table = { name: 'Vips', schema: 'User:string' };
  for (const tables of [[table], [{ ...table, file: 'vips.csv' }], [{ ...table, data: 5 }], [{ name: 'Vips', data: '' }], [null], 'Vips']) refused(() => new Query('Vips', { tables }), /table|Table/);
  new Query('Vips', { tables: [{ ...table, data: new TextEncoder().encode('User\nana') }] }).dispose();
  new Detector({ rules: undefined, tables: undefined }).dispose();
  new Detector({}).dispose();
});

test('limits: what lies beyond is not read, and a problem says so', () => {
  const read = (options, ...inputs) => {
    const detector = new Detector(options);
    for (const input of inputs) {
      detector.push(input);
      detector.endInput();
    }
    return { codes: detector.problems().map(({ code }) => code), ...detector.stats() };
  };
  assert.deepEqual(read({ maxEvents: EVENTS, maxInflatedBytes: TEXT.length }, TEXT).codes, []);
  assert.deepEqual(read({ maxEvents: EVENTS - 1 }, TEXT).codes, ['input_limit']);
  for (const input of [TEXT, gzipSync(TEXT)]) {
    const { codes, inflatedBytes, events } = read({ maxInflatedBytes: 100_000 }, input, input);
    assert.deepEqual(codes, ['input_limit', 'input_limit']);
    assert.equal(inflatedBytes, 100_000);
    assert.ok(events > 50 && events < EVENTS);
  }
});

test('lines(): alerts as text, in a pipeline and as a Transform', async () => {
  const whole = new Detector();
  whole.push(TEXT);
  whole.finish();
  const want = whole.alertsText();
  assert.ok(want.endsWith('}\n'));
  const collect = async (stream) => (await all(stream)).join('');
  const out = new PassThrough();
  const [, piped] = await Promise.all([pipeline(createReadStream(FILE), (input) => new Detector().lines(input), out), collect(out)]);
  assert.equal(piped, want);
  assert.equal(await collect(createReadStream(FILE).pipe(Duplex.from((input) => new Detector().lines(input)))), want);
  assert.equal((await all(new Detector().lines(TEXT))).join(''), want);
});

test('scan() takes what query() takes as one input', async () => {
  for (const input of [TEXT, new Blob([TEXT]), new Response(TEXT), Promise.resolve(TEXT), createReadStream(FILE), pieces()]) {
    assert.equal((await all(new Detector().scan(input))).length, 1);
  }
  for (const input of [undefined, null, 5, {}]) await assert.rejects(all(new Detector().scan(input)), { code: 'bad-argument' });
});

test('texts that are no JSON cost no more than texts that are', () => {
  const time = (text) => {
    const from = performance.now();
    assert.throws(() => parseExact(text), SyntaxError);
    return performance.now() - from;
  };
  const n = 8_000_000;
  for (const text of [`"${'\\\n'.repeat(40)}x" 1234567890123456`, `"${'\\"'.repeat(n)} 1234567890123456`, `"${'\\\n'.repeat(n)}x" 1234567890123456`,
    `1234567890123456${'"'.repeat(n)}`, `"${'\\"'.repeat(n)} 1234567890123456\\`, `"${'a\\\u2028'.repeat(n / 2)} 1234567890123456`]) assert.ok(time(text) < 2000);
  assert.equal(parseExact('1'.repeat(n)), Infinity);
  assert.deepEqual(parseExact(`["${'\\n'.repeat(n)}",-12345678901234567]`)[1], -12345678901234567n);
});

test('many findings in a long query are placed in one walk', async () => {
  const from = performance.now();
  await assert.rejects(query(`print "é𐍈" ${'\\'.repeat(120_000)}`), (error) => error.name === 'QueryError' || error.name === 'LimitError');
  assert.ok(performance.now() - from < 5000);
});

test('a look at a file takes no longer for what is meant to be long', () => {
  for (const unit of ['eventname', ',eventnam', 'x,', '"eventName\\', ' ']) {
    const from = performance.now();
    whyNoLog('a', new TextEncoder().encode(`q${unit.repeat(LOOKED_AT / unit.length)}`));
    assert.ok(performance.now() - from < 500, unit);
  }
  for (const text of ['a,eventName\n1,2', 'eventName;b', '_raw\tx']) assert.equal(whyNoLog('a', new TextEncoder().encode(text)), undefined, text);
  for (const text of ['eventName\na,b', 'a,b\neventName', 'hello']) assert.equal(whyNoLog('a', new TextEncoder().encode(text)), 'text without events', text);
});
