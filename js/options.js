// Options objects: a key that nobody reads is an error, because a misspelt option would otherwise be ignored in silence.

import { describe } from './bytes.js';
import { ForepostError } from './errors.js';

/** The options themselves, if they are an object with no other keys than `known`. */
export function checkedOptions(what, options, known) {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ForepostError('bad-argument', `${what} takes an object of options (${known.join(', ')}), not ${describe(options)}`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new ForepostError('bad-argument', `${what} has no option ${JSON.stringify(unknown)}; its options are ${known.join(', ')}`);
  return options;
}
