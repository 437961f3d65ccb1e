// The engine beside Microsoft's own parser and binder (npm: @kusto/language-service-next): queries that are broken are
// reported where it reports them; queries that run have the columns it gives them, but for the gaps it is known to have.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const shared = process.env.FOREPOST_SHARED ?? path.join(root, '../shared');
const require = createRequire(import.meta.url);
require('@kusto/language-service-next/bridge.min');
require('@kusto/language-service-next/Kusto.Language.Bridge.min');
const { Kusto, Bridge } = globalThis;
const globals = Kusto.Language.GlobalState.Default;

function list(collection) {
  const out = [];
  for (const e = Bridge.getEnumerator(collection); e.moveNext();) out.push(e.Current);
  return out;
}

function bind(query) {
  const code = Kusto.Language.KustoCode.ParseAndAnalyze(query, globals);
  const errors = list(code.GetDiagnostics()).filter(d => d.Severity === 'Error');
  const columns = code.ResultType?.Columns && list(code.ResultType.Columns);
  return {
    errors: errors.map(d => ({ code: d.Code, message: d.Message, start: d.Start, end: d.Start + Math.max(d.Length, 1) })),
    columns: columns?.map(c => `${c.Name}:${(c.Type?.Display ?? c.Type?.Name ?? '').split('(')[0]}`),
  };
}

function answers(queries) {
  const input = queries.map((query, id) => JSON.stringify({ id, query }) + '\n').join('');
  const ran = spawnSync(process.execPath, [path.join(root, 'dist/npm/cli.js'), 'query', '--batch'], { input, maxBuffer: 1 << 28 });
  assert.equal(ran.status, 0, String(ran.stderr));
  return String(ran.stdout).trim().split('\n').map(line => JSON.parse(line));
}

test('broken queries are reported where the binder reports them', () => {
  // ASCII, so that the engine's bytes and the binder's UTF-16 units are the same positions.
  const table = 'let T = datatable(x:long, s:string, d:dynamic, t:datetime, b:bool, r:real)[];\n';
  const queries = readFileSync(path.join(root, 'tests/kql/broken.kql'), 'utf8').trimEnd().split('\n').map(q => table + q);
  assert.ok(queries.length >= 200);
  answers(queries).forEach((answer, i) => {
    const query = queries[i].slice(table.length);
    const { errors } = bind(queries[i]);
    assert.ok(errors.length > 0, `the binder finds nothing wrong with: ${query}`);
    assert.ok(answer.error, `no error for: ${query}`);
    const { start, end, message } = answer.error;
    const overlaps = errors.some(e => e.start <= Math.max(end, start + 1) && start <= e.end);
    assert.ok(overlaps, `${query}\nours: ${start}-${end} ${message}\nthe binder's: ${JSON.stringify(errors)}`);
  });
});

/** A case's id and query; its rows hold bare NaN, which is no JSON. */
const corpusCase = line => JSON.parse(line.replace(/, "rows": .*$/s, '}'));

/** Where the binder is known to differ from the engine it binds for; a case of the corpus shows what the engine does. */
const KNOWN = [
  [/bag_unpack|make_bag/, 'it does not know the columns a bag unpacks to'],
  [/covariance/, 'it names one argument of two'],
  [/hourofday|monthofyear|datetime_part|getyear|datepart/, 'it says int where the engine yields long'],
  [/datetime_diff\('week'/, 'it says long where the engine yields real'],
  [/jaccard_index/, 'it says another type than the engine'],
  [/ipv6_lookup/, 'it puts the columns of the lookup in another order'],
  [/getschema/, 'it says ColumnOrdinal is long'],
  [/\bscan\b/, 'it adds match_id'],
  [/\bsearch\b|\bfind\b/, 'it knows other tables'],
  [/\bunion\b/, 'it orders and numbers clashing columns otherwise, and knows no table patterns'],
  [/percentile/, 'it widens int to long'],
  [/\bceiling\(/, 'it says long for a whole number where the engine yields real'],
  [/strcat_array\(map\(/, 'it says dynamic where the function yields a string'],
  [/node_degree_/, 'it does not name a column after the function'],
  [/with_itemindex/, 'it gives the index another name where one is taken'],
  [/Column1\b/, 'it numbers made-up names that clash otherwise'],
];

test('queries that run have the columns the binder gives them', { skip: !existsSync(path.join(shared, 'kql/golden.jsonl')) && 'no shared corpus' }, () => {
  const cases = ['golden', 'peer'].flatMap(f => readFileSync(path.join(shared, `kql/${f}.jsonl`), 'utf8').trim().split('\n').map(corpusCase));
  let compared = 0;
  const different = [];
  answers(cases.map(c => c.query)).forEach((answer, i) => {
    if (answer.error) return;
    const { id, query } = cases[i];
    const { errors, columns } = bind(query);
    const ours = answer.columns.map(c => `${c.name}:${c.type}`);
    if (!columns || errors.length === 0 && columns.join() === ours.join()) {
      compared += 1;
      return;
    }
    if (!KNOWN.some(([pattern]) => pattern.test(query))) different.push(`${id}: ${ours} – the binder: ${columns} ${errors.map(e => e.message)}`);
  });
  assert.deepEqual(different, []);
  assert.ok(compared > 900, `${compared} compared`);
});
