// `forepost summary`, `timeline` and `pivot`: the first questions of a responder, as queries over the logs.

import { existsSync } from 'node:fs';
import { Detector } from '../detector.js';
import { csvLine, mdLine } from '../cells.js';
import { stringifyExact } from '../json.js';
import { EVENT_FIELDS as FIELDS, QUESTIONS, madeBy, quoted } from '../questions.js';
import { Query } from '../query.js';
import { Account, writeSummary } from './account.js';
import { parameters } from './parameters.js';
import { inputsOf, UsageError } from './args.js';
import { readInto } from './read.js';
import { listItem } from './formats.js';
import { Several } from './several.js';
import { spanOf } from './span.js';
import { table } from './table.js';
import { clean, columnsOf, count, fit, noStyle, note, number, outputTo, outStyle as style, remark, time, width, wrapped } from './terminal.js';

/** The events of a span, as the beginning of a query. */
function events({ from, to }) {
  const bound = (time, operator) => (time === undefined ? '' : ` | where TimeGenerated ${operator} datetime(${time})`);
  return `AWSCloudTrail${bound(from, '>=')}${bound(to, '<')}`;
}

/** Reads for a query, and counts the events outside the span that it looks at. */
async function readFor(query, span, paths, account, options) {
  if (span.from === undefined && span.to === undefined) return readInto(query, paths, account, options);
  const inside = new Query(`${events(span)} | count`);
  await readInto(new Several([query, inside]), paths, account, options);
  const stats = query.stats();
  const [[counted]] = inside.result().rows;
  account.count({ ...stats, outside: stats.events - stats.untimed - counted });
  return inside.dispose();
}

/** Says what is missing, and gives the exit status. */
function end(account, options, command) {
  if (options.summary) writeSummary(options.summary, account, command);
  const said = [...account.gaps(), ...(account.nothingRead || account.allOutside ? account.outcome() : [])];
  if (said.length > 0) note(said.join('\n'));
  return account.status;
}

/** One screen: who, from where, when, what changed, what failed, new keys, regions, alerts. */
export async function summary(options, operands) {
  const paths = inputsOf(operands, 'summary');
  const span = spanOf(options, 'summary');
  const start = events(span);
  const queries = QUESTIONS.map(([, what, order]) => new Query(`${start} | ${what} | sort by ${order}`));
  const detector = new Detector({ evidence: false, ...span });
  const account = new Account();
  await readInto(new Several([detector, ...queries]), paths, account);
  if (account.nothingRead) return end(account, options, 'summary');
  detector.finish();
  for (const alert of detector.alerts()) account.alert(alert);
  detector.problems().forEach((problem) => account.failure(problem));
  account.count(detector.stats());
  const output = outputTo(options.output);
  const answers = queries.map((query, i) => ({ title: QUESTIONS[i][0], shown: QUESTIONS[i][3], answer: query.result() }));
  if (options.format === 'json') {
    await output.write(`${stringifyExact({ ...Object.fromEntries(answers.map(({ title, answer }) => [title, answer.objects()])), account: account.toJSON() })}\n`);
  } else {
    for (const question of answers.filter(({ answer }) => answer.rows.length > 0)) await output.write(section(question, options.format));
    const paint = options.format === 'md' ? noStyle : style;
    const last = [...account.reading(undefined, paint), ...account.outcome(paint)];
    await output.write(options.format === 'md' ? last.map(listItem).join('') : `${last.join('\n')}\n`);
  }
  await output.close();
  detector.dispose();
  queries.forEach((query) => query.dispose());
  if (options.summary) writeSummary(options.summary, account, 'summary');
  return account.status;
}

function section({ title, shown, answer: { columns, rows } }, format) {
  const cells = rows.slice(0, shown).map((row) => row.map((cell, i) => (columns[i].type === 'datetime' && cell ? time(cell).replace(' UTC', '') : columns[i].name === 'Who' && format !== 'md' && cell ? shortArn(cell) : cell)));
  const more = rows.length > shown ? `and ${number(rows.length - shown)} more\n` : '';
  const names = columns.map(({ name }) => name);
  if (format === 'md') return `## ${title}\n\n${mdLine(names)}${mdLine(names.map(() => '---'))}${cells.map(mdLine).join('')}${more}\n`;
  const { text, hidden } = table(columns, cells);
  const narrow = hidden.length > 0 ? `${wrapped(`not shown here: ${hidden.join(', ')}; --format json has all`, columnsOf(process.stdout)).join('\n')}\n` : '';
  return `${style.bold(title)}\n${text}${style.dim(more + narrow)}\n`;
}

const SHOWN = ['TimeGenerated', 'EventName', 'EventSource', 'ErrorCode', 'ErrorMessage', 'UserIdentityArn', 'UserIdentityAccessKeyId', 'SourceIpAddress', 'AWSRegion', 'UserAgent', 'RequestParameters', 'AwsEventId'];

/** All events in the order of their time. */
export async function timeline(options, operands) {
  const paths = inputsOf(operands, 'timeline');
  const span = spanOf(options, 'timeline');
  const only = options.changes ? ' | where ReadOnly == false' : '';
  const query = new Query(`${events(span)}${only} | sort by TimeGenerated asc, AwsEventId asc | project ${FIELDS}`);
  const account = new Account();
  await readFor(query, span, paths, account);
  if (!account.nothingRead) await printEvents(query.result().objects(), options);
  query.dispose();
  return end(account, options, 'timeline');
}

const MOST_ROUNDS = 16;

/**
 * All events of an address, access key, ARN, account or session, through the keys and sessions that they made: AssumeRole and its
 * kin give a session and its key, CreateAccessKey a key. Each round reads the logs once, until nothing new turns up.
 */
