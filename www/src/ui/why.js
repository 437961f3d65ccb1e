// Why a rule did, or did not, match: every table of the query with its stages, each expression with its value, then the run.
// Rows and values are the engine's; here they are only laid out.

import { h } from '../dom.js';
import { number, plural } from '../format.js';
import { chevron, cross, dash, tick } from './icons.js';
import { countQueries } from './stages.js';

const SIGNS = { passed: [tick, 'passes', 'yes'], stopped: [cross, 'fails here', 'no'], failed: [cross, 'the run failed here', 'no'], late: [dash, 'not reached', 'unreached'], unreached: [dash, 'not reached', 'unreached'] };
const MADE = 3;        // rows that a stage made
const COLUMNS = 8;     // of such a row

/**
 * The view of an answer of `explain`. `columns` are the table's; `toField(path)` shows a field of the event;
 * `counts()` resolves to the rows out of each stage over all events.
 */
export function whyView(answer, { columns, toField, counts }) {
  if (!answer.query) {
    return h('div.why', h('p.bad', 'The rule cannot run: ', answer.findings?.[0]?.message ?? 'the file cannot be read', '.'));
  }
  const view = new View(answer, columns, toField);
  return h('div.why',
    h('p', { class: answer.verdict === 'alert' ? 'outcome yes' : 'outcome no' }, answer.verdict === 'alert' ? tick() : cross(), ' ', outcome(answer)),
    answer.lets.map((one) => h('p.value', h('code', `let ${one.name}`), ' = ', value(one))),
    view.roots().map((branch) => view.branch(branch)),
    runView(answer.run),
    counter(view, counts),
    answer.cut.map((text) => h('p.muted', text)));
}

function outcome({ verdict, stopped, run, event, events, alerts }) {
  const rows = run?.rows ?? 0;
  if (verdict === 'alert') {
    return event && events > 1 ? `Match. The event is evidence of an alert; the run yields ${plural(rows, 'row')}.`
      : `Match. ${events === 1 ? 'This event alone gives' : `These ${number(events)} events together give`} ${plural(rows, 'result row')} and ${plural(alerts, 'alert')}.`;
  }
  const reasons = {
    stage: () => ['No match. It ends at the stage marked ✗: ', h('code', short(stopped.text))],
    trigger: () => `The query matches, and the trigger does not: ${stopped.text}.`,
    suppression: () => `The query matches, but ${stopped.text}.`,
    time: () => `No match: ${stopped.text}.`,
    error: () => `The query failed: ${stopped.text}`,
  };
  return reasons[stopped?.at]?.() ?? 'No match.';
}

class View {
  #drawn = new Set();

  constructor(answer, columns, toField) {
    this.answer = answer;
    this.query = answer.query;
    this.fields = new Map(columns.map(({ name, field }) => [name, field]));
    this.toField = toField;
  }

  /** What is written as a statement of its own: each `let` of a table, in the order of the text, and the query behind them. */
  roots() {
    const [main, ...rest] = this.answer.branches;
    const lets = rest.filter(({ name, parent }) => name && this.answer.branches[parent?.branch]?.name !== name).sort((a, b) => a.start - b.start);
    return [...lets, main];
  }

