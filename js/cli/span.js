// `--from`, `--to` and `--since`: the span of time that a command looks at.

import { UsageError } from './args.js';

const TIME = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d(?:\.\d{1,7})?)?(?:Z|\+00:00)?)?$/;
const AGO = /^(\d{1,6})([mhdw])$/;
const MINUTES = { m: 1, h: 60, d: 1440, w: 10080 };

/** `{from, to}` as ISO times, each undefined where nothing limits it. */
export function spanOf({ from, to, since }, command) {
  if (from !== undefined && since !== undefined) throw new UsageError('--since is another form of --from: give one of them', command);
  const span = { from: since === undefined ? timeOf('from', from, command) : sinceOf(since, command), to: timeOf('to', to, command) };
  if (span.from !== undefined && span.to !== undefined && span.from >= span.to) throw new UsageError(`--to (${span.to}) must be after --from (${span.from})`, command);
  return span;
}

/** A time of an option as ISO text. */
function timeOf(name, text, command) {
  if (text === undefined) return undefined;
  const [, day, minute = '00:00', second = ':00'] = TIME.exec(text) ?? [];
  // A day that no calendar has would be another one.
  const parsed = day && new Date(`${day}T${minute}${second.slice(0, 3)}Z`);
  if (!parsed || Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== day) {
    throw new UsageError(`--${name} must be a date or a time in UTC such as 2026-06-17 or 2026-06-17T10:00:00Z, not ${JSON.stringify(text)}`, command);
  }
  return `${day}T${minute}${second}Z`;
}

/** A time, or a time before this machine's clock. */
function sinceOf(text, command) {
  const ago = AGO.exec(text);
  if (ago) return new Date(Date.now() - ago[1] * MINUTES[ago[2]] * 60_000).toISOString();
  if (TIME.test(text)) return timeOf('since', text, command);
  throw new UsageError(`--since must be a time before now such as 90m, 24h, 7d or 2w, or a date, not ${JSON.stringify(text)}`, command);
}
