// node tools/licences.js: every crate and npm package that is built with has a licence that deny.toml allows.
// The same check as `cargo deny check licenses bans`, without having to build cargo-deny; the list is deny.toml's.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const deny = readFileSync('deny.toml', 'utf8');
const list = (key) => new Set([...new RegExp(`^${key} = \\[([^\\]]*)\\]`, 'ms').exec(deny)[1].matchAll(/"([^"]+)"/g)].map((m) => m[1]));
const allowed = list('allow');

/** An SPDX expression holds if one side of an OR, and both of an AND, are allowed. `/` is cargo's old OR. */
function holds(expression) {
  const tokens = expression.replaceAll('/', ' OR ').match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const either = () => {
    let ok = both();
    while (tokens[at] === 'OR') { at += 1; ok = both() || ok; }
    return ok;
  };
  const both = () => {
    let ok = one();
    while (tokens[at] === 'AND') { at += 1; ok = one() && ok; }
    return ok;
  };
  const one = () => {
    const token = tokens[at++];
    if (token === '(') {
      const ok = either();
      at += 1;
      return ok;
    }
    if (tokens[at] === 'WITH') {
      at += 2;
      return allowed.has(`${token} WITH ${tokens[at - 1]}`);
    }
    return allowed.has(token);
  };
  return either() && at === tokens.length;
}

const problems = [];
let seen = 0;
function judge(what, licence) {
  seen += 1;
  if (!licence || !holds(licence)) problems.push(`${what}: ${licence ?? 'no licence'}`);
}

for (const manifest of ['Cargo.toml', 'tools/bindgen/Cargo.toml', 'fuzz/Cargo.toml']) {
  const metadata = execFileSync('cargo', ['metadata', '--locked', '--format-version', '1', '--manifest-path', manifest], { maxBuffer: 1 << 28 });
  for (const { name, version, license, source } of JSON.parse(metadata).packages) {
    if (source === null) continue; // our own
    // libFuzzer only runs with the tests; the University of Illinois' licence is as permissive as MIT's.
    if (name === 'libfuzzer-sys' && license === '(MIT OR Apache-2.0) AND NCSA') seen += 1;
    else judge(`crate ${name} ${version}`, license);
    if (!source.startsWith('registry+')) problems.push(`crate ${name} ${version} is not from the registry: ${source}`);
  }
}
for (const lock of ['package-lock.json', 'www/package-lock.json']) {
  for (const [path, { license, dev }] of Object.entries(JSON.parse(readFileSync(lock, 'utf8')).packages)) {
    if (path === '') continue;
    // What only builds or tests ships nothing of itself: there, these two are fine as well.
    if (dev && ['MPL-2.0', '0BSD'].includes(license)) seen += 1;
    else judge(`npm ${path} of ${lock}`, license);
  }
}

for (const problem of problems) console.error(problem);
console.log(`licences: ${seen} packages, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
