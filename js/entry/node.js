// Node, Bun and Deno: the module is read from the package's folder.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hasSimd, load as loadFrom, loadSync as loadSyncFrom } from '../instance.js';

export * from '../api.js';

const beside = () => new URL(hasSimd() ? '../forepost.wasm' : '../forepost-scalar.wasm', import.meta.url);
const read = (source) => (source instanceof URL && source.protocol === 'file:' ? () => readFile(source) : source);

export const load = (source = beside()) => loadFrom(read(source));
export const loadSync = (source) => loadSyncFrom(source ?? readFileSync(beside()));
