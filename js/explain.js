// Why a rule matched events, or did not; what came nearest; what tests have tried of a rule.

import {
  NearestMisses as EngineNearest, coverage as engineCoverage, explain as engineExplain, explainAll as engineExplainAll,
} from './engine.js';
import { describe, isBuffer, toBytes } from './bytes.js';
import { contextText } from './context.js';
import { ForepostError, RuleError } from './errors.js';
import { guarded } from './instance.js';
import { parseExact, stringifyExact } from './json.js';
import { checkedOptions } from './options.js';
import { utf16Offsets } from './positions.js';
import { queryError } from './query.js';
import { Reader } from './reader.js';
import { located, ruleFiles } from './rules.js';
import { toTicks } from './time.js';

/** Explains one rule on events, or on an alert's evidence. Positions count UTF-16 units of the query. */
export function explain(rule, events, options = {}) {
  const { event, tick, ...context } = checkedOptions('explain()', options, ['event', 'tick', 'tables', 'functions']);
  const file = oneRule(rule, 'explain()');
  const alert = alertOf(events);
  const { records, ends } = joined(alert ? evidenceOf(alert) : recordsOf(events, 'explain()'));
  const time = tick ?? alert?.tick;
  const at = placeOf(event, records, ends);
  const answer = ask('explain()', file, () =>
    engineExplain(file.text, records, ends, at, time === undefined ? undefined : toTicks(time), contextText(context)));
  if (alert) answer.cut.push(...missing(alert, answer));
  return answer;
}

/** Explains all rules on one event, among others if there are others: those that alert first, then the nearest. */
export function explainAll(rules, events, options = {}) {
  const { event, ...context } = checkedOptions('explainAll()', options, ['event', 'tables', 'functions']);
  const files = ruleFiles(rules);
  const { records, ends } = joined(recordsOf(events, 'explainAll()'));
  const given = contextText(context);
  const at = placeOf(event, records, ends);
  const all = parseExact(guarded('explainAll()', undefined, () => refused(files, () => engineExplainAll(JSON.stringify(files), records, ends, at, given))));
  for (const one of all) one.findings &&= located(one.findings.map((finding) => ({ ...finding, file: one.file })), files);
  return all;
}

/** What cases have tried of a rule. */
export function coverage(rule, cases) {
  const file = oneRule(rule, 'coverage()');
  const groups = new Map(); // cases with the same tables run together
  let number = 0;
  for (const { events = [], tables } of cases) {
    const given = contextText({ tables });
    const group = groups.get(given) ?? groups.set(given, []).get(given);
    group.push({ number, records: recordsOf([...events], 'coverage()') });
    number += 1;
  }
  if (groups.size === 0) groups.set(contextText({}), []);
  const answers = [...groups].map(([given, group]) => {
    const { records, ends } = joined(group.flatMap((one) => one.records));
    const counts = Uint32Array.from(group, (one) => one.records.length);
    const answer = ask('coverage()', file, () => engineCoverage(file.text, records, ends, counts, given));
    for (const failed of answer.failed) failed.case = group[failed.case]?.number ?? failed.case;
    return answer;
  });
  return merged(answers);
}

/** Answers over several groups of cases as one: counts are added. */
function merged([first, ...rest]) {
  const key = ({ kind, start, end }) => `${kind}:${start}:${end}`;
  const known = new Map(first.obligations.map((obligation) => [key(obligation), obligation]));
  const { trigger, ...answer } = first;
  for (const other of rest) {
    answer.failed.push(...other.failed);
    answer.cut.push(...other.cut);
    trigger.fired += other.trigger.fired;
    trigger.quiet += other.trigger.quiet;
    for (const obligation of other.obligations) {
      const same = known.get(key(obligation));
      if (!same) {
        answer.obligations.push(obligation);
        continue;
      }
      for (const [name, n] of Object.entries(obligation.counts)) same.counts[name] = (same.counts[name] ?? 0) + n;
      if (obligation.decided !== undefined) same.decided += obligation.decided;
    }
  }
  const { line, column, fired, quiet } = trigger;
  answer.obligations.push({ kind: 'trigger', operator: 'trigger', start: 0, end: 0, line, column, endLine: line, counts: { fired, quiet } });
  const points = answer.obligations.flatMap(({ counts }) => Object.values(counts));
  return { ...answer, met: points.filter((n) => n > 0).length, total: points.length, runs: fired + quiet };
}

/** Reads a log and says which events came nearest to a rule, and which filters turned them away. */
export class NearestMisses extends Reader {
  constructor(rule, options = {}) {
    const { event, where, ...context } = checkedOptions('new NearestMisses()', options, ['event', 'where', 'tables', 'functions']);
    const file = oneRule(rule, 'new NearestMisses()');
    const given = contextText(context);
    const [id, place] = typeof event === 'number' ? [undefined, event] : [event, undefined];
    try {
      super('NearestMisses', () => new EngineNearest(file.text, id, place, where, given));
    } catch (error) {
      if (typeof error !== 'string') throw error;
      const found = JSON.parse(error);
      if (found[0]?.line === undefined) throw queryError(found, where);
      throw new RuleError(located(found.map((finding) => ({ ...finding, file: file.file })), [file]));
    }
  }

  /** The nearest groups of events, at most so many, and the event that was looked for. */
  report(most = 5) {
    const report = parseExact(this.call('report', most));
    moveToUnits(report.query, report);
    return report;
  }

