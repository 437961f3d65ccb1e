// Rules out of ARM JSON: what the portal exports, templates of solutions, single resources, answers of the REST API.

import { UNKNOWN, resolve } from './expression.js';
import { CODES, FIELDS, INCIDENT, OPERATORS, YAML_ORDER, fromIso, inOrder, joinTechniques } from './fields.js';
import { member, parseJson, plain } from './json.js';
import { uuidOf } from './uuid.js';

const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const OTHER_KINDS = ['Fusion', 'MLBehaviorAnalytics', 'MicrosoftSecurityIncidentCreation', 'ThreatIntelligence', 'Anomaly'];
// What the service adds, and what says how a template was made.
const SILENT = ['lastModifiedUtc', 'etag', 'lastUpdatedDateUTC', 'createdDateUTC', 'alertRulesCreatedByTemplateCount', 'version'];

/**
 * The rules of a JSON text: `[{pointer, fields, findings}]`, where `pointer` says where in the text (RFC 6901) and `fields` are
 * `[key, value, at]` in the order of Microsoft's YAML. A rule of a kind without a query has only findings. Null if the text is
 * JSON of another sort, or none.
 */
export function readArm(text) {
  const found = resourcesOf(text, isRule);
  return found.length > 0 ? found.map(readResource) : null;
}

/** The resources of a JSON text that are wanted: `[{node, pointer, context}]`, where `context` is what their expressions refer to. None if it is no JSON. */
export function resourcesOf(text, isWanted) {
  try {
    return [...resources(parseJson(text), '', { variables: {}, parameters: {}, literal: true }, 0, isWanted)];
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return [];
  }
}

function* resources(node, pointer, context, depth, isWanted) {
  if (depth > 12) return;
  if (isWanted(node)) yield { node, pointer, context };
  if (node.items) {
    for (const [index, item] of node.items.entries()) yield* resources(item, `${pointer}/${index}`, context, depth + 1, isWanted);
  }
  const list = member(node, 'resources', 'value');
  if (list) {
    const inTemplate = node.members.has('resources');
    const within = inTemplate ? {
      variables: { ...context.variables, ...plainOf(node, 'variables') },
      parameters: { ...context.parameters, ...plainOf(node, 'parameters') },
      version: member(node, 'contentVersion')?.value ?? context.version,
      literal: false,
    } : context;
    const path = `${pointer}/${inTemplate ? 'resources' : 'value'}`;
    // Since language version 2.0 they may have names instead of an order.
    for (const [name, { node: item }] of list.members ?? []) yield* resources(item, `${path}/${escapePointer(name)}`, within, depth + 1, isWanted);
    for (const [index, item] of (list.items ?? []).entries()) yield* resources(item, `${path}/${index}`, within, depth + 1, isWanted);
  }
  for (const key of ['mainTemplate', 'template']) {
    const nested = member(member(node, 'properties'), key);
    if (nested?.members) yield* resources(nested, `${pointer}/properties/${key}`, context, depth + 1, isWanted);
  }
}

const plainOf = (node, key) => { const found = member(node, key); return found?.members ? plain(found) : {}; };
const escapePointer = (key) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** The last part of a resource's type, in small letters. */
export const typeOf = (node) => textOf(member(node, 'type')?.value).split('/').at(-1).toLowerCase();

function isRule(node) {
  const properties = member(node, 'properties');
  if (!properties?.members) return false;
  const type = typeOf(node);
  if (type) return type === 'alertrules' || type === 'alertruletemplates';
  // The REST API's own form, without a type.
  return properties.members.has('displayName') && member(node, 'kind') !== undefined;
}

