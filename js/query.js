// One KQL query over events.

import { Query as EngineQuery, queryBatchLine as engineBatchLine } from './engine.js';
import { chunksOf, describe, inputsOf, Kept } from './bytes.js';
import { contextText } from './context.js';
import { ForepostError, LimitError, QueryError } from './errors.js';
import { guarded } from './instance.js';
import { parseExact } from './json.js';
import { checkedOptions } from './options.js';
import { utf16Offsets } from './positions.js';
import { Reader } from './reader.js';
import { toTicks } from './time.js';

export class Query extends Reader {
  #kql;

  /** `found`: of one that only reads, the columns that the one it reads for has found so far. */
  constructor(kql, options = {}, found = undefined) {
    const { now = new Date(), ...rest } = checkedOptions('new Query()', options, ['now', 'tables', 'functions']);
    if (typeof kql !== 'string') throw new ForepostError('bad-argument', `A query must be a string, not ${describe(kql)}`);
    const ticks = toTicks(now);
    const context = contextText(rest);
    try {
      super('Query', () => (found === undefined ? new EngineQuery(kql, ticks, context) : EngineQuery.reader(kql, ticks, context, found)), { accounts: found === undefined });
    } catch (error) {
      throw refusal(error, kql);
    }
    this.#kql = kql;
  }

  get warnings() { return located(JSON.parse(this.call('warnings')), this.#kql); }

  get readsEvents() { return this.call('readsEvents'); }

  get streams() { return this.call('isStreamed'); }

  get canComplete() { return this.call('canComplete'); }

  get complete() { return this.call('isComplete'); }

  get readsAgain() { return this.call('readsAgain'); }

  readAgain() {
    try {
      this.call('readAgain');
    } catch (error) {
      throw refusal(error, this.#kql);
    }
    this.rewind();
  }

  /** What earlier readings have found, for the readers in other threads. */
  get found() { return this.call('found'); }

  takeRows() { return this.#answer('takeRows'); }

  result() { return this.#answer('result'); }

  /** Takes the result of `handOver()` of a QueryReader of the same query, as if its input had been pushed here. */
  takeOver(handed) { this.call('takeOver', handed); }

  /** All parts of an input were taken over. */
  endParts() { this.call('endParts'); }

  #answer(name) {
    const { columns, rows, error } = parseExact(this.call(name));
    if (error) throw queryError([error], this.#kql);
    return new QueryResult(columns, rows);
  }
}

/** Reads for a query in another thread. For the command. */
export class QueryReader extends Query {
  constructor(kql, { found, ...options }) { super(kql, options, found); }

  /** The input for a query's `takeOver()` since the last call. `waiting()` gives its approximate size in bytes. */
  handOver() { return this.call('handOver'); }

  waiting() { return this.call('waiting'); }

  /** The input is read on by another reader, or `last`, it ends here. False, and the input goes on, if it cannot be parted here. */
  endPart(last) { return this.call('endPart', last); }
}

/** The columns and rows of an answer. */
class QueryResult {
  constructor(columns, rows) {
    this.columns = columns;
    this.rows = rows;
  }

  objects() {
    const names = this.columns.map(({ name }) => name);
    return this.rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
  }
}

/** Runs a query over one input, or over an array of inputs. */
export async function query(kql, inputs, options = {}) {
  const list = inputsOf(inputs);
  const run = new Query(kql, options);
  // What gives its bytes only once is kept, if the inputs are read more than once.
  const kept = run.readsAgain ? new Kept() : undefined;
  const read = async () => {
    const problems = [];
    for (const [n, input] of list.entries()) {
      for await (const chunk of kept ? kept.of(n, input) : chunksOf(input)) run.push(chunk);
      run.endInput();
      problems.push(run.problems());
    }
    return problems;
  };
  try {
    while (run.readsAgain) {
      await read();
      run.readAgain();
    }
    const problems = await read();
    return Object.assign(run.result(), { problems });
  } finally {
    run.dispose();
  }
}

/** One line of `query --batch`: `{"id","query"}` in, its answer out. For the command. */
export const queryBatchLine = (line) => guarded('query --batch', undefined, () => engineBatchLine(line, toTicks(new Date())));

// Too long, too deep, too many parts; and Kusto's own two for a run that grew too large.
const LIMIT_CODES = new Set(['FP001', 'FP002', 'FP003', 'E_RUNAWAY_QUERY', 'E_QUERY_RESULT_SET_TOO_LARGE']);

/** What the engine threw: text is a refusal. */
const refusal = (error, kql) => (typeof error === 'string' ? queryError(JSON.parse(error), kql) : error);

function located(diagnostics, kql) {
  const units = utf16Offsets(kql, diagnostics.flatMap(({ start, end }) => [start, end]));
  return diagnostics.map((d) => ({ ...d, start: units.get(d.start), end: units.get(d.end) }));
}

export function queryError(diagnostics, kql) {
  const found = located(diagnostics, kql);
  return found.some(({ code }) => LIMIT_CODES.has(code)) ? new LimitError(found) : new QueryError(found);
}
