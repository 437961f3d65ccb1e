// `forepost scan` and `forepost conclude`

import { Detector } from '../detector.js';
import { RuleError } from '../errors.js';
import { parseExact } from '../json.js';
import { renderAlert } from './alert.js';
import { UsageError } from './args.js';
import { readInto } from './read.js';
import { readRules, render } from './rulefiles.js';
import { readTables } from './tables.js';
import { clean, count, note, number, out, style, time } from './terminal.js';
import { threadsFor } from './threads.js';

export const scan = (options, operands) => run('scan', options, operands);

/** A scan over candidates, plus the period that the filters covered. */
export function conclude(options, operands) {
  const span = [options.from, options.to];
  if (span.filter(Boolean).length === 1) throw new UsageError('--from and --to must be given together', 'conclude');
  return run('conclude', options, operands, span[0] && span);
}

async function run(command, options, operands, span) {
  const paths = operands.length > 0 ? operands : ['-'];
  if (operands.length === 0 && process.stdin.isTTY) throw new UsageError(`${command} needs a file, a folder, or - for standard input`, command);
  const rules = options.rules && loadRules(options.rules, command);
  const tables = readTables(options, command);
  const detector = newDetector(rules, tables, options);
  const started = performance.now();
  const found = new Map(); // alerts by rule
  const print = async () => {
    for (const text of detector.alertTexts()) {
      for (const line of text.split('\n').filter(Boolean)) {
        const alert = parseExact(line);
        const rule = ruleOf(alert);
        found.set(rule, (found.get(rule) ?? 0) + 1);
        await out(options.format === 'ndjson' ? `${line}\n` : `${renderAlert(alert)}\n\n`);
      }
    }
  };
  if (span) detector.observe(...span);
  const report = await readInto(detector, paths, {
    afterPart: options.follow && print,
    ahead: command === 'scan' && !options.follow ? (files) => threadsFor(options.threads, files, detector, { rules, tables }) : undefined,
  });
  detector.finish();
  await print();
  const failures = detector.problems(); // of rules' runs
  for (const { message, code } of failures) note(`${style.red('failed')} ${clean(message)} ${style.dim(`[${clean(code)}]`)}`);
  summarise(report, detector.stats(), found, performance.now() - started);
  detector.dispose();
  if (report.lost.length > 0) throw report.lost[0];
  if (report.interrupted) return 130;
  return report.unreadable + report.problems + failures.length > 0 ? 1 : 0;
}

function loadRules(paths, command) {
  const { rules, failed } = readRules(paths);
  if (failed.length > 0) throw new UsageError(`cannot read the rules in ${clean(failed[0].path)}: ${failed[0].message}`, command);
  if (rules.length === 0) throw new UsageError(`--rules: no .yaml or .yml files in ${paths.map(clean).join(', ')}`, command);
  return rules;
}

/** A rule with an error stops the scan before it starts. A rule that silently does not run would be worse. */
function newDetector(rules, tables, options) {
  const textOf = (finding) => rules?.find((rule) => rule.file === finding.file)?.text ?? '';
  try {
    const detector = new Detector({ rules, evidence: !options['no-evidence'], stream: options.follow, workspace: options.workspace, tables });
    for (const warning of detector.warnings) note(render(warning, textOf(warning)));
    return detector;
  } catch (error) {
    if (error instanceof RuleError) error.diagnostics.forEach((finding) => note(`${render(finding, textOf(finding))}\n`));
    throw error;
  }
}

/** What people call the format of each envelope. */
const FORMATS = {
  bare: 'single events', array: 'JSON arrays', records: 'S3 log files', eventbridge: 'EventBridge', 'cloudwatch-logs': 'CloudWatch Logs',
  'lookup-events': 'LookupEvents', sns: 'SNS', sqs: 'SQS', kinesis: 'Kinesis', pipeline: 'pipeline records', row: 'table rows', csv: 'CSV',
};

const ruleOf = (alert) => JSON.parse(alert.ExtendedProperties)['Analytic Rule Name'] ?? alert.AlertName;

function summarise(report, stats, found, ms) {
  const left = [...report.skipped].map(([kind, n]) => `${clean(kind)} ×${number(n)}`).join(', ');
  const files = report.files === report.total ? count(report.files, 'file') : `${number(report.files)} of ${count(report.total, 'file')}`;
  const skipped = [...report.skipped.values()].reduce((a, b) => a + b, 0);
  const alerts = [...found.values()].reduce((a, b) => a + b, 0);
  const lines = [
    `${count(stats.events, 'event')} in ${files}, ${(ms / 1000).toFixed(1)} s, ${count(stats.rules, 'rule')}`,
    stats.events > 0 && `from ${time(stats.firstEvent)} to ${time(stats.lastEvent)}`,
    stats.events > 0 && `format: ${Object.entries(stats.envelopes).filter(([, n]) => n > 0).map(([name, n]) => `${FORMATS[name] ?? clean(name)} ${number(n)}`).join(', ')}`,
    stats.untimed > 0 && style.yellow(`${stats.untimed === 1 ? '1 event has' : `${number(stats.untimed)} events have`} no readable eventTime; scheduled rules ignore ${stats.untimed === 1 ? 'it' : 'them'}`),
    stats.dropped > 0 && style.red(`${count(stats.dropped, 'candidate event')} dropped because the limit was reached; scan fewer days at once`),
    stats.late > 0 && style.yellow(`${count(stats.late, 'event')} arrived after the end of their window; rules ignored them`),
    left && style.dim(`skipped ${count(skipped, 'file')} with unknown extensions (${left}); name them to read them`),
    report.lost.length > 0 && style.red(`${count(report.lost.length, 'file')} read only in part; everything else was read`),
    report.unreadable > 0 && style.red(`${count(report.unreadable, 'file')} could not be read`),
    report.problems > 0 && style.yellow(`${count(report.problems, 'problem')} while reading; everything else was read`),
    report.interrupted && style.yellow('interrupted: the alerts cover only what was read'),
    alerts > 0 ? style.bold(`${count(alerts, 'alert')}:`) : style.bold('no alerts'),
    ...[...found].map(([rule, n]) => `  ${number(n)} × ${clean(rule)}`),
  ];
  note(lines.filter(Boolean).join('\n'));
}
