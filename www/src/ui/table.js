// A table of any number of rows, of which only the visible ones exist. One line a row.

import { h } from '../dom.js';

const MAX_HEIGHT = 8_000_000; // browsers lose count of pixels beyond twice this

export class VirtualTable {
  #rows = new Map();
  #drawn = new Map();          // rows as they are seen: others may have come that are not drawn yet
  #count = 0;
  #active = -1;
  #version = 0;
  #scheduled = false;

  /**
   * `columns`: [{name, width, class}]; `load(from, count)` gives rows (or a promise); `cells(row)` the children of each;
   * `open(row, index)` on Enter or click; `key(row)` tells the selected one.
   */
  constructor({ label, columns, load, cells, open, rowClass, rowHeight = 28 }) {
    Object.assign(this, { columns, load, cells, open, rowClass, rowHeight });
    this.body = h('div.vt-body', { role: 'rowgroup' });
    this.head = h('div.vt-row.vt-head', { role: 'row', 'aria-rowindex': 1 },
      columns.map(({ name, class: c }) => h('div', { role: 'columnheader', class: c }, name)));
    this.element = h('div.vt', { role: 'grid', tabindex: 0, 'aria-label': label, onscroll: () => this.#schedule(), onkeydown: (e) => this.#key(e) },
      h('div.vt-headwrap', { role: 'rowgroup' }, this.head), this.body);
    this.element.style.setProperty('--columns', columns.map(({ width }) => width).join(' '));
    // Where there is little room, columns that are `wide` go.
    this.element.style.setProperty('--columns-narrow', columns.filter(({ class: c }) => c !== 'wide').map(({ width, narrow }) => narrow ?? width).join(' '));
    this.element.style.setProperty('--columns-least', columns.filter(({ class: c }) => !/wide|mid/.test(c ?? '')).map(({ width, narrow, least }) => least ?? narrow ?? width).join(' '));
    this.element.style.setProperty('--row', `${rowHeight}px`);
    this.id = `vt${VirtualTable.next = (VirtualTable.next ?? 0) + 1}`;
    new ResizeObserver(() => this.#schedule()).observe(this.element);
  }

  /** There are so many rows now; what was loaded is stale. */
  reset(count, { keepScroll = true } = {}) {
    this.#count = count;
    this.#version += 1;
    this.#rows.clear();
    this.#active = Math.min(this.#active, count - 1);
    this.body.style.height = `${Math.min(count * this.rowHeight, MAX_HEIGHT)}px`;
    this.element.setAttribute('aria-rowcount', count + 1);
    if (!keepScroll) this.element.scrollTop = 0;
    this.#schedule();
  }

  get active() { return this.#active; }

  /** Moves to a row without opening it. */
  activate(index, { scroll = true } = {}) {
    if (!this.#count) return;
    this.#active = Math.max(0, Math.min(index, this.#count - 1));
    if (scroll) {
      const { first, visible } = this.#window();
      const top = this.#active;
      if (top < first + 1) this.#scrollTo(top);
      else if (top > first + visible - 2) this.#scrollTo(top - visible + 2);
    }
    this.#schedule();
  }

  move(by) { this.activate(this.#active + by); }

  openActive() { if (this.#active >= 0) this.#open(this.#active); }

  clear() { this.#active = -1; this.#schedule(); }

  async #open(index) {
    const row = this.#drawn.get(index) ?? this.#rows.get(index) ?? (await this.load(index, 1))[0];
    if (row) this.open(row, index);
  }

  // Where the scroll bar is too short for all pixels, its place is a share of all rows.
  #window() {
    const height = Math.max(this.element.clientHeight - this.rowHeight, this.rowHeight);
    const visible = Math.ceil(height / this.rowHeight) + 1;
    const full = this.#count * this.rowHeight;
    const scale = full > MAX_HEIGHT ? (full - height) / (MAX_HEIGHT - height) : 1;
    const first = Math.floor((this.element.scrollTop * scale) / this.rowHeight);
    return { first, visible, scale };
  }

  #scrollTo(index) {
    const { scale } = this.#window();
    this.element.scrollTop = (Math.max(index, 0) * this.rowHeight) / scale;
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => { this.#scheduled = false; this.#paint(); });
  }

  async #paint() {
    if (!this.element.isConnected || !this.element.clientHeight) return;
    const { first, visible, scale } = this.#window();
    const from = Math.max(0, Math.min(first, this.#count - visible) - 4);
    const to = Math.min(this.#count, first + visible + 4);
    const missing = [];
    for (let i = from; i < to; i += 1) if (!this.#rows.has(i)) missing.push(i);
    if (missing.length) {
      const version = this.#version;
      const at = missing[0];
      const loaded = await this.load(at, missing.at(-1) - at + 1);
      if (version !== this.#version) return;
      if (this.#rows.size > 2000) this.#rows.clear();
      loaded.forEach((row, i) => this.#rows.set(at + i, row));
    }
    const top = scale === 1 ? 0 : this.element.scrollTop - first * this.rowHeight;
    const lines = [];
    this.#drawn.clear();
    for (let i = from; i < to; i += 1) {
      const row = this.#rows.get(i);
      if (!row) continue;
      this.#drawn.set(i, row);
      lines.push(this.#line(row, i, top));
    }
    this.body.replaceChildren(...lines);
    if (this.#active >= from && this.#active < to) this.element.setAttribute('aria-activedescendant', `${this.id}-${this.#active}`);
    else this.element.removeAttribute('aria-activedescendant');
  }

  #line(row, index, top) {
    const active = index === this.#active;
    const line = h('div.vt-row', {
      role: 'row', id: `${this.id}-${index}`, 'aria-rowindex': index + 2, 'aria-selected': active ? 'true' : 'false',
      class: [active && 'active', this.rowClass?.(row)].filter(Boolean).join(' '),
      onclick: () => { this.activate(index, { scroll: false }); this.#open(index); },
    }, this.cells(row).map((cell, c) => h('div', { role: 'gridcell', class: this.columns[c]?.class }, cell)));
    line.style.transform = `translateY(${index * this.rowHeight + top}px)`;
    return line;
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, this.#window().visible - 2);
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.#count, End: this.#count }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      this.activate(this.#active < 0 ? 0 : this.#active + move);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      this.openActive();
    }
  }
}
