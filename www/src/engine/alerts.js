// Alerts as the desk keeps them: the engine's lines, what a list shows of each, and what a view of one needs.

import { parseExact } from 'forepost/json.js';
import { csv } from '../csv.js';

const ROWS = 200;              // result rows that a view of an alert gets
const EVENTS = 500;            // and evidence events

const parse = (text, otherwise) => { try { return JSON.parse(text); } catch { return otherwise; } };

/** How an entity is called: the identifier that tells most. */
export function entityName(entity) {
  const { Name, UPNSuffix, Address, DisplayName, HostName, FullName, Url, ResourceId, AzureID, ObjectGuid } = entity;
  if (Name && UPNSuffix) return `${Name}@${UPNSuffix}`;
  return String(Name ?? Address ?? DisplayName ?? HostName ?? FullName ?? Url ?? ResourceId ?? AzureID ?? ObjectGuid
    ?? Object.entries(entity).find(([key, value]) => !key.startsWith('$') && key !== 'Type' && typeof value === 'string')?.[1] ?? entity.Type);
}

export class Alerts {
  #texts = [];
  #lines = new Map();          // by alert id: {line, summary, lower}

  /** Takes the engine's lines; says whether anything changed. */
  replace(texts) {
    if (texts.length === this.#texts.length && texts.every((text, i) => text === this.#texts[i])) return false;
    this.#texts = texts;
    const before = this.#lines;
    this.#lines = new Map();
    for (const line of texts.flatMap((text) => text.split('\n'))) {
      if (!line) continue;
      const id = /"SystemAlertId":"([^"]+)"/.exec(line)?.[1] ?? String(this.#lines.size);
      const known = before.get(id);
      this.#lines.set(id, known?.line === line ? known : { line, summary: summary(line) });
    }
    return true;
  }

  get size() { return this.#lines.size; }

  list() { return Array.from(this.#lines.values(), ({ summary: s }) => s); }

  /** The ids of alerts that pass the filters: in time, and naming each value somewhere. */
  passing({ values = {}, time, text } = {}) {
    const wanted = Object.values(values).filter((words) => words?.length).map((words) => words.map((word) => word.toLowerCase()));
    if (text) wanted.push([text.toLowerCase()]);
    const ids = [];
    for (const [id, entry] of this.#lines) {
      const { start, end } = entry.summary;
      if (time && !(end >= time[0] && start <= time[1])) continue;
      if (wanted.length) entry.lower ??= entry.line.toLowerCase();
      // In the line, a text stands with JSON's escapes, in ExtendedProperties with two layers of them.
      if (wanted.every((words) => words.some((word) => entry.lower.includes(word) || entry.lower.includes(JSON.stringify(word).slice(1, -1))))) ids.push(id);
    }
    return ids;
  }

  text(id) { return this.#lines.get(id)?.line; }

  /** All there is to show of an alert; of many rows and events the first. */
  detail(id) {
    const line = this.text(id);
    if (!line) return undefined;
    const { Evidence = [], ...alert } = parseExact(line);
    const extended = parse(alert.ExtendedProperties, {});
    const events = new Map();
    let total = 0;
    const seen = new Set();
    for (const row of Evidence) {
      for (const event of row.events ?? []) {
        const key = event.eventID ?? JSON.stringify(event.record, (_, v) => (typeof v === 'bigint' ? String(v) : v));
        if (seen.has(key)) continue;
        seen.add(key);
        total += 1;
        if (events.size < EVENTS) events.set(key, { ...event, key });
      }
    }
    return {
      ...this.#lines.get(id).summary,
      alert,
      entities: parse(alert.Entities, []),
      details: parse(extended['Custom Details'], {}),
      resultRows: Evidence.slice(0, ROWS).map(({ row }) => row),
      events: [...events.values()],
      eventTotal: total,
    };
  }

  /** Some alerts as a file. */
  file(format, ids) {
    const lines = ids.map((id) => this.text(id)).filter(Boolean);
    if (format === 'ndjson') return new Blob(lines.map((line) => `${line}\n`), { type: 'application/x-ndjson' });
    const rows = lines.map((line) => { const alert = JSON.parse(line); return COLUMNS.map((name) => alert[name]); });
    return new Blob([csv(COLUMNS, rows)], { type: 'text/csv' });
  }
}

const COLUMNS = ['TimeGenerated', 'AlertSeverity', 'DisplayName', 'Description', 'StartTime', 'EndTime', 'Tactics', 'Techniques', 'SubTechniques', 'Entities', 'SystemAlertId', 'AlertType', 'ProviderName', 'ProductName', 'ExtendedProperties'];

/** What a list shows. Small: there can be many. */
function summary(line) {
  const alert = JSON.parse(line);
  const extended = parse(alert.ExtendedProperties, {});
  const [ruleId] = parse(extended['Analytic Rule Ids'], []);
  return {
    id: alert.SystemAlertId,
    severity: alert.AlertSeverity,
    name: alert.DisplayName,
    rule: extended['Analytic Rule Name'] ?? alert.AlertName,
    ruleId,
    tactics: alert.Tactics,
    entities: parse(alert.Entities, []).slice(0, 3).map(entityName),
    rows: Number(extended['Search Query Results Overall Count'] ?? alert.Evidence?.length ?? 0),
    start: Date.parse(alert.StartTime),
    end: Date.parse(alert.EndTime),
  };
}
