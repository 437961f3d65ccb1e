// Debian's Firefox for tests. Playwright's own Firefox is a download, and its driver of the stock one, over WebDriver BiDi, is ahead of what
// Firefox can: two differences are bridged here.

import { createRequire } from 'node:module';
import { firefox } from 'playwright-core';

const { ws } = createRequire(import.meta.url)('playwright-core/lib/utilsBundle');

const PREFERENCES = {
  'ui.prefersReducedMotion': 1,
  'layout.css.prefers-color-scheme.content-override': 1, // light
  'dom.events.testing.asyncClipboard': true,             // the clipboard without a question
  'app.normandy.enabled': false, 'app.update.enabled': false, 'browser.region.update.enabled': false, 'datareporting.policy.dataSubmissionEnabled': false,
  'services.settings.server': 'data:,#', 'toolkit.telemetry.enabled': false, 'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false,
};

/** Firefox knows no command that sets media features: it is answered here. What Playwright sends by itself, the preferences have. */
const { send, emit } = ws.prototype;
ws.prototype.send = function answered(text, ...rest) {
  const { id, method } = typeof text === 'string' ? JSON.parse(text) : {};
  if (method !== 'emulation.setMediaFeaturesOverride') return send.call(this, text, ...rest);
  setImmediate(() => this.emit('message', Buffer.from(JSON.stringify({ type: 'success', id, result: {} })), false));
};

/** Firefox gives a download of a blob no id, without which Playwright passes over it. */
ws.prototype.emit = function named(event, data, ...rest) {
  if (event !== 'message' || !data.includes('"browsingContext.download')) return emit.call(this, event, data, ...rest);
  const { params, ...message } = JSON.parse(data);
  return emit.call(this, event, Buffer.from(JSON.stringify({ ...message, params: { ...params, download: params.download ?? params.navigation ?? params.url } })), ...rest);
};

export const launchFirefox = (profile, options) => firefox.launchPersistentContext(profile, {
  channel: 'moz-firefox', executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr', firefoxUserPrefs: PREFERENCES, ...options,
});
