// A rule in YAML → a resource of an ARM template, as the portal exports it.

import { escaped } from './expression.js';
import { CODES, FIELDS, INCIDENT, OPERATORS, inOrder, splitTechniques, toIso } from './fields.js';

const TYPE = 'Microsoft.OperationalInsights/workspaces/providers/alertRules';

/** Keys of the YAML that have no place in a rule of a workspace. */
const GALLERY = ['requiredDataConnectors', 'status', 'tags', 'metadata', 'OriginalUri'];

/**
 * `{resource, findings}` of a rule's tree (see readYaml), one that the engine has accepted. A finding has `line` and `column`.
 * `options`: `api`, `prefix`, `severity`, `disabled`, `noIncident`, `start`, `linked`, `compact`.
 */
export function writeResource(tree, options = {}) {
  const { api = '2023-12-01-preview' } = options;
  const findings = [];
  const entries = new Map(tree.map.filter(([, , , node]) => !isNull(node)).map(([key, line, column, node]) => [key, { line, column, value: plainNode(node) }]));
  const say = (code, { line, column }, message, hint = null) => findings.push({ code, severity: CODES[code].severity, message, hint, line, column });
  const text = (key) => entries.get(key)?.value.trim();
  const isPreview = api.endsWith('-preview');
  const kind = text('kind');
  if (kind === 'NRT' && !isPreview) say('FP508', entries.get('kind'), `the API ${api} has no near-real-time rules`, 'ask for a preview version of the API');
  if (kind === 'NRT' && options.start !== undefined) say('FP504', entries.get('kind'), 'a near-real-time rule has no start time; it is left out');
  const { techniques, subTechniques, wrong } = splitTechniques((entries.get('relevantTechniques')?.value ?? []).map((id) => id.trim()));
  for (const id of wrong) say('FP507', entries.get('relevantTechniques'), `the API does not take the technique ${JSON.stringify(id)}; it is left out`);

  const properties = {};
  for (const field of FIELDS) {
    if (field.scheduled && kind === 'NRT') continue;
    const given = own(field, entries.get(field.yaml));
    if (field.preview && !isPreview) {
      if (given !== null && given !== undefined && given.length !== 0) say('FP507', entries.get(field.yaml ?? 'relevantTechniques') ?? tree, `the API ${api} has no ${field.arm}; it is left out`);
      continue;
    }
    const value = given ?? field.unset;
    if (value === undefined || (options.compact && (value === null || value.length === 0))) continue;
    properties[field.arm] = deepEscaped(value);
  }
  left();
  const rid = text('id').replaceAll("'", "''");
  const resource = {
    id: `[concat(resourceId('Microsoft.OperationalInsights/workspaces/providers', parameters('workspace'), 'Microsoft.SecurityInsights'),'/alertRules/${rid}')]`,
    name: `[concat(parameters('workspace'),'/Microsoft.SecurityInsights/${rid}')]`,
    type: TYPE,
    kind,
    apiVersion: api,
    properties,
  };
  return { resource, findings };

  /** The value of a field as the API takes it; undefined where the rule does not say. */
  function own({ arm, as }, entry) {
    const value = entry?.value;
    switch (arm) {
      case 'displayName': return (options.prefix ?? '') + value.trim();
      case 'severity': return options.severity ?? value.trim();
      case 'enabled': return options.disabled ? false : entry && /^true$/i.test(value);
      case 'techniques': return techniques;
      case 'subTechniques': return subTechniques;
      case 'startTimeUtc': return options.start;
      case 'alertRuleTemplateName': return options.linked ? text('id') : undefined;
      case 'templateVersion': return options.linked ? text('version') : undefined;
      case 'incidentConfiguration': return incident(entry);
      default:
    }
    if (!entry) return undefined;
    switch (as) {
      case 'prose': return value.trimEnd();
      case 'span': return span(entry, arm);
      case 'operator': return OPERATORS[value.trim()] ?? value.trim();
      case 'number': return Number(value);
      case 'flag': return /^true$/i.test(value);
      case 'text': return value.trim();
      case 'tactics': return tactics(entry);
      // The portal always has the list.
      case 'override': return inOrder(options.compact || !isPreview ? value : { ...value, alertDynamicProperties: value.alertDynamicProperties ?? [] });
      case 'copy': return inOrder(value);
      default: return value;
    }
  }

  function span(place, key, value = place.value) {
    const iso = toIso(value.trim());
    if (iso === undefined) say('FP509', place, `${key} ${JSON.stringify(value)} cannot be written for ARM`, 'write whole minutes, hours or days');
    return iso ?? value;
  }

  function tactics(entry) {
    return entry.value.map((tactic) => {
      const joined = tactic.replaceAll(' ', '');
      if (joined !== tactic) say('FP507', entry, `the tactic ${JSON.stringify(tactic)} is written ${joined}: the API takes no blanks`);
      return joined;
    });
  }

  function incident(entry) {
    const given = entry?.value ?? {};
    const flag = (value, otherwise) => (value === undefined ? otherwise : /^true$/i.test(value));
    const { groupingConfiguration: grouping = {} } = given;
    const unset = INCIDENT.groupingConfiguration;
    return {
      createIncident: options.noIncident ? false : flag(given.createIncident, INCIDENT.createIncident),
      groupingConfiguration: {
        enabled: flag(grouping.enabled, unset.enabled),
        reopenClosedIncident: flag(grouping.reopenClosedIncident, unset.reopenClosedIncident),
        lookbackDuration: grouping.lookbackDuration === undefined ? unset.lookbackDuration : span(entry, 'lookbackDuration', grouping.lookbackDuration),
        matchingMethod: grouping.matchingMethod ?? unset.matchingMethod,
        ...Object.fromEntries(['groupByEntities', 'groupByAlertDetails', 'groupByCustomDetails'].map((key) => [key, grouping[key] ?? []])),
      },
    };
  }

  /** What the rule says and the template does not. */
  function left() {
    const written = [...FIELDS.map(({ yaml }) => yaml), 'id', 'kind', ...(options.linked ? ['version'] : [])];
    for (const [key, entry] of entries) {
      if (written.includes(key)) continue;
      const known = GALLERY.includes(key) || key === 'version';
      const why = key === 'version' ? 'a rule of a workspace has a version only if it is linked to a template of the gallery' : known ? 'a rule of a workspace has no such field' : 'Sentinel does not know the field';
      say('FP504', entry, `${key} is left out: ${why}`);
    }
    if (!entries.has('suppressionDuration')) say('FP505', tree, 'suppressionDuration is PT5H, as the portal writes it where a rule has none');
  }
}

/** A deployment template of resources, as the portal writes one: no line break at its end. */
export const template = (resources) => JSON.stringify({
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  parameters: { workspace: { type: 'String' } },
  resources,
}, null, 4);

const isNull = (node) => node.text === undefined && !node.list && !node.map;

function plainNode(node) {
  if (node.list) return node.list.filter((item) => !isNull(item)).map(plainNode);
  if (node.map) return Object.assign(Object.create(null), Object.fromEntries(node.map.filter(([, , , inner]) => !isNull(inner)).map(([key, , , inner]) => [key, plainNode(inner)])));
  return node.text;
}

/** Every string as a template's string. */
function deepEscaped(value) {
  if (typeof value === 'string') return escaped(value);
  if (Array.isArray(value)) return value.map(deepEscaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, deepEscaped(inner)]));
}
