// `forepost check` on a mutated corpus: one mutant for each row of what the public rule repository checks, and of what it does not.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { beyondJunit, forepost, jsonLines, PACKAGE, ROOT, scratch } from './support.js';

const { loadSync, check } = await import(`${PACKAGE}entry/node.js`);
loadSync();

const GOOD = `id: 0d9c1f0e-7a52-4a55-9d53-2f0a6b1f7c11
name: A bucket was opened
description: Somebody opened a bucket.
severity: High
requiredDataConnectors:
  - connectorId: AWS
    dataTypes:
      - AWSCloudTrail
queryFrequency: 1h
queryPeriod: 2h
triggerOperator: gt
triggerThreshold: 0
tactics:
  - Exfiltration
relevantTechniques:
  - T1537
query: |
  AWSCloudTrail
  | where EventName == "PutBucketAcl" and TimeGenerated > ago(1h)
  | extend Bucket = tostring(parse_json(RequestParameters).bucketName)
  | where isnotempty(Bucket)
entityMappings:
  - entityType: Account
    fieldMappings:
      - identifier: Name
        columnName: UserIdentityUserName
customDetails:
  Bucket: Bucket
alertDetailsOverride:
  alertDisplayNameFormat: 'Bucket {{Bucket}} opened'
eventGroupingSettings:
  aggregationKind: SingleAlert
version: 1.0.0
kind: Scheduled
`;

const x = (n) => 'x'.repeat(n);
const list = (n, line) => Array.from({ length: n }, (_, i) => line(i)).join('');
const mapping = (i) => `  - entityType: IP\n    fieldMappings:\n      - identifier: Address\n        columnName: C${i}\n`;

