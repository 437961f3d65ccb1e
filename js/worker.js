// Alerts over HTTP: a fetch handler for Cloudflare Workers, Deno, Bun and Node. Each request is evaluated on its own. A rule whose window
// spans several deliveries needs them in one request: send whole files, or use `forepost conclude`.
//
//   POST /            CloudTrail log files, EventBridge events or Firehose deliveries; gzip or plain
//   GET  /health      says that the engine runs; needs no key
//   GET  /counters    returns counters
//
// Nothing happens when this module is loaded: the engine starts with the first request. A body is read to its end first and then
// evaluated without a pause, so that there is one detector at a time: slow senders hold no more than their bytes, and a request
// that makes the engine fail takes no other along.

import { joined } from './bytes.js';
import { ForepostError } from './errors.js';
import { checkedOptions } from './options.js';

const LIMITS = { maxBytes: 32 << 20, maxInflatedBytes: 256 << 20, maxEvents: 500_000, maxWaitingBytes: 128 << 20, maxSeconds: 60 };
const OPTIONS = ['key', 'open', 'rules', 'tables', 'functions', 'webhook', 'onAlerts', 'evidence', 'workspace', ...Object.keys(LIMITS)];
const SHOWN = 20;       // problems in an answer
const ATTEMPTS = 4;
const TIMEOUT = 10_000; // of one attempt, in ms
// What is still read of a body that was refused: a sender that is cut off while it sends may never see the answer.
const LINGER = { bytes: 16 << 20, ms: 5_000 };
const RETRY = { 'retry-after': '1' };

/** A response that refuses the request. `cause` is for the operator alone. */
class Refusal extends Error {
  constructor(status, message, { more = {}, headers = {}, cause } = {}) {
    super(message, { cause });
    Object.assign(this, { status, more, headers });
  }
}

/** `engine` is the package's entry for this runtime; worker.d.ts describes the options. */
export function createHandler(engine, options = {}) {
  const settings = { ...LIMITS, ...definedOf(checkedOptions('createHandler()', options, OPTIONS)) };
  for (const name of Object.keys(LIMITS)) {
    if (!(typeof settings[name] === 'number' && settings[name] >= 0)) throw new ForepostError('bad-argument', `${name} must be a number`);
  }
  if (Array.isArray(settings.rules) && settings.rules.length === 0) throw new ForepostError('bad-argument', 'rules is an empty array; leave rules out to run the built-in ones');
  const counters = {
    requests: 0, refused: 0, failed: 0, cancelled: 0, bytes: 0, events: 0, untimed: 0, dropped: 0, problems: 0, alerts: 0, forwarded: 0,
    active: 0, waitingBytes: 0,
  };
  return async (request) => {
    counters.requests += 1;
    counters.active += 1;
    try {
      return await route(request, engine, settings, counters);
    } catch (error) {
      await discard(request);
      return failure(error, request, engine, counters);
    } finally {
      counters.active -= 1;
    }
  };
}

const count = (alerts) => (alerts === 1 ? '1 alert' : `${alerts} alerts`);

const definedOf = (options) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** Returns a Worker module. It reads its options from the environment: `FOREPOST_KEY`, `FOREPOST_RULES`, `FOREPOST_WEBHOOK`, `FOREPOST_MAX_BYTES`. */
export function createWorker(engine) {
  let made; // for the settings it was made with
  return {
    fetch(request, env = {}) {
      const options = optionsOf(env);
      const settings = JSON.stringify(options);
      if (made?.settings !== settings) made = { settings, handler: createHandler(engine, options) };
      return made.handler(request);
    },
  };
}

function optionsOf(env) {
  const { FOREPOST_KEY: key, FOREPOST_RULES: rules, FOREPOST_WEBHOOK: webhook, FOREPOST_MAX_BYTES: maxBytes } = env;
  return { key, rules: rules || undefined, webhook, ...(maxBytes && { maxBytes: Number(maxBytes) || 0 }) };
}

async function route(request, engine, settings, counters) {
  const { pathname } = new URL(request.url);
  if (request.method === 'GET' && pathname === '/health') {
    await engine.load();
    return json(200, { ok: true });
  }
  await authorise(request, settings);
  if (request.method === 'GET' && pathname === '/counters') return json(200, counters);
  if (pathname !== '/') throw new Refusal(404, 'not found: POST events to /, or GET /health or /counters');
  if (request.method !== 'POST') throw new Refusal(405, 'use POST to send events');
  await engine.load();
  return isFirehose(request) ? firehose(request, engine, settings, counters) : raw(request, engine, settings, counters);
}

