// Tables, watchlists and saved functions are dropped on the page and mean what `--context` makes of them; archives of rules are opened.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LOGS } from '../forms.js';
import { tar, zip } from '../zip.js';
import { ROOT, accessible, add, addFolder, alerts, allowClipboard, anotherPage, aPageForEachTest, download, event, events, eventually, file, forepost, lines, page, scanOff, settled } from './support.js';

/** What the page says is seen also where it says the next thing at once. */
aPageForEachTest(() => page.evaluate(() => {
  const toast = document.querySelector('.toast');
  window.said = [];
  new MutationObserver(() => window.said.push(toast.dataset.last)).observe(toast, { attributes: true });
}));

const BUILT_IN = 51;
let made = 0;
const rule = (name, query) => `id: 0f0e0d0c-1234-4000-8000-${String(made += 1).padStart(12, '0')}\nname: ${name}\ndescription: d\nseverity: High\nkind: NRT\ntactics: [DefenseEvasion]\nrelevantTechniques: [T1562]\nquery: |\n  ${query}\n`;
const OFF = "AWSCloudTrail | where EventName == 'PutImageScanningConfiguration'";
const RULES = {
  'watchlist.yaml': rule('A watched user', `${OFF} and UserIdentityUserName in ((_GetWatchlist('vips') | project SearchKey))`),
  'table.yaml': rule('After an alert', `${OFF} | join kind=inner (SecurityAlert | project CompromisedEntity, AlertName) on $left.UserIdentityUserName == $right.CompromisedEntity`),
  'function.yaml': rule('By a saved function', `${OFF} | invoke ActorOf() | where Actor == 'u1'`),
  'parser.yaml': rule('By a parser', "vimOff(user='u1')"),
  'outside.yaml': rule('From a bad address', `${OFF} and SourceIpAddress in ((externaldata(TorIP:string)[h@'https://lists.example/tor-exit.csv.zip'] with (ignoreFirstRecord=true)))`),
};
const CONTEXT = {
  'watchlists/vips.csv': 'SearchKey,Why\nu1,root\n',
  'SecurityAlert.json': JSON.stringify([{ TimeGenerated: '2026-03-10T06:00:02Z', AlertName: 'Leaked key', CompromisedEntity: 'u1' }, { TimeGenerated: '2026-03-10T06:00:02Z', AlertName: 'Other', CompromisedEntity: 'u9' }]),
  'functions/ActorOf.kql': 'let ActorOf = (T:(UserIdentityUserName:string)) { T | extend Actor = UserIdentityUserName };',
  'functions/vimOff.yaml': `ParserName: vimOff\nParserParams:\n  - Name: user\n    Type: string\n    Default: '*'\nParserQuery: |\n  ${OFF} and (user == '*' or UserIdentityUserName == user)\n`,
  'tor-exit.csv': 'TorIP\n192.0.2.1\n',
};
const LOG = `${scanOff(1)}\n${event(2)}\n${scanOff(3)}`;

