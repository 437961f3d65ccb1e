// The report for a ticket: one content, as an HTML file that opens offline and as Markdown. HTML is built as a document of nodes, so that text stays
// text, and its own policy lets nothing run or load.

import { mdLine } from 'forepost/cells.js';
import { stringifyExact } from 'forepost/json.js';
import { visible, visibleLines } from 'forepost/visible.js';
import { tacticName } from './attack.js';
import { entityName } from './engine/alerts.js';
import { described } from './filters.js';
import { bytes, number, plural, span, time, until } from './format.js';
import { canHide, eventCount, gaps, repeats } from './gaps.js';
import { VERDICTS } from './notes.js';
import { cellsOf } from './ui/matrix.js';
import { sentence } from './ui/story.js';

const EVENTS = 50;             // evidence events of a finding that the HTML has
const COLUMNS = 6;             // a table with more is a list
const ROWS = 20;

const words = (text) => { try { return [].concat(JSON.parse(text || '[]')); } catch { return [text]; } };
const show = (value) => (value === null || value === undefined ? '' : typeof value === 'string' ? value : stringifyExact(value));

/** All that a report says. `alerts` are details of the first run of each finding, `total` how many findings there are. */
export function contentOf(alerts, total, state, inputs) {
  const { progress, rules, story, filters, notes, supplied } = state;
  const active = rules.filter(({ enabled }) => enabled);
  const ids = new Set(alerts.map(({ id }) => id));
  const shown = state.alerts.filter(({ id }) => ids.has(id));
  const runs = new Map();
  for (const { finding } of state.alerts) runs.set(finding, (runs.get(finding) ?? 0) + 1);
  const rank = (name) => ['High', 'Medium', 'Low', 'Informational'].indexOf(name);
  const sorted = [...alerts].sort((a, b) => rank(a.severity) - rank(b.severity) || a.start - b.start);
  const found = gaps(state);
  return {
    title: plural(total, 'finding'),
    scope: `${plural(eventCount(state), 'CloudTrail event')} from ${plural(progress.totalFiles, 'file')}${progress.span ? `, ${span(progress.span)}` : ''}; ${plural(active.length, 'rule')} active; ${
      found.some(canHide) ? 'not everything was read' : 'everything was read'}.`,
    filters: described(filters),
    missing: [...found.map(({ text }) => text), repeats(state), alerts.length < total && `this report has the first ${number(alerts.length)} of ${number(total)} findings`].filter(Boolean),
    summary: (story?.groups ?? []).filter((group) => group.ids.some((id) => ids.has(id))).map((group) => `${group.severity}: ${sentence(group).map((part) => part.text ?? part).join('')}`),
    timeline: [...alerts].sort((a, b) => a.start - b.start).map(({ start, end, severity, name }) => [`${time(start)}${end > start ? ` → ${until(start, end)}` : ''}`, severity, name]),
    findings: sorted.map((line) => {
      const { alert, entities, details, rule, events, eventTotal, resultRows, start, end, finding } = line;
      const { verdict, star, text } = notes[finding] ?? {};
      return {
        title: `${alert.AlertSeverity}: ${alert.DisplayName}`,
        description: alert.Description?.replace(/^'([^]*)'$/, '$1') ?? '',
        facts: [['Rule', rule], ['Events', `${time(start)}${end > start ? ` → ${until(start, end)}` : ''}`], runs.get(finding) > 1 && ['Runs', `${runs.get(finding)} over the same evidence`],
          ['ATT&CK', [...alert.Tactics.split(/,\s*/).map(tacticName), ...words(alert.Techniques), ...words(alert.SubTechniques)].filter(Boolean).join(', ')],
          ['Entities', entities.map((e) => `${e.Type} ${entityName(e)}`).join(', ')],
          ...Object.entries(details).map(([name, value]) => [name, [].concat(value).map(String).join(', ')]),
          verdict && ['Verdict', VERDICTS[verdict]], star && ['Starred', 'yes'], text && ['Note', text], ['Alert id', alert.SystemAlertId]].filter((pair) => pair && pair[1]),
        rows: resultRows, events, eventTotal,
      };
    }),
    entities: [...new Map(alerts.flatMap(({ entities }) => entities.map((e) => [`${e.Type}\n${entityName(e)}`, [e.Type, entityName(e)]]))).values()].sort((a, b) => (a.join() < b.join() ? -1 : 1)),
    attack: [...cellsOf(rules, shown)].filter(([, cell]) => cell.alerts).map(([tactic, { alerts: n, techniques }]) => [tacticName(tactic), n, [...techniques].filter(([, cell]) => cell.alerts).map(([id]) => id).join(', ')]),
    rules: rules.map(({ card, file, enabled, broken, builtIn, text, original }) => [card?.name ?? file, card?.version || '', card?.id ?? '', broken ? 'cannot run' : enabled ? 'ran' : 'off', `${builtIn ? 'built in' : file}${text !== original ? ', edited' : ''}`]),
    supplied: supplied.map(({ name, path, rows, size, sha256 }) => [name ?? '', name === undefined ? 'function' : 'table', name === undefined ? '' : number(rows), path, bytes(size), sha256 ?? '']),
    inputs: inputs.map(({ path, size, events, status, problemCount, sha256 }) => [path, bytes(size), number(events), status === 'cancelled' ? 'not read to the end' : problemCount ? plural(problemCount, 'problem') : 'read', sha256 ?? '']),
  };
}

const TABLES = [
  ['timeline', 'Timeline', ['Time (UTC)', 'Severity', 'Finding']], ['entities', 'Entities', ['Type', 'Name']], ['attack', 'ATT&CK', ['Tactic', 'Alerts', 'Techniques']],
  ['rules', 'Rules', ['Rule', 'Version', 'Id', 'State', 'Source']], ['supplied', 'Tables and functions', ['Name', 'Kind', 'Rows', 'File', 'Size', 'SHA-256']], ['inputs', 'Inputs', ['File', 'Size', 'Events', 'State', 'SHA-256']],
];

