// Rule files from disk, and findings about them for people.

import { isArchiveByName, unpack } from '../archive.js';
import { expandArm } from '../arm.js';
import { toldApart } from '../arm/functions.js';
import { LOOKED_AT } from '../logfile.js';
import { findRules, holdsRulesByStart, reasonOf } from './files.js';
import { readBytes, readText, textOf } from './text.js';
import { clean, columnsOf, fit, style, width, wrapped } from './terminal.js';

export const MAX_RULE_FILE = 16 << 20; // bytes; a solution's template holds hundreds of rules
const MAX_ARCHIVE = 256 << 20;

/**
 * `{rules: [{file, text}], functions, failed: [{path, message}]}`; a file in ARM form may hold several rules, and so may an archive. `functions` are files of saved
 * functions; one that `holdsRules`, too, is in both.
 */
export function readRules(paths) {
  const { files, failed } = findRules(paths);
  const read = [];
  for (const { path } of files) {
    try {
      if (path === '-') throw new Error('rules cannot come from standard input; give a file or a folder');
      if (isArchiveByName(path)) {
        const inside = filesInside(path, (name, bytes) => holdsRulesByStart(name, () => bytes.subarray(0, LOOKED_AT)), () => MAX_RULE_FILE);
        read.push(...inside.files);
        failed.push(...inside.failed);
        if (inside.files.length === 0 && inside.failed.length === 0) failed.push({ path, message: 'the archive has no .yaml or .yml files and no ARM templates' });
      } else {
        read.push({ file: path, text: readText(path, MAX_RULE_FILE) });
      }
    } catch (error) {
      failed.push({ path, message: reasonOf(error, path) });
    }
  }
  const { rules, functions } = toldApart(read);
  return { rules: expandArm(rules), functions: functions.map((one) => ({ ...one, holdsRules: rules.includes(one) })), failed };
}

/** The files of an archive that are wanted by name and bytes, as of a folder: `{files: [{file, text}], failed, skipped}`, where `skipped` is how many others there are. */
export function filesInside(path, isWanted, maxOf) {
  const { members, problems, isArchive } = unpack(readBytes(path, MAX_ARCHIVE));
  if (!isArchive) throw new Error('the file is no archive that Forepost reads (zip, tar), though it is called one');
  const wanted = members.filter(({ name, bytes }) => !name.split('/').some((part) => part.startsWith('.')) && isWanted(name, bytes));
  const files = [];
  const failed = problems.map((message) => ({ path, message }));
  for (const { name, bytes, problem } of wanted) {
    const file = `${path}/${name}`;
    try {
      if (problem) throw new Error(problem);
      const max = maxOf(name);
      if (bytes.length > max) throw new Error(`the file is larger than ${max} bytes`);
      files.push({ file, text: textOf(bytes, max) });
    } catch ({ message }) {
      failed.push({ path: file, message });
    }
  }
  return { files, failed, skipped: members.length - wanted.length };
}

/** What a rule's findings have their places in. */
export const sourceOf = ({ text, arm }) => arm?.json ?? text;

/** The text that a finding has its place in, as a function: what a template says of a rule that is left out, too. */
export function sourcesOf(rules = []) {
  const template = (file) => file.replace(/#\/.*$/, '');
  const sources = new Map([...rules].reverse().flatMap((rule) => [[template(rule.file), sourceOf(rule)], [rule.file, sourceOf(rule)]]));
  return ({ file }) => sources.get(file) ?? sources.get(template(file)) ?? '';
}

/** Files that cannot be read, as rules that are left out. */
export const unreadable = (failed) => failed.map(({ path, message }) => ({ file: path, rule: null, code: 'unreadable', message }));

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
  const gutter = String(line).length;
  const columns = columnsOf(process.stderr);
  const room = Math.max(20, columns - gutter - 5);
  // Long lines are shown around the place only.
  const from = width(clean(before)) > room * 0.6 ? before.length - Math.floor(room / 3) : 0;
  const visible = (text) => clean(text.replace(/\t/g, ' '));
  const shown = fit(`${from > 0 ? '…' : ''}${visible(source.slice(from, from + 2 * room))}`, room);
  const caretAt = Math.min(width(visible(before.slice(Math.max(0, from)))) + (from > 0 ? 1 : 0), room - 1);
  const marked = width(visible(text.slice(start, end).split(/\r?\n/, 1)[0]));
  const carets = '^'.repeat(Math.max(1, Math.min(marked, width(shown) - caretAt)));
  // A message that does not fit beside the carets stands below them.
  const beside = caretAt + width(carets) + 1 + width(clean(message)) <= room;
  const margin = `  ${paint.dim(`${' '.repeat(gutter)} │`)} `;
  const below = beside ? [] : wrapped(clean(message), room).map((line) => `${margin}${line}`);
  const place = `${clean(file)}:${line}:${column}`;
  const named = width(`${severity}[${clean(code)}] ${place} (${clean(rule ?? '')})`) <= columns; // else the name stands below
  return [
    `${colour(`${severity}[${clean(code)}]`)} ${place}${rule && named ? paint.dim(` (${clean(rule)})`) : ''}`,
    ...(rule && !named ? wrapped(`(${clean(rule)})`, columns - 2).map((part) => `  ${paint.dim(part)}`) : []),
    `  ${paint.dim(`${line} │`)} ${shown}`,
    `  ${paint.dim(`${' '.repeat(gutter)} │`)} ${' '.repeat(caretAt)}${colour(carets)}${beside ? ` ${clean(message)}` : ''}`,
    ...below,
    ...(hint ? wrapped(clean(hint), room).map((line, i) => `  ${' '.repeat(gutter)} ${i === 0 ? paint.dim('=') : ' '} ${line}`) : []),
  ].join('\n');
}
