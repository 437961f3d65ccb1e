// What a person said about a finding: a verdict, a star, a note. Kept by finding, so that it stays when rules run again.

export const VERDICTS = { true: 'true positive', benign: 'benign', false: 'false positive', done: 'done' };

const LONGEST = 20_000;

/** Notes as a case has them, as far as they have the right shape. */
export const checkedNotes = (notes) => Object.fromEntries(Object.entries(Object(notes)).filter(([, note]) => note !== null && typeof note === 'object').map(([finding, { verdict, star, text }]) => [finding, {
  verdict: verdict in VERDICTS ? verdict : undefined, star: star === true, text: typeof text === 'string' ? text.slice(0, LONGEST) : '' }]));
