// What hosts with many workers (the page, the command) need beyond the API: readers that index events and find candidates for one detector,
// and descriptions of rules, columns and functions.

import {
  EventReader as EngineReader, describeHunt as engineDescribeHunt, describeRule as engineDescribe,
  functionTable as engineFunctions, savedFunctions as engineSaved, queryTokens as engineTokens, readYaml as engineReadYaml, tableColumns as engineColumns,
} from './engine.js';
import { contextText } from './context.js';
import { RuleError } from './errors.js';
import { guarded } from './instance.js';
import { utf16Offsets } from './positions.js';
import { Reader } from './reader.js';
import { forEngine, located, ruleFiles } from './rules.js';
import { setSpan } from './time.js';

export { loadSync, renew } from './instance.js';
export { isLogByName, LOOKED_AT, whyNoLog } from './logfile.js';
export { parseExact, stringifyExact } from './json.js';
export { logTables } from './schemas.js';
export * from './api.js';

/** Reads inputs for a detector in another thread. With `index`, it also hands over columns of all events. */
export class EventReader extends Reader {
  constructor({ rules, tables, functions, from, to, index = true } = {}) {
    const files = ruleFiles(rules);
    const context = contextText({ tables, functions });
    try {
      super('EventReader', () => new EngineReader(forEngine(files), index, context), { accounts: false });
    } catch (error) {
      throw typeof error === 'string' ? new RuleError(located(JSON.parse(error), files)) : error;
    }
    setSpan(this, from, to);
  }

  stopIndex() { this.call('stopIndex'); }

  /** The candidate records since the last call, one JSON object per line. */
  candidates() { return this.call('takeCandidates'); }

  /** From now on, `candidates()` gives every event. */
  collectEverything() { this.call('collectEverything'); }

  /** What tells each rule's filters from those of others. */
  fingerprints() { return JSON.parse(this.call('fingerprints')); }

  /** The input for a detector's `takeOver()` since the last call. `waiting()` gives its approximate size in bytes. */
  handOver() { return this.call('handOver'); }

  waiting() { return this.call('waiting'); }

  /** The input is read on by another reader, or `last`, it ends here. False, and the input goes on, if it cannot be parted here. */
  endPart(last) { return this.call('endPart', last); }

  /** The events since the last call as columns, or undefined if there are none. See src/detector/index.rs. */
  batch() {
    const count = this.call('takeBatch');
    if (!count) return undefined;
    return {
      count,
      times: this.call('batchTimes'),
      offsets: this.call('batchOffsets'),
      words: this.call('batchWords'),
      raw: this.call('batchRaw'),
      ends: this.call('batchEnds'),
      newWords: JSON.parse(this.call('batchNewWords')),
    };
  }
}

/** The description of a rule, or null if the text is not a readable rule. */
export const describeRule = (text) => JSON.parse(guarded('describeRule()', undefined, () => engineDescribe(text)));

/** The description of a hunting query, or null if the text is none. */
export const describeHunt = (text) => JSON.parse(guarded('describeHunt()', undefined, () => engineDescribeHunt(text)));

/**
 * A YAML text as `{tree, findings}`, read as rules are. A node has `line` and `column`, and one of `text` (with `plain` where it is
 * not in quotes), `list` of nodes, and `map` of `[key, line, column, node]`; none for a null.
 */
export const readYaml = (text) => JSON.parse(guarded('readYaml()', undefined, () => engineReadYaml(text)));

/** The words of a query: `[{start, end, kind}]` in UTF-16 units; `kind` is `name`, `text`, `literal` or `mark`. */
export function queryTokens(query) {
  const tokens = JSON.parse(guarded('queryTokens()', undefined, () => engineTokens(query)));
  const units = utf16Offsets(query, tokens.flatMap(([start, end]) => [start, end]));
  return tokens.map(([start, end, kind]) => ({ start: units.get(start), end: units.get(end), kind }));
}

/** The table's columns: `[{name, type, doc, field}]`; `field` is the path of keys in an event. */
export const tableColumns = () => JSON.parse(guarded('tableColumns()', undefined, engineColumns));

/** The names of the functions that files of functions make. */
export function savedFunctions(functions) {
  const context = contextText({ functions });
  return JSON.parse(guarded('savedFunctions()', undefined, () => engineSaved(context)));
}

/** What queries can call: `[{name, call, doc, kind}]`; `kind` is `function` or `aggregate`. */
export const functionTable = () => JSON.parse(guarded('functionTable()', undefined, engineFunctions));
