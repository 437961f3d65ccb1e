// The events of a test: partial records completed, changed, repeated and placed in time.

import { nearest } from '../nearest.js';

export const DEFAULT_START = '2026-03-10T06:00:00Z';

const MOST_EVENTS = 200_000; // of a test

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `1h30m`. */
export const duration = (text) => [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit], 0);

/** The time of `+10m` from a start, or of a written time, in milliseconds since 1970. */
export function moment(text, start) {
  if (/^\d{4}-/.test(text)) return Date.parse(text);
  return start + (text.startsWith('-') ? -1 : 1) * duration(text);
}

/** `2026-03-10T06:00:00Z` */
export const isoTime = (milliseconds) => new Date(milliseconds).toISOString().replace('.000Z', 'Z');

/** The fields of a CloudTrail record that AWS documents: to tell a misspelt one. */
const FIELDS = ['eventVersion', 'userIdentity', 'eventTime', 'eventSource', 'eventName', 'awsRegion', 'sourceIPAddress', 'userAgent', 'errorCode',
  'errorMessage', 'requestParameters', 'responseElements', 'additionalEventData', 'requestID', 'eventID', 'eventType', 'apiVersion', 'managementEvent',
  'readOnly', 'resources', 'recipientAccountId', 'serviceEventDetails', 'sharedEventID', 'vpcEndpointId', 'vpcEndpointAccountId', 'eventCategory', 'addendum',
  'sessionCredentialFromConsole', 'edgeDeviceDetails', 'tlsDetails', 'eventContext', 'insightDetails'];

/** What a name of the record is a misspelling of, if it is none itself. */
export function misspelt(key) {
  if (FIELDS.includes(key)) return undefined;
  return FIELDS.find((field) => field.toLowerCase() === key.toLowerCase()) ?? nearest(key, FIELDS);
}

/**
 * The records of what a test gives. `given`: `[{record, at, set, remove, repeat, every, changes}]`, with `path`, where it stands in
 * the file; `fail(path, message)` makes the error. A number in each id tells the records apart.
 */
export function recordsOf(given, start, fail) {
  const events = given.reduce((sum, { repeat = 1 }) => sum + repeat, 0);
  if (events > MOST_EVENTS) fail(given[0].path, `the test has ${events} events; the most are ${MOST_EVENTS}`);
  let number = 0;
  return given.flatMap(({ record, at, set, remove, repeat = 1, every = '1s', path, changes }) => {
    const changed = structuredClone(record);
    change(changed, { set, remove, path }, fail);
    if (changes) change(changed, changes, fail);
    const lacking = ['eventName', 'eventSource'].find((key) => !Object.hasOwn(changed, key));
    if (lacking) fail(changes?.path ?? path, `an event without ${lacking} is no CloudTrail event`);
    const first = at === undefined && changed.eventTime !== undefined ? Date.parse(changed.eventTime) : moment(at ?? '+0s', start);
    return Array.from({ length: repeat }, (_, i) => {
      number += 1;
      const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
      const completed = { eventVersion: '1.11', eventID: id, ...changed };
      if (repeat > 1) completed.eventID = id;
      // A time that is none stays as it was written: a test may be about it.
      if (!Number.isNaN(first)) completed.eventTime = i === 0 && at === undefined && changed.eventTime !== undefined ? changed.eventTime : isoTime(first + i * duration(every));
      return completed;
    });
  });
}

function change(record, { set = {}, remove = [], path }, fail) {
  for (const [place, value] of Object.entries(set)) setIn(record, place, structuredClone(value), (message) => fail([...path, 'set', place], message));
  remove.forEach((place, i) => removeIn(record, place, (message) => fail([...path, 'remove', i], message)));
}

/** The keys of a dotted path; `\.` is a dot of a key. */
const keysOf = (path) => path.split(/(?<!\\)\./).map((key) => key.replaceAll('\\.', '.'));

/** The object or list that holds the last key of a path. What lies on the way must be there, so that no misspelling makes a test pass. */
function holderOf(record, path, fail) {
  const keys = keysOf(path);
  const last = keys.pop();
  let holder = record;
  for (const [i, key] of keys.entries()) {
    const next = holder !== null && typeof holder === 'object' && Object.hasOwn(holder, key) ? holder[key] : undefined;
    if (next === null || typeof next !== 'object') {
      const known = holder !== null && typeof holder === 'object' ? Object.keys(holder) : [];
      const guess = next === undefined ? nearest(key, known) : undefined;
      fail(`${keys.slice(0, i + 1).join('.')} is ${next === undefined ? 'not in the event' : 'no object'}${guess ? `; did you mean ${guess}?` : ''}`);
    }
    holder = next;
  }
  return { holder, last };
}

function setIn(record, path, value, fail) {
  const { holder, last } = holderOf(record, path, fail);
  const isNew = !Object.hasOwn(holder, last);
  if (isNew && Array.isArray(holder)) fail(`${path} is not in the event: its list has ${holder.length} items, counted from 0`);
  if (isNew && holder === record) {
    const meant = misspelt(last);
    if (meant) fail(`a CloudTrail event has no ${last}; did you mean ${meant}?`);
  }
  Object.defineProperty(holder, last, { value, writable: true, enumerable: true, configurable: true });
}

function removeIn(record, path, fail) {
  const { holder, last } = holderOf(record, path, fail);
  if (!Object.hasOwn(holder, last)) {
    const guess = nearest(last, Object.keys(holder));
    fail(`${path} is not in the event${guess ? `; did you mean ${guess}?` : ''}`);
  }
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete holder[last];
}
