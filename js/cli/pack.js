// The packs: rules that come with the command. Microsoft's is inside the engine, ours lie beside it as text.

import { readFileSync } from 'node:fs';
import { builtInRules } from '../triage.js';

export const PACKS = ['aws', 'ecr'];

/** The rules of a pack as `{file, text}`; without a name Microsoft's, unless there are other rules. */
export function packRules(name, others) {
  if (name === undefined && others) return [];
  const microsoft = builtInRules();
  return name === 'aws' ? [...microsoft, ...JSON.parse(readFileSync(new URL('../pack/aws.json', import.meta.url), 'utf8'))] : microsoft;
}
