// All events that are kept, one a line.

import { h, mount } from '../dom.js';
import { middle, number, time } from '../format.js';
import { eventCount } from '../gaps.js';
import { VirtualTable } from './table.js';

export class EventsPanel {
  #key;

  constructor(app) {
    this.app = app;
    this.table = new VirtualTable({
      label: 'Events by time',
      columns: [
        { name: 'Time', width: 'var(--time)', least: 'var(--time)', class: 'num' }, { name: 'EventName', width: 'minmax(120px, 1.2fr)', narrow: 'minmax(100px, 1fr)', least: 'minmax(0, 1fr)' }, { name: 'EventSource', width: 'minmax(0, 1fr)', class: 'wide' },
        { name: 'User', width: 'minmax(100px, 1.4fr)', least: 'minmax(0, 1fr)' }, { name: 'SourceIpAddress', width: 'minmax(0, 130px)', narrow: '110px', class: 'mid' },
        { name: 'AWSRegion', width: 'minmax(0, 100px)', class: 'wide' }, { name: 'ErrorCode', width: 'minmax(0, 140px)', class: 'wide' },
      ],
      load: (from, count) => app.engine.ask('rows', from, count),
      cells: ({ time: at, cells: [name, source, user, ip, region, error] }) => [
        time(at, app.state.local), h('span', { title: error ? `${name}: ${error}` : name }, name, error && h('span.offscreen', ` ${error}`)), h('span.muted', { title: source }, source.replace(/\.amazonaws\.com$/, '')),
        h('span', { title: user }, middle(user.replace(/^assumed-role\//, ''), 44)), h('span', { title: ip }, ip), h('span.muted', region), h('span.err', { title: error }, error),
      ],
      rowClass: ({ row }) => (row === app.state.selection?.event?.row ? 'selected' : ''),
      open: ({ row }) => app.view.selectEvent(row),
    });
    this.note = h('p.note', { role: 'status' });
    this.element = h('section.panel', { 'aria-label': 'Events' }, this.note, this.table.element);
  }

  render() {
    const { view, selection, local, totals } = this.app.state;
    const key = [view, selection, local, totals];
    if (this.#key?.every((x, i) => x === key[i])) return;
    const fresh = this.#key?.[0] !== view;
    this.#key = key;
    const beyond = eventCount(this.app.state) - totals.count;
    mount(this.note,
      view && view.passed !== view.total ? h('span', `${number(view.passed)} of ${number(view.total)} events match the filters.`) : null,
      totals.full && beyond > 0 ? h('span.warn', ` This table shows the first ${number(totals.count)} events (limit: 1,000,000 events or 512 MB). The rules also checked the other ${number(beyond)}.`) : null);
    this.note.hidden = !this.note.childNodes.length;
    this.table.reset(view?.passed ?? 0, { keepScroll: !fresh || true });
  }
}
