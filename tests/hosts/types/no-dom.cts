// A CommonJS consumer in Node, in strict mode, without the DOM's types.
import { createReadStream } from 'node:fs';
import { Detector, explain, load, loadSync, query, type Alert } from 'forepost';
import inline = require('forepost/inline');
import { createHandler } from 'forepost/worker';

async function main(): Promise<Alert[]> {
  await load();
  loadSync(new Uint8Array(8));
  inline.loadSync();
  const result = await query('print 1', createReadStream('a'));
  await query('print 1', ['{}', createReadStream('a'), new Blob(['{}']), fetch('https://example.com')]);
  const names: string[] = result.objects<{ Name: string }>().map(({ Name }) => Name);
  const { verdict, stopped } = explain('rule', { eventName: 'X' });
  const passed: boolean = verdict === 'alert' && stopped === null;
  // @ts-expect-error a set is no array of inputs
  await query('print 1', new Set(['{}']));
  // @ts-expect-error there is no such option
  new Detector({ rule: 'yaml' });
  createHandler({ key: 'k' });
  console.log(names, passed);
  return Array.fromAsync(new Detector().scan(createReadStream('a')));
}
void main();
