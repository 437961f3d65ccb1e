// Thousands of small files, as a trail of an organisation has them: each is read once, and the work does not grow with messages.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, addFolder, aPageForEachTest, event, events, needsChromium, page, scanOff, settled } from './support.js';

aPageForEachTest();

const FILES = 1200;
const EACH = 3;

test('many small files: each is read once, and a few messages tell of them all', { timeout: 300_000, skip: needsChromium('pick a folder') }, async () => {
  const folder = join(ROOT, 'tests/out/many');
  rmSync(folder, { recursive: true, force: true });
  for (let f = 0; f < FILES; f += 1) {
    const within = join(folder, `day-${f % 20}`);
    mkdirSync(within, { recursive: true });
    writeFileSync(join(within, `${f}.json`), JSON.stringify({ Records: Array.from({ length: EACH }, (_, n) => JSON.parse((f % 600 === 0 && n === 0 ? scanOff : event)(f * EACH + n))) }));
  }
  await page.evaluate(() => {
    window.work = { whole: 0, parts: 0, asked: 0, messages: 0, sent: 0, jobs: 0, brought: 0 };
    const { stream } = Blob.prototype;
    Blob.prototype.stream = function counted() { window.work.whole += 1; return stream.call(this); };
    for (const name of ['arrayBuffer', 'slice']) { const act = Blob.prototype[name]; Blob.prototype[name] = function counted(...args) { window.work.parts += 1; return act.apply(this, args); }; }
    const { get } = Object.getOwnPropertyDescriptor(Blob.prototype, 'size');
    Object.defineProperty(Blob.prototype, 'size', { get() { window.work.asked += 1; return get.call(this); } });
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function counted(message, ...rest) {
      window.work.sent += 1;
      for (const job of message.jobs ?? []) { window.work.jobs += 1; if (job.bytes) window.work.brought += 1; }
      return postMessage.call(this, message, ...rest);
    };
    const { set } = Object.getOwnPropertyDescriptor(Worker.prototype, 'onmessage');
    Object.defineProperty(Worker.prototype, 'onmessage', { set(heard) { set.call(this, (e) => { if (e.data.type) window.work.messages += 1; heard(e); }); } });
  });
  await addFolder(page, folder);
  await settled(page, 200_000);
  assert.equal(await events(page), FILES * EACH);
  assert.equal(await page.textContent('#tab-alerts .count'), '1');
  const { whole, parts, asked, messages, sent, jobs, brought } = await page.evaluate(() => window.work);
  assert.equal(whole, FILES, 'each is read once, as a whole, when it is looked at');
  assert.equal(parts, 0);
  assert.equal(asked, 0, 'nobody waits for the size of a file');
  assert.equal(jobs, FILES);
  assert.equal(brought, FILES, 'and what was read goes to the reader');
  assert.ok(sent < 100, `${sent} messages to workers`);
  assert.ok(messages < FILES / 6, `${messages} messages of readers`);
  // From a row to its file: many files go to the desk in one message.
  await page.click('#tab-events');
  await page.click('#panel-events .vt-body .vt-row >> nth=4');
  const file = await page.waitForFunction(() => /day-\d+\/(\d+)\.json/.exec(document.querySelector('.detail')?.textContent)?.[1]);
  const place = Number(await file.jsonValue());
  assert.equal(place, Math.floor(4 / EACH));
  rmSync(folder, { recursive: true, force: true });
});
