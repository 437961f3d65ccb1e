//! `AWSSecurityHubFindings`: findings of Security Hub in ASFF.

use super::aws_cloudtrail::Certainty::{High, Low};
use super::logs::Origin::{Field, FirstOf, Whole};
use super::logs::{LogTable, Only, column, with_standard_columns};
use kql::value::Type::{DateTime, Dynamic, String as Text};

#[rustfmt::skip]
pub static TABLE: LogTable = LogTable {
    name: "AWSSecurityHubFindings",
    doc: "Security Hub's findings in ASFF, as EventBridge carries them and as its API gives them; each finding of an event is a row.",
    source: "The query of Microsoft's connector names each column's field. It takes the first finding of an event; EventBridge sends one, and where there are more, all are read here. TimeGenerated is the event's `time`, which becomes a member of the finding; of a finding without an event it is when the finding was updated. RawData is the event's `detail`.",
    columns: with_standard_columns![
        column("AwsAccountId", Text, Field(&["AwsAccountId"]), High),
        column("AwsRegion", Text, Field(&["Region"]), High),
        column("AwsSecurityFindingCreatedAt", DateTime, Field(&["CreatedAt"]), High),
        column("AwsSecurityFindingDescription", Text, Field(&["Description"]), High),
        column("AwsSecurityFindingFirstObservedAt", DateTime, Field(&["FirstObservedAt"]), High),
        column("AwsSecurityFindingGeneratorId", Text, Field(&["GeneratorId"]), High),
        column("AwsSecurityFindingId", Text, Field(&["Id"]), High),
        column("AwsSecurityFindingLastObservedAt", DateTime, Field(&["LastObservedAt"]), High),
        column("AwsSecurityFindingProcessedAt", DateTime, Field(&["ProcessedAt"]), High),
        column("AwsSecurityFindingProductArn", Text, Field(&["ProductArn"]), High),
        column("AwsSecurityFindingProductFields", Dynamic, Field(&["ProductFields"]), High),
        column("AwsSecurityFindingProductName", Text, Field(&["ProductName"]), High),
        column("AwsSecurityFindingSeverity", Dynamic, Field(&["FindingProviderFields", "Severity"]), High),
        column("AwsSecurityFindingTitle", Text, Field(&["Title"]), High),
        column("AwsSecurityFindingTypes", Dynamic, Field(&["Types"]), High),
        column("AwsSecurityFindingUpdatedAt", DateTime, Field(&["UpdatedAt"]), High),
        column("ComplianceAssociatedStandards", Dynamic, Field(&["Compliance", "AssociatedStandards"]), High),
        column("ComplianceRelatedRequirements", Dynamic, Field(&["Compliance", "RelatedRequirements"]), High),
        column("ComplianceSecurityControlId", Text, Field(&["Compliance", "SecurityControlId"]), High),
        column("ComplianceSecurityControlParameters", Dynamic, Field(&["Compliance", "SecurityControlParameters"]), High),
        column("ComplianceStatus", Text, Field(&["Compliance", "Status"]), High),
        column("ComplianceStatusReasons", Dynamic, Field(&["Compliance", "StatusReasons"]), High),
        column("RawData", Dynamic, Whole("findings"), Low),
        column("RecordState", Text, Field(&["RecordState"]), High),
        column("Remediation", Dynamic, Field(&["Remediation"]), High),
        column("Resources", Dynamic, Field(&["Resources"]), High),
        column("SchemaVersion", Text, Field(&["SchemaVersion"]), High),
        column("TimeGenerated", DateTime, FirstOf(&[&["time"], &["UpdatedAt"]]), High),
        column("WorkflowState", Text, Field(&["WorkflowState"]), High),
    ],
    keys: &["AwsAccountId", "ProductArn", "GeneratorId", "SchemaVersion"],
    only: Only::Keys,
    in_short: ["AwsSecurityFindingTitle", "AwsAccountId", "", "AwsRegion", ""],
};
