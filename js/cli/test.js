// `forepost test`

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { testOf } from '../testing/files.js';
import { loadTests } from '../testing/load.js';
import { describeRule } from '../triage.js';
import { Account } from './account.js';
import { UsageError } from './args.js';
import { benign } from './benign.js';
import { reasonOf } from './files.js';
import { coverageOf, lcov } from './coveragereport.js';
import { changedSince } from './git.js';
import { init } from './testinit.js';
import { junitOf, outcome, scoreOf, testWriter } from './testreports.js';
import { stepSummary } from './stepsummary.js';
import { clean, count, note, outputTo, remark, style } from './terminal.js';

/** How many mutants of a rule are tried. */
const MUTANTS = 200;

export async function test(options, operands) {
  if (options.init) return init(operands);
  if (options.update && process.env.CI) throw new UsageError('--update rewrites expectations, and does not do so where CI is set', 'test');
  const paths = operands.length > 0 ? operands : ['.'];
  const started = performance.now();
  const { suites, rules, failed } = loadTests(paths, { rules: options.rules ?? [] });
  for (const { file, message } of failed) note(`${style.red('cannot read')} ${clean(file)}: ${clean(message)}`);
  const chosen = filtered(options.changed ? changedOnly(suites, options.changed) : suites, options.filter);
  if (chosen.length === 0 && failed.length === 0 && options.changed && suites.length > 0) {
    remark(`no rule or test differs from ${clean(options.changed)}`);
    return 0;
  }
  if (chosen.length === 0 && failed.length === 0) {
    throw new UsageError(options.filter && suites.length > 0 ? `no test fits --filter ${options.filter.join(' ')}` : `no .test.yaml files in ${paths.map(clean).join(', ')}`, 'test');
  }
  const mutates = options.mutate || options.mutants || options['min-score'];
  const covers = options.coverage || options.lcov || options['min-coverage'];
  const output = outputTo(options.output);
  const writer = testWriter(options.format ?? 'pretty', output, chosen.length === 1);
  const all = [];
  let stopped = false;
  for (const suite of chosen) {
    const results = [];
    for (const { run } of suite.cases) {
      results.push(run());
      stopped = options.bail && results.at(-1).status !== 'passed';
      if (stopped) break;
    }
    const passed = results.every(({ status }) => status === 'passed');
    const mutation = mutates && passed && suite.mutate ? { rule: suite.rule, ...suite.mutate(options.mutants ?? MUTANTS) } : undefined;
    const ran = results.every(({ status }) => status !== 'error');
    const covered = covers && ran && suite.cover ? { rule: suite.rule, text: suite.ruleText, answer: suite.cover() } : undefined;
    all.push({ suite, results, mutation, covered });
    if (options.update && suite.update) update(suite, results);
    await writer.file(mutates && !mutation ? { ...suite, note: 'not mutated, for a test fails' } : suite, results, mutation, covered);
    if (stopped) break;
  }
  const account = new Account();
  if (options.benign && !stopped) {
    const logs = await benign(tested(chosen, rules), options.benign, account, options.known);
    all.push(logs);
    await writer.file(logs.suite, logs.results);
    for (const line of account.gaps()) note(line);
  }
  const seconds = (performance.now() - started) / 1000;
  await writer.end(all, seconds);
  await output.close();
  const covered = all.map((one) => one.covered).filter(Boolean);
  if (options.lcov) write(options.lcov, lcov(covered));
  if (options.junit) write(options.junit, junitOf(all, seconds));
  const lacking = stopped ? [] : tooFewTests(options, suites, rules);
  for (const line of lacking) note(`${style.red('too few tests')} ${clean(line)}`);
  const low = options['min-score'] ? all.filter(({ mutation }) => mutation && scoreOf(mutation) < options['min-score']) : [];
  for (const { mutation } of low) note(`${style.red('tests notice too little')} ${clean(mutation.rule)}: ${scoreOf(mutation)} % of the mutants, not ${options['min-score']} %`);
  const bare = covered.filter(({ answer }) => coverageOf(answer) < (options['min-coverage'] ?? 0));
  for (const { rule, answer } of bare) note(`${style.red('tests try too little')} of ${clean(rule)}: ${coverageOf(answer)} %, not ${options['min-coverage']} %`);
  const summary = `${outcome(all)}${stopped ? '; stopped at the first that failed' : ''}  ${Math.round(seconds * 1000)} ms`;
  const statuses = all.flatMap(({ results }) => results.map(({ status }) => status));
  const unread = options.benign && !stopped && account.status !== 0;
  const status = failed.length > 0 || unread || statuses.includes('error') ? 2 : statuses.includes('failed') || lacking.length + low.length + bare.length > 0 ? 1 : 0;
  if (status === 0) remark(summary);
  else note(summary);
  if (options.format === 'github') {
    const bad = all.flatMap(({ results }) => results).flatMap(({ file, name, failures }) => failures.map(({ line, message }) => [`${file}:${line}`, name, message.split('\n')[0]]));
    stepSummary(`forepost test: ${outcome(all)}`, ['Place', 'Test', 'What'], [...bad, ...lacking.map((line) => ['', 'too few tests', line])]);
  }
  return status;
}

