// Events over time, to brush and to zoom into; alerts as ticks above, by severity.

import { h, svg } from '../dom.js';
import { axisTime, number, time } from '../format.js';

const HEIGHT = 56;
const TICKS = 6;
const NEAR = 6;                // pixels around a tick that count as the tick

export class Histogram {
  #key;
  #drag;

  constructor(app) {
    this.app = app;
    this.plot = svg('svg', { class: 'plot', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    this.brush = h('div.brush', { hidden: true });
    this.tip = h('div.tip', { hidden: true });
    this.area = this.brushed(h('div.plotarea', { onpointerleave: () => { this.tip.hidden = true; } }, this.plot, this.brush, this.tip));
    this.ticks = h('div.ticks', { 'aria-hidden': 'true' });
    this.from = h('input', { type: 'text', 'aria-label': 'From (ISO time)', spellcheck: 'false', onchange: () => this.#typed() });
    this.to = h('input', { type: 'text', 'aria-label': 'To (ISO time)', spellcheck: 'false', onchange: () => this.#typed() });
    this.reset = h('button.link', { onclick: () => app.view.filter({ ...app.state.filters, time: undefined }) }, 'show all');
    this.zoom = h('button.link', { onclick: () => app.view.navigate({ range: app.state.filters.time }) }, 'zoom in');
    this.out = h('button.link', { onclick: () => app.view.navigate({ range: undefined }) }, 'zoom out');
    this.wrong = h('span.bad', { role: 'alert' });
    this.element = h('section.histogram', { 'aria-label': 'Events over time' }, this.area, this.ticks,
      h('div.axis', this.from, h('span.toolbar', this.zoom, this.out, this.reset, this.wrong), this.to));
  }

  /** An element of the same width as the plot on which one brushes as on the plot. */
  brushed(element) {
    const on = (type, act) => element.addEventListener(type, (event) => act.call(this, event));
    on('pointerdown', this.#down);
    on('pointermove', this.#move);
    on('pointerup', this.#up);
    return element;
  }

  render() {
    const { view, filters, local, range } = this.app.state;
    const alerts = this.app.view.shownAlerts;
    const key = [view, filters.time, this.app.state.alerts, local, range];
    if (this.#key?.every((x, i) => x === key[i])) return;
    this.#key = key;
    const { first, last, width, all } = view?.histogram ?? {};
    const empty = !all || last < first || !last;
    this.element.classList.toggle('empty', empty);
    this.element.hidden = empty && !this.app.state.progress.totalFiles;
    if (empty) return this.plot.replaceChildren();
    const n = all.length;
    this.scale = { first, last: first + width * n, width, all };
    const most = Math.max(...all, 1);
    this.plot.setAttribute('viewBox', `0 0 ${n} ${HEIGHT}`);
    const bars = [];
    all.forEach((count, i) => {
      if (!count) return;
      const tall = Math.max(1.5, (count / most) * (HEIGHT - 14));
      const at = first + i * width;
      const out = filters.time && (at + width < filters.time[0] || at > filters.time[1]);
      bars.push(svg('rect', { x: i + 0.08, y: HEIGHT - tall, width: 0.84, height: tall, class: out ? 'out' : '' }));
    });
    const ticks = alerts.filter(({ start }) => start >= first && start <= this.scale.last).slice(0, 2000).map(({ start, severity }) =>
      svg('rect', { x: Math.min(Math.max((start - first) / width, 0), n - 0.5), y: 0, width: 0.7, height: 8, class: `tick ${severity.toLowerCase()}` }));
    this.plot.replaceChildren(svg('line', { x1: 0, x2: n, y1: HEIGHT, y2: HEIGHT }), ...bars, ...ticks);
    this.ticks.replaceChildren(...Array.from({ length: TICKS }, (_, i) => {
      const label = h('span.num', axisTime(first + (i / (TICKS - 1)) * (this.scale.last - first), this.scale.last - first, local));
      label.style.left = `${(100 * i) / (TICKS - 1)}%`;
      return label;
    }));
    const [a, b] = filters.time ?? view.histogram.span;
    if (document.activeElement !== this.from) this.from.value = time(a, local);
    if (document.activeElement !== this.to) this.to.value = time(b, local);
    this.reset.hidden = !filters.time;
    this.zoom.hidden = !filters.time || (range && range[0] === filters.time[0] && range[1] === filters.time[1]);
    this.out.hidden = !range;
    this.#show(filters.time);
  }

  #show(range) {
    this.brush.hidden = !range;
    if (!range) return;
    const { first, last } = this.scale;
    const share = (t) => Math.min(Math.max((t - first) / (last - first), 0), 1) * 100;
    this.brush.style.left = `${share(range[0])}%`;
    this.brush.style.width = `${Math.max(share(range[1]) - share(range[0]), 0.2)}%`;
  }

  #at(event) {
    const box = this.area.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    return this.scale.first + share * (this.scale.last - this.scale.first);
  }

  #down(event) {
    if (!this.scale || event.button) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    this.#drag = { start: this.#at(event), x: event.clientX };
  }

  #move(event) {
    if (!this.scale) return;
    const at = this.#at(event);
    const bin = Math.min(Math.floor((at - this.scale.first) / this.scale.width), this.scale.all.length - 1);
    this.tip.hidden = false;
    this.tip.textContent = `${time(this.scale.first + bin * this.scale.width, this.app.state.local)}  ${number(this.scale.all[bin])}`;
    this.tip.style.left = `${Math.min(Math.max(event.offsetX, 0), this.area.clientWidth - 210)}px`;
    if (this.#drag) this.#show([Math.min(at, this.#drag.start), Math.max(at, this.#drag.start)]);
  }

  #up(event) {
    const drag = this.#drag;
    this.#drag = undefined;
    if (!drag) return;
    const at = this.#at(event);
    const still = Math.abs(event.clientX - drag.x) < 4;
    const alert = still && this.#alertAt(event);
    if (alert) return this.app.view.selectAlert(alert.id);
    const range = still ? undefined : [Math.min(at, drag.start), Math.max(at, drag.start)];
    if (!range && !this.app.state.filters.time) return;
    this.app.view.filter({ ...this.app.state.filters, time: range });
  }

  /** The alert whose tick was pressed. */
  #alertAt(event) {
    const box = this.area.getBoundingClientRect();
    if (event.clientY - box.top > 14) return undefined;
    const near = (NEAR / box.width) * (this.scale.last - this.scale.first);
    const at = this.#at(event);
    const away = ({ start }) => Math.abs(start - at);
    const [first] = this.app.view.shownAlerts.filter((alert) => away(alert) <= near).sort((a, b) => away(a) - away(b));
    return first;
  }

  #typed() {
    const { local, view } = this.app.state;
    const read = (input) => {
      const text = input.value.trim().replace(' ', 'T');
      const ms = Date.parse(/[Zz]|[+-]\d\d:?\d\d$/.test(text) || local ? text : `${text}Z`);
      input.setAttribute('aria-invalid', Number.isNaN(ms) ? 'true' : 'false');
      return ms;
    };
    const [a, b] = [read(this.from), read(this.to)];
    this.wrong.textContent = Number.isNaN(a) || Number.isNaN(b) ? 'Write a time such as 2026-06-17 10:00.' : '';
    if (this.wrong.textContent) return;
    const [first, last] = view.histogram.span;
    const whole = a <= first && b >= Math.floor(last / 1000) * 1000;
    this.app.view.filter({ ...this.app.state.filters, time: whole ? undefined : [Math.min(a, b), Math.max(a, b) + 999] });
  }
}