/** The row of the table, what is changed into what, and the code that must say so. */
const MUTANTS = [
  ['1 YAML', 'severity: High', 'severity: High\n  bad: indent', 'FP201'],
  ['1 a key twice', 'severity: High', 'severity: High\nseverity: Low', 'FP204'],
  ['2 id missing', /^id: .*\n/, '', 'FP208'],
  ['2 id no GUID', /^id: .*/, 'id: 12', 'FP217'],
  ['2 name too long', 'A bucket was opened', x(257), 'FP211'],
  ['2 description missing', /description: .*\n/, '', 'FP208'],
  ['2 description too long', 'Somebody opened a bucket.', x(5001), 'FP211'],
  ['2 severity', 'severity: High', 'severity: Critical', 'FP210'],
  ['2 query missing', /query: \|\n(?: .*\n)+/, '', 'FP208'],
  ['2 query too long', 'PutBucketAcl', x(10_001), 'FP211'],
  ['3 connectors missing', /requiredDataConnectors:\n(?: .*\n)+/, '', 'FP235'],
  ['3 frequency missing', /queryFrequency: .*\n/, '', 'FP208'],
  ['3 period missing', /queryPeriod: .*\n/, '', 'FP208'],
  ['3 operator missing', /triggerOperator: .*\n/, '', 'FP208'],
  ['3 threshold missing', /triggerThreshold: .*\n/, '', 'FP208'],
  ['4 kind', 'kind: Scheduled', 'kind: scheduled', 'FP210'],
  ['5 span too short', 'queryFrequency: 1h', 'queryFrequency: 4m', 'FP213'],
  ['5 span too long', 'queryPeriod: 2h', 'queryPeriod: 15d', 'FP213'],
  ['5 period below frequency', 'queryPeriod: 2h', 'queryPeriod: 30m', 'FP214'],
  ['5 long period, short frequency', 'queryFrequency: 1h\nqueryPeriod: 2h', 'queryFrequency: 30m\nqueryPeriod: 2d', 'FP215'],
  ['5 no span', 'queryPeriod: 2h', 'queryPeriod: two hours', 'FP212'],
  ['5 ISO 8601', 'queryPeriod: 2h', 'queryPeriod: PT2H', 'FP234'],
  ['6 operator', 'triggerOperator: gt', 'triggerOperator: GT', 'FP210'],
  ['6 threshold', 'triggerThreshold: 0', 'triggerThreshold: 10001', 'FP210'],
  ['7 too many details', '  Bucket: Bucket\n', list(21, (i) => `  D${i}: Bucket\n`), 'FP211'],
  ['7 name of a detail', '  Bucket: Bucket', '  1Bucket: Bucket', 'FP226'],
  ['7 long name of a detail', '  Bucket: Bucket', `  ${x(21)}: Bucket`, 'FP226'],
  ['7 column of a detail', '  Bucket: Bucket', '  Bucket: 1x', 'FP226'],
  ['8 too many mappings', 'entityMappings:\n', `entityMappings:\n${list(11, mapping)}`, 'FP211'],
  ['8 too many fields', '      - identifier: Name\n', '      - identifier: Sid\n        columnName: A\n      - identifier: PUID\n        columnName: A\n      - identifier: NTDomain\n        columnName: A\n      - identifier: Name\n', 'FP211'],
  ['8 entity type', 'entityType: Account', 'entityType: account', 'FP222'],
  ['8 identifier', 'identifier: Name', 'identifier: Nam', 'FP223'],
  ['8 identifier twice', '      - identifier: Name\n', '      - identifier: Name\n        columnName: Bucket\n      - identifier: Name\n', 'FP224'],
  ['8 identifiers that are not enough', 'identifier: Name', 'identifier: NTDomain', 'FP225'],
  ['8 column', 'columnName: UserIdentityUserName', 'columnName: a-b', 'FP226'],
  ['9 old mapping', 'extend Bucket =', 'extend AccountCustomEntity = UserIdentityArn, Bucket =', 'FP239'],
  ['10 name format empty', "'Bucket {{Bucket}} opened'", "' '", 'FP208'],
  ['10 name format too long', "'Bucket {{Bucket}} opened'", x(257), 'FP211'],
  ['10 placeholders', "'Bucket {{Bucket}} opened'", "'{{Bucket}}{{Bucket}}{{Bucket}}{{Bucket}}'", 'FP227'],
  ['11 grouping', 'aggregationKind: SingleAlert', 'aggregationKind: AlertPerRow', 'FP210'],
  ['12 version', 'version: 1.0.0', 'version: 1.0', 'FP218'],
  ['13 tactic', '- Exfiltration', '- Initial Access', 'FP219'],
  ['14 technique of another tactic', '- T1537', '- T1078', 'FP221'],
  ['14 technique that is none', '- T1537', '- T9999', 'FP238'],
  ['14 form of a technique', '- T1537', '- 1537', 'FP220'],
  ['15 connector', 'connectorId: AWS', 'connectorId: AWSX', 'FP236'],
  ['16 dataTypes missing', '    dataTypes:\n      - AWSCloudTrail\n', '', 'FP235'],
  ['21 KQL', 'isnotempty(Bucket)', 'isnotempty(Bukket)', 'KS142'],
  ['24 ASCII', 'Somebody opened', 'Sömebody opened', 'FP240'],
  ['24 invisible', 'Somebody opened', 'Somebody\u200b opened', 'FP241'],
  ['25 link', 'Somebody opened', 'See https://docs.microsoft.com/en-us/azure. Somebody opened', 'FP242'],
  ['— key', 'severity: High', 'severity: High\ncustomDetail: {}', 'FP207'],
  ['— column that the query does not yield', 'columnName: UserIdentityUserName', 'columnName: UserIdentityUsrName', 'FP229'],
  ['— table that no connector names', '- AWSCloudTrail', '- AWSGuardDuty', 'FP237'],
  ['— reads every event', 'EventName == "PutBucketAcl" and', '', 'FP231'],
  ['— ago beyond the period', 'ago(1h)', 'ago(7d)', 'FP251'],
  ['— string and number', 'TimeGenerated > ago(1h)', 'EventVersion == 1', 'FP252'],
  ['— late filter', 'isnotempty(Bucket)', 'isnotempty(UserIdentityArn)', 'FP253'],
  ['— join without a kind', '  | where isnotempty(Bucket)', '  | where isnotempty(Bucket)\n  | join (AWSCloudTrail | where EventName == "CreateBucket" | project EventName) on EventName', 'FP254'],
  ['— list without bound', '  | where isnotempty(Bucket)', '  | where isnotempty(Bucket)\n  | summarize Bucket = make_list(Bucket) by UserIdentityUserName', 'FP255'],
];

