// Alerts over HTTP: a fetch handler for Cloudflare Workers, Deno, Bun and Node. Each request is evaluated on its own. A rule whose window
// spans several deliveries needs them in one request: send whole files, or use `forepost conclude`.
//
//   POST /            CloudTrail log files, EventBridge events or Firehose deliveries; gzip or plain
//   GET  /health      reports the version; needs no key
//   GET  /counters    returns counters
//
// Nothing happens when this module is loaded: the engine starts with the first request.

import { ForepostError, RuleError } from './errors.js';

const LIMITS = { maxBytes: 32 << 20, maxInflatedBytes: 256 << 20 };
const SLICE = 64 << 10; // at most a thousand times as much comes out of it: then the limit is looked at
const SHOWN = 20;       // problems in an answer
const ATTEMPTS = 4;
const TIMEOUT = 10_000; // of one attempt, in ms
// What is still read of a body that was refused: a sender that is cut off while it sends may never see the answer.
const LINGER = { bytes: 16 << 20, ms: 5_000 };

/** A response that refuses the request. */
class Refusal extends Error {
  constructor(status, message, more = {}) {
    super(message);
    this.status = status;
    this.more = more;
  }
}

/**
 * `engine` is the package's entry for this runtime. Options: `key` (or `open: true`), `rules`, `webhook`, `onAlerts`, `evidence`,
 * `workspace`, `maxBytes`, `maxInflatedBytes`.
 */
export function createHandler(engine, options) {
  const settings = { ...LIMITS, ...options };
  const counters = { requests: 0, refused: 0, failed: 0, cancelled: 0, bytes: 0, events: 0, alerts: 0, forwarded: 0, active: 0 };
  return async (request) => {
    counters.requests += 1;
    counters.active += 1;
    try {
      return await route(request, engine, settings, counters);
    } catch (error) {
      await discard(request);
      return failure(error, request, counters);
    } finally {
      counters.active -= 1;
    }
  };
}

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
    return json(200, { ok: true, version: engine.version() });
  }
  await authorise(request, settings);
  if (request.method === 'GET' && pathname === '/counters') return json(200, counters);
  if (pathname !== '/') throw new Refusal(404, 'not found: POST events to /, or GET /health or /counters');
  if (request.method !== 'POST') throw new Refusal(405, 'use POST to send events');
  await engine.load();
  return isFirehose(request) ? firehose(request, engine, settings, counters) : raw(request, engine, settings, counters);
}

async function raw(request, engine, settings, counters) {
  const found = await judge(engine, settings, counters, async (detector) => {
    for await (const chunk of body(request, settings, counters)) feed(detector, chunk, settings);
    detector.endInput();
  });
  await deliver(found, settings, counters);
  const alerts = found.lines.join(',');
  const { events, problems } = found;
  return text(200, `{"alerts":[${alerts}],"events":${events},"problems":${JSON.stringify(problems)}}`);
}

