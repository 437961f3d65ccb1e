// What a rule lacks that somebody could supply, by the code of a finding and the name in its message.

const MISSING = [
  { kind: 'table', code: 'KS204', name: /^The name '(.+)' does not refer to any known table/ },
  { kind: 'watchlist', code: 'FP020', name: /^The data for '(.+)' was not supplied/ },
  { kind: 'external', code: 'FP020', name: /^The external data '(.+)' was not supplied/ },
  { kind: 'log', code: 'FP305', name: /^no record of (.+) was among the logs/ },
  { kind: 'function', code: 'KS211', name: /^The name '(.+)' does not refer to any known function/ },
];

/** `{kind, name}` of what a finding says is missing; undefined of other findings. */
export function missingOf({ code, message }) {
  for (const { kind, code: of, name } of MISSING) {
    const found = of === code && name.exec(message);
    if (found) return { kind, name: found[1] };
  }
  return undefined;
}
