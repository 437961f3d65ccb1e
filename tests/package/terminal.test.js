// The command in a terminal of 60, 80, 120 and 200 columns: a pseudo-terminal, and an emulation of what it would show.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLI, ROOT, s3, SAMPLE, scratch, switchedOff } from './support.js';

const folder = scratch('terminal');
const has = (program) => {
  try {
    return Boolean(execFileSync('which', [program]));
  } catch {
    return false;
  }
};
const skip = !has('script') || !has('stty') ? 'script and stty make the terminal' : false;
const quote = (argument) => `'${argument.replaceAll("'", "'\\''")}'`;

/** What the command writes to a terminal of so many columns. */
const inTerminal = (columns, args) => new Promise((resolve) => {
  const line = `stty cols ${columns} rows 50; exec ${[process.execPath, CLI, ...args].map(quote).join(' ')}`;
  const child = execFile('script', ['-qfec', line, '/dev/null'], { maxBuffer: 1 << 28, env: { ...process.env, TERM: 'xterm', COLUMNS: '' } }, (error, stdout) => resolve(stdout));
  child.stdin.on('error', () => {});
});

const width = (line) => Array.from(line).reduce((sum, char) => sum + (wide(char) ? 2 : 1), 0);
const wide = (char) => /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/.test(char);

/**
 * The lines that a terminal shows in the end, and how often a text was too long for its line. It knows what the command uses: carriage
 * return, line feed, colours, and erasing to the end of the line.
 */
