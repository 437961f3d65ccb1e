// What the command says of itself: codes, the man page.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { CODES, codesAsMarkdown } from '../../js/cli/codes.js';
import { forepost, PACKAGE, ROOT } from './support.js';

/** All sources of the engine but their tests. */
function* sources(path) {
  for (const name of readdirSync(path)) {
    const full = `${path}/${name}`;
    if (statSync(full).isDirectory()) yield* sources(full);
    else if (name.endsWith('.rs') && !/test/.test(name)) yield readFileSync(full, 'utf8');
  }
}

const rust = ['src', 'crates/kql/src', 'crates/cloudtrail/src'].flatMap((path) => [...sources(`${ROOT}${path}`)]).join('\n');

test('every code that the engine has is explained, and no other', () => {
  const script = ['js/cli/repository.js', 'js/arm/fields.js'].map((path) => readFileSync(`${ROOT}${path}`, 'utf8')).join('\n');
  const told = [...script.matchAll(/^ +(FP\d{3}): \{ .*meaning: '(.*)' \}/gm)];
  for (const [, code, meaning] of told) assert.equal(CODES.find((known) => known.code === code)?.means, meaning);
  const used = new Set([...told, ...rust.matchAll(/"((?:KS|FP|SEM)\d{3,4}|E_[A-Z_]+)"/g)].map(([, code]) => code));
  assert.deepEqual(CODES.map(({ code }) => code), [...used].sort());
  for (const { code, means, remedy } of CODES) assert.ok(/\.$/.test(means) && /[.;]$/.test(remedy), code);
});

test('a code of a rule file means what the engine says it means', () => {
  const meanings = [...rust.matchAll(/^ +[A-Z_]+ +"(FP2\d\d)" +\w+ +"(.*)"$/gm)];
  assert.ok(meanings.length > 30);
  for (const [, code, meaning] of meanings) {
    const { means } = CODES.find((known) => known.code === code);
    if (!['FP232', 'FP233'].includes(code)) assert.equal(means, meaning);
  }
});

test('docs/codes.md is this table', () => {
  assert.equal(readFileSync(`${ROOT}docs/codes.md`, 'utf8'), codesAsMarkdown());
});

test('help CODE explains, in any case of letters; a misspelt one is suggested', async () => {
  const { status, stdout } = await forepost(['help', 'ks142']);
  assert.equal(status, 0);
  assert.match(stdout, /^KS142 .*\n\nCheck/);
  const unknown = await forepost(['help', 'FP02']);
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /did you mean FP0\d\d\?/);
  assert.match((await forepost(['help', 'scn'])).stderr, /did you mean scan\?/);
});

test('the package has a man page with every command and option', () => {
  const page = readFileSync(`${PACKAGE}forepost.1`, 'utf8');
  assert.equal(JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8')).man, './forepost.1');
  for (const command of ['SCAN', 'QUERY', 'PIVOT', 'COMPLETION']) assert.ok(page.includes(`.SH "${command}"`), command);
  for (const option of ['\\-\\-context', '\\-\\-from', '\\-\\-since', '\\-\\-rule', '\\-\\-function']) assert.ok(page.includes(option), option);
  // No line of text is taken for a request, and every request is one that man pages have.
  for (const [request] of page.matchAll(/^[.'].*/gm)) assert.match(request, /^\.(?:TH|SH|PP|TP|B|I|br|nf|fi|RS|RE)\b/);
});

test('functions knows operators and plug-ins, by name and by family, and says of what is not here why', async () => {
  const about = async (...words) => (await forepost(['functions', ...words])).stdout;
  for (const [word, told] of [
    ['where', /^Tabular operators\n {2}where\n {6}Keeps the rows/], ['join', /leftanti/], ['has', /^Scalar operators\n {2}has\n.*term.*\n.* → true/], ['!in~', /!in~/], ['matches regex', /→ true/],
    ['bag_unpack', /^Plug-ins\n/], ['split', /split\(source/], ['WHERE', /^Tabular/], ['argmax', /^Rejected\n {2}argmax\n {6}use arg_max\n/], ['fork', /^Rejected\n/],
  ]) assert.match(await about(word), told, word);
  const all = await about();
  for (const family of ['Aggregates', 'Tabular operators', 'Scalar operators', 'Plug-ins']) assert.match(all, new RegExp(`^${family}$`, 'm'));
  assert.doesNotMatch(all, /Rejected/);
  assert.match((await forepost(['functions', 'jion'])).stderr, /did you mean join\?/);
});
