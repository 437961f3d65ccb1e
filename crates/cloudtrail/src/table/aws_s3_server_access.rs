//! `AWSS3ServerAccess`: lines of S3's server access logs.

use super::aws_cloudtrail::Certainty::Medium;
use super::logs::Origin::{AccessTime, Field};
use super::logs::{LogTable, Only, column, with_standard_columns};
use kql::value::Type::{DateTime, Int, String as Text};

#[rustfmt::skip]
pub static TABLE: LogTable = LogTable {
    name: "AWSS3ServerAccess",
    doc: "The requests to buckets that S3's server access logs have, one a line.",
    source: "The table of Microsoft's connector names columns and types in the order of the fields, which AWS documents by their place; the published reference of AWSS3ServerAccess itself was not to be had. A `-` stays in a text and is null elsewhere.",
    columns: with_standard_columns![
        column("ACLRequired", Text, Field(&["acl_required"]), Medium),
        column("AccessPointARN", Text, Field(&["access_point_arn"]), Medium),
        column("AuthenticationType", Text, Field(&["authentication_type"]), Medium),
        column("Bucket", Text, Field(&["bucket"]), Medium),
        column("BucketOwner", Text, Field(&["bucket_owner"]), Medium),
        column("BytesSent", Int, Field(&["bytes_sent"]), Medium),
        column("CipherSuite", Text, Field(&["cipher_suite"]), Medium),
        column("ErrorCode", Text, Field(&["error_code"]), Medium),
        column("HostHeader", Text, Field(&["host_header"]), Medium),
        column("HostId", Text, Field(&["host_id"]), Medium),
        column("HttpStatus", Int, Field(&["http_status"]), Medium),
        column("Key", Text, Field(&["key"]), Medium),
        column("ObjectSize", Int, Field(&["object_size"]), Medium),
        column("Operation", Text, Field(&["operation"]), Medium),
        column("Referer", Text, Field(&["referer"]), Medium),
        column("RemoteIp", Text, Field(&["remote_ip"]), Medium),
        column("RequestId", Text, Field(&["request_id"]), Medium),
        column("RequestUri", Text, Field(&["request_uri"]), Medium),
        column("Requester", Text, Field(&["requester"]), Medium),
        column("SignatureVersion", Text, Field(&["signature_version"]), Medium),
        column("TLSVersion", Text, Field(&["tls_version"]), Medium),
        column("TimeGenerated", DateTime, AccessTime(&["time"]), Medium),
        column("TotalTime", Int, Field(&["total_time"]), Medium),
        column("TurnAroundTime", Int, Field(&["turn_around_time"]), Medium),
        column("UserAgent", Text, Field(&["user_agent"]), Medium),
        column("VersionId", Text, Field(&["version_id"]), Medium),
    ],
    keys: &[],
    only: Only::Keys,
    in_short: ["Operation", "Requester", "RemoteIp", "", "ErrorCode"],
};
