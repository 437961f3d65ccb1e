// node tools/filter.js ENGINE.wasm OUT.wasm [RULES] [KEY]: builds the rules of a file or a folder into the Fluent Bit module, and
// the key under which it looks for an event first. Without rules it takes all built-in ones.
//
// Wizer runs the engine's `forepost_init`, which reads this from standard input, and writes the module with the memory it then has.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expandArm } from '../js/arm.js';
import { isRuleByName, isTemplate, LOOKED_AT } from '../js/logfile.js';

const [engine, out, path, key] = process.argv.slice(2);
if (path && !existsSync(path)) fail(`${path} does not exist`);
const files = !path ? [] : statSync(path).isDirectory()
  ? readdirSync(path, { recursive: true }).sort().map((name) => join(path, name)).filter((name) => isRuleByName(name) || (/\.json$/i.test(name) && isTemplate(name, readFileSync(name).subarray(0, LOOKED_AT))))
  : [path];
if (path && files.length === 0) fail(`no rule file (.yaml, .yml) in ${path}`);
const rules = expandArm(files.map((file) => ({ file, text: readFileSync(file, 'utf8') })));
for (const { arm } of rules) for (const { file, message } of arm?.findings ?? []) console.error(`${file}: ${message}`);

const { status, stderr, error } = spawnSync('node_modules/.bin/wizer', ['--allow-wasi', '--init-func', 'forepost_init', '-o', out, engine],
  { input: JSON.stringify({ rules: rules.map(({ file, text }) => ({ file, text })), keys: key ? [key] : [] }), encoding: 'utf8' });
if (error) throw error;
if (status !== 0) {
  rmSync(out, { force: true }); // Wizer leaves an empty file
  // Where the engine refused the rules it said why; what Wizer says of its end behind that is of no use.
  const refused = stderr.includes('Exited with i32 exit status 1');
  process.stderr.write(refused ? stderr.slice(0, stderr.indexOf('Error: the `forepost_init` function trapped')) : stderr);
  fail(refused ? 'the rules cannot run' : 'Wizer failed');
}

function fail(message) {
  console.error(`filter: ${message}`);
  process.exit(1);
}
