// What recipes/ gives to GitHub and to pre-commit, run as these do: the steps of the action in bash, the hooks on the files that a commit changes.
// Neither service is here; what they put in for their expressions is put in below.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { CLI, ROOT, SAMPLE } from './support.js';

let folder;
const git = (...args) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: folder, encoding: 'utf8' }).trim();
const RULE = 'rules/trail-stopped.yaml';
const write = (name, text) => writeFileSync(join(folder, name), text);
const read = (name) => readFileSync(join(folder, name), 'utf8');

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'forepost-recipes-'));
  mkdirSync(join(folder, 'rules'));
  for (const name of ['trail-stopped.yaml', 'trail-stopped.test.yaml']) cpSync(join(ROOT, 'rules/aws', name), join(folder, 'rules', name));
  cpSync(SAMPLE, join(folder, 'logs'), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  write('bin/forepost', `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
  chmodSync(join(folder, 'bin/forepost'), 0o755);
  git('init', '-q', '-b', 'main');
  git('add', 'rules');
  git('commit', '-qm', 'rules');
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the action's steps: `{status, text}` of each that its condition lets run, and the summary. */
function action(inputs) {
  const { inputs: known, runs } = parse(readFileSync(join(ROOT, 'recipes/github/action.yml'), 'utf8'));
  assert.equal(runs.using, 'composite');
  for (const name of Object.keys(inputs)) assert.ok(known[name], name);
  const given = Object.fromEntries(Object.entries(known).map(([name, { default: value }]) => [name, inputs[name] ?? value]));
  const filled = (text) => text.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name) => {
    assert.ok(name in given, name);
    return given[name];
  });
  write('summary.md', '');
  const steps = runs.steps.filter((step) => !step.if?.includes('inputs.logs') || (given.base && given.logs)).map(({ name, run, shell, env }) => {
    assert.equal(shell, 'bash');
    const values = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, filled(value)]));
    assert.ok(!/\$\{\{/.test(run + Object.values(values).join('')), 'an expression inside a script would run what a branch is called');
    // As GitHub runs bash.
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, ...values, PATH: `${folder}/bin:${process.env.PATH}`, GITHUB_STEP_SUMMARY: join(folder, 'summary.md') } });
    return { name, status, text: stdout + stderr };
  });
  return { steps, summary: read('summary.md') };
}

test('the action passes over good rules, and its summary says what ran', () => {
  const { steps, summary } = action({ forepost: 'forepost', base: 'HEAD', logs: 'logs' });
  assert.deepEqual(steps.map(({ name, status }) => [name, status]), [['Check', 0], ['Test', 0], ['Compare', 0]], steps.map(({ text }) => text).join('\n'));
  assert.match(summary, /### forepost check: 1 file: 0 errors, 0 warnings\n/);
  assert.match(summary, /### forepost test: \d+ tests in 1 file: \d+ passed\n/);
  assert.match(summary, /no difference/i);
  assert.deepEqual(action({ forepost: 'forepost' }).steps.map(({ name }) => name), ['Check', 'Test']);
});

test('the action fails over a rule that changed without its tests and version, and shows the alert that is gone', () => {
  const text = read(RULE);
  write(RULE, text.replace('"StopLogging", ', ''));
  try {
    const { steps, summary } = action({ forepost: 'forepost', base: 'HEAD', logs: 'logs' });
    assert.deepEqual(steps.map(({ name, status }) => [name, status]), [['Check', 0], ['Test', 1], ['Compare', 0]], steps.map(({ text: said }) => said).join('\n'));
    assert.match(steps[0].text, /^::warning file=rules\/trail-stopped\.yaml,.*FP245/m);
    assert.match(steps[1].text, /^::error file=rules\/trail-stopped\.test\.yaml,/m);
    assert.match(summary, /\| rules\/trail-stopped\.yaml:\d+ \| warning FP245 \|/);
    assert.match(summary, /\| rules\/trail-stopped\.test\.yaml:\d+ \|/);
    assert.match(summary, /gone/i);
  } finally {
    write(RULE, text);
  }
});

test('the hooks of pre-commit look at what a commit changes', () => {
  const [{ repo, hooks }] = parse(readFileSync(join(ROOT, 'recipes/pre-commit/.pre-commit-config.yaml'), 'utf8')).repos;
  assert.equal(repo, 'local');
  const run = (changed) => Object.fromEntries(hooks.map(({ id, entry, files, exclude = '^$', pass_filenames: names = true }) => {
    const matching = changed.filter((file) => new RegExp(files).test(file) && !new RegExp(exclude).test(file));
    if (matching.length === 0) return [id, 'skipped'];
    const [command, ...args] = entry.split(' ');
    return [id, spawnSync(join(folder, 'bin', command), [...args, ...(names ? matching : [])], { cwd: folder, encoding: 'utf8' }).status];
  }));
  const text = read(RULE);
  assert.deepEqual(run(['README.md']), { 'forepost-check': 'skipped', 'forepost-test': 'skipped' });
  assert.deepEqual(run([RULE, RULE.replace('.yaml', '.test.yaml')]), { 'forepost-check': 0, 'forepost-test': 0 });
  try {
    write(RULE, text.replace('"StopLogging", ', ''));
    assert.deepEqual(run([RULE]), { 'forepost-check': 0, 'forepost-test': 1 });
    write(RULE, text.replace('severity: High', 'severity: Hihg'));
    assert.deepEqual(run([RULE]), { 'forepost-check': 1, 'forepost-test': 2 });
  } finally {
    write(RULE, text);
  }
});
