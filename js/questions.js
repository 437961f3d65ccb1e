// A responder's first questions, as KQL over `AWSCloudTrail`: for the command and the page.

/** Who did it: what tells most. */
export const WHO = 'coalesce(UserIdentityArn, UserIdentityInvokedBy, UserIdentityUserName, UserIdentityPrincipalid, UserIdentityType)';

/** A text as KQL writes it. */
export const quoted = (text) => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** What a summary asks: the title of each answer, the query, its order, and how many rows are shown. */
export const QUESTIONS = [
  ['who', `summarize Events = count(), Failed = countif(isnotempty(ErrorCode)), Changes = countif(ReadOnly == false), Addresses = dcount(SourceIpAddress), First = min(TimeGenerated), Last = max(TimeGenerated) by Who = ${WHO}`, 'Events desc', 8],
  ['from where', 'summarize Events = count(), Failed = countif(isnotempty(ErrorCode)), Principals = dcount(UserIdentityArn), First = min(TimeGenerated), Last = max(TimeGenerated) by Address = SourceIpAddress', 'Events desc', 8],
  ['calls that change something', 'where ReadOnly == false | summarize Events = count(), Failed = countif(isnotempty(ErrorCode)), Last = max(TimeGenerated) by Call = EventName, Service = EventSource', 'Events desc', 10],
  ['errors', 'where isnotempty(ErrorCode) | summarize Events = count(), Calls = strcat_array(make_set(EventName, 4), ", ") by Error = ErrorCode', 'Events desc', 6],
  ['access keys, the newest first', 'where isnotempty(UserIdentityAccessKeyId) | summarize First = min(TimeGenerated), Last = max(TimeGenerated), Events = count(), Who = take_any(UserIdentityArn) by Key = UserIdentityAccessKeyId', 'First desc', 6],
  ['regions', 'summarize Events = count(), First = min(TimeGenerated) by Region = AWSRegion', 'Events desc', 8],
];

/** The columns that tell what an event is. */
export const EVENT_FIELDS = 'TimeGenerated, EventName, EventSource, ErrorCode, ErrorMessage, UserIdentityArn, UserIdentityType, UserIdentityUserName, UserIdentityInvokedBy, UserIdentityPrincipalid, UserIdentityAccessKeyId, SessionIssuerUserName, SourceIpAddress, AWSRegion, UserAgent, RequestParameters, ResponseElements, AwsEventId, RecipientAccountId, ReadOnly';

/** The events that make a session or a key. */
export const MAKERS = /^(?:AssumeRole|GetSessionToken|GetFederationToken|CreateAccessKey)/;

/** The keys and sessions that an event made. */
export function* madeBy({ EventName, ResponseElements }) {
  if (!MAKERS.test(EventName ?? '')) return;
  let response;
  try {
    response = JSON.parse(ResponseElements);
  } catch {
    return; // a call that failed made nothing
  }
  const { credentials, assumedRoleUser, federatedUser, accessKey } = response ?? {};
  for (const made of [credentials?.accessKeyId, assumedRoleUser?.arn, federatedUser?.arn, accessKey?.accessKeyId]) {
    if (typeof made === 'string' && made !== '') yield made;
  }
}
