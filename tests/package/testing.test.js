// `forepost test` and `forepost/testing`: X.test.yaml beside X.yaml.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { runTests, testCases, TestFailure } from '../../dist/npm/testing.js';
import { mutantsOf } from '../../js/testing/mutants.js';
import { beyondJunit, forepost, jsonLines, PACKAGE, ROOT, ruleText, s3, SAMPLE, scratch, shared } from './support.js';

const QUERY = 'AWSCloudTrail\n| where EventName == "Denied"\n| where isempty(ErrorCode)\n| summarize Count = count() by UserIdentityUserName\n| where Count > 2';
const RULE = ruleText('Denied often', QUERY);
const EVENTS = "events:\n  denied: {eventName: Denied, eventSource: x, userIdentity: {userName: ana}}\n";

/** A folder with one rule and its tests; `tests` is YAML below `tests:`. */
function folder(name, tests, { rule = RULE, head = EVENTS, more = {} } = {}) {
  const path = scratch(`testing-${name}`);
  writeFileSync(join(path, 'rule.yaml'), rule);
  writeFileSync(join(path, 'rule.test.yaml'), `${head}tests:\n${tests}`);
  for (const [file, text] of Object.entries(more)) writeFileSync(join(path, file), text);
  return path;
}

const run = (...given) => runTests(folder(...given));
const messages = (results) => results.flatMap(({ failures }) => failures.map(({ message }) => message));

test('the built-in rule passes its tests, each way they are run', async () => {
  const { status, stdout, stderr } = await forepost(['test', `${ROOT}rules`, '--min-tests', '2', '--format', 'ndjson']);
  assert.equal(status, 0, stderr);
  const names = jsonLines(stdout).map(({ name }) => name);
  assert.ok(names.length > 5);
  assert.deepEqual(testCases(`${ROOT}rules`).map(({ name }) => name), names);
  for (const { run: runs } of testCases(`${ROOT}rules`)) runs();
  assert.equal(createRequire(import.meta.url)(`${PACKAGE}testing.cjs`).runTests(`${ROOT}rules`).length, names.length);
});

test('the types declare exactly what forepost/testing exports', async () => {
  const declared = [...readFileSync(`${PACKAGE}testing.d.ts`, 'utf8').matchAll(/^export (?:const|function) (\w+)/gm)].map((m) => m[1]);
  assert.deepEqual(declared.sort(), Object.keys(await import('../../dist/npm/testing.js')).sort());
});

test('repeat, every and at place events in time; rows and counts are compared', () => {
  const results = run('times', `
- {name: three in a minute, given: {event: denied, repeat: 3, every: 20s}, expect: {alerts: 1, rows: [{Count: 3, UserIdentityUserName: ana}]}}
- {name: two are not enough, given: {event: denied, repeat: 2}, expect: none}
- {name: three over two windows, given: {event: denied, repeat: 3, every: 50m}, expect: none}
- {name: a single one apart, given: [{event: denied, repeat: 2}, {event: denied, at: +30m}], expect: {alerts: 1, alert: {start: +0s, end: +30m}}}
- {name: all columns, given: {event: denied, repeat: 4}, expect: {rowsExactly: [{UserIdentityUserName: ana, Count: 4}]}}
`);
  assert.deepEqual(messages(results), []);
  assert.equal(results.length, 5);
});

test('each entry of quietWhen is a case; one that changes nothing of importance fails', () => {
  const results = run('quiet', `
- name: often
  given: {event: denied, repeat: 3}
  expect: alert
  quietWhen:
  - set: {errorCode: AccessDenied}
  - repeat: 2
  - set: {awsRegion: eu-west-1}
- name: never
  given: denied
  quietWhen: [{set: {errorCode: x}}]
`);
  assert.deepEqual(results.map(({ status }) => status), ['passed', 'passed', 'passed', 'failed', 'failed']);
  assert.match(results[3].failures[0].message, /^expected no alert, got 1\n/);
  assert.match(results[4].failures[0].message, /^proves nothing: /);
  assert.equal(results[3].name, 'often: awsRegion = eu-west-1');
});

