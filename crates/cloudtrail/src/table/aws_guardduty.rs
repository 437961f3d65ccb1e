//! `AWSGuardDuty`: findings as GuardDuty exports them to S3 and as EventBridge carries them.

use super::aws_cloudtrail::Certainty::{High, Medium};
use super::logs::Origin::Field;
use super::logs::{LogTable, Only, column, with_standard_columns};
use kql::value::Type::{DateTime, Dynamic, Int, String as Text};

#[rustfmt::skip]
pub static TABLE: LogTable = LogTable {
    name: "AWSGuardDuty",
    doc: "GuardDuty's findings, as it exports them to S3 and as EventBridge carries them.",
    source: "Azure Monitor's reference of tables names columns, types and meanings, and says that TimeGenerated is when the finding was updated; Microsoft's own rule reads `ResourceDetails.accessKeyDetails` and `ServiceDetails.action` as the finding has them. `Severity` is a whole number: 5.3 becomes 5.",
    columns: with_standard_columns![
        column("AccountId", Text, Field(&["accountId"]), High),
        column("ActivityType", Text, Field(&["type"]), High),
        column("Arn", Text, Field(&["arn"]), High),
        column("Description", Text, Field(&["description"]), High),
        column("Id", Text, Field(&["id"]), High),
        column("Partition", Text, Field(&["partition"]), High),
        column("Region", Text, Field(&["region"]), High),
        column("ResourceDetails", Dynamic, Field(&["resource"]), High),
        column("SchemaVersion", Text, Field(&["schemaVersion"]), High),
        column("ServiceDetails", Dynamic, Field(&["service"]), High),
        column("Severity", Int, Field(&["severity"]), Medium),
        column("TimeCreated", DateTime, Field(&["createdAt"]), High),
        column("TimeGenerated", DateTime, Field(&["updatedAt"]), High),
        column("Title", Text, Field(&["title"]), High),
    ],
    keys: &["schemaVersion", "accountId", "service", "resource", "severity"],
    only: Only::Keys,
    in_short: ["ActivityType", "AccountId", "", "Region", ""],
};
