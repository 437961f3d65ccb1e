// All rules against one event: those that alert, then the others by how few of their stages are left.

import { h, mount } from '../dom.js';
import { number, plural } from '../format.js';
import { chevron, cross, severity, tick } from './icons.js';

const SHOWN = 20;

/** A fold that asks when it is opened, because it takes a second: `asked()` resolves to the answer; `choose(file)` shows one rule. */
export function allRules(count, asked, choose) {
  const body = h('div', { role: 'status' });
  let found;
  const show = (all) => mount(body,
    h('ol.allrules', found.rules.slice(0, all ? undefined : SHOWN).map((rule) => line(rule, choose))),
    !all && found.rules.length > SHOWN && h('button.link', { 'data-key': 'all rules', onclick: () => show(true) }, `all ${number(found.rules.length)}`),
    found.cut && h('p.muted', found.cut));
  const opened = async () => {
    if (found || body.hasAttribute('aria-busy')) return;
    body.setAttribute('aria-busy', 'true');
    mount(body, h('p.muted', `Asking ${number(count)} rules …`));
    try {
      found = await asked();
      show(false);
    } catch (error) {
      mount(body, h('p.bad', `The engine cannot explain the rules: ${error.message}`));
    }
    body.removeAttribute('aria-busy');
  };
  return h('details.allof', { ontoggle: (e) => { if (e.target.open) opened(); } }, h('summary', chevron(), `All ${number(count)} rules against this event, nearest first`), body);
}

function line({ file, rule, verdict, severity: grave, findings, ...way }, choose) {
  const matches = verdict === 'alert';
  return h('li', { class: matches ? 'yes' : 'no' }, matches ? tick() : cross(),
    h('button.link', { onclick: () => choose(file), 'data-key': `all ${file}` }, rule ?? file), grave && severity(grave),
    h('span.muted', findings ? `cannot run: ${findings[0]?.message ?? 'it has an error'}` : matches ? 'alert' : ended(way)));
}

/** How far a rule came, and what it ended at. */
function ended({ stopped, passed, stages }) {
  const reasons = {
    stage: () => `passed ${number(passed)} of ${plural(stages, 'stage')}, ends at: ${stopped.text}`,
    trigger: () => `the query matches; the trigger does not: ${stopped.text}`,
    suppression: () => `the query matches, but ${stopped.text}`,
    error: () => `the query fails: ${stopped.text}`,
  };
  return reasons[stopped?.at]?.() ?? stopped?.text ?? 'no match';
}
