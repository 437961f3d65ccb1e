// The desk: keeps the events that were read and the records that matter, concludes alerts, answers views and queries.

import { Detector, EventReader, Query, builtInRules, check, describeRule, explain, explainAll, functionTable, loadSync, logTables, parseExact, readYaml, renew, savedFunctions, tableColumns } from 'forepost/triage.js';
import { template, writeResource } from 'forepost/arm/write.js';
import { decodeText } from 'forepost/bytes.js';
import { addFile } from 'forepost/contextfiles.js';
import { schemaOf } from 'forepost/schemas.js';
import { Alerts } from './alerts.js';
import { opened } from './archives.js';
import { Repeats, without } from './repeats.js';
import { lanes, story } from './story.js';
import { EventStore } from './store.js';

let store = new EventStore();
let alerts = new Alerts();
let rules = [];
let context = { tables: [], functions: [] }; // what rules and queries can refer to besides the events
let candidates = [];           // bytes of the records that matter, a batch each
let candidateBytes = 0;
let once = true;               // an event that comes again is left out, and told
let repeats;
let tooMany = false;
const MAX_CANDIDATE_BYTES = 512 << 20;
const MAX_BESIDE = 4 << 20;    // bytes of other events that an event is explained beside,
const MAX_BESIDE_ALL = 1 << 20; // and by all rules
let span;                      // [first, last] event that any reader saw
let readers = new Set();       // the ports of readers that are at work
let queryRun = 0;
let held = 0;                  // queries that are under way: they live in the engine's memory
const ENGINE_MEMORY = 256 << 20; // bytes; what is beyond is given back when nothing needs it

self.onmessage = async ({ data, ports }) => {
  if (data.type === 'start') {
    loadSync(data.module);
  } else if (data.type === 'reader') {
    const [port] = ports;
    readers.add(port);
    port.onmessage = ({ data: parts }) => {
      if (!readers.has(port)) return;
      for (const { reader, file, candidates: found, batch } of parts) {
        if (found.length) takeCandidates(found);
        if (batch) store.add(reader, file, batch);
      }
      port.postMessage({ stop: store.full });
    };
    return;
  } else {
    try {
      const answer = await operations[data.op](...data.args);
      self.postMessage({ id: data.id, answer });
    } catch (error) {
      const { name, code, message, diagnostics } = error;
      self.postMessage({ id: data.id, error: { name, code, message, diagnostics } });
    }
  }
};

/** Where each candidate lies: [batch, start, end]. */
let places = [];

function takeCandidates(bytes) {
  if (candidateBytes + bytes.length > MAX_CANDIDATE_BYTES) {
    tooMany = true;
    return;
  }
  let taken = bytes;
  if (once) {
    const ends = [];
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) ends.push(at + 1);
    if (ends.at(-1) !== bytes.length) ends.push(bytes.length);
    const repeated = repeats.find(bytes, ends, ends.length);
    const part = repeated.size ? without(bytes, ends, ends.length, repeated) : { raw: bytes, ends };
    taken = part.raw;
    part.ends.forEach((end, i) => places.push([candidates.length, i ? part.ends[i - 1] : 0, end]));
  }
  candidateBytes += taken.length;
  candidates.push(taken);
}

/** No reader is at work any more: what an ended one had sent still comes, and would count as read twice. */
function hangUp() {
  for (const port of readers) port.close();
  readers = new Set();
}

function forget() {
  hangUp();
  candidates = [];
  candidateBytes = 0;
  tooMany = false;
  places = [];
  repeats = new Repeats((n) => { const [batch, start, end] = places[n]; return candidates[batch].subarray(start, end); });
}

forget();

const pause = () => new Promise((resolve) => { setTimeout(resolve); });

const TOO_MANY = { offset: null, code: 'candidates', message: 'the rules need more than 512 MB of events; the others were dropped and alerts can be missing. Run fewer rules, or use the command.' };

/** A query of the page itself over the kept events, as objects. Other work goes on in between; `going()` says whether the answer is still wanted. */
async function asked(kql, going) {
  const run = new Query(kql);
  held += 1;
  try {
    let breath = performance.now();
    for (const { raw } of store.batches()) {
      for (let at = 0; at < raw.length; at += 1 << 20) run.push(raw.subarray(at, at + (1 << 20)));
      if (performance.now() - breath > 50) {
        await pause();
        if (!going()) throw Object.assign(new Error('no longer wanted'), { code: 'stopped' });
        breath = performance.now();
      }
    }
    if (store.count) run.endInput();
    return run.result().objects();
  } finally {
    held -= 1;
    run.dispose();
  }
}

