// An explanation as text for people: the branches of the query with their stages, ticked or crossed, and the values that decided.

import { stringifyExact } from '../json.js';
import { clean, count, fit, number, time } from './terminal.js';

const VALUES = 6;     // of one stage
const WIDTH = 100;    // of a piece of the query, or a value
const ROWS = 3;       // rows of a stage that are shown where no event is looked at

/** `report`: the nearest misses, where no single event was asked for. */
export function tree(answer, report, paint) {
  const { event, run, branches } = answer;
  const lines = [heading(answer, report, paint)];
  for (const { name, value, type, cut } of answer.lets) lines.push(paint.dim(`  let ${clean(name)} = ${shown({ value, type, cut })}`));
  if (answer.events > 0 || !report) {
    // What is read first stands first; the statement that answers is last.
    for (const branch of [...branches].reverse()) lines.push('', ...branchLines(branch, answer, paint));
  }
  if (run) lines.push('', runLine(run, event, paint), ...leftOut(run, paint));
  for (const text of [...answer.cut, ...answer.findings.map(({ message }) => message)]) lines.push(paint.yellow(`note: ${clean(text)}`));
  return lines.join('\n');
}

function heading({ rule, verdict, event, alerts, stopped, events }, report, paint) {
  const of = event ? `event ${clean(event.id || `number ${event.index + 1}`)} (${[event.time && time(event.time), event.name].filter(Boolean).map(clean).join(' ')})`
    : report ? `${count(report.events, 'event')}` : count(events, 'event');
  const said = verdict === 'alert' ? paint.green(`✓ ${event ? 'alert on' : `${count(alerts, 'alert')} from`} ${of}`)
    : paint.red(`✗ ${verdict === 'failed' ? 'the run failed' : 'no alert'} for ${of}`);
  const where = stopped && (events > 0 || !report) ? `\n  it ended at ${paint.bold(clean(stopped.text))}` : '';
  return `${paint.bold(clean(rule))}  ${said}${where}`;
}

function branchLines(branch, answer, paint) {
  const { stages, name, label, id } = branch;
  const title = name ? `let ${clean(name)}` : label;
  return [
    paint.bold(title),
    ...stages.flatMap((stage, n) => stageLines(stage, answer, answer.stopped?.branch === id && answer.stopped.stage === n, paint)),
  ];
}

function stageLines(stage, answer, here, paint) {
  const sign = { passed: paint.green('✓'), stopped: paint.red('✗'), failed: paint.red('✗') }[stage.state] ?? '–';
  const text = stage.end > stage.start ? piece(answer.query, stage, WIDTH) : clean(stage.table ?? stage.operator);
  const reads = stage.branches.map((i) => answer.branches[i]).filter(({ name }) => name && name !== stage.table).map(({ name }) => clean(name));
  const rows = stage.operator === 'table' ? count(stage.rowsOut, 'row') : `${number(stage.rowsIn)} → ${count(stage.rowsOut, 'row')}`;
  const isFilter = stage.rows.some((row) => row.steps.some(({ decides }) => decides));
  const why = stage.state === 'late' ? `not reached${isFilter ? `; would ${stage.would ? 'pass' : 'fail'} by itself` : ''}` : stage.state === 'unreached' ? 'not reached' : rows;
  return [
    `  ${sign} ${text}  ${paint.dim([why, ...reads.map((name) => `reads ${name}`)].join(' · '))}${here ? paint.red('  ← here it ended') : ''}`,
    ...valueLines(stage, answer.query, paint),
    ...madeOf(stage, answer).slice(0, ROWS).map((made) => paint.dim(`      made ${made.values.slice(0, 8).map((one) => `${clean(one.name)} = ${shown(one)}`).join(', ')} of ${count(made.events, 'event')}`)),
  ];
}

/** Rows that a stage made: of the event that is looked at, those it had a part in. */
const madeOf = ({ made }, { event, events }) => (event && events > 1 ? made.filter(({ ofEvent }) => ofEvent) : made);

