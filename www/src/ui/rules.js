// Rules: cards with all that a catalogue shows, the file to edit, and what is wrong with it.

import { copy, h, mount, save } from '../dom.js';
import { duration, plural } from '../format.js';
import { TACTICS, tacticName } from '../attack.js';
import { packOf, packsOf } from '../packs.js';
import { missingOf } from 'forepost/missing.js';
import { remedy, suppliedNames } from '../supplied.js';
import { suppliedList } from './supplied.js';
import { cross, severity } from './icons.js';
import { SEVERITIES } from '../severities.js';

/** A deploy link wants the template on a public server. From here the file is deployed. */
const deployment = (id) => `az deployment group create -g GROUP -f ${id}.json -p workspace=NAME`;

const MICROSOFT = 'https://github.com/Azure/Azure-Sentinel/blob/master/Solutions/Amazon%20Web%20Services/Analytic%20Rules/';

/** Where a rule came from, if that is known. */
function source({ builtIn, file, text }) {
  const url = /^OriginalUri:\s*["']?(https:\/\/[^\s"']+)/m.exec(text)?.[1] ?? (builtIn && packOf({ builtIn, file }) === 'Microsoft' ? `${MICROSOFT}${file}` : undefined);
  return url && [' ', h('a.link', { href: url, target: '_blank', rel: 'noopener noreferrer' }, 'source')];
}

/** What to do about a finding; what is missing is supplied by a drop. */
function hintOf(finding) {
  const missing = missingOf(finding);
  const hint = missing ? remedy(missing) : finding.hint;
  return hint ? ` (${hint})` : '';
}

export class RulesPanel {
  #key;
  #chosen;
  #editor;
  #edited;                     // the file whose text is in the editor

  constructor(app) {
    this.app = app;
    this.list = h('div.rulelist');
    const option = (value, text = value) => h('option', { value }, text);
    this.search = h('input', { type: 'search', placeholder: 'Search rules', 'aria-label': 'Search rules', spellcheck: 'false', oninput: () => this.#again() });
    this.severity = h('select', { 'aria-label': 'Severity', onchange: () => this.#again() }, option('', 'any severity'), SEVERITIES.map((name) => option(name)));
    this.tactic = h('select', { 'aria-label': 'Tactic', onchange: () => this.#again() }, option('', 'any tactic'), TACTICS.map((name) => option(name, tacticName(name))));
    this.pack = h('select', { 'aria-label': 'Pack', onchange: () => this.#again() });
    this.sort = h('select', { 'aria-label': 'Order', onchange: () => this.#again() }, option('alerts', 'alerts first'), option('severity', 'by severity'), option('name', 'by name'));
    this.chooser = h('div.rulechooser', this.search, this.severity, this.tactic, this.pack, this.sort);
    this.top = h('div.ruletop');
    this.card = h('div.rulecard', { tabindex: 0, role: 'region', 'aria-label': 'Rule' }, this.top);
    this.input = h('input', { type: 'file', multiple: true, accept: '.yaml,.yml', hidden: true, onchange: () => { app.files.addPicked(this.input); } });
    this.element = h('section.panel.rules', { 'aria-label': 'Rules' }, h('div.rulecolumn', this.input, this.chooser, this.list), this.card);
  }

  /** What gets the focus when the tab is opened. */
  get start() { return this.list.querySelector('li.chosen button') ?? this.list.querySelector('button'); }

  choose(file) {
    this.#chosen = file;
    this.#again();
    requestAnimationFrame(() => this.list.querySelector('li.chosen')?.scrollIntoView({ block: 'nearest' }));
  }

  render() {
    const { rules, tab, alerts, applying, supplied, suppliedProblems } = this.app.state;
    if (tab !== 'rules') return;
    const key = [rules, this.#chosen, alerts, applying, supplied, suppliedProblems];
    if (this.#key?.every((x, i) => x === key[i])) return;
    this.#key = key;
    const chosen = rules.find(({ file }) => file === this.#chosen) ?? rules[0];
    const on = rules.filter(({ enabled }) => enabled).length;
    const packs = packsOf(rules).map(([name]) => name);
    if (this.pack.childElementCount !== packs.length + 1) mount(this.pack, h('option', { value: '' }, 'any pack'), packs.map((name) => h('option', { value: name }, name)));
    this.pack.hidden = packs.length < 2;
    this.chooser.hidden = rules.length < 2;
    const shown = this.#shown(rules);
    const all = (enabled) => () => this.app.rules.enableAll(shown.map(({ file }) => file), enabled);
    mount(this.list,
      h('p.toolbar', h('button.small', { onclick: () => this.input.click(), 'data-key': 'add' }, 'Add rule files'),
        h('button.small', { onclick: () => this.app.header.supplied.click(), 'data-key': 'add supplied' }, 'Add tables or functions')),
      packs.length > 1 && h('div.packs', packs.map((name) => this.#packSwitch(name, rules))),
      h('p.toolbar', h('span.muted.grow', shown.length < rules.length ? `${shown.length} shown; ` : '', `${on} of ${rules.length} active`),
        rules.length > 1 && [h('button.small', { onclick: all(true), 'data-key': 'all on' }, 'All on'), h('button.small', { onclick: all(false), 'data-key': 'all off' }, 'All off')]),
      !alerts.length && !this.app.state.progress.totalFiles && h('p.muted.hint', 'Drop logs anywhere on this page to run the rules.'),
      suppliedList(this.app),
      h('ul', shown.map((rule) => h('li', { class: rule === chosen ? 'chosen' : '' },
        h('input', { type: 'checkbox', checked: rule.enabled, disabled: rule.broken, 'aria-label': `Run ${rule.card?.name ?? rule.file}`, 'data-key': `on ${rule.file}`, onchange: (e) => this.app.rules.enable(rule.file, e.target.checked) }),
        h('button.quiet', { onclick: () => this.choose(rule.file), 'data-key': `rule ${rule.file}`, 'aria-current': rule === chosen ? 'true' : 'false' },
          h('span.rulename', rule.card?.name ?? rule.file),
          h('span.under', rule.broken ? h('span.bad', cross(), ' cannot run') : rule.card ? severity(rule.card.severity) : null, rule.replacedBy && !rule.enabled ? h('span.muted', 'same id as another') : this.#fired(rule)))))));
    this.#cardOf(chosen);
  }

  #again() { this.#key = undefined; this.render(); }

  /** The rules that are looked for, in order. */
  #shown(rules) {
    const text = this.search.value.trim().toLowerCase();
    const passes = (rule) => (!text || `${rule.card?.name ?? ''} ${rule.card?.description ?? ''} ${rule.card?.id ?? ''} ${rule.file}`.toLowerCase().includes(text))
      && (!this.severity.value || rule.card?.severity === this.severity.value) && (!this.tactic.value || rule.card?.tactics.includes(this.tactic.value)) && (!this.pack.value || packOf(rule) === this.pack.value);
    const alerts = new Map();
    for (const { ruleId } of this.app.state.alerts) alerts.set(ruleId, (alerts.get(ruleId) ?? 0) + 1);
    const grave = ({ card, broken }) => (broken ? -1 : SEVERITIES.indexOf(card?.severity));
    const name = ({ card, file }) => (card?.name ?? file).toLowerCase();
    const by = { alerts: (a, b) => (alerts.get(b.card?.id) ?? 0) - (alerts.get(a.card?.id) ?? 0) || grave(a) - grave(b), severity: (a, b) => grave(a) - grave(b), name: () => 0 }[this.sort.value];
    return rules.filter(passes).sort((a, b) => b.broken - a.broken || by(a, b) || (name(a) < name(b) ? -1 : 1));
  }

  /** One box for all rules of a pack. */
  #packSwitch(name, rules) {
    const all = rules.filter((rule) => packOf(rule) === name);
    const of = all.filter(({ broken }) => !broken);
    const on = of.filter(({ enabled }) => enabled).length;
    return h('label', h('input', {
      type: 'checkbox', checked: on > 0, indeterminate: on > 0 && on < of.length, disabled: of.length === 0, 'data-key': `pack ${name}`,
      onchange: (e) => this.app.rules.enableAll(of.map(({ file }) => file), e.target.checked),
    }), ` ${name} (${of.length < all.length ? `${of.length} of ${all.length}` : all.length})`);
  }

  #fired({ card }) {
    const n = card && this.app.state.alerts.filter(({ ruleId }) => ruleId === card.id).length;
    return n ? h('span.muted', plural(n, 'alert')) : null;
  }

  #cardOf(rule) {
    if (!rule) return mount(this.top, h('div.state', h('h2', 'No rules'), h('p', 'Drop Sentinel rule files (YAML, ARM templates) anywhere on this page.')));
    const { card, text, original, file, findings } = rule;
    const changed = text !== original;
    const list = (items) => (items?.length ? items.join(', ') : 'none');
    const connectors = [...text.matchAll(/connectorId:\s*["']?([\w-]+)/g)].map((m) => m[1]);
    if (this.#edited !== file) {
      this.#editor?.destroy();
      this.#editor = undefined;
      this.host?.remove();
      this.host = h('div.editor');
      this.card.append(this.host); // once: what is moved in the document loses the focus
      this.#edited = file;
    }
    mount(this.top,
      h('header', h('h2', card?.name ?? file), card && severity(card.severity)),
      card && h('p', card.description?.replace(/^'([^]*)'$/, '$1')),
      card && h('dl.kv',
        h('dt', 'Id'), h('dd.mono', card.id), h('dt', 'Kind'), h('dd', card.kind), h('dt', 'Version'), h('dd', card.version || 'none'),
        h('dt', 'Tactics'), h('dd', list(card.tactics)), h('dt', 'Techniques'), h('dd', list(card.subTechniques.length ? [...card.techniques, ...card.subTechniques] : card.techniques)),
        h('dt', 'Connectors'), h('dd', list([...new Set(connectors)])),
        h('dt', 'Frequency'), h('dd', duration(card.frequency)), h('dt', 'Period'), h('dd', duration(card.period)),
        h('dt', 'Trigger'), h('dd', `${card.trigger.operator} ${card.trigger.threshold}`), h('dt', 'Grouping'), h('dd', card.grouping === 'SingleAlert' ? 'one alert per run' : 'one alert per row'),
        h('dt', 'Entities'), h('dd', list(card.entityMappings.map(({ type, fields }) => `${type} (${fields.map(([name, column]) => `${name} ← ${column}`).join(', ')})`))),
        h('dt', 'Custom details'), h('dd', list(card.customDetails.map(([name, column]) => (name === column ? name : `${name} ← ${column}`)))),
        h('dt', 'Source'), h('dd', rule.builtIn ? `built in, ${packOf(rule)}` : file, source(rule)),
        !rule.broken && [h('dt', 'Deploy'), h('dd', h('code', deployment(card.id)), ' ', h('button.link', { 'data-key': 'copy deploy', onclick: () => copy(deployment(card.id), this.app.say) }, 'copy'))],
        h('dt', 'Status'), h('dd', rule.broken ? 'cannot run' : rule.enabled ? `active, ${plural(this.app.state.alerts.filter(({ ruleId }) => ruleId === card.id).length, 'alert')}` : rule.replacedBy ? `off: ${rule.replacedBy} has the same id` : 'off')),
      findings.length ? h('ul.findings', { 'aria-label': 'Findings' }, findings.map((f) => h('li', { class: f.severity },
        h('button.link.mono', { onclick: () => this.#editor?.select(f.start, f.end) }, `${f.line}:${f.column}`), ' ', h('b', f.code), ' ', f.message, hintOf(f)))) : null,
      h('p.toolbar',
        h('button', { disabled: !changed || !rule.dirty, class: 'primary', 'data-key': 'apply', onclick: () => this.app.rules.apply(file) }, this.app.state.applying ? 'Running …' : 'Run edited rule'),
        h('button', { disabled: !changed, 'data-key': 'revert', onclick: () => { this.#edited = undefined; this.app.rules.revert(file); } }, 'Undo edits'),
        h('button', { 'data-key': 'export', onclick: () => save(file.split('/').at(-1), new Blob([text], { type: 'text/yaml' })) }, 'Save as YAML'),
        !rule.broken && [h('button', { 'data-key': 'arm', onclick: async () => save(`${card.id}.json`, new Blob([await this.#arm(text)], { type: 'application/json' })) }, 'Save ARM template'),
          h('button', { 'data-key': 'copy arm', onclick: async () => copy(await this.#arm(text), this.app.say) }, 'Copy ARM template')],
        h('span.muted', { role: 'status' }, changed ? (rule.dirty ? 'Edited. The alerts still come from the previous version.' : 'Edited. The alerts come from this version.') : '')));
    if (!this.#editor) this.#edit(rule);
  }

  #arm(text) { return this.app.engine.ask('arm', text); }

  async #edit(rule) {
    const { host } = this;
    const { createEditor } = await import('./editor.js');
    if (this.host !== host || this.#editor || host.shadowRoot?.childElementCount) return;
    const { engine, columns, functions, logTables } = this.app;
    let timer;
    this.#editor = createEditor({
      host, text: rule.text, language: 'rule', label: `Text of ${rule.file}`, columns, logTables, functions, supplied: () => suppliedNames(this.app.state.supplied),
      diagnose: async (text) => engine.ask('check', [{ file: rule.file, text }]),
      changed: (text) => {
        clearTimeout(timer);
        timer = setTimeout(() => this.app.rules.edit(rule.file, text), 200);
      },
      run: () => this.app.rules.apply(rule.file),
    });
  }
}
