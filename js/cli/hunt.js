// `forepost hunt`: Sentinel's hunting queries over all events.

import { QueryError } from '../errors.js';
import { stringifyExact } from '../json.js';
import { Kept } from '../bytes.js';
import { Query } from '../query.js';
import { describeHunt } from '../triage.js';
import { Account, writeSummary } from './account.js';
import { readFirst } from './again.js';
import { inputsOf, UsageError } from './args.js';
import { readContext } from './context.js';
import { nowFor } from './now.js';
import { readInto } from './read.js';
import { readRules, unreadable } from './rulefiles.js';
import { Several } from './several.js';
import { table } from './table.js';
import { clean, count, note, outputTo, outStyle as style } from './terminal.js';

const SHOWN = 10; // rows of an answer

export async function hunt(options, [folder, ...operands]) {
  if (folder === undefined) throw new UsageError('hunt needs a folder or file of hunting queries, then the logs', 'hunt');
  const paths = inputsOf(operands, 'hunt');
  const { rules: files, functions, failed } = readRules([folder]);
  const { leftOut, ...context } = readContext(options, 'hunt', functions);
  const account = new Account();
  account.leftOut = unreadable(failed);
  account.unusable = leftOut;
  const described = files.map(({ file, text }) => ({ file, ...describeHunt(text) })).filter(({ query }) => query !== undefined); // the others are rules
  const now = await nowFor(described.map(({ query }) => query), options, paths, 'hunt');
  const hunts = [];
  for (const description of described) {
    const { file } = description;
    try {
      hunts.push({ ...description, run: new Query(description.query, { ...context, now }) });
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      account.leftOut.push({ file, rule: description.name, code: error.code, message: error.message });
    }
  }
  const noneRuns = () => {
    for (const { file, message } of account.leftOut) note(`${style.red('left out')} ${clean(file)}: ${clean(message)}`);
    throw new UsageError(`no hunting query in ${clean(folder)} can run; one is a YAML file with name and query, and without kind and severity`, 'hunt');
  };
  if (hunts.length === 0) noneRuns();
  const kept = new Kept();
  if (!await readColumns(hunts, paths, account, kept)) return 130;
  if (hunts.length === 0) noneRuns();
  await readInto(new Several(hunts.map(({ run }) => run)), paths, account, { kept });
  const output = outputTo(options.output);
  let silent = 0;
  for (const { file, name, tactics, techniques, run } of account.nothingRead ? [] : hunts) {
    try {
      const { columns, rows } = run.result();
      const [missing] = run.problems();
      if (missing) {
        account.leftOut.push({ file, rule: name, code: missing.code, message: missing.message });
        continue;
      }
      if (options.format === 'ndjson') {
        for (const row of rows) await output.write(`${stringifyExact({ query: name, file, row: Object.fromEntries(columns.map((column, i) => [column.name, row[i]])) })}\n`);
      } else if (rows.length > 0) {
        const about = [count(rows.length, 'row'), [...tactics, ...techniques].map(clean).join(' ')].filter(Boolean).join(' · ');
        await output.say(`${style.bold(clean(name))} ${style.dim(about)}\n`);
        await output.write(`${table(columns, rows.slice(0, SHOWN)).text}${rows.length > SHOWN ? style.dim(`and ${count(rows.length - SHOWN, 'more row')}; --format ndjson shows all\n`) : ''}\n`);
      } else {
        silent += 1;
      }
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      account.failure({ rule: name, code: error.code, message: error.message });
    } finally {
      run.dispose();
    }
  }
  await output.close();
  account.failures().forEach(note);
  if (options.summary) writeSummary(options.summary, account, 'hunt');
  note([`${count(hunts.length, 'hunting query', 'hunting queries')}, ${silent} without rows`, ...account.reading(), ...(account.nothingRead || account.allOutside ? account.outcome() : [])].join('\n'));
  return account.status;
}

/** Reads for the columns of plug-ins that depend on the data; hunts that fail in that are left out. Whether nobody ended it. */
async function readColumns(hunts, paths, account, kept) {
  for (;;) {
    const again = hunts.filter(({ run }) => run.readsAgain);
    if (again.length === 0) return true;
    const first = await readFirst(new Several(again.map(({ run }) => run)), paths, kept);
    if (first.interrupted) return false;
    if (first.nothingRead) return true; // the next reading says so
    for (const hunting of again) {
      try {
        hunting.run.readAgain();
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        account.leftOut.push({ file: hunting.file, rule: hunting.name, code: error.code, message: error.message });
        hunting.run.dispose();
        hunts.splice(hunts.indexOf(hunting), 1);
      }
    }
  }
}
