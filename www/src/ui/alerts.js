// The story, and below it the findings: alerts of one rule over the same evidence are one line.

import { h, mount } from '../dom.js';
import { middle, number, plural, span, time } from '../format.js';
import { isFiltered } from '../filters.js';
import { canHide, eventCount, gaps } from '../gaps.js';
import { TACTICS, tacticName } from '../attack.js';
import { VERDICTS } from '../notes.js';
import { packsOf, unseen } from '../packs.js';
import { findings as folded } from '../engine/findings.js';
import { dash, severity, star } from './icons.js';
import { SEVERITIES } from '../severities.js';
import { Story, accountOf, principal } from './story.js';
import { VirtualTable } from './table.js';

const ORDERS = { principal: 'principal', rule: 'severity and rule', time: 'time' };

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
        { name: 'Severity', width: '124px', narrow: '108px' }, { name: 'First event', width: 'var(--time)', class: 'num mid' },
        { name: 'Alert', width: 'minmax(180px, 1fr)' }, { name: 'Entities', width: 'minmax(0, 200px)', class: 'wide' }, { name: 'Rows', width: '56px', class: 'num right mid' },
      ],
      load: (from, count) => this.#lines.slice(from, from + count),
      cells: (line) => (line.group ? this.#group(line) : this.#alert(line)),
      rowClass: (line) => (line.group ? 'group' : line.id === this.app.state.selection?.alert?.id ? 'selected' : ''),
      open: (line) => (line.group ? line.root && app.view.about('account', [line.root], principal(line.root)) : app.view.selectAlert(line.id)),
    });
    this.story = new Story(app);
    this.note = h('span', { role: 'status' });
    this.order = h('select', { 'aria-label': 'Alerts by', onchange: () => app.update({ order: this.order.value }) }, Object.entries(ORDERS).map(([value, text]) => h('option', { value }, `by ${text}`)));
    this.bar = h('p.note.toolbar', this.note, h('span.grow'), this.order);
    this.element = h('section.panel', { 'aria-label': 'Alerts' });
  }

  #group({ severity: name, title, count, under }) {
    return [severity(name), h('span.muted', plural(count, 'finding')), h('span.rulename', { title }, title), h('span.muted', under), ''];
  }

  #alert(line) {
    const { severity: grave, name, entities, rows, start, runs } = line;
    const { notes, local } = this.app.state;
    const note = notes[line.finding];
    return [
      severity(grave), time(start, local),
      h('span', { title: name }, note?.star && star(), note?.verdict && h('span.tag', VERDICTS[note.verdict]), name, runs.length > 1 && h('span.muted', ` in ${number(runs.length)} runs`)),
      h('span.muted', entities.map((e) => middle(e, 28)).join(', ')), number(rows),
    ];
  }

  render() {
    const { state } = this.app;
    const key = [state.alerts, state.view?.alertIds, state.phase, state.tab, state.alerts.length ? 0 : state.progress, state.selection, state.local, state.filters, state.story, state.order, state.notes];
    if (this.#key?.every((x, i) => x === key[i])) return;
    this.#key = key;
    if (!state.alerts.length) {
      mount(this.element, state.progress.reading ? this.#waiting() : this.#nothing());
      return;
    }
    const shown = visible(state);
    this.#lines = lines(findings(shown, state.story), state.order);
    this.table.reset(this.#lines.length);
    this.story.render(shown);
    const folded = this.#lines.filter(({ group }) => !group).length;
    mount(this.note, folded < shown.length ? `${plural(folded, 'finding')} in ${number(shown.length)} alerts: runs over the same evidence are one line.` : plural(folded, 'finding'));
    this.order.value = state.order;
    if (!shown.length) {
      mount(this.element, h('div.state', h('h2', `No alert matches the filters (${plural(state.alerts.length, 'alert')} in total)`),
        h('p', h('button', { onclick: () => this.app.view.filter({}) }, 'Clear filters'))));
    } else if (this.table.element.parentElement !== this.element) mount(this.element, this.story.element, this.bar, this.table.element);
  }

  #waiting() {
    const { progress } = this.app.state;
    return h('div.state', h('h2', 'No alerts so far'), h('p', `${number(progress.events)} events read. Still reading.`));
  }

  /** The answer "no alerts", with what was checked. */
  #nothing() {
    const { state } = this.app;
    const { progress, rules, local } = state;
    const active = rules.filter(({ enabled }) => enabled);
    if (!progress.totalFiles) return h('div.state');
    if (!progress.events) {
      return h('div.state', h('h2', 'No CloudTrail events found'),
        h('p', progress.problems ? `${plural(progress.totalFiles, 'file')} read with ${plural(progress.problems, 'problem')}.` : `${plural(progress.totalFiles, 'file')} read. None holds a CloudTrail event.`),
        progress.problems ? h('p', h('button', { onclick: () => this.app.showProblems() }, 'Show problems')) : null);
    }
    const found = gaps(state);
    const tactics = new Set(active.flatMap(({ card }) => card?.tactics ?? []));
    const unwatched = TACTICS.filter((tactic) => !tactics.has(tactic));
    return h('div.state.answer', h('h2', found.some(canHide) ? [dash(), ' '] : '', `No alerts from ${plural(active.length, 'rule')}${found.some(canHide) ? ' in what was read' : ''}`),
      h('dl.checked',
        h('dt', 'Rules'), h('dd', active.length <= 3 ? active.map((r) => r.card?.name ?? r.file).join(', ') : packsOf(active).map(([name, n]) => `${n} ${name}`).join(', ')),
        h('dt', 'They look for'), h('dd', [...tactics].map(tacticName).join(', ') || 'no tactic that they name'),
        unwatched.length > 0 && [h('dt', 'No rule looks for'), h('dd', unwatched.map(tacticName).join(', '))],
        h('dt', 'They cannot see'), h('dd', h('ul', unseen(active, progress.span ?? []).map((text) => h('li', text)))),
        h('dt', 'Events'), h('dd', `${number(eventCount(state))} from ${plural(progress.totalFiles, 'file')}`),
        progress.span && [h('dt', 'Time range'), h('dd', span(progress.span, local))],
        h('dt', 'Not read'), h('dd', found.length ? h('ul', found.map(({ text }) => h('li', text)), h('li', h('button.link', { onclick: () => this.app.showProblems() }, 'Show problems'))) : 'nothing: all was read')),
      h('p', unwatched.length > TACTICS.length / 2 ? 'This says little: most of what an attacker does, no active rule looks for. ' : '',
        'No event met the conditions of these rules. Other rules may find more; add them in the Rules tab.'));
  }
}

