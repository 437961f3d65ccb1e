//! The connectors that a rule says its tables come from.

use super::finding::{self, Finding};
use super::read::{Map, Reader};
use super::{Connector, Content};

/// `requiredDataConnectors`: the public rule repository demands both fields of each entry. Sentinel itself runs a rule without.
pub(super) fn connectors(r: &mut Reader, map: &Map) -> Option<Vec<Connector>> {
    let entry = map.entry("requiredDataConnectors")?;
    let Content::List(items) = &entry.value.content else {
        r.items(map, "requiredDataConnectors", 0);
        return None;
    };
    let mut connectors = Vec::new();
    for item in items {
        let Some(map) = r.map(item, "a data connector", &["connectorId", "dataTypes"]) else { continue };
        let id =
            r.optional(&map, "connectorId").map(|t| t.text().trim().to_owned()).filter(|t| !t.is_empty());
        let id_is_missing = id.is_none();
        for (missing, key) in
            [(id_is_missing, "connectorId"), (map.entry("dataTypes").is_none(), "dataTypes")]
        {
            if missing {
                let message = format!("a data connector lacks {key}; the public rule repository demands it");
                r.add(Finding::new(finding::CONNECTOR, map.position, message));
            }
        }
        let tables = r.texts(&map, "dataTypes").iter().map(|t| t.text().trim().to_owned()).collect();
        connectors.push(Connector { id: id.unwrap_or_default(), tables, position: map.position });
    }
    Some(connectors)
}
