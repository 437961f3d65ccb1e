// What `check` asks of files as a repository keeps them: names, letters, links, versions against an older commit, allowances.

import { basename, resolve } from 'node:path';
import { lineAndColumn, startOfLine } from '../positions.js';
import { describeRule, readYaml } from '../triage.js';

/** The codes of this file: severity and meaning. */
export const CODES = {
  FP240: { severity: 'information', meaning: 'The file has characters that are not ASCII; the public rule repository refuses them.' },
  FP241: { severity: 'warning', meaning: 'The file has a character that is invisible or changes the direction of text.' },
  FP242: { severity: 'warning', meaning: 'A link to Microsoft’s documentation names a language; without one, readers get theirs.' },
  FP243: { severity: 'warning', meaning: 'Two files have the same name; the public rule repository refuses that.' },
  FP244: { severity: 'error', meaning: 'The rule’s id is not the one it had: it would be deployed beside the old rule.' },
  FP245: { severity: 'warning', meaning: 'The rule has changed and its version has not been raised.' },
  FP246: { severity: 'error', meaning: 'The rule’s version is lower than it was.' },
  FP247: { severity: 'warning', meaning: 'An allowance is not needed, or cannot be given.' },
};

/** A finding at an offset of a text. */
function at(file, text, start, end, code, message, hint = null, rule = null) {
  return { file, rule, severity: CODES[code].severity, code, message, hint, ...lineAndColumn(text, start), start, end };
}

// What shows as nothing or turns what is around it. A mark of byte order at the start is Windows' habit.
const INVISIBLE = /[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\uffa0]|(?!^)\ufeff|[\u{e0000}-\u{e0fff}]/u;
const DOC_LINK = /https?:\/\/(?:docs|learn|azure)\.microsoft\.com\/([a-z]{2}-[a-z]{2})(?=[/?#\s"')]|$)/i;

/** What a file's text says by itself. */
export function textFindings({ file, text }) {
  const findings = [];
  const invisible = INVISIBLE.exec(text);
  const hex = (c) => `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  if (invisible) findings.push(at(file, text, invisible.index, invisible.index + invisible[0].length, 'FP241', `the character ${hex(invisible[0])} is invisible, or changes the direction of text`, 'take it out: what a reader sees must be what runs'));
  const letters = text.match(/[^\0-\x7f]/gu)?.filter((c) => !INVISIBLE.test(c)) ?? [];
  if (letters.length > 0) {
    const index = text.indexOf(letters[0]);
    findings.push(at(file, text, index, index + letters[0].length, 'FP240', `${letters.length} character${letters.length === 1 ? ' is' : 's are'} not ASCII, the first ${hex(letters[0])}; the public rule repository refuses them`));
  }
  const link = DOC_LINK.exec(text);
  if (link) findings.push(at(file, text, link.index, link.index + link[0].length, 'FP242', `the link names the language ${link[1]}`, 'leave it out, and each reader gets their own'));
  return findings;
}

/** Names that two files have. */
export function nameFindings(files) {
  const first = new Map();
  return files.flatMap(({ file, text, arm }) => {
    const name = basename(file).replace(/#.*$/, '').toLowerCase();
    const other = first.get(name);
    first.set(name, other ?? file);
    if (other === undefined || arm || resolve(other.replace(/#.*$/, '')) === resolve(file.replace(/#.*$/, ''))) return [];
    return [at(file, text, 0, 0, 'FP243', `${other} has the same name`, 'the public rule repository wants each name once')];
  });
}

/** What has changed since a commit and must not have, or must have and has not. `old` is the file's text then. */
export function changeFindings({ file, text }, old) {
  const [before, now] = [old, text].map(describeRule);
  if (before === null || now === null) return [];
  const findings = [];
  const place = (key) => {
    const [, line] = readYaml(text).tree?.map.find(([name]) => name === key) ?? [key, 1];
    const start = startOfLine(text, line);
    return [start, start + key.length];
  };
  const say = (key, ...finding) => findings.push(at(file, text, ...place(key), ...finding, now.name));
  if (now.id !== before.id) say('id', 'FP244', `the id was ${before.id}; with another one this is another rule`, 'restore the id');
  const order = compareVersions(now.version, before.version);
  if (order < 0) say('version', 'FP246', `the version ${now.version || '(none)'} is lower than ${before.version}`, null);
  else if (order === 0 && meaning(text) !== meaning(old)) say('version', 'FP245', `the rule has changed, and its version is ${now.version || 'none'} as before`, 'raise the version, so that those who deployed the rule see that it changed');
  return findings;
}

/** All that a rule says but its version, without regard to layout, comments and order. */
function meaning(text) {
  const values = (node) => (node.list ? node.list.map(values) : node.map
    ? node.map.filter(([key]) => key !== 'version').map(([key, , , inner]) => [key, values(inner)]).sort(([a], [b]) => (a < b ? -1 : 1)) : node.text?.trimEnd() ?? null);
  const { tree } = readYaml(text);
  return tree && JSON.stringify(values(tree));
}

/** By numbers: 1.10.0 is higher than 1.9.0. */
function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i += 1) if ((left[i] || 0) !== (right[i] || 0)) return Math.sign((left[i] || 0) - (right[i] || 0));
  return 0;
}

const ALLOWANCE = /(?:#|\/\/) *forepost: *allow\b *([A-Z]{2}\d{3})?[ \t]*(.*)$/gm;

/**
 * Findings without those that a comment of their file allows (`# forepost: allow FP231 we count every event`), and one for each
 * allowance that allows nothing, has no reason, or is of an error.
 */
export function allowed(findings, files) {
  const gone = new Set();
  const wrong = [];
  for (const { file, text } of files) {
    for (const match of text.matchAll(ALLOWANCE)) {
      const [whole, code, reason] = match;
      const own = findings.filter((finding) => finding.file === file && finding.code === code);
      const say = (message, hint) => wrong.push(at(file, text, match.index, match.index + whole.length, 'FP247', message, hint));
      if (!code) say('this allowance names no code', 'write # forepost: allow FP231 and why');
      else if (!reason.trim()) say(`the allowance of ${code} gives no reason`, `write # forepost: allow ${code} and why`);
      else if (own.length === 0) say(`there is no ${code} here to allow`, 'take the allowance out');
      else if (own.some(({ severity }) => severity === 'error')) say(`${code} is an error, which cannot be allowed`, null);
      else own.forEach((finding) => gone.add(finding));
    }
  }
  return [...findings.filter((finding) => !gone.has(finding)), ...wrong];
}
