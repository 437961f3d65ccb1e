// Loading: every kind of source, twice, and after a failure. Each case runs in a process of its own, since a
// module loads once a process.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { PACKAGE, ROOT, scratch } from './support.js';

const folder = scratch('consumer');
mkdirSync(`${folder}/node_modules`);
symlinkSync(PACKAGE, `${folder}/node_modules/forepost`);

/** What a program prints that imports the package by its name; `conditions` choose the host. */
function run(program, conditions = []) {
  const flags = conditions.flatMap((condition) => ['--conditions', condition]);
  return execFileSync(process.execPath, [...flags, '--input-type=module', '-e', program], { cwd: folder, encoding: 'utf8' }).trim();
}

const READ = "import { readFileSync } from 'node:fs'; const bytes = readFileSync('node_modules/forepost/forepost.wasm');";
const version = JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8')).version;

test('in Node, load() takes the module beside the package, as often as it is called', () => {
  const out = run(`import { load, version } from 'forepost';
    const both = [load(), load()]; await Promise.all(both); await load(); console.log(version(), both[0] === both[1]);`);
  assert.equal(out, `${version} true`);
});

for (const [what, source] of [
  ['bytes', 'bytes'],
  ['a promise of bytes', 'Promise.resolve(bytes)'],
  ['a Module', 'new WebAssembly.Module(bytes)'],
  ['a namespace with a default', '{ default: new WebAssembly.Module(bytes) }'],
  ['a Response with the right type', "new Response(bytes, { headers: { 'content-type': 'application/wasm' } })"],
  ['a Response with a wrong type', "new Response(bytes, { headers: { 'content-type': 'text/plain' } })"],
  ['a file URL', "new URL('node_modules/forepost/forepost.wasm', 'file://' + process.cwd() + '/')"],
  ['a data URL as text', "'data:application/wasm;base64,' + bytes.toString('base64')"],
]) {
  test(`load() takes ${what}`, () => {
    assert.equal(run(`import { load, version } from 'forepost'; ${READ} await load(${source}); console.log(version());`), version);
  });
}

test('loadSync() takes bytes, a Module, or in Node nothing', () => {
  for (const source of ['bytes', 'new WebAssembly.Module(bytes)', '']) {
    assert.equal(run(`import { loadSync, version } from 'forepost'; ${READ} loadSync(${source}); loadSync(); console.log(version());`), version);
  }
});

test('a load that failed can be tried again', () => {
  const out = run(`import { load, version } from 'forepost'; ${READ}
    const another = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    for (const bad of [() => new Uint8Array(3), () => Promise.reject(new Error('offline')), () => new Response('', { status: 404 }), () => another]) {
      try { await load(bad()); console.log('loaded?!'); } catch (error) { console.log(error.name, error.code); }
    }
    await load(bytes); console.log(version());`);
  assert.equal(out, `${'ForepostError load-failed\n'.repeat(4)}${version}`);
});

