// Mutation: whether the tests of a rule notice that the rule is another one.

import { RuleError } from '../errors.js';
import { mutantsOf } from './mutants.js';
import { runCase, RulesUnderTest } from './run.js';

/**
 * Runs the tests of a suite on mutants of its rule, on at most so many: `{mutants, noticed, survivors: [{line, what, hint}], leftOut}`. A mutant is noticed
 * if a test does not pass. One that the engine refuses counts as none.
 */
export function mutate(suite, rule, most) {
  const all = mutantsOf(rule.text);
  // Of too many, each nth: from all parts of the rule.
  const chosen = all.length <= most ? all : Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]);
  const survivors = [];
  let mutants = 0;
  for (const { text, line, what, hint } of chosen) {
    const mutant = new RulesUnderTest([{ file: rule.file, text }]);
    try {
      const survived = suite.cases.every((test) => runCase(suite, test, mutant, () => [], false).status === 'passed');
      mutants += 1;
      if (survived) survivors.push({ line, what, hint });
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
    } finally {
      mutant.dispose();
    }
  }
  return { mutants, noticed: mutants - survivors.length, survivors, leftOut: all.length - chosen.length };
}
