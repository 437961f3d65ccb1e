// Node, Bun and Deno: the module is read from the package's folder.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { BESIDE_HINT, hasSimd, load as loadFrom, loadSync as loadSyncFrom } from '../instance.js';

export * from '../api.js';

const beside = () => new URL(hasSimd() ? '../forepost.wasm' : '../forepost-scalar.wasm', import.meta.url);
const read = (source) => (source instanceof URL && source.protocol === 'file:' ? readFile(source) : source);

export const load = (source) => (source === undefined ? loadFrom(() => readFile(beside()), BESIDE_HINT) : loadFrom(read(source)));
export const loadSync = (source) => (source === undefined ? loadSyncFrom(() => readFileSync(beside()), BESIDE_HINT) : loadSyncFrom(source));
