//! What people write from habit, of other languages and of word processors, and how KQL has it.

use crate::diagnostic::{Diagnostic, Severity};

const LIST: &str = "a list stands in brackets: in (\"a\", \"b\")";
const QUOTES: &str = "these are typographic quotes; write \" or '";
const LOWER: &str = "operators are written in lower case";
const LIKE: &str = "use contains, startswith, endswith, has or matches regex";
const NULLS: &str = "use isnull(), isnotnull(), isempty() or isnotempty()";
const COMMENT: &str = "comments begin with //";
const SQL: &str = "this is SQL; in KQL the table comes first: AWSCloudTrail | where … | project … | take 10";
const SPL: &str =
    "this is Splunk's SPL; in KQL: AWSCloudTrail | where EventName == \"…\" | summarize count() by …";

/// What stands where something is wrong.
const SIGNS: &[(&str, &str)] = &[
    ("&&", "KQL writes it as and"),
    ("||", "KQL writes it as or"),
    ("“", QUOTES),
    ("”", QUOTES),
    ("„", QUOTES),
    ("‘", QUOTES),
    ("’", QUOTES),
    ("\u{200b}", "an invisible character stands here; delete it"),
    ("\u{feff}", "an invisible character stands here; delete it"),
    ("#", COMMENT),
    ("--", COMMENT),
    ("/*", COMMENT),
    ("`", "write a text in \" or ', and an odd name as ['name']"),
    ("$", "columns are written without $"),
];

/// The word that stands there.
const WORDS: &[(&str, &str)] = &[
    ("AND", LOWER),
    ("OR", LOWER),
    ("NOT", LOWER),
    ("IN", LOWER),
    ("BETWEEN", LOWER),
    ("like", LIKE),
    ("LIKE", LIKE),
    ("ilike", LIKE),
    ("is", NULLS),
    ("IS", NULLS),
];

/// Lists that want brackets.
const LISTS: &[&str] = &["in", "in~", "!in", "!in~", "has_any", "has_all"];

/// Adds hints to errors that have none. If all of it is another language, the first error says so.
pub fn explain(source: &str, diagnostics: &mut [Diagnostic]) {
    let mut errors = diagnostics.iter_mut().filter(|d| d.severity == Severity::Error);
    if let Some(language) = other_language(source) {
        errors.next().into_iter().for_each(|first| first.hint = Some(language.to_owned()));
        return;
    }
    for error in errors.filter(|d| d.hint.is_none()) {
        error.hint = hint(source, error.span.start as usize).map(str::to_owned);
    }
}

/// Whether the text is of another language, by its first word.
fn other_language(source: &str) -> Option<&'static str> {
    let text = source.trim_start();
    let begins = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if begins("select ") || begins("select\n") {
        return Some(SQL);
    }
    ["index=", "index =", "search index=", "sourcetype=", "`cloudtrail`"]
        .into_iter()
        .any(begins)
        .then_some(SPL)
}

fn hint(source: &str, at: usize) -> Option<&'static str> {
    // The second of two signs may be the one that is wrong.
    let before = source.get(..at)?.char_indices().next_back().map_or(at, |(n, _)| n);
    let sign = |at: usize, (sign, hint): &(&str, &'static str)| {
        source.get(at..).is_some_and(|rest| rest.starts_with(sign)).then_some(*hint)
    };
    let at_sign = SIGNS.iter().find_map(|entry| sign(at, entry));
    let pair = SIGNS.iter().filter(|(sign, _)| sign.len() == 2 && sign.is_ascii());
    if let Some(hint) = at_sign.or_else(|| pair.into_iter().find_map(|entry| sign(before, entry))) {
        return Some(hint);
    }
    let word = word_at(source, at);
    let of_word = WORDS.iter().find(|(known, _)| *known == word).map(|(_, hint)| *hint);
    let last = source.get(..at)?.trim_end().rsplit([' ', '\n', '\t', '(']).next()?;
    let wants_list =
        LISTS.contains(&last) && source.get(at..).is_some_and(|rest| rest.starts_with(['"', '\'']));
    of_word.or(wants_list.then_some(LIST))
}

fn word_at(source: &str, at: usize) -> &str {
    let rest = source.get(at..).unwrap_or_default();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use crate::bind::{Catalog, Table};
    use crate::value::{Column, Type};
    use std::rc::Rc;

    /// The hints of a query's errors.
    fn hints(query: &str) -> String {
        let columns = ["a", "b", "EventName"].map(|c| Column::new(c, Type::String)).to_vec();
        let catalog = Catalog { tables: vec![Table { name: Rc::from("T"), columns }], ..Catalog::default() };
        let found = crate::exec::late::compile(query, &catalog).diagnostics;
        assert!(!found.is_empty(), "{query}");
        found.into_iter().filter_map(|d| d.hint).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_people_write_from_habit_gets_a_hint() {
        for (query, hint) in [
            ("T | where a == 'x' && b == 'y'", "as and"),
            ("T | where a == 'x' || b == 'y'", "as or"),
            ("T | where a == “x”", "typographic"),
            ("T | where a == ‘x’", "typographic"),
            ("T | where a like 'x%'", "contains"),
            ("T | where a LIKE 'x%'", "contains"),
            ("T | where a == 'x' AND b == 'y'", "lower case"),
            ("T | where a == 'x' OR b == 'y'", "lower case"),
            ("T | where a is null", "isnull"),
            ("T | where a IS NOT NULL", "isnull"),
            ("T | where a in 'x'", "brackets"),
            ("T | where a in~ \"x\"", "brackets"),
            ("T | where a has_any 'x'", "brackets"),
            ("# note\nT", "//"),
            ("-- note\nT", "//"),
            ("/* note */ T", "//"),
            ("T | where\u{200b} a == 'x'", "invisible"),
            ("T | where $a == 'x'", "without $"),
            ("SELECT * FROM T WHERE a = 'x'", "SQL"),
            ("select a from T", "SQL"),
            ("index=aws EventName=x | stats count by a", "SPL"),
            ("search index=aws", "SPL"),
        ] {
            assert!(hints(query).contains(hint), "{query}: {:?}", hints(query));
        }
        // An error of another kind keeps its own hint, or has none.
        for query in ["T | where c == 'x'", "T | where strlen()", "T | extend x = 1 +"] {
            assert!(!["KQL", "//", "case"].iter().any(|word| hints(query).contains(word)), "{query}");
        }
    }
}
