// `forepost/testing`: the tests of rule files for other test runners. `forepost test` runs the same.

import { ForepostError } from '../errors.js';
import { loadTests } from './load.js';

export { TestFileError } from './document.js';

/** A test that did not pass, as a test runner wants it: thrown. */
export class TestFailure extends ForepostError {
  constructor(result) {
    super('test-failed', result.failures.map(({ line, message }) => `${result.file}:${line}: ${message}`).join('\n'));
    this.result = result;
  }

  get name() { return 'TestFailure'; }
}

/**
 * The tests of paths for a test runner: `[{name, file, line, run}]`, where `run()` throws a TestFailure if the test does not pass.
 */
export function testCases(paths, options) {
  const { suites, failed } = loadTests(paths, options);
  if (failed.length > 0) throw new ForepostError('unreadable', `${failed[0].file}: ${failed[0].message}`);
  if (suites.length === 0) throw new ForepostError('no-tests', `no .test.yaml files in ${[paths].flat().join(', ')}`);
  return suites.flatMap(({ file, cases }) => cases.map(({ name, line, run }) => ({
    name, file, line,
    run() {
      const result = run();
      if (result.status !== 'passed') throw new TestFailure(result);
    },
  })));
}

/** Runs the tests of paths: `[{file, name, line, status, failures, duration}]`. */
export const runTests = (paths, options) => loadTests(paths, options).suites.flatMap(({ cases }) => cases.map(({ run }) => run()));
