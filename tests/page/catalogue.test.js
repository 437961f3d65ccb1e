// `forepost catalogue` in Chromium: nothing from elsewhere, readable without scripts, valid, accessible, and the same bytes twice.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'parse5';
import { AxeBuilder, launch } from '../../www/browser.js';
import { ROOT, looks } from './support.js';

const OUT = join(ROOT, 'tests/out/catalogue');
const shared = join(process.env.FOREPOST_SHARED ?? join(ROOT, '../shared'), 'rules');
const ECR = '19602494-94af-43c8-90ba-eb0e14999612';
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml', '.json': 'application/json', '.xml': 'application/atom+xml' };

/** A rule whose every text tries to be markup. */
const HOSTILE = `id: 0d9c1f0e-7a52-4a55-9d53-2f0a6b1f7c11
name: '"><img src=x onerror=alert(1)><b id=content>'
description: '</td><script>alert(1)</script> & <'
severity: High
requiredDataConnectors:
  - connectorId: '<svg onload=alert(1)>'
    dataTypes: [AWSCloudTrail]
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: [Impact, '<i>']
relevantTechniques: [T1485]
query: |
  // <script>alert(1)</script>
  AWSCloudTrail
  | where EventName == "</code></pre><img src=x onerror=alert(1)>" and UserAgent has '"' // "end
  | extend ü_no = 1
version: 1.0.0
kind: Scheduled
`;

