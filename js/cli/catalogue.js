// `forepost catalogue`: a static site of a folder of rules.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { template, writeResource } from '../arm/write.js';
import { navigator } from '../catalogue/attack.js';
import { feedXml, indexPage, matrixPage, rulePage } from '../catalogue/pages.js';
import { check } from '../rules.js';
import { untried } from '../testing/cover.js';
import { loadTests } from '../testing/load.js';
import { describeHunt, describeRule, readYaml } from '../triage.js';
import { UsageError } from './args.js';
import { coverageOf } from './coveragereport.js';
import { historyOf } from './git.js';
import { readRules } from './rulefiles.js';
import { readContext } from './context.js';
import { clean, count, note, remark, style } from './terminal.js';
import { writeInto } from './write.js';

const own = (name) => readFileSync(new URL(`../catalogue/${name}`, import.meta.url), 'utf8');

export async function catalogue(options, paths) {
  const { output, title = 'Sentinel analytic rules', date } = options;
  const baseUrl = options['base-url'];
  if (paths.length === 0) throw new UsageError('catalogue needs a rule file or a folder with rule files', 'catalogue');
  if (output === undefined) throw new UsageError('catalogue needs a folder to write into: -o DIR', 'catalogue');
  for (const name of ['base-url', 'source-url']) {
    if (options[name] !== undefined && !/^https:\/\/[^\s"'<>]+$/.test(options[name])) throw new UsageError(`--${name} must be an address that begins with https://`, 'catalogue');
  }
  if (date !== undefined && !/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$/.test(date)) throw new UsageError(`--date must be a day such as 2026-06-17, not ${JSON.stringify(date)}`, 'catalogue');
  const { rules: files, functions, failed } = readRules(paths);
  for (const { path, message } of failed) note(`${style.red('cannot read')} ${clean(path)}: ${clean(message)}`);
  const { leftOut: unusable, ...context } = readContext(options, 'catalogue', functions);
  const findings = check(files, context);
  const results = options.tests ? testResults(paths) : undefined;
  const { rules, leftOut } = described(files, findings, paths, options['source-url'], results);
  if (options.history) for (const rule of rules) rule.history = historyOf(rule.file, 'catalogue');
  for (const { file, message } of [...unusable, ...leftOut]) note(`${style.yellow('left out')} ${clean(file)}: ${message}`);
  if (rules.length === 0) {
    note(`${style.red('forepost:')} there is no rule to show`);
    return 2;
  }
  const changes = rules.flatMap((rule) => (rule.history ?? []).map((change) => ({ rule, ...change }))).sort((a, b) => (a.time > b.time ? -1 : a.time < b.time ? 1 : 0));
  const feed = baseUrl !== undefined && (date !== undefined || changes.length > 0);
  const tactics = JSON.parse(own('tactics.json'));
  const common = { title, baseUrl, feed, tested: results !== undefined };
  const pages = new Map([
    ['index.html', indexPage({ ...common, rules })],
    ...rules.map((rule) => [`rules/${rule.id}/index.html`, rulePage({ ...common, rule })]),
    ['attack/index.html', matrixPage({ ...common, rules, tactics })],
    ['attack/navigator.json', json(navigator(title, rules, tactics))],
    ...rules.map(({ id, resource }) => [`arm/${id}.json`, template([resource])]),
    ['arm/all.json', template(rules.map(({ resource }) => resource))],
    ['rules.json', json(rules.map(({ resource, file, findings: said, tests, ...rule }) => ({ ...rule, findings: said.map(({ severity, code, message, line }) => ({ severity, code, message, line })), ...(tests && { tests: { passed: tests.passed, failed: tests.failed, coverage: tests.coverage } }) })))],
    ['style.css', own('style.css')],
    ['script.js', own('script.js')],
    ['icon.svg', own('icon.svg')],
    ...(feed ? [['feed.xml', feedXml({ ...common, entries: entriesOf(rules, changes, date?.length === 10 ? `${date}T00:00:00Z` : date) })]] : []),
  ]);
  for (const [path, text] of pages) {
    writeInto(join(output, path), text, 'catalogue');
  }
  const others = existsSync(output) ? readdirSync(output, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .filter((entry) => !pages.has(relative(output, join(entry.parentPath ?? entry.path, entry.name)).replaceAll('\\', '/'))).length : 0;
  if (others > 0) note(`${count(others, 'other file')} in ${clean(output)}, perhaps of an earlier catalogue; they stay`);
  remark(`${count(rules.length, 'rule')} in ${clean(join(output, 'index.html'))}${leftOut.length > 0 ? `, ${leftOut.length} left out` : ''}${feed ? '' : '; a feed needs --base-url, and --history or --date'}`);
  const testsFailed = rules.some(({ tests }) => tests?.failed > 0);
  return failed.length > 0 ? 2 : leftOut.length > 0 || testsFailed ? 1 : 0;
}

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** What the pages show of each rule, in the order of names; and the files that are no rule, or another one's twin. */
function described(files, findings, paths, sourceUrl, results) {
  const leftOut = [];
  const rules = [];
  const taken = new Map();
  for (const { file, text, arm } of files) {
    const rule = describeRule(text);
    const said = findings.filter((finding) => finding.file === file);
    if (rule === null) {
      if (describeHunt(text) !== null) remark(style.dim(`passed over ${clean(file)}: a hunting query`));
      else if (said.every(({ code }) => code === 'FP232')) remark(style.dim(`passed over ${clean(file)}: no analytic rule`));
      else leftOut.push({ file, message: 'it has errors; forepost check shows them' });
      continue;
    }
    if (taken.has(rule.id)) {
      leftOut.push({ file, message: `${clean(taken.get(rule.id))} has the same id` });
      continue;
    }
    taken.set(rule.id, file);
    const { tree } = readYaml(text);
    const value = (key) => tree.map.find(([name]) => name === key)?.[3];
    const connectors = (value('requiredDataConnectors')?.list ?? []).map((entry) => entry.map?.find(([key]) => key === 'connectorId')?.[3].text).filter(Boolean);
    const { id, name, description, severity, kind, version, query, trigger } = rule;
    const { tactics, techniques, subTechniques } = rule;
    const place = placeIn(paths, file);
    rules.push({
      file, id, name, description, severity, tactics, techniques, subTechniques, connectors: [...new Set(connectors)], kind,
      ...(kind === 'Scheduled' && { frequency: value('queryFrequency').text, period: value('queryPeriod').text, threshold: trigger.threshold, operator: value('triggerOperator').text }),
      source: sourceUrl ? `${sourceUrl.replace(/\/$/, '')}/${place}` : value('OriginalUri')?.text ?? place,
      version, query, yaml: arm ? text : text.replace(/^\ufeff/, ''),
      findings: said,
      resource: writeResource(tree).resource,
      ...(results && { tests: results.get(resolve(file)) ?? null }),
    });
  }
  rules.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1));
  return { rules, leftOut };
}

const CHANGES = 100; // that the feed tells

/** What the feed tells: the last changes, or without a history that each rule is there. */
function entriesOf(rules, changes, date) {
  const heading = ({ name, version }) => `${name}${version ? ` ${version}` : ''}`;
  if (changes.length === 0) return rules.map((rule) => ({ rule, title: heading(rule), time: date, text: rule.description }));
  return changes.slice(0, CHANGES).map(({ rule, commit, time, subject, version }) => ({ rule, commit, title: heading({ name: rule.name, version }), time, text: subject }));
}

/** A file's path from the folder that was named, as an address has it. */
function placeIn(paths, file) {
  const folder = paths.find((path) => !relative(path, file).startsWith('..') && relative(path, file) !== '');
  return (folder === undefined ? file.split(/[\\/]/).at(-1) : relative(folder, file)).replaceAll('\\', '/');
}

/** The results of the tests beside rules, by the rule's path. */
function testResults(paths) {
  const results = new Map();
  for (const { rule, cases, cover } of loadTests(paths, { rules: [] }).suites) {
    if (!rule) continue;
    const found = results.get(resolve(rule)) ?? { passed: 0, failed: 0, cases: [] };
    for (const { name, run } of cases) {
      const { status } = run();
      found[status === 'passed' ? 'passed' : 'failed'] += 1;
      found.cases.push({ name, status });
    }
    // Of a suite that cannot run nothing is known.
    if (cover && found.cases.every(({ status }) => status !== 'error')) {
      const answer = cover();
      found.coverage = coverageOf(answer);
      found.untried = untried(answer);
    }
    results.set(resolve(rule), found);
  }
  return results;
}
