//! `AWSNetworkFirewallAlert`, `AWSNetworkFirewallFlow` and `AWSNetworkFirewallTls`: Network Firewall's three logs.

use super::aws_cloudtrail::Certainty::{High, Low, Medium};
use super::logs::Origin::{Field, FirstOf, Seconds};
use super::logs::{LogTable, Only, column, with_standard_columns};
use kql::value::Type::{Bool, DateTime, String as Text};

const SOURCE: &str = "The query of Microsoft's connector names each column's field; Azure Monitor's reference of tables has the same columns and types. The connector's query takes the time of arrival as TimeGenerated; the reference says that it is when the entry was created, which is `event_timestamp`.";
const KEYS: &[&str] = &["firewall_name", "availability_zone", "event_timestamp", "event"];

#[rustfmt::skip]
pub static ALERT: LogTable = LogTable {
    name: "AWSNetworkFirewallAlert",
    doc: "Network Firewall's alerts.",
    source: SOURCE,
    columns: with_standard_columns![
        column("AlertAction", Text, Field(&["event", "alert", "action"]), High),
        column("AppProto", Text, Field(&["event", "app_proto"]), High),
        column("AvailabilityZone", Text, Field(&["availability_zone"]), High),
        column("Category", Text, Field(&["event", "alert", "category"]), High),
        column("DestIp", Text, Field(&["event", "dest_ip"]), High),
        column("DestPort", Text, Field(&["event", "dest_port"]), High),
        column("Direction", Text, Field(&["event", "direction"]), High),
        column("EventTimestamp", DateTime, Seconds(&[&["event_timestamp"]]), Medium),
        column("EventType", Text, Field(&["event", "event_type"]), High),
        column("FirewallName", Text, Field(&["firewall_name"]), High),
        column("FlowId", Text, Field(&["event", "flow_id"]), High),
        column("PktSrc", Text, Field(&["event", "pkt_src"]), High),
        column("Proto", Text, Field(&["event", "proto"]), High),
        column("Rev", Text, Field(&["event", "alert", "rev"]), High),
        column("Severity", Text, Field(&["event", "alert", "severity"]), High),
        column("Signature", Text, Field(&["event", "alert", "signature"]), High),
        column("SignatureId", Text, Field(&["event", "alert", "signature_id"]), High),
        column("Sni", Text, Field(&["event", "tls", "sni"]), High),
        column("SrcIp", Text, Field(&["event", "src_ip"]), High),
        column("SrcPort", Text, Field(&["event", "src_port"]), High),
        column("TimeGenerated", DateTime, Seconds(&[&["event_timestamp"]]), Medium),
        column("Timestamp", DateTime, Field(&["event", "timestamp"]), Medium),
        column("TxId", Text, Field(&["event", "tx_id"]), High),
        column("VerdictAction", Text, Field(&["event", "verdict", "action"]), High),
        column("Version", Text, Field(&["event", "tls", "version"]), High),
    ],
    keys: KEYS,
    only: Only::Text(&["event", "event_type"], "alert"),
    in_short: ["Signature", "FirewallName", "SrcIp", "AvailabilityZone", "AlertAction"],
};

#[rustfmt::skip]
pub static FLOW: LogTable = LogTable {
    name: "AWSNetworkFirewallFlow",
    doc: "The flows that Network Firewall saw.",
    source: SOURCE,
    columns: with_standard_columns![
        column("Ack", Bool, Field(&["event", "tcp", "ack"]), High),
        column("AppProto", Text, Field(&["event", "app_proto"]), High),
        column("AvailabilityZone", Text, Field(&["availability_zone"]), High),
        column("DestIp", Text, Field(&["event", "dest_ip"]), High),
        column("DestPort", Text, Field(&["event", "dest_port"]), High),
        column("Ecn", Bool, Field(&["event", "tcp", "ecn"]), High),
        column("EventTimestamp", Text, Field(&["event_timestamp"]), High),
        column("EventType", Text, Field(&["event", "event_type"]), High),
        column("Fin", Bool, Field(&["event", "tcp", "fin"]), High),
        column("FirewallName", Text, Field(&["firewall_name"]), High),
        column("FlowId", Text, Field(&["event", "flow_id"]), High),
        column("NetFlowAge", Text, Field(&["event", "netflow", "age"]), High),
        column("NetFlowBytes", Text, Field(&["event", "netflow", "bytes"]), High),
        column("NetFlowEnd", DateTime, Field(&["event", "netflow", "end"]), High),
        column("NetFlowMaxttl", Text, Field(&["event", "netflow", "max_ttl"]), High),
        column("NetFlowMinttl", Text, Field(&["event", "netflow", "min_ttl"]), High),
        column("NetFlowPkts", Text, Field(&["event", "netflow", "pkts"]), High),
        column("NetFlowStart", DateTime, Field(&["event", "netflow", "start"]), High),
        column("Proto", Text, Field(&["event", "proto"]), High),
        column("Psh", Bool, Field(&["event", "tcp", "psh"]), High),
        column("Rst", Bool, Field(&["event", "tcp", "rst"]), High),
        column("SrcIp", Text, Field(&["event", "src_ip"]), High),
        column("SrcPort", Text, Field(&["event", "src_port"]), High),
        column("Syn", Bool, Field(&["event", "tcp", "syn"]), High),
        column("TCPFlags", Text, Field(&["event", "tcp", "tcp_flags"]), High),
        column("TimeGenerated", DateTime, Seconds(&[&["event_timestamp"]]), Medium),
        column("Timestamp", DateTime, Field(&["event", "timestamp"]), Medium),
    ],
    keys: KEYS,
    only: Only::Text(&["event", "event_type"], "netflow"),
    in_short: ["EventType", "FirewallName", "SrcIp", "AvailabilityZone", ""],
};

#[rustfmt::skip]
pub static TLS: LogTable = LogTable {
    name: "AWSNetworkFirewallTls",
    doc: "Network Firewall's log of TLS inspection.",
    source: SOURCE,
    columns: with_standard_columns![
        column("Action", Text, FirstOf(&[&["event", "action"], &["event", "revocation_check", "action"]]), Low),
        column("AvailabilityZone", Text, Field(&["availability_zone"]), High),
        column("DestIp", Text, Field(&["event", "dest_ip"]), High),
        column("DestPort", Text, Field(&["event", "dest_port"]), High),
        column("ErrorMessage", Text, Field(&["event", "tls_error", "error_message"]), High),
        column("EventTimestamp", DateTime, Seconds(&[&["event_timestamp"]]), Medium),
        column("FirewallName", Text, Field(&["firewall_name"]), High),
        column("LeafCertificateFingerprint", Text, FirstOf(&[&["event", "leaf_cert_fpr"], &["event", "revocation_check", "leaf_cert_fpr"]]), Low),
        column("Sni", Text, Field(&["event", "sni"]), High),
        column("SrcIp", Text, Field(&["event", "src_ip"]), High),
        column("SrcPort", Text, Field(&["event", "src_port"]), High),
        column("Status", Text, FirstOf(&[&["event", "status"], &["event", "revocation_check", "status"]]), Low),
        column("TimeGenerated", DateTime, Seconds(&[&["event_timestamp"]]), Medium),
    ],
    keys: KEYS,
    only: Only::Any(&[&["event", "tls_error"], &["event", "revocation_check"]]),
    in_short: ["Status", "FirewallName", "SrcIp", "AvailabilityZone", "ErrorMessage"],
};
