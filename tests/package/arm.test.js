// `forepost arm`, and rules in ARM form wherever rules load.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE, forepost, jsonLines, scratch, shared, switchedOff } from './support.js';

const { loadSync, check, Detector } = await import(`${PACKAGE}entry/node.js`);
const { runTests } = await import(`${PACKAGE}testing.js`);
const { expandArm } = await import(`${PACKAGE}arm.js`);
const { readArm } = await import(`${PACKAGE}arm/read.js`);
const { template, writeResource } = await import(`${PACKAGE}arm/write.js`);
const { writeYaml } = await import(`${PACKAGE}arm/yaml.js`);
const { fromIso, joinTechniques, splitTechniques, toIso } = await import(`${PACKAGE}arm/fields.js`);
const { escaped, resolve } = await import(`${PACKAGE}arm/expression.js`);
const { sha1, uuidOf } = await import(`${PACKAGE}arm/uuid.js`);
const { readYaml } = await import(`${PACKAGE}triage.js`);
loadSync();

const ID = '0d9c1f0e-7a52-4a55-9d53-2f0a6b1f7c11';
const ecr = readFileSync('rules/AWS_ECRImageScanningDisabled.yaml', 'utf8');

/** A small rule of ours, with lines put in the place of others. */
function rule(changes = {}) {
  const fields = {
    id: ID, name: 'A bucket was opened', description: 'Somebody opened a bucket.', severity: 'High', requiredDataConnectors: '[]', queryFrequency: '90m',
    queryPeriod: '36h', triggerOperator: 'eq', triggerThreshold: '0', tactics: '[Exfiltration, DefenseEvasion]',
    relevantTechniques: '[T1537, T1562.001]', query: '|\n  AWSCloudTrail\n  | where EventName == "PutBucketAcl"', version: '2.1.0', kind: 'Scheduled', ...changes,
  };
  return Object.entries(fields).filter(([, value]) => value !== undefined).map(([key, value]) => `${key}: ${value}\n`).join('');
}

const write = (yaml, options) => writeResource(readYaml(yaml).tree, options);
const properties = (changes, options) => write(rule(changes), options).resource.properties;
const codes = (changes, options) => write(rule(changes), options).findings.map(({ code }) => code);
/** What a template with one rule reads to: `{yaml, fields, codes}`. */
function read(json) {
  const [{ fields, findings }] = readArm(typeof json === 'string' ? json : JSON.stringify(json));
  return { fields: fields && Object.fromEntries(fields), yaml: fields && writeYaml(fields).text, codes: findings.map(({ code }) => code) };
}
const resource = (more = {}, own = {}) => ({
  resources: [{
    name: `[concat(parameters('workspace'),'/Microsoft.SecurityInsights/${ID}')]`,
    type: 'Microsoft.OperationalInsights/workspaces/providers/alertRules',
    kind: 'Scheduled',
    apiVersion: '2023-12-01-preview',
    ...own,
    properties: {
      displayName: 'A rule', description: 'It looks.', severity: 'Low', enabled: true, query: 'AWSCloudTrail', queryFrequency: 'PT1H', queryPeriod: 'PT1H', triggerOperator: 'GreaterThan',
      triggerThreshold: 0, suppressionDuration: 'PT5H', suppressionEnabled: false, ...more,
    },
  }],
});

