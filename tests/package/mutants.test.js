// Damaged, odd and hostile records are read in the same way by the native engine, which looks at bytes by words, and by the
// package's two modules, one of which does so with SIMD: the same alerts, problems and counts. FOREPOST_MUTANTS sets how many,
// FOREPOST_SEED which.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { randomness } from '../../samples/generate.js';
import { jsonLines, NATIVE, PACKAGE, ruleText, sampleEvents, scratch, switchedOff, withoutSimd } from './support.js';

const COUNT = Number(process.env.FOREPOST_MUTANTS ?? 20_000);
const run = promisify(execFile);

const { below, pick: of } = randomness(Number(process.env.FOREPOST_SEED ?? 1));

const NAMES = ['PutImageScanningConfiguration', 'DescribeRepositories', 'x', 'Put\\u0049mage', '', 'AssumeRole'];
const EVENTS = [...sampleEvents(), ...Array.from({ length: 100 }, () => switchedOff())].map((event) => JSON.stringify(event));
const BYTES = ['"', '\\', '{', '}', '[', ']', ',', ':', '\n', '\t', 'v', ' ', 'E', '\u0001', 'é'];

/** What can be done to a record. Where blocks of 64 bytes end is left to chance. */
const MUTATIONS = [
  (r) => r.replace('{', `{"p":"${'x'.repeat(below(130))}",`),
  (r) => r.replace('"eventName"', `"${'k'.repeat(below(70))}\\"eventName"`),
  (r) => r.replace(/}$/, `,"${of(['eventName', 'eventSource', 'eventTime', 'EventName', 'event\\u004eame', 'eventNam\\u0065'])}":"${of(NAMES)}"}`),
  (r) => r.replace('{', `{"${of(['eventName', 'eventSource', 'eventTime'])}":"${of(NAMES)}",`),
  (r) => r.replace('"requestParameters":', `"x":{"${'y'.repeat(below(70))}":[{"eventName":"${of(NAMES)}"}],"eventSource":"s"},"requestParameters":`),
  (r) => r.replace(/"userAgent":"/, `"userAgent":"${'\\\\'.repeat(below(70))}${of(['', '\\"'])}eventName\\":\\"${of(NAMES)}\\",`),
  (r) => r.replace(/"eventName":"[^"]*"/, `"eventName":"${of(NAMES)}"`),
  (r) => r.replace(/"eventSource":"/, `"eventSource" : "${of(['', 'aws:', 'ecr.'])}`),
  (r) => r.replace(/"eventTime":"[^"]*"/, `"eventTime":${of(['"2026-06-17T10:00:60Z"', '"2026-06-17 10:00:00"', 'null', '1781690400', '"2026-02-30T00:00:00Z"'])}`),
  (r) => r.replace('"readOnly":', `"deep":${'['.repeat(below(200))}${']'.repeat(below(200))},"readOnly":`),
  (r) => `{"${of(['Records', 'records', 'detail', 'x'])}":${of([r, `[${r}]`, JSON.stringify(r)])}}`,
  (r) => { const at = below(r.length); return r.slice(0, at) + of(BYTES) + r.slice(at); },
  (r) => { const at = below(r.length); return r.slice(0, at) + of(BYTES) + r.slice(at + 1); },
  (r) => { const at = below(r.length); return r.slice(0, at) + r.slice(at + 1); },
  (r) => r.slice(0, below(r.length)),
];

function mutant() {
  let record = of(EVENTS);
  for (let n = below(3); n >= 0; n--) record = of(MUTATIONS)(record);
  return record;
}

/** Whole files, as the native engine reads them, and cut anywhere. */
const READ = `
  import { readFileSync } from 'node:fs';
  import { Detector, loadSync } from '${PACKAGE}entry/node.js';
  const [rules, ...paths] = JSON.parse(readFileSync(process.env.GIVEN, 'utf8'));
  loadSync();
  const read = (pieces) => {
    const detector = new Detector({ rules });
    for (const path of paths) {
      const bytes = readFileSync(path);
      for (let at = 0, n = 1; at < bytes.length; at += n, n = n * 7 % 997) {
        if (!pieces) n = bytes.length;
        detector.push(bytes.subarray(at, at + n));
      }
      detector.endInput();
    }
    detector.finish();
    return [[...detector.alerts()], detector.problems(), detector.stats()];
  };
  process.stdout.write(JSON.stringify({ whole: read(false), cut: read(true) }));`;

test('damaged and odd records are read alike, here and there', async () => {
  const folder = scratch('mutants');
  const rules = ['PutImageScanningConfiguration', 'DescribeRepositories'].map((name) => `where EventName == "${name}"`)
    .concat('where EventName in ("x", "", "AssumeRole") and EventSource has "ecr"')
    .map((filter, n) => ({ file: `${n}.yaml`, text: ruleText(filter, `AWSCloudTrail\n  | ${filter}\n  | summarize count() by EventName, EventSource`).replace('0000000000aa', `0000000000a${n}`) }));
  rules.forEach(({ file, text }) => writeFileSync(`${folder}/${file}`, text));
  const mutants = Array.from({ length: COUNT }, mutant);
  // By themselves and in lists, an event behind each; a file is small, for what is broken may take in all that follows.
  const inputs = [];
  for (let at = 0; at < COUNT; at += 40) {
    const [some, more] = [mutants.slice(at, at + 20), mutants.slice(at + 20, at + 40)];
    inputs.push(some.flatMap((record) => [record, of(EVENTS)]).join('\n'), `{"Records":[${more.join(',')}]}\n${of(EVENTS)}\n`);
  }
  const paths = inputs.map((text, n) => {
    writeFileSync(`${folder}/${n}.json`, text);
    return `${folder}/${n}.json`;
  });
  writeFileSync(`${folder}/given`, JSON.stringify([rules, ...paths]));
  const options = { maxBuffer: 1 << 30, env: { ...process.env, GIVEN: `${folder}/given` } };
  const package_ = async (flags) => JSON.parse((await run(process.execPath, [...flags, '--input-type=module', '-e', READ], options)).stdout);
  const native = async () => {
    const { stdout, stderr } = await run(NATIVE, ['scan', ...rules.flatMap(({ file }) => ['--rules', `${folder}/${file}`]), ...paths], options);
    const said = jsonLines(stderr);
    return [jsonLines(stdout), said.slice(0, -1), said.at(-1)];
  };
  const [simd, scalar, here] = await Promise.all([package_([]), package_(withoutSimd()), native()]);
  assert.deepEqual(simd.whole[2], here[2]);
  assert.deepEqual(simd.whole, here);
  assert.deepEqual(simd, scalar);
  assert.deepEqual(simd.cut, simd.whole);
  const [alerts, problems, { events }] = simd.whole;
  assert.ok(alerts.length > 0 && problems.length > 0 && events > COUNT / 2, `${alerts.length} alerts, ${problems.length} problems, ${events} events`);
});
