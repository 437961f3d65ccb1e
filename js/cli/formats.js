// Alerts in the formats of `--format`.

import { actor, eventsOf, facts, renderAlert } from './alert.js';
import { parameters } from './parameters.js';
import { csvLine } from '../cells.js';
import { clean, count, markup, noStyle, time } from './terminal.js';

export const ALERT_FORMATS = ['pretty', 'ndjson', 'json', 'csv', 'md', 'html'];

const CSV_COLUMNS = ['StartTime', 'EndTime', 'AlertSeverity', 'AlertName', 'Tactics', 'Techniques', 'who', 'from', 'account', 'where', 'events', 'SystemAlertId'];

/**
 * Writes alerts as they come: `alert(alert, line)`, where `line` is its JSON; then `end(account)`, for a format that says at its
 * end what was read.
 */
export function alertWriter(format, { write }) {
  let written = 0;
  const nothing = () => undefined;
  switch (format) {
    case 'ndjson': return { alert: (_, line) => write(`${line}\n`), end: nothing };
    case 'json': return {
      alert: (_, line) => write(`${written++ === 0 ? '[\n' : ',\n'}${line}`),
      end: () => write(written === 0 ? '[]\n' : '\n]\n'),
    };
    case 'csv': return {
      alert: (alert) => write((written++ === 0 ? csvLine(CSV_COLUMNS) : '') + csvLine(csvCells(alert))),
      end: () => (written === 0 ? write(csvLine(CSV_COLUMNS)) : undefined),
    };
    case 'md': return {
      alert: (alert) => write(`${written++ === 0 ? '# Alerts\n\n' : ''}${markdown(alert)}\n`),
      end: (account) => write(`${written === 0 ? '# Alerts\n\n' : ''}## What was read\n\n${plain(account).map(listItem).join('')}`),
    };
    case 'html': return {
      alert: (alert) => write(`${written++ === 0 ? HTML_HEAD : ''}${html(alert)}`),
      end: (account) => write(`${written === 0 ? HTML_HEAD : ''}<h2>What was read</h2>\n<ul>${plain(account).map((line) => `<li>${markup(line)}</li>`).join('\n')}</ul>\n</body></html>\n`),
    };
    default: return { alert: (alert) => write(`${renderAlert(alert)}\n\n`), end: nothing };
  }
}

/** A line of a list of Markdown; one that belongs to the line above stands deeper. */
export const listItem = (line) => `${/^ */.exec(line)[0]}- ${md(line.trim())}\n`;

/** What was read, without the colours of a terminal. */
const plain = (account) => [...account.reading(undefined, noStyle), ...account.outcome(noStyle)];

function csvCells(alert) {
  const known = Object.fromEntries(facts(alert).map(({ label, value }) => [label, value]));
  return CSV_COLUMNS.map((name) => (name === 'events' ? eventsOf(alert).length : known[name] ?? alert[name] ?? ''));
}

/** Markdown's own characters, so that text from a log stays text. */
const md = (text) => clean(text).replace(/[\\`*_[\]<>|~]/g, '\\$&').replace(/^(?:[#+-]|\d+(?=[.)]))/, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`));

/** The table of an alert's events. */
const STEP_COLUMNS = ['time', 'call', 'error', 'by', 'on'];
const stepCells = ({ record = {} }) => [time(record.eventTime), record.eventName, record.errorCode, actor(record), parameters(record.requestParameters)].map((cell) => cell ?? '');

function markdown(alert) {
  const events = eventsOf(alert);
  const line = (cells) => `| ${cells.join(' | ')} |\n`;
  const rows = facts(alert).map(({ label, value }) => line([label, md(value)])).join('');
  const steps = events.map((event) => line(stepCells(event).map(md))).join('');
  return `## ${md(alert.AlertSeverity)}: ${md(alert.AlertName)}\n\n${alert.Description ? `${String(alert.Description).trim().split(/\r?\n/).map(md).join('\n')}\n\n` : ''}|  |  |\n| --- | --- |\n${rows}`
    + (events.length > 0 ? `\n${line(STEP_COLUMNS)}${line(STEP_COLUMNS.map(() => '---'))}${steps}` : '');
}

const HTML_HEAD = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Alerts</title>
<style>
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 }
td, th { border-top: 1px solid #8884; padding: .2rem .6rem .2rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere }
</style></head><body>
<h1>Alerts</h1>
`;

function html(alert) {
  const events = eventsOf(alert);
  const rows = facts(alert).map(({ label, value }) => `<tr><th>${markup(label)}</th><td>${markup(value)}</td></tr>`).join('\n');
  const steps = events.map((event) => `<tr>${stepCells(event).map((cell) => `<td>${markup(cell)}</td>`).join('')}</tr>`).join('\n');
  return `<h2>${markup(alert.AlertSeverity)}: ${markup(alert.AlertName)}</h2>
${alert.Description ? `<p>${String(alert.Description).trim().split(/\r?\n/).map(markup).join('<br>\n')}</p>\n` : ''}<table>${rows}</table>
<details><summary>${count(events.length, 'event')}</summary><table><tr>${STEP_COLUMNS.map((name) => `<th>${name}</th>`).join('')}</tr>
${steps}</table></details>
`;
}