function readResource({ node, pointer, context }) {
  const findings = [];
  const say = (code, at, message, hint = null) => findings.push({ code, severity: CODES[code].severity, message, hint, at });
  const isTemplate = /templates$/i.test(textOf(member(node, 'type')?.value));
  // Outside a template a string with brackets is one; a resource cut out of one still names the version of the API.
  const literal = context.literal && !member(node, 'apiVersion');
  const properties = member(node, 'properties');
  const kind = textOf(value(member(node, 'kind')));
  if (OTHER_KINDS.includes(kind)) {
    say('FP501', node.at, `a rule of the kind ${kind} has no query; it is left out`);
    return { pointer, fields: null, findings };
  }
  const fields = new Map();
  const set = (key, found, at) => { if (found !== undefined) fields.set(key, [key, found, at]); };
  set('kind', kind, (member(node, 'kind') ?? node).at);
  set('id', ...idOf());
  for (const field of FIELDS) {
    const found = member(properties, field.arm);
    if (found && field.yaml) set(field.yaml, converted(field, found), found.at);
  }
  techniques();
  defaults();
  for (const key of ['status', 'requiredDataConnectors']) {
    const found = member(properties, key);
    if (found) set(key, inOrder(value(found)), found.at);
  }
  if (!fields.has('requiredDataConnectors')) {
    set('requiredDataConnectors', [], properties.at);
    say('FP505', properties.at, 'an ARM rule does not say where its tables come from: requiredDataConnectors is empty');
  }
  set('version', ...versionOf());
  unknown();
  return { pointer, fields: YAML_ORDER.flatMap((key) => (fields.has(key) ? [fields.get(key)] : [])), findings };

  /** A node as a plain value, its strings as the deployment would have them. */
  function value(found) {
    if (found === undefined) return undefined;
    if (found.items) return found.items.filter((item) => item.value !== null).map(value);
    if (found.members) {
      const entries = [...found.members].filter(([, { node: inner }]) => inner.value !== null).map(([key, { node: inner }]) => [key, value(inner)]);
      return Object.assign(Object.create(null), Object.fromEntries(entries));
    }
    if (typeof found.value !== 'string' || literal) return found.value;
    const text = resolve(found.value, context);
    if (!text.includes(UNKNOWN)) return text;
    say('FP502', found.at, `${found.value.slice(0, 60)} is an expression that only a deployment can work out`, 'give the parameter a defaultValue, or write the text itself');
    return undefined;
  }

  function converted({ arm, as }, found) {
    const given = value(found);
    switch (as) {
      case 'query':
      case 'prose': {
        if (typeof given !== 'string') return given;
        if (given.includes('\r')) say('FP506', found.at, `the line breaks of ${arm} were CRLF; they are LF now`);
        const text = given.replace(/\r\n?/g, '\n');
        return as === 'prose' ? text.trimEnd() || undefined : text;
      }
      // What has no other form goes on as it is: the engine says what is wrong with it.
      case 'span': return fromIso(textOf(given)) ?? given;
      case 'operator': return Object.keys(OPERATORS).find((short) => OPERATORS[short] === given) ?? given;
      case 'incident': return spans(given);
      case 'override': {
        if (given?.alertDynamicProperties?.length === 0) delete given.alertDynamicProperties;
        return nonEmpty(inOrder(given));
      }
      case 'copy': return nonEmpty(inOrder(given));
      default: return nonEmpty(given);
    }
  }

  function spans(incident) {
    const grouping = incident?.groupingConfiguration;
    if (typeof grouping?.lookbackDuration === 'string') grouping.lookbackDuration = fromIso(grouping.lookbackDuration) ?? grouping.lookbackDuration;
    return incident;
  }

  function idOf() {
    // `concat(parameters('workspace'), '/Microsoft.SecurityInsights/RID')`: only the end matters. A type and a name alone, as
    // Bicep has them, are an end too.
    for (const key of ['id', 'name']) {
      const found = member(node, key);
      if (typeof found?.value !== 'string') continue;
      const end = (literal ? found.value : resolve(found.value, context)).split('/').at(-1);
      if (GUID.test(end)) return [end, found.at];
    }
    const template = textOf(value(member(properties, 'alertRuleTemplateName')));
    const name = textOf(value(member(properties, 'displayName')));
    const at = (member(node, 'name') ?? node).at;
    if (GUID.test(template)) return [template, member(properties, 'alertRuleTemplateName').at];
    const ownName = textOf(member(node, 'name')?.value);
    const end = resolve(ownName, context).split('/').at(-1);
    const id = uuidOf(end && !end.includes(UNKNOWN) ? end : name);
    say('FP503', at, `the rule has no GUID; ${id} is made of its name`, 'name the resource by a GUID, so that a new name is not a new rule');
    return [id, at];
  }

  function techniques() {
    const [plainIds, subs] = ['techniques', 'subTechniques'].map((key) => member(properties, key));
    const joined = joinTechniques(...[plainIds, subs].map((list) => (list?.items ? value(list) : []).map(textOf)));
    if (joined.length > 0) set('relevantTechniques', joined, (plainIds?.items?.length ? plainIds : subs).at);
  }

  /** What means the same when it is left out is left out. */
  function defaults() {
    const at = (key) => fields.get(key)?.[2] ?? properties.at;
    const given = (key) => fields.get(key)?.[1];
    const enabled = given('enabled');
    if (enabled === true || isTemplate) fields.delete('enabled');
    else if (enabled === false) say('FP510', at('enabled'), 'the rule is switched off in its workspace; Forepost runs it all the same');
    if (given('suppressionEnabled') === false) {
      fields.delete('suppressionEnabled');
      fields.delete('suppressionDuration');
    }
    const incident = given('incidentConfiguration');
    if (incident && JSON.stringify(ordered(incident, spans(structuredClone(INCIDENT)))) === JSON.stringify(spans(structuredClone(INCIDENT)))) fields.delete('incidentConfiguration');
    if (!fields.has('description')) {
      set('description', given('name'), properties.at);
      say('FP505', properties.at, 'the rule has no description; its name stands for it');
    }
    if (kind === 'NRT') {
      for (const { yaml, scheduled } of FIELDS) if (scheduled) fields.delete(yaml);
    }
  }

  function versionOf() {
    for (const found of [member(properties, 'templateVersion'), member(properties, 'version')]) {
      const text = textOf(value(found));
      if (text) return [text, found.at];
    }
    const text = typeof context.version === 'string' ? resolve(context.version, context) : '';
    if (/^\d+\.\d+\.\d+$/.test(text)) return [text, node.at];
    say('FP505', properties.at, 'the rule has no version; 1.0.0 stands for it');
    return ['1.0.0', properties.at];
  }

  function unknown() {
    const known = [...FIELDS.filter(({ yaml }) => yaml).map(({ arm }) => arm), 'subTechniques', 'status', 'requiredDataConnectors', 'templateVersion', ...SILENT];
    for (const [key, { at, node: found }] of properties.members) {
      if (!known.includes(key) && found.value !== null && !(found.items?.length === 0)) say('FP504', at, `${key} has no place in a rule's YAML; it is left out`);
    }
  }
}

/** What should be text, as text: what is none has to be refused by who reads it. */
const textOf = (value) => (typeof value === 'object' ? '' : String(value ?? ''));

/** Undefined for what is nothing: an empty list, an object without members. */
const nonEmpty = (value) => (typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value);

/** An object with its members in the order of another, and those that the other alone has. */
function ordered(value, model) {
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const keys = [...new Set([...Object.keys(model), ...Object.keys(value)])];
  return Object.fromEntries(keys.map((key) => {
    const inner = Object.hasOwn(value, key) ? value[key] : model[key];
    return [key, typeof model[key] === 'object' && !Array.isArray(model[key]) ? ordered(inner, model[key]) : inner];
  }));
}
