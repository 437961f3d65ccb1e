// Three machines with the filter, one that concludes: the alerts are those of one scan over everything.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { forepost, ROOT, shared } from '../package/support.js';
import { Host } from './host.js';

function randoms(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const NAMES = ['PutImageScanningConfiguration', 'DescribeImages', 'PutBucketPolicy', 'CreateAccessKey', 'StopLogging', 'ConsoleLogin'];

/** Events of our own: some matter, most do not; a few come twice or without a time. */
function synthetic(random) {
  return Array.from({ length: 400 }, (_, i) => ({
    eventVersion: '1.08', eventID: `00000000-0000-4000-8000-${String(random(390)).padStart(12, '0')}`,
    userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::111122223333:user/u${random(5)}`, accountId: '111122223333', userName: `u${random(5)}@example.com` },
    eventTime: i % 97 === 5 ? 'unknown' : new Date(Date.UTC(2026, 2, 10, random(60), random(60), random(60))).toISOString().replace('.000', ''),
    eventSource: 'ecr.amazonaws.com', eventName: NAMES[random(NAMES.length)], awsRegion: 'eu-west-1', sourceIPAddress: `198.51.100.${random(4)}`,
    requestParameters: { repositoryName: 'a "quoted" name\n', imageScanningConfiguration: { scanOnPush: random(3) === 0 } },
    responseElements: null, recipientAccountId: '111122223333', eventType: 'AwsApiCall',
  }));
}

function real() {
  const folder = shared('cloudtrail');
  if (!folder) return [];
  const text = gunzipSync(readFileSync(`${folder}/real_unique.ndjson.gz`)).toString() + readFileSync(`${folder}/cases/put_image_scanning_cases.ndjson`, 'utf8');
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

const WAYS = [(e) => e, (e) => ({ log: JSON.stringify(e) }), (e) => ({ stream: 'stdout', message: e })];

const SHARED_MODULE = `${ROOT}target/fluent-bit/shared.wasm`;
const sets = [
  { name: 'Microsoft’s rule', file: undefined, args: ['--pack', 'ecr'] },
  ...(existsSync(SHARED_MODULE) && shared('rules') ? [{ name: 'all shared rules', file: SHARED_MODULE, args: ['--rules', shared('rules')] }] : []),
];

for (const { name, file, args } of sets) {
  test(`filter, then conclude, is scan: ${name}`, async () => {
    const random = randoms(20260312);
    const events = [...synthetic(random), ...real()];
    const ndjson = (items) => items.map((e) => `${typeof e === 'string' ? e : JSON.stringify(e)}\n`).join('');
    const whole = await forepost(['scan', '-', '--format', 'ndjson', ...args], { input: ndjson(events) });
    assert.ok(whole.stdout.length > 0, whole.stderr);
    for (const mode of ['sieve', 'filter']) {
      const hosts = [0, 1, 2].map(() => new Host(file));
      const shards = [[], [], []];
      for (const event of events) {
        const n = random(3);
        const passed = hosts[n].call(mode, JSON.stringify(WAYS[random(3)](event)));
        // The order in which machines deliver is nobody's.
        if (passed) shards[n].splice(random(shards[n].length + 1), 0, passed);
      }
      const kept = shards.flat();
      assert.ok(kept.some((r) => r.includes('"forepost":')));
      if (mode === 'sieve') assert.ok(kept.length < events.length, 'the sieve drops');
      const concluded = await forepost(['conclude', '-', '--format', 'ndjson', ...args], { input: ndjson([shards[2], shards[0], shards[1]].flat()) });
      assert.equal(concluded.stdout, whole.stdout, `${mode}: ${concluded.stderr}`);
      const says = kept.map((r) => JSON.parse(r).forepost).filter(Boolean).flatMap((f) => f.rules);
      // What a filter calls an alert is in one.
      const evidence = new Set(whole.stdout.split('\n').filter(Boolean).map((l) => JSON.parse(l)).flatMap((a) =>
        a.Evidence.flatMap((row) => row.events.map((e) => `${a.AlertType.replace(/^forepost_/, '')} ${e.eventID}`))));
      for (const record of kept.map((r) => JSON.parse(r)).filter((r) => r.forepost)) {
        const event = record.log ? JSON.parse(record.log) : record.message ?? record;
        for (const rule of record.forepost.rules.filter((r) => r.state === 'alert')) assert.ok(evidence.has(`${rule.id} ${event.eventID}`), `${rule.name} ${event.eventID}`);
      }
      console.log(`${name}, ${mode}: ${events.length} events, ${kept.length} records went on, ${says.filter((r) => r.state === 'alert').length} alerts and ` +
        `${says.filter((r) => r.state === 'candidate').length} candidates in them, ${whole.stdout.split('\n').length - 1} alerts concluded`);
    }
  });
}
