// `forepost check`

import { version } from '../entry/node.js';
import { check as checkRules } from '../rules.js';
import { UsageError } from './args.js';
import { readContext } from './context.js';
import { github, junit, sarif } from './findings.js';
import { fileAt } from './git.js';
import { allowed, changeFindings, nameFindings, textFindings } from './repository.js';
import { readRules, render, sourcesOf } from './rulefiles.js';
import { stepSummary } from './stepsummary.js';
import { clean, count, note, outputTo, outStyle, remark, style } from './terminal.js';

/** What files that people write must be in a repository: each by itself, among others, and beside what they were. */
function repository(written, ref) {
  const findings = [...written.flatMap(textFindings), ...nameFindings(written)];
  const changes = ref === undefined ? [] : written.flatMap((rule) => changeFindings(rule, fileAt(ref, rule.file, 'check') ?? ''));
  return [...findings, ...changes];
}

/** By file, as they were given, then by place. */
function inOrder(findings, rules) {
  const places = new Map(rules.map(({ file }, index) => [file, index]));
  return findings.sort((a, b) => (places.get(a.file) ?? -1) - (places.get(b.file) ?? -1) || a.line - b.line || a.column - b.column);
}

export async function check(options, paths) {
  const { format = 'pretty' } = options;
  if (paths.length === 0) throw new UsageError('check needs a rule file or a folder with rule files', 'check');
  const { rules, functions, failed } = readRules(paths);
  const { leftOut, ...context } = readContext(options, 'check', functions);
  for (const { path, message } of failed) note(`${style.red('cannot read')} ${clean(path)}: ${clean(message)}`);
  if (rules.length === 0 && functions.length === 0 && failed.length === 0) throw new UsageError(`no .yaml or .yml files in ${paths.map(clean).join(', ')}`, 'check');
  // All at once: two rules may have the same id.
  const own = rules.length > 0 ? checkRules(rules, context) : [];
  const others = new Set(own.filter(({ code }) => code === 'FP232').map(({ file }) => file));
  const written = rules.filter(({ file, arm }) => !arm && !others.has(file));
  const findings = inOrder(allowed([...own, ...repository(written, options.against)], written), rules);
  const textOf = sourcesOf(rules);
  const output = outputTo(options.output);
  switch (format) {
    case 'ndjson': for (const { start, end, ...finding } of findings) await output.write(`${JSON.stringify(finding)}\n`); break;
    case 'github': for (const finding of findings) await output.write(github(finding)); break;
    case 'sarif': await output.write(`${sarif(findings, version())}\n`); break;
    case 'junit': await output.write(junit(rules.map(({ file }) => file), findings)); break;
    default: for (const finding of findings) await output.say(`${render(finding, textOf(finding), outStyle)}\n\n`);
  }
  await output.close();
  const found = (wanted) => findings.filter(({ severity }) => severity === wanted).length;
  const [errors, warnings, notes] = ['error', 'warning', 'information'].map(found);
  const outcome = `${count(rules.length, 'file')}: ${count(errors, 'error')}, ${count(warnings, 'warning')}${notes > 0 ? `, ${count(notes, 'note')}` : ''}`;
  remark(outcome);
  if (format === 'github') {
    const rows = findings.map(({ file, line, severity, code, message }) => [`${file}:${line}`, `${severity} ${code}`, message]);
    stepSummary(`forepost check: ${outcome}`, ['Place', 'Finding', 'What'], rows);
  }
  if (format === 'pretty' && findings.length > 0) remark(style.dim(`forepost help ${clean(findings[0].code)} explains a code`));
  if (failed.length > 0 || leftOut.length > 0) return 2;
  return errors > 0 || (options.strict && warnings > 0) ? 1 : 0;
}
