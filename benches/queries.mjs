// node benches/queries.mjs [GB] [--write]: a responder's questions, a rule that reads every event and many small files, beside DuckDB.
//
// Whole processes over the same bytes in the page cache, one thread each and then two. Each answer of ours has as many rows as DuckDB's, or
// it is said. `native` is this engine built for this machine, one thread: it tells what is WebAssembly and what is us.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hit } from './sample.mjs';
import { fastest, forepost, gigabytes, ndjson, pythonWith, root, shared, work } from './processes.mjs';
import { report } from './report.mjs';

const { file, bytes } = ndjson(gigabytes);
const { python, versions } = pythonWith('duckdb');
const native = `${root}target/release/examples/native`;

const from = (columns) => `read_json('${file}', format='newline_delimited', maximum_object_size=33554432, ignore_errors=true, columns={${columns}})`;
const events = "eventTime:'TIMESTAMP',eventName:'VARCHAR',eventSource:'VARCHAR',sourceIPAddress:'VARCHAR',errorCode:'VARCHAR'";

// Each question in KQL, and in SQL over just the columns that it needs.
const QUESTIONS = [
  ['events by name', 'AWSCloudTrail | summarize count() by EventName',
    `SELECT eventName, count(*) FROM ${from("eventName:'VARCHAR'")} GROUP BY ALL`],
  ['failed calls by principal, top 10', 'AWSCloudTrail | where isnotempty(ErrorCode) | summarize Calls = count(), Codes = dcount(ErrorCode), Newest = max(TimeGenerated) by UserIdentityArn | top 10 by Calls',
    `SELECT userIdentity.arn, count(*) AS calls, approx_count_distinct(errorCode), max(eventTime) FROM ${from("eventTime:'TIMESTAMP',errorCode:'VARCHAR',userIdentity:'STRUCT(arn VARCHAR)'")} WHERE errorCode <> '' GROUP BY 1 ORDER BY calls DESC LIMIT 10`],
  ['where each access key was first seen', 'AWSCloudTrail | where isnotempty(UserIdentityAccessKeyId) | summarize arg_min(TimeGenerated, EventName, SourceIpAddress) by UserIdentityAccessKeyId',
    `SELECT userIdentity.accessKeyId AS key, min(eventTime), arg_min(eventName, eventTime), arg_min(sourceIPAddress, eventTime) FROM ${from(`${events},userIdentity:'STRUCT(accessKeyId VARCHAR)'`)} WHERE key <> '' GROUP BY key`],
  ['events by resource, of `mv-expand`', 'AWSCloudTrail | where isnotempty(Resources) | mv-expand Resource = parse_json(Resources) | summarize count() by Arn = tostring(Resource.ARN)',
    `SELECT coalesce(r.ARN, '') AS arn, count(*) FROM (SELECT unnest(resources) AS r FROM ${from("resources:'STRUCT(ARN VARCHAR)[]'")} WHERE len(resources) > 0) GROUP BY arn`],
  ['a key made, then a sign-in within a day: `join`', 'let Made = AWSCloudTrail | where EventName == "CreateAccessKey" | distinct UserIdentityAccountId, Made = TimeGenerated; AWSCloudTrail | where EventName == "ConsoleLogin" | distinct UserIdentityAccountId, TimeGenerated | join kind=inner Made on UserIdentityAccountId | where TimeGenerated - Made between (0s .. 1d) | project UserIdentityAccountId, Made, TimeGenerated',
    `WITH e AS MATERIALIZED (SELECT DISTINCT eventName, eventTime, userIdentity.accountId AS account FROM ${from("eventTime:'TIMESTAMP',eventName:'VARCHAR',userIdentity:'STRUCT(accountId VARCHAR)'")} WHERE eventName IN ('CreateAccessKey', 'ConsoleLogin'))
     SELECT account, a.eventTime, b.eventTime FROM e a JOIN e b USING (account) WHERE a.eventName = 'CreateAccessKey' AND b.eventName = 'ConsoleLogin' AND b.eventTime - a.eventTime BETWEEN INTERVAL 0 SECOND AND INTERVAL 1 DAY`],
  ['a word in any column: `has`', 'AWSCloudTrail | where * has "backdoor" | summarize count()',
    `SELECT count(*) FROM read_csv('${file}', columns={'line':'VARCHAR'}, sep='\\x01', quote='', escape='', header=false, max_line_size=33554432, auto_detect=false) WHERE regexp_matches(line, '(?i)\\bbackdoor\\b')`],
  ['three columns as CSV', 'AWSCloudTrail | project TimeGenerated, EventName, SourceIpAddress',
    `SELECT eventTime, eventName, sourceIPAddress FROM ${from(events)}`],
];

const duck = (sql, threads) => [python, ['-c', `import duckdb,sys; c=duckdb.connect(); c.execute("SET threads=${threads}"); print(c.execute("""COPY (${sql}) TO '${work}/duckdb.csv' (FORMAT csv)""").fetchone()[0])`]];
const ours = (threads, ...args) => [forepost[0], [forepost[1], ...args, '--threads', String(threads), '--quiet']];

const questions = QUESTIONS.flatMap(([name, kql, sql]) => [
  [`${name}: ours`, ...ours(1, 'query', kql, file, '--format', 'csv')],
  [`${name}: DuckDB`, ...duck(sql, 1)],
  [`${name}: ours, 2`, ...ours(2, 'query', kql, file, '--format', 'csv')],
  [`${name}: DuckDB, 2`, ...duck(sql, 2)],
  ...(existsSync(native) ? [[`${name}: native`, native, ['query', kql, file]]] : []),
]);