async function raw(request, engine, settings, counters) {
  const found = await received(request, settings, counters, (parts) => judge(engine, settings, counters, [parts]));
  await deliver(found, settings, counters);
  const { lines, events, problems, untimed, dropped, account } = found;
  const more = Object.entries({ untimed, dropped }).filter(([, count]) => count > 0).map(([name, count]) => `,"${name}":${count}`);
  return text(200, `{"alerts":[${lines.join(',')}],"events":${events},"problems":${JSON.stringify(problems)}${more.join('')},"account":${JSON.stringify(account)}}`);
}

/** Firehose's HTTP endpoint delivery: base64 records in, the request's id and the time out. */
async function firehose(request, engine, settings, counters) {
  if (!settings.webhook && !settings.onAlerts) throw new Refusal(503, 'no webhook is configured (FOREPOST_WEBHOOK); Firehose cannot receive alerts');
  const found = await received(request, settings, counters, (parts) => judge(engine, settings, counters, recordsOf(parts)));
  // Firehose takes no more than a yes, so what was lost goes to the log.
  const { events, problems, untimed, dropped } = found;
  if (problems.length + untimed + dropped > 0) console.warn(JSON.stringify({ forepost: 'a delivery was not read completely', requestId: requestId(request), events, untimed, dropped, problems }));
  await deliver(found, settings, counters);
  return json(200, { requestId: requestId(request), timestamp: Date.now() });
}

/** The records of a delivery, each in one part, decoded as they are asked for. */
function* recordsOf(parts) {
  for (const { data } of parse(joined(parts)).records) yield [bytesOf(data)];
}

function parse(bytes) {
  let delivery;
  try {
    delivery = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Refusal(400, `the body is not Firehose JSON: ${error.message}`);
  }
  const fine = Array.isArray(delivery?.records) && delivery.records.every((r) => typeof r?.data === 'string');
  if (!fine) throw new Refusal(400, 'the body is not a Firehose delivery: records[].data is missing');
  return delivery;
}

function bytesOf(base64) {
  try {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  } catch {
    throw new Refusal(400, 'a record of the delivery is not Base64');
  }
}

/** Runs one detector over the inputs, at once; nothing of it stays behind, however that ends. */
function judge(engine, settings, counters, inputs) {
  const { rules, tables, functions, evidence, workspace, maxInflatedBytes, maxEvents } = settings;
  const detector = new engine.Detector({ rules, tables, functions, evidence, workspace, maxInflatedBytes, maxEvents });
  try {
    const problems = [];
    for (const parts of inputs) {
      for (const part of parts) detector.push(part);
      detector.endInput();
      problems.push(...detector.problems());
      const limit = problems.find(({ code }) => code === 'input_limit');
      if (limit) throw new Refusal(413, `the body is too large: ${limit.message}`);
    }
    detector.finish();
    const lines = Array.from(detector.alertTexts(), (text) => text.split('\n').filter(Boolean)).flat();
    const { events, bytes, untimed, dropped, problems: count } = detector.stats();
    const reason = problems[0]?.message ?? (bytes === 0 && 'the body is empty');
    problems.push(...detector.problems()); // of runs of rules
    counters.problems += count;
    if (events === 0 && reason) {
      throw new Refusal(400, `the body holds no CloudTrail event: ${reason}`, { more: { problems: problems.slice(0, SHOWN) } });
    }
    const account = detector.account();
    counters.events += events;
    counters.untimed += untimed;
    counters.dropped += dropped;
    counters.alerts += lines.length;
    return { lines, events, untimed, dropped, account, problems: problems.slice(0, SHOWN) };
  } finally {
    detector.dispose();
  }
}

/**
 * What `use` makes of the body's parts: called once they are all here, inflated if the headers say so. Until then their bytes count
 * against what all requests together may hold.
 */
async function received(request, settings, counters, use) {
  let held = 0;
  const take = (bytes) => {
    held += bytes;
    counters.waitingBytes += bytes;
    if (counters.waitingBytes > settings.maxWaitingBytes) throw new Refusal(503, 'too many bytes of other requests are waiting; try again', { headers: RETRY });
  };
  try {
    return use(await partsOf(request, settings, counters, take));
  } finally {
    counters.waitingBytes -= held;
  }
}

async function partsOf(request, settings, counters, take) {
  const chunks = body(request, settings, counters, take);
  if (!isFirehose(request) || request.headers.get('content-encoding') !== 'gzip') return collect(chunks);
  const inflated = new Blob(await collect(chunks)).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const parts = [];
  let length = 0;
  try {
    for (let part = await inflated.read(); !part.done; part = await inflated.read()) {
      length += part.value.length;
      if (length > settings.maxBytes) throw tooLarge(settings);
      take(part.value.length);
      parts.push(part.value);
    }
  } catch (error) {
    inflated.cancel().catch(() => {});
    throw error instanceof Refusal ? error : new Refusal(400, 'the gzip body is damaged or incomplete');
  }
  return parts;
}

const tooLarge = ({ maxBytes }) => new Refusal(413, `the body has more than ${maxBytes} bytes`);