test('a difference names what was expected, what came, and its line', () => {
  const results = run('differences', `
- name: a
  given: {event: denied, repeat: 3}
  expect:
    alerts: 2
    alert:
      severity: High
      name: {matches: '^Denied'}
      details: {x: y}
    rows: [{Count: 4}]
- {name: b, given: denied, expect: alert}
- {name: c, given: {event: denied, set: {errorCode: No}}, expect: alert}
`);
  const [alerts, severity, details, rows, b, c] = messages(results);
  assert.equal(alerts, 'expected 2 alerts, got 1');
  assert.equal(severity, 'severity: expected "High", got "Low"');
  assert.equal(details, 'details: x: expected "y", got nothing');
  assert.match(rows, /^no row \{"Count":4\}; in the nearest, Count: expected 4, got 3$/);
  assert.match(b, /^expected an alert, got none\nDenied: /);
  assert.match(c, /ended at isempty\(ErrorCode\), where ErrorCode is "No"/);
  assert.deepEqual(results[0].failures.map(({ line }) => line), [8, 10, 12, 13]);
});

test('each error of a test file has its place', () => {
  const wrong = {
    'nme: x': [/unknown key "nme"; did you mean name\?/, 4],
    'name: x, given: deniedd, expect: alert': [/there is no event "deniedd"; did you mean denied\?/, 4],
    'name: x, given: denied, expect: alrt': [/did you mean alert\?/, 4],
    'name: x, given: denied': [/the test expects nothing/, 4],
    'name: x, given: {event: denied, at: soon}, expect: none': [/at is "soon", which has not the form of \+10m/, 4],
    'name: x, given: {event: denied, repeat: 0}, expect: none': [/repeat must be from 1/, 4],
    'name: x, given: {event: {eventNaem: x}}, expect: none': [/no eventNaem; did you mean eventName\?/, 4],
    'name: x, given: {event: denied, set: {userIdentty.userName: x}}, expect: none': [/userIdentty is not in the event; did you mean userIdentity\?/, 4],
    'name: x, given: {event: denied, set: {errrorCode: x}}, expect: none': [/no errrorCode; did you mean errorCode\?/, 4],
    'name: x, given: {event: denied, remove: [awsRegion]}, expect: none': [/awsRegion is not in the event/, 4],
    'name: x, given: {event: {recipientAccountId: 012345678901}}, expect: none': [/write '012345678901'/, 4],
    'name: x, given: {event: {eventName: x}}, expect: none': [/an event without eventSource is no CloudTrail event/, 4],
    'name: x, given: {event: {from: none.json}}, expect: none': [/cannot read none.json: no such file/, 4],
    'name: x, given: {event: denied, tables: {}}, expect: none': [/unknown key "tables"/, 4],
    'name: x, name: y, given: denied, expect: none': [/Map keys must be unique/, 4],
  };
  for (const [text, [message, line]] of Object.entries(wrong)) {
    const [result] = run('wrong', `- {${text}}\n`);
    assert.equal(result.status, 'error', text);
    assert.match(result.failures[0].message, message);
    assert.equal(result.failures[0].line, line, text);
  }
  const [two] = run('wrong', '- {name: x, given: denied, expect: none}\n- {name: x, given: denied, expect: none}\n');
  assert.match(two.failures[0].message, /two tests with the name "x"/);
});

test('hostile test files end with an error', () => {
  const bombs = ['', '[', '- 1', 'null', 'a: *a', 'tests: !!js/function x', '\u0000', `tests: ${'['.repeat(5000)}`,
    `a: &a [1,1,1,1,1,1,1,1,1,1]\n${'bcdefgh'.replace(/./g, (c) => `${c}: &${c} [${`*${String.fromCharCode(c.charCodeAt(0) - 1)},`.repeat(10)}]\n`)}tests: *h`,
    'events: {__proto__: {polluted: yes}}\ntests: [{name: x, given: __proto__, expect: alert}]'];
  const path = folder('hostile', '');
  for (const bomb of bombs) {
    writeFileSync(join(path, 'rule.test.yaml'), bomb);
    const [result] = runTests(path);
    assert.notEqual(result.status, 'passed', bomb.slice(0, 50));
  }
  assert.equal({}.polluted, undefined);
});

