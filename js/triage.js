// What a host of many workers (the page, the command) needs beyond the API: readers that index events and find candidates for one detector
// to conclude from, and the engine's account of rules and of why one matched.

import {
  EventReader as EngineReader, builtInRules as engineBuiltIn, describeRule as engineDescribe, explain as engineExplain,
  functionTable as engineFunctions, tableColumns as engineColumns,
} from './engine.js';
import { RuleError } from './errors.js';
import { guarded } from './instance.js';
import { parseExact } from './json.js';
import { utf16Offset } from './positions.js';
import { Reader } from './reader.js';
import { located, ruleFiles } from './rules.js';
import { tableFiles } from './tables.js';

export { loadSync } from './instance.js';
export { parseExact, stringifyExact } from './json.js';
export * from './api.js';

/** Reads inputs for a detector elsewhere; with `index`, hands over columns of all events too. */
export class EventReader extends Reader {
  constructor({ rules, tables, index = true } = {}) {
    const files = ruleFiles(rules);
    const given = tableFiles(tables);
    try {
      super('EventReader', () => new EngineReader(JSON.stringify(files), index, given));
    } catch (error) {
      throw typeof error === 'string' ? new RuleError(located(JSON.parse(error), files)) : error;
    }
  }

  stopIndex() { this.call('stopIndex'); }

  /** The records that matter since the last call, one JSON object a line. */
  candidates() { return this.call('takeCandidates'); }

  /** All that a detector's `takeOver` wants to know since the last call; `waiting` says about how many bytes that is. */
  handOver() { return this.call('handOver'); }

  waiting() { return this.call('waiting'); }

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

/** Why a rule did, or did not, match a record: see src/detector/explain.rs. Positions count UTF-16 units. */
export function explain(rule, record) {
  const answer = parseExact(guarded('explain()', undefined, () => engineExplain(rule, record)));
  const unit = (bytes) => utf16Offset(answer.query, bytes);
  const place = (at) => Object.assign(at, { start: unit(at.start), end: unit(at.end) });
  for (const leaf of answer.leaves ?? []) {
    for (const stage of leaf.stages) {
      place(stage);
      for (const row of stage.rows) row.steps.forEach(place);
    }
  }
  return answer;
}

/** What a rule says of itself, or null if the text holds none that can be read. */
export const describeRule = (text) => JSON.parse(guarded('describeRule()', undefined, () => engineDescribe(text)));

/** The rules that ship inside the module: `[{file, text}]`. */
export const builtInRules = () => JSON.parse(guarded('builtInRules()', undefined, engineBuiltIn));

/** The table's columns: `[{name, type, doc, field}]`; `field` is the path of keys in an event. */
export const tableColumns = () => JSON.parse(guarded('tableColumns()', undefined, engineColumns));

/** What queries can call: `[{name, call, doc, kind}]`; `kind` is `function` or `aggregate`. */
export const functionTable = () => JSON.parse(guarded('functionTable()', undefined, engineFunctions));
