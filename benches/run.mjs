// node benches/run.mjs [--quick]: how fast the engine is, beside the limits of this machine.
//
// Everything runs in one process and one thread, interleaved round by round, so that a noisy moment hits all alike; what
// is printed is each case's fastest round, which a busy machine disturbs least, and ratios of these. The bytes start in a Uint8Array of JavaScript,
// and copying them into the module's memory is part of every measurement but the pure ones of the module itself.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { environment } from './environment.mjs';
import { report } from './report.mjs';
import { hit, sampleEvents } from './sample.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const quick = process.argv.includes('--quick');
const only = process.argv.find((a) => a.startsWith('--only='))?.slice(7);
const shared = process.env.FOREPOST_SHARED ?? `${root}../shared`;
const ROUNDS = Number(process.env.ROUNDS ?? (quick ? 15 : 40));
// One input, which a round reads several times: its bytes are in the caches then, as those that were just read from a file or a socket are.
const SIZE = 16 << 20;
const TIMES = quick ? 2 : 4;
const repeat = (input) => Array.from({ length: TIMES }, () => input);
const SLICE = Number(process.env.SLICE ?? 512 << 10); // as js/reader.js pushes
const encoder = new TextEncoder();
const decoder = new TextDecoder();

// ── The module ──────────────────────────────────────────────────────────────────────────────────────────────

const wasm = readFileSync(process.env.BENCH_WASM ?? `${root}target/bench/forepost.wasm`);
const { exports: engine } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {});

let view = new Uint8Array(engine.memory.buffer);
function put(bytes) {
  const at = engine.reserve(Math.max(bytes.length, SLICE));
  if (view.buffer !== engine.memory.buffer) view = new Uint8Array(engine.memory.buffer);
  view.set(bytes, at);
  return bytes.length;
}
const text = (length) => decoder.decode(new Uint8Array(engine.memory.buffer, engine.text(), length));

function detector(files) {
  if (!engine.detector(put(encoder.encode(JSON.stringify(files))))) throw new Error('the rules do not compile');
}
function push(bytes) {
  for (let at = 0; at < bytes.length; at += SLICE) engine.push(put(bytes.subarray(at, at + SLICE)));
}
const stats = () => JSON.parse(text(engine.stats()));

/** The bytes, the answer. The detector is made anew each time; that is start-up, and measured there. */
function detect(inputs, expected) {
  for (const input of inputs) {
    push(input);
    engine.end_input();
  }
  const alerts = text(engine.finish());
  const seen = stats();
  if (expected !== undefined && seen.events !== expected) throw new Error(`${seen.events} events instead of ${expected}`);
  return { ...seen, alerts };
}

// ── The data ────────────────────────────────────────────────────────────────────────────────────────────────

const real = `${shared}/cloudtrail/real_unique.ndjson.gz`;
const events = existsSync(real) ? gunzipSync(readFileSync(real)).toString().split('\n').filter(Boolean) : sampleEvents();
const rulesDir = `${shared}/rules`;
const rules = existsSync(rulesDir) ? readdirSync(rulesDir).filter((f) => f.endsWith('.yaml')).map((file) => ({ file, text: readFileSync(`${rulesDir}/${file}`, 'utf8') })) : [];
const builtIn = { file: 'built-in', text: readFileSync(`${root}rules/AWS_ECRImageScanningDisabled.yaml`, 'utf8') };
const ruleText = rules.map((r) => r.text).join('\n');
const unnamed = events.filter((e) => !ruleText.includes(`"${/"eventName":\s*"([^"]*)"/.exec(e)?.[1]}"`));

function fill(lines, size = SIZE) {
  const out = [];
  for (let n = 0, i = 0; n < size; i++) {
    const line = lines[i % lines.length];
    n += line.length + 1;
    out.push(line);
  }
  return out;
}
const ndjson = (lines) => encoder.encode(lines.join('\n') + '\n');
const records = (lines) => encoder.encode(`{"Records":[${lines.join(',')}]}`);

const withHits = (lines, share) => lines.map((line, i) => (share > 0 && i % Math.round(1 / share) === 0 ? hit(i) : line));

/** Further rules like the built-in one, each for another event name. */
const manyRules = (count) => Array.from({ length: count }, (_, i) => ({
  file: `rule${i}`,
  text: builtIn.text.replaceAll('PutImageScanningConfiguration', `DoNothingNumber${i}`).replace(/^id: .*$/m, `id: 00000000-0000-4000-8000-${String(i).padStart(12, '0')}`),
}));

