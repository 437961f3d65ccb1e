// What now() and ago() mean where nobody says it. Logs are of the past: to ask them for the last week by today's clock gives nothing.

import { Query } from '../query.js';
import { Account } from './account.js';
import { readInto } from './read.js';
import { timeOf } from './span.js';
import { remark, style, time } from './terminal.js';

const READS_CLOCK = /\b(?:ago|now)\s*\(/;

/**
 * `--now`; without it, where one of the queries asks for the time, the time of the last event, for which the files are read once before.
 * The clock where there are no events, and for standard input, which can be read only once.
 */
export async function nowFor(queries, { now }, paths, command) {
  if (now !== undefined) return timeOf('now', now, command);
  if (paths.length === 0 || !queries.some((kql) => READS_CLOCK.test(kql))) return new Date();
  if (paths.includes('-')) {
    remark(style.dim('now() is the clock of this machine; --now TIME sets another time'));
    return new Date();
  }
  const first = new Query('AWSCloudTrail | where false | count');
  try {
    await readInto(first, paths, new Account(), { quiet: true });
    const { lastEvent } = first.stats();
    if (!lastEvent) return new Date();
    remark(style.dim(`now() is ${time(lastEvent)}, the time of the last event; --now TIME sets another`));
    return lastEvent;
  } finally {
    first.dispose();
  }
}
