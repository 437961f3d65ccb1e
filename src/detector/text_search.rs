//! Filters that look for a text in every column, such as `search "backdoor"` and `where * has "backdoor"`: the event's bytes are
//! searched once before fifty columns are read.
//!
//! It may let too much through, never too little: bytes in which an escape, a control character or a letter beyond ASCII could hide the
//! text pass.

use super::event_filters::{Places, for_each_filter};
use aho_corasick::AhoCorasick;
use cloudtrail::table::aws_cloudtrail::Origin;
use kql::functions::call::Detail;
use kql::functions::operators::matches_text;
use kql::plan::split::Leaf;
use kql::plan::{CallExpr, Expr, ExprKind};
use kql::syntax::ast::TextMatch;
use kql::value::Value;
use memchr::memmem::Finder;

/// A filter over fewer columns is evaluated as quickly as the bytes are searched.
const MIN_COLUMNS: usize = 8;
/// Shorter texts are in too many events.
const MIN_TEXT: usize = 3;
/// So many texts are searched for at once.
const MAX_TEXTS: usize = 100;

/// What an event must hold, any of it, to pass a leaf.
pub struct TextSearch {
    texts: AhoCorasick,
    escape: Finder<'static>,
}

impl TextSearch {
    /// The search of a leaf over events; `None` if its filters are narrow, or nothing is certain.
    pub fn of(leaf: &Leaf) -> Option<TextSearch> {
        let mut all = Vec::new();
        for_each_filter(leaf, |filter, places| all.extend(texts_of(filter, places)));
        let texts = all.into_iter().min_by_key(Vec::len)?;
        let built = AhoCorasick::builder().ascii_case_insensitive(true).build(&texts);
        Some(TextSearch { texts: built.ok()?, escape: Finder::new(b"\\u") })
    }

    /// Whether an event can pass.
    pub fn can_match(&self, event: &[u8]) -> bool {
        self.texts.is_match(event) || self.hides_text(event)
    }

    /// Whether columns can hold a text that the bytes do not.
    fn hides_text(&self, event: &[u8]) -> bool {
        // Letters beyond ASCII may have a lower case within it, as the Kelvin sign has. Without a branch for each byte, many are compared at once.
        let odd = |b: &u8| !matches!(b, b' '..=b'~' | b'\n' | b'\r' | b'\t');
        event.chunks(256).any(|bytes| bytes.iter().fold(false, |any, b| any | odd(b)))
            || self.escape.find_iter(event).any(|at| {
                let digits = event.get(at + 2..at + 6).and_then(|d| std::str::from_utf8(d).ok());
                let code = digits.and_then(|d| u8::from_str_radix(d, 16).ok());
                code.is_none_or(|b| b < b' ' || is_plain(b) || b == b'\\' || !b.is_ascii())
            })
    }
}

/// A byte that JSON texts have as it is, and that is no white space or bracket.
fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')
}

/// Texts of which each event that passes holds one, if the filter is over many columns.
fn texts_of(e: &Expr, places: &Places) -> Option<Vec<Vec<u8>>> {
    match &e.kind {
        ExprKind::And(items) => items.iter().filter_map(|item| texts_of(item, places)).min_by_key(Vec::len),
        ExprKind::Or(_) => {
            let mut texts = Vec::new();
            let count = add_texts(e, places, &mut texts)?;
            texts.sort();
            texts.dedup();
            (count >= MIN_COLUMNS && texts.len() <= MAX_TEXTS).then_some(texts)
        }
        _ => None,
    }
}

/// Adds the texts of a disjunction's parts and counts the columns that it looks at; `None` if a part can be true without a text.
fn add_texts(e: &Expr, places: &Places, texts: &mut Vec<Vec<u8>>) -> Option<usize> {
    match &e.kind {
        ExprKind::Or(items) => items.iter().map(|item| add_texts(item, places, texts)).sum(),
        ExprKind::And(items) => {
            // One part will do.
            let (mut of_part, count) = items.iter().find_map(|item| {
                let mut of_part = Vec::new();
                add_texts(item, places, &mut of_part).map(|count| (of_part, count))
            })?;
            texts.append(&mut of_part);
            Some(count)
        }
        ExprKind::Const(Value::Bool(false) | Value::Null) => Some(0),
        ExprKind::Call(call) => add_text(call, places, texts),
        _ => None,
    }
}

