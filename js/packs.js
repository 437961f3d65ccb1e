// The rules that ship inside the module: Microsoft's, and ours for AWS.

import { builtInRules as engineBuiltIn } from './engine.js';
import { ForepostError } from './errors.js';
import { guarded } from './instance.js';

/** Whether a rule file is in a pack, by the pack's name. */
const HAS = { aws: () => true, ecr: ({ file }) => !file.startsWith('aws/') };

export const PACKS = Object.keys(HAS);

/** The rules of a pack as `[{file, text}]`: `aws`, which runs where no rules are named, or `ecr`, Microsoft's alone. */
export function builtInRules(pack = 'aws') {
  if (!PACKS.includes(pack)) throw new ForepostError('bad-argument', `builtInRules() knows the packs ${PACKS.join(' and ')}, not ${JSON.stringify(pack)}`);
  return JSON.parse(guarded('builtInRules()', undefined, engineBuiltIn)).filter(HAS[pack]);
}
