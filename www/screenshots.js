// node www/screenshots.js OUT: pictures of the page's main states, to look at. Needs a built page and Chromium.

import { mkdirSync } from 'node:fs';
import { open, visit } from './browser.js';

const [out = 'tests/out/page'] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const site = await open();

const settled = (page) => page.waitForFunction(() => /no problems|\d problem/.test(document.querySelector('.status')?.textContent ?? '')
  && !document.querySelector('progress:not([hidden])'), null, { timeout: 30_000 }).then(() => page.waitForTimeout(700));

const event = (n, more = {}) => JSON.stringify({
  eventVersion: '1.11', eventTime: new Date(Date.UTC(2026, 2, 10, 6) + n * 1000).toISOString().replace('.000', ''), eventSource: 'ec2.amazonaws.com', eventName: 'DescribeInstances',
  awsRegion: 'eu-west-1', sourceIPAddress: `192.0.2.${n % 200}`, userAgent: 'aws-cli', eventID: `0-${n}`, userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::111122223333:user/u${n % 30}`, userName: `u${n % 30}` }, ...more,
});
const lines = (count, more) => Array.from({ length: count }, (_, n) => event(n, more)).join('\n');

const BAD_RULE = `id: 11111111-2222-4333-8444-555555555555
name: Console sign-in without a second factor
description: A person signed in without MFA.
severity: High
kind: Scheduled
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
version: 1.0.0
tactics: [InitialAccess]
relevantTechniques: [T1078]
query: |
  AWSCloudTrail
  | where EventNam == "ConsoleLogin"
`;

const states = {
  empty: async () => {},
  loading: async (page) => {
    const big = lines(120_000);
    await page.setInputFiles('#pick-files', Array.from({ length: 1 }, (_, n) => ({ name: `big-${n}.ndjson`, mimeType: 'text/plain', buffer: Buffer.from(big) })), { timeout: 120_000 });
    await page.waitForFunction(() => document.querySelector('progress:not([hidden])')?.value > 25, null, { timeout: 20_000, polling: 20 });
  },
  alerts: async (page) => { await page.click('text=Try the sample'); await settled(page); },
  why: async (page) => {
    await states.alerts(page);
    await page.click('.vt-row:not(.group):not(.vt-head)');
    await page.waitForSelector('.stages');
    await page.click('.why .toolbar button');
    await page.waitForFunction(() => /over all events in the table/.test(document.querySelector('.why').textContent));
  },
  evidence: async (page) => {
    await states.why(page);
    await page.click('.why .expr');
    await page.evaluate(() => { document.querySelector('.detail details.event').open = true; document.querySelector('.detail details.event').scrollIntoView(); });
    await page.waitForTimeout(300);
  },
  whynot: async (page) => {
    await states.alerts(page);
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await page.click('text=eventName >> nth=0').catch(() => {});
    await page.fill('input[type=search]', 'PutImageScanningConfiguration');
    await page.waitForTimeout(800);
    await page.click('#panel-events .vt-body .vt-row >> nth=1');
    await page.waitForSelector('.stages');
  },
  entity: async (page) => { await states.alerts(page); await page.click('.story .link >> nth=0'); await page.waitForSelector('.detail .factlist'); },
  attack: async (page) => { await states.alerts(page); await page.click('#tab-attack'); await page.waitForTimeout(400); },
  events: async (page) => { await states.alerts(page); await page.click('#tab-events'); await page.waitForTimeout(400); },
  query: async (page) => {
    await states.alerts(page);
    await page.click('#tab-query');
    await page.waitForSelector('.query .editor');
    await page.waitForTimeout(600);
    await page.click('text=Run query');
    await page.waitForTimeout(800);
  },
  rules: async (page) => { await states.alerts(page); await page.click('#tab-rules'); await page.waitForTimeout(900); },
  badrule: async (page) => {
    await states.alerts(page);
    await page.setInputFiles('#pick-files', { name: 'console.yaml', mimeType: 'text/yaml', buffer: Buffer.from(BAD_RULE) });
    await page.waitForTimeout(1500);
  },
  error: async (page) => {
    await page.setInputFiles('#pick-files', [
      { name: 'cut.json', mimeType: 'application/json', buffer: Buffer.from(`{"Records":[${event(1)},${event(2).slice(0, 80)}`) },
      { name: 'picture.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0]) },
      { name: 'damaged.json.gz', mimeType: 'application/gzip', buffer: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]) },
      { name: 'good.ndjson', mimeType: 'text/plain', buffer: Buffer.from(lines(300)) },
    ]);
    await settled(page);
    await page.click('.status .link');
  },
  nothing: async (page) => {
    await page.setInputFiles('#pick-files', { name: 'quiet.ndjson', mimeType: 'text/plain', buffer: Buffer.from(lines(2000)) });
    await settled(page);
  },
  zoomed: async (page) => { await states.whynot(page); },
  help: async (page) => { await states.alerts(page); await page.keyboard.press('?'); },
};

const only = process.env.ONLY?.split(',');
for (const [name, go] of Object.entries(states).filter(([name]) => !only || only.includes(name))) {
  const page = await visit(site);
  try {
    await go(page);
    for (const [width, height] of name === 'zoomed' ? [[720, 450]] : [[1440, 900], [1024, 800], [390, 844]]) {
      await page.setViewportSize({ width, height });
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        await page.waitForTimeout(name === 'loading' ? 60 : 200);
        await page.screenshot({ path: `${out}/${name}-${width}-${colorScheme}.png` });
      }
    }
    if (page.complaints.length) console.log(name, page.complaints);
  } catch (error) {
    console.log(name, String(error).slice(0, 600), page.complaints);
    await page.screenshot({ path: `${out}/${name}-failed.png` });
    process.exitCode = 1;
  }
  await page.close();
}
await site.close();
