// What the guides show works: each query of the cookbook answers, the rule of "Getting started" loads and finds what it says.

import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { forepost, jsonLines, ROOT, s3, SAMPLE, scratch, switchedOff } from './support.js';

const folder = scratch('docs');
const guide = (name) => readFileSync(`${ROOT}docs/${name}.md`, 'utf8');
const blocks = (text, language) => [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, block]) => block);

test('every query of the cookbook answers', async () => {
  const queries = blocks(guide('cookbook'), 'kusto');
  assert.ok(queries.length >= 12);
  for (const query of queries) {
    const { status, stderr } = await forepost(['query', query, SAMPLE, '--format', 'ndjson']);
    assert.equal(status, 0, `${query}\n${stderr}`);
  }
});

test('the rule of "Getting started" is clean, and finds a key that was made for somebody else', async () => {
  const [rule] = blocks(guide('getting-started'), 'yaml');
  writeFileSync(`${folder}/keys.yaml`, rule);
  const { status, stdout } = await forepost(['check', `${folder}/keys.yaml`]);
  assert.deepEqual([status, stdout], [0, '']);
  const made = (userName, more) => switchedOff({ eventSource: 'iam.amazonaws.com', eventName: 'CreateAccessKey', requestParameters: { userName }, ...more });
  const input = s3(made('bob'), made('ana'), made('bob', { errorCode: 'AccessDenied' }));
  const alerts = jsonLines((await forepost(['scan', '-', '--rules', `${folder}/keys.yaml`, '--format', 'ndjson'], { input })).stdout);
  assert.deepEqual(alerts.map((alert) => alert.Evidence.length), [1]);
});

test('the tutorial does what it says, step by step', async () => {
  const here = scratch('tutorial');
  cpSync(SAMPLE, `${here}/samples/AWSLogs`, { recursive: true });
  const before = process.cwd();
  process.chdir(here);
  try {
    let commands = 0;
    for (const [, language, block] of guide('tutorial').matchAll(/```(yaml|diff|console)\n(.*?)```/gs)) {
      const [, added, file, text] = /^# (added to )?(\S+)\n(.*)$/s.exec(block) ?? [];
      if (language === 'yaml') {
        writeFileSync(file, (added ? readFileSync(file, 'utf8') : '') + text);
        if (file === 'secrets.yaml') writeFileSync('before.yaml', text);
      } else if (language === 'diff') {
        const lines = text.trimEnd().split('\n');
        const side = (sign) => lines.filter((line) => [' ', sign].includes(line[0])).map((line) => line.slice(1)).join('\n');
        const old = readFileSync(file, 'utf8');
        assert.ok(old.includes(side('-')), block);
        writeFileSync(file, old.replace(side('-'), side('+')));
      } else {
        for (const [, command, shown] of block.matchAll(/^\$ forepost (.*)\n((?:(?!\$).*\n)*)/gm)) {
          commands += 1;
          const { stdout, stderr } = await forepost(command.split(' '), { env: { COLUMNS: '300' } });
          for (const line of shown.split('\n').filter(Boolean)) assert.ok(`${stdout}\n${stderr}`.split('\n').includes(line), `${command} does not print\n${line}\nbut\n${stdout}${stderr}`);
        }
      }
    }
    assert.equal(commands, 7);
  } finally {
    process.chdir(before);
  }
});

test('guides name no option that the command does not have', async () => {
  const help = (await Promise.all(['scan', 'conclude', 'query', 'summary', 'timeline', 'pivot', 'hunt', 'check', 'test', 'backtest', 'compare', 'arm', 'catalogue', 'functions']
    .map((command) => forepost([command, '--help'])))).map(({ stdout }) => stdout).join('\n');
  for (const file of ['README.md', ...readdirSync(`${ROOT}docs`).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]) {
    for (const [line] of readFileSync(`${ROOT}${file}`, 'utf8').matchAll(/(?<![\w/.-])forepost (?:scan|query|summary|timeline|pivot|hunt|check|test|backtest|compare|conclude|arm|catalogue) [^`\n]*/g)) {
      for (const [option] of line.split(/ \| | # | && /)[0].matchAll(/(?<= )--[a-z][a-z-]*/g)) assert.ok(help.includes(option) || option === '--help', `${file}: ${line}`);
    }
  }
});
