// `forepost rules` and `forepost schema`: what there is to run, and what queries can read.

import { logTables } from '../schemas.js';
import { SCHEMAS } from '../sentinel.js';
import { describeHunt, describeRule, tableColumns } from '../triage.js';
import { nearest } from '../nearest.js';
import { UsageError } from './args.js';
import { readRules } from './rulefiles.js';
import { packFor } from './ruleset.js';
import { csvLine } from '../cells.js';
import { table } from './table.js';
import { clean, count, note, outputTo, remark, style } from './terminal.js';

/** One line a rule: severity, name, how often, tactics and techniques, id, file. */
export async function rules(options, paths) {
  const own = paths.length > 0 ? readRules(paths) : { rules: [], functions: [], failed: [] };
  const files = [...packFor(options, paths.length > 0), ...own.rules];
  for (const { path, message } of own.failed) note(`${style.red('cannot read')} ${clean(path)}: ${clean(message)}`);
  for (const { file } of own.functions.filter(({ holdsRules }) => !holdsRules)) remark(style.dim(`passed over ${clean(file)}: saved functions`));
  if (files.length === 0) throw new UsageError(`no .yaml or .yml files in ${paths.map(clean).join(', ')}`, 'rules');
  let unreadable = own.failed.length;
  const rows = files.flatMap(({ file, text: yaml }) => {
    const rule = describeRule(yaml);
    if (rule !== null) {
      const every = rule.kind === 'NRT' ? 'NRT' : `${rule.frequency} over ${rule.period}`;
      return [{ severity: rule.severity, name: rule.name, runs: every, tactics: rule.tactics, techniques: [...rule.techniques, ...rule.subTechniques], id: rule.id, version: rule.version, file }];
    }
    const hunt = describeHunt(yaml);
    if (hunt !== null) return [{ severity: '', name: hunt.name, runs: 'hunting', tactics: hunt.tactics, techniques: hunt.techniques, id: hunt.id, version: '', file }];
    unreadable += 1;
    note(`${style.yellow('no rule')} ${clean(file)}; forepost check says why`);
    return [];
  });
  await printList(rows, options);
  remark(style.dim(count(rows.length, 'rule')));
  return unreadable > 0 ? 1 : 0;
}

/** The tables whose columns are known. */
export const tableNames = () => ['AWSCloudTrail', ...logTables().map(({ name }) => name), ...Object.keys(SCHEMAS)];

/** The columns of a table: name, type, where its value stands in an event, what it is. */
export async function schema(options, [asked = 'AWSCloudTrail', ...more]) {
  if (more.length > 0) throw new UsageError('schema takes one table', 'schema');
  const logs = logTables();
  const tables = tableNames();
  const name = tables.find((table) => table.toLowerCase() === asked.toLowerCase()) ?? asked;
  if (!tables.includes(name)) {
    const guess = nearest(name, tables);
    throw new UsageError(`no schema of ${JSON.stringify(name)}${guess ? `; did you mean ${guess}?` : `; the tables are ${tables.join(', ')}`}`, 'schema');
  }
  const log = logs.find((table) => table.name === name);
  if (log) {
    await printList(log.columns.map(({ name: column, type, fields, certainty }) => ({ column, type, field: fields.map((path) => path.join('.')).join(', '), certainty })), options);
    return 0;
  }
  if (name !== 'AWSCloudTrail') {
    await printList(SCHEMAS[name].split(',').map((part) => part.trim().split(':')).map(([column, type]) => ({ column, type })), options);
    return 0;
  }
  await printList(tableColumns().map(({ name: column, type, field, doc }) => ({ column, type, field: field ?? '', doc })), options);
  return 0;
}

async function printList(rows, { format, output: path }) {
  const output = outputTo(path);
  const names = Object.keys(rows[0] ?? {});
  const cells = (row) => names.map((name) => (Array.isArray(row[name]) ? row[name].join(' ') : row[name]));
  if (format === 'ndjson') for (const row of rows) await output.write(`${JSON.stringify(row)}\n`);
  else if (format === 'csv') await output.write([names, ...rows.map(cells)].map(csvLine).join(''));
  else await output.write(table(names.map((name) => ({ name, type: 'string', keep: name === 'name' })), rows.map(cells)).text);
  await output.close();
}

export const LIST_FORMATS = ['pretty', 'ndjson', 'csv'];
