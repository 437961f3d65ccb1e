// Builds the page to dist/www: static files with relative links, a service worker that knows them all, and the sample.

import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createHash } from 'node:crypto';
import { defineConfig } from 'vite';
import { notice } from '../tools/notice.js';

const SAMPLE = new URL('../samples', import.meta.url).pathname;

/** The demo's sample as it lies, with a list of its paths. */
const sample = () => ({
  name: 'sample',
  generateBundle() {
    const files = readdirSync(SAMPLE, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.gz'))
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files) {
      this.emitFile({ type: 'asset', fileName: `sample/${relative(SAMPLE, file)}`, source: readFileSync(file) });
    }
    const names = files.map((file) => relative(SAMPLE, file)).sort();
    this.emitFile({ type: 'asset', fileName: 'sample/files.json', source: JSON.stringify(names) });
  },
});

/** Whose work the page contains. */
const notices = () => ({
  name: 'notices',
  generateBundle() {
    const [lock, modules] = ['package-lock.json', 'node_modules'].map((name) => new URL(name, import.meta.url).pathname);
    this.emitFile({ type: 'asset', fileName: 'NOTICE.txt', source: notice({ lock, modules }) });
  },
});

/** sw.js with the list of everything that was built, and a version that changes with any of it. */
const serviceWorker = () => ({
  name: 'service-worker',
  enforce: 'post',
  generateBundle(_, bundle) {
    const hash = createHash('sha256');
    const files = Object.entries(bundle).map(([name, { code, source }]) => {
      hash.update(name).update(code ?? source ?? '');
      return name;
    });
    const text = readFileSync(new URL('src/sw.js', import.meta.url), 'utf8')
      .replace("'__VERSION__'", JSON.stringify(hash.digest('hex').slice(0, 16)))
      .replace("['__FILES__']", JSON.stringify(['./', 'icon.svg', 'opened-as-file.js', ...files]));
    this.emitFile({ type: 'asset', fileName: 'sw.js', source: text });
  },
});

export default defineConfig({
  base: './',
  resolve: { alias: { forepost: new URL('../dist/npm', import.meta.url).pathname } },
  build: {
    outDir: '../dist/www',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  plugins: [sample(), notices(), serviceWorker()],
});
