// Export: alerts as NDJSON, CSV and a report, and a link to the view.

import { h, save } from './dom.js';
import { report } from './report.js';

const REPORTED = 300;          // alerts in a report

/** Ways to save alerts: `[name, act]`. */
export const alertFiles = (ids, app) => [
  ['Save as NDJSON', async () => save('forepost-alerts.ndjson', await app.engine.ask('alertFile', 'ndjson', ids))],
  ['Save as CSV', async () => save('forepost-alerts.csv', await app.engine.ask('alertFile', 'csv', ids))],
  ['Save as report', async () => {
    const alerts = await Promise.all(ids.slice(0, REPORTED).map((id) => app.engine.ask('alert', id)));
    save('forepost-report.html', new Blob([report(alerts.filter(Boolean), ids.length, app.state)], { type: 'text/html' }));
  }],
];

export const menu = (alerts, app) => h('div.menu', { role: 'menu' }, alertFiles(alerts.map(({ id }) => id), app).map(([name, act]) => h('button', { role: 'menuitem', onclick: act }, name)));

/** Bytes as text for a link. */
const toText = (bytes) => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const through = async (bytes, stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

const MAX_LINK = 200_000;      // characters of a link that is read

/** A link to this view: the tab, the filters, the query, and rules that were edited or added. Never an event. */
export async function link({ tab, filters, rules }, query) {
  const own = rules.filter(({ builtIn, text, original }) => !builtIn || text !== original);
  const view = { tab, filters, query, rules: own.map(({ file, text }) => ({ file, text })) };
  const bytes = await through(new TextEncoder().encode(JSON.stringify(view)), new CompressionStream('deflate-raw'));
  return `${location.href.split('#')[0]}#v1=${toText(bytes)}`;
}

/** The view in a link's fragment, or undefined. The link is untrusted: its shape is checked. */
export async function fromLink(fragment) {
  const text = /^#v1=([\w-]+)$/.exec(fragment)?.[1];
  if (!text || text.length > MAX_LINK) return undefined;
  try {
    const bytes = await through(toBytes(text), new DecompressionStream('deflate-raw'));
    const { tab, filters = {}, query, rules = [] } = JSON.parse(new TextDecoder().decode(bytes));
    const isText = (value) => typeof value === 'string';
    const values = Object.fromEntries(Object.entries(filters.values ?? {}).filter(([, words]) => Array.isArray(words) && words.every(isText)));
    const time = Array.isArray(filters.time) && filters.time.length === 2 && filters.time.every(Number.isFinite) ? filters.time : undefined;
    return {
      tab: ['alerts', 'events', 'query', 'rules'].includes(tab) ? tab : undefined,
      filters: { values, time, text: isText(filters.text) ? filters.text : undefined },
      query: isText(query) ? query : undefined,
      rules: Array.isArray(rules) ? rules.filter(({ file, text: t } = {}) => isText(file) && isText(t)).slice(0, 50) : [],
    };
  } catch {
    return undefined;
  }
}