/** The values that decided, or those that the stage gave; of several rows, of the first. */
function valueLines({ rows, operator, state }, query, paint) {
  if (operator === 'table') return [];
  const isJoin = rows.some(({ branch }) => branch !== undefined);
  const of = isJoin ? rows : rows.slice(0, 1);
  const lines = of.flatMap((row) => {
    const top = outer(row.steps);
    const chosen = row.steps.filter(({ decides }) => decides);
    const side = isJoin ? `${row.branch === undefined ? 'left' : 'right'} ` : '';
    return (chosen.length > 0 ? unique(chosen) : top).map((step) => {
      const because = unique(row.steps.filter((other) => other !== step && other.start >= step.start && other.end <= step.end && isLeaf(other, row.steps)))
        .filter((leaf) => leaf.start !== step.start || leaf.end !== step.end)
        .map((leaf) => `${piece(query, leaf, 60)} = ${shown(leaf)}`)
        .filter((text, i, all) => all.indexOf(text) === i);
      const sign = chosen.length === 0 || typeof step.value !== 'boolean' ? ' ' : step.value ? paint.green('✓') : paint.red('✗');
      return `      ${sign} ${side}${piece(query, step, WIDTH)} → ${shown(step)}${because.length > 0 ? paint.dim(`, because ${because.join(', ')}`) : ''}`;
    });
  });
  const distinct = [...new Set(lines)];
  const kept = state === 'passed' && operator !== 'where' && !isJoin ? distinct.slice(0, ROWS) : distinct.slice(0, VALUES);
  if (distinct.length > kept.length) kept.push(paint.dim(`        and ${count(distinct.length - kept.length, 'more value')}`));
  return kept;
}

const inside = (inner, outside) => inner !== outside && inner.start >= outside.start && inner.end <= outside.end;
const outer = (steps) => unique(steps).filter((step, _, all) => !all.some((other) => inside(step, other)));
const isLeaf = (step, steps) => !steps.some((other) => inside(other, step) && (other.start !== step.start || other.end !== step.end));

/** Of what was told of one place the last. */
const unique = (steps) => [...new Map(steps.map((step) => [`${step.start}:${step.end}`, step])).values()];

const piece = (query, { start, end }, most) => fit(clean(query.slice(start, end).replace(/\s+/g, ' ')), most);

function shown({ value, type, cut }) {
  const text = value === null || type === 'string' || typeof value === 'object' ? stringifyExact(value) : String(value);
  return `${fit(clean(text), WIDTH)}${cut ? ` (${number(cut)} in all)` : ''}`;
}

const OPERATORS = { GreaterThan: '>', LessThan: '<', Equal: '==', NotEqual: '!=' };

function runLine({ from, to, rows, trigger, suppression, suppressedUntil, seenBy, alerts, error }, event, paint) {
  const { operator, threshold, fires } = trigger;
  return [
    `window ${time(from)} → ${time(to)}${seenBy && seenBy.runs > 1 ? ` (one of ${number(seenBy.runs)} runs that see it)` : ''}`,
    `${rows === null ? `no rows: ${clean(error ?? 'the run failed')}` : count(rows, 'row')}, needs ${OPERATORS[operator] ?? operator} ${number(threshold)} ${fires ? paint.green('✓') : paint.red('✗')}`,
    suppressedUntil ? paint.red(`silenced until ${time(suppressedUntil)} by an earlier alert`) : `suppression ${suppression ?? 'off'}`,
    ...(fires ? [`${count(alerts, 'alert')} of this run`] : []),
  ].join(' · ');
}

const leftOut = ({ leftOut: all }, paint) => all.map(({ what, identifiers, why }) =>
  paint.yellow(`left out: ${clean(what)} ${Object.entries(identifiers).map(([key, value]) => `${key}=${clean(value)}`).join(' ')}: ${clean(why)}`));

/** Which filters turned the nearest events away. */
export function nearestMisses({ events, matching, passing, groups, ungrouped }, where, paint) {
  const among = where === undefined ? count(events, 'event') : `${count(matching, 'event')} of ${number(events)} where ${clean(where)}`;
  const lines = [`${paint.bold('nearest misses')} among ${among}: ${count(passing, 'event')} ${passing === 1 ? 'passes' : 'pass'} all filters of single events`];
  for (const group of groups) {
    const more = group.filters - group.failing.length;
    lines.push(`  ${count(group.events, 'event')} ${group.events === 1 ? 'ends' : 'end'} at ${group.failing.map(({ text }) => paint.bold(fit(clean(text), WIDTH))).join(' and ')}${more > 0 ? ` and ${count(more, 'more filter')}` : ''}`);
    for (const { values, others } of group.failing) {
      const named = values.slice(0, VALUES).map(({ value, events: n }) => `${fit(clean(value === '' ? '""' : value), 60)} ${number(n)}`);
      const rest = values.slice(VALUES).reduce((sum, { events: n }) => sum + n, 0) + others;
      if (named.length > 0) lines.push(paint.dim(`      ${[...named, ...(rest > 0 ? [`others ${number(rest)}`] : [])].join(', ')}`));
    }
    lines.push(paint.dim(`      for example ${example(group.example)}`));
  }
  if (ungrouped > 0) lines.push(`  ${count(ungrouped, 'event')} more in too many groups to name`);
  return lines.join('\n');
}

function example(text) {
  try {
    const { eventID, eventTime, eventName } = JSON.parse(text);
    return clean([`--event ${eventID}`, eventTime, eventName].filter(Boolean).join(' '));
  } catch {
    return fit(clean(text), WIDTH);
  }
}
