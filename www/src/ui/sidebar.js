// Alerts by severity, the filters that are on, and for each column its values with counts.

import { h, mount } from '../dom.js';
import { middle, number, time } from '../format.js';
import { isFiltered, nameOf } from '../filters.js';
import { close, minus, severity } from './icons.js';
import { SEVERITIES } from '../severities.js';

const SHOWN = 8;

/** Without what all of them have; the title has the whole. */
const short = (name, word) => (name === 'EventSource' ? word.replace(/\.amazonaws\.com$/, '') : name === 'User' ? word.replace(/^assumed-role\//, '') : word);

export class Sidebar {
  #key;
  #open = new Set();

  constructor(app) {
    this.app = app;
    this.search = h('input', { type: 'search', placeholder: 'Search events  /', 'aria-label': 'Search events', spellcheck: 'false', autocomplete: 'off' });
    let timer;
    this.search.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => app.view.filter({ ...app.state.filters, text: this.search.value.trim() || undefined }), 250);
    });
    this.body = h('div');
    this.element = h('aside.sidebar', { 'aria-label': 'Filters', id: 'filters' }, h('div.search', this.search), this.body);
  }

  render() {
    const { state } = this.app;
    const key = [state.view, state.filters, state.alerts, state.local];
    if (this.#key?.every((x, i) => x === key[i])) return;
    this.#key = key;
    if (document.activeElement !== this.search) this.search.value = state.filters.text ?? '';
    mount(this.body, this.#severities(), this.#active(), (state.view?.facets ?? []).map((facet) => this.#facet(facet)));
  }

  #severities() {
    const { state } = this.app;
    if (!state.alerts.length) return null;
    const shown = this.app.view.shownAlerts;
    const chosen = new Set(state.filters.values?.Severity);
    const counts = SEVERITIES.map((name) => [name, shown.filter(({ severity: s }) => s === name).length]).filter(([name, n]) => n || chosen.has(name) || state.alerts.some(({ severity: s }) => s === name));
    return h('section.facet', h('h2', 'Alerts', h('span.count', shown.length === state.alerts.length ? '' : `${number(shown.length)} of ${number(state.alerts.length)}`)), h('ul', counts.map(([name, n]) => h('li',
      h('button', { 'aria-pressed': chosen.has(name) ? 'true' : 'false', onclick: () => this.app.view.toggle('Severity', name), 'data-key': `Severity ${name}` }, severity(name), h('span.count', number(n)))))));
  }

  #active() {
    const { filters, local } = this.app.state;
    const of = (lists, out) => Object.entries(lists ?? {}).flatMap(([name, words]) => words.map((word) =>
      this.#chip(`${nameOf(name)}${out ? ' is not' : ''}: ${word || '(empty)'}`, () => this.app.view.toggle(name, word, out), out)));
    const chips = [...of(filters.values, false), ...of(filters.not, true)];
    if (filters.time) chips.push(this.#chip(`${time(filters.time[0], local, false)} → ${time(filters.time[1], local, false)}`, () => this.app.view.filter({ ...filters, time: undefined })));
    if (filters.text) chips.push(this.#chip(`text: ${filters.text}`, () => { this.search.value = ''; this.app.view.filter({ ...filters, text: undefined }); }));
    if (!isFiltered(filters)) return null;
    return h('section.facet', h('h2', 'Filters ', h('span', h('button.link', { 'data-key': 'undo', onclick: () => this.app.view.undo(), title: 'Back to what was shown before' }, 'undo'), ' ',
      h('button.link', { 'data-key': 'clear', onclick: () => { this.search.value = ''; this.app.view.filter({}); } }, 'clear all'))), h('div.chips', chips));
  }

  #chip(text, remove, out) {
    return h('button.chip', { class: out ? 'out' : '', onclick: remove, title: `Remove: ${text}`, 'data-key': `chip ${text}` }, h('span', middle(text, 30)), close(), h('span.offscreen', ' remove'));
  }

  #facet({ name, words, different }) {
    const { values, not } = this.app.state.filters;
    if (!words.length || (words.length === 1 && words[0][0] === '')) return null;
    const chosen = new Set(values?.[name]);
    const excluded = new Set(not?.[name]);
    const open = this.#open.has(name);
    const shown = open ? words : words.slice(0, SHOWN);
    const most = Math.max(...words.map(([, n]) => n), 1);
    return h('section.facet', { 'data-column': name }, h('h2', nameOf(name), h('span.count', number(different))),
      h('ul', shown.map(([word, n]) => {
        const bar = h('span.bar');
        bar.style.width = `${(100 * n) / most}%`;
        return h('li', h('button', {
          class: excluded.has(word) ? 'out' : '', 'aria-pressed': chosen.has(word) ? 'true' : 'false', onclick: () => this.app.view.toggle(name, word), 'data-key': `${name} ${word}`, title: word || '(empty)',
        }, bar, h('span.word', word === '' ? h('i', 'none') : middle(short(name, word), 25)), h('span.count', number(n))),
        h('button.exclude', { onclick: () => this.app.view.toggle(name, word, true), 'data-key': `not ${name} ${word}`, 'aria-pressed': excluded.has(word) ? 'true' : 'false', title: `Without ${word || '(empty)'}`, 'aria-label': `Without ${word || '(empty)'}` }, minus()));
      })),
      different > SHOWN && h('button.link', {
        'data-key': `more ${name}`, 'aria-expanded': open ? 'true' : 'false',
        onclick: () => { this.#open[open ? 'delete' : 'add'](name); this.#key = undefined; this.render(); },
      }, open ? 'fewer' : different > words.length ? `first ${words.length} of ${number(different)}` : `all ${number(different)}`));
  }
}
