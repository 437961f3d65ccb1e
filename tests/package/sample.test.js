// The bundled sample: what the generator writes, and what the built-in rules find in it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { files } from '../../samples/generate.js';
import { forepost, SAMPLE } from './support.js';

const written = new Map(readdirSync(SAMPLE, { recursive: true }).filter((path) => statSync(join(SAMPLE, path)).isFile())
  .map((path) => [path, gunzipSync(readFileSync(join(SAMPLE, path))).toString()]));

test('the generator writes what is committed', () => {
  assert.deepEqual(new Map(files()), written);
});

test('the sample is small and of one day', () => {
  const records = [...written.values()].flatMap((text) => JSON.parse(text).Records);
  assert.equal(records.length, 425);
  assert.equal(new Set(records.map((r) => r.eventID)).size, 425);
  assert.deepEqual([...new Set(records.map((r) => r.eventTime.slice(0, 10)))], ['2026-06-17']);
  const bytes = [...written.keys()].reduce((sum, path) => sum + statSync(join(SAMPLE, path)).size, 0);
  assert.ok(bytes < 100_000, `${bytes} bytes`);
});

test('Microsoft’s rule finds the three changes and nothing else', async () => {
  const { status, stdout, stderr } = await forepost(['scan', SAMPLE, '--pack', 'ecr', '--format', 'ndjson']);
  assert.equal(status, 0, stderr);
  const events = stdout.trim().split('\n').flatMap((line) => JSON.parse(line).Evidence).flatMap((row) => row.events).map(({ record }) => record);
  assert.deepEqual(events.map((r) => [r.eventTime, r.sourceIPAddress, r.requestParameters.repositoryName]).sort(), [
    ['2026-06-17T02:41:07Z', '203.0.113.77', 'payments/checkout-api'],
    ['2026-06-17T02:43:55Z', '203.0.113.77', 'payments/ledger'],
    ['2026-06-17T14:08:31Z', '198.51.100.41', 'web/storefront'],
  ]);
  assert.match(stderr, /^425 events in 16 files/m);
});

test('the built-in rules find what was done with the stolen key, and nothing else', async () => {
  const { status, stdout, stderr } = await forepost(['scan', SAMPLE, '--format', 'ndjson']);
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n').map((line) => JSON.parse(line)).map(({ AlertSeverity, DisplayName }) => `${AlertSeverity} ${DisplayName}`).sort(), [
    'High A new user was made administrator by tomas.hale from 203.0.113.77',
    'High svc-metrics read secrets in bulk from 203.0.113.77',
    'High tomas.hale stopped CloudTrail from 203.0.113.77',
    'Medium Amazon ECR image scanning disabled by tomas.hale from 203.0.113.77',
    'Medium tomas.hale attached an administrator policy from 203.0.113.77',
  ]);
});

test('the demo tells who, from where, when, and which repository', async () => {
  const { stdout } = await forepost(['scan', SAMPLE]);
  for (const said of ['tomas.hale', 'jonas.weber', '203.0.113.77', '198.51.100.41', '2026-06-17 02:41:07 UTC', 'payments/checkout-api', 'payments/ledger', 'web/storefront', 'us-east-1', '111122223333']) {
    assert.ok(stdout.includes(said), said);
  }
  for (const quiet of ['build-agent', 'web/admin', '\x1b']) assert.ok(!stdout.includes(quiet), quiet);
});
