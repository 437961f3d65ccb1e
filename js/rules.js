// Passes rule files to the engine and findings back.

import { backToJson, expandArm } from './arm.js';
import { tableFiles } from './tables.js';
import { check as engineCheck } from './engine.js';
import { describe } from './bytes.js';
import { ForepostError } from './errors.js';
import { guarded } from './instance.js';
import { checkedOptions } from './options.js';
import { locate } from './positions.js';

/** What a caller may give as rules, YAML or ARM: one text, or a list of texts or of `{file, text}`. */
export function ruleFiles(rules = []) {
  const list = typeof rules === 'string' ? [rules] : rules;
  if (!Array.isArray(list)) throw new ForepostError('bad-argument', `rules must be a string or an array, not ${describe(rules)}`);
  return expandArm(list.map((rule, index) => {
    const { text = rule, file = `rule ${index + 1}`, arm } = Object(rule);
    if (typeof text === 'string') return { file: wellFormed(String(file)), text: wellFormed(text), arm };
    throw new ForepostError('bad-argument', `rule ${index + 1} must be a string or { file, text }, not ${describe(rule)}`);
  }));
}

/** Rule files as the engine takes them. */
export const forEngine = (files) => JSON.stringify(files, ['file', 'text']);

/** Half a surrogate pair cannot cross as UTF-8: U+FFFD stands for it, as everywhere in the web's APIs. */
const wellFormed = (text) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));

/** The engine's findings with positions for JavaScript, and what was found when rules were read out of ARM. */
export function located(findings, files) {
  const byName = new Map([...files].reverse().map((file) => [file.file, file])); // of two with one name, the first
  const placed = findings.map((finding) => {
    const { text = '', arm } = byName.get(finding.file) ?? {};
    const found = locate(finding, text);
    return arm ? backToJson(found, arm) : found;
  });
  return [...files.flatMap(({ arm }) => arm?.findings ?? []), ...placed];
}

/** Checks rule files without running them. */
export function check(rules, options = {}) {
  const { tables } = checkedOptions('check()', options, ['tables']);
  const files = ruleFiles(rules);
  const given = tableFiles(tables);
  return located(JSON.parse(guarded('check()', undefined, () => engineCheck(forEngine(files), given))), files);
}