test('each mutant of a good rule is found, where it is', async () => {
  const folder = scratch('check-mutants');
  writeFileSync(join(folder, 'good.yaml'), GOOD);
  for (const [i, [row, from, to]] of MUTANTS.entries()) {
    assert.equal(GOOD.split(from).length, 2, `${row}: ${from} must stand once in the rule`);
    mkdirSync(join(folder, String(i)));
    // Their own ids: one id in two files is another finding.
    const text = GOOD.replace(from, to).replace(/^(id: \w{8}-)\w{4}/, (_, start) => `${start}${String(1000 + i)}`);
    writeFileSync(join(folder, String(i), `rule-${i}.yaml`), text);
  }
  const { stdout, status } = await forepost(['check', folder, '--format', 'ndjson']);
  assert.equal(status, 1);
  const findings = jsonLines(stdout);
  assert.deepEqual(findings.filter(({ file }) => file.endsWith('good.yaml')), []);
  for (const [i, [row, , , code]] of MUTANTS.entries()) {
    const own = findings.filter(({ file }) => file.endsWith(`rule-${i}.yaml`));
    assert.ok(own.some((finding) => finding.code === code), `${row}: ${code} is not among ${own.map((finding) => finding.code).join(', ') || 'no findings'}`);
    // Advice and what only the repository asks for are no errors.
    for (const { code: said, severity } of own.filter(({ code: given }) => given === code)) if (/^FP2(?:3[1-9]|4[0-3]|5\d)$/.test(said)) assert.notEqual(severity, 'error', row);
  }
});

test('rows 17 and 18: an id and a file name stand once', async () => {
  const folder = scratch('check-twice');
  for (const name of ['a', 'b']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'a/rule.yaml'), GOOD);
  writeFileSync(join(folder, 'b/rule.yaml'), GOOD);
  const codes = jsonLines((await forepost(['check', folder, '--format', 'ndjson'])).stdout).map(({ code }) => code);
  assert.deepEqual(codes.sort(), ['FP230', 'FP243']);
});

test('rows 19 and 20: beside a commit, ids stay and versions rise', async () => {
  const folder = scratch('check-against');
  const file = join(folder, 'rule.yaml');
  const git = (...args) => execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { stdio: 'pipe' });
  writeFileSync(file, GOOD);
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'one');
  const found = async (text) => {
    writeFileSync(file, text);
    const { stdout } = await forepost(['check', folder, '--against', 'HEAD', '--format', 'ndjson']);
    return jsonLines(stdout).filter(({ code }) => /^FP24[4-6]$/.test(code)).map(({ code, line }) => [code, line]);
  };
  assert.deepEqual(await found(GOOD), []);
  assert.deepEqual(await found(`# a comment\n${GOOD}`), []);
  assert.deepEqual(await found(GOOD.replace('id: 0d', 'id: 1d').replace('1.0.0', '1.0.1')), [['FP244', 1]]);
  assert.deepEqual((await found(GOOD.replace('PutBucketAcl', 'PutBucketPolicy'))).map(([code]) => code), ['FP245']);
  assert.deepEqual(await found(GOOD.replace('PutBucketAcl', 'PutBucketPolicy').replace('1.0.0', '1.0.10')), []);
  assert.deepEqual((await found(GOOD.replace('1.0.0', '0.9.9'))).map(([code]) => code), ['FP246']);
  writeFileSync(join(folder, 'new.yaml'), GOOD.replace('id: 0d', 'id: 1d'));
  assert.deepEqual(await found(GOOD), []);
  for (const ref of ['nowhere', '--output=x', 'HEAD; touch x', '$(id)']) {
    const { status, stderr } = await forepost(['check', folder, '--against', ref]);
    assert.equal(status, 2);
    assert.match(stderr, /is no name of a commit|Needed a single revision/);
  }
});

