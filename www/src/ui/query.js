// Any KQL over the events that are kept.

import { copy, h, mount, save } from '../dom.js';
import { middle, number, plural } from '../format.js';
import { csv } from '../csv.js';
import { VirtualTable } from './table.js';

const LIMIT = 50_000;
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
    const { engine, columns, functions } = this.app;
    this.#editor = createEditor({
      host: this.host, text: this.text, language: 'kql', label: 'KQL query over the loaded events', columns, functions,
      diagnose: (text) => (text.trim() ? engine.ask('diagnose', text) : Promise.resolve([])),
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
    const text = this.text;
    try {
      this.#show(await this.app.engine.ask('query', text, LIMIT));
    } catch (error) {
      this.status.textContent = '';
      mount(this.take);
      const found = error.diagnostics?.length ? error.diagnostics : [error];
      mount(this.out, h('div.state', { role: 'alert' }, error.code === 'stopped' ? h('p', 'Stopped.') : [h('h2', 'The query failed'), found.map(({ message, hint, code, start, end }) =>
        h('p', h('span.bad', code, ' '), message, hint ? ` (${hint})` : '', start !== undefined && end > start
          ? [' ', h('button.link.mono', { onclick: () => this.#editor?.select(start, end) }, middle(text.slice(start, end), 60))] : null))]));
    }
    this.#running = false;
    this.run.disabled = false;
    this.stop.hidden = true;
  }

  #show({ columns, rows, total, events, ms }) {
    const kept = this.app.state.totals;
    this.status.textContent = `${plural(total, 'row')} from ${plural(events, 'event')} in ${number(Math.round(ms))} ms${kept.full ? ' (first events only)' : ''}${total > rows.length ? `; the first ${number(rows.length)} are shown` : ''}`;
    mount(this.take,
      h('button.small', { onclick: () => save('forepost-query.csv', new Blob([csv(columns.map((c) => c.name), rows)], { type: 'text/csv' })) }, 'Save as CSV'),
      h('button.small', { onclick: () => copy(csv(columns.map((c) => c.name), rows), this.app.say) }, 'Copy'));
    if (!columns.length) return mount(this.out);
    const numeric = (type) => ['long', 'int', 'real', 'decimal'].includes(type);
    const text = (value) => (value === null ? '' : typeof value === 'object' ? JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)) : String(value));
    const table = new VirtualTable({
      label: 'Query result',
      columns: columns.map(({ name, type }) => ({ name: h('span', { title: type }, name), width: numeric(type) ? 'minmax(90px, .5fr)' : type === 'datetime' ? '240px' : 'minmax(130px, 1fr)', class: numeric(type) ? 'num right' : type === 'datetime' ? 'num' : '' })),
      load: (from, count) => rows.slice(from, from + count),
      cells: (row) => row.map((value) => h('span', { title: text(value) }, middle(text(value), 80))),
      open: (row) => copy(columns.map(({ name }, i) => `${name}: ${text(row[i])}`).join('\n'), this.app.say),
    });
    table.element.style.setProperty('--min', `${columns.length * 120}px`);
    table.reset(rows.length);
    mount(this.out, table.element);
  }
}
