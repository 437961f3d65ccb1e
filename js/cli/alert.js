// Prints an alert for a person: who, from where, when, and on what.

import { stringifyExact } from '../json.js';
import { parameters } from './parameters.js';
import { clean, columnsOf, count, fit, outStyle as style, time, width } from './terminal.js';

const SHOWN_EVENTS = 10;
const SEVERITY = { High: style.red, Medium: style.yellow, Low: style.cyan, Informational: style.blue };

/** What is known of an alert's people, places and things: `[{label, value}]`, cleaned. */
export function facts(alert) {
  const events = eventsOf(alert);
  const entities = parse(alert.Entities, []);
  const records = events.map(({ record }) => record ?? {});
  return [
    ['when', span(alert)],
    ['who', texts(entities, 'account', accountText)],
    ['from', texts(entities, 'ip', (ip) => ip.Address)],
    ['account', distinct([...entities.map((e) => e.CloudAppAccountId), ...records.map((r) => r.recipientAccountId)])],
    ['where', distinct(records.map((r) => r.awsRegion))],
    ['agent', distinct(records.map((r) => r.userAgent))],
    ['also', distinct(entities.filter((e) => e.Type !== 'account' && e.Type !== 'ip').map(otherText))],
    ['tactics', techniques(alert)],
  ].filter(([, value]) => value).map(([label, value]) => ({ label, value }));
}

/** The source events of an alert. */
export const eventsOf = (alert) => (alert.Evidence ?? []).flatMap((row) => row.events ?? []);

/** Lines as wide as `columns`. */
export function renderAlert(alert, columns = columnsOf(process.stdout)) {
  const paint = SEVERITY[alert.AlertSeverity] ?? style.bold;
  return [
    `${paint(style.bold(`● ${clean(alert.AlertSeverity)}`))}  ${style.bold(fit(clean(alert.AlertName), columns - 16))}`,
    ...facts(alert).map(({ label, value }) => `  ${style.dim(label.padEnd(8))} ${fit(value, columns - 11)}`),
    ...evidence(eventsOf(alert), columns),
  ].join('\n');
}

function span({ StartTime, EndTime }) {
  return StartTime === EndTime ? time(StartTime) : `${time(StartTime)} to ${time(EndTime)}`;
}

const accountText = ({ Name, UPNSuffix, FullName, AadUserId, Sid }) => (Name && UPNSuffix ? `${Name}@${UPNSuffix}` : Name ?? FullName ?? AadUserId ?? Sid);

const otherText = ({ $id, Type, ...rest }) => `${Type} ${Object.values(rest).map(clean).join(' ')}`;

const texts = (entities, type, text) => distinct(entities.filter((e) => e.Type === type).map(text));

const distinct = (values) => [...new Set(values.filter((v) => v !== undefined && v !== null && v !== '').map(clean))].join(', ');

function techniques({ Tactics, Techniques, SubTechniques }) {
  const exact = parse(SubTechniques, []).length > 0 ? parse(SubTechniques, []) : parse(Techniques, []);
  return [Tactics, ...exact].filter(Boolean).map(clean).join(' ');
}

function evidence(events, columns) {
  if (events.length === 0) return [];
  const lines = events.slice(0, SHOWN_EVENTS).flatMap(({ record }) => eventLines(record ?? {}, columns - 4));
  if (events.length > SHOWN_EVENTS) lines.push(style.dim(fit(`and ${count(events.length - SHOWN_EVENTS, 'more event')}; use --format ndjson to see all`, columns - 4)));
  return [`  ${style.dim('evidence')} ${count(events.length, 'event')}`, ...lines.map((line) => `    ${line}`)];
}

/**
 * Two lines: what was done and whether it failed, and by whom. Whether a call failed comes before everything else: what
 * AWS refused did not happen.
 */
function eventLines(record, columns) {
  if (!('eventName' in record || 'eventTime' in record || 'EventName' in record)) return [fit(fields(record), columns)];
  const when = time(record.eventTime);
  const name = clean(record.eventName ?? '');
  const error = record.errorCode === undefined || record.errorCode === null ? '' : clean(record.errorCode);
  const call = [fit(name, columns - when.length - 2), error && `✗ ${error}`, parameters(record.requestParameters)];
  const paint = [style.bold, style.red, String];
  const message = record.errorMessage ? [`  ${style.dim('error')} ${fit(clean(record.errorMessage), columns - 8)}`] : [];
  return [
    ...wrapped(`${when} `, call, paint, columns),
    ...message,
    `  ${style.dim('by')} ${fit(actor(record), columns - 5)}`,
  ];
}

/** What a record of another log than CloudTrail holds. */
const fields = (record) => Object.entries(record)
  .map(([key, value]) => `${clean(key)}=${clean(typeof value === 'string' ? value : stringifyExact(value))}`).join(' ');

/** The parts in one line where they fit, each cut at the end of its line and the next ones below where they do not. */
function wrapped(start, parts, paint, columns) {
  const lines = [start];
  let room = columns - width(start);
  for (const [i, part] of parts.entries()) {
    if (!part) continue;
    if (room < Math.min(width(part), 12) + 1) {
      lines.push(' ');
      room = columns - 1;
    }
    const shown = fit(part, room - 1);
    lines[lines.length - 1] += ` ${paint[i](shown)}`;
    room -= width(shown) + 1;
  }
  return lines;
}

/** Who made a call, with which key and session, from where, with what. */
export function actor({ userIdentity, sourceIPAddress, awsRegion, userAgent }) {
  const identity = userIdentity ?? {};
  const { sessionContext } = identity;
  const who = identity.arn || identity.userName || identity.invokedBy || identity.principalId || identity.type || 'unknown';
  const role = identity.type === 'AssumedRole' && sessionContext?.sessionIssuer?.userName;
  return [who, role && `role ${clean(role)}`, identity.accessKeyId && `key ${clean(identity.accessKeyId)}`, sourceIPAddress, awsRegion, userAgent]
    .filter(Boolean).map(clean).join(' · ');
}

function parse(text, otherwise) {
  try {
    return JSON.parse(text) ?? otherwise;
  } catch {
    return otherwise; // no entities are "", not "[]"
  }
}
