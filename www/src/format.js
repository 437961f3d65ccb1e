// Numbers, times and long names as the page writes them.

const grouped = new Intl.NumberFormat('en-US');
export const number = (n) => grouped.format(n);

export function bytes(n) {
  const units = ['B', 'KB', 'MB', 'GB'];
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) { n /= 1000; unit += 1; }
  return `${n >= 100 || !unit ? Math.round(n) : n.toFixed(1)} ${units[unit]}`;
}

export const plural = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

const pad = (n, width = 2) => String(n).padStart(width, '0');

/** ISO form, in UTC or the machine's zone: `2026-03-11 07:10:05Z`, `2026-03-11 08:10:05+01:00`. */
export function time(ms, local = false, zone = true) {
  if (Number.isNaN(ms)) return 'no time';
  const date = new Date(ms);
  const shift = local ? -date.getTimezoneOffset() : 0;
  const text = new Date(ms + shift * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  if (!zone) return text;
  if (!local) return `${text}Z`;
  const off = Math.abs(shift);
  return `${text}${shift < 0 ? '-' : '+'}${pad(Math.floor(off / 60))}:${pad(off % 60)}`;
}

/** `2026-03-10 06:00 → 03-11 07:59 UTC` */
export function span([first, last], local = false) {
  const a = time(Date.parse(first), local, false).slice(0, 16);
  const b = time(Date.parse(last), local, false).slice(0, 16);
  const short = a.slice(0, 10) === b.slice(0, 10) ? b.slice(11) : a.slice(0, 4) === b.slice(0, 4) ? b.slice(5) : b;
  return `${a} → ${short} ${local ? 'local' : 'UTC'}`;
}

/** Long names lose their middle: both ends of an ARN tell something. */
export function middle(text, max = 48) {
  const points = Array.from(text);
  if (points.length <= max) return text;
  const tail = Math.floor(max / 2);
  return `${points.slice(0, max - tail - 1).join('')}…${points.slice(-tail).join('')}`;
}

/** `1.00:00:00` as rule pages write it: `1d`. */
export function duration(timespan) {
  const [, days = 0, hours, minutes, seconds] = /^(?:(\d+)\.)?(\d+):(\d+):(\d+)/.exec(timespan) ?? [];
  const parts = [[Number(days), 'd'], [Number(hours), 'h'], [Number(minutes), 'm'], [Number(seconds), 's']];
  return parts.filter(([n]) => n).map(([n, unit]) => `${n}${unit}`).join(' ') || timespan;
}

/** `09:05:07` on the day of another time, else with the date: the end of a span. */
export const until = (from, to, local) => {
  const [a, b] = [time(from, local), time(to, local)];
  return a.slice(0, 10) === b.slice(0, 10) ? b.slice(11) : b;
};

/** A time under an axis: as much of it as the length of the axis needs. */
export const axisTime = (at, length, local) => {
  const text = time(at, local, false);
  return length > 20 * 86_400_000 ? text.slice(0, 10) : length > 2 * 86_400_000 ? text.slice(5, 16) : length > 600_000 ? text.slice(11, 16) : text.slice(11);
};
