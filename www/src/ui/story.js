// What happened in one look: for each principal behind findings one sentence.

import { h, mount } from '../dom.js';
import { tacticName } from '../attack.js';
import { middle, number, plural, time, until } from '../format.js';
import { severity } from './icons.js';

const SHOWN = 50;
const FEW = 3;

/** `user/ada`, `assumed-role/dev/zoe`: an ARN without what stands before it. */
export const principal = (who) => (who.startsWith('arn:') ? who.split(':').slice(5).join(':') || who : who) || 'no principal';

export const accountOf = (who) => (who.startsWith('arn:') ? who.split(':')[4] : '');

/** `a ×2, b and 3 more` */
const some = (list, text = ([value, n]) => (n > 1 ? `${value} ×${number(n)}` : value), few = FEW) =>
  `${list.slice(0, few).map(text).join(', ')}${list.length > few ? ` and ${number(list.length - few)} more` : ''}`;

/** The sentence of a group as parts: texts, and `{text, word, field}` for what can be looked at by itself. Also the report's. */
export function sentence({ root, count, runs, start, end, tactics, addresses, hops, facts, others }, local) {
  const who = { text: middle(principal(root), 60), field: 'account', word: root };
  const parts = [root ? who : 'No principal', accountOf(root) ? ` of account ${accountOf(root)}` : '', others ? ` (and ${plural(others, 'other principal')} in the same findings)` : ''];
  if (addresses.length) {
    parts.push(' from ', ...addresses.slice(0, FEW).flatMap((address, i) => [i ? ', ' : '', { text: address, field: 'SourceIpAddress', word: address }]));
    if (addresses.length > FEW) parts.push(` and ${number(addresses.length - FEW)} more`);
  }
  parts.push(`, ${time(start, local)}${end > start ? ` → ${until(start, end, local)}` : ''}: `);
  parts.push(`${plural(count, 'finding')}${runs > count ? ` in ${number(runs)} runs` : ''}${tactics.length ? ` for ${tactics.map(tacticName).join(', ')}` : ''}.`);
  if (hops.length) parts.push(` Went through ${some(hops.map((hop) => [`${principal(hop.who)} (${hop.how})`, 1]))}.`);
  if (facts) {
    parts.push(` In ${plural(facts.events, 'event')}, `,
      facts.changes ? `it changed: ${some(facts.changed)}` : 'nothing was changed', '; ',
      facts.failed ? `${plural(facts.failed, 'call')} failed: ${some(facts.errors)}.` : 'nothing failed.');
  }
  return parts.filter(Boolean);
}

export class Story {
  #key;

  constructor(app) {
    this.app = app;
    this.element = h('ol.story', { 'aria-label': 'What happened, by principal' });
  }

  /** Groups with a finding among these alerts. */
  render(shown) {
    const { story, local, notes } = this.app.state;
    const key = [story, shown, local, notes];
    if (this.#key?.every((x, i) => x === key[i])) return;
    this.#key = key;
    this.element.hidden = !story?.groups.length;
    if (!story) return;
    const ids = new Set(shown.map(({ id }) => id));
    const groups = story.groups.filter((group) => group.ids.some((id) => ids.has(id)));
    mount(this.element, groups.slice(0, SHOWN).map((group) => this.#item(group, local)),
      groups.length > SHOWN && h('li.muted', `and ${plural(groups.length - SHOWN, 'more principal')}`));
  }

  #item(group, local) {
    return h('li', severity(group.severity), h('p', sentence(group, local).map((part) => (typeof part === 'string' ? part
      : h('button.link', { title: `All about ${part.word}`, 'data-key': `${group.root} ${part.word}`, onclick: () => this.app.view.about(part.field, part.field === 'account' ? group.members : [part.word], part.text, part.field === 'account' ? group : undefined) }, part.text)))));
  }
}
