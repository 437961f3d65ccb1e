// The worker's handler under attack and with failing neighbours, in this process. tests/hosts/worker.test.js is the same over HTTP in each runtime.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ForepostError } from '../../dist/npm/entry/node.js';
import { createHandler, createHandler as create } from '../../dist/npm/entry/worker-node.js';
import { ruleText, s3, switchedOff } from '../package/support.js';

const URL = 'http://x/';
const FIREHOSE = { 'x-amz-firehose-request-id': 'r-1' };
const post = (handler, body, headers = {}) => handler(new Request(URL, { method: 'POST', body, headers, duplex: 'half' }));
const open = (options) => create({ open: true, ...options });
const delivery = (...records) => JSON.stringify({ records: records.map((r) => ({ data: Buffer.from(r).toString('base64') })) });
const counters = async (handler) => (await handler(new Request(`${URL}counters`))).json();
/** A body that never ends, unless it is told to. */
function unfinished(...chunks) {
  let end;
  const body = new ReadableStream({ start(controller) { chunks.forEach((chunk) => controller.enqueue(new TextEncoder().encode(chunk))); end = (last) => { if (last) controller.enqueue(new TextEncoder().encode(last)); controller.close(); }; } });
  return { body, end: (last) => end(last) };
}

let logged;
beforeEach(() => {
  logged = [];
  for (const method of ['warn', 'error']) mock.method(console, method, (...words) => { logged.push(words.map((w) => (w instanceof Error ? w.message : String(w))).join(' ')); });
});
afterEach(() => mock.restoreAll());

test('options: unknown ones, no numbers and no rules are refused', () => {
  for (const options of [{ keys: 'x' }, { maxBytes: NaN }, { maxBytes: '5' }, { maxEvents: -1 }, { rules: [] }, 'key', null]) {
    assert.throws(() => createHandler(options), (error) => error instanceof ForepostError && error.code === 'bad-argument', JSON.stringify(options));
  }
  createHandler({ key: undefined, maxBytes: undefined });
});

test('answers cannot be taken for pages, and /health says no more than that it lives', async () => {
  const handler = create({ key: 'k' });
  const health = await handler(new Request(`${URL}health`));
  assert.deepEqual(await health.json(), { ok: true });
  for (const answer of [health, await post(handler, 'x'), await handler(new Request(`${URL}nowhere`))]) {
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.match(answer.headers.get('content-type'), /^application\/json/);
  }
});

test('a receiver that fails is no fault of the sender: 502, and the reason stays here', async () => {
  for (const onAlerts of [() => { throw new Error('database is down at 10.0.0.7'); }, async () => { throw undefined; }, () => Promise.reject(new TypeError('x'))]) {
    const handler = open({ onAlerts });
    for (const [body, headers] of [[s3(switchedOff()), {}], [delivery(s3(switchedOff())), FIREHOSE]]) {
      const answer = await post(handler, body, headers);
      assert.equal(answer.status, 502);
      const said = await answer.text();
      assert.doesNotMatch(said, /database|TypeError/);
      assert.match(said, /the receiver did not accept 1 alert/);
    }
  }
  assert.ok(logged.some((line) => line.includes('database is down at 10.0.0.7')));
  const answer = await post(open({ webhook: 'http://127.0.0.1:1/secret' }), s3(switchedOff()));
  assert.equal(answer.status, 502);
  assert.doesNotMatch(await answer.text(), /127|secret|fetch/);
});

test('what a delivery loses is counted and logged, for Firehose takes no more than a yes', async () => {
  const handler = open({ onAlerts: () => {} });
  const answer = await post(handler, delivery('nonsense', s3(switchedOff(), switchedOff({ eventTime: 'soon', eventID: '2' }))), FIREHOSE);
  assert.equal(answer.status, 200);
  const { problems, untimed, events, alerts } = await counters(handler);
  assert.deepEqual({ problems, untimed, events, alerts }, { problems: 2, untimed: 1, events: 2, alerts: 1 });
  assert.equal(logged.length, 1);
  const line = JSON.parse(logged[0]);
  assert.equal(line.requestId, 'r-1');
  assert.equal(line.problems.length, 2, 'what is no log, and the event without a time');
  assert.equal(line.untimed, 1);
});

test('a time that is none, or far away, hides nothing else', async () => {
  const handler = open();
  const got = await (await post(handler, s3(switchedOff({ eventTime: '9998-01-01T00:00:00Z', eventID: '1', eventName: 'X' }), switchedOff({ eventTime: 1781690400000, eventID: '2' }), switchedOff({ eventID: '3' })))).json();
  assert.equal(got.alerts.length, 1);
  assert.equal(got.events, 3);
  assert.equal(got.untimed, 1);
  const later = await (await post(handler, s3(switchedOff()))).json();
  assert.equal(later.alerts.length, 1, 'nor in the next request');
});

