// How two versions of a rule, and their alerts over the same logs, differ.

import { stringifyExact } from '../json.js';

/** Rules of two versions that belong together, by id and then by name: `[[before, after]]`, with undefined where one has none. */
export function rulePairs(before, after) {
  const left = new Set(after);
  const pairs = before.map((rule) => [rule, undefined]);
  for (const same of [(a, b) => a.id === b.id && a.name === b.name, (a, b) => a.id === b.id, (a, b) => a.name === b.name]) {
    for (const pair of pairs) {
      pair[1] ??= [...left].find((rule) => same(pair[0], rule));
      left.delete(pair[1]);
    }
  }
  return [...pairs, ...[...left].map((rule) => [undefined, rule])];
}

/** `{rule, changes, same, changed, gone, new, differs}`: alerts that only one version gives, and those that both give and that differ. */
export function differencesOf(before, after) {
  const rule = after ?? before;
  const matched = match(before?.alerts ?? [], after?.alerts ?? []);
  const changed = matched.pairs.map(([one, other]) => ({ alert: other, parts: changesOf(one, other), ...eventsOf(one, other) })).filter(({ parts }) => parts.length > 0);
  const changes = before && after ? rulesDiffer(before, after) : [{ what: before ? 'the rule is gone' : 'the rule is new' }];
  return {
    rule: { id: rule.id, name: rule.name, file: rule.file },
    changes,
    before: before?.alerts.length ?? 0,
    after: after?.alerts.length ?? 0,
    same: matched.pairs.length - changed.length,
    changed,
    gone: matched.gone,
    new: matched.added,
    differs: changes.length + changed.length + matched.gone.length + matched.added.length > 0,
  };
}

/** The ways in which two alerts are the same one, the strictest first. */
const KEYS = [
  ({ window, events }) => JSON.stringify([window, events]),
  ({ window, entities }) => JSON.stringify([window, entities.map(({ text }) => text)]),
  ({ events }) => (events.length > 0 ? JSON.stringify(events) : undefined),
];

function match(before, after) {
  const pairs = [];
  let [gone, added] = [before, after];
  for (const keyOf of KEYS) {
    const byKey = new Map();
    for (const alert of added) {
      const key = keyOf(alert);
      if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), alert]);
    }
    const taken = new Set();
    gone = gone.filter((alert) => {
      const other = byKey.get(keyOf(alert))?.shift();
      if (other) {
        pairs.push([alert, other]);
        taken.add(other);
      }
      return other === undefined;
    });
    added = added.filter((alert) => !taken.has(alert));
  }
  return { pairs, gone, added };
}

/** The events that only one of two alerts shows: `[{id, record}]`, with the record's text if it was kept. */
function eventsOf(one, other) {
  const without = (alert, rest) => alert.events.filter((id) => !rest.events.includes(id)).map((id) => ({ id, record: alert.records.get(id) }));
  return { gone: without(one, other), new: without(other, one) };
}

/** The parts of an alert that differ: its name, severity, entities …, and columns of its rows. */
function changesOf(one, other) {
  const parts = ['name', 'description', 'severity', 'details', 'window'].filter((key) => one[key] !== other[key]);
  if (JSON.stringify(one.entities) !== JSON.stringify(other.entities)) parts.push('entities');
  if (JSON.stringify(one.events) !== JSON.stringify(other.events)) parts.push('events');
  // Between other rows, columns cannot be compared.
  if (one.rowCount !== other.rowCount) return [...parts, 'number of rows'];
  const columns = new Set([...one.rows, ...other.rows].flatMap(Object.keys));
  const values = (rows, column) => stringifyExact(rows.map((row) => row[column] ?? null));
  return [...parts, ...[...columns].filter((column) => values(one.rows, column) !== values(other.rows, column)).map((column) => `column ${column}`)];
}

const SETTINGS = {
  name: ({ name }) => name, severity: ({ severity }) => severity, kind: ({ kind }) => kind, queryFrequency: ({ frequency }) => frequency, queryPeriod: ({ period }) => period,
  triggerOperator: ({ trigger }) => trigger?.operator, triggerThreshold: ({ trigger }) => trigger?.threshold, aggregationKind: ({ grouping }) => grouping, tactics: ({ tactics }) => tactics,
  techniques: ({ techniques, subTechniques }) => [...techniques, ...subTechniques], entityMappings: ({ entityMappings }) => entityMappings, customDetails: ({ customDetails }) => customDetails,
  description: ({ description }) => description, version: ({ version }) => version, id: ({ id }) => id,
};

/** `[{what, before, after}]` of the settings, and `{what: 'query', lines}` of the query. */
function rulesDiffer(before, after) {
  const settings = Object.entries(SETTINGS).map(([what, valueOf]) => ({ what, before: valueOf(before), after: valueOf(after) }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
  const lines = before.query === after.query ? [] : lineDiff(before.query.trimEnd().split('\n'), after.query.trimEnd().split('\n'));
  return [...settings, ...(lines.length > 0 ? [{ what: 'query', lines }] : [])];
}

/** The lines that differ, as `[sign, line]` with + and -, by the longest common subsequence. A query has at most 10,000 characters. */
function lineDiff(a, b) {
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  }
  const lines = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) { i += 1; j += 1; } else if (j >= b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) {
      lines.push(['-', a[i]]);
      i += 1;
    } else {
      lines.push(['+', b[j]]);
      j += 1;
    }
  }
  return lines;
}
