// The page at each width, without a mouse, from a file, and on paper.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT, accessible, anotherPage, aPageForEachTest, eventually, events, needsChromium, page, settled, site } from './support.js';

aPageForEachTest();

test('nothing lies outside at any width from 320 to 1600 pixels', { timeout: 180_000 }, async () => {
  for (const state of ['empty', 'alerts', 'detail', 'events', 'attack', 'query', 'rules']) {
    if (state === 'detail') await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head)');
    else if (state === 'alerts') {
      await page.click('text=Try the sample');
      await settled(page);
    } else if (state !== 'empty') {
      await page.keyboard.press('Escape');
      await page.click(`#tab-${state}`);
    }
    await page.waitForTimeout(300);
    for (const width of [320, 390, 600, 768, 901, 1024, 1100, 1280, 1600]) {
      await page.setViewportSize({ width, height: 800 });
      await page.waitForTimeout(100);
      const outside = await page.evaluate(() => {
        const scrolls = (e) => { for (let a = e.parentElement; a; a = a.parentElement) if (/auto|scroll/.test(getComputedStyle(a).overflowX) && a.clientWidth < a.scrollWidth) return true; return false; };
        const found = [...document.querySelectorAll('button, input, select, summary, h1, h2, .sev')].filter((e) => e.checkVisibility() && !e.closest('.offscreen') && !e.matches('.exclude, .skip')).filter((e) => {
          const box = e.getBoundingClientRect();
          return box.width && (box.right > innerWidth + 1 || box.left < -1) && !scrolls(e);
        }).map((e) => `${e.tagName} ${e.textContent.slice(0, 20)}`);
        if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
        const name = document.querySelector('#panel-alerts:not([hidden]) .vt-body .vt-row:not(.group) > div:nth-child(3)');
        if (name?.checkVisibility() && name.clientWidth < 90) found.push(`a name has ${name.clientWidth} px`);
        return found;
      });
      assert.deepEqual(outside, [], `${state} at ${width}`);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  }
});

test('single keys can be turned off, and that stays', async () => {
  await page.keyboard.press('?');
  await page.click('dialog input[type=checkbox]');
  await page.keyboard.press('Escape');
  await page.keyboard.press('s');
  await page.waitForTimeout(500);
  assert.equal(await page.locator('.vt').count(), 0);
  await page.reload();
  await page.waitForSelector('.ready li');
  await page.keyboard.press('s');
  await page.waitForTimeout(500);
  assert.equal(await page.locator('.vt').count(), 0);
  await page.click('[aria-label="Keys ?"]');
  await page.click('dialog input[type=checkbox]');
  await page.keyboard.press('Escape');
  await page.keyboard.press('s');
  await settled(page);
  assert.equal(await events(page), 425);
});

test('the focus is never lost', async () => {
  const at = () => page.evaluate(() => document.activeElement.tagName);
  await page.focus('text=Try the sample');
  await page.keyboard.press('Enter');
  await settled(page);
  const somewhere = (what) => eventually(at, (tag) => tag !== 'BODY', what);
  await somewhere('after the sample');
  for (const [keys, tab] of [['ga', 'alerts'], ['ge', 'events'], ['gt', 'attack'], ['gr', 'rules']]) {
    await page.keyboard.press(keys[0]);
    await page.keyboard.press(keys[1]);
    await page.waitForSelector(`#panel-${tab}:not([hidden])`);
    await somewhere(keys);
  }
  await page.keyboard.press('/');
  await page.keyboard.press('Escape');
  await somewhere('after the search');
});

