// What the page's tests share.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AxeBuilder, BROWSER, open, visit } from '../../www/browser.js';

export { BROWSER, open, visit };

/** Why a test cannot run where the browser is not Chromium, or false. */
export const needsChromium = (what) => BROWSER !== 'chromium' && `${BROWSER} cannot: ${what}`;

/** The site and, for each test, a new page of it. `aPageForEachTest` sets them. */
export let site;
export let page;

/** A page that knows nothing of the one before. */
export async function anotherPage(fragment) { page = await visit(site, fragment); }

/** Gives each test of the file a page, on which `prepare` may do something first. A page that the console or the policy complained about fails its test. */
export function aPageForEachTest(prepare = () => {}) {
  before(async () => { site = await open(); });
  after(() => site?.close());
  beforeEach(async () => {
    await anotherPage();
    await prepare();
  });
  afterEach(async () => {
    const { complaints } = page;
    await page.close();
    assert.deepEqual(complaints, [], 'the console and the policy have nothing to say');
  });
}

/** Does something on a page whose readers wait at each part of a file: on no machine are they done before they can be stopped. */
export const withSlowReaders = (act) => withWorker('reader', '{ const { arrayBuffer } = Blob.prototype; Blob.prototype.arrayBuffer = async function late() { await new Promise((go) => { setTimeout(go, 400); }); return arrayBuffer.call(this); }; }', act);

/** Does something on a page whose desk hears of what its readers found only later. */
export const withSlowDesk = (act) => withWorker('desk', `{
  const { set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage');
  Object.defineProperty(MessagePort.prototype, 'onmessage', { set(heard) { set.call(this, (e) => setTimeout(() => heard(e), 400)); } });
}`, act);

/** Does something on a page one of whose workers does something else first. */
async function withWorker(name, first, act) {
  const other = await open({ serviceWorkers: 'block' }); // no service worker answers before the route does
  const before = page;
  try {
    const built = join(ROOT, 'dist/www/assets');
    const worker = readFileSync(join(built, readdirSync(built).find((file) => file.startsWith(`${name}.worker`))), 'utf8');
    await other.context.route(`**/${name}.worker*.js`, (route) => route.fulfill({ body: `${first}\n${worker}`, contentType: 'text/javascript' }));
    page = await visit(other);
    await act();
    assert.deepEqual(page.complaints, [], 'the console and the policy have nothing to say');
  } finally {
    page = before;
    await other.close();
  }
}

export const ROOT = join(import.meta.dirname, '../..');
const shared = process.env.FOREPOST_SHARED ?? join(ROOT, '../shared');
/** Real logs, where they are at hand. */
export const SHARED = existsSync(join(shared, 'cloudtrail')) ? shared : undefined;

/** What the command says on the same input. */
export const forepost = (...args) => {
  try {
    return execFileSync(process.execPath, [join(ROOT, 'dist/npm/cli.js'), ...args], { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    if (error.status !== 1) throw error; // 1: ran, but some input was unreadable
    return error.stdout;
  }
};

export const lines = (text) => text.split('\n').filter(Boolean);

/** Waits until everything was read and concluded. */
export async function settled(page, timeout = 60_000) {
  await page.waitForFunction(() => {
    const status = document.querySelector('.status')?.textContent ?? '';
    return /no problems|\d (rule )?problem|Incomplete|cannot run/.test(status) && !document.querySelector('.status progress:not([hidden])');
  }, null, { timeout });
  // What is said comes a frame before what is drawn.
  await page.waitForFunction(() => {
    const said = /read: (\d+) alert/.exec(document.querySelector('.toast').dataset.last ?? '')?.[1];
    const drawn = document.querySelector('#tab-alerts .count')?.textContent.replaceAll(',', '').split('/').at(-1);
    return said !== undefined && said === drawn;
  }, null, { timeout });
  await drawn(page);
}

/** Waits until what the page knows now is drawn: it draws in a frame of its own, and tables in one more. */
export const drawn = (page) => page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(() => done())); }));

