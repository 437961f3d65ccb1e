// The pages of a catalogue: the index, a page for each rule, the matrix.

import { NAMES, matrix, tacticName } from './attack.js';
import { kql, markup, page, preformatted, severity } from './html.js';

const list = (items, show = markup) => items.map(show).join(', ') || '<span class="muted">none</span>';
const unique = (items) => [...new Set(items)];
const techniquesOf = ({ techniques, subTechniques }) => techniques.flatMap((id) => {
  const subs = subTechniques.filter((sub) => sub.startsWith(`${id}.`));
  return subs.length > 0 ? subs : [id];
});
const technique = (id) => `<abbr title="${markup(NAMES[id] ?? NAMES[id.split('.')[0]] ?? 'not among the names that Forepost knows')}">${markup(id)}</abbr>`;

/** The table of all rules, with what its script filters by. */
export function indexPage({ title, rules, feed, tested }) {
  const facet = (name, label, values) => `<label>${label} <select id="${name}"><option value="">all</option>${values.map((value) => `<option>${markup(value)}</option>`).join('')}</select></label>`;
  const levels = ['High', 'Medium', 'Low', 'Informational'].filter((level) => rules.some((rule) => rule.severity === level));
  const rows = rules.map((rule) => `<tr data-severity="${markup(rule.severity)}" data-kind="${markup(rule.kind)}" data-tactics="${markup(rule.tactics.join(' '))}">
<th scope="row"><a href="rules/${rule.id}/index.html">${markup(rule.name)}</a></th>
<td>${severity(rule.severity)}</td><td>${markup(rule.kind)}</td><td>${list(rule.tactics)}</td><td class="ids">${list(techniquesOf(rule), technique)}</td>
<td>${list(rule.connectors)}</td><td>${markup(rule.version)}</td>${tested ? `<td>${testsOf(rule)}</td>` : ''}
</tr>`);
  const body = `<h1>${markup(title)}</h1>
<p class="muted"><span id="shown">${rules.length} rules</span>. <a href="arm/all.json" download>All as one ARM template</a> · <a href="rules.json" download>rules.json</a>${feed ? ' · <a href="feed.xml">Feed</a>' : ''}</p>
<div id="filter" class="filter" hidden>
<label>Search <input type="search" id="search" autocomplete="off"></label>
${facet('severity', 'Severity', levels)}
${facet('tactics', 'Tactic', unique(rules.flatMap((rule) => rule.tactics)).sort())}
${facet('kind', 'Kind', unique(rules.map((rule) => rule.kind)).sort())}
</div>
<div class="wide" role="region" aria-label="Rules" tabindex="0">
<table class="rules">
<thead><tr><th scope="col">Rule</th><th scope="col">Severity</th><th scope="col">Kind</th><th scope="col">Tactics</th><th scope="col">Techniques</th><th scope="col">Connectors</th><th scope="col">Version</th>${tested ? '<th scope="col">Tests</th>' : ''}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>`;
  return page({ title, site: title, root: '', current: 'index.html', feed, body });
}

const testsOf = ({ tests }) => (!tests ? '<span class="muted">none</span>' : tests.failed > 0 ? `<span class="bad">${tests.failed} of ${tests.passed + tests.failed} failed</span>` : `${tests.passed} passed${tests.coverage === undefined ? '' : `, ${tests.coverage} %`}`);

/** What the tests have tried of the query. */
function coverage({ coverage: share, untried }) {
  if (share === undefined) return '';
  const rest = untried.length === 0 ? '' : ` Not tried:</p>\n<ul class="untried">${untried.map(({ line, text }) => `<li>line ${line}: ${markup(text)}</li>`).join('\n')}</ul>`;
  return `\n<p>They have tried ${share} % of the query.${rest || '</p>'}`;
}

