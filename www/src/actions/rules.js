// The rules: which there are, which run, and their edits.

import { plural } from '../format.js';

/** A rule switched on or off; one that is broken is on when it no longer is. */
export const wanted = (rule, on) => ({ ...rule, wanted: on, enabled: on && !rule.broken });

export class Rules {
  constructor(app) { this.app = app; }

  /** Rules with their cards and findings; those that are wanted and not broken are enabled. */
  async read(rules) {
    const [findings, ...cards] = await Promise.all([this.app.engine.ask('check', rules.map(({ file, text }) => ({ file, text }))), ...rules.map(({ text }) => this.app.engine.ask('describe', text))]);
    const byFile = new Map(rules.map(({ file }) => [file, []]));
    for (const finding of findings) byFile.get(finding.file)?.push(finding);
    return rules.map((rule, i) => {
      const card = cards[i];
      const found = byFile.get(rule.file);
      const broken = !card || found.some(({ severity }) => severity === 'error');
      return { ...rule, original: rule.original ?? rule.text, card, findings: found, broken, enabled: rule.wanted && !broken };
    });
  }

  /** From now on these are the rules; those that are enabled run. */
  async set(rules) {
    this.app.update({ rules });
    const running = rules.filter(({ enabled }) => enabled).map(({ file, running, text }) => ({ file, text: running ?? text }));
    // No rule at all means the built-in ones to the engine: it is not asked then.
    await this.app.engine.use(running);
    if (!running.length) this.app.update({ alerts: [] });
  }

  /** Reads the rules again after tables or functions changed; how many can run now that could not. */
  async again() {
    const before = this.app.state.rules;
    const read = await this.read(before);
    // Of one that is being edited, the text that ran last goes on running.
    const now = new Map(before.map((rule, i) => [rule, rule.dirty ? { ...read[i], enabled: rule.enabled } : read[i]]));
    await this.set(this.app.state.rules.map((rule) => now.get(rule) ?? rule));
    return before.filter((rule, i) => rule.broken && !read[i].broken).length;
  }

  async add(files) {
    const added = await this.read(files.map((rule) => ({ ...rule, builtIn: false, wanted: true })));
    const names = new Set(added.map(({ file }) => file));
    const ids = new Map(added.filter(({ card, broken }) => card && !broken).map(({ card, file }) => [card.id, file]));
    // Of two rules with one id, the one that came last runs.
    const before = this.app.state.rules.filter(({ file }) => !names.has(file)).map((rule) => (ids.has(rule.card?.id) ? { ...wanted(rule, false), replacedBy: ids.get(rule.card.id) } : rule));
    const rules = [...before, ...added];
    const broken = added.filter((rule) => rule.broken);
    const replaced = before.filter(({ replacedBy }) => replacedBy && names.has(replacedBy)).length;
    this.app.say(`${broken.length ? `${added.length - broken.length} of ${plural(added.length, 'rule')} added; ${broken.length} cannot run.` : `${plural(added.length, 'rule')} added.`}${
      replaced ? ` ${plural(replaced, 'rule')} with the same id switched off.` : ''}`);
    await this.set(rules);
    if (broken.length || !this.app.state.progress.totalFiles) this.app.update({ tab: 'rules' });
    this.app.panels.rules.choose((broken[0] ?? added[0]).file);
  }

  async enable(file, enabled) {
    await this.set(this.app.state.rules.map((rule) => (rule.file === file ? wanted(rule, enabled) : rule)));
  }

  async enableAll(files, enabled) {
    const chosen = new Set(files);
    await this.set(this.app.state.rules.map((rule) => (chosen.has(rule.file) ? wanted(rule, enabled) : rule)));
  }

  async edit(file, text) {
    const before = this.app.state.rules.find((rule) => rule.file === file);
    if (!before || before.text === text) return;
    const [read] = await this.read([{ ...before, text }]);
    const running = before.running ?? before.text;
    // While it is edited, the text that ran last goes on standing for it.
    this.app.update({ rules: this.app.state.rules.map((rule) => (rule.file === file ? { ...read, running, enabled: before.enabled, dirty: text !== running } : rule)) });
  }

  async apply(file) {
    const rule = this.app.state.rules.find((r) => r.file === file);
    if (!rule || rule.broken) return this.app.say('The rule has an error. See the findings.');
    this.app.update({ applying: this.app.state.progress.totalFiles > 0 });
    await this.set(this.app.state.rules.map((r) => (r.file === file ? { ...r, running: undefined, dirty: false, wanted: true, enabled: true } : r)));
  }

  async revert(file) {
    const rule = this.app.state.rules.find((r) => r.file === file);
    const [read] = await this.read([{ ...rule, text: rule.original, running: undefined, dirty: false, wanted: true }]);
    await this.set(this.app.state.rules.map((r) => (r.file === file ? read : r)));
  }

  of(id) { return this.app.state.rules.find(({ card }) => card?.id === id); }

  show(id) {
    const rule = this.of(id);
    if (!rule) return this.app.say('The rule is not loaded.');
    this.app.update({ tab: 'rules' });
    this.app.panels.rules.choose(rule.file);
  }
}
