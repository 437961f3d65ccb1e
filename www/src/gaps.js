// What stands between an answer and everything that was given: said in the header, where there is no alert, and in each export.

import { bytes, number, plural } from './format.js';

/** Each gap as `{kind, text}`; none means that all was read and every rule ran. */
export function gaps({ progress, passedOver, totals, concludeProblems, rules, unclear, suppliedProblems }) {
  const broken = rules.filter(({ broken: b }) => b).length;
  return [
    progress.reading && { kind: 'reading', text: `still reading: ${number(progress.files)} of ${plural(progress.totalFiles, 'file')} so far` },
    progress.cancelled && { kind: 'cancelled', text: `${plural(progress.cancelled, 'file')} not read to the end (cancelled): ${bytes(progress.unread)} not read` },
    progress.problems && { kind: 'problems', text: `${plural(progress.problems, 'problem')} while reading` },
    concludeProblems.length && { kind: 'rule-problems', text: `${plural(concludeProblems.length, 'problem')} while rules ran: ${concludeProblems[0].message}` },
    broken && { kind: 'broken', text: `${plural(broken, 'rule')} cannot run` },
    unclear.length && { kind: 'unclear', text: `${plural(unclear.length, 'file')} not read: is ${unclear[0].path} a table or a log?` },
    suppliedProblems.length && { kind: 'supplied-problems', text: `${plural(suppliedProblems.length, 'file')} of tables or functions cannot be used: ${suppliedProblems.map(({ path, message }) => `${path}: ${message}`).slice(0, 3).join('; ')}` },
    passedOver.length && { kind: 'passed-over', text: `${plural(passedOver.length, 'file')} passed over, because they cannot hold events` },
    totals.full && { kind: 'full', text: `only the first ${number(totals.count)} events are kept for search and queries; the rules saw all ${number(progress.events)}` },
  ].filter(Boolean);
}

/** Gaps that can hide an alert. */
export const canHide = ({ kind }) => kind !== 'passed-over' && kind !== 'full';

/** What is not a gap, but has to be known: repeats. */
export const repeats = ({ totals, each }) => (each ? 'repeated events count each time' : totals.repeated ? `${plural(totals.repeated, 'repeated event')} (same eventID and content) counted once` : '');

/** How many different events were read. */
export const eventCount = ({ progress, totals }) => Math.max(0, progress.events - totals.repeated);
