// `--from`, `--to` and `--since`: the span of time that a command looks at.

import { isBefore } from '../time.js';
import { UsageError } from './args.js';

/** As ISO 8601 has it, and as Forepost shows times; what names no zone is UTC. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,7})? ?(Z|UTC|[+-]\d\d:?\d\d)?)?$/i;
const AGO = /^(\d{1,6})([mhdw])$/;
const MINUTES = { m: 1, h: 60, d: 1440, w: 10080 };

/** `{from, to}` as ISO times, each undefined where nothing limits it. */
export function spanOf({ from, to, since }, command) {
  if (from !== undefined && since !== undefined) throw new UsageError('--since is another form of --from: give one of them', command);
  const span = { from: since === undefined ? timeOf('from', from, command) : sinceOf(since, command), to: timeOf('to', to, command) };
  if (span.from !== undefined && span.to !== undefined && !isBefore(span.from, span.to)) throw new UsageError(`--to (${span.to}) must be after --from (${span.from})`, command);
  return span;
}

/** A time of an option as ISO text in UTC; undefined where it is not given. */
export function timeOf(name, text, command) {
  if (text === undefined) return undefined;
  const [, day, minute = '00:00', second = ':00', fraction = '', zone = 'Z'] = TIME.exec(text) ?? [];
  // A day that no calendar has would be another one.
  const local = new Date(`${day}T${minute}${second}Z`);
  const ahead = /^[zu]/i.test(zone) ? 0 : Number(`${zone[0]}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)));
  if (Number.isNaN(local.getTime()) || !local.toISOString().startsWith(`${day}T${minute}`) || Math.abs(ahead) > 14 * 60) {
    throw new UsageError(`--${name} must be a date or a time such as 2026-06-17, 2026-06-17T10:00:00Z or 2026-06-17T12:00+02:00 (without a zone it is UTC), not ${JSON.stringify(text)}`, command);
  }
  return `${new Date(local - ahead * 60_000).toISOString().slice(0, 19)}${fraction}Z`;
}

/** A time, or a time before this machine's clock. */
function sinceOf(text, command) {
  const ago = AGO.exec(text);
  if (ago) return new Date(Date.now() - ago[1] * MINUTES[ago[2]] * 60_000).toISOString();
  if (TIME.test(text)) return timeOf('since', text, command);
  throw new UsageError(`--since must be a time before now such as 90m, 24h, 7d or 2w, or a date, not ${JSON.stringify(text)}`, command);
}