test('a load that failed says what came instead of the module', () => {
  const said = (load) => run(`import { load, loadSync } from 'forepost'; ${READ} ${load}`);
  const page = "new Response('<!doctype html><title>x</title>', { headers: { 'content-type': 'text/html; charset=utf-8' } })";
  assert.match(said(`await load(${page}).catch((e) => console.log(e.message));`), /the response is not WebAssembly but text\/html; charset=utf-8 "<!doctype html>/);
  assert.match(said("await load(new Response('', { status: 404, statusText: 'Not Found' })).catch((e) => console.log(e.message));"), /answered 404 Not Found/);
  assert.match(said("await load('http://127.0.0.1:1/x.wasm').catch((e) => console.log(e.message));"), /http:\/\/127.0.0.1:1\/x.wasm could not be fetched/);
  assert.match(said('await load(null).catch((e) => console.log(e.message));'), /not null/);
  assert.match(said("try { loadSync('forepost.wasm') } catch (e) { console.log(e.message) }"), /not a string/);
  assert.match(said("try { loadSync(new Uint8Array(5)) } catch (e) { console.log(e.message) }"), /not WebAssembly but 5 other bytes/);
});

test('require() gets a CommonJS build: the same package, and one engine with its worker', () => {
  const program = `const { loadSync, Detector, version } = require('forepost'); const inline = require('forepost/inline');
    const { createHandler, toListener, default: worker } = require('forepost/worker');
    loadSync(); console.log(version(), inline.Detector === Detector, typeof createHandler, typeof toListener, typeof worker.fetch);`;
  assert.equal(execFileSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8' }).trim(), `${version} true function function function`);
});

test('forepost/inline has the module inside: nothing is read, nothing is awaited', () => {
  const out = run(`import fs from 'node:fs'; import { Detector, loadSync } from 'forepost/inline';
    fs.readFileSync = fs.promises.readFile = globalThis.fetch = () => { throw new Error('nothing may be read'); };
    loadSync(); const detector = new Detector(); detector.push('{"Records":[]}'); console.log(detector.stats().bytes);`);
  assert.equal(out, '14');
});

test('loadSync() while load() is under way does not break what was made in between', () => {
  const out = run(`import { Detector, load, loadSync } from 'forepost'; ${READ}
    const pending = load(new Promise((resolve) => setTimeout(resolve, 50, bytes)));
    loadSync(bytes); const detector = new Detector(); await pending;
    detector.push('{"Records":[]}'); detector.finish(); console.log(detector.stats().bytes);`);
  assert.equal(out, '14');
});

test('the built-in rules are compiled in the modules that ship', () => {
  const rule = readFileSync(`${ROOT}rules/AWS_ECRImageScanningDisabled.yaml`, 'utf8');
  for (const module of ['forepost.wasm', 'forepost-scalar.wasm']) {
    // The name in the rule's query stands there again in what was compiled of it.
    const name = 'PutImageScanningConfiguration';
    assert.ok(readFileSync(`${PACKAGE}${module}`, 'latin1').split(name).length > rule.split(name).length, module);
  }
});

test('before load() every call says so', () => {
  const out = run(`import { check, Detector, Query, version } from 'forepost';
    for (const f of [() => new Detector(), () => new Query('print 1'), () => check(''), version]) {
      try { f(); console.log('?!'); } catch (error) { console.log(error.name, error.code); }
    }`);
  assert.equal(out, 'ForepostError not-loaded\n'.repeat(4).trim());
});

test('the entry for browsers gets the module by fetch, relative to itself', () => {
  const out = run(`globalThis.fetch = async (url) => { console.log(new URL(url).pathname.endsWith('/forepost.wasm')); ${READ.replace(/import.*?;/, "const { readFileSync } = await import('node:fs');")} return new Response(bytes, { headers: { 'content-type': 'application/wasm' } }); };
    const { load, version } = await import('./node_modules/forepost/entry/web.js'); await load(); console.log(version());`);
  assert.equal(out, `true\n${version}`);
});

test('the exports map names every host, types first, and the .wasm', () => {
  const { exports, main, types } = JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8'));
  for (const entry of ['.', './inline', './worker']) assert.equal(Object.keys(exports[entry])[0], 'types');
  const files = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(files));
  for (const path of [main, types, ...files(exports)]) readFileSync(`${PACKAGE}${path}`);
  assert.equal(run("console.log(import.meta.resolve('forepost/forepost.wasm').endsWith('forepost.wasm'))"), 'true');
});

test('index.d.ts declares exactly what the package exports', async () => {
  const declared = [...readFileSync(`${PACKAGE}index.d.ts`, 'utf8').matchAll(/^export (?:const|function|class) (\w+)/gm)].map((m) => m[1]);
  for (const entry of ['node.js', 'web.js', 'inline.js']) {
    assert.deepEqual(Object.keys(await import(`${PACKAGE}entry/${entry}`)).sort(), [...declared].sort(), entry);
  }
  assert.deepEqual(Object.keys(createRequire(import.meta.url)(`${PACKAGE}entry/node.cjs`)).sort(), [...declared].sort(), 'node.cjs');
});