test('a rule is written as the portal exports one', () => {
  const { resource: written } = write(rule());
  assert.equal(template([written]), `{
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {
        "workspace": {
            "type": "String"
        }
    },
    "resources": [
        {
            "id": "[concat(resourceId('Microsoft.OperationalInsights/workspaces/providers', parameters('workspace'), 'Microsoft.SecurityInsights'),'/alertRules/${ID}')]",
            "name": "[concat(parameters('workspace'),'/Microsoft.SecurityInsights/${ID}')]",
            "type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
            "kind": "Scheduled",
            "apiVersion": "2023-12-01-preview",
            "properties": {
                "displayName": "A bucket was opened",
                "description": "Somebody opened a bucket.",
                "severity": "High",
                "enabled": true,
                "query": "AWSCloudTrail\\n| where EventName == \\"PutBucketAcl\\"\\n",
                "queryFrequency": "PT90M",
                "queryPeriod": "PT36H",
                "triggerOperator": "Equal",
                "triggerThreshold": 0,
                "suppressionDuration": "PT5H",
                "suppressionEnabled": false,
                "startTimeUtc": null,
                "tactics": [
                    "Exfiltration",
                    "DefenseEvasion"
                ],
                "techniques": [
                    "T1537",
                    "T1562"
                ],
                "subTechniques": [
                    "T1562.001"
                ],
                "alertRuleTemplateName": null,
                "incidentConfiguration": {
                    "createIncident": true,
                    "groupingConfiguration": {
                        "enabled": false,
                        "reopenClosedIncident": false,
                        "lookbackDuration": "PT5H",
                        "matchingMethod": "AllEntities",
                        "groupByEntities": [],
                        "groupByAlertDetails": [],
                        "groupByCustomDetails": []
                    }
                },
                "eventGroupingSettings": null,
                "alertDetailsOverride": null,
                "customDetails": null,
                "entityMappings": null,
                "sentinelEntitiesMappings": null,
                "templateVersion": null
            }
        }
    ]
}`);
});

test('time spans cross both ways, in the author’s unit', () => {
  for (const [yaml, iso, back = yaml] of [
    ['5m', 'PT5M'], ['90m', 'PT90M'], ['1h', 'PT1H'], ['36h', 'PT36H'], ['24h', 'PT24H'], ['1d', 'P1D'], ['14d', 'P14D'],
    ['01:30:00', 'PT1H30M', '90m'], ['02:30:00', 'PT2H30M', '150m'], ['1.12:00:00', 'P1DT12H', '36h'], ['1.00:00:00', 'P1D', '1d'], ['5', 'P5D', '5d'], ['PT1H', 'PT1H', '1h'],
  ]) {
    assert.equal(toIso(yaml), iso, yaml);
    assert.equal(fromIso(iso), back, iso);
  }
  for (const wrong of ['PT0S', 'P1M', 'P1Y', 'P1W', 'PT30S', 'P', 'PT', '', 'PT1.5H', '1h30m']) {
    assert.equal(fromIso(wrong), undefined, wrong);
    assert.equal(toIso(wrong), undefined, wrong);
  }
  // The engine refuses what has no other form, by name.
  const { yaml } = read(resource({ queryFrequency: 'PT0S' }));
  assert.match(yaml, /^queryFrequency: PT0S$/m);
  assert.ok(check(yaml).some(({ code, severity, line }) => severity === 'error' && /^FP21[23]$/.test(code) && /PT0S/.test(yaml.split('\n')[line - 1])));
});

test('the trigger keeps its meaning: the four words, and no others', () => {
  for (const [short, long] of [['gt', 'GreaterThan'], ['lt', 'LessThan'], ['eq', 'Equal'], ['ne', 'NotEqual']]) {
    assert.equal(properties({ triggerOperator: short }).triggerOperator, long);
    assert.equal(properties({ triggerOperator: long }).triggerOperator, long);
    assert.equal(read(resource({ triggerOperator: long })).fields.triggerOperator, short);
  }
  assert.equal(read(resource({ triggerOperator: 'Equals' })).fields.triggerOperator, 'Equals');
  assert.throws(() => new Detector({ rules: JSON.stringify(resource({ triggerOperator: 'Equals' })) }), /Equals/);
  assert.equal(properties({ triggerThreshold: '"0"' }).triggerThreshold, 0);
  assert.equal(read(resource({ triggerThreshold: 0 })).fields.triggerThreshold, 0);
});

