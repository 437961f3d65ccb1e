import { readFileSync } from 'node:fs';
import { Miniflare } from 'miniflare';

const { PORT, BUNDLE, FOREPOST_KEY, FOREPOST_WEBHOOK, FOREPOST_MAX_BYTES } = process.env;
const miniflare = new Miniflare({
  host: '127.0.0.1', port: Number(PORT), compatibilityDate: '2026-01-01',
  modules: [
    { type: 'ESModule', path: 'worker.js', contents: readFileSync(`${BUNDLE}/worker.js`, 'utf8') },
    { type: 'CompiledWasm', path: 'forepost.wasm', contents: readFileSync(`${BUNDLE}/forepost.wasm`) },
  ],
  bindings: { FOREPOST_KEY, FOREPOST_WEBHOOK, FOREPOST_MAX_BYTES },
});
await miniflare.ready;
process.on('SIGTERM', () => miniflare.dispose().then(() => process.exit(0)));
