// What rules and queries can refer to besides the events: tables with known columns, watchlists, saved functions, folders of all three.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { tar, zip } from '../zip.js';
import { forepost, jsonLines, PACKAGE, s3, scratch, switchedOff } from './support.js';

const { check, Detector, explain, load, query, Query, QueryError, RuleError } = await import(`${PACKAGE}entry/node.js`);
await load();

const folder = scratch('context');
const file = (path, text) => {
  mkdirSync(`${folder}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true });
  writeFileSync(`${folder}/${path}`, text);
  return `${folder}/${path}`;
};
const rows = async (kql, context) => (await query(kql, [], context)).rows;

const exported = { schemaVersion: '2.0', accountId: '111122223333', region: 'us-east-1', partition: 'aws', id: 'f1', arn: 'arn:aws:guardduty:us-east-1:111122223333:detector/d/finding/f1', type: 'UnauthorizedAccess:IAMUser/X', resource: { resourceType: 'AccessKey', accessKeyDetails: { userName: 'ana' } }, service: { action: { actionType: 'AWS_API_CALL' }, count: 12345678901234567n }, severity: 5.3, createdAt: '2026-03-11T07:00:00Z', updatedAt: '2026-03-11T07:05:00Z', title: 'A title', description: 'A text' };
const text = (value) => JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `big${v}` : v)).replace(/"big(\d+)"/g, '$1');
const pascal = (value) => (Array.isArray(value) ? value.map(pascal) : value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key[0].toUpperCase() + key.slice(1), pascal(inner)])) : value);

test('GuardDuty’s own findings fill AWSGuardDuty, in every form that people have them', async () => {
  const asked = 'AWSGuardDuty | project ActivityType, Severity, TimeGenerated, User = tostring(ResourceDetails.accessKeyDetails.userName), Action = tostring(ServiceDetails.action.actionType)';
  const wanted = [['UnauthorizedAccess:IAMUser/X', 5, '2026-03-11T07:05:00.0000000Z', 'ana', 'AWS_API_CALL']];
  const forms = {
    'as S3 has it, a line each': `${text(exported)}\n`,
    'of EventBridge': text({ source: 'aws.guardduty', 'detail-type': 'GuardDuty Finding', detail: exported }),
    'of the API': JSON.stringify({ Findings: [pascal({ ...exported, service: { action: exported.service.action } })] }, null, 2),
    'an array': `\ufeff[${text(exported)}]`,
    'rows of the table': text({ ActivityType: exported.type, Severity: 5, TimeGenerated: exported.updatedAt, ResourceDetails: exported.resource, ServiceDetails: exported.service }),
    'what Log Analytics answers': text({ tables: [{ columns: ['ActivityType', 'Severity', 'TimeGenerated', 'ResourceDetails', 'ServiceDetails'].map((name) => ({ name })), rows: [[exported.type, 5, exported.updatedAt, exported.resource, exported.service]] }] }),
  };
  for (const [form, data] of Object.entries(forms)) assert.deepEqual(await rows(asked, { tables: [{ name: 'AWSGuardDuty', data }] }), wanted, form);
  // No digit is lost on the way.
  assert.deepEqual(await rows('AWSGuardDuty | project n = tolong(ServiceDetails.count)', { tables: [{ name: 'AWSGuardDuty', data: text(exported) }] }), [[12345678901234567n]]);
});

test('columns that nobody gave are Microsoft’s, or what the data show', async () => {
  const type = async (name, data, column) => (await query(`${name} | getschema | where ColumnName == "${column}" | project ColumnType`, [], { tables: [{ name, data }] })).rows[0]?.[0];
  assert.equal(await type('SigninLogs', 'TimeGenerated,UserPrincipalName\n2026-03-11T07:00:00Z,ana\n', 'LocationDetails'), 'dynamic');
  assert.equal(await type('vips', 'SearchKey,Level\nana,1\n', 'Level'), 'string');
  assert.equal(await type('Mine', '{"a":1,"b":1.5,"c":true,"d":{"x":1},"e":"x","f":1}\n{"a":2,"f":1.5}\n', 'f'), 'real');
  for (const [column, expected] of Object.entries({ a: 'long', b: 'real', c: 'bool', d: 'dynamic', e: 'string' })) assert.equal(await type('Mine', '{"a":1,"b":1.5,"c":true,"d":{"x":1},"e":"x"}', column), expected);
  assert.equal(await type('Own_CL', 'TimeGenerated,Score_d,Name_s\n2026-03-11T07:00:00Z,1.5,x\n', 'Score_d'), 'real');
  assert.equal(await type('Own_CL', 'TimeGenerated,Score_d\n2026-03-11T07:00:00Z,1.5\n', 'TimeGenerated'), 'datetime');
});

test('a table that is another one, twice there, or no table is refused', async () => {
  const refused = async (tables, message) => assert.rejects(rows('print 1', { tables }), message);
  await refused([{ name: 'SigninLogs', data: 'Colour\nred\n' }], /none of the columns/);
  await refused([{ name: 'AWSGuardDuty', data: '{"Colour":"red"}' }], /no row has any of the columns/);
  await refused([{ name: 'T', schema: 'a:int', data: '{"b":1}\n' }], /no row has any of the columns/);
  await refused([{ name: 'T', data: '{"b":1}\n{"b"' }], /line 2 is not JSON/);
  await refused([{ name: 'T', data: '[1]' }], /row 1 must be an object/);
  await refused([{ name: 'T', data: '' }], /no columns/);
  await refused([{ name: 'T', data: 'a\n1' }, { name: 'T', data: 'a\n1' }], /twice/);
  await refused([{ name: 'AWSCloudTrail', data: 'a\n1' }], /the table of the events/);
});

const ACTOR = 'let ActorOf = (T:(UserIdentityArn:string)) { T | extend Actor = tostring(split(UserIdentityArn, "/")[-1]) };';
const RULE = `id: 0f0e0d0c-1234-4000-8000-00000000000b
name: Who
description: d
severity: High
kind: NRT
tactics: [DefenseEvasion]
relevantTechniques: [T1562]
query: |
  AWSCloudTrail | where EventName == 'PutImageScanningConfiguration' | invoke ActorOf() | project TimeGenerated, Actor
`;

test('saved functions: in a detector, a query, check and explain; what is wrong inside is said at the call', async () => {
  const functions = [{ file: 'ActorOf.kql', text: ACTOR }];
  assert.throws(() => new Detector({ rules: [RULE] }), (error) => error instanceof RuleError && error.diagnostics.some(({ hint }) => hint?.includes('--function')));
  const detector = new Detector({ rules: [RULE], functions });
  detector.push(s3(switchedOff({ userIdentity: { arn: 'arn:aws:iam::1:user/ana' } })));
  detector.finish();
  assert.equal(detector.alerts()[0].Evidence[0].row.Actor, 'ana');
  assert.deepEqual(check([RULE], { functions }).filter(({ severity }) => severity === 'error'), []);
  assert.equal(explain(RULE, switchedOff(), { functions }).verdict, 'alert');
  const wrong = 'let F = () { Nope };';
  assert.throws(() => new Query('print 1 | union F', { functions: wrong }), (error) => error instanceof QueryError && /In the saved function 'F'/.test(error.message) && error.start === 16);
  assert.throws(() => new Query('F', { functions: 'let F = (' }), { code: 'FP403' });
  assert.throws(() => new Query('F', { functions: [1] }), { code: 'bad-argument' });
});

test('a query says what isfuzzy leaves out', async () => {
  const run = new Query('union isfuzzy=true AWSCloudTrail, SigninLogs | count');
  assert.deepEqual(run.warnings.map(({ code, severity, start, end }) => [code, severity, start, end]), [['FP023', 'information', 34, 44]]);
  const { status, stderr } = await forepost(['query', 'union isfuzzy=true AWSCloudTrail, SigninLogs | count', '-'], { input: s3(switchedOff()) });
  assert.equal(status, 0);
  assert.match(stderr, /'SigninLogs' was not supplied/);
});

const search = (alias, query, more = {}) => ({ type: 'Microsoft.OperationalInsights/workspaces/savedSearches', apiVersion: '2022-10-01', name: `[concat(parameters('workspace'), '/', '${alias}')]`, properties: { category: 'Functions', displayName: alias, functionAlias: alias, query, version: 2, ...more } });
const armOf = (resources, more = {}) => JSON.stringify({ $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#', contentVersion: '1.0.0.0', parameters: { workspace: { type: 'string' } }, ...more, resources }, null, 2);

test('saved functions in ARM form, wherever functions load', async () => {
  const two = search('LastTwo', 'AWSCloudTrail\r\n| take n\r\n', { functionParameters: 'n:int = 2' });
  const forms = {
    'a template': armOf([search('Actors', 'print Actor = "ana"'), two]),
    'a resource by itself': JSON.stringify(search('Actors', 'print Actor = "ana"')),
    'what the REST API lists': `\ufeff${JSON.stringify({ value: [{ id: '/x/savedSearches/1', type: 'Microsoft.OperationalInsights/savedSearches', properties: { functionAlias: 'Actors', query: 'print Actor = "ana"' } }] })}`,
    'a solution, which has it twice, with variables': armOf([
      { type: 'Microsoft.OperationalInsights/workspaces/providers/contentTemplates', name: 'c', properties: { mainTemplate: { variables: {}, resources: [search("[variables('alias')]", "[variables('text')]")] } } },
      search("[variables('alias')]", "[variables('text')]"),
    ], { variables: { alias: 'Actors', text: 'print Actor = "ana"' } }),
    'inside a workspace, beside a query that has no alias': armOf([{ type: 'Microsoft.OperationalInsights/workspaces', name: 'w', resources: [{ ...search('Actors', 'print Actor = "ana"'), type: 'savedSearches' }, { type: 'savedSearches', properties: { displayName: 'q', query: 'AWSCloudTrail' } }] }]),
  };
  for (const [form, text] of Object.entries(forms)) assert.deepEqual(await rows('Actors() | project Actor', { functions: [{ file: 'x.json', text }] }), [['ana']], form);
  assert.deepEqual((await query('LastTwo(1) | count', [s3(switchedOff(), switchedOff())], { functions: [{ file: 'x.json', text: forms['a template'] }] })).rows, [[1]]);
  // What is wrong says where.
  const wrong = (text, says) => assert.throws(() => new Query('print 1', { functions: [{ file: 'x.json', text }] }), (error) => says.test(error.message) || assert.fail(error.message));
  wrong(armOf([search('Actors', 'print 1'), search('Actors', 'print 2')]), /x\.json has two functions Actors that differ/);
  wrong(armOf([search("[parameters('workspace')]", 'print 1')]), /x\.json: functionAlias of \/resources\/0 is an expression that only a deployment can work out/);
  wrong(armOf([search('Actors', 'AWSCloudTrail\n| where (')]), /x\.json#Actors\.yaml.*line 5/);
  wrong(armOf([search('my actors', 'print 1')]), /cannot be the name of a function/);
  wrong(armOf([search('Actors', 'print 1 }; let Other = () { print 2')]), /is not a function|KS\d+/);
  // The command: alone, and in a folder, where a table may be JSON, too.
  const alone = await forepost(['query', 'Actors()', '--function', file('arm/functions.json', forms['a template']), '--format', 'ndjson']);
  assert.deepEqual(jsonLines(alone.stdout), [{ Actor: 'ana' }], alone.stderr);
  file('arm-folder/parsers/functions.json', forms['a template']);
  file('arm-folder/vips.json', JSON.stringify([{ SearchKey: 'ana', Why: 'savedSearches with "functionAlias": "x"' }]));
  const folded = await forepost(['query', "Actors() | where Actor in ((_GetWatchlist('vips') | project SearchKey))", '--context', `${folder}/arm-folder`, '--format', 'ndjson']);
  assert.deepEqual(jsonLines(folded.stdout), [{ Actor: 'ana' }], folded.stderr);
  assert.match(folded.stderr, /2 tables and functions/);
});

test('functions that lie beside rules are loaded with them, out of templates, folders and archives', async () => {
  const [id, name] = ['5e0b7c1a-0000-4000-8000-000000000001', 'Calls the function'];
  const alertRule = { type: 'Microsoft.OperationalInsights/workspaces/providers/alertRules', apiVersion: '2023-02-01', name: id, kind: 'NRT',
    properties: { displayName: name, description: 'd', severity: 'High', enabled: true, query: 'SwitchedOff()', suppressionDuration: 'PT1H', suppressionEnabled: false, tactics: ['DefenseEvasion'], techniques: ['T1562'] } };
  const off = search('SwitchedOff', 'AWSCloudTrail | where EventName == "PutImageScanningConfiguration"');
  const both = armOf([alertRule, off]);
  const alerts = async (...args) => {
    const { status, stdout, stderr } = await forepost(['scan', '-', '--format', 'ndjson', ...args], { input: s3(switchedOff()) });
    return { status, stderr, names: jsonLines(stdout).map(({ DisplayName }) => DisplayName) };
  };
  const yaml = `id: ${id}\nname: ${name}\ndescription: d\nseverity: High\nkind: NRT\ntactics: [DefenseEvasion]\nrelevantTechniques: [T1562]\nquery: SwitchedOff()\n`;
  const functionYaml = 'FunctionAlias: SwitchedOff\nFunctionQuery: |\n  AWSCloudTrail | where EventName == "PutImageScanningConfiguration"\n';
  file('solution/package/mainTemplate.json', both);
  file('beside/rule.yaml', yaml);
  file('beside/function.yaml', functionYaml);
  file('listed/rule.yaml', yaml);
  file('listed/savedSearches.json', JSON.stringify({ value: [{ ...off, name: 'x' }] }));
  const forms = [`${folder}/solution/package/mainTemplate.json`, `${folder}/solution`, `${folder}/beside`, `${folder}/listed`,
    file('both.zip', zip([['s/mainTemplate.json', both]])), file('beside.tar', tar([['s/rule.yaml', yaml], ['s/function.yaml', functionYaml]]))];
  for (const rules of forms) {
    const found = await alerts('--rules', rules);
    assert.deepEqual([found.status, found.names], [0, [name]], `${rules}: ${found.stderr}`);
    assert.match(found.stderr, /1 file of saved functions with the rules/);
    const checked = await forepost(['check', rules]);
    assert.doesNotMatch(`${checked.stdout}${checked.stderr}`, /KS\d+|FP208/, rules);
  }
  // What the same file gives as context is no other function.
  assert.equal((await alerts('--rules', forms[0], '--context', `${folder}/solution/package`)).status, 0);
  // What cannot be used is named as a file of --context is, and the other rules run.
  file('wrong/rule.yaml', yaml.replace('SwitchedOff()', 'AWSCloudTrail'));
  file('wrong/function.yaml', functionYaml.replace('where EventName', 'where ('));
  const wrong = await alerts('--rules', `${folder}/wrong`);
  assert.equal(wrong.status, 1, wrong.stderr);
  assert.match(wrong.stderr, /cannot use .*wrong\/function\.yaml/);
  assert.match(wrong.stderr, /1 file of the context not used/);
  assert.equal((await alerts('--rules', `${folder}/wrong`, '--strict')).status, 2);
  const alone = await alerts('--rules', file('alone/f.json', armOf([off])));
  assert.deepEqual([alone.status, /has saved functions and no rule/.test(alone.stderr)], [2, true], alone.stderr);
  // Each side of a comparison has its own.
  file('newer/package/mainTemplate.json', armOf([alertRule, search('SwitchedOff', 'AWSCloudTrail | where EventName == "Other"')]));
  const compared = await forepost(['compare', `${folder}/solution`, `${folder}/newer`, '-'], { input: s3(switchedOff()) });
  assert.deepEqual([compared.status, /1 of 1 rule differ/.test(`${compared.stdout}${compared.stderr}`)], [1, true], `${compared.stdout}${compared.stderr}`);
  // And a rule is explained with it.
  const why = await forepost(['explain', forms[0], '-', '--format', 'ndjson'], { input: s3(switchedOff()) });
  assert.equal(jsonLines(why.stdout)[0]?.verdict, 'alert', why.stderr);
});

test('--context takes an archive as it takes a folder', async () => {
  const files = [['in/vips.csv', 'SearchKey,Why\nana,root\n'], ['in/old.csv.gz', gzipSync('SearchKey,Why\neve,left\n')], ['in/Everyone.kql', 'AWSCloudTrail\n| distinct UserIdentityArn'], ['in/rule.yaml', RULE], ['in/readme.txt', 'hello'], ['in/.hidden.csv', 'a\n1\n']];
  const asked = "union (_GetWatchlist('vips') | project a = Why), (_GetWatchlist('old') | project a = Why), (Everyone | project a = 'e') | sort by a asc";
  for (const [name, bytes] of [['ctx.zip', zip(files)], ['ctx.tar', tar(files)], ['ctx.tgz', gzipSync(tar(files))]]) {
    const { status, stdout, stderr } = await forepost(['query', asked, '-', '--context', file(name, bytes), '--format', 'ndjson'], { input: s3(switchedOff()) });
    assert.deepEqual([status, jsonLines(stdout).map(({ a }) => a)], [0, ['e', 'left', 'root']], stderr);
    assert.match(stderr, /3 tables and functions from .*passed over 3 other files/);
  }
  const damaged = zip(files);
  damaged[45] ^= 0xff;
  const { status, stderr } = await forepost(['scan', '-', '--context', file('damaged.zip', damaged)], { input: s3(switchedOff()) });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /cannot use .*damaged\.zip\/in\/vips\.csv: .*damaged/);
  for (const [path, says] of [[file('no.zip', 'hello'), /is no archive/], [`${folder}/nosuch.zip`, /cannot read .*nosuch\.zip/], [file('empty.zip', zip([['a.txt', 'x']])), /no table .* in .*empty\.zip/]]) {
    const none = await forepost(['query', 'print 1', '--context', path]);
    assert.deepEqual([none.status, says.test(none.stderr)], [2, true], none.stderr);
  }
});

test('tables have dates as Azure’s portal exports them', async () => {
  const read = (header, ...times) => query('vips | project TimeGenerated', [], { tables: [{ name: 'vips', data: `"${header}",Who\n${times.map((time) => `"${time}",ana\n`).join('')}` }] });
  assert.deepEqual((await read('TimeGenerated [UTC]', '6/1/2026, 1:02:03.000 PM', '12/11/2026, 12:00:00.000 AM')).rows, [['2026-06-01T13:02:03.0000000Z'], ['2026-12-11T00:00:00.0000000Z']]);
  for (const [header, time] of [['TimeGenerated', '6/1/2026, 1:02:03.000 PM'], ['TimeGenerated [UTC]', '06/01/2026, 13:02:03.000'], ['TimeGenerated [UTC]', '6/1/2026, 1:02:03.000 pm']]) {
    await assert.rejects(read(header, time), /its day could be its month/, `${header} ${time}`);
  }
});

test('--context takes a folder by kind and name, and names what it cannot use', async () => {
  file('ok/watchlists/vips.csv', 'SearchKey,Why\nana,root\n');
  file('ok/AWSGuardDuty.jsonl.gz', gzipSync(text(exported)));
  file('ok/functions/ActorOf.kql', ACTOR);
  file('ok/functions/Everyone.kql', 'AWSCloudTrail\n| distinct UserIdentityArn');
  file('ok/functions/vimX.yaml', "ParserName: vimX\nParserParams:\n  - Name: user\n    Type: string\n    Default: '*'\nParserQuery: |\n  AWSCloudTrail | where user == '*' or UserIdentityArn has user\n");
  file('ok/rule.yaml', RULE);
  file('ok/readme.txt', 'hello');
  const asked = "union (vimX() | project a = EventName), (_GetWatchlist('vips') | project a = Why), (AWSGuardDuty | project a = Title), (Everyone | project a = 'e') | sort by a asc";
  const good = await forepost(['query', asked, '-', '--context', `${folder}/ok`, '--format', 'ndjson'], { input: s3(switchedOff()) });
  assert.deepEqual([good.status, jsonLines(good.stdout).map(({ a }) => a)], [0, ['A title', 'PutImageScanningConfiguration', 'e', 'root']], good.stderr);
  assert.match(good.stderr, /5 tables and functions from .*passed over 2 other files/);

  // External data has the name of its file, with or without the endings; or its address.
  const outside = 'externaldata(TorIP:string)[h@"https://lists.example/kusto/tor-exit.csv.zip"] with (ignoreFirstRecord=true)';
  const list = file('lists/tor-exit.csv', 'TorIP\n203.0.113.5\n');
  for (const given of [['--context', `${folder}/lists`], ...['tor-exit', 'tor-exit.csv.zip', 'https://lists.example/kusto/tor-exit.csv.zip'].map((name) => ['--table', `${name}=${list}`])]) {
    const { status, stdout, stderr } = await forepost(['query', outside, '-', '--format', 'ndjson', ...given], { input: s3(switchedOff()) });
    assert.deepEqual([status, stdout], [0, '{"TorIP":"203.0.113.5"}\n'], `${given}: ${stderr}`);
  }
  assert.match((await forepost(['query', outside, '-'], { input: s3(switchedOff()) })).stderr, /table named 'tor-exit' or 'tor-exit\.csv\.zip'/);

  file('bad/vips.csv', 'SearchKey\nana\n');
  file('bad/broken.kql', 'AWSCloudTrail\n| where (');
  file('bad/SigninLogs.json', '{"Colour":1}');
  file('bad/binary.csv', Buffer.from([0xff, 0xfe, 0x00]));
  file('bad/AWSCloudTrail.csv', 'a\n1\n');
  const summary = `${folder}/summary.json`;
  const bad = await forepost(['scan', '-', '--context', `${folder}/bad`, '--summary', summary], { input: s3(switchedOff()) });
  assert.equal(bad.status, 1);
  for (const said of [/broken\.kql: line 2|broken\.kql.*line 2/, /SigninLogs\.json.*no row has any/, /binary\.csv.*not UTF-8/, /AWSCloudTrail\.csv.*table of the events/, /4 files of the context not used/]) assert.match(bad.stderr, said);
  const strict = await forepost(['scan', '-', '--context', `${folder}/bad`, '--strict'], { input: s3(switchedOff()) });
  assert.deepEqual([strict.status, strict.stdout], [2, '']);
  file('empty/readme.txt', 'hello');
  for (const path of ['empty', 'nosuch']) {
    const { status, stderr } = await forepost(['query', 'print 1', '--context', `${folder}/${path}`]);
    assert.equal(status, 2, stderr);
    assert.equal(stderr.split('\n').filter(Boolean).length, 2, stderr);
  }
});

test('rules with a table and a function run from files: --table NAME=FILE, --function FILE', async () => {
  const rules = file('rule.yaml', RULE.replace('project TimeGenerated', "where Actor in (_GetWatchlist('vips')) | project TimeGenerated"));
  const vips = file('vips.csv', 'SearchKey\nana\n');
  const actor = file('ActorOf.kql', ACTOR);
  const input = s3(switchedOff({ userIdentity: { arn: 'arn:aws:iam::1:user/ana' } }), switchedOff({ userIdentity: { arn: 'arn:aws:iam::1:user/eve' } }));
  const { status, stdout, stderr } = await forepost(['scan', '-', '--rules', rules, '--table', `vips=${vips}`, '--function', actor, '--format', 'ndjson'], { input });
  assert.equal(status, 0, stderr);
  assert.equal(jsonLines(stdout)[0].Evidence.length, 1);
  const body = file('body.kql', '// as the workspace keeps it\nT | extend Actor = tostring(split(UserIdentityArn, "/")[-1])');
  const given = await forepost(['scan', '-', '--rules', rules, '--table', `vips=${vips}`, '--function', `ActorOf(T:(*))=${body}`, '--format', 'ndjson'], { input });
  assert.deepEqual([given.status, given.stdout], [0, stdout], given.stderr);
  const none = await forepost(['scan', '-', '--rules', rules, '--table', `vips=${vips}`], { input });
  assert.equal(none.status, 2);
  for (const [option, value] of [['--table', 'vips'], ['--table', `vips=${folder}/nosuch.csv`], ['--function', `${folder}/nosuch.kql`]]) {
    const wrong = await forepost(['scan', '-', '--rules', rules, option, value], { input });
    assert.deepEqual([wrong.status, wrong.stdout], [2, '']);
    assert.match(wrong.stderr, /^forepost: --(?:table|function)/);
  }
});