test('tables, events of files, periods without events', () => {
  const rule = ruleText('By a list', 'AWSCloudTrail\n| where EventName == "Denied"\n| where UserIdentityUserName !in (Allowed | project User)');
  const results = run('tables', `
- {name: not on the list, given: denied, expect: alert, quietWhen: [{tables: {Allowed: {columns: {User: string}, rows: [[ana], {User: bo}]}}}]}
- {name: from a file, given: {event: {from: 'log.json#2'}}, expect: {rows: [{UserIdentityUserName: eve}]}}
`, { rule, head: `tables: {Allowed: {columns: {User: string}, rows: [[bo]]}}\n${EVENTS}`, more: { 'log.json': JSON.stringify({ Records: [{ eventID: '1' }, { eventID: '2', eventName: 'Denied', eventSource: 'x', userIdentity: { userName: 'eve' } }] }) } });
  assert.deepEqual(messages(results), []);
  assert.equal(results.length, 3);
  const nothing = ruleText('Nothing happened', 'AWSCloudTrail\n| where EventName == "Backup"').replace('gt', 'eq');
  assert.deepEqual(messages(run('period', `
- {name: three hours without, given: [], period: {from: +0s, to: +2h59m}, expect: {alerts: 3}}
- {name: one in the second hour, given: {event: {eventName: Backup, eventSource: x}, at: +1h10m}, period: {from: +0s, to: +2h59m}, expect: {alerts: 2}}
`, { rule: nothing })), []);
});

test('a failure says where events ended, also of a rule that reads a table', () => {
  const rule = ruleText('Not allowed', 'let Allowed = _GetWatchlist("Allowed");\nAWSCloudTrail\n| where EventName == "Denied"\n| where UserIdentityUserName !in ((Allowed | project User))');
  const results = run('table-why', '- {name: somebody else, given: denied, expect: alert}\n', { rule, head: `tables: {Allowed: {columns: {User: string}, rows: [[ana]]}}\n${EVENTS}` });
  assert.match(messages(results)[0], /Denied: ended at UserIdentityUserName !in .*, where UserIdentityUserName is "ana"/s);
});

test('a rule that cannot run, or fails as it runs, is an error and never quiet', async () => {
  const [missing] = run('fails', '- {name: x, given: denied, expect: none}\n', { rule: ruleText('x', 'AWSCloudTrail | where Foo == 1') });
  assert.equal(missing.status, 'error');
  assert.match(missing.failures[0].message, /the rule cannot run: .*Foo/);
  const path = folder('no-rule', '- {name: x, given: denied, expect: none}\n');
  writeFileSync(join(path, 'other.test.yaml'), 'tests: [{name: x, given: [], expect: none}]');
  const { status, stdout } = await forepost(['test', path]);
  assert.equal(status, 2);
  assert.match(stdout, /there is no rule .*other\.yaml/);
});

test('alsoQuiet: no other rule of the folder alerts', () => {
  const more = { 'loud.yaml': ruleText('Loud', 'AWSCloudTrail').replace('00aa', '00ab'), 'still.yaml': ruleText('Still', 'AWSCloudTrail | where EventName == "x"').replace('00aa', '00ac') };
  const results = run('others', '- {name: a, given: denied, alsoQuiet: all}\n- {name: b, given: denied, alsoQuiet: [still.yaml]}\n', { more });
  assert.deepEqual(results.map(({ status }) => status), ['failed', 'passed']);
  assert.match(results[0].failures[0].message, /loud\.yaml alerts too: Loud/);
});

test('defaults are the fields of events that do not have them', () => {
  assert.deepEqual(messages(run('defaults', '- {name: a, given: {event: bo, repeat: 3}, expect: {rows: [{UserIdentityUserName: bo}]}}\n- {name: b, given: {event: {errorCode: ""}, repeat: 3}, expect: {rows: [{UserIdentityUserName: ana}]}}\n', {
    head: 'defaults: {eventName: Denied, eventSource: x, userIdentity: {userName: ana}}\nevents: {bo: {userIdentity: {userName: bo}}}\n',
  })), []);
});

