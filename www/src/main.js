// The page: its state, what changes it, and the panels that show it. Nothing here reads a log; workers do.

import { Engine } from './engine/client.js';
import { fromDrop, fromInput, sample, sort } from './engine/files.js';
import { copy, h, mount } from './dom.js';
import { AlertsPanel, visible } from './ui/alerts.js';
import { Detail } from './ui/detail.js';
import { help, paste, problems } from './ui/dialogs.js';
import { emptyState } from './ui/empty.js';
import { EventsPanel } from './ui/events.js';
import { Header } from './ui/header.js';
import { Histogram } from './ui/histogram.js';
import { keyboard } from './ui/keyboard.js';
import { QueryPanel } from './ui/query.js';
import { RulesPanel } from './ui/rules.js';
import { Sidebar } from './ui/sidebar.js';
import { Tabs } from './ui/tabs.js';
import { plural } from './format.js';
import { fromLink, link } from './takeaway.js';
import { scriptUrl } from './trust.js';

const VIEW_MS = 400;           // how often the events' view follows reading

class App {
  state = {
    phase: 'starting',         // starting, ready, failed
    progress: { reading: false, bytes: 0, totalBytes: 0, files: 0, totalFiles: 0, events: 0, rate: 0, problems: 0 },
    passedOver: [],
    totals: { count: 0, bytes: 0, full: false },
    rules: [],                 // {file, text, original, builtIn, card, findings, enabled, broken, dirty}
    alerts: [],
    concludeProblems: [],
    concluded: false,
    filters: {},
    view: undefined,
    tab: 'alerts',
    selection: undefined,      // {alert} or {event}
    local: false,
    theme: readTheme(),
    applying: false,
    linked: undefined,
    error: '',
  };

  columns = [];
  functions = [];
  #painting = false;
  #viewTimer;
  #viewBusy = false;
  #pressed = false;