/** As Markdown, for a ticket. */
export function markdown(content) {
  // What a log says is no markup.
  const safe = (text) => visible(text).replace(/[\\`*_<>[\]#|]/g, '\\$&');
  const table = ([name, title, head]) => (content[name].length ? `\n## ${title}\n\n${mdLine(head)}${mdLine(head.map(() => '---')).replaceAll('\\', '')}${content[name].map(mdLine).join('')}` : '');
  const [timeline, ...rest] = TABLES;
  return `# ${content.title}\n\n${safe(content.scope)}\n${content.filters.length ? `\nFilters: ${safe(content.filters.join('; '))}\n` : ''}${content.missing.length ? `\n${content.missing.map((text) => `- **${safe(text)}**\n`).join('')}` : ''}
## Summary\n\n${content.summary.map((text) => `- ${safe(text)}\n`).join('') || 'No principal is known.\n'}${table(timeline)}
## Findings\n${content.findings.map(({ title, description, facts, eventTotal }) => `\n### ${safe(title)}\n\n${safe(description)}\n\n${facts.map(([name, value]) => `- ${safe(name)}: ${safe(value)}\n`).join('')}- Evidence: ${plural(eventTotal, 'event')}\n`).join('')}${rest.map(table).join('')}`;
}

const STYLE = `:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}body{max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.15rem;border-top:1px solid #8886;padding-top:1rem;margin-top:2rem}h3{font-size:1rem;margin:1.5rem 0 .25rem}table{border-collapse:collapse;width:100%;font-size:.85rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #8884;overflow-wrap:anywhere}th{font-weight:600}td:last-child,th:last-child{overflow-wrap:anywhere}
pre{font-size:.8rem;overflow:auto;background:#8881;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere}dl{display:grid;grid-template-columns:minmax(5rem,max-content) minmax(0,1fr);gap:.15rem 1rem}dt{opacity:.75}dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer;padding:4px 0}li,td,dd,h3,p{unicode-bidi:isolate}@media print{body{margin:0;max-width:none;font-size:11px}h2,h3{break-after:avoid}tr,dl{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}}`;

/** As one HTML file. */
export function html(content) {
  const page = document.implementation.createHTMLDocument(`Forepost: ${content.title}`);
  const el = (tag, ...children) => {
    const element = page.createElement(tag);
    element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== '').map((c) => (typeof c === 'string' ? visibleLines(c) : typeof c === 'number' ? String(c) : c)));
    return element;
  };
  const meta = (attributes) => {
    const element = page.createElement('meta');
    Object.entries(attributes).forEach(([k, v]) => element.setAttribute(k, v));
    return element;
  };
  const grid = (head, rows) => el('table', el('thead', el('tr', head.map((c) => el('th', c)))), el('tbody', rows.map((row) => el('tr', row.map((c) => el('td', show(c)))))));
  const pairs = (list) => el('dl', list.map(([name, value]) => [el('dt', name), el('dd', value)]));
  const table = ([name, title, head]) => (content[name].length ? [el('h2', title), grid(head, content[name])] : []);
  page.documentElement.lang = 'en';
  page.head.prepend(meta({ charset: 'utf-8' }), meta({ 'http-equiv': 'Content-Security-Policy', content: "default-src 'none'; style-src 'unsafe-inline'" }), meta({ name: 'viewport', content: 'width=device-width' }));
  const [timeline, ...rest] = TABLES;
  page.body.append(el('main', el('h1', content.title), el('p', content.scope), content.filters.length ? el('p', `Filters: ${content.filters.join('; ')}`) : '',
    content.missing.length ? el('ul', content.missing.map((text) => el('li', el('b', text)))) : '',
    el('h2', 'Summary'), content.summary.length ? el('ul', content.summary.map((text) => el('li', text))) : el('p', 'No principal is known.'),
    ...table(timeline), el('h2', 'Findings'),
    ...content.findings.flatMap(({ title, description, facts, rows, events, eventTotal }) => [el('h3', title), el('p', description), pairs(facts), resultOf(rows, grid, pairs, el),
      events.length ? el('details', el('summary', `Evidence: ${plural(eventTotal, 'event')}${eventTotal > EVENTS ? ` (first ${EVENTS} shown)` : ''}`), events.slice(0, EVENTS).map(({ record }) => el('pre', JSON.stringify(record, (_, v) => (typeof v === 'bigint' ? String(v) : v), 2)))) : '']),
    ...rest.flatMap(table), el('p', 'Created by Forepost. This file loads nothing and runs no scripts.')));
  // The style is put in as text: as an element it would fall under this page's own policy.
  return `<!doctype html>\n${page.documentElement.outerHTML.replace('</head>', () => `<style>${STYLE}</style></head>`)}\n`;
}

/** Result rows: a table if it is narrow enough to be read, else a list a row, without what is empty. */
function resultOf(rows, grid, pairs, el) {
  if (!rows.length) return '';
  const columns = Object.keys(rows[0]).filter((name) => rows.some((row) => show(row[name]) !== ''));
  const few = rows.slice(0, ROWS);
  const more = rows.length > ROWS ? el('p', `and ${plural(rows.length - ROWS, 'more row')}`) : '';
  const shown = columns.length <= COLUMNS ? grid(columns, few.map((row) => columns.map((name) => row[name])))
    : few.map((row) => pairs(columns.map((name) => [name, show(row[name])]).filter(([, value]) => value !== '')));
  return el('details', el('summary', plural(rows.length, 'result row')), shown, more);
}
