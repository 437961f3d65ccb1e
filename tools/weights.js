// node tools/weights.js FOLDER BUDGET: what each file of the page weighs, as it is and through gzip; fails above the budget.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSize } from './gzip.js';

const [folder, budget] = process.argv.slice(2);
const kinds = new Map([['engine', [0, 0]], ['page', [0, 0]], ['editor, when it is opened', [0, 0]], ['sample, when it is opened', [0, 0]]]);
const kind = (name) => (name.endsWith('.wasm') ? 'engine' : name.startsWith('sample/') ? 'sample, when it is opened' : /editor/.test(name) ? 'editor, when it is opened' : 'page');

for (const name of readdirSync(folder, { recursive: true })) {
  const path = join(folder, name);
  if (!statSync(path).isFile()) continue;
  const bytes = readFileSync(path);
  const sum = kinds.get(kind(name));
  sum[0] += bytes.length;
  sum[1] += gzipSize(bytes);
}

const line = (name, [raw, packed]) => console.log(`${name.padEnd(28)}${String(raw).padStart(10)} bytes${String(packed).padStart(10)} gzip`);
kinds.forEach((sum, name) => line(name, sum));
const total = [...kinds.values()].reduce(([a, b], [raw, packed]) => [a + raw, b + packed], [0, 0]);
line('page in all', total);
if (budget && total[1] > Number(budget)) {
  console.error(`The page weighs ${total[1]} bytes through gzip; the budget is ${budget}.`);
  process.exitCode = 1;
}