export async function pivot(options, [value, ...operands]) {
  if (value === undefined) throw new UsageError('pivot needs a value: an address, an access key, an ARN, an account or a session', 'pivot');
  if (value.trim() === '') throw new UsageError('the value of pivot is empty; every event has an empty field', 'pivot');
  if (existsSync(value)) throw new UsageError(`${clean(value)} is a file or folder; the value comes first: forepost pivot VALUE ${clean(value)}`, 'pivot');
  const paths = operands;
  if (paths.length === 0 || paths.includes('-')) throw new UsageError('pivot reads the logs several times, so it needs files or folders, not standard input', 'pivot');
  const span = spanOf(options, 'pivot');
  const values = new Map([[value, 'given']]);
  let found = [];
  let account;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const list = `(${[...values.keys()].map(quoted).join(', ')})`;
    const exact = ['SourceIpAddress', 'UserIdentityAccessKeyId', 'UserIdentityArn', 'UserIdentityPrincipalid', 'UserIdentityUserName', 'UserIdentityAccountId', 'RecipientAccountId', 'SessionIssuerArn', 'SessionIssuerUserName', 'AwsEventId'];
    // Where a key or session was made, and what was done to it.
    const made = [...values.keys()].filter((known) => KEY_OR_ARN.test(known)).map((known) => `ResponseElements contains ${quoted(known)} or RequestParameters contains ${quoted(known)}`);
    const where = [...exact.map((column) => `${column} in ${list}`), `split(UserIdentityArn, '/')[-1] in ${list}`, ...(value.includes('/') ? [`UserIdentityArn endswith ${quoted(value)}`] : []), ...made].join(' or ');
    const query = new Query(`${events(span)} | where ${where} | sort by TimeGenerated asc, AwsEventId asc | project ${FIELDS}`);
    account = new Account();
    await readFor(query, span, paths, account, { quiet: round > 0 });
    found = account.nothingRead ? [] : query.result().objects();
    query.dispose();
    const before = values.size;
    for (const event of found) for (const made of madeBy(event)) if (!values.has(made)) values.set(made, `by ${event.EventName} at ${time(event.TimeGenerated)}`);
    if (values.size === before || account.interrupted) break;
  }
  for (const [made, how] of [...values].slice(1)) remark(`${style.dim('follows')} ${clean(made)} ${style.dim(clean(how))}`);
  if (found.length > 0) await printEvents(found, options);
  else if (!account.nothingRead) note(`no event of ${clean(value)}`);
  return end(account, options, 'pivot');
}

const KEY_OR_ARN = /^A[KS]IA[A-Z0-9]{8,}$|^arn:/;

export const EVENT_FORMATS = ['pretty', 'ndjson', 'json', 'csv', 'md'];

async function printEvents(found, { format, output: path }) {
  const output = outputTo(path);
  const cells = (event) => SHOWN.map((name) => event[name]);
  switch (format) {
    case 'ndjson': for (const event of found) await output.write(`${stringifyExact(event)}\n`); break;
    case 'json': await output.write(`[${found.map((event) => `\n${stringifyExact(event)}`).join(',')}\n]\n`); break;
    case 'csv': await output.write(csvLine(SHOWN) + found.map((event) => csvLine(cells(event))).join('')); break;
    case 'md': await output.write(mdLine(SHOWN) + mdLine(SHOWN.map(() => '---')) + found.map((event) => mdLine(cells(event))).join('')); break;
    default: {
      const several = new Set(found.map(({ RecipientAccountId: account }) => account)).size > 1;
      for (const event of found) await output.write(`${eventLine(event, several)}\n`);
    }
  }
  await output.close();
  if (format === undefined || format === 'pretty') remark(style.dim(count(found.length, 'event')));
}

/**
 * One line an event: when, what, whether it failed, by whom and from where, on what, in which region. What does not fit is cut at the
 * end. `several`: whether the events are of several accounts, so that a name alone does not say who it is.
 */
function eventLine(event, several) {
  const when = time(event.TimeGenerated).replace(' UTC', '');
  const columns = columnsOf(process.stdout);
  let room = columns - width(when);
  const part = (text, paint, gap = '  ') => {
    const shown = text === '' || room < gap.length + 2 ? '' : `${gap}${fit(text, room - gap.length)}`;
    room -= width(shown);
    return paint(shown);
  };
  const who = fit(clean(shortName(event, several)), Math.max(16, Math.floor(columns / 3)));
  return [
    style.dim(when),
    part(clean(event.EventName ?? ''), String),
    part(event.ErrorCode ? ` ✗ ${clean(event.ErrorCode)}` : '', style.red, ''),
    part([who, event.SourceIpAddress && clean(event.SourceIpAddress)].filter(Boolean).join(' · '), style.dim),
    part(parameters(event.RequestParameters), String),
    part(clean(event.AWSRegion ?? ''), style.dim),
  ].join('');
}

/** Who did it, without what all ARNs begin with: `111122223333:user/eve`; of one account `eve` or `Admin/session`. pivot takes these too. */
function shortName({ UserIdentityArn: arn, UserIdentityUserName: name, UserIdentityInvokedBy: service, UserIdentityPrincipalid: id, UserIdentityType: type }, several) {
  if (!arn) return name || service || id || type || 'unknown';
  const short = shortArn(arn);
  return several ? short : short.replace(/^\d+:/, '').replace(/^(?:user|assumed-role)\//, '');
}

const shortArn = (arn) => arn.replace(/^arn:[^:]*:[^:]*:[^:]*:(?=.)/, '');
