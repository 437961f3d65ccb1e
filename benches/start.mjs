// node benches/start.mjs < EVENT: what the package needs to answer about one event, in a process that has never run it.
// Prints milliseconds: to compile the module, then twice for everything from the instance to the alert.

import { readFileSync } from 'node:fs';
import { Detector, builtInRules, loadSync } from '../dist/npm/entry/node.js';

const event = readFileSync(0);
const wasm = readFileSync(new URL('../dist/npm/forepost.wasm', import.meta.url));

let module;
const times = [() => { module = new WebAssembly.Module(wasm); }, answer, answer].map((step) => {
  const start = performance.now();
  step();
  return performance.now() - start;
});
console.log(JSON.stringify(times));

function answer() {
  loadSync(module);
  const detector = new Detector({ rules: builtInRules('ecr') });
  detector.push(event);
  detector.finish();
  const alerts = [...detector.alerts()];
  if (alerts.length !== 1) throw new Error(`${alerts.length} alerts instead of one`);
}
