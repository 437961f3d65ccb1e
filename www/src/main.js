// The page: its state, what changes it, and the panels that show it. Nothing here reads a log; workers do.

import { Engine } from './engine/client.js';
import { fromDrop, fromInput, sample, readRules, sort } from './engine/files.js';
import { copy, h, mount, save } from './dom.js';
import { visible as safe } from 'forepost/visible.js';
import { AlertsPanel, visible } from './ui/alerts.js';
import { Detail } from './ui/detail.js';
import { ask, help, paste, problems } from './ui/dialogs.js';
import { emptyState } from './ui/empty.js';
import { EventsPanel } from './ui/events.js';
import { Header } from './ui/header.js';
import { Histogram } from './ui/histogram.js';
import { Lanes } from './ui/lanes.js';
import { MatrixPanel } from './ui/matrix.js';
import { keyboard } from './ui/keyboard.js';
import { QueryPanel } from './ui/query.js';
import { RulesPanel } from './ui/rules.js';
import { Sidebar } from './ui/sidebar.js';
import { splitter } from './ui/splitter.js';
import { question } from './ui/supplied.js';
import { Tabs } from './ui/tabs.js';
import { entityFilter, isFiltered, nameOf, narrowed, toggled } from './filters.js';
import { number, plural } from './format.js';
import { canHide, gaps } from './gaps.js';
import { caseOf, forget, keep, kept, looksLikeCase, readCase, withHashes } from './case.js';
import { inWords, isTableName, supply, toldApart } from './supplied.js';
import { fromLink, LONG_LINK, link } from './takeaway.js';
import { scriptUrl } from './trust.js';

const NOTHING = { reading: false, bytes: 0, totalBytes: 0, files: 0, totalFiles: 0, events: 0, rate: 0, problems: 0, cancelled: 0, unread: 0 };
const NO_EVENTS = { count: 0, bytes: 0, full: false, repeated: 0 };
const VIEW_MS = 400;           // how often the events' view follows reading

