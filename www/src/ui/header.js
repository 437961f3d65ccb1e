// Brand, what to do, and what was read.

import { h, mount } from '../dom.js';
import { bytes, number, plural, span } from '../format.js';
import { canHide, eventCount, gaps, repeats } from '../gaps.js';
import { inWords } from '../supplied.js';
import { lock, plus } from './icons.js';

export class Header {
  #key;

  constructor(app) {
    this.app = app;
    this.files = h('input', { type: 'file', multiple: true, hidden: true, id: 'pick-files', tabindex: -1, 'aria-label': 'Files', onchange: () => app.files.addPicked(this.files) });
    this.folder = h('input', { type: 'file', webkitdirectory: true, hidden: true, id: 'pick-folder', tabindex: -1, 'aria-label': 'Folder', onchange: () => app.files.addPicked(this.folder) });
    this.supplied = h('input', { type: 'file', multiple: true, hidden: true, id: 'pick-supplied', tabindex: -1, 'aria-label': 'Tables or functions', onchange: () => app.supplies.addPicked(this.supplied) });
    this.theme = h('button.quiet', { onclick: () => app.nextTheme() });
    this.zone = h('button.quiet', { onclick: () => app.toggleLocal() });
    const button = (text, title, act, kind = '') => h('button', { class: kind, onclick: act, title }, text);
    this.filters = button('Filters', 'Show filters', () => app.element.classList.toggle('show-filters'), 'narrow');
    const item = (text, act) => h('button', { role: 'menuitem', onclick: () => { this.add.open = this.case.open = false; act(); } }, text);
    this.add = h('details.menubutton.inwork', h('summary', plus(), ' Add'), h('div.menu', { role: 'menu' },
      item('Add files', () => this.files.click()), item('Add folder', () => this.folder.click()), item('Add tables or functions', () => this.supplied.click()), item('Paste text', () => app.files.paste())));
    this.case = h('details.menubutton.inwork', h('summary', 'Case'), h('div.menu', { role: 'menu' },
      item('Save case', () => app.case.save()), item('Open case', () => this.files.click()), item('Keep in this browser', () => app.case.keep()), item('Forget kept case', () => app.case.forget())));
    addEventListener('click', (e) => { for (const menu of [this.add, this.case]) if (!menu.contains(e.target)) menu.open = false; });
    this.more = h('span.actions', this.filters, this.add, this.case, button('Start over', 'Remove all logs and results', () => app.files.reset(), 'inwork'));
    // What is pressed while numbers change stays the same element.
    this.facts = h('span.facts');
    this.pace = h('span.facts');
    this.meter = h('progress', { max: 100, value: 0, 'aria-label': 'Bytes read' });
    this.cancel = h('button.small', { onclick: () => app.files.cancel() }, 'Cancel');
    this.status = h('div.status', this.facts, h('span.grow'), this.pace, this.meter, this.cancel);
    this.element = h('header.top', h('a.skip', { href: '#main', onclick: (e) => { e.preventDefault(); document.getElementById('main')?.focus(); } }, 'Skip to the results'),
      h('div.bar', h('h1', 'Forepost'), h('span.claim', lock(), ' your data stays in this page'), h('span.grow'), this.files, this.folder, this.supplied, this.more, this.zone, this.theme,
        h('button.quiet', { onclick: () => app.help(), title: 'Keys (?)', 'aria-label': 'Keys ?' }, '?')), this.status);
  }

  render() {
    const { state } = this.app;
    const { progress, theme, local, phase, concludeProblems, passedOver, totals, walking, sample, each, rules, expected, supplied, suppliedProblems, unclear } = state;
    const key = [progress, theme, local, phase, concludeProblems, passedOver, totals, walking, sample, each, rules, expected, supplied, suppliedProblems, unclear];
    if (this.#key?.every((x, i) => x === key[i])) return;
    this.#key = key;
    this.theme.textContent = { auto: 'Auto', light: 'Light', dark: 'Dark' }[theme];
    this.theme.title = 'Theme (t)';
    this.theme.setAttribute('aria-label', `Theme: ${this.theme.textContent}`);
    this.zone.textContent = local ? 'Local' : 'UTC';
    this.zone.title = 'Times in UTC or local (u)';
    this.zone.setAttribute('aria-label', `Times: ${this.zone.textContent}`);
    const { reading, totalFiles, files, rate, totalBytes } = progress;
    this.status.hidden = !totalFiles && !walking && !supplied.length && !suppliedProblems.length && !unclear.length;
    const share = totalBytes ? Math.min(progress.bytes / totalBytes, 1) : 1;
    this.meter.value = Math.round(share * 100);
    this.meter.hidden = this.cancel.hidden = !reading;
    if (walking && !reading) return mount(this.facts, h('span.num', { role: 'status' }, `Looking through folders: ${plural(walking, 'file')}`));
    const link = (kind, text, bad) => h('button.link', { class: bad ? 'bad' : '', onclick: () => this.app.showProblems(), 'data-key': kind }, text);
    const found = gaps(state).filter(({ kind }) => kind !== 'reading');
    const again = repeats(state);
    const there = supplied.length > 0 && h('button.link', { onclick: () => this.app.view.go('rules'), 'data-key': 'supplied' }, inWords(supplied));
    if (!totalFiles) {
      mount(this.facts, there, found.map((gap) => link(gap.kind, SHORT[gap.kind](state), canHide(gap))));
      return mount(this.pace);
    }
    mount(this.facts,
      sample && h('span.tag', 'sample'),
      h('span.num', plural(eventCount(state), 'event')), h('span.num', reading ? `${number(files)} of ${plural(totalFiles, 'file')}` : plural(totalFiles, 'file')),
      progress.span && h('span.num', span(progress.span, local)),
      found.map((gap) => link(gap.kind, SHORT[gap.kind](state), canHide(gap))),
      there,
      !reading && !found.some(canHide) && h('span', 'no problems'),
      this.app.case.absent.length > 0 && link('absent', `${plural(this.app.case.absent.length, 'file')} of the case not here`, true),
      again && link('repeated', each ? again : `${number(totals.repeated)} repeated`));
    mount(this.pace, reading ? [h('span.num', `${bytes(progress.bytes)} of ${bytes(totalBytes)}`), h('span.num.rate', `${number(Math.round(rate))} events/s`), h('span.num.percent', `${Math.floor(share * 100)} %`)]
      : h('span.num.muted', progress.unread ? `${bytes(progress.bytes)} of ${bytes(totalBytes)} read` : bytes(totalBytes)));
  }
}

/** Gaps in few words; the dialog behind them has all of it. */
const SHORT = {
  cancelled: ({ progress }) => `Incomplete: ${plural(progress.cancelled, 'file')} cancelled`,
  problems: ({ progress }) => plural(progress.problems, 'problem'),
  'rule-problems': ({ concludeProblems }) => plural(concludeProblems.length, 'rule problem'),
  broken: ({ rules }) => `${plural(rules.filter(({ broken }) => broken).length, 'rule')} cannot run`,
  unclear: ({ unclear }) => `${plural(unclear.length, 'file')} to ask about`,
  'supplied-problems': ({ suppliedProblems }) => `${plural(suppliedProblems.length, 'table or function', 'tables or functions')} cannot be used`,
  'passed-over': ({ passedOver }) => `passed over ${plural(passedOver.length, 'file')}`,
  full: ({ totals }) => `first ${number(totals.count)} events searchable`,
};
