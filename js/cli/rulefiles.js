// Rule files from disk, and findings about them for people.

import { readFileSync } from 'node:fs';
import { find, reason, RULES } from './files.js';
import { clean, style } from './terminal.js';

const MAX = 4 << 20; // bytes; Sentinel's query limit is 10,000 characters, so no rule comes near

/** `{rules: [{file, text}], failed: [{path, message}]}` */
export function readRules(paths) {
  const { files, failed } = find(paths, RULES);
  const rules = [];
  for (const { path, size } of files) {
    try {
      if (path === '-') throw new Error('rules cannot come from standard input; give a file or a folder');
      if (size > MAX) throw new Error(`the file has ${size} bytes; a rule file can have at most ${MAX}`);
      rules.push({ file: path, text: decode(readFileSync(path)) });
    } catch (error) {
      failed.push({ path, message: reason(error) });
    }
  }
  return { rules, failed };
}

function decode(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('the file is not UTF-8 text');
  }
}

/**
 * A finding with its source line and a caret:
 * ```text
 * error[KS142] my-rules/x.yaml:12:9 (rule name)
 *   12 │   | where Foo == 1
 *      │           ^^^ The name 'Foo' …
 *   did you mean …
 * ```
 */
export function render({ file, rule, severity, code, message, hint, line, column, start, end }, text, paint = style) {
  const colour = { error: paint.red, warning: paint.yellow }[severity] ?? paint.cyan;
  const source = text.split('\n', line).at(-1)?.replace(/\r$/, '') ?? '';
  const before = source.slice(0, column - 1);
  // Long lines are shown around the place only.
  const from = before.length > 100 ? before.length - 60 : 0;
  const shown = clean(source.slice(from, from + 160).replace(/\t/g, ' '));
  const caretAt = clean(before.slice(from).replace(/\t/g, ' ')).length;
  const carets = '^'.repeat(Math.max(1, Math.min(end - start, shown.length - caretAt)));
  const gutter = String(line).length;
  return [
    `${colour(`${severity}[${clean(code)}]`)} ${clean(file)}:${line}:${column}${rule ? paint.dim(` (${clean(rule)})`) : ''}`,
    `  ${paint.dim(`${line} │`)} ${shown}`,
    `  ${paint.dim(`${' '.repeat(gutter)} │`)} ${' '.repeat(caretAt)}${colour(carets)} ${clean(message)}`,
    ...(hint ? [`  ${' '.repeat(gutter)} ${paint.dim('=')} ${clean(hint)}`] : []),
  ].join('\n');
}
