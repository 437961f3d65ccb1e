// The page: its state, its parts and its painting. What changes it is in actions/. Nothing here reads a log; workers do.

import { kept } from './case.js';
import { h, mount } from './dom.js';
import { Engine } from './engine/client.js';
import { visible as safe } from 'forepost/visible.js';
import { plural } from './format.js';
import { canHide, gaps } from './gaps.js';
import { Case } from './actions/case.js';
import { Files } from './actions/files.js';
import { Rules } from './actions/rules.js';
import { Supplies } from './actions/supplies.js';
import { View, VIEW_MS } from './actions/view.js';
import { beginning } from './state.js';
import { applyTheme } from './theme.js';
import { scriptUrl } from './trust.js';
import { AlertsPanel } from './ui/alerts.js';
import { Detail } from './ui/detail.js';
import { help, problems } from './ui/dialogs.js';
import { emptyState } from './ui/empty.js';
import { EventsPanel } from './ui/events.js';
import { Header } from './ui/header.js';
import { Histogram } from './ui/histogram.js';
import { keyboard } from './ui/keyboard.js';
import { Lanes } from './ui/lanes.js';
import { MatrixPanel } from './ui/matrix.js';
import { QueryPanel } from './ui/query.js';
import { RulesPanel } from './ui/rules.js';
import { Sidebar } from './ui/sidebar.js';
import { splitter } from './ui/splitter.js';
import { question } from './ui/supplied.js';
import { Tabs } from './ui/tabs.js';

class App {
  state = beginning();

  // What can be done, by what it is about.
  files = new Files(this);
  supplies = new Supplies(this);
  rules = new Rules(this);
  view = new View(this);
  case = new Case(this);

  columns = [];
  functions = [];
  #painting = false;
  #pressed = false;

