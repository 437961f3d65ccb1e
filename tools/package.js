// node tools/package.js BUILT SCALAR DIST: lays out the npm package from js/ and what the build made, with SIMD and without.

import { chmodSync, cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { notice } from './notice.js';

const [built, scalar, dist] = process.argv.slice(2);
const version = /^version = "(.+)"$/m.exec(readFileSync('Cargo.toml', 'utf8'))[1];
const { name, ...rest } = JSON.parse(readFileSync('js/package.json', 'utf8'));

rmSync(dist, { recursive: true, force: true });
cpSync('js', dist, { recursive: true });
for (const file of ['engine.js', 'forepost.wasm']) cpSync(`${built}/${file}`, `${dist}/${file}`);
cpSync(`${scalar}/forepost.wasm`, `${dist}/forepost-scalar.wasm`);
// One glue serves both.
if (!readFileSync(`${scalar}/engine.js`).equals(readFileSync(`${built}/engine.js`))) throw new Error('the two modules have different glue');
cpSync('LICENSE', `${dist}/LICENSE`);
writeFileSync(`${dist}/NOTICE`, notice());
writeFileSync(`${dist}/package.json`, `${JSON.stringify({ name, version, ...rest }, null, 2)}\n`);

// The module as text for programs that are one file. Not compressed: what inflates it would have to be awaited, and loadSync() cannot.
writeFileSync(`${dist}/entry/module.js`, `export default '${readFileSync(`${built}/forepost.wasm`).toString('base64')}';\n`);

const commonJs = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  banner: { js: "const here = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'here' }, // as deep as the files it is made of: what they name stands where they say
  logLevel: 'warning',
};
// For `require`: one file each, and the second takes engine and errors from the first. Their types are the same under another name.
const shared = { name: 'shared', setup: ({ onResolve }) => onResolve({ filter: /\/(?:node|errors)\.js$/ }, () => ({ path: './node.cjs', external: true })) };
await build({ ...commonJs, entryPoints: [`${dist}/entry/node.js`], outfile: `${dist}/entry/node.cjs` });
await build({ ...commonJs, entryPoints: [`${dist}/entry/worker-node.js`], outfile: `${dist}/entry/worker-node.cjs`, plugins: [shared] });
for (const types of ['index', 'worker']) {
  writeFileSync(`${dist}/${types}.d.cts`, readFileSync(`${dist}/${types}.d.ts`, 'utf8').replaceAll("'./index.js'", "'./index.cjs'"));
}

// The command in one CommonJS file, which starts sooner than thirty modules. What reads in threads stays as modules.
await build({ ...commonJs, entryPoints: [`${dist}/cli.js`], outfile: `${dist}/cli/main.cjs` });
for (const file of readdirSync(`${dist}/cli`)) {
  if (!['main.cjs', 'thread.js', 'files.js'].includes(file)) rmSync(`${dist}/cli/${file}`);
}
writeFileSync(`${dist}/cli.js`, `#!/usr/bin/env node
import { createRequire } from 'node:module';

createRequire(import.meta.url)('./cli/main.cjs');
`);
for (const command of ['cli.js', 'cli/main.cjs']) chmodSync(`${dist}/${command}`, 0o755);
