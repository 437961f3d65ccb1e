// Why a rule matched an event, or did not.

import { explain as engineExplain } from './engine.js';
import { describe, isBuffer, toBytes } from './bytes.js';
import { ForepostError, RuleError } from './errors.js';
import { guarded } from './instance.js';
import { parseExact, stringifyExact } from './json.js';
import { utf16Offsets } from './positions.js';
import { located, ruleFiles } from './rules.js';

/** Explains one rule on one event. Positions count UTF-16 units of the query. */
export function explain(rule, event) {
  const [file, ...others] = ruleFiles([rule]);
  if (others.length > 0) throw new ForepostError('bad-argument', 'explain() takes one rule, and this ARM template holds several');
  const record = recordOf(event);
  const answer = parseExact(guarded('explain()', undefined, () => engineExplain(file.text, record)));
  answer.findings = located(answer.findings.map((finding) => ({ ...finding, file: file.file })), [file]);
  if (!answer.leaves) throw new RuleError(answer.findings);
  const stages = answer.leaves.flatMap((leaf) => leaf.stages);
  const places = [...stages, ...stages.flatMap(({ rows }) => rows.flatMap(({ steps }) => steps))];
  const units = utf16Offsets(answer.query, places.flatMap(({ start, end }) => [start, end]));
  for (const place of places) Object.assign(place, { start: units.get(place.start), end: units.get(place.end) });
  return answer;
}

/** The event's JSON text as bytes: as it was logged, or written from an object. */
function recordOf(event) {
  const isText = typeof event === 'string' || isBuffer(event);
  const bytes = toBytes(isText || event === undefined ? event : stringifyExact(event));
  const first = bytes.find((byte) => byte > 32);
  if (first !== 123) throw new ForepostError('bad-argument', `explain() needs one CloudTrail event: an object or its JSON text, not ${isText ? 'other text' : describe(event)}`);
  return bytes;
}
