// `--table NAME:(COLUMN:TYPE, …)=FILE`

import { UsageError } from './args.js';
import { reasonOf } from './files.js';
import { readText } from './text.js';
import { clean } from './terminal.js';

const FORM = /^([a-zA-Z_]\w*):\(([^()]*)\)=(.+)$/s;
const MAX = 512 << 20; // bytes

export function readTables(options, command) {
  return (options.table ?? []).map((text) => {
    const parts = FORM.exec(text);
    if (!parts) throw new UsageError(`--table must have the form NAME:(COLUMN:TYPE, …)=FILE, not ${JSON.stringify(text)}`, command);
    const [, name, schema, file] = parts;
    try {
      return { name, schema, data: readText(file, MAX) };
    } catch (error) {
      throw new UsageError(`--table ${name}: cannot read ${clean(file)}: ${clean(reasonOf(error, file))}`, command);
    }
  });
}