/** An event, and the others that matter to the rules. */
const beside = (row) => [store.raw(row), ...candidates.flatMap((bytes) => new TextDecoder().decode(bytes).split('\n').filter(Boolean))];

const ALONE = 'The event is explained by itself: the rules keep too many other events to explain them together.';

const SAME_ID = 'FP230';       // of two rules with one id the page runs one

/** The rows of a query over what was supplied. */
function rowsOf(kql, given) {
  const run = new Query(kql, given);
  try { return run.result().rows; } finally { run.dispose(); }
}

const columnsOf = (expression, given) => rowsOf(`${expression} | getschema | project ColumnName, ColumnType`, given).map(([name, type]) => ({ name, type }));

/** How many rows a table has, and its columns. */
function shapeOf(name, given) {
  const table = `[${JSON.stringify(name)}]`;
  return { rows: Number(rowsOf(`${table} | count`, given)[0][0]), columns: columnsOf(table, given) };
}

/** The functions of a file: what they are called, and the columns of those that can be called with nothing. */
function functionsIn(file) {
  return savedFunctions([file]).map((name) => {
    try {
      return { name, columns: columnsOf(`${name}()`, context) };
    } catch {
      return { name, columns: [] }; // it has parameters, or reads what is not there yet
    }
  });
}

/** Whether Forepost reads events, or records of another log of AWS, out of these first bytes of a file. */
function holdsRecords(bytes) {
  try {
    const reader = new EventReader({ index: false });
    reader.push(bytes);
    reader.endInput();
    const { events } = reader.stats(); // of all tables
    reader.dispose();
    return events > 0;
  } catch {
    return true; // what it trips over is said when it is read
  }
}

let storyRun = 0;
let laneRun = 0;
let told = [];                 // the groups of the last story

