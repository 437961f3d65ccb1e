// The built page: what it shows equals what the command says, and nothing of a log ever runs.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { zip } from '../zip.js';
import { ROOT, SHARED, accessible, add, addFolder, alerts, allowClipboard, anotherPage, aPageForEachTest, download, event, events, eventually, file, filesIn, forepost, lines, needsChromium, open, page, scanOff, settled, site, visit, withSlowReaders } from './support.js';

const SAMPLE = join(ROOT, 'samples/AWSLogs');
aPageForEachTest();

const eventCount = (...paths) => Number(JSON.parse(lines(forepost('query', 'AWSCloudTrail | count', ...paths, '--format', 'ndjson'))[0]).Count);
const logsIn = (folder) => filesIn(folder).filter((path) => !/\.(zip|md|html|js)$/.test(path));
const sorted = (list) => [...list].sort();

/** A folder with the rules that are inside the engine. */
async function builtIn() {
  const { builtInRules, loadSync } = await import('../../dist/npm/triage.js');
  loadSync(readFileSync(join(ROOT, 'dist/npm/forepost.wasm')));
  const folder = join(ROOT, 'tests/out/built-in');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { file: name, text } of builtInRules()) writeFileSync(join(folder, name.split('/').at(-1)), text);
  return folder;
}

async function sameAsCommand(paths, folder, rules) {
  if (rules) {
    await page.setInputFiles('#pick-files', readdirSync(rules).filter((f) => f.endsWith('.yaml')).map((f) => join(rules, f)));
    await page.waitForFunction((n) => Number(document.querySelector('#tab-rules .count')?.textContent) >= n, readdirSync(rules).length, { timeout: 30_000 });
    await page.waitForTimeout(500);
  }
  if (rules) await page.setInputFiles('#pick-files', logsIn(folder)); // a folder of its own has rules among them
  else await addFolder(page, folder);
  await settled(page);
  const read = rules ? logsIn(folder) : paths;
  if (await page.locator('button[data-key=repeated]').count()) {
    // The command counts each delivery, as a workspace does.
    await page.click('button[data-key=repeated]');
    await page.click('text=Count each delivery');
    await page.waitForSelector('text=repeated events count each time');
    await settled(page);
  }
  assert.equal(await events(page), eventCount(...read));
  const command = lines(forepost('scan', ...read, '--format', 'ndjson', ...(rules ? ['--rules', rules, '--rules', await builtIn()] : [])));
  assert.ok(command.length > 0, 'the command finds something');
  assert.deepEqual(sorted(await alerts(page)), sorted(command));
}

test('a folder gives the alerts and counts of `forepost scan`', () => sameAsCommand([SAMPLE], SAMPLE));

test('real logs give the alerts and counts of `forepost scan`', { skip: !SHARED && 'no shared logs' }, () =>
  sameAsCommand([join(SHARED, 'cloudtrail/cases')], join(SHARED, 'cloudtrail/cases')));

test('real logs and all real rules give the alerts of `forepost scan`', { skip: !SHARED && 'no shared logs', timeout: 180_000 }, () =>
  sameAsCommand([join(SHARED, 'cloudtrail/real')], join(SHARED, 'cloudtrail/real'), join(SHARED, 'rules')));

test('a panic of the engine is shown with its message, file and line', async () => {
  const module = readFileSync(join(ROOT, 'dist/panic-test/forepost.wasm'));
  const other = await open({ serviceWorkers: 'block' }); // no service worker answers before the route does
  try {
    await other.context.route('**/*.wasm', (route) => route.fulfill({ body: module, contentType: 'application/wasm' }));
    const panicking = await visit(other);
    await panicking.setInputFiles('#pick-files', [file('panic.ndjson', 'please panic'), file('fine.ndjson', `${scanOff(1)}\n`)]);
    await panicking.click('button[data-key=problems]', { timeout: 60_000 });
    assert.match(await panicking.textContent('dialog[open]'), /panic\.ndjson.*panicked at src\/host\/panic_test\.rs:\d+:\d+: a panic on purpose/s);
  } finally {
    await other.close();
  }
});

