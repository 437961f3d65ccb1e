// Tables, watchlists and saved functions: what of the files that came is one, what is there, and what rules still lack.

import { suppliedBy } from 'forepost/contextfiles.js';
import { suppliedByName } from 'forepost/logfile.js';
import { missingOf } from 'forepost/missing.js';
import { textOf } from './engine/text.js';
import { plural } from './format.js';

const MOST = 64 << 20;         // bytes of all of them: each worker has them
const LOOKED = 64 << 10;
/** What a table can be called: external data is called by its address, or by its file's name there. */
const NAME = /^(?:https?:\/\/[^\s=()]+|[a-zA-Z_][\w.-]*)$/;

export const isTableName = (name) => NAME.test(name) && name !== 'AWSCloudTrail';

/** What rules that cannot run lack: `[{kind, name}]`, each once. */
export function lacking(rules) {
  const found = rules.filter(({ broken }) => broken).flatMap(({ findings }) => findings.map(missingOf)).filter(Boolean);
  return [...new Map(found.map((one) => [`${one.kind} ${one.name}`, one])).values()];
}

/** The file that would supply what is missing. */
export const remedy = ({ kind, name }) => `drop ${kind === 'function' ? `${name}.kql` : `${name.split('/').at(-1).replace(/\.(csv|json|ndjson|jsonl|zip|gz)\b.*$/i, '')}.csv or .json`} here`;

/** Whether a file of this name is what rules lack. */
const isLacked = (stem, lacks) => lacks.some(({ kind, name }) => kind !== 'function' && (name === stem || (kind === 'external' && name.split('/').at(-1).startsWith(`${stem}.`))));

/** What there is, in few words: `2 tables, 1 function`. */
export function inWords(supplied) {
  const tables = supplied.filter(({ name }) => name !== undefined).length;
  const functions = supplied.length - tables;
  return [tables && plural(tables, 'table'), functions && plural(functions, 'function file')].filter(Boolean).join(', ');
}

/** What queries can refer to, for completion: `[{name, kind, columns: [{name, type}]}]`; `kind` is `table` or `function`. */
export const suppliedNames = (supplied) => supplied.flatMap(({ name, columns, functions }) => (name === undefined ? functions.map((one) => ({ kind: 'function', ...one })) : [{ name, kind: 'table', columns }]));

/**
 * Tells unclear files apart: `{tables, logs, asked}`. A table is clear where Forepost reads no event out of the file and a rule lacks one of that
 * name, or Sentinel has one. What could be either, a person is asked. `expected` of a case have names.
 */
export async function toldApart(unclear, { engine, rules, expected }) {
  const lacks = lacking(rules);
  const told = { tables: [], logs: [], asked: [] };
  const same = new Map();      // files with the same columns are of one kind
  for (const entry of unclear) {
    const { file, path, stem } = entry;
    const name = expected.find((of) => of.table && of.path.split('/').at(-1) === path.split('/').at(-1) && of.size === file.size)?.table;
    if (name) { told.tables.push({ ...entry, name }); continue; }
    const lacked = isLacked(stem, lacks);
    // Trails have thousands of them.
    if (/\.gz$/i.test(path) && !lacked) { told.logs.push(entry); continue; }
    const bytes = entry.bytes ?? new Uint8Array(await file.slice(0, LOOKED).arrayBuffer());
    const kind = `${/\.\w+$/.exec(path)?.[0]} ${columns(bytes)}`;
    const seen = same.get(kind);
    const { log, known, rows } = seen && !lacked && !seen.known ? seen : await engine.ask('look', { name: stem, bytes: bytes.slice(), whole: file.size <= bytes.length });
    same.set(kind, { log, known, rows });
    const isTable = rows > 1 || (rows > 0 && !/\.json$/i.test(path));
    if (!log && (lacked || known)) told.tables.push({ ...entry, name: stem });
    else if (log ? lacked : isTable) told.asked.push({ ...entry, log });
    else told.logs.push(entry);
  }
  return told;
}

const columns = (bytes) => {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 4096));
  return /^\s*[{[]/.test(start) ? (start.match(/"\w+"\s*:/g) ?? []).join('') : start.split('\n', 1)[0];
};

/** Adds files, each for itself: `{added, problems}`. A file that is there already adds nothing. */
export async function supply(entries, { engine, supplied }) {
  const added = [];
  const problems = [];
  let room = MOST - supplied.reduce((sum, { length }) => sum + length, 0);
  for (const { file, path, name: given } of entries) {
    try {
      if (given === undefined && !suppliedByName(path)) throw new Error('no table (.csv, .json, .ndjson) and no function (.kql, .yaml), by its name');
      const text = await textOf(file, Math.max(room, 1));
      const { kind, stem } = suppliedBy(path, text) ?? {};
      const name = given ?? (kind === 'table' ? stem : undefined);
      if (name !== undefined && !isTableName(name)) throw new Error(`a table cannot be called ${name}`);
      if ([...supplied, ...added].some((one) => one.path === path && one.name === name && one.text === text)) continue;
      const shape = await engine.supply({ path, name, text });
      room -= text.length;
      added.push({ path, name, file, size: file.size, text, length: text.length, ...shape });
    } catch (error) {
      problems.push({ path, message: error.message });
    }
  }
  return { added, problems };
}
