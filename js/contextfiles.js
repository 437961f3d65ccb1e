// Files that supply tables, watchlists and saved functions: what one is by its name, and whether it can be used.

import { ForepostError } from './errors.js';
import { Query } from './query.js';

/**
 * Adds the text of a file to `{tables, functions}`; throws what keeps it from being used. `name` is that of a table; without one, the file's
 * functions are added.
 */
export function addFile(given, { path, name, text }) {
  if (name !== undefined && given.tables.some((known) => known.name === name)) throw new ForepostError('bad-argument', `there is another table ${name}`);
  const tables = name === undefined ? [] : [{ name, data: text }];
  const functions = name === undefined ? [{ file: path, text }] : [];
  try {
    // Alone first: what cannot be used must not keep the rest from being used.
    new Query('print 0', { tables, functions: [...given.functions, ...functions] }).dispose();
  } catch (error) {
    if (error instanceof ForepostError) error.message = error.message.replace(`${path}, `, '');
    throw error;
  }
  given.tables.push(...tables);
  given.functions.push(...functions);
}
