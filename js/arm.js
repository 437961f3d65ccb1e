// Rules in ARM form load wherever rules load: each becomes the YAML that the engine reads, and findings go back to the JSON.

import { insideString } from './arm/json.js';
import { readArm } from './arm/read.js';
import { writeYaml } from './arm/yaml.js';
import { lineAndColumn } from './positions.js';

/** What is said of a conversion alone, and is no concern of who runs the rule. */
const OF_CONVERSION = ['FP504', 'FP505', 'FP506'];

/** Whether a text may be ARM JSON, by its first character and the words that all of them have. */
const looksLikeArm = (text) => /^\ufeff?\s*[{[]/.test(text) && /"properties"|"resources"/i.test(text);

/** Whether a text is ARM JSON that has rules. */
export const holdsRules = (text) => looksLikeArm(text) && readArm(text.replace(/^\ufeff/, '')) !== null;

/**
 * Rule files with those in ARM form taken apart. A rule out of ARM has `arm`: the text it came from, and what was found reading it;
 * its `file` says which of the text's rules it is.
 */
export function expandArm(given) {
  return given.flatMap((file) => {
    const json = file.text.replace(/^\ufeff/, '');
    const read = !file.arm && looksLikeArm(json) ? readArm(json) : null;
    // A template without a rule is for the engine to name, as any other file that holds none.
    if (!read) return [file];
    const findings = [];
    const rules = read.flatMap(({ pointer, fields, findings: said }) => {
      const name = read.length > 1 ? `${file.file}#${pointer}` : file.file;
      const rule = fields?.find(([key]) => key === 'name')?.[1] ?? null;
      const kept = said.filter(({ code }) => !OF_CONVERSION.includes(code)).map((finding) => placed(finding, name, rule, json));
      if (!fields) findings.push(...kept);
      return fields ? [{ file: name, ...armFile(fields, json, kept) }] : [];
    });
    const [first = { ...file, arm: { json, places: [], findings: [] } }, ...others] = rules;
    first.arm.findings.push(...findings);
    return [first, ...others];
  });
}

function armFile(fields, json, findings) {
  const { text, places } = writeYaml(fields);
  return { text, arm: { json, places, findings } };
}

/** A finding of the reader with its place in the JSON. */
export function placed({ at, ...finding }, file, rule, json) {
  const { line, column } = lineAndColumn(json, at);
  return { file, rule, ...finding, line, column, start: at, end: at + 1 };
}

/** A finding in the YAML that a rule became, as one in the JSON it was. */
export function backToJson(finding, { json, places }) {
  const place = places.findLast(({ line }) => line <= finding.line) ?? { at: 0, column: 1 };
  const units = place.text === undefined ? undefined : place.text + Math.max(0, finding.column - place.column);
  const start = units === undefined ? place.at : insideString(json, place.at, units);
  return { ...finding, ...lineAndColumn(json, start), start, end: start + (units === undefined ? 1 : finding.end - finding.start) };
}
