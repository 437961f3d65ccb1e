// Browsers, workers and whatever knows fetch: the module lies beside the package.

import { load as loadFrom, loadSync } from '../instance.js';

export * from '../api.js';
export { loadSync };
export const load = (source = new URL('../forepost.wasm', import.meta.url)) => loadFrom(source);