test('every shared rule alerts and stays quiet as its test file says', shared('rules') ? {} : { skip: 'shared/rules is not here' }, () => {
  const results = runTests(`${ROOT}tests/rules`, { rules: shared('rules') });
  assert.deepEqual(results.filter(({ status }) => status !== 'passed').map(({ file, failures }) => [file, failures]), []);
  const tested = new Set(results.map(({ file }) => basename(file).replace('.test', '')));
  assert.deepEqual(readdirSync(shared('rules')).filter((name) => name.endsWith('.yaml') && !tested.has(name)), [], 'rules without tests');
  for (const file of new Set(results.map((result) => result.file))) {
    const own = results.filter((result) => result.file === file);
    assert.ok(own.some(({ alerts }) => alerts.length > 0) && own.some(({ alerts }) => alerts.length === 0), `${file} has an alert and a quiet test`);
  }
});

test('mutation: what tests notice, and what they do not', async () => {
  const weak = '- {name: x, given: {event: denied, repeat: 3}, expect: alert}\n';
  const strong = `${weak}- {name: y, given: {event: denied, repeat: 2}, expect: none}
- {name: z, given: {event: denied, repeat: 3}, expect: {rowsExactly: [{Count: 3, UserIdentityUserName: ana}]}, quietWhen: [{set: {errorCode: x}}, {set: {eventName: y}}]}
- {name: over two windows, given: {event: denied, repeat: 6, every: 20m}, expect: {alerts: 2}}
- {name: over half a window, given: {event: denied, repeat: 3, every: 25m}, expect: {alerts: 1}}
`;
  const mutationOf = async (tests, ...options) => {
    const { status, stdout } = await forepost(['test', folder('mutation', tests), '--format', 'ndjson', '--mutate', ...options]);
    return { status, ...jsonLines(stdout).find(({ mutation }) => mutation)?.mutation };
  };
  const few = await mutationOf(weak);
  const many = await mutationOf(strong, '--min-score', '100');
  assert.equal(few.mutants, many.mutants);
  assert.ok(few.noticed < many.noticed);
  assert.ok(few.survivors.some(({ what, line, hint }) => what === 'without | where isempty(ErrorCode)' && line === 15 && /quiet test/.test(hint)), JSON.stringify(few.survivors));
  assert.deepEqual([many.survivors, many.status], [[], 0]);
  assert.equal((await mutationOf(weak, '--min-score', '100')).status, 1);
  const cut = await mutationOf(weak, '--mutants', '5');
  assert.ok(cut.mutants <= 5 && cut.leftOut > 0);
  const failing = await forepost(['test', folder('mutation', '- {name: x, given: denied, expect: alert}\n'), '--mutate']);
  assert.equal(failing.status, 1);
  assert.match(failing.stdout, /not mutated, for a test fails/);
});

test('--coverage: which stages, operands and branches the tests have tried', async () => {
  const weak = '- {name: x, given: {event: denied, repeat: 3}, expect: alert}\n';
  const rule = ruleText('Denied', 'AWSCloudTrail\n| where EventName == "Denied" and isempty(ErrorCode)\n| extend Who = iff(isempty(UserIdentityUserName), "nobody", UserIdentityUserName)');
  const at = (tests) => folder('coverage', tests, { rule });
  const lcov = join(scratch('testing-lcov'), 'lcov.info');
  const few = await forepost(['test', at(weak), '--coverage', '--lcov', lcov]);
  assert.equal(few.status, 0, few.stderr);
  assert.match(few.stdout, /coverage \d+ of \d+ \(\d+ %\)\n/);
  assert.match(few.stdout, /◐ +14 │ +\| where EventName == "Denied" and isempty\(ErrorCode\)\n +where .* rejected nothing\n +EventName == "Denied" was never false\n +isempty\(ErrorCode\) was never false\n/);
  assert.match(few.stdout, /"nobody" of iff was never taken/);
  assert.match(few.stdout, /no run stayed quiet/);
  const text = readFileSync(lcov, 'utf8');
  assert.match(text, /^SF:.*rule\.yaml\n(?:BRDA:\d+,\d+,\d+,\d+\n)+BRF:\d+\nBRH:\d+\n(?:DA:\d+,\d+\n)+LF:\d+\nLH:\d+\nend_of_record\n$/);
  const whole = `${weak}- {name: y, given: {event: denied, set: {userIdentity.userName: ''}}, expect: alert, quietWhen: [{set: {errorCode: x}}, {set: {eventName: y}}]}\n`;
  const { stdout } = await forepost(['test', at(whole), '--format', 'ndjson', '--min-coverage', '100']);
  const { coverage } = jsonLines(stdout).find((line) => line.coverage);
  assert.deepEqual([coverage.met, coverage.failed, coverage.cut], [coverage.total, [], []]);
  assert.equal((await forepost(['test', at(weak), '--min-coverage', '100'])).status, 1);
});

