// What a run read, skipped and could not do. "No alerts" is an answer only beside it.

import { writeFileSync } from 'node:fs';
import { Tally } from '../account.js';
import { UsageError } from './args.js';
import { reasonOf } from './files.js';
import { byReason, ofRules } from './reasons.js';
import { clean, columnsOf, count, fit, noStyle, number, style, time } from './terminal.js';

/** Sentinel's severities, the least first, and as options name them. */
export const SEVERITIES = ['Informational', 'Low', 'Medium', 'High'];
export const LEVELS = SEVERITIES.map((name) => name.toLowerCase());

/** What people call the format of each envelope. */
const FORMATS = {
  bare: 'single events', array: 'JSON arrays', records: 'S3 log files', eventbridge: 'EventBridge', 'cloudwatch-logs': 'CloudWatch Logs',
  'lookup-events': 'LookupEvents', sns: 'SNS', sqs: 'SQS', kinesis: 'Kinesis', pipeline: 'pipeline records', row: 'table rows', csv: 'CSV', firehose: 'Firehose', table: 'exported tables', ocsf: 'OCSF', line: 'lines',
};

export class Account extends Tally {
  /** By severity and by rule. */
  severities = new Map();
  alerts = new Map();
  /** Alerts that `--severity` leaves out. */
  below = 0;
  /** Reading ended before the inputs did because the answer was complete. */
  enough = false;
  #untimedProblems = 0; // what they say of events, the count of those says too

  problem(path, problem) {
    super.problem(path, problem);
    this.#untimedProblems += problem.code === 'bad_time' ? 1 : 0;
  }

  /** Whether there were rules, and none of them could run. */
  get nothingRan() { return this.stats.rules === 0 && this.leftOut.length > 0; }

  alert({ AlertSeverity, AlertName, ExtendedProperties }) {
    const rule = JSON.parse(ExtendedProperties)['Analytic Rule Name'] ?? AlertName;
    const entry = this.alerts.get(rule) ?? { rule, severity: AlertSeverity, alerts: 0 };
    entry.alerts += 1;
    this.alerts.set(rule, entry);
    this.severities.set(AlertSeverity, (this.severities.get(AlertSeverity) ?? 0) + 1);
  }

  /** 0 it ran over everything; 1 something was not read or did not run; 2 nothing was read; 130 interrupted. */
  get status() {
    if (this.interrupted) return 130;
    if (this.nothingRead || this.nothingRan) return 2;
    return this.complete ? 0 : 1;
  }

  /** For `--summary`: one object, the same in every format. */
  toJSON() {
    const { complete, ...rest } = super.toJSON();
    return {
      complete, status: this.status, interrupted: this.interrupted, enough: this.enough, ...rest,
      ...(rest.alerts && { alerts: { total: total(this.severities), belowSeverity: this.below, bySeverity: Object.fromEntries(this.severities), byRule: [...this.alerts.values()] } }),
    };
  }

  /** The rules that failed while running, for people. */
  failures() {
    return this.failed.map(({ rule, runs, message, code }) =>
      `${style.red('failed')} ${rule ? `${clean(rule)}: ` : ''}${clean(message)}${runs > 1 ? `; so did ${runs - 1} more runs` : ''} ${style.dim(`[${clean(code)}]`)}`);
  }

  /** What was read, for people: the first lines of a summary. `paint`: the colours of where they go. */
  reading(ms, paint = style) {
    const stats = this.stats;
    const files = this.read === this.found ? count(this.found, 'file') : `${number(this.read)} of ${count(this.found, 'file')}`;
    return [
      [`${count(stats.events, 'event')} in ${files}`, ms !== undefined && `${(ms / 1000).toFixed(1)} s`, stats.rules !== undefined && count(stats.rules, 'rule')].filter(Boolean).join(', '),
      stats.events > 0 && stats.firstEvent && `from ${time(stats.firstEvent)} to ${time(stats.lastEvent)}`,
      stats.events > 0 && `format: ${Object.entries(stats.envelopes).filter(([, n]) => n > 0).map(([name, n]) => `${FORMATS[name] ?? clean(name)} ${number(n)}`).join(', ')}`,
      this.#tables(),
      ...this.gaps(paint),
    ].filter(Boolean);
  }

