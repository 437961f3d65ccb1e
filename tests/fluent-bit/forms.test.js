// Every form of docs/inputs.md's table of hosts as a record of the filter: it finds the event, or lets the record through as it came.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORMS, LOGS } from '../forms.js';
import { Host } from './host.js';

const host = new Host();

for (const { name, data, filter } of [...FORMS, ...LOGS]) {
  test(`${name}: ${filter === 'yes' ? 'found' : 'let through'}`, () => {
    const record = data.toString('latin1').trim();
    const isRecord = record.startsWith('{'); // a pipeline's record is an object
    const out = host.call('filter', isRecord ? record : JSON.stringify({ log: data.toString('latin1') }));
    assert.equal(/"rules":\[\{/.test(out), filter === 'yes', out.slice(0, 300));
    // Where an event's name shows in what it cannot read, it says so.
    if (filter === 'no' && out.includes('"forepost":{')) assert.match(out, /"error":\{"code":"unread"/);
  });
}
