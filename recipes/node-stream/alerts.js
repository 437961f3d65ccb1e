// Reads a file as a Node stream and prints the alerts, one JSON object per line.   node alerts.js FILE

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Detector, load } from 'forepost';

await load();
const alerts = Readable.toWeb(createReadStream(process.argv[2])).pipeThrough(new Detector().stream());
await pipeline(Readable.fromWeb(alerts, { objectMode: true }), async function* lines(source) {
  for await (const alert of source) yield `${JSON.stringify(alert)}\n`;
}, process.stdout);
