// node tools/size.js FILE.wasm BUDGET: prints raw and gzip size, fails above the budget (bytes, gzip).
// node tools/size.js FILE.wasm: what takes the space, by crate and module; needs a module with its name section.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Reader, sections } from './wasm.js';

const IMPORT = 2;
const CODE = 10;
const SECTIONS = { 1: 'types', 2: 'imports', 3: 'function types', 4: 'tables', 5: 'memory', 6: 'globals', 7: 'exports', 8: 'start', 9: 'elements', 11: 'data', 12: 'data count' };

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
  const module = [...sections(bytes)].map(({ id, body }) => ({ id, name: id === 0 ? new Reader(body).name() : undefined, size: body.length, body }));
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
  return Array.from({ length: reader.u32() }, (_, index) => {
    const size = reader.u32();
    reader.take(size);
    return { name: names.get(index + imported) ?? '(unnamed)', size };
  });
}

function functionNames(section) {
  const names = new Map();
  if (!section) throw new Error('the module has no name section');
  const reader = new Reader(section.body);
  reader.name();
  while (!reader.done) {
    const kind = reader.byte();
    const end = reader.u32() + reader.at;
    if (kind === 1) for (let n = reader.u32(); n > 0; n -= 1) names.set(reader.u32(), reader.name());
    reader.at = end;
  }
  return names;
}

function importedFunctions(section) {
  if (!section) return 0;
  const reader = new Reader(section.body);
  let functions = 0;
  for (let n = reader.u32(); n > 0; n -= 1) {
    reader.name();
    reader.name();
    const kind = reader.byte();
    if (kind !== 0) throw new Error('only functions are expected to be imported');
    reader.u32();
    functions += 1;
  }
  return functions;
}
