// The tests of paths, ready to run.

import { dirname } from 'node:path';
import { loadSync } from '../entry/node.js';
import { RuleError } from '../errors.js';
import { checkedOptions } from '../options.js';
import { cover } from './cover.js';
import { findSuites, readerBeside, ruleFinder } from './files.js';
import { mutate } from './mutate.js';
import { updated } from './update.js';
import { runCase, RulesUnderTest } from './run.js';
import { readSuite } from './suite.js';

/** How many rules stay compiled; each takes some memory. */
const MAX_READY = 200;

/**
 * The tests of paths, file by file: `[{file, rule, cases: [{name, line, run}]}]`. `run()` gives the result. A test file that cannot run
 * is one case, which says so. Also `rules`, the rule files that were found, and `failed`, what could not be read.
 */
export function loadTests(paths, options = {}) {
  const { rules = [] } = checkedOptions('loadTests()', options, ['rules']);
  loadSync();
  const list = (given) => (Array.isArray(given) ? given : [given]);
  const found = findSuites(list(paths));
  const ruleOf = ruleFinder(list(rules));
  const underTest = new Map();
  const prepare = (rule) => {
    const ready = underTest.get(rule.file) ?? new RulesUnderTest([rule]);
    // Those that were asked for last stay ready.
    underTest.delete(rule.file);
    underTest.set(rule.file, ready);
    if (underTest.size > MAX_READY) {
      const [[file, oldest]] = underTest;
      oldest.dispose();
      underTest.delete(file);
    }
    return ready;
  };
  const suites = found.tests.map(({ file, text }) => {
    let rule;
    try {
      const suite = readSuite(file, text, readerBeside(file));
      rule = ruleOf(file, suite.rule);
      if (!rule) return broken(file, suite.document.at(suite.rule === undefined ? [] : ['rule']), `there is no rule ${suite.rule ?? file.replace(/\.test(?=\.ya?ml$)/i, '')}`, 'no-rule');
      const others = (names) => othersOf(rule.file, names).map(prepare);
      return {
        file, rule: rule.file, ruleText: rule.text,
        cases: suite.cases.map((test) => caseOf(file, test, () => runCase(suite, test, prepare(rule), others))),
        cover: () => cover(suite, rule),
        update: (results) => updated(suite, results),
        mutate: (most) => mutate(suite, rule, most),
      };
    } catch (error) {
      if (error.code !== 'bad-test-file') throw error;
      return broken(file, error, error.reason, 'bad-test-file', rule?.file);
    }
  });
  return { suites, rules: found.rules, failed: found.failed };
}

/** The other rules in the folder of a rule; of them those that are named. */
function othersOf(file, names) {
  const { rules } = findSuites([dirname(file)]);
  const others = rules.filter((rule) => rule.file !== file);
  return names === 'all' ? others : others.filter((rule) => names.some((name) => rule.file.endsWith(name)));
}

function caseOf(file, { name, line, column, path, expect }, run) {
  return {
    name, line, column, path, expectsNone: expect?.alerts === 0,
    run() {
      const started = performance.now();
      const result = attempt(run, { line, column });
      return { file, name, line, column, ...result, duration: performance.now() - started };
    },
  };
}

/** A rule that cannot run is a result too. */
function attempt(run, place) {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { status: 'error', alerts: [], failures: [{ ...place, message: `the rule cannot run: ${error.message}` }] };
  }
}

function broken(file, { line, column }, message, code, rule) {
  const result = { status: 'error', alerts: [], failures: [{ line, column, message }] };
  return { file, rule, code, cases: [caseOf(file, { name: 'the test file can be run', line, column, path: [] }, () => result)] };
}
