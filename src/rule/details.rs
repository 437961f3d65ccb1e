//! What an alert takes from the rows beside entities: custom details, and the alert details a rule overrides.

use super::{AlertDetails, AlertSeverity, DynamicProperty, Format, Piece, json_size, mitre};
use kql::exec::row::{Row, Rows};
use kql::value::{Value, convert, text};
use std::borrow::Cow;

/// How many bytes the name and other plain properties may have once rendered. Source: Sentinel's service limits.
pub const MAX_NAME: usize = 256;
/// How many bytes the description and collections may have once rendered. Source: the same.
pub const MAX_TEXT: usize = 5 * 1024;
/// How many values a custom detail, or a collection, may have.
pub const MAX_VALUES: usize = 50;
/// How many bytes all custom details of an alert may have as JSON text. Sentinel's documents disagree (2 KB in the older
/// pages, 64 KB shared with the alert details in the newer): we take the larger, which loses less.
pub const MAX_CUSTOM_DETAILS: usize = 64 * 1024;

/// A value that is there: not null, not the empty text.
pub(super) enum Cell<'a> {
    Bool(bool),
    Text(Cow<'a, str>),
}

impl Cell<'_> {
    pub(super) fn text(&self) -> &str {
        match self {
            Cell::Bool(true) => "True",
            Cell::Bool(false) => "False",
            Cell::Text(text) => text,
        }
    }
}

/// The index of a column. Names are case-sensitive, as in KQL.
pub(super) fn column(rows: &Rows, name: &str) -> Option<usize> {
    rows.columns.iter().position(|c| &*c.name == name)
}

/// The value of a column in a row, if it has one.
pub(super) fn cell<'a>(rows: &Rows, row: &'a Row, column: usize) -> Option<Cell<'a>> {
    match row.values.get(column)? {
        Value::Bool(b) => Some(Cell::Bool(*b)),
        value => {
            let text = text::tostring(value, rows.columns.get(column)?.ty);
            (!text.is_empty()).then_some(Cell::Text(text))
        }
    }
}

fn named<'a>(rows: &Rows, row: Option<&'a Row>, name: &str) -> Option<Cell<'a>> {
    cell(rows, row?, column(rows, name)?)
}

/// A text cut to at most so many bytes, between characters.
pub(super) fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

/// The custom details: names and values. A detail's values are the distinct values of its column, in the rows' order; a detail
/// without values is left out, and so is a value with which the JSON text would be too long.
pub(super) fn custom(details: &[(String, String)], rows: &Rows, chosen: &[&Row]) -> Vec<CustomDetail> {
    let mut found = Vec::new();
    let mut size = 0;
    for (name, column_name) in details {
        let Some(column) = column(rows, column_name) else { continue };
        let mut values: Vec<String> = Vec::new();
        for row in chosen {
            if values.len() >= MAX_VALUES {
                break;
            }
            let Some(value) = cell(rows, row, column) else { continue };
            if values.iter().any(|v| v == value.text()) {
                continue;
            }
            // The name and a bracket, or a comma, come before the value.
            let before =
                if values.is_empty() { ",".len() + json_size::string(name) + ":[".len() } else { ",".len() };
            let bytes = before + json_size::string(value.text());
            if size + bytes + "]}".len() > MAX_CUSTOM_DETAILS {
                continue;
            }
            size += bytes;
            values.push(value.text().to_owned());
        }
        if !values.is_empty() {
            size += "]".len();
            found.push(CustomDetail { name: name.clone(), values });
        }
    }
    found
}

/// A custom detail of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomDetail {
    /// The rule's name for it.
    pub name: String,
    /// Its values; at least one.
    pub values: Vec<String>,
}

/// What the override yields for one alert; `None` where the rule's own value stands.
#[derive(Default)]
pub(super) struct Overridden {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) severity: Option<AlertSeverity>,
    pub(super) tactics: Option<Vec<String>>,
    pub(super) dynamic: Vec<(DynamicProperty, String)>,
}

/// The overridden details of an alert. All of them come from the alert's first row: Sentinel's documents do not say which
/// row of several it is. A format with a placeholder that has no value there, and a severity or tactic that is none, leave
/// the rule's own (customize-alert-details: "falls back to the default").
pub(super) fn overridden(details: &AlertDetails, rows: &Rows, first: Option<&Row>) -> Overridden {
    let of = |name: &Option<String>| named(rows, first, name.as_deref()?);
    Overridden {
        name: details.name.as_ref().and_then(|f| render(f, rows, first, MAX_NAME)),
        description: details.description.as_ref().and_then(|f| render(f, rows, first, MAX_TEXT)),
        severity: of(&details.severity_column).and_then(|cell| severity(cell.text())),
        tactics: of(&details.tactics_column).and_then(|cell| tactics(cell.text())),
        dynamic: details
            .dynamic
            .iter()
            .filter_map(|(property, column)| {
                let max = match property {
                    DynamicProperty::ExtendedLinks
                    | DynamicProperty::RemediationSteps
                    | DynamicProperty::Techniques => MAX_TEXT,
                    _ => MAX_NAME,
                };
                Some((*property, cut(named(rows, first, column)?.text(), max).to_owned()))
            })
            .collect(),
    }
}

fn severity(text: &str) -> Option<AlertSeverity> {
    let text = text.trim();
    AlertSeverity::ALL.into_iter().find(|s| s.name().eq_ignore_ascii_case(text))
}

fn tactics(text: &str) -> Option<Vec<String>> {
    Some(list(text)).filter(|tactics| !tactics.is_empty() && tactics.iter().all(|t| mitre::is_tactic(t)))
}

/// A format with its placeholders filled, cut to `max` bytes. A value's own braces mean nothing.
fn render(format: &Format, rows: &Rows, row: Option<&Row>, max: usize) -> Option<String> {
    let mut out = String::new();
    for piece in &format.0 {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Column(name) => out.push_str(named(rows, row, name)?.text()),
        }
    }
    Some(cut(&out, max).to_owned())
}

/// The items of a JSON array of texts, or of a comma-separated text.
pub(super) fn list(text: &str) -> Vec<String> {
    let value = convert::parse_json(&text.into());
    let items: Vec<String> = match value.as_array() {
        Some(items) => items.iter().map(text::scalar).collect(),
        None => text.split(',').map(str::to_owned).collect(),
    };
    items.iter().map(|i| i.trim()).filter(|i| !i.is_empty()).take(MAX_VALUES).map(str::to_owned).collect()
}
