// node tools/size.js FILE.wasm BUDGET: prints raw and gzip size, fails above the budget (bytes, gzip).
// node tools/size.js NAMED.wasm: what takes the space, by crate and module.
// node tools/size.js NAMED.wasm --at 0x1234: which function stands at that byte, as a trap's stack says it.
// node tools/size.js NAMED.wasm --without PATTERN OUT.wasm: the module without the functions of such names; wasm-opt then drops what only
//   they called. Their tables and texts stay.
// NAMED.wasm is a module with its name section.

import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSize } from './gzip.js';
import { functionNames, importedFunctions, plain, Reader, section, sections, unsigned, vector } from './wasm.js';

const CODE = 10;
const SECTIONS = { 1: 'types', 2: 'imports', 3: 'function types', 4: 'tables', 5: 'memory', 6: 'globals', 7: 'exports', 8: 'start', 9: 'elements', 11: 'data', 12: 'data count' };

const [file, what, at, out] = process.argv.slice(2);
const bytes = readFileSync(file);
const show = (n) => `${(n / 1000).toFixed(1).padStart(8)} kB`;

if (what === undefined) list();
else if (what === '--at') console.log(pieces().find(({ from, to }) => from <= Number(at) && Number(at) < to)?.name ?? 'nothing stands there');
else if (what === '--without') writeFileSync(out, without(new RegExp(at)));
else weigh(Number(what));

function weigh(budget) {
  const gzip = gzipSize(bytes);
  console.log(`${file}: ${show(bytes.length).trim()}, gzip ${show(gzip).trim()} of at most ${show(budget).trim()}`);
  if (gzip > budget) {
    console.error('The module is over its budget. `make size` lists what takes the space.');
    process.exitCode = 1;
  }
}

// After gzip a group costs what all weighs less without it; that is less than its share, for what is alike is seen once.
function list() {
  const all = pieces();
  const together = (some) => Buffer.concat(some.map(({ from, to }) => bytes.subarray(from, to)));
  const whole = together(all);
  const gzip = gzipSize(whole);
  const groups = new Map();
  for (const piece of all) groups.set(groupOf(piece.name), [...(groups.get(groupOf(piece.name)) ?? []), piece]);
  const rows = [...groups].map(([name, own]) => ({ name, own, size: together(own).length })).sort((a, b) => b.size - a.size);
  console.log('        raw        gzip');
  for (const { name, own, size } of rows.slice(0, 80)) {
    const saved = gzip - gzipSize(together(all.filter((piece) => !own.includes(piece))));
    console.log(`${show(size)} ${show(saved)} ${((100 * saved) / gzip).toFixed(1).padStart(5)} %  ${name}`);
  }
  console.log(`${show(whole.length)} ${show(gzip)}          in all`);
}

/** The module in which every call of such a function traps. */
function without(pattern) {
  const trap = Buffer.from([3, 0, 0x00, 0x0b]); // three bytes: no locals, unreachable, end
  const gone = new Set(pieces().filter(({ name }) => pattern.test(plain(name))).map(({ from }) => from));
  const all = [...sections(bytes)].map(({ id, body }) => {
    if (id !== CODE) return section(id, body);
    const reader = new Reader(body);
    return section(CODE, vector(Array.from({ length: reader.u32() }, () => {
      const code = reader.take(reader.u32());
      return gone.has(code.byteOffset - bytes.byteOffset) ? trap : Buffer.concat([Buffer.from(unsigned(code.length)), code]);
    })));
  });
  return Buffer.concat([bytes.subarray(0, 8), ...all]);
}

/** `forepost::kql::functions::math` for our own functions, the crate for others; `<f64 as core::fmt::Display>::fmt` is core's. */
function groupOf(name) {
  if (name.startsWith('(')) return name;
  const paths = plain(name).match(/[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+/g);
  if (!paths) return /^__wb(?:g|indgen)/.test(name) ? 'wasm-bindgen' : '(other)';
  const path = (paths.find((p) => p.startsWith('forepost::')) ?? paths[0]).split('::');
  if (path[0] !== 'forepost') return path[0];
  return path.slice(0, path[2] === 'functions' ? 4 : 3).join('::'); // the library by family
}

/** What the module is made of, in its order and by name, with its place in the file: each function, and each other section whole. */
function pieces() {
  const all = [...sections(bytes)].map(({ id, body }) => ({ id, body, from: body.byteOffset - bytes.byteOffset }));
  const custom = ({ id, body }) => (id === 0 ? new Reader(body).name() : undefined);
  const names = functionNames(bytes);
  const imported = importedFunctions(bytes);
  return all.filter((section) => custom(section) !== 'name').flatMap((section) => {
    const { id, body, from } = section;
    if (id !== CODE) return [{ name: id === 0 ? `(section ${custom(section)})` : `(${SECTIONS[id]})`, from, to: from + body.length }];
    const reader = new Reader(body);
    return Array.from({ length: reader.u32() }, (_, index) => {
      const size = reader.u32();
      const start = from + reader.at;
      reader.take(size);
      return { name: names.get(index + imported) ?? '(unnamed)', from: start, to: start + size };
    });
  });
}
