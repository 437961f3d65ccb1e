// What rules and queries can refer to besides the events: tables, and functions that the workspace has saved.

import { expandFunctions } from './arm/functions.js';
import { describe } from './bytes.js';
import { ForepostError } from './errors.js';
import { textFiles } from './sources.js';
import { tableFile } from './tables.js';

/** `{tables, functions}` as the engine takes it. */
export function contextText({ tables = [], functions = [] }) {
  if (!Array.isArray(tables)) throw new ForepostError('bad-argument', `tables must be an array of { name, schema, data }, not ${describe(tables)}`);
  const files = tables.map(tableFile);
  for (const [index, { name }] of files.entries()) {
    if (name === 'AWSCloudTrail') throw new ForepostError('bad-argument', 'AWSCloudTrail is the table of the events that are read; it cannot be supplied as a table');
    if (files.findIndex((file) => file.name === name) < index) throw new ForepostError('bad-argument', `The table ${name} is supplied twice`);
  }
  return JSON.stringify({ tables: files, functions: expandFunctions(textFiles(functions, 'function')) });
}