/** The body's chunks, within the limits. */
async function* body(request, settings, counters, take) {
  const { maxBytes, maxSeconds } = settings;
  if (Number(request.headers.get('content-length')) > maxBytes) throw tooLarge(settings);
  if (!request.body) return;
  const reader = request.body.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, maxSeconds * 1000);
  let length = 0;
  try {
    for (;;) {
      const part = await reader.read().catch((error) => { throw new Refusal(400, 'the body could not be read', { cause: error }); });
      if (late) throw new Refusal(408, `the body did not arrive within ${maxSeconds} seconds`);
      if (part.done) return;
      length += part.value.length;
      counters.bytes += part.value.length;
      if (length > maxBytes) throw tooLarge(settings);
      take(part.value.length);
      yield part.value;
    }
  } finally {
    clearTimeout(timer);
    reader.releaseLock();
  }
}

/** Reads what is left of a body, within bounds, and cancels the rest. */
async function discard({ body: left, signal }) {
  if (!left || left.locked || signal?.aborted) return;
  const reader = left.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), LINGER.ms);
  try {
    let length = 0;
    for (let part = await reader.read(); !part.done && length < LINGER.bytes; part = await reader.read()) length += part.value.length;
  } catch {
    // The sender went away: nobody is left to be told.
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
}

async function collect(chunks) {
  const parts = [];
  for await (const chunk of chunks) parts.push(chunk);
  return parts;
}

/** Sends the alerts on before the request is answered. If that fails, the sender is told to try again, and only the log says why. */
async function deliver({ lines }, { webhook, onAlerts }, counters) {
  if (lines.length === 0) return;
  try {
    await onAlerts?.(lines.map((line) => JSON.parse(line)));
  } catch (error) {
    throw new Refusal(502, `the receiver did not accept ${count(lines.length)}`, { cause: error });
  }
  if (!webhook) return;
  const ids = lines.map((line) => JSON.parse(line).SystemAlertId).join();
  const headers = { 'content-type': 'application/json', 'idempotency-key': hex(await digest(ids)) };
  let reason;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt > 0) await wait(200 * 4 ** (attempt - 1) * (0.5 + Math.random()));
    try {
      const answer = await fetch(webhook, { method: 'POST', headers, body: `[${lines.join(',')}]`, signal: AbortSignal.timeout(TIMEOUT) });
      await answer.body?.cancel();
      if (answer.ok) {
        counters.forwarded += lines.length;
        return;
      }
      reason = `status ${answer.status}`;
      if (answer.status < 500 && answer.status !== 429 && answer.status !== 408) break;
    } catch (error) {
      reason = error.message;
    }
  }
  throw new Refusal(502, `the receiver did not accept ${count(lines.length)}`, { cause: new Error(`webhook: ${reason}`) });
}

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function authorise(request, { key, open }) {
  if (open === true) return;
  if (!key) throw new Refusal(503, 'no key is configured (FOREPOST_KEY)');
  const { headers } = request;
  const given = headers.get('x-amz-firehose-access-key') ?? headers.get('x-api-key') ?? /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
  // Digests have one length, and comparing them takes one time.
  const [a, b] = await Promise.all([digest(given), digest(key)]);
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= a[i] ^ b[i];
  if (difference !== 0) throw new Refusal(401, 'the key is wrong or missing');
}

const digest = async (value) => new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(value)));
const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

const isFirehose = (request) => request.headers.has('x-amz-firehose-request-id') || request.headers.has('x-amz-firehose-protocol-version');
const requestId = (request) => request.headers.get('x-amz-firehose-request-id') ?? '';

function failure(error, request, engine, counters) {
  const { status, message, more, headers, cause } = refusalOf(error, request, engine, counters);
  if (cause !== undefined && status >= 500) console.error(`forepost: ${message}:`, cause);
  if (isFirehose(request)) return json(status, { requestId: requestId(request), timestamp: Date.now(), errorMessage: message }, headers);
  return json(status, { error: message, ...more }, headers);
}

function refusalOf(error, request, engine, counters) {
  if (request.signal?.aborted) {
    counters.cancelled += 1;
    return new Refusal(499, 'the request was cancelled');
  }
  if (error instanceof Refusal) {
    counters.refused += 1;
    return error;
  }
  counters.failed += 1;
  if (!(error instanceof engine.RuleError)) return new Refusal(500, error instanceof engine.TrapError ? 'the engine failed' : 'the worker failed', { cause: error });
  const findings = error.diagnostics.map(({ file, line, message }) => ({ file, line, message }));
  return new Refusal(500, 'the rules have errors', { more: { findings }, cause: error });
}

const json = (status, value, headers) => text(status, JSON.stringify(value), headers);
const text = (status, body, headers) => new Response(body, { status, headers: { 'content-type': 'application/json', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', ...headers } });
