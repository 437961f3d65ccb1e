// Tables, watchlists and functions that were supplied, and the question what a file is.

import { h } from '../dom.js';
import { number, plural } from '../format.js';
import { lacking } from '../supplied.js';
import { close } from './icons.js';

const FEW = 6;                 // columns or functions that a line names
const LACKED = 12;             // names of what rules lack

/** What there is, each with its file, and what rules lack; null if there is nothing to say. */
export function suppliedList(app) {
  const { supplied, suppliedProblems, rules } = app.state;
  const lacks = lacking(rules);
  if (!supplied.length && !suppliedProblems.length && !lacks.length) return null;
  return h('section.supplied', { 'aria-label': 'Tables and functions' }, h('h3', 'Tables and functions'),
    supplied.length > 0 && h('ul', supplied.map((one) => h('li', h('div',
      h('b', one.name ?? fileName(one.path)),
      h('span.muted', one.name === undefined ? `function${one.functions.length === 1 ? '' : 's'} ${few(one.functions)}` : `${plural(one.rows, 'row')}: ${few(one.columns)}`),
      one.name !== undefined && h('span.muted.mono', one.path)),
    h('button.quiet.small', { 'aria-label': `Remove ${one.name ?? one.path}`, title: 'Remove', 'data-key': `remove ${one.path} ${one.name}`, onclick: () => app.supplies.withdraw(one) }, close())))),
    suppliedProblems.length > 0 && h('ul.findings', { 'aria-label': 'Files that cannot be used' }, suppliedProblems.map(({ path, message }) => h('li.error', h('b.mono', path), ` ${message}`))),
    lacks.length > 0 && h('p.muted', `Rules lack: ${lacks.slice(0, LACKED).map(({ name }) => name).join(', ')}${lacks.length > LACKED ? ` and ${number(lacks.length - LACKED)} more` : ''}. Drop the files here.`));
}

const few = (all) => `${all.slice(0, FEW).map(({ name }) => name).join(', ')}${all.length > FEW ? ` and ${number(all.length - FEW)} more` : ''}`;

const fileName = (path) => path.split('/').at(-1);

/** Asks what the first of some files is. */
export function question(app) {
  const { unclear: [{ path, stem, log }, ...others], rules } = app.state;
  const name = h('input', { type: 'text', value: stem, 'aria-label': 'Name of the table or watchlist', list: 'lacking', spellcheck: 'false', 'data-key': 'unclear name', onkeydown: (e) => { if (e.key === 'Enter') use(); } });
  const use = () => app.supplies.answer('table', name.value.trim());
  return [h('span', h('b.mono', path), log ? ' can be events, or the table that a rule lacks.' : ' has rows, but no events that Forepost reads.'),
    h('label', 'Name ', name), h('datalist', { id: 'lacking' }, lacking(rules).filter(({ kind }) => kind !== 'function').map(({ name: of }) => h('option', { value: of }))),
    h('button.small', { onclick: use, 'data-key': 'unclear table' }, 'Use as table or watchlist'),
    h('button.small', { onclick: () => app.supplies.answer('log'), 'data-key': 'unclear log' }, 'Read as a log'),
    h('button.small', { onclick: () => app.supplies.answer('out'), 'data-key': 'unclear out' }, 'Leave out'),
    others.length > 0 && [h('button.small', { onclick: () => app.supplies.answer('out', undefined, true), 'data-key': 'unclear all out' }, `Leave out all ${number(others.length + 1)}`),
      h('button.small', { onclick: () => app.supplies.answer('log', undefined, true), 'data-key': 'unclear all log' }, `Read all ${number(others.length + 1)} as logs`)]];
}
