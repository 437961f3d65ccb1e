// What is looked at: tab, filters, range and selection, and the browser's history of them.

import { visible } from '../ui/alerts.js';
import { entityFilter, isFiltered, nameOf, narrowed, toggled } from '../filters.js';

export const VIEW_MS = 400;           // how often the events' view follows reading

export class View {
  #depth = 0;
  #here;
  #timer;
  #busy = false;
  #again = false;

  constructor(app) { this.app = app; }

  /** Changes what is looked at; Back returns. */
  navigate(patch) {
    this.app.update(patch);
    this.#remember(true);
    if ('filters' in patch || 'range' in patch) this.refresh(0, true);
  }

  filter(filters) {
    this.navigate({ filters });
  }

  toggle(field, word, out) { this.filter(toggled(this.app.state.filters, field, word, out)); }

  /** Narrows what is shown to one value; other filters stay. */
  narrow(field, word, tab = this.app.state.tab) {
    this.navigate({ filters: narrowed(this.app.state.filters, field, word), tab });
    this.app.say(`Filter: ${nameOf(field)} ${word}`);
  }

  /** Only, or without, events with one of these words. */
  filterWords(field, words, out = false) {
    const { filters } = this.app.state;
    const list = out ? 'not' : 'values';
    this.navigate({ tab: 'events', filters: { ...filters, [list]: { ...filters[list], [field]: words } } });
  }

  /** The page of an address, a key, a principal or another value. `group` is its part of the story. */
  async about(field, words, title, group) {
    const told = group ?? (field === 'account' ? this.app.state.story?.groups.find(({ root }) => words.includes(root)) : undefined);
    const of = told ? told.members : words;
    const page = await this.app.engine.ask('entity', field, of);
    this.select({ entity: { ...page, field, words: of, title, group: told } });
  }

  filterEntity(entity) { this.narrow(...entityFilter(entity)); }

  undo() {
    if (this.#depth > 0) history.back();
    else this.filter({});
  }

  /** The browser's history holds tab, filters and time range, so that Back and Forward work. */
  #remember(push) {
    const { tab, filters, range } = this.app.state;
    const now = JSON.stringify({ tab, filters, range });
    if (push && now === this.#here) return;
    this.#here = now;
    if (push) this.#depth += 1;
    history[push ? 'pushState' : 'replaceState']({ tab, filters, range, depth: this.#depth }, '');
  }

  listen() {
    this.#remember(false);
    addEventListener('popstate', ({ state }) => {
      if (!state?.filters) return; // another fragment: see hashchange
      const { tab, filters, range, depth } = state;
      this.#depth = depth ?? 0;
      this.#here = JSON.stringify({ tab, filters, range });
      this.app.update({ tab, filters, range });
      this.refresh(0, true);
    });
    addEventListener('hashchange', () => this.app.case.readLink());
    addEventListener('beforeunload', (event) => { if (this.app.case.hasWork) event.preventDefault(); });
  }

  /** Has the desk filter anew, after `wait`; `now`: what was planned is not waited for. */
  refresh(wait, now = false) {
    if (now) clearTimeout(this.#timer), (this.#timer = undefined);
    if (this.#timer) { this.#again = true; return; }
    this.#timer = setTimeout(async () => {
      if (this.#busy) { this.#timer = undefined; this.#again = true; return; }
      this.#busy = true;
      const began = performance.now();
      try {
        const { filters, range } = this.app.state;
        const view = await this.app.engine.ask('view', filters, range);
        const { count, bytes, full, repeated } = view;
        this.app.update({ view, totals: { count, bytes, full, repeated } });
      } catch (error) {
        this.app.say(error.message);
      }
      this.#busy = false;
      this.#timer = undefined;
      if (this.#again) {
        this.#again = false;
        this.refresh(this.app.state.progress.reading ? Math.max(VIEW_MS, 4 * (performance.now() - began)) : 0);
      }
    }, wait);
  }

  go(tab) {
    this.navigate({ tab });
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (tab === 'query') this.app.panels.query.focus();
      else (this.app.panels[tab].table?.element ?? this.app.panels[tab].start ?? this.app.panels[tab].element).focus();
    }));
  }

  select(selection) {
    const closing = this.app.state.selection && !selection;
    this.app.update({ selection });
    if (closing) (this.app.panels[this.app.state.tab].table?.element ?? this.app.tabs.element).focus?.();
  }

  async selectAlert(id) {
    const alert = await this.app.engine.ask('alert', id);
    if (alert) this.select({ alert });
  }

  async selectEvent(row) {
    const event = await this.app.engine.ask('record', row);
    if (event) this.select({ event });
  }

  async showEvent(eventId) {
    const row = await this.app.engine.ask('locate', eventId);
    if (row < 0) return this.app.say('The events table does not hold this event.');
    const filtered = isFiltered(this.app.state.filters);
    this.navigate({ filters: {}, tab: 'events' });
    if (filtered) this.app.say('The filters were cleared to show the event. Back restores them.');
    await this.app.engine.ask('view', {}, this.app.state.range);
    const at = await this.app.engine.ask('find', row);
    await this.selectEvent(row);
    setTimeout(() => this.app.panels.events.table.activate(at), 300);
  }

  get shownAlerts() { return visible(this.app.state); }
}
