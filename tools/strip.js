// node tools/strip.js NAMED.wasm OUT.wasm: the module without the names of its functions, and else byte for byte the same, so that
// a place in the one is a place in the other.

import { readFileSync, writeFileSync } from 'node:fs'
import { withoutNames } from './wasm.js'

const [named, out] = process.argv.slice(2)
writeFileSync(out, withoutNames(readFileSync(named)))
