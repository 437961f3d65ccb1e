// Compares the columns of queries with what Microsoft's binder says of them.
//
// usage: native functions | node compare.mjs 'NATIVE query --batch' [binder package folder]
//
// Reads {"id","query"} lines, asks both for the result's columns and prints each difference; exit status 1 if there is
// one that KNOWN does not explain. Without the package (npm: @kusto/language-service-next) it says so and passes.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Where the engine is known to differ from its binder; the key is a function's name. */
const KNOWN = {
  datepart: 'the engine yields long', datetime_part: 'the engine yields long', getyear: 'the engine yields long',
  hourofday: 'the engine yields long', monthofyear: 'the engine yields long', jaccard_index: 'the engine yields real',
  covariance: 'the engine names both arguments', covarianceif: 'the engine names both arguments',
  array_sort_asc: 'one of several columns by its index has no name of its own',
  covariancep: 'the engine names both arguments', covariancepif: 'the engine names both arguments',
};

const [command, folder = process.cwd()] = process.argv.slice(2);
const queries = readFileSync(0, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line));
const require = createRequire(folder + '/');
try {
  require('@kusto/language-service-next/bridge.min');
  require('@kusto/language-service-next/Kusto.Language.Bridge.min');
} catch (error) {
  console.log(`skipped: Microsoft's binder is not installed (${error.code})`);
  process.exit(0);
}
const { Kusto } = globalThis;

const bind = query => {
  const result = Kusto.Language.KustoCode.ParseAndAnalyze(query).ResultType;
  const columns = result?.Columns;
  if (!columns) return null;
  return Array.from({ length: columns.Count }, (_, i) => columns.getItem(i)).map(c => `${c.Name}: ${c.Type.Name}`).join(', ');
};

const [program, ...args] = command.split(' ');
const ran = spawnSync(program, args, { input: queries.map(q => JSON.stringify(q)).join('\n'), encoding: 'utf8', maxBuffer: 1 << 28 });
const ours = new Map(ran.stdout.split('\n').filter(Boolean).map(line => JSON.parse(line)).map(r => [r.id, r]));

let different = 0;
for (const { id, query } of queries) {
  const answer = ours.get(id);
  const mine = answer?.columns?.map(c => `${c.name}: ${c.type}`).join(', ') ?? `error: ${answer?.error?.message}`;
  const theirs = bind(query);
  if (mine === theirs) continue;
  const known = KNOWN[id.split('#')[0]];
  if (!known) different += 1;
  console.log(`${known ? 'known' : 'DIFFERENT'} ${id}\n  ${query}\n  ours:   ${mine}\n  theirs: ${theirs}${known ? `\n  ${known}` : ''}`);
}
// Every function and aggregate that Microsoft's binder knows is here, or refused by name.
const names = list => Array.from({ length: list.Count }, (_, i) => list.getItem(i).Name).filter(name => !name.startsWith('__'));
const all = [...names(Kusto.Language.Functions.All), ...names(Kusto.Language.Aggregates.All)];
const calls = all.map(name => JSON.stringify({ id: name, query: `datatable(x:long)[] | summarize y = ${name}()` }));
const asked = spawnSync(program, args, { input: calls.join('\n'), encoding: 'utf8', maxBuffer: 1 << 28 });
for (const answer of asked.stdout.split('\n').filter(Boolean).map(line => JSON.parse(line))) {
  if (answer.error?.code !== 'KS211') continue;
  different += 1;
  console.log(`MISSING ${answer.id}`);
}

console.log(`${queries.length} queries, ${different} unexplained differences`);
process.exit(different ? 1 : 0);
