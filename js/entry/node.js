// Node, Bun and Deno: the module is read from the package's folder.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { load as loadFrom, loadSync as loadSyncFrom } from '../instance.js';

export * from '../api.js';

const BESIDE = new URL('../forepost.wasm', import.meta.url);
const read = (source) => (source instanceof URL && source.protocol === 'file:' ? () => readFile(source) : source);

export const load = (source = BESIDE) => loadFrom(read(source));
export const loadSync = (source) => loadSyncFrom(source ?? readFileSync(BESIDE));
