// A scan or a query by several threads says what one thread says, to the byte; and what happens when one of them is lost.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { forepost, PACKAGE, ruleText, s3, SAMPLE, scratch, shared, start, switchedOff } from './support.js';

const folder = scratch('threads');
const logs = `${folder}/logs`;
const HOUR = 3600e3;

/** The n-th event: many names, users and hours. */
const event = (n) => switchedOff({
  eventID: `e-${n}`,
  eventTime: new Date(Date.UTC(2026, 5, 17) + (n * 7 % 96) * HOUR / 4).toISOString().replace('.000', ''),
  eventName: ['PutImageScanningConfiguration', 'DescribeRepositories', 'DeleteRepository', 'BatchGetImage'][n % 4],
  sourceIPAddress: `203.0.113.${n % 9}`,
});

const text = JSON.stringify;
const base64 = (events) => gzipSync(text({ messageType: 'DATA_MESSAGE', logEvents: events.map((e) => ({ id: '1', timestamp: 0, message: text(e) })) })).toString('base64');

/** Each form in which events come, by the end of the file's name. */
const FORMS = {
  'records.json': (events) => s3(...events),
  'pretty.json': (events) => JSON.stringify({ Records: events }, null, 2),
  'lines.ndjson': (events) => events.map(text).join('\n'),
  'array.json': (events) => text(events),
  'bridge.jsonl': (events) => events.map((e) => text({ version: '0', 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.ecr', detail: e })).join('\n'),
  'cloudwatch.json': (events) => text({ awslogs: { data: base64(events) } }),
  'lookup.json': (events) => text({ Events: events.map((e) => ({ EventId: '1', CloudTrailEvent: text(e) })) }),
  'sns.json': (events) => events.map((e) => text({ Type: 'Notification', Message: text(e) })).join('\n'),
  'sqs.json': (events) => text({ Messages: events.map((e) => ({ Body: text(e) })) }),
  'kinesis.json': (events) => text({ Records: events.map((e) => ({ kinesis: { data: Buffer.from(text(e)).toString('base64') } })) }),
  'pipeline.log': (events) => events.map((e) => text({ date: 1.5, log: text(e) })).join('\n'),
  'rows.csv': (events) => ['TimeGenerated,EventName,EventSource,SourceIpAddress', ...events.map((e) => [e.eventTime, e.eventName, e.eventSource, e.sourceIPAddress].join(','))].join('\n'),
  'one.json': (events) => text(events[0]),
};

const BROKEN = {
  'cut.json': s3(event(1), event(2)).slice(0, -90),
  'cut.json.gz': gzipSync(s3(event(3), event(4))).subarray(0, 300),
  'damaged.json.gz': Buffer.from(gzipSync(s3(event(5)))).fill(7, 120, 140),
  'picture.json': Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]),
  'empty.json': '',
  'no-events.ndjson': '{"no":"event"}\n'.repeat(1_300),
  'untimed.ndjson': `${text(event(8)).replace(/"eventTime":"[^"]*"/, '"eventTime":"soon"')}\n${text(event(12))}`,
  'deep.json': s3({ ...event(16), requestParameters: JSON.parse('['.repeat(300) + ']'.repeat(300)) }),
  'not-a-number.ndjson': text(event(20)).replace(/"eventID":"[^"]*"/, '"eventID":NaN'),
  'readme.txt': 'not a log',
};

const RULES = {
  'anything.yaml': ruleText('Every event', 'AWSCloudTrail\n| where UserIdentityUserName == "ana"\n| project TimeGenerated, EventName'),
  'window.yaml': ruleText('Many in an hour', `AWSCloudTrail
| where EventName in ("DeleteRepository", "PutImageScanningConfiguration")
| summarize n = count(), names = make_list(EventName), earliest_ = arg_min(TimeGenerated, *) by SourceIpAddress
| where n > 20`).replace('00aa', '00ab').replace('queryPeriod: 1h', 'queryPeriod: 6h'),
  'silence.yaml': ruleText('Nothing for an hour', 'AWSCloudTrail\n| where EventName == "DeleteRepository" and SourceIpAddress == "203.0.113.1"').replace('00aa', '00ac').replace('triggerOperator: gt', 'triggerOperator: eq'),
  'table.yaml': ruleText('Known addresses', 'AWSCloudTrail\n| where EventName == "DeleteRepository"\n| join kind=inner Known on SourceIpAddress').replace('00aa', '00ad'),
};

before(() => {
  for (let day = 0; day < 6; day += 1) {
    const path = `${logs}/${String(day).padStart(2, '0')}`;
    mkdirSync(path, { recursive: true });
    Object.entries(FORMS).forEach(([name, form], i) => {
      const written = form(Array.from({ length: 8 }, (_, n) => event(day * 1_000 + i * 8 + n)));
      writeFileSync(`${path}/${i}-${name}`, written);
      writeFileSync(`${path}/${i}-${name}.gz`, gzipSync(written));
    });
  }
  for (const [name, content] of Object.entries(BROKEN)) writeFileSync(`${logs}/03/${name}`, content);
  mkdirSync(`${folder}/rules`);
  for (const [name, rule] of Object.entries(RULES)) writeFileSync(`${folder}/rules/${name}`, rule);
  writeFileSync(`${folder}/known.csv`, 'SourceIpAddress,Who\n203.0.113.4,us\n');
});

/** What a command says, a scan by default, but for the seconds it took. */
async function said(args, options = {}) {
  const { status, stdout, stderr } = await forepost([options.command ?? 'scan', ...args], options);
  return { status, stdout, stderr: stderr.replace(/, \d+\.\d s, /, ', ') };
}

/** Runs it with one thread and with more, and gives what all of them said. */
async function same(args, options = {}) {
  const one = await said([...args, '--threads', '1'], options);
  for (const threads of ['2', '4']) {
    const more = await said([...args, '--threads', threads], options);
    assert.equal(more.stderr, one.stderr, `${threads} threads`);
    assert.ok(more.stdout === one.stdout, `${threads} threads give other alerts`);
    assert.equal(more.status, one.status, `${threads} threads`);
  }
  return one;
}

const OWN = () => ['--rules', `${folder}/rules`, '--table', `Known:(SourceIpAddress:string, Who:string)=${folder}/known.csv`];

test('the built-in rule, over every form and what is broken', async () => {
  const { status, stdout, stderr } = await same([logs, '--format', 'ndjson']);
  assert.equal(status, 1);
  assert.ok(stdout.length > 1000);
  for (const form of ['single events', 'JSON arrays', 'S3 log files', 'EventBridge', 'CloudWatch Logs', 'LookupEvents', 'SNS', 'SQS', 'Kinesis', 'pipeline records', 'CSV']) {
    assert.match(stderr, new RegExp(`^format: .*\\b${form} \\d`, 'm'));
  }
  assert.match(stderr, /1299 times more/);
});

test('rules over windows of many files, over every event, over nothing, over a table', async () => {
  for (const more of [['--format', 'ndjson'], ['--no-evidence', '--workspace', 'w']]) {
    const { stderr } = await same([logs, ...OWN(), ...more]);
    for (const rule of ['Every event', 'Many in an hour', 'Nothing for an hour', 'Known addresses']) assert.match(stderr, new RegExp(`^  [\\d,]+ × ${rule} `, 'm'));
  }
});

test('a query, over every form and what is broken', async () => {
  for (const [query, ...more] of [
    ['AWSCloudTrail | summarize count(), sum(0.1), make_set(SourceIpAddress) by EventName'],
    ['AWSCloudTrail | where EventName == "DeleteRepository" | project TimeGenerated, RequestParameters, SourceIpAddress', '--format', 'csv'],
    ['AWSCloudTrail | sort by TimeGenerated desc, AwsEventId asc | take 40', '--format', 'ndjson'],
    ['AWSCloudTrail | take 7', '--format', 'json'],
    ['AWSCloudTrail | extend r = tostring(parse_json(RequestParameters)) | top 5 by r'],
    ['AWSCloudTrail | join kind=leftouter Known on SourceIpAddress | summarize count() by Who', '--table', `Known:(SourceIpAddress:string, Who:string)=${folder}/known.csv`],
    ['AWSCloudTrail | where TimeGenerated > ago(1d) | count'],
  ]) {
    const { status, stdout } = await same([query, logs, ...more], { command: 'query' });
    assert.ok(stdout.length > 10, query);
    assert.equal(status, query.includes('take 7') ? 0 : 1, query);
  }
});

test('nothing is found', async () => {
  const { status, stdout, stderr } = await same([`${logs}/00/3-array.json`, `${logs}/00/2-lines.ndjson`, '--rules', `${folder}/rules/window.yaml`]);
  assert.deepEqual([status, stdout], [0, '']);
  assert.match(stderr, /no alerts/);
});

test('standard input and files, a file twice, one that is not there', async () => {
  const paths = [`${logs}/00`, '-', `${logs}/00`, `${folder}/nowhere.json`, `${logs}/01`];
  const { status, stderr } = await same([...paths, '--format', 'ndjson'], { input: s3(event(0), event(4)) });
  assert.equal(status, 1);
  assert.match(stderr, /nowhere\.json: no such file/);
});

test('files of more than one chunk, with so much to hand over that the threads are given up', async () => {
  const lines = Array.from({ length: 6_000 }, (_, n) => text(event(n))).join('\n');
  writeFileSync(`${folder}/large.ndjson`, `${lines}\n{"no":1}\n${lines}\n`);
  writeFileSync(`${folder}/large.ndjson.gz`, gzipSync(`${lines}\n${'{"no":1}\n'.repeat(3_000)}${lines}`));
  await same([`${folder}/large.ndjson`, `${folder}/large.ndjson.gz`, logs, '--rules', `${folder}/rules/anything.yaml`, '--format', 'ndjson']);
});

/** A file of 45 MB, which is read in three parts, where one line in so many is another. */
function largeFile(name, every, other) {
  const path = `${folder}/${name}`;
  const lines = Array.from({ length: 1_000 }, (_, n) => `${(n + 1) % every === 0 ? other(n) : text(event(n))}\n`).join('');
  writeFileSync(path, lines.repeat(Math.ceil(45e6 / lines.length)));
  return path;
}

const untimed = (n) => text(event(n)).replace(/"eventTime":"[^"]*"/, '"eventTime":"soon"');

test('a large file of lines is read in parts', async () => {
  const count = 'AWSCloudTrail | summarize n = count(), dcount(AwsEventId), max(TimeGenerated), make_set(SourceIpAddress) by EventName';
  const pretty = JSON.stringify({ Records: Array.from({ length: 30 }, (_, n) => event(n)) }, null, 1).replaceAll(/^ +/gm, '');
  const plain = largeFile('plain.ndjson', 2_000, () => '');
  const files = [
    [plain, 0],
    [largeFile('untimed.ndjson', 10, untimed), 1],
    [largeFile('broken.ndjson', 500, (n) => text(event(n)).replace(',', '')), 1],
    [largeFile('foreign.ndjson', 100, () => '{"no":"event"}'), 1],
    [largeFile('pretty.ndjson', 200, () => pretty), 0],
  ];
  for (const [file, status] of files) {
    const { status: is, stdout, stderr } = await same([count, file, '--format', 'csv'], { command: 'query' });
    assert.equal(is, status, stderr);
    assert.ok(stdout.length > 100);
  }
  const [, [untimedFile]] = files;
  await same([untimedFile, '--rules', `${folder}/rules/window.yaml`, '--rules', `${folder}/rules/silence.yaml`, '--format', 'ndjson']);
  for (const query of [
    'AWSCloudTrail | summarize sum(strlen(AwsEventId) * 0.1) by EventName', // depends on the order of all rows
    'AWSCloudTrail | where EventName == "DeleteRepository" | project TimeGenerated, SourceIpAddress',
    'AWSCloudTrail',                                                         // hands over so much that the threads are given up
    'AWSCloudTrail | where AwsEventId == "e-999" | take 3 | project AwsEventId',
  ]) {
    const { stdout } = await same([query, untimedFile, plain, '--format', 'csv'], { command: 'query' });
    assert.ok(stdout.length > 20, query);
  }
  files.forEach(([file]) => writeFileSync(file, ''));
});

test('a thread that is lost in a part costs the rest of its file, and the answer is over what is said to be read', async () => {
  const file = largeFile('lost.ndjson', 10, untimed);
  const die = preload('dies', `
    const { readSync } = fs;
    fs.readSync = (file, room, from, length, at, ...rest) => { if (!isMainThread && at > 20 << 20) { process.exit(3); } return readSync(file, room, from, length, at, ...rest); };`);
  const { status, stdout, stderr } = await said(['AWSCloudTrail | count', file, '--threads', '2', '--format', 'csv'], { ...die, command: 'query' });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^cannot read .*lost\.ndjson: a reading thread failed/m);
  assert.match(stderr, /lost\.ndjson: [\d,]+ more events have no readable time/, 'of its file, and not of the next');
  const counted = Number(stdout.split('\n')[1]);
  assert.ok(counted > 10_000);
  const { stdout: whole } = await said(['AWSCloudTrail | count', file, '--threads', '1', '--format', 'csv'], { command: 'query' });
  assert.ok(counted < Number(whole.split('\n')[1]));
});

