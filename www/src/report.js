// A report of alerts as one HTML file that opens offline. It is built as a document of nodes, so that text stays text,
// and its own policy lets nothing run or load.

import { entityName } from './engine/alerts.js';
import { visibleLines } from 'forepost/visible.js';
import { number, plural, span, time } from './format.js';
import { canHide, eventCount, gaps, repeats } from './gaps.js';

const STYLE = `:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;border-top:1px solid #8886;padding-top:1rem;margin-top:2rem}table{border-collapse:collapse;width:100%;font-size:.85rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #8884;overflow-wrap:anywhere}th{font-weight:600}
pre{font-size:.8rem;overflow:auto;background:#8881;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere}.muted{opacity:.75}dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem}dd{margin:0;overflow-wrap:anywhere}summary{cursor:pointer}@media print{details{display:block}}`;

export function report(alerts, total, state) {
  const { progress, rules } = state;
  const page = document.implementation.createHTMLDocument('Forepost: alerts');
  const el = (tag, ...children) => {
    const element = page.createElement(tag);
    element.append(...children.flat().filter((c) => c !== null && c !== undefined).map((c) => (typeof c === 'string' ? visibleLines(c) : c)));
    return element;
  };
  const meta = (attributes) => {
    const element = page.createElement('meta');
    Object.entries(attributes).forEach(([k, v]) => element.setAttribute(k, v));
    return element;
  };
  page.documentElement.lang = 'en';
  page.head.prepend(meta({ charset: 'utf-8' }), meta({ 'http-equiv': 'Content-Security-Policy', content: "default-src 'none'; style-src 'unsafe-inline'" }), meta({ name: 'viewport', content: 'width=device-width' }));
  const active = rules.filter(({ enabled }) => enabled);
  page.body.append(el('h1', plural(total, 'alert')),
    el('p', `${number(eventCount(state))} CloudTrail events from ${plural(progress.totalFiles, 'file')}${progress.span ? `, ${span(progress.span)}` : ''}; ${plural(active.length, 'rule')} active; ${gaps(state).some(canHide) ? 'not everything was read' : 'everything was read'}.`),
    el('ul', [...gaps(state).map(({ text }) => el('li', text)), ...(repeats(state) ? [el('li', repeats(state))] : [])]),
    el('p', 'Created by Forepost. This file loads nothing and runs no scripts.'));
  if (alerts.length < total) page.body.append(el('p', `This report has the first ${number(alerts.length)} alerts.`));
  for (const { alert, entities, details, rule, resultRows, events, eventTotal } of alerts) {
    const columns = Object.keys(resultRows[0] ?? {});
    const pair = (name, ...value) => [el('dt', name), el('dd', ...value)];
    const show = (value) => (typeof value === 'string' ? value : JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)));
    page.body.append(el('h2', `${alert.AlertSeverity}: ${alert.DisplayName}`), el('p', alert.Description), el('dl',
      pair('Rule', rule), pair('First event', time(Date.parse(alert.StartTime))), pair('Last event', time(Date.parse(alert.EndTime))),
      pair('MITRE', [alert.Tactics, alert.Techniques, alert.SubTechniques].filter((t) => t && t !== '[]').join(' ')),
      pair('Entities', entities.map((e) => `${e.Type}: ${entityName(e)}`).join('; ')),
      Object.entries(details).flatMap(([name, value]) => pair(name, [].concat(value).map(String).join(', '))),
      pair('Alert id', alert.SystemAlertId)));
    if (columns.length) {
      page.body.append(el('table', el('thead', el('tr', columns.map((c) => el('th', c)))),
        el('tbody', resultRows.map((row) => el('tr', columns.map((c) => el('td', show(row[c]) ?? '')))))));
    }
    if (events.length) page.body.append(el('details', el('summary', `Evidence: ${plural(eventTotal, 'event')}${eventTotal > 50 ? ' (first 50 shown)' : ''}`), events.slice(0, 50).map(({ record }) => el('pre', JSON.stringify(record, (_, v) => (typeof v === 'bigint' ? String(v) : v), 2)))));
  }
  // The style is put in as text: as an element it would fall under this page's own policy.
  return `<!doctype html>\n${page.documentElement.outerHTML.replace('</head>', () => `<style>${STYLE}</style></head>`)}\n`;
}
