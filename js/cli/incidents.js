// Alerts as incidents: what `incidentConfiguration` of a rule makes of them.

import { parse } from 'yaml';

const MOST = 150; // alerts that Sentinel puts into one incident
const DEFAULT_LOOKBACK = 5 * 3_600_000;

/** `{created, grouped, lookback, by}` of a rule's YAML. */
export function incidentSettings(text) {
  let rule;
  try {
    rule = parse(text) ?? {};
  } catch {
    return { created: true, grouped: false };
  }
  const { createIncident = true, groupingConfiguration: grouping = {} } = rule.incidentConfiguration ?? {};
  const { enabled = false, lookbackDuration, matchingMethod = 'AllEntities', groupByEntities = [], groupByAlertDetails = [], groupByCustomDetails = [] } = grouping ?? {};
  return {
    created: createIncident !== false,
    grouped: enabled === true,
    lookback: milliseconds(lookbackDuration) ?? DEFAULT_LOOKBACK,
    method: String(matchingMethod).toLowerCase(),
    by: { entities: list(groupByEntities), alertDetails: list(groupByAlertDetails), customDetails: list(groupByCustomDetails) },
  };
}

const list = (value) => (Array.isArray(value) ? value.map((item) => String(item).toLowerCase()) : []);

/** `5h`, `1d`, `05:00:00`, `1.12:00:00` and `PT5H`: the forms that the engine accepts. */
export function milliseconds(text) {
  if (typeof text !== 'string') return undefined;
  const of = (days = 0, hours = 0, minutes = 0, seconds = 0) => (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  const [, n, unit] = /^(\d+)([dhms])$/i.exec(text) ?? [];
  if (n !== undefined) return Number(n) * { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 }[unit.toLowerCase()];
  const clock = /^(?:(\d+)\.)?(\d+):(\d\d):(\d\d)(?:\.\d+)?$/.exec(text);
  if (clock) return of(...clock.slice(1));
  const iso = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i.exec(text);
  return iso && text.length > 2 ? of(...iso.slice(1)) : undefined;
}

/**
 * How many incidents the alerts of a rule make, in the order of time: each its own, or grouped with an incident that has the same key, began within the
 * look-back and is not full. (Sentinel also asks whether that incident is still open; a replay has nobody who closes any.)
 */
export function incidentsOf({ created, grouped, lookback, method, by }, alerts) {
  if (!created) return 0;
  if (!grouped) return alerts.length;
  const open = new Map();
  let incidents = 0;
  for (const alert of alerts) {
    const key = keyOf(alert, method, by);
    const incident = open.get(key);
    if (incident && alert.time - incident.began <= lookback && incident.alerts < MOST) incident.alerts += 1;
    else {
      open.set(key, { began: alert.time, alerts: 1 });
      incidents += 1;
    }
  }
  return incidents;
}

function keyOf({ entities, name, severity, details }, method, by) {
  if (method === 'anyalert') return '';
  const wanted = method === 'selected' ? entities.filter(({ type }) => by.entities.includes(type.toLowerCase())) : entities;
  const parts = [wanted.map(({ text }) => text).sort()];
  if (method === 'selected') {
    if (by.alertDetails.includes('displayname')) parts.push(name);
    if (by.alertDetails.includes('severity')) parts.push(severity);
    const custom = JSON.parse(details || '{}');
    parts.push(Object.keys(custom).filter((key) => by.customDetails.includes(key.toLowerCase())).sort().map((key) => [key, custom[key]]));
  }
  return JSON.stringify(parts);
}