test('each kind of mutant is made, and those of strings and comments are not', () => {
  const query = 'let n = 5;\nAWSCloudTrail // and == 1\n| where a == "x and y" and b != 3 or isempty(c) and not(d has "e")\n| where f in ("g") and h !in~ ("i") and ago(2h) < T and k == true\n| summarize count() by l';
  const made = mutantsOf(ruleText('x', query)).map(({ what }) => what);
  for (const what of ['5 → 6', '5 → 4', '== → !=', 'and → or', 'or → and', '!= → ==', '3 → 2', 'isempty → isnotempty', 'has → contains', '"e" → another text', '"x and y" → another text',
    'in → !in', '!in~ → in~', '2h → 1h', '2h → 4h', '< → <=', 'true → false', 'without a == "x and y" and', 'without and b != 3', 'without or isempty(c) and not(d has "e")',
    'without | summarize count() by l', 'without | where f in ("g") and h !in~ ("i") and ago(2h) < T and k == true', 'not(f in ("g") and h !in~ ("i") and ago(2h) < T and k == true)',
    'triggerThreshold: 0 → 1', 'queryFrequency: 1h → 30m', 'queryPeriod: 1h → 30m']) assert.ok(made.includes(what), `${what} is not among ${made.join(' | ')}`);
  assert.ok(!made.some((what) => what.includes('== 1')));
});