test('the shared rules over the shared logs', { skip: !shared('cloudtrail/real') && 'shared is not here' }, async () => {
  const loadable = await forepost(['check', shared('rules'), '--format', 'ndjson']);
  assert.doesNotMatch(loadable.stdout, /"severity":"error"/);
  const { stderr } = await same([shared('cloudtrail/real'), logs, '--rules', shared('rules'), '--format', 'ndjson']);
  assert.match(stderr, /\d+ rules/);
  await same([shared('cloudtrail/real')]);
});

test('a file that may not be read', { skip: process.getuid?.() === 0 && 'root may read everything' }, async () => {
  writeFileSync(`${folder}/secret.json`, s3(event(0)));
  chmodSync(`${folder}/secret.json`, 0);
  const { status, stderr } = await same([`${logs}/00`, `${folder}/secret.json`, `${logs}/01`]);
  assert.equal(status, 1);
  assert.match(stderr, /permission denied/);
});

/** Runs code in the command before its own, in all its threads. */
function preload(name, code) {
  const path = `${folder}/${name}.mjs`;
  writeFileSync(path, `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module'; import { isMainThread } from 'node:worker_threads';\n${code}\nsyncBuiltinESMExports();`);
  return { env: { NODE_OPTIONS: `--import=${path} ${process.env.NODE_OPTIONS ?? ''}` } };
}

