// The command, as a process: exit statuses, streams, hostile arguments and files.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { tar, zip } from '../zip.js';
import { forepost, jsonLines, PACKAGE, ruleText, s3, SAMPLE, scratch, start, switchedOff } from './support.js';

const folder = scratch('cli');
const hit = s3(switchedOff());
const RULE = ruleText('Anything by ana', `AWSCloudTrail
| where UserIdentityUserName == "ana"
| project TimeGenerated, EventName`);

before(() => {
  mkdirSync(`${folder}/logs/deep/er`, { recursive: true });
  writeFileSync(`${folder}/logs/b.json`, hit);
  writeFileSync(`${folder}/logs/deep/a.ndjson`, `${JSON.stringify(switchedOff({ eventID: '2' }))}\n`);
  writeFileSync(`${folder}/logs/deep/er/c.json.gz`, gzipSync(s3(switchedOff({ eventID: '3' }))));
  writeFileSync(`${folder}/logs/deep/er/readme.txt`, 'Logs of the team. Nothing to see.\n');
  writeFileSync(`${folder}/logs/.hidden`, hit);
  symlinkSync('..', `${folder}/logs/deep/up`);
  symlinkSync('../b.json', `${folder}/logs/deep/same.json`);
  writeFileSync(`${folder}/broken.json`, '{"Records":[{"eventName":');
  writeFileSync(`${folder}/cut.json.gz`, gzipSync(hit).subarray(0, 200));
  mkdirSync(`${folder}/rules`);
  writeFileSync(`${folder}/rules/good.yaml`, RULE);
  writeFileSync(`${folder}/bad.yaml`, RULE.replace('UserIdentityUserName', 'UserIdentityUsrName'));
  writeFileSync(`${folder}/latin1.yaml`, Buffer.from([0x6e, 0x3a, 0xe9]));
  mkdirSync(`${folder}/empty`);
});

const eventsIn = (stdout) => jsonLines(stdout).flatMap((alert) => alert.Evidence).flatMap((row) => row.events);

