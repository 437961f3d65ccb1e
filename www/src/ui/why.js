// Why a rule did, or did not, match one event: the query as written, a stage a line, each expression with its value.
// The values are the engine's; here they are only laid out.

import { h } from '../dom.js';
import { number } from '../format.js';
import { chevron, cross, dash, tick } from './icons.js';
import { splitStages } from './stages.js';

/**
 * The view of an answer of `explain`. `columns` are the table's; `toField(path)` shows a field of the event;
 * `counts()` resolves to the rows out of each stage over all events.
 */
export function whyView(answer, { columns, toField, counts }) {
  if (!answer.query) {
    return h('div.why', h('p.bad', 'The rule cannot run: ', answer.findings?.[0]?.message ?? 'the file cannot be read', '.'));
  }
  const fields = new Map(columns.map(({ name, field }) => [name, field]));
  const { query } = answer;
  const stages = splitStages(query);
  const explained = (answer.leaves ?? []).flatMap((leaf) => leaf.stages);
  const of = (stage) => explained.filter(({ start, end }) => end > start && start >= stage.start && end <= stage.end);
  let failed = false;
  const lines = stages.map((stage, n) => {
    const parts = of(stage);
    let state = 'unknown';
    if (n === 0) state = 'yes';
    else if (failed) state = 'unreached';
    else if (parts.length) state = parts.every(({ passed }) => passed) ? 'yes' : 'no';
    else if (answer.result?.rows) state = 'yes';
    const stops = state === 'no' && !failed;
    if (state === 'no') failed = true;
    return stageLine(query, stage, n, parts, state, stops, fields, toField);
  });
  const outcome = answer.result?.error ? `The query failed: ${answer.result.error}`
    : failed ? 'No match. The event fails at the stage marked ✗.'
      : answer.result?.rows ? `Match. This event alone gives ${number(answer.result.rows)} result ${answer.result.rows === 1 ? 'row' : 'rows'}.`
        : 'The event passes all stages that look at single rows. The whole query gives no row for this event alone.';
  const counter = h('button.small', { onclick: count, 'data-key': 'count' }, 'Count rows over all events');
  const said = h('span.muted', { role: 'status' });
  const list = h('ol.stages', { 'aria-label': 'Stages of the query' }, lines);

  async function count() {
    counter.disabled = true;
    try {
      await counts(stages, (n, before, after) => {
        const cell = list.children[n]?.querySelector('.rows');
        if (cell) cell.replaceChildren(h('span', { title: `${number(before)} rows in, ${number(after)} rows out, over all events` }, n === 0 ? number(after) : `${number(before)} → ${number(after)}`));
      }, (text) => { said.textContent = text; });
      said.textContent = 'Rows in → rows out, over all events in the table.';
    } catch (error) {
      said.textContent = error.message;
    }
    counter.disabled = false;
  }

  return h('div.why',
    h('p', { class: failed || !answer.result?.rows ? 'outcome no' : 'outcome yes' }, failed || !answer.result?.rows ? cross() : tick(), ' ', outcome),
    list, h('p.toolbar', counter, said));
}

function stageLine(query, stage, n, parts, state, stops, fields, toField) {
  const signs = { yes: [tick(), 'passes'], no: [cross(), 'fails here'], unreached: [dash(), 'not reached'], unknown: [dash(), 'needs more than one row'] };
  const [sign, word] = signs[state];
  const steps = unique(parts.flatMap((part) => part.rows[0]?.steps ?? []));
  const nested = nest(steps);
  const details = h('div.steps');
  const code = h('code', render(query, stage.start, stage.end, nested, (step, button) => toggle(details, step, button, query, fields, toField)));
  const decisive = state === 'no' ? deciding(nested) : [];
  const extended = parts.filter(({ operator }) => operator === 'extend').flatMap(() => nested);
  const more = parts.reduce((sum, part) => sum + Math.max(part.rows.length - 1, 0), 0);
  return h('li', { class: `stage ${state}`, 'data-operator': stage.operator },
    h('span.margin', h('span.sign', sign, h('span.offscreen', word)), h('span.rows', n === 0 ? '' : '')),
    h('div.body', h('pre', code),
      decisive.map((step) => because(step, query, fields, toField)),
      state === 'yes' && extended.length > 0 && assignments(query, stage).map(({ name, start, end }) =>
        given(name, query.slice(start, end).trim(), extended.filter((step) => step.start >= start && step.end <= end), query)),
      stops && !decisive.length && h('p.value', 'This stage returns no rows.'),
      steps.length > 0 && h('details.all', h('summary', chevron(), steps.length === 1 ? '1 value' : `${steps.length} values`),
        steps.map((step) => because({ ...step, inside: [] }, query, fields, toField))),
      more > 0 && h('p.muted', `Values of the first row of ${more + 1}.`),
      details));
}

/** What an `extend` gives: `Name → value`, or, where only parts were needed, the parts. */
function given(name, text, steps, query) {
  if (!steps.length) return null;
  const whole = steps.length === 1 && query.slice(steps[0].start, steps[0].end) === text;
  return h('p.value', h('span.name', name), whole ? [h('span.arrow', ' → '), value(steps[0])]
    : [': ', steps.map((step, i) => [i ? ', ' : '', h('code', short(query.slice(step.start, step.end), 60)), h('span.arrow', ' → '), value(step)])]);
}

