// MITRE ATT&CK: what the active rules look for, and what they found.

import { h, mount } from '../dom.js';
import { NAMES, TACTICS, tacticName, tacticsOf } from '../attack.js';
import { number, plural } from '../format.js';

export class MatrixPanel {
  #key;

  constructor(app) {
    this.app = app;
    this.element = h('section.panel.matrix', { 'aria-label': 'ATT&CK', tabindex: 0 });
  }

  render() {
    const { rules, alerts, filters, view } = this.app.state;
    const key = [rules, alerts, filters, view?.alertIds];
    if (this.#key?.every((x, i) => x === key[i])) return;
    this.#key = key;
    const cells = cellsOf(rules, this.app.view.shownAlerts);
    const chosen = { Tactic: new Set(filters.values?.Tactic), Technique: new Set(filters.values?.Technique) };
    const tactics = [...TACTICS, ...[...cells.keys()].filter((tactic) => !TACTICS.includes(tactic))];
    const without = tactics.filter((tactic) => !cells.get(tactic)?.rules);
    mount(this.element,
      h('p.note', `${plural(rules.filter(({ enabled }) => enabled).length, 'active rule')}. `, without.length ? `No active rule looks for ${without.map(tacticName).join(', ')}.` : 'Each tactic has a rule.', ' A filled cell has alerts.'),
      h('div.tactics', tactics.map((tactic) => {
        const { rules: count = 0, alerts: hits = 0, techniques = new Map() } = cells.get(tactic) ?? {};
        return h('section', { class: count ? '' : 'blind' },
          h('h3', cell('Tactic', tactic, tacticName(tactic), hits, chosen.Tactic, this.app)), h('p.muted', count ? plural(count, 'rule') : 'no rule'),
          h('ul', [...techniques].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, { rules: n, alerts: found }]) => h('li', cell('Technique', id, `${id} ${NAMES[id] ?? ''}`, found, chosen.Technique, this.app), h('span.muted', plural(n, 'rule'))))));
      })));
  }
}

const cell = (field, word, text, hits, chosen, app) => h('button.cell', {
  class: hits ? 'hit' : '', disabled: !hits && !chosen.has(word), 'aria-pressed': chosen.has(word) ? 'true' : 'false', 'data-key': `${field} ${word}`,
  onclick: () => app.view.toggle(field, word), title: hits ? 'Only alerts of this kind' : 'No alert',
}, h('span', text), hits ? h('span.count', number(hits)) : null);

/** By tactic: how many rules and alerts it has, and the same of each technique. */
export function cellsOf(rules, alerts) {
  const cells = new Map();
  const at = (tactic) => cells.get(tactic) ?? cells.set(tactic, { rules: 0, alerts: 0, techniques: new Map() }).get(tactic);
  const add = (tactics, techniques, what) => {
    for (const tactic of tactics) at(tactic)[what] += 1;
    for (const id of new Set(techniques)) {
      for (const tactic of tacticsOf(id, tactics)) {
        const of = at(tactic).techniques;
        const known = of.get(id) ?? { rules: 0, alerts: 0 };
        known[what] += 1;
        of.set(id, known);
      }
    }
  };
  for (const { enabled, card } of rules) if (enabled && card) add(card.tactics ?? [], [...card.techniques, ...card.subTechniques], 'rules');
  for (const { tactics, techniques } of alerts) add(tactics ? tactics.split(/,\s*/) : [], techniques, 'alerts');
  return cells;
}
