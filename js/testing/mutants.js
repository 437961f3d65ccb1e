// The small changes that tests should notice: each gives another text of a rule.

import { parseDocument } from 'yaml';
import { tokensOf } from './kql.js';
import { lineAndColumn } from '../positions.js';

/** Operators and what stands for each instead. */
const SWAPPED = {
  '==': '!=', '!=': '==', '=~': '!~', '!~': '=~', '<': '<=', '<=': '<', '>': '>=', '>=': '>',
  has: 'contains', contains: 'has', '!has': '!contains', '!contains': '!has',
  in: '!in', '!in': 'in', 'in~': '!in~', '!in~': 'in~', has_any: 'has_all', has_all: 'has_any',
  startswith: 'contains', endswith: 'contains', startswith_cs: 'contains_cs', endswith_cs: 'contains_cs', has_cs: 'contains_cs', contains_cs: 'has_cs',
  and: 'or', or: 'and',
};
const NEGATED = /^(?:in~?|has|contains|startswith|endswith|has_cs|contains_cs|startswith_cs|endswith_cs)$/;
/** Functions that ask a question, and the opposite. */
const OPPOSITE = { isempty: 'isnotempty', isnotempty: 'isempty', isnull: 'isnotnull', isnotnull: 'isnull' };
const TRUTH = { true: 'false', false: 'true' };
/** Operators of a tabular expression that can be left out: what remains has the same columns. */
const STAGES = new Set(['where', 'filter', 'distinct', 'take', 'limit', 'top', 'extend', 'mv-expand', 'mvexpand', 'summarize', 'join', 'lookup']);

/** What would tell a mutant from the rule. */
const HINTS = {
  part: 'an event that only this part decides',
  filter: 'a quiet test with an event that only this filter rejects',
  stage: 'a test that expects what this stage makes',
  text: 'a quiet test with another text here, or an alert that shows this one',
  limit: 'events just at the limit, and just beyond it',
  time: 'events this far apart, and a little further',
  schedule: 'events in more than one window, and how many alerts they make',
  operator: 'an event that the two operators see differently',
  word: 'an event where the text is a part of a longer word',
};

/**
 * The mutants of a rule's YAML text: `[{what, hint, line, text}]`, where `text` is the whole rule, `line` counts from 1 in the original and
 * `hint` says which test would notice.
 */
export function mutantsOf(text) {
  const document = parseDocument(text);
  const node = document.get('query', true);
  const query = node?.value;
  if (typeof query !== 'string') return [];
  const lineOfQuery = lineFinder(text, node, query);
  const seen = new Set([query]);
  const mutants = [];
  for (const { start, end, by, what, hint } of changesOf(query)) {
    const changed = query.slice(0, start) + by + query.slice(end);
    if (seen.has(changed)) continue;
    seen.add(changed);
    mutants.push({ what, hint, line: lineOfQuery(start), text: withValue(text, 'query', changed) });
  }
  for (const { key, by } of scheduleChanges(document)) {
    const place = document.get(key, true);
    mutants.push({ what: `${key}: ${place.value} → ${by}`, hint: HINTS[key === 'triggerThreshold' ? 'limit' : 'schedule'], line: lineAndColumn(text, place.range[0]).line, text: withValue(text, key, by) });
  }
  return mutants;
}

function withValue(text, key, value) {
  const document = parseDocument(text);
  document.get(key, true).value = value;
  return document.toString({ lineWidth: 0 });
}

/** The line in the file of an offset in the query. Of a query that is not written as a block, only its own line is known. */
function lineFinder(text, node, query) {
  const first = lineAndColumn(text, node.range[0]).line;
  if (node.type !== 'BLOCK_LITERAL') return () => first;
  return (offset) => first + lineAndColumn(query, offset).line;
}

/** `[{start, end, by, what}]` */
function changesOf(query) {
  const tokens = tokensOf(query);
  return [...operands(query, tokens), ...stages(query, tokens), ...tokens.flatMap((token, i) => replaced(query, tokens, token, i))];
}

const before = (tokens, i) => tokens[i - 1] ?? { kind: 'none', text: '', end: 0 };

