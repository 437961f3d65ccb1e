// Coverage of rules by their tests, for people and for tools that read LCOV.

import { untried } from '../testing/cover.js';
import { clean, fit, columnsOf, outStyle as style } from './terminal.js';

/** Per cent of the points that were met. */
export const coverageOf = ({ met, total }) => (total === 0 ? 100 : Math.floor((met * 100) / total));

/** The number; and with `whole` the query with a mark on each line, and what was not tried. */
export function prettyCoverage({ rule, text, answer }, whole) {
  const misses = untried(answer);
  const head = `  coverage ${answer.met} of ${answer.total} (${coverageOf(answer)} %)${misses.length > 0 && !whole ? style.dim(`  ${misses.length} not tried, the first at ${clean(rule)}:${misses[0].line}`) : ''}\n`;
  if (!whole || answer.obligations.length === 0) return head + notes(answer);
  const placed = answer.obligations.filter(({ kind }) => kind !== 'trigger');
  const first = Math.min(...placed.map(({ line }) => line));
  const last = Math.max(...placed.map(({ endLine }) => endLine));
  const room = columnsOf(process.stdout) - 12;
  const lines = text.split('\n').slice(first - 1, last).map((source, i) => {
    const line = first + i;
    const said = misses.filter((miss) => miss.line === line && miss.text !== 'no run alerted').map((miss) => `         ${style.yellow(clean(miss.text))}\n`).join('');
    return `  ${mark(placed, line)} ${style.dim(`${String(line).padStart(4)} │`)} ${fit(clean(source.replace(/\r$/, '').replace(/\t/g, ' ')), room)}\n${said}`;
  });
  const runs = misses.filter(({ text: said }) => said === 'no run alerted' || said === 'no run stayed quiet').map(({ text: said }) => `  ${style.yellow(said)}\n`);
  return head + lines.join('') + runs.join('') + notes(answer);
}

/** What limits left out, and runs that failed: without them the number would say more than is known. */
const notes = ({ cut, failed }) => [...cut, ...failed.map(({ message }) => `a run failed: ${message}`)].map((text) => `  ${style.yellow(clean(text))}\n`).join('');

function mark(obligations, line) {
  const counts = obligations.filter((one) => one.line <= line && line <= one.endLine).flatMap((one) => Object.values(one.counts));
  if (counts.length === 0) return ' ';
  if (counts.every((n) => n > 0)) return style.green('✓');
  return counts.some((n) => n > 0) ? style.yellow('◐') : style.red('✗');
}

/** LCOV: a record a rule file. A line counts what its stages saw; each point is a branch. */
export function lcov(list) {
  return list.map(({ rule, answer }) => {
    const lines = new Map();
    const branches = [];
    answer.obligations.forEach(({ kind, line, counts }, block) => {
      const values = Object.values(counts);
      if (kind === 'stage' || !lines.has(line)) lines.set(line, (lines.get(line) ?? 0) + values.reduce((a, b) => a + b, 0));
      if (values.length > 1 || kind === 'arm' || kind === 'leg') values.forEach((n, i) => branches.push(`BRDA:${line},${block},${i},${n}`));
    });
    const sorted = [...lines].sort((a, b) => a[0] - b[0]);
    const hit = (texts) => texts.filter((text) => !text.endsWith(',0')).length;
    return [`SF:${rule}`, ...branches, `BRF:${branches.length}`, `BRH:${hit(branches)}`, ...sorted.map(([line, n]) => `DA:${line},${n}`), `LF:${sorted.length}`, `LH:${sorted.filter(([, n]) => n > 0).length}`, 'end_of_record', ''].join('\n');
  }).join('');
}