test('files of a folder that hold no events are named', { skip: needsChromium('pick a folder') }, async () => {
  const folder = join(ROOT, 'tests/out/passed-over');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'no-ending'), `${scanOff(1)}\n`);
  writeFileSync(join(folder, 'notes.txt'), 'What the team wrote.\n');
  await page.setInputFiles('#pick-folder', folder);
  await settled(page);
  assert.equal(await events(page), 1);
  await page.click('button[data-key=passed-over]');
  assert.match(await page.textContent('dialog[open]'), /notes\.txt text without events/);
});

test('a drop is read, and several add up', async () => {
  const drop = (name, text) => page.evaluate(([n, t]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([t], n));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, [name, text]);
  await drop('a.ndjson', `${scanOff(1)}\n${event(2)}`);
  await settled(page);
  assert.equal(await events(page), 2);
  await drop('b.ndjson', `${scanOff(3)}\n${event(4)}\n${event(5)}`);
  await page.waitForFunction(() => document.querySelector('.status')?.textContent.startsWith('5 events'));
  await eventually(async () => (await alerts(page)).map((line) => JSON.parse(line).Evidence.length), (found) => found.length === 1 && found[0] === 2, 'one alert on both');
});

test('gzip of many members, CSV, zip and pasted text are read', async () => {
  const members = Buffer.concat([gzipSync(`{"Records":[${scanOff(1)}]}`), gzipSync(`{"Records":[${event(2)},${event(3)}]}`)]);
  const csv = 'TimeGenerated,EventName,EventSource,SourceIpAddress\r\n2026-03-10T06:00:00Z,ListUsers,iam.amazonaws.com,192.0.2.9\r\n';
  await add(page, file('many.json.gz', members), file('export.csv', csv), file('logs.zip', zip([['in/a.ndjson', `${event(4)}\n${event(5)}`], ['in/b.json.gz', gzipSync(event(6))], ['in/read.me', 'no log']])));
  await settled(page);
  assert.equal(await events(page), 3 + 1 + 3);
  await page.keyboard.press('v');
  await page.fill('dialog textarea', event(7));
  await page.click('dialog .primary');
  await page.waitForFunction(() => document.querySelector('.status')?.textContent.startsWith('8 events'));
});

