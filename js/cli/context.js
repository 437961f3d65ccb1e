// `--table`, `--function` and `--context`: what rules and queries can refer to besides the events.

import { addFile, suppliedBy } from '../contextfiles.js';
import { ForepostError } from '../errors.js';
import { isFunctionYaml, suppliedByName } from '../logfile.js';
import { UsageError } from './args.js';
import { findContext, reasonOf } from './files.js';
import { readText } from './text.js';
import { clean, count, note, remark, style } from './terminal.js';

/** The codes of tables and functions that cannot be read: no rule or query is to blame. */
export const CONTEXT_CODES = ['FP402', 'FP403'];

// A name may be the address of external data, or the file's name there.
const FORM = /^(https?:\/\/[^\s=()]+|[a-zA-Z_][\w.-]*)(?::\(([^()]*)\))?=(.+)$/s;
const FUNCTION = /^([a-zA-Z_]\w*)\((.*)\)=(.+)$/s;
const MAX = 512 << 20;          // bytes of a table
const MAX_FUNCTION = 1 << 20;   // and of a function

/** `{tables, functions}` as the package takes them, and `leftOut`: files of a folder that cannot be used. */
export function readContext({ table = [], function: files = [], context: folders = [], strict }, command) {
  const tables = table.map((text) => {
    const parts = FORM.exec(text);
    if (!parts) throw new UsageError(`--table must have the form NAME=FILE or NAME:(COLUMN:TYPE, …)=FILE, not ${JSON.stringify(text)}`, command);
    const [, name, schema, file] = parts;
    return { name, ...(schema !== undefined && { schema }), data: read(file, MAX, `--table ${name}`, command) };
  });
  const functions = files.map((text) => {
    // A workspace keeps the parameters of a function beside its text.
    const [, name, parameters, file = text] = FUNCTION.exec(text) ?? [];
    const body = read(file, MAX_FUNCTION, '--function', command);
    return { file, text: name === undefined ? body : `let ${name} = (${parameters}) { ${body}\n};` };
  });
  const given = { tables, functions, leftOut: [] };
  for (const folder of folders) addFolder(given, folder, command);
  if (strict && given.leftOut.length > 0) throw new UsageError(`--context: ${clean(given.leftOut[0].file)}: ${clean(given.leftOut[0].message)}`, command);
  return given;
}

function read(file, max, what, command) {
  try {
    return readText(file, max);
  } catch (error) {
    throw new UsageError(`${what}: cannot read ${clean(file)}: ${clean(reasonOf(error, file))}`, command);
  }
}

/** Adds what a folder holds, by kind and name: NAME.kql and the YAML of functions; NAME.csv and NAME.json as the table or watchlist NAME. */
function addFolder(given, folder, command) {
  const { files, failed, skipped } = findContext([folder]);
  if (files.length === 0) throw new UsageError(`--context: ${failed[0] ? `cannot read ${clean(failed[0].path)}: ${clean(failed[0].message)}` : `no table (.csv, .json, .ndjson) and no function (.kql, .yaml) in ${clean(folder)}`}`, command);
  const leftOut = (file, message) => {
    given.leftOut.push({ file, rule: null, code: 'context', message });
    note(`${style.red('cannot use')} ${clean(file)}: ${clean(message)}`);
  };
  failed.forEach(({ path, message }) => leftOut(path, message));
  let added = 0;
  for (const { path } of files) {
    try {
      const byName = suppliedByName(path)?.kind;
      if (byName === undefined) throw new Error('no table and no function, by its name');
      const text = readText(path, byName === 'table' ? MAX : MAX_FUNCTION);
      const { kind, stem } = suppliedBy(path, text);
      if (kind === 'yaml' && !isFunctionYaml(text)) {
        skipped.push({ path });
        continue;
      }
      addFile(given, { path, name: kind === 'table' ? stem : undefined, text });
      added += 1;
    } catch (error) {
      if (!(error instanceof ForepostError) && error.syscall === undefined && !(error instanceof Error && error.constructor === Error)) throw error;
      leftOut(path, error instanceof ForepostError ? error.message : reasonOf(error, path));
    }
  }
  remark(style.dim(`context: ${count(added, 'table or function', 'tables and functions')} from ${clean(folder)}${skipped.length > 0 ? `; passed over ${count(skipped.length, 'other file')}` : ''}`));
}
