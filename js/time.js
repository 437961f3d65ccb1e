// Converts times to ticks for the engine: 100 ns units since 0001-01-01 UTC, as Kusto counts them.

import { ForepostError } from './errors.js';

const UNIX_EPOCH = 621355968000000000n;
const MAX = 3155378975999999999n; // 9999-12-31T23:59:59.9999999Z
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,7}))?(?:Z|[+-]\d\d:\d\d)$/;

/** A Date, an ISO 8601 text with a zone, or ticks. */
export function toTicks(time) {
  const ticks = typeof time === 'bigint' ? time : ticksOf(time);
  if (ticks < 0n || ticks > MAX) throw new ForepostError('bad-argument', 'A time must be between the years 1 and 9999');
  return ticks;
}

function ticksOf(time) {
  const iso = typeof time === 'string' ? ISO.exec(time) : undefined;
  const whole = iso ? Date.parse(time.replace(/\.\d+/, '')) : time instanceof Date ? time.getTime() : NaN;
  if (Number.isNaN(whole)) {
    throw new ForepostError('bad-argument', 'A time must be a Date, a string like 2026-03-11T07:10:05Z, or a bigint of ticks');
  }
  return BigInt(whole) * 10000n + BigInt((iso?.[1] ?? '').padEnd(7, '0')) + UNIX_EPOCH;
}

/**
 * Whether one ISO time comes before another. As texts they do not compare: `10:00:00.5Z` stands before `10:00:00Z`.
 */
export const isBefore = (time, other) => ticksOf(time) < ticksOf(other);

const FIRST = -(2n ** 63n);
const LAST = 2n ** 63n - 1n;

/** Only events from one time up to another count for a reader; without both, all do. */
export function setSpan(reader, from, to) {
  if (from === undefined && to === undefined) return;
  reader.call('setSpan', from === undefined ? FIRST : toTicks(from), to === undefined ? LAST : toTicks(to));
}
