//! Entities: which identifiers each type has, and the entities of a run's rows.

use super::ColumnUse;
use super::details::{self, Cell};
use kql::exec::row::{Row, Rows};
use kql::value::json;
use std::collections::HashSet;

/// An entity type of Sentinel. Source: the entity types and identifiers that the validator of the public rule repository
/// accepts, with `CloudAppAccountId`, which published rules use and its newer version knows.
#[derive(Debug, PartialEq, Eq)]
pub struct EntityType {
    /// As rules write it: `Account`.
    pub name: &'static str,
    /// As alerts write it: `account`.
    pub alert_type: &'static str,
    /// The identifiers a mapping may set.
    pub identifiers: &'static [&'static str],
    /// A mapping must set all identifiers of at least one of these groups.
    pub required: &'static [&'static [&'static str]],
}

/// All entity types that rules may map. `alert_type` is the type string of Sentinel's entity reference.
pub static TYPES: &[EntityType] = &[
    EntityType {
        name: "Account",
        alert_type: "account",
        identifiers: &[
            "Name",
            "FullName",
            "NTDomain",
            "DnsDomain",
            "UPNSuffix",
            "Sid",
            "AadTenantId",
            "AadUserId",
            "PUID",
            "IsDomainJoined",
            "DisplayName",
            "ObjectGuid",
            "CloudAppAccountId",
        ],
        required: &[&["FullName"], &["Sid"], &["Name"], &["AadUserId"], &["PUID"], &["ObjectGuid"]],
    },
    EntityType {
        name: "AzureResource",
        alert_type: "azure-resource",
        identifiers: &["ResourceId"],
        required: &[&["ResourceId"]],
    },
    EntityType {
        name: "CloudApplication",
        alert_type: "cloud-application",
        identifiers: &["AppId", "Name", "InstanceName"],
        required: &[&["AppId"], &["Name"]],
    },
    EntityType { name: "DNS", alert_type: "dns", identifiers: &["DomainName"], required: &[&["DomainName"]] },
    EntityType {
        name: "File",
        alert_type: "file",
        identifiers: &["Directory", "Name"],
        required: &[&["Name"]],
    },
    EntityType {
        name: "FileHash",
        alert_type: "filehash",
        identifiers: &["Algorithm", "Value"],
        required: &[&["Algorithm", "Value"]],
    },
    EntityType {
        name: "Host",
        alert_type: "host",
        identifiers: &[
            "DnsDomain",
            "NTDomain",
            "HostName",
            "FullName",
            "NetBiosName",
            "AzureID",
            "OMSAgentID",
            "OSFamily",
            "OSVersion",
            "IsDomainJoined",
        ],
        required: &[&["FullName"], &["HostName"], &["NetBiosName"], &["AzureID"], &["OMSAgentID"]],
    },
    EntityType {
        name: "IoTDevice",
        alert_type: "iotdevice",
        identifiers: &[
            "DeviceId",
            "DeviceName",
            "Manufacturer",
            "Model",
            "FirmwareVersion",
            "OperatingSystem",
            "MacAddress",
            "Protocols",
            "SerialNumber",
            "Source",
            "IoTSecurityAgentId",
            "DeviceType",
        ],
        required: &[&["DeviceId"]],
    },
    EntityType { name: "IP", alert_type: "ip", identifiers: &["Address"], required: &[&["Address"]] },
    EntityType {
        name: "Mailbox",
        alert_type: "mailbox",
        identifiers: &[
            "MailboxPrimaryAddress",
            "DisplayName",
            "Upn",
            "ExternalDirectoryObjectId",
            "RiskLevel",
        ],
        required: &[&["MailboxPrimaryAddress"]],
    },
    EntityType {
        name: "MailCluster",
        alert_type: "mail-cluster",
        identifiers: &[
            "NetworkMessageIds",
            "CountByDeliveryStatus",
            "CountByThreatType",
            "CountByProtectionStatus",
            "Threats",
            "Query",
            "QueryTime",
            "MailCount",
            "IsVolumeAnomaly",
            "Source",
            "ClusterSourceIdentifier",
            "ClusterSourceType",
            "ClusterQueryStartTime",
            "ClusterQueryEndTime",
            "ClusterGroup",
        ],
        required: &[&["Query"], &["Source"]],
    },
    EntityType {
        name: "MailMessage",
        alert_type: "mail-message",
        identifiers: &[
            "Recipient",
            "Urls",
            "Threats",
            "Sender",
            "P1Sender",
            "P1SenderDisplayName",
            "P1SenderDomain",
            "SenderIP",
            "P2Sender",
            "P2SenderDisplayName",
            "P2SenderDomain",
            "ReceivedDate",
            "NetworkMessageId",
            "InternetMessageId",
            "Subject",
            "BodyFingerprintBin1",
            "BodyFingerprintBin2",
            "BodyFingerprintBin3",
            "BodyFingerprintBin4",
            "BodyFingerprintBin5",
            "AntispamDirection",
            "DeliveryAction",
            "DeliveryLocation",
            "Language",
            "ThreatDetectionMethods",
        ],
        required: &[&["NetworkMessageId"], &["Recipient"]],
    },
    EntityType {
        name: "Malware",
        alert_type: "malware",
        identifiers: &["Name", "Category"],
        required: &[&["Name"]],
    },
    EntityType {
        name: "Process",
        alert_type: "process",
        identifiers: &["ProcessId", "CommandLine", "ElevationToken", "CreationTimeUtc"],
        required: &[&["CommandLine"], &["ProcessId"]],
    },
    EntityType {
        name: "RegistryKey",
        alert_type: "registry-key",
        identifiers: &["Hive", "Key"],
        required: &[&["Key"], &["Hive"]],
    },
    EntityType {
        name: "RegistryValue",
        alert_type: "registry-value",
        identifiers: &["Name", "Value", "ValueType"],
        required: &[&["Name"]],
    },
    EntityType {
        name: "SecurityGroup",
        alert_type: "security-group",
        identifiers: &["DistinguishedName", "SID", "ObjectGuid"],
        required: &[&["DistinguishedName"], &["SID"], &["ObjectGuid"]],
    },
    EntityType {
        name: "SubmissionMail",
        alert_type: "submissionmail",
        identifiers: &[
            "NetworkMessageId",
            "Timestamp",
            "Recipient",
            "Sender",
            "SenderIp",
            "Subject",
            "ReportType",
            "SubmissionId",
            "SubmissionDate",
            "Submitter",
        ],
        required: &[&["SubmissionId"], &["NetworkMessageId"], &["Recipient"], &["Submitter"]],
    },
    EntityType { name: "URL", alert_type: "url", identifiers: &["Url"], required: &[&["Url"]] },
];

