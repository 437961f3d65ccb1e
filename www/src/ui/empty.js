// The first view: a large drop target and what to expect.

import { h } from '../dom.js';
import { plural } from '../format.js';
import { folder, severity } from './icons.js';

const SHOWN = 8;               // rules that are named

export function emptyState(app) {
  const { phase, error, rules } = app.state;
  if (phase === 'failed') {
    return h('main.empty', { id: 'main', tabindex: -1 }, h('div.target', h('h2', 'The engine failed'),
      h('p.bad', error), h('p', 'No data left this page. Reload the page. If it fails again, use a current version of Chrome, Edge, Firefox or Safari.'),
      h('p', h('button.primary', { onclick: () => location.reload() }, 'Reload page'))));
  }
  return h('main.empty', { id: 'main', tabindex: -1 },
    app.state.kept && h('div.notice', { role: 'status' }, h('span', `This browser keeps a case with ${plural(app.state.kept.files.length, 'file')}.`),
      h('button.small', { onclick: () => app.case.openKept() }, 'Open it'), h('button.small', { onclick: () => app.case.forget() }, 'Forget it')),
    h('div.target',
      folder(),
      h('h2', 'Drop CloudTrail logs here'),
      h('p', 'Drop files or folders. Forepost runs Microsoft Sentinel rules on every event and shows what they found, and why.'),
      h('p.muted', 'Logs: JSON, NDJSON, CSV exports, and these in gzip, zstd, zip and tar. Rules: YAML files, ARM templates. Tables and watchlists: CSV, JSON. Saved functions: .kql. Cases: .forepost.json.'),
      h('p.muted', 'Nothing is uploaded. The engine runs in this page and works offline.'),
      h('p.toolbar',
        h('button.primary', { disabled: phase !== 'ready', onclick: () => app.header.files.click() }, 'Choose files'),
        h('button', { disabled: phase !== 'ready', onclick: () => app.header.folder.click() }, 'Choose a folder'),
        h('button', { disabled: phase !== 'ready', onclick: () => app.files.paste() }, 'Paste text'),
        h('button', { disabled: phase !== 'ready', onclick: () => app.files.sample() }, 'Try the sample'))),
    h('section.ready', h('h3', rules.length === 1 ? 'Active rule' : `Active rules (${rules.filter((r) => r.enabled).length})`),
      rules.length ? h('ul', rules.filter((r) => r.enabled).slice(0, SHOWN).map((rule) => h('li',
        rule.card ? severity(rule.card.severity) : h('span'), h('button.link', { onclick: () => { app.update({ tab: 'rules' }); app.panels.rules.choose(rule.file); } }, rule.card?.name ?? rule.file))),
        rules.filter((r) => r.enabled).length > SHOWN && h('li', h('button.link.more', { onclick: () => app.update({ tab: 'rules' }) }, `${rules.filter((r) => r.enabled).length - SHOWN} more`)))
        : h('p.muted', 'Loading the engine …')));
}
