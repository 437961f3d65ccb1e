// Tables, watchlists and functions that were supplied, and the files of which a person says what they are.

import { fromInput } from '../engine/files.js';
import { plural } from '../format.js';
import { inWords, isTableName, supply } from '../supplied.js';

export class Supplies {
  constructor(app) { this.app = app; }

  /** Adds tables, watchlists and functions. Rules that lacked them run then. */
  async supply(entries) {
    const { added, problems } = await supply(entries, { engine: this.app.engine, supplied: this.app.state.supplied });
    const { supplied, suppliedProblems, progress } = this.app.state;
    const mended = new Set(added.map(({ path }) => path));
    this.app.update({ supplied: [...supplied, ...added], suppliedProblems: [...suppliedProblems.filter(({ path }) => !mended.has(path) && problems.every((one) => one.path !== path)), ...problems] });
    const waiting = added.length ? await this.app.rules.again() : 0;
    this.app.say([added.length ? `Added: ${inWords(added)}.` : !problems.length && 'It is there already.', waiting && `${plural(waiting, 'rule')} that lacked ${added.length === 1 ? 'it' : 'them'} can run now.`,
      problems.length && `${plural(problems.length, 'file')} cannot be used: ${problems[0].path}: ${problems[0].message}`].filter(Boolean).join(' '));
    if (problems.length || !progress.totalFiles) this.app.update({ tab: 'rules' });
  }

  async withdraw(one) {
    await this.app.engine.withdraw(one);
    this.app.update({ supplied: this.app.state.supplied.filter((other) => other !== one) });
    const before = this.app.state.rules.filter(({ broken }) => broken).length;
    await this.app.rules.again();
    const lost = this.app.state.rules.filter(({ broken }) => broken).length - before;
    this.app.say(`Removed: ${one.name ?? one.path}.${lost > 0 ? ` ${plural(lost, 'rule')} cannot run without it.` : ''}`);
  }

  /** What a person says of the first unclear file, or of all: `table` with its name, `log`, or `out`. */
  async answer(what, name, all = false) {
    if (what === 'table' && !isTableName(name)) return this.app.say('Write the name of the table or watchlist, such as vips.');
    const files = all ? this.app.state.unclear : this.app.state.unclear.slice(0, 1);
    this.app.update({ unclear: this.app.state.unclear.slice(files.length) });
    if (what === 'table') await this.supply(files.map((entry) => ({ ...entry, name })));
    else if (what === 'log') await this.app.files.read(files, false);
    else this.app.update({ passedOver: [...this.app.state.passedOver, ...files.map(({ path }) => ({ path, reason: 'left out by you' }))] });
  }

  async addPicked(input) {
    const files = fromInput(input);
    input.value = '';
    if (files.length) await this.supply(files);
  }
}
