// Alerts, grouped by rule and severity.

import { h, mount } from '../dom.js';
import { middle, number, plural, span, time } from '../format.js';
import { SEVERITIES, dash, severity, tick } from './icons.js';
import { VirtualTable } from './table.js';

const rank = (name) => (SEVERITIES.indexOf(name) + 1 || 9);

export class AlertsPanel {
  #lines = [];
  #key;

  constructor(app) {
    this.app = app;
    this.table = new VirtualTable({
      label: 'Alerts by severity and rule',
      rowHeight: 32,
      columns: [
        { name: 'Severity', width: '124px' }, { name: 'First event', width: '170px', class: 'num' },
        { name: 'Alert', width: 'minmax(180px, 1fr)' }, { name: 'Entities', width: 'minmax(0, 200px)', class: 'wide' }, { name: 'Rows', width: '56px', class: 'num right' },
      ],
      load: (from, count) => this.#lines.slice(from, from + count),
      cells: (line) => (line.group ? this.#group(line) : this.#alert(line)),
      rowClass: (line) => (line.group ? 'group' : line.id === this.app.state.selection?.alert?.id ? 'selected' : ''),
      open: (line) => (line.group ? undefined : app.selectAlert(line.id)),
    });
    this.element = h('section.panel', { 'aria-label': 'Alerts' });
  }

  #group({ severity: name, rule, count, tactics }) {
    return [severity(name), h('span.muted', plural(count, 'alert')), h('span.rulename', { title: rule }, rule), h('span.muted', tactics), ''];
  }

  #alert(line) {
    const { severity: grave, name, entities, rows, start } = line;
    return [
      severity(grave), time(start, this.app.state.local),
      h('span', { title: name }, name),
      h('span.muted', entities.map((e) => middle(e, 28)).join(', ')), number(rows),
    ];
  }

  render() {
    const { state } = this.app;
    const key = [state.alerts, state.view?.alertIds, state.phase, state.tab, state.alerts.length ? 0 : state.progress, state.selection, state.local, state.filters];
    if (this.#key?.every((x, i) => x === key[i])) return;
    const before = this.#key;
    this.#key = key;
    if (!state.alerts.length) {
      mount(this.element, state.progress.reading ? this.#waiting() : this.#nothing());
      return;
    }
    const shown = visible(state);
    if (before?.[0] !== key[0] || before?.[1] !== key[1] || before?.[5] !== key[5] || before?.[6] !== key[6] || before?.[7] !== key[7]) {
      this.#lines = group(shown);
      this.table.reset(this.#lines.length);
    }
    if (!shown.length) {
      mount(this.element, h('div.state', h('h2', `No alert matches the filters (${plural(state.alerts.length, 'alert')} in total)`),
        h('p', h('button', { onclick: () => this.app.filter({}) }, 'Clear filters'))));
    } else if (this.table.element.parentElement !== this.element) mount(this.element, this.table.element);
  }

  #waiting() {
    const { progress } = this.app.state;
    return h('div.state', h('h2', 'No alerts so far'), h('p', `${number(progress.events)} events read. Still reading.`));
  }

  /** The answer "no alerts", with what was checked. */
  #nothing() {
    const { progress, rules, totals, local, concludeProblems } = this.app.state;
    const active = rules.filter(({ enabled }) => enabled);
    if (!progress.totalFiles) return h('div.state');
    if (!progress.events) {
      return h('div.state', h('h2', 'No CloudTrail events found'),
        h('p', progress.problems ? `${plural(progress.totalFiles, 'file')} read with ${plural(progress.problems, 'problem')}.` : `${plural(progress.totalFiles, 'file')} read. None holds a CloudTrail event.`),
        progress.problems ? h('p', h('button', { onclick: () => this.app.showProblems() }, 'Show problems')) : null);
    }
    const cancelled = this.app.engine.inputs.filter(({ status }) => status === 'cancelled').length;
    const sure = !progress.problems && !cancelled && !concludeProblems.length;
    return h('div.state.answer', h('h2', sure ? tick() : dash(), sure ? ' No alerts' : ' No alerts in what was read'),
      h('dl.checked',
        h('dt', 'Rules'), h('dd', active.length <= 3 ? active.map((r) => r.card?.name ?? r.file).join(', ') : plural(active.length, 'rule')),
        h('dt', 'Events'), h('dd', `${number(progress.events)} from ${plural(progress.totalFiles, 'file')}`),
        progress.span && [h('dt', 'Time range'), h('dd', span(progress.span, local))],
        h('dt', 'Problems'), h('dd', progress.problems ? h('button.link', { onclick: () => this.app.showProblems() }, plural(progress.problems, 'problem')) : 'none'),
        cancelled > 0 && [h('dt', 'Not read'), h('dd', `${plural(cancelled, 'file')}: reading was cancelled`)],
        concludeProblems.length > 0 && [h('dt', 'Rule problems'), h('dd', h('button.link', { onclick: () => this.app.showProblems() }, plural(concludeProblems.length, 'problem')))]),
      h('p.muted', 'No event met the conditions of these rules. Other rules may find more; add them in the Rules tab.',
        totals.full ? ' The rules ran on all events, including those the table does not show.' : ''));
  }
}

/** Alerts that pass the filters; which ones, the desk knows. */
export function visible({ alerts, filters, view }) {
  const filtered = filters.time || filters.text || Object.keys(filters.values ?? {}).length;
  if (!filtered || !view?.alertIds) return alerts;
  const ids = new Set(view.alertIds);
  return alerts.filter(({ id }) => ids.has(id));
}

function group(alerts) {
  const groups = new Map();
  for (const alert of alerts) {
    const key = `${alert.severity}\n${alert.rule}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(alert);
  }
  const sorted = [...groups.values()].sort(([a], [b]) => rank(a.severity) - rank(b.severity) || (a.rule < b.rule ? -1 : 1));
  return sorted.flatMap((list) => [
    { group: true, severity: list[0].severity, rule: list[0].rule, count: list.length, tactics: list[0].tactics },
    ...list.sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1)),
  ]);
}
