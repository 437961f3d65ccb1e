// What `npm pack` would publish, and what TypeScript makes of it.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PACKAGE, ROOT } from '../package/support.js';

const manifest = JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8'));

test('npm pack: what the exports name, and nothing of the tests or the tools', () => {
  const [{ files, size }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: PACKAGE, encoding: 'utf8' }));
  const names = files.map((f) => f.path);
  const named = [...JSON.stringify(manifest.exports).matchAll(/:"\.\/([^"]+)"/g)].map(([, file]) => file);
  for (const name of [...named, 'cli.js', 'cli/main.cjs', 'README.md', 'LICENSE', 'NOTICE', 'engine.js', 'worker.js', 'testing.cjs', 'test.schema.json', 'forepost.1']) assert.ok(names.includes(name), name);
  for (const name of names) assert.match(name, /^(?:[\w-]+\.(?:c?js|d\.c?ts|wasm|json)|test\.schema\.json|README\.md|LICENSE|NOTICE|forepost\.1|(?:cli|entry|arm)\/[\w-]+\.js|catalogue\/(?:attack\.js|script\.js|style\.css|icon\.svg|tactics\.json)|entry\/[\w-]+\.cjs|cli\/main\.cjs)$/, name);
  for (const command of ['cli.js', manifest.bin.forepost.slice(2)]) assert.equal(files.find((f) => f.path === command).mode & 0o111, 0o111, command);
  // Two modules of 1.96 MB, and the first once more as text, which deflates to 2.7; and three times 60 kB of what reads YAML.
  assert.ok(size < 7_600_000, `${size} bytes packed`);
  console.log(`${names.length} files, ${(size / 1000).toFixed(0)} kB packed`);
});

test('no file of the package imports what it does not bring', () => {
  for (const { path } of JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: PACKAGE, encoding: 'utf8' }))[0].files.filter((f) => /\.c?js$/.test(f.path))) {
    const text = readFileSync(`${PACKAGE}${path}`, 'utf8');
    for (const [, specifier] of text.matchAll(/^(?:import|export)(?: [^'"\n]* from)? '([^']+)'/gm)) {
      if (specifier.startsWith('node:')) continue;
      assert.ok(specifier.startsWith('.') && existsSync(new URL(specifier, `file://${PACKAGE}${path}`)), `${path}: ${specifier}`);
    }
  }
});

test('the manifest is complete, and the README is about the package', () => {
  for (const key of ['version', 'description', 'keywords', 'license', 'repository', 'homepage', 'bugs', 'engines', 'types', 'main', 'bin', 'exports']) assert.ok(manifest[key], key);
  for (const key of ['dependencies', 'scripts']) assert.equal(manifest[key], undefined, key);
  const readme = readFileSync(`${PACKAGE}README.md`, 'utf8');
  assert.doesNotMatch(readme, /\bmake \w/);
  for (const [, link] of readme.matchAll(/\]\(([^)]+)\)/g)) assert.ok(/^(?:https:|#)/.test(link) || existsSync(`${PACKAGE}${link}`), link);
  const notice = readFileSync(`${PACKAGE}NOTICE`, 'utf8');
  for (const work of ['regex ', 'zlib-rs ', 'memchr ', 'serde_json ', 'saphyr-parser ', 'Rust standard library', 'Microsoft Corporation', 'UNICODE', 'yaml ', 'get-east-asian-width ']) assert.ok(notice.includes(work), work);
});

for (const kind of ['node', 'browser', 'no-dom']) {
  test(`tsc --strict over a consumer: ${kind}`, () => {
    const { status, stdout } = spawnSync(`${ROOT}node_modules/.bin/tsc`, ['--project', `types/tsconfig.${kind}.json`], { cwd: `${ROOT}tests/hosts`, encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });
}
