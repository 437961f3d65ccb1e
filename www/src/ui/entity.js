// All of one address, access key, principal or other value.

import { h } from '../dom.js';
import { middle, number, plural, time } from '../format.js';
import { nameOf } from '../filters.js';
import { severity } from './icons.js';
import { principal } from './story.js';

const SHOWN = 6;

/** What each list of facts is as a filter. */
const FIELDS = { Principals: '/userIdentity/arn', 'Access keys': '/userIdentity/accessKeyId', Addresses: 'SourceIpAddress', Calls: 'EventName', Errors: 'ErrorCode', Changes: 'EventName',
  Regions: 'AWSRegion', Accounts: '/recipientAccountId', Agents: '/userAgent' };
/** Those that have a page of their own. */
const PAGES = { Principals: 'account', 'Access keys': '/userIdentity/accessKeyId', Addresses: 'SourceIpAddress' };

export function entityPage(app, { field, words, title, count, failed, first, last, parsed, facts, alertIds, group }) {
  const { local, alerts } = app.state;
  const ids = new Set(alertIds);
  const of = alerts.filter(({ id }) => ids.has(id)).sort((a, b) => a.start - b.start);
  const section = (name, ...children) => h('section', h('h3', name), children);
  return {
    title: [h('span.kind', nameOf(field)), h('h2', { tabindex: -1 }, title)],
    children: [
      h('dl.kv', h('dt', 'Events'), h('dd', `${number(count)}, ${number(failed)} failed`),
        !Number.isNaN(first) && [h('dt', 'First seen'), h('dd.num', time(first, local)), h('dt', 'Last seen'), h('dd.num', time(last, local))],
        words.length > 1 && [h('dt', 'Together'), h('dd', `${plural(words.length, 'principal')}: it and those whose sessions or keys it made`)]),
      h('p.toolbar', h('button.small', { onclick: () => app.view.filterWords(field, words) }, 'Only these events'), h('button.small', { onclick: () => app.view.filterWords(field, words, true) }, 'Without these events')),
      group?.hops.length ? section('Roles and sessions', h('ol.hops', group.hops.map((hop) => h('li', h('span.num.muted', time(hop.at, local)), ` ${hop.how} → `, h('b', principal(hop.who)), hop.key ? h('span.mono.muted', ` ${hop.key}`) : '')))) : null,
      group?.firsts.length ? section('Seen for the first time', h('ol.hops', group.firsts.slice(0, 20).map(({ kind, value, at }) => h('li', h('span.num.muted', time(at, local)), ` new ${kind} `, h('b', middle(value, 60)))))) : null,
      section(of.length ? `Alerts (${number(of.length)})` : 'Alerts', of.length ? h('ul.hops', of.slice(0, 20).map((alert) => h('li', severity(alert.severity), ' ', h('span.num.muted', time(alert.start, local)), ' ',
        h('button.link', { onclick: () => app.view.selectAlert(alert.id) }, alert.name))), of.length > 20 && h('li.muted', `and ${number(of.length - 20)} more`)) : h('p.muted', 'No alert has it in its evidence.')),
      facts.filter(({ values }) => values.length).map(({ name, different, values }) => section(`${name}${different > 1 ? ` (${number(different)})` : ''}`,
        h('ul.factlist', values.slice(0, SHOWN).map(({ value, count: n, first: at }) => h('li',
          PAGES[name] && value !== title ? h('button.link', { onclick: () => app.view.about(PAGES[name], [value], value) }, middle(name === 'Principals' ? principal(value) : value, 48))
            : h('button.link', { title: `Only with ${value}`, onclick: () => app.view.narrow(FIELDS[name], value, 'events') }, middle(value, 48)),
          h('span.num.muted', ` ${number(n)}, first ${time(at, local)}`))), different > SHOWN && h('li.muted', `and ${number(different - SHOWN)} more`)))),
      count > parsed && h('p.warn', `Counted over the first ${number(parsed)} of these events.`),
    ],
  };
}
