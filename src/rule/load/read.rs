//! Reading fields of the tree: what is missing or of another kind is noted, and reading goes on.

use super::{ColumnUse, Finding, Position, finding};
pub(in crate::rule) use crate::rule::finding::shown;
use crate::rule::yaml::{Content, Entry, Node, Scalar};
use kql::nearest;
use std::borrow::Cow;

/// Collects what is wrong, and the columns that are named.
pub(in crate::rule) struct Reader<'f> {
    pub(in crate::rule) findings: &'f mut Vec<Finding>,
    pub(in crate::rule) columns: Vec<ColumnUse>,
}

/// A mapping of the tree.
pub(in crate::rule) struct Map<'n> {
    pub(in crate::rule) entries: &'n [Entry],
    pub(in crate::rule) position: Position,
}

impl<'n> Map<'n> {
    /// The entry of a key, unless its value is null.
    pub(in crate::rule) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|e| e.key == key && !e.value.is_null())
    }
}

/// A scalar of the tree.
pub(in crate::rule) struct Text<'n> {
    pub(in crate::rule) scalar: &'n Scalar,
    pub(in crate::rule) position: Position,
}

impl<'n> Text<'n> {
    pub(in crate::rule) fn text(&self) -> &'n str {
        &self.scalar.text
    }

    /// For messages.
    pub(in crate::rule) fn shown(&self) -> Cow<'n, str> {
        shown(self.text())
    }
}

