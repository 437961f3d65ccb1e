// Export: alerts as NDJSON, CSV and a report, and a link to the view.

import { withHashes } from './case.js';
import { copy, h, save } from './dom.js';
import { findings } from './engine/findings.js';
import { canHide, gaps } from './gaps.js';
import { contentOf, html, markdown } from './report.js';
import { inWords } from './supplied.js';

/** The views of what was read. */
export const TABS = ['alerts', 'events', 'attack', 'query', 'rules'];

const REPORTED = 300;          // findings in a report

/** A file that does not hold everything says so by its name. */
const named = (name, ending, { state }) => `forepost-${name}${gaps(state).some(canHide) ? '-incomplete' : ''}.${ending}`;

/** The report's content: a run of each finding, the inputs with their hashes. */
async function contentFor(ids, app) {
  const chosen = new Set(ids);
  const found = findings(app.state.alerts.filter(({ id }) => chosen.has(id)));
  const alerts = await Promise.all(found.slice(0, REPORTED).map(({ id }) => app.engine.ask('alert', id)));
  await withHashes(app.state.supplied);
  return contentOf(alerts.filter(Boolean), found.length, app.state, await withHashes(app.engine.inputs));
}

/** Ways to save alerts: `[name, act]`. */
export const alertFiles = (ids, app) => [
  ['Save as NDJSON', async () => save(named('alerts', 'ndjson', app), await app.engine.ask('alertFile', 'ndjson', ids))],
  ['Save as CSV', async () => save(named('alerts', 'csv', app), await app.engine.ask('alertFile', 'csv', ids))],
  ['Save as report', async () => save(named('report', 'html', app), new Blob([html(await contentFor(ids, app))], { type: 'text/html' }))],
  ['Copy report as Markdown', async () => copy(markdown(await contentFor(ids, app)), app.say)],
];

/** Ways to save the events that pass the filters. */
const eventFiles = (app) => [
  ['Save events as NDJSON', async () => save(named('events', 'ndjson', app), await app.engine.ask('events', 'ndjson'))],
  ['Save events as CSV', async () => save(named('events', 'csv', app), await app.engine.ask('events', 'csv'))],
];

const items = (list) => list.map(([name, act]) => h('button', { role: 'menuitem', onclick: act }, name));

export const menu = (alerts, app) => h('div.menu', { role: 'menu' }, items(alertFiles(alerts.map(({ id }) => id), app)), items(eventFiles(app)));

/** Bytes as text for a link. */
const toText = (bytes) => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const through = async (bytes, stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

const MAX_LINK = 200_000;      // characters of a link that is read
const MAX_RULES = 500;
/** What some mail and chat programs cut. */
export const LONG_LINK = 8000;

/**
 * A link to this view: the tab, the filters, the query, rules that were edited or added, and which ones are off. Never an event. `left` says what it
 * does not hold.
 */
export async function link({ tab, filters, rules, local, supplied }, query) {
  const own = rules.filter(({ builtIn, text, original }) => !builtIn || text !== original).map(({ file, text }) => ({ file, text }));
  const off = rules.filter(({ enabled, broken }) => !enabled && !broken).map(({ file }) => file);
  const url = async (view) => {
    const bytes = await through(new TextEncoder().encode(JSON.stringify(view)), new CompressionStream('deflate-raw'));
    return `${location.href.split('#')[0]}#v1=${toText(bytes)}`;
  };
  const whole = await url({ tab, filters, query, rules: own.slice(0, MAX_RULES), off, local });
  const fits = whole.length <= MAX_LINK && own.length <= MAX_RULES;
  const left = [!fits && (own.length === 1 ? 'the rule' : `the ${own.length} rules`), supplied.length && `the ${inWords(supplied)}`].filter(Boolean).join(' and ');
  return { url: fits ? whole : await url({ tab, filters, query, rules: [], off, local }), left };
}

/** The view in a link's fragment; undefined if there is none, with `error` if it cannot be read. The link is untrusted: its shape is checked. */
export async function fromLink(fragment) {
  if (!fragment.startsWith('#v1=')) return undefined;
  const text = /^#v1=([\w-]+)$/.exec(fragment)?.[1];
  if (!text) return { error: 'The link is damaged: it was cut or changed on its way.' };
  if (text.length > MAX_LINK) return { error: 'The link is too long to be read.' };
  try {
    const view = JSON.parse(new TextDecoder().decode(await through(toBytes(text), new DecompressionStream('deflate-raw'))));
    return checkedView(view);
  } catch {
    return { error: 'The link is damaged: it was cut or changed on its way.' };
  }
}

const isText = (value) => typeof value === 'string';

/** What a link or a case says of the view, as far as it has the right shape. */
export function checkedView({ tab, filters, query, rules, off, local }) {
  const lists = (of) => Object.fromEntries(Object.entries(Object(of)).filter(([, words]) => Array.isArray(words) && words.length && words.every(isText)));
  const { values, not, time, text } = Object(filters);
  return {
    tab: TABS.includes(tab) ? tab : undefined,
    filters: { values: lists(values), not: lists(not), time: Array.isArray(time) && time.length === 2 && time.every(Number.isFinite) ? time : undefined, text: isText(text) ? text : undefined },
    query: isText(query) ? query : undefined,
    rules: Array.isArray(rules) ? rules.filter((rule) => isText(rule?.file) && isText(rule?.text)).map(({ file, text: t }) => ({ file, text: t })) : [],
    off: Array.isArray(off) ? off.filter(isText) : [],
    local: local === true,
  };
}
