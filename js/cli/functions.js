// `forepost functions`: lists the KQL functions of the engine, from the table it was built with.

import { readFileSync } from 'node:fs';
import { nearest } from '../nearest.js';
import { UsageError } from './args.js';
import { note, number, out, style } from './terminal.js';

export async function functions(options, operands) {
  const all = JSON.parse(readFileSync(new URL('../functions.json', import.meta.url), 'utf8'));
  const wanted = operands.map((word) => {
    const found = all.filter((f) => f.name === word || f.family.toLowerCase() === word.toLowerCase());
    if (found.length === 0) {
      const guess = nearest(word, all.flatMap((f) => [f.name, f.family]));
      throw new UsageError(`no function or family named ${JSON.stringify(word)}${guess ? `; did you mean ${guess}?` : ''}`, 'functions');
    }
    return found;
  });
  const shown = operands.length > 0 ? [...new Set(wanted.flat())] : all;
  if (options.format === 'ndjson') {
    for (const f of shown) await out(`${JSON.stringify(f)}\n`);
    return 0;
  }
  let family;
  for (const f of shown) {
    if (f.family !== family) await out(`${family === undefined ? '' : '\n'}${style.bold(f.family)}\n`);
    family = f.family;
    await out(`  ${f.signature}\n      ${f.doc}\n      ${style.dim(`${f.example} → ${f.result}`)}\n`);
  }
  note(style.dim(`${shown.length === 1 ? '1 function' : `${number(shown.length)} functions and aggregates`}. Forepost rejects queries that use any other function.`));
  return 0;
}
