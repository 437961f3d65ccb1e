// `forepost test --benign`: logs on which no rule may alert.

import { Document } from '../testing/document.js';
import { checkShape } from '../testing/shape.js';
import { readInto } from './read.js';
import { Replay } from './replay.js';
import { newDetector } from './ruleset.js';
import { readText } from './text.js';
import { UsageError } from './args.js';
import { reasonOf } from './files.js';
import { clean } from './terminal.js';

const KNOWN = {
  type: 'object', additionalProperties: false, required: ['known'],
  properties: { known: { type: 'array', items: { type: 'object', additionalProperties: false, required: ['rule', 'reason'], properties: { rule: { type: 'string' }, reason: { type: 'string' } } } } },
};

/** One case a rule, as a test file has them: `{suite, results}`. `known`: a file with rules that may alert, and why. */
export async function benign(rules, paths, account, known) {
  const { detector, rules: ready, leftOut } = newDetector({ rules, failed: [] }, [], {});
  account.leftOut = leftOut;
  const replay = new Replay(ready);
  const allowed = known ? readKnown(known) : [];
  const started = performance.now();
  await readInto(detector, paths, account, { afterPart: () => replay.take(detector) });
  detector.finish();
  replay.take(detector);
  account.count(detector.stats());
  for (const problem of detector.problems()) account.failure(problem);
  detector.dispose();
  const each = (performance.now() - started) / Math.max(1, replay.rules.length);
  const place = { line: 1, column: 1 };
  const results = replay.rules.map(({ id, name, file, alerts }) => {
    const reason = allowed.find(({ rule }) => rule === id || rule === name)?.reason;
    const message = reason === undefined && alerts.length > 0 ? `${alerts.length === 1 ? '1 alert' : `${alerts.length} alerts`} on benign logs: ${clean(alerts[0].name)} (${new Date(alerts[0].time).toISOString()})`
      : reason !== undefined && alerts.length === 0 ? `it is known to alert (${reason}), and does not: leave it out of ${known}` : undefined;
    return { file, name: `${name}: quiet on benign logs`, ...place, status: message ? 'failed' : 'passed', failures: message ? [{ ...place, message }] : [], alerts: [], duration: each };
  });
  const unknown = allowed.filter(({ rule }) => !replay.rules.some(({ id, name }) => rule === id || rule === name));
  for (const { rule } of unknown) results.push({ file: known, name: `${rule} is a rule`, ...place, status: 'failed', failures: [{ ...place, message: `${rule} is none of the rules here` }], alerts: [], duration: 0 });
  return { suite: { file: paths.join(', ') }, results };
}

function readKnown(path) {
  try {
    const document = new Document(path, readText(path, 1 << 20));
    checkShape(document, KNOWN);
    return document.value.known;
  } catch (error) {
    throw new UsageError(error.code === 'bad-test-file' ? error.message : `--known: cannot read ${clean(path)}: ${clean(reasonOf(error, path))}`, 'test');
  }
}
