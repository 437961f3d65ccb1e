// A lane for each principal of the story, on the histogram's axis: its events, errors and alerts, and what it used for the first time.

import { h, mount, svg } from '../dom.js';
import { middle, number, plural, time } from '../format.js';
import { accountOf, principal } from './story.js';

const SHOWN = 6;
const HEIGHT = 22;

export class Lanes {
  #key;
  #of;                         // the range and story that the lanes are of
  #lanes = [];
  #all = false;

  constructor(app) {
    this.app = app;
    this.element = h('section.lanes', { 'aria-label': 'Principals over time', hidden: true });
  }

  render() {
    const { story, view, alerts, local, filters } = this.app.state;
    const scale = this.app.histogram.scale;
    const groups = story?.groups.filter(({ root }) => root) ?? [];
    this.element.hidden = !groups.length || !scale;
    if (this.element.hidden) return;
    const wanted = [story, scale.first, scale.last, this.#all];
    if (!this.#of?.every((x, i) => x === wanted[i])) {
      this.#of = wanted;
      this.#load(groups, scale, wanted);
    }
    const key = [this.#lanes, view, alerts, local, filters.time];
    if (this.#key?.every((x, i) => x === key[i])) return;
    this.#key = key;
    const of = new Map(groups.map((group) => [group.root, group]));
    mount(this.element, this.#lanes.map((lane) => this.#lane(lane, of.get(lane.root), scale, local)),
      groups.length > SHOWN && h('button.link', { 'data-key': 'lanes', onclick: () => { this.#all = !this.#all; this.render(); } }, this.#all ? 'fewer lanes' : `${plural(groups.length - SHOWN, 'more lane')}`));
  }

  async #load(groups, scale, wanted) {
    const found = await this.app.engine.ask('lanes', this.#all ? groups.length : Math.min(groups.length, SHOWN), { first: scale.first, width: scale.width, bins: scale.all.length });
    if (!found || this.#of !== wanted) return;
    this.#lanes = found.filter(({ root }) => root);
    this.render();
  }

  #lane({ root, events, failed }, group, { first, last, width, all }, local) {
    if (!group) return null;
    const most = Math.max(...events, 1);
    const n = all.length;
    const tall = (count) => (count ? Math.max(1.5, (count / most) * (HEIGHT - 8)) : 0);
    const ids = new Set(group.ids);
    const place = (at) => Math.min(Math.max((at - first) / width, 0), n - 0.7);
    const within = (at) => at >= first && at <= last;
    const bars = events.flatMap((count, i) => (count ? [
      svg('rect', { x: i + 0.08, y: HEIGHT - tall(count), width: 0.84, height: tall(count) }),
      failed[i] && svg('rect.failed', { x: i + 0.08, y: HEIGHT - Math.min(tall(failed[i]), tall(count)), width: 0.84, height: Math.min(tall(failed[i]), tall(count)) }),
    ] : []));
    const marks = this.app.view.shownAlerts.filter(({ id, start }) => ids.has(id) && within(start)).slice(0, 500).map(({ start, severity }) => svg(`rect.tick.${severity.toLowerCase()}`, { x: place(start), y: 0, width: 0.7, height: 6 }));
    const firsts = group.firsts.filter(({ at }) => within(at)).map(({ at, kind, value }) => svg('path.first', { d: `M${place(at)} 7v${HEIGHT - 7}` }, svg('title', `new ${kind} ${value}, ${time(at, local)}`)));
    const total = events.reduce((a, b) => a + b, 0);
    const errors = failed.reduce((a, b) => a + b, 0);
    return h('div.lane', h('button.link', { title: `All about ${root}`, 'data-key': `lane ${root}`, onclick: () => this.app.view.about('account', group.members, principal(root), group) }, middle(principal(root), 34)),
      h('span.muted.num', `${accountOf(root) ? `${accountOf(root)}: ` : ''}${plural(total, 'event')}${errors ? `, ${number(errors)} failed` : ''}${group.firsts.length ? `, ${plural(group.firsts.length, 'first use')}` : ''}`),
      this.app.histogram.brushed(svg('svg.plot', { viewBox: `0 0 ${n} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${principal(root)}: ${plural(total, 'event')}, ${number(errors)} failed, ${plural(group.count, 'finding')}` }, ...bars, ...firsts, ...marks)));
  }
}
