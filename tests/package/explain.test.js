// Why a rule matches: `explain()`, `explainAll()` and `coverage()`, and `forepost explain`.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { coverage, Detector, explain, explainAll, load, QueryError, RuleError } from '../../dist/npm/entry/node.js';
import { NearestMisses } from '../../dist/npm/explain.js';
import { recordsOf } from '../../js/testing/events.js';
import { readSuite } from '../../js/testing/suite.js';
import { forepost, ROOT, ruleText, s3, SAMPLE, scratch, shared, switchedOff } from './support.js';

const RULE = readFileSync(`${ROOT}rules/AWS_ECRImageScanningDisabled.yaml`, 'utf8');
const DENIED = switchedOff({ errorCode: 'AccessDenied' });

before(() => load());

const alertsOf = (rule, events) => {
  const detector = new Detector({ rules: [rule] });
  detector.push(s3(...events));
  detector.endInput();
  detector.finish();
  const alerts = [...detector.alertTexts()].flatMap((text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line)));
  detector.dispose();
  return alerts;
};

const stagesOf = ({ branches }) => branches.flatMap(({ stages }) => stages);

test('an event, whatever holds it, in positions of the query', () => {
  const event = switchedOff();
  for (const form of [event, JSON.stringify(event), new TextEncoder().encode(JSON.stringify(event)), [event]]) {
    const { rule, query, verdict, run, branches } = explain(RULE, form);
    assert.deepEqual([rule, verdict, run.rows], ['AWSCloudTrail - Amazon ECR image scanning disabled', 'alert', 1]);
    assert.match(query.slice(branches[0].stages[1].start, branches[0].stages[1].end), /^where EventName == "PutImageScanningConfiguration"/);
  }
  const { verdict, stopped, query } = explain({ file: 'a.yaml', text: RULE }, DENIED);
  assert.deepEqual([verdict, stopped.at, query.slice(stopped.start, stopped.end)], ['quiet', 'stage', 'isempty(ErrorCode)']);
  assert.throws(() => explain({ file: 'a.yaml', text: 'x: 1' }, event), (error) => error instanceof RuleError && error.diagnostics[0].file === 'a.yaml');
  const elsewhere = runInNewContext('new ArrayBuffer(size)', { size: new TextEncoder().encode(JSON.stringify(event)).length });
  new Uint8Array(elsewhere).set(new TextEncoder().encode(JSON.stringify(event)));
  assert.deepEqual(explain(RULE, elsewhere), explain(RULE, event), 'bytes of another realm are bytes');
  for (const wrong of [undefined, null, 5, [5], 'nonsense', '', '[]', new Uint8Array()]) assert.throws(() => explain(RULE, wrong), { code: 'bad-argument' }, String(wrong));
  assert.throws(() => explain(RULE, event, { evnt: 1 }), { code: 'bad-argument' });
  assert.throws(() => explain(RULE, event, { event: 'no such id' }), { code: 'bad-argument' });
  // Text before the place is not ASCII: offsets are UTF-16 units.
  const moved = explain(ruleText('Wide', '// 🛰️ ñ\nAWSCloudTrail\n| where isempty(ErrorCode)'), DENIED);
  assert.equal(moved.query.slice(moved.stopped.start, moved.stopped.end), 'isempty(ErrorCode)');
});

test('an alert, over all its evidence and over one event of it', () => {
  const rule = ruleText('Often', 'let bad = AWSCloudTrail\n| where isnotempty(ErrorCode);\nbad\n| summarize n = count() by UserIdentityUserName\n| where n > 1');
  const events = [1, 2, 3].map((n) => ({ ...DENIED, eventID: `e${n}` }));
  const [alert] = alertsOf(rule, events);
  const all = explain(rule, alert);
  assert.deepEqual([all.verdict, all.events, all.event, all.cut], ['alert', 3, null, []]);
  assert.deepEqual(all.branches.map(({ kind, name }) => [kind, name]), [['query', null], ['let', 'bad']]);
  const made = all.branches[0].stages.find(({ operator }) => operator === 'summarize').made[0];
  assert.deepEqual([made.values[1].value, made.events], [3, 3]);
  const one = explain(rule, alert, { event: 'e2' });
  assert.deepEqual([one.verdict, one.event.id], ['alert', 'e2']);
  // Evidence that was cut is not the whole alert, and the answer says so.
  const cut = { ...alert, Evidence: [{ ...alert.Evidence[0], events: alert.Evidence[0].events.slice(0, 1), eventsLeftOut: 2 }] };
  const { verdict, cut: said } = explain(rule, cut);
  assert.equal(verdict, 'quiet');
  assert.match(said.join(' '), /2 events of the alert are not in its evidence/);
  assert.throws(() => explain(rule, { ...alert, Evidence: undefined }), { code: 'bad-argument' });
});

