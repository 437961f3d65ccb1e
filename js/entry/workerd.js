// Cloudflare Workers: code may not be compiled there; an import of the .wasm is a compiled module.

import module from '../forepost.wasm';
import { load as loadFrom, loadSync as loadSyncFrom } from '../instance.js';

export * from '../api.js';
export const load = (source = module) => loadFrom(source);
export const loadSync = (source = module) => loadSyncFrom(source);