/** One rule: the fields that analyticsrules.exchange shows, in its order, and below them what only a run can know. */
export function rulePage({ title, rule, baseUrl, feed }) {
  const arm = `../../arm/${rule.id}.json`;
  const url = baseUrl && `${baseUrl.replace(/\/$/, '')}/arm/${rule.id}.json`;
  const deploy = url
    ? `<a href="https://portal.azure.com/#create/Microsoft.Template/uri/${markup(encodeURIComponent(url))}" rel="noreferrer">Deploy to Azure</a>`
    : `<code>az deployment group create -g GROUP -f ${rule.id}.json -p workspace=NAME</code>`;
  const source = /^https:\/\//.test(rule.source) ? `<a href="${markup(encodeURI(rule.source))}" rel="noreferrer">${markup(rule.source)}</a>` : markup(rule.source);
  const scheduled = rule.kind === 'Scheduled';
  const row = (name, value) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`;
  const none = '<span class="muted">none</span>';
  const rows = [
    ['Id', `<code>${rule.id}</code>`],
    ['Rulename', markup(rule.name)],
    ['Description', preformatted(rule.description)],
    ['Severity', severity(rule.severity)],
    ['Tactics', list(rule.tactics)],
    ['Techniques', list(techniquesOf(rule), technique)],
    ['Required data connectors', list(rule.connectors)],
    ['Kind', markup(rule.kind)],
    ...(scheduled ? [['Query frequency', markup(rule.frequency)], ['Query period', markup(rule.period)], ['Trigger threshold', String(rule.threshold)], ['Trigger operator', markup(rule.operator)]] : []),
    ['Source Uri', source],
    ['Version', markup(rule.version) || none],
    ['Arm template', `<a href="${arm}" download>${rule.id}.json</a>`],
    ['Deploy To Azure', deploy],
  ];
  const finding = ({ severity: level, code, line, message, hint }) => `<li><span class="level ${level}">${level}</span> <code>${code}</code> line ${line}: ${markup(message)}${hint ? `<br><span class="muted">${markup(hint)}</span>` : ''}</li>`;
  const body = `<h1>${markup(rule.name)}</h1>
<table class="facts"><tbody>
${rows.map(([name, value]) => row(name, value)).join('\n')}
</tbody></table>
<section aria-labelledby="kql"><h2 id="kql">KQL</h2>
<pre class="code" tabindex="0" role="group" aria-label="KQL"><code>${kql(rule.query.trimEnd())}</code></pre></section>
<section aria-labelledby="yaml"><h2 id="yaml">YAML</h2>
<pre class="code" tabindex="0" role="group" aria-label="YAML"><code>${preformatted(rule.yaml.trimEnd())}</code></pre></section>
<section aria-labelledby="findings"><h2 id="findings">Findings</h2>
${rule.findings.length > 0 ? `<ul class="findings">${rule.findings.map(finding).join('\n')}</ul>` : '<p>forepost check finds nothing.</p>'}</section>
${rule.tests === undefined ? '' : `<section aria-labelledby="tests"><h2 id="tests">Tests</h2>
${rule.tests === null ? '<p>This rule has no tests.</p>' : `<ul class="tests">${rule.tests.cases.map(({ name, status }) => `<li><span class="${status === 'passed' ? 'good' : 'bad'}">${markup(status)}</span> ${markup(name)}</li>`).join('\n')}</ul>${coverage(rule.tests)}`}</section>`}${rule.history === undefined ? '' : `
<section aria-labelledby="history"><h2 id="history">History</h2>
${rule.history.length === 0 ? '<p>No commit has this rule yet.</p>' : `<table class="history"><thead><tr><th scope="col">Day</th><th scope="col">Version</th><th scope="col">Change</th></tr></thead><tbody>
${rule.history.map(({ time, version, subject, commit }) => `<tr><td>${time.slice(0, 10)}</td><td>${markup(version ?? '')}</td><td>${markup(subject)} <code class="muted">${markup(commit.slice(0, 10))}</code></td></tr>`).join('\n')}
</tbody></table>`}</section>`}`;
  return page({ title: rule.name, site: title, root: '../../', feed, body });
}

/** ATT&CK's tactics as columns, with the rules of each technique. */
export function matrixPage({ title, rules, tactics, feed }) {
  const columns = matrix(rules, tactics);
  const cell = ({ technique: id, rules: those }) => `<li><details><summary><span class="id">${markup(id)}</span> ${markup(NAMES[id] ?? '')} <span class="count">${those.length}</span></summary>
<ul>${those.map((rule) => `<li><a href="../rules/${rule.id}/index.html">${markup(rule.name)}</a>${rule.subTechniques.filter((sub) => sub.startsWith(`${id}.`)).map((sub) => ` <span class="muted">${markup(sub)}</span>`).join('')}</li>`).join('')}</ul></details></li>`;
  const body = `<h1>ATT&amp;CK</h1>
<p class="muted">Techniques that the rules name, under the tactics that they name; a number says how many rules. <a href="navigator.json" download>Layer for the ATT&amp;CK Navigator</a></p>
<div class="wide" role="region" aria-label="Matrix" tabindex="0"><div class="matrix">
${columns.map(({ tactic, cells }) => `<section class="tactic${cells.length > 0 ? '' : ' empty'}"><h2>${markup(tacticName(tactic))}</h2>${cells.length > 0 ? `<ul>${cells.map(cell).join('\n')}</ul>` : '<p class="muted">no rule</p>'}</section>`).join('\n')}
</div></div>
<p class="muted">ATT&amp;CK’s names are © The MITRE Corporation and reproduced with its permission. The tactics are those of the enterprise matrix of 2025.</p>`;
  return page({ title: 'ATT&CK', site: title, root: '../', current: 'attack/index.html', feed, body });
}

/** Atom: `entries` of `{rule, commit, title, time, text}`, the newest first. */
export function feedXml({ title, entries, baseUrl }) {
  const base = markup(baseUrl.replace(/\/$/, ''));
  const written = entries.map(({ rule, commit, title: heading, time, text }) => `<entry><id>${commit ? `${base}/rules/${rule.id}/#${markup(commit)}` : `urn:uuid:${rule.id}`}</id><title>${markup(heading)}</title><updated>${time}</updated><link href="${base}/rules/${rule.id}/"/><summary>${markup(text.replace(/\s+/g, ' '))}</summary></entry>`);
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>${base}/</id><title>${markup(title)}</title><updated>${entries[0].time}</updated><author><name>${markup(title)}</name></author><link href="${base}/"/><link rel="self" href="${base}/feed.xml"/>
${written.join('\n')}
</feed>
`;
}