/** What --require and --min-tests find: rules that have too few tests, as lines. */
function tooFewTests({ require: needed, 'min-tests': least = needed ? 1 : 0 }, suites, rules) {
  if (least === 0) return [];
  const byRule = new Map();
  for (const suite of suites) byRule.set(suite.rule ?? '', [...(byRule.get(suite.rule ?? '') ?? []), ...suite.cases]);
  const files = new Set([...rules.filter(({ text }) => describeRule(text) !== null).map(({ file }) => file), ...suites.map(({ rule }) => rule).filter(Boolean)]);
  return [...files].flatMap((file) => {
    const cases = byRule.get(file) ?? [];
    if (cases.length === 0) return [`${file} has none; write ${testOf(file)}`];
    if (cases.length < least) return [`${file} has ${count(cases.length, 'test')}, not ${least}`];
    const quiet = cases.filter(({ expectsNone }) => expectsNone).length;
    if (least >= 2 && quiet === 0) return [`${file} has no test that expects no alert`];
    if (least >= 2 && quiet === cases.length) return [`${file} has no test that expects an alert`];
    return [];
  });
}

/** The cases that fit every --filter: a part of the file's or the test's name, or `severity=`, `tactic=`, `technique=` or `id=` of the rule. */
function filtered(suites, filters = []) {
  if (filters.length === 0) return suites;
  const wanted = filters.map((text) => /^(severity|tactic|technique|id)=(.*)$/is.exec(text) ?? [text, undefined, text]);
  const lower = (text) => String(text ?? '').toLowerCase();
  return suites.map((suite) => {
    const rule = suite.ruleText === undefined ? undefined : describeRule(suite.ruleText);
    const values = {
      severity: [rule?.severity], id: [rule?.id], tactic: rule?.tactics ?? [],
      technique: [...(rule?.techniques ?? []), ...(rule?.subTechniques ?? [])],
    };
    const cases = suite.cases.filter(({ name }) => wanted.every(([, key, value]) => (key === undefined
      ? lower(`${suite.file} ${name}`).includes(lower(value))
      : values[key.toLowerCase()].some((one) => lower(one) === lower(value)))));
    return { ...suite, cases };
  }).filter(({ cases }) => cases.length > 0);
}

/** The suites whose test file or rule differs from a commit. */
function changedOnly(suites, ref) {
  const changed = new Set(changedSince(ref, 'test').map((file) => resolve(file)));
  return suites.filter(({ file, rule }) => changed.has(resolve(file)) || (rule !== undefined && changed.has(resolve(rule))));
}

/** The rules of these suites, and those that were found beside them. */
function tested(suites, rules) {
  const byFile = new Map(rules.filter(({ text }) => describeRule(text) !== null).map((rule) => [rule.file, rule]));
  for (const { rule, ruleText } of suites) if (ruleText !== undefined) byFile.set(rule, { file: rule, text: ruleText });
  return [...byFile.values()];
}

function update(suite, results) {
  const { text, changed } = suite.update(results);
  if (changed === 0) return;
  write(suite.file, text);
  remark(`${clean(suite.file)}: ${count(changed, 'test')} updated`);
}

function write(path, text) {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`cannot write ${clean(path)}: ${clean(reasonOf(error, path))}`, 'test');
  }
}