test('the values of the why view are the engine’s', async () => {
  const record = scanOff(1, { userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/dev/zoë@example.com', principalId: 'AROA:zoë' } });
  const refused = scanOff(2, { errorCode: 'AccessDenied' });
  await add(page, file('a.ndjson', `${record}\n${refused}`));
  await settled(page);
  const { builtInRules, explain, loadSync } = await import('../../dist/npm/triage.js');
  loadSync(readFileSync(join(ROOT, 'dist/npm/forepost.wasm')));
  const [rule] = builtInRules();
  const write = (step) => (step.type === 'string' ? JSON.stringify(step.value) : typeof step.value === 'object' && step.value !== null ? JSON.stringify(step.value) : String(step.value));
  const expected = (text) => {
    const answer = explain(rule.text, new TextEncoder().encode(text));
    const last = new Map();
    for (const stage of answer.branches[0].stages) for (const step of stage.rows[0]?.steps ?? []) last.set(`${step.start}:${step.end}`, [answer.query.slice(step.start, step.end), write(step)].join(' → '));
    return { values: sorted(last.values()), rows: answer.run.rows };
  };
  const shown = async () => sorted(await page.$$eval('.why .expr', (all) => all.map((e) => `${e.textContent} → ${e.dataset.value}`)));
  await page.click('#tab-alerts');
  await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head)');
  await page.waitForSelector('.stages');
  assert.deepEqual(await shown(), expected(record).values);
  assert.equal(await page.locator('.stage.no').count(), 0);
  await page.click('#tab-events');
  await page.click('#panel-events .vt-body .vt-row >> nth=1');
  await page.waitForSelector('.stage.no');
  const why = expected(refused);
  assert.deepEqual(await shown(), why.values);
  assert.equal(why.rows, 0);
  assert.match(await page.textContent('.stage.no .value.decides'), /isempty\(ErrorCode\) → false, because ErrorCode = "AccessDenied"/);
  await page.click('.stage.no .value.decides .link');
  await page.waitForSelector('.json .pointed[data-path=errorCode]');
});

test('rows in and out of each stage are those of the engine', async () => {
  await page.click('text=Try the sample');
  await settled(page);
  await page.click('#panel-alerts .vt-row:not(.group):has-text("image scanning")');
  await page.click('text=Count rows over all events');
  await page.waitForFunction(() => /over all events in the table/.test(document.querySelector('.why')?.textContent));
  const counted = await page.$$eval('.stage .rows', (all) => all.map((e) => e.textContent));
  const query = (kql) => Number(JSON.parse(lines(forepost('query', `${kql} | count`, SAMPLE, '--format', 'ndjson'))[0]).Count);
  const all = query('AWSCloudTrail');
  const named = query('AWSCloudTrail | where EventName == "PutImageScanningConfiguration" and isempty(ErrorCode) and isempty(ErrorMessage)');
  assert.equal(counted[0], String(all));
  assert.equal(counted[1], `${all} → ${named}`);
});

test('Cancel stops reading and keeps what was read', { timeout: 120_000 }, () => withSlowReaders(async () => {
  const big = Array.from({ length: 150_000 }, (_, n) => event(n)).join('\n');
  await add(page, file('big.ndjson', big));
  await page.waitForFunction(() => document.querySelector('.status progress:not([hidden])')?.value > 5, null, { polling: 10, timeout: 60_000 });
  await page.click('text=Cancel');
  await settled(page);
  const read = await events(page);
  assert.ok(read > 0 && read < 150_000, `${read} events`);
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  assert.match(await page.textContent('dialog'), /cancelled/);
}));

test('what cannot be read is listed with its place; the rest is shown', async () => {
  const cut = `{"Records":[${scanOff(1)},${event(2).slice(0, 80)}`;
  await add(page, file('cut.json', cut), file('picture.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])), file('damaged.json.gz', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 9, 9, 9])),
    file('empty.json', ''), file('good.ndjson', event(3)), file('bad.zip', Buffer.from('PK\x03\x04 not really a zip archive at all')));
  await settled(page);
  assert.equal(await events(page), 2);
  assert.equal((await alerts(page)).length, 1);
  await page.click('.status .link');
  const text = await page.textContent('dialog');
  assert.match(text, new RegExp(`cut\\.json.*cut at byte ${cut.lastIndexOf('{"eventVersion')}`.replace(/byte (\d+)/, (_, n) => `byte ${Number(n).toLocaleString('en-US')}`)));
  assert.match(text, /picture\.png.*a picture/);
  assert.match(text, /damaged\.json\.gz.*gzip_/);
  assert.match(text, /bad\.zip/);
  assert.doesNotMatch(text, /good\.ndjson/);
});

test('hostile text stays text', async () => {
  const evil = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';
  const record = scanOff(1, { userAgent: evil, sourceIPAddress: evil, userIdentity: { type: 'IAMUser', userName: evil, arn: `arn:aws:iam::1:user/${evil}` }, requestParameters: { repositoryName: evil, imageScanningConfiguration: { scanOnPush: false } } });
  await add(page, file(`${evil.replaceAll('/', '_')}.ndjson`, `${record}\n{"a": 1}\n`));
  await settled(page);
  await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head)');
  await page.waitForSelector('.stages');
  await page.click('.detail details.event summary >> nth=0').catch(() => {});
  for (const tab of ['events', 'query', 'rules', 'alerts']) { await page.click(`#tab-${tab}`); await page.waitForTimeout(200); }
  await page.click('.status .link');
  assert.ok((await page.content()).includes('&lt;script&gt;window.hit'));
  assert.equal(await page.evaluate(() => window.hit), undefined);
  assert.equal(await page.locator('img, #app script').count(), 0);
  await page.keyboard.press('Escape');
  await page.click('.take summary');
  const report = await download(page, () => page.click('text=Save as report >> visible=true'));
  const other = await site.context.newPage();
  await other.setContent(report);
  assert.equal(await other.evaluate(() => window.hit), undefined);
  assert.equal(await other.locator('img, script').count(), 0);
  assert.ok((await other.textContent('body')).includes(evil));
  await other.close();
});

test('the policy holds: no foreign connection, no eval, no HTML from text', async () => {
  const tried = await page.evaluate(async () => {
    const attempt = async (act) => { try { await act(); return 'done'; } catch (error) { return error.name; } };
    return {
      fetch: await attempt(() => fetch('https://example.com/')),
      // In a timer: what the debugger evaluates itself may use eval.
      eval: await new Promise((resolve) => { setTimeout(() => attempt(() => (0, eval)('1')).then(resolve)); }),
      html: await attempt(() => { document.createElement('div').innerHTML = '<b>'; }),
      worker: await attempt(() => new Worker('https://example.com/x.js')),
    };
  });
  assert.deepEqual(tried, { fetch: 'TypeError', eval: 'EvalError', html: 'TypeError', worker: 'TypeError' });
  await page.waitForTimeout(500);
  assert.ok(page.complaints.length >= 3, 'and each was told');
  page.complaints.length = 0;
});

test('no source makes HTML of text', () => {
  const files = readdirSync(join(ROOT, 'www/src'), { recursive: true }).filter((name) => name.endsWith('.js'));
  assert.ok(files.length > 20);
  for (const name of files) {
    const text = readFileSync(join(ROOT, 'www/src', name), 'utf8');
    assert.doesNotMatch(text, /innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTMLUnsafe|srcdoc/, name);
  }
});

test('axe finds nothing, in both themes', { timeout: 500_000 }, async () => {
  const check = (where) => accessible(page, where);
  await check('empty');
  await page.click('text=Try the sample');
  await settled(page);
  await page.waitForTimeout(3200);
  await check('alerts');
  await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head)');
  await page.waitForSelector('.stages');
  await page.click('.detail details.event summary >> nth=0');
  await check('alert');
  await page.keyboard.press('Escape');
  await page.click('#tab-events');
  await page.click('#panel-events .vt-body .vt-row >> nth=3');
  await page.waitForSelector('.stage.no');
  await check('event');
  await page.click('#tab-query');
  await page.click('text=Run query');
  await page.waitForSelector('.result .vt-row');
  await check('query');
  await page.click('#tab-rules');
  await page.waitForTimeout(600);
  await check('rules');
  await page.keyboard.press('Escape');
  await page.click('.bar [aria-label="Keys ?"]');
  await check('keys');
});

