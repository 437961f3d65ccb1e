//! The parts of a rule that refer to columns of the query's result: entities, custom details, alert details.

use super::finding::{self, Finding};
use super::read::{self, Map, Reader, Text};
use super::{AlertDetails, ColumnUse, DynamicProperty, EntityMapping, Format, Node, Piece, entity};
use crate::checked;
use kql::nearest;

pub(super) fn entities(r: &mut Reader, map: &Map) -> Vec<EntityMapping> {
    let items = r.items(map, "entityMappings", 10);
    items.iter().filter_map(|node| entity_mapping(r, node)).collect()
}

fn entity_mapping(r: &mut Reader, node: &Node) -> Option<EntityMapping> {
    let map = r.map(node, "an entity mapping", &["entityType", "fieldMappings"])?;
    let fields = r.items(&map, "fieldMappings", 3);
    let ty = r.required(&map, "entityType")?;
    let Some(entity) = entity::TYPES.iter().find(|t| t.name == ty.text().trim()) else {
        let near = nearest(ty.text(), entity::TYPES.iter().map(|t| t.name));
        let message = format!("unknown entity type {:?}", ty.shown());
        r.suggest(Finding::new(finding::ENTITY_TYPE, ty.position, message), near);
        return None;
    };
    let mut mapped: Vec<(&'static str, ColumnUse)> = Vec::new();
    let said = r.findings.len();
    for field in fields {
        let Some(field) = r.map(field, "a field mapping", &["identifier", "columnName"]) else { continue };
        let identifier = r.required(&field, "identifier");
        let column = r.required(&field, "columnName");
        let Some(identifier) = identifier else { continue };
        let Some(name) = entity.identifiers.iter().find(|i| **i == identifier.text().trim()) else {
            let near = nearest(identifier.text(), entity.identifiers.iter().copied());
            let message = format!(
                "the entity type {} has no identifier {:?}; it has {}",
                entity.name,
                identifier.shown(),
                entity.identifiers.join(", ")
            );
            r.suggest(Finding::new(finding::IDENTIFIER, identifier.position, message), near);
            continue;
        };
        if mapped.iter().any(|(n, _)| n == name) {
            let message = format!("the identifier {name} is mapped twice");
            r.add(Finding::new(finding::SAME_IDENTIFIER, identifier.position, message));
            continue;
        }
        if let Some(column) =
            column.and_then(|c| r.column(&c, format!("the {} entity's {name}", entity.name)))
        {
            mapped.push((name, column));
        }
    }
    let has = |name: &&'static str| mapped.iter().any(|(n, _)| n == name);
    // A field that is wrong already counts: it is likely the one that seems to be missing.
    if said == r.findings.len() && !entity.required.iter().any(|group| group.iter().all(has)) {
        let groups: Vec<String> = entity.required.iter().map(|g| g.join(" and ")).collect();
        let message =
            format!("the entity type {} needs the identifier {}", entity.name, groups.join(", or "));
        r.add(Finding::new(finding::WEAK_ENTITY, node.position, message));
    }
    Some(EntityMapping { entity, fields: mapped })
}

pub(super) fn custom_details(r: &mut Reader, map: &Map) -> Vec<(String, String)> {
    let mut details = Vec::new();
    let Some(entry) = map.entry("customDetails") else { return details };
    let Some(found) = r.any_map(&entry.value, "customDetails") else { return details };
    if found.entries.len() > 20 {
        let message =
            format!("a rule can have at most 20 custom details; this one has {}", found.entries.len());
        r.add(Finding::new(finding::LIMIT, entry.position, message));
    }
    for detail in found.entries {
        let name_fits =
            detail.key.starts_with(|c: char| c.is_ascii_alphabetic()) && read::is_word(&detail.key);
        if !name_fits || detail.key.len() > 20 {
            let message = format!(
                "invalid custom detail name {:?}: use at most 20 letters, digits and _, starting with a letter",
                read::shown(&detail.key)
            );
            r.add(Finding::new(finding::NAME, detail.position, message));
        }
        if let Some(text) = r.text(&detail.value, &detail.key)
            && let Some(column) = r.column(&text, format!("the custom detail {}", read::shown(&detail.key)))
        {
            details.push((detail.key.clone(), column.column));
        }
    }
    details
}

pub(super) fn alert_details(r: &mut Reader, map: &Map) -> AlertDetails {
    const KEYS: &[&str] = &[
        "alertDisplayNameFormat",
        "alertDescriptionFormat",
        "alertTacticsColumnName",
        "alertSeverityColumnName",
        "alertDynamicProperties",
    ];
    let Some(map) = r.section(map, "alertDetailsOverride", KEYS) else { return AlertDetails::default() };
    let mut details = AlertDetails::default();
    for (key, max, slot) in [
        ("alertDisplayNameFormat", 256, &mut details.name),
        ("alertDescriptionFormat", 5000, &mut details.description),
    ] {
        if let Some(text) = r.optional(&map, key) {
            r.length(&text, key, max);
            if text.text().trim().is_empty() {
                r.add(Finding::new(finding::MISSING, text.position, format!("{key} is empty")));
            }
            *slot = Some(format(r, key, &text));
        }
    }
    for (key, slot) in [
        ("alertTacticsColumnName", &mut details.tactics_column),
        ("alertSeverityColumnName", &mut details.severity_column),
    ] {
        if let Some(text) = r.optional(&map, key) {
            *slot = r.column(&text, key.to_owned()).map(|c| c.column);
        }
    }
    for node in r.items(&map, "alertDynamicProperties", DynamicProperty::ALL.len()) {
        let Some(map) = r.map(node, "a dynamic property", &["alertProperty", "value"]) else { continue };
        let property = r.required(&map, "alertProperty");
        let value = r.required(&map, "value");
        let Some(name) = property else { continue };
        let property = r.choice(&name, "alertProperty", DynamicProperty::ALL);
        let column = value.and_then(|v| r.column(&v, format!("the alert property {}", name.shown())));
        let (Some(property), Some(column)) = (property, column) else { continue };
        if details.dynamic.iter().any(|(p, _)| *p == property) {
            let message = format!("the property {} is set twice", name.shown());
            r.add(Finding::new(finding::DUPLICATE_KEY, name.position, message));
            continue;
        }
        details.dynamic.push((property, column.column));
    }
    details
}

/// Takes a format apart at `{{…}}`; braces that make no placeholder are text.
fn format(r: &mut Reader, key: &str, text: &Text) -> Format {
    let (mut pieces, mut columns) = (Vec::new(), 0);
    let mut rest = text.text().trim_end();
    let mut literal = String::new();
    while let Some((before, after)) = rest.split_once("{{") {
        literal.push_str(before);
        // `{{{x}}`: the first brace is text, as the validator's pattern `{{([^{}]*)}}` has it.
        let end = after.find(['{', '}']).unwrap_or(after.len());
        let (inside, behind) = after.split_at_checked(end).unwrap_or((after, ""));
        let Some(behind) = behind.strip_prefix("}}") else {
            literal.push('{');
            rest = checked::text(rest, before.len() + 1..rest.len());
            continue;
        };
        columns += 1;
        if inside.trim().is_empty() {
            r.add(Finding::new(
                finding::PLACEHOLDER,
                text.position,
                format!("{key} has a placeholder without a column"),
            ));
        } else {
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            let column = inside.trim().to_owned();
            r.columns.push(ColumnUse { column: column.clone(), by: key.to_owned(), position: text.position });
            pieces.push(Piece::Column(column));
        }
        rest = behind;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    if columns > 3 {
        let message = format!("{key} has {columns} placeholders; Sentinel allows at most three");
        r.add(Finding::new(finding::PLACEHOLDER, text.position, message));
    }
    Format(pieces)
}
