// One KQL query over events.

import { Query as EngineQuery, queryBatchLine as engineBatchLine } from './engine.js';
import { chunksOf, describe } from './bytes.js';
import { ForepostError, LimitError, QueryError } from './errors.js';
import { guarded } from './instance.js';
import { parseExact } from './json.js';
import { utf16Offset } from './positions.js';
import { Reader } from './reader.js';
import { tableFiles } from './tables.js';
import { toTicks } from './time.js';

export class Query extends Reader {
  #kql;

  constructor(kql, { now = new Date(), tables } = {}) {
    if (typeof kql !== 'string') throw new ForepostError('bad-argument', `A query must be a string, not ${describe(kql)}`);
    const ticks = toTicks(now);
    const given = tableFiles(tables);
    try {
      super('Query', () => new EngineQuery(kql, ticks, given));
    } catch (error) {
      throw typeof error === 'string' ? queryError(JSON.parse(error), kql) : error;
    }
    this.#kql = kql;
  }

  get readsEvents() { return this.call('readsEvents'); }

  result() {
    const { columns, rows, error } = parseExact(this.call('result'));
    if (error) throw queryError([error], this.#kql);
    return { columns, rows };
  }
}

/** Runs a query over several inputs. Each input is bytes, a string, or an iterable or stream of them. */
export async function query(kql, inputs = [], options = {}) {
  const run = new Query(kql, options);
  try {
    const problems = [];
    for await (const input of inputs) {
      for await (const chunk of chunksOf(input)) run.push(chunk);
      run.endInput();
      problems.push(run.problems());
    }
    return { ...run.result(), problems };
  } finally {
    run.dispose();
  }
}

/** One line of `query --batch`: `{"id","query"}` in, its answer out. For the command. */
export const queryBatchLine = (line) => guarded('query --batch', undefined, () => engineBatchLine(line, toTicks(new Date())));

// Too long, too deep, too many parts; and Kusto's own two for a run that grew too large.
const LIMIT_CODES = new Set(['FP001', 'FP002', 'FP003', 'E_RUNAWAY_QUERY', 'E_QUERY_RESULT_SET_TOO_LARGE']);

function queryError(diagnostics, kql) {
  const located = diagnostics.map((d) => ({ ...d, start: utf16Offset(kql, d.start), end: utf16Offset(kql, d.end) }));
  const limited = located.some(({ code }) => LIMIT_CODES.has(code));
  return limited ? new LimitError(located) : new QueryError(located);
}
