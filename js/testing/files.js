// Finds test files and the rule of each.

import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { findRules, findTests, reasonOf } from '../cli/files.js';
import { readText } from '../cli/text.js';
import { isTestByName } from '../logfile.js';

const MAX = 4 << 20; // bytes

/**
 * `{tests: [{file, text}], rules: [{file, text}], failed: [{file, message}]}` of paths: a folder's test files and rules, a test file, or a rule file,
 * which stands for the test file beside it.
 */
export function findSuites(paths) {
  const tests = new Map();
  const rules = new Map();
  const failed = [];
  const take = (map, file) => {
    try {
      if (!map.has(file)) map.set(file, { file, text: readText(file, MAX) });
    } catch (error) {
      failed.push({ file, message: reasonOf(error, file) });
    }
  };
  for (const path of paths) {
    const found = findTests([path]);
    failed.push(...found.failed.map(({ path: file, message }) => ({ file, message })));
    for (const { path: file } of found.files) take(isTestByName(file) ? tests : rules, file);
    for (const { path: file } of found.files) {
      const beside = testOf(file);
      if (beside && existsSync(beside)) take(tests, beside);
    }
  }
  return { tests: [...tests.values()], rules: [...rules.values()], failed };
}

/** The test file beside a rule file, whether or not it is there. */
export const testOf = (file) => (isTestByName(file) ? undefined : file.replace(/\.(ya?ml)$/i, '.test.$1'));

/** Finds the rule of a test file: `find(testFile, named)` with what the file itself names; undefined if it is not there. */
export function ruleFinder(ruleFolders = []) {
  const byName = new Map();
  if (ruleFolders.length > 0) for (const { path } of findRules(ruleFolders).files) byName.set(basename(path), path);
  return (testFile, named) => {
    const stem = basename(testFile).replace(/\.test\.ya?ml$/i, '');
    const names = named === undefined ? [`${stem}.yaml`, `${stem}.yml`] : [named];
    const places = names.flatMap((name) => [join(dirname(testFile), name), byName.get(basename(name))]);
    const path = places.find((place) => place !== undefined && existsSync(place));
    return path === undefined ? undefined : { file: path, text: readText(path, MAX) };
  };
}

/** Reads a file that a test file names, from that file's folder. */
export const readerBeside = (testFile) => (name) => {
  try {
    return readText(resolve(dirname(testFile), name), MAX * 16);
  } catch (error) {
    throw new Error(reasonOf(error, name), { cause: error });
  }
};