/** Waits until what `look` gives is `right`; fails with what it gave last. The page draws in a frame of its own after each key and click. */
export async function eventually(look, right, what) {
  const end = Date.now() + 10_000;
  let seen;
  do {
    seen = await look();
    if (right(seen)) return;
    await sleep(20);
  } while (Date.now() < end);
  assert.fail(`${what}: ${JSON.stringify(seen)}`);
}

/** The events that the status line tells. */
export const events = async (page) => Number((await page.textContent('.status')).match(/^(?:sample)?([\d,]+) events?/)[1].replaceAll(',', ''));

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** axe finds nothing on what the page shows, in both themes. */
export async function accessible(page, where) {
  for (const theme of ['light', 'dark']) {
    await looks(page, theme);
    // Legacy: axe opens no page of its own, which Firefox's driver does not bear.
    const { violations, incomplete } = await new AxeBuilder({ page }).setLegacyMode(true).withTags(STANDARDS).analyze();
    // A name on what has no role is only a doubt to axe, because some screen readers say it. Others do not.
    const nameless = incomplete.filter(({ id }) => id === 'aria-prohibited-attr');
    assert.deepEqual([...violations, ...nameless].map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}`), [], `${where}, ${theme}`);
  }
}

/** Light or dark. Firefox's driver cannot set what the system prefers: there the page's own switch does. */
export async function looks(page, theme) {
  if (BROWSER === 'chromium') await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  else await page.evaluate((name) => { document.documentElement.dataset.theme = name; }, theme);
  await page.waitForTimeout(150);
}

/** Fills a field as a person does, who leaves it then. */
export async function type(page, selector, text) {
  await page.click(selector);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
  await page.keyboard.press('Tab');
}

/** Lets the test read what was copied. Firefox is started so. */
export const allowClipboard = () => (BROWSER === 'chromium' ? site.context.grantPermissions(['clipboard-read', 'clipboard-write']) : undefined);

/** What a click saves. */
export async function download(page, act) {
  const [saved] = await Promise.all([page.waitForEvent('download'), act()]);
  const text = readFileSync(await saved.path(), 'utf8');
  await saved.delete(); // Firefox would call the next one of this name otherwise
  return text;
}

/** The page's alerts, as it saves them. */
export async function alerts(page) {
  if (/^Alerts0/.test((await page.textContent('#tab-alerts')).trim())) return [];
  await page.click('.take summary');
  return lines(await download(page, () => page.click('text=Save as NDJSON >> visible=true')));
}

/** One event as NDJSON. */
export const event = (n, more = {}) => JSON.stringify({
  eventVersion: '1.11', eventTime: new Date(Date.UTC(2026, 2, 10, 6) + n * 1000).toISOString().replace('.000', ''), eventSource: 'ec2.amazonaws.com',
  eventName: 'DescribeInstances', awsRegion: 'eu-west-1', sourceIPAddress: `192.0.2.${n % 200}`, userAgent: 'aws-cli', eventID: `0-${n}`,
  userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::111122223333:user/u${n % 30}`, userName: `u${n % 30}` }, ...more,
});

/** The event that the built-in rule is about. */
export const scanOff = (n, more = {}) => event(n, {
  eventSource: 'ecr.amazonaws.com', eventName: 'PutImageScanningConfiguration', recipientAccountId: '111122223333',
  requestParameters: { repositoryName: 'app', imageScanningConfiguration: { scanOnPush: false } }, ...more,
});

const given = mkdtempSync(join(tmpdir(), 'forepost-given-'));
process.on('exit', () => rmSync(given, { recursive: true, force: true }));
let files = 0;

/** The path of a file with this name. */
export function file(name, text) {
  const folder = join(given, String(files += 1));
  mkdirSync(folder);
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

export const add = (page, ...paths) => page.setInputFiles('#pick-files', paths);

/** Picks a folder. Firefox's driver cannot: there its files are picked. */
export const addFolder = (page, folder) => (BROWSER === 'chromium' ? page.setInputFiles('#pick-folder', folder) : add(page, ...filesIn(folder)));

export const filesIn = (folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
