// Any KQL over the events that are kept.

import { copy, h, mount, save } from '../dom.js';
import { middle, number, plural, time } from '../format.js';
import { csv } from '../csv.js';
import { isFiltered } from '../filters.js';
import { suppliedNames } from '../supplied.js';
import { chart } from './chart.js';
import { renderOf, statementAt, statements } from './statements.js';
import { VirtualTable } from './table.js';

const LIMIT = 50_000;
const MANY = 20;               // columns: then those that tell most come first
const FIRST = ['TimeGenerated', 'EventName', 'EventSource', 'UserIdentityArn', 'SourceIpAddress', 'ErrorCode', 'AWSRegion', 'AwsEventId'];
const EXAMPLES = [
  ['Most common actions', 'AWSCloudTrail\n| summarize Events = count() by EventName, EventSource\n| top 20 by Events'],
  ['Failed calls by user', 'AWSCloudTrail\n| where isnotempty(ErrorCode)\n| summarize Failures = count() by UserIdentityArn, EventName, ErrorCode\n| sort by Failures desc'],
  ['Users and their IP addresses', 'AWSCloudTrail\n| summarize Events = count(), First = min(TimeGenerated), Last = max(TimeGenerated) by UserIdentityArn, SourceIpAddress\n| sort by Events desc'],
];

export class QueryPanel {
  #editor;
  #running = false;

  constructor(app) {
    this.app = app;
    this.host = h('div.editor');
    this.run = h('button.primary', { onclick: () => this.go() }, 'Run query');
    this.stop = h('button', { onclick: () => app.engine.ask('stop'), hidden: true }, 'Stop');
    this.status = h('span.muted', { role: 'status' }, 'Press Ctrl+Enter to run the query.');
    this.take = h('span');
    this.out = h('div.result');
    this.element = h('section.panel.query', { 'aria-label': 'Query' }, this.host,
      h('p.toolbar', this.run, this.stop, this.status, h('span.grow'), this.take,
        h('label.offscreen', { for: 'examples' }, 'Examples'),
        h('select', { id: 'examples', onchange: (e) => { if (e.target.value) this.set(e.target.value); e.target.value = ''; } },
          h('option', { value: '' }, 'Examples'), EXAMPLES.map(([name, text]) => h('option', { value: text }, name)))),
      this.out);
    this.text = EXAMPLES[0][1];
  }

  set(text) {
    this.text = text;
    if (this.#editor) { this.#editor.text = text; this.#editor.focus(); }
  }

  /** The editor's code comes when it is first needed. */
  async render() {
    if (this.app.state.tab !== 'query' || this.#editor || this.loading) return;
    this.loading = true;
    const { createEditor } = await import('./editor.js');
    const { engine, columns, functions, logTables } = this.app;
    this.#editor = createEditor({
      host: this.host, text: this.text, language: 'kql', label: 'KQL query over the loaded events', columns, logTables, functions, supplied: () => suppliedNames(this.app.state.supplied),
      diagnose: async (text) => (await Promise.all(statements(text).map(async ({ start, end }) =>
        (await engine.ask('diagnose', text.slice(start, end))).map((found) => ({ ...found, start: found.start + start, end: found.end + start }))))).flat(),
      words: (column) => this.app.state.view?.facets.find(({ name }) => name === column)?.words.map(([word]) => word).filter(Boolean) ?? [],
      changed: (text) => { this.text = text; },
      run: () => this.go(),
    });
    if (this.app.state.tab === 'query') this.#editor.focus();
  }