/** The `Name = expression` parts of a stage. */
function assignments(query, { start, end }) {
  const parts = [];
  let from = start + /^\|?\s*[\w-]+\s/.exec(query.slice(start, end))?.[0].length || start;
  let depth = 0;
  let quote = '';
  for (let i = from; i <= end; i += 1) {
    const c = i < end ? query[i] : ',';
    if (quote) {
      if (c === '\\') i += 1;
      else if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if ('([{'.includes(c)) depth += 1;
    else if (')]}'.includes(c)) depth -= 1;
    else if (c === ',' && (depth === 0 || i === end)) {
      const head = /^\s*([a-zA-Z_]\w*)\s*=(?![=~])\s*/.exec(query.slice(from, i));
      const text = query.slice(from, i).trim();
      parts.push(head ? { name: head[1], start: from + head[0].length, end: i } : { name: text, start: from, end: i });
      from = i + 1;
    }
  }
  return parts;
}

/** The last value of each place: an `and` is told twice, once for each side. */
function unique(steps) {
  const last = new Map();
  for (const step of steps) last.set(`${step.start}:${step.end}`, step);
  return [...last.values()];
}

/** Steps as a tree by their places. */
function nest(steps) {
  const sorted = steps.map((step) => ({ ...step, inside: [] })).sort((a, b) => a.start - b.start || b.end - a.end);
  const roots = [];
  const stack = [];
  for (const step of sorted) {
    while (stack.length && stack.at(-1).end < step.end) stack.pop();
    while (stack.length && stack.at(-1).end <= step.start) stack.pop();
    (stack.at(-1)?.inside ?? roots).push(step);
    stack.push(step);
  }
  return roots;
}

/** The smallest expressions that are false and made the whole false. */
function deciding(roots) {
  const failing = ({ value }) => value === false || value === null;
  const smallest = (step) => {
    const inside = step.inside.filter((child) => child.type === 'bool' && failing(child));
    return inside.length ? inside.flatMap(smallest) : [step];
  };
  return roots.filter(failing).flatMap(smallest);
}

function render(query, from, to, steps, onStep) {
  const out = [];
  let at = from;
  for (const step of steps) {
    if (step.start < at || step.end > to) continue;
    out.push(query.slice(at, step.start));
    const inner = render(query, step.start, step.end, step.inside, onStep);
    const span = h('span.expr', { title: plain(step) }, inner);
    span.addEventListener('click', (event) => { event.stopPropagation(); onStep(step, span); });
    span.dataset.value = plain(step);
    out.push(span);
    at = step.end;
  }
  out.push(query.slice(at, to));
  return out;
}

function toggle(details, step, button, query, fields, toField) {
  const id = `${step.start}:${step.end}`;
  const there = [...details.children].find((line) => line.dataset.id === id);
  if (there) {
    there.remove();
    button.classList.remove('open');
    return;
  }
  button.classList.add('open');
  const line = because(step, query, fields, toField);
  line.dataset.id = id;
  details.append(line);
}

/** `isempty(ErrorCode)` → false, because `ErrorCode` = "AccessDenied" */
function because(step, query, fields, toField) {
  const text = query.slice(step.start, step.end);
  const leaves = [];
  const walk = (at) => (at.inside.length ? at.inside.forEach(walk) : at !== step && leaves.push(at));
  walk(step);
  const seen = new Set();
  const reasons = leaves.filter((leaf) => {
    const key = query.slice(leaf.start, leaf.end);
    return !seen.has(key) && seen.add(key);
  });
  return h('p.value', { class: step.value === false ? 'decides' : '' },
    column(text, fields, toField) ?? h('code', short(text)), h('span.arrow', ' → '), value(step),
    reasons.length ? [', because ', reasons.flatMap((leaf, i) => {
      const name = query.slice(leaf.start, leaf.end);
      return [i ? ', ' : '', column(name, fields, toField) ?? h('code', short(name)), ' = ', value(leaf)];
    })] : null);
}

function column(name, fields, toField) {
  const path = fields.get(name);
  if (!path) return undefined;
  return h('button.link.mono', { onclick: () => toField(path.join('/')), title: `Show ${path.join('.')} in the event` }, name);
}

const short = (text, max = 120) => {
  const line = text.replace(/\s+/g, ' ');
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
};

const plain = ({ value, type }) => (value === null && type === 'null' ? 'null' : typeof value === 'string' && type === 'string' ? JSON.stringify(value)
  : typeof value === 'object' && value !== null ? JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)) : String(value));

const value = (step) => h('span.val', { class: `t-${step.type}`, 'data-type': step.type, title: step.type }, short(plain(step), 400));

/** The paths of an event's fields that a query reads. */
export function fieldsRead(query, columns) {
  const words = new Set(query.match(/[a-zA-Z_]\w*/g));
  return new Set(columns.filter(({ name, field }) => field && words.has(name)).map(({ field }) => field.join('/')));
}
