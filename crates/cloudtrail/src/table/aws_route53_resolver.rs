//! `AWSRoute53Resolver`: the resolver's logs of queries.

use super::aws_cloudtrail::Certainty::{High, Low, Medium};
use super::logs::Origin::{Absent, Field};
use super::logs::{LogTable, Only, column, with_standard_columns};
use kql::value::Type::{DateTime, Dynamic, String as Text};

#[rustfmt::skip]
pub static TABLE: LogTable = LogTable {
    name: "AWSRoute53Resolver",
    doc: "The DNS queries that Route 53's resolver logs.",
    source: "Azure Monitor's reference and the table of Microsoft's connector name columns and types; the names are those of AWS's fields. That TimeGenerated is `query_timestamp` is told by there being no other column for it.",
    columns: with_standard_columns![
        column("AccountId", Text, Field(&["account_id"]), High),
        column("Answers", Dynamic, Field(&["answers"]), High),
        column("FirewallDomainListId", Text, Field(&["firewall_domain_list_id"]), High),
        column("FirewallRuleAction", Text, Field(&["firewall_rule_action"]), High),
        column("FirewallRuleGroupId", Text, Field(&["firewall_rule_group_id"]), High),
        column("LogType", Text, Absent, Low),
        column("QueryClass", Text, Field(&["query_class"]), High),
        column("QueryName", Text, Field(&["query_name"]), High),
        column("QueryType", Text, Field(&["query_type"]), High),
        column("Rcode", Text, Field(&["rcode"]), High),
        column("Region", Text, Field(&["region"]), High),
        column("SrcAddr", Text, Field(&["srcaddr"]), High),
        column("SrcIds", Dynamic, Field(&["srcids"]), High),
        column("SrcPort", Text, Field(&["srcport"]), High),
        column("TimeGenerated", DateTime, Field(&["query_timestamp"]), Medium),
        column("Transport", Text, Field(&["transport"]), High),
        column("Version", Text, Field(&["version"]), High),
        column("VpcId", Text, Field(&["vpc_id"]), High),
    ],
    keys: &["query_timestamp", "query_name", "query_type", "vpc_id"],
    only: Only::Keys,
    in_short: ["QueryName", "VpcId", "SrcAddr", "Region", "Rcode"],
};