test('keys reach everything', async () => {
  await page.keyboard.press('s');
  await settled(page);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.detail .stages');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.detail', { state: 'hidden' });
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await page.waitForSelector('#panel-events:not([hidden]) .vt-body .vt-row');
  await page.keyboard.press('/');
  await page.keyboard.type('GetSecretValue');
  const wanted = lines(forepost('query', 'AWSCloudTrail | where EventName contains "GetSecretValue"', SAMPLE, '--format', 'ndjson')).length;
  await page.waitForFunction((n) => document.querySelector('#tab-events')?.textContent.startsWith(`Events${n}/`), wanted);
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open] kbd');
  await page.keyboard.press('Escape');
  await page.keyboard.press('c');
  await page.waitForFunction(() => /^Events425$/.test(document.querySelector('#tab-events')?.textContent));
});

test('facets and the histogram count what KQL counts', async () => {
  await page.click('text=Try the sample');
  await settled(page);
  const shown = () => page.$$eval('.facet[data-column=EventName] li', (all) => all.map((li) => [li.querySelector('button').title, Number(li.querySelector('.count').textContent)]));
  const counted = new Map(lines(forepost('query', 'AWSCloudTrail | summarize n = count() by EventName', SAMPLE, '--format', 'ndjson')).map((l) => JSON.parse(l)).map(({ EventName, n }) => [EventName, Number(n)]));
  await eventually(shown, (all) => all.length === 8 && all.every(([name, n]) => n === counted.get(name)), 'the counts of the query');
  const facet = await shown();
  await page.click(`.facet li button[title="${facet[1][0]}"]`);
  await page.waitForFunction((n) => document.querySelector('#tab-events')?.textContent === `Events${n}/425`, facet[1][1]);
  await page.click('text=clear all');
  const box = await page.locator('.plotarea').boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 5 });
  await page.mouse.up();
  await page.waitForFunction(() => /^Events\d+\/425$/.test(document.querySelector('#tab-events')?.textContent));
  const within = Number((await page.textContent('#tab-events')).match(/Events(\d+)/)[1]);
  assert.ok(within > 20 && within < 300, `${within}`);
});

