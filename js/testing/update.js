// `--update`: expectations as the rule now fulfils them.

import { observed } from './expect.js';

/**
 * The text of a test file in which the tests that failed expect what came, and how many were changed: `{text, changed}`. Cases of quietWhen are left as
 * they are: what is not quiet is for a person to decide.
 */
export function updated(suite, results) {
  let changed = 0;
  suite.cases.forEach((test, i) => {
    const { status, alerts } = results[i] ?? {};
    if (status !== 'failed' || test.base || !test.expect) return;
    const path = [...test.path, 'expect'];
    const written = path.reduce((value, key) => value?.[key], suite.document.value);
    if (written === undefined) return;
    const value = typeof written === 'string' ? (alerts.length > 0 ? 'alert' : 'none') : observed(written, alerts);
    if (JSON.stringify(value) === JSON.stringify(written)) return;
    // Without an alert its quietWhen would prove nothing.
    if (alerts.length === 0 && test.path.reduce((inner, key) => inner?.[key], suite.document.value).quietWhen) return;
    if (typeof written === 'string') suite.document.set(path, value);
    else for (const [key, one] of Object.entries(value)) if (JSON.stringify(one) !== JSON.stringify(written[key])) suite.document.set([...path, key], one);
    changed += 1;
  });
  return { text: suite.document.toString(), changed };
}
