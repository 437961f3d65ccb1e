// `forepost query`

import { existsSync } from 'node:fs';
import { Kept } from '../bytes.js';
import { QueryError, TrapError } from '../errors.js';
import { stringifyExact } from '../json.js';
import { lineAndColumn } from '../positions.js';
import { Query, queryBatchLine } from '../query.js';
import { Account, writeSummary } from './account.js';
import { readFirst } from './again.js';
import { UsageError } from './args.js';
import { CONTEXT_CODES, readContext } from './context.js';
import { reasonOf } from './files.js';
import { nowFor } from './now.js';
import { readInto } from './read.js';
import { render } from './rulefiles.js';
import { csvLine, mdLine, tsvLine } from '../cells.js';
import { lines as lineByLine, table } from './table.js';
import { readText } from './text.js';
import { clean, columnsOf, count, note, out, outputTo, remark, style, wrapped } from './terminal.js';
import { threadsFor } from './threads.js';

const MAX = 1 << 20;   // bytes of a query file
const AT_ONCE = 1000;  // rows that are written together

export async function query(options, operands) {
  if (options.batch) {
    if (operands.length > 0 || options.format) throw new UsageError('--batch reads queries from standard input; it does not accept other arguments', 'query');
    return batch();
  }
  const [kql, paths] = queryOf(options, operands);
  const account = new Account();
  const shown = (diagnostic) => render({ file: options.file ?? 'query', ...diagnostic, ...lineAndColumn(kql, diagnostic.start) }, kql);
  let run;
  try {
    const { leftOut, ...context } = readContext(options, 'query');
    account.unusable = leftOut;
    const now = await nowFor([kql], options, paths, 'query');
    run = new Query(kql, { ...context, now });
    const ahead = (files) => threadsFor(options.threads, files, run, { kql, now, found: run.found, ...context });
    const kept = run.readsAgain ? new Kept() : undefined;
    while (run.readsAgain) {
      const first = paths.length > 0 ? await readFirst(run, paths, kept, ahead) : undefined;
      if (first?.interrupted) return 130;
      if (first?.nothingRead) break; // the next reading says so
      run.readAgain();
    }
    for (const warning of run.warnings) remark(shown(warning));
    const output = outputTo(options.output);
    const writer = rowWriter(options, output);
    if (paths.length > 0) {
      await readInto(run, paths, account, {
        afterPart: run.streams && options.format !== undefined && options.format !== 'pretty' ? () => writer.rows(run.takeRows()) : undefined,
        ahead,
        until: () => run.complete,
        kept,
      });
    }
    if (paths.length > 0 && run.readsEvents && account.nothingRead) {
      note([...account.gaps(), ...account.outcome()].join('\n'));
      return 2;
    }
    await writer.end(run.result());
    await output.close();
    for (const problem of run.problems()) {
      account.problem('the query', problem);
      note(`${style.yellow('incomplete')} ${clean(problem.message)} ${style.dim(`[${clean(problem.code)}]`)}`);
    }
    if (paths.length === 0 && run.readsEvents) remark(style.dim('AWSCloudTrail is empty because no PATH was given'));
    const gaps = account.gaps();
    if (gaps.length > 0) note(gaps.join('\n'));
    if (options.summary) writeSummary(options.summary, account, 'query');
    return account.interrupted ? 130 : account.complete ? 0 : 1;
  } catch (error) {
    if (!(error instanceof QueryError) || CONTEXT_CODES.includes(error.code)) throw error;
    for (const diagnostic of error.diagnostics) note(shown(diagnostic));
    return 2;
  } finally {
    run?.dispose();
  }
}

/** The query and the paths. */
function queryOf({ file }, operands) {
  if (file !== undefined) {
    try {
      return [readText(file, MAX), operands];
    } catch (error) {
      throw new UsageError(`cannot read the query in ${clean(file)}: ${clean(reasonOf(error, file))}`, 'query');
    }
  }
  const [kql, ...paths] = operands;
  if (kql === undefined) throw new UsageError("query needs a KQL query, for example: forepost query 'print 1 + 1'", 'query');
  if (paths.some((path) => path.startsWith('|'))) throw new UsageError("the query must be one argument: put all of it in quotes, as in forepost query 'AWSCloudTrail | count' LOGS", 'query');
  if (kql === '-') throw new UsageError('the first argument is the query; for a query in a file, use --file FILE', 'query');
  if (existsSync(kql)) throw new UsageError(`${clean(kql)} is a file; the query comes first: forepost query 'AWSCloudTrail | count' ${clean(kql)}`, 'query');
  return [kql, paths];
}

export const QUERY_FORMATS = ['pretty', 'line', 'ndjson', 'json', 'csv', 'tsv', 'md'];

/**
 * Writes rows as they come: `rows(answer)` any number of times, then `end(answer)`, whose rows are the last. A table for people needs
 * all of them at once.
 */
function rowWriter(options, { write }) {
  let written = 0;
  const kept = [];
  const rows = async ({ columns, rows: some }) => {
    const names = columns.map(({ name }) => name);
    const object = (row) => `{${row.map((cell, i) => `${JSON.stringify(names[i])}:${stringifyExact(cell)}`).join(',')}}`;
    const [head, line] = {
      csv: [csvLine(names), csvLine],
      tsv: [tsvLine(names), tsvLine],
      md: [mdLine(names) + mdLine(names.map(() => '---')), mdLine],
      ndjson: ['', (row) => `${object(row)}\n`],
      json: ['[', (row, n) => `${n > 0 ? ',' : ''}\n${object(row)}`],
      line: ['', (row, n) => lineByLine(columns, [row], n)],
    }[options.format] ?? [];
    if (line === undefined) return void kept.push(...some);
    if (written === 0 && head !== '' && !kept.headed) {
      kept.headed = true;
      await write(head);
    }
    for (let at = 0; at < some.length; at += AT_ONCE) await write(some.slice(at, at + AT_ONCE).map((row) => line(row, written++)).join(''));
    return undefined;
  };
  const end = async (answer) => {
    await rows(answer);
    if (options.format === 'json') await write('\n]\n');
    if (options.format !== undefined && options.format !== 'pretty') return options.format === 'line' && remark(style.dim(count(written, 'row')));
    const { text, hidden } = table(answer.columns, kept, options['no-truncate']);
    await write(text);
    if (hidden.length > 0) remark(wrapped(`${count(hidden.length, 'more column')}: ${hidden.map(clean).join(', ')}; --format line shows all`, columnsOf(process.stderr)).map(style.dim).join('\n'));
    return remark(style.dim(count(kept.length, 'row')));
  };
  return { rows, end };
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
