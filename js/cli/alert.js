// Prints an alert for a person: who, from where, when, and on what.

import { stringifyExact } from '../json.js';
import { clean, count, outStyle as style, time } from './terminal.js';

const SHOWN_EVENTS = 10;
const SEVERITY = { High: style.red, Medium: style.yellow, Low: style.cyan, Informational: style.blue };

/** The most useful request parameters, in order of preference. If a request has none of them, its first two are shown. */
const TELLING = ['repositoryName', 'bucketName', 'userName', 'roleName', 'policyArn', 'policyName', 'groupId', 'groupName', 'instanceId',
  'functionName', 'trailName', 'name', 'keyId', 'dBInstanceIdentifier', 'secretId', 'topicArn', 'queueUrl'];

export function renderAlert(alert) {
  const paint = SEVERITY[alert.AlertSeverity] ?? style.bold;
  const events = (alert.Evidence ?? []).flatMap((row) => row.events ?? []);
  const entities = parse(alert.Entities, []);
  const rows = [
    ['when', span(alert)],
    ['who', texts(entities, 'account', accountText)],
    ['from', texts(entities, 'ip', (ip) => ip.Address)],
    ['account', distinct([...entities.map((e) => e.CloudAppAccountId), ...events.map(({ record }) => record?.recipientAccountId)])],
    ['where', distinct(events.map(({ record }) => record?.awsRegion))],
    ['also', distinct(entities.filter((e) => e.Type !== 'account' && e.Type !== 'ip').map(otherText))],
    ['tactics', techniques(alert)],
  ];
  return [
    `${paint(style.bold(`● ${clean(alert.AlertSeverity)}`))}  ${style.bold(clean(alert.AlertName))}`,
    ...rows.filter(([, value]) => value).map(([label, value]) => `  ${style.dim(label.padEnd(8))} ${value}`),
    ...evidence(events),
  ].join('\n');
}

function span({ StartTime, EndTime }) {
  return StartTime === EndTime ? time(StartTime) : `${time(StartTime)} to ${time(EndTime)}`;
}

const accountText = ({ Name, UPNSuffix, FullName, AadUserId, Sid }) => (Name && UPNSuffix ? `${Name}@${UPNSuffix}` : Name ?? FullName ?? AadUserId ?? Sid);

const otherText = ({ $id, Type, ...rest }) => `${Type} ${Object.values(rest).join(' ')}`;

const texts = (entities, type, text) => distinct(entities.filter((e) => e.Type === type).map(text));

const distinct = (values) => [...new Set(values.filter((v) => v !== undefined && v !== null && v !== ''))].map(clean).join(', ');

function techniques({ Tactics, Techniques, SubTechniques }) {
  const exact = parse(SubTechniques, []).length > 0 ? parse(SubTechniques, []) : parse(Techniques, []);
  return [Tactics, ...exact].filter(Boolean).map(clean).join(' ');
}

function evidence(events) {
  if (events.length === 0) return [];
  const lines = events.slice(0, SHOWN_EVENTS).flatMap(({ record }) => eventLines(record ?? {}));
  if (events.length > SHOWN_EVENTS) lines.push(style.dim(`and ${count(events.length - SHOWN_EVENTS, 'more event')}; use --format ndjson to see all`));
  return [`  ${style.dim('evidence')} ${count(events.length, 'event')}`, ...lines.map((line) => `    ${line}`)];
}

function eventLines(record) {
  const identity = record.userIdentity ?? {};
  const who = identity.arn || identity.userName || identity.invokedBy || identity.principalId || identity.type || 'unknown';
  const join = (parts) => parts.filter(Boolean).map(clean).join(style.dim(' · '));
  return [
    `${time(record.eventTime)}  ${style.bold(clean(record.eventName ?? ''))} ${clean(parameters(record.requestParameters))}`,
    `  ${style.dim('by')} ${join([who, record.sourceIPAddress, record.awsRegion])}`,
  ];
}

function parameters(given) {
  const all = Object.entries((typeof given === 'string' ? parse(given, {}) : given) ?? {});
  const chosen = TELLING.flatMap((name) => all.filter(([key]) => key === name)).slice(0, 2);
  // What changed is usually in an object: small ones are shown whole.
  const small = all.filter(([, value]) => value !== null && typeof value === 'object' && stringifyExact(value).length <= 60).slice(0, 1);
  const shown = [...chosen, ...small];
  return (shown.length > 0 ? shown : all.slice(0, 2))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value.slice(0, 120) : stringifyExact(value).slice(0, 120)}`).join(' ');
}

function parse(text, otherwise) {
  try {
    return JSON.parse(text) ?? otherwise;
  } catch {
    return otherwise; // no entities are "", not "[]"
  }
}
