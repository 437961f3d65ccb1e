// What the catalogue knows of a repository: its history, and what tests have tried. Its pages are tested in a browser, in tests/page.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { forepost, ROOT } from './support.js';

const ID = '7b85ba68-e7d3-4a26-bc00-dcfb8950dd9a';
let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'forepost-catalogue-'));
  mkdirSync(join(folder, 'rules'));
  for (const name of ['trail-stopped.yaml', 'trail-stopped.test.yaml']) cpSync(join(ROOT, 'rules/aws', name), join(folder, 'rules', name));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const git = (time, ...args) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false', ...args],
  { cwd: folder, env: { ...process.env, GIT_AUTHOR_DATE: time, GIT_COMMITTER_DATE: time } });
const make = (...more) => forepost(['catalogue', join(folder, 'rules'), '-o', join(folder, 'site'), '--base-url', 'https://rules.example.org/', ...more]);
const read = (path) => readFileSync(join(folder, 'site', path), 'utf8');

test('without git there is no history, and --history says so', async () => {
  const { status, stderr } = await make('--history');
  assert.equal(status, 2);
  assert.match(stderr, /git log: .*not a git repository/);
});

test('--history shows the commits of a rule with their versions, on its page and in the feed', async () => {
  git('2026-06-01T10:00:00+02:00', 'init', '-q', '-b', 'main');
  git('2026-06-01T10:00:00+02:00', 'add', '.');
  git('2026-06-01T10:00:00+02:00', 'commit', '-qm', 'the first <rule>');
  const rule = join(folder, 'rules/trail-stopped.yaml');
  writeFileSync(rule, readFileSync(rule, 'utf8').replace('version: 1.0.0', 'version: 1.1.0').replace('severity: High', 'severity: Medium'));
  git('2026-06-03T10:00:00Z', 'commit', '-qam', 'less severe');
  git('2026-06-04T10:00:00Z', 'mv', 'rules/trail-stopped.yaml', 'rules/stopped.yaml');
  git('2026-06-04T10:00:00Z', 'mv', 'rules/trail-stopped.test.yaml', 'rules/stopped.test.yaml');
  git('2026-06-04T10:00:00Z', 'commit', '-qm', 'a shorter name');
  const { status, stderr } = await make('--history', '--tests');
  assert.equal(status, 0, stderr);
  const page = read(`rules/${ID}/index.html`);
  const rows = [...page.matchAll(/<tr><td>(\d{4}-\d\d-\d\d)<\/td><td>([\d.]*)<\/td><td>(.*?) <code/g)].map((found) => found.slice(1));
  assert.deepEqual(rows, [['2026-06-04', '', 'a shorter name'], ['2026-06-03', '1.1.0', 'less severe'], ['2026-06-01', '1.0.0', 'the first &#60;rule&#62;']]);
  const feed = read('feed.xml');
  assert.deepEqual([...feed.matchAll(/<entry><id>(.*?)<\/id><title>(.*?)<\/title><updated>(.*?)<\/updated>/g)].map(([, id, title, updated]) => [id.replace(/#.*/, '#'), title, updated]), [
    [`https://rules.example.org/rules/${ID}/#`, 'AWS CloudTrail stopped or deleted', '2026-06-04T10:00:00Z'],
    [`https://rules.example.org/rules/${ID}/#`, 'AWS CloudTrail stopped or deleted 1.1.0', '2026-06-03T10:00:00Z'],
    [`https://rules.example.org/rules/${ID}/#`, 'AWS CloudTrail stopped or deleted 1.0.0', '2026-06-01T08:00:00Z'],
  ]);
  assert.match(feed, /<updated>2026-06-04T10:00:00Z<\/updated><author>/);
  assert.equal(new Set(feed.match(/<id>.*?<\/id>/g)).size, 4);
});

test('--tests shows what the tests have tried of the query', async () => {
  await make('--tests');
  assert.match(read(`rules/${ID}/index.html`), /They have tried 100 % of the query\./);
  const tests = join(folder, 'rules/stopped.test.yaml');
  const text = readFileSync(tests, 'utf8');
  writeFileSync(tests, text.replace(/\n( *)quietWhen: .*/, '\n$1expect: alert'));
  await make('--tests');
  const page = read(`rules/${ID}/index.html`);
  const [, share] = /They have tried (\d+) % of the query\. Not tried:/.exec(page);
  assert.ok(Number(share) < 100);
  assert.match(page, /<li>line \d+: isempty\(ErrorCode\) was never false<\/li>/);
  assert.equal(JSON.parse(read('rules.json'))[0].tests.coverage, Number(share));
  assert.equal(JSON.parse(read('rules.json'))[0].file, undefined, 'no path of this machine');
});