test('the command is executable as it is, and through the link that npm makes', () => {
  const { version, bin } = JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8'));
  const link = `${folder}/forepost`;
  symlinkSync(`${PACKAGE}${bin.forepost}`, link);
  for (const command of [`${PACKAGE}cli.js`, link]) {
    assert.equal(execFileSync(command, ['--version'], { encoding: 'utf8' }), `forepost ${version}\n`);
    const alerts = execFileSync(command, ['scan', SAMPLE, '--threads', '2', '--format', 'ndjson'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    assert.ok(jsonLines(alerts).length > 0, command);
  }
});

test('--version and help', async () => {
  const version = JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8')).version;
  assert.deepEqual(await forepost(['--version']), { status: 0, stdout: `forepost ${version}\n`, stderr: '' });
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { status, stdout } = await forepost(args);
    assert.equal(status, 0);
    assert.match(stdout, /forepost scan AWSLogs/);
  }
  assert.equal((await forepost([])).status, 2);
  for (const command of ['scan', 'conclude', 'query', 'check']) {
    const { status, stdout } = await forepost([command, '--help']);
    assert.equal(status, 0);
    assert.match(stdout, /examples\n/);
    assert.equal((await forepost(['help', command])).stdout, stdout);
  }
});

test('a wrong command line says what is meant and exits 2', async () => {
  for (const [args, said] of [
    [['scna'], /unknown command "scna"; did you mean scan\?/],
    [['--verison'], /unknown option "--verison"; did you mean --version\?/],
    [['scan', '--rulez', 'x'], /did you mean --rules\?/],
    [['scan', '--formt=ndjson', 'x'], /did you mean --format\?/],
    [['scan', '--format', 'xml', 'x'], /--format must be pretty, ndjson, json, csv, md or html, not "xml"/],
    [['scan', '--format'], /--format needs a value/],
    [['scan', '--threads', '0', 'x'], /whole number from 1/],
    [['scan', '--threads=1e3', 'x'], /whole number from 1/],
    [['scan', '--no-evidence=1', 'x'], /does not take a value/],
    [['scan', '--format', 'ndjson', '--format', 'pretty', 'x'], /only once/],
    [['query'], /needs a KQL query/],
    [['query', '--batch', 'x'], /--batch/],
    [['check'], /needs a rule file/],
    [['check', `${folder}/empty`], /no \.yaml/],
    [['help', 'constructor'], /no command or code is called "constructor"/],
    [['scan', '--constructor', 'x'], /no option "--constructor"/],
    [['scan', '--\u001b[31m'], /no option "--\\u001b/],
    [['scan', SAMPLE, '--rules', `${folder}/nowhere.yaml`], /no such file/],
    [['scan', SAMPLE, '--rules', `${folder}/empty`], /no \.yaml/],
  ]) {
    const { status, stdout, stderr } = await forepost(args);
    assert.equal(status, 2, `${args}: ${stderr}`);
    assert.equal(stdout, '');
    assert.match(stderr, said);
  }
});

test('scan reads folders in order, each file once, links that loop too', async () => {
  const { status, stdout, stderr } = await forepost(['scan', `${folder}/logs`, `${folder}/logs/b.json`, '--format', 'ndjson']);
  assert.equal(status, 0, stderr);
  assert.equal(eventsIn(stdout).length, 3);
  assert.match(stderr, /3 events in 3 files/);
  assert.match(stderr, /passed over 2 files:\n  1 × hidden \(.*\.hidden\)\n  1 × text without events \(.*readme\.txt\)/);
  assert.equal((await forepost(['scan', `${folder}/logs/.hidden`, '--format', 'ndjson'])).stdout !== '', true, 'a file named outright is read');
});

test('scan reads standard input, plain and gzip, with - and without', async () => {
  const want = (await forepost(['scan', `${folder}/logs/b.json`, '--format', 'ndjson'])).stdout;
  assert.notEqual(want, '');
  for (const args of [['scan', '-'], ['scan']]) {
    for (const input of [hit, gzipSync(hit), Buffer.concat([gzipSync(hit.slice(0, 70)), gzipSync(hit.slice(70))])]) {
      const { status, stdout } = await forepost([...args, '--format', 'ndjson'], { input });
      assert.equal(status, 0);
      assert.equal(stdout, want);
    }
  }
  const nothing = await forepost(['scan', '-'], { input: '' });
  assert.deepEqual([nothing.status, nothing.stdout], [2, '']);
  assert.match(nothing.stderr, /nothing was read/);
});

test('scan goes on past what it cannot read, says where, and exits 1', async () => {
  const paths = [`${folder}/nowhere.json`, `${folder}/broken.json`, `${folder}/cut.json.gz`, `${folder}/logs/b.json`];
  const { status, stdout, stderr } = await forepost(['scan', ...paths, '--format', 'ndjson']);
  assert.equal(status, 1);
  assert.equal(eventsIn(stdout).length >= 1, true);
  assert.match(stderr, /nowhere\.json: no such file/);
  assert.match(stderr, /broken\.json at byte \d+: /);
  assert.match(stderr, /cut\.json\.gz at byte \d+: /);
});

test('a folder or file without permission is reported', { skip: process.getuid?.() === 0 && 'root may read everything' }, async () => {
  writeFileSync(`${folder}/secret.json`, hit);
  chmodSync(`${folder}/secret.json`, 0);
  const { status, stderr } = await forepost(['scan', `${folder}/secret.json`]);
  assert.equal(status, 1);
  assert.match(stderr, /permission denied/);
});

test('scan with rules of its own; one that cannot run is left out and named, and with --strict stops it before it reads', async () => {
  const good = await forepost(['scan', `${folder}/logs/b.json`, '--rules', `${folder}/rules`, '--format', 'ndjson', '--threads', '2', '--no-evidence', '--workspace', 'w']);
  assert.equal(good.status, 0, good.stderr);
  const [alert] = jsonLines(good.stdout);
  assert.equal(alert.AlertName, 'Anything by ana');
  assert.equal('Evidence' in alert, false);
  assert.match(alert.AlertType, /^w_/);
  const mixed = ['scan', `${folder}/logs/b.json`, '--rules', `${folder}/rules`, '--rules', `${folder}/bad.yaml`];
  const without = await forepost([...mixed, '--format', 'ndjson', '--threads', '2', '--no-evidence', '--workspace', 'w']);
  assert.deepEqual([without.status, without.stdout], [1, good.stdout]);
  assert.match(without.stderr, /1 rule left out: 1 × The name 'UserIdentityUsrName' .* \(.*bad\.yaml\)/);
  const none = await forepost(['scan', `${folder}/logs/b.json`, '--rules', `${folder}/bad.yaml`]);
  assert.deepEqual([none.status, none.stdout], [2, ''], 'no rule is left that could run');
  const bad = await forepost([...mixed, '--strict']);
  assert.equal(bad.status, 2);
  assert.equal(bad.stdout, '');
  assert.match(bad.stderr, /error\[KS142\] .*bad\.yaml:14:11/);
  assert.match(bad.stderr, / {11}\^{19}( |$)/m);
});

test('nothing read is never "no alerts": it exits 2 and says what was there', async () => {
  const rules = `${folder}/rules`;
  writeFileSync(`${folder}/nothing.json`, '');
  writeFileSync(`${folder}/none.json`, '{"Records":[]}');
  for (const [path, said] of [
    [`${folder}/empty`, /0 events in 0 files/],
    [rules, /passed over 1 file: 1 × YAML \(.*good\.yaml\)/],
    [`${folder}/nowhere`, /not read: 1 input: 1 × no such file or folder/],
    [`${folder}/nothing.json`, /0 events in 1 file/],
    [`${folder}/*.json`, /the shell found nothing for the pattern/],
    ['s3://bucket/AWSLogs', /aws s3 sync/],
    ['https://example.org/logs', /download it first/],
  ]) {
    const { status, stdout, stderr } = await forepost(['scan', path]);
    assert.deepEqual([status, stdout], [2, ''], path);
    assert.match(stderr, said);
    assert.match(stderr, /nothing was read\n$/);
  }
  const none = await forepost(['scan', `${folder}/none.json`]);
  assert.equal(none.status, 0, 'a log file that holds no events was read');
  assert.match(none.stderr, /no alerts from 51 rules\n$/);
});

test('what was left out counts in the status, and is in the summary file', async () => {
  const untimed = s3(switchedOff({ eventTime: 1773396060000 }));
  const { status, stderr } = await forepost(['scan', '-', '--summary', `${folder}/summary.json`], { input: untimed });
  assert.equal(status, 1);
  assert.match(stderr, /1 event without a readable time/);
  assert.match(stderr, /no alerts in what was read\n$/);
  const summary = JSON.parse(readFileSync(`${folder}/summary.json`, 'utf8'));
  assert.deepEqual([summary.complete, summary.status, summary.events.read, summary.events.untimed, summary.rules.ran, summary.alerts.total], [false, 1, 1, 1, 51, 0]);
});

test('a call that failed shows its error first; a record of odd shapes hides no alert', async () => {
  const denied = switchedOff({ eventID: '1', errorCode: 'AccessDenied', errorMessage: 'not allowed', userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::1:assumed-role/ops/ana', accessKeyId: 'ASIAEXAMPLE', sessionContext: { sessionIssuer: { userName: 'ops' } } } });
  const odd = switchedOff({ eventID: '2', awsRegion: { toString: 0 }, sourceIPAddress: { toString: 0 }, userAgent: { a: [] }, userIdentity: { arn: { toString: 0 } } });
  const rule = `${folder}/any.yaml`;
  writeFileSync(rule, ruleText('Any', 'AWSCloudTrail\n| where EventName == "PutImageScanningConfiguration"'));
  const { status, stdout, stderr } = await forepost(['scan', '-', '--rules', rule], { input: s3(denied, odd) });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /PutImageScanningConfiguration ✗ AccessDenied repositoryName=team\/ape/);
  assert.match(stdout, /error not allowed/);
  assert.match(stdout, /role ops · key ASIAEXAMPLE · 203\.0\.113\.5/);
  assert.match(stdout, /\{"toString":0\}/);
});

test('alerts in every format; --severity and --fail-on', async () => {
  const file = `${folder}/logs/b.json`;
  const [alert] = jsonLines((await forepost(['scan', file, '--format', 'ndjson'])).stdout);
  assert.deepEqual(JSON.parse((await forepost(['scan', file, '--format', 'json'])).stdout), [alert]);
  assert.deepEqual(JSON.parse((await forepost(['scan', `${folder}/none.json`, '--format', 'json'])).stdout), []);
  const { stdout: csv } = await forepost(['scan', file, '--format', 'csv']);
  assert.equal(csv.split('\r\n').length, 3);
  assert.match(csv, /^StartTime,EndTime,AlertSeverity,AlertName,/);
  for (const format of ['md', 'html']) {
    const path = `${folder}/report.${format}`;
    const { status, stdout } = await forepost(['scan', file, '--format', format, '--output', path]);
    assert.deepEqual([status, stdout], [0, '']);
    const report = readFileSync(path, 'utf8');
    assert.match(report, /What was read/);
    assert.match(report, /team.?\/ape/);
    assert.match(report, /1 event in 1 file/);
  }
  assert.equal((await forepost(['scan', file, '--severity', 'high', '--format', 'ndjson'])).stdout, '');
  assert.equal((await forepost(['scan', file, '--fail-on', 'medium'])).status, 3);
  assert.equal((await forepost(['scan', file, '--fail-on', 'high'])).status, 0);
  assert.equal((await forepost(['scan', file, '--quiet'])).stderr, '');
});

test('no line is wider than the terminal', async () => {
  const long = switchedOff({ userAgent: 'agent '.repeat(60), errorCode: 'Denied', errorMessage: '拒否'.repeat(100), requestParameters: { repositoryName: '長'.repeat(200), imageScanningConfiguration: { scanOnPush: false } } });
  const wide = (text) => [...text].reduce((n, c) => n + (/[\u3000-\u9fff]/.test(c) ? 2 : 1), 0);
  const rule = `${folder}/wide.yaml`;
  writeFileSync(rule, ruleText('Wide', 'AWSCloudTrail\n| where EventName == "PutImageScanningConfiguration"'));
  for (const COLUMNS of ['60', '80', '120', '200']) {
    const { stdout } = await forepost(['scan', '-', '--rules', rule], { input: s3(long), env: { COLUMNS } });
    const rows = await forepost(['query', 'AWSCloudTrail', '-'], { input: s3(long), env: { COLUMNS } });
    const bad = await forepost(['query', `print x = "${'é'.repeat(300)}" | where Nope == "${'x'.repeat(300)}"`], { env: { COLUMNS } });
    for (const line of [...stdout.split('\n'), ...rows.stdout.split('\n'), ...bad.stderr.split('\n').slice(1, 2)]) assert.ok(wide(line) <= Number(COLUMNS), `${wide(line)} > ${COLUMNS}: ${line}`);
    assert.match(rows.stderr, /more columns: [^]*--format\s+line\s+shows\s+all/);
  }
});

test('hostile text in a log cannot repaint the terminal', async () => {
  const event = switchedOff({ sourceIPAddress: '\u001b]0;owned\u0007', requestParameters: { repositoryName: 'a\u202eb\u009b31m', imageScanningConfiguration: { scanOnPush: false } } });
  const { stdout, stderr } = await forepost(['scan', '-'], { input: s3(event) });
  assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  assert.match(stdout, /a\\u\{202e\}b/);
});

test('colour only where a terminal is, never with NO_COLOR', async () => {
  for (const env of [{}, { NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    const { stdout, stderr } = await forepost(['scan', SAMPLE], { env });
    assert.ok(!(stdout + stderr).includes('\u001b'));
  }
});

test('a reader that goes away early is no error', async () => {
  const child = start(['query', '--batch'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  let stderr = '';
  child.stderr.on('data', (data) => { stderr += data; });
  child.stdin.end('{"id":1,"query":"print 1"}\n'.repeat(50_000));
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [status] = await once(child, 'exit');
  assert.equal(status, 0);
  assert.equal(stderr, '');
});

test('output that cannot be written is an error', { skip: !existsSync('/dev/full') && 'no /dev/full here' }, async () => {
  const full = openSync('/dev/full', 'w');
  const child = start(['query', 'print 1'], { stdio: ['ignore', full, 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data) => { stderr += data; });
  const [status] = await once(child, 'exit');
  closeSync(full);
  assert.equal(status, 2);
  assert.match(stderr, /cannot write the output: ENOSPC/);
});

test('Ctrl-C stops reading, concludes, prints the summary and exits 130', async () => {
  const child = start(['scan', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => { stdout += data; });
  child.stderr.on('data', (data) => { stderr += data; });
  child.stdin.on('error', () => {});
  // More than a pipe holds: when it is gone, the event was read.
  await new Promise((resolve) => child.stdin.write(`${JSON.stringify(switchedOff())}\n${' '.repeat(1 << 20)}`, resolve));
  child.kill('SIGINT');
  const [status] = await once(child, 'exit');
  assert.equal(status, 130, stderr);
  assert.match(stderr, /interrupted/);
  assert.match(stderr, /1 event in 0 of 1 file/);
  assert.match(stdout, /image scanning disabled by ana/);
});

test('memory does not grow with the size of a file', async () => {
  const path = `${folder}/large.ndjson`;
  writeFileSync(path, '');
  truncateSync(path, 0);
  const filler = `${JSON.stringify(switchedOff({ eventName: 'DescribeRepositories' }))}\n`.repeat(20_000);
  for (let i = 0; i < 20; i += 1) writeFileSync(path, filler, { flag: 'a' });
  const child = start(['scan', path], { stdio: ['ignore', 'pipe', 'pipe'] });
  let peak = 0;
  const watch = setInterval(() => {
    try {
      peak = Math.max(peak, Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0));
    } catch { /* it has ended */ }
  }, 20);
  let stderr = '';
  child.stderr.on('data', (data) => { stderr += data; });
  const [status] = await once(child, 'exit');
  clearInterval(watch);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /400,000 events in 1 file/);
  truncateSync(path, 0);
  assert.ok(peak < 250_000, `${peak} kB at most, for a file of ${Math.round((filler.length * 20) / 1e6)} MB`);
});

test('query prints tables, NDJSON and CSV', async () => {
  const kql = 'print a = 9007199254740993, b = "x,\\"y", c = dynamic([1,{"k":"v"}])';
  assert.equal((await forepost(['query', kql, '--format', 'csv'])).stdout, 'a,b,c\r\n9007199254740993,"x,""y","[1,{""k"":""v""}]"\r\n');
  assert.equal((await forepost(['query', kql, '--format', 'ndjson'])).stdout, '{"a":9007199254740993,"b":"x,\\"y","c":[1,{"k":"v"}]}\n');
  const pretty = await forepost(['query', kql]);
  assert.match(pretty.stdout, /^ +a {2}b +c\n─+ {2}─+ {2}─+\n9007199254740993 {2}x,"y {2}\[1,\{"k":"v"\}\]\n$/);
  const counted = await forepost(['query', 'AWSCloudTrail | count', SAMPLE, '--format', 'csv']);
  assert.deepEqual([counted.status, counted.stdout], [0, 'Count\r\n425\r\n']);
  assert.match((await forepost(['query', 'AWSCloudTrail | count'])).stderr, /no PATH was given/);
  assert.equal((await forepost(['query', 'AWSCloudTrail | count', `${folder}/broken.json`, `${folder}/logs/b.json`])).status, 1);
  const nothing = await forepost(['query', 'AWSCloudTrail', `${folder}/empty`]);
  assert.deepEqual([nothing.status, nothing.stdout], [2, '']);
  assert.match(nothing.stderr, /nothing was read/);
});

test('query formats; a cell that a spreadsheet would run is text', async () => {
  const kql = 'print a = "=1+1", b = "\\u001b[2Jx", c = -5, d = "x\\ty|z"';
  const run = async (...args) => (await forepost(['query', kql, ...args])).stdout;
  assert.equal(await run('--format', 'csv'), "a,b,c,d\r\n'=1+1,\\u{1b}[2Jx,-5,x\ty|z\r\n");
  assert.equal(await run('--format', 'tsv'), 'a\tb\tc\td\n=1+1\t\\\\u{1b}[2Jx\t-5\tx\\ty|z\n');
  assert.equal(await run('--format', 'md'), '| a | b | c | d |\n| --- | --- | --- | --- |\n| =1+1 | \\\\u{1b}\\[2Jx | -5 | x\\\\u{9}y\\|z |\n');
  assert.deepEqual(JSON.parse(await run('--format', 'json')), [{ a: '=1+1', b: '\u001b[2Jx', c: -5, d: 'x\ty|z' }]);
  assert.match(await run('--format', 'line'), /^── row 1 ─*\na  =1\+1\n/);
  writeFileSync(`${folder}/q.kql`, 'AWSCloudTrail\n| where TimeGenerated > ago(1d)\n| count');
  const past = await forepost(['query', '--file', `${folder}/q.kql`, `${folder}/logs/b.json`, '--format', 'csv']);
  assert.equal(past.stdout, 'Count\r\n1\r\n', 'ago() counts from the end of the data');
  assert.match(past.stderr, /now\(\) is 2026-06-17 10:00:00 UTC/);
  assert.equal((await forepost(['query', '-f', `${folder}/q.kql`, `${folder}/logs/b.json`, '--format', 'csv', '--now', '2026-06-20T00:00:00Z'])).stdout, 'Count\r\n0\r\n');
  assert.match((await forepost(['query', `${folder}/logs/b.json`])).stderr, /is a file; the query comes first/);
  assert.match((await forepost(['query', '-'])).stderr, /--file FILE/);
});

test('a wrong query is shown with its place and exits 2', async () => {
  const { status, stdout, stderr } = await forepost(['query', 'print 1\n| where "𐍈" == Nme']);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /error\[KS142\] query:2:17/);
  assert.match(stderr, /\n {4}│ {16}\^\^\^ /);
});

test('query --batch answers each line, whatever the line', async () => {
  const lines = ['{"id":1,"query":"print 1+1"}', '', 'nonsense', '{"id":"b","query":"print x = 1 | where Nme == 1"}', '{"id":3}', '{"id":4,"query":"print \\"\u2028\\""}', `{"id":5,"query":"${'('.repeat(100_000)}"}`, 'x'.repeat(20 << 20), '{"id":6,"query":"print 6"}'];
  const { status, stdout } = await forepost(['query', '--batch'], { input: lines.join('\n') });
  assert.equal(status, 0);
  const answers = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.equal(answers.length, 8);
  assert.deepEqual(answers[0], { id: 1, columns: [{ name: 'print_0', type: 'long' }], rows: [[2]] });
  assert.ok(answers[1].error);
  assert.deepEqual([answers[2].id, answers[2].error.code], ['b', 'KS142']);
  assert.ok(answers[3].error);
  assert.deepEqual(answers[4].rows, [['\u2028']]);
  assert.equal(answers[5].id, 5);
  assert.ok(answers[5].error && answers[5].error.code !== 'trap');
  assert.ok(answers[6].error);
  assert.deepEqual(answers[7].rows, [[6]]);
});

test('check shows findings with their places and exits 1 if any is an error', async () => {
  const good = await forepost(['check', `${folder}/rules`]);
  assert.equal(good.status, 0, good.stdout);
  const bad = await forepost(['check', `${folder}/rules`, `${folder}/bad.yaml`, '--format', 'ndjson']);
  assert.equal(bad.status, 1);
  const finding = jsonLines(bad.stdout).find((f) => f.severity === 'error');
  assert.deepEqual([finding.file, finding.rule, finding.code, finding.line, finding.column], [`${folder}/bad.yaml`, 'Anything by ana', 'KS142', 14, 11]);
  const odd = await forepost(['check', `${folder}/latin1.yaml`, `${folder}/nowhere.yaml`]);
  assert.equal(odd.status, 2);
  assert.match(odd.stderr, /latin1\.yaml: the file is not UTF-8/);
  assert.match(odd.stderr, /nowhere\.yaml: no such file/);
});

test('rules come out of archives as out of folders; what is damaged is named', async () => {
  const folder = scratch('rule-archives');
  const own = (n) => ruleText(`Rule ${n}`, 'AWSCloudTrail');
  const files = [['pack/one.yaml', own(1)], ['pack/two.yaml', own(2)], ['pack/two.test.yaml', 'tests: []'], ['pack/.hidden.yaml', 'x'], ['pack/LICENSE', 'Text.']];
  const names = async (...args) => {
    const { status, stdout, stderr } = await forepost(['rules', '--format', 'ndjson', ...args]);
    return { status, stderr, files: jsonLines(stdout).map(({ file }) => file.replace(`${folder}/`, '')) };
  };
  for (const [name, bytes] of [['rules.zip', zip(files)], ['rules.tar', tar(files)], ['rules.tgz', gzipSync(tar(files))]]) {
    writeFileSync(`${folder}/${name}`, bytes);
    assert.deepEqual((await names(`${folder}/${name}`)).files, [`${name}/pack/one.yaml`, `${name}/pack/two.yaml`], name);
  }
  const damaged = zip(files);
  damaged[damaged.indexOf('pack/one.yaml') + 25] ^= 0xff;
  writeFileSync(`${folder}/damaged.zip`, damaged);
  const some = await names(`${folder}/damaged.zip`);
  assert.deepEqual(some.files, ['damaged.zip/pack/two.yaml']);
  assert.match(some.stderr, /damaged\.zip\/pack\/one\.yaml: .*damaged/);
  assert.equal(some.status, 1);
  writeFileSync(`${folder}/text.zip`, 'no archive');
  writeFileSync(`${folder}/logs.zip`, zip([['a.json', '{}']]));
  for (const [name, says] of [['text.zip', /no archive that Forepost reads/], ['logs.zip', /the archive has no \.yaml/]]) {
    const { status, stderr } = await names(`${folder}/${name}`);
    assert.equal(status, 2, stderr);
    assert.match(stderr, says);
  }
});

test('check in the formats of CI; two rules with one id are told', async () => {
  const paths = [`${folder}/bad.yaml`, `${folder}/rules`];
  const { stdout: annotations, status } = await forepost(['check', ...paths, '--format', 'github']);
  assert.equal(status, 1);
  assert.match(annotations, /^::error file=.*bad\.yaml,line=14,col=11,title=KS142 Anything by ana::The name 'UserIdentityUsrName'/m);
  const sarif = JSON.parse((await forepost(['check', ...paths, '--format', 'sarif'])).stdout);
  const [error] = sarif.runs[0].results.filter(({ level }) => level === 'error');
  assert.deepEqual([sarif.version, error.ruleId, error.locations[0].physicalLocation.region], ['2.1.0', 'KS142', { startLine: 14, startColumn: 11 }]);
  const junit = (await forepost(['check', ...paths, '--format', 'junit'])).stdout;
  assert.match(junit, /<testsuite name="forepost check" tests="2" failures="1" errors="0">/);
  writeFileSync(`${folder}/copy.yaml`, RULE);
  const twice = await forepost(['check', `${folder}/rules`, `${folder}/copy.yaml`, '--format', 'ndjson']);
  assert.ok(jsonLines(twice.stdout).some(({ code }) => code === 'FP230'));
  assert.equal(twice.status, 0);
  assert.equal((await forepost(['check', `${folder}/rules`, `${folder}/copy.yaml`, '--strict', '-q'])).status, 1);
});

test('rules, schema and completion', async () => {
  assert.match((await forepost(['rules'])).stdout, /Medium +AWSCloudTrail - Amazon ECR image scanning disabled +1\.00:00:00 over 1\.00:00:00/);
  const [own] = jsonLines((await forepost(['rules', `${folder}/rules`, '--format', 'ndjson'])).stdout);
  assert.equal(own.name, 'Anything by ana');
  const columns = jsonLines((await forepost(['schema', '--format', 'ndjson'])).stdout);
  assert.deepEqual(columns.find(({ column }) => column === 'SourceIpAddress').type, 'string');
  const flows = jsonLines((await forepost(['schema', 'AWSVPCFlow', '--format', 'ndjson'])).stdout);
  assert.deepEqual(flows.find(({ column }) => column === 'TimeGenerated'), { column: 'TimeGenerated', type: 'datetime', field: 'start, end', certainty: 'high' });
  for (const shell of ['bash', 'fish']) assert.match((await forepost(['completion', shell])).stdout, /AWSCloudTrail AWSCloudWatch AWSGuardDuty .* SecurityAlert/);
  assert.match((await forepost(['schema', 'AWSCloudTrial'])).stderr, /did you mean AWSCloudTrail\?/);
  for (const shell of ['bash', 'zsh', 'fish']) assert.match((await forepost(['completion', shell])).stdout, /fail-on/);
  const { stdout } = await forepost(['completion', 'bash']);
  const complete = (...words) => execFileSync('bash', ['-c', `${stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _forepost; echo "\${COMPREPLY[@]}"`, '-', ...words], { encoding: 'utf8' }).trim();
  assert.equal(complete('forepost', 'sca'), 'scan');
  assert.equal(complete('forepost', 'scan', '--fail'), '--fail-on');
  assert.equal(complete('forepost', 'scan', '--fail-on', 'm'), 'medium');
  assert.equal((await forepost(['completion', 'tcsh'])).status, 2);
});

test('a file of rules without an end is refused', { skip: !existsSync('/dev/zero') && 'no /dev/zero here' }, async () => {
  const { status, stderr } = await forepost(['check', '/dev/zero']);
  assert.equal(status, 2);
  assert.match(stderr, /larger than/);
});

test('rows are written while the input is read, and a take ends the reading', async () => {
  const lines = (from, to) => Array.from({ length: to - from }, (_, i) => `${JSON.stringify(switchedOff({ eventID: `${from + i}` }))}\n`).join('');
  const child = start(['query', 'AWSCloudTrail | project AwsEventId', '-', '--format', 'csv'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.write(lines(0, 100));
  let stdout = '';
  while (!stdout.includes('\n50\r')) stdout += (await once(child.stdout, 'data'))[0]; // and the input is still open
  child.stdout.on('data', (data) => { stdout += data; });
  child.stdin.end(lines(100, 200));
  const [status] = await once(child, 'close');
  assert.equal(status, 0);
  assert.equal(stdout, `AwsEventId\r\n${Array.from({ length: 200 }, (_, i) => `${i}\r\n`).join('')}`);

  const five = start(['query', 'AWSCloudTrail | take 5 | project AwsEventId', '-', '--format', 'ndjson'], { stdio: ['pipe', 'pipe', 'pipe'] });
  five.stdin.on('error', () => {});
  five.stdin.write(lines(0, 100)); // and never ended
  let rows = '';
  five.stdout.on('data', (data) => { rows += data; });
  assert.deepEqual(await once(five, 'exit'), [0, null]);
  assert.equal(jsonLines(rows).length, 5);
  const all = ['query', 'AWSCloudTrail | project AwsEventId', `${folder}/logs`];
  for (const format of ['csv', 'tsv', 'md', 'ndjson', 'json', 'line']) assert.equal((await forepost([...all, '--format', format])).stdout.match(/\b[123]\b/g)?.length >= 2, true, format);
});

test('what people type from habit is understood, or refused with a word of what to do', async () => {
  const log = `${folder}/logs/b.json`;
  for (const [argv, status, said] of [
    [['scan', log, '--severity', 'Medium'], 0, /1 alert/], [['scan', log, '--format', 'MD'], 0, /# Alerts/], [['-v'], 0, /^forepost \d/], [['version'], 0, /^forepost \d/], [['schema', 'awscloudtrail'], 0, /EventName/],
    [['scan', log, '--rule', ''], 2, /not an empty text/], [['pivot', '', log], 2, /empty/], [['pivot', log, 'ana'], 2, /the value comes first/],
    [['query', 'AWSCloudTrail', '| count', log], 2, /must be one argument/], [['scan', 'file:///a.json'], 2, /without file:/], [['scan', 'gs://b/a'], 2, /download it first/],
    [['scan', 'arn:aws:s3:::b/a'], 2, /download it first/], [['scan', '~/logs'], 2, /outside of quotes/], [['scan', log, '-o', `${folder}/none/x`], 2, /cannot write .*: no such file or folder\n/],
  ]) {
    const got = await forepost(argv);
    assert.equal(got.status, status, `${argv.join(' ')}: ${got.stderr}`);
    assert.match(got.stdout + got.stderr, said, argv.join(' '));
  }
});

test('alerts that --severity leaves out are no silence', async () => {
  const { status, stdout, stderr } = await forepost(['scan', `${folder}/logs/b.json`, '--severity', 'high', '--format', 'ndjson', '--summary', `${folder}/below.json`]);
  assert.deepEqual([status, stdout], [0, '']);
  assert.match(stderr, /1 alert below --severity, not shown\n$/);
  assert.doesNotMatch(stderr, /no alerts/);
  const { alerts } = JSON.parse(readFileSync(`${folder}/below.json`, 'utf8'));
  assert.deepEqual([alerts.total, alerts.belowSeverity], [0, 1]);
});
