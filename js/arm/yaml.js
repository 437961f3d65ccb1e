// A rule's fields as the YAML that Microsoft's files have: block literals for texts of lines, quotes only where they are needed.

/** What authors write over several lines. */
const BLOCKS = ['query', 'description', 'FunctionQuery'];

/**
 * `{text, places}` of `[key, value, at]`: `places` says of lines of the text where in the source their value stands, as
 * `{line, column, at, text}`; with `text`, each character of the line is one of the source's string, from its unit `text` on.
 */
export function writeYaml(fields) {
  const lines = [];
  const places = [];
  for (const [key, value, at] of fields) {
    places.push({ line: lines.length + 1, column: 1, at });
    if (BLOCKS.includes(key) && isBlock(value)) {
      let unit = 0;
      lines.push(`${key}: |${/^\n* /.test(value) ? 2 : ''}${chomping(key, value)}`);
      for (const line of value.replace(/\n$/, '').split('\n')) {
        lines.push(line && `  ${line}`);
        places.push({ line: lines.length, column: 3, at, text: unit });
        unit += line.length + 1;
      }
    } else {
      write(lines, '', key, value);
    }
  }
  return { text: `${lines.join('\n')}\n`, places };
}

/** What becomes of the line breaks at the end. A description's mean nothing. */
const chomping = (key, text) => (text.endsWith('\n\n') ? '+' : text.endsWith('\n') || key === 'description' ? '' : '-');

function write(lines, indent, key, value) {
  if (Array.isArray(value)) {
    lines.push(`${indent}${scalar(key)}:${value.length === 0 ? ' []' : ''}`);
    for (const item of value) writeItem(lines, `${indent}  `, item);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    lines.push(`${indent}${scalar(key)}:${entries.length === 0 ? ' {}' : ''}`);
    for (const [inner, found] of entries) write(lines, `${indent}  `, inner, found);
  } else {
    lines.push(`${indent}${scalar(key)}: ${scalar(value)}`);
  }
}

function writeItem(lines, indent, item) {
  if (typeof item !== 'object' || item === null) {
    lines.push(`${indent}- ${scalar(item)}`);
    return;
  }
  const from = lines.length;
  for (const [key, value] of Object.entries(item)) write(lines, `${indent}  `, key, value);
  if (lines.length === from) lines.push(`${indent}- ${Array.isArray(item) ? '[]' : '{}'}`);
  else lines[from] = `${indent}- ${lines[from].slice(indent.length + 2)}`;
}

// What YAML does not print, or takes for the end of a line.
const UNPRINTABLE = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Whether a text can stand behind `|`. */
const isBlock = (text) => typeof text === 'string' && /\S/.test(text) && !/^\n*\t/.test(text) && !UNPRINTABLE.test(text);

/** Words that a reader of YAML takes for something else than text, and texts that begin like a number. */
const TELLING = /^(?:~|null|true|false|yes|no|on|off|y|n|[-+.]?\d.*|[-+]?\.(?:inf|nan))$/i;

function scalar(value) {
  if (typeof value !== 'string') return String(value);
  const plain = /^[A-Za-z_\d][\w .,()/@+|*=<>;$%^~?!-]*$/.test(value) && !value.endsWith(' ') && (!TELLING.test(value) || SAFE.test(value));
  if (plain) return value;
  return /[\n\t]/.test(value) || UNPRINTABLE.test(value) ? doubleQuoted(value) : `'${value.replaceAll("'", "''")}'`;
}

/** A span, a GUID, a version: they begin with a digit and are text to every reader. */
const SAFE = /^(?:\d+[mhd]|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|\d+\.\d+\.\d+)$/i;

const doubleQuoted = (text) => `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')
  .replace(new RegExp(UNPRINTABLE, 'g'), (c) => (/[\ud800-\udfff]/.test(c) ? '\ufffd' : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`))}"`;