test('all rules against one event, the nearest first', () => {
  const rule = (name, kql, n) => ruleText(name, kql).replace(/^id: .*$/m, `id: 00000000-0000-4000-8000-00000000000${n}`);
  const files = [
    { file: 'far.yaml', text: rule('Far', 'AWSCloudTrail | where EventName == "x" | where EventName == "y"', 1) },
    { file: 'near.yaml', text: rule('Near', 'AWSCloudTrail | where EventSource has "ecr" | where EventName == "y"', 2) },
    { file: 'hit.yaml', text: rule('Hit', 'AWSCloudTrail | where EventSource has "ecr"', 3) },
    { file: 'bad.yaml', text: 'x: 1' },
  ];
  const all = explainAll(files, DENIED);
  assert.deepEqual(all.map(({ file, verdict }) => [file, verdict]), [['hit.yaml', 'alert'], ['near.yaml', 'quiet'], ['far.yaml', 'quiet'], ['bad.yaml', 'failed']]);
  assert.equal(all[1].stopped.text, 'EventName == "y"');
  assert.equal(all[3].findings[0].file, 'bad.yaml');
});

test('coverage adds cases up, whatever tables they have', () => {
  const text = ruleText('Vips', 'AWSCloudTrail\n| where EventName == "A" or EventName == "B"\n| where UserIdentityUserName in (Vips)');
  const table = (data) => [{ name: 'Vips', schema: 'User:string', data }];
  const event = (name) => ({ ...switchedOff({ eventName: name }), userIdentity: { type: 'IAMUser', userName: 'ana' } });
  const { obligations, met, total, runs, failed } = coverage(text, [
    { events: [event('A')], tables: table('User\nana') },
    { events: [event('A')], tables: table('User\neve') },
    { events: [event('X')], tables: table('User\nana') },
  ]);
  const of = (operator, kind) => obligations.filter((o) => o.operator === operator && o.kind === kind).map(({ counts }) => counts);
  assert.deepEqual(of('where', 'stage'), [{ passed: 2, rejected: 1 }, { passed: 1, rejected: 1 }]);
  assert.deepEqual(of('or', 'operand'), [{ true: 2, false: 1 }, { true: 0, false: 3 }]);
  assert.deepEqual(obligations.at(-1).counts, { fired: 1, quiet: 2 });
  assert.deepEqual([runs, failed], [3, []]);
  assert.ok(met < total && met > 0);
  const lines = text.split('\n');
  assert.match(lines[obligations.find(({ kind }) => kind === 'stage').line - 1], /where EventName/);
  assert.equal(coverage(RULE, []).met, 0);
});

/** `[name, rule, [{records, alerts}]]` of every shared rule, as our tests of it give them. */
function sharedCases() {
  const rules = shared('rules');
  const tests = readdirSync(`${ROOT}tests/rules`).filter((name) => name.endsWith('.test.yaml'));
  return tests.map((name) => {
    const { document, cases } = readSuite(name, readFileSync(`${ROOT}tests/rules/${name}`, 'utf8'), () => '');
    const fail = (path, message) => { throw document.error(path, message); };
    const file = join(rules, name.replace('.test.yaml', '.yaml'));
    return [basename(file), readFileSync(file, 'utf8'), cases.map((one) => ({ records: recordsOf(one.given, one.start, fail), quiet: one.expect?.alerts === 0 }))];
  });
}

test('of every shared rule: an alert shows every stage with a value, and silence names the stage', { skip: !shared('rules') && 'no shared rules' }, () => {
  const counts = { rules: 0, hits: 0, misses: 0, branches: 0, stages: 0 };
  const ROWS_ONLY = ['table', 'union', 'take', 'limit', 'sort', 'order', 'count', 'serialize', 'as'];
  for (const [name, rule, cases] of sharedCases()) {
    counts.rules += 1;
    // A side of an outer join that no row of a case reaches has its values in another case.
    const [reached, unreached] = [new Set(), new Set()];
    for (const { records, quiet } of cases) {
      const alerts = alertsOf(rule, records);
      const answer = explain(rule, records);
      assert.equal(answer.alerts, alerts.length, name);
      assert.equal(answer.verdict, alerts.length > 0 ? 'alert' : 'quiet', name);
      if (!quiet) {
        counts.hits += 1;
        assert.equal(answer.stopped, null, name);
        for (const stage of stagesOf(answer)) {
          const place = `${name}: ${answer.query.slice(stage.start, stage.end)}`;
          if (stage.state === 'unreached') {
            unreached.add(stage.start);
            continue;
          }
          reached.add(stage.start);
          const values = stage.rows.reduce((sum, { steps }) => sum + steps.length, 0) + stage.made.length;
          assert.ok(values > 0 || (ROWS_ONLY.includes(stage.operator) && stage.rowsOut > 0), `no value of ${place}`);
          counts.stages += 1;
        }
        counts.branches += answer.branches.length;
        // Every pipe of the text is a stage of some branch.
        const pipes = answer.query.split('\n').filter((line) => line.trimStart().startsWith('|')).length;
        const shown = new Set(stagesOf(answer).filter(({ operator, end }) => operator !== 'table' && end > 0).map(({ start }) => start));
        assert.ok(shown.size >= pipes, `${name}: ${pipes} pipes, ${shown.size} stages`);
        // Of the alert itself, over its evidence.
        for (const alert of alerts) assert.equal(explain(rule, alert).verdict, 'alert', name);
      } else {
        counts.misses += 1;
        const { stopped } = answer;
        assert.ok(['stage', 'trigger'].includes(stopped.at) && stopped.text.length > 0, `${name}: ${JSON.stringify(stopped)}`);
      }
    }
    assert.deepEqual([...unreached].filter((start) => !reached.has(start)), [], `${name}: stages that no case reaches`);
  }
  assert.equal(counts.rules, 38);
  console.log(counts);
});

