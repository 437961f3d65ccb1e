// Why an event makes no alert of a rule, in a few words.

import { explain } from '../entry/node.js';
import { stringifyExact } from '../json.js';

/** The part of a filter at which an event ended, or what else became of it, with the tables and functions of `context`. */
export function whereItEnded(file, record, context = {}) {
  let answer;
  try {
    answer = explain(file, record, context);
  } catch {
    return 'no explanation, for the rule reads tables that are not there';
  }
  const { stopped, branches } = answer;
  if (stopped === null) return 'alerts by itself';
  if (stopped.at !== 'stage') return stopped.text;
  const { rows } = branches[stopped.branch].stages[stopped.stage];
  return `ended at ${stopped.text}${looked(rows, stopped, answer.query)}`;
}

/** The value that the part of a filter looked at. */
function looked(rows, { start, end }, query) {
  const steps = rows.find(({ passed }) => passed === false)?.steps ?? [];
  const inside = steps.findLast((step) => step.start >= start && step.end <= end && (step.start !== start || step.end !== end));
  return inside ? `, where ${query.slice(inside.start, inside.end).replace(/\s+/g, ' ')} is ${stringifyExact(inside.value)}` : '';
}