const operations = {
  rules: () => builtInRules(),
  columns: () => tableColumns(),
  logTables: () => logTables(),
  functions: () => functionTable(),
  describe: (text) => describeRule(text),
  /** What is wrong with rules, all in one call: tables are read once. Each stands for itself. */
  check: (files) => check(files, context).filter(({ code }) => code !== SAME_ID),

  /** Adds a file of tables or functions, and says how many rows and which columns a table has, or which functions there are; throws why it cannot be used. */
  supply(file) {
    addFile(context, file);
    return file.name === undefined ? { functions: functionsIn(context.functions.at(-1)) } : shapeOf(file.name, { tables: [context.tables.at(-1)] });
  },

  /** The files of an archive of rules, tables or functions. */
  async open(entry) {
    try {
      return await opened(entry);
    } finally {
      if (!held) renew(ENGINE_MEMORY);
    }
  },

  /** Removes a table, or the functions of a file. */
  withdraw({ path, name }) {
    context = { tables: context.tables.filter((table) => name === undefined || table.name !== name), functions: context.functions.filter(({ file }) => name !== undefined || file !== path) };
  },

  /** What the first bytes of a file can be, beside a log: `{log, known, rows}`. `known`: Sentinel has a table of this name. */
  look({ name, bytes, whole }) {
    const known = schemaOf(name) !== undefined || name.endsWith('_CL');
    const log = holdsRecords(bytes);
    try {
      const text = decodeText(whole ? bytes : bytes.subarray(0, bytes.lastIndexOf(10) + 1));
      const given = { tables: [], functions: [] };
      addFile(given, { path: name, name: 'T', text });
      return { log, known, rows: /^\s*\{/.test(text) || /^\s*\[/.test(text) ? shapeOf('T', given).rows : Infinity };
    } catch {
      return { log, known, rows: 0 };
    }
  },
  /** A rule as an ARM template. */
  arm: (text) => template([writeResource(readYaml(text).tree).resource]),

  /** Forgets the candidates: the rules changed and the inputs are read again. */
  use(files) {
    rules = files;
    forget();
  },

  /** Starts anew. `each`: repeated events count each time, as a workspace counts what is delivered twice. */
  clear(each = false) {
    once = !each;
    store = new EventStore({ once });
    alerts = new Alerts();
    forget();
    span = undefined;
  },

  /**
   * Concludes from everything that was read so far; `alerts` only if they are not those of the last time. `seen`: the tables that have
   * records, once all is read: rules that need another are left out.
   */
  conclude(times, seen) {
    if (times) span = times;
    if (rules.length === 0) return { alerts: alerts.replace([]) ? [] : undefined, count: 0, problems: [], late: 0, dropped: 0, totals: store.totals() };
    const detector = new Detector({ rules, emptyTables: !seen, ...context });
    try {
      for (const bytes of candidates) detector.push(bytes);
      if (candidates.length) detector.endInput(); // no candidate is no empty input
      if (span) detector.observe(...span);
      if (seen) detector.observeTables(seen);
      detector.finish();
      const { late, dropped } = detector.stats();
      const changed = alerts.replace(Array.from(detector.alertTexts()));
      return { alerts: changed ? alerts.list() : undefined, count: alerts.size, problems: [...detector.problems(), ...(tooMany ? [TOO_MANY] : [])], late, dropped, totals: store.totals() };
    } finally {
      detector.dispose();
      if (seen && !held) renew(ENGINE_MEMORY);
    }
  },

  view: (filters, range) => ({ ...store.view(filters, range), alertIds: alerts.passing(filters) }),
  events: (format) => store.file(format),
  alert: (id) => alerts.detail(id),
  alertText: (id) => alerts.text(id),
  alertFile: (format, ids) => alerts.file(format, ids),
  rows: (from, count) => store.rows(from, count),
  find: (row) => store.position(row),
  record: (row) => store.record(row),
  locate: (eventId) => store.locate(eventId),
  totals: () => store.totals(),
  span: () => store.span(),

  /** Why a rule alerts on an alert's evidence (on one event of it), or what it makes of an event among those that matter. */
  explain(rule, { row, alert, event }) {
    try {
      if (alert !== undefined) return explain(rule, parseExact(alerts.text(alert)), { event, ...context });
      if (candidateBytes <= MAX_BESIDE) return explain(rule, beside(row), { event: 0, ...context });
      const answer = explain(rule, store.raw(row), context);
      answer.cut.push(ALONE);
      return answer;
    } catch (error) {
      if (!error.diagnostics) throw error;
      return { findings: error.diagnostics };
    }
  },

  /** What all of some rules make of an event. */
  explainAll(files, row) {
    const together = candidateBytes <= MAX_BESIDE_ALL;
    return { rules: together ? explainAll(files, beside(row), { event: 0, ...context }) : explainAll(files, store.raw(row), context), cut: together ? undefined : ALONE };
  },

  diagnose(kql) {
    try {
      new Query(kql, context).dispose();
      return [];
    } catch (error) {
      if (!error.diagnostics) throw error;
      return error.diagnostics;
    }
  },

  /** Runs a query over the events that are kept; a newer one, or `stop`, ends it. */
  async query(kql, limit) {
    queryRun += 1;
    const mine = queryRun;
    const run = new Query(kql, context);
    held += 1;
    const started = performance.now();
    let breath = started;
    let events = 0;
    const read = async () => {
      events = 0;
      if (!run.readsEvents) return;
      for (const { raw, count } of store.batches()) {
        for (let at = 0; at < raw.length; at += 1 << 20) run.push(raw.subarray(at, at + (1 << 20)));
        events += count;
        if (performance.now() - breath > 50) {
          self.postMessage({ event: 'query', events });
          await pause();
          breath = performance.now();
        }
        if (mine !== queryRun) throw Object.assign(new Error('The query was stopped.'), { code: 'stopped' });
      }
      run.endInput();
    };
    try {
      // Once more for each plug-in whose columns depend on the events.
      while (run.readsAgain) {
        await read();
        run.readAgain();
      }
      await read();
      const { columns, rows } = run.result();
      return { columns, rows: rows.slice(0, limit), total: rows.length, events, ms: performance.now() - started };
    } finally {
      held -= 1;
      run.dispose();
    }
  },

  stop() { queryRun += 1; },

  /** Findings by the principals behind them; undefined if another run began meanwhile. */
  async story() {
    const mine = ++storyRun;
    try {
      const found = await story(alerts.list(), (kql) => asked(kql, () => mine === storyRun));
      if (mine !== storyRun) return undefined;
      told = found.groups;
      return found;
    } catch (error) {
      if (error.code === 'stopped') return undefined;
      throw error;
    }
  },

  /** The first groups of the story over time. */
  async lanes(count, range) {
    const mine = ++laneRun;
    try {
      return await lanes(told.slice(0, count), range, (kql) => asked(kql, () => mine === laneRun));
    } catch (error) {
      if (error.code === 'stopped') return undefined;
      throw error;
    }
  },

  /** All of an address, a key, a principal or any other value. */
  entity: (field, words) => ({ ...store.entity(field, words), alertIds: alerts.passing({ values: { [field]: words } }) }),
};