test('a file that vanishes after it was listed', async () => {
  const vanish = preload('vanish', `
    const { realpathSync } = fs;
    fs.realpathSync = (path) => { const real = realpathSync(path); if (path.endsWith('vanishes.json')) { fs.unlinkSync(path); } return real; };
    if (isMainThread) fs.writeFileSync(${text(`${folder}/vanishes.json`)}, '{"Records":[]}');`);
  const { status, stderr } = await same([`${logs}/00`, `${folder}/vanishes.json`, `${logs}/01`, '--format', 'ndjson'], vanish);
  assert.equal(status, 1);
  assert.match(stderr, /vanishes\.json: no such file/);
  assert.match(stderr, /not read: 1 input: 1 × no such file or folder/);
});

for (const [how, code, why] of [
  ['exits', 'process.exit(3)', /it ended with status 3/],
  ['runs out of memory', 'for (const all = []; ;) all.push(new Array(1e5).fill(all))', /reaching memory limit/],
  ['traps', `new Uint8Array(engine.initSync().memory.buffer).fill(255)`, /the engine failed: .* Please report this/s],
]) {
  test(`a thread that ${how} costs its file and nothing else`, async () => {
    const poison = preload(how.replaceAll(' ', '-'), `
      const engine = await import(${text(`${PACKAGE}engine.js`)});
      const { openSync } = fs;
      fs.openSync = (path, ...rest) => { if (!isMainThread && String(path).endsWith('poison.json')) { ${code}; } return openSync(path, ...rest); };`);
    poison.env.NODE_OPTIONS += ' --max-old-space-size=120';
    writeFileSync(`${folder}/poison.json`, s3(event(0)));
    const rest = [`${logs}/02`, `${logs}/03`, '--format', 'ndjson'];
    const want = await said([`${logs}/00`, `${logs}/01`, ...rest]);
    for (const threads of ['2', '4']) {
      const { status, stdout, stderr } = await said([`${logs}/00`, `${logs}/01`, `${folder}/poison.json`, ...rest, '--threads', threads], poison);
      assert.equal(status, 1, stderr);
      assert.ok(stdout === want.stdout, 'the alerts of all other files');
      assert.match(stderr, /^cannot read .*poison\.json: a reading thread failed/m);
      assert.match(stderr, /^not read: 1 input: 1 × a reading thread failed/m);
      assert.match(stderr, why);
    }
  });
}

