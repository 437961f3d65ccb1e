// `forepost functions`: lists the functions and operators of KQL that the engine has, from the tables it was built with.

import { readFileSync } from 'node:fs';
import { nearest } from '../nearest.js';
import { UsageError } from './args.js';
import { columnsOf, number, out, outStyle, remark, say, style, wrapped } from './terminal.js';

const REJECTED = 'Rejected'; // the family of what Kusto has and Forepost has not

export async function functions(options, operands) {
  const all = JSON.parse(readFileSync(new URL('../functions.json', import.meta.url), 'utf8'));
  const wanted = operands.map((word) => {
    const lower = word.toLowerCase();
    const found = all.filter((f) => f.name === lower || f.family.toLowerCase() === lower);
    if (found.length === 0) {
      const guess = nearest(word, all.flatMap((f) => [f.name, f.family]));
      throw new UsageError(`no function, operator or family named ${JSON.stringify(word)}${guess ? `; did you mean ${guess}?` : ''}`, 'functions');
    }
    return found;
  });
  const shown = operands.length > 0 ? [...new Set(wanted.flat())] : all.filter(({ family }) => family !== REJECTED);
  if (options.format === 'ndjson') {
    for (const f of shown) await out(`${JSON.stringify(f)}\n`);
    return 0;
  }
  let family;
  for (const f of shown) {
    if (f.family !== family) await say(`${family === undefined ? '' : '\n'}${outStyle.bold(f.family)}\n`);
    family = f.family;
    const example = f.example && `      ${outStyle.dim(`${f.example} → ${f.result}`)}\n`;
    const lines = (text) => wrapped(text, columnsOf(process.stdout) - 6).map((line) => `      ${line}\n`).join('');
    await say(`  ${f.signature}\n${lines(f.doc)}${example}`);
  }
  const had = shown.filter((f) => f.family !== REJECTED).length;
  if (had > 0) remark(style.dim(`${had === 1 ? '1 function or operator' : `${number(had)} functions, aggregates, operators and plug-ins`}; any other is rejected`));
  return 0;
}
