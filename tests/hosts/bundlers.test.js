// Three lines that use the package, built by each bundler as its users run it, and as a plain script; in Chromium.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { after, before, test } from 'node:test';
import { build as esbuild } from 'esbuild';
import { chromium } from 'playwright-core';
import { build as vite } from 'vite';
import webpack from 'webpack';
import { ROOT, s3, scratch, switchedOff } from '../package/support.js';

const OUT = scratch('bundlers');
// Inside this folder, so that the package is found as in anyone's project.
const WORK = `${ROOT}tests/hosts/out`;
const consumer = (specifier, wasm) => `import { load, Detector } from '${specifier}';
${wasm ? `import wasm from '${wasm}';` : ''}
await load(${wasm ? 'wasm' : ''});
window.alerts = await Array.fromAsync(new Detector().scan(await (await fetch('/events.json')).text()));
`;
const PAGE = (script) => `<!doctype html><meta charset="utf-8"><title>x</title><script type="module" src="${script}"></script>`;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

let root = OUT;
const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname));
  const file = path === '/events.json' ? undefined : join(root, path);
  if (file && !existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
  return response.end(file ? readFileSync(file) : s3(switchedOff()));
});
let browser;

before(async () => {
  mkdirSync(WORK, { recursive: true });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  if (CHROMIUM) browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
});
after(async () => {
  await browser?.close();
  server.close();
  server.closeAllConnections();
});

function project(name, files) {
  const folder = `${WORK}/${name}`;
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(`${folder}/${file}`, text);
  return folder;
}

/** Opens a page and waits for its alerts. */
async function alertsOf(folder, page = 'index.html') {
  root = folder;
  const tab = await browser.newPage();
  const said = [];
  tab.on('console', (message) => said.push(message.text()));
  tab.on('pageerror', (error) => said.push(String(error)));
  try {
    await tab.goto(`http://127.0.0.1:${server.address().port}/${page}`);
    await tab.waitForFunction('window.alerts', undefined, { timeout: 20_000 }).catch((error) => { throw new Error(`${error.message}\n${said.join('\n')}`); });
    const [alert, ...more] = await tab.evaluate('window.alerts');
    assert.equal(alert.AlertName, 'Amazon ECR image scanning disabled by ana from 203.0.113.5');
    assert.deepEqual(more, []);
  } finally {
    await tab.close();
  }
}

const here = CHROMIUM ? {} : { skip: 'Chromium is not installed' };

test('plain <script type=module>', here, async () => {
  writeFileSync(`${OUT}/plain.js`, consumer('/dist/npm/entry/web.js'));
  const folder = ROOT;
  mkdirSync(`${ROOT}tests/out`, { recursive: true });
  writeFileSync(`${ROOT}tests/out/plain.html`, PAGE('/tests/out/bundlers/plain.js'));
  await alertsOf(folder, 'tests/out/plain.html');
});

test('Vite', here, async () => {
  const folder = project('vite', { 'index.html': PAGE('/main.js'), 'main.js': consumer('forepost') });
  await vite({ root: folder, configFile: false, logLevel: 'error', build: { outDir: `${OUT}/vite`, emptyOutDir: true, target: 'esnext' } });
  await alertsOf(`${OUT}/vite`);
});

test('webpack', here, async () => {
  const folder = project('webpack', { 'main.js': consumer('forepost') });
  const stats = await new Promise((resolve, reject) => {
    webpack({ context: folder, entry: './main.js', mode: 'production', output: { path: `${OUT}/webpack`, filename: 'main.js' } }, (error, done) => (error ? reject(error) : resolve(done)));
  });
  assert.ok(!stats.hasErrors(), stats.toString({ all: false, errors: true }));
  writeFileSync(`${OUT}/webpack/index.html`, PAGE('/main.js'));
  await alertsOf(`${OUT}/webpack`);
});

test('esbuild, with the loader for .wasm', here, async () => {
  const folder = project('esbuild', { 'main.js': consumer('forepost', 'forepost/forepost.wasm') });
  await esbuild({ absWorkingDir: folder, entryPoints: ['main.js'], bundle: true, format: 'esm', outdir: `${OUT}/esbuild`, loader: { '.wasm': 'file' }, publicPath: '/', logLevel: 'error' });
  writeFileSync(`${OUT}/esbuild/index.html`, PAGE('/main.js'));
  await alertsOf(`${OUT}/esbuild`);
});
