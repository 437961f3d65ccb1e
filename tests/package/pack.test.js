// The rules that come with Forepost: clean, tested, quiet on a quiet day, and loud on the attacks that docs/pack.md says they name.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { company } from '../../samples/company.js';
import { forepost, jsonLines, PACKAGE, ROOT, SAMPLE, shared } from './support.js';

const PACK = join(ROOT, 'rules/aws');
const files = readdirSync(PACK).filter((file) => !file.endsWith('.test.yaml')).sort();
const text = (file) => readFileSync(join(PACK, file), 'utf8');
const docs = readFileSync(join(ROOT, 'docs/pack.md'), 'utf8');
const ids = new Map(files.map((file) => [/^id: (\S+)$/m.exec(text(file))[1], file.replace('.yaml', '')]));

let Detector;
let builtInRules;
before(async () => {
  const api = await import(`${PACKAGE}entry/node.js`);
  api.loadSync();
  ({ Detector, builtInRules } = api);
});

/** The alerts over some events, with the rule's file. */
function alertsOf(events) {
  const detector = new Detector({ rules: files.map((file) => ({ file, text: text(file) })) });
  for (const event of events) detector.push(`${JSON.stringify(event)}\n`);
  detector.finish();
  const alerts = detector.alerts().map((alert) => ({ ...alert, rule: ids.get(alert.AlertType.split('_').at(-1)) }));
  assert.deepEqual(detector.problems(), []);
  return alerts;
}

test('fifty rules, each with an id and a name of its own', () => {
  assert.equal(files.length, 50);
  assert.equal(ids.size, 50);
  assert.equal(new Set(files.map((file) => /^name: (.+)$/m.exec(text(file))[1])).size, 50);
});

test('check finds nothing in them', async () => {
  const { status, stdout, stderr } = await forepost(['check', PACK, '--format', 'ndjson']);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, '');
});

test('each has a test that alerts and three that are quiet, and all pass', async () => {
  const { status, stdout, stderr } = await forepost(['test', PACK, '--min-tests', '4', '--format', 'ndjson']);
  assert.equal(status, 0, stdout + stderr);
  const cases = jsonLines(stdout);
  for (const file of files) {
    const own = cases.filter(({ file: path }) => path?.endsWith(`/${file.replace('.yaml', '.test.yaml')}`));
    assert.ok(own.filter(({ name }) => name.startsWith('each of these alone keeps it quiet')).length >= 3, file);
  }
});

test('the tests notice four of five changes of a rule', async () => {
  const { status, stdout, stderr } = await forepost(['test', PACK, '--min-score', '80', '--quiet']);
  assert.equal(status, 0, stdout + stderr);
});

test('every description says what to check and what is normal', () => {
  for (const file of files) assert.match(text(file), /\n {2}Check: [^]+\n {2}Normal: /, file);
});

test('docs/pack.md lists every rule as it is', () => {
  for (const file of files) {
    const field = (name) => new RegExp(`^${name}: (.+)$`, 'm').exec(text(file))[1];
    const techniques = /relevantTechniques:\n((?: {2}- \S+\n)+)/.exec(text(file))[1].match(/T[\d.]+/g).join(', ');
    const row = `| [${field('name')}](../rules/aws/${file}) | ${field('severity')} | ${field('queryFrequency')} / ${field('queryPeriod')} | ${techniques} |`;
    assert.ok(docs.includes(row), row);
  }
});

test('a quiet day of a company has three alerts, two of which somebody should see; the second day two', () => {
  const alerts = alertsOf(company(10_000, 2));
  const of = (day) => alerts.filter(({ StartTime }) => StartTime.startsWith(day)).map(({ rule }) => rule).sort();
  assert.deepEqual(of('2026-06-17'), ['credentials-for-another-user', 'objects-deleted-by-newcomer', 'snapshot-or-image-shared']);
  assert.deepEqual(of('2026-06-18'), ['credentials-for-another-user', 'snapshot-or-image-shared']);
  assert.equal(alerts.length, 5);
});

const stratus = shared('cloudtrail/real/stratus');
test('emulated attacks alert as docs/pack.md says', { skip: !stratus && 'the shared test data is not there' }, () => {
  const claimed = Object.fromEntries([...docs.matchAll(/^\| (aws\.[\w.-]+) \| ([\w, -]+) \|$/gm)].map(([, technique, rules]) => [technique, rules.split(', ').sort()]));
  const found = {};
  for (const file of readdirSync(stratus).filter((name) => name.endsWith('.json'))) {
    const events = JSON.parse(readFileSync(join(stratus, file), 'utf8'));
    found[file.replace('.json', '')] = [...new Set(alertsOf(events).map(({ rule }) => rule))].sort();
  }
  assert.deepEqual(found, claimed);
});

test('--pack chooses the rules that come with the command, beside --rules or alone', async () => {
  assert.deepEqual(builtInRules().slice(1), files.map((file) => ({ file: `aws/${file}`, text: text(file) })));
  assert.deepEqual(builtInRules('ecr'), builtInRules().slice(0, 1));
  assert.throws(() => builtInRules('azure'), /knows the packs aws and ecr/);
  const scan = async (...args) => {
    const { status, stdout, stderr } = await forepost(['scan', SAMPLE, '--format', 'ndjson', ...args]);
    assert.equal(status, 0, stderr);
    return { stdout, rules: Number(/ (\d+) rules?\n/.exec(stderr)[1]) };
  };
  const usual = await scan();
  assert.equal(usual.rules, 51);
  assert.deepEqual(await scan('--pack', 'aws'), usual);
  assert.equal((await scan('--pack', 'ecr')).rules, 1);
  assert.deepEqual(await scan('--rules', join(ROOT, 'rules/AWS_ECRImageScanningDisabled.yaml'), '--rules', PACK), usual, 'rules that were compiled while the package was built answer as others');
  assert.equal((await scan('--pack', 'ecr', '--rules', PACK)).rules, 51);
  assert.equal((await scan('--rules', PACK)).rules, 50);
  const listed = async (...args) => jsonLines((await forepost(['rules', '--format', 'ndjson', ...args])).stdout).map(({ id }) => id);
  assert.deepEqual((await listed('--pack', 'aws')).slice(1), [...ids.keys()]);
  assert.deepEqual(await listed('--pack', 'aws'), await listed());
  assert.deepEqual(await listed('--pack', 'ecr'), (await listed()).slice(0, 1));
  assert.equal((await forepost(['scan', SAMPLE, '--pack', 'azure'])).status, 2);
});