function folderOf(name, files) {
  const folder = join(ROOT, 'tests/out', name);
  rmSync(folder, { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const text = (selector, right, what) => eventually(() => page.textContent(selector).catch(() => ''), (now) => right.test(now), what ?? String(right));
const saying = async (right) => {
  await eventually(() => page.evaluate(() => [...window.said ?? [], document.querySelector('.toast').dataset.last ?? ''].join('\n')), (now) => right.test(now), String(right));
  await page.evaluate(() => { window.said = []; });
};
const active = (n, of) => text('.rulelist', new RegExp(`${n} of ${of} active`));
const sameAsCommand = async (...given) => {
  const command = lines(forepost('scan', file('a.ndjson', LOG), '--format', 'ndjson', '--rules', folderOf('supplied-rules', RULES), '--pack', 'aws', ...given));
  await eventually(async () => (await alerts(page)).sort(), (now) => JSON.stringify(now) === JSON.stringify(command.sort()), 'the alerts of the command');
  return command.length;
};

test('a folder of tables, watchlists and functions: rules that lacked them run, with the alerts of `forepost scan --context`', { timeout: 180_000 }, async () => {
  await add(page, file('a.ndjson', LOG), ...Object.entries(RULES).map(([name, yaml]) => file(name, yaml)));
  await settled(page);
  await page.click('#tab-rules');
  await active(BUILT_IN, BUILT_IN + 5);
  await text('.supplied', /Rules lack: .*vips/);
  await page.click('.rulelist >> text=A watched user');
  await text('.rulecard .findings', /The data for 'vips' was not supplied.*drop vips\.csv or \.json here/s);
  await page.click('.rulelist >> text=From a bad address');
  await text('.rulecard .findings', /drop tor-exit\.csv or \.json here/);
  const without = await sameAsCommand();
  const folder = folderOf('supplied', CONTEXT);
  await addFolder(page, folder);
  await text('.status', /3 tables, 2 function files/);
  const all = await sameAsCommand('--context', folder);
  assert.equal(all, without + 5);
  assert.doesNotMatch(await page.textContent('.status'), /cannot run/);
  // Why, with the table's values.
  await page.click('#tab-alerts');
  await page.click('#panel-alerts .vt-row:has-text("A watched user")');
  await page.waitForSelector('.detail .stages');
  assert.match(await page.textContent('.why .outcome'), /Match/);
  // A query reads them, too.
  await page.click('#tab-query');
  await page.waitForSelector('.query .editor >> .cm-content');
  await page.click('.query .editor');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText('vips | project Why');
  await page.click('text=Run query');
  await text('.result .vt-body', /^root$/);
  // What is removed is lacked again.
  await page.click('[data-key=supplied]');
  await page.click('.supplied [aria-label="Remove vips"]');
  await saying(/Removed: vips\. 1 rule cannot run without it/);
  await active(BUILT_IN + 4, BUILT_IN + 5);
  await eventually(async () => (await alerts(page)).length, (n) => n === all - 1, 'one alert less');
});

test('a rule that was switched off stays off when what it lacks comes', async () => {
  await add(page, file('off.yaml', RULES['watchlist.yaml']), file('a.ndjson', LOG));
  await settled(page);
  await page.click('#tab-rules');
  await active(BUILT_IN, BUILT_IN + 1);
  await page.click('[data-key="all off"]');
  await active(0, BUILT_IN + 1);
  await add(page, file('vips.csv', CONTEXT['watchlists/vips.csv']));
  await saying(/Added: 1 table\. 1 rule that lacked it can run now/);
  await active(0, BUILT_IN + 1);
});

test('what a file is, is asked where it is not clear', { timeout: 180_000 }, async () => {
  // Athena's export and a log of another service are logs, whatever they are called; so is what is lost.
  const athena = 'eventversion,useridentity,eventtime,eventsource,eventname,sourceipaddress\n1.08,"{""type"":""IAMUser"",""username"":""u1""}",2026-03-10T06:00:00Z,ecr.amazonaws.com,ListImages,192.0.2.1\n';
  await add(page, file('results.csv', athena), file('web.json', gunzipSync(LOGS.find(({ table }) => table === 'AWSWAF').data)), file('lost.json', '{"a":'));
  await settled(page);
  assert.equal(await page.locator('.notice').isVisible(), false);
  await text('.status', /^\d+ events3 files/);
  const read = await events(page);
  await add(page, file('watchlist.yaml', RULES['watchlist.yaml']), file('query_data.csv', 'SearchKey,Why\nu1,x\n'), file('people.ndjson', '{"who":"ana"}\n{"who":"bob"}\n'), file('more.csv', 'x,y\n1,2\n'));
  await text('.notice', /query_data\.csv has rows, but no events that Forepost reads/);
  await text('.status', /3 files to ask about/);
  assert.doesNotMatch(await page.textContent('.status'), /no problems/);
  await page.waitForTimeout(3200);
  await accessible(page, 'asked');
  assert.deepEqual(await page.$$eval('#lacking option', (all) => all.map(({ value }) => value)), ['vips']);
  await page.fill('.notice input', '1 2');
  await page.click('[data-key="unclear table"]');
  await saying(/Write the name/);
  await page.fill('.notice input', 'vips');
  await page.click('[data-key="unclear table"]');
  await saying(/Added: 1 table\. 1 rule that lacked it can run now/);
  await text('.notice', /people\.ndjson/);
  await page.click('[data-key="unclear log"]');
  await text('.status', /problem/);
  await text('.notice', /more\.csv/);
  await page.click('[data-key="unclear out"]');
  await text('.status', /passed over 1 file/);
  assert.equal(await page.locator('.notice').isVisible(), false);
  // Events in a file that is called as what a rule lacks.
  await page.click('#tab-rules');
  await page.click('.supplied [aria-label="Remove vips"]');
  await saying(/Removed: vips/);
  await add(page, file('vips.csv', athena.replace('ListImages', 'ListUsers')));
  await text('.notice', /vips\.csv can be events, or the table that a rule lacks/);
  await page.click('[data-key="unclear log"]');
  await eventually(() => events(page), (n) => n === read + 1, 'one event more');
});

test('what cannot be used is told by name, in the header, in the list and in the report, until a right one comes', { timeout: 180_000 }, async () => {
  await add(page, file('a.ndjson', LOG));
  await settled(page);
  const pick = (...paths) => page.setInputFiles('#pick-supplied', paths);
  await pick(file('SigninLogs.csv', 'Colour\nred\n'), file('ragged.csv', 'a,b\n1,2,3\n'), file('cut.json', '{"a":1}\n{"a"'), file('empty.csv', ''), file('broken.kql', 'AWSCloudTrail\n| where ('),
    file('rule.yaml', RULES['watchlist.yaml']), file('picture.png', Buffer.from([0x89, 0x50])), file('bytes.csv', Buffer.from([0x41, 0xff, 0xfe, 0x0a])), file('bad.csv.gz', Buffer.from([0x1f, 0x8b, 8, 0, 1])),
    file('AWSCloudTrail.csv', 'a\n1\n'), file('vips.csv', 'SearchKey\nu1\n'), file('vips.json', '[{"SearchKey":"u2"}]'));
  await text('.status', /11 tables or functions cannot be used1 table/);
  await page.waitForSelector('.supplied .findings li >> nth=10');
  const told = await page.$$eval('.supplied .findings li', (all) => all.map((e) => e.textContent));
  const wanted = {
    'SigninLogs.csv': /none of the columns/, 'ragged.csv': /line 2: the row has 3 fields/, 'cut.json': /line 2 is not JSON/, 'empty.csv': /no columns/, 'broken.kql': /line 2.*KS/, 'rule.yaml': /neither FunctionQuery nor ParserQuery/,
    'picture.png': /no table .* and no function/, 'bytes.csv': /not UTF-8/, 'bad.csv.gz': /gzip file is damaged/, 'AWSCloudTrail.csv': /cannot be called AWSCloudTrail/, 'vips.json': /there is another table vips/,
  };
  for (const [name, message] of Object.entries(wanted)) assert.match(told.find((line) => line.startsWith(name)) ?? 'nothing', message, name);
  await page.waitForTimeout(3200);
  await accessible(page, 'tables');
  await page.click('#tab-alerts');
  await page.click('.take summary');
  const report = await download(page, () => page.click('text=Save as report >> visible=true'));
  assert.match(report, /SigninLogs\.csv: /);
  assert.match(report, /not everything was read/);
  await pick(file('ragged.csv', 'a,b\n1,2\n'));
  await text('.status', /10 tables or functions cannot be used2 tables/);
  // The same once more is no other.
  await pick(file('vips.csv', 'SearchKey\nu1\n'));
  await saying(/It is there already/);
  await page.click('#tab-rules');
  await eventually(() => page.locator('.supplied ul:not(.findings) li').count(), (n) => n === 2, 'two tables');
});

test('what was supplied is in the case, comes back with it, and is in the report; a link says that it is not there', { timeout: 180_000 }, async () => {
  const vips = 'SearchKey,Why\nu1,<b>root\n';
  const hash = createHash('sha256').update(vips).digest('hex');
  await add(page, file('watchlist.yaml', RULES['watchlist.yaml']), file('query_data.csv', vips), file('a.ndjson', LOG));
  await page.fill('.notice input', 'vips');
  await page.keyboard.press('Enter');
  await saying(/Added: 1 table/);
  await settled(page);
  await page.click('summary:has-text("Case")');
  const saved = await download(page, () => page.click('text=Save case'));
  assert.doesNotMatch(saved, /root/, 'no row is in it');
  await page.click('.take summary');
  const report = await download(page, () => page.click('text=Save as report >> visible=true'));
  for (const part of ['Tables and functions', 'query_data.csv', hash]) assert.ok(report.includes(part), part);
  await allowClipboard();
  await page.click('.take summary');
  await page.click('text=Copy link to this view >> visible=true');
  await saying(/and not .*the 1 table: save a case/);
  await page.close();
  await anotherPage();
  await add(page, file('case.forepost.json', saved));
  await saying(/Case opened. Drop its logs now: 2 files/);
  await add(page, file('a.ndjson', LOG));
  await settled(page);
  await text('.status', /1 file of the case not here/);
  // The case knows what the file was called.
  await add(page, file('query_data.csv', vips));
  await text('.status', /1 table/);
  await eventually(() => page.textContent('.status'), (now) => !/not here|cannot run/.test(now), 'all is here');
  assert.equal(await page.locator('.notice').isVisible(), false);
  await page.click('summary:has-text("Case")');
  await page.click('text=Keep in this browser');
  await page.click('dialog .primary');
  await saying(/is kept/);
  await page.reload();
  await page.click('text=Open it');
  await settled(page);
  await text('.status', /1 table/);
  assert.equal((await alerts(page)).filter((line) => line.includes('A watched user')).length, 1);
  await page.click('summary:has-text("Case")');
  await page.click('text=Forget kept case');
  await saying(/was removed/);
});

test('an archive of rules is opened like their folder; one of both gives both; one of logs alone goes to the engine', { timeout: 180_000 }, async () => {
  const yaml = Object.entries(RULES).map(([name, of]) => [`pack/${name}`, of]);
  await add(page, file('rules.zip', zip([...yaml, ['pack/mine.test.yaml', 'tests: []'], ['pack/LICENSE', 'Text.']])));
  await active(BUILT_IN, BUILT_IN + 5);
  assert.doesNotMatch(await page.textContent('.status'), /problem/);
  await text('.status', /passed over 2 files/);
  const supplied = Object.entries(CONTEXT).map(([name, of]) => [`ctx/${name}`, of]);
  await add(page, file('all.tar.gz', gzipSync(tar([...supplied, ['logs/a.ndjson', LOG], ['logs/b.json.gz', gzipSync(`{"Records":[${event(4)}]}`)]]))));
  await settled(page);
  assert.equal(await events(page), 4);
  await text('.status', /3 tables, 2 function files/);
  await text('.status', /^4 events2 files/);
  await page.click('#tab-events');
  await page.click('#panel-events .vt-body .vt-row >> nth=0');
  await text('.detail', /all\.tar\.gz\/logs\/a\.ndjson/);
  // Logs alone stay one file.
  await add(page, file('logs.zip', zip([['in/c.ndjson', event(5)], ['in/read.me', 'no log']])));
  await text('.status', /^5 events3 files/);
  // Damaged ones are told, the rest is there.
  const broken = zip([['x/one.yaml', rule('One', OFF)], ['x/two.yaml', rule('Two', OFF)]]);
  broken[45] ^= 0xff;
  await add(page, file('broken.zip', broken));
  await page.click('#tab-rules');
  await text('.rulelist', new RegExp(`${BUILT_IN + 6} of ${BUILT_IN + 6} active`));
  await page.click('[data-key=passed-over]');
  assert.match(await page.textContent('dialog[open]'), /broken\.zip\/x\/one\.yaml the file in the zip archive is damaged at byte 0/);
});

test('saved functions in ARM form are functions; what was supplied is completed in the editor', { timeout: 180_000 }, async () => {
  const search = (alias, query, more = {}) => ({ type: 'Microsoft.OperationalInsights/workspaces/savedSearches', apiVersion: '2022-10-01', name: alias, properties: { displayName: alias, functionAlias: alias, query, ...more } });
  const template = JSON.stringify({ $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#', resources: [search('Actors', 'print ActorName = "ana"'), search('ActorOf', 'T | extend Actor = UserIdentityUserName', { functionParameters: 'T:(UserIdentityUserName:string)' })] });
  await add(page, file('a.ndjson', LOG), file('function.yaml', RULES['function.yaml']));
  await settled(page);
  await add(page, file('parsers.json', template), file('single.json', JSON.stringify(search('OneMore', 'print 1'))), file('SecurityAlert.json', CONTEXT['SecurityAlert.json']));
  await text('.status', /1 table, 2 function files/);
  await page.click('#tab-rules');
  await active(BUILT_IN + 1, BUILT_IN + 1);
  await text('.supplied', /functions Actors, ActorOf/);
  await text('.supplied', /function OneMore/);
  const listed = () => page.$eval('.query .editor', (host) => [...host.shadowRoot.querySelectorAll('.cm-tooltip-autocomplete li')].map((li) => li.textContent));
  const completes = async (start, more, wanted) => {
    await page.click('.query .editor');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete'); // the editor does it; what replaces a coloured word would have the browser style it
    await page.keyboard.insertText(`${start}${more.slice(0, -1)}`);
    await page.keyboard.type(more.slice(-1));
    await eventually(listed, (all) => all.some((line) => wanted.test(line)), `${more} completes to ${wanted}`);
    await page.keyboard.press('Escape');
  };
  await page.click('#tab-query');
  await page.waitForSelector('.query .editor >> .cm-content');
  await completes('', 'Acto', /^Actorssupplied function$/);
  await completes('Actors() | where ', 'ActorN', /^ActorNamestring, Actors$/);
  await completes('', 'SecurityAl', /^SecurityAlertsupplied table$/);
  await completes('SecurityAlert | where ', 'Compromised', /^CompromisedEntitystring, SecurityAlert$/);
  await completes('print 1 | where "ana" in (_GetWatchlist(', "'S", /^SecurityAlert$/);
});