  /** The events that pass every filter of their own columns, as JSON texts; `complete` is false if there were too many to keep. */
  candidates() {
    const texts = new TextDecoder().decode(this.call('candidates')).split('\n').filter(Boolean);
    return { texts, complete: this.call('isComplete') };
  }
}

/** The file of a rule; an ARM template can hold several. */
function oneRule(rule, what) {
  const [file, ...others] = ruleFiles([rule]);
  if (others.length > 0) throw new ForepostError('bad-argument', `${what} takes one rule, and this ARM template holds several`);
  return file;
}

/** An answer about one rule, with positions for JavaScript; a RuleError if the rule cannot run. */
function ask(what, file, call) {
  const answer = parseExact(guarded(what, undefined, () => refused([file], call)));
  answer.findings = located(answer.findings.map((finding) => ({ ...finding, file: file.file })), [file]);
  if (answer.query === undefined) throw new RuleError(answer.findings);
  moveToUnits(answer.query, { ...answer, findings: [] });
  return answer;
}

/** Tables that cannot be read are thrown as findings. */
function refused(files, call) {
  try {
    return call();
  } catch (error) {
    throw typeof error === 'string' ? new RuleError(located(JSON.parse(error), files)) : error;
  }
}

/** Every `start` and `end` in an answer, from bytes to UTF-16 units. What events hold is no place, whatever it is called. */
function moveToUnits(query, answer) {
  const places = [];
  const walk = (node) => {
    if (Array.isArray(node)) {
      node.forEach(walk);
    } else if (node && typeof node === 'object') {
      if (typeof node.start === 'number' && typeof node.end === 'number') places.push(node);
      for (const [key, inner] of Object.entries(node)) if (key !== 'value' && key !== 'identifiers' && key !== 'counts') walk(inner);
    }
  };
  walk(answer);
  const units = utf16Offsets(query, places.flatMap(({ start, end }) => [start, end]));
  for (const place of places) Object.assign(place, { start: units.get(place.start), end: units.get(place.end) });
}

/** The records of one event or several, as bytes: as they were logged, or written from objects. */
function recordsOf(events, what) {
  const isOne = typeof events === 'string' || isBuffer(events) || typeof events?.[Symbol.iterator] !== 'function';
  return (isOne ? [events] : [...events]).map((event) => recordOf(event, what));
}

function recordOf(event, what) {
  const isText = typeof event === 'string' || isBuffer(event);
  const bytes = toBytes(isText || event === undefined ? event : stringifyExact(event));
  const first = bytes.find((byte) => byte > 32);
  if (first !== 123) throw new ForepostError('bad-argument', `${what} needs CloudTrail events, each an object or its JSON text, not ${isText ? 'other text' : describe(event)}`);
  return bytes;
}

/** Records one behind the other, and where each ends. */
function joined(records) {
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + record.length, 0));
  const ends = new Uint32Array(records.length);
  let at = 0;
  for (const [i, record] of records.entries()) {
    bytes.set(record, at);
    at += record.length;
    ends[i] = at;
  }
  return { records: bytes, ends };
}

/** The place of the event that is looked at; -1 for none. */
function placeOf(event, records, ends) {
  if (event === undefined || event === null) return -1;
  if (typeof event === 'number' && Number.isInteger(event) && event >= 0 && event < ends.length) return event;
  if (typeof event === 'string') {
    const decoder = new TextDecoder();
    for (let i = 0, start = 0; i < ends.length; start = ends[i], i += 1) {
      const text = decoder.decode(records.subarray(start, ends[i]));
      if (text.includes(event) && JSON.parse(text).eventID === event) return i;
    }
  }
  throw new ForepostError('bad-argument', `None of the events is ${JSON.stringify(event)}: give its place, or its eventID`);
}

/** What an alert says of itself, if it is one. */
function alertOf(given) {
  if (typeof given?.SystemAlertId !== 'string' || typeof given.ExtendedProperties !== 'string') return undefined;
  const properties = JSON.parse(given.ExtendedProperties);
  const tick = /^(\S+) (\S+)$/.exec(properties['Query End Time UTC'] ?? '');
  return {
    rows: Number(properties['Search Query Results Overall Count']),
    tick: tick ? `${tick[1]}T${tick[2]}` : undefined,
    evidence: given.Evidence,
    perRow: properties['Event Grouping'] === 'AlertPerEvent',
  };
}

/** The records of an alert's evidence, each once. */
function evidenceOf({ evidence }) {
  if (!Array.isArray(evidence)) throw new ForepostError('bad-argument', 'This alert has no evidence: it was made with evidence turned off');
  const texts = new Set();
  for (const { events } of evidence) {
    for (const { record } of events) texts.add(typeof record === 'string' ? record : stringifyExact(record));
  }
  return [...texts].map((text) => recordOf(text, 'explain()'));
}

/** What an alert's evidence does not show. */
function missing({ rows, evidence, perRow }, { run }) {
  const said = [];
  const left = evidence.reduce((sum, row) => sum + (row.eventsLeftOut ?? 0), 0);
  if (left > 0) said.push(`${left} events of the alert are not in its evidence.`);
  if (!perRow && run && run.rows !== rows) said.push(`The alert had ${rows} rows; its evidence alone gives ${run.rows ?? 'none'}: other events had a part in it, or the evidence is cut.`);
  return said;
}
