// A folder of rules of many products, as a repository has them: those that can run do, and the others are told by what they lack.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { forepost, jsonLines, s3, scratch, switchedOff } from './support.js';

const folder = scratch('mixed');
const TABLES = ['SigninLogs', 'AuditLogs', 'SecurityEvent', 'OfficeActivity', 'Syslog', 'DnsEvents', 'W3CIISLog', 'AzureActivity', 'EmailEvents', 'CommonSecurityLog', 'GCPAuditLogs', 'Okta_CL', 'ProofPoint_CL', 'Zscaler_CL'];
const rule = (n, query) => `id: 11111111-1111-4111-8111-${String(n).padStart(12, '0')}
name: Rule ${n}
description: x
severity: Low
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: []
query: |
  ${query}
version: 1.0.0
kind: Scheduled
`;

const queries = [
  ...Array.from({ length: 280 }, (_, i) => `${TABLES[i % TABLES.length]} | take 1`),
  ...Array(5).fill("AWSCloudTrail | where EventName == 'PutImageScanningConfiguration'"),
  ...Array(3).fill("_GetWatchlist('Admins') | take 1"),
  ...Array(3).fill('_Im_Dns() | take 1'),
  "externaldata(a:string)['https://example.com/a.csv']",
  'AWSCloudTrail | where Nope == 1',
];

test('one line a reason for the rules that cannot run, in as many columns as there are', async () => {
  queries.forEach((query, i) => {
    mkdirSync(`${folder}/rules/${i % 9}`, { recursive: true });
    writeFileSync(`${folder}/rules/${i % 9}/rule number ${i}.yaml`, rule(i, query));
  });
  writeFileSync(`${folder}/rules/metadata.yaml`, 'author: x\n');
  writeFileSync(`${folder}/rules/readme.md`, 'x\n');
  writeFileSync(`${folder}/log.json`, s3(switchedOff()));
  for (const columns of [60, 120]) {
    const { status, stdout, stderr } = await forepost(['scan', `${folder}/log.json`, '--rules', `${folder}/rules`, '--format', 'ndjson', '--summary', `${folder}/summary.json`], { env: { COLUMNS: String(columns) } });
    assert.equal(status, 1, stderr);
    assert.equal(jsonLines(stdout).length, 5);
    const [, told] = /288 rules left out:\n((?: {2}.*\n)+)/.exec(stderr) ?? assert.fail(stderr);
    const flat = told.replace(/\n {4}/g, ' ').split('\n').filter(Boolean);
    assert.match(flat[0], /280 × table not supplied: .*SigninLogs 20.* and 2 more; --table NAME=FILE or --context DIR/);
    assert.deepEqual(flat.slice(1).map((line) => /^ {2}(\d+ × [a-z A-Z']+)/.exec(line)[1].trim()), ['3 × watchlist not supplied', '3 × function not known', '1 × external data not supplied', "1 × The name 'Nope' does not refer to any known column"]);
    for (const line of told.split('\n')) assert.ok(line.length <= columns, `${line.length}: ${line}`);
    const { rules } = JSON.parse(readFileSync(`${folder}/summary.json`, 'utf8'));
    assert.deepEqual([rules.ran, rules.leftOut.length], [5, 288]);
  }
  const md = await forepost(['scan', `${folder}/log.json`, '--rules', `${folder}/rules`, '--format', 'md']);
  assert.match(md.stdout, /^- 288 rules left out:\n {2}- 280 × table not supplied: .*\n {2}- 3 × /m);
});
