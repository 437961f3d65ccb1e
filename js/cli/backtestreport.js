// The report of `forepost backtest`.

import { mdLine } from '../cells.js';
import { listItem } from './formats.js';
import { clean, count, number, outStyle as style, time } from './terminal.js';

export const BACKTEST_FORMATS = ['pretty', 'ndjson', 'json', 'md'];

const ENTITIES = 3; // that a line names
/** From this share on, one entity is worth an exception. */
const DOMINANT = 50;

/** Writes the report: `write(report, account)`. */
export function backtestWriter(format, { write, say }) {
  switch (format) {
    case 'ndjson': return async ({ rules, sweep }) => { for (const figures of [...rules, ...sweep]) await write(`${JSON.stringify(withTop(figures))}\n`); };
    case 'json': return (report) => write(`${JSON.stringify({ ...report, rules: report.rules.map(withTop), sweep: report.sweep.map(withTop) }, null, 2)}\n`);
    case 'md': return (report, account) => write(markdown(report, account));
    default: return async (report) => { for (const figures of report.rules) await say(`${pretty(figures, report)}\n\n`); };
  }
}

/** Of many entities the first hundred; how many more there are. */
const withTop = ({ entities, ...figures }) => ({ ...figures, entities: entities.slice(0, 100), entitiesLeftOut: Math.max(0, entities.length - 100) });

const VERDICTS = { silent: style.dim, quiet: style.green, steady: style.yellow, noisy: style.red };

function pretty(figures, { sweep }) {
  const { name, severity, schedule, verdict } = figures;
  const variants = sweep.filter(({ of }) => of === figures.id);
  return [
    `${VERDICTS[verdict](verdict.padEnd(6))}  ${style.bold(clean(name))} ${style.dim(`${clean(severity)}, ${schedule}`)}`,
    ...lines(figures).map(([label, text]) => `  ${style.dim(label.padEnd(9))} ${text}`),
    ...(variants.length > 0 ? [`  ${style.dim('what if')}`, ...variants.map((one) => `    ${clean(`${one.key} ${one.value}`).padEnd(28)} ${summaryOf(one)}`)] : []),
  ].join('\n');
}

const summaryOf = ({ alerts, aDay, incidents, runsWithAlerts }) => `${count(alerts, 'alert')} in ${count(runsWithAlerts, 'run')}, ${aDay.mean} a day, ${count(incidents, 'incident')}`;

/** `[[label, text]]` of a rule's figures, for people. */
function lines(figures) {
  const { alerts, looksFor } = figures;
  if (alerts === 0) return [['alerts', figures.runs === null ? 'none' : `none in ${count(figures.runs, 'run')}`], ...silence(looksFor)];
  const { runs, runsWithAlerts, aDay, days, incidents, repeats, rowsAnAlert, outliers, aWeek } = figures;
  return [
    ['alerts', `${number(alerts)} in ${number(runsWithAlerts)}${runs === null ? '' : ` of ${number(runs)}`} runs, ${aDay.mean} a day (median ${aDay.median}, most ${number(aDay.max)} on ${aDay.maxOn}); ${count(aDay.daysWithAny, 'day')} with any`],
    ['', `as ${count(incidents, 'incident')}${repeats > 0 ? `; ${number(repeats)} show only events that earlier alerts had shown` : ''}`],
    ['rows', `${rowsAnAlert.median} an alert (median), at most ${number(rowsAnAlert.max)}`],
    ...entityLines(figures),
    ...(outliers.length > 0 ? [['stand out', outliers.slice(0, 5).map(({ day, alerts: n }) => `${day} (${n})`).join(', ') + (outliers.length > 5 ? ` and ${outliers.length - 5} more days` : '')]] : []),
    ['expect', `${number(aWeek.low)} to ${number(aWeek.high)} a week (95 %, from ${count(days, 'day')}, if alerts come independently)`],
    ['between', `${time(figures.first.replace('.000Z', 'Z'))} and ${time(figures.last.replace('.000Z', 'Z'))}`],
  ];
}

function entityLines({ entities, alerts }) {
  if (entities.length === 0) return [['entities', 'none']];
  const [{ type }] = entities;
  const same = entities.filter((entity) => entity.type === type);
  const [top] = same;
  const rest = same.length > ENTITIES ? ` and ${same.length - ENTITIES} more` : '';
  return [
    [type, `${same.slice(0, ENTITIES).map(({ name, share }) => `${clean(name)} ${share} %`).join(', ')}${rest}`],
    ...(top.share >= DOMINANT && same.length > 1 && alerts > 4 ? [['', `without ${clean(top.name)}: ${top.withoutADay} a day`]] : []),
  ];
}

/** What a silent rule looks for. */
function silence({ came, missing }) {
  return [
    ...(missing.length > 0 ? [['never', `${missing.slice(0, 8).map(clean).join(', ')}${missing.length > 8 ? ` and ${missing.length - 8} more calls` : ''}: not in these logs`]] : []),
    ...(came.length > 0 ? [['but', `${came.slice(0, 5).map(({ name, events }) => `${clean(name)} came ${number(events)} ×`).join(', ')}, and the rule rejected ${came.length === 1 && came[0].events === 1 ? 'it' : 'them'}; forepost explain says where`]] : []),
  ];
}

function markdown({ logs, rules, sweep, expectations }, account) {
  const head = ['rule', 'severity', 'verdict', 'alerts', 'a day', 'most on one day', 'incidents', 'repeats', 'first entity'];
  const row = (figures) => [
    figures.name, figures.severity, figures.verdict, figures.alerts, figures.aDay.mean, figures.aDay.maxOn ? `${figures.aDay.max} (${figures.aDay.maxOn})` : '', figures.incidents, figures.repeats,
    figures.entities[0] ? `${figures.entities[0].name} ${figures.entities[0].share} %` : '',
  ];
  const table = (names, rows) => `${mdLine(names)}${mdLine(names.map(() => '---')).replaceAll('\\', '')}${rows.map(mdLine).join('')}`;
  const plain = { yellow: String, red: String, dim: String, bold: String };
  return [
    '# Back-test\n\n',
    `${number(logs.events)} events on ${count(logs.days, 'day')}, ${logs.first ?? ''} to ${logs.last ?? ''}\n\n`,
    table(head, rules.map(row)),
    ...(sweep.length > 0 ? ['\n## What if\n\n', table(['rule', 'change', 'alerts', 'a day', 'incidents'], sweep.map((one) => [one.name, `${one.key} ${one.value}`, one.alerts, one.aDay.mean, one.incidents]))] : []),
    ...(expectations.length > 0 ? ['\n## Expectations\n\n', table(['rule', 'met', ''], expectations.map(({ rule, met, message }) => [rule, met ? 'yes' : 'no', met ? '' : message]))] : []),
    '\n## What was read\n\n', account.reading(undefined, plain).map(listItem).join(''),
  ].join('');
}
