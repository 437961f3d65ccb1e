// Tables besides AWSCloudTrail: their rows as CSV or NDJSON, their columns by a schema. Where none is given it is Microsoft's, if the
// table is one of Sentinel's, or it comes from the data: JSON has types, and what CSV holds is text.

import { describe } from './bytes.js';
import { ForepostError } from './errors.js';
import { rowOfFinding } from './guardduty.js';
import { parseExact, stringifyExact } from './json.js';
import { schemaOf } from './schemas.js';

/** A table as the engine takes it. `partial`: the data may lack some of the columns. */
export function tableFile(table) {
  const { name, schema, data } = Object(table);
  if (typeof name !== 'string') throw new ForepostError('bad-argument', 'A table must have a name, for example { name: "Vips", data: csvText }');
  if (schema !== undefined && typeof schema !== 'string') throw new ForepostError('bad-argument', `The schema of the table ${name} must be a string such as "User:string, Level:long", not ${describe(schema)}`);
  if (typeof data !== 'string' && !ArrayBuffer.isView(data)) throw new ForepostError('bad-argument', `The data of the table ${name} must be CSV or JSON, as a string or bytes, not ${describe(data)}`);
  const text = (typeof data === 'string' ? data : new TextDecoder().decode(data)).replace(/^\ufeff/, '');
  const rows = jsonRows(name, text);
  const known = schemaOf(name);
  return {
    name,
    schema: schema ?? known ?? (rows ? schemaOfRows(name, rows) : schemaOfHeader(name, text)),
    text: rows ? rows.map((row) => `${stringifyExact(row)}\n`).join('') : text,
    partial: schema === undefined,
  };
}

/** The rows of JSON in the forms that people have it: a line a row, an array, what an API answered. Undefined if it is CSV. */
function jsonRows(name, text) {
  const trimmed = text.trimStart();
  if (!/^[{[]/.test(trimmed)) return undefined;
  const whole = parsed(trimmed);
  const rows = whole === undefined ? lineRows(name, text) : unwrapped(whole);
  const wrong = rows.findIndex((row) => row === null || typeof row !== 'object' || Array.isArray(row));
  if (wrong >= 0) throw new ForepostError('bad-argument', `The table ${name}: row ${wrong + 1} must be an object, not ${describe(rows[wrong])}`);
  return name === 'AWSGuardDuty' ? rows.map(rowOfFinding) : rows;
}

function parsed(text) {
  try {
    return parseExact(text);
  } catch {
    return undefined; // several lines, or broken: the lines will say
  }
}

function lineRows(name, text) {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const row = parsed(line);
    if (row === undefined) throw new ForepostError('bad-argument', `The table ${name}: line ${i + 1} is not JSON`);
    return [row];
  });
}

/** Log Analytics answers `tables` of columns and rows, Azure's APIs `value`, GuardDuty's `Findings`. */
function unwrapped(whole) {
  if (Array.isArray(whole)) return whole;
  const [table] = Array.isArray(whole.tables) ? whole.tables : [];
  if (Array.isArray(table?.columns) && Array.isArray(table.rows)) {
    return table.rows.map((row) => Object.fromEntries(table.columns.map(({ name }, i) => [name, row[i]])));
  }
  return [whole.Findings, whole.findings, whole.value].find(Array.isArray) ?? [whole];
}

/** What custom tables say of a column by the end of its name. */
const ENDINGS = { _s: 'string', _d: 'real', _b: 'bool', _t: 'datetime', _g: 'guid' };

const FITS = /^[A-Za-z_]\w*$/;

/** Every table has the time of its rows under one name. */
function typeOf(name, column, otherwise) {
  if (column === 'TimeGenerated') return 'datetime';
  return (name.endsWith('_CL') && ENDINGS[column.slice(-2)]) || otherwise;
}

function schemaOfHeader(name, text) {
  const [header = ''] = text.split(/\r?\n/, 1);
  const columns = header.split(',').map((column) => column.trim().replace(/^"(.*)"$/, '$1').replace(/ \[UTC\]$/, ''));
  return schemaText(name, [...new Set(columns)].map((column) => [column, 'string']));
}

function schemaOfRows(name, rows) {
  const types = new Map();
  for (const row of rows) {
    for (const [column, value] of Object.entries(row)) {
      const type = jsonType(value);
      const before = types.get(column);
      types.set(column, before === undefined || type === undefined ? before ?? type : joined(before, type));
    }
  }
  return schemaText(name, [...types].map(([column, type = 'dynamic']) => [column, type]));
}

function jsonType(value) {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'long';
  return typeof value === 'number' ? 'real' : 'dynamic';
}

const joined = (a, b) => (a === b ? a : new Set([a, b, 'long', 'real']).size === 2 ? 'real' : 'dynamic');

function schemaText(name, columns) {
  const fitting = columns.filter(([column]) => FITS.test(column));
  if (fitting.length === 0) throw new ForepostError('bad-argument', `The table ${name} has no columns with names; the first line of CSV names them`);
  return fitting.map(([column, type]) => `${column}:${typeOf(name, column, type)}`).join(', ');
}
