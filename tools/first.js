// node tools/first.js NAMED.wasm [NAME]: what the package's first answer makes a runtime compile. For each function how many bytes
// of it were not run, the most first; with NAME, the runs of such bytes in functions of that name, and whom they call. What is rare
// and large belongs in a function of its own.
//
// Every stretch of code without a branch in or out sets a global of its own; those that are still zero afterwards were not run.

import { readFileSync } from 'node:fs';
import { hit } from '../benches/sample.mjs';
import { Detector, loadSync } from '../dist/npm/entry/node.js';
import { functionNames, importedFunctions, plain, Reader, section, sections, string, unsigned, vector } from './wasm.js';

const [GLOBALS, EXPORTS, CODE] = [6, 7, 10];

const [file, wanted] = process.argv.slice(2);
const bytes = readFileSync(file);
const names = functionNames(bytes);
const imported = importedFunctions(bytes);
const globals = new Reader([...sections(bytes)].find(({ id }) => id === GLOBALS).body).u32();
/** Stretches: the function they are in, their bytes there, whom they call. */
const stretches = [];

const module = new WebAssembly.Module(instrumented());
let instance;
const Instance = WebAssembly.Instance;
WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    instance = this;
  }
};
loadSync(module);
const detector = new Detector();
detector.push(new TextEncoder().encode(`${hit(1)}\n`));
detector.finish();
if ([...detector.alerts()].length !== 1) throw new Error('there is no alert');
report();

function instrumented() {
  const all = [...sections(bytes)];
  const reader = new Reader(all.find(({ id }) => id === CODE).body);
  const bodies = Array.from({ length: reader.u32() }, (_, n) => {
    const body = counted(reader.take(reader.u32()), imported + n);
    return Buffer.concat([Buffer.from(unsigned(body.length)), body]);
  });
  // An i32 that can be set and is zero; exported under the number of its stretch.
  const flags = stretches.map(() => Buffer.from([0x7f, 1, 0x41, 0, 0x0b]));
  const exports = stretches.map((_, n) => Buffer.concat([string(`${n}`), Buffer.from([3, ...unsigned(globals + n)])]));
  return Buffer.concat([bytes.subarray(0, 8), ...all.map(({ id, body }) => {
    if (id === CODE) return section(id, vector(bodies));
    if (id === GLOBALS) return section(id, more(body, flags));
    return section(id, id === EXPORTS ? more(body, exports) : body);
  })]);
}

function more(body, items) {
  const reader = new Reader(body);
  const count = reader.u32();
  return Buffer.concat([Buffer.from(unsigned(count + items.length)), body.subarray(reader.at), ...items]);
}

/** A function's body in which each stretch says that it was run. */
function counted(body, index) {
  const reader = new Reader(body);
  for (let n = reader.u32(); n > 0; n--) {
    reader.u32();
    reader.byte();
  }
  const out = [body.subarray(0, reader.at)];
  let from = reader.at;
  let stretch;
  const begin = () => {
    out.push(body.subarray(from, reader.at), Buffer.from([0x41, 1, 0x24, ...unsigned(globals + stretches.length)]));
    if (stretch) stretch.bytes = reader.at - stretch.from;
    stretch = { index, from: reader.at, bytes: body.length - reader.at, calls: [] };
    stretches.push(stretch);
    from = reader.at;
  };
  begin();
  while (!reader.done) {
    const code = reader.byte();
    if (code === 0x10) stretch.calls.push(reader.u32());
    else immediates(reader, code);
    // Behind `if`, `else`, `loop`, `end` and whatever leaves, if this is not the function's end.
    if ([0x00, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f].includes(code) && !reader.done) begin();
  }
  out.push(body.subarray(from));
  return Buffer.concat(out);
}

/** Steps over what belongs to an instruction: numbers, or bytes. */
function immediates(reader, code) {
  const number = (count = 1) => {
    while (count-- > 0) while (reader.byte() & 0x80);
  };
  if (code >= 0x02 && code <= 0x04) number(); // block, loop, if
  else if (code === 0x0c || code === 0x0d) number(); // br, br_if
  else if (code === 0x0e) number(reader.u32() + 1); // br_table
  else if (code === 0x11) number(2); // call_indirect
  else if (code === 0x1c) reader.take(reader.u32()); // select
  else if (code >= 0x20 && code <= 0x26) number(); // locals, globals, tables
  else if (code >= 0x28 && code <= 0x3e) number(2); // loads and stores
  else if (code >= 0x3f && code <= 0x42) number(); // memory's size, integers
  else if (code === 0x43) reader.take(4);
  else if (code === 0x44) reader.take(8);
  else if (code === 0xd0 || code === 0xd2) number(); // references
  else if (code === 0xfc) {
    const second = reader.u32();
    number(second < 8 ? 0 : [8, 10, 12, 14].includes(second) ? 2 : 1); // conversions; memory and tables
  } else if (code === 0xfd) {
    const second = reader.u32();
    if (second <= 11 || second === 92 || second === 93) number(2); // loads and stores of vectors
    else if (second <= 13) reader.take(16); // constants, shuffles
    else if (second >= 21 && second <= 34) reader.byte(); // lanes
    else if (second >= 84 && second <= 91) {
      number(2);
      reader.byte();
    }
  }
}

function nameOf(index) {
  return plain(names.get(index) ?? `${index}`);
}

function report() {
  const functions = new Map();
  stretches.forEach((stretch, n) => {
    const entry = functions.get(stretch.index) ?? { name: nameOf(stretch.index), run: 0, idle: 0, runs: [] };
    functions.set(stretch.index, entry);
    if (instance.exports[n].value) {
      entry.run += stretch.bytes;
      return;
    }
    entry.idle += stretch.bytes;
    const last = entry.runs.at(-1);
    if (last?.to === stretch.from) {
      last.to += stretch.bytes;
      last.calls.push(...stretch.calls);
    } else entry.runs.push({ from: stretch.from, to: stretch.from + stretch.bytes, calls: [...stretch.calls] });
  });
  const compiled = [...functions.values()].filter(({ run }) => run > 0).sort((a, b) => b.idle - a.idle);
  const sum = (key) => compiled.reduce((all, one) => all + one[key], 0);
  console.log(`${compiled.length} functions: ${sum('run')} bytes that were run, ${sum('idle')} that were not`);
  for (const { name, run, idle, runs } of compiled) {
    if (wanted === undefined) console.log(`${String(idle).padStart(6)} of ${String(run + idle).padStart(5)}  ${name}`);
    else if (name.includes(wanted)) {
      console.log(`${idle} of ${run + idle}  ${name}`);
      for (const { from, to, calls } of runs) console.log(`${String(to - from).padStart(6)}  ${calls.map(nameOf).join(', ')}`);
    }
  }
}
