// node benches/peers.mjs [GB] [--write]: whole processes over one NDJSON file in the page cache, one thread each.
//
// Installs DuckDB and duckdb-kql from PyPI into a folder of its own under the system's temporary folder. What is not on
// the machine (jq, python3) is left out and said so.

import { spawnSync } from 'node:child_process';
import { fastest, forepost, gigabytes, ndjson, pythonWith } from './processes.mjs';
import { report } from './report.mjs';

const { file, bytes } = ndjson(gigabytes);
const { python, versions } = pythonWith('duckdb', 'duckdb-kql');

// What the rule does, in SQL and with just the columns that it needs.
const read = (columns) => `read_json('${file}', format='newline_delimited', maximum_object_size=33554432, ignore_errors=true, columns={${columns}})`;
const needed = read("eventTime:'TIMESTAMP',eventName:'VARCHAR',errorCode:'VARCHAR',errorMessage:'VARCHAR',requestParameters:'JSON',resources:'JSON',userIdentity:'JSON',sourceIPAddress:'VARCHAR',recipientAccountId:'VARCHAR'");
const sql = `SELECT DISTINCT eventTime, eventName, sourceIPAddress, arn, userName, recipientAccountId,
    CASE WHEN contains(account, '@') THEN split_part(account, '@', 1) ELSE account END AS AccountName,
    CASE WHEN contains(account, '@') THEN split_part(account, '@', 2) ELSE '' END AS AccountUPNSuffix
  FROM (SELECT *, CASE WHEN principalId = 'Anonymous' THEN 'Anonymous' WHEN coalesce(userName, '') = '' THEN split_part(arn, '/', -1) ELSE userName END AS account
    FROM (SELECT *, coalesce(nullif(json_extract_string(userIdentity, '$.arn'), ''), json_extract_string(resources, '$[0].ARN')) AS arn,
        json_extract_string(userIdentity, '$.userName') AS userName, json_extract_string(userIdentity, '$.principalId') AS principalId
      FROM ${needed}
      WHERE eventName = 'PutImageScanningConfiguration' AND coalesce(errorCode, '') = '' AND coalesce(errorMessage, '') = ''
        AND json_extract_string(requestParameters, '$.imageScanningConfiguration.scanOnPush') = 'false'))`;
const duck = `import duckdb; c=duckdb.connect(); c.execute("SET threads=1"); print(c.execute("""${sql}""").fetchall())`;
// duckdb-kql translates KQL to SQL; of the rule it can run the filters (its split() takes no index). Without a schema it needs
// the columns named and typed by hand, or a table of everything that is in the file.
const kql = (make) => `import duckdb, duckdb_kql
c=duckdb.connect(); c.execute("SET threads=1")
c.execute("""${make}""")
q = """AWSCloudTrail | where EventName == 'PutImageScanningConfiguration' and isempty(ErrorCode) and isempty(ErrorMessage)
| extend scanOnPush = parse_json(tostring((parse_json(RequestParameters).imageScanningConfiguration))).scanOnPush | where scanOnPush == false"""
print(c.execute(duckdb_kql.to_sql(q)).fetchall())`;
const columns = 'eventName AS EventName, errorCode AS ErrorCode, errorMessage AS ErrorMessage, CAST(requestParameters AS VARCHAR) AS RequestParameters';
const view = `CREATE VIEW AWSCloudTrail AS SELECT ${columns} FROM ${read("eventName:'VARCHAR',errorCode:'VARCHAR',errorMessage:'VARCHAR',requestParameters:'JSON'")}`;
const table = `CREATE TABLE AWSCloudTrail AS SELECT ${columns}, * EXCLUDE (eventName, errorCode, errorMessage, requestParameters)
  FROM read_json('${file}', format='newline_delimited', maximum_object_size=33554432, ignore_errors=true)`;
const cases = [
  ['forepost scan', forepost[0], [forepost[1], 'scan', '--pack', 'ecr', '--threads', '1', '--format', 'ndjson', file]],
  ['grep -c, the rule\'s literal', 'grep', ['-c', 'PutImageScanningConfiguration', file]],
  ['jq', 'jq', ['-c', 'select(.eventName == "PutImageScanningConfiguration" and .requestParameters.imageScanningConfiguration.scanOnPush == false)', file]],
  ['DuckDB, the rule in SQL over the columns that it needs', python, ['-c', duck]],
  ['duckdb-kql, the rule\'s filters over the columns that they need', python, ['-c', kql(view)]],
  ['duckdb-kql, end to end: the file to a table, then the rule\'s filters', python, ['-c', kql(table)]],
];

const best = fastest(cases);
const own = best.get('forepost scan')?.seconds;
const jq = spawnSync('jq', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
const lines = [
  `${(bytes / 1e9).toFixed(2)} GB of NDJSON in the page cache, one thread each, fastest of nine runs, of three if one takes over two seconds; ${[...versions, jq].filter(Boolean).join(', ')}.`, '',
  '| | seconds | MB/s | forepost is |', '|---|---:|---:|---:|',
  ...[...best].map(([name, { seconds: s }]) => `| ${name} | ${s.toFixed(2)} | ${(bytes / 1e6 / s).toFixed(0)} | ${own ? `${(s / own).toFixed(2)}×` : ''} |`),
];
console.log(`\n${lines.join('\n')}`);
if (process.argv.includes('--write')) report('Whole processes', lines);