fn add_text(call: &CallExpr, places: &Places, texts: &mut Vec<Vec<u8>>) -> Option<usize> {
    let [left, right] = &*call.args else { return None };
    let ExprKind::Column(at) = left.kind else { return None };
    let (test, case_sensitive) = match call.site.detail {
        Detail::None if call.name == "==" => (TextMatch::Equals, true),
        Detail::Text(op) if !op.negated && op.test != TextMatch::Regex => (op.test, op.case_sensitive),
        _ => return None,
    };
    let text = right.as_const()?.as_str()?;
    let column = places.text_column(at)?;
    if let Origin::Constant(value) = column.origin
        && matches_text(test, case_sensitive, value, text)
    {
        return None;
    }
    texts.push(longest_plain(text)?.to_ascii_lowercase());
    Some(1)
}

/// The longest part of a text that stands in an event's bytes as it is, but for its case.
fn longest_plain(text: &str) -> Option<&[u8]> {
    let parts = text.as_bytes().split(|b| !is_plain(*b));
    // A column has a raw control character as `\u0009`.
    let looks_escaped = |part: &[u8]| part.windows(3).any(|w| w.eq_ignore_ascii_case(b"u00"));
    parts.max_by_key(|part| part.len()).filter(|part| part.len() >= MIN_TEXT && !looks_escaped(part))
}

#[cfg(test)]
mod tests {
    use super::TextSearch;
    use crate::detector::{Context, QueryRun};
    use kql::exec::late::compile;
    use kql::plan::split::split;

    fn search(query: &str) -> Option<TextSearch> {
        let compiled = compile(query, &Context::default().catalog());
        let query = compiled.query.unwrap_or_else(|| panic!("{query}: {:?}", compiled.diagnostics));
        TextSearch::of(&split(&query.plan).leaves[0])
    }

    #[test]
    fn wide_filters_have_texts_to_search_for() {
        let texts = |query: &str| search(query).is_some();
        for query in [
            "AWSCloudTrail | where * has 'backdoor'",
            "AWSCloudTrail | where * contains_cs 'arn:aws:iam::1'",
            "AWSCloudTrail | where EventName != 'x' and * startswith 'back'",
            "AWSCloudTrail | where * == 'backdoor'",
            "AWSCloudTrail | search 'backdoor' or 'trojan'",
            "AWSCloudTrail | search 'backdoor' and EventName == 'a'",
            // Of other tables' columns there is nothing to read.
            "search 'backdoor'",
            "union AWSCloudTrail, AWSVPCFlow | where * has 'backdoor'",
        ] {
            assert!(texts(query), "{query}");
        }
        for query in [
            // Narrow, or true without a text, or of the column `Type` or of one that is no longer the event's.
            "AWSCloudTrail | where UserAgent has 'backdoor'",
            "AWSCloudTrail | where * !has 'backdoor'",
            "AWSCloudTrail | where * has 'backdoor' or EventName startswith 'a' or not(ReadOnly)",
            "AWSCloudTrail | where * matches regex 'backdoor'",
            "AWSCloudTrail | where * has ''",
            "AWSCloudTrail | where * has 'é/é'",
            "AWSCloudTrail | where * has 'u0009'",
            "AWSCloudTrail | where * has 'AwsCloudTrail'",
            "AWSCloudTrail | extend UserAgent = 'backdoor' | where * has 'backdoor'",
        ] {
            assert!(!texts(query), "{query}");
        }
    }

    #[test]
    fn what_hides_a_text_passes() {
        let count = |query: &str, event: &str| {
            let mut run = QueryRun::new(query, 0, &Context::default()).unwrap();
            run.push(event.as_bytes());
            run.result().unwrap().rows.len()
        };
        let event = |agent: &str| {
            format!(
                r#"{{"eventVersion":"1.08","eventTime":"2026-01-01T00:00:00Z","eventSource":"a.amazonaws.com","eventName":"A","userAgent":{agent}}}"#
            )
        };
        for (filter, agent, found) in [
            ("* has 'kill/b'", r#""to KILL\/b""#, 1),
            ("* has 'kill'", r#""to \u006bILL""#, 1),
            ("* has 'kill'", r#""to \u212aill""#, 1),
            ("* has 'kill'", "\"to \u{212a}ill\"", 1),
            ("* has_cs 'kill'", r#""to Kill""#, 0),
            ("* contains 'a-b_c.d'", r#"{"x" : [ "A-B_C.D" ]}"#, 1),
            ("* contains 'ill'", r#""skilled""#, 1),
            ("* has 'ill'", r#""skilled""#, 0),
            ("* contains '100.50'", "100.50", 1),
            ("* contains 'null'", "null", 0),
        ] {
            let query = format!("AWSCloudTrail | where {filter}");
            assert!(search(&query).is_some(), "{query}");
            assert_eq!(count(&query, &event(agent)), found, "{query} over {agent}");
        }
    }
}
