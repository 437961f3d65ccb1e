// The command over the shared test data, where it is present: labelled cases of the built-in rule, real logs, rules.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { forepost, jsonLines, shared } from './support.js';

const here = (path) => (shared(path) ? {} : { skip: `shared/${path} is not here` });

test('the rule’s query gives the expected rows', here('cloudtrail/cases'), async () => {
  const cases = shared('cloudtrail/cases');
  const rule = readFileSync(shared('rules/AWS_ECRImageScanningDisabled.yaml'), 'utf8');
  const kql = /^query: \|\n((?: .*\n|\n)+)/m.exec(rule)[1].replace(/^ {2}/gm, '');
  const { status, stdout, stderr } = await forepost(['query', kql, `${cases}/put_image_scanning_cases.ndjson`, '--format', 'ndjson']);
  assert.equal(status, 0, stderr);
  const byTime = (a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  const expected = jsonLines(readFileSync(`${cases}/expected_rows.ndjson`, 'utf8'));
  assert.deepEqual(jsonLines(stdout).sort(byTime), expected.map(({ eventID, TimeGenerated, ...row }) => ({ TimeGenerated: TimeGenerated.replace(/Z$/, '.0000000Z'), ...row })).sort(byTime));
});

test('the labelled cases give the same alerts in every form', here('cloudtrail/cases'), async () => {
  const cases = shared('cloudtrail/cases');
  const plain = readFileSync(`${cases}/put_image_scanning_cases.ndjson`);
  const want = (await forepost(['scan', '-', '--format', 'ndjson'], { input: plain })).stdout;
  assert.ok(jsonLines(want).length > 0);
  const gz = readdirSync(cases).find((name) => name.endsWith('.json.gz'));
  assert.equal((await forepost(['scan', join(cases, gz), '--format', 'ndjson'])).stdout, want, gz);
  assert.equal((await forepost(['scan', '-', '--format', 'ndjson'], { input: gzipSync(plain) })).stdout, want, 'gzip');
});

test('case 5 alone gives the example alert', here('sentinel/example_alert.json'), async () => {
  const line = readFileSync(shared('cloudtrail/cases/put_image_scanning_cases.ndjson'), 'utf8').split('\n')[4];
  const { stdout } = await forepost(['scan', '-', '--format', 'ndjson'], { input: line });
  const [got] = jsonLines(stdout);
  const want = JSON.parse(readFileSync(shared('sentinel/example_alert.json'), 'utf8'));
  assert.deepEqual(Object.keys(got), Object.keys(want));
  const free = /<[^>]*>/; // the implementation's choice
  for (const [column, value] of Object.entries(want)) {
    if (column === 'ExtendedProperties') {
      const [a, b] = [JSON.parse(got[column]), JSON.parse(value)];
      assert.deepEqual(Object.keys(a), Object.keys(b));
      for (const key of Object.keys(b)) if (!free.test(b[key])) assert.equal(a[key], b[key], key);
    } else if (!(typeof value === 'string' && free.test(value))) {
      assert.deepEqual(got[column], value, column);
    }
  }
});

test('real logs: no alert of Microsoft’s rule, the malformed reported, status 1', here('cloudtrail/real'), async () => {
  const { status, stdout, stderr } = await forepost(['scan', shared('cloudtrail/real'), '--pack', 'ecr', '--format', 'ndjson']);
  assert.equal(stdout, '');
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^problem .+ at byte [\d,]+: /m);
  assert.match(stderr, /^format: /m);
});

test('every shared rule gets its findings, none an error of ours', here('rules'), async () => {
  const rules = readdirSync(shared('rules')).filter((name) => name.endsWith('.yaml'));
  const { status, stdout, stderr } = await forepost(['check', shared('rules'), '--format', 'ndjson']);
  assert.ok(status === 0 || status === 1, stderr);
  assert.match(stderr, new RegExp(`^${rules.length} files: `, 'm'));
  for (const { file, severity, code, message, line, column } of jsonLines(stdout)) {
    assert.ok(statSync(file).isFile() && ['error', 'warning', 'information'].includes(severity) && /^(KS|FP)/.test(code) && message && line > 0 && column > 0, `${file}: ${message}`);
  }
  assert.equal((await forepost(['check', shared('rules/AWS_ECRImageScanningDisabled.yaml')])).status, 0);
});
