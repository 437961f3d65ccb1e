// Compiles the built-in rules inside the engine now, and writes what its memory then holds into the module that ships: whoever
// loads it has them ready. Most of a first answer was the time V8 takes to compile the code that compiles rules.
//
//   node tools/prepare.js ENGINE.wasm OUT.wasm

import { readFileSync, writeFileSync } from 'node:fs'
import { Reader, sections, withMemory } from './wasm.js'

const [engine, out] = process.argv.slice(2)
const bytes = readFileSync(engine)
const module = new WebAssembly.Module(bytes)
const { exports } = new WebAssembly.Instance(module, refusingImports(module))
exports.prepare()
clearUnused(exports)
const contents = new Uint8Array(exports.memory.buffer)
// The stack lies below the data. It is empty.
contents.fill(0, 0, startOfData(bytes))
writeFileSync(out, withMemory(bytes, contents))

// What is prepared must not depend on a host.
function refusingImports(module) {
  const imports = {}
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') throw new Error(`the engine imports the ${kind} ${from}.${name}`)
    imports[from] ??= {}
    imports[from][name] = () => { throw new Error(`preparing calls ${from}.${name}`) }
  }
  return imports
}

// Fills what was freed with zeros, so that it does not ship: takes all there is, in pieces as large as can be, and gives it back.
function clearUnused({ memory, __wbindgen_malloc: malloc, __wbindgen_free: free }) {
  const end = memory.buffer.byteLength
  const pieces = []
  for (let size = 65536; size >= 16; size /= 2) {
    let at
    do {
      at = malloc(size, 1)
      pieces.push([at, size])
    } while (at + size <= end)
  }
  for (const [at, size] of pieces) {
    new Uint8Array(memory.buffer).fill(0, at, at + size)
    free(at, size, 1)
  }
}

function startOfData(bytes) {
  const reader = new Reader([...sections(bytes)].find(({ id }) => id === 11).body)
  const starts = []
  for (let n = reader.u32(); n > 0; n--) {
    if (reader.u32() !== 0 || reader.byte() !== 0x41) throw new Error('a data segment without a fixed place')
    starts.push(reader.s32())
    if (reader.byte() !== 0x0b) throw new Error('a data segment without a fixed place')
    reader.take(reader.u32())
  }
  return Math.min(...starts)
}
