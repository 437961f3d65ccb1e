// Before anything was read: one large target, and what to expect.

import { h } from '../dom.js';
import { folder, severity } from './icons.js';

export function emptyState(app) {
  const { phase, error, rules, linked } = app.state;
  if (phase === 'failed') {
    return h('main.empty', { id: 'main', tabindex: -1 }, h('div.target', h('h2', 'The engine could not go on'),
      h('p.bad', error), h('p', 'Nothing was sent anywhere. Load the page again; if it happens again, an up-to-date Chrome, Edge, Firefox or Safari should help.'),
      h('p', h('button.primary', { onclick: () => location.reload() }, 'Load the page again'))));
  }
  return h('main.empty', { id: 'main', tabindex: -1 },
    linked && h('div.notice', { role: 'status' }, h('span', `This link brought ${linked.length === 1 ? 'a rule' : `${linked.length} rules`}: ${linked.map((r) => r.file).join(', ')}. `),
      h('button.small', { onclick: () => app.useLinked() }, 'Add to the rules'), h('button.small', { onclick: () => app.update({ linked: undefined }) }, 'Leave out')),
    h('div.target',
      folder(),
      h('h2', 'Drop CloudTrail logs here'),
      h('p', 'Files or whole folders. Microsoft Sentinel rules run on every event and show what they found, and why.'),
      h('p.muted', '.json, .json.gz, NDJSON, CSV exports, .zip; rule files in YAML are added to the rules.'),
      h('p.muted', 'Nothing is uploaded: the engine runs in this page, and works without a network.'),
      h('p.toolbar',
        h('button.primary', { disabled: phase !== 'ready', onclick: () => app.header.files.click() }, 'Choose files'),
        h('button', { disabled: phase !== 'ready', onclick: () => app.header.folder.click() }, 'Choose a folder'),
        h('button', { disabled: phase !== 'ready', onclick: () => app.paste() }, 'Paste text'),
        h('button', { disabled: phase !== 'ready', onclick: () => app.sample() }, 'Try the sample'))),
    h('section.ready', h('h3', rules.length === 1 ? 'Rule that runs' : `Rules that run (${rules.filter((r) => r.enabled).length})`),
      rules.length ? h('ul', rules.filter((r) => r.enabled).slice(0, 8).map((rule) => h('li',
        h('button.link', { onclick: () => { app.update({ tab: 'rules' }); app.panels.rules.choose(rule.file); } }, rule.card?.name ?? rule.file), rule.card && severity(rule.card.severity))))
        : h('p.muted', 'Loading the engine …')));
}
