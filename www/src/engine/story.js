// What happened, by whom: alerts grouped by the principal behind them, through the roles and keys that it used.

import { MAKERS, WHO, madeBy, quoted } from 'forepost/questions.js';
import { SEVERITIES } from '../severities.js';
import { findings } from './findings.js';

const HOPS = 16;
const NAMES = 500;             // principals that one query asks for

/** Sessions and keys that were made successfully, with who made them. */
const LINKS = `AWSCloudTrail | where EventName startswith 'AssumeRole' or EventName in ('GetSessionToken', 'GetFederationToken', 'CreateAccessKey') | where isempty(ErrorCode)
| project TimeGenerated, EventName, Who = ${WHO}, Type = UserIdentityType, Key = UserIdentityAccessKeyId, ResponseElements`;

/** Who stands behind a session or a key: `chain(who, key)` gives the first principal and each hop from it. */
export function chains(events) {
  const byKey = new Map();
  const bySession = new Map();
  const links = [];
  for (const event of events) {
    if (!MAKERS.test(event.EventName)) continue;
    for (const made of madeBy(event)) {
      const link = { made, who: event.Who, key: event.Key, how: event.EventName, at: Date.parse(event.TimeGenerated) };
      links.push(link);
      // A service makes sessions for many workloads: each of them is a principal of its own.
      if (event.Type === 'AWSService' || event.Type === 'AWSAccount') continue;
      if (made.startsWith('arn:')) bySession.set(made, [...(bySession.get(made) ?? []), link]);
      else byKey.set(made, link);
    }
  }
  const chain = (who, key) => {
    const hops = [];
    let at = { who, key };
    for (let n = 0; n < HOPS; n += 1) {
      const makers = bySession.get(at.who) ?? [];
      const alone = makers.every((link) => link.who === makers[0].who) ? makers[0] : undefined;
      const link = byKey.get(at.key) ?? alone;
      if (!link || hops.some((hop) => hop.who === link.who && hop.key === link.key)) break;
      if (link.who !== at.who) hops.unshift({ ...at, how: link.how, at: link.at });
      else if (link.key === at.key) break;
      at = { who: link.who, key: link.key };
    }
    return { root: at.who, hops };
  };
  return { chain, links };
}

/** The story: a group for each principal that findings lead to. `ask(kql)` resolves to rows as objects. */
export async function story(alerts, ask) {
  const all = findings(alerts);
  if (!all.length) return { groups: [], findings: [] };
  const { chain, links } = chains(await ask(LINKS));
  const groups = new Map();
  for (const finding of all) {
    const roots = new Map();
    for (const { who, key, events } of finding.actors) {
      const { root } = chain(who, key);
      roots.set(root, (roots.get(root) ?? 0) + events);
    }
    const [first = '', ...others] = [...roots].sort(([, a], [, b]) => b - a).map(([root]) => root);
    finding.root = first;
    finding.others = others.length;
    if (!groups.has(first)) groups.set(first, { root: first, findings: [], members: new Set(first ? [first] : []), hops: new Map(), others: new Set(), start: Infinity, end: -Infinity, addresses: new Set() });
    const group = groups.get(first);
    group.findings.push(finding);
    for (const other of others) group.others.add(other);
    if (!finding.actors.length) extend(group, finding.span);
    for (const { who, key, first: from, last: to, addresses } of finding.actors) {
      const { root, hops } = chain(who, key);
      if (root !== first) continue; // when and from where is told of this principal alone
      group.members.add(who);
      extend(group, [from, to]);
      for (const address of addresses) group.addresses.add(address);
      for (const hop of hops) group.hops.set(`${hop.who} ${hop.how}`, hop);
    }
  }
  for (const { made } of links) {
    if (!made.startsWith('arn:')) continue;
    const group = groups.get(chain(made).root);
    if (group) group.members.add(made);
  }
  const facts = await factsOf(groups, chain, ask);
  return {
    groups: [...groups.values()].map((group) => told(group, facts.get(group.root))).sort((a, b) => a.rank - b.rank || a.start - b.start),
    findings: all,
  };
}

function extend(group, [from, to]) {
  group.start = Math.min(group.start, from);
  group.end = Math.max(group.end, to);
}

/** The principals of a query: few enough to be named in it. */
const membersOf = (groups) => [...new Set(groups.flatMap(({ members }) => [...members]))].filter(Boolean).slice(0, NAMES);

async function factsOf(groups, chain, ask) {
  const facts = new Map([...groups.keys()].map((root) => [root, newFacts()]));
  const members = membersOf([...groups.values()]);
  if (!members.length) return facts;
  const rows = await ask(`AWSCloudTrail | extend Who = ${WHO} | where Who in (${members.map(quoted).join(', ')})
| summarize Events = count(), First = min(TimeGenerated), Last = max(TimeGenerated) by Who, Key = UserIdentityAccessKeyId, Address = SourceIpAddress, Call = EventName, Changes = ReadOnly == false and EventSource != 'signin.amazonaws.com', Error = ErrorCode, Region = AWSRegion, Agent = UserAgent, Account = RecipientAccountId`);
  for (const row of rows) {
    const of = facts.get(chain(row.Who, row.Key).root);
    if (of) collect(of, row);
  }
  return facts;
}

