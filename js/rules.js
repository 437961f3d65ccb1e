// Passes rule files to the engine and findings back.

import { backToJson, expandArm } from './arm.js';
import { check as engineCheck } from './engine.js';
import { contextText } from './context.js';
import { guarded } from './instance.js';
import { checkedOptions } from './options.js';
import { locate } from './positions.js';
import { textFiles } from './sources.js';

/** What a caller may give as rules, YAML or ARM: one text, or a list of texts or of `{file, text}`. */
export const ruleFiles = (rules) => expandArm(textFiles(rules, 'rule'));

/** Rule files as the engine takes them. */
export const forEngine = (files) => JSON.stringify(files, ['file', 'text']);

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
  const context = contextText(checkedOptions('check()', options, ['tables', 'functions']));
  const files = ruleFiles(rules);
  return located(JSON.parse(guarded('check()', undefined, () => engineCheck(forEngine(files), context))), files);
}