  constructor(element) {
    this.element = element;
    this.engine = new Engine((what, data) => this.#heard(what, data));
    this.say = (text) => { this.toast.textContent = safe(text); this.toast.dataset.last = text; clearTimeout(this.toastTimer); this.toastTimer = setTimeout(() => { this.toast.textContent = ''; }, 3000); };
    this.toast = h('div.toast', { role: 'status', 'aria-live': 'polite' });
    this.header = new Header(this);
    this.sidebar = new Sidebar(this);
    this.histogram = new Histogram(this);
    this.lanes = new Lanes(this);
    this.tabs = new Tabs(this);
    this.detail = new Detail(this);
    this.panels = { alerts: new AlertsPanel(this), events: new EventsPanel(this), attack: new MatrixPanel(this), query: new QueryPanel(this), rules: new RulesPanel(this) };
    this.notice = h('div.notice', { role: 'status', hidden: true });
    this.body = h('div.body');
    this.work = [this.sidebar.element, h('main', { id: 'main', tabindex: -1 }, this.histogram.element, this.lanes.element, this.tabs.element,
      Object.entries(this.panels).map(([name, panel]) => {
        panel.element.id = `panel-${name}`;
        panel.element.setAttribute('role', 'tabpanel');
        return panel.element;
      }), splitter(this)), this.detail.element];
    element.append(this.header.element, this.notice, this.body, this.toast);
    applyTheme(this.state.theme);
    this.view.listen();
    keyboard(this);
    addEventListener('pointerdown', () => { this.#pressed = true; }, true);
    const released = () => setTimeout(() => {
      this.#pressed = false;
      if (this.owed) { this.owed = false; this.update({}); }
    });
    for (const type of ['pointerup', 'pointercancel', 'dragend', 'blur']) addEventListener(type, released, true);
    this.files.listen();
  }

  async start() {
    try {
      await this.engine.start();
      const [builtIn, columns, functions, logTables] = await Promise.all(['rules', 'columns', 'functions', 'logTables'].map((op) => this.engine.ask(op)));
      Object.assign(this, { columns, functions, logTables });
      await this.rules.set(await this.rules.read(builtIn.map((rule) => ({ ...rule, builtIn: true, wanted: true }))));
      this.update({ phase: 'ready' });
      await this.case.readLink();
      this.update({ kept: await kept().catch(() => undefined) });
    } catch (error) {
      this.update({ phase: 'failed', error: error.message });
    }
  }

  update(patch) {
    Object.assign(this.state, patch);
    if (this.#painting) return;
    this.#painting = true;
    requestAnimationFrame(() => {
      this.#painting = false;
      // Between a press and its release nothing is replaced, or the click would be lost.
      if (this.#pressed) this.owed = true;
      else this.#paint();
    });
  }

  #paint() {
    const { phase, progress, tab, local } = this.state;
    document.documentElement.toggleAttribute('data-local', local);
    const used = progress.totalFiles > 0 || tab === 'rules' || tab === 'query';
    const shape = phase === 'ready' && used ? 'work' : `${phase} ${this.state.rules.length} ${Boolean(this.state.kept)}`;
    if (this.shape !== shape) {
      this.shape = shape;
      this.element.classList.toggle('working', shape === 'work');
      const focused = this.body.contains(document.activeElement);
      mount(this.body, shape === 'work' ? this.work : emptyState(this));
      if (focused) document.getElementById('main')?.focus({ preventScroll: true });
    }
    this.header.render();
    this.#noticed();
    if (shape !== 'work') return;
    for (const [name, panel] of Object.entries(this.panels)) panel.element.hidden = name !== tab;
    this.sidebar.render();
    this.histogram.render();
    this.lanes.render();
    this.tabs.render();
    this.panels[tab].render();
    this.detail.render();
  }

  #asked = [];

  /** What waits for an answer: rules of a link, and files that are a table or a log. */
  #noticed() {
    const { linked, unclear, rules } = this.state;
    if ([linked, unclear, rules].every((x, i) => x === this.#asked[i])) return;
    this.#asked = [linked, unclear, rules];
    this.notice.hidden = !linked && !unclear.length;
    if (this.notice.hidden) return;
    const names = linked?.slice(0, 3).map(({ file }) => file).join(', ');
    mount(this.notice, linked ? [h('span', `The link brought ${plural(linked.length, 'rule')}: ${names}${linked.length > 3 ? ` and ${linked.length - 3} more` : ''}.`),
      h('button.small', { onclick: () => this.case.useLinked() }, linked.length === 1 ? 'Add rule' : 'Add rules'), h('button.small', { onclick: () => this.update({ linked: undefined }) }, 'Ignore')] : question(this));
  }

  #heard(what, data) {
    if (what === 'progress') {
      this.update({ progress: data });
      this.view.refresh(data.reading ? VIEW_MS : 0);
    } else if (what === 'alerts') {
      const { alerts, totals = this.state.totals, count = this.state.alerts.length } = data;
      this.update({ totals, concludeProblems: data.problems, concluded: data.last, applying: this.state.applying && !data.last, ...(alerts ? { alerts } : {}) });
      if (alerts) {
        this.view.refresh(0);
        const selected = this.state.selection?.alert;
        const still = selected && alerts.find(({ id }) => id === selected.id);
        if (selected && !still) this.view.select(undefined);
        else if (still && (still.rows !== selected.rows || still.end !== selected.end)) this.view.selectAlert(still.id);
      }
      if (data.last) { this.#sayResult(count); this.#tellStory(); }
    } else if (what === 'query') {
      this.panels.query.progress(data.events);
    } else if (what === 'failed') {
      this.update({ phase: 'failed', error: data });
    }
  }

  async #tellStory() {
    const found = await this.engine.ask('story').catch((error) => this.say(`The story cannot be told: ${error.message}`));
    if (found) this.update({ story: found });
  }

  #sayResult(count) {
    const { progress } = this.state;
    const hidden = gaps(this.state).filter(canHide).map(({ kind }) => kind);
    const ofRules = hidden.length > 0 && hidden.every((kind) => kind === 'broken' || kind === 'rule-problems');
    const how = ofRules ? 'Not every rule ran; all was' : hidden.length ? 'Not everything was' : progress.totalFiles === 1 ? 'The file was' : 'All files were';
    this.say(`${how} read: ${plural(count, 'alert')}.`);
  }

  help() { help(); }

  showProblems() { problems(this); }

  toggleLocal() {
    this.update({ local: !this.state.local });
    this.say(this.state.local ? 'Times are in local time.' : 'Times are in UTC.');
  }

  nextTheme() {
    const theme = { auto: 'light', light: 'dark', dark: 'auto' }[this.state.theme];
    applyTheme(theme);
    this.update({ theme });
    this.say(`Theme: ${theme === 'auto' ? 'automatic' : theme}.`);
  }
}

const app = new App(document.getElementById('app'));
app.update({});
app.start();

if ('serviceWorker' in navigator && !import.meta.env.DEV) {
  navigator.serviceWorker.register(scriptUrl('./sw.js')).catch(() => { /* opened without one: it works, but not offline */ });
}
