// What a test expects of the alerts, compared with what came: only what is written is compared.

import { stringifyExact } from '../json.js';
import { moment } from './events.js';

/** The parts of an alert that tests name. */
export function viewOf(alert) {
  const properties = JSON.parse(alert.ExtendedProperties || '{}');
  const rows = (alert.Evidence ?? []).map(({ row }) => row);
  return {
    name: alert.AlertName,
    description: alert.Description,
    severity: alert.AlertSeverity,
    tactics: alert.Tactics ? alert.Tactics.split(/,\s*/) : [],
    techniques: [...JSON.parse(alert.Techniques || '[]'), ...JSON.parse(alert.SubTechniques || '[]')],
    entities: JSON.parse(alert.Entities || '[]').map(({ $id, Type, ...identifiers }) => ({ type: Type, ...identifiers })),
    details: JSON.parse(properties['Custom Details'] || '{}'),
    rows,
    // Of very many rows not all are shown.
    rowCount: Number(properties['Search Query Results Overall Count'] ?? rows.length),
    events: (alert.Evidence ?? []).reduce((sum, { events = [], eventsLeftOut = 0 }) => sum + events.length + eventsLeftOut, 0),
    start: alert.StartTime,
    end: alert.EndTime,
    time: alert.TimeGenerated,
  };
}

/** The differences between `expect` of a test and the alerts: `[{path, message}]`, with `path` into `expect`. */
export function differences(expect, alerts, start) {
  const views = alerts.map(viewOf);
  const found = [];
  const { alerts: wanted, alert, rows, rowsExactly } = expect;
  const at = (path) => (difference) => ({ ...difference, path: [...path, ...difference.path] });
  const several = (n) => (n === 1 ? '1 alert' : n === 0 ? 'no alert' : `${n} alerts`);
  if (wanted === undefined ? views.length === 0 : (Array.isArray(wanted) ? wanted.length : wanted) !== views.length) {
    const number = Array.isArray(wanted) ? wanted.length : wanted;
    found.push({ path: wanted === undefined ? [] : ['alerts'], message: `expected ${number === undefined ? 'an alert' : several(number)}, got ${views.length === 0 ? 'none' : views.length}` });
  }
  if (Array.isArray(wanted)) wanted.forEach((pattern, i) => { if (views[i]) found.push(...compareAlert(pattern, views[i], start).map(at(['alerts', i]))); });
  if (alert) for (const view of views) found.push(...compareAlert(alert, view, start).map(at(['alert'])));
  const allRows = views.flatMap((view) => view.rows);
  if (rows !== undefined) found.push(...compareRows(rows, allRows, sumOf(views)).map(at(['rows'])));
  if (rowsExactly) found.push(...compareList(rowsExactly, allRows, compareWhole, 'row', true).map(at(['rowsExactly'])));
  return found;
}

/** What the alerts show of the things that `expect` writes: an expectation that they fit. */
export function observed(expect, alerts) {
  const views = alerts.map(viewOf);
  const allRows = views.flatMap(({ rows }) => rows);
  const like = (patterns, items) => items.map((item, i) => picked(patterns[Math.min(i, patterns.length - 1)] ?? item, item));
  const made = {
    alerts: ({ alerts: wanted }) => (Array.isArray(wanted) ? views.map((view, i) => alertLike(wanted[Math.min(i, wanted.length - 1)] ?? { name: '' }, view)) : views.length),
    alert: ({ alert }) => (views.length > 0 ? alertLike(alert, views[0]) : alert),
    rows: ({ rows }) => (Array.isArray(rows) ? like(rows, allRows) : sumOf(views)),
    rowsExactly: () => allRows,
  };
  return Object.fromEntries(Object.keys(expect).map((key) => [key, made[key](expect)]));

  function alertLike(pattern, view) {
    return Object.fromEntries(Object.entries(pattern).map(([key, wanted]) => {
      if (key === 'entities' || key === 'entitiesExactly') return [key, like(wanted, view.entities)];
      if (key === 'rows') return [key, Array.isArray(wanted) ? like(wanted, view.rows) : view.rowCount];
      if (key === 'details') return [key, Object.fromEntries(Object.keys(wanted).map((name) => [name, single(view.details[name] ?? null)]))];
      return [key, view[key]];
    }));
  }
}

const picked = (pattern, item) => Object.fromEntries(Object.keys(pattern).map((key) => [key, item[key] ?? null]));

const single = (values) => (Array.isArray(values) && values.length === 1 ? values[0] : values);