/// `entityMappings[]`: which columns make one entity of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityMapping {
    /// The type.
    pub entity: &'static EntityType,
    /// Identifier and column, in the rule's order.
    pub fields: Vec<(&'static str, ColumnUse)>,
}

/// How many entities an alert may have; every mapping gets an equal share.
pub const MAX_ENTITIES: usize = 500;
/// How many bytes the text of an alert's entities may have.
pub const MAX_BYTES: usize = 64 * 1024;

/// An account of one of these names is no one in particular: Sentinel leaves it out. Source: entities-reference, note on
/// the account entity. Compared without case.
const DROPPED_ACCOUNTS: [&str; 11] = [
    "ADMIN",
    "ADMINISTRATOR",
    "SYSTEM",
    "ROOT",
    "ANONYMOUS",
    "AUTHENTICATED USER",
    "NETWORK",
    "NULL",
    "LOCAL SYSTEM",
    "LOCALSYSTEM",
    "NETWORK SERVICE",
];

/// The `Entities` text of an alert: a JSON array, or the empty text if there is no entity.
///
/// Mapping by mapping, in the rows' order: each distinct set of identifiers is one entity; identifiers without a value are
/// left out; what is left must still satisfy the type's requirement (an account of a `UPNSuffix` alone is none). Each
/// mapping has its share of [`MAX_ENTITIES`]; at the first entity past [`MAX_BYTES`] the text ends.
pub(super) fn entities(mappings: &[EntityMapping], rows: &Rows, chosen: &[&Row]) -> String {
    let share = MAX_ENTITIES / mappings.len().max(1);
    let mut out = String::new();
    let mut number = 3; // Sentinel's own alerts begin at "3".
    let mut seen = HashSet::new();
    for mapping in mappings {
        let columns: Vec<(&str, Option<usize>)> =
            mapping.fields.iter().map(|(name, used)| (*name, details::column(rows, &used.column))).collect();
        let mut taken = 0;
        for row in chosen {
            if taken >= share {
                break;
            }
            let values: Vec<(&str, Cell)> = columns
                .iter()
                .filter_map(|(name, column)| Some((*name, details::cell(rows, row, (*column)?)?)))
                .collect();
            if !stands(mapping.entity, &values) {
                continue;
            }
            let body = body(mapping.entity, &values);
            if seen.contains(&body) {
                continue;
            }
            let entity = format!("{}{{\"$id\":\"{number}\",{body}", if out.is_empty() { "[" } else { "," });
            if out.len() + entity.len() + 1 > MAX_BYTES {
                out.push_str(if out.is_empty() { "" } else { "]" });
                return out;
            }
            out.push_str(&entity);
            seen.insert(body);
            taken += 1;
            number += 1;
        }
    }
    out.push_str(if out.is_empty() { "" } else { "]" });
    out
}

/// Whether the identifiers that have a value still make an entity.
fn stands(entity: &EntityType, values: &[(&str, Cell)]) -> bool {
    let value = |name: &str| values.iter().find(|(n, _)| *n == name).map(|(_, v)| v.text());
    let dropped = |name: &str| {
        entity.name == "Account"
            && name == "Name"
            && value(name).is_some_and(|v| DROPPED_ACCOUNTS.iter().any(|d| v.trim().eq_ignore_ascii_case(d)))
    };
    entity.required.iter().any(|group| group.iter().all(|name| value(name).is_some() && !dropped(name)))
}

/// `"Name":"x","Type":"account"}`
fn body(entity: &EntityType, values: &[(&str, Cell)]) -> String {
    let mut out = String::new();
    for (name, value) in values {
        json::write_string(&mut out, name);
        out.push(':');
        match value {
            Cell::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Cell::Text(text) => json::write_string(&mut out, text),
        }
        out.push(',');
    }
    out.push_str("\"Type\":");
    json::write_string(&mut out, entity.alert_type);
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_known_identifiers() {
        for t in TYPES {
            assert!(!t.required.is_empty() && t.required.iter().all(|g| !g.is_empty()), "{}", t.name);
            assert!(
                t.required.iter().flat_map(|g| g.iter()).all(|r| t.identifiers.contains(r)),
                "{}",
                t.name
            );
            assert_eq!(t.alert_type, t.alert_type.to_lowercase());
        }
        assert!(DROPPED_ACCOUNTS.iter().all(|n| *n == n.to_uppercase()));
    }
}
