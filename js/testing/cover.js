// Coverage: which parts of a rule's query its tests have tried.

import { coverage } from '../entry/node.js';
import { recordsOf } from './events.js';

/** The engine's account of a suite's events: what its cases give, and what they give before a change of quietWhen. */
export function cover(suite, rule) {
  const fail = (path, message) => { throw suite.document.error(path, message); };
  const bases = new Set(suite.cases.map(({ base }) => base).filter(Boolean));
  const startOf = new Map(suite.cases.map((test) => [test.base, test.start]));
  const cases = [...suite.cases, ...[...bases].map((base) => ({ ...base, start: startOf.get(base) }))];
  return coverage(rule, cases.map(({ given, start, tables }) => ({ events: recordsOf(given, start, fail), tables: Object.values(tables) })));
}

/** What the tests have not tried, in words: `[{line, text}]`. */
export function untried({ query, obligations }) {
  return obligations.flatMap(({ kind, operator, start, end, line, counts }) => {
    const text = query.slice(start, end).replace(/\s+/g, ' ');
    const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text;
    return Object.entries(counts).filter(([, n]) => n === 0).map(([point]) => ({ line, text: MISSES[kind](shown, point, operator) }));
  });
}

const MISSES = {
  stage: (text, point) => ({ passed: `${text} let no row through`, rejected: `${text} rejected nothing` }[point] ?? `no row reached ${text}`),
  operand: (text, point) => `${text} was never ${point}`,
  arm: (text, point, operator) => `${text} of ${operator} was never taken`,
  leg: (text, point, operator) => `${text} of ${operator} gave no rows`,
  trigger: (_, point) => (point === 'fired' ? 'no run alerted' : 'no run stayed quiet'),
};