function compareAlert(pattern, view, start) {
  return Object.entries(pattern).flatMap(([key, wanted]) => {
    const at = (difference) => ({ ...difference, path: [key, ...difference.path], message: `${key}: ${difference.message}` });
    switch (key) {
      case 'entities': return compareList(wanted, view.entities, compareFields, 'entity').map(at);
      case 'entitiesExactly': return compareList(wanted, view.entities, compareFields, 'entity', true).map(at);
      case 'details': return compareDetails(wanted, view.details).map(at);
      case 'rows': return compareRows(wanted, view.rows, view.rowCount).map(at);
      case 'tactics': case 'techniques': return compareList(wanted, view[key], compareValue, 'name').map(at);
      case 'start': case 'end': case 'time': return (moment(wanted, start) === Date.parse(view[key]) ? [] : [{ path: [], message: `expected ${wanted}, got ${view[key]}` }]).map(at);
      default: return compareValue(wanted, view[key]).map(at);
    }
  });
}

const sumOf = (views) => views.reduce((sum, { rowCount }) => sum + rowCount, 0);

const compareRows = (wanted, rows, number) => (typeof wanted === 'number'
  ? (wanted === number ? [] : [{ path: [], message: `expected ${wanted}, got ${number}` }])
  : compareList(wanted, rows, compareFields, 'row'));

/** Each custom detail is a list of values as text; one value may be written alone. */
function compareDetails(wanted, details) {
  return Object.entries(wanted).flatMap(([key, value]) => {
    const texts = (Array.isArray(value) ? value : [value]).map((item) => (item === null || typeof item !== 'object' ? String(item) : item));
    const got = details[key] ?? [];
    if (value === null && got.length === 0) return [];
    const same = texts.length === got.length && texts.every((text, i) => compareValue(text, got[i]).length === 0);
    return same ? [] : [{ path: [key], message: `${key}: expected ${shown(value)}, got ${got.length === 0 ? 'nothing' : got.map(shown).join(', ')}` }];
  });
}

/** Each pattern must fit another item; `exactly`: and no item may be left. */
function compareList(patterns, items, compare, noun, exactly = false) {
  const fits = patterns.map((pattern) => items.flatMap((item, i) => (compare(pattern, item).length === 0 ? [i] : [])));
  const takenBy = new Map();
  const place = (pattern, tried) => fits[pattern].some((item) => {
    if (tried.has(item)) return false;
    tried.add(item);
    if (takenBy.has(item) && !place(takenBy.get(item), tried)) return false;
    takenBy.set(item, pattern);
    return true;
  });
  const missing = patterns.flatMap((pattern, i) => {
    if (place(i, new Set())) return [];
    const closest = items.map((item) => ({ item, found: compare(pattern, item) })).sort((a, b) => a.found.length - b.found.length)[0];
    return [{ path: [i], message: `no ${noun} ${shown(pattern)}${nearestTo(closest, noun)}` }];
  });
  const left = exactly ? items.filter((_, i) => !takenBy.has(i)) : [];
  return [...missing, ...left.map((item) => ({ path: [], message: `not expected: ${shown(item)}` }))];
}

function nearestTo(closest, noun) {
  if (!closest) return `; there is no ${noun}`;
  const { item, found } = closest;
  if (found.length === 0) return `; ${shown(item)} fits another`;
  if (item === null || typeof item !== 'object') return `; the nearest is ${shown(item)}`;
  return `; in the nearest, ${found.map(({ message }) => message).join('; ')}`;
}

const compareFields = (pattern, item) => compareKeys(Object.keys(pattern), pattern, item);

const compareWhole = (pattern, item) => compareKeys(Object.keys({ ...pattern, ...item }), pattern, item);

const compareKeys = (keys, pattern, item) => keys.flatMap((key) =>
  compareValue(pattern[key] ?? null, item[key] ?? null).map(({ message }) => ({ path: [], message: `${key}: ${message}` })));

/** A value with a pattern: the same, or a text that `contains` or `matches`. */
function compareValue(wanted, got) {
  const different = [{ path: [], message: `expected ${shown(wanted)}, got ${shown(got ?? null)}` }];
  if (wanted === null) return got === null || got === undefined || got === '' ? [] : different;
  if (typeof wanted === 'object' && typeof got === 'string' && !Array.isArray(wanted)) {
    const { contains, matches, ...others } = wanted;
    if (Object.keys(others).length === 0 && (contains !== undefined || matches !== undefined)) {
      return (contains === undefined || got.includes(contains)) && (matches === undefined || new RegExp(matches, 'u').test(got)) ? [] : different;
    }
  }
  if (typeof wanted === 'object') return stringifyExact(sorted(wanted)) === stringifyExact(sorted(got)) ? [] : different;
  if (wanted === got || String(wanted) === String(got) || sameTime(wanted, got)) return [];
  return different;
}

const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;
const sameTime = (a, b) => typeof a === 'string' && typeof b === 'string' && TIME.test(a) && TIME.test(b) && Date.parse(a) === Date.parse(b);

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value ?? null;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

const LONGEST = 300; // characters of a value in a message

function shown(value) {
  const text = typeof value === 'string' ? JSON.stringify(value) : stringifyExact(value) ?? 'nothing';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
