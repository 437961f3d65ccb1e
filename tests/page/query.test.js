// The Query tab: statements, the clock, values in completion, charts, and from a row to its event.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, add, aPageForEachTest, event, eventually, file, page, settled } from './support.js';

aPageForEachTest(async () => {
  await add(page, file('a.ndjson', Array.from({ length: 40 }, (_, n) => event(n * 600, n % 4 ? {} : { eventName: 'ListUsers', errorCode: 'AccessDenied' })).join('\n')));
  await settled(page);
  await page.click('#tab-query');
  await page.waitForSelector('.query .editor >> .cm-content');
});

const write = async (text) => {
  await page.click('.query .editor');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
  await page.keyboard.press('Escape');
};
const end = async () => { await page.click('.query .editor'); await page.keyboard.press('ControlOrMeta+End'); };
const run = async (text) => {
  await write(text);
  await page.click('text=Run query');
  await page.waitForFunction(() => /in [\d,]+ ms/.test(document.querySelector('.query .toolbar [role=status]')?.textContent) || document.querySelector('.result [role=alert]'));
  return page.textContent('.query .toolbar [role=status]');
};

test('the statement at the cursor runs, and its errors point into the text', async () => {
  const said = await run('let n = 3;\n\nAWSCloudTrail\n| take n\n\nprint second = 2');
  assert.match(said, /^1 row .*the statement at the cursor/);
  await write('print a = 1\n\nAWSCloudTrail | where EventNam == "x"');
  await page.waitForSelector('.query .editor >> .cm-lintRange-error');
  assert.equal(await page.locator('.query .editor >> .cm-lintRange-error').count(), 1);
  await page.click('text=Run query');
  await page.click('.result [role=alert] .link');
  assert.equal(await page.evaluate(() => { const root = document.querySelector('.query .editor').shadowRoot; return (root.getSelection?.() ?? getSelection()).toString(); }), 'EventNam');
});

test('text that is typed or put over coloured text breaks no policy, and brackets still go around it', async () => {
  const text = () => page.evaluate(() => [...document.querySelector('.query .editor').shadowRoot.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n'));
  const over = async (act) => { await page.click('.query .editor'); await page.keyboard.press('ControlOrMeta+a'); await act(); };
  await write('print a = "x"');
  await page.waitForSelector('.query .editor >> .cm-line span');
  await over(() => page.keyboard.insertText('print b = 1\n\nprint c = 2'));
  assert.equal(await text(), 'print b = 1\n\nprint c = 2');
  await over(() => page.keyboard.type('print'));
  assert.equal(await text(), 'print');
  await page.keyboard.press('Escape');
  await over(() => page.keyboard.type('('));
  assert.equal(await text(), '(print)');
  await page.keyboard.press('ControlOrMeta+z');
  assert.equal(await text(), 'print');
  await over(() => page.keyboard.press('Backspace'));
  assert.equal((await text()).includes('print'), false);
});

test('the clock stands at the end of the data, and that is said', async () => {
  const said = await run('AWSCloudTrail | where TimeGenerated > ago(1h) | count');
  assert.match(said, /now\(\) is the end of the data, 2026-03-10 12:30:00Z/);
  await eventually(() => page.textContent('.result .vt-body'), (rows) => rows === '6', 'what is counted');
});

test('a text is completed with values of its column, and never with keywords', async () => {
  await write('AWSCloudTrail | where EventName == ');
  await end();
  await page.keyboard.type('"L');
  await page.waitForSelector('.query .editor >> .cm-tooltip-autocomplete');
  assert.equal(await page.textContent('.query .editor >> .cm-tooltip-autocomplete'), 'ListUsers');
  await page.keyboard.press('Escape');
  await write('AWSCloudTrail | where UserAgent == ');
  await end();
  await page.keyboard.type('"Des');
  await page.waitForTimeout(500);
  assert.equal(await page.locator('.query .editor >> .cm-tooltip-autocomplete').count(), 0);
});

test('render draws lines and bars, and says what it does not draw', async () => {
  await run('AWSCloudTrail | summarize Events = count() by bin(TimeGenerated, 1h), EventName | render timechart');
  assert.equal(await page.locator('.chart polyline').count(), 2);
  await run('AWSCloudTrail | summarize Events = count() by EventName | sort by Events desc | render barchart');
  assert.deepEqual(await page.$$eval('.bars li', (all) => all.map((e) => e.textContent)), ['DescribeInstances30', 'ListUsers10']);
  await accessible(page, 'charts');
  await run('AWSCloudTrail | summarize count() by EventName | render treemap');
  assert.match(await page.textContent('.result'), /render treemap is not drawn here/);
});

test('empty columns are hidden, what tells most comes first, and a row opens its event', async () => {
  const said = await run('AWSCloudTrail | take 5');
  assert.match(said, /\d+ empty columns hidden/);
  assert.equal(await page.textContent('.result [role=columnheader] >> nth=0'), 'TimeGenerated');
  await page.click('.result .vt-body .vt-row >> nth=0');
  await page.waitForSelector('.detail h2');
  assert.equal(await page.getAttribute('#tab-query', 'aria-selected'), 'true');
});