class App {
  state = {
    phase: 'starting',         // starting, ready, failed
    progress: NOTHING,
    walking: 0,                // files found so far in folders that were dropped
    passedOver: [],
    supplied: [],              // {path, name, file, size, text, rows, columns}: tables, and functions, which have no name
    suppliedProblems: [],      // {path, message}: what cannot be used as one
    unclear: [],               // files that are a table or a log: a person says which
    totals: NO_EVENTS,
    sample: false,             // what is loaded is the sample
    each: false,               // repeated events count each time
    rules: [],                 // {file, text, original, builtIn, card, findings, enabled, wanted, broken, dirty}: one that is wanted runs when it can
    alerts: [],
    story: undefined,          // findings by the principal behind them
    expected: [],              // inputs of a case that was opened: {path, size, sha256}
    kept: undefined,           // the case that this browser keeps: {text, files}
    notes: {},                 // by finding: {verdict, star, text}
    order: 'principal',        // how alerts are grouped
    range: undefined,          // the time that the histogram shows, if not all
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
    this.#history();
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
      const [builtIn, columns, functions, logTables] = await Promise.all(['rules', 'columns', 'functions', 'logTables'].map((op) => this.engine.ask(op)));
      Object.assign(this, { columns, functions, logTables });
      await this.#setRules(await this.#readRules(builtIn.map((rule) => ({ ...rule, builtIn: true, wanted: true }))));
      this.update({ phase: 'ready' });
      await this.#readLink();
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
      h('button.small', { onclick: () => this.useLinked() }, linked.length === 1 ? 'Add rule' : 'Add rules'), h('button.small', { onclick: () => this.update({ linked: undefined }) }, 'Ignore')] : question(this));
  }

  #heard(what, data) {
    if (what === 'progress') {
      this.update({ progress: data });
      this.#refreshView(data.reading ? VIEW_MS : 0);
    } else if (what === 'alerts') {
      const { alerts, totals = this.state.totals, count = this.state.alerts.length } = data;
      this.update({ totals, concludeProblems: data.problems, concluded: data.last, applying: this.state.applying && !data.last, ...(alerts ? { alerts } : {}) });
      if (alerts) {
        this.#refreshView(0);
        const selected = this.state.selection?.alert;
        const still = selected && alerts.find(({ id }) => id === selected.id);
        if (selected && !still) this.select(undefined);
        else if (still && (still.rows !== selected.rows || still.end !== selected.end)) this.selectAlert(still.id);
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
        await this.add(await fromDrop(e.dataTransfer, (walking) => this.update({ walking })));
      } catch (error) {
        this.say(`Cannot read the dropped files: ${error.message}`);
      }
      this.update({ walking: 0 });
    });
  }

  async addPicked(input) {
    const files = fromInput(input);
    input.value = '';
    await this.add(files);
  }

  /** Logs are read; YAML files and ARM templates become rules; tables and functions are for rules to refer to. The sample and real logs never lie together. */
  async add(given, { sample: isSample = false } = {}) {
    const cases = given.filter(looksLikeCase);
    for (const { file } of cases) await this.openCase(await file.text());
    const kept = given.filter(({ supplied }) => supplied);
    const files = given.filter((entry) => !cases.includes(entry) && !kept.includes(entry));
    if (kept.length) await this.supply(kept);
    if (given.length && !files.length) return;
    const { rules: found, logs, functions, unclear, passedOver: skipped } = await sort(files, this.engine, (walking) => this.update({ walking }));
    this.update({ walking: 0 });
    if (!files.length) return this.say('There are no files to read.');
    const { rules, functions: inYaml, leftOut } = await readRules(found);
    const passedOver = [...skipped, ...leftOut];
    if (passedOver.length) this.update({ passedOver: [...this.state.passedOver, ...passedOver] });
    if (rules.length) await this.addRules(rules);
    // What rules lack is known now.
    const waiting = rules.length ? this.state.unclear : [];
    const told = await toldApart([...waiting, ...unclear], { engine: this.engine, rules: this.state.rules, expected: this.state.expected });
    const answered = ({ file }) => waiting.some((one) => one.file === file) && this.state.unclear.every((one) => one.file !== file);
    const [tables, asked] = [told.tables, told.asked].map((list) => list.filter((entry) => !answered(entry)));
    this.update({ unclear: [...this.state.unclear.filter((one) => !waiting.includes(one)), ...asked] });
    if (functions.length || inYaml.length || tables.length) await this.supply([...functions, ...inYaml, ...tables]);
    await this.#read([...logs, ...told.logs], isSample);
  }

  async #read(logs, isSample) {
    if (!logs.length) return;
    if (this.state.sample && !isSample) {
      await this.#forget();
      this.say('The sample was removed.');
    }
    if (this.state.tab === 'rules' || this.state.tab === 'query') this.update({ tab: 'alerts' });
    this.update({ sample: isSample });
    this.engine.read(logs);
    // Whether they are the files of the case, their hashes tell.
    if (this.state.expected.length) withHashes(this.engine.inputs).then(() => this.update({ expected: [...this.state.expected] }));
  }

  // ── Tables and functions ────────────────────────────────────────────────────────────────────────────────────

  /** Adds tables, watchlists and functions. Rules that lacked them run then. */
  async supply(entries) {
    const { added, problems } = await supply(entries, { engine: this.engine, supplied: this.state.supplied });
    const { supplied, suppliedProblems, progress } = this.state;
    const mended = new Set(added.map(({ path }) => path));
    this.update({ supplied: [...supplied, ...added], suppliedProblems: [...suppliedProblems.filter(({ path }) => !mended.has(path) && problems.every((one) => one.path !== path)), ...problems] });
    const waiting = added.length ? await this.#rulesAgain() : 0;
    this.say([added.length ? `Added: ${inWords(added)}.` : !problems.length && 'It is there already.', waiting && `${plural(waiting, 'rule')} that lacked ${added.length === 1 ? 'it' : 'them'} can run now.`,
      problems.length && `${plural(problems.length, 'file')} cannot be used: ${problems[0].path}: ${problems[0].message}`].filter(Boolean).join(' '));
    if (problems.length || !progress.totalFiles) this.update({ tab: 'rules' });
  }

  async withdraw(one) {
    await this.engine.withdraw(one);
    this.update({ supplied: this.state.supplied.filter((other) => other !== one) });
    const before = this.state.rules.filter(({ broken }) => broken).length;
    await this.#rulesAgain();
    const lost = this.state.rules.filter(({ broken }) => broken).length - before;
    this.say(`Removed: ${one.name ?? one.path}.${lost > 0 ? ` ${plural(lost, 'rule')} cannot run without it.` : ''}`);
  }

  /** Reads the rules again after tables or functions changed; how many can run now that could not. */
  async #rulesAgain() {
    const before = this.state.rules;
    const read = await this.#readRules(before);
    // Of one that is being edited, the text that ran last goes on running.
    const now = new Map(before.map((rule, i) => [rule, rule.dirty ? { ...read[i], enabled: rule.enabled } : read[i]]));
    await this.#setRules(this.state.rules.map((rule) => now.get(rule) ?? rule));
    return before.filter((rule, i) => rule.broken && !read[i].broken).length;
  }

  /** What a person says of the first unclear file, or of all: `table` with its name, `log`, or `out`. */
  async answer(what, name, all = false) {
    if (what === 'table' && !isTableName(name)) return this.say('Write the name of the table or watchlist, such as vips.');
    const files = all ? this.state.unclear : this.state.unclear.slice(0, 1);
    this.update({ unclear: this.state.unclear.slice(files.length) });
    if (what === 'table') await this.supply(files.map((entry) => ({ ...entry, name })));
    else if (what === 'log') await this.#read(files, false);
    else this.update({ passedOver: [...this.state.passedOver, ...files.map(({ path }) => ({ path, reason: 'left out by you' }))] });
  }

  async addPickedSupplied(input) {
    const files = fromInput(input);
    input.value = '';
    if (files.length) await this.supply(files);
  }

  async sample() {
    if (this.state.sample) return this.say('The sample is loaded.');
    if (this.engine.inputs.length) return this.say('The sample is not mixed with your logs. Start over to load it.');
    try {
      await this.add(await sample(), { sample: true });
    } catch (error) {
      this.say(error.message);
    }
  }

  paste() {
    paste((text) => this.add([{ file: new File([text], 'pasted text'), path: 'pasted text' }]));
  }

  cancel() { if (this.state.progress.reading) this.engine.cancel(); }

  /** Whether leaving would lose something that only this page has. */
  get hasWork() { return (this.engine.inputs.length > 0 && !this.state.sample) || (Object.keys(this.state.notes).length > 0 && this.state.notes !== this.saved) || this.state.rules.some(({ text, original }) => text !== original); }

  async reset() {
    const sure = !this.hasWork || await ask('Start over?', 'All logs, alerts, notes and filters are removed from this page. Rules, tables and functions stay.', 'Start over');
    if (sure) await this.#forget();
  }

  async #forget() {
    await this.engine.clear();
    this.update({
      alerts: [], story: undefined, range: undefined, expected: [], notes: {}, view: undefined, filters: {}, selection: undefined, tab: 'alerts', totals: NO_EVENTS, concludeProblems: [], progress: NOTHING, passedOver: [], suppliedProblems: [], unclear: [], sample: false,
    });
  }

  /** Repeated events count once, or as often as they came. */
  async countEach(each) {
    this.update({ each });
    await this.engine.countEach(each);
  }

  // ── Rules ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Rules with their cards and findings; those that are wanted and not broken are enabled. */
  async #readRules(rules) {
    const [findings, ...cards] = await Promise.all([this.engine.ask('check', rules.map(({ file, text }) => ({ file, text }))), ...rules.map(({ text }) => this.engine.ask('describe', text))]);
    const byFile = new Map(rules.map(({ file }) => [file, []]));
    for (const finding of findings) byFile.get(finding.file)?.push(finding);
    return rules.map((rule, i) => {
      const card = cards[i];
      const found = byFile.get(rule.file);
      const broken = !card || found.some(({ severity }) => severity === 'error');
      return { ...rule, original: rule.original ?? rule.text, card, findings: found, broken, enabled: rule.wanted && !broken };
    });
  }

  async #setRules(rules) {
    this.update({ rules });
    const running = rules.filter(({ enabled }) => enabled).map(({ file, running, text }) => ({ file, text: running ?? text }));
    // No rule at all means the built-in ones to the engine: it is not asked then.
    await this.engine.use(running);
    if (!running.length) this.update({ alerts: [] });
  }

  async addRules(files) {
    const added = await this.#readRules(files.map((rule) => ({ ...rule, builtIn: false, wanted: true })));
    const names = new Set(added.map(({ file }) => file));
    const ids = new Map(added.filter(({ card, broken }) => card && !broken).map(({ card, file }) => [card.id, file]));
    // Of two rules with one id, the one that came last runs.
    const before = this.state.rules.filter(({ file }) => !names.has(file)).map((rule) => (ids.has(rule.card?.id) ? { ...wanted(rule, false), replacedBy: ids.get(rule.card.id) } : rule));
    const rules = [...before, ...added];
    const broken = added.filter((rule) => rule.broken);
    const replaced = before.filter(({ replacedBy }) => replacedBy && names.has(replacedBy)).length;
    this.say(`${broken.length ? `${added.length - broken.length} of ${plural(added.length, 'rule')} added; ${broken.length} cannot run.` : `${plural(added.length, 'rule')} added.`}${
      replaced ? ` ${plural(replaced, 'rule')} with the same id switched off.` : ''}`);
    await this.#setRules(rules);
    if (broken.length || !this.state.progress.totalFiles) this.update({ tab: 'rules' });
    this.panels.rules.choose((broken[0] ?? added[0]).file);
  }

  async enable(file, enabled) {
    await this.#setRules(this.state.rules.map((rule) => (rule.file === file ? wanted(rule, enabled) : rule)));
  }

  async enableAll(files, enabled) {
    const chosen = new Set(files);
    await this.#setRules(this.state.rules.map((rule) => (chosen.has(rule.file) ? wanted(rule, enabled) : rule)));
  }

  async editRule(file, text) {
    const before = this.state.rules.find((rule) => rule.file === file);
    if (!before || before.text === text) return;
    const [read] = await this.#readRules([{ ...before, text }]);
    const running = before.running ?? before.text;
    // While it is edited, the text that ran last goes on standing for it.
    this.update({ rules: this.state.rules.map((rule) => (rule.file === file ? { ...read, running, enabled: before.enabled, dirty: text !== running } : rule)) });
  }

  async applyRule(file) {
    const rule = this.state.rules.find((r) => r.file === file);
    if (!rule || rule.broken) return this.say('The rule has an error. See the findings.');
    this.update({ applying: this.state.progress.totalFiles > 0 });
    await this.#setRules(this.state.rules.map((r) => (r.file === file ? { ...r, running: undefined, dirty: false, wanted: true, enabled: true } : r)));
  }

  async revertRule(file) {
    const rule = this.state.rules.find((r) => r.file === file);
    const [read] = await this.#readRules([{ ...rule, text: rule.original, running: undefined, dirty: false, wanted: true }]);
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

  /** Changes what is looked at; Back returns. */
  navigate(patch) {
    this.update(patch);
    this.#remember(true);
    if ('filters' in patch || 'range' in patch) this.#refreshView(0, true);
  }

  filter(filters) {
    this.navigate({ filters });
  }

  toggle(field, word, out) { this.filter(toggled(this.state.filters, field, word, out)); }

  /** Narrows what is shown to one value; other filters stay. */
  narrow(field, word, tab = this.state.tab) {
    this.navigate({ filters: narrowed(this.state.filters, field, word), tab });
    this.say(`Filter: ${nameOf(field)} ${word}`);
  }

  /** Only, or without, events with one of these words. */
  filterWords(field, words, out = false) {
    const { filters } = this.state;
    const list = out ? 'not' : 'values';
    this.navigate({ tab: 'events', filters: { ...filters, [list]: { ...filters[list], [field]: words } } });
  }

  /** The page of an address, a key, a principal or another value. `group` is its part of the story. */
  async about(field, words, title, group) {
    const told = group ?? (field === 'account' ? this.state.story?.groups.find(({ root }) => words.includes(root)) : undefined);
    const of = told ? told.members : words;
    const page = await this.engine.ask('entity', field, of);
    this.select({ entity: { ...page, field, words: of, title, group: told } });
  }

  /** Changes what is noted about a finding. */
  note(finding, change) {
    const { notes } = this.state;
    this.update({ notes: { ...notes, [finding]: { ...notes[finding], ...change } } });
  }

  filterEntity(entity) { this.narrow(...entityFilter(entity)); }

  undo() {
    if (this.#depth > 0) history.back();
    else this.filter({});
  }

  #depth = 0;

  /** The browser's history holds tab, filters and time range, so that Back and Forward work. */
  #remember(push) {
    const { tab, filters, range } = this.state;
    const now = JSON.stringify({ tab, filters, range });
    if (push && now === this.#here) return;
    this.#here = now;
    if (push) this.#depth += 1;
    history[push ? 'pushState' : 'replaceState']({ tab, filters, range, depth: this.#depth }, '');
  }

  #here;

  #history() {
    this.#remember(false);
    addEventListener('popstate', ({ state }) => {
      if (!state?.filters) return; // another fragment: see hashchange
      const { tab, filters, range, depth } = state;
      this.#depth = depth ?? 0;
      this.#here = JSON.stringify({ tab, filters, range });
      this.update({ tab, filters, range });
      this.#refreshView(0, true);
    });
    addEventListener('hashchange', () => this.#readLink());
    addEventListener('beforeunload', (event) => { if (this.hasWork) event.preventDefault(); });
  }

  #refreshView(wait, now = false) {
    if (now) clearTimeout(this.#viewTimer), (this.#viewTimer = undefined);
    if (this.#viewTimer) { this.viewAgain = true; return; }
    this.#viewTimer = setTimeout(async () => {
      if (this.#viewBusy) { this.#viewTimer = undefined; this.viewAgain = true; return; }
      this.#viewBusy = true;
      const began = performance.now();
      try {
        const { filters, range } = this.state;
        const view = await this.engine.ask('view', filters, range);
        const { count, bytes, full, repeated } = view;
        this.update({ view, totals: { count, bytes, full, repeated } });
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
    this.navigate({ tab });
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (tab === 'query') this.panels.query.focus();
      else (this.panels[tab].table?.element ?? this.panels[tab].start ?? this.panels[tab].element).focus();
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
    const filtered = isFiltered(this.state.filters);
    this.navigate({ filters: {}, tab: 'events' });
    if (filtered) this.say('The filters were cleared to show the event. Back restores them.');
    await this.engine.ask('view', {}, this.state.range);
    const at = await this.engine.ask('find', row);
    await this.selectEvent(row);
    setTimeout(() => this.panels.events.table.activate(at), 300);
  }

  get shownAlerts() { return visible(this.state); }

  // ── The rest ────────────────────────────────────────────────────────────────────────────────────────────────

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

  async copyLink() {
    const { url, left } = await link(this.state, this.panels.query.text);
    const long = url.length > LONG_LINK ? ` It has ${number(url.length)} characters: mail and chat may cut it.` : '';
    copy(url, (said) => this.say(said === 'Copied.' ? `Link copied. It has rules and filters, but no events${left ? `, and not ${left}: save a case for that` : ''}.${long}` : said));
  }

  /** A link brings a view; rules of it run only when they are asked to. */
  async #readLink() {
    const linked = await fromLink(location.hash);
    if (!linked) return;
    if (linked.error) return this.say(linked.error);
    const { tab, filters, query, rules, off, local } = linked;
    if (query) this.panels.query.set(query);
    this.navigate({ filters, local, ...(tab ? { tab } : {}), linked: rules.length ? rules : undefined });
    if (off.length) await this.#setRules(this.state.rules.map((rule) => (off.includes(rule.file) ? wanted(rule, false) : rule)));
  }

  // ── Case ────────────────────────────────────────────────────────────────────────────────────────────────────

  async #caseText() {
    await withHashes(this.state.supplied);
    return `${JSON.stringify(caseOf(this.state, this.panels.query.text, await withHashes(this.engine.inputs)), null, 1)}\n`;
  }

  async saveCase() {
    save('case.forepost.json', new Blob([await this.#caseText()], { type: 'application/json' }));
    this.saved = this.state.notes;
    this.say('Case saved. It names the inputs with their hashes, but has no event.');
  }

  /** Keeps the case in this browser, with its logs. */
  async keepCase() {
    const sure = await ask('Keep this case in this browser?', 'Rules, filters, notes and the logs themselves stay in this browser’s storage on this computer until you forget them. They are not encrypted.', 'Keep', 'Do not keep');
    if (!sure) return;
    try {
      const files = [...this.state.supplied.map(({ file, path, name }) => ({ file, path, name, supplied: true })), ...this.engine.inputs.map(({ file, path }) => ({ file, path }))];
      await keep(await this.#caseText(), files);
      this.update({ kept: await kept() });
      this.saved = this.state.notes;
      this.say('The case is kept in this browser.');
    } catch (error) {
      this.say(`The browser cannot keep the case: ${error?.message ?? 'no room'}`);
    }
  }

  async openKept() {
    const { text, files } = this.state.kept;
    await this.openCase(text, files.length > 0);
    if (files.length) await this.add(files);
  }

  async forgetCase() {
    await forget();
    this.update({ kept: undefined });
    this.say('The kept case was removed from this browser.');
  }

  /** Brings back rules, filters and notes; says which logs belong to it. */
  async openCase(text, withFiles = false) {
    const found = readCase(text);
    if (!found) return this.say('The file is no case of Forepost.');
    const { inputs, notes, rules, off, query, tab, filters, local } = found;
    if (rules.length) await this.addRules(rules);
    if (off.length) await this.#setRules(this.state.rules.map((rule) => (off.includes(rule.file) ? wanted(rule, false) : rule)));
    if (query) this.panels.query.set(query);
    const { selection } = this.state;
    this.update({ notes: { ...this.state.notes, ...notes }, expected: withFiles ? [] : inputs, local, selection: selection && { ...selection } }); // its notes may be others
    this.navigate({ filters, ...(tab ? { tab } : {}) });
    this.saved = this.state.notes;
    if (!withFiles && inputs.length) this.say(`Case opened. Drop its logs now: ${plural(inputs.length, 'file')}.`);
  }

  /** Inputs of the opened case that are not here, or are others. */
  get absent() {
    if (!this.state.expected.length) return [];
    const here = new Map([...this.engine.inputs, ...this.state.supplied].map((input) => [input.path.split('/').at(-1), input]));
    return this.state.expected.filter(({ path, size, sha256 }) => {
      const input = here.get(path.split('/').at(-1));
      return !input || input.size !== size || (sha256 && input.sha256 && input.sha256 !== sha256);
    });
  }

  async useLinked() {
    const rules = this.state.linked;
    this.update({ linked: undefined });
    await this.addRules(rules.map(({ file, text }) => ({ file: this.state.rules.some((r) => r.file === file && r.text !== text) ? `link/${file}` : file, text })));
  }
}

/** A rule switched on or off; one that is broken is on when it no longer is. */
const wanted = (rule, on) => ({ ...rule, wanted: on, enabled: on && !rule.broken });

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