test('techniques: the API takes parents and sub-techniques apart, YAML has one list', () => {
  assert.deepEqual(splitTechniques(['T1537', 'T1562.001', 'T1562', 'T1562.008', 'x']), { techniques: ['T1537', 'T1562'], subTechniques: ['T1562.001', 'T1562.008'], wrong: ['x'] });
  assert.deepEqual(joinTechniques(['T1537', 'T1562'], ['T1562.001', 'T1562.008']), ['T1537', 'T1562.001', 'T1562.008']);
  assert.deepEqual(joinTechniques(['T1562.001'], ['T1562.001', 'T1098.001']), ['T1562.001', 'T1098.001']);
  assert.deepEqual(read(resource({ techniques: ['T1666', 'T1562'], subTechniques: ['T1562.001'], tactics: ['Impact', 'Unheard'] })).fields.relevantTechniques, ['T1666', 'T1562.001']);
  assert.deepEqual(read(resource({ tactics: ['Impact', 'Unheard', 'Collection'] })).fields.tactics, ['Impact', 'Unheard', 'Collection']);
  assert.ok(codes({ relevantTechniques: '[T1537, bad]' }).includes('FP507'));
  const spaced = write(rule({ tactics: '[Initial Access]' }));
  assert.deepEqual([spaced.resource.properties.tactics, spaced.findings.some(({ code }) => code === 'FP507')], [['InitialAccess'], true]);
});

test('brackets: only what begins and ends with them is escaped, everywhere in a rule', () => {
  for (const [text, written] of [['[lab] bucket opened [v2]', '[[lab] bucket opened [v2]'], ['[lab] bucket opened', '[lab] bucket opened'], ['[[x]', '[[[x]'], ['[[x', '[[x'], ['x]', 'x]'], ['[]', '[[]']]) {
    assert.equal(escaped(text), written);
    assert.equal(resolve(written, {}), text);
  }
  const changed = { name: "'[a]'", description: "'[b]'", query: "'[c]'", customDetails: "{x: '[d]'}", alertDetailsOverride: "{alertDisplayNameFormat: '[{{A}}]'}" };
  const { displayName, description, query, customDetails, alertDetailsOverride } = properties(changed);
  assert.deepEqual([displayName, description, query, customDetails.x, alertDetailsOverride.alertDisplayNameFormat], ['[[a]', '[[b]', '[[c]', '[[d]', '[[{{A}}]']);
  const back = read(template([write(rule(changed)).resource])).fields;
  assert.deepEqual([back.name, back.description, back.query, back.alertDetailsOverride.alertDisplayNameFormat], ['[a]', '[b]', '[c]', '[{{A}}]']);
  // The REST API has no expressions: a bracket is one.
  assert.equal(read({ value: [{ kind: 'Scheduled', name: ID, properties: resource({ displayName: '[[a]' }).resources[0].properties }] }).fields.name, '[[a]');
});

test('hostile texts come back as they were', () => {
  for (const text of [
    '5m', '1h', '"5m"', 'P1D', 'true', 'null', '~', 'yes', '0x10', '1e3', "it's", '"', '\\', '\\n', 'a: b', 'a #b', '- a', '? x', '{a}', '[a', '&a', '*a', '!a', '|', '>', '%a', '@a', '`', 'a\tb',
    'é ü 漢 🎉', 'a\u2028b', 'a\u0085b', 'a\u0000b', '__proto__', '<script>', "[concat('a')]", '[[', 'x'.repeat(255),
  ]) {
    const { fields, yaml, codes: said } = read(template([write(rule({ name: JSON.stringify(text).replaceAll('\\u0000', '\\0'), customDetails: `{a: ${JSON.stringify(text).replaceAll('\\u0000', '\\0')}}` })).resource]));
    assert.deepEqual([fields.name, fields.customDetails.a], [text, text]);
    const entry = readYaml(yaml).tree.map.find(([key]) => key === 'name');
    assert.equal(entry[3].text, text, yaml);
    assert.ok(said.every((code) => code === 'FP505'), said.join());
  }
  for (const query of [
    'AWSCloudTrail', 'AWSCloudTrail\n', 'AWSCloudTrail\n\n', '\nAWSCloudTrail\n', '  AWSCloudTrail\n| take 1\n', '\tAWSCloudTrail\n\t| take 1', 'AWSCloudTrail\n   \n| take 1  \n', 'print "a\\n\\tb"',
    `AWSCloudTrail | where x == '[a]'`, '// [\nAWSCloudTrail]', `print x = "${'y'.repeat(9000)}"`, 'print "\u2028\u0001"', '# no comment\nAWSCloudTrail', '---\nAWSCloudTrail', '|', '"', "'",
  ]) {
    const { yaml } = read(resource({ query: escaped(query) }));
    assert.equal(readYaml(yaml).tree.map.find(([key]) => key === 'query')[3].text, query, yaml);
  }
});

