// node tools/package.js BUILT SCALAR DIST: lays out the npm package from js/ and what the build made, with SIMD and without.

import { chmodSync, cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { buildSync } from 'esbuild';

const [built, scalar, dist] = process.argv.slice(2);
const version = /^version = "(.+)"$/m.exec(readFileSync('Cargo.toml', 'utf8'))[1];
const { name, ...rest } = JSON.parse(readFileSync('js/package.json', 'utf8'));

rmSync(dist, { recursive: true, force: true });
cpSync('js', dist, { recursive: true });
for (const file of ['engine.js', 'forepost.wasm']) cpSync(`${built}/${file}`, `${dist}/${file}`);
cpSync(`${scalar}/forepost.wasm`, `${dist}/forepost-scalar.wasm`);
// One glue serves both.
if (!readFileSync(`${scalar}/engine.js`).equals(readFileSync(`${built}/engine.js`))) throw new Error('the two modules have different glue');
for (const file of ['README.md', 'LICENSE']) cpSync(file, `${dist}/${file}`);
writeFileSync(`${dist}/package.json`, `${JSON.stringify({ name, version, ...rest }, null, 2)}\n`);

// The command in one CommonJS file, which starts sooner than thirty modules. What reads in threads stays as modules.
buildSync({
  entryPoints: [`${dist}/cli.js`],
  outfile: `${dist}/cli/main.cjs`,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  banner: { js: "const here = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'here' }, // as deep as the files it is made of: what they name stands where they say
  logLevel: 'warning',
});
for (const file of readdirSync(`${dist}/cli`)) {
  if (!['main.cjs', 'thread.js', 'files.js'].includes(file)) rmSync(`${dist}/cli/${file}`);
}
writeFileSync(`${dist}/cli.js`, `#!/usr/bin/env node
import { createRequire } from 'node:module';

createRequire(import.meta.url)('./cli/main.cjs');
`);
for (const command of ['cli.js', 'cli/main.cjs']) chmodSync(`${dist}/${command}`, 0o755);
