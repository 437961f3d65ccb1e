// The columns of tables that analytic rules read beside AWSCloudTrail, by Microsoft's reference of Azure Monitor tables. What every
// table has (TenantId, Type, SourceSystem, _ResourceId …) is left out but for what exports carry.

import { logTables as engineLogTables } from './engine.js';
import { guarded } from './instance.js';

/** Column and type, as a table's `schema` has them. */
export const SCHEMAS = {
  SecurityAlert: `TimeGenerated:datetime, AlertLink:string, AlertName:string, AlertSeverity:string, AlertType:string,
    CompromisedEntity:string, ConfidenceLevel:string, ConfidenceScore:real, Description:string, DisplayName:string, EndTime:datetime,
    Entities:string, ExtendedLinks:string, ExtendedProperties:string, IsIncident:bool, ProcessingEndTime:datetime,
    ProductComponentName:string, ProductName:string, ProviderName:string, RemediationSteps:string, ResourceId:string,
    SourceComputerId:string, SourceSystem:string, StartTime:datetime, Status:string, SubTechniques:string, SystemAlertId:string,
    Tactics:string, Techniques:string, TenantId:string, Type:string, VendorName:string, VendorOriginalId:string,
    WorkspaceResourceGroup:string, WorkspaceSubscriptionId:string`,
  SecurityIncident: `TimeGenerated:datetime, AdditionalData:dynamic, AlertIds:dynamic, BookmarkIds:dynamic, Classification:string,
    ClassificationComment:string, ClassificationReason:string, ClosedTime:datetime, Comments:dynamic, CreatedTime:datetime,
    Description:string, FirstActivityTime:datetime, FirstModifiedTime:datetime, IncidentName:string, IncidentNumber:int,
    IncidentUrl:string, Labels:dynamic, LastActivityTime:datetime, LastModifiedTime:datetime, ModifiedBy:string, Owner:dynamic,
    ProviderIncidentId:string, ProviderName:string, RelatedAnalyticRuleIds:dynamic, Severity:string, SourceSystem:string, Status:string,
    Tasks:dynamic, TenantId:string, Title:string, Type:string`,
  SigninLogs: `TimeGenerated:datetime, AADTenantId:string, AlternateSignInName:string, AppDisplayName:string, AppId:string,
    AuthenticationContextClassReferences:string, AuthenticationDetails:string, AuthenticationMethodsUsed:string,
    AuthenticationProcessingDetails:string, AuthenticationRequirement:string, AuthenticationRequirementPolicies:string,
    AutonomousSystemNumber:string, Category:string, ClientAppUsed:string, ConditionalAccessPolicies:dynamic,
    ConditionalAccessStatus:string, CorrelationId:string, CreatedDateTime:datetime, DeviceDetail:dynamic, DurationMs:long,
    FlaggedForReview:bool, HomeTenantId:string, Id:string, Identity:string, IPAddress:string, IPAddressFromResourceProvider:string,
    IsInteractive:bool, IsRisky:bool, Level:string, Location:string, LocationDetails:dynamic, MfaDetail:dynamic,
    NetworkLocationDetails:string, OperationName:string, OperationVersion:string, OriginalRequestId:string,
    ProcessingTimeInMilliseconds:string, Resource:string, ResourceDisplayName:string, ResourceGroup:string, ResourceId:string,
    ResourceIdentity:string, ResourceProvider:string, ResourceServicePrincipalId:string, ResourceTenantId:string,
    ResultDescription:string, ResultSignature:string, ResultType:string, RiskDetail:string, RiskEventTypes:string,
    RiskEventTypes_V2:string, RiskLevelAggregated:string, RiskLevelDuringSignIn:string, RiskState:string, ServicePrincipalId:string,
    ServicePrincipalName:string, SessionLifetimePolicies:string, SignInIdentifier:string, SignInIdentifierType:string,
    SourceSystem:string, Status:dynamic, TenantId:string, TokenIssuerName:string, TokenIssuerType:string, Type:string,
    UniqueTokenIdentifier:string, UserAgent:string, UserDisplayName:string, UserId:string, UserPrincipalName:string, UserType:string`,
  AuditLogs: `TimeGenerated:datetime, AADOperationType:string, AADTenantId:string, ActivityDateTime:datetime, ActivityDisplayName:string,
    AdditionalDetails:dynamic, Category:string, CorrelationId:string, DurationMs:long, Id:string, Identity:string, InitiatedBy:dynamic,
    Level:string, Location:string, LoggedByService:string, OperationName:string, OperationVersion:string, Resource:string,
    ResourceGroup:string, ResourceId:string, ResourceProvider:string, Result:string, ResultDescription:string, ResultReason:string,
    ResultSignature:string, ResultType:string, SourceSystem:string, TargetResources:dynamic, TenantId:string, Type:string`,
  AzureActivity: `TimeGenerated:datetime, ActivityStatus:string, ActivityStatusValue:string, ActivitySubstatus:string,
    ActivitySubstatusValue:string, Authorization:string, Authorization_d:dynamic, Caller:string, CallerIpAddress:string, Category:string,
    CategoryValue:string, Claims:string, Claims_d:dynamic, CorrelationId:string, EventDataId:string, EventSubmissionTimestamp:datetime,
    Hierarchy:string, HTTPRequest:string, Level:string, OperationId:string, OperationName:string, OperationNameValue:string,
    Properties:string, Properties_d:dynamic, Resource:string, ResourceGroup:string, ResourceId:string, ResourceProvider:string,
    ResourceProviderValue:string, SourceSystem:string, SubscriptionId:string, TenantId:string, Type:string`,
  ThreatIntelligenceIndicator: `TimeGenerated:datetime, Action:string, Active:bool, ActivityGroupNames:string, AdditionalInformation:string,
    ConfidenceScore:real, Description:string, DiamondModel:string, DomainName:string, EmailEncoding:string, EmailLanguage:string,
    EmailRecipient:string, EmailSenderAddress:string, EmailSenderName:string, EmailSourceDomain:string, EmailSourceIpAddress:string,
    EmailSubject:string, EmailXMailer:string, ExpirationDateTime:datetime, ExternalIndicatorId:string, FileCompileDateTime:datetime,
    FileCreatedDateTime:datetime, FileHashType:string, FileHashValue:string, FileMutexName:string, FileName:string,
    FilePacker:string, FilePath:string, FileSize:int, FileType:string, IndicatorId:string, IndicatorProvider:string,
    KillChainActions:bool, KillChainC2:bool, KillChainDelivery:bool, KillChainExploitation:bool, KillChainReconnaissance:bool,
    KillChainWeaponization:bool, KnownFalsePositives:string, MalwareNames:string, NetworkCidrBlock:string,
    NetworkDestinationAsn:int, NetworkDestinationCidrBlock:string, NetworkDestinationIP:string, NetworkDestinationPort:int,
    NetworkIP:string, NetworkPort:int, NetworkProtocol:int, NetworkSourceAsn:int, NetworkSourceCidrBlock:string,
    NetworkSourceIP:string, NetworkSourcePort:int, PassiveOnly:bool, SourceSystem:string, Tags:string, TenantId:string,
    ThreatSeverity:int, ThreatType:string, TrafficLightProtocolLevel:string, Type:string, Url:string, UserAgent:string`,
  IdentityInfo: `TimeGenerated:datetime, AccountCloudSID:string, AccountCreationTime:datetime, AccountDisplayName:string, AccountDomain:string,
    AccountName:string, AccountObjectId:string, AccountSID:string, AccountTenantId:string, AccountUPN:string,
    AdditionalMailAddresses:dynamic, Applications:string, AssignedRoles:dynamic, BlastRadius:string, ChangeSource:string,
    City:string, Country:string, DeletedDateTime:datetime, Department:string, EmployeeId:string, EntityRiskScore:dynamic,
    ExtensionProperty:dynamic, GivenName:string, GroupMembership:dynamic, InvestigationPriority:int,
    InvestigationPriorityPercentile:int, IsAccountEnabled:bool, IsMFARegistered:bool, JobTitle:string, LastSeenDate:datetime,
    MailAddress:string, Manager:string, OnPremisesDistinguishedName:string, OnPremisesExtensionAttributes:string, Phone:string,
    RelatedAccounts:dynamic, RiskLevel:string, RiskLevelDetails:string, RiskState:string, ServicePrincipals:dynamic,
    SourceSystem:string, State:string, StreetAddress:string, Surname:string, Tags:string, TenantId:string, Type:string,
    UACFlags:string, UserAccountControl:dynamic, UserState:string, UserStateChangedOn:datetime, UserType:string`,
};

/**
 * The tables of AWS's other logs: `[{name, doc, source, columns: [{name, type, fields, certainty}]}]`; `fields` are the paths of keys in
 * a record, the first that it has counts.
 */
export const logTables = () => JSON.parse(guarded('logTables()', undefined, engineLogTables));

/** The schema of a table that Sentinel has; undefined of any other. The engine knows those of AWS's logs. */
export function schemaOf(name) {
  const log = logTables().find((table) => table.name === name);
  if (log) return log.columns.map((column) => `${column.name}:${column.type}`).join(', ');
  return Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined;
}
