//! The query engine: our own cases operator by operator, properties over random queries, hostile queries, and the
//! corpus of `../shared` where it is present.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "helpers of tests fail loudly")]

#[path = "kql/attack.rs"]
mod attack;
#[path = "kql/datatable.rs"]
mod datatable;
#[path = "kql/golden.rs"]
mod golden;
#[path = "kql/graphs.rs"]
mod graphs;
#[path = "kql/metamorphic.rs"]
mod metamorphic;
#[path = "kql/operators.rs"]
mod operators;
#[path = "kql/properties.rs"]
mod properties;
#[path = "support/property.rs"]
mod property;
#[path = "support/kql.rs"]
mod random_kql;
#[path = "kql/values.rs"]
mod values;

use forepost::host::batch::query_batch_line;
use serde_json::Value;

/// What `now()` is in all of these.
const NOW: i64 = 639_073_152_000_000_000;

/// The answer to a query that reads no events.
fn answer(query: &str) -> Value {
    let line = serde_json::json!({ "id": 0, "query": query }).to_string();
    let answer = serde_json::from_str(&query_batch_line(&line, NOW)).expect("an answer is JSON");
    check_shape(query, &answer);
    answer
}

/// Whatever is asked: a row has a cell for each column, and a cell is what its column's type is written as.
fn check_shape(query: &str, answer: &Value) {
    let Some(columns) = answer["columns"].as_array() else { return };
    for row in answer["rows"].as_array().expect("rows") {
        let cells = row.as_array().expect("a row is an array");
        assert_eq!(cells.len(), columns.len(), "{query}: {row}");
        for (cell, column) in cells.iter().zip(columns) {
            let right = match column["type"].as_str().expect("a type") {
                "dynamic" => true,
                "string" => cell.is_string(),
                _ if cell.is_null() => true,
                "bool" => cell.is_boolean(),
                "int" | "long" => cell.is_i64(),
                "real" => cell.is_number() || matches!(cell.as_str(), Some("NaN" | "Infinity" | "-Infinity")),
                _ => cell.is_string(),
            };
            assert!(right, "{query}: {cell} in {column}");
        }
    }
}
