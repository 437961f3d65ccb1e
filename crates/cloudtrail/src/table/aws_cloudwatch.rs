//! `AWSCloudWatch`: lines of CloudWatch Logs as an export to S3 has them.

use super::aws_cloudtrail::Certainty::High;
use super::logs::Origin::Field;
use super::logs::{LogTable, Only, column, with_standard_columns};
use kql::value::Type::{DateTime, String as Text};

pub static TABLE: LogTable = LogTable {
    name: "AWSCloudWatch",
    doc: "The lines of log groups that CloudWatch Logs exports to S3, each behind its time. A line that is an event of CloudTrail or of a flow log is a row of that table.",
    source: "Azure Monitor's reference of tables names columns, types and meanings, and says that TimeGenerated equals ExtractedTime. A line without a time continues the one before.",
    columns: with_standard_columns![
        column("ExtractedTime", DateTime, Field(&["timestamp"]), High),
        column("Message", Text, Field(&["message"]), High),
        column("TimeGenerated", DateTime, Field(&["timestamp"]), High),
    ],
    keys: &[],
    only: Only::Keys,
    in_short: ["Message", "", "", "", ""],
};
