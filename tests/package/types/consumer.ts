// Compiled, not run: how a program uses the package, in TypeScript's strictest mode. A line under an
// "expect-error" mark fails the compilation if it is *not* an error.

import { createReadStream } from 'node:fs';
import {
  check, Detector, ForepostError, LimitError, load, loadSync, Query, query, QueryError, RuleError, TrapError, version,
  type Alert, type Diagnostic, type Problem, type Stats,
} from 'forepost';

await load();
await load(new URL('https://example.com/forepost.wasm'));
await load(fetch('/forepost.wasm'));
await load(new Uint8Array(8));
await load(WebAssembly.compile(new Uint8Array(8)));
loadSync(new Uint8Array(8));
// @ts-expect-error nothing is no module
await load(null);

const text: string = version();

function alertsOf(bytes: Uint8Array): Alert[] {
  using detector = new Detector({ rules: [{ file: 'a.yaml', text }, text], evidence: false, workspace: 'w' });
  detector.push(bytes);
  detector.push('{"Records":[]}');
  detector.endInput();
  detector.advanceTo(new Date());
  detector.advanceTo('2026-03-11T07:10:05.1234567Z');
  detector.advanceTo(639000000000000000n);
  detector.finish();
  const problems: Problem[] = detector.problems();
  const stats: Stats = detector.stats();
  const warnings: readonly Diagnostic[] = detector.warnings;
  const ndjson: string = detector.alertsText();
  const more: string[] = Array.from(detector.alertTexts());
  console.log(problems, stats.envelopes['s3'], warnings, ndjson, more);
  return detector.alerts();
}

for (const alert of alertsOf(new Uint8Array())) {
  const severity: 'Informational' | 'Low' | 'Medium' | 'High' = alert.AlertSeverity;
  console.log(severity, alert.Evidence?.[0]?.events[0]?.record['eventName'], alert['VendorName']);
  // @ts-expect-error Entities are JSON text, as in Sentinel
  alert.Entities.map((entity) => entity);
}

const detector = new Detector();
for await (const alert of detector.scan(createReadStream('day.json.gz'))) console.log(alert.AlertName);
const response = await fetch('/day.json.gz');
const alerts: ReadableStream<Alert> | undefined = response.body?.pipeThrough(new Detector({ rules: text }).stream());
console.log(alerts, detector instanceof Detector);
// @ts-expect-error a Detector takes options, not a list
new Detector([text]);
// @ts-expect-error a time is a Date, a text or ticks
detector.advanceTo(5);

const { columns, rows, problems } = await query('print 1', ['{}', new Uint8Array(), createReadStream('a')]);
console.log(columns[0]?.type, rows[0]?.[0], problems[0]?.[0]?.offset);
const run = new Query('print 1', { now: new Date() });
console.log(run.result().rows);
run.dispose();

try {
  console.log(check(text)[0]?.start);
} catch (error) {
  if (error instanceof RuleError) console.log(error.diagnostics[0]?.hint);
  if (error instanceof LimitError || error instanceof QueryError) console.log(error.start, error.end);
  if (error instanceof TrapError) console.log(error.input?.offset);
  if (error instanceof ForepostError) console.log(error.code);
}
