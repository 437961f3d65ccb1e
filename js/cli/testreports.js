// The results of `forepost test` in the formats that people and other tools read.

import { prettyCoverage } from './coveragereport.js';
import { github } from './findings.js';
import { clean, count, markup, outStyle as style } from './terminal.js';

export const TEST_FORMATS = ['pretty', 'ndjson', 'tap', 'junit', 'github'];

/** Writes the results of one test file as they come, `file(suite, results)`, and at the end all of them, `end(all, seconds)`. */
export function testWriter(format, { write, say }, verbose) {
  const nothing = () => undefined;
  switch (format) {
    case 'ndjson': return {
      file: async (_, results, mutation, covered) => {
        for (const { alerts, ...result } of results) await write(`${JSON.stringify({ ...result, alerts: alerts.length })}\n`);
        if (mutation) await write(`${JSON.stringify({ mutation })}\n`);
        if (covered) await write(`${JSON.stringify({ coverage: { rule: covered.rule, ...covered.answer, query: undefined } })}\n`);
      },
      end: nothing,
    };
    case 'tap': return { file: nothing, end: (all) => write(tap(all.flatMap(({ results }) => results))) };
    case 'junit': return { file: nothing, end: (all, seconds) => write(junit(all, seconds)) };
    case 'github': return { file: (_, results, mutation) => write([...results.flatMap(annotations), ...survived(mutation)].join('')), end: nothing };
    default: return { file: (suite, results, mutation, covered) => say(pretty(suite, results, verbose) + mutants(mutation) + (covered ? prettyCoverage(covered, verbose) : '')), end: nothing };
  }
}

const MARKS = { passed: ['green', '✓'], failed: ['red', '✗'], error: ['red', '✗'] };

function pretty({ file, note }, results, verbose) {
  const bad = results.filter(({ status }) => status !== 'passed');
  const mark = bad.length > 0 ? style.red('✗') : style.green('✓');
  const counts = [`${results.length - bad.length} passed`, ...(bad.length > 0 ? [style.red(`${bad.length} failed`)] : [])].join(', ');
  const shown = verbose ? results : bad;
  return `${mark} ${style.bold(clean(file))}  ${style.dim(counts)}${note ? `  ${style.dim(clean(note))}` : ''}\n${shown.map((result) => {
    const [colour, sign] = MARKS[result.status];
    const lines = result.failures.flatMap(({ line, message }) => message.split('\n').map((text, i) =>
      `      ${i === 0 ? clean(text) : style.dim(`  ${clean(text)}`)}${i === 0 && line !== result.line ? style.dim(` (line ${line})`) : ''}\n`));
    return `  ${style[colour](sign)} ${clean(result.name)}${result.status === 'passed' ? '' : style.dim(`  ${clean(file)}:${result.line}`)}\n${lines.join('')}`;
  }).join('')}`;
}

/** How many of the mutants the tests noticed, in per cent. */
export const scoreOf = ({ mutants: all, noticed }) => (all === 0 ? 100 : Math.floor((noticed * 100) / all));

function mutants(mutation) {
  if (!mutation) return '';
  const { rule, mutants: all, noticed, survivors, leftOut } = mutation;
  return `  ${noticed} of ${count(all, 'mutant')} noticed (${scoreOf(mutation)} %)${leftOut > 0 ? `; ${leftOut} more were not tried (--mutants)` : ''}\n${survivors.map(({ line, what, hint }) =>
    `  ${style.yellow('~')} ${clean(what)}${style.dim(`  ${clean(rule)}:${line}`)}\n      ${style.dim(`no test notices; add ${hint}`)}\n`).join('')}`;
}

const survived = (mutation) => (mutation?.survivors ?? []).map(({ line, what, hint }) =>
  github({ file: mutation.rule, severity: 'warning', code: 'no test notices:', rule: what, message: `add ${hint}`, line, column: 1 }));

/** TAP 14: https://testanything.org */
function tap(results) {
  const text = (value) => clean(value).replace(/[\\#]/g, '\\$&');
  return `TAP version 14\n1..${results.length}\n${results.map(({ file, name, line, status, failures }, i) => {
    const head = `${status === 'passed' ? 'ok' : 'not ok'} ${i + 1} - ${text(file)}: ${text(name)}\n`;
    if (status === 'passed') return head;
    const block = { severity: status === 'error' ? 'error' : 'fail', at: { file, line }, failures };
    return `${head}  ---\n${Object.entries(block).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`).join('')}  ...\n`;
  }).join('')}`;
}

/** JUnit's XML by Jenkins' schema, as GitLab and the reporters of GitHub read it too: a suite a test file. */
function junit(all, seconds) {
  const time = (milliseconds) => (milliseconds / 1000).toFixed(3);
  const total = (results, wanted) => results.filter(({ status }) => status === wanted).length;
  const suites = all.map(({ suite: { file }, results }) => {
    const cases = results.map(({ name, status, failures, duration }) => {
      const message = failures[0]?.message.split('\n')[0] ?? '';
      const lines = failures.flatMap((failure) => failure.message.split('\n').map((part, i) => markup(i === 0 ? `${file}:${failure.line}: ${part}` : part))).join('\n');
      const tag = status === 'error' ? 'error' : 'failure';
      const body = status === 'passed' ? '/>' : `><${tag} type="${status}" message="${markup(message)}">${lines}</${tag}></testcase>`;
      return `    <testcase classname="${markup(file.replace(/\.test\.ya?ml$/i, ''))}" name="${markup(name)}" time="${time(duration)}"${body}\n`;
    });
    const sum = results.reduce((n, { duration }) => n + duration, 0);
    return `  <testsuite name="${markup(file)}" file="${markup(file)}" tests="${results.length}" failures="${total(results, 'failed')}" errors="${total(results, 'error')}" time="${time(sum)}">\n${cases.join('')}  </testsuite>\n`;
  });
  const results = all.flatMap((one) => one.results);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="forepost" tests="${results.length}" failures="${total(results, 'failed')}" errors="${total(results, 'error')}" time="${seconds.toFixed(3)}">\n${suites.join('')}</testsuites>\n`;
}

export const junitOf = junit;

const annotations = ({ file, name, failures, status }) => failures.map(({ line, column, message }) =>
  github({ file, rule: name, severity: 'error', code: status === 'error' ? 'test cannot run:' : 'test failed:', message, line, column }));

/** `12 tests in 3 files: 11 passed, 1 failed` */
export function outcome(all) {
  const results = all.flatMap((one) => one.results);
  const of = (wanted) => results.filter(({ status }) => status === wanted).length;
  const parts = [`${of('passed')} passed`, ...(of('failed') > 0 ? [`${of('failed')} failed`] : []), ...(of('error') > 0 ? [`${of('error')} could not run`] : [])];
  return `${count(results.length, 'test')} in ${count(all.length, 'file')}: ${parts.join(', ')}`;
}