// A rule for every event, the shared rules, and an ordinary rule.
const everyEvent = `${work}/every-event.yaml`;
writeFileSync(everyEvent, rule('AWSCloudTrail | summarize Calls = count(), Names = dcount(EventName) by UserIdentityArn | where Calls > 1000000000', '1d'));
const rulesDir = `${shared}/rules`;
const scans = [
  ['the built-in rule', []],
  ['a rule that reads every event, a day at a time', ['--rules', everyEvent]],
  ...(existsSync(rulesDir) ? [[`${readdirSync(rulesDir).length} shared rules`, ['--rules', rulesDir]]] : []),
].map(([name, args]) => [name, ...ours(1, 'scan', file, ...(args.length > 0 ? args : ['--pack', 'ecr']))]);

// The same bytes as 10,000 small files and as one, and a year of five-minute windows.
const small = `${work}/small`;
const together = `${work}/together.ndjson`;
const lines = Array.from({ length: 10_000 }, (_, i) => `${hit(i)}\n`);
if (!existsSync(small) || readdirSync(small).length !== lines.length) {
  mkdirSync(small, { recursive: true });
  lines.forEach((line, i) => writeFileSync(`${small}/${String(i).padStart(5, '0')}.json`, line));
}
writeFileSync(together, lines.join(''));
const year = `${work}/year.ndjson`;
const minutes = 365 * 24 * 60;
writeFileSync(year, Array.from({ length: 100_000 }, (_, i) => `${hit(i).replace(/"eventTime":"[^"]*"/, `"eventTime":"${new Date(Date.UTC(2025, 0, 1) + Math.floor((i * minutes) / 100_000) * 60_000).toISOString().replace('.000', '')}"`)}\n`).join(''));
const often = `${work}/often.yaml`;
writeFileSync(often, rule('AWSCloudTrail | summarize Calls = count() by UserIdentityArn | where Calls > 1000', '5m'));
const others = [
  ['one file of 10,000 events', ...ours(1, 'scan', together, '--rules', often)],
  ['10,000 files of one event', ...ours(1, 'scan', small, '--rules', often)],
  ['100,000 events of a year, counted', ...ours(1, 'query', 'AWSCloudTrail | count', year)],
  ['the same in 105,120 windows of five minutes', ...ours(1, 'scan', year, '--rules', often)],
];

/** A rule of ours that asks this so often, about so long. */
function rule(query, span) {
  return `id: 3f0c9b1e-6a55-4d0e-9c1b-7a1f0e5d2c${span === '1d' ? '01' : '02'}\nname: Bench ${span}\ndescription: For the benchmark.\nseverity: Low\nkind: Scheduled\nversion: 1.0.0\nqueryFrequency: ${span}\nqueryPeriod: ${span}\ntriggerOperator: gt\ntriggerThreshold: 0\nrequiredDataConnectors:\n  - connectorId: AWS\n    dataTypes:\n      - AWSCloudTrail\ntactics:\n  - Discovery\nrelevantTechniques:\n  - T1580\nquery: |\n  ${query}\nentityMappings:\n  - entityType: Account\n    fieldMappings:\n      - identifier: FullName\n        columnName: UserIdentityArn\n`;
}

const best = fastest([...questions, ...scans, ...others]);
const seconds = (name) => best.get(name)?.seconds;
const show = (value, digits = 2) => (value === undefined ? '' : value.toFixed(digits));
const ratio = (a, b) => show(a === undefined || b === undefined ? undefined : a / b);
/** The rows of our answer, which is CSV with a header, and of DuckDB's, which says how many it wrote. */
const rows = (name) => [String(best.get(`${name}: ours`)?.stdout ?? '').trim().split('\n').length - 1, Number(best.get(`${name}: DuckDB`)?.stdout ?? 0)];

const out = [
  `${(bytes / 1e9).toFixed(2)} GB of NDJSON in the page cache, whole processes; ${versions.join(', ')}. Below 1, ours is the faster.`, '',
  '| seconds | ours | DuckDB | ours / DuckDB | ours, 2 threads | DuckDB, 2 threads | one thread / two | native | ours / native |',
  '|---|---:|---:|---:|---:|---:|---:|---:|---:|',
  ...QUESTIONS.map(([name]) => {
    const [a, b, c, d, n] = [': ours', ': DuckDB', ': ours, 2', ': DuckDB, 2', ': native'].map((of) => seconds(name + of));
    return `| ${name} | ${show(a)} | ${show(b)} | ${ratio(a, b)} | ${show(c)} | ${show(d)} | ${ratio(a, c)} | ${show(n)} | ${ratio(a, n)} |`;
  }), '',
  ...QUESTIONS.filter(([name]) => rows(name)[0] !== rows(name)[1]).map(([name]) => `${name}: ${rows(name)[0]} rows of ours, ${rows(name)[1]} of DuckDB's.`), '',
  '| | seconds | of the first |', '|---|---:|---:|',
  ...scans.map(([name]) => `| ${name} | ${show(seconds(name))} | ${ratio(seconds(name), seconds(scans[0][0]))} |`), '',
  '| | seconds | of the one before |', '|---|---:|---:|',
  ...others.map(([name], i) => `| ${name} | ${show(seconds(name))} | ${i % 2 === 1 ? ratio(seconds(name), seconds(others[i - 1][0])) : ''} |`),
];
console.log(`\n${out.join('\n')}`);
if (process.argv.includes('--write')) report('A responder\'s questions', out);
