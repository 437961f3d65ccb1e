// Files that supply tables, watchlists and saved functions: what one is by its name, and whether it can be used.

import { holdsFunctions } from './arm/functions.js';
import { ForepostError } from './errors.js';
import { suppliedByName } from './logfile.js';
import { Query } from './query.js';

/** What a file supplies: as `suppliedByName`, but JSON may be an ARM template of functions. */
export function suppliedBy(path, text) {
  const supplied = suppliedByName(path);
  return supplied?.kind === 'table' && /\.json(?:\.gz)?$/i.test(path) && holdsFunctions(text) ? { ...supplied, kind: 'function' } : supplied;
}

/** `{tables, functions}` of files `{path, name, text}`, as the package takes them: one with a `name` is a table. */
export function contextOf(files) {
  const [tables, functions] = [true, false].map((isTable) => files.filter(({ name }) => (name !== undefined) === isTable));
  return { tables: tables.map(({ name, text }) => ({ name, data: text })), functions: functions.map(({ path, text }) => ({ file: path, text })) };
}

/**
 * Adds the text of a file to `{tables, functions}`; throws what keeps it from being used. `name` is that of a table; without one, the file's
 * functions are added.
 */
export function addFile(given, { path, name, text }) {
  if (name !== undefined && given.tables.some((known) => known.name === name)) throw new ForepostError('bad-argument', `there is another table ${name}`);
  const { tables, functions } = contextOf([{ path, name, text }]);
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