/** Alerts that pass the filters; which ones, the desk knows. */
export function visible({ alerts, filters, view }) {
  const filtered = isFiltered(filters);
  if (!filtered || !view?.alertIds) return alerts;
  const ids = new Set(view.alertIds);
  return alerts.filter(({ id }) => ids.has(id));
}

/** Findings, with who stands behind each as far as the story knows. */
function findings(alerts, story) {
  const roots = new Map(story?.findings.map(({ finding, root, others }) => [finding, { root, others }]));
  return folded(alerts).map((finding) => ({ root: finding.actors[0]?.who ?? '', others: 0, ...finding, ...roots.get(finding.finding) }));
}

const KEYS = { principal: ({ root }) => root, rule: ({ severity: grave, rule }) => `${rank(grave)}\n${rule}` };

/** Findings in their order, with a heading before each group of several. */
function lines(found, order) {
  const byTime = (a, b) => a.start - b.start || (a.id < b.id ? -1 : 1);
  if (order === 'time') return found.sort(byTime);
  const groups = Map.groupBy ? Map.groupBy(found, KEYS[order]) : grouped(found, KEYS[order]);
  const worst = (list) => Math.min(...list.map((finding) => rank(finding.severity)));
  const sorted = [...groups.values()].map((list) => list.sort((a, b) => rank(a.severity) - rank(b.severity) || byTime(a, b))).sort((a, b) => worst(a) - worst(b) || byTime(a[0], b[0]));
  return sorted.flatMap((list) => (list.length === 1 ? list : [heading(list, order), ...list]));
}

function heading(list, order) {
  const tactics = [...new Set(list.flatMap(({ tactics: of }) => (of ? of.split(/,\s*/) : [])))].map(tacticName).join(', ');
  return { group: true, severity: list[0].severity, title: order === 'rule' ? list[0].rule : `${principal(list[0].root)} ${accountOf(list[0].root)}`.trim(), count: list.length, under: tactics, root: order === 'principal' ? list[0].root : '' };
}

function grouped(list, keyOf) {
  const groups = new Map();
  for (const item of list) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
