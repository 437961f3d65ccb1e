//! What must not change an answer: a name for a part of the query, a step that does nothing, filters in another order. Over joins of
//! every kind, where the rows that are left depend on which filters run below them, and over random pipelines.

use super::answer;
use serde_json::Value;

fn rows(query: &str) -> Value {
    let answer = answer(query);
    assert!(answer["error"].is_null(), "{query}: {answer}");
    answer["rows"].clone()
}

const KINDS: &[&str] = &[
    "innerunique",
    "inner",
    "leftouter",
    "rightouter",
    "fullouter",
    "leftsemi",
    "leftanti",
    "rightsemi",
    "rightanti",
];

const LEFT: &str = "datatable(k:string, v:long, w:long)['a',1,5, 'a',2,5, 'b',3,6, 'b',1,7, 'c',2,8, '',2,9]";
const RIGHT: &str = "datatable(k:string, x:long)['a',10, 'a',11, 'b',10, 'd',12, '',13]";

/// The columns that a join of a kind has.
fn filters(kind: &str) -> &'static [&'static str] {
    match kind {
        "leftsemi" | "leftanti" => &["v == 2", "v > 1 and w < 8", "k != 'b'", "v in (2, 3)"],
        "rightsemi" | "rightanti" => &["x == 10", "k != 'b'"],
        _ => &[
            "v == 2",
            "x == 10",
            "v == 2 and x == 10",
            "v > 1 or x > 10",
            "isnull(v)",
            "k != 'b' and v > 1",
            "v < x",
            "w != 5",
        ],
    }
}

#[test]
fn a_join_means_the_same_by_any_name() {
    for kind in KINDS {
        let join = format!("{LEFT} | join kind={kind} ({RIGHT}) on k");
        for filter in filters(kind) {
            let plain = rows(&format!("{join} | where {filter}"));
            for other in [
                format!("let J = {join}; J | where {filter}"),
                format!("let J = {join}; let K = J; union K, (J | take 0) | take 1000; K | where {filter}"),
                format!("let f = () {{ {join} }}; f() | where {filter}"),
                format!(
                    "let f = (T:(k:string, v:long, w:long)) {{ T | join kind={kind} ({RIGHT}) on k }}; f({LEFT}) | where {filter}"
                ),
                format!("let L = {LEFT}; let R = {RIGHT}; L | join kind={kind} R on k | where {filter}"),
                format!("{join} | as J | where {filter}"),
                format!("{join} | where true | where {filter}"),
                format!("{join} | serialize | where {filter}"),
                format!("let J = {join}; J | where {filter} | join kind=leftanti (J | where false) on k"),
            ] {
                // Unions and such that stand first are statements of their own.
                assert_eq!(rows(&other), plain, "{other}\nagainst {join} | where {filter}");
            }
            // Steps between that leave the columns as they are.
            let columns = if kind.starts_with("right") && kind.ends_with("i") { "k, x" } else { "*" };
            for (between, after) in [
                ("extend z = 1", "project-away z"),
                ("extend k = k", "where true"),
                ("extend z = strcat(k, '!') | extend y = z", "project-away z, y"),
                ("project-rename kk = k", "project-rename k = kk"),
                ("project-reorder k", "where true"),
            ] {
                let filter =
                    if between.contains("kk") { filter.replace("k ", "kk ") } else { (*filter).to_owned() };
                let stepped = rows(&format!("{join} | {between} | where {filter} | {after}"));
                let at_once =
                    rows(&format!("{join} | where {} | {between} | {after}", filter.replace("kk ", "k ")));
                assert_eq!(stepped, at_once, "{kind}, {between}, where {filter}, {columns}");
            }
        }
        // Filters in another order, at once or one by one.
        if let [a, b, ..] = filters(kind) {
            let both = rows(&format!("{join} | where {a} and {b}"));
            assert_eq!(rows(&format!("{join} | where {a} | where {b}")), both, "{kind}");
            assert_eq!(rows(&format!("{join} | where {b} | where {a}")), both, "{kind}");
            assert_eq!(rows(&format!("let J = {join} | where {a}; J | where {b}")), both, "{kind}");
        }
    }
}

/// A value that a condition reads may be computed above the join, or written out.
#[test]
fn a_computed_column_means_what_it_is_computed_of() {
    for (computed, written) in [
        ("extend u = v + 1 | where u == 3", "where v + 1 == 3 | extend u = v + 1"),
        ("project k, u = v * 2, x | where u == 4", "where v * 2 == 4 | project k, u = v * 2, x"),
        ("extend v = v + 1 | where v == 3", "where v + 1 == 3 | extend v = v + 1"),
        ("extend u = v | extend q = u | where q == 2", "where v == 2 | extend u = v | extend q = u"),
        ("sort by x asc, v asc | where v == 2", "where v == 2 | sort by x asc, v asc"),
        ("mv-expand d = pack_array(1, 2) | where v == 2", "where v == 2 | mv-expand d = pack_array(1, 2)"),
    ] {
        let join = format!("{LEFT} | join ({RIGHT}) on k");
        assert_eq!(rows(&format!("{join} | {computed}")), rows(&format!("{join} | {written}")), "{computed}");
        let twice = format!("{join} | join kind=leftouter ({RIGHT} | project k, q9 = x) on k");
        assert_eq!(
            rows(&format!("{twice} | {computed}")),
            rows(&format!("{twice} | {written}")),
            "{computed} over two joins"
        );
    }
}
