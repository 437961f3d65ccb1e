// Browsers, workers and whatever knows fetch: the module lies beside the package.

import { BESIDE_HINT, hasSimd, load as loadFrom, loadSync } from '../instance.js';

export * from '../api.js';
export { loadSync };

// Written out, so that bundlers see both files.
const beside = () => (hasSimd() ? new URL('../forepost.wasm', import.meta.url) : new URL('../forepost-scalar.wasm', import.meta.url));

export const load = (source) => (source === undefined ? loadFrom(beside, BESIDE_HINT) : loadFrom(source));
