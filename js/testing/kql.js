// The tokens of a KQL text, as far as a mutation needs them: what the engine makes of a changed text, the engine says.

const SPACE = /\s+|\/\/[^\n]*/y;
const STRING = /[hH]?(?:@"(?:[^"]|"")*"|@'(?:[^']|'')*'|```[\s\S]*?```|~~~[\s\S]*?~~~|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/y;
// A literal in brackets is one token: `datetime(2026-01-01)`, `5m`, `1.5`.
const NUMBER = /\d[\w.]*/y;
const NAME = /[A-Za-z_$][\w$]*(?:-[a-z]+(?![\w(]))?[~]?/y;
const OPERATOR = /==|!=|<=|>=|=~|!~|\.\.|[-+*/%<>=|,;.:()[\]{}!~]/y;

const CLOSE = { '(': ')', '[': ']', '{': '}' };

/** `[{kind, text, start, end, depth, match}]`: `depth` counts the brackets around a token, `match` is the index of a bracket's other. */
export function tokensOf(text) {
  const tokens = [];
  const open = [];
  let at = 0;
  while (at < text.length) {
    const [kind, match] = next(text, at);
    const end = at + match.length;
    if (kind !== 'space') {
      const closing = kind === 'operator' && ')]}'.includes(match) ? open.pop() : undefined;
      const token = { kind, text: match, start: at, end, depth: open.length };
      if (closing !== undefined) {
        token.match = closing;
        tokens[closing].match = tokens.length;
      }
      if (kind === 'operator' && CLOSE[match]) open.push(tokens.length);
      tokens.push(token);
    }
    at = end;
  }
  return tokens;
}

function next(text, at) {
  for (const [kind, pattern] of [['space', SPACE], ['string', STRING], ['number', NUMBER], ['name', NAME], ['operator', OPERATOR]]) {
    pattern.lastIndex = at;
    const match = pattern.exec(text)?.[0];
    if (match) return [kind, match];
  }
  return ['other', String.fromCodePoint(text.codePointAt(at))];
}

/** The texts that a query compares a column with: of `EventName == "a"` and `EventName in ("a", "b")`. */
export function comparedWith(query, column) {
  const tokens = tokensOf(query);
  const found = tokens.flatMap(({ kind, text }, i) => {
    if (kind !== 'name' || text !== column) return [];
    const [operator, value] = tokens.slice(i + 1, i + 3);
    if (['==', '=~'].includes(operator?.text) && value?.kind === 'string') return [value];
    if (!['in', 'in~', 'has_any'].includes(operator?.text) || value?.text !== '(') return [];
    return tokens.slice(i + 3, value.match).filter((token) => token.kind === 'string');
  });
  return [...new Set(found.map(({ text }) => text.replace(/^[hH]?@?["'](.*)["']$/s, '$1')))];
}
