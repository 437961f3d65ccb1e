// node tools/size.js FILE.wasm BUDGET: prints raw and gzip size, fails above the budget (bytes, gzip).
// node tools/size.js FILE.wasm: what takes the space, by crate and module; needs a module with its name section.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const IMPORT = 2;
const CODE = 10;
const SECTIONS = { 1: 'types', 2: 'imports', 3: 'function types', 4: 'tables', 5: 'memory', 6: 'globals', 7: 'exports', 8: 'start', 9: 'elements', 11: 'data', 12: 'data count' };

class Reader {
  at = 0;
  constructor(bytes) { this.bytes = bytes; }
  byte() { return this.bytes[this.at++]; }
  leb() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }
  text() {
    const length = this.leb();
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }
}

const [file, budget] = process.argv.slice(2);
const bytes = readFileSync(file);
const show = (n) => `${(n / 1000).toFixed(1).padStart(8)} kB`;

if (budget) {
  const gzip = gzipSync(bytes, { level: 9 }).length;
  console.log(`${file}: ${show(bytes.length).trim()}, gzip ${show(gzip).trim()} of at most ${show(Number(budget)).trim()}`);
  if (gzip > Number(budget)) {
    console.error('The module is over its budget. `make size` lists what takes the space.');
    process.exitCode = 1;
  }
} else {
  const module = sections(bytes);
  const groups = new Map();
  for (const { name, size } of functions(module)) add(groups, groupOf(name), size);
  for (const { id, name, size } of module) if (id !== CODE) add(groups, id === 0 ? `(section ${name})` : `(${SECTIONS[id]})`, size);
  const ordered = [...groups].filter(([name]) => name !== '(section name)').sort((a, b) => b[1] - a[1]);
  const total = ordered.reduce((sum, [, size]) => sum + size, 0);
  for (const [name, size] of ordered.slice(0, 60)) console.log(`${show(size)} ${((100 * size) / total).toFixed(1).padStart(5)} %  ${name}`);
  console.log(`${show(total)}          in all, before gzip`);
}

function add(map, key, n) { map.set(key, (map.get(key) ?? 0) + n); }

/** `forepost::kql::parse` for our own functions, the crate for others; `<f64 as core::fmt::Display>::fmt` is core's. */
function groupOf(name) {
  const paths = name.replace(/\[[0-9a-f]{8,}\]/g, '').match(/[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+/g);
  if (!paths) return /^__wb(?:g|indgen)/.test(name) ? 'wasm-bindgen' : '(other)';
  const path = (paths.find((p) => p.startsWith('forepost::')) ?? paths[0]).split('::');
  return path[0] === 'forepost' ? path.slice(0, 3).join('::') : path[0];
}

function functions(module) {
  const code = module.find(({ id }) => id === CODE);
  const names = functionNames(module.find(({ id, name }) => id === 0 && name === 'name'));
  const imported = importedFunctions(module.find(({ id }) => id === IMPORT));
  const reader = new Reader(code.body);
  return Array.from({ length: reader.leb() }, (_, index) => {
    const size = reader.leb();
    reader.at += size;
    return { name: names.get(index + imported) ?? '(unnamed)', size };
  });
}

function functionNames(section) {
  const names = new Map();
  if (!section) throw new Error('the module has no name section');
  const reader = new Reader(section.body);
  while (reader.at < section.body.length) {
    const kind = reader.byte();
    const end = reader.leb() + reader.at;
    if (kind === 1) for (let n = reader.leb(); n > 0; n -= 1) names.set(reader.leb(), reader.text());
    reader.at = end;
  }
  return names;
}

function importedFunctions(section) {
  if (!section) return 0;
  const reader = new Reader(section.body);
  let functions = 0;
  for (let n = reader.leb(); n > 0; n -= 1) {
    reader.text();
    reader.text();
    const kind = reader.byte();
    if (kind !== 0) throw new Error('only functions are expected to be imported');
    reader.leb();
    functions += 1;
  }
  return functions;
}

function sections(bytes) {
  const reader = new Reader(bytes);
  reader.at = 8;
  const found = [];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const size = reader.leb();
    const end = reader.at + size;
    const name = id === 0 ? reader.text() : undefined;
    found.push({ id, name, size, body: bytes.subarray(reader.at, end) });
    reader.at = end;
  }
  return found;
}
