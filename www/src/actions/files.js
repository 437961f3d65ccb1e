// Files: what was dropped, picked or pasted is told apart and goes where it belongs. Logs are read by the engine.

import { fromDrop, fromInput, readRules, sample, sort } from '../engine/files.js';
import { ask, paste } from '../ui/dialogs.js';
import { looksLikeCase, withHashes } from '../case.js';
import { toldApart } from '../supplied.js';
import { NO_EVENTS, NOTHING_READ } from '../state.js';

export class Files {
  constructor(app) { this.app = app; }

  /** Files can be dropped anywhere on the page. */
  listen() {
    let depth = 0;
    const over = (on) => document.documentElement.classList.toggle('dropping', on);
    addEventListener('dragenter', (e) => { e.preventDefault(); depth += 1; over(true); });
    addEventListener('dragleave', () => { depth = Math.max(0, depth - 1); if (!depth) over(false); });
    addEventListener('dragover', (e) => { e.preventDefault(); e.dataTransfer.dropEffect = 'copy'; });
    addEventListener('drop', async (e) => {
      e.preventDefault();
      depth = 0;
      over(false);
      try {
        await this.add(await fromDrop(e.dataTransfer, (walking) => this.app.update({ walking })));
      } catch (error) {
        this.app.say(`Cannot read the dropped files: ${error.message}`);
      }
      this.app.update({ walking: 0 });
    });
  }

  async addPicked(input) {
    const files = fromInput(input);
    input.value = '';
    await this.add(files);
  }

  /** Logs are read; YAML files and ARM templates become rules; tables and functions are for rules to refer to. The sample and real logs never lie together. */
  async add(given, { sample: isSample = false } = {}) {
    const cases = given.filter(looksLikeCase);
    for (const { file } of cases) await this.app.case.open(await file.text());
    const kept = given.filter(({ supplied }) => supplied);
    const files = given.filter((entry) => !cases.includes(entry) && !kept.includes(entry));
    if (kept.length) await this.app.supplies.supply(kept);
    if (given.length && !files.length) return;
    const { rules: found, logs, functions, unclear, passedOver: skipped } = await sort(files, this.app.engine, (walking) => this.app.update({ walking }));
    this.app.update({ walking: 0 });
    if (!files.length) return this.app.say('There are no files to read.');
    const { rules, functions: inYaml, leftOut } = await readRules(found);
    const passedOver = [...skipped, ...leftOut];
    if (passedOver.length) this.app.update({ passedOver: [...this.app.state.passedOver, ...passedOver] });
    if (rules.length) await this.app.rules.add(rules);
    // What rules lack is known now.
    const waiting = rules.length ? this.app.state.unclear : [];
    const told = await toldApart([...waiting, ...unclear], { engine: this.app.engine, rules: this.app.state.rules, expected: this.app.state.expected });
    const answered = ({ file }) => waiting.some((one) => one.file === file) && this.app.state.unclear.every((one) => one.file !== file);
    const [tables, asked] = [told.tables, told.asked].map((list) => list.filter((entry) => !answered(entry)));
    this.app.update({ unclear: [...this.app.state.unclear.filter((one) => !waiting.includes(one)), ...asked] });
    if (functions.length || inYaml.length || tables.length) await this.app.supplies.supply([...functions, ...inYaml, ...tables]);
    await this.read([...logs, ...told.logs], isSample);
  }

  /** Reads logs. */
  async read(logs, isSample) {
    if (!logs.length) return;
    if (this.app.state.sample && !isSample) {
      await this.forget();
      this.app.say('The sample was removed.');
    }
    if (this.app.state.tab === 'rules' || this.app.state.tab === 'query') this.app.update({ tab: 'alerts' });
    this.app.update({ sample: isSample });
    this.app.engine.read(logs);
    // Whether they are the files of the case, their hashes tell.
    if (this.app.state.expected.length) withHashes(this.app.engine.inputs).then(() => this.app.update({ expected: [...this.app.state.expected] }));
  }

  async sample() {
    if (this.app.state.sample) return this.app.say('The sample is loaded.');
    if (this.app.engine.inputs.length) return this.app.say('The sample is not mixed with your logs. Start over to load it.');
    try {
      await this.add(await sample(), { sample: true });
    } catch (error) {
      this.app.say(error.message);
    }
  }

  paste() {
    paste((text) => this.add([{ file: new File([text], 'pasted text'), path: 'pasted text' }]));
  }

  cancel() { if (this.app.state.progress.reading) this.app.engine.cancel(); }

  async reset() {
    const sure = !this.app.case.hasWork || await ask('Start over?', 'All logs, alerts, notes and filters are removed from this page. Rules, tables and functions stay.', 'Start over');
    if (sure) await this.forget();
  }

  /** Removes the logs and what was made of them. */
  async forget() {
    await this.app.engine.clear();
    this.app.update({
      alerts: [], story: undefined, range: undefined, expected: [], notes: {}, view: undefined, filters: {}, selection: undefined, tab: 'alerts', totals: NO_EVENTS, concludeProblems: [], progress: NOTHING_READ, passedOver: [], suppliedProblems: [], unclear: [], sample: false,
    });
  }

  /** Repeated events count once, or as often as they came. */
  async countEach(each) {
    this.app.update({ each });
    await this.app.engine.countEach(each);
  }
}