test('a query runs on what was loaded; a wrong one says where', async () => {
  await page.click('text=Try the sample');
  await settled(page);
  await page.click('#tab-query');
  await page.waitForSelector('.query .cm-content, .query .editor');
  await page.waitForTimeout(500);
  await page.click('text=Run query');
  await page.waitForSelector('.result .vt-body .vt-row');
  const rows = await page.$$eval('.result .vt-body .vt-row', (all) => all.map((r) => [...r.children].map((c) => c.textContent)));
  const expected = lines(forepost('query', 'AWSCloudTrail | summarize Events = count() by EventName, EventSource | top 20 by Events', SAMPLE, '--format', 'ndjson')).map((l) => JSON.parse(l));
  // The table draws what is in view; calls that came equally often stand in any order.
  assert.ok(rows.length >= 15, `${rows.length} rows`);
  const all = new Set(expected.map((r) => [r.EventName, r.EventSource, r.Events].join(' ')));
  assert.deepEqual(rows.map((r) => r.join(' ')).filter((row) => !all.has(row)), []);
  await page.click('.query .editor');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('AWSCloudTrail | where EventNam == "x"');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.query .editor >> .cm-lintRange-error');
  assert.equal(await page.textContent('.query .editor >> .cm-lintRange-error'), 'EventNam');
  await page.click('text=Run query');
  await page.waitForSelector('.result [role=alert]');
  assert.match(await page.textContent('.result'), /KS142.*EventNam/);
  await page.click('.query .editor');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('AWSCloudTrail | where SourceIp');
  await page.waitForSelector('.query .editor >> .cm-tooltip-autocomplete');
  assert.match(await page.textContent('.query .editor >> .cm-tooltip-autocomplete'), /SourceIpAddress/);
});

test('an edited rule gives other alerts, and is saved as YAML', async () => {
  await page.click('text=Try the sample');
  await settled(page);
  assert.equal((await alerts(page)).length, 5);
  await page.click('#tab-rules');
  await page.waitForSelector('.rulecard .editor >> .cm-line');
  assert.match(await page.textContent('.rulecard'), /19602494-94af-43c8-90ba-eb0e14999612.*Scheduled.*1\.0\.2.*DefenseEvasion.*T1562.*AWS.*1d.*GreaterThan 0/);
  const before = await download(page, () => page.click('text=Save as YAML'));
  assert.equal(before, readFileSync(join(ROOT, 'rules/AWS_ECRImageScanningDisabled.yaml'), 'utf8'));
  await page.$eval('.rulecard', (card) => { card.scrollTop = 1e6; }); // the editor keeps only lines that are in view
  await page.click('.rulecard .editor >> .cm-line:has-text("scanOnPush == false")');
  await page.keyboard.press('End');
  await page.keyboard.type(' and SourceIpAddress == "no such address"');
  await page.waitForFunction(() => document.querySelector('[data-key=apply]')?.disabled === false);
  await page.click('[data-key=apply]');
  await page.waitForFunction(() => /^Alerts4$/.test(document.querySelector('#tab-alerts')?.textContent), null, { timeout: 20_000 });
  assert.match(await download(page, () => page.click('text=Save as YAML')), /no such address/);
  await page.click('[data-key=revert]');
  await page.waitForFunction(() => /^Alerts5$/.test(document.querySelector('#tab-alerts')?.textContent), null, { timeout: 20_000 });
});