test('a click and Enter open the row that is seen, whatever came and is not drawn yet', async () => {
  await page.click('text=Try the sample');
  await settled(page);
  await page.waitForSelector('.story li');
  const names = () => page.$$eval('#panel-alerts .vt-body .vt-row', (all) => all.map((e) => (e.matches('.group') ? '' : e.children[2].textContent)));
  await page.selectOption('[aria-label="Alerts by"]', 'time');
  await eventually(names, (all) => all.length && !all.includes(''), 'by time');
  const after = await names();
  for (const how of ['click', 'Enter']) {
    await page.selectOption('[aria-label="Alerts by"]', 'principal');
    await eventually(names, (all) => all.includes(''), 'by principal');
    const before = await names();
    // The page takes the other order, and the table has not drawn it.
    await page.evaluate(() => {
      window.held = [];
      window.inTime = window.requestAnimationFrame;
      window.requestAnimationFrame = (draw) => window.held.push(draw);
      const order = document.querySelector('[aria-label="Alerts by"]');
      order.value = 'time';
      order.dispatchEvent(new Event('change'));
      for (const draw of window.held.splice(0)) draw();
    });
    assert.deepEqual(await names(), before);
    const place = before.findIndex((name, at) => name && name !== after[at]);
    await page.evaluate(([at, by]) => {
      if (by === 'click') document.querySelectorAll('#panel-alerts .vt-body .vt-row')[at].click();
      else {
        const table = document.querySelector('#panel-alerts .vt');
        for (const key of ['Home', ...Array(at).fill('ArrowDown'), 'Enter']) table.dispatchEvent(new KeyboardEvent('keydown', { key }));
      }
      window.requestAnimationFrame = window.inTime;
      for (const draw of window.held.splice(0)) draw();
    }, [place, how]);
    await eventually(() => page.textContent('.detail h2').catch(() => ''), (title) => title === before[place], how);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.detail', { state: 'hidden' });
  }
});

test('opened as a file, the page says what to do', async () => {
  const other = await site.context.newPage();
  await other.goto(pathToFileURL(join(ROOT, 'dist/www/index.html')).href);
  await other.waitForFunction(() => /Serve its folder/.test(document.getElementById('app').textContent));
  await other.close();
});

test('on paper there is the story and what is open, and nothing to press', { skip: needsChromium('show what is for paper') }, async () => {
  await page.click('text=Try the sample');
  await settled(page);
  await page.waitForSelector('.story li');
  await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head)');
  await page.waitForSelector('.stages');
  await page.emulateMedia({ media: 'print' });
  const shown = (selector) => page.locator(selector).first().isVisible();
  assert.equal(await shown('.story'), true);
  assert.equal(await shown('.detail'), true);
  for (const selector of ['.sidebar', '.splitter', '.actions', '.tabs', '.toolbar']) assert.equal(await shown(selector), false, selector);
});

test('the line between list and detail moves by keys, by a drag and by a click, and stays', async () => {
  await page.click('text=Try the sample');
  await settled(page);
  await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head)');
  await page.waitForSelector('.detail .stages');
  const width = () => page.$eval('.detail', (e) => e.getBoundingClientRect().width / innerWidth);
  const near = (share, what) => eventually(width, (now) => Math.abs(now - share) < 0.02, what);
  await near(0.4, 'at first');
  await page.focus('.splitter');
  await page.keyboard.press('ArrowLeft');
  await near(0.42, 'wider');
  assert.equal(await page.getAttribute('.splitter', 'aria-valuenow'), '42');
  assert.equal(await page.locator('.detail').isVisible(), true);
  const box = await page.locator('.splitter').boundingBox();
  await page.mouse.move(box.x + 4, box.y + 200);
  await page.mouse.down();
  await page.mouse.move(1440 * 0.5, box.y + 200, { steps: 5 });
  await page.mouse.up();
  await near(0.5, 'dragged');
  await page.click('.splitter');
  await near(0.4, 'clicked');
  await page.click('.splitter');
  await near(0.6, 'clicked again');
  await page.waitForTimeout(3200);
  await accessible(page, 'splitter');
  await page.close();
  await anotherPage();
  await page.click('text=Try the sample');
  await settled(page);
  await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head)');
  await near(0.6, 'in another page');
});
