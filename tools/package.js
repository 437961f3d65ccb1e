// node tools/package.js BUILT SCALAR DIST: lays out the npm package from js/ and what the build made, with SIMD and without.

import { chmodSync, cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
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
writeFileSync(`${dist}/package.json`, `${JSON.stringify({ name, version, ...rest }, null, 2)}\n`);

// The module as text for programs that are one file. Not compressed: what inflates it would have to be awaited, and loadSync() cannot.
writeFileSync(`${dist}/entry/module.js`, `export default '${readFileSync(`${built}/forepost.wasm`).toString('base64')}';\n`);

// Of what reads YAML, the build without files and streams: it is made of modules, so that what nobody calls is left out.
const alias = { yaml: fileURLToPath(new URL('../node_modules/yaml/browser/index.js', import.meta.url)) };
if (!existsSync(alias.yaml)) throw new Error('node_modules lacks yaml: make node_modules/.package-lock.json');
const bundles = [];
const commonJs = {
  alias,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  metafile: true,
  banner: { js: "const here = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'here' }, // as deep as the files it is made of: what they name stands where they say
  logLevel: 'warning',
};
// For `require`: one file each, and the others take engine and errors from the first. Their types are the same under another name.
const shared = { name: 'shared', setup: ({ onResolve }) => onResolve({ filter: /\/(?:node|errors)\.js$/ }, () => ({ path: './node.cjs', external: true })) };
bundles.push(await build({ ...commonJs, entryPoints: [`${dist}/entry/node.js`], outfile: `${dist}/entry/node.cjs` }));
// The tests of rules: what reads YAML is inside, the rest of the package is not. The command's own files lie elsewhere.
const around = (entry) => ({ name: 'around', setup: ({ onResolve }) => onResolve({ filter: /^\.\.\// }, ({ path, importer }) => {
  if (!importer.includes(`${dist}/testing/`) || path.startsWith('../cli/')) return undefined;
  if (!entry) return { path: path.replace('../', './'), external: true };
  return /\/(?:node|errors)\.js$/.test(path) ? { path: entry, external: true } : undefined;
}) });
const testing = { alias, entryPoints: [`${dist}/testing/index.js`], plugins: [around()], bundle: true, platform: 'node', format: 'esm', target: 'node20', metafile: true, logLevel: 'warning' };
bundles.push(await build({ ...testing, outfile: `${dist}/testing.js` }));
bundles.push(await build({ ...commonJs, entryPoints: testing.entryPoints, outfile: `${dist}/testing.cjs`, plugins: [around('./entry/node.cjs')] }));
bundles.push(await build({ ...commonJs, entryPoints: [`${dist}/entry/worker-node.js`], outfile: `${dist}/entry/worker-node.cjs`, plugins: [shared] }));
for (const types of ['index', 'worker', 'testing']) {
  writeFileSync(`${dist}/${types}.d.cts`, readFileSync(`${dist}/${types}.d.ts`, 'utf8').replaceAll("'./index.js'", "'./index.cjs'"));
}

cpSync(`${dist}/testing/test.schema.json`, `${dist}/test.schema.json`);

// What `forepost catalogue` puts beside its pages: the page's colours under its own rules, and the engine's table of ATT&CK.
const pageStyle = readFileSync('www/src/style.css', 'utf8');
const colours = pageStyle.slice(pageStyle.indexOf(':root'), pageStyle.indexOf('\n* {'));
writeFileSync(`${dist}/catalogue/style.css`, colours + readFileSync('js/catalogue/style.css', 'utf8'));
cpSync('www/public/icon.svg', `${dist}/catalogue/icon.svg`);
const tactics = [...readFileSync('src/rule/mitre.rs', 'utf8').matchAll(/\(\s*"(\w+)",\s*&\[([\d,\s]*)\],?\s*\)/g)].map(([, name, numbers]) => [name, numbers.match(/\d+/g)?.map(Number) ?? []]);
if (tactics.length !== 17) throw new Error(`src/rule/mitre.rs has ${tactics.length} tactics that can be read here`);
writeFileSync(`${dist}/catalogue/tactics.json`, `${JSON.stringify(Object.fromEntries(tactics))}\n`);

// The man page says what --help says.
const { manual } = await import(pathToFileURL(resolve(dist, 'cli/manual.js')));
writeFileSync(`${dist}/forepost.1`, manual(version));

// The command in one CommonJS file, which starts sooner than thirty modules. What reads in threads stays as modules.
bundles.push(await build({ ...commonJs, entryPoints: [`${dist}/cli.js`], outfile: `${dist}/cli/main.cjs` }));
rmSync(`${dist}/testing`, { recursive: true });
for (const file of ['html.js', 'pages.js']) rmSync(`${dist}/catalogue/${file}`);
for (const file of readdirSync(`${dist}/cli`)) {
  if (!['main.cjs', 'thread.js', 'files.js'].includes(file)) rmSync(`${dist}/cli/${file}`);
}
writeFileSync(`${dist}/cli.js`, `#!/usr/bin/env node
import { createRequire } from 'node:module';

createRequire(import.meta.url)('./cli/main.cjs');
`);
// Whose code the bundles hold is known now.
const inputs = bundles.flatMap(({ metafile }) => Object.keys(metafile.inputs));
const works = new Set(inputs.flatMap((input) => /node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []));
writeFileSync(`${dist}/NOTICE`, notice({ lock: 'package-lock.json', modules: 'node_modules', only: works }));
for (const command of ['cli.js', 'cli/main.cjs']) chmodSync(`${dist}/${command}`, 0o755);
