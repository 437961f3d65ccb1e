// A consumer in a browser, through a bundler, in strict mode.
import { check, Detector, load, version } from 'forepost';

await load(new URL('forepost/forepost.wasm', import.meta.url));
const response = await fetch('/events.json');
for await (const alert of new Detector().scan(response.body ?? '')) document.title = alert.AlertName;
const found: string = check('rule').map((d) => d.message).join() + version();
void found;
