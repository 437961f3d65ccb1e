// One event in each form in which people have it, and what each host makes of it. docs/inputs.md shows the table; the tests of each host
// read every form there: tests/package/forms.test.js, tests/page/forms.test.js, tests/fluent-bit/forms.test.js.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { switchedOff } from './package/support.js';
import { tar, zip } from './zip.js';

const event = switchedOff();
const text = JSON.stringify(event);
const records = JSON.stringify({ Records: [event] });
const base64 = (data) => Buffer.from(data).toString('base64');
const quoted = (cell) => `"${cell.replaceAll('"', '""')}"`;
const table = { EventName: event.eventName, EventSource: event.eventSource, TimeGenerated: event.eventTime, EventTypeName: event.eventType, UserIdentityArn: event.userIdentity.arn, SourceIpAddress: event.sourceIPAddress, AWSRegion: event.awsRegion, RecipientAccountId: event.recipientAccountId, RequestParameters: JSON.stringify(event.requestParameters) };
const cloudWatch = JSON.stringify({ messageType: 'DATA_MESSAGE', owner: '111122223333', logGroup: 'trail', logStream: 's', subscriptionFilters: ['f'], logEvents: [{ id: '1', timestamp: 1, message: text }] });

const csv = (row) => `${Object.keys(row).join(',')}\n${Object.values(row).map(quoted).join(',')}\n`;

/**
 * `{name, data, filter}`: all hosts but the filter read a form as bytes of a file and find its one event; the filter gets records
 * one at a time, and finds the event (`yes`) or lets the record through as it is (`no`).
 */
export const FORMS = [
  ['one event', text, 'yes'],
  ['an event a line', `${text}\n`, 'yes'],
  ['an array of events', `[${text}]`, 'yes'],
  ['a file that CloudTrail writes to S3', records, 'yes'],
  ['EventBridge', JSON.stringify({ version: '0', id: 'x', 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.ecr', detail: event }), 'yes'],
  ['SNS', JSON.stringify({ Type: 'Notification', MessageId: 'x', TopicArn: 'arn:aws:sns:eu-west-1:1:t', Message: records }), 'yes'],
  ['SQS', JSON.stringify({ Messages: [{ MessageId: 'x', Body: JSON.stringify({ detail: event, 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.ecr' }) }] }), 'yes'],
  ['LookupEvents', JSON.stringify({ Events: [{ EventId: event.eventID, EventName: event.eventName, CloudTrailEvent: text }] }), 'yes'],
  ['a CloudWatch Logs subscription', JSON.stringify({ awslogs: { data: base64(gzipSync(cloudWatch)) } }), 'no'],
  ['a Firehose request', JSON.stringify({ requestId: 'x', timestamp: 1, records: [{ data: base64(text) }] }), 'no'],
  ['a record of a log pipeline', JSON.stringify({ log: text, stream: 'x' }), 'yes'],
  ['a line that Fluent Bit reads from a command', JSON.stringify({ exec: text }), 'yes'],
  ['Elastic', JSON.stringify({ hits: { hits: [{ _index: 'x', _source: { event: { original: text } } }] } }), 'yes'],
  ['Splunk', JSON.stringify({ preview: false, result: { _raw: text } }), 'yes'],
  ['rows of AWSCloudTrail as CSV', csv(table), 'no'],
  ['CSV with the whole event in a column', csv({ time: 'x', _raw: text }), 'no'],
  ['UTF-16', Buffer.from(`\ufeff${records}`, 'utf16le'), 'no'],
  ['gzip', gzipSync(records), 'no'],
  ['gzip in gzip', gzipSync(gzipSync(records)), 'no'],
  ['tar', tar([['a/b.json', records]]), 'no'],
  ['tar.gz', gzipSync(tar([['a/b.json.gz', gzipSync(records)]])), 'no'],
  ['zip', zip([['a/b.json', records]]), 'no'],
].map(([name, data, filter]) => ({ name, data: Buffer.from(data), filter }));

const sample = (file) => readFileSync(new URL(`logs/${file}`, import.meta.url));

/** `{name, table, data}`: one record of each other log, in the form in which AWS writes it. The filter lets them through. */
export const LOGS = [
  ['lines of CloudWatch Logs, exported', 'AWSCloudWatch', sample('AWSCloudWatch.log')],
  ['GuardDuty’s findings', 'AWSGuardDuty', gzipSync(sample('AWSGuardDuty.jsonl'))],
  ['GuardDuty’s findings from EventBridge', 'AWSGuardDuty', Buffer.from(JSON.stringify({ 'detail-type': 'GuardDuty Finding', source: 'aws.guardduty', detail: JSON.parse(sample('AWSGuardDuty.jsonl')) }))],
  ['Network Firewall’s alerts', 'AWSNetworkFirewallAlert', gzipSync(sample('AWSNetworkFirewallAlert.jsonl'))],
  ['Network Firewall’s flows', 'AWSNetworkFirewallFlow', gzipSync(sample('AWSNetworkFirewallFlow.jsonl'))],
  ['Network Firewall’s TLS inspection', 'AWSNetworkFirewallTls', gzipSync(sample('AWSNetworkFirewallTls.jsonl'))],
  ['queries of Route 53’s resolver', 'AWSRoute53Resolver', gzipSync(sample('AWSRoute53Resolver.jsonl'))],
  ['S3’s server access logs', 'AWSS3ServerAccess', sample('AWSS3ServerAccess.log')],
  ['Security Hub’s findings', 'AWSSecurityHubFindings', sample('AWSSecurityHubFindings.json')],
  ['flow logs with a header', 'AWSVPCFlow', gzipSync(sample('AWSVPCFlow.log'))],
  ['WAF’s logs', 'AWSWAF', gzipSync(sample('AWSWAF.jsonl'))],
].map(([name, table, data]) => ({ name, table, data, filter: 'no' }));

/** The table of docs/inputs.md. */
export const formsAsMarkdown = () => `| Form | Command | Package | Worker | Page | Filter |
|---|---|---|---|---|---|
${[...FORMS, ...LOGS].map(({ name, filter }) => `| ${name} | yes | yes | yes | yes | ${filter} |\n`).join('')}`;
