// `forepost arm`: rules from YAML to ARM templates and back.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { placed } from '../arm.js';
import { readArm } from '../arm/read.js';
import { template, writeResource } from '../arm/write.js';
import { writeYaml } from '../arm/yaml.js';
import { describeRule, readYaml } from '../triage.js';
import { check } from '../rules.js';
import { locate } from '../positions.js';
import { UsageError } from './args.js';
import { findTemplates, reasonOf } from './files.js';
import { MAX_RULE_FILE, readRules, render, sourceOf } from './rulefiles.js';
import { timeOf } from './span.js';
import { readText } from './text.js';
import { clean, count, note, out, remark, style } from './terminal.js';
import { writeInto } from './write.js';

/** Counts of what was said, and the exit status they make. */
class Said {
  #errors = 0;
  #warnings = 0;
  #failed = 0;

  constructor(strict) { this.strict = strict; }

  say(findings, text) {
    for (const finding of findings) {
      const known = { information: remark, warning: note, error: note }[finding.severity];
      known(finding.severity === 'information'
        ? style.dim(`${clean(finding.file)}:${finding.line}: ${clean(finding.message)} [${finding.code}]`) : `${render(finding, text)}\n`);
      if (finding.severity === 'error') this.#errors += 1;
      if (finding.severity === 'warning') this.#warnings += 1;
    }
    return findings.every(({ severity }) => severity !== 'error');
  }

  unread(path, message) {
    note(`${style.red('cannot read')} ${clean(path)}: ${clean(message)}`);
    this.#failed += 1;
  }

  /** Writes a file unless another one of this name is there. */
  write(path, text, force) {
    const there = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    if (there === text) return;
    if (there !== undefined && !force) {
      note(`${style.red('not written')} ${clean(path)}: a different file has this name; --force overwrites it`);
      this.#errors += 1;
      return;
    }
    writeInto(path, text, 'arm');
  }

  status(written) {
    remark(`${count(written, 'rule')} converted: ${count(this.#errors, 'error')}, ${count(this.#warnings, 'warning')}`);
    if (this.#failed > 0 || (written === 0 && this.#errors === 0)) return 2;
    return this.#errors > 0 || (this.strict && this.#warnings > 0) ? 1 : 0;
  }
}

export async function arm(options, paths) {
  if (paths.length === 0) throw new UsageError('arm needs a rule file, a folder with rule files, or - with --yaml', 'arm');
  const said = new Said(options.strict);
  return options.yaml ? toYaml(options, paths, said) : toArm(options, paths, said);
}

const isFolder = (path) => /[\\/]$/.test(path) || (existsSync(path) && statSync(path).isDirectory());

async function toArm(options, paths, said) {
  const { rules, functions, failed } = readRules(paths);
  for (const { path, message } of failed) said.unread(path, message);
  const setup = { ...options, noIncident: options['no-incident'], start: timeOf('start', options.start, 'arm') };
  const resources = [];
  // A file of functions alone is refused as any other that holds no rule.
  for (const rule of [...rules, ...functions.filter(({ holdsRules }) => !holdsRules)]) {
    const found = describeRule(rule.text) === null ? refusals(rule) : [];
    if (!said.say(found, sourceOf(rule))) continue;
    const { resource, findings } = writeResource(readYaml(rule.text).tree, setup);
    const located = findings.map((finding) => locate({ ...finding, file: rule.file, rule: null }, rule.text));
    if (said.say(located, rule.text)) resources.push({ resource, rule });
  }
  if (resources.length === 0) return said.status(0);
  const { output, force } = options;
  if (output === undefined) await out(`${template(resources.map(({ resource }) => resource))}\n`);
  else if (!isFolder(output)) said.write(output, template(resources.map(({ resource }) => resource)), force);
  else {
    const name = namer(options.names ?? 'id');
    for (const { resource, rule } of resources) {
      const id = /([^/']+)'\)\]$/.exec(resource.name)[1];
      said.write(join(output, `${name({ id, title: resource.properties.displayName, source: rule.file })}.json`), template([resource]), force);
    }
  }
  return said.status(resources.length);
}

/** Why a rule is not converted. */
function refusals(rule) {
  const errors = check([rule]).filter(({ severity, code }) => severity === 'error' && code.startsWith('FP2'));
  const message = errors.length > 0 ? `it has ${count(errors.length, 'error')} and is not converted` : 'this file holds no analytic rule';
  return [...errors, { file: rule.file, rule: null, code: 'FP511', severity: 'error', message, hint: null, line: 1, column: 1, start: 0, end: 1 }];
}

async function toYaml(options, paths, said) {
  const { files, failed } = findTemplates(paths);
  for (const { path, message } of failed) said.unread(path, message);
  const rules = [];
  for (const { path } of files) {
    let json;
    try {
      json = readText(path, MAX_RULE_FILE);
    } catch (error) {
      said.unread(path, reasonOf(error, path));
      continue;
    }
    const read = readArm(json);
    if (!read) {
      said.unread(path, 'it holds no analytic rule in ARM form');
      continue;
    }
    for (const { pointer, fields, findings } of read) {
      const rule = fields?.find(([key]) => key === 'name')?.[1] ?? null;
      const file = read.length > 1 ? `${path}#${pointer}` : path;
      said.say(findings.map((finding) => placed(finding, file, rule, json)), json);
      if (!fields) continue;
      const { text, places } = writeYaml(fields);
      const found = describeRule(text) === null ? refusals({ file, text, arm: { json, places, findings: [] } }) : [];
      if (said.say(found, json)) rules.push({ ...Object.fromEntries(fields), source: path, yaml: text });
    }
  }
  const { output, force } = options;
  if (output === undefined || !(isFolder(output) || rules.length === 1)) {
    if (rules.length > 1) throw new UsageError(`there are ${rules.length} rules, and a YAML file holds one: give a folder with -o DIR/`, 'arm');
    if (rules.length === 1) await out(rules[0].yaml);
  } else if (isFolder(output)) {
    const name = namer(options.names ?? 'title');
    for (const { id, name: title, source, yaml } of rules) said.write(join(output, `${name({ id, title, source })}.yaml`), yaml, force);
  } else {
    said.write(output, rules[0].yaml, force);
  }
  return said.status(rules.length);
}

/** Names of files, each once. */
function namer(by) {
  const taken = new Set();
  return (rule) => {
    const stem = by === 'id' ? rule.id : by === 'source' ? basename(rule.source).replace(/(?:\.json|\.ya?ml)?(?:#.*)?$/i, '') : String(rule.title);
    const plain = stem.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, by === 'title' ? '-' : '_').replace(/^[-_]+|[-_]+$/g, '');
    const safe = (by === 'id' ? stem.replace(/[^\w-]/g, '_') : plain).slice(0, 100) || 'rule';
    let name = safe;
    for (let n = 2; taken.has(name.toLowerCase()); n += 1) name = `${safe}-${n}`;
    taken.add(name.toLowerCase());
    return name;
  };
}
