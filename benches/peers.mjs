// node benches/peers.mjs [GB]: whole processes over one NDJSON file in the page cache, one thread each.
//
// Installs DuckDB and duckdb-kql from PyPI into a folder of its own under the system's temporary folder. What is not on
// the machine (jq, python3) is left out and said so.

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { sampleEvents } from './sample.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = process.env.FOREPOST_SHARED ?? `${root}../shared`;
const gigabytes = Number(process.argv[2] ?? 1);
const work = `${tmpdir()}/forepost-bench`;
mkdirSync(work, { recursive: true });

const real = `${shared}/cloudtrail/real_unique.ndjson.gz`;
const block = existsSync(real) ? gunzipSync(readFileSync(real)) : Buffer.from(`${sampleEvents().join('\n')}\n`);
const file = `${work}/events-${gigabytes}.ndjson`;
const count = Math.ceil((gigabytes * 1e9) / block.length);
if (!existsSync(file) || statSync(file).size !== count * block.length) {
  const out = openSync(file, 'w');
  for (let i = 0; i < count; i++) writeSync(out, block);
  closeSync(out);
}
const bytes = statSync(file).size;

const python = `${work}/venv/bin/python`;
if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', `${work}/venv`], { stdio: 'inherit' });
execFileSync(python, ['-m', 'pip', 'install', '--quiet', 'duckdb', 'duckdb-kql'], { stdio: 'inherit' });

const sql = `SELECT count(*) FROM read_json('${file}', format='newline_delimited', maximum_object_size=33554432, ignore_errors=true,
  columns={eventName:'VARCHAR',errorCode:'VARCHAR',requestParameters:'JSON'})
  WHERE eventName='PutImageScanningConfiguration' AND json_extract_string(requestParameters,'$.imageScanningConfiguration.scanOnPush')='false'`;
const duck = `import duckdb; c=duckdb.connect(); c.execute("SET threads=1"); print(c.execute("""${sql}""").fetchall())`;
const kql = `import duckdb, duckdb_kql, inspect
c=duckdb.connect(); c.execute("SET threads=1")
c.execute("""CREATE VIEW AWSCloudTrail AS SELECT eventName AS EventName, requestParameters AS RequestParameters FROM read_json('${file}', format='newline_delimited', maximum_object_size=33554432, ignore_errors=true, columns={eventName:'VARCHAR',requestParameters:'VARCHAR'})""")
q = """AWSCloudTrail | where EventName == 'PutImageScanningConfiguration' | where RequestParameters has 'scanOnPush' | count"""
to_sql = next(getattr(duckdb_kql, n) for n in ('kql_to_sql', 'to_sql', 'translate', 'transpile') if hasattr(duckdb_kql, n))
print(c.execute(to_sql(q)).fetchall())`;
const cases = [
  ['forepost scan', 'node', [`${root}dist/npm/cli.js`, 'scan', '--threads', '1', '--format', 'ndjson', file]],
  ['grep -c, the rule\'s literal', 'grep', ['-c', 'PutImageScanningConfiguration', file]],
  ['jq', 'jq', ['-c', 'select(.eventName == "PutImageScanningConfiguration" and .requestParameters.imageScanningConfiguration.scanOnPush == false)', file]],
  ['DuckDB, read_json with the needed columns', python, ['-c', duck]],
  ['duckdb-kql, the rule\'s filters', python, ['-c', kql]],
];

const seconds = new Map();
for (let round = 0; round < 3; round++) {
  for (const [name, command, args] of cases) {
    if (round > 0 && !seconds.has(name)) continue;
    const start = process.hrtime.bigint();
    const { status, error, stderr } = spawnSync(command, args, { env: { ...process.env, LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 28 });
    const took = Number(process.hrtime.bigint() - start) / 1e9;
    if (error || (status !== 0 && !(command === 'grep' && status === 1))) {
      console.log(`left out: ${name}: ${error?.message ?? String(stderr).trim().split('\n').pop()}`);
      continue;
    }
    seconds.set(name, Math.min(took, seconds.get(name) ?? Infinity));
  }
}
const own = seconds.get('forepost scan');
const versions = spawnSync(python, ['-m', 'pip', 'list', '--format=freeze'], { encoding: 'utf8' }).stdout.split('\n').filter((l) => /duckdb/.test(l)).join(', ');
console.log(`\n${(bytes / 1e9).toFixed(2)} GB of NDJSON in the page cache, fastest of three; ${versions}, ${spawnSync('jq', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? ''}\n`);
console.log('| | seconds | MB/s | forepost is |\n|---|---:|---:|---:|');
for (const [name, s] of seconds) console.log(`| ${name} | ${s.toFixed(2)} | ${(bytes / 1e6 / s).toFixed(0)} | ${own ? `${(s / own).toFixed(2)}×` : ''} |`);
