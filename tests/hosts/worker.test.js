// The worker in real runtimes, on loopback: the same tests in each.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { builtInRules, load } from '../../dist/npm/entry/node.js';
import { s3, switchedOff } from '../package/support.js';
import { RUNTIMES, start, usage } from './runtimes.js';

await load();

const KEY = 'a key that only senders know';
const MAX = 8_000_000;
/** Made before any server runs: that takes longer than a server keeps an idle connection. */
const BOMB = gzipSync(new Uint8Array(300_000_000).fill(32));
assert.ok(BOMB.length < MAX);
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** A webhook that fails first and takes the alerts then. */
const received = [];
let failures = 0;
const webhook = createServer((request, response) => {
  let body = '';
  request.on('data', (data) => { body += data; });
  request.on('end', () => {
    received.push({ key: request.headers['idempotency-key'], alerts: JSON.parse(body) });
    response.writeHead(failures > 0 ? 503 : 204).end();
    failures -= 1;
  });
});

before(() => new Promise((resolve) => { webhook.listen(0, '127.0.0.1', resolve); }));
after(() => { webhook.close(); webhook.closeAllConnections(); });

const chosen = process.env.FOREPOST_RUNTIMES?.split(',') ?? RUNTIMES;
for (const runtime of chosen) {
  describe(runtime, () => {
    let server;
    const post = (body, headers = {}, more = {}) =>
      fetch(`${server.url}/`, { method: 'POST', body, headers: { authorization: `Bearer ${KEY}`, ...headers }, ...more });
    const counters = async () => (await fetch(`${server.url}/counters`, { headers: { 'x-api-key': KEY } })).json();

    before(async () => {
      const env = { FOREPOST_KEY: KEY, FOREPOST_WEBHOOK: `http://127.0.0.1:${webhook.address().port}/`, FOREPOST_MAX_BYTES: String(MAX) };
      server = await start(runtime, env);
      console.log(`${runtime}: cold start ${server.coldStart.toFixed(0)} ms to the first answer with the engine loaded`);
    });
    after(() => server?.stop());

    test('alerts of what is sent as it is: S3, gzip, NDJSON, EventBridge', async () => {
      const event = switchedOff();
      const file = s3(event, switchedOff({ eventName: 'DescribeImages' }));
      for (const body of [file, gzipSync(file), `${JSON.stringify(event)}\n${JSON.stringify(event)}\n`, JSON.stringify({ 'detail-type': 'AWS API Call via CloudTrail', detail: event })]) {
        const answer = await post(body);
        const got = await answer.json();
        assert.equal(answer.status, 200, JSON.stringify(got));
        assert.equal(got.alerts.length, 1);
        assert.equal(got.alerts[0].AlertName, 'Amazon ECR image scanning disabled by ana from 203.0.113.5');
        assert.deepEqual(got.problems, []);
      }
      const none = await post(s3(switchedOff({ eventName: 'X' })));
      const { account, ...said } = await none.json();
      assert.deepEqual(said, { alerts: [], events: 1, problems: [] });
      assert.deepEqual([account.complete, account.events.read, account.rules.ran], [true, 1, builtInRules().length]);
      assert.equal((await post(s3())).status, 200);
    });

    test('401 on a wrong key, 404, 405', async () => {
      for (const headers of [{ authorization: 'Bearer wrong' }, { authorization: '' }, { 'x-amz-firehose-access-key': `${KEY}x` }]) {
        const answer = await post(s3(switchedOff()), headers);
        assert.equal(answer.status, 401);
        assert.match((await answer.json()).error, /key/);
      }
      // The answer reaches a sender that is still sending.
      assert.equal((await post(new Uint8Array(MAX).fill(32), { authorization: '' })).status, 401);
      assert.equal((await fetch(`${server.url}/counters`)).status, 401);
      assert.equal((await fetch(`${server.url}/elsewhere`, { headers: { 'x-api-key': KEY } })).status, 404);
      assert.equal((await fetch(`${server.url}/`, { method: 'PUT', body: 'x', headers: { 'x-api-key': KEY } })).status, 405);
      assert.equal((await fetch(`${server.url}/health`)).status, 200);
    });

    test('413 above the limit, told or not, and for what only inflates beyond it', async () => {
      const large = new Uint8Array(MAX + 1).fill(32);
      assert.equal((await post(large)).status, 413);
      const streamed = new ReadableStream({ start(c) { for (let i = 0; i < 9; i += 1) c.enqueue(large.subarray(0, 1_000_000)); c.close(); } });
      assert.equal((await post(streamed, {}, { duplex: 'half' })).status, 413);
      assert.equal((await post(BOMB)).status, 413);
    });

    test('400 with a reason on bad input', async () => {
      for (const [body, reason] of [['', /empty/], ['hello there', /JSON|CloudTrail/i], ['{"Records":[{"eventVersion"', /no CloudTrail event/], [gzipSync(s3(switchedOff())).subarray(0, 40), /no CloudTrail event/]]) {
        const answer = await post(body);
        assert.equal(answer.status, 400);
        assert.match((await answer.json()).error, reason);
      }
    });

    test('Firehose: its request, its response, alerts to the webhook with retries', async () => {
      const firehose = (records, headers = {}, pack = (x) => x) => post(
        pack(JSON.stringify({ requestId: 'r-1', timestamp: 1, records: records.map((r) => ({ data: Buffer.from(r).toString('base64') })) })),
        { authorization: '', 'x-amz-firehose-protocol-version': '1.0', 'x-amz-firehose-request-id': 'r-1', 'x-amz-firehose-access-key': KEY, 'content-type': 'application/json', ...headers });
      for (const gzip of [false, true]) {
        received.length = 0;
        failures = 1;
        const logs = gzipSync(JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents: [{ message: JSON.stringify(switchedOff()) }] }));
        const answer = await firehose([logs, JSON.stringify(switchedOff({ eventName: 'X' }))], gzip ? { 'content-encoding': 'gzip' } : {}, gzip ? gzipSync : undefined);
        const got = await answer.json();
        assert.equal(answer.status, 200, JSON.stringify(got));
        assert.equal(got.requestId, 'r-1');
        assert.equal(typeof got.timestamp, 'number');
        assert.equal(received.length, 2);
        assert.match(received[0].key, /^[0-9a-f]{64}$/);
        assert.equal(received[0].key, received[1].key);
        assert.equal(received[1].alerts.length, 1);
      }
      const wrong = await firehose([], { 'x-amz-firehose-access-key': 'no' });
      assert.equal(wrong.status, 401);
      assert.deepEqual(Object.keys(await wrong.json()), ['requestId', 'timestamp', 'errorMessage']);
      assert.equal((await post('{"records":[{"data":"%"}]}', { 'x-amz-firehose-request-id': 'r-2' })).status, 400);
      assert.equal((await post('{"records":1}', { 'x-amz-firehose-request-id': 'r-2' })).status, 400);
    });

    test('a cancelled request leaves nothing behind', async () => {
      const head = new TextEncoder().encode('{"Records":[');
      for (let i = 0; i < 5; i += 1) {
        const gone = new AbortController();
        const stalls = new ReadableStream({ start(c) { c.enqueue(head); } });
        const sent = post(stalls, {}, { duplex: 'half', signal: gone.signal });
        await wait(100);
        gone.abort();
        await assert.rejects(sent);
      }
      let active;
      for (let i = 0; i < 50; i += 1) {
        ({ active } = await counters());
        if (active === 1) break;
        await wait(100);
      }
      assert.equal(active, 1, 'only the request that asks');
      assert.equal((await post(s3(switchedOff()))).status, 200);
    });

    test('1,000 requests keep memory flat', async () => {
      const body = gzipSync(s3(...Array.from({ length: 200 }, (_, i) => switchedOff({ eventID: String(i), eventName: i ? 'X' : 'PutImageScanningConfiguration' }))));
      const many = async (n) => { for (let i = 0; i < n; i += 1) await (await post(body)).arrayBuffer(); };
      await many(1500); // a heap grows until it is first collected
      const from = usage(server.pid).memory;
      await many(1000);
      const to = usage(server.pid).memory;
      console.log(`${runtime}: ${from.toFixed(0)} MB before 1,000 requests, ${to.toFixed(0)} MB after`);
      assert.ok(to < from + 40, `${from} MB to ${to} MB`);
    });

    test('CPU', async () => {
      const body = s3(...Array.from({ length: 10_000 }, (_, i) => switchedOff({ eventID: String(i), eventName: 'X' }))).slice(0);
      const from = usage(server.pid).cpu;
      for (let i = 0; i < 5; i += 1) assert.equal((await post(body.length > MAX ? body.slice(0, MAX) : body)).status, 200);
      const cpu = usage(server.pid).cpu - from;
      console.log(`${runtime}: ${(cpu / (5 * body.length / 1e6)).toFixed(1)} ms of CPU a MB`);
    });
  });
}