/// Only letters, digits and `_`. (The validator's `\w` is .NET's and takes all of Unicode's letters too; column names of
/// tables are ASCII.)
pub(in crate::rule) fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl<'n> Reader<'_> {
    pub(in crate::rule) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds a finding, with the name that was probably meant.
    pub(in crate::rule) fn suggest(&mut self, finding: Finding, near: Option<&str>) {
        let finding = match near {
            Some(near) => finding.with_hint(format!("did you mean {near}?")),
            None => finding,
        };
        self.add(finding);
    }

    fn shape(&mut self, node: &Node, what: &str, wanted: &str) {
        let message = format!("{} must be {wanted}, not {}", shown(what), node.kind());
        self.add(Finding::new(finding::SHAPE, node.position, message));
    }

    /// A mapping with keys of its own.
    pub(in crate::rule) fn any_map(&mut self, node: &'n Node, what: &str) -> Option<Map<'n>> {
        match &node.content {
            Content::Map(entries) => Some(Map { entries, position: node.position }),
            _ => {
                self.shape(node, what, "a mapping");
                None
            }
        }
    }

    /// A mapping with these keys; others earn a warning.
    pub(in crate::rule) fn map(&mut self, node: &'n Node, what: &str, keys: &[&str]) -> Option<Map<'n>> {
        let map = self.any_map(node, what)?;
        for entry in map.entries.iter().filter(|e| !keys.contains(&e.key.as_str())) {
            let near = nearest(&entry.key, keys.iter().copied());
            let message =
                format!("{} has no field {:?}; Sentinel ignores it", shown(what), shown(&entry.key));
            self.suggest(Finding::new(finding::UNKNOWN_KEY, entry.position, message), near);
        }
        Some(map)
    }

    /// The mapping under a key, if there.
    pub(in crate::rule) fn section(&mut self, map: &Map<'n>, key: &str, keys: &[&str]) -> Option<Map<'n>> {
        let entry = map.entry(key)?;
        self.map(&entry.value, key, keys)
    }

    pub(in crate::rule) fn text(&mut self, node: &'n Node, what: &str) -> Option<Text<'n>> {
        match &node.content {
            Content::Scalar(scalar) if !node.is_null() => Some(Text { scalar, position: node.position }),
            _ => {
                self.shape(node, what, "a string");
                None
            }
        }
    }

    /// The text under a key, if there.
    pub(in crate::rule) fn optional(&mut self, map: &Map<'n>, key: &str) -> Option<Text<'n>> {
        let entry = map.entry(key)?;
        self.text(&entry.value, key)
    }

    /// The text under a key, which must be there and hold something.
    pub(in crate::rule) fn required(&mut self, map: &Map<'n>, key: &str) -> Option<Text<'n>> {
        let (position, what) = match map.entries.iter().find(|e| e.key == key) {
            None => (map.position, format!("the required field {key} is missing")),
            Some(entry) if entry.value.is_null() => {
                (entry.position, format!("the required field {key} is empty"))
            }
            Some(entry) => {
                let text = self.text(&entry.value, key)?;
                if !text.text().trim().is_empty() {
                    return Some(text);
                }
                (entry.position, format!("the required field {key} is empty"))
            }
        };
        let near = match map.entry(key) {
            // Misspelt, perhaps.
            None => nearest(key, map.entries.iter().map(|e| e.key.as_str())).filter(|near| *near != key),
            Some(_) => None,
        };
        let finding = Finding::new(finding::MISSING, position, what);
        self.add(match near {
            Some(near) => {
                finding.with_hint(format!("the rule has {:?}; did you mean this field?", shown(near)))
            }
            None => finding,
        });
        None
    }

    /// The items of the list under a key: none if it is not there.
    pub(in crate::rule) fn items(&mut self, map: &Map<'n>, key: &str, max: usize) -> &'n [Node] {
        let Some(entry) = map.entry(key) else { return &[] };
        match &entry.value.content {
            Content::List(items) => {
                if items.len() > max {
                    let message = format!("{key} has {} items; Sentinel allows at most {max}", items.len());
                    self.add(Finding::new(finding::LIMIT, entry.position, message));
                }
                items
            }
            _ => {
                self.shape(&entry.value, key, "a list");
                &[]
            }
        }
    }

    /// The texts of the list under a key.
    pub(in crate::rule) fn texts(&mut self, map: &Map<'n>, key: &str) -> Vec<Text<'n>> {
        self.items(map, key, 100).iter().filter_map(|node| self.text(node, key)).collect()
    }

    pub(in crate::rule) fn boolean(&mut self, map: &Map<'n>, key: &str, default: bool) -> bool {
        let Some(text) = self.optional(map, key) else { return default };
        let choices = [(true, "true"), (false, "false"), (true, "True"), (false, "False")];
        self.choice(&text, key, choices).unwrap_or(default)
    }

    /// The choice that the text names, to the letter.
    pub(in crate::rule) fn choice<T>(
        &mut self,
        text: &Text,
        key: &str,
        choices: impl IntoIterator<Item = (T, &'static str)>,
    ) -> Option<T> {
        let mut names = Vec::new();
        for (value, name) in choices {
            if name == text.text().trim() {
                return Some(value);
            }
            names.push(name);
        }
        let message = format!("{key} must be one of {}, not {:?}", names.join(", "), text.shown());
        let near = nearest(text.text(), names);
        self.suggest(Finding::new(finding::VALUE, text.position, message), near);
        None
    }

    /// Checks a length, counted as .NET does: in UTF-16 units.
    pub(in crate::rule) fn length(&mut self, text: &Text, key: &str, max: usize) {
        let length = text.text().encode_utf16().count();
        if length > max {
            let message = format!("{key} has {length} characters; Sentinel allows at most {max}");
            self.add(Finding::new(finding::LIMIT, text.position, message));
        }
    }

    /// A column's name, noted as used.
    pub(in crate::rule) fn column(&mut self, text: &Text, by: String) -> Option<ColumnUse> {
        let name = text.text().trim();
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts || !is_word(name) || name.len() > 500 {
            let message = format!("{:?} is not a valid column name", text.shown());
            self.add(Finding::new(finding::NAME, text.position, message));
            return None;
        }
        let used = ColumnUse { column: name.to_owned(), by, position: text.position };
        self.columns.push(used.clone());
        Some(used)
    }
}
