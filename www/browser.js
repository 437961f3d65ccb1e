// For tests and screenshots: serves the built page on loopback and starts Debian's Chromium or Firefox.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

export { default as AxeBuilder } from '@axe-core/playwright';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--enable-precise-memory-info'];

/** Which browser: chromium, or firefox. */
export const BROWSER = process.env.BROWSER ?? 'chromium';

/** How many times slower pages are than they could be: SLOW=6. Chromium's processor slows down, and in each browser what is drawn comes late. A test that fails then looks only once. */
const SLOW = Number(process.env.SLOW ?? 1);
const LATE_MS = 40;            // that a frame comes late, times SLOW

/** `{url, context, close()}`; the context is a fresh profile. */
export async function open(options = {}) {
  const server = await preview({ root: import.meta.dirname, configFile: join(import.meta.dirname, 'vite.config.js'), logLevel: 'error', preview: { host: '127.0.0.1', port: 0, strictPort: false } });
  const { context, close: leave } = await launch(options);
  const url = server.resolvedUrls.local[0];
  const close = async () => {
    await leave();
    await new Promise((resolve) => { server.httpServer.close(resolve); server.httpServer.closeAllConnections(); });
  };
  return { url, context, close };
}

/** `{context, close()}`: a browser with a fresh profile. */
export async function launch(options = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'forepost-page-'));
  const wanted = { viewport: { width: 1440, height: 900 }, timezoneId: 'UTC', acceptDownloads: true, ...options };
  const context = BROWSER === 'firefox' ? await (await import('./firefox.js')).launchFirefox(profile, wanted)
    : await chromium.launchPersistentContext(profile, { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS, ...wanted });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, close };
}

/** A new page; whatever it says on the console as an error, or its policy forbids, is in `complaints`. */
export async function visit({ url, context }, fragment = '') {
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => { if (message.type() === 'error') page.complaints.push(message.text()); });
  page.on('pageerror', (error) => page.complaints.push(String(error.stack ?? error)));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  if (SLOW > 1) await slowDown(page, context);
  await page.goto(`${url}${fragment}`);
  await page.waitForSelector('.ready li, .vt, .rulecard', { timeout: 60_000 });
  return page;
}

/** As on a machine with other work to do. */
async function slowDown(page, context) {
  if (BROWSER === 'chromium') await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: SLOW });
  await page.addInitScript((late) => {
    const inTime = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (draw) => setTimeout(() => inTime(draw), late);
    window.cancelAnimationFrame = clearTimeout;
  }, LATE_MS * SLOW);
}