test('threads that cannot start leave the reading to the first', async () => {
  const broken = preload('no-threads', 'if (!isMainThread) process.exit(1);');
  const want = await said([logs, '--threads', '1']);
  assert.deepEqual(await said([logs, '--threads', '3'], broken), want);
});

/** Starts a scan that waits for its standard input, where that stands among `args`. */
function waiting(args) {
  const told = { child: start(['scan', ...args], { stdio: ['pipe', 'pipe', 'pipe'] }), stdout: '', stderr: '' };
  told.child.stdout.on('data', (data) => { told.stdout += data; });
  told.child.stderr.on('data', (data) => { told.stderr += data; });
  return told;
}

test('a named pipe is read in its turn', { skip: process.platform === 'win32' && 'no named pipes here' }, async () => {
  const pipe = `${folder}/pipe`;
  execFileSync('mkfifo', [pipe]);
  const scan = said([`${logs}/00`, pipe, `${logs}/01`, '--format', 'ndjson', '--threads', '2']);
  await writeFile(pipe, s3(event(40))); // waits until it is read
  writeFileSync(`${folder}/as-file.json`, s3(event(40)));
  assert.deepEqual(await scan, await said([`${logs}/00`, `${folder}/as-file.json`, `${logs}/01`, '--format', 'ndjson', '--threads', '1']));
});

