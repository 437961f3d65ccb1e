// The rules that a command runs: those that can, and who cannot.

import { Detector } from '../detector.js';
import { RuleError } from '../errors.js';
import { builtInRules } from '../packs.js';
import { describeRule } from '../triage.js';
import { UsageError } from './args.js';
import { CONTEXT_CODES } from './context.js';
import { readRules, render, sourcesOf, unreadable } from './rulefiles.js';
import { clean, note, remark, style } from './terminal.js';

/** The rule files of paths, the saved functions beside them, and those that cannot be read: `{rules, functions, failed}`. */
export function loadRules(paths, { strict }, command) {
  const { rules, functions, failed } = readRules(paths);
  if (failed.length > 0 && (strict || rules.length === 0)) {
    throw new UsageError(`cannot read the rules in ${clean(failed[0].path)}: ${clean(failed[0].message)}`, command);
  }
  if (rules.length === 0) throw new UsageError(functions.length > 0 ? `--rules: ${paths.map(clean).join(', ')} has saved functions and no rule; --context takes functions` : `--rules: no .yaml or .yml files in ${paths.map(clean).join(', ')}`, command);
  return { rules, functions, failed };
}

/**
 * The rules that `--rules` and `--pack` name, of them those that `--rule` asks for: `{rules, functions, failed}`; undefined without any of these: the
 * engine then runs those that are built in.
 */
export function chosenRules(options, command) {
  if (!options.rules && !options.pack && !options.rule) return undefined;
  const own = options.rules ? loadRules(options.rules, options, command) : { rules: [], functions: [], failed: [] };
  const rules = [...packFor(options, options.rules), ...own.rules];
  return { ...own, rules: options.rule ? named(rules, options.rule, command) : rules };
}

/** The built-in rules that run: those that `--pack` names, or all where there are no others. */
export const packFor = ({ pack }, others) => (others && pack === undefined ? [] : builtInRules(pack));

function named(rules, wanted, command) {
  const chosen = rules.filter(({ file, text }) => {
    const { name, id } = describeRule(text) ?? {};
    return wanted.some((part) => [file, name, id].some((of) => of?.toLowerCase().includes(part.toLowerCase())));
  });
  if (chosen.length === 0) throw new UsageError(`no rule has ${wanted.map((part) => JSON.stringify(part)).join(' or ')} in its name, id or file; forepost rules lists them`, command);
  return chosen;
}

/** A detector of the rules that can run: as `withRunnable`. */
export function newDetector(files, given, options) {
  const setup = { evidence: !options['no-evidence'], stream: options.follow, workspace: options.workspace, ...given };
  const { made: detector, rules, leftOut } = withRunnable(files, options, (some) => new Detector({ rules: some, ...setup }));
  const textOf = sourcesOf(rules);
  for (const warning of detector.warnings) remark(render(warning, textOf(warning)));
  return { detector, rules, leftOut };
}

/**
 * What `make(rules)` makes of the rules that can run, these rules, and `{file, rule, code, message}` of those that cannot. With
 * `--strict`, one that cannot run is an error.
 */
export function withRunnable(files, options, make) {
  const textOf = sourcesOf(files?.rules);
  const show = (finding) => note(`${render(finding, textOf(finding))}\n`);
  const leftOut = unreadable(files?.failed ?? []);
  let rules = files?.rules;
  let made;
  try {
    made = make(rules);
  } catch (error) {
    if (!(error instanceof RuleError) || CONTEXT_CODES.includes(error.code)) throw error;
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
    made = make(rules);
    remark(style.dim(`forepost check shows what the rules that were left out lack, and where`));
  }
  return { made, rules, leftOut };
}
