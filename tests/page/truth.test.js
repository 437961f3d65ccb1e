// What the page says of itself is true: what was read, what a filter means, what a link holds, and that no work is lost.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { add, alerts, allowClipboard, anotherPage, aPageForEachTest, download, event, events, file, lines, page, scanOff, settled, site, withSlowDesk, withSlowReaders } from './support.js';

aPageForEachTest();

/** Microsoft's rule and ours. */
const BUILT_IN = 1 + readdirSync(new URL('../../rules/aws', import.meta.url)).filter((name) => /(?<!\.test)\.yaml$/.test(name)).length;
const count = (tab) => page.textContent(`#tab-${tab} .count`);
const counted = (tab, text) => page.waitForFunction(([t, n]) => document.querySelector(`#tab-${t} .count`)?.textContent === n, [tab, text]);
const user = (name, more = {}) => ({ userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::111122223333:user/${name}`, userName: name }, ...more });
const lots = (n, more) => Array.from({ length: n }, (_, i) => event(i, more)).join('\n');

test('what was cancelled is said in the header, in the toast, with the counts and in each file', { timeout: 120_000 }, () => withSlowReaders(async () => {
  await add(page, file('alert.ndjson', scanOff(1)), file('big.ndjson', lots(100_000)));
  await page.waitForFunction(() => document.querySelector('.status progress:not([hidden])')?.value > 5, null, { polling: 10, timeout: 60_000 });
  await page.click('text=Cancel');
  await settled(page);
  const status = await page.textContent('.status');
  assert.match(status, /Incomplete: 1 file cancelled/);
  assert.match(status, /MB of .* read/);
  assert.doesNotMatch(status, /no problems/);
  assert.match(await page.evaluate(() => document.querySelector('.toast').dataset.last), /^Not everything was read/);
  await page.click('.take summary');
  const [saved] = await Promise.all([page.waitForEvent('download'), page.click('text=Save as report >> visible=true')]);
  assert.equal(saved.suggestedFilename(), 'forepost-report-incomplete.html');
  assert.match(readFileSync(await saved.path(), 'utf8'), /1 file not read to the end \(cancelled\)/);
}));

test('a rule is typed into slowly, with pauses, and nothing becomes a command', async () => {
  await page.click('text=Try the sample');
  await settled(page);
  await page.click('#tab-rules');
  await page.click('.rulecard .editor >> .cm-line:has-text("AWSCloudTrail")');
  await page.keyboard.press('End');
  await page.keyboard.type(' // a');
  await page.waitForTimeout(900);
  await page.keyboard.type('bout scans, slowly', { delay: 60 });
  await page.waitForTimeout(600);
  assert.match(await page.textContent('.rulecard .editor >> .cm-content'), / \/\/ about scans, slowly/);
  assert.equal(await page.getAttribute('#tab-rules', 'aria-selected'), 'true');
  assert.equal(await events(page), 425);
});

test('the sample is never mixed with logs', async () => {
  await page.keyboard.press('s');
  await settled(page);
  await page.keyboard.press('s');
  assert.equal(await events(page), 425);
  await add(page, file('mine.ndjson', `${scanOff(1)}\n${event(2)}`));
  await page.waitForFunction(() => /^2 events/.test(document.querySelector('.status')?.textContent));
  await settled(page);
  await page.keyboard.press('s');
  await page.waitForFunction(() => /not mixed/.test(document.querySelector('.toast').dataset.last));
  assert.equal(await events(page), 2);
});

test('an account is its ARN, name, principal or session, and no part of a text', async () => {
  const eve = scanOff(1, user('eve'));
  const steve = scanOff(2, user('steve'));
  const session = event(3, { userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/dev/eve', principalId: 'AROAX:eve' } });
  await add(page, file('a.ndjson', [eve, steve, session, lots(20)].join('\n')));
  await settled(page);
  await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head)');
  await page.click('.chip.entity:has-text("eve") >> nth=0');
  await counted('events', '2/23');
});

test('a filter on a column is exact for alerts, and one event has to meet all filters', async () => {
  const rule = readFileSync(new URL('../../rules/AWS_ECRImageScanningDisabled.yaml', import.meta.url), 'utf8')
    .replace('19602494', '39602494').replace(/eventGroupingSettings:\s+aggregationKind: \w+/, 'eventGroupingSettings:\n  aggregationKind: AlertPerResult');
  await add(page, file('each.yaml', rule));
  await counted('rules', String(BUILT_IN + 1));
  const of = (n, ip, name) => scanOff(n * 86400, { ...user(name), sourceIPAddress: ip });
  await add(page, file('a.ndjson', [of(0, '1.2.3.1', 'u1'), of(1, '1.2.3.10', 'u10'), of(2, '1.2.3.11', 'u1'), of(3, '1.2.3.100', 'u11')].join('\n')));
  await settled(page);
  const all = (await alerts(page)).length;
  await page.click('.facet[data-column=SourceIpAddress] button[title="1.2.3.1"]');
  await counted('events', '1/4');
  const ofIp = (await alerts(page)).map((line) => JSON.parse(line));
  assert.ok(ofIp.length < all);
  for (const alert of ofIp) assert.ok(alert.Evidence.some(({ events: of }) => of.some(({ record }) => record.sourceIPAddress === '1.2.3.1')));
  // Another user: no event has both.
  await page.click('.facet[data-column=User] .exclude[aria-label="Without user/u1"]', { force: true });
  await counted('events', '0/4');
  assert.equal((await alerts(page)).length, 0);
});

test('filters add up, exclude, and are undone; Back returns', async () => {
  await page.click('text=Try the sample');
  await settled(page);
  await page.waitForSelector('.facet li');
  const whole = await count('events');
  await page.click('.facet[data-column=EventName] li button >> nth=0');
  await page.waitForFunction((n) => document.querySelector('#tab-events .count').textContent !== n, whole);
  const named = await count('events');
  await page.click('#tab-events');
  await page.click('#panel-events .vt-body .vt-row >> nth=1');
  await page.click('text=Only this user');
  await page.waitForFunction(() => document.querySelectorAll('.chips .chip:not(.entity)').length >= 2);
  assert.equal(await page.locator('.sidebar .chip').count(), 2);
  await page.click('[data-key=undo]');
  await counted('events', named);
  await page.goBack();
  await page.goBack();
  await counted('events', whole);
  // The tab counts at once; the facets follow.
  await page.waitForFunction((n) => Number(document.querySelector('.facet[data-column=EventName] h2 .count')?.textContent) > 1 && document.querySelector('.facet[data-column=EventName] li .count')?.textContent === n, named.split('/')[0]);
  await page.hover('.facet[data-column=EventName] li >> nth=0');
  await page.click('.facet[data-column=EventName] .exclude >> nth=0');
  const [wanted, all] = [named.split('/')[0], whole].map(Number);
  await counted('events', `${all - wanted}/${all}`);
});

test('a rule that is added while logs are read makes no event a repeat', () => withSlowDesk(async () => {
  await add(page, file('a.ndjson', Array.from({ length: 9000 }, (_, n) => event(n)).join('\n')));
  await page.waitForFunction(() => document.querySelector('.status progress:not([hidden])'));
  await page.waitForTimeout(300);
  const rule = readFileSync(new URL('../../rules/AWS_ECRImageScanningDisabled.yaml', import.meta.url), 'utf8').replace('19602494', '49602494');
  await add(page, file('more.yaml', rule));
  await page.waitForFunction(() => document.querySelector('#tab-rules .count')?.textContent === '52');
  await settled(page);
  assert.match(await page.textContent('.status'), /^9,000 events1 file/);
  assert.doesNotMatch(await page.textContent('.status'), /repeated/);
}));

test('an event that came twice counts once, and that is said', async () => {
  const first = scanOff(1);
  // Another export of the same event has its keys in another order; another event may have the same id.
  const again = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(first)).reverse()));
  const other = scanOff(1, { awsRegion: 'us-east-1' });
  await add(page, file('a.ndjson', `${first}\n${event(2)}`), file('b.ndjson', `${again}\n${other}\n${event(2)}`));
  await settled(page);
  assert.equal(await events(page), 3);
  assert.match(await page.textContent('.status'), /2 repeated/);
  assert.equal(JSON.parse((await alerts(page))[0]).Evidence.flatMap(({ events: of }) => of).length, 2);
  await page.click('button[data-key=repeated]');
  await page.click('text=Count each delivery');
  await page.waitForFunction(() => /^5 events/.test(document.querySelector('.status')?.textContent));
  await settled(page);
  assert.equal(JSON.parse((await alerts(page))[0]).Evidence.flatMap(({ events: of }) => of).length, 3);
});

test('many different events with one id are all kept', { timeout: 60_000 }, async () => {
  await add(page, file('same.ndjson', Array.from({ length: 20_000 }, (_, n) => event(n, { eventID: 'same' })).join('\n')));
  await settled(page);
  assert.equal(await events(page), 20_000);
});

test('a link says what it does not hold, and one that is pasted or damaged is heard', async () => {
  const yaml = readFileSync(new URL('../../rules/AWS_ECRImageScanningDisabled.yaml', import.meta.url), 'utf8');
  const id = (n) => `${String(n).padStart(8, '0')}-94af-43c8-90ba-eb0e14999612`;
  await add(page, ...Array.from({ length: 61 }, (_, n) => file(`r${n}.yaml`, yaml.replace(/19602494-[\w-]+/, id(n)))));
  await counted('rules', String(BUILT_IN + 61));
  await allowClipboard();
  await page.click('.take summary');
  await page.click('text=Copy link to this view');
  await page.waitForFunction(() => /Link copied/.test(document.querySelector('.toast').dataset.last));
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await page.close();
  await anotherPage();
  await page.evaluate((hash) => { location.hash = hash; }, link.split('#')[1]);
  await page.waitForSelector('.notice');
  assert.match(await page.textContent('.notice'), /61 rules/);
  await page.evaluate((hash) => { location.hash = hash; }, link.split('#')[1].slice(0, 200));
  await page.waitForFunction(() => /link is damaged/.test(document.querySelector('.toast').dataset.last));
});

test('leaving and starting over ask when something would be lost', async () => {
  await add(page, file('a.ndjson', scanOff(1)));
  await settled(page);
  await page.click('text=Start over');
  await page.click('text=Keep everything');
  assert.equal(await events(page), 1);
  const asked = new Promise((resolve) => { page.once('dialog', async (dialog) => { await dialog.dismiss(); resolve(dialog.type()); }); });
  page.close({ runBeforeUnload: true });
  assert.equal(await asked, 'beforeunload');
  await page.click('text=Start over');
  await page.click('dialog .primary');
  await page.waitForSelector('.target');
});

test('control and direction characters of logs are visible, everywhere', async () => {
  const turned = 'Put\u202eegami\u202c\u200b\u2066x';
  await add(page, file('a\u202egpj.ndjson', [scanOff(1, { userAgent: turned, ...user(turned), requestParameters: { repositoryName: turned, imageScanningConfiguration: { scanOnPush: false } } }), event(2, { eventName: turned, errorCode: turned })].join('\n')));
  await settled(page);
  await page.click('#panel-alerts .vt-row:not(.group):not(.vt-head)');
  await page.waitForSelector('.stages');
  const look = async () => {
    const text = await page.evaluate(() => {
      const attributes = [...document.querySelectorAll('*')].flatMap((e) => ['title', 'aria-label'].map((a) => e.getAttribute(a) ?? ''));
      return [document.body.innerText, ...attributes].join('\n');
    });
    assert.doesNotMatch(text, /[\u200b\u202a-\u202e\u2066-\u2069]/);
    return text;
  };
  assert.match(await look(), /\\u\{202e\}/);
  await page.click('#tab-events');
  await page.click('#panel-events .vt-body .vt-row >> nth=1');
  await page.waitForSelector('.detail h2:has-text("202e")');
  await look();
  await page.click('#tab-alerts');
  await page.click('.take summary');
  assert.doesNotMatch(await download(page, () => page.click('text=Save as report >> visible=true')), /[\u202a-\u202e]/);
});

test('of two rules with one id one runs, and that is said', async () => {
  const yaml = readFileSync(new URL('../../rules/AWS_ECRImageScanningDisabled.yaml', import.meta.url), 'utf8');
  await add(page, file('again.yaml', yaml), file('a.ndjson', scanOff(1)));
  await settled(page);
  assert.equal((await alerts(page)).length, 1);
  await page.click('#tab-rules');
  assert.match(await page.textContent('.rulelist'), /51 of 52 active.*same id as another/s);
});

test('no alert says how many rules of which packs ran, and what they cannot see', async () => {
  await add(page, file('quiet.ndjson', lots(5)));
  await settled(page);
  const text = await page.textContent('.answer');
  assert.match(text, /No alerts from 51 rules.*1 Microsoft, 50 Forepost for AWS/s);
  assert.match(text, /They cannot see.*data events.*\d+ rules look back up to 14d, further than these logs/s);
  assert.equal(await page.locator('.answer .icon.yes').count(), 0);
  // A pack is one switch.
  await page.click('#tab-rules');
  await page.click('[data-key="pack Microsoft"]');
  await page.waitForFunction(() => /50 of 51 active/.test(document.querySelector('.rulelist')?.textContent));
  await page.click('[data-key="pack Forepost for AWS"]');
  await page.waitForFunction(() => /0 of 51 active/.test(document.querySelector('.rulelist')?.textContent));
});

test('no alert is no green tick for one rule', async () => {
  await add(page, file('quiet.ndjson', lots(5)));
  await settled(page);
  await page.click('#tab-rules');
  await page.click('[data-key="pack Forepost for AWS"]');
  await page.click('#tab-alerts');
  await page.waitForFunction(() => /No alerts from 1 rule/.test(document.querySelector('.answer')?.textContent));
  const text = await page.textContent('.answer');
  assert.match(text, /RulesAWSCloudTrail - Amazon ECR image scanning disabled/);
  assert.match(text, /They look forDefense Evasion/);
  assert.match(text, /No rule looks for.*Exfiltration/);
  assert.equal(await page.locator('.answer .icon.yes').count(), 0);
  assert.ok(lines(text).length > 0);
});

test('rules are found, ordered and switched together', async () => {
  const yaml = readFileSync(new URL('../../rules/AWS_ECRImageScanningDisabled.yaml', import.meta.url), 'utf8');
  const rule = (n, severity) => file(`r${n}.yaml`, yaml.replace('19602494', `6960249${n}`).replace(/severity: \w+/, `severity: ${severity}`).replace(/name: .*/, `name: Rule ${n}`));
  await add(page, rule(1, 'Low'), rule(2, 'High'), rule(3, 'High'));
  await page.waitForFunction(() => document.querySelector('#tab-rules .count')?.textContent === '54');
  const names = () => page.$$eval('.rulelist .rulename', (all) => all.map((e) => e.textContent));
  await page.selectOption('.rulechooser [aria-label=Pack]', 'added');
  await page.selectOption('.rulechooser [aria-label=Order]', 'severity');
  assert.deepEqual((await names()).slice(0, 2), ['Rule 2', 'Rule 3']);
  await page.selectOption('.rulechooser [aria-label=Severity]', 'High');
  assert.deepEqual(await names(), ['Rule 2', 'Rule 3']);
  await page.click('[data-key="all off"]');
  await page.waitForFunction(() => /2 shown; 52 of 54 active/.test(document.querySelector('.rulelist')?.textContent));
  await page.fill('.rulechooser input', 'rule 3');
  assert.deepEqual(await names(), ['Rule 3']);
});

test('any value of an event filters, exactly', async () => {
  await add(page, file('a.ndjson', [event(1, { userAgent: 'aws-cli' }), event(2, { userAgent: 'aws-cli/2' }), event(3, { requestParameters: { 'a/b': 'aws-cli' } })].join('\n')));
  await settled(page);
  await page.click('#tab-events');
  await page.click('#panel-events .vt-body .vt-row >> nth=0');
  await page.click('.json [data-path=userAgent] .plain');
  await page.waitForSelector('.pop');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.detail').isVisible(), true, 'Esc closes the menu alone');
  await page.click('.json [data-path=userAgent] .plain');
  await page.click('.pop >> text=Only events with it');
  await counted('events', '2/3');
  await page.click('.sidebar [data-key=clear]');
  await page.click('.json [data-path=userAgent] .plain');
  await page.click('.pop >> text=Without it');
  await counted('events', '1/3');
  await page.click('.sidebar [data-key=clear]');
  await page.click('#panel-events .vt-body .vt-row >> nth=2');
  await page.waitForSelector('.json [data-path="requestParameters/a/b"]');
  await page.click('.json [data-path="requestParameters/a/b"] .plain');
  await page.click('.pop >> text=Only events with it');
  await counted('events', '1/3');
});

test('looking at local times, all of a time is seen', async () => {
  await add(page, file('a.ndjson', scanOff(1)));
  await settled(page);
  await page.keyboard.press('u');
  await page.waitForFunction(() => /\+00:00/.test(document.querySelector('#panel-alerts .vt-body .vt-row')?.textContent));
  assert.ok(await page.evaluate(() => { const cell = document.querySelector('#panel-alerts .vt-body .vt-row > div:nth-child(2)'); return cell.scrollWidth <= cell.clientWidth; }));
});
