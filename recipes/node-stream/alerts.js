// Reads a file as a Node stream and prints the alerts, one JSON object per line.   node alerts.js FILE

import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Detector, load } from 'forepost';

await load();
const detector = new Detector();
await pipeline(createReadStream(process.argv[2]), (input) => detector.lines(input), process.stdout);
for (const problem of detector.problems()) console.error(JSON.stringify(problem)); // what could not be read
