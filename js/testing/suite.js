// A test file as a list of cases. One entry of quietWhen is one case.

import { moment, misspelt, DEFAULT_START } from './events.js';
import { checkShape } from './shape.js';
import { Document } from './document.js';
import { nearest } from '../nearest.js';
import { stringifyExact } from '../json.js';

/**
 * `{file, rule, cases}` of a test file's text. `read(path)` gives the text of a file beside it. Throws a TestFileError.
 *
 * A case is `{name, line, column, path, given, tables, period, start, expect, base, alsoQuiet}`: `given` as `recordsOf` takes it, `expect` a
 * mapping, and `base`, for a case of quietWhen, the events and tables without the change.
 */
export function readSuite(file, text, read) {
  const document = new Document(file, text);
  checkShape(document);
  const { rule, start = DEFAULT_START, defaults = {}, events = {}, tables = {}, tests } = document.value;
  const make = (record, path) => (typeof record.from === 'string' ? readRecord(document, record, path, read) : { ...spelt(document, defaults, ['defaults']), ...spelt(document, record, path) });
  const records = Object.fromEntries(Object.entries(events).map(([name, record]) => [name, make(record, ['events', name])]));
  const sharedTables = tablesOf(document, tables, ['tables'], read);
  const names = new Set();
  const cases = tests.flatMap((test, i) => {
    const path = ['tests', i];
    if (names.has(test.name)) throw document.error([...path, 'name'], `there are two tests with the name ${JSON.stringify(test.name)}`);
    names.add(test.name);
    return casesOf(document, test, path, { records, make, tables: sharedTables, start: Date.parse(start), read });
  });
  return { file, document, rule, cases };
}

function casesOf(document, test, path, { records, make: makeRecord, tables, start: fileStart, read }) {
  const { name, given, start, period, expect, quietWhen = [], alsoQuiet } = test;
  if (expect === undefined && quietWhen.length === 0 && alsoQuiet === undefined) throw document.error(path, 'the test expects nothing; write expect: alert, expect: none or quietWhen');
  const base = {
    given: givenOf(document, given, [...path, 'given'], records, makeRecord),
    tables: { ...tables, ...tablesOf(document, test.tables ?? {}, [...path, 'tables'], read) },
  };
  const from = start === undefined ? fileStart : Date.parse(start);
  const common = { start: from, period: period && [moment(period.from, from), moment(period.to, from)] };
  const make = (more, at) => ({ ...common, ...base, ...document.at(at), path: at, ...more });
  const cases = [];
  if (expect !== undefined || alsoQuiet !== undefined) {
    cases.push(make({ name, expect: expect === 'none' ? { alerts: 0 } : expect === 'alert' ? {} : expect, alsoQuiet }, path));
  }
  if (expect !== undefined && quietWhen.length > 0 && (expect === 'none' || expect.alerts === 0)) {
    throw document.error([...path, 'quietWhen'], 'quietWhen changes events that alert, but this test expects none');
  }
  quietWhen.forEach((change, i) => {
    const at = [...path, 'quietWhen', i];
    cases.push(make({
      ...changed(document, base, change, at, read),
      name: `${name}: ${change.name ?? describe(change)}`, expect: { alerts: 0 }, base, change,
    }, at));
  });
  return cases;
}

/** `[{record, name, path, at, set, remove, repeat, every}]` */
function givenOf(document, given, path, records, make) {
  const list = Array.isArray(given) ? given.map((item, i) => [item, [...path, i]]) : [[given, path]];
  return list.map(([item, at]) => {
    const { event, ...rest } = typeof item === 'string' ? { event: item } : item;
    if (typeof event !== 'string') return { record: make(event, [...at, 'event']), path: at, ...rest };
    if (!Object.hasOwn(records, event)) {
      const guess = nearest(event, Object.keys(records));
      throw document.error(at, `there is no event ${JSON.stringify(event)}${guess ? `; did you mean ${guess}?` : `; the events are ${Object.keys(records).join(', ') || 'none'}`}`);
    }
    return { record: records[event], name: event, path: at, ...rest };
  });
}