const silent = (name, from, to) => {
  const path = join(scratch(`explain-${name}`), 'rule.yaml');
  assert.ok(RULE.includes(from));
  writeFileSync(path, RULE.replace(from, to));
  return path;
};

test('forepost explain: a rule that one changed literal made silent', async () => {
  const { status, stdout } = await forepost(['explain', silent('name', '"PutImageScanningConfiguration"', '"PutImageScanningConfigurations"'), SAMPLE, '--nearest', '1']);
  assert.equal(status, 0);
  assert.match(stdout, /no alert for 425 events/);
  assert.match(stdout, /3 events end at EventName == "PutImageScanningConfigurations"\n +PutImageScanningConfiguration 3\n/);
  const flipped = await forepost(['explain', silent('value', 'scanOnPush == false', 'scanOnPush == "no"'), SAMPLE, '--nearest', '1', '--format', 'ndjson']);
  const { nearest, verdict } = JSON.parse(flipped.stdout);
  assert.deepEqual([verdict, nearest.groups[0].failing.map(({ text }) => text)], ['quiet', ['scanOnPush == "no"']]);
  // Behind the filters of single events: the stage is named too.
  const late = join(scratch('explain-late'), 'rule.yaml');
  writeFileSync(late, ruleText('Late', 'AWSCloudTrail\n| where EventName == "PutImageScanningConfiguration"\n| summarize n = count() by EventName\n| where n > 100'));
  const counted = await forepost(['explain', late, SAMPLE]);
  assert.match(counted.stdout, /it ended at n > 100/);
  assert.match(counted.stdout, /n > 100 → false, because n = \d/);
});

test('forepost explain: one event, what is expected, and what is not there', async () => {
  const rule = `${ROOT}rules/AWS_ECRImageScanningDisabled.yaml`;
  const path = join(scratch('explain-event'), 'log.json');
  writeFileSync(path, s3({ ...DENIED, eventID: 'denied' }, switchedOff({ eventID: 'off', userAgent: '\u001b[31m\u202e' })));
  const one = await forepost(['explain', rule, path, '--event', 'denied']);
  assert.equal(one.status, 0);
  assert.match(one.stdout, /✗ no alert for event denied/);
  assert.match(one.stdout, /isempty\(ErrorCode\) → false, because ErrorCode = "AccessDenied"/);
  assert.match(one.stdout, /← here it ended/);
  assert.match(one.stdout, /window .* → .* · .*needs > 0/);
  assert.match((await forepost(['explain', rule, path, '--event', '2'])).stdout, /✓ alert on event off/);
  assert.equal((await forepost(['explain', rule, path, '--event', 'off', '--expect', 'match'])).status, 0);
  const other = await forepost(['explain', rule, path, '--event', 'off', '--expect', 'quiet']);
  assert.equal(other.status, 1);
  assert.match(other.stderr, /not as expected/);
  for (const args of [['--event', 'nope'], ['--event', '3'], ['--where', 'Nope == 1'], ['--where', 'EventName in (AWSCloudTrail)'], ['--event', '1', '--where', 'true']]) {
    assert.equal((await forepost(['explain', rule, path, ...args])).status, 2, args.join(' '));
  }
  assert.equal((await forepost(['explain', rule, join(ROOT, 'nothing-here')])).status, 2);
  assert.equal((await forepost(['explain'])).status, 2);
  const where = await forepost(['explain', rule, path, '--where', 'ErrorCode == "AccessDenied"']);
  assert.match(where.stdout, /among 1 event of 2 where ErrorCode/);
  // What a log holds is shown as text.
  const agent = join(scratch('explain-agent'), 'rule.yaml');
  writeFileSync(agent, ruleText('Agent', 'AWSCloudTrail\n| where UserAgent == "x"'));
  const shown = await forepost(['explain', agent, path]);
  assert.ok(!shown.stdout.includes('\u001b') && !shown.stdout.includes('\u202e'));
  assert.match(shown.stdout, /\\u\{1b\}/);
  // A cut file is said, and counts.
  writeFileSync(path, s3(switchedOff()).slice(0, -20));
  assert.equal((await forepost(['explain', rule, path])).status !== 0, true);
});

test('NearestMisses refuses what is no condition, with its place', () => {
  assert.throws(() => new NearestMisses(RULE, { where: 'Nope == 1' }), (error) => error instanceof QueryError && error.start === 0);
  assert.throws(() => new NearestMisses('x: 1'), RuleError);
  assert.ok(existsSync(SAMPLE));
});