const newFacts = () => ({ events: 0, failed: 0, changes: 0, first: Infinity, last: -Infinity, changed: new Map(), errors: new Map(), seen: { address: new Map(), agent: new Map(), region: new Map(), account: new Map(), key: new Map(), call: new Map(), session: new Map() } });

function collect(of, { Who, Key, Address, Call, Changes, Error: error, Region, Agent, Account, Events, First, Last }) {
  const n = Number(Events);
  const [first, last] = [Date.parse(First), Date.parse(Last)];
  of.events += n;
  if (error) of.failed += n;
  if (Changes === true && !error) of.changes += n;
  if (first < of.first) of.first = first;
  if (last > of.last) of.last = last;
  if (Changes === true && !error) {
    const known = of.changed.get(Call) ?? { count: 0, first };
    of.changed.set(Call, { count: known.count + n, first: Math.min(known.first, first) });
  }
  if (error) of.errors.set(error, (of.errors.get(error) ?? 0) + n);
  for (const [kind, value] of [['address', Address], ['agent', Agent], ['region', Region], ['account', Account], ['key', Key], ['call', Call], ['session', Who]]) {
    if (!value) continue;
    const known = of.seen[kind].get(value) ?? { count: 0, first: Infinity };
    of.seen[kind].set(value, { count: known.count + n, first: Math.min(known.first, first) });
  }
}

const most = (map) => [...map].sort(([, a], [, b]) => (b.count ?? b) - (a.count ?? a));

/** A group as the page shows it. */
function told({ root, findings: found, members, hops, others, start, end, addresses }, facts) {
  const severity = SEVERITIES.find((name) => found.some((finding) => finding.severity === name)) ?? 'Informational';
  const seen = facts ? Object.fromEntries(Object.entries(facts.seen).map(([kind, map]) => [kind, most(map).slice(0, 50).map(([value, { count, first }]) => ({ value, count, first }))])) : undefined;
  return {
    root,
    members: [...members].slice(0, NAMES),
    severity,
    rank: SEVERITIES.indexOf(severity),
    count: found.length,
    others: others.size,       // principals in the evidence of the same findings
    runs: found.reduce((sum, { runs }) => sum + runs.length, 0),
    ids: found.flatMap(({ runs }) => runs.map(({ id }) => id)),
    start,
    end,
    tactics: [...new Set(found.flatMap(({ tactics }) => (tactics ? tactics.split(/,\s*/) : [])))],
    addresses: [...addresses],
    hops: [...hops.values()].sort((a, b) => a.at - b.at).slice(0, 20),
    facts: facts?.events ? { events: facts.events, failed: facts.failed, changes: facts.changes, first: facts.first, last: facts.last, changed: [...facts.changed].sort(([, a], [, b]) => b.count - a.count || a.first - b.first).slice(0, 20).map(([call, { count }]) => [call, count]), errors: most(facts.errors).slice(0, 20), seen } : undefined,
    // The first time of an address, agent or region, later than the principal's first event.
    firsts: facts ? ['address', 'agent', 'region'].flatMap((kind) => [...facts.seen[kind]].filter(([, { first }]) => first > facts.first).map(([value, { first }]) => ({ kind, value, at: first }))).sort((a, b) => a.at - b.at).slice(0, 100) : [],
  };
}

/** Events and errors of each group in `bins` of `width` ms from `first`: `[{root, events: [], failed: []}]`. */
export async function lanes(groups, { first, width, bins }, ask) {
  const members = membersOf(groups);
  const rootOf = new Map(groups.flatMap(({ root, members: of }) => of.map((who) => [who, root])));
  const found = new Map(groups.map(({ root }) => [root, { root, events: new Array(bins).fill(0), failed: new Array(bins).fill(0) }]));
  if (!members.length) return [...found.values()];
  const begin = `datetime(${new Date(first).toISOString()})`;
  const rows = await ask(`AWSCloudTrail | extend Who = ${WHO} | where Who in (${members.map(quoted).join(', ')}) and TimeGenerated >= ${begin} and TimeGenerated <= datetime(${new Date(first + width * bins).toISOString()})
| summarize Events = count(), Failed = countif(isnotempty(ErrorCode)) by Who, Bin = tolong((TimeGenerated - ${begin}) / ${Math.max(1, Math.round(width * 1000))}microseconds)`);
  for (const { Who, Bin, Events, Failed } of rows) {
    const lane = found.get(rootOf.get(Who));
    if (!lane) continue;
    const bin = Math.max(0, Math.min(Number(Bin), bins - 1));
    lane.events[bin] += Number(Events);
    lane.failed[bin] += Number(Failed);
  }
  return [...found.values()];
}