function emulate(text, columns) {
  const lines = [[]];
  let at = 0;
  let wraps = 0;
  for (const [token, code] of text.matchAll(/\x1b\[([\d;?]*[A-Za-z])|[^]/gu)) {
    const line = lines.at(-1);
    if (code !== undefined) {
      if (code.endsWith('K')) line.length = at;
    } else if (token === '\r') {
      at = 0;
    } else if (token === '\n') {
      lines.push([]);
      at = 0;
    } else {
      if (at + (wide(token) ? 2 : 1) > columns) {
        wraps += 1;
        lines.push([]);
        at = 0;
      }
      lines.at(-1)[at] = token;
      at += 1;
      if (wide(token)) lines.at(-1)[at++] = '';
    }
  }
  return { wraps, lines: lines.map((line) => Array.from(line, (char) => char ?? ' ').join('')) };
}

const rule = (query) => `id: 0f0e0d0c-1234-4000-8000-00000000000c
name: A rule with a name that is longer than many terminals are wide, as names of rules may be 誰が何をしたか
description: d
severity: High
kind: NRT
tactics: []
relevantTechniques: []
query: |
  ${query}
`;
writeFileSync(`${folder}/wrong.yaml`, rule(`AWSCloudTrail | where EventName == "誰が何をしたか" and SourceIpAddress in ("203.0.113.5", "203.0.113.6", "203.0.113.7") and Nope == 1 | project EventName, ${'x'.repeat(300)}`));
const hostile = switchedOff({ userAgent: `${'agent '.repeat(60)}誰が何をしたか`, requestParameters: { repositoryName: 'r'.repeat(250), imageScanningConfiguration: { scanOnPush: false } }, errorMessage: 'denied '.repeat(40), errorCode: 'AccessDenied' });
const good = switchedOff({ userAgent: `${'agent '.repeat(60)}`, requestParameters: { repositoryName: `誰が${'r'.repeat(250)}`, imageScanningConfiguration: { scanOnPush: false } } });
writeFileSync(`${folder}/log.json`, s3(hostile, good));
const ECR = `${ROOT}rules/AWS_ECRImageScanningDisabled.yaml`;
const changed = readFileSync(ECR, 'utf8').replace('isempty(ErrorCode) and isempty(ErrorMessage)', 'isnotempty(EventId)');
writeFileSync(`${folder}/changed.yaml`, changed);
writeFileSync(`${folder}/changed.test.yaml`, readFileSync(ECR.replace('.yaml', '.test.yaml'), 'utf8'));
mkdirSync(`${folder}/hunts`);
writeFileSync(`${folder}/hunts/keys.yaml`, `name: Access keys that were made, by whom and for whom, with all that the request says of them\ndescription: d\nquery: |\n  AWSCloudTrail | where EventName startswith "Create" | project TimeGenerated, EventName, UserIdentityArn, RequestParameters\n`);
const COMMANDS = [...execFileSync(process.execPath, [CLI, '--help'], { encoding: 'utf8' }).matchAll(/^ {2}forepost ([a-z]+)/gm)].map(([, command]) => command);
mkdirSync(`${folder}/many`);
const many = Array.from({ length: 30_000 }, (_, i) => switchedOff({ eventID: `${i}`, requestParameters: { list: Array.from({ length: 12 }, (__, j) => ({ n: i + j })) } }));
for (let n = 0; n < 6; n += 1) writeFileSync(`${folder}/many/${n}.json`, s3(...many));

for (const columns of [60, 80, 120, 200]) {
  test(`${columns} columns: nothing is wider than the terminal, and each caret stands below its text`, { skip }, async () => {
    const wrong = [];
    const fits = async (args) => {
      const { wraps, lines } = emulate(await inTerminal(columns, args), columns);
      assert.ok(lines.length > 1, `${args.join(' ')}: ${lines.join('\n')}`);
      if (wraps > 0) wrong.push(`${args.join(' ')}: ${wraps} lines are too long\n${lines.filter((line, i) => width(line) >= columns || width(lines[i - 1] ?? '') >= columns).slice(0, 12).join('\n')}`);
    };
    const all = [
      ['scan', SAMPLE], ['scan', `${folder}/log.json`], ['summary', SAMPLE], ['timeline', SAMPLE], ['pivot', '203.0.113.5', `${folder}/log.json`],
      ['query', 'AWSCloudTrail | take 3', SAMPLE], ['rules', `${ROOT}rules`], ['schema'], ['schema', 'AWSCloudTrail'], ['functions'], ['functions', 'split'], ['help', 'FP021'],
      ['explain', ECR, SAMPLE], ['explain', ECR, `${folder}/log.json`], ['backtest', SAMPLE], ['backtest', SAMPLE, '--rules', ECR, '--sweep', 'triggerThreshold=0,5,10'],
      ['compare', ECR, `${folder}/changed.yaml`, SAMPLE, `${folder}/log.json`], ['test', `${folder}/changed.yaml`, '--coverage', '--mutate'], ['test', ECR, '--coverage'],
      ['check', `${ROOT}rules`], ['check', `${folder}/wrong.yaml`], ['catalogue', `${ROOT}rules`, '-o', `${folder}/site`], ['hunt', `${folder}/hunts`, SAMPLE],
      ['scan', `${folder}/nowhere`], ['--help'], ...(columns === 60 ? COMMANDS.map((command) => [command, '--help']) : []),
    ];
    const next = async () => {
      for (let args = all.shift(); args; args = all.shift()) await fits(args);
    };
    await Promise.all([next(), next()]);
    assert.deepEqual(wrong, []);
    const { lines } = emulate(await inTerminal(columns, ['check', `${folder}/wrong.yaml`]), columns);
    // The first is about the letters of the name; then come the two of the query.
    const carets = lines.flatMap((line, i) => (/^ +│ +\^+/.test(line) ? [[lines[i - 1], line]] : [])).slice(1);
    assert.equal(carets.length, 2, lines.join('\n'));
    const marked = carets.map(([above, line]) => Array.from(above).slice(line.indexOf('^'), line.lastIndexOf('^') + 1).join(''));
    assert.match(marked[0], /^Nope/, lines.join('\n'));
    assert.match(marked[1], /^x+…?$/, lines.join('\n'));
  });

  test(`${columns} columns: the progress stays in its line`, { skip }, async () => {
    const text = await inTerminal(columns, ['query', 'AWSCloudTrail | extend p = parse_json(RequestParameters) | mv-expand l = p.list | summarize dcount(tostring(l.n))', `${folder}/many`, '--threads', '1']);
    const drawn = text.split('\r').filter((part) => part.includes('█') || part.includes('░'));
    assert.ok(drawn.length > 0, text);
    for (const part of drawn) {
      const { wraps } = emulate(part.split('\n')[0], columns);
      assert.equal(wraps, 0, part);
    }
    // In the end nothing of it is left.
    assert.doesNotMatch(emulate(text, columns).lines.join('\n'), /[█░]/);
  });
}
