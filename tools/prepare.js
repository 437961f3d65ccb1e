// Compiles the built-in rules inside the engine now, and writes what its memory then holds into the module that ships: whoever
// loads it has them ready. Most of a first answer was the time V8 takes to compile the code that compiles rules.
//
//   node tools/prepare.js ENGINE.wasm OUT.wasm

import { readFileSync, writeFileSync } from 'node:fs'
import { withMemory } from './wasm.js'

const [engine, out] = process.argv.slice(2)
const bytes = readFileSync(engine)
const module = new WebAssembly.Module(bytes)
const { exports } = new WebAssembly.Instance(module, refusingImports(module))
exports.prepare()
clearUnused(exports)
writeFileSync(out, withMemory(bytes, new Uint8Array(exports.memory.buffer)))

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