// ── Measuring ───────────────────────────────────────────────────────────────────────────────────────────────

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Runs the cases interleaved; each is [name, bytes, function, untimed preparation]. Gives seconds of each round by name. */
function interleaved(cases) {
  const seconds = new Map(cases.map(([name]) => [name, []]));
  // Unmeasured rounds first, until the engine's code is compiled by the optimising compiler.
  const warm = Math.ceil((256 << 20) / (SIZE * TIMES));
  for (let round = -warm; round < ROUNDS; round++) {
    for (const [name, , run, prepare] of cases) {
      prepare?.();
      const start = process.hrtime.bigint();
      run();
      if (round >= 0) seconds.get(name).push(Number(process.hrtime.bigint() - start) / 1e9);
    }
  }
  return seconds;
}

const lines = [];
function say(line = '') {
  console.log(line);
  lines.push(line);
}

function table(title, cases, compare) {
  if (only && !title.toLowerCase().startsWith(only)) return undefined;
  const seconds = interleaved(cases);
  say(`\n### ${title}\n`);
  say(`| | MB/s | ${compare.map(([label]) => label).join(' | ')} |`);
  say(`|---|---:|${compare.map(() => '---:|').join('')}`);
  for (const [name, bytes] of cases) {
    const own = seconds.get(name);
    const best = Math.min(...own);
    const ratios = compare.map(([, other, otherBytes]) => ((bytes / best) / (otherBytes / Math.min(...seconds.get(other)))).toFixed(2));
    say(`| ${name} | ${(bytes / 1e6 / best).toFixed(0)} | ${ratios.join(' | ')} |`);
  }
  return seconds;
}

// ── The tables ──────────────────────────────────────────────────────────────────────────────────────────────

const all = fill(events);
const none = fill(unnamed.length > 0 ? unnamed : events);
const plain = ndjson(all);
const array = records(all);
const pieces = [];
for (let at = 0; at < plain.length;) {
  // In pieces that end with a line, for what works line by line.
  let end = Math.min(at + SLICE, plain.length);
  if (end < plain.length) end = plain.lastIndexOf(10, end) + 1;
  pieces.push(plain.subarray(at, end));
  at = end;
}
const parts = repeat(pieces).flat();
const [total, totalArray, count] = [plain.length, array.length, all.length].map((n) => n * TIMES);
say(`${events.length} distinct events, ${(plain.length / all.length).toFixed(0)} bytes on average, repeated to ${(plain.length / 1e6).toFixed(0)} MB, which a round reads ${TIMES} times; ${ROUNDS} rounds; pushed in slices of ${SLICE >> 10} KiB.`);

const name = 'PutImageScanningConfiguration';
function jsonParse() {
  let hits = 0;
  for (const part of parts) {
    for (const line of decoder.decode(part).split('\n')) {
      if (line === '') continue;
      const event = JSON.parse(line);
      if (event.eventName === name && event.requestParameters?.imageScanningConfiguration?.scanOnPush === false) hits++;
    }
  }
  return hits;
}

const limit = 'two literals, line by line, after the copy';
table('The built-in rule, no hits', [
  ['copy into the module', total, () => { for (const p of parts) put(p); }],
  ['one literal over the buffer, after the copy', total, () => { for (const p of parts) engine.one_literal(put(p)); }],
  [limit, total, () => { for (const p of parts) engine.two_literals(put(p)); }],
  ['**forepost, NDJSON**', total, () => detect(repeat(plain), count), () => detector([builtIn])],
  ['**forepost, {"Records":[…]}**', totalArray, () => detect(repeat(array), count), () => detector([builtIn])],
  ['JSON.parse and the same test', total, jsonParse],
  ['serde into six borrowed fields, after the copy', total, () => { for (const p of parts) engine.serde_typed(put(p)); }],
], [['of two literals', limit, total], ['of JSON.parse', 'JSON.parse and the same test', total]]);

const noneBytes = ndjson(none);
const unnamedCase = (label, files) => [label, noneBytes.length * TIMES, () => detect(repeat(noneBytes), none.length * TIMES), () => detector(files)];
const many = rules.length > 0 ? [[`${rules.length} shared rules`, rules]] : [];
table('Many rules, events that none of them names', [
  unnamedCase('1 rule', [builtIn]),
  ...many.map(([label, files]) => unnamedCase(label, files)),
  ...[10, 38, 200].map((n) => unnamedCase(`${n} of ours`, manyRules(n))),
], [['of one rule', '1 rule', noneBytes.length * TIMES]]);

// One input of each size; for the largest of all see the memory below.
const sizes = [1, 4, 16, 64].map((megabytes) => {
  const some = fill(events, megabytes << 20);
  return [`${megabytes} MiB`, ndjson(some), some.length];
});
table('Inputs of different sizes', sizes.map(([label, bytes, count]) => [label, bytes.length, () => detect([bytes], count), () => detector([builtIn])]), [['of the largest', sizes.at(-1)[0], sizes.at(-1)[1].length]]);

