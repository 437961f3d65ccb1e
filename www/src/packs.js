// Rules that came together, and what rules cannot see.

import { duration, plural } from './format.js';

/** Where a rule comes from: built in, by whom, or from a folder. */
export function packOf({ builtIn, file }) {
  if (builtIn) return file.startsWith('aws/') ? 'Forepost for AWS' : 'Microsoft';
  return file.includes('/') ? file.split('/').slice(0, -1).join('/') : 'added';
}

/** The packs of rules with how many each has: `[[name, count]]`. */
export function packsOf(rules) {
  const packs = new Map();
  for (const rule of rules) packs.set(packOf(rule), (packs.get(packOf(rule)) ?? 0) + 1);
  return [...packs];
}

const DAY = 86_400_000;

function ms(timespan) {
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = /^(?:(\d+)\.)?(\d+):(\d+):(\d+)/.exec(timespan) ?? [];
  return Number(days) * DAY + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

/** What rules that found nothing cannot see in logs of a span, as sentences. */
export function unseen(rules, [first, last]) {
  const length = Date.parse(last) - Date.parse(first);
  const longer = rules.filter(({ card }) => card && ms(card.period) > DAY && ms(card.period) > length);
  const longest = longer.map(({ card }) => card.period).sort((a, b) => ms(b) - ms(a))[0];
  return [
    'what the trail did not record: data events such as reads of objects in S3 if it has none, other accounts and regions',
    longest && `what was there before: ${plural(longer.length, 'rule')} ${longer.length === 1 ? 'looks' : 'look'} back up to ${duration(longest)}, further than these logs. Some stay silent where there is no past to compare with`,
  ].filter(Boolean);
}
