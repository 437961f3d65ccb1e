// Programs that use the package as their authors would: the tarball that `npm pack` makes, installed, and no configuration. Each project
// has its own node_modules/forepost; the tools are those of this folder. Electron is not run here.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build as esbuild } from 'esbuild';
import { chromium } from 'playwright-core';
import { build as vite, createServer as viteDev, preview as vitePreview } from 'vite';
import { createServer as vite5Dev } from 'vite5';
import webpack from 'webpack';
import { PACKAGE, ROOT, s3, switchedOff } from '../package/support.js';

const HERE = `${ROOT}tests/hosts/`;
const WORK = `${HERE}out/consumers`;
const BIN = `${HERE}node_modules/.bin`;
const EVENTS = s3(switchedOff());
const WANTED = 'Amazon ECR image scanning disabled by ana from 203.0.113.5';
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };

// The two lines that every consumer has, and what shows that they work.
const BROWSER = (specifier) => `import { Detector, load } from '${specifier}';
(async () => {
  await load();
  const alerts = [];
  for await (const alert of new Detector().scan(await fetch('/events.json'))) alerts.push(alert.AlertName);
  return alerts;
})().catch((error) => [String(error)]).then((alerts) => { window.alerts = alerts; });
`;
const NODE = (specifier) => `import { Detector, load } from '${specifier}';
export async function alerts() {
  await load();
  const found = [];
  for await (const alert of new Detector().scan(${JSON.stringify(EVENTS)})) found.push(alert.AlertName);
  return found.join();
}
`;
const PRINT = `${NODE('forepost')}alerts().then((found) => console.log(found));`;
const PAGE = (script) => `<!doctype html><meta charset="utf-8"><title>x</title><script type="module" src="${script}"></script>`;

let browser;

before(async () => {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(`${WORK}/installed`, { recursive: true });
  const tarball = execFileSync('npm', ['pack', PACKAGE, '--silent', '--pack-destination', WORK], { encoding: 'utf8' }).trim();
  writeFileSync(`${WORK}/installed/package.json`, '{"private":true}');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', `${WORK}/${tarball}`], { cwd: `${WORK}/installed` });
  if (CHROMIUM) browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
});
after(() => browser?.close());

/** A new project with the package installed. */
function project(name, files, manifest = {}) {
  const folder = `${WORK}/${name}`;
  cpSync(`${WORK}/installed/node_modules/forepost`, `${folder}/node_modules/forepost`, { recursive: true });
  for (const [file, text] of Object.entries({ 'package.json': JSON.stringify({ private: true, ...manifest }), ...files })) {
    mkdirSync(dirname(`${folder}/${file}`), { recursive: true });
    writeFileSync(`${folder}/${file}`, text);
  }
  return folder;
}

// As a shell would start a program: Vite and the test runner leave words in the environment that mean something to others.
const { NODE_ENV, NODE_TEST_CONTEXT, ...ENV } = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };

