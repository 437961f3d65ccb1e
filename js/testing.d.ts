/** Tests of rules: X.test.yaml beside X.yaml. The format is described in docs/testing.md, and for editors in `forepost/test.schema.json`. */

import type { Alert, ForepostError } from './index.js';

export interface TestOptions {
  /** Folders in which the rules of tests are looked for too, by the names of their files. */
  rules?: string | readonly string[];
}

/** A test for a test runner. */
export interface TestCase {
  readonly name: string;
  /** The test file, and the line of the test in it, counted from 1. */
  readonly file: string;
  readonly line: number;
  /** Runs the test. Throws a TestFailure if it does not pass. */
  run(): void;
}

/** What came of a test. */
export interface TestResult {
  file: string;
  name: string;
  line: number;
  column: number;
  /** `error`: the test file is wrong, or its rule cannot run. */
  status: 'passed' | 'failed' | 'error';
  failures: { message: string; line: number; column: number }[];
  alerts: Alert[];
  /** In milliseconds. */
  duration: number;
}

/**
 * The tests of files and folders, for a test runner.
 *
 * @example With node:test; vitest takes the same
 * ```js
 * import { test } from 'node:test';
 * import { testCases } from 'forepost/testing';
 *
 * for (const { name, run } of testCases('rules/')) test(name, run);
 * ```
 */
export function testCases(paths: string | readonly string[], options?: TestOptions): TestCase[];

/** Runs the tests of files and folders. */
export function runTests(paths: string | readonly string[], options?: TestOptions): TestResult[];

/** A test did not pass. The message has a line for each failure, with its place in the test file. */
export interface TestFailure extends ForepostError {
  readonly result: TestResult;
}

export const TestFailure: {
  new (result: TestResult): TestFailure;
  readonly prototype: TestFailure;
};

/** A test file is wrong. */
export interface TestFileError extends ForepostError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

export const TestFileError: {
  new (file: string, place: { line?: number; column?: number }, message: string): TestFileError;
  readonly prototype: TestFileError;
};
