//! `rand` and `new_guid`: within their bounds, another value for each row, and the same values for the same seed.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use kql::Engine;
use kql::exec::late::compile;
use kql::value::json;

fn rows(seed: u64, query: &str) -> Vec<String> {
    let rows = Engine::new().seed(seed).query(query).unwrap_or_else(|e| panic!("{query}: {e}"));
    rows.rows.iter().flat_map(|row| row.values.iter().map(json::to_text)).collect()
}

#[test]
fn a_seed_gives_its_values() {
    let query =
        "range x from 1 to 50 step 1 | extend r = rand(), n = rand(10), g = new_guid() | project-away x";
    assert_eq!(rows(7, query), rows(7, query));
    assert_ne!(rows(7, query), rows(8, query));
    let bounds = "range x from 1 to 1000 step 1 | extend r = rand(), n = rand(5), g = new_guid()
        | summarize min(r) >= 0.0, max(r) < 1.0, avg(r) between (0.4 .. 0.6), dcount(n), max(n), min(n), dcount(g),
            countif(tostring(g) matches regex '^.{14}4.{4}[89ab]')";
    assert_eq!(rows(1, bounds), ["true", "true", "true", "5", "4.0", "0.0", "1000", "1000"]);
    assert_eq!(
        rows(
            3,
            "range x from 1 to 1000 step 1 | where rand() < 0.5 | count | project Count between (400 .. 600)"
        ),
        ["true"]
    );
    let two = rows(3, "print rand(), rand()");
    assert_ne!(two.first(), two.get(1));
}

#[test]
fn where_chance_cannot_stand_it_is_refused() {
    for query in [
        "range x from 1 to 2 step 1 | summarize sum(rand())",
        "range x from 1 to 2 step 1 | sort by rand() asc",
        "let r = rand(); print r",
        "range x from 1 to 2 step 1 | take rand(3)",
        "datatable(x:long)[1] | extend d = bag_pack(tostring(rand()), 1) | evaluate bag_unpack(d)",
    ] {
        let compiled = compile(query, &Default::default());
        assert!(compiled.query.is_none() && !compiled.diagnostics.is_empty(), "{query}");
    }
}