test('all bodies together hold no more than their share, and give it back', async () => {
  const handler = open({ maxWaitingBytes: 1000 });
  const slow = unfinished(`{"Records":[${' '.repeat(800)}`);
  const first = post(handler, slow.body);
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  const refused = await post(handler, s3(switchedOff()));
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '1');
  slow.end(']}');
  assert.equal((await first).status, 200);
  assert.equal((await counters(handler)).waitingBytes, 0);
  assert.equal((await post(handler, s3(switchedOff()).slice(0, -2) + ']}')).status, 200);
  const gone = new AbortController();
  const cut = handler(new Request(URL, { method: 'POST', body: unfinished('{').body, duplex: 'half', signal: gone.signal }));
  gone.abort();
  assert.equal((await cut).status, 499);
  assert.equal((await counters(handler)).waitingBytes, 0);
});

test('a body that does not come is not waited for', async () => {
  const handler = open({ maxSeconds: 0.05 });
  const answer = await post(handler, unfinished('{"Records":[').body);
  assert.equal(answer.status, 408);
  assert.equal((await counters(handler)).waitingBytes, 0);
});

test('empty, cut, broken and foreign bodies: 400 each', async () => {
  const handler = open({ onAlerts: () => {} });
  const broken = new ReadableStream({ start(controller) { controller.error(new Error('socket at 10.0.0.7')); } });
  for (const [body, headers] of [[undefined, {}], ['', {}], ['{"Records":[{"eventVersion"', {}], [gzipSync(s3(switchedOff())).subarray(0, 40), {}], ['<html>', {}], [broken, {}],
    ['', FIREHOSE], ['{', FIREHOSE], ['null', FIREHOSE], ['{"records":[{"data":5}]}', FIREHOSE], ['{"records":[{"data":"%"}]}', FIREHOSE], ['x', { ...FIREHOSE, 'content-encoding': 'gzip' }]]) {
    const answer = await post(handler, body, headers);
    assert.equal(answer.status, 400, String(body));
    assert.doesNotMatch(await answer.text(), /10\.0\.0\.7/);
  }
  assert.equal((await post(handler, '{"records":[]}', FIREHOSE)).status, 400, 'an empty delivery holds no event');
});

test('a body beyond the limit is refused before it is read to its end', async () => {
  const handler = open({ maxBytes: 1000 });
  let read = 0;
  const endless = new ReadableStream({ pull(controller) { read += 1; controller.enqueue(new Uint8Array(100).fill(32)); } });
  const told = await handler(new Request(URL, { method: 'POST', body: new Uint8Array(10), headers: { 'content-length': '2000000000' } }));
  assert.equal(told.status, 413);
  const answer = await post(handler, endless);
  assert.equal(answer.status, 413);
  assert.ok(read < 200_000, `${read} chunks`);
  const bomb = gzipSync(new Uint8Array(5_000_000).fill(32));
  assert.equal((await post(open({ maxBytes: 100_000, onAlerts: () => {} }), bomb, { ...FIREHOSE, 'content-encoding': 'gzip' })).status, 413);
});

// A file, and in it payloads that are compressed again: a thousand times a thousand.
const inner = gzipSync(`TimeGenerated,EventName,EventSource\n${'2026-06-17T10:00:00Z,X,y\n'.repeat(100_000)}`);
const twice = gzipSync(JSON.stringify({ awslogs: { data: inner.toString('base64') } }));

test('what inflates at any level counts against one limit, and so do events', async () => {
  for (const options of [{ maxInflatedBytes: 100_000 }, { maxEvents: 1000 }]) {
    const answer = await post(open(options), twice);
    assert.equal(answer.status, 413, JSON.stringify(options));
    assert.match((await answer.json()).error, /too large/);
  }
  assert.equal((await post(open(), gzipSync(new Uint8Array(300_000_000).fill(32)))).status, 413);
  assert.equal((await post(open({ maxEvents: 3 }), s3(switchedOff(), switchedOff(), switchedOff()))).status, 200, 'the limit itself is fine');
  assert.equal((await post(open({ maxEvents: 3, onAlerts: () => {} }), delivery(...Array.from({ length: 4 }, () => s3(switchedOff()))), FIREHOSE)).status, 413, 'over all records of a delivery');
});

test('rules: several, as text; those with errors are told', async () => {
  const rules = ['a', 'b'].map((name, i) => ruleText(name, 'AWSCloudTrail\n| where EventName == "X"').replace('00aa', `00a${i}`));
  const got = await (await post(open({ rules }), s3(switchedOff({ eventName: 'X' })))).json();
  assert.deepEqual(got.alerts.map((a) => a.AlertName).sort(), ['a', 'b']);
  const answer = await post(open({ rules: [ruleText('a', 'AWSCloudTrail | where Nme == 1')] }), s3(switchedOff()));
  assert.equal(answer.status, 500);
  assert.match((await answer.json()).findings[0].message, /Nme/);
});
