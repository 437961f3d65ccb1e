// One alert, or one event: what, who, why, and the evidence.

import { parseExact, stringifyExact } from 'forepost/json.js';
import { copy, h, mount } from '../dom.js';
import { middle, number, plural, time } from '../format.js';
import { alertFiles } from '../takeaway.js';
import { entityName } from '../engine/alerts.js';
import { VERDICTS } from '../notes.js';
import { pathOf } from '../engine/fields.js';
import { entityFilter } from '../filters.js';
import { allRules } from './allrules.js';
import { entityPage } from './entity.js';
import { chevron, close, info, severity, star } from './icons.js';
import { jsonTree, reveal } from './json.js';
import { fieldsRead, whyView } from './why.js';

const FIRST_ROWS = 50;

export class Detail {
  #key;
  #event = -1;                 // which evidence event of an alert is looked at; -1 for all together
  #rule;                       // which rule an event is held against

  constructor(app) {
    this.app = app;
    this.element = h('aside.detail', { 'aria-label': 'Detail', tabindex: -1, hidden: true });
  }

  render() {
    const { selection, local, rules, notes } = this.app.state;
    const { verdict, star: starred } = notes[selection?.alert?.finding] ?? {};
    const key = [selection, local, rules, verdict, starred]; // and not the note: it is being typed here
    if (this.#key?.every((x, i) => x === key[i])) return;
    const same = this.#key?.[0] === selection;
    this.#key = key;
    if (!same) { this.#event = -1; }
    this.element.hidden = !selection;
    this.app.element.classList.toggle('has-detail', Boolean(selection));
    if (!selection) return this.element.replaceChildren();
    if (selection.alert) this.#alert(selection.alert);
    else if (selection.entity) this.#entityPage(selection.entity);
    else this.#eventDetail(selection.event);
    if (!same) this.element.scrollTop = 0;
  }

  #frame(title, ...children) {
    mount(this.element, h('header', h('div.title', title), h('button.quiet', { onclick: () => this.app.view.select(undefined), title: 'Close (Esc)', 'data-key': 'close' }, close(), h('span.offscreen', 'Close'))), ...children);
  }

  #entityPage(entity) {
    const { title, children } = entityPage(this.app, entity);
    this.#frame(title, ...children);
  }