/** What is given with one change of quietWhen. */
function changed(document, { given, tables }, change, path, read) {
  const { event, set, remove, without } = change;
  for (const [key, name] of Object.entries({ event, without })) {
    if (name !== undefined && !given.some((item) => item.name === name)) throw document.error([...path, key], `the test gives no event with the name ${JSON.stringify(name)}`);
  }
  const kept = given.filter((item) => without === undefined || item.name !== without);
  return {
    given: kept.map((item) => {
      if (event !== undefined && item.name !== event) return item;
      const timing = Object.fromEntries(['at', 'repeat', 'every'].filter((key) => change[key] !== undefined).map((key) => [key, change[key]]));
      // What the event itself sets comes first, so that the change can undo it.
      return { ...item, ...timing, changes: set || remove ? { set, remove, path } : undefined };
    }),
    tables: { ...tables, ...tablesOf(document, change.tables ?? {}, [...path, 'tables'], read) },
  };
}

const shown = (value) => (typeof value === 'string' ? value : stringifyExact(value));

/** `errorCode = AccessDenied, no readOnly` */
function describe({ event, set = {}, remove = [], at, repeat, every, without, tables = {} }) {
  const parts = [
    ...Object.entries(set).map(([path, value]) => `${path} = ${shown(value)}`),
    ...remove.map((path) => `no ${path}`),
    ...(without ? [`without ${without}`] : []),
    ...(repeat ? [`${repeat} times`] : []),
    ...(every ? [`every ${every}`] : []),
    ...(at ? [`at ${at}`] : []),
    ...Object.keys(tables).map((name) => `another ${name}`),
  ];
  return `${parts.join(', ')}${event ? ` in ${event}` : ''}`;
}

/** A record, if none of its fields is a misspelling. */
function spelt(document, record, path) {
  for (const key of Object.keys(record)) {
    const meant = misspelt(key);
    if (meant) throw document.error([...path, key], `a CloudTrail event has no ${key}; did you mean ${meant}?`);
  }
  return record;
}

/** A record of a file: `events.json`, `events.json#eventID`. */
function readRecord(document, record, path, read) {
  const { from, ...rest } = record;
  const [file, id] = from.split(/#(?=[^#]*$)/);
  const fail = (message) => { throw document.error([...path, 'from'], message); };
  let found;
  try {
    found = recordsIn(read(file));
  } catch (error) {
    fail(`cannot read ${file}: ${error.message}`);
  }
  const [event, ...more] = id === undefined ? found : found.filter(({ eventID }) => eventID === id);
  if (event === undefined) fail(id === undefined ? `${file} has no events` : `${file} has no event with the eventID ${id}`);
  if (id === undefined && more.length > 0) fail(`${file} has ${more.length + 1} events; write ${file}#EVENTID`);
  return { ...event, ...rest };
}

/** The events of a JSON text: one, `Records`, a list, or NDJSON. */
function recordsIn(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    value = text.split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
  }
  const list = Array.isArray(value) ? value : Array.isArray(value?.Records) ? value.Records : [value];
  return list.filter((item) => item !== null && typeof item === 'object');
}

/** `{name: {name, schema, data}}` as the engine takes tables. */
function tablesOf(document, tables, path, read) {
  return Object.fromEntries(Object.entries(tables).map(([name, { columns, rows = [], from }]) => {
    const names = Object.keys(columns);
    const lines = rows.map((row, i) => {
      const fail = (message) => { throw document.error([...path, name, 'rows', i], message); };
      if (Array.isArray(row)) {
        if (row.length !== names.length) fail(`a row of ${name} has ${names.length} values, not ${row.length}`);
        return stringifyExact(Object.fromEntries(names.map((column, j) => [column, row[j]])));
      }
      const unknown = Object.keys(row).find((column) => !names.includes(column));
      if (unknown !== undefined) fail(`${name} has no column ${unknown}; its columns are ${names.join(', ')}`);
      return stringifyExact(row);
    });
    let data = `${lines.join('\n')}\n`;
    if (from !== undefined) {
      if (rows.length > 0) throw document.error([...path, name], 'a table has rows, or from, not both');
      try {
        data = read(from);
      } catch (error) {
        throw document.error([...path, name, 'from'], `cannot read ${from}: ${error.message}`);
      }
    }
    return [name, { name, schema: names.map((column) => `${column}:${columns[column]}`).join(', '), data }];
  }));
}
