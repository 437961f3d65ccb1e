// node tools/wheel.js OUT: lays out the Python package from python/, the module, and what it shares with the npm package.

import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { SCHEMAS } from '../js/sentinel.js';

const [out] = process.argv.slice(2);
const version = /^version = "(.+)"$/m.exec(readFileSync('Cargo.toml', 'utf8'))[1];

rmSync(out, { recursive: true, force: true });
mkdirSync(`${out}/forepost`, { recursive: true });
for (const file of ['pyproject.toml', 'README.md']) cpSync(`python/${file}`, `${out}/${file}`);
for (const file of readdirSync('python/forepost').filter((name) => /\.(py|typed)$/.test(name))) cpSync(`python/forepost/${file}`, `${out}/forepost/${file}`);
cpSync('LICENSE', `${out}/LICENSE`);
cpSync('dist/wasm/forepost.wasm', `${out}/forepost/forepost.wasm`);

// The version of the engine is the package's.
for (const [file, before, after] of [
  ['pyproject.toml', /^version = "0".*$/m, `version = "${version}"`],
  ['forepost/__init__.py', /^__version__ = "0".*$/m, `__version__ = "${version}"`],
]) {
  const text = readFileSync(`${out}/${file}`, 'utf8');
  if (!before.test(text)) throw new Error(`python/${file} has no version to replace`);
  writeFileSync(`${out}/${file}`, text.replace(before, after));
}

const schemas = Object.fromEntries(Object.entries(SCHEMAS).map(([name, columns]) => [name, columns.replace(/\s+/g, ' ')]));
writeFileSync(`${out}/forepost/schemas.json`, JSON.stringify(schemas));
