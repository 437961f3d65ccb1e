// A rule's fields in both forms: Sentinel's YAML and the properties of an ARM template. Both directions read this table.

/**
 * In the portal's order. `as` says how a value crosses: `text`, `query`, `span`, `number`, `operator`, `flag`, `incident`, `override`,
 * `details` (as they are), `copy` (with its members in order), `techniques`; `scheduled` marks what near-real-time rules do not have, `preview` what only preview versions of
 * the API have. A field without `yaml` has no counterpart; `unset` is what the portal writes then.
 */
export const FIELDS = [
  { arm: 'displayName', yaml: 'name', as: 'text' },
  { arm: 'description', yaml: 'description', as: 'prose' },
  { arm: 'severity', yaml: 'severity', as: 'text' },
  { arm: 'enabled', yaml: 'enabled', as: 'flag', unset: true },
  { arm: 'query', yaml: 'query', as: 'query' },
  { arm: 'queryFrequency', yaml: 'queryFrequency', as: 'span', scheduled: true },
  { arm: 'queryPeriod', yaml: 'queryPeriod', as: 'span', scheduled: true },
  { arm: 'triggerOperator', yaml: 'triggerOperator', as: 'operator', scheduled: true },
  { arm: 'triggerThreshold', yaml: 'triggerThreshold', as: 'number', scheduled: true },
  { arm: 'suppressionDuration', yaml: 'suppressionDuration', as: 'span', unset: 'PT5H' },
  { arm: 'suppressionEnabled', yaml: 'suppressionEnabled', as: 'flag', unset: false },
  { arm: 'startTimeUtc', scheduled: true, preview: true, unset: null },
  { arm: 'tactics', yaml: 'tactics', as: 'tactics', unset: [] },
  { arm: 'techniques', yaml: 'relevantTechniques', as: 'techniques', unset: [] },
  { arm: 'subTechniques', as: 'techniques', preview: true, unset: [] },
  { arm: 'alertRuleTemplateName', unset: null },
  { arm: 'incidentConfiguration', yaml: 'incidentConfiguration', as: 'incident' },
  { arm: 'eventGroupingSettings', yaml: 'eventGroupingSettings', as: 'copy', unset: null },
  { arm: 'alertDetailsOverride', yaml: 'alertDetailsOverride', as: 'override', unset: null },
  { arm: 'customDetails', yaml: 'customDetails', as: 'details', unset: null },
  { arm: 'entityMappings', yaml: 'entityMappings', as: 'copy', unset: null },
  { arm: 'sentinelEntitiesMappings', yaml: 'sentinelEntitiesMappings', as: 'copy', preview: true, unset: null },
  { arm: 'templateVersion', unset: null },
];

/** The keys of a rule in YAML, in the order of Microsoft's files. */
export const YAML_ORDER = [
  'id', 'name', 'description', 'severity', 'status', 'enabled', 'requiredDataConnectors', 'queryFrequency', 'queryPeriod', 'triggerOperator',
  'triggerThreshold', 'tactics', 'relevantTechniques', 'query', 'eventGroupingSettings', 'customDetails', 'entityMappings', 'sentinelEntitiesMappings',
  'alertDetailsOverride', 'suppressionEnabled', 'suppressionDuration', 'incidentConfiguration', 'version', 'kind',
];

/** The short and the long names of triggers. */
export const OPERATORS = { gt: 'GreaterThan', lt: 'LessThan', eq: 'Equal', ne: 'NotEqual' };

/** How alerts become incidents where a rule does not say; both members with all of theirs, as the API demands them. */
export const INCIDENT = {
  createIncident: true,
  groupingConfiguration: {
    enabled: false,
    reopenClosedIncident: false,
    lookbackDuration: 'PT5H',
    matchingMethod: 'AllEntities',
    groupByEntities: [],
    groupByAlertDetails: [],
    groupByCustomDetails: [],
  },
};

/** The order in which objects within a rule have their members, where it is not the author's. */
const MEMBERS = [
  'entityType', 'fieldMappings', 'identifier', 'columnName', 'connectorId', 'dataTypes', 'alertProperty', 'value',
  'alertDisplayNameFormat', 'alertDescriptionFormat', 'alertTacticsColumnName', 'alertSeverityColumnName', 'alertDynamicProperties',
];

