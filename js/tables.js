// Tables besides AWSCloudTrail. The schema is text, the rows are CSV or NDJSON.

import { ForepostError } from './errors.js';

/** `[{name, schema, data}]` as the engine takes it. */
export function tableFiles(tables = []) {
  if (!Array.isArray(tables)) throw new ForepostError('bad-argument', 'tables must be an array of { name, schema, data }');
  return JSON.stringify(tables.map(({ name, schema, data } = {}) => {
    if (typeof name !== 'string' || typeof schema !== 'string') throw new ForepostError('bad-argument', 'A table must have a name and a schema, for example { name: "Vips", schema: "User:string, Level:long", data }');
    const text = typeof data === 'string' ? data : new TextDecoder().decode(data ?? new Uint8Array());
    return { name, schema, text };
  }));
}
