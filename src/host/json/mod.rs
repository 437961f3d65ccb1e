//! The engine's results as JSON text: the only module that writes it.
//!
//! Flat records are serialised by serde. What holds values of queries or raw records is written directly: values have
//! Kusto's own JSON form, and a record that is JSON is copied, never parsed.

mod alert;
mod explanation;
mod record;
mod table;
mod tree;

pub use alert::{alert, alerts, matched, texts};
pub use explanation::{coverage, explanation, explanations, nearest};
#[cfg(feature = "js")]
pub use record::found_columns;
#[cfg(feature = "js")]
pub use record::{archive, members};
pub use record::{
    batch_error, built_in_rules, columns, diagnostics, finding, findings, functions, hunting_query,
    log_tables, problems, query_stats, rule_card, schedules, stats, unplaced, words,
};
pub use table::{MAX_ANSWER, answer, write_answer, write_diagnostic};
pub use tree::{tokens, yaml_tree};

use kql::value::json;
use serde::Serialize;
use std::fmt::{Display, Write};

/// Writes one JSON object, member by member.
struct Object<'o> {
    out: &'o mut String,
    is_empty: bool,
}

impl<'o> Object<'o> {
    fn begin(out: &'o mut String) -> Object<'o> {
        out.push('{');
        Object { out, is_empty: true }
    }

    /// Writes a key; the caller writes its value.
    fn member(&mut self, key: &str) -> &mut String {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(',');
        }
        json::write_string(self.out, key);
        self.out.push(':');
        self.out
    }

    fn text(&mut self, key: &str, text: &str) {
        json::write_string(self.member(key), text);
    }

    fn optional_text(&mut self, key: &str, text: Option<&str>) {
        match text {
            Some(text) => self.text(key, text),
            None => self.member(key).push_str("null"),
        }
    }

    /// A number or a bool.
    fn plain(&mut self, key: &str, value: impl Display) {
        // Writing into a String cannot fail.
        let _ = write!(self.member(key), "{value}");
    }

    fn end(self) {
        self.out.push('}');
    }
}

/// Writes a JSON array.
fn write_array<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

/// Writes a JSON array of strings.
fn write_texts<T: AsRef<str>>(out: &mut String, items: impl IntoIterator<Item = T>) {
    write_array(out, items, |out, item| json::write_string(out, item.as_ref()));
}

/// The JSON text of a plain record.
fn to_text(record: &impl Serialize) -> String {
    let text = serde_json::to_string(record);
    debug_assert!(text.is_ok(), "a record of texts and numbers can always be written: {text:?}");
    text.unwrap_or_else(|_| "null".to_owned())
}
