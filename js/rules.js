// Passes rule files to the engine and findings back.

import { tableFiles } from './tables.js';
import { check as engineCheck } from './engine.js';
import { describe } from './bytes.js';
import { ForepostError } from './errors.js';
import { guarded } from './instance.js';
import { checkedOptions } from './options.js';
import { locate } from './positions.js';

/** What a caller may give as rules: one YAML text, or a list of texts or of `{file, text}`. */
export function ruleFiles(rules = []) {
  const list = typeof rules === 'string' ? [rules] : rules;
  if (!Array.isArray(list)) throw new ForepostError('bad-argument', `rules must be a string or an array, not ${describe(rules)}`);
  return list.map((rule, index) => {
    const { text = rule, file = `rule ${index + 1}` } = Object(rule);
    if (typeof text === 'string') return { file: wellFormed(String(file)), text: wellFormed(text) };
    throw new ForepostError('bad-argument', `rule ${index + 1} must be a string or { file, text }, not ${describe(rule)}`);
  });
}

/** Half a surrogate pair cannot cross as UTF-8: U+FFFD stands for it, as everywhere in the web's APIs. */
const wellFormed = (text) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));

/** The engine's findings with positions for JavaScript. */
export function located(findings, files) {
  return findings.map((finding) => locate(finding, files.find((f) => f.file === finding.file)?.text ?? ''));
}

/** Checks rule files without running them. */
export function check(rules, options = {}) {
  const { tables } = checkedOptions('check()', options, ['tables']);
  const files = ruleFiles(rules);
  const given = tableFiles(tables);
  return located(JSON.parse(guarded('check()', undefined, () => engineCheck(JSON.stringify(files), given))), files);
}