/** What a program prints. */
function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env: ENV });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error ?? status}\n${`${stdout}\n${stderr}`.slice(-3000)}`);
  return stdout.trim();
}

/** Serves a folder and the events, as any static server does. */
async function serve(root) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname));
    const file = path === '/events.json' ? undefined : join(root, path === '/' ? 'index.html' : path);
    if (file && !existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file ?? path)] ?? 'application/octet-stream' });
    return response.end(file ? readFileSync(file) : EVENTS);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => { server.close(); server.closeAllConnections(); } };
}

/** Opens a page, which must find the alert. */
async function opens(url) {
  const tab = await browser.newPage();
  const said = [];
  tab.on('console', (message) => said.push(message.text()));
  tab.on('pageerror', (error) => said.push(String(error)));
  try {
    await tab.goto(url);
    await tab.waitForFunction('window.alerts', undefined, { timeout: 30_000 }).catch((error) => { throw new Error(`${error.message}\n${said.join('\n')}`); });
    assert.deepEqual(await tab.evaluate('window.alerts'), [WANTED]);
  } finally {
    await tab.close();
  }
}

async function servedFolderWorks(folder) {
  const server = await serve(folder);
  try {
    await opens(server.url);
  } finally {
    server.close();
  }
}

function packed(config) {
  return new Promise((resolve, reject) => {
    webpack(config, (error, stats) => {
      if (error) reject(error);
      else if (stats.hasErrors()) reject(new Error(stats.toString({ all: false, errors: true })));
      else resolve(stats);
    });
  });
}

const pages = CHROMIUM ? {} : { skip: 'Chromium is not installed' };

describe('in a browser', pages, () => {
  const sources = (specifier) => ({ 'index.html': PAGE('/main.js'), 'main.js': BROWSER(specifier), 'public/events.json': EVENTS });

  for (const entry of ['web', 'inline']) {
    test(`plain <script type=module>, ${entry}.js`, () =>
      servedFolderWorks(project(`plain-${entry}`, { 'index.html': PAGE('/main.js'), 'main.js': BROWSER(`/node_modules/forepost/entry/${entry}.js`) })));
  }

  for (const [name, createServer] of [['Vite', viteDev], ['Vite 5', vite5Dev]]) {
    test(`${name}, development`, async () => {
      const root = project(`dev-${name.replace(' ', '')}`, sources('forepost'));
      const server = await createServer({ root, configFile: false, logLevel: 'error', server: { host: '127.0.0.1', port: 0 } });
      try {
        await server.listen();
        await opens(server.resolvedUrls.local[0]);
      } finally {
        await server.close();
      }
    });
  }

  for (const specifier of ['forepost', 'forepost/inline']) {
    test(`Vite, build: ${specifier}`, async () => {
      const root = project(`vite-${specifier.replace('/', '-')}`, sources(specifier));
      await vite({ root, configFile: false, logLevel: 'error' });
      const server = await vitePreview({ root, configFile: false, logLevel: 'error', preview: { host: '127.0.0.1', port: 0 } });
      try {
        await opens(server.resolvedUrls.local[0]);
      } finally {
        await server.close();
      }
    });

    test(`webpack: ${specifier}`, async () => {
      const context = project(`webpack-${specifier.replace('/', '-')}`, { 'src/index.js': BROWSER(specifier), 'dist/index.html': PAGE('/main.js') });
      await packed({ context, mode: 'production', output: { path: `${context}/dist` } });
      await servedFolderWorks(`${context}/dist`);
    });
  }

  test('esbuild: forepost/inline', async () => {
    const folder = project('esbuild', { 'index.html': PAGE('/out.js'), 'main.js': BROWSER('forepost/inline') });
    await esbuild({ absWorkingDir: folder, entryPoints: ['main.js'], outfile: 'out.js', bundle: true, format: 'esm', logLevel: 'error' });
    await servedFolderWorks(folder);
  });

  test('esbuild: forepost and its module as a file', async () => {
    const main = BROWSER('forepost').replace('load()', 'load(module)');
    const folder = project('esbuild-file', { 'index.html': PAGE('/out/main.js'), 'main.js': `import module from 'forepost/forepost.wasm';\n${main}` });
    await esbuild({ absWorkingDir: folder, entryPoints: ['main.js'], outdir: 'out', publicPath: '/out', bundle: true, format: 'esm', loader: { '.wasm': 'file' }, logLevel: 'error' });
    await servedFolderWorks(folder);
  });

  test('a bundle without the module says what to do', async () => {
    const folder = project('esbuild-bare', { 'index.html': PAGE('/out.js'), 'main.js': BROWSER('forepost') });
    await esbuild({ absWorkingDir: folder, entryPoints: ['main.js'], outfile: 'out.js', bundle: true, format: 'esm', logLevel: 'error' });
    await assert.rejects(servedFolderWorks(folder), /answered 404.*forepost\/inline/s);
  });
});

describe('in Node', () => {
  test('import and require', () => {
    const folder = project('node', { 'main.mjs': PRINT, 'main.cjs': `require('forepost').loadSync(); console.log(require('forepost').version());` });
    assert.equal(run(process.execPath, ['main.mjs'], folder), WANTED);
    assert.equal(run(process.execPath, ['main.cjs'], folder), JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8')).version);
    assert.match(run(`${folder}/node_modules/forepost/cli.js`, ['--version'], folder), /\d/);
  });

  for (const format of ['esm', 'cjs']) {
    test(`esbuild, ${format}: one file that needs nothing beside it`, async () => {
      const folder = project(`esbuild-${format}`, { 'main.js': NODE('forepost') });
      const out = `${WORK}/alone/${format}/bundle.${format === 'esm' ? 'mjs' : 'cjs'}`;
      await esbuild({ absWorkingDir: folder, entryPoints: ['main.js'], outfile: out, bundle: true, platform: 'node', format, logLevel: 'error' });
      assert.equal(run(process.execPath, ['-e', `import('${out}').then((m) => m.alerts()).then((found) => console.log(found))`], dirname(out)), WANTED);
    });

    test(`a Lambda handler, bundled by esbuild as ${format}`, async () => {
      const folder = project(`lambda-${format}`, {});
      cpSync(`${ROOT}recipes/lambda`, folder, { recursive: true });
      const out = `${WORK}/alone/lambda-${format}/handler.${format === 'esm' ? 'mjs' : 'cjs'}`;
      await esbuild({ absWorkingDir: folder, entryPoints: ['handler.js'], outfile: out, bundle: true, platform: 'node', format, external: ['@aws-sdk/*'], logLevel: 'error' });
      const program = `import('${out}').then(({ createHandler }) => createHandler(async () => [Buffer.from(${JSON.stringify(EVENTS)})])({ Records: [{ s3: { bucket: { name: 'b' }, object: { key: 'k' } } }] })).then((answer) => console.log(JSON.stringify(answer)))`;
      const [alert, answer] = run(process.execPath, ['-e', program], dirname(out)).split('\n').map((line) => JSON.parse(line));
      assert.equal(alert.AlertName, WANTED);
      assert.deepEqual(answer, { events: 1, alerts: 1, problems: 0 });
    });
  }

  test('a bundle without the module says what to do', async () => {
    const folder = project('esbuild-outside', { 'main.js': NODE('forepost') });
    for (const [format, reason] of [['cjs', 'Invalid URL'], ['esm', 'ENOENT']]) {
      const out = `${WORK}/alone/outside/bundle.${format === 'esm' ? 'mjs' : 'cjs'}`;
      // No conditions: not even the one by which a bundler is known.
      await esbuild({ absWorkingDir: folder, entryPoints: ['main.js'], outfile: out, bundle: true, platform: 'node', format, conditions: [], logLevel: 'silent' });
      const said = run(process.execPath, ['-e', `import('${out}').then((m) => m.alerts()).catch((error) => console.log(error.code, error.message))`], dirname(out));
      assert.match(said, new RegExp(`^load-failed .*${reason}.*forepost/inline`));
    }
  });

  test('webpack for Node', async () => {
    const context = project('webpack-node', { 'src/index.js': PRINT });
    await packed({ context, mode: 'production', target: 'node', output: { path: `${context}/dist` } });
    assert.equal(run(process.execPath, ['main.js'], `${context}/dist`), WANTED);
  });

  test('Vitest', () => {
    const folder = project('vitest', { 'rule.test.js': `import { expect, test } from 'vitest';\n${NODE('forepost')}test('the rule', async () => { expect(await alerts()).toBe(${JSON.stringify(WANTED)}); });\n` });
    assert.match(run(`${BIN}/vitest`, ['run', '--root', folder, '--no-color'], folder), /1 passed/);
  });

  test('Jest, in its environments for Node and for browsers', () => {
    const body = (entry) => `const { Detector, loadSync, query } = require('${entry}');