function replaced(query, tokens, { kind, text, start, end }, i) {
  const by = (other, hint, from = start, to = end) => ({ start: from, end: to, by: other, what: `${query.slice(from, to)} → ${other}`, hint: HINTS[hint] });
  const previous = before(tokens, i);
  if (kind === 'string') {
    const [, quote] = /(["'`~]+)$/.exec(text);
    const mark = quote.length > 2 ? quote.slice(-3) : quote.slice(-1);
    const inside = text.slice(text.indexOf(mark) + mark.length, text.length - mark.length);
    // One letter more is the smallest change of any text, be it a name, a pattern or a path.
    return inside === '' ? [] : [{ start, end, by: `${text.slice(0, text.length - mark.length)}~${mark}`, what: `${text} → another text`, hint: HINTS.text }];
  }
  if (kind === 'number' && /^\d{1,15}$/.test(text) && previous.text !== '[' && previous.text !== 'dynamic') return [by(String(BigInt(text) + 1n), 'limit'), ...(BigInt(text) > 0n ? [by(String(BigInt(text) - 1n), 'limit')] : [])];
  if (kind === 'number' && /^\d{1,6}(?:d|h|m|s)$/.test(text)) return [by(`${Math.max(1, Math.floor(parseInt(text, 10) / 2))}${text.slice(-1)}`, 'time'), by(`${parseInt(text, 10) * 2}${text.slice(-1)}`, 'time')].filter((change) => change.by !== text);
  if (kind === 'name' && TRUTH[text]) return [by(TRUTH[text], 'operator')];
  if (kind === 'name' && OPPOSITE[text] && tokens[i + 1]?.text === '(') return [by(OPPOSITE[text], 'operator')];
  if (kind === 'name' && previous.text === '!' && NEGATED.test(text)) return [by(text, 'operator', previous.start, end)];
  if (kind === 'operator' || text === 'and' || text === 'or') return SWAPPED[text] ? [by(SWAPPED[text], 'operator')] : [];
  if (kind === 'name' && SWAPPED[text] && tokens[i + 1]?.text !== '=' && previous.text !== 'mv-expand' && isInfix(tokens, i)) return [by(SWAPPED[text], /has|contains|with/.test(text) ? 'word' : 'operator')];
  return [];
}

/** Whether a word stands between two values, as `has` does, and is no name. */
const isInfix = (tokens, i) => ['name', 'string'].includes(before(tokens, i).kind) || [')', ']'].includes(before(tokens, i).text);

/** Each operand of `and` and `or`, left out. */
function operands(query, tokens) {
  return tokens.flatMap((token, i) => {
    if (token.kind !== 'name' || (token.text !== 'and' && token.text !== 'or')) return [];
    const { depth } = token;
    const ends = (other) => other.depth < depth || (other.depth === depth && (['|', ',', ';', 'by', 'on'].includes(other.text) || (token.text === 'and' && other.text === 'or')));
    const isNext = (other) => other.depth === depth && other.text === token.text;
    let first = i - 1;
    while (first >= 0 && !ends(tokens[first]) && !isNext(tokens[first]) && !startsStage(tokens, first, depth)) first -= 1;
    let last = i + 1;
    while (last < tokens.length && !ends(tokens[last]) && !isNext(tokens[last])) last += 1;
    const left = { start: tokens[first + 1].start, end: tokens[last - 1] ? tokens[i + 1].start : token.end };
    const right = { start: token.start, end: tokens[last - 1].end };
    const drop = (from, to) => ({ start: from, end: to, by: '', what: `without ${oneLine(query.slice(from, to))}`, hint: HINTS.part });
    // The left one belongs to the first connector of a chain only: the others' left is their neighbour's right.
    const chained = first >= 0 && isNext(tokens[first]);
    return [...(chained ? [] : [drop(left.start, left.end)]), drop(right.start, right.end)];
  });
}

const startsStage = (tokens, i, depth) => tokens[i].depth === depth && ['where', 'filter'].includes(tokens[i].text) && (tokens[i - 1]?.text === '|');

/** Each stage of a pipe, left out; each filter negated. */
function stages(query, tokens) {
  return tokens.flatMap((token, i) => {
    if (token.text !== '|') return [];
    const name = tokens[i + 1];
    if (!name || !STAGES.has(name.text)) return [];
    let last = i + 1;
    while (last + 1 < tokens.length && tokens[last + 1].depth >= token.depth && !(tokens[last + 1].depth === token.depth && ['|', ';'].includes(tokens[last + 1].text)) && !closes(tokens[last + 1], token)) last += 1;
    const { end } = tokens[last];
    const dropped = { start: token.start, end, by: '', what: `without ${oneLine(query.slice(token.start, end))}` };
    if (name.text !== 'where' && name.text !== 'filter') return [{ ...dropped, hint: HINTS.stage }];
    const inside = { start: tokens[i + 2]?.start ?? end, end };
    return [{ ...dropped, hint: HINTS.filter }, { ...inside, hint: HINTS.filter, by: `not(${query.slice(inside.start, inside.end)})`, what: `not(${oneLine(query.slice(inside.start, inside.end))})` }];
  });
}

/** A bracket that closes around the pipe. */
const closes = (token, pipe) => token.depth < pipe.depth;

const oneLine = (text) => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
};

/** The trigger's threshold one up and one down; frequency and period halved. */
function scheduleChanges(document) {
  const threshold = document.get('triggerThreshold');
  const changes = Number.isInteger(threshold) ? [{ key: 'triggerThreshold', by: threshold + 1 }, ...(threshold > 0 ? [{ key: 'triggerThreshold', by: threshold - 1 }] : [])] : [];
  for (const key of ['queryFrequency', 'queryPeriod']) {
    const [, n, unit] = /^(\d+)([mhd])$/.exec(document.get(key) ?? '') ?? [];
    const minutes = Number(n) * { m: 1, h: 60, d: 1440 }[unit];
    if (minutes >= 10) changes.push({ key, by: `${Math.floor(minutes / 2)}m` });
  }
  return changes;
}
