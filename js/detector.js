// Runs rules over a stream of events: bytes go in, alerts come out.

import { Detector as EngineDetector } from './engine.js';
import { chunksOf } from './bytes.js';
import { contextText } from './context.js';
import { ForepostError, RuleError } from './errors.js';
import { parseLines } from './json.js';
import { checkedOptions } from './options.js';
import { Reader } from './reader.js';
import { forEngine, located, ruleFiles } from './rules.js';
import { setSpan, toTicks } from './time.js';

const OPTIONS = ['rules', 'evidence', 'stream', 'workspace', 'tables', 'functions', 'from', 'to', 'maxInflatedBytes', 'maxEvents', 'emptyTables'];

export class Detector extends Reader {
  #files;
  #warnings; // read from the engine on first use

  constructor(options = {}) {
    const { rules, evidence = true, stream = false, workspace, tables, functions, from, to, maxInflatedBytes, maxEvents, emptyTables = false } = checkedOptions('new Detector()', options, OPTIONS);
    if (Array.isArray(rules) && rules.length === 0) throw new ForepostError('bad-argument', 'rules is an empty array, and a detector without rules finds nothing; leave rules out to run the built-in ones');
    const limits = [limitOf('maxInflatedBytes', maxInflatedBytes), limitOf('maxEvents', maxEvents)];
    const files = ruleFiles(rules);
    const context = contextText({ tables, functions });
    try {
      super('Detector', () => new EngineDetector(forEngine(files), Boolean(evidence), Boolean(stream), workspace && String(workspace), context, ...limits));
    } catch (error) {
      throw typeof error === 'string' ? new RuleError(located(JSON.parse(error), files)) : error;
    }
    this.#files = files;
    setSpan(this, from, to);
    if (emptyTables) this.call('emptyTables');
  }

  get warnings() { return (this.#warnings ??= located(JSON.parse(this.call('warnings')), this.#files)); }

  advanceTo(time) { this.call('advanceTo', toTicks(time)); }

  observe(first, last) { this.call('observe', toTicks(first), toTicks(last)); }

  /** Others have read records of these tables, whose candidates are pushed here. */
  observeTables(names) { for (const name of names) this.call('observeTable', name); }

  /** Takes the result of `handOver()` of an EventReader with the same rules, as if its input had been pushed here. */
  takeOver(handed) { this.call('takeOver', handed); }

  /** All parts of an input were taken over. */
  endParts() { this.call('endParts'); }

  alertsText() { return this.call('takeAlerts'); }

  /** Yields all pending alerts as NDJSON chunks of about 16 MiB. */
  *alertTexts() {
    for (let text = this.alertsText(); text !== ''; text = this.alertsText()) yield text;
  }

  alerts() { return Array.from(this.#eachAlert()); }

  *#eachAlert() {
    for (const text of this.alertTexts()) yield* parseLines(text);
  }

  finish() { this.call('finish'); }

  restart() {
    this.call('restart');
    this.rewind();
  }

  stream() {
    const emit = (controller) => { for (const alert of this.#eachAlert()) controller.enqueue(alert); };
    return new TransformStream({
      transform: (chunk, controller) => { this.push(chunk); emit(controller); },
      flush: (controller) => { this.finish(); emit(controller); },
    });
  }

  async* scan(input) {
    for await (const text of this.lines(input)) yield* parseLines(text);
  }

  /** Reads one input to its end, closes all windows and yields the alerts as NDJSON. */
  async* lines(input) {
    for await (const chunk of chunksOf(input)) {
      this.push(chunk);
      yield* this.alertTexts();
    }
    this.finish();
    yield* this.alertTexts();
  }
}

/** A limit as the engine takes it: a number, or undefined for none. */
function limitOf(name, limit = Infinity) {
  if (typeof limit !== 'number' || !(limit >= 0)) throw new ForepostError('bad-argument', `${name} must be a number`);
  return limit > Number.MAX_SAFE_INTEGER ? undefined : Math.floor(limit);
}