  /** What a person says of a finding. */
  #notes({ finding }) {
    const { verdict = '', star: starred = false, text = '' } = this.app.state.notes[finding] ?? {};
    return h('div.notes', h('p.toolbar',
      h('button.small', { 'aria-pressed': starred ? 'true' : 'false', 'data-key': 'star', onclick: () => this.app.case.note(finding, { star: !starred }) }, star(), starred ? ' Starred' : ' Star'),
      h('label', 'Verdict ', h('select', { 'data-key': 'verdict', value: verdict, onchange: (e) => this.app.case.note(finding, { verdict: e.target.value || undefined }) },
        h('option', { value: '', selected: !verdict }, 'open'), Object.entries(VERDICTS).map(([value, name]) => h('option', { value, selected: value === verdict }, name))))),
    h('textarea', { rows: 2, 'aria-label': 'Note', placeholder: 'Note', value: text, 'data-key': 'note', oninput: (e) => this.app.case.note(finding, { text: e.target.value }) }));
  }

  #runs({ finding, id }) {
    const { alerts, local } = this.app.state;
    const runs = alerts.filter((alert) => alert.finding === finding).sort((a, b) => a.ran - b.ran);
    if (runs.length < 2) return null;
    return [h('dt', 'Runs'), h('dd', h('details', h('summary', chevron(), `${number(runs.length)} runs over the same evidence`),
      h('ul', runs.slice(0, 100).map((run) => h('li', run.id === id ? h('span.num', time(run.ran, local)) : h('button.link.num', { onclick: () => this.app.view.selectAlert(run.id) }, time(run.ran, local)))))))];
  }

  #alert(line) {
    const { id, alert, entities, details, rows, ruleId, events, eventTotal, resultRows: shownRows } = line;
    const { local } = this.app.state;
    const list = (text) => { try { return JSON.parse(text); } catch { return text ? [text] : []; } };
    const techniques = [...list(alert.Techniques), ...list(alert.SubTechniques)];
    this.#frame([severity(alert.AlertSeverity), h('h2', { tabindex: -1 }, alert.DisplayName)],
      h('p', alert.Description?.replace(/^'([^]*)'$/, '$1')),
      h('dl.kv',
        h('dt', 'Rule'), h('dd', h('button.link', { onclick: () => this.app.rules.show(ruleId) }, line.rule)),
        h('dt', 'Events'), h('dd.num', time(line.start, local), line.end > line.start && ` → ${time(line.end, local)}`),
        h('dt', 'MITRE'), h('dd', alert.Tactics || 'none', techniques.map((t) => h('span.tag', t))),
        h('dt', 'Rule ran at'), h('dd.num', time(Date.parse(alert.TimeGenerated), local)),
        this.#runs(line),
        h('dt', 'Alert id'), h('dd', whole(alert.SystemAlertId))),
      this.#notes(line),
      entities.length ? section('Entities', h('div.chips', entities.map((entity) => this.#entity(entity)))) : null,
      Object.keys(details).length ? section('Custom details', h('dl.kv', Object.entries(details).map(([name, values]) =>
        [h('dt', name), h('dd', [].concat(values).map((v, i) => [i ? ', ' : '', whole(String(v))]))]))) : null,
      section('Why it matched', this.#whyOf(line, events)),
      section(`Result ${rows === 1 ? 'row' : `rows (${number(rows)})`}`, rowTable(shownRows, rows)),
      section(`Evidence (${plural(eventTotal, 'event')})`, events.slice(0, FIRST_ROWS).map((e, i) => this.#evidence(e, line, i === 0 && events.length === 1)),
        eventTotal > FIRST_ROWS && h('p.muted', `The first ${FIRST_ROWS} of ${number(eventTotal)} events. The NDJSON export has all of them.`)),
      section('Export', h('p.toolbar', alertFiles([id], this.app).map(([name, act]) => h('button.small', { onclick: act }, name)),
        h('button.small', { onclick: async () => copy(await this.app.engine.ask('alertText', id), this.app.say) }, 'Copy as JSON'))));
  }

  #entity(entity) {
    const type = entity.Type ?? 'entity';
    const name = entityName(entity);
    const title = Object.entries(entity).filter(([k]) => !k.startsWith('$') && k !== 'Type').map(([k, v]) => `${k}: ${v}`).join('\n');
    const [field, word] = entityFilter(entity);
    return h('span.chippair', h('button.chip.entity', { title: `${title}\nFilter by this ${type}`, onclick: () => this.app.view.filterEntity(entity) },
      h('span.kind', type), h('span', middle(name, 40))),
    h('button.quiet.small', { 'aria-label': `All about ${name}`, title: `All about ${name}`, onclick: () => this.app.view.about(field, [word], name) }, info()));
  }

  #whyOf(line, events) {
    const rule = this.app.rules.of(line.ruleId);
    if (!rule) return h('p.muted', 'The rule that raised this alert is no longer loaded.');
    if (!events.length) return h('p.muted', 'The alert has no evidence: the rule alerts when nothing happened.');
    const place = h('div');
    // Without an event: all the evidence together.
    const show = () => this.#explain(place, rule, { alert: line.id, event: events.length > 1 ? events[this.#event]?.record.eventID : undefined },
      (path) => this.#showField((events[this.#event] ?? events[0]).key, path));
    const picker = events.length > 1 && h('label.pick', 'Event ', h('select', {
      'data-key': 'pick', onchange: (e) => { this.#event = Number(e.target.value); show(); },
    }, h('option', { value: '-1', selected: this.#event < 0 }, `All ${number(events.length)} events together`), events.map(({ record }, i) => h('option', { value: String(i), selected: i === this.#event }, `${i + 1}  ${record.eventTime ?? record.TimeGenerated ?? ''}  ${record.eventName ?? record.EventName ?? ''}  ${record.eventID ?? ''}`))));
    show();
    return [picker, place];
  }

  async #explain(place, rule, of, toField) {
    place.setAttribute('aria-busy', 'true');
    try {
      const answer = await this.app.engine.ask('explain', rule.running ?? rule.text, of);
      mount(place, whyView(answer, { columns: this.app.columns, toField, counts: (...args) => this.#count(...args) }));
    } catch (error) {
      mount(place, h('p.bad', `The engine cannot explain this match: ${error.message}`));
    }
    place.removeAttribute('aria-busy');
  }

  /** Rows in and out of each stage over all kept events: each prefix of the query, counted. */
  async #count(queries, tell, say) {
    const { engine } = this.app;
    let before = 0;
    for (let n = 0; n < queries.length; n += 1) {
      let after = before;
      if (queries[n]) {
        say(`Counting stage ${n + 1} of ${queries.length} …`);
        const { rows } = await engine.ask('query', queries[n], 1);
        after = Number(rows[0]?.[0] ?? 0);
      }
      tell(n, before, after);
      before = after;
    }
  }

  #showField(key, path) {
    const fold = [...this.element.querySelectorAll('details.event')].find((e) => e.dataset.event === key) ?? this.element.querySelector('details.event');
    if (!fold) return;
    fold.open = true;
    setTimeout(() => { if (!reveal(fold, path)) this.app.say(`The event has no field ${path.replaceAll('/', '.')}.`); });
  }

  #evidence({ record, key }, line, open) {
    const marked = this.#marked(this.app.rules.of(line.ruleId));
    return eventFold(record, key, marked, open, this.app);
  }

  #marked(rule) { return rule?.card ? fieldsRead(rule.card.query, this.app.columns) : new Set(); }

  #eventDetail(event) {
    const { rules, local } = this.app.state;
    let record;
    try { record = parseExact(event.text); } catch { record = undefined; }
    const usable = rules.filter(({ card }) => card);
    const rule = usable.find(({ file }) => file === this.#rule) ?? usable[0];
    const input = this.app.engine.inputs[event.file];
    const [name, source, user, ip, region, error] = event.cells;
    const place = h('div');
    const json = h('div');
    const showJson = (of) => mount(json, record === undefined ? h('pre.raw', event.text) : eventFold(record, 'event', this.#marked(of), true, this.app));
    const show = (of) => {
      if (of) this.#explain(place, of, { row: event.row }, (path) => this.#showField('event', path));
      else mount(place, h('p.muted', 'No rule is loaded.'));
      showJson(of);
    };
    const choose = (file) => { this.#rule = picker.value = file; show(usable.find((one) => one.file === file)); };
    const picker = h('select', { 'data-key': 'rule', onchange: () => choose(picker.value) }, usable.map(({ file, card }) => h('option', { value: file, selected: file === rule?.file }, card.name)));
    this.#frame([h('span.kind', 'event'), h('h2', { tabindex: -1 }, name || 'no eventName')],
      h('dl.kv',
        h('dt', 'Time'), h('dd.num', time(event.time, local)),
        h('dt', 'Service'), h('dd', source), h('dt', 'User'), h('dd', whole(user)), h('dt', 'Source IP'), h('dd', whole(ip)),
        region && [h('dt', 'Region'), h('dd', region)], error && [h('dt', 'Error'), h('dd', h('span.err', error))],
        h('dt', 'File'), h('dd', whole(input?.path ?? ''), h('span.muted', `, byte ${number(event.offset)}`))),
      h('p.toolbar',
        user && h('button.small', { onclick: () => this.app.view.narrow('User', user, 'events') }, 'Only this user'),
        ip && h('button.small', { onclick: () => this.app.view.narrow('SourceIpAddress', ip, 'events') }, 'Only this source IP'),
        user && h('button.small', { onclick: () => this.app.view.about('User', [user], user) }, 'All about the user'),
        ip && h('button.small', { onclick: () => this.app.view.about('SourceIpAddress', [ip], ip) }, 'All about the address'),
        h('button.small', { onclick: () => copy(event.text, this.app.say) }, 'Copy JSON')),
      section('Why a rule did or did not match',
        usable.length > 1 && allRules(usable.length, () => this.app.engine.ask('explainAll', usable.map(({ file, text, running }) => ({ file, text: running ?? text })), event.row), choose),
        usable.length > 1 ? h('label.pick', 'Rule ', picker) : rule ? h('p.muted', rule.card.name) : null, place),
      section('Event', json));
    show(rule);
  }
}

const section = (title, ...children) => h('section', h('h3', title), children);

/** Long names lose their middle; whole in the title and on copy. */
function whole(text) {
  const shown = middle(text, 56);
  return shown === text ? h('span.mono', text) : h('span.mono.long', { role: 'group', tabindex: 0, title: text, 'aria-label': text, oncopy: (e) => { e.clipboardData.setData('text/plain', text); e.preventDefault(); } }, h('span.cut', shown), h('span.all', text));
}

function eventFold(record, key, marked, open, app) {
  let filled = false;
  const body = h('div');
  const fill = () => { if (!filled) { filled = true; body.append(jsonTree(record, { marked, act: (keys, value, place) => valueMenu(app, keys, value, place) })); } };
  if (open) fill();
  const title = `${record.eventTime ?? record.TimeGenerated ?? ''}  ${record.eventName ?? record.EventName ?? ''}`;
  return h('details.event', { open, 'data-event': key, ontoggle: fill },
    h('summary', chevron(), h('span.mono', title.trim() || 'record'), record.eventID && h('span.muted.mono', ` ${record.eventID}`)), body,
    h('p.toolbar', h('button.link', { onclick: () => copy(stringifyExact(record), app.say) }, 'Copy JSON'),
      record.eventID && key !== 'event' && h('button.link', { onclick: () => app.view.showEvent(record.eventID) }, 'Show in events table')));
}

/** What can be done with a value of an event. */
function valueMenu(app, keys, value, place) {
  const field = pathOf(keys);
  const word = String(value ?? '');
  const item = (text, act) => h('button', { role: 'menuitem', onclick: () => { menu.hidePopover(); act(); } }, text);
  const menu = h('div.menu.pop', { popover: 'auto', role: 'menu', ontoggle: (e) => { if (e.newState === 'closed') { menu.remove(); place.focus(); } } },
    item('Only events with it', () => app.view.narrow(field, word, 'events')), item('Without it', () => app.view.filterWords(field, [word], true)),
    item('All about it', () => app.view.about('value', [word], word)), item('Copy', () => copy(word, app.say)));
  app.detail.element.append(menu);
  menu.showPopover();
  const box = place.getBoundingClientRect();
  menu.style.left = `${Math.max(4, Math.min(box.left, innerWidth - menu.offsetWidth - 4))}px`;
  menu.style.top = `${Math.min(box.bottom + 2, innerHeight - menu.offsetHeight - 4)}px`;
  menu.firstElementChild.focus();
}

function rowTable(rows, total) {
  if (!rows.length) return h('p.muted', 'No rows.');
  const columns = Object.keys(rows[0]);
  const cell = (value) => (value !== null && typeof value === 'object' ? stringifyExact(value) : String(value ?? ''));
  return [h('div.scroll', { tabindex: 0, role: 'region', 'aria-label': 'Result rows' }, h('table',
    h('thead', h('tr', columns.map((c) => h('th', { scope: 'col' }, c)))),
    h('tbody', rows.slice(0, FIRST_ROWS).map((row) => h('tr', columns.map((c) => h('td', { title: cell(row[c]) }, middle(cell(row[c]), 48)))))))),
  total > FIRST_ROWS && h('p.muted', `The first ${FIRST_ROWS} of ${number(total)} rows.`)];
}