  focus() { this.#editor?.focus(); }

  progress(events) { if (this.#running) this.status.textContent = `${number(events)} events read …`; }

  async go() {
    if (this.#running || !this.text.trim()) return;
    this.#running = true;
    this.run.disabled = true;
    this.stop.hidden = false;
    this.status.textContent = 'Running …';
    const part = statementAt(this.text, this.#editor?.place ?? 0);
    const text = this.text.slice(part.start, part.end);
    let clock = { before: '' };
    try {
      clock = await this.#clock(text);
      this.#show(await this.app.engine.ask('query', `${clock.before}${text}`, LIMIT), renderOf(text), [clock.said, isFiltered(this.app.state.filters) && 'over all events: filters do not apply here', statements(this.text).length > 1 && 'the statement at the cursor'].filter(Boolean));
    } catch (error) {
      this.status.textContent = '';
      mount(this.take);
      const found = error.diagnostics?.length ? error.diagnostics : [error];
      mount(this.out, h('div.state', { role: 'alert' }, error.code === 'stopped' ? h('p', 'Stopped.') : [h('h2', 'The query failed'), found.map(({ message, hint, code, start, end }) =>
        h('p', h('span.bad', code, ' '), message, hint ? ` (${hint})` : '', start !== undefined && end > start && start >= clock.before.length
          ? [' ', h('button.link.mono', { onclick: () => this.#editor?.select(start - clock.before.length + part.start, end - clock.before.length + part.start) }, middle(text.slice(start - clock.before.length, end - clock.before.length), 60))] : null))]));
    }
    this.#running = false;
    this.run.disabled = false;
    this.stop.hidden = true;
  }

  /** Logs are of the past: the clock of a query stands at the end of the data, and that is said. */
  async #clock(text) {
    if (!/\b(?:ago|now)\s*\(/.test(text) || /\bquery_now\b/.test(text)) return { before: '' };
    const [, end] = await this.app.engine.ask('span');
    if (!end) return { before: '' };
    return { before: `set query_now = datetime(${new Date(end).toISOString()});\n`, said: `now() is the end of the data, ${time(end, this.app.state.local)}` };
  }

  #show({ columns: given, rows: all, total, events, ms }, render, notes) {
    const kept = this.app.state.totals;
    // Columns without a value say nothing, and those that tell most come first where there are many.
    const order = given.map((_, i) => i);
    const full = order.filter((i) => !all.length || all.some((row) => row[i] !== null && row[i] !== ''));
    const rank = (i) => { const at = FIRST.indexOf(given[i].name); return at < 0 ? FIRST.length : at; };
    const shownColumns = given.length > MANY ? [...full].sort((a, b) => rank(a) - rank(b) || a - b) : full;
    const columns = shownColumns.map((i) => given[i]);
    const rows = all.map((row) => shownColumns.map((i) => row[i]));
    const hidden = given.length - full.length;
    this.status.textContent = `${plural(total, 'row')} from ${plural(events, 'event')} in ${number(Math.round(ms))} ms${kept.full ? ' (first events only)' : ''}${total > rows.length ? `; the first ${number(rows.length)} are shown` : ''}${hidden ? `; ${plural(hidden, 'empty column')} hidden` : ''}${notes.map((text) => `; ${text}`).join('')}`;
    mount(this.take,
      h('button.small', { onclick: () => save('forepost-query.csv', new Blob([csv(given.map((c) => c.name), all)], { type: 'text/csv' })) }, 'Save as CSV'),
      h('button.small', { onclick: () => copy(csv(given.map((c) => c.name), all), this.app.say) }, 'Copy'));
    if (!columns.length) return mount(this.out);
    const numeric = (type) => ['long', 'int', 'real', 'decimal'].includes(type);
    const text = (value) => (value === null ? '' : typeof value === 'object' ? JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)) : String(value));
    const table = new VirtualTable({
      label: 'Query result',
      columns: columns.map(({ name, type }) => ({ name: h('span', { title: type }, name), width: numeric(type) ? 'minmax(90px, .5fr)' : type === 'datetime' ? '240px' : 'minmax(130px, 1fr)', class: numeric(type) ? 'num right' : type === 'datetime' ? 'num' : '' })),
      load: (from, count) => rows.slice(from, from + count),
      cells: (row) => row.map((value) => h('span', { title: text(value) }, middle(text(value), 80))),
      open: (row) => this.#open(columns, row),
    });
    table.element.style.setProperty('--min', `${columns.length * 120}px`);
    table.reset(rows.length);
    mount(this.out, chart(render, columns, rows, this.app.state.local), table.element);
  }

  /** From a row to its event. */
  async #open(columns, row) {
    const at = columns.findIndex(({ name }) => name === 'AwsEventId');
    if (at < 0) return this.app.say('The row names no event. Keep AwsEventId in the result to open its event.');
    const found = await this.app.engine.ask('locate', row[at]);
    if (found < 0) return this.app.say('The events table does not hold this event.');
    await this.app.view.selectEvent(found);
  }
}
