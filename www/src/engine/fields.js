// What a filter compares: fields of a record, exactly. A record is an event, or a row of a table that was exported.

/** The indexed columns, as src/detector/index.rs has them, and where each stands in an event. */
export const COLUMNS = ['EventName', 'EventSource', 'User', 'SourceIpAddress', 'AWSRegion', 'ErrorCode'];
const KEYS = { EventName: 'eventName', EventSource: 'eventSource', SourceIpAddress: 'sourceIPAddress', AWSRegion: 'awsRegion', ErrorCode: 'errorCode' };

/** Fields of alerts: no event has them. */
export const ALERT_FIELDS = ['Severity', 'Tactic', 'Technique', 'Rule'];

const DEEPEST = 100;

/** Who did it, as the engine's index has it: the ARN's last part, else a name. */
export function user(record) {
  const { userIdentity: of = {} } = record;
  const arn = of?.arn ?? record.UserIdentityArn;
  if (arn) return String(arn).split(':').slice(5).join(':') || String(arn);
  return String(of?.userName ?? record.UserIdentityUserName ?? of?.invokedBy ?? record.UserIdentityInvokedBy ?? of?.principalId ?? record.UserIdentityPrincipalid ?? of?.type ?? record.UserIdentityType ?? '');
}

/** Who did it, as WHO in js/questions.js has it. */
export function who(record) {
  const { userIdentity: of = {} } = record;
  return [of?.arn, record.UserIdentityArn, of?.invokedBy, record.UserIdentityInvokedBy, of?.userName, record.UserIdentityUserName, of?.principalId, record.UserIdentityPrincipalid, of?.type, record.UserIdentityType]
    .find((name) => typeof name === 'string' && name !== '') ?? '';
}

export const accessKey = (record) => record.userIdentity?.accessKeyId ?? record.UserIdentityAccessKeyId ?? '';

const last = (text, by) => (typeof text === 'string' && text.includes(by) ? text.slice(text.lastIndexOf(by) + 1) : undefined);

/** Each name by which a rule can call the account of an event: its ARN, name, principal or session, and the role behind a session. */
function accounts(record) {
  const { userIdentity: of } = record;
  const issuer = of?.sessionContext?.sessionIssuer;
  const arns = [of?.arn, issuer?.arn, record.UserIdentityArn, record.SessionIssuerArn];
  const principals = [of?.principalId, issuer?.principalId, record.UserIdentityPrincipalid, record.SessionIssuerPrincipalId];
  const names = [of?.userName, issuer?.userName, of?.invokedBy, record.UserIdentityUserName, record.SessionIssuerUserName, record.UserIdentityInvokedBy];
  // An account may be called by the last part of its ARN, and a session by what follows the principal.
  return [...arns, ...principals, ...names, ...arns.map((arn) => last(arn, '/')), ...arns.map((arn) => last(arn, ':')), ...principals.map((id) => last(id, ':')),
    ...(of?.type === 'Root' || record.UserIdentityType === 'Root' ? ['root'] : [])];
}

function* leaves(value, depth = 0) {
  if (value === null || typeof value !== 'object') yield value;
  else if (depth < DEEPEST) for (const inner of Object.values(value)) yield* leaves(inner, depth + 1);
}

/** The values of a record at `field`: a column, `account`, `value` (any of its values), or a path such as `/userIdentity/accessKeyId`. */
function valuesAt(record, field) {
  if (field === 'account') return accounts(record);
  if (field === 'value') return leaves(record);
  if (field === 'User') return [user(record)];
  if (KEYS[field]) return [record[KEYS[field]] ?? record[field] ?? ''];
  const at = field.slice(1).split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')).reduce((inner, key) => inner?.[key], record);
  return [at === undefined ? '' : at !== null && typeof at === 'object' ? JSON.stringify(at) : at];
}

/** Whether some value of the record at the field is one of the words. */
export function isAt(record, field, words) {
  for (const value of valuesAt(record, field)) {
    if (value !== undefined && words.has(String(value ?? ''))) return true;
  }
  return false;
}

/** The path of a field of an event, as a filter calls it. */
export const pathOf = (keys) => `/${keys.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;

/** Whether a record passes the filters on fields; `search` finds text. Fields of alerts are left to alerts. */
export function passes(record, { values = {}, not = {} }) {
  const holds = (list, wanted) => Object.entries(list).every(([field, words]) => !words.length || ALERT_FIELDS.includes(field) || isAt(record, field, new Set(words)) === wanted);
  return holds(values, true) && holds(not, false);
}
