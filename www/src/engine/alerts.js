// Alerts as the desk keeps them: the engine's lines, what a list shows of each, and what a view of one needs.

import { parseExact } from 'forepost/json.js';
import { csv } from '../csv.js';
import { ALERT_FIELDS, accessKey, passes, who } from './fields.js';

const ROWS = 200;              // result rows that a view of an alert gets
const EVENTS = 500;            // and evidence events
const ACTORS = 50;             // principals that a summary of one names
const ADDRESSES = 50;          // and addresses of each
const REMEMBERED = 64 << 20;   // characters of alerts whose records stay parsed for filters

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

  /**
   * The ids of alerts that pass the filters: in time, and with one event of their evidence that passes all of them. Of an alert without
   * evidence, a result row or an entity has to.
   */
  passing({ values = {}, not = {}, time, text } = {}) {
    const lists = [values, not].flatMap(Object.entries).filter(([, words]) => words.length);
    const ofEvents = lists.some(([field]) => !ALERT_FIELDS.includes(field));
    const needle = text?.toLowerCase();
    const ids = [];
    let remembered = 0;
    for (const [id, entry] of this.#lines) {
      const { start, end } = entry.summary;
      if (time && !(end >= time[0] && start <= time[1])) continue;
      if (!isKind(entry.summary, values, true) || !isKind(entry.summary, not, false)) continue;
      if (needle) {
        // In the line, a text stands with JSON's escapes, in ExtendedProperties with two layers of them.
        entry.lower ??= entry.line.toLowerCase();
        if (!entry.lower.includes(needle) && !entry.lower.includes(JSON.stringify(needle).slice(1, -1))) continue;
      }
      if (ofEvents) {
        const records = entry.records ?? recordsOf(entry.line);
        remembered += entry.line.length;
        entry.records = remembered < REMEMBERED ? records : undefined;
        if (!records.some((record) => passes(record, { values, not }))) continue;
      }
      ids.push(id);
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
      // In the order of time: an analyst reads what happened, not what the query joined.
      events: [...events.values()].sort((a, b) => atOf(a) - atOf(b)),
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

const atOf = ({ record }) => Date.parse(record.eventTime ?? record.TimeGenerated) || 0;

/** What a filter on events can hold of an alert: its evidence, or what stands for it. */
function recordsOf(line) {
  const { Evidence = [], Entities } = parseExact(line);
  const events = Evidence.flatMap(({ events: of = [] }) => of.map(({ record }) => record));
  if (events.length) return events;
  const entities = parse(Entities, []);
  const named = { userIdentity: { userName: entities.filter(({ Type }) => Type === 'account').map(entityName)[0] }, sourceIPAddress: entities.find(({ Address }) => Address)?.Address, entities };
  return [named, ...Evidence.map(({ row }) => row ?? {})];
}

/** Whether an alert is of the kind that filters on alerts ask for. */
function isKind({ severity, tactics, techniques, rule }, lists, wanted) {
  const of = { Severity: [severity], Tactic: tactics.split(', '), Technique: techniques, Rule: [rule] };
  return ALERT_FIELDS.every((field) => !lists[field]?.length || of[field].some((value) => lists[field].includes(value)) === wanted);
}

const COLUMNS = ['TimeGenerated', 'AlertSeverity', 'DisplayName', 'Description', 'StartTime', 'EndTime', 'Tactics', 'Techniques', 'SubTechniques', 'Entities', 'SystemAlertId', 'AlertType', 'ProviderName', 'ProductName', 'ExtendedProperties'];

/** What lists, lanes and the story show. Small: there can be many. */
function summary(line) {
  const alert = JSON.parse(line);
  const extended = parse(alert.ExtendedProperties, {});
  const [ruleId] = parse(extended['Analytic Rule Ids'], []);
  const entities = parse(alert.Entities, []);
  const actors = new Map();
  const evidence = new Set();
  const span = [Date.parse(alert.StartTime), Date.parse(alert.EndTime)];
  for (const { row, events = [] } of alert.Evidence ?? []) {
    if (!events.length) evidence.add(JSON.stringify(row));
    for (const { record, eventID } of events) {
      const id = eventID ?? JSON.stringify(record);
      if (evidence.has(id)) continue;
      evidence.add(id);
      const at = Date.parse(record.eventTime ?? record.TimeGenerated) || Date.parse(alert.StartTime);
      if (at < span[0]) span[0] = at;
      if (at > span[1]) span[1] = at;
      const [name, key] = [who(record), accessKey(record)];
      const by = JSON.stringify([name, key]);
      const actor = actors.get(by) ?? { who: name, key, events: 0, first: Infinity, last: -Infinity, addresses: [] };
      actors.set(by, actor);
      actor.events += 1;
      actor.first = Math.min(actor.first, at);
      actor.last = Math.max(actor.last, at);
      const address = record.sourceIPAddress ?? record.SourceIpAddress;
      if (address && actor.addresses.length < ADDRESSES && !actor.addresses.includes(address)) actor.addresses.push(address);
    }
  }
  const words = (text) => [].concat(parse(text, text ? [text] : []));
  return {
    id: alert.SystemAlertId,
    severity: alert.AlertSeverity,
    name: alert.DisplayName,
    rule: extended['Analytic Rule Name'] ?? alert.AlertName,
    ruleId,
    tactics: alert.Tactics,
    techniques: [...words(alert.Techniques), ...words(alert.SubTechniques)],
    entities: entities.slice(0, 3).map(entityName),
    // Runs of one rule over the same evidence are one finding.
    finding: hash(JSON.stringify([ruleId ?? alert.AlertName, alert.AlertSeverity, alert.DisplayName, alert.Entities, [...evidence].sort()])),
    actors: [...actors.values()].sort((a, b) => b.events - a.events).slice(0, ACTORS),
    rows: Number(extended['Search Query Results Overall Count'] ?? alert.Evidence?.length ?? 0),
    start: Date.parse(alert.StartTime),
    end: Date.parse(alert.EndTime),
    span,                      // of its evidence: a row may have the time of one event alone
    ran: Date.parse(alert.TimeGenerated),
  };
}

/** 53 bits of a text, enough to tell findings of one page apart (cyrb53). */
function hash(text) {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}
