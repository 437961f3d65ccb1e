// Brand, what to do, and what was read.

import { h, mount } from '../dom.js';
import { bytes, number, plural, span } from '../format.js';
import { lock } from './icons.js';

export class Header {
  #key;

  constructor(app) {
    this.app = app;
    this.files = h('input', { type: 'file', multiple: true, hidden: true, id: 'pick-files', tabindex: -1, 'aria-label': 'Files', onchange: () => app.addPicked(this.files) });
    this.folder = h('input', { type: 'file', webkitdirectory: true, hidden: true, id: 'pick-folder', tabindex: -1, 'aria-label': 'Folder', onchange: () => app.addPicked(this.folder) });
    this.theme = h('button.quiet', { onclick: () => app.nextTheme() });
    this.zone = h('button.quiet', { onclick: () => app.toggleLocal() });
    const button = (text, title, act, kind = '') => h('button', { class: kind, onclick: act, title }, text);
    this.filters = button('Filters', 'Show filters', () => app.element.classList.toggle('show-filters'), 'narrow');
    this.more = h('span.actions', this.filters,
      button('Sample', 'Load the sample (s)', () => app.sample(), 'inwork'),
      button('Add files', 'Add files (o)', () => this.files.click(), 'inwork'),
      button('Add folder', 'Add a folder', () => this.folder.click(), 'inwork'),
      button('Paste', 'Paste text (v)', () => app.paste(), 'inwork'),
      button('Start over', 'Remove all logs and results', () => app.reset(), 'inwork'));
    // What is pressed while numbers change stays the same element.
    this.facts = h('span.facts');
    this.pace = h('span.facts');
    this.meter = h('progress', { max: 100, value: 0, 'aria-label': 'Bytes read' });
    this.cancel = h('button.small', { onclick: () => app.cancel() }, 'Cancel');
    this.status = h('div.status', this.facts, h('span.grow'), this.pace, this.meter, this.cancel);
    this.element = h('header.top', h('a.skip', { href: '#main', onclick: (e) => { e.preventDefault(); document.getElementById('main')?.focus(); } }, 'Skip to the results'),
      h('div.bar', h('h1', 'Forepost'), h('span.claim', lock(), ' your data stays in this page'), h('span.grow'), this.files, this.folder, this.more, this.zone, this.theme,
        h('button.quiet', { onclick: () => app.help(), title: 'Keys (?)', 'aria-label': 'Keys ?' }, '?')), this.status);
  }

  render() {
    const { progress, theme, local, phase, concludeProblems, passedOver } = this.app.state;
    const key = [progress, theme, local, phase, concludeProblems, passedOver];
    if (this.#key?.every((x, i) => x === key[i])) return;
    this.#key = key;
    this.theme.textContent = { auto: 'Auto', light: 'Light', dark: 'Dark' }[theme];
    this.theme.title = 'Theme (t)';
    this.theme.setAttribute('aria-label', `Theme: ${this.theme.textContent}`);
    this.zone.textContent = local ? 'Local' : 'UTC';
    this.zone.title = 'Times in UTC or local (u)';
    this.zone.setAttribute('aria-label', `Times: ${this.zone.textContent}`);
    const { reading, totalFiles, files, events, rate, problems, totalBytes } = progress;
    this.status.hidden = !totalFiles;
    if (!totalFiles) return;
    const share = totalBytes ? Math.min(progress.bytes / totalBytes, 1) : 1;
    this.meter.value = Math.round(share * 100);
    this.meter.hidden = this.cancel.hidden = !reading;
    mount(this.facts,
      h('span.num', `${number(events)} events`), h('span.num', reading ? `${number(files)} of ${plural(totalFiles, 'file')}` : plural(totalFiles, 'file')),
      progress.span && h('span.num', span(progress.span, local)),
      problems ? h('button.link', { onclick: () => this.app.showProblems(), 'data-key': 'problems' }, plural(problems, 'problem')) : !reading && h('span', 'no problems'),
      passedOver.length ? h('button.link', { onclick: () => this.app.showProblems(), 'data-key': 'passed-over' }, `passed over ${plural(passedOver.length, 'file')}`) : null,
      concludeProblems.length ? h('button.link.bad', { onclick: () => this.app.showProblems(), 'data-key': 'rule-problems' }, plural(concludeProblems.length, 'rule problem')) : null,
    );
    mount(this.pace, reading ? [h('span.num', `${bytes(progress.bytes)} of ${bytes(totalBytes)}`), h('span.num.rate', `${number(Math.round(rate))} events/s`), h('span.num.percent', `${Math.floor(share * 100)} %`)]
      : h('span.num.muted', bytes(totalBytes)));
  }
}
