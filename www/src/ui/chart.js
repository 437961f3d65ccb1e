// What `render` asks for, as far as it is drawn: lines over time, and bars. Small, in SVG; the rows below have the exact values.

import { h, svg } from '../dom.js';
import { axisTime, middle, number, plural } from '../format.js';

const LINES = ['timechart', 'linechart', 'areachart', 'scatterchart'];
const BARS = ['barchart', 'columnchart', 'piechart'];
const HEIGHT = 160;
const WIDTH = 600;
const SERIES = 8;
const BARS_SHOWN = 20;

const isNumber = ({ type }) => ['long', 'int', 'real', 'decimal', 'timespan'].includes(type);
const valueOf = (cell) => (cell === null ? NaN : Number(cell));

/** The chart, or a sentence that says why there is none. */
export function chart(kind, columns, rows, local) {
  if (!kind || kind === 'table') return null;
  if (![...LINES, ...BARS].includes(kind)) return h('p.note', `render ${kind} is not drawn here. These are its rows.`);
  const numbers = columns.map((column, i) => (isNumber(column) ? i : -1)).filter((i) => i >= 0);
  const x = columns.findIndex((column, i) => (LINES.includes(kind) ? column.type === 'datetime' || (kind !== 'timechart' && numbers[0] === i) : !isNumber(column)));
  const values = numbers.filter((i) => i !== x);
  if (x < 0 || !values.length || !rows.length) return h('p.note', `render ${kind} needs ${LINES.includes(kind) ? 'a time' : 'a text'} and a number in the result. These are its rows.`);
  return LINES.includes(kind) ? lines(columns, rows, x, values, local) : bars(columns, rows, x, values[0]);
}

function lines(columns, rows, x, values, local) {
  const by = columns.findIndex((column, i) => column.type === 'string' && i !== x);
  const series = new Map();
  for (const row of rows) {
    const at = columns[x].type === 'datetime' ? Date.parse(row[x]) : valueOf(row[x]);
    for (const i of values) {
      const name = by >= 0 ? String(row[by] ?? '') : columns[i].name;
      const point = [at, valueOf(row[i])];
      if (point.every(Number.isFinite)) series.set(name, [...(series.get(name) ?? []), point]);
    }
  }
  const all = [...series.values()].flat();
  if (!all.length) return h('p.note', 'There is nothing to draw: no row has a time and a number.');
  const reach = (n) => all.reduce(([low, high], point) => [Math.min(low, point[n]), Math.max(high, point[n])], [Infinity, -Infinity]);
  const [first, last] = reach(0);
  const [, most] = reach(1);
  const place = ([at, value]) => `${(((at - first) / Math.max(last - first, 1)) * WIDTH).toFixed(1)},${(HEIGHT - (Math.max(value, 0) / Math.max(most, 1)) * (HEIGHT - 4)).toFixed(1)}`;
  const shown = [...series].slice(0, SERIES);
  return h('figure.chart',
    svg('svg.lines', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${plural(series.size, 'line')} over ${plural(all.length, 'point')}, at most ${number(most)}` },
      shown.map(([, points], n) => svg(`polyline.series${n}`, { points: points.sort(([a], [b]) => a - b).map(place).join(' ') }))),
    h('figcaption', h('span.num', columns[x].type === 'datetime' ? axisTime(first, last - first, local) : number(first)), h('span', `0 to ${number(most)}`), h('span.num', columns[x].type === 'datetime' ? axisTime(last, last - first, local) : number(last))),
    h('ul.legend', shown.map(([name], n) => h(`li.series${n}`, middle(name || '(empty)', 40))), series.size > SERIES && h('li', `and ${number(series.size - SERIES)} more, not drawn`)));
}

function bars(columns, rows, x, value) {
  const most = rows.reduce((max, row) => Math.max(max, valueOf(row[value]) || 0), 0);
  return h('figure.chart', h('ul.bars', rows.slice(0, BARS_SHOWN).map((row) => {
    const bar = h('span.bar');
    bar.style.width = `${(100 * Math.max(valueOf(row[value]) || 0, 0)) / Math.max(most, 1)}%`;
    return h('li', h('span.word', middle(String(row[x] ?? '') || '(empty)', 48)), h('span.track', bar), h('span.num', String(row[value])));
  })), rows.length > BARS_SHOWN && h('figcaption', `The first ${BARS_SHOWN} of ${number(rows.length)} rows.`));
}