  branch(branch) {
    this.#drawn.add(branch.id);
    const title = branch.name ? `let ${branch.name}` : branch.label;
    const stages = branch.stages.map((stage, n) => this.#stage(branch, stage, n));
    return h('section.branch', { 'data-branch': branch.id }, h('h4', title), h('ol.stages', { 'aria-label': `Stages of ${title}` }, stages));
  }

  #stage(branch, stage, n) {
    const { stopped } = this.answer;
    const [sign, word, state] = SIGNS[stage.state];
    const here = stopped?.at === 'stage' && stopped.branch === branch.id && stopped.stage === n;
    const isFilter = stage.rows.some((row) => row.steps.some(({ decides }) => decides));
    const said = stage.state === 'late' && isFilter ? `not reached; by itself it would ${stage.would ? 'pass' : 'fail'}` : word;
    const steps = unique(stage.rows.flatMap((row) => row.steps));
    const first = nest(unique(stage.rows[0]?.steps ?? []));
    const inner = stage.branches.map((id) => this.answer.branches[id]).filter(({ id, name }) => !this.#drawn.has(id) && !name);
    const named = stage.branches.map((id) => this.answer.branches[id].name).filter((name) => name && name !== stage.table);
    return h('li', { class: `stage ${here ? 'no' : state}`, 'data-operator': stage.operator },
      h('span.margin', h('span.sign', { title: said }, sign(), h('span.offscreen', said)),
        h('span.rows', { title: `${number(stage.rowsIn)} rows in, ${number(stage.rowsOut)} rows out` }, stage.operator === 'table' ? number(stage.rowsOut) : `${number(stage.rowsIn)} → ${number(stage.rowsOut)}`)),
      h('div.body',
        h('pre', h('code', stage.end > stage.start ? [stage.operator === 'table' ? '' : '| ', render(this.query, stage.start, stage.end, first)] : stage.table ?? stage.operator)),
        named.length > 0 && h('p.muted', `Reads ${named.map((name) => `let ${name}`).join(', ')}.`),
        stage.state === 'late' && isFilter && h('p.muted', `${said[0].toUpperCase()}${said.slice(1)}.`),
        this.#values(stage),
        stage.made.filter(({ ofEvent }) => ofEvent || !this.answer.event || this.answer.events === 1).slice(0, MADE).map((made) => this.#made(made)),
        steps.length > 0 && h('details.all', h('summary', chevron(), plural(steps.length, 'value')), steps.map((step) => this.#because({ ...step, inside: [] }))),
        stage.rows.length > 1 && h('p.muted', `Values of ${plural(stage.rows.length, 'row')}.`),
        inner.map((other) => this.branch(other))));
  }

  /** The values that decided; of a join the keys of both sides; else what the stage gave. */
  #values({ rows, operator, state }) {
    if (operator === 'table' || rows.length === 0) return null;
    const isJoin = rows.some(({ branch }) => branch !== undefined);
    if (isJoin) {
      const side = (right) => rows.filter(({ branch }) => (branch !== undefined) === right).flatMap(({ steps }) => steps);
      return [['Left', side(false)], ['Right', side(true)]].map(([name, steps]) => h('p.value', `${name}: `,
        steps.length ? distinct(steps).map((step, i) => [i ? ', ' : '', h('code', short(this.#text(step), 60)), ' = ', value(step)]) : 'no rows'));
    }
    const row = state === 'stopped' ? rows.find(({ passed }) => passed === false) ?? rows[0] : rows[0];
    const tree = nest(unique(row.steps));
    const all = flat(tree);
    const decisive = all.filter(({ decides }) => decides);
    if (decisive.length > 0) return decisive.slice(0, 6).map((step) => this.#because(step));
    return distinct(tree, (step) => this.#text(step)).slice(0, 6).map((step) => this.#because({ ...step, inside: operator === 'extend' ? [] : step.inside }));
  }

  #made({ values, events }) {
    return h('p.value', plural(events, 'event'), ' → ', values.slice(0, COLUMNS).map((one, i) => [i ? ', ' : '', h('span.name', one.name), ' = ', value(one)]),
      values.length > COLUMNS && ` and ${plural(values.length - COLUMNS, 'more column')}`);
  }

  #text({ start, end }) { return this.query.slice(start, end); }

  /** `isempty(ErrorCode)` → false, because `ErrorCode` = "AccessDenied" */
  #because(step) {
    const leaves = distinct(flat(step.inside).filter(({ inside }) => inside.length === 0), (leaf) => this.#text(leaf));
    return h('p.value', { class: step.decides && step.value !== true ? 'decides' : '' },
      this.#column(this.#text(step)) ?? h('code', short(this.#text(step))), h('span.arrow', ' → '), value(step),
      leaves.length ? [', because ', leaves.map((leaf, i) => [i ? ', ' : '', this.#column(this.#text(leaf)) ?? h('code', short(this.#text(leaf))), ' = ', value(leaf)])] : null);
  }

  #column(name) {
    const path = this.fields.get(name);
    return path ? h('button.link.mono', { onclick: () => this.toField(path.join('/')), title: `Show ${path.join('.')} in the event` }, name) : undefined;
  }
}

const OPERATORS = { GreaterThan: 'more than', LessThan: 'fewer than', Equal: 'exactly', NotEqual: 'not' };

/** Which run it is, its trigger, and what silenced it or is left out of its alerts. */
function runView(run) {
  if (!run) return null;
  const { operator, threshold, fires } = run.trigger;
  return h('dl.kv.run',
    h('dt', 'Window'), h('dd.num', `${clock(run.from)} → ${clock(run.to)}`, run.seenBy?.runs > 1 && h('span.muted', ` one of ${number(run.seenBy.runs)} runs that see the event`)),
    h('dt', 'Trigger'), h('dd', fires ? tick() : cross(), ` ${run.rows === null ? 'no rows' : plural(run.rows, 'row')}, needs ${OPERATORS[operator] ?? operator} ${number(threshold)}`),
    h('dt', 'Grouping'), h('dd', run.grouping === 'AlertPerResult' ? 'one alert for each row' : 'one alert for all rows'),
    run.suppression && [h('dt', 'Suppression'), h('dd', run.suppressedUntil ? `silenced until ${clock(run.suppressedUntil)} by an earlier alert` : `${run.suppression} after an alert`)],
    run.leftOut.length > 0 && [h('dt', 'Left out'), h('dd', run.leftOut.map(({ what, identifiers, why }) =>
      h('p', `${what} ${Object.entries(identifiers).map(([key, text]) => `${key} = ${text}`).join(', ')}: ${why}`)))]);
}

const clock = (iso) => iso.replace('T', ' ').replace(/\.0+Z$/, ' UTC');

/** A button that counts the rows of the query's own stages over all events. */
function counter(view, counts) {
  const [main] = view.answer.branches;
  const queries = countQueries(view.query, main);
  if (!counts || queries.length === 0) return null;
  const said = h('span.muted', { role: 'status' });
  const button = h('button.small', { onclick: count, 'data-key': 'count' }, 'Count rows over all events');
  async function count(event) {
    button.disabled = true;
    const list = event.target.closest('.why').querySelector(`[data-branch="${main.id}"] > .stages`);
    try {
      await counts(queries, (n, before, after) => {
        const cell = list?.children[n]?.querySelector('.rows');
        cell?.replaceChildren(h('span', { title: `${number(before)} rows in, ${number(after)} rows out, over all events` }, n === 0 ? number(after) : `${number(before)} → ${number(after)}`));
      }, (text) => { said.textContent = text; });
      said.textContent = 'Rows in → rows out, over all events in the table.';
    } catch (error) {
      said.textContent = error.message;
    }
    button.disabled = false;
  }
  return h('p.toolbar', button, said);
}

/** The last value of each place: what is told twice was worked out for several rows. */
function unique(steps) {
  const last = new Map();
  for (const step of steps) last.set(`${step.start}:${step.end}`, step);
  return [...last.values()];
}

/** Each text with its value once. */
function distinct(steps, key = ({ start }) => start) {
  const seen = new Set();
  return steps.filter((step) => {
    const id = `${key(step)} ${plain(step)}`;
    return !seen.has(id) && seen.add(id);
  });
}

/** Steps as a tree by their places. */
function nest(steps) {
  const sorted = steps.map((step) => ({ ...step, inside: [] })).sort((a, b) => a.start - b.start || b.end - a.end);
  const roots = [];
  const stack = [];
  for (const step of sorted) {
    while (stack.length && (stack.at(-1).end < step.end || stack.at(-1).end <= step.start)) stack.pop();
    (stack.at(-1)?.inside ?? roots).push(step);
    stack.push(step);
  }
  return roots;
}

const flat = (roots) => roots.flatMap((step) => [step, ...flat(step.inside)]);

/** The text of a stage, each part that has a value with it in its title. */
function render(query, from, to, steps) {
  const out = [];
  let at = from;
  for (const step of steps) {
    if (step.start < at || step.end > to) continue;
    out.push(query.slice(at, step.start), h('span.expr', { title: plain(step), 'data-value': plain(step) }, render(query, step.start, step.end, step.inside)));
    at = step.end;
  }
  out.push(query.slice(at, to));
  return out;
}

const short = (text, max = 120) => {
  const line = text.replace(/\s+/g, ' ');
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
};

const plain = ({ value: v, type }) => (v === null && type === 'null' ? 'null' : typeof v === 'string' && type === 'string' ? JSON.stringify(v)
  : typeof v === 'object' && v !== null ? JSON.stringify(v, (_, x) => (typeof x === 'bigint' ? String(x) : x)) : String(v));

const value = (step) => [h('span.val', { class: `t-${step.type}`, 'data-type': step.type, title: step.type }, short(plain(step), 400)), step.cut ? h('span.muted', ` (${number(step.cut)} in all)`) : null];

/** The paths of an event's fields that a query reads. */
export function fieldsRead(query, columns) {
  const words = new Set(query.match(/[a-zA-Z_]\w*/g));
  return new Set(columns.filter(({ name, field }) => field && words.has(name)).map(({ field }) => field.join('/')));
}