test('an allowance hides a finding of its file, and must be needed', async () => {
  const folder = scratch('check-allow');
  const odd = GOOD.replace('Somebody opened', 'Sömebody opened');
  const found = async (text) => {
    writeFileSync(join(folder, 'rule.yaml'), text);
    return jsonLines((await forepost(['check', folder, '--format', 'ndjson'])).stdout).map(({ code }) => code);
  };
  assert.deepEqual(await found(odd), ['FP240']);
  assert.deepEqual(await found(`# forepost: allow FP240 an umlaut\n${odd}`), []);
  assert.deepEqual(await found(odd.replace('  AWSCloudTrail\n', '  // forepost: allow FP240 an umlaut\n  AWSCloudTrail\n')), []);
  assert.deepEqual(await found(`# forepost: allow FP240\n${odd}`), ['FP247', 'FP240']);
  assert.deepEqual(await found(`# forepost: allow FP240 an umlaut\n${GOOD}`), ['FP247']);
  assert.deepEqual(await found(`# forepost: allow\n${GOOD}`), ['FP247']);
  assert.deepEqual((await found(`# forepost: allow FP210 we like it\n${GOOD.replace('High', 'Huge')}`)).sort(), ['FP210', 'FP247']);
});

// What the standard (SARIF 2.1.0, sections 3.13 to 3.30) says of the members that we write, and no others.
const object = (properties, required = Object.keys(properties)) => ({ type: 'object', properties, required, additionalProperties: false });
const text = { type: 'string', minLength: 1 };
const whole = { type: 'integer', minimum: 1 };
const SARIF = object({
  $schema: { type: 'string', pattern: '^https://' },
  version: { const: '2.1.0' },
  runs: {
    type: 'array',
    minItems: 1,
    items: object({
      tool: object({ driver: object({ name: text, version: text, informationUri: { type: 'string', pattern: '^https://' }, rules: { type: 'array', uniqueItems: true, items: object({ id: text, shortDescription: object({ text }), help: object({ text }) }) } }) }),
      columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
      results: {
        type: 'array',
        items: object({
          ruleId: text,
          ruleIndex: { type: 'integer', minimum: 0 },
          level: { enum: ['none', 'note', 'warning', 'error'] },
          message: object({ text }),
          locations: { type: 'array', items: object({ physicalLocation: object({ artifactLocation: object({ uri: { type: 'string', pattern: '^[A-Za-z0-9._~%/!$&\'()*+,;=:@-]+$' } }), region: object({ startLine: whole, startColumn: whole }) }) }) },
        }),
      },
    }),
  },
});

test('SARIF and JUnit have the form that their readers demand', async () => {
  const folder = scratch('check-formats');
  writeFileSync(join(folder, 'ö <&>".yaml'), GOOD.replace('severity: High', 'severity: "<&>\\u0001"').replace('Somebody', 'Sömebody'));
  writeFileSync(join(folder, 'good.yaml'), GOOD.replace('id: 0d', 'id: 1d'));
  const sarif = JSON.parse((await forepost(['check', folder, '--format', 'sarif'])).stdout);
  const validate = new Ajv({ strict: false }).compile(SARIF);
  assert.ok(validate(sarif), JSON.stringify(validate.errors));
  const [{ results, tool }] = sarif.runs;
  assert.ok(results.length >= 2 && results.every(({ ruleId, ruleIndex }) => tool.driver.rules[ruleIndex].id === ruleId));
  const xml = (await forepost(['check', folder, '--format', 'junit'])).stdout;
  assert.deepEqual(beyondJunit(xml), []);
  assert.deepEqual(wrongXml(xml), []);
  assert.match(xml, /<testsuite name="forepost check" tests="2" failures="1" errors="0">/);
});

/** What is not well-formed in a simple XML text: tags that do not match, characters that XML 1.0 does not have. */
function wrongXml(xml) {
  const wrong = [...xml.matchAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|&(?!#\d+;|#x[\da-f]+;|amp;|lt;|gt;|quot;|apos;)/gu)].map(([found]) => found);
  const open = [];
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
  for (const [tag, close, name, attributes, empty] of body.matchAll(/<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>|</g)) {
    if (name === undefined) wrong.push(tag);
    else if (close) { if (open.pop() !== name || attributes) wrong.push(tag); } else if (!empty) open.push(name);
  }
  return [...wrong, ...open];
}

test('the pack and the sample rule of the project are clean', async () => {
  const { status, stdout } = await forepost(['check', `${ROOT}rules`, '--strict', '--format', 'ndjson']);
  const loud = jsonLines(stdout).filter(({ severity }) => severity !== 'information');
  assert.deepEqual([status, loud], [0, []]);
  assert.ok(check(readFileSync(`${ROOT}rules/AWS_ECRImageScanningDisabled.yaml`, 'utf8')).every(({ severity }) => severity === 'information'));
});
