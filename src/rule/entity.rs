//! Entities: which identifiers each type has, and the entities of a run's rows.

use super::ColumnUse;
use super::details::{self, Cell};
use super::json_size;
use kql::exec::row::{Row, Rows};
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

/// An entity of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Its `$id`.
    pub id: usize,
    /// Its type.
    pub entity_type: &'static EntityType,
    /// The identifiers that have a value, in the mapping's order.
    pub identifiers: Identifiers,
}

/// The identifiers of an entity and their values.
pub type Identifiers = Vec<(&'static str, Identifier)>;

/// The value of an identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// The column is a bool.
    Bool(bool),
    /// The column is of any other type; this is its text.
    Text(String),
}

/// The entities of an alert.
///
/// Mapping by mapping, in the rows' order: each distinct set of identifiers is one entity; identifiers without a value are
/// left out; what is left must still satisfy the type's requirement (an account of a `UPNSuffix` alone is none). Each
/// mapping has its share of [`MAX_ENTITIES`]; the first entity whose JSON text would end past [`MAX_BYTES`] ends the list.
pub(super) fn entities(mappings: &[EntityMapping], rows: &Rows, chosen: &[&Row]) -> Vec<Entity> {
    let share = MAX_ENTITIES / mappings.len().max(1);
    let mut entities = Vec::new();
    let mut size = 0;
    let mut seen = HashSet::new();
    for EntityMapping { entity, fields } in mappings {
        let columns: Vec<(&'static str, Option<usize>)> =
            fields.iter().map(|(name, used)| (*name, details::column(rows, &used.column))).collect();
        let mut taken = 0;
        for row in chosen {
            if taken >= share {
                break;
            }
            let values: Vec<(&'static str, Cell)> = columns
                .iter()
                .filter_map(|(name, column)| Some((*name, details::cell(rows, row, (*column)?)?)))
                .collect();
            if !stands(entity, &values) {
                continue;
            }
            let identifiers: Identifiers =
                values.into_iter().map(|(n, v)| (n, Identifier::from(v))).collect();
            if !seen.insert((entity.alert_type, identifiers.clone())) {
                continue;
            }
            let entity = Entity { id: FIRST_ID + entities.len(), entity_type: entity, identifiers };
            // A bracket or comma before it, and the bracket after the last.
            let bytes = 1 + entity.size();
            if size + bytes + 1 > MAX_BYTES {
                return entities;
            }
            size += bytes;
            entities.push(entity);
            taken += 1;
        }
    }
    entities
}

/// The `$id` of an alert's first entity, as in Sentinel's own alerts.
const FIRST_ID: usize = 3;

impl Entity {
    /// The size as JSON text.
    pub(super) fn size(&self) -> usize {
        let identifier = |(name, value): &(&str, Identifier)| {
            let value = match value {
                Identifier::Bool(true) => "true".len(),
                Identifier::Bool(false) => "false".len(),
                Identifier::Text(text) => json_size::string(text),
            };
            json_size::string(name) + ":,".len() + value
        };
        r#"{"$id":"","Type":}"#.len()
            + json_size::digits(self.id)
            + json_size::string(self.entity_type.alert_type)
            + self.identifiers.iter().map(identifier).sum::<usize>()
    }
}

impl From<Cell<'_>> for Identifier {
    fn from(cell: Cell<'_>) -> Identifier {
        match cell {
            Cell::Bool(b) => Identifier::Bool(b),
            Cell::Text(text) => Identifier::Text(text.into_owned()),
        }
    }
}

/// Whether the identifiers that have a value still make an entity.
pub(super) fn stands(entity: &EntityType, values: &[(&str, Cell)]) -> bool {
    let value = |name: &str| values.iter().find(|(n, _)| *n == name).map(|(_, v)| v.text());
    let dropped = |name: &str| value(name).is_some_and(|v| is_dropped(entity, name, v));
    entity.required.iter().any(|group| group.iter().all(|name| value(name).is_some() && !dropped(name)))
}

/// Whether an identifier is a name of no one in particular, which makes no entity.
pub(super) fn is_dropped(entity: &EntityType, identifier: &str, value: &str) -> bool {
    entity.name == "Account"
        && identifier == "Name"
        && DROPPED_ACCOUNTS.iter().any(|d| value.trim().eq_ignore_ascii_case(d))
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
