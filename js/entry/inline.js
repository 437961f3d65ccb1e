// Programs that are one file: the module is inside, as text. For bundlers that copy no files, and where nothing can be awaited.

import { hasSimd, load as loadFrom, loadSync as loadSyncFrom } from '../instance.js';
import base64 from './module.js'; // made by tools/package.js

export * from '../api.js';

function inside() {
  if (!hasSimd()) throw new Error('this runtime has no WebAssembly SIMD, which the module inside needs; give load() the bytes of forepost-scalar.wasm');
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export const load = (source = inside) => loadFrom(source);
export const loadSync = (source = inside) => loadSyncFrom(source);
