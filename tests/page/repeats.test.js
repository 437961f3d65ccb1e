// Which events came before: against a model that compares all with all. No browser is needed for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Repeats, without } from '../../www/src/engine/repeats.js';

/** Numbers that are the same each time (mulberry32). */
function random(seed) {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const ordered = (value) => (value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, ordered(value[key])])) : value);

test('an event is a repeat if one of the same id and content came before, however its keys are ordered and spaced', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const next = random(seed);
    const texts = Array.from({ length: 60 }, () => {
      const id = next(8);
      const members = [['eventTime', `2026-03-10T06:00:0${next(3)}Z`], ['n', 10 + next(3)], ['m', 10 + next(3)], ['requestParameters', next(3) || id > 4 ? { name: 'é \\" }{' } : { eventID: String(next(3)) }]];
      if (id < 5) members.push([next(6) ? 'eventID' : 'AwsEventId', `id-${id}`]);
      else if (id === 5) members.push(['eventID', next(2) ? '' : null]);
      members.sort(() => next(3) - 1);
      return JSON.stringify(Object.fromEntries(members), null, next(3) ? undefined : 2);
    });
    texts.splice(30, 0, '{"eventID":"id-1', '"}'); // damaged: a string that another record ends
    // Four of one id and sum are compared at most: here no id has more contents that are alike.
    const seen = new Map();
    const wanted = texts.map((text) => {
      let record;
      try { record = JSON.parse(text); } catch { return false; }
      const id = record.eventID ?? record.AwsEventId ?? '';
      const key = JSON.stringify([id, ordered(record)]);
      const came = id !== '' && seen.has(key);
      seen.set(key, true);
      return came;
    });
    const kept = [];
    const repeats = new Repeats((n) => kept[n]);
    const found = [];
    for (let at = 0; at < texts.length;) {
      const part = texts.slice(at, at + 1 + next(9)).map((text) => Buffer.from(`${text}\n`));
      const bytes = new Uint8Array(Buffer.concat(part));
      const ends = part.reduce((all, { length }) => [...all, (all.at(-1) ?? 0) + length], []);
      const repeated = repeats.find(bytes, ends, ends.length);
      part.forEach((record, i) => { found.push(repeated.has(i)); if (!repeated.has(i)) kept.push(new Uint8Array(record)); });
      const left = without(bytes, ends, ends.length, repeated);
      assert.equal(left.ends.length, part.length - repeated.size);
      at += part.length;
    }
    assert.deepEqual(found, wanted, `seed ${seed}: ${texts.filter((_, i) => found[i] !== wanted[i]).join('\n')}`);
  }
});
