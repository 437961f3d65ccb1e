// `--table`, `--function` and `--context`: what rules and queries can refer to besides the events, with the functions that came along with rules.

import { isArchiveByName } from '../archive.js';
import { addFile, suppliedBy } from '../contextfiles.js';
import { ForepostError } from '../errors.js';
import { isFunctionYaml, isTestByName, suppliedByName } from '../logfile.js';
import { UsageError } from './args.js';
import { findContext, reasonOf } from './files.js';
import { filesInside } from './rulefiles.js';
import { readText } from './text.js';
import { clean, count, note, remark, style } from './terminal.js';

/** The codes of tables and functions that cannot be read: no rule or query is to blame. */
export const CONTEXT_CODES = ['FP402', 'FP403'];

// A name may be the address of external data, or the file's name there.
const FORM = /^(https?:\/\/[^\s=()]+|[a-zA-Z_][\w.-]*)(?::\(([^()]*)\))?=(.+)$/s;
const FUNCTION = /^([a-zA-Z_]\w*)\((.*)\)=(.+)$/s;
const MAX = 512 << 20;          // bytes of a table
const MAX_FUNCTION = 1 << 20;   // and of a function

/**
 * `{tables, functions}` as the package takes them, and `leftOut`: files of a folder that cannot be used. `ofRules` are the files of functions that came
 * along with the rules.
 */
export function readContext(options, command, ofRules = []) {
  const { table = [], function: files = [], context: folders = [] } = options;
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
  for (const path of folders) addFolder(given, path, command);
  return withFunctions(given, ofRules, options, command);
}

/** A context with more files of functions: those of rules. What is there already adds nothing. */
export function withFunctions(context, files, { strict }, command) {
  const given = { tables: context.tables, functions: [...context.functions], leftOut: [...context.leftOut ?? []] };
  let added = 0;
  for (const { file, text } of files) {
    if (given.functions.some((known) => known.file === file && known.text === text)) continue;
    try {
      addFile(given, { path: file, text });
      added += 1;
    } catch (error) {
      leaveOut(given, file, error);
    }
  }
  if (added > 0) remark(style.dim(`${count(added, 'file')} of saved functions with the rules`));
  if (strict && given.leftOut.length > 0) throw new UsageError(`cannot use ${clean(given.leftOut[0].file)}: ${clean(given.leftOut[0].message)}`, command);
  return given;
}

/** Names a file that cannot be used; throws what is no fault of the file. */
function leaveOut(given, file, error) {
  if (!(error instanceof ForepostError) && error.syscall === undefined && error.constructor !== Error) throw error;
  const message = error instanceof ForepostError ? error.message : reasonOf(error, file);
  given.leftOut.push({ file, rule: null, code: 'context', message });
  note(`${style.red('cannot use')} ${clean(file)}: ${clean(message)}`);
}

function read(file, max, what, command) {
  try {
    return readText(file, max);
  } catch (error) {
    throw new UsageError(`${what}: cannot read ${clean(file)}: ${clean(reasonOf(error, file))}`, command);
  }
}

/** Adds what a folder or an archive holds, by kind and name: NAME.kql and the YAML of functions; NAME.csv and NAME.json as the table or watchlist NAME. */
function addFolder(given, folder, command) {
  const { files, failed, skipped } = isArchiveByName(folder) ? inArchive(folder, command) : inFolder(folder);
  if (files.length === 0) throw new UsageError(`--context: ${failed[0] ? `cannot read ${clean(failed[0].path)}: ${clean(failed[0].message)}` : `no table (.csv, .json, .ndjson) and no function (.kql, .yaml) in ${clean(folder)}`}`, command);
  for (const { path, message } of failed) leaveOut(given, path, new Error(message));
  let added = 0;
  let others = skipped;
  for (const { path, read: textOfFile } of files) {
    try {
      if (suppliedByName(path) === undefined) throw new Error('no table and no function, by its name');
      const text = textOfFile();
      const { kind, stem } = suppliedBy(path, text);
      if (kind === 'yaml' && !isFunctionYaml(text)) {
        others += 1;
        continue;
      }
      addFile(given, { path, name: kind === 'table' ? stem : undefined, text });
      added += 1;
    } catch (error) {
      leaveOut(given, path, error);
    }
  }
  remark(style.dim(`context: ${count(added, 'table or function', 'tables and functions')} from ${clean(folder)}${others > 0 ? `; passed over ${count(others, 'other file')}` : ''}`));
}

const most = (path) => (suppliedByName(path)?.kind === 'table' ? MAX : MAX_FUNCTION);

function inFolder(folder) {
  const { files, failed, skipped } = findContext([folder]);
  return { files: files.map(({ path }) => ({ path, read: () => readText(path, most(path)) })), failed, skipped: skipped.length };
}

function inArchive(path, command) {
  try {
    const { files, failed, skipped } = filesInside(path, (name) => suppliedByName(name) !== undefined && !isTestByName(name), most);
    return { files: files.map(({ file, text }) => ({ path: file, read: () => text })), failed, skipped };
  } catch (error) {
    throw new UsageError(`--context: cannot read ${clean(path)}: ${clean(reasonOf(error, path))}`, command);
  }
}