test('line breaks of Windows become LF, and that is said', () => {
  const { fields, codes: said } = read(resource({ query: 'AWSCloudTrail\r\n| take 1\r\n' }));
  assert.equal(fields.query, 'AWSCloudTrail\n| take 1\n');
  assert.ok(said.includes('FP506'));
});

test('every loss, default and guess is said', () => {
  const said = write(rule({ status: 'Available', tags: '[a]', OriginalUri: 'x', foo: 'bar' })).findings;
  assert.deepEqual(said.filter(({ code }) => code === 'FP504').map(({ message }) => message.split(' ')[0]).sort(), ['OriginalUri', 'foo', 'requiredDataConnectors', 'status', 'tags', 'version']);
  assert.ok(said.some(({ code, message }) => code === 'FP505' && /PT5H/.test(message)));
  assert.deepEqual(read(resource({ startTimeUtc: '2026-01-01T00:00:00Z', newField: 1, description: '' })).codes.sort(), ['FP504', 'FP504', 'FP505', 'FP505', 'FP505']);
});

test('the version needs the template it is a version of', () => {
  assert.deepEqual([properties().templateVersion, properties().alertRuleTemplateName], [null, null]);
  assert.deepEqual([properties({}, { linked: true }).templateVersion, properties({}, { linked: true }).alertRuleTemplateName], ['2.1.0', ID]);
  assert.equal(read(resource({ templateVersion: '3.0.1', alertRuleTemplateName: ID })).fields.version, '3.0.1');
  assert.equal(read(resource()).fields.version, '1.0.0');
});

test('near-real-time rules have no schedule, and other kinds no query', () => {
  const nrt = { kind: 'NRT', queryFrequency: undefined, queryPeriod: undefined, triggerOperator: undefined, triggerThreshold: undefined };
  const keys = Object.keys(properties(nrt));
  assert.ok(!keys.some((key) => /^query[FP]|^trigger|^start/.test(key)));
  assert.ok(codes(nrt, { api: '2024-09-01' }).includes('FP508'));
  const back = read(resource({ queryFrequency: 'PT5M' }, { kind: 'NRT' })).fields;
  assert.deepEqual([back.kind, back.queryFrequency, back.triggerOperator], ['NRT', undefined, undefined]);
  assert.deepEqual(read(resource({}, { kind: 'Fusion' })), { fields: null, yaml: null, codes: ['FP501'] });
  assert.equal(read(resource({}, { kind: 'scheduled' })).fields.kind, 'scheduled'); // for the engine to refuse
});

test('a stable API has no sub-techniques, and that is said', () => {
  const { resource: written, findings } = write(rule(), { api: '2024-09-01' });
  assert.ok(!('subTechniques' in written.properties) && !('startTimeUtc' in written.properties) && !('sentinelEntitiesMappings' in written.properties));
  assert.ok(findings.some(({ code, message }) => code === 'FP507' && /subTechniques/.test(message)));
});

