// The expressions of ARM templates, as far as what names and describes a rule needs them.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions

/** Stands for what only a deployment knows: a parameter without a default, the id of a subscription. In no text of a rule. */
export const UNKNOWN = '\uffff';

const MAX_DEPTH = 20;

/** Whether a template's string is an expression: it begins with `[` and ends with `]`, and the bracket is not doubled. */
const isExpression = (text) => text.startsWith('[') && text.endsWith(']') && !text.startsWith('[[');

/** A text as a template's string. `[a]` would be an expression; `[a] b` is not, and must stay as it is. */
export const escaped = (text) => (text.startsWith('[') && text.endsWith(']') ? `[${text}` : text);

/**
 * What a template's string stands for; it holds UNKNOWN where only a deployment knows. `context` has `variables` and `parameters`,
 * plain objects as the template has them.
 */
export function resolve(text, context, depth = 0) {
  if (!isExpression(text)) return text.startsWith('[[') && text.endsWith(']') ? text.slice(1) : text;
  try {
    const value = evaluate(text.slice(1, -1), context, depth);
    return typeof value === 'object' ? UNKNOWN : String(value);
  } catch {
    return UNKNOWN;
  }
}

const FUNCTIONS = {
  concat: (args) => args.join(''),
  resourceId: (args) => args.join('/'),
  extensionResourceId: (args) => args.join('/'),
  format: ([pattern, ...args]) => String(pattern).replace(/\{(\d+)\}/g, (_, n) => args[n] ?? UNKNOWN),
  toLower: ([text]) => String(text).toLowerCase(),
  toUpper: ([text]) => String(text).toUpperCase(),
  string: ([value]) => String(value),
};

/** Throws what it cannot read. */
function evaluate(source, context, depth) {
  if (depth > MAX_DEPTH) throw new RangeError('too deep');
  const words = source.match(/'(?:[^']|'')*'|[A-Za-z_][\w-]*|-?\d+|[()[\],.]|\S/g) ?? [];
  let at = 0;
  const value = term();
  if (at < words.length) throw new SyntaxError(words[at]);
  return value;

  function take(word) {
    if (words[at] !== word) throw new SyntaxError(words[at]);
    at += 1;
  }

  function term(nesting = 0) {
    if (nesting > MAX_DEPTH) throw new RangeError('too deep');
    const word = words[at] ?? '';
    at += 1;
    let found;
    if (word.startsWith("'")) found = word.slice(1, -1).replaceAll("''", "'");
    else if (/^-?\d+$/.test(word)) found = Number(word);
    else found = call(word, nesting);
    for (;;) {
      if (words[at] === '.') {
        found = memberOf(found, words[at + 1]);
        at += 2;
      } else if (words[at] === '[') {
        at += 1;
        found = memberOf(found, term(nesting + 1));
        take(']');
      } else {
        return found;
      }
    }
  }

  function call(name, nesting) {
    if (!/^[A-Za-z_]/.test(name)) throw new SyntaxError(name);
    take('(');
    const args = [];
    while (words[at] !== ')') {
      if (args.length > 0) take(',');
      args.push(term(nesting + 1));
    }
    at += 1;
    if (name === 'variables') return within(own(context.variables, args[0]));
    if (name === 'parameters') return within(own(own(context.parameters, args[0]), 'defaultValue'));
    const key = Object.keys(FUNCTIONS).find((known) => known.toLowerCase() === name.toLowerCase());
    return key ? FUNCTIONS[key](args) : UNKNOWN;
  }

  function memberOf(value, key) { return value === UNKNOWN ? UNKNOWN : within(own(value, key)); }

  // What a variable holds may be an expression too.
  function within(value) {
    if (value === undefined || value === null) return UNKNOWN;
    return typeof value === 'string' ? resolve(value, context, depth + 1) : value;
  }
}

const own = (object, key) => (typeof object === 'object' && object !== null && Object.hasOwn(object, key) ? object[key] : undefined);
