// JSON as a tree that folds. Values of logs are only ever text.

import { h } from '../dom.js';
import { chevron } from './icons.js';

const MANY = 200;              // members shown before the rest has to be asked for
const DEEP = 100;

/** A tree of a value. `act(keys, value, place)` is called when a value is pressed. `marked` is a set of paths (keys joined by /) to point out; what leads to one is open. */
export function jsonTree(value, { marked = new Set(), open = 2, act } = {}) {
  // The outermost braces say nothing.
  const inside = value !== null && typeof value === 'object' && !Array.isArray(value);
  return h('div.json', inside ? Object.entries(value).slice(0, 2000).map(([key, v]) => node(v, [key], marked, open - 1, 1, act)) : node(value, [], marked, open, 0, act));
}

/** Opens and shows a path in a tree. */
export function reveal(tree, path) {
  const line = [...tree.querySelectorAll('[data-path]')].find((element) => element.dataset.path === path);
  if (!line) return false;
  for (let at = line.parentElement; at && at !== tree; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
  tree.querySelector('.pointed')?.classList.remove('pointed');
  line.classList.add('pointed');
  line.scrollIntoView({ block: 'center' });
  return true;
}

function node(value, keys, marked, open, depth, act) {
  const key = keys.at(-1) ?? '';
  const path = keys.join('/');
  const mark = marked.has(path) && path !== '';
  const name = key === '' ? null : h('span.key', `${key}: `);
  if (value === null || typeof value !== 'object') {
    return h('div.leaf', { 'data-path': path, class: mark ? 'read' : '' }, name, scalar(value, act && ((place) => act(keys, value, place))), mark && h('span.offscreen', ' (read by the rule)'));
  }
  const list = Array.isArray(value);
  const entries = Object.entries(value);
  const summary = list ? `[${entries.length}]` : `{${entries.length}}`;
  if (!entries.length || depth > DEEP) return h('div.leaf', { 'data-path': path, class: mark ? 'read' : '' }, name, h('span.punct', entries.length ? '…' : list ? '[]' : '{}'));
  const inside = [...marked].some((m) => m === path || m.startsWith(`${path}/`));
  let filled = false;
  const body = h('div.members');
  const fillIn = () => {
    if (filled) return;
    filled = true;
    const child = ([k, v]) => node(v, [...keys, k], marked, open - 1, depth + 1, act);
    body.append(...entries.slice(0, MANY).map(child));
    if (entries.length > MANY) {
      const more = h('button.link', { onclick: () => { more.remove(); body.append(...entries.slice(MANY).map(child)); } }, `${entries.length - MANY} more`);
      body.append(more);
    }
  };
  const isOpen = open > 0 || (inside && path !== '');
  if (isOpen) fillIn();
  const details = h('details', { open: isOpen, ontoggle: fillIn },
    h('summary', { 'data-path': path, class: mark ? 'read' : '' }, chevron(), name, h('span.punct', summary)), body);
  return details;
}

function scalar(value, act) {
  const shown = typeof value === 'string' ? h('span.str', JSON.stringify(value)) : h('span.lit', String(value));
  return act ? h('button.plain', { onclick: (e) => act(e.currentTarget), title: 'Filter by this value' }, shown) : shown;
}
