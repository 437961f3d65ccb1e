// Why files were passed over, inputs not read and rules left out, for people: a line for each reason, the most frequent first.

import { missingOf } from '../missing.js';
import { clean, count, number, wrapped } from './terminal.js';

const NAMED = 3;     // files or rules that a line names
const SHOWN = 12;    // reasons, and names that something is missing by

/** What rules lack that somebody could supply, and how. */
const LACKS = [
  { kind: 'table', what: 'table not supplied', remedy: '--table NAME=FILE or --context DIR supplies one' },
  { kind: 'watchlist', what: 'watchlist not supplied', remedy: '--table NAME=FILE or --context DIR supplies one' },
  { kind: 'external', what: 'external data not supplied', remedy: '--table URL=FILE supplies it, or --context DIR with a file of that name' },
  { kind: 'log', what: 'log not given', remedy: 'scan it too, or supply the table with --table NAME=FILE' },
  { kind: 'function', what: 'function not known', remedy: '--function FILE or --context DIR supplies one' },
];

/** The first line says `what`, and the reason too if there is only one; else the reasons follow, in lines of `room` columns. */
export function byReason(what, items, why, name, room) {
  return listed(what, groups(items, (item) => item[why]).map(([reason, those]) => `${number(those.length)} × ${clean(reason)} (${namesOf(those, name)})`), room);
}

/** The same of rules that were left out; what somebody could supply stands together. */
export function ofRules(items, room) {
  const lacking = LACKS.map((lack) => ({ ...lack, items: [] }));
  const others = [];
  for (const item of items) {
    const missing = missingOf(item);
    if (missing) lacking.find(({ kind }) => kind === missing.kind).items.push({ ...item, missing: missing.name });
    else others.push(item);
  }
  const missing = lacking.filter((lack) => lack.items.length > 0).sort((a, b) => b.items.length - a.items.length).map((lack) => {
    const names = groups(lack.items, (item) => item.missing);
    const some = names.slice(0, SHOWN).map(([name, those]) => `${clean(name)}${those.length > 1 ? ` ${number(those.length)}` : ''}`).join(', ');
    const files = lack.items.length <= NAMED ? ` (${namesOf(lack.items, 'file')})` : '';
    return `${number(lack.items.length)} × ${lack.what}: ${some}${names.length > SHOWN ? ` and ${number(names.length - SHOWN)} more` : ''}${files}; ${lack.remedy}`;
  });
  const rest = groups(others, (item) => item.message).map(([reason, those]) => `${number(those.length)} × ${clean(reason)} (${namesOf(those, 'file')})`);
  return listed(`${count(items.length, 'rule')} left out`, [...missing, ...rest], room);
}

function listed(what, reasons, room) {
  if (reasons.length <= 1) return [`${what}: ${reasons[0]}`];
  const shown = reasons.slice(0, SHOWN).flatMap((reason) => wrapped(reason, room - 4).map((line, i) => `${i > 0 ? '    ' : '  '}${line}`));
  return [`${what}:`, ...shown, ...(reasons.length > SHOWN ? [`  and ${count(reasons.length - SHOWN, 'more reason')}; --summary FILE has all`] : [])];
}

function groups(items, of) {
  const found = new Map();
  for (const item of items) {
    const key = of(item);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(item);
  }
  return [...found].sort((a, b) => b[1].length - a[1].length);
}

const namesOf = (items, name) => `${items.slice(0, NAMED).map((item) => clean(item[name])).join(', ')}${items.length > NAMED ? ', …' : ''}`;
