// `forepost scan` and `forepost conclude`

import { Detector } from '../detector.js';
import { RuleError } from '../errors.js';
import { parseExact } from '../json.js';
import { Account, LEVELS, writeSummary } from './account.js';
import { inputsOf, UsageError } from './args.js';
import { alertWriter } from './formats.js';
import { readInto } from './read.js';
import { readRules, render, unreadable } from './rulefiles.js';
import { readTables } from './tables.js';
import { clean, note, outputTo, remark, style } from './terminal.js';
import { threadsFor } from './threads.js';

export const scan = (options, operands) => run('scan', options, operands);

/** A scan over candidates, plus the period that the filters covered. */
export function conclude(options, operands) {
  const span = [options.from, options.to];
  if (span.filter(Boolean).length === 1) throw new UsageError('--from and --to must be given together', 'conclude');
  return run('conclude', options, operands, span[0] && span);
}

async function run(command, options, operands, span) {
  const paths = inputsOf(operands, command);
  const files = options.rules && loadRules(options, command);
  const tables = readTables(options, command);
  const { detector, rules, leftOut } = newDetector(files, tables, options);
  const output = outputTo(options.output);
  const started = performance.now();
  const write = alertWriter(options.format ?? 'pretty', output);
  const account = new Account();
  let severest = -1;
  const print = async () => {
    for (const text of detector.alertTexts()) {
      for (const line of text.split('\n').filter(Boolean)) {
        const alert = parseExact(line);
        const level = LEVELS.indexOf(alert.AlertSeverity.toLowerCase());
        if (options.severity && level < LEVELS.indexOf(options.severity)) continue;
        severest = Math.max(severest, level);
        account.alert(alert);
        await write.alert(alert, line);
      }
    }
  };
  if (span) detector.observe(...span);
  await readInto(detector, paths, account, {
    afterPart: options.follow && print,
    ahead: command === 'scan' && !options.follow ? (found) => threadsFor(options.threads, found, detector, { rules, tables }) : undefined,
  });
  account.leftOut = leftOut;
  detector.finish();
  await print();
  account.count(detector.stats());
  for (const problem of detector.problems()) account.failure(problem);
  await write.end(account);
  await output.close();
  account.failures().forEach(note);
  const summary = [...account.reading(performance.now() - started), ...account.outcome()].join('\n');
  if (account.status === 0) remark(summary);
  else note(summary);
  if (options.summary) writeSummary(options.summary, account, command);
  detector.dispose();
  if (account.status === 0 && options['fail-on'] && severest >= LEVELS.indexOf(options['fail-on'])) return 3;
  return account.status;
}

/** The rule files of `--rules`, and those that cannot be read. */
function loadRules({ rules: paths, strict }, command) {
  const { rules, failed } = readRules(paths);
  if (failed.length > 0 && (strict || rules.length === 0)) {
    throw new UsageError(`cannot read the rules in ${clean(failed[0].path)}: ${clean(failed[0].message)}`, command);
  }
  if (rules.length === 0) throw new UsageError(`--rules: no .yaml or .yml files in ${paths.map(clean).join(', ')}`, command);
  return { rules, failed };
}

/**
 * A detector of the rules that can run, these rules, and `{file, rule, code, message}` of those that cannot. With `--strict`, one that
 * cannot run is an error.
 */
function newDetector(files, tables, options) {
  const textOf = (finding) => files?.rules.find((rule) => rule.file === finding.file)?.text ?? '';
  const show = (finding) => note(`${render(finding, textOf(finding))}\n`);
  const setup = { evidence: !options['no-evidence'], stream: options.follow, workspace: options.workspace, tables };
  const leftOut = unreadable(files?.failed ?? []);
  let rules = files?.rules;
  let detector;
  try {
    detector = new Detector({ rules, ...setup });
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    const errors = error.diagnostics.filter(({ severity }) => severity === 'error');
    const broken = new Set(errors.map(({ file }) => file));
    rules = rules?.filter(({ file }) => !broken.has(file));
    if (options.strict || !rules || rules.length === 0 || broken.size === 0) {
      error.diagnostics.forEach(show);
      throw error;
    }
    for (const file of broken) {
      const { rule, code, message } = errors.find((finding) => finding.file === file);
      leftOut.push({ file, rule: rule ?? null, code, message });
    }
    detector = new Detector({ rules, ...setup });
    remark(style.dim(`forepost check shows what the rules that were left out lack, and where`));
  }
  for (const warning of detector.warnings) remark(render(warning, textOf(warning)));
  return { detector, rules, leftOut };
}
