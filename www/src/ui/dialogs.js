// Dialogs: the keys, problems, text to paste.

import { h } from '../dom.js';
import { bytes, number, plural } from '../format.js';
import { gaps } from '../gaps.js';
import { close } from './icons.js';
import { keysOn, setKeys } from './keyboard.js';

function dialog(title, ...children) {
  const element = h('dialog', { 'aria-label': title, onclick: (e) => { if (e.target === element) element.close(); }, onclose: () => element.remove() },
    h('header', h('h2', title), h('button.quiet', { onclick: () => element.close(), title: 'Close (Esc)' }, close(), h('span.offscreen', 'Close'))), children);
  document.body.append(element);
  element.showModal();
  return element;
}

/** Asks; resolves to whether the answer is yes. */
export const ask = (title, text, yes, no = 'Keep everything') => new Promise((resolve) => {
  let answer = false;
  const element = dialog(title, h('p', text), h('p.toolbar',
    h('button.primary', { onclick: () => { answer = true; element.close(); } }, yes), h('button', { autofocus: true, onclick: () => element.close() }, no)));
  element.addEventListener('close', () => resolve(answer));
});

export const KEYS = [
  ['/', 'Search events'], ['j  k', 'Next, previous row'], ['Enter', 'Open the row'], ['Esc', 'Close panel or dialog'],
  ['g a', 'Alerts'], ['g e', 'Events'], ['g t', 'ATT&CK'], ['g q', 'Query'], ['g r', 'Rules'], ['g p', 'Problems'],
  ['o', 'Add files'], ['v', 'Paste text'], ['s', 'Load the sample'], ['x', 'Cancel reading'], ['c', 'Clear filters'], ['z', 'Undo the last filter'],
  ['t', 'Theme: automatic, light, dark'], ['u', 'Times in UTC or local'], ['l', 'Copy a link to this view'], ['Ctrl Enter', 'Run the query or the edited rule'], ['?', 'Show this list'],
];

export const help = () => dialog('Keys', h('label.toolbar', h('input', { type: 'checkbox', checked: keysOn(), onchange: (e) => setKeys(e.target.checked) }), 'Single keys are commands'), h('dl.keys', KEYS.map(([keys, what]) => [h('dt', keys.split(' ').filter(Boolean).map((k) => h('kbd', k))), h('dd', what)])));

const ADVICE = {
  gzip_damaged: 'Download the file again. Everything before the damage was read.',
  gzip_cut: 'The file is incomplete. Download it again. The existing part was read.',
  cut: 'The file ends inside a record. Download it again.',
  not_cloudtrail: 'This is JSON, but not a CloudTrail event.',
  not_json: 'The rest of the file was read.',
  bad_json: 'This record was skipped. The rest of the file was read.',
};

export function problems(app) {
  const inputs = app.engine.inputs.filter(({ problemCount, status }) => problemCount || status === 'cancelled');
  const notes = app.state.concludeProblems;
  const { passedOver, totals, each, suppliedProblems } = app.state;
  const found = gaps(app.state);
  return dialog('Problems', h('div.problems', { tabindex: 0, role: 'region', 'aria-label': 'Problems by file' },
    found.length ? h('ul.gaps', found.map(({ text }) => h('li', text))) : h('p', 'Everything was read.'),
    (totals.repeated > 0 || each) && h('section', h('h3', 'Repeated events'), h('p', each ? 'Repeated events count each time, as a Sentinel workspace counts what is delivered twice.'
      : `${plural(totals.repeated, 'event')} came more than once with the same eventID and content, for example from two trails or overlapping exports. Each counts once, also for the rules. A Sentinel workspace counts each delivery.`),
      h('p', h('button.small', { onclick: (e) => { e.target.closest('dialog').close(); app.files.countEach(!each); } }, each ? 'Count repeated events once' : 'Count each delivery'))),
    notes.length ? h('section', h('h3', 'Rules'), h('ul', notes.map(({ code, message }) => h('li', h('b', code), ' ', message)))) : null,
    suppliedProblems.length > 0 && h('section', h('h3', 'Tables and functions that cannot be used'), h('ul', suppliedProblems.map(({ path, message }) => h('li', h('b.mono', path), ` ${message}`)))),
    app.case.absent.length > 0 && h('section', h('h3', 'Not here of the case'), h('ul', app.case.absent.slice(0, 200).map(({ path, size }) => h('li', h('b.mono', path), ` ${bytes(size)}`)))),
    inputs.slice(0, 500).map(({ path, size, events, problems: found, problemCount, status }) => h('section',
      h('h3.mono', path), h('p.muted', `${bytes(size)}; ${plural(events, 'event')} read`, status === 'cancelled' ? '; reading was cancelled' : ''),
      h('ul', found.map(({ offset, code, message }) => h('li', h('b', code), offset === null ? ' ' : ` at byte ${number(offset)}: `, message, ADVICE[code] ? h('p.muted', ADVICE[code]) : null))),
      problemCount > found.length && h('p.muted', `and ${number(problemCount - found.length)} more`))),
    passedOver.length ? h('section', h('h3', 'Passed over'), h('p.muted', 'These files cannot hold events, or were left out. Drop one by itself to read it all the same.'),
      h('ul', passedOver.slice(0, 500).map(({ path, reason }) => h('li', h('b.mono', path), ` ${reason}`))), passedOver.length > 500 && h('p.muted', `and ${number(passedOver.length - 500)} more`)) : null,
    inputs.length > 500 && h('p', `and ${number(inputs.length - 500)} more files`)));
}

export function paste(take) {
  const area = h('textarea', { rows: 14, 'aria-label': 'Log as JSON, NDJSON or CSV', spellcheck: 'false', autocomplete: 'off' });
  const element = dialog('Paste a log', h('p.muted', 'Paste CloudTrail events as JSON, NDJSON or CSV. The text stays in this page.'), area,
    h('p.toolbar', h('button.primary', { onclick: () => { const text = area.value; element.close(); if (text.trim()) take(text); } }, 'Read text')));
  area.focus();
}