  constructor(element) {
    this.element = element;
    this.engine = new Engine((what, data) => this.#heard(what, data));
    this.say = (text) => { this.toast.textContent = text; this.toast.dataset.last = text; clearTimeout(this.toastTimer); this.toastTimer = setTimeout(() => { this.toast.textContent = ''; }, 3000); };
    this.toast = h('div.toast', { role: 'status', 'aria-live': 'polite' });
    this.header = new Header(this);
    this.sidebar = new Sidebar(this);
    this.histogram = new Histogram(this);
    this.tabs = new Tabs(this);
    this.detail = new Detail(this);
    this.panels = { alerts: new AlertsPanel(this), events: new EventsPanel(this), query: new QueryPanel(this), rules: new RulesPanel(this) };
    this.body = h('div.body');
    this.work = [this.sidebar.element, h('main', { id: 'main', tabindex: -1 }, this.histogram.element, this.tabs.element,
      Object.entries(this.panels).map(([name, panel]) => {
        panel.element.id = `panel-${name}`;
        panel.element.setAttribute('role', 'tabpanel');
        return panel.element;
      })), this.detail.element];
    element.append(this.header.element, this.body, this.toast);
    applyTheme(this.state.theme);
    keyboard(this);
    addEventListener('pointerdown', () => { this.#pressed = true; }, true);
    const released = () => setTimeout(() => {
      this.#pressed = false;
      if (this.owed) { this.owed = false; this.update({}); }
    });
    for (const type of ['pointerup', 'pointercancel', 'dragend', 'blur']) addEventListener(type, released, true);
    this.#drops();
  }

  async start() {
    try {
      await this.engine.start();
      const [builtIn, columns, functions] = await Promise.all(['rules', 'columns', 'functions'].map((op) => this.engine.ask(op)));
      Object.assign(this, { columns, functions });
      await this.#setRules(await Promise.all(builtIn.map((rule) => this.#readRule({ ...rule, builtIn: true, enabled: true }))));
      this.update({ phase: 'ready' });
      const linked = await fromLink(location.hash);
      if (linked) this.#takeLink(linked);
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
    const { phase, progress, tab, linked } = this.state;
    const used = progress.totalFiles > 0 || tab === 'rules' || tab === 'query';
    const shape = phase === 'ready' && used ? 'work' : `${phase} ${this.state.rules.length} ${Boolean(linked)}`;
    if (this.shape !== shape) {
      this.shape = shape;
      this.element.classList.toggle('working', shape === 'work');
      mount(this.body, shape === 'work' ? this.work : emptyState(this));
    }
    this.header.render();
    if (shape !== 'work') return;
    for (const [name, panel] of Object.entries(this.panels)) panel.element.hidden = name !== tab;
    this.sidebar.render();
    this.histogram.render();
    this.tabs.render();
    this.panels[tab].render();
    this.detail.render();
  }

  #heard(what, data) {
    if (what === 'progress') {
      this.update({ progress: data });
      this.#refreshView(data.reading ? VIEW_MS : 0);
    } else if (what === 'alerts') {
      const { alerts, count = this.state.alerts.length } = data;
      this.update({ concludeProblems: data.problems, concluded: data.last, applying: this.state.applying && !data.last, ...(alerts ? { alerts } : {}) });
      if (alerts) {
        this.#refreshView(0);
        const selected = this.state.selection?.alert;
        const still = selected && alerts.find(({ id }) => id === selected.id);
        if (selected && !still) this.select(undefined);
        else if (still && (still.rows !== selected.rows || still.end !== selected.end)) this.selectAlert(still.id);
      }
      if (data.last) this.say(`${this.state.progress.files === 1 ? 'The file was' : 'All files were'} read: ${count === 1 ? '1 alert' : `${count} alerts`}.`);
    } else if (what === 'query') {
      this.panels.query.progress(data.events);
    } else if (what === 'failed') {
      this.update({ phase: 'failed', error: data });
    }
  }

  // ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────

  #drops() {
    let depth = 0;
    const over = (on) => document.documentElement.classList.toggle('dropping', on);
    addEventListener('dragenter', (e) => { e.preventDefault(); depth += 1; over(true); });
    addEventListener('dragleave', () => { depth = Math.max(0, depth - 1); if (!depth) over(false); });
    addEventListener('dragover', (e) => { e.preventDefault(); e.dataTransfer.dropEffect = 'copy'; });
    addEventListener('drop', async (e) => {
      e.preventDefault();
      depth = 0;
      over(false);
      try {
        await this.add(await fromDrop(e.dataTransfer));
      } catch (error) {
        this.say(`Cannot read the dropped files: ${error.message}`);
      }
    });
  }

  async addPicked(input) {
    const files = fromInput(input);
    input.value = '';
    await this.add(files);
  }

  /** Logs are read, YAML files become rules. */
  async add(files) {
    const { rules, logs, passedOver } = await sort(files);
    if (passedOver.length) this.update({ passedOver: [...this.state.passedOver, ...passedOver] });
    if (!files.length) return this.say('There are no files to read.');
    if (rules.length) await this.addRules(await Promise.all(rules.map(async ({ file, path }) => ({ file: path, text: await file.text() }))));
    if (logs.length) {
      if (this.state.tab === 'rules' || this.state.tab === 'query') this.update({ tab: 'alerts' });
      this.engine.read(logs);
    }
  }

  async sample() {
    try {
      await this.add(await sample());
    } catch (error) {
      this.say(error.message);
    }
  }

  paste() {
    paste((text) => this.add([{ file: new File([text], 'pasted text'), path: 'pasted text' }]));
  }

  cancel() { if (this.state.progress.reading) this.engine.cancel(); }

  async reset() {
    await this.engine.clear();
    this.update({
      alerts: [], view: undefined, filters: {}, selection: undefined, tab: 'alerts', totals: { count: 0, bytes: 0, full: false }, concludeProblems: [],
      progress: { reading: false, bytes: 0, totalBytes: 0, files: 0, totalFiles: 0, events: 0, rate: 0, problems: 0 },
      passedOver: [],
    });
  }

  // ── Rules ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #readRule(rule) {
    const [card, findings] = await Promise.all([this.engine.ask('describe', rule.text), this.engine.ask('check', [{ file: rule.file, text: rule.text }])]);
    const broken = !card || findings.some(({ severity }) => severity === 'error');
    return { ...rule, original: rule.original ?? rule.text, card, findings, broken, enabled: rule.enabled && !broken };
  }

  async #setRules(rules) {
    this.update({ rules });
    const running = rules.filter(({ enabled }) => enabled).map(({ file, running, text }) => ({ file, text: running ?? text }));
    // No rule at all means the built-in ones to the engine: it is not asked then.
    await this.engine.use(running);
    if (!running.length) this.update({ alerts: [] });
  }

