// Tables besides AWSCloudTrail: their schema as text, their rows as CSV or NDJSON.

import { ForepostError } from './errors.js';

/** `[{name, schema, data}]` as the engine takes it. */
export function tableFiles(tables = []) {
  if (!Array.isArray(tables)) throw new ForepostError('bad-argument', 'tables is an array of { name, schema, data }');
  return JSON.stringify(tables.map(({ name, schema, data } = {}) => {
    if (typeof name !== 'string' || typeof schema !== 'string') throw new ForepostError('bad-argument', 'A table needs a name and a schema: { name, schema: "a:long, b:string", data }');
    const text = typeof data === 'string' ? data : new TextDecoder().decode(data ?? new Uint8Array());
    return { name, schema, text };
  }));
}
