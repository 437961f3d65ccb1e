// The case: what a person made of the logs, saved, kept and opened again, and the link that carries its view.

import { caseOf, forget, keep, kept, readCase, withHashes } from '../case.js';
import { copy, save } from '../dom.js';
import { number, plural } from '../format.js';
import { fromLink, LONG_LINK, link } from '../takeaway.js';
import { ask } from '../ui/dialogs.js';
import { wanted } from './rules.js';

export class Case {
  saved;                        // the notes that were saved last

  constructor(app) { this.app = app; }

  /** Changes what is noted about a finding. */
  note(finding, change) {
    const { notes } = this.app.state;
    this.app.update({ notes: { ...notes, [finding]: { ...notes[finding], ...change } } });
  }

  /** Whether leaving would lose something that only this page has. */
  get hasWork() { return (this.app.engine.inputs.length > 0 && !this.app.state.sample) || (Object.keys(this.app.state.notes).length > 0 && this.app.state.notes !== this.saved) || this.app.state.rules.some(({ text, original }) => text !== original); }

  async copyLink() {
    const { url, left } = await link(this.app.state, this.app.panels.query.text);
    const long = url.length > LONG_LINK ? ` It has ${number(url.length)} characters: mail and chat may cut it.` : '';
    copy(url, (said) => this.app.say(said === 'Copied.' ? `Link copied. It has rules and filters, but no events${left ? `, and not ${left}: save a case for that` : ''}.${long}` : said));
  }

  /** A link brings a view; rules of it run only when they are asked to. */
  async readLink() {
    const linked = await fromLink(location.hash);
    if (!linked) return;
    if (linked.error) return this.app.say(linked.error);
    const { tab, filters, query, rules, off, local } = linked;
    if (query) this.app.panels.query.set(query);
    this.app.view.navigate({ filters, local, ...(tab ? { tab } : {}), linked: rules.length ? rules : undefined });
    if (off.length) await this.app.rules.set(this.app.state.rules.map((rule) => (off.includes(rule.file) ? wanted(rule, false) : rule)));
  }

  async useLinked() {
    const rules = this.app.state.linked;
    this.app.update({ linked: undefined });
    await this.app.rules.add(rules.map(({ file, text }) => ({ file: this.app.state.rules.some((r) => r.file === file && r.text !== text) ? `link/${file}` : file, text })));
  }

  async #text() {
    await withHashes(this.app.state.supplied);
    return `${JSON.stringify(caseOf(this.app.state, this.app.panels.query.text, await withHashes(this.app.engine.inputs)), null, 1)}\n`;
  }

  async save() {
    save('case.forepost.json', new Blob([await this.#text()], { type: 'application/json' }));
    this.saved = this.app.state.notes;
    this.app.say('Case saved. It names the inputs with their hashes, but has no event.');
  }

  /** Keeps the case in this browser, with its logs. */
  async keep() {
    const sure = await ask('Keep this case in this browser?', 'Rules, filters, notes and the logs themselves stay in this browser’s storage on this computer until you forget them. They are not encrypted.', 'Keep', 'Do not keep');
    if (!sure) return;
    try {
      const files = [...this.app.state.supplied.map(({ file, path, name }) => ({ file, path, name, supplied: true })), ...this.app.engine.inputs.map(({ file, path }) => ({ file, path }))];
      await keep(await this.#text(), files);
      this.app.update({ kept: await kept() });
      this.saved = this.app.state.notes;
      this.app.say('The case is kept in this browser.');
    } catch (error) {
      this.app.say(`The browser cannot keep the case: ${error?.message ?? 'no room'}`);
    }
  }

  async openKept() {
    const { text, files } = this.app.state.kept;
    await this.open(text, files.length > 0);
    if (files.length) await this.app.files.add(files);
  }

  async forget() {
    await forget();
    this.app.update({ kept: undefined });
    this.app.say('The kept case was removed from this browser.');
  }

  /** Brings back rules, filters and notes; says which logs belong to it. */
  async open(text, withFiles = false) {
    const found = readCase(text);
    if (!found) return this.app.say('The file is no case of Forepost.');
    const { inputs, notes, rules, off, query, tab, filters, local } = found;
    if (rules.length) await this.app.rules.add(rules);
    if (off.length) await this.app.rules.set(this.app.state.rules.map((rule) => (off.includes(rule.file) ? wanted(rule, false) : rule)));
    if (query) this.app.panels.query.set(query);
    const { selection } = this.app.state;
    this.app.update({ notes: { ...this.app.state.notes, ...notes }, expected: withFiles ? [] : inputs, local, selection: selection && { ...selection } }); // its notes may be others
    this.app.view.navigate({ filters, ...(tab ? { tab } : {}) });
    this.saved = this.app.state.notes;
    if (!withFiles && inputs.length) this.app.say(`Case opened. Drop its logs now: ${plural(inputs.length, 'file')}.`);
  }

  /** Inputs of the opened case that are not here, or are others. */
  get absent() {
    if (!this.app.state.expected.length) return [];
    const here = new Map([...this.app.engine.inputs, ...this.app.state.supplied].map((input) => [input.path.split('/').at(-1), input]));
    return this.app.state.expected.filter(({ path, size, sha256 }) => {
      const input = here.get(path.split('/').at(-1));
      return !input || input.size !== size || (sha256 && input.sha256 && input.sha256 !== sha256);
    });
  }
}