const make = (folder, ...more) => {
  rmSync(folder, { recursive: true, force: true });
  const options = ['catalogue', join(OUT, 'rules'), '-o', folder, '--title', 'Our <rules> & more', '--tests', '--base-url', 'https://rules.example.org/a b'.replace(' ', '%20'), '--date', '2026-06-17', '-q', ...more];
  try {
    execFileSync(process.execPath, [join(ROOT, 'dist/npm/cli.js'), ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    return 0;
  } catch (error) {
    return error.status;
  }
};
const filesOf = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();

let browser;
let server;
let url;
const requests = [];
before(async () => {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(join(OUT, 'rules'), { recursive: true });
  cpSync(join(ROOT, 'rules'), join(OUT, 'rules/ours'), { recursive: true });
  writeFileSync(join(OUT, 'rules/hostile.yaml'), HOSTILE.replace('ü_no', 'no'));
  if (existsSync(shared)) cpSync(shared, join(OUT, 'rules/shared'), { recursive: true, filter: (path) => !path.endsWith('AWS_ECRImageScanningDisabled.yaml') });
  assert.equal(make(join(OUT, 'site')), 0);
  server = createServer((request, response) => {
    const path = join(OUT, 'site', decodeURIComponent(new URL(request.url, 'http://x').pathname));
    if (!existsSync(path) || !extname(path)) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': TYPES[extname(path)] }).end(readFileSync(path));
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${server.address().port}/`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
  server?.closeAllConnections();
});

async function visit(path) {
  const page = await browser.context.newPage();
  page.complaints = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text()); });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('dialog', (dialog) => { page.complaints.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(path.startsWith('file:') ? path : url + path);
  return page;
}

const PAGES = ['index.html', `rules/${ECR}/index.html`, 'rules/0d9c1f0e-7a52-4a55-9d53-2f0a6b1f7c11/index.html', 'attack/index.html'];

test('each page is valid HTML, with ids that stand once and links that lead somewhere', () => {
  for (const path of filesOf(join(OUT, 'site')).filter((name) => name.endsWith('.html'))) {
    const html = readFileSync(path, 'utf8');
    const errors = [];
    const document = parse(html, { sourceCodeLocationInfo: true, onParseError: (error) => errors.push(`${error.code} at ${error.startLine}`) });
    assert.deepEqual(errors, [], path);
    const ids = [];
    const walk = (node) => {
      const attributes = Object.fromEntries((node.attrs ?? []).map(({ name, value }) => [name, value]));
      if (attributes.id) ids.push(attributes.id);
      for (const name of Object.keys(attributes)) assert.ok(!/^(?:on|style$)/.test(name), `${path}: ${name}`);
      const target = attributes.href ?? attributes.src;
      if (target && !/^(?:https:\/\/|#)/.test(target)) assert.ok(existsSync(join(path, '..', target)), `${path} → ${target}`);
      // ARIA names no element that has no role.
      if (attributes['aria-label'] && ['div', 'span', 'pre', 'code', 'p'].includes(node.tagName)) assert.ok(attributes.role, `${path}: ${node.tagName} with a name and no role`);
      if (node.tagName === 'script') assert.ok(attributes.src?.endsWith('script.js'));
      if (['ul', 'ol'].includes(node.tagName)) assert.ok(node.childNodes.every(({ nodeName, value }) => nodeName === 'li' || value?.trim() === ''), path);
      for (const child of node.childNodes ?? []) walk(child);
    };
    walk(document);
    assert.equal(new Set(ids).size, ids.length, path);
    assert.equal((html.match(/<h1>/g) ?? []).length, 1, path);
  }
});

test('the pages show what they should, and ask nothing from elsewhere', async () => {
  for (const path of PAGES) {
    const page = await visit(path);
    assert.deepEqual(page.complaints, [], path);
    await page.close();
  }
  assert.deepEqual(requests.filter((asked) => !asked.startsWith(url)), []);
  const page = await visit(`rules/${ECR}/index.html`);
  const rows = await page.$$eval('.facts tr', (all) => all.map((row) => [row.cells[0].textContent, row.cells[1].textContent]));
  assert.deepEqual(rows.map(([name]) => name), ['Id', 'Rulename', 'Description', 'Severity', 'Tactics', 'Techniques', 'Required data connectors', 'Kind', 'Query frequency', 'Query period', 'Trigger threshold', 'Trigger operator', 'Source Uri', 'Version', 'Arm template', 'Deploy To Azure']);
  assert.deepEqual(Object.fromEntries(rows).Techniques, 'T1562.001');
  assert.equal(await page.getAttribute('.facts a[href*="portal.azure"]', 'href'), `https://portal.azure.com/#create/Microsoft.Template/uri/${encodeURIComponent(`https://rules.example.org/a%20b/arm/${ECR}.json`)}`);
  const yaml = readFileSync(join(ROOT, 'rules/AWS_ECRImageScanningDisabled.yaml'), 'utf8').replace(/\r\n/g, '\n');
  const [kql, shown] = await page.$$eval('pre.code', (all) => all.map((pre) => pre.textContent));
  assert.equal(shown, yaml.trimEnd());
  assert.ok(kql.startsWith('AWSCloudTrail\n| where EventName == "PutImageScanningConfiguration"'));
  assert.match(await page.textContent('.tests'), /passed/);
  await page.close();
});

test('it is all there without scripts, and from a folder', async () => {
  const page = await browser.context.newPage();
  await page.route('**/script.js', (route) => route.abort());
  await page.goto(`${url}index.html`);
  assert.ok((await page.$$('.rules tbody tr')).length >= 2);
  assert.equal(await page.isVisible('#filter'), false);
  assert.equal(await page.isVisible('#theme'), false);
  await page.click(`a[href="rules/${ECR}/index.html"]`);
  assert.match(await page.textContent('h1'), /ECR/);
  await page.close();
  const local = await visit(`file://${join(OUT, 'site/index.html')}`);
  assert.deepEqual(local.complaints, []);
  assert.equal(await local.evaluate(() => getComputedStyle(document.querySelector('table')).borderCollapse), 'collapse');
  await local.close();
});

test('search and facets narrow the table, and the theme is kept', async () => {
  const page = await visit('index.html');
  const shown = () => page.$$eval('.rules tbody tr:not([hidden])', (rows) => rows.length);
  const all = await shown();
  await page.fill('#search', 'image scanning disabled');
  assert.equal(await shown(), 1);
  assert.match(await page.textContent('#shown'), new RegExp(`^1 of ${all} rules`));
  await page.fill('#search', '');
  await page.selectOption('#severity', 'High');
  assert.ok(await page.$$eval('.rules tbody tr:not([hidden]) .severity', (cells) => cells.length > 0 && cells.every((cell) => cell.textContent === 'High')));
  await page.click('#theme');
  await page.click('#theme');
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  await page.reload();
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  await page.click('#theme');
  await page.close();
});

test('axe finds nothing, in both themes', { timeout: 600_000 }, async () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const path of PAGES) {
      const page = await visit(path);
      await looks(page, colorScheme);
      for (const summary of await page.$$('summary')) await summary.click();
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0].html]), [], `${path} ${colorScheme}`);
      await page.screenshot({ path: join(OUT, `${path.replaceAll('/', '-').replace('.html', '')}-${colorScheme}.png`) });
      await page.close();
    }
  }
});

