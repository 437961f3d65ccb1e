// Makes the Fluent Bit module: compiles the rules inside the engine now, and writes what its memory then holds into the
// module that ships. The module that is loaded later has its rules ready; it needs no stack to parse them on, and the code
// that parsed them is left out by wasm-opt.
//
//   node tools/filter.js ENGINE.wasm OUT.wasm [--rules FILE|DIR]… [--key NAME]…

import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { withMemory } from './wasm.js'

// What a pipeline may call; everything else is for this tool.
const EXPORTS = ['memory', 'filter', 'sieve', 'malloc', 'free', 'forepost_abi_version', 'forepost_counters']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rules: { type: 'string', multiple: true, default: [] }, key: { type: 'string', multiple: true, default: [] } },
})
const [engine, out] = positionals
if (!out) fail('usage: node tools/filter.js ENGINE.wasm OUT.wasm [--rules FILE|DIR]… [--key NAME]…')

const rules = values.rules.flatMap(ruleFiles).map(file => ({ file: basename(file), text: readFileSync(file, 'utf8') }))
if (values.rules.length && !rules.length) fail(`no rule file (.yaml, .yml) in ${values.rules.join(', ')}`)
const bytes = readFileSync(engine)
const built = build(bytes, { rules, keys: values.key })
writeFileSync(out, built.module)
console.log(`${out}: ${built.rules} rule${built.rules === 1 ? '' : 's'}, ${built.module.length} bytes before wasm-opt`)

function ruleFiles(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true }).filter(f => /\.ya?ml$/i.test(f)).sort().map(f => join(path, f))
}

function build(bytes, parts) {
  const module = new WebAssembly.Module(bytes)
  const imports = WebAssembly.Module.imports(module)
  if (imports.length) fail(`the engine imports ${imports.map(i => `${i.module}.${i.name}`).join(', ')}`)
  const instance = new WebAssembly.Instance(module)
  const { memory, malloc, free, forepost_init, __stack_pointer: stack } = instance.exports
  const top = stack.value
  const text = new TextEncoder().encode(JSON.stringify(parts))
  const at = malloc(text.length + 1)
  if (!at) fail('the rules are too large')
  new Uint8Array(memory.buffer).set(text, at)
  const result = JSON.parse(cString(memory, forepost_init(at, text.length)))
  new Uint8Array(memory.buffer).fill(0, at, at + text.length)
  free(at)
  if (result.error) fail(result.error)
  if (result.findings) {
    for (const f of result.findings) console.error(`${f.file}:${f.line}:${f.column}: ${f.severity} ${f.code} ${f.message}`)
    fail('the rules cannot run')
  }
  if (stack.value !== top) fail('the stack is not as it was')
  return { rules: result.rules, module: withMemory(bytes, new Uint8Array(memory.buffer), EXPORTS) }
}

function cString(memory, at) {
  const bytes = new Uint8Array(memory.buffer)
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)))
}

function fail(message) {
  console.error(`filter: ${message}`)
  process.exit(1)
}
