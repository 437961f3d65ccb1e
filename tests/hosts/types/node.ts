// A consumer in Node, in strict mode.
import { createServer } from 'node:http';
import { Detector, load, type Alert } from 'forepost';
import worker, { createHandler, toListener, type HandlerOptions } from 'forepost/worker';

await load();
const detector = new Detector({ stream: true });
detector.observe(new Date(0), '2026-06-17T10:00:00Z');
const options: HandlerOptions = { key: 'k', onAlerts: (alerts: Alert[]) => { alerts.map((a) => a.AlertSeverity); } };
const handler: (request: Request) => Promise<Response> = createHandler(options);
createServer(toListener(handler));
const answer: Response = await worker.fetch(new Request('http://x'), { FOREPOST_KEY: 'k' });
// @ts-expect-error there is no such option
createHandler({ keys: [] });
void answer;
