// GuardDuty's own findings as rows of Sentinel's table AWSGuardDuty.

/** Our keys of a finding, by the columns they fill. TimeGenerated is when the finding was last updated. */
const FIELDS = {
  AccountId: 'accountId', ActivityType: 'type', Arn: 'arn', Description: 'description', Id: 'id', Partition: 'partition', Region: 'region',
  ResourceDetails: 'resource', SchemaVersion: 'schemaVersion', ServiceDetails: 'service', Severity: 'severity', TimeCreated: 'createdAt',
  TimeGenerated: 'updatedAt', Title: 'title',
};

/** A finding as a row; what is none comes back as it is. GuardDuty exports `schemaVersion`, EventBridge wraps it, the API writes `SchemaVersion`. */
export function rowOfFinding(given) {
  const finding = given?.['detail-type'] === 'GuardDuty Finding' ? given.detail : given;
  if (finding === null || typeof finding !== 'object' || 'ActivityType' in finding) return given;
  const lower = 'SchemaVersion' in finding && 'Service' in finding ? camel(finding) : finding;
  if (!('schemaVersion' in lower && 'service' in lower)) return given;
  const row = Object.fromEntries(Object.entries(FIELDS).map(([column, key]) => [column, lower[key]]));
  // The column is a whole number; the API has 5.3 where it means "medium".
  return { ...row, Severity: typeof row.Severity === 'number' ? Math.trunc(row.Severity) : row.Severity, Type: 'AWSGuardDuty' };
}

/** The API's names of keys as the export has them: the first letter is small, at every level. */
function camel(value) {
  if (Array.isArray(value)) return value.map(camel);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.charAt(0).toLowerCase() + key.slice(1), camel(inner)]));
}
