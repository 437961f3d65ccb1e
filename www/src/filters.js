// Filters on what was read: `{values: {field: [word]}, not: {field: [word]}, time: [from, to], text}`. Words of one field are
// alternatives; everything else has to hold together. What a field is: see engine/fields.js.

/** How a field is called: as CloudTrail calls it. */
const NAMES = { EventName: 'eventName', EventSource: 'eventSource', User: 'user', SourceIpAddress: 'sourceIPAddress', AWSRegion: 'awsRegion', ErrorCode: 'errorCode',
  account: 'account', value: 'any value', Severity: 'severity', Tactic: 'tactic', Technique: 'technique', Rule: 'rule' };

export const nameOf = (field) => NAMES[field] ?? field.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');

export const isFiltered = ({ values = {}, not = {}, time, text }) => Boolean(time || text || Object.keys(values).length || Object.keys(not).length);

const changed = (lists, field, words) => {
  const { [field]: _, ...rest } = lists ?? {};
  return words.length ? { ...rest, [field]: words } : rest;
};

/** The word is wanted, or no longer. `out`: it is excluded, or no longer. */
export function toggled(filters, field, word, out = false) {
  const [to, from] = out ? ['not', 'values'] : ['values', 'not'];
  const words = filters[to]?.[field] ?? [];
  return {
    ...filters,
    [to]: changed(filters[to], field, words.includes(word) ? words.filter((w) => w !== word) : [...words, word]),
    [from]: changed(filters[from], field, (filters[from]?.[field] ?? []).filter((w) => w !== word)),
  };
}

/** Only this word, together with the filters on other fields. */
export const narrowed = (filters, field, word) => ({ ...filters, values: { ...filters.values, [field]: [word] }, not: changed(filters.not, field, []) });

/** Which field and word an entity of an alert stands for. */
export function entityFilter({ Type, Name, UPNSuffix, Address, FullName, AadUserId, ...rest }) {
  if (Type === 'ip' && Address) return ['SourceIpAddress', Address];
  if (Type === 'account') return ['account', Name && UPNSuffix ? `${Name}@${UPNSuffix}` : String(Name ?? FullName ?? AadUserId ?? rest.Sid ?? '')];
  const value = Object.entries({ Name, Address, FullName, ...rest }).find(([key, text]) => !key.startsWith('$') && typeof text === 'string' && text !== '')?.[1];
  return ['value', value ?? ''];
}

/** In words, for a report. */
export function described({ values = {}, not = {}, time, text }) {
  const list = (lists, sign) => Object.entries(lists).map(([field, words]) => `${nameOf(field)} ${sign} ${words.map((word) => word || '(empty)').join(' or ')}`);
  return [...list(values, '='), ...list(not, '≠'), time && `from ${new Date(time[0]).toISOString()} to ${new Date(time[1]).toISOString()}`, text && `text ${JSON.stringify(text)}`].filter(Boolean);
}