test('the id: a GUID of the resource, then of its template, else one made of its name, the same each time', () => {
  const own = (name, more) => read(resource(more, { name }));
  assert.equal(own(`ws/Microsoft.SecurityInsights/${ID}`).fields.id, ID);
  assert.equal(own("[concat(parameters('workspace'),'/Microsoft.SecurityInsights/my-rule')]", { alertRuleTemplateName: ID }).fields.id, ID);
  const made = own("[concat(parameters('workspace'),'/Microsoft.SecurityInsights/my-rule')]");
  assert.deepEqual([made.fields.id, made.codes.includes('FP503')], [uuidOf('my-rule'), true]);
  assert.match(made.fields.id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  for (const text of ['', 'abc', 'x'.repeat(55), 'x'.repeat(56), 'x'.repeat(64), '漢'.repeat(1000)]) {
    assert.equal(Buffer.from(sha1(Buffer.from(text))).toString('hex'), createHash('sha1').update(text).digest('hex'));
  }
  assert.equal(write(rule()).resource.name.match(/'/g).length, 4);
});

test('suppression and incidents: the defaults are left out, anything else is kept', () => {
  assert.deepEqual([read(resource()).fields.suppressionEnabled, read(resource({ suppressionDuration: 'PT1H' })).fields.suppressionDuration], [undefined, undefined]);
  const on = read(resource({ suppressionEnabled: true, suppressionDuration: 'PT2H' })).fields;
  assert.deepEqual([on.suppressionEnabled, on.suppressionDuration], [true, '2h']);
  assert.deepEqual([properties({ suppressionEnabled: 'true', suppressionDuration: '2h' }).suppressionDuration, properties({ suppressionEnabled: 'true', suppressionDuration: '2h' }).suppressionEnabled], ['PT2H', true]);
  assert.equal(read(template([write(rule()).resource])).fields.incidentConfiguration, undefined);
  const grouped = { createIncident: true, groupingConfiguration: { enabled: true, reopenClosedIncident: false, lookbackDuration: 'P1D', matchingMethod: 'Selected', groupByEntities: ['Account'], groupByAlertDetails: [], groupByCustomDetails: [] } };
  assert.equal(read(resource({ incidentConfiguration: grouped })).fields.incidentConfiguration.groupingConfiguration.lookbackDuration, '1d');
  const off = { ...grouped, createIncident: false };
  assert.equal(read(resource({ incidentConfiguration: off })).fields.incidentConfiguration.createIncident, false);
  assert.equal(properties({}, { noIncident: true }).incidentConfiguration.createIncident, false);
  assert.equal(read(resource({ enabled: false })).fields.enabled, false);
  assert.equal(properties({ enabled: 'false' }).enabled, false);
});

test('lists of one stay lists, and orders of keys stay', () => {
  const mapping = [{ fieldMappings: [{ columnName: 'A', identifier: 'Address' }], entityType: 'IP' }];
  const back = read(resource({ entityMappings: mapping, customDetails: { z: 'A', a: 'B' }, eventGroupingSettings: null, alertDetailsOverride: {}, tactics: ['Impact'] })).fields;
  assert.deepEqual(JSON.stringify(back.entityMappings), '[{"entityType":"IP","fieldMappings":[{"identifier":"Address","columnName":"A"}]}]');
  assert.deepEqual(Object.keys(back.customDetails), ['z', 'a']);
  assert.deepEqual([back.tactics, back.eventGroupingSettings, back.alertDetailsOverride], [['Impact'], undefined, undefined]);
});

test('templates are read wherever they keep their rules', async () => {
  const one = resource().resources[0];
  const forms = {
    template: { resources: [one] },
    names: { languageVersion: '2.0', resources: { a: one } },
    list: { value: [{ ...one, name: ID, apiVersion: undefined }] },
    single: { ...one, name: ID },
    array: [{ ...one, name: ID }],
    scope: { resources: [{ ...one, type: 'Microsoft.SecurityInsights/alertRules', name: ID, scope: "[resourceId('x', 'y')]" }] },
    nested: { resources: [{ type: 'Microsoft.Resources/deployments', properties: { template: { resources: [one] } } }] },
    solution: {
      variables: { r1: { _id: ID, v: '4.5.6' }, name: "[concat('A ', 'rule')]" },
      resources: [{
        type: 'Microsoft.OperationalInsights/workspaces/providers/contentTemplates',
        properties: {
          mainTemplate: {
            contentVersion: "[variables('r1').v]",
            variables: {},
            resources: [{ ...one, type: 'Microsoft.SecurityInsights/AlertRuleTemplates', name: "[variables('r1')['_id']]", properties: { ...one.properties, displayName: "[variables('name')]", enabled: false } }],
          },
        },
      }],
    },
  };
  for (const [form, json] of Object.entries(forms)) {
    const text = JSON.stringify(json, null, 2);
    const { fields } = read(text);
    assert.deepEqual([fields.id, fields.name, fields.enabled], [ID, 'A rule', undefined], form);
    for (const written of [text, `\ufeff${text}`]) assert.deepEqual(check(written).filter(({ severity }) => severity === 'error'), [], form);
  }
  assert.equal(read(forms.solution).fields.version, '4.5.6');
  const folder = scratch('arm-encodings');
  for (const [name, bytes] of Object.entries({
    'utf8.json': Buffer.from(`\ufeff${JSON.stringify(forms.template)}`),
    'utf16le.json': Buffer.from(`\ufeff${JSON.stringify(forms.template)}`, 'utf16le'),
    'utf16be.json': Buffer.from(`\ufeff${JSON.stringify(forms.template)}`, 'utf16le').swap16(),
  })) {
    writeFileSync(join(folder, name), bytes);
    const { status, stdout, stderr } = await forepost(['arm', '--yaml', join(folder, name)]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^name: A rule$/m);
  }
  const { stdout } = await forepost(['arm', '--yaml', '-'], { input: JSON.stringify(forms.template) });
  assert.match(stdout, /^name: A rule$/m);
});

test('expressions: what a template says is read, what only a deployment knows is a finding', () => {
  const context = { variables: { a: 'x', o: { k: ['p', 'q'] }, again: "[variables('a')]", loop: "[variables('loop')]" }, parameters: { p: { defaultValue: 'd' }, none: {} } };
  for (const [text, want] of [
    ['plain', 'plain'], ["[variables('a')]", 'x'], ["[concat(variables('a'), '-', parameters('p'))]", 'x-d'], ["[variables('o').k[1]]", 'q'], ["[variables('again')]", 'x'],
    ["[format('{0}{1}', 'it''s', 2)]", "it's2"], ["[TOUPPER('a')]", 'A'],
  ]) assert.equal(resolve(text, context), want, text);
  for (const text of ["[parameters('none')]", "[uniqueString('a')]", "[variables('loop')]", '[nonsense', "[variables('a')", '[]', '[(]', '[variables(]', "[variables('constructor')]", `[${'concat('.repeat(500)}${')'.repeat(500)}]`]) {
    if (text.endsWith(']')) assert.ok(resolve(text, context).includes('\uffff'), text);
  }
  const { codes: said } = read(resource({ displayName: "[parameters('unset')]" }));
  assert.ok(said.includes('FP502'));
  assert.throws(() => new Detector({ rules: JSON.stringify(resource({ displayName: "[parameters('unset')]" })) }), /name/);
});

test('rules in ARM form run, with findings in the JSON', async () => {
  const json = template([write(ecr).resource]);
  const alerts = (rules) => {
    const detector = new Detector({ rules });
    detector.push(JSON.stringify(switchedOff()));
    detector.endInput();
    detector.finish();
    return detector.alerts();
  };
  assert.deepEqual(alerts([{ file: 'a.json', text: json }]), alerts([{ file: 'a.yaml', text: ecr }]));
  assert.equal(alerts(json).length, 1);

  const broken = template([write(ecr).resource, { ...write(ecr).resource, name: "[concat(parameters('workspace'),'/Microsoft.SecurityInsights/0d9c1f0e-7a52-4a55-9d53-2f0a6b1f7c11')]", id: 'x' }])
    .replace(/"queryFrequency": "P1D"(?![\s\S]*"queryFrequency")/, '"queryFrequency": "P20D"').replace(/\| where scanOnPush(?![\s\S]*\| where scanOnPush)/, '| where scamOnPush');
  const findings = check([{ file: 'all.json', text: broken }]);
  const late = findings.find(({ code }) => code === 'FP213');
  assert.deepEqual([late.file, broken.split('\n')[late.line - 1].trim()], ['all.json#/resources/1', '"queryFrequency": "P20D",']);
  const unknown = check([{ file: 'all.json', text: broken.replace('P20D', 'P1D') }]).find(({ severity }) => severity === 'error');
  assert.equal(broken.replace('P20D', 'P1D').slice(unknown.start, unknown.end), 'scamOnPush');

  const folder = scratch('arm-scan');
  writeFileSync(join(folder, 'rules.json'), json);
  writeFileSync(join(folder, 'events.json'), JSON.stringify({ Records: [switchedOff()] }));
  const scanned = await forepost(['scan', join(folder, 'events.json'), '--rules', folder, '--format', 'ndjson']);
  assert.equal(scanned.status, 0, scanned.stderr);
  assert.equal(jsonLines(scanned.stdout).length, 1);
  const kinds = JSON.stringify({ resources: [...JSON.parse(json).resources, ...resource({}, { kind: 'Fusion', name: 'x' }).resources] });
  assert.ok(new Detector({ rules: kinds }).warnings.some(({ code }) => code === 'FP501'));
  writeFileSync(join(folder, 'rules.json'), kinds);
  const checked = await forepost(['check', folder]);
  assert.equal(checked.status, 0, checked.stderr);
  assert.match(checked.stdout, /FP501\D.*rules\.json#\/resources\/1:1:\d+/);
  const again = await forepost(['scan', join(folder, 'events.json'), '--rules', folder]);
  assert.match(again.stderr, /FP501/);
});

test('what is no rule in ARM form is refused, and nothing hangs', async () => {
  for (const text of ['', '{', '{}', '[]', 'null', '{"resources":[]}', '{"resources":[{"type":"x/alertRules"}]}', '['.repeat(1000), `{"properties":${'['.repeat(200)}${']'.repeat(200)}}`, '{"resources":{"a":null}}', '{"value":"x"}']) {
    assert.equal(readArm(text), null, text);
  }
  const { status, stderr } = await forepost(['arm', '--yaml', '-'], { input: '{"resources": []}' });
  assert.equal(status, 2);
  assert.match(stderr, /no analytic rule/);
  for (const odd of [{ displayName: 5 }, { tactics: 'Impact' }, { techniques: 'T1' }, { techniques: [{}] }, { entityMappings: {} }, { customDetails: [] }, { incidentConfiguration: 'x' }, { alertDetailsOverride: 3 }, { query: {} }, { enabled: 'x' }, { queryFrequency: {} }]) {
    check(JSON.stringify(resource(odd)));
  }
  assert.equal((await forepost(['arm', 'rules', '--start', 'soon'])).status, 2);
  // As many rules as a template can hold, each with something to say.
  const many = JSON.stringify({ resources: Array.from({ length: 20_000 }, (_, i) => resource({}, { name: `r${i}` }).resources[0]) }, null, 1);
  assert.equal(expandArm([{ file: 'many.json', text: many }]).length, 20_000);
  const bad = await forepost(['arm', '--yaml', '-'], { input: JSON.stringify(resource({ queryFrequency: 'PT0S' })) });
  assert.deepEqual([bad.status, bad.stdout], [1, '']);
  assert.match(bad.stderr, /PT0S[\s\S]*FP511/);
  const folder = scratch('arm-refused');
  writeFileSync(join(folder, 'bad.yaml'), rule({ severity: 'Extreme' }));
  const refused = await forepost(['arm', folder]);
  assert.deepEqual([refused.status, refused.stdout], [1, '']);
  assert.match(refused.stderr, /FP511/);
});

test('a file that differs is not overwritten, and the same bytes come twice', async () => {
  const folder = scratch('arm-files');
  const out = join(folder, 'out/');
  const ours = 'rules/AWS_ECRImageScanningDisabled.yaml';
  assert.equal((await forepost(['arm', ours, '-o', out])).status, 0);
  const [name] = readdirSync(out);
  const first = readFileSync(join(out, name), 'utf8');
  assert.equal((await forepost(['arm', ours, '-o', out])).status, 0);
  assert.equal(readFileSync(join(out, name), 'utf8'), first);
  const refused = await forepost(['arm', ours, '-o', out, '--prefix', 'X ']);
  assert.deepEqual([refused.status, readFileSync(join(out, name), 'utf8')], [1, first]);
  assert.equal((await forepost(['arm', ours, '-o', out, '--prefix', 'X ', '--force'])).status, 0);
  assert.match(readFileSync(join(out, name), 'utf8'), /"displayName": "X AWS/);
  const under = await forepost(['arm', ours, '-o', `${join(out, name)}/x/`]);
  assert.equal(under.status, 2);
  assert.match(under.stderr, /cannot write .*not a folder/);
});

test('every shared rule comes back from ARM as the same rule, with the same alerts', shared('rules') ? {} : { skip: 'shared/rules is not here' }, () => {
  const names = readdirSync(shared('rules')).filter((name) => name.endsWith('.yaml'));
  assert.equal(names.length, 38);
  // The tests look for a rule by the name of its file; what form it has, its content says.
  const [arms, backs] = [scratch('arm-shared'), scratch('arm-shared-back')];
  for (const name of names) {
    const arm = template([write(readFileSync(join(shared('rules'), name), 'utf8')).resource]);
    const { yaml } = read(arm);
    assert.equal(template([write(yaml).resource]), arm, name);
    writeFileSync(join(arms, name), arm);
    writeFileSync(join(backs, name), yaml);
  }
  const [want, fromArm, fromYaml] = [shared('rules'), arms, backs].map((rules) => runTests('tests/rules', { rules }).map(({ file, name, status, alerts }) => ({ file, name, status, alerts })));
  assert.ok(new Set(want.filter(({ alerts }) => alerts.length > 0).map(({ file }) => file)).size === 38);
  assert.ok(want.every(({ status }) => status === 'passed'));
  assert.deepEqual(fromArm, want);
  assert.deepEqual(fromYaml, want);
});

test('the packaged template of the solution reads to the rule it was made of', shared('sentinel/ecr_rule_arm_3.0.10.json') ? {} : { skip: 'shared/sentinel is not here' }, () => {
  const packaged = JSON.parse(readFileSync(shared('sentinel/ecr_rule_arm_3.0.10.json'), 'utf8'));
  const whole = { variables: { analyticRuleObject30: { _analyticRulecontentId30: '19602494-94af-43c8-90ba-eb0e14999612' } }, contentVersion: '1.0.2', resources: [packaged] };
  const want = readYaml(ecr).tree;
  const got = readYaml(read(whole).yaml).tree;
  const values = (node) => (node.list ? node.list.map(values) : node.map ? Object.fromEntries(node.map.map(([key, , , inner]) => [key, values(inner)])) : node.text?.trimEnd());
  assert.deepEqual(values(got), values(want));
  // The cut-out resource says neither its id nor its version.
  const alone = read(packaged);
  assert.ok(alone.codes.includes('FP503') && alone.codes.includes('FP505'));
});
