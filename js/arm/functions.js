// Saved functions out of ARM JSON: `Microsoft.OperationalInsights/workspaces/savedSearches` with an alias, as solutions and the model's parsers are
// deployed, and as the REST API lists them.

import { holdsRules } from '../arm.js';
import { ForepostError } from '../errors.js';
import { isFunctionYaml } from '../logfile.js';
import { UNKNOWN, resolve } from './expression.js';
import { member } from './json.js';
import { resourcesOf, typeOf } from './read.js';
import { writeYaml } from './yaml.js';

/** Whether a text can hold functions, by the words that all of them have: a log that tells of one has them inside a string. */
const looksLikeFunctions = (text) => /^\s*[{[]/.test(text) && /"functionAlias"\s*:/i.test(text);

/** A saved search without an alias is a query that somebody kept. */
const isFunction = (node) => typeOf(node) === 'savedsearches' && Boolean(member(member(node, 'properties'), 'functionAlias')?.value);

const functionsOf = (text) => {
  const json = text.replace(/^\ufeff/, '');
  return looksLikeFunctions(json) ? resourcesOf(json, isFunction) : [];
};

/** Whether a text is ARM JSON that has saved functions. */
export const holdsFunctions = (text) => functionsOf(text).length > 0;

/** Files of rules told apart from those of saved functions: `{rules, functions}`. A template may hold both; then it is in both. */
export function toldApart(files) {
  const isFunction = new Set(files.filter(({ file, text }) => (/\.ya?ml$/i.test(file) ? isFunctionYaml(text) : holdsFunctions(text))));
  return { rules: files.filter((one) => !isFunction.has(one) || (/\.json$/i.test(one.file) && holdsRules(one.text))), functions: [...isFunction] };
}

/** Files of functions, with those in ARM form taken apart: each function becomes the YAML that the engine reads. */
export function expandFunctions(files) {
  return files.flatMap(({ file, text }) => {
    const found = functionsOf(text);
    if (found.length === 0) return [{ file, text }];
    const read = new Map();
    for (const resource of found) {
      const { name, yaml } = readFunction(file, resource);
      // A solution has a function twice: as what it installs, and installed.
      if (read.has(name) && read.get(name) !== yaml) throw new ForepostError('bad-argument', `${file} has two functions ${name} that differ`);
      read.set(name, yaml);
    }
    return Array.from(read, ([name, yaml]) => ({ file: `${file}#${name}.yaml`, text: yaml }));
  });
}

function readFunction(file, { node, pointer, context }) {
  const properties = member(node, 'properties');
  // As for rules: outside a template a string with brackets is one.
  const literal = context.literal && !member(node, 'apiVersion');
  const text = (key) => {
    const given = member(properties, key)?.value ?? '';
    const value = literal ? String(given) : resolve(String(given), context);
    if (!value.includes(UNKNOWN)) return value;
    throw new ForepostError('bad-argument', `${file}: ${key} of ${pointer || 'the function'} is an expression that only a deployment can work out`);
  };
  const name = text('functionAlias');
  return { name, yaml: writeYaml([['FunctionAlias', name], ['FunctionParameters', text('functionParameters')], ['FunctionQuery', text('query').replace(/\r\n?/g, '\n')]]).text };
}
