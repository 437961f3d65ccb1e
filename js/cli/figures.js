// The figures of a rule's alerts.

import { incidentsOf, milliseconds } from './incidents.js';

/** From 0001-01-01, where replayed schedules count from, to 1970-01-01, in milliseconds. */
const ORIGIN = 719_162 * 86_400_000;

/** Fewer a week are quiet, more a day are noisy. */
const QUIET = 1;
const NOISY = 3;

/**
 * What is worth knowing of a rule's alerts over logs from `first` to `last` (milliseconds), with events on `days`. An alert belongs to the last day that its
 * run looked at; days without events and alerts count for nothing, as logs have gaps.
 */
export function figuresOf(rule, { first, last, days }) {
  const alerts = rule.alerts.toSorted((a, b) => a.time - b.time);
  const byDay = new Map([...days].map((day) => [day, 0]));
  for (const { day } of alerts) byDay.set(day, (byDay.get(day) ?? 0) + 1);
  const perDay = [...byDay.values()];
  const max = perDay.reduce((a, b) => Math.max(a, b), 0);
  const mean = alerts.length / perDay.length;
  const rows = alerts.map(({ rowCount }) => rowCount);
  return {
    id: rule.id, name: rule.name, file: rule.file, severity: rule.severity,
    schedule: rule.kind === 'NRT' ? 'NRT' : `every ${shortSpan(rule.frequency)} over ${shortSpan(rule.period)}`,
    alerts: alerts.length,
    runs: rule.kind === 'NRT' ? null : runsOf(rule, first, last),
    runsWithAlerts: new Set(alerts.map(({ time }) => time)).size,
    days: perDay.length,
    aDay: { mean: round(mean), median: median(perDay), max, maxOn: max > 0 ? [...byDay].find(([, n]) => n === max)[0] : null, daysWithAny: perDay.filter((n) => n > 0).length },
    outliers: outliersOf(byDay),
    first: alerts.length > 0 ? new Date(alerts[0].time).toISOString() : null,
    last: alerts.length > 0 ? new Date(alerts.at(-1).time).toISOString() : null,
    rowsAnAlert: { median: median(rows), max: rows.reduce((a, b) => Math.max(a, b), 0) },
    incidents: incidentsOf(rule.incidents, alerts),
    repeats: repeatsOf(alerts),
    entities: entitiesOf(alerts, perDay.length),
    aWeek: interval(alerts.length, perDay.length),
    verdict: alerts.length === 0 ? 'silent' : mean > NOISY ? 'noisy' : mean * 7 < QUIET ? 'quiet' : 'steady',
  };
}

const round = (n) => (n >= 10 ? Math.round(n) : n >= 1 ? Math.round(n * 10) / 10 : Number(n.toPrecision(2)));

/** `1.00:00:00` as `1d`, `01:00:00` as `1h`, `00:05:00` as `5m`. */
function shortSpan(text) {
  const minutes = (milliseconds(text) ?? 0) / 60_000;
  return minutes % 1440 === 0 ? `${minutes / 1440}d` : minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
}

/** How many runs of the schedule see any of the time. */
function runsOf({ frequency, period }, first, last) {
  const step = milliseconds(frequency);
  const ticks = (time) => Math.floor((time + ORIGIN) / step);
  return ticks(last + milliseconds(period)) - ticks(first);
}

function median(values) {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Days that stand out: beyond the median by more than three times the median of the deviations from it, and by more than two alerts. */
function outliersOf(byDay) {
  const perDay = [...byDay.values()];
  const middle = median(perDay);
  const spread = median(perDay.map((n) => Math.abs(n - middle)));
  const limit = middle + Math.max(2, 3 * spread);
  return [...byDay].filter(([, n]) => n > limit).map(([day, n]) => ({ day, alerts: n })).sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** Alerts that show no event which an earlier alert of the rule had not shown. */
function repeatsOf(alerts) {
  const seen = new Set();
  let repeats = 0;
  for (const { events } of alerts) {
    if (events.length > 0 && events.every((event) => seen.has(event))) repeats += 1;
    for (const event of events) seen.add(event);
  }
  return repeats;
}

/** The entities of the alerts with their share, accounts before addresses before others: `[{type, name, alerts, share, without}]`. */
function entitiesOf(alerts, days) {
  const counts = new Map();
  for (const { entities } of alerts) {
    for (const key of new Set(entities.map(({ type, name }) => JSON.stringify([type, name])))) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, n]) => {
    const [type, name] = JSON.parse(key);
    return { type, name, alerts: n, share: Math.round((n * 100) / alerts.length), withoutADay: round((alerts.length - n) / days) };
  }).sort((a, b) => rank(a.type) - rank(b.type) || b.alerts - a.alerts || (a.name < b.name ? -1 : 1));
}

const rank = (type) => ['account', 'ip'].indexOf(type) >>> 0;

/**
 * How many alerts a week are to be expected, with 95 % confidence, if they come independently: Poisson's interval in Wilson and Hilferty's
 * approximation. Few days make it wide.
 */
function interval(n, days) {
  const z = 1.96;
  const low = n === 0 ? 0 : n * (1 - 1 / (9 * n) - z / (3 * Math.sqrt(n))) ** 3;
  const m = n + 1;
  const high = m * (1 - 1 / (9 * m) + z / (3 * Math.sqrt(m))) ** 3;
  return { low: Math.floor((low * 7) / days), high: Math.ceil((high * 7) / days) };
}
