//! Patterns: each function and operator that takes one, over a text. The input's lines are the pattern, what replaces, and the text.
#![no_main]

use kql::Engine;
use kql::exec::Budget;
use kql::value::{Column, Type, Value};
use libfuzzer_sys::fuzz_target;

/// A text as a literal of KQL.
fn literal(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '\'' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("'{escaped}'")
}

/// `P` and `R` are the pattern and what replaces.
const CALLS: &[&str] = &[
    "project a = s matches regex P",
    "project a = extract(P, 1, s), b = extract(P, 0, s, typeof(long))",
    "project a = extract_all(P, s)",
    "project a = replace_regex(s, P, R), b = replace(P, R, s)",
    "project a = trim(P, s), b = trim_start(P, s), c = trim_end(P, s)",
    "project a = countof(s, P, 'regex'), b = countof(s, P)",
    "project a = indexof_regex(s, P), b = indexof_regex(s, P, 1, -1, 3)",
    "parse kind=regex s with P a R *",
    "parse kind=regex flags=Ui s with * P a:long",
    "parse s with a P b R *",
    "parse-where s with * P b",
    "parse-kv s as (a:string, b:long) with (regex = P)",
    "parse-kv s as (a:string, b:long) with (pair_delimiter = P, kv_delimiter = R)",
    "project a = split(s, P), b = indexof(s, P), c = strcat_delim(P, s, R), d = replace_string(s, P, R), e = has_any_index(s, pack_array(P, R))",
    "project a = extract_json(P, s), b = parse_json(s)[P], c = s contains P, d = s has P, e = s startswith P, f = s has_any (P, R)",
    "where s matches regex P or s has_all (P, R) | project-away *",
    "project-keep *s | project-rename b = s | where b hasprefix P or b hassuffix R",
];

fuzz_target!(|data: &[u8]| {
    let Some(input) = fuzz::text(data) else { return };
    let mut lines = input.splitn(3, '\n');
    let [pattern, rewrite, text] = [(); 3].map(|()| lines.next().unwrap_or_default());
    if pattern.len() > 2000 || rewrite.len() > 2000 {
        return;
    }
    let mut budget = Budget::of_cells(1_000_000);
    budget.steps = 20_000_000;
    let rows = vec![vec![Value::text(text)], vec![Value::text("")]];
    let engine = Engine::new().table("T", vec![Column::new("s", Type::String)], rows).budget(budget);
    let (pattern, rewrite) = (literal(pattern), literal(rewrite));
    for call in CALLS {
        // Pattern and rewrite are put in at once: one may hold the other's letter.
        let mut query = "T | ".to_owned();
        for c in call.chars() {
            match c {
                'P' => query += &pattern,
                'R' => query += &rewrite,
                c => query.push(c),
            }
        }
        if let Ok(rows) = engine.query(&query) {
            fuzz::check_rows(rows);
        }
    }
});
