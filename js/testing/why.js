// Why an event makes no alert of a rule, in a few words.

import { explain } from '../entry/node.js';
import { stringifyExact } from '../json.js';

/** The part of a filter at which an event ended, or what else became of it. */
export function whereItEnded(file, record) {
  let answer;
  try {
    answer = explain(file, record);
  } catch {
    return 'no explanation, for the rule reads other tables';
  }
  const ends = answer.leaves.map(({ stages }) => stages.find(({ passed }) => !passed)).filter(Boolean);
  if (ends.length === answer.leaves.length && ends.length > 0) return `ended at ${[...new Set(ends.map((stage) => deciding(stage, answer.query)))].join(', and at ')}`;
  if (answer.result?.rows === 0) return 'passed the filters, but what follows them makes no row of it alone';
  return 'makes rows; the rule’s schedule or trigger made no alert of them';
}

/** The first part of a filter that was false, and the value that it looked at. */
function deciding({ start, end, rows }, query) {
  const steps = rows[0]?.steps ?? [];
  const no = steps.findIndex(({ value }) => value === false);
  const cut = (place) => query.slice(place.start, place.end).replace(/\s+/g, ' ');
  if (no < 0) return cut({ start, end });
  const inside = steps.slice(0, no).findLast((step) => step.start >= steps[no].start && step.end <= steps[no].end);
  return `${cut(steps[no])}${inside && inside.value !== undefined ? `, where ${cut(inside)} is ${stringifyExact(inside.value)}` : ''}`;
}
