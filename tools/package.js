// node tools/package.js: lays out dist/npm, the npm package, from js/ and what the build made.

import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';

const OUT = 'dist/npm';
const version = /^version = "(.+)"$/m.exec(readFileSync('Cargo.toml', 'utf8'))[1];
const { name, ...rest } = JSON.parse(readFileSync('js/package.json', 'utf8'));

cpSync('js', OUT, { recursive: true });
cpSync('README.md', `${OUT}/README.md`);
cpSync('LICENSE', `${OUT}/LICENSE`);
writeFileSync(`${OUT}/package.json`, `${JSON.stringify({ name, version, ...rest }, null, 2)}\n`);
chmodSync(`${OUT}/cli.js`, 0o755);
