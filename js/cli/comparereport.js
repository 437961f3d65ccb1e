// The report of `forepost compare`.

import { mdLine } from '../cells.js';
import { clean, count, noStyle, number, outStyle, time } from './terminal.js';

export const COMPARE_FORMATS = ['pretty', 'ndjson', 'md'];

/** Writes the report: `write(report, account)`. `limit`: how many alerts of each kind a rule shows. */
export function compareWriter(format, { write, say }, limit) {
  switch (format) {
    case 'ndjson': return async ({ rules }) => { for (const rule of rules) await write(`${JSON.stringify(machine(rule))}\n`); };
    case 'md': return (report, account) => write(markdown(report, account, limit));
    default: return async ({ rules }) => {
      for (const rule of rules.filter(({ differs }) => differs)) await say(`${pretty(rule, limit)}\n\n`);
      await say(`${outcome(rules)}\n`);
    };
  }
}

const outcome = (rules) => {
  const different = rules.filter(({ differs }) => differs).length;
  return different === 0 ? `no difference: ${count(rules.length, 'rule')} with ${count(rules.reduce((sum, { same }) => sum + same, 0), 'alert')}` : `${number(different)} of ${count(rules.length, 'rule')} differ`;
};

/** Without the records, which are in the logs. */
function machine({ gone, new: added, changed, ...rule }) {
  const alert = ({ records, rows, day, ...rest }) => ({ ...rest, time: new Date(rest.time).toISOString(), entities: rest.entities.map(({ type, name }) => ({ type, name })) });
  return { ...rule, changed: changed.map(({ alert: one, parts, gone: goneEvents, new: newEvents }) => ({ parts, eventsGone: goneEvents, eventsNew: newEvents, ...alert(one) })), gone: gone.map(alert), new: added.map(alert) };
}

const counts = ({ before, after, same, changed, gone, new: added }) =>
  `${count(before, 'alert')} before, ${number(after)} after: ${number(same)} the same, ${number(changed.length)} changed, ${number(gone.length)} gone, ${number(added.length)} new`;

/** What a setting was, and is. */
const setting = ({ what, before, after }) => (before === undefined && after === undefined ? what : `${what}: ${shown(before)} → ${shown(after)}`);
const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value) ?? 'none');

/** The reasons with how many alerts have each, the most frequent first. */
function reasons(alerts) {
  const groups = new Map();
  for (const { why } of alerts) if (why) groups.set(why, (groups.get(why) ?? 0) + 1);
  return [...groups].sort((a, b) => b[1] - a[1]);
}

/** The events that only one version of an alert shows. */
function eventLines({ gone, new: added }, limit) {
  const line = (sign, where) => ({ id, call, why }) => `${sign} ${[call, id].filter(Boolean).join(' ')}${why ? `: ${where}, it ${why}` : ''}`;
  const lines = [...gone.map(line('-', 'in the new version')), ...added.map(line('+', 'in the old version'))];
  return lines.length > limit ? [...lines.slice(0, limit), `and ${number(lines.length - limit)} more events`] : lines;
}

const who = ({ entities }) => [...new Set(entities.map(({ name }) => name))].slice(0, 4).join(', ');

const alertLine = (alert) => [time(new Date(alert.time).toISOString().replace('.000Z', 'Z')), alert.severity, alert.name, who(alert)].filter(Boolean).join('  ');

/** `[kind, colour, alerts, where the reason lies]` */
const kindsOf = (rule) => [['gone', 'red', rule.gone, 'in the new version'], ['new', 'green', rule.new, 'in the old version']];

function pretty(rule, limit, style = outStyle) {
  const lines = [`${style.bold(clean(rule.rule.name))} ${style.dim(clean(rule.rule.file))}`, `  ${counts(rule)}`];
  for (const change of rule.changes) {
    if (change.lines) lines.push('  query', ...change.lines.map(([sign, line]) => `    ${sign === '-' ? style.red(`- ${clean(line)}`) : style.green(`+ ${clean(line)}`)}`));
    else lines.push(`  ${clean(setting(change))}`);
  }
  for (const [kind, colour, alerts, where] of kindsOf(rule)) {
    if (alerts.length === 0) continue;
    lines.push(`  ${style[colour](kind)} ${number(alerts.length)}`);
    for (const [why, n] of reasons(alerts)) lines.push(`    ${number(n)} × ${where}, the event ${clean(why)}`);
    for (const alert of alerts.slice(0, limit)) lines.push(`    ${style.dim(clean(alertLine(alert)))}`);
    if (alerts.length > limit) lines.push(style.dim(`    and ${number(alerts.length - limit)} more`));
  }
  if (rule.changed.length > 0) {
    lines.push(`  ${style.yellow('changed')} ${number(rule.changed.length)}`);
    for (const change of rule.changed.slice(0, limit)) {
      lines.push(`    ${style.dim(clean(alertLine(change.alert)))}`, `      ${clean(change.parts.join(', '))}`);
      for (const line of eventLines(change, limit)) lines.push(`      ${clean(line)}`);
    }
    if (rule.changed.length > limit) lines.push(style.dim(`    and ${number(rule.changed.length - limit)} more`));
  }
  return lines.join('\n');
}

/** A comment for a pull request. */
function markdown({ before, after, logs, rules }, account, limit) {
  const code = (text) => `\n\`\`\`diff\n${text.replaceAll('```', "'''")}\n\`\`\`\n`;
  const cell = (text) => mdLine([text]).slice(2, -3);
  const different = rules.filter(({ differs }) => differs);
  const rows = different.map((rule) => mdLine([rule.rule.name, rule.before, rule.after, rule.gone.length, rule.new.length, rule.changed.length]));
  const detail = (rule) => {
    const lines = [`\n### ${cell(rule.rule.name)}\n`];
    for (const change of rule.changes) lines.push(change.lines ? code(change.lines.map(([sign, line]) => `${sign} ${clean(line)}`).join('\n')) : `\n- ${cell(setting(change))}`);
    for (const [kind, , alerts, where] of kindsOf(rule)) {
      if (alerts.length === 0) continue;
      lines.push(`\n\n**${number(alerts.length)} ${kind}**\n`);
      for (const [why, n] of reasons(alerts)) lines.push(`\n- ${number(n)} × ${where}, the event ${cell(why)}`);
      for (const alert of alerts.slice(0, limit)) lines.push(`\n- ${cell(alertLine(alert))}`);
      if (alerts.length > limit) lines.push(`\n- and ${number(alerts.length - limit)} more`);
    }
    if (rule.changed.length > 0) {
      lines.push(`\n\n**${number(rule.changed.length)} changed**\n`);
      for (const change of rule.changed.slice(0, limit)) {
        lines.push(`\n- ${cell(alertLine(change.alert))}: ${cell(change.parts.join(', '))}`);
        for (const line of eventLines(change, limit)) lines.push(`\n  - ${cell(line)}`);
      }
      if (rule.changed.length > limit) lines.push(`\n- and ${number(rule.changed.length - limit)} more`);
    }
    return `${lines.join('')}\n`;
  };
  return [
    `## ${cell(before)} → ${cell(after)}\n\n${cell(outcome(rules))}\n`,
    ...(rows.length > 0 ? [`\n| rule | before | after | gone | new | changed |\n| --- | --- | --- | --- | --- | --- |\n${rows.join('')}`] : []),
    ...different.map(detail),
    `\n<sub>${number(logs.events)} events, ${cell(logs.first ?? '')} to ${cell(logs.last ?? '')}. ${account.gaps(noStyle).map(cell).join('. ')}</sub>\n`,
  ].join('');
}