test('the rule', async () => {
  loadSync();
  const events = ${JSON.stringify(EVENTS)};
  const detector = new Detector();
  for (const bytes of [Buffer.from(events), new TextEncoder().encode(events).buffer]) { detector.push(bytes); detector.endInput(); }
  detector.finish();
  expect(detector.alerts().map((a) => a.AlertName)).toEqual([${JSON.stringify(WANTED)}]);
  expect((await query('AWSCloudTrail | count', events)).rows).toEqual([[1]]);
});
`;
    // jsdom has no TextDecoder: a browser's test brings Node's, as for any package that reads bytes.
    const jsdom = `/** @jest-environment jsdom */\nObject.assign(globalThis, require('node:util'));\n${body('forepost')}`;
    const folder = project('jest', { 'node.test.js': body('forepost'), 'inline.test.js': body('forepost/inline'), 'jsdom.test.js': jsdom });
    run(process.execPath, [`${HERE}node_modules/jest/bin/jest.js`, '--ci', '--rootDir', folder], folder);
  });
});

for (const runtime of ['deno', 'bun']) {
  test(runtime, () => {
    const folder = project(runtime, { 'main.mjs': PRINT });
    const args = runtime === 'deno' ? ['run', '--allow-read', '--allow-env', '--node-modules-dir=manual', 'main.mjs'] : ['main.mjs'];
    assert.equal(run(`${BIN}/${runtime}`, args, folder), WANTED);
  });
}

test('bun build: forepost/inline', () => {
  const folder = project('bun-build', { 'main.mjs': PRINT.replace("'forepost'", "'forepost/inline'") });
  mkdirSync(`${WORK}/alone/bun`, { recursive: true });
  run(`${BIN}/bun`, ['build', 'main.mjs', '--target=node', `--outfile=${WORK}/alone/bun/main.mjs`], folder);
  assert.equal(run(process.execPath, ['main.mjs'], `${WORK}/alone/bun`), WANTED);
});

test('Next.js: a route on the server and a page in the browser', pages, async () => {
  const folder = project('next', {
    'app/layout.js': 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }\n',
    'app/page.js': `'use client';\nimport { useEffect } from 'react';\n${BROWSER('forepost').replace('(async', 'const run = () => (async')}export default function Page() { useEffect(() => { run(); }, []); return null; }\n`,
    'app/alerts/route.js': `${NODE('forepost')}export const dynamic = 'force-dynamic';\nexport async function GET() { return new Response(await alerts()); }\n`,
    'public/events.json': EVENTS,
  });
  const next = `${HERE}node_modules/next/dist/bin/next`;
  run(process.execPath, [next, 'build', folder], folder);
  const server = spawn(process.execPath, [next, 'start', folder, '--hostname', '127.0.0.1', '--port', '0'], { cwd: folder, env: ENV });
  try {
    const url = await new Promise((resolve, reject) => {
      let said = '';
      for (const stream of [server.stdout, server.stderr]) {
        stream.on('data', (data) => {
          said += data;
          const [local] = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(said) ?? [];
          if (local) resolve(local);
        });
      }
      server.on('exit', () => reject(new Error(said)));
    });
    for (let i = 0; i < 50 && !(await fetch(url).catch(() => undefined)); i += 1) await new Promise((resolve) => { setTimeout(resolve, 100); });
    assert.equal(await (await fetch(`${url}/alerts`)).text(), WANTED);
    await opens(url);
  } finally {
    server.kill();
  }
});
