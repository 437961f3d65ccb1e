// A case is saved, opened and kept; a report says what it stands on.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { accessible, add, allowClipboard, anotherPage, aPageForEachTest, download, event, file, page, scanOff, settled, site, type } from './support.js';

aPageForEachTest();

const LOG = `${scanOff(1)}\n${event(2)}`;
const mine = readFileSync(new URL('../../rules/AWS_ECRImageScanningDisabled.yaml', import.meta.url), 'utf8').replace('19602494', '59602494').replace(/name: .*/, 'name: A rule of mine');
const noted = async () => {
  await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head) >> nth=0');
  await page.click('.notes [data-key=star]');
  await page.selectOption('.notes select', 'benign');
  await type(page, '.notes textarea', 'Asked the team: planned.');
};

test('a case goes into a file and comes back with its logs; other logs are told', async () => {
  await add(page, file('mine.yaml', mine), file('a.ndjson', LOG));
  await settled(page);
  await noted();
  await page.click('.facet[data-column=EventName] button[title=PutImageScanningConfiguration]');
  await page.click('summary:has-text("Case")');
  const text = await download(page, () => page.click('text=Save case'));
  const saved = JSON.parse(text);
  assert.equal(saved.inputs[0].sha256, createHash('sha256').update(LOG).digest('hex'));
  assert.doesNotMatch(text, /eventVersion/, 'no event is in it');
  await page.close();
  await anotherPage();
  await add(page, file('case.forepost.json', text));
  await page.waitForFunction(() => /Case opened/.test(document.querySelector('.toast').dataset.last));
  // The same name and size, but other content.
  await add(page, file('a.ndjson', LOG.replace('DescribeInstances', 'DescribeInstancez')));
  await settled(page);
  await page.waitForSelector('text=1 file of the case not here');
  await page.click('text=Start over');
  await page.click('dialog .primary');
  await page.waitForSelector('.target');
  await page.evaluate(() => { document.querySelector('.toast').dataset.last = ''; });
  await add(page, file('case.forepost.json', text));
  await page.waitForFunction(() => /Case opened/.test(document.querySelector('.toast').dataset.last));
  await add(page, file('a.ndjson', LOG));
  await settled(page);
  assert.equal(await page.locator('text=of the case not here').count(), 0);
  await page.waitForFunction(() => document.querySelector('#tab-events .count')?.textContent === '1/2');
  await page.click('#panel-alerts .vt-row:has-text("benign")');
  assert.equal(await page.inputValue('.notes textarea'), 'Asked the team: planned.');
  assert.match(await page.textContent('#tab-rules .count'), /2/);
});

test('what is being typed into a note stays, with its caret, when the page draws', async () => {
  await add(page, file('a.ndjson', LOG));
  await settled(page);
  await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head) >> nth=0');
  await page.click('.notes textarea');
  await page.keyboard.type('Asked team.');
  for (let n = 0; n < 5; n += 1) await page.keyboard.press('ArrowLeft');
  // The star is pressed without taking the focus: the panel is drawn again.
  await page.$eval('.notes [data-key=star]', (star) => star.click());
  await page.waitForSelector('.notes [data-key=star][aria-pressed=true]');
  await page.keyboard.type('the ');
  assert.equal(await page.inputValue('.notes textarea'), 'Asked the team.');
  // And it is noted without leaving the field.
  await page.click('summary:has-text("Case")');
  const { notes } = JSON.parse(await download(page, () => page.click('text=Save case')));
  assert.equal(Object.values(notes)[0].text, 'Asked the team.');
});

test('a hostile case changes nothing', async () => {
  await add(page, file('x.forepost.json', '{"forepostCase":1,"inputs":[{"path":1}],"rules":[{"file":{}}],"notes":{"a":null,"__proto__":{"x":1}},"filters":{"values":{"EventName":[1]},"time":"x"},"tab":"<b>"}'));
  await page.waitForTimeout(300);
  await add(page, file('y.forepost.json', 'no case'));
  await page.waitForFunction(() => /no case of Forepost/.test(document.querySelector('.toast').dataset.last));
  await add(page, file('a.ndjson', LOG));
  await settled(page);
  assert.equal(await page.textContent('#tab-alerts .count'), '1');
});

test('a case is kept in the browser only if that is wanted, and forgotten', async () => {
  await add(page, file('a.ndjson', LOG));
  await settled(page);
  await noted();
  assert.deepEqual(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).filter((name) => name !== 'forepost')), []);
  await page.click('summary:has-text("Case")');
  await page.click('text=Keep in this browser');
  await page.click('dialog .primary');
  await page.waitForFunction(() => /is kept/.test(document.querySelector('.toast').dataset.last));
  await page.reload();
  await page.click('text=Open it');
  await settled(page);
  await page.waitForSelector('#panel-alerts .vt-row:has-text("benign")');
  await page.click('summary:has-text("Case")');
  await page.click('text=Forget kept case');
  await page.waitForFunction(() => /was removed/.test(document.querySelector('.toast').dataset.last));
  await page.close();
  await anotherPage();
  assert.equal(await page.locator('text=This browser keeps a case').count(), 0);
});

test('a report has summary, timeline, notes, rules with versions and inputs with hashes, as HTML and Markdown', async () => {
  const evil = 'x` | <b>*evil*';
  await add(page, file('a.ndjson', `${scanOff(1, { userIdentity: { type: 'IAMUser', userName: evil, arn: `arn:aws:iam::111122223333:user/${evil}` } })}\n{"a":1}`));
  await settled(page);
  await page.waitForSelector('.story li');
  await noted();
  await page.click('.take summary');
  const report = await download(page, () => page.click('text=Save as report >> visible=true'));
  const hash = createHash('sha256').update(`${scanOff(1, { userIdentity: { type: 'IAMUser', userName: evil, arn: `arn:aws:iam::111122223333:user/${evil}` } })}\n{"a":1}`).digest('hex');
  await allowClipboard();
  await page.click('.take summary');
  await page.click('text=Copy report as Markdown >> visible=true');
  await page.waitForFunction(() => /Copied/.test(document.querySelector('.toast').dataset.last));
  const text = await page.evaluate(() => navigator.clipboard.readText());
  for (const of of [report, text]) {
    for (const part of ['Summary', 'Timeline', 'Findings', 'Entities', 'Inputs', '1.0.2', hash, 'Asked the team: planned.', '1 problem while reading', 'not everything was read']) assert.ok(of.includes(part), part);
  }
  assert.doesNotMatch(text, /<b>|[^\\]`/, 'no markup of a log');
  const other = await site.context.newPage();
  await other.setContent(report);
  await accessible(other, 'report');
  await other.close();
});
