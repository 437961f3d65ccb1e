// The four views of what was read.

import { h, mount } from '../dom.js';
import { number } from '../format.js';
import { eventCount } from '../gaps.js';
import { TABS, menu } from '../takeaway.js';
import { down } from './icons.js';

const TITLES = { alerts: 'Alerts', events: 'Events', attack: 'ATT&CK', query: 'Query', rules: 'Rules' };

export class Tabs {
  #key;

  constructor(app) {
    this.app = app;
    this.list = h('div.tablist', { role: 'tablist', 'aria-label': 'Views', onkeydown: (e) => this.#arrows(e) });
    this.take = h('details.menubutton.take');
    this.element = h('div.tabs', { tabindex: -1 }, this.list, h('span.grow'), this.take);
    addEventListener('click', (e) => { if (!this.take.contains(e.target)) this.take.open = false; });
  }

  render() {
    const { tab, alerts, progress, totals, rules, view, filters } = this.app.state;
    const key = [tab, alerts, progress.events, totals, rules, view, filters];
    if (this.#key?.every((x, i) => x === key[i])) return;
    this.#key = key;
    const shown = this.app.view.shownAlerts;
    const of = (n, all) => (n === all ? number(all) : `${number(n)}/${number(all)}`);
    const counts = { alerts: of(shown.length, alerts.length), events: view && view.passed !== view.total ? of(view.passed, view.total) : number(eventCount(this.app.state)), attack: '', query: '', rules: number(rules.length) };
        mount(this.list, TABS.map((name) => h('button.tab', {
      role: 'tab', 'aria-selected': name === tab ? 'true' : 'false', tabindex: name === tab ? 0 : -1, 'aria-controls': `panel-${name}`, id: `tab-${name}`,
      'data-key': name, onclick: () => this.app.view.navigate({ tab: name }),
    }, TITLES[name], counts[name] !== '' && h('span.count', counts[name]))));
    const open = this.take.open;
    mount(this.take, h('summary', down(), ' Export'), h('div.menu', menu(shown, this.app), h('button', { onclick: () => this.app.case.copyLink() }, 'Copy link to this view')));
    this.take.open = open;
    this.take.querySelectorAll('[role=menuitem]').forEach((b) => { b.disabled = b.textContent.includes('events') ? !view?.passed : !shown.length; });
  }

  #arrows(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = TABS[(TABS.indexOf(this.app.state.tab) + by + TABS.length) % TABS.length];
    this.app.view.navigate({ tab: next });
    requestAnimationFrame(() => this.list.querySelector(`[data-key=${next}]`)?.focus());
  }
}