const hits = [0, 0.001, 0.1].map((share) => [share, ndjson(withHits(all, share))]);
table('Hits of the built-in rule', hits.map(([share, bytes]) => [`${share * 100} %`, bytes.length * TIMES, () => detect(repeat(bytes), count), () => detector([builtIn])]), [['of none', '0 %', hits[0][1].length * TIMES]]);

if (rules.length > 0) {
  const cases = [['1 rule', [builtIn]], [`${rules.length} shared rules`, rules], ['the pack of 50 rules', []]].map(([label, given]) => [label, total, () => detect(repeat(plain), count), () => detector(given)]);
  if (table('The shared rules over the real events as they are', cases, [['of one rule', '1 rule', total]])) {
    detector(rules);
    const seen = detect([plain], all.length);
    say(`\nCandidates: ${(100 * seen.candidates / seen.events).toFixed(1)} % of the events.`);
  }
}

// An S3 tree: files of some hundred events each.
const tree = [];
for (let at = 0, n = 0; at < all.length; at += n) {
  n = 50 + (tree.length * 37) % 300;
  tree.push(gzipSync(records(all.slice(at, at + n)), { level: 6 }));
}
const zipped = tree.reduce((n, f) => n + f.length, 0);
const files = repeat(tree).flat();
const inflating = 'inflating alone, as zlib-rs does it';
table(`An S3 tree: ${tree.length} files of .json.gz, ${(zipped / 1e6).toFixed(1)} MB; MB/s of the inflated bytes`, [
  [inflating, totalArray, () => { for (const f of files) engine.inflate(put(f)); }],
  ['**forepost**', totalArray, () => detect(files, count), () => detector([builtIn])],
  ['Node: gunzip, JSON.parse and the same test', totalArray, () => {
    let found = 0;
    for (const f of files) for (const e of JSON.parse(gunzipSync(f)).Records) found += Number(e.eventName === name && e.requestParameters?.imageScanningConfiguration?.scanOnPush === false);
    return found;
  }],
], [['of inflating', inflating, totalArray]]);

if (!only) {
  say('\n### Start-up and memory\n');
  // In processes of their own: in this one V8 has the code of all functions already, and would share it.
  const event = `${hit(1)}\n`;
  const node = (args, input) => {
    const start = performance.now();
    const out = execFileSync(process.execPath, args, { input, encoding: 'utf8', env: environment });
    return [out, performance.now() - start];
  };
  // V8 compiles functions when they are first called; told not to, it compiles the module whole, and the rest is instance, rule and event.
  const starts = Array.from({ length: 15 }, () => {
    const [, empty] = node(['-e', '0']);
    const [[lazy], [eager]] = [[], ['--no-wasm-lazy-compilation']].map((flags) => node([...flags, `${root}benches/start.mjs`], event));
    return [empty, ...JSON.parse(lazy), ...JSON.parse(eager)];
  });
  const [empty, compile, first, again, whole, rest] = [0, 1, 2, 3, 4, 5].map((step) => median(starts.map((times) => times[step])).toFixed(1));
  say(`In a process that has never run it, which takes Node ${empty} ms to start:\n`);
  say('| ms | compile the module | instantiate it, answer the first event | a second detector and its first event |');
  say('|---|---:|---:|---:|');
  say(`| V8 compiles functions as they are called, as it does unless told otherwise | ${compile} | ${first} | ${again} |`);
  say(`| V8 compiles the module whole (\`--no-wasm-lazy-compilation\`) | ${whole} | ${rest} | |\n`);

  const fresh = new WebAssembly.Instance(new WebAssembly.Module(wasm), {}).exports;
  const room = fresh.reserve(SLICE);
  const load = (bytes) => { new Uint8Array(fresh.memory.buffer).set(bytes, room); return bytes.length; };
  fresh.detector(load(encoder.encode(JSON.stringify([builtIn]))));
  const target = (quick ? 0.5 : 4) * 2 ** 30;
  let fed = 0;
  const start = process.hrtime.bigint();
  while (fed < target) {
    for (let at = 0; at < plain.length; at += SLICE) fresh.push(load(plain.subarray(at, at + SLICE)));
    fed += plain.length;
  }
  fresh.end_input();
  fresh.finish();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  say(`Peak linear memory over ${(fed / 1e9).toFixed(1)} GB in one stream: ${(fresh.memory.buffer.byteLength / 2 ** 20).toFixed(1)} MiB; ${(fed / 1e6 / seconds).toFixed(0)} MB/s.`);
}

const shipped = `${root}dist/npm/forepost.wasm`;
if (!only && existsSync(shipped)) {
  const module = readFileSync(shipped);
  say(`The module as it is shipped: ${(module.length / 1e3).toFixed(0)} kB, ${(gzipSync(module, { level: 9 }).length / 1e3).toFixed(0)} kB of gzip.`);
}

if (process.argv.includes('--write')) report('In the module', lines);