test('a broken rule is listed with its findings and does not stop the others', async () => {
  const yaml = readFileSync(join(ROOT, 'rules/AWS_ECRImageScanningDisabled.yaml'), 'utf8').replace('19602494', '29602494').replace('EventName ==', 'EventNam ==');
  await add(page, file('mine.yaml', yaml), file('a.ndjson', scanOff(1)));
  await settled(page);
  assert.equal((await alerts(page)).length, 1);
  await page.click('#tab-rules');
  await page.click('.rulelist >> text=cannot run');
  assert.match(await page.textContent('.findings'), /KS142.*EventNam/);
});

test('a rule in ARM form runs, and is shown as YAML', async () => {
  const arm = forepost('arm', join(ROOT, 'rules/AWS_ECRImageScanningDisabled.yaml')).replaceAll('19602494', '29602494');
  await add(page, file('export.json', arm), file('a.ndjson', scanOff(1)));
  await settled(page);
  assert.equal((await alerts(page)).length, 2);
  await page.click('#tab-rules');
  assert.match(await page.textContent('.rulecard'), /29602494-94af-43c8-90ba-eb0e14999612.*Scheduled/);
});

test('a rule is saved as the ARM template of `forepost arm`, with the command that deploys it and its source', async () => {
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await page.click('.rulelist >> text=Amazon ECR image scanning disabled');
  const path = join(ROOT, 'rules/AWS_ECRImageScanningDisabled.yaml');
  assert.equal((await download(page, () => page.click('text=Save ARM template'))).trim(), forepost('arm', path).trim());
  assert.match(await page.textContent('.rulecard'), /az deployment group create -g GROUP -f 19602494-94af-43c8-90ba-eb0e14999612\.json -p workspace=NAME/);
  assert.match(await page.getAttribute('.rulecard a', 'href'), /^https:\/\/github\.com\/Azure\/Azure-Sentinel\/.*AWS_ECRImageScanningDisabled\.yaml$/);
  assert.match(await page.getAttribute('.rulecard a', 'rel'), /noreferrer/);
});

test('CSV holds no formula, and a link carries no event', async () => {
  await add(page, file('a.ndjson', scanOff(1, { userIdentity: { type: 'IAMUser', userName: '=cmd|calc', arn: 'arn:aws:iam::1:user/=cmd|calc' } })));
  await settled(page);
  await page.click('.take summary');
  const csv = await download(page, () => page.click('text=Save as CSV >> visible=true'));
  assert.match(csv, /^TimeGenerated,AlertSeverity,DisplayName/);
  assert.equal(csv.trim().split('\r\n').length, 2);
  await page.click('.facet li button >> nth=0');
  await allowClipboard();
  await page.keyboard.press('l');
  await page.waitForFunction(() => /Link copied/.test(document.querySelector('.toast').dataset.last));
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const { inflateRawSync } = await import('node:zlib');
  const view = JSON.parse(inflateRawSync(Buffer.from(link.split('#v1=')[1], 'base64url')));
  assert.deepEqual(Object.keys(view).sort(), ['filters', 'local', 'off', 'query', 'rules', 'tab']);
  assert.equal(JSON.stringify(view).includes('0-1'), false);
  await page.close();
  const hostile = deflateRawSync(JSON.stringify({ tab: '<img>', rules: [{ file: 'x.yaml', text: 'id: <b>' }], filters: { values: { EventName: [1] }, time: 'x' } })).toString('base64url');
  await anotherPage(`#v1=${hostile}`);
  await page.waitForSelector('.notice');
  assert.equal(await page.locator('.rulelist').count(), 0, 'a rule of a link does not run by itself');
});

test('it opens without a network after the first visit', async () => {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForTimeout(1000);
  await site.context.setOffline(true);
  try {
    await page.reload();
    await page.waitForSelector('.ready li');
    page.complaints.length = 0;
    await page.click('text=Try the sample');
    await settled(page);
    assert.equal(await events(page), 425);
    await page.click('#tab-query');
    await page.waitForSelector('.query .editor >> .cm-line');
  } finally {
    await site.context.setOffline(false);
  }
});