test('Ctrl-C ends the threads too, and concludes over what was taken', async () => {
  const told = waiting([`${logs}/00/0-records.json`, '-', `${logs}/01`, `${logs}/02`, '--threads', '4']);
  // More than a pipe holds: when it is gone, the file before was taken.
  await new Promise((resolve) => told.child.stdin.write(' '.repeat(1 << 20), resolve));
  told.child.kill('SIGINT');
  const [status] = await once(told.child, 'close');
  assert.equal(status, 130, told.stderr);
  assert.match(told.stderr, /^8 events in 1 of \d+ files/m);
  assert.match(told.stdout, /image scanning disabled/);
});

test('threads that are ahead wait before they fill the memory', { skip: !existsSync('/proc/self/status') && 'no /proc here' }, async () => {
  const lines = `${Array.from({ length: 20_000 }, (_, n) => text(event(n))).join('\n')}\n`;
  const files = ['a', 'b'].map((name) => `${folder}/ahead-${name}.ndjson`);
  for (const file of files) for (let i = 0; i < 10; i += 1) writeFileSync(file, lines, { flag: 'a' });
  const told = waiting(['-', ...files, '--rules', `${folder}/rules/anything.yaml`, '--threads', '2']);
  let peak = 0;
  for (let i = 0; i < 30; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    peak = Math.max(peak, Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${told.child.pid}/status`, 'utf8'))[1]));
  }
  told.child.kill('SIGINT');
  const [status] = await once(told.child, 'close');
  files.forEach((file) => writeFileSync(file, ''));
  assert.equal(status, 130, told.stderr);
  assert.ok(peak < 350_000, `${peak} kB, with ${Math.round((lines.length * 20) / 1e6)} MB to hand over`);
});

test('the sample, as it is called without options', async () => {
  const { stdout, stderr } = await said([SAMPLE]);
  assert.deepEqual({ stdout, stderr }, (({ stdout: a, stderr: b }) => ({ stdout: a, stderr: b }))(await said([SAMPLE, '--threads', '1'])));
});