test('formats, exit statuses and options of the command', async () => {
  const path = folder('command', `
- {name: 'good & <fine>', given: {event: denied, repeat: 3}, expect: alert}
- {name: "bad # one", given: denied, expect: alert}
- {name: also bad, given: denied, expect: alert}
`);
  const pretty = await forepost(['test', path]);
  assert.equal(pretty.status, 1);
  assert.match(pretty.stdout, /✗ bad # one .*rule\.test\.yaml:6\n +expected an alert, got none/);
  assert.match(pretty.stderr, /^3 tests in 1 file: 1 passed, 2 failed/m);
  const tap = await forepost(['test', path, '--format', 'tap']);
  assert.match(tap.stdout, /^TAP version 14\n1\.\.3\nok 1 - .*: good & <fine>\nnot ok 2 - .*: bad \\# one\n {2}---\n/);
  const github = await forepost(['test', path, '--format', 'github']);
  assert.match(github.stdout, /^::error file=.*rule\.test\.yaml,line=6,col=\d+,title=test failed%3A bad # one::expected an alert, got none%0A/);
  const junitFile = join(path, 'junit.xml');
  const junit = await forepost(['test', path, '--format', 'junit', '--junit', junitFile]);
  assert.equal(junit.stdout.replace(/time="[^"]*"/g, ''), readFileSync(junitFile, 'utf8').replace(/time="[^"]*"/g, ''));
  assert.match(junit.stdout, /<testsuites name="forepost" tests="3" failures="2" errors="0"/);
  assert.deepEqual(beyondJunit(junit.stdout), []);
  assert.match(junit.stdout, /name="good &#38; &#60;fine&#62;"/);
  const bail = await forepost(['test', path, '--bail', '--format', 'ndjson']);
  assert.equal(jsonLines(bail.stdout).length, 2);
  assert.equal((await forepost(['test', path, '--filter', 'GOOD'])).status, 0);
  assert.equal((await forepost(['test', path, '--filter', 'severity=low', '--filter', 'good'])).status, 0);
  assert.equal((await forepost(['test', path, '--filter', 'severity=high'])).status, 2);
  assert.equal((await forepost(['test', path, '--min-tests', '2', '--filter', 'good'])).status, 1, 'no test that is quiet');
  writeFileSync(join(path, 'untested.yaml'), RULE);
  const lacking = await forepost(['test', path, '--require', '--filter', 'good']);
  assert.equal(lacking.status, 1);
  assert.match(lacking.stderr, /untested\.yaml has none/);
  mkdirSync(join(path, 'empty'));
  assert.equal((await forepost(['test', join(path, 'empty')])).status, 2);
});

test('test files are left out wherever rules are searched', async () => {
  const path = folder('left-out', '- {name: x, given: {event: denied, repeat: 3}, expect: alert}\n');
  const check = await forepost(['check', path]);
  assert.match(check.stderr, /^1 file: /m);
  const scan = await forepost(['scan', '-', '--rules', path, '--format', 'ndjson'], { input: '{"eventName":"x","eventSource":"x","eventTime":"2026-01-01T00:00:00Z"}' });
  assert.equal(scan.status, 0, scan.stderr);
  assert.equal((await forepost(['rules', path])).status, 0);
  const rulesElsewhere = scratch('testing-elsewhere');
  writeFileSync(join(rulesElsewhere, 'rule.test.yaml'), readFileSync(join(path, 'rule.test.yaml')));
  assert.equal((await forepost(['test', rulesElsewhere])).status, 2);
  assert.equal((await forepost(['test', rulesElsewhere, '--rules', path])).status, 0);
});

test('--init writes a first test, from an alert or from the query', async () => {
  const path = scratch('testing-init');
  writeFileSync(join(path, 'x.yaml'), readFileSync(`${ROOT}rules/AWS_ECRImageScanningDisabled.yaml`));
  const made = await forepost(['test', '--init', join(path, 'x.yaml'), SAMPLE]);
  assert.equal(made.status, 0, made.stderr);
  assert.deepEqual(runTests(path).map(({ status }) => status), ['passed', 'passed']);
  assert.equal((await forepost(['test', '--init', join(path, 'x.yaml'), SAMPLE])).status, 2, 'it does not overwrite');
  writeFileSync(join(path, 'y.yaml'), RULE);
  assert.equal((await forepost(['test', '--init', join(path, 'y.yaml')])).status, 0);
  assert.match(readFileSync(join(path, 'y.test.yaml'), 'utf8'), /eventName: Denied/);
  writeFileSync(join(path, 'z.yaml'), RULE.replace('Denied"', 'Never"'));
  assert.equal((await forepost(['test', '--init', join(path, 'z.yaml'), SAMPLE])).status, 1);
  assert.equal((await forepost(['test', '--init'])).status, 2);
});

test('--update rewrites what fails and keeps the rest, comments too', async () => {
  const text = `
# first
- name: a # why
  given: {event: denied, repeat: 3}
  expect:
    alerts: 2 # two
    alert: {severity: High, entities: []}
    rows: [{Count: 4}]
- {name: b, given: denied, expect: alert}
- {name: c, given: {event: denied, repeat: 3}, expect: alert, quietWhen: [{set: {awsRegion: x}}]}
`;
  const path = folder('update', text);
  const file = join(path, 'rule.test.yaml');
  const before = readFileSync(file, 'utf8');
  assert.equal((await forepost(['test', path, '--update'], { env: { CI: 'true' } })).status, 2);
  assert.equal(readFileSync(file, 'utf8'), before);
  await forepost(['test', path, '--update'], { env: { CI: '' } });
  const wanted = before.replace('alerts: 2', 'alerts: 1').replace('High', 'Low').replace('Count: 4', 'Count: 3').replace('given: denied, expect: alert', 'given: denied, expect: none');
  assert.equal(readFileSync(file, 'utf8'), wanted);
  assert.deepEqual(runTests(path).map(({ status }) => status), ['passed', 'passed', 'passed', 'failed']);
  await forepost(['test', path, '--update'], { env: { CI: '' } });
  assert.equal(readFileSync(file, 'utf8'), wanted, 'nothing more to change');
});

test('--benign: an alert on benign logs fails, unless it is known; what is known must be needed', async () => {
  const path = folder('benign', '- {name: x, given: {event: denied, repeat: 3}, expect: alert}\n');
  const denied = (time) => ({ eventVersion: '1.11', eventName: 'Denied', eventSource: 'x', eventTime: time, userIdentity: { userName: 'ana' } });
  writeFileSync(join(path, 'quiet.json'), s3(denied('2026-01-01T00:00:00Z')));
  writeFileSync(join(path, 'loud.json'), s3(...[1, 2, 3].map((n) => denied(`2026-01-01T00:00:0${n}Z`))));
  writeFileSync(join(path, 'cut.json'), '{"Records":[{"eventVersion":"1.1');
  writeFileSync(join(path, 'known.txt'), 'known: [{rule: Denied often, reason: nightly}]');
  const status = async (...args) => (await forepost(['test', join(path, 'rule.yaml'), '--benign', ...args.map((arg) => (arg.startsWith('--') ? arg : join(path, arg)))])).status;
  assert.deepEqual([await status('quiet.json'), await status('loud.json'), await status('loud.json', '--known', 'known.txt'), await status('quiet.json', '--known', 'known.txt'), await status('cut.json')], [0, 1, 0, 1, 2]);
});

test('--changed: only what differs from a commit', async () => {
  const path = folder('changed', '- {name: x, given: {event: denied, repeat: 3}, expect: alert}\n', { more: { 'same.yaml': RULE, 'same.test.yaml': `${EVENTS}tests: [{name: y, given: denied, expect: none}]` } });
  const git = (...args) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: path, stdio: 'pipe' });
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'a');
  const here = process.cwd();
  process.chdir(path);
  try {
    const none = await forepost(['test', '--changed', 'HEAD', '--format', 'ndjson']);
    assert.deepEqual([none.status, none.stdout], [0, '']);
    writeFileSync(join(path, 'rule.yaml'), `${RULE}# changed\n`);
    assert.deepEqual(jsonLines((await forepost(['test', '--changed', 'HEAD', '--format', 'ndjson'])).stdout).map(({ name }) => name), ['x']);
    assert.equal((await forepost(['test', '--changed', '--output=x'])).status, 2);
  } finally {
    process.chdir(here);
  }
});

