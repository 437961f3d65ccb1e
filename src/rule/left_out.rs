//! What of a run's rows does not come into its alerts, and why: for who wonders where an entity or a name is.

use super::entity::{self, EntityMapping};
use super::{Format, Piece, Rule, details};
use kql::exec::row::{Row, Rows};

/// At most so many are told.
const MAX: usize = 20;

/// Something that an alert could have and does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// `Account`, `alertDisplayNameFormat`, `custom detail Roles` …
    pub what: String,
    /// The identifiers that have a value, of an entity.
    pub identifiers: Vec<(&'static str, String)>,
    /// Why it is not there.
    pub why: String,
}

impl Rule {
    /// What alerts of these rows leave out.
    pub fn left_out(&self, rows: &Rows) -> Vec<LeftOut> {
        let mut out: Vec<LeftOut> = Vec::new();
        for mapping in &self.entity_mappings {
            for row in &rows.rows {
                if out.len() >= MAX {
                    return out;
                }
                if let Some(left) = entity_left_out(mapping, rows, row).filter(|left| !out.contains(left)) {
                    out.push(left);
                }
            }
        }
        if let Some(first) = rows.rows.first() {
            self.details_left_out(rows, first, &mut out);
        }
        out.truncate(MAX);
        out
    }

    fn details_left_out(&self, rows: &Rows, first: &Row, out: &mut Vec<LeftOut>) {
        let overridden = &self.alert_details;
        let mut say = |what: String, why: String| out.push(LeftOut { what, identifiers: Vec::new(), why });
        let formats = [
            ("alertDisplayNameFormat", &overridden.name, "name"),
            ("alertDescriptionFormat", &overridden.description, "description"),
        ];
        for (what, format, has) in formats {
            if let Some(column) = format.as_ref().and_then(|f| without_value(f, rows, first)) {
                say(
                    what.to_owned(),
                    format!("the column {column} has no value, so the alert has the rule's own {has}"),
                );
            }
        }
        for (name, column) in &self.custom_details {
            let place = details::column(rows, column);
            let has =
                place.is_some_and(|at| rows.rows.iter().any(|row| details::cell(rows, row, at).is_some()));
            if !has {
                say(format!("custom detail {name}"), format!("the column {column} has no value"));
            }
        }
    }
}

/// The first column of a format that has no value.
fn without_value<'f>(format: &'f Format, rows: &Rows, row: &Row) -> Option<&'f str> {
    format.0.iter().find_map(|piece| match piece {
        Piece::Column(name) => {
            let cell = details::column(rows, name).and_then(|at| details::cell(rows, row, at));
            cell.is_none().then_some(&**name)
        }
        Piece::Text(_) => None,
    })
}

/// The entity that a mapping does not make of a row.
fn entity_left_out(mapping: &EntityMapping, rows: &Rows, row: &Row) -> Option<LeftOut> {
    let cell = |column: &str| details::column(rows, column).and_then(|at| details::cell(rows, row, at));
    let values: Vec<_> =
        mapping.fields.iter().filter_map(|(name, used)| Some((*name, cell(&used.column)?))).collect();
    if entity::stands(mapping.entity, &values) {
        return None;
    }
    let missing: Vec<String> = mapping
        .fields
        .iter()
        .filter(|(name, _)| !values.iter().any(|(n, _)| n == name))
        .map(|(name, used)| format!("{name} ({})", used.column))
        .collect();
    let why = match values.iter().find(|(name, v)| entity::is_dropped(mapping.entity, name, v.text())) {
        Some((_, name)) => {
            format!("Sentinel leaves out accounts called {}: they are no one in particular", name.text())
        }
        None => format!("no value for {}", missing.join(", ")),
    };
    let identifiers = values.iter().map(|(name, v)| (*name, v.text().to_owned())).collect();
    Some(LeftOut { what: mapping.entity.name.to_owned(), identifiers, why })
}