test('the same rules give the same bytes', () => {
  assert.equal(make(join(OUT, 'again')), 0);
  const [first, second] = ['site', 'again'].map((name) => filesOf(join(OUT, name)).map((path) => [path.slice(join(OUT, name).length), readFileSync(path, 'latin1')]));
  assert.deepEqual(second, first);
});

test('the layer has the form that the Navigator reads, and the feed is well-formed', () => {
  const layer = JSON.parse(readFileSync(join(OUT, 'site/attack/navigator.json'), 'utf8'));
  // Format 4.5 of the layer, as far as we write it: https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md
  const string = { type: 'string' };
  const exactly = (properties) => ({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false });
  const validate = new Ajv({ strict: false }).compile(exactly({
    name: string,
    versions: exactly({ attack: string, navigator: string, layer: { const: '4.5' } }),
    domain: { const: 'enterprise-attack' },
    description: string,
    techniques: { type: 'array', minItems: 1, items: exactly({ techniqueID: { type: 'string', pattern: '^T\\d{4}(\\.\\d{3})?$' }, tactic: { type: 'string', pattern: '^[a-z]+(-[a-z]+)*$' }, score: { type: 'number', minimum: 1 }, comment: string, enabled: { type: 'boolean' }, showSubtechniques: { type: 'boolean' } }) },
    gradient: exactly({ colors: { type: 'array', minItems: 2, items: string }, minValue: { type: 'number' }, maxValue: { type: 'number' } }),
    sorting: { type: 'integer', minimum: 0, maximum: 3 },
    hideDisabled: { type: 'boolean' },
  }));
  assert.ok(validate(layer), JSON.stringify(validate.errors));
  const ecr = layer.techniques.filter(({ techniqueID }) => techniqueID === 'T1562.001');
  assert.deepEqual(ecr.map(({ tactic }) => tactic), ['defense-evasion']);
  const feed = readFileSync(join(OUT, 'site/feed.xml'), 'utf8');
  assert.match(feed, /<feed xmlns="http:\/\/www\.w3\.org\/2005\/Atom">/);
  assert.equal(feed.match(/<entry>/g).length, feed.match(/<\/entry>/g).length);
  assert.doesNotMatch(feed, /&(?!#\d+;)|<(?!\/?(?:feed|id|title|updated|author|name|link|entry|summary)\b|\?xml)/);
});

test('rules with errors, and twins, are left out and named', () => {
  const folder = join(OUT, 'broken');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'good.yaml'), HOSTILE.replace('ü_no', 'no'));
  writeFileSync(join(folder, 'twin.yaml'), HOSTILE.replace('ü_no', 'no'));
  writeFileSync(join(folder, 'bad.yaml'), HOSTILE.replace('severity: High', 'severity: Huge'));
  const run = (...args) => {
    try {
      return [0, execFileSync(process.execPath, [join(ROOT, 'dist/npm/cli.js'), 'catalogue', ...args], { encoding: 'utf8', stdio: 'pipe' })];
    } catch (error) {
      return [error.status, error.stderr];
    }
  };
  const [status, said] = run(folder, '-o', join(OUT, 'broken-site'));
  assert.equal(status, 1);
  assert.match(said, /bad\.yaml: it has errors/);
  assert.match(said, /twin\.yaml: .*good\.yaml has the same id/);
  rmSync(join(folder, 'good.yaml'));
  rmSync(join(folder, 'twin.yaml'));
  assert.equal(run(folder, '-o', join(OUT, 'none'))[0], 2);
  assert.equal(run(folder)[0], 2);
  assert.equal(run(folder, '-o', join(OUT, 'none'), '--base-url', 'javascript:alert(1)')[0], 2);
});
