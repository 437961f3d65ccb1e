// `forepost query`

import { QueryError, TrapError } from '../errors.js';
import { stringifyExact } from '../json.js';
import { Query, queryBatchLine } from '../query.js';
import { UsageError } from './args.js';
import { readInto } from './read.js';
import { render } from './rulefiles.js';
import { csv, table } from './table.js';
import { readTables } from './tables.js';
import { count, note, out, style } from './terminal.js';

export async function query(options, operands) {
  if (options.batch) {
    if (operands.length > 0 || options.format) throw new UsageError('--batch reads queries from standard input; it does not accept other arguments', 'query');
    return batch();
  }
  const [kql, ...paths] = operands;
  if (kql === undefined) throw new UsageError("query needs a KQL query, for example: forepost query 'print 1 + 1'", 'query');
  let run;
  try {
    run = new Query(kql, { tables: readTables(options, 'query') });
    const report = await readInto(run, paths);
    const answer = run.result();
    await print(answer, options.format ?? 'pretty');
    if (paths.length === 0 && run.readsEvents) note(style.dim('AWSCloudTrail is empty because no PATH was given'));
    if (report.unreadable + report.problems > 0) note(style.yellow(`${count(report.unreadable + report.problems, 'problem')} while reading; the result covers everything else`));
    if (report.interrupted) return 130;
    return report.unreadable + report.problems > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    for (const diagnostic of error.diagnostics) note(render({ file: 'query', ...diagnostic, ...lineAndColumn(kql, diagnostic.start) }, kql));
    return 2;
  } finally {
    run?.dispose();
  }
}

function lineAndColumn(text, offset) {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: lines.at(-1).length + 1 };
}

async function print({ columns, rows }, format) {
  if (format === 'csv') return out(csv(columns, rows));
  if (format === 'pretty') {
    await out(table(columns, rows));
    return note(style.dim(count(rows.length, 'row')));
  }
  const keys = columns.map(({ name }) => JSON.stringify(name));
  for (const row of rows) await out(`{${row.map((cell, i) => `${keys[i]}:${stringifyExact(cell)}`).join(',')}}\n`);
  return undefined;
}

/** One answer a line, in order; a query that brings the engine down costs only itself. */
async function batch() {
  for await (const line of lines(process.stdin)) {
    if (line.trim() === '') continue;
    let answer;
    try {
      answer = queryBatchLine(line);
    } catch (error) {
      if (!(error instanceof TrapError)) throw error;
      answer = JSON.stringify({ id: idOf(line), error: { code: 'trap', message: error.message, start: 0, end: 0 } });
    }
    await out(`${answer}\n`);
  }
  return 0;
}

function idOf(line) {
  try {
    return JSON.parse(line)?.id ?? null;
  } catch {
    return null;
  }
}

const LONGEST = 16 << 20; // characters of a line; the rest of a longer one is dropped, so it is answered as bad JSON

/** Lines of a byte stream, cut at line feeds only: readline would cut at U+2028 inside a JSON string too. */
async function* lines(stream) {
  const decoder = new TextDecoder();
  let parts = [];
  let length = 0;
  for await (const chunk of stream) {
    const [first, ...rest] = decoder.decode(chunk, { stream: true }).split('\n');
    append(first);
    for (const part of rest) {
      yield parts.join('');
      parts = [];
      length = 0;
      append(part);
    }
  }
  append(decoder.decode());
  if (length > 0) yield parts.join('');

  function append(part) {
    if (length < LONGEST) parts.push(part);
    length += part.length;
  }
}
