// Tables besides AWSCloudTrail. The schema is text, the rows are CSV or NDJSON.

import { describe } from './bytes.js';
import { ForepostError } from './errors.js';

/** `[{name, schema, data}]` as the engine takes it. */
export function tableFiles(tables = []) {
  if (!Array.isArray(tables)) throw new ForepostError('bad-argument', 'tables must be an array of { name, schema, data }');
  return JSON.stringify(tables.map((table) => {
    const { name, schema, data } = Object(table);
    if (typeof name !== 'string' || typeof schema !== 'string') throw new ForepostError('bad-argument', 'A table must have a name and a schema, for example { name: "Vips", schema: "User:string, Level:long", data }');
    if (typeof data !== 'string' && !ArrayBuffer.isView(data)) throw new ForepostError('bad-argument', `The data of the table ${name} must be CSV or NDJSON, as a string or bytes, not ${describe(data)}`);
    return { name, schema, text: typeof data === 'string' ? data : new TextDecoder().decode(data) };
  }));
}
