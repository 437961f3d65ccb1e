// Whose work a build contains, with the licences under which it may be passed on: the text of NOTICE.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';

const WASM = 'wasm32-unknown-unknown';
// In this order: where there is a choice of licences, the one that is shortest to comply with.
const LICENCES = [/^licen[cs]e-mit/i, /^licen[cs]e(\.(md|txt))?$/i, /^licen[cs]e/i, /^unlicense/i, /^copying/i];
// No files of a dependency: the standard library, and the rule that is built in.
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
const OTHERS = [
  { name: 'Rust standard library', licence: 'MIT OR Apache-2.0', texts: [`Copyright (c) The Rust Project Contributors\n\n${MIT}`] },
  { name: 'Rules of the Microsoft Sentinel repository', licence: 'MIT', texts: [`Copyright (c) Microsoft Corporation. All rights reserved.\n\n${MIT}`] },
];

/**
 * The NOTICE of the module, and of the npm packages in `modules` that are built in: those that `lock` says are shipped or, with `only`, a set of
 * its paths.
 */
export function notice({ lock, modules, only } = {}) {
  const works = [...crates(), ...OTHERS, ...(lock ? packages(lock, modules, only) : [])];
  const byText = new Map();
  for (const { name, licence, texts } of works) {
    if (texts.length === 0) throw new Error(`${name} has no text of its licence`);
    for (const text of texts) byText.set(text, [...(byText.get(text) ?? []), `${name} (${licence})`]);
  }
  const parts = Array.from(byText, ([text, names]) => `${names.join('\n')}\n\n${text}`);
  return ['Forepost contains the following works of others, under the licences that follow each of them.', ...parts].join(`\n\n${'-'.repeat(80)}\n\n`) + '\n';
}

/** The crates that are linked into the module: what only builds it is none of them. */
function crates() {
  const cargo = (...args) => execFileSync('cargo', [...args, '--locked'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const lines = cargo('tree', '--package', 'forepost', '--edges', 'normal,no-proc-macro', '--target', WASM, '--prefix', 'none', '--format', '{p}');
  const linked = new Set(lines.split('\n').map((line) => line.replace(/ \(\*\)$/, '')));
  return JSON.parse(cargo('metadata', '--format-version', '1')).packages
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} v${version}`))
    .map(({ name, version, license, manifest_path: manifest }) => {
      const folder = dirname(manifest);
      const unicode = `${folder}/src/unicode_tables/LICENSE-UNICODE`;
      return { name: `${name} ${version}`, licence: license, texts: [...textOf(folder), ...(existsSync(unicode) ? [read(unicode)] : [])] };
    });
}

function packages(lock, modules, only) {
  return Object.entries(JSON.parse(readFileSync(lock, 'utf8')).packages)
    .filter(([path, { dev }]) => path !== '' && (only ? only.has(path) : !dev) && existsSync(`${modules}/../${path}`))
    .map(([path, { version, license }]) => ({ name: `${path.replace(/^.*node_modules\//, '')} ${version}`, licence: license, texts: textOf(`${modules}/../${path}`) }));
}

function textOf(folder) {
  const names = readdirSync(folder);
  const file = LICENCES.map((pattern) => names.find((name) => pattern.test(name))).find(Boolean);
  return file ? [read(`${folder}/${file}`)] : [];
}

const read = (file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim();
