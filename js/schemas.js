// The columns of tables beside AWSCloudTrail: Sentinel's own, and those that AWS's other logs fill.

import { logTables as engineLogTables } from './engine.js';
import { guarded } from './instance.js';
import { SCHEMAS } from './sentinel.js';

/**
 * The tables of AWS's other logs: `[{name, doc, source, columns: [{name, type, fields, certainty}]}]`; `fields` are the paths of keys in
 * a record, the first that it has counts.
 */
export const logTables = () => JSON.parse(guarded('logTables()', undefined, engineLogTables));

/** The schema of a table that Sentinel has; undefined of any other. The engine knows those of AWS's logs. */
export function schemaOf(name) {
  const log = logTables().find((table) => table.name === name);
  if (log) return log.columns.map((column) => `${column.name}:${column.type}`).join(', ');
  return Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined;
}