/** Firehose's HTTP endpoint delivery: base64 records in, the request's id and the time out. */
async function firehose(request, engine, settings, counters) {
  if (!settings.webhook && !settings.onAlerts) throw new Refusal(503, 'no webhook is configured (FOREPOST_WEBHOOK); Firehose cannot receive alerts');
  const delivery = parse(await whole(request, settings, counters));
  const found = await judge(engine, settings, counters, async (detector) => {
    for (const { data } of delivery.records) {
      feed(detector, bytesOf(data), settings);
      detector.endInput();
    }
  });
  await deliver(found, settings, counters);
  return json(200, { requestId: requestId(request), timestamp: Date.now() });
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

/** Runs one detector over what `read` feeds it; nothing of it stays behind, however that ends. */
async function judge(engine, settings, counters, read) {
  const { rules, evidence, workspace } = settings;
  const detector = new engine.Detector({ rules, evidence, workspace });
  try {
    await read(detector);
    const problems = detector.problems();
    detector.finish();
    const { events, bytes } = detector.stats();
    const reason = problems[0]?.message ?? (bytes === 0 && 'the body is empty');
    if (events === 0 && reason) {
      throw new Refusal(400, `the body holds no CloudTrail event: ${reason}`, { problems: problems.slice(0, SHOWN) });
    }
    const lines = Array.from(detector.alertTexts(), (text) => text.split('\n').filter(Boolean)).flat();
    problems.push(...detector.problems());
    counters.events += events;
    counters.alerts += lines.length;
    return { lines, events, problems: problems.slice(0, SHOWN) };
  } finally {
    detector.dispose();
  }
}

function feed(detector, chunk, { maxInflatedBytes }) {
  for (let at = 0; at < chunk.length; at += SLICE) {
    detector.push(chunk.subarray(at, at + SLICE));
    if (detector.stats().inflatedBytes > maxInflatedBytes) throw new Refusal(413, `the body has more than ${maxInflatedBytes} bytes after decompression`);
  }
}

/** The body's chunks, within the limit. */
async function* body(request, { maxBytes }, counters) {
  const tooLarge = () => new Refusal(413, `the body has more than ${maxBytes} bytes`);
  if (Number(request.headers.get('content-length')) > maxBytes) throw tooLarge();
  if (!request.body) return;
  const reader = request.body.getReader();
  let length = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      counters.bytes += part.value.length;
      if (length > maxBytes) throw tooLarge();
      yield part.value;
    }
  } finally {
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

/** The whole body, inflated if its header says so. */
async function whole(request, settings, counters) {
  const parts = [];
  let length = 0;
  const keep = (chunk) => {
    length += chunk.length;
    if (length > settings.maxBytes) throw new Refusal(413, `the body has more than ${settings.maxBytes} bytes`);
    parts.push(chunk);
  };
  const chunks = body(request, settings, counters);
  if (request.headers.get('content-encoding') === 'gzip') {
    const packed = new Blob(await collect(chunks)).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
    try {
      for (let part = await packed.read(); !part.done; part = await packed.read()) keep(part.value);
    } catch (error) {
      packed.cancel().catch(() => {});
      throw error instanceof Refusal ? error : new Refusal(400, 'the gzip body is damaged or incomplete');
    }
  } else {
    for await (const chunk of chunks) keep(chunk);
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

async function collect(chunks) {
  const parts = [];
  for await (const chunk of chunks) parts.push(chunk);
  return parts;
}

/** Sends the alerts on before the request is answered. If that fails, the sender retries the request. */
async function deliver({ lines }, { webhook, onAlerts }, counters) {
  if (lines.length === 0) return;
  await onAlerts?.(lines.map((line) => JSON.parse(line)));
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
  throw new Refusal(502, `the webhook did not accept ${lines.length} alerts: ${reason}`);
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

function failure(error, request, counters) {
  const refusal = known(error, request, counters);
  const { status, message, more } = refusal;
  if (isFirehose(request)) return json(status, { requestId: requestId(request), timestamp: Date.now(), errorMessage: message });
  return json(status, { error: message, ...more });
}

function known(error, request, counters) {
  if (request.signal?.aborted) {
    counters.cancelled += 1;
    return new Refusal(499, 'the request was cancelled');
  }
  if (error instanceof Refusal) {
    counters.refused += 1;
    return error;
  }
  counters.failed += 1;
  if (error instanceof RuleError) return new Refusal(500, 'the rules have errors', { findings: error.diagnostics.map(({ file, line, message }) => ({ file, line, message })) });
  if (error instanceof ForepostError) return new Refusal(500, error.message);
  // Reading the body failed: the sender disconnected or sent damaged data.
  return new Refusal(400, `the body could not be read: ${error?.message ?? error}`);
}

const json = (status, value) => text(status, JSON.stringify(value));
const text = (status, body) => new Response(body, { status, headers: { 'content-type': 'application/json' } });
