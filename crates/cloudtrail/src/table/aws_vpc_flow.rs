//! `AWSVPCFlow`: lines of VPC flow logs, in the default format and with fields of one's own choice.

use super::aws_cloudtrail::Certainty::{High, Medium};
use super::logs::Origin::{Field, Seconds};
use super::logs::{LogTable, Only, column, with_standard_columns};
use kql::value::Type::{DateTime, Int, Long, String as Text};

#[rustfmt::skip]
pub static TABLE: LogTable = LogTable {
    name: "AWSVPCFlow",
    doc: "The lines of VPC flow logs, with a header that names their fields, or in the default format without one.",
    source: "Azure Monitor's reference of tables names columns and types; AWS's list of flow log fields has the same names with hyphens. It says that TimeGenerated is `start`; of a line without it, it is the time of arrival, which is not known here: `end` stands for that. A `-` stays in a text and is null elsewhere.",
    columns: with_standard_columns![
        column("AccountId", Text, Field(&["account-id"]), High),
        column("Action", Text, Field(&["action"]), High),
        column("AzId", Text, Field(&["az-id"]), High),
        column("Bytes", Long, Field(&["bytes"]), High),
        column("DstAddr", Text, Field(&["dstaddr"]), High),
        column("DstPort", Int, Field(&["dstport"]), High),
        column("EcsClusterArn", Text, Field(&["ecs-cluster-arn"]), Medium),
        column("EcsClusterName", Text, Field(&["ecs-cluster-name"]), Medium),
        column("EcsContainerId", Text, Field(&["ecs-container-id"]), Medium),
        column("EcsContainerInstanceArn", Text, Field(&["ecs-container-instance-arn"]), Medium),
        column("EcsContainerInstanceId", Text, Field(&["ecs-container-instance-id"]), Medium),
        column("EcsSecondContainerId", Text, Field(&["ecs-second-container-id"]), Medium),
        column("EcsServiceName", Text, Field(&["ecs-service-name"]), Medium),
        column("EcsTaskArn", Text, Field(&["ecs-task-arn"]), Medium),
        column("EcsTaskDefinitionArn", Text, Field(&["ecs-task-definition-arn"]), Medium),
        column("EcsTaskId", Text, Field(&["ecs-task-id"]), Medium),
        column("End", DateTime, Seconds(&[&["end"]]), High),
        column("FlowDirection", Text, Field(&["flow-direction"]), High),
        column("InstanceId", Text, Field(&["instance-id"]), High),
        column("InterfaceId", Text, Field(&["interface-id"]), High),
        column("LogStatus", Text, Field(&["log-status"]), High),
        column("Packets", Int, Field(&["packets"]), High),
        column("PktDstAddr", Text, Field(&["pkt-dstaddr"]), High),
        column("PktDstAwsService", Text, Field(&["pkt-dst-aws-service"]), High),
        column("PktSrcAddr", Text, Field(&["pkt-srcaddr"]), High),
        column("PktSrcAwsService", Text, Field(&["pkt-src-aws-service"]), High),
        column("Protocol", Int, Field(&["protocol"]), High),
        column("Region", Text, Field(&["region"]), High),
        column("SrcAddr", Text, Field(&["srcaddr"]), High),
        column("SrcPort", Int, Field(&["srcport"]), High),
        column("Start", DateTime, Seconds(&[&["start"]]), High),
        column("SublocationId", Text, Field(&["sublocation-id"]), High),
        column("SublocationType", Text, Field(&["sublocation-type"]), High),
        column("SubnetId", Text, Field(&["subnet-id"]), High),
        column("TcpFlags", Int, Field(&["tcp-flags"]), High),
        column("TimeGenerated", DateTime, Seconds(&[&["start"], &["end"]]), High),
        column("TrafficPath", Text, Field(&["traffic-path"]), High),
        column("TrafficType", Text, Field(&["type"]), High),
        column("Version", Int, Field(&["version"]), High),
        column("VpcId", Text, Field(&["vpc-id"]), High),
    ],
    keys: &[],
    only: Only::Keys,
    in_short: ["Action", "InterfaceId", "SrcAddr", "Region", ""],
};
