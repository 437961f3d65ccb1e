// BENCHMARKS.md: each benchmark writes a section of its own and leaves the others as they are.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../BENCHMARKS.md', import.meta.url));
const HEAD = '# Benchmarks\n\nWritten by `make bench` and `make bench-peers`; do not edit. Ratios above 1 are faster than what they are compared with.\n\n';
const TITLES = ['In the module', 'Whole processes', 'A responder\'s questions'];

/** Replaces a section by these lines. */
export function report(title, lines) {
  const old = existsSync(FILE) ? readFileSync(FILE, 'utf8').split(/^(?=## )/m) : [];
  const machine = `Machine: ${cpus()[0].model.trim()}, ${cpus().length} CPUs; Node ${process.version}; ${new Date().toISOString().slice(0, 10)}.`;
  const mine = `## ${title}\n\n${machine}\n\n${lines.join('\n').trim()}\n\n`;
  const sections = TITLES.map((other) => (other === title ? mine : old.find((text) => text.startsWith(`## ${other}\n`)) ?? ''));
  writeFileSync(FILE, `${(HEAD + sections.join('')).trim()}\n`);
}