  /** How many records each table has, if there are any but CloudTrail's. */
  #tables() {
    const others = Object.entries(this.stats.tables ?? {});
    const events = this.stats.events - total(this.stats.tables ?? {});
    return others.length > 0 && `tables: ${[['AWSCloudTrail', events], ...others].filter(([, n]) => n > 0).map(([name, n]) => `${clean(name)} ${number(n)}`).join(', ')}`;
  }

  /** What keeps the answer from being whole. Lines that belong to the one above begin with blanks. */
  gaps(paint = style) {
    const room = paint === noStyle ? Infinity : columnsOf(process.stderr);
    const some = (list, lines, colour) => (list.length > 0 ? lines().map(colour) : []);
    const { untimed, outside = 0, late, dropped, ahead = 0, digests = 0 } = this.stats;
    const runs = this.failed.reduce((sum, failed) => sum + failed.runs, 0);
    return [
      ...some(this.skipped, () => byReason(`passed over ${count(this.skipped.length, 'file')}`, this.skipped, 'reason', 'path', room), paint.dim),
      ...some(this.unreadable, () => byReason(`not read: ${count(this.unreadable.length, 'input')}`, this.unreadable, 'reason', 'path', room), paint.red),
      outside > 0 && paint.dim(`${count(outside, 'event')} outside the span of --from, --since or --to; ignored`),
      digests > 0 && paint.dim(`passed over ${count(digests, 'digest file')}`),
      this.problemCount > this.#untimedProblems && paint.yellow(`${count(this.problemCount - this.#untimedProblems, 'problem')} while reading; everything else was read`),
      untimed > 0 && paint.yellow(`${count(untimed, 'event')} without a readable time; scheduled rules ignore ${untimed === 1 ? 'it' : 'them'}`),
      ahead > 0 && paint.yellow(`${count(ahead, 'event')} ahead of this machine's clock; no window closed by ${ahead === 1 ? 'it' : 'them'}`),
      late > 0 && paint.yellow(`${count(late, 'event')} arrived after the end of their window; rules ignored ${late === 1 ? 'it' : 'them'}`),
      dropped > 0 && paint.red(`${count(dropped, 'candidate event')} dropped because the limit was reached; scan fewer days at once`),
      ...some(this.unusable, () => byReason(`${count(this.unusable.length, 'file')} of the context not used`, this.unusable, 'message', 'file', room), paint.red),
      ...some(this.leftOut, () => ofRules(this.leftOut, room), paint.red),
      this.failed.length > 0 && paint.red(`${count(this.failed.length, 'rule')} failed in ${count(runs, 'run')}: ${plural(this.failed.length, 'its alerts are', 'their alerts are')} missing`),
      this.interrupted && paint.yellow('interrupted: the answer covers only what was read'),
    ].filter(Boolean);
  }

  /** The alerts, for people: the last lines of a summary. "No alerts" never stands alone where something is missing. */
  outcome(paint = style) {
    const alerts = total(this.severities);
    const room = paint === noStyle ? Infinity : columnsOf(process.stderr);
    if (this.nothingRead) return [paint.red(paint.bold('nothing was read'))];
    if (this.nothingRan) return [paint.red(paint.bold('no rule could run'))];
    if (this.allOutside) return [paint.yellow(paint.bold('no event is in the span of time'))];
    const below = this.below > 0 ? [paint.yellow(`${count(this.below, 'alert')} below --severity, not shown`)] : [];
    if (alerts === 0 && this.below > 0) return below;
    if (alerts === 0) return [this.complete ? paint.bold(`no alerts from ${count(this.stats.rules, 'rule')}`) : paint.yellow(paint.bold('no alerts in what was read'))];
    const severities = SEVERITIES.toReversed().filter((name) => this.severities.has(name)).map((name) => `${this.severities.get(name)} ${name}`).join(', ');
    return [
      paint.bold(`${count(alerts, 'alert')} (${clean(severities)}):`),
      ...[...this.alerts.values()].sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity))
        .map((entry) => `  ${number(entry.alerts)} × ${fit(clean(entry.rule), room - 24)} ${paint.dim(`(${clean(entry.severity)})`)}`),
      ...below,
    ];
  }
}

/** `--summary FILE` */
export function writeSummary(path, account, command) {
  try {
    writeFileSync(path, `${JSON.stringify(account, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(`cannot write the summary to ${clean(path)}: ${clean(reasonOf(error))}`, command);
  }
}

const total = (counts) => (counts instanceof Map ? [...counts.values()] : Object.values(counts)).reduce((a, b) => a + b, 0);

const plural = (n, one, many) => (n === 1 ? one : many);
