// `--table NAME:(COLUMN:TYPE, …)=FILE`

import { readFileSync } from 'node:fs';
import { UsageError } from './args.js';
import { reason } from './files.js';

const FORM = /^([a-zA-Z_]\w*):\(([^()]*)\)=(.+)$/s;

export function readTables(options, command) {
  return (options.table ?? []).map((text) => {
    const parts = FORM.exec(text);
    if (!parts) throw new UsageError(`--table must have the form NAME:(COLUMN:TYPE, …)=FILE, not ${JSON.stringify(text)}`, command);
    const [, name, schema, file] = parts;
    try {
      return { name, schema, data: readFileSync(file) };
    } catch (error) {
      throw new UsageError(`--table ${name}: cannot read ${file}: ${reason(error)}`, command);
    }
  });
}