test('text of events makes no line of its own in a report', async () => {
  const path = folder('hostile-text', '- {name: x, given: {event: denied, set: {eventName: "a\\n::error::b"}}, expect: alert}\n- {name: y, given: {event: denied, repeat: 3, set: {userIdentity.userName: "a\\n::error::b"}}, expect: none}\n', {
    rule: RULE.replace('entityMappings: []', 'alertDetailsOverride:\n  alertDisplayNameFormat: by {{UserIdentityUserName}}'),
  });
  for (const format of ['pretty', 'github', 'junit']) {
    const { status, stdout } = await forepost(['test', path, '--format', format]);
    assert.equal(status, 1);
    assert.ok(!stdout.split('\n').some((line) => line.trimStart().startsWith('::error::')), stdout);
  }
});

test('node:test shows each test by its name', () => {
  const path = folder('node-test', '- {name: one, given: {event: denied, repeat: 3}, expect: alert}\n- {name: two, given: denied, expect: alert}\n');
  writeFileSync(join(path, 'rules.mjs'), `import { test } from 'node:test';
import { testCases } from ${JSON.stringify(`${PACKAGE}testing.js`)};
for (const { name, run } of testCases(${JSON.stringify(path)})) test(name, run);`);
  const { NODE_TEST_CONTEXT, ...env } = process.env; // or it would report to this run
  let shown;
  try { execFileSync(process.execPath, ['--test', '--test-reporter=tap', join(path, 'rules.mjs')], { encoding: 'utf8', env }); } catch (error) { shown = error.stdout; }
  assert.match(shown, /^ *ok 1 - one$/m);
  assert.match(shown, /^ *not ok 2 - two$/m);
  assert.throws(() => testCases(path)[1].run(), (error) => error instanceof TestFailure && /rule\.test\.yaml:5: expected an alert/.test(error.message));
});
