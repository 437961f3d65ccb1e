// Rules over logs, and of each alert what `backtest` and `compare` count.

import { parseExact, stringifyExact } from '../json.js';
import { Query } from '../query.js';
import { describeRule } from '../triage.js';
import { incidentSettings } from './incidents.js';

const MOST_KEPT = 64 << 20; // characters of events that are kept, to say later where another version ends them

/** A query that is read along with rules: which calls there are, and on which days. */
export const callsQuery = () => new Query('AWSCloudTrail | summarize Events = count() by EventName, Day = startofday(TimeGenerated)');

/** `{days: Map(day → events), names: Map(EventName → events)}` of its answer. */
export function callsOf(query) {
  const days = new Map();
  const names = new Map();
  const add = (map, key, n) => map.set(key, (map.get(key) ?? 0) + n);
  for (const [name, day, events] of query.result().rows.map((row) => [row[0], row[1], Number(row[2])])) {
    add(names, name, events);
    if (day) add(days, String(day).slice(0, 10), events);
  }
  return { days, names };
}

/** The alerts of rules, rule by rule. */
export class Replay {
  /** `{id, file, text, name, severity, frequency, period, …, alerts}` of each rule. */
  rules = [];
  #byKey = new Map();
  #room = MOST_KEPT;

  constructor(files) {
    for (const { file, text } of files) {
      const rule = describeRule(text);
      if (!rule) continue;
      this.rules.push({ ...rule, file, text, incidents: incidentSettings(text), alerts: [] });
      this.#byKey.set(keyOf(rule.id, rule.name), this.rules.at(-1));
    }
  }

  /** Takes the alerts that a detector has ready. */
  take(detector) {
    for (const text of detector.alertTexts()) for (const line of text.split('\n')) if (line) this.#add(parseExact(line));
  }

  #add(alert) {
    const properties = JSON.parse(alert.ExtendedProperties);
    const [id] = JSON.parse(properties['Analytic Rule Ids']);
    const rule = this.#byKey.get(keyOf(id, properties['Analytic Rule Name']));
    const evidence = alert.Evidence ?? [];
    const events = evidence.flatMap((row) => row.events ?? []);
    rule.alerts.push({
      id: alert.SystemAlertId,
      time: Date.parse(alert.TimeGenerated),
      // The last moment that its run looked at.
      day: new Date(Date.parse(properties['Query End Time UTC'].replace(' ', 'T')) - 1).toISOString().slice(0, 10),
      window: `${properties['Query Start Time UTC']} to ${properties['Query End Time UTC']}`,
      name: alert.AlertName,
      description: alert.Description,
      severity: alert.AlertSeverity,
      entities: JSON.parse(alert.Entities || '[]').map(entityOf),
      details: properties['Custom Details'] ?? '',
      rows: evidence.map(({ row }) => row),
      rowCount: Number(properties['Search Query Results Overall Count'] ?? evidence.length),
      events: [...new Set(events.map(idOf))].sort(),
      records: this.#kept(events),
    });
  }

  /** The events by id, as JSON text, as long as there is room. */
  #kept(events) {
    const kept = new Map();
    for (const event of events) {
      if (this.#room <= 0) break;
      const text = stringifyExact(event.record);
      this.#room -= text.length;
      kept.set(idOf(event), text);
    }
    return kept;
  }
}

/** Two rules may have the same id; check warns of it. */
const keyOf = (id, name) => `${id} ${name}`.toLowerCase();

const idOf = ({ eventID, record }) => eventID ?? stringifyExact(record);

const NAMES = ['Name', 'Address', 'HostName', 'FullName', 'ResourceId', 'Url', 'DomainName', 'Sid', 'AadUserId', 'AppId', 'Value', 'Key'];

/** `{type, name, text}` of an entity: its most telling identifier, and all of them. */
function entityOf({ $id, Type, ...identifiers }) {
  const name = NAMES.map((key) => identifiers[key]).find(Boolean) ?? Object.values(identifiers)[0] ?? '';
  return { type: Type, name: String(name), text: `${Type} ${stringifyExact(identifiers)}` };
}
