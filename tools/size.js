// node tools/size.js BUDGET PATH: what a file, or each file of a folder, weighs through gzip; fails above the budget (bytes, all together).

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const [budget, path] = process.argv.slice(2);
const files = statSync(path).isDirectory()
  ? readdirSync(path, { recursive: true }).map((name) => join(path, name)).filter((file) => statSync(file).isFile())
  : [path];

const say = (name, raw, packed) => console.log(`${name}: ${raw} bytes, ${packed} through gzip`);
let [raw, packed] = [0, 0];
for (const file of files) {
  const bytes = readFileSync(file);
  const size = gzipSync(bytes, { level: 9 }).length;
  raw += bytes.length;
  packed += size;
  if (size > 10_000) say(file, bytes.length, size);
}
if (files.length > 1) say(`${path}, all ${files.length} files`, raw, packed);
if (packed > Number(budget)) {
  console.error(`That is over the budget of ${budget}. What takes the space in a module: cargo install twiggy; twiggy top FILE`);
  process.exitCode = 1;
}