  async addRules(files) {
    const added = await Promise.all(files.map((rule) => this.#readRule({ ...rule, builtIn: false, enabled: true })));
    const names = new Set(added.map(({ file }) => file));
    const rules = [...this.state.rules.filter(({ file }) => !names.has(file)), ...added];
    const broken = added.filter((rule) => rule.broken);
    this.say(broken.length ? `${added.length - broken.length} of ${added.length} rules added; ${broken.length} cannot run.` : `${plural(added.length, 'rule')} added.`);
    await this.#setRules(rules);
    if (broken.length || !this.state.progress.totalFiles) this.update({ tab: 'rules' });
    this.panels.rules.choose((broken[0] ?? added[0]).file);
  }

  async enable(file, enabled) {
    await this.#setRules(this.state.rules.map((rule) => (rule.file === file ? { ...rule, enabled } : rule)));
  }

  async editRule(file, text) {
    const before = this.state.rules.find((rule) => rule.file === file);
    if (!before || before.text === text) return;
    const wasOn = before.enabled || (before.broken && before.wanted !== false);
    const read = await this.#readRule({ ...before, text, enabled: wasOn });
    const running = before.running ?? before.text;
    // While it is edited, the text that ran last goes on standing for it.
    this.update({ rules: this.state.rules.map((rule) => (rule.file === file ? { ...read, running, enabled: before.enabled, wanted: wasOn, dirty: text !== running } : rule)) });
  }

  async applyRule(file) {
    const rule = this.state.rules.find((r) => r.file === file);
    if (!rule || rule.broken) return this.say('The rule has an error. See the findings.');
    this.update({ applying: this.state.progress.totalFiles > 0 });
    await this.#setRules(this.state.rules.map((r) => (r.file === file ? { ...r, running: undefined, dirty: false, enabled: true } : r)));
  }

  async revertRule(file) {
    const rule = this.state.rules.find((r) => r.file === file);
    const read = await this.#readRule({ ...rule, text: rule.original, running: undefined, dirty: false, enabled: true });
    await this.#setRules(this.state.rules.map((r) => (r.file === file ? read : r)));
  }

  ruleOf(id) { return this.state.rules.find(({ card }) => card?.id === id); }

  showRule(id) {
    const rule = this.ruleOf(id);
    if (!rule) return this.say('The rule is not loaded.');
    this.update({ tab: 'rules' });
    this.panels.rules.choose(rule.file);
  }

  // ── The view ────────────────────────────────────────────────────────────────────────────────────────────────

  filter(filters) {
    this.update({ filters });
    this.#refreshView(0, true);
  }

  toggle(column, word) {
    const { filters } = this.state;
    const words = filters.values?.[column] ?? [];
    const next = words.includes(word) ? words.filter((w) => w !== word) : [...words, word];
    const values = { ...filters.values, [column]: next };
    if (!next.length) delete values[column];
    this.filter({ ...filters, values });
  }

  filterValues(values) { this.update({ tab: 'events' }); this.filter({ values }); }

  filterEntity(type, name, entity) {
    this.say(`Filter: ${type} ${name}.`);
    if (type === 'ip' && entity.Address) this.filter({ values: { SourceIpAddress: [entity.Address] } });
    else this.filter({ text: entity.Name ?? name });
  }

  #refreshView(wait, now = false) {
    if (now) clearTimeout(this.#viewTimer), (this.#viewTimer = undefined);
    if (this.#viewTimer) { this.viewAgain = true; return; }
    this.#viewTimer = setTimeout(async () => {
      if (this.#viewBusy) { this.#viewTimer = undefined; this.viewAgain = true; return; }
      this.#viewBusy = true;
      const began = performance.now();
      try {
        const { filters } = this.state;
        const view = await this.engine.ask('view', filters);
        const { count, bytes, full } = view;
        this.update({ view, totals: { count, bytes, full } });
      } catch (error) {
        this.say(error.message);
      }
      this.#viewBusy = false;
      this.#viewTimer = undefined;
      if (this.viewAgain) {
        this.viewAgain = false;
        this.#refreshView(this.state.progress.reading ? Math.max(VIEW_MS, 4 * (performance.now() - began)) : 0);
      }
    }, wait);
  }

  go(tab) {
    this.update({ tab });
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (tab === 'query') this.panels.query.focus();
      else (this.panels[tab].table?.element ?? this.panels[tab].element).focus();
    }));
  }

  select(selection) {
    const closing = this.state.selection && !selection;
    this.update({ selection });
    if (closing) (this.panels[this.state.tab].table?.element ?? this.tabs.element).focus?.();
  }

  async selectAlert(id) {
    const alert = await this.engine.ask('alert', id);
    if (alert) this.select({ alert });
  }

  async selectEvent(row) {
    const event = await this.engine.ask('record', row);
    if (event) this.select({ event });
  }

  async showEvent(eventId) {
    const row = await this.engine.ask('locate', eventId);
    if (row < 0) return this.say('The events table does not hold this event.');
    this.filter({});
    await this.engine.ask('view', {});
    const at = await this.engine.ask('find', row);
    this.update({ tab: 'events' });
    await this.selectEvent(row);
    setTimeout(() => this.panels.events.table.activate(at), 300);
  }

  get shownAlerts() { return visible(this.state); }

  // ── The rest ────────────────────────────────────────────────────────────────────────────────────────────────

  help() { help(); }

  showProblems() { problems(this); }

  toggleLocal() { this.update({ local: !this.state.local }); this.say(this.state.local ? 'Times are in local time.' : 'Times are in UTC.'); }

  nextTheme() {
    const theme = { auto: 'light', light: 'dark', dark: 'auto' }[this.state.theme];
    applyTheme(theme);
    this.update({ theme });
    this.say(`Theme: ${theme === 'auto' ? 'automatic' : theme}.`);
  }

  async copyLink() {
    copy(await link(this.state, this.panels.query.text), () => this.say('Link copied. It contains rules and filters, but no events.'));
  }

  /** A link brings a view; rules of it run only when they are asked to. */
  #takeLink({ tab, filters, query, rules }) {
    if (query) this.panels.query.set(query);
    this.update({ filters, ...(tab ? { tab } : {}), linked: rules.length ? rules : undefined });
    history.replaceState(null, '', location.pathname + location.search);
  }

  async useLinked() {
    const rules = this.state.linked;
    this.update({ linked: undefined });
    await this.addRules(rules.map(({ file, text }) => ({ file: this.state.rules.some((r) => r.file === file && r.text !== text) ? `link/${file}` : file, text })));
  }
}

function readTheme() {
  try {
    const theme = localStorage.getItem('theme');
    return ['light', 'dark'].includes(theme) ? theme : 'auto';
  } catch {
    return 'auto';
  }
}

function applyTheme(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try { localStorage.setItem('theme', theme); } catch { /* not kept then */ }
}

const app = new App(document.getElementById('app'));
app.update({});
app.start();

if ('serviceWorker' in navigator && !import.meta.env.DEV) {
  navigator.serviceWorker.register(scriptUrl('./sw.js')).catch(() => { /* opened without one: it works, but not offline */ });
}