/** A value with the members of its objects in that order. */
export function inOrder(value) {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const place = (key) => (MEMBERS.includes(key) ? MEMBERS.indexOf(key) : MEMBERS.length);
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => place(a) - place(b)).map(([key, inner]) => [key, inOrder(inner)]));
}

/** The versions of the API that `forepost arm` writes for. The first is what the portal exports. */
export const API_VERSIONS = ['2023-12-01-preview', '2024-01-01-preview', '2024-10-01-preview', '2025-07-01-preview', '2024-09-01', '2025-09-01'];

/** What is said about a conversion. */
export const CODES = {
  FP501: { severity: 'information', meaning: 'A template holds an analytic rule of a kind that has no query; it is left out.' },
  FP502: { severity: 'warning', meaning: 'A value is an ARM expression that only a deployment can work out.' },
  FP503: { severity: 'warning', meaning: 'A rule in an ARM template has no GUID; its id is made of its name.' },
  FP504: { severity: 'information', meaning: 'A field has no place in the other form and is left out.' },
  FP505: { severity: 'information', meaning: 'A field is missing, and a default stands for it.' },
  FP506: { severity: 'information', meaning: 'Line breaks CRLF became LF.' },
  FP507: { severity: 'warning', meaning: 'The API of the version that was asked for does not take a value; it is left out or mended.' },
  FP508: { severity: 'error', meaning: 'The API of the version that was asked for has no near-real-time rules.' },
  FP509: { severity: 'error', meaning: 'A time span cannot be written in the other form.' },
  FP510: { severity: 'information', meaning: 'A rule is switched off where it was exported from; Forepost runs it all the same.' },
  FP511: { severity: 'error', meaning: 'A rule with errors is not converted.' },
};

/** `90m`, `36h`, `1d`, `01:30:00`, `1.12:00:00`, or ISO 8601 as it is: as ISO 8601, in the author's unit. Undefined for anything else. */
export function toIso(text) {
  const [, number, unit = 'd'] = /^0*(\d+)([mhd]?)$/.exec(text)?.map((part) => part || undefined) ?? [];
  if (number) return unit === 'd' ? `P${number}D` : `PT${number}${unit.toUpperCase()}`;
  const parts = /^(?:(\d+)\.)?(\d\d?):(\d\d)(?::00)?$/.exec(text);
  if (parts) {
    const [days, hours, minutes] = parts.slice(1).map((part) => Number(part ?? 0));
    const clock = `${hours ? `${hours}H` : ''}${minutes ? `${minutes}M` : ''}`;
    return days || clock ? `P${days ? `${days}D` : ''}${clock && `T${clock}`}` : undefined;
  }
  return fromIso(text) && text;
}

/** ISO 8601 as YAML writes it: `PT90M` is `90m`; of several units, the largest one that is exact. Undefined for what has none. */
export function fromIso(text) {
  const parts = /^P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:0+S)?)?$/.exec(text);
  const units = parts?.slice(1).flatMap((part, index) => (part ? [[Number(part), 'dhm'[index]]] : [])) ?? [];
  const minutes = units.reduce((sum, [number, unit]) => sum + number * { d: 1440, h: 60, m: 1 }[unit], 0);
  if (minutes === 0) return undefined;
  const [[number, unit]] = units;
  if (units.length === 1) return `${number}${unit}`;
  return minutes % 1440 === 0 ? `${minutes / 1440}d` : minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
}

/** `{techniques, subTechniques, wrong}` of a list that has both: the API takes them apart. */
export function splitTechniques(list) {
  const right = list.filter((id) => /^T\d{4}(?:\.\d{3})?$/.test(id));
  return {
    techniques: [...new Set(right.map((id) => id.split('.')[0]))],
    subTechniques: [...new Set(right.filter((id) => id.includes('.')))],
    wrong: list.filter((id) => !right.includes(id)),
  };
}

/** One list of both: a technique gives way to its sub-techniques. */
export function joinTechniques(techniques, subTechniques) {
  const subs = [...new Set([...techniques, ...subTechniques].filter((id) => id.includes('.')))];
  const parents = [...new Set(techniques.filter((id) => !id.includes('.')))];
  const of = (parent) => subs.filter((sub) => sub.split('.')[0] === parent);
  const kept = parents.flatMap((parent) => (of(parent).length > 0 ? of(parent) : [parent]));
  return [...kept, ...subs.filter((sub) => !kept.includes(sub))];
}
