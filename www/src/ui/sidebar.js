// Alerts by severity, the filters that are on, and for each column its values with counts.

import { h, mount } from '../dom.js';
import { middle, number, time } from '../format.js';
import { SEVERITIES, close, severity } from './icons.js';

const SHOWN = 8;
const TITLES = { EventName: 'eventName', EventSource: 'eventSource', User: 'user', SourceIpAddress: 'sourceIPAddress', AWSRegion: 'awsRegion', ErrorCode: 'errorCode' };

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
      timer = setTimeout(() => app.filter({ ...app.state.filters, text: this.search.value.trim() || undefined }), 250);
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
    const { alerts } = this.app.state;
    if (!alerts.length) return null;
    const counts = SEVERITIES.map((name) => [name, alerts.filter(({ severity: s }) => s === name).length]).filter(([, n]) => n);
    return h('section.facet', h('h2', 'Alerts'), h('ul', counts.map(([name, n]) => h('li.plain', severity(name), h('span.count', number(n))))));
  }

  #active() {
    const { filters, local } = this.app.state;
    const chips = Object.entries(filters.values ?? {}).flatMap(([name, words]) => words.map((word) =>
      this.#chip(`${TITLES[name]}: ${word || '(empty)'}`, () => this.app.toggle(name, word))));
    if (filters.time) chips.push(this.#chip(`${time(filters.time[0], local, false)} → ${time(filters.time[1], local, false)}`, () => this.app.filter({ ...filters, time: undefined })));
    if (filters.text) chips.push(this.#chip(`text: ${filters.text}`, () => { this.search.value = ''; this.app.filter({ ...filters, text: undefined }); }));
    if (!chips.length) return null;
    return h('section.facet', h('h2', 'Filters ', h('button.link', { 'data-key': 'clear', onclick: () => { this.search.value = ''; this.app.filter({}); } }, 'clear all')), h('div.chips', chips));
  }

  #chip(text, remove) {
    return h('button.chip', { onclick: remove, title: `Remove: ${text}`, 'data-key': `chip ${text}` }, h('span', middle(text, 30)), close(), h('span.offscreen', ' remove'));
  }

  #facet({ name, words, different }) {
    if (!words.length || (words.length === 1 && words[0][0] === '')) return null;
    const chosen = new Set(this.app.state.filters.values?.[name]);
    const open = this.#open.has(name);
    const shown = open ? words : words.slice(0, SHOWN);
    const most = Math.max(...words.map(([, n]) => n), 1);
    return h('section.facet', { 'data-column': name }, h('h2', TITLES[name], h('span.count', number(different))),
      h('ul', shown.map(([word, n]) => {
        const bar = h('span.bar');
        bar.style.width = `${(100 * n) / most}%`;
        return h('li', h('button', {
          'aria-pressed': chosen.has(word) ? 'true' : 'false', onclick: () => this.app.toggle(name, word), 'data-key': `${name} ${word}`, title: word || '(empty)',
        }, bar, h('span.word', word === '' ? h('i', 'none') : middle(short(name, word), 25)), h('span.count', number(n))));
      })),
      different > SHOWN && h('button.link', {
        'data-key': `more ${name}`, 'aria-expanded': open ? 'true' : 'false',
        onclick: () => { this.#open[open ? 'delete' : 'add'](name); this.#key = undefined; this.render(); },
      }, open ? 'fewer' : different > words.length ? `first ${words.length} of ${number(different)}` : `all ${number(different)}`));
  }
}
