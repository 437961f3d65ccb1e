//! The query engine: our own cases operator by operator, properties over random queries, hostile queries, and the
//! corpus of `../shared` where it is present.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "helpers of tests fail loudly")]

#[path = "kql/attack.rs"]
mod attack;
#[path = "kql/datatable.rs"]
mod datatable;
#[path = "kql/golden.rs"]
mod golden;
#[path = "kql/metamorphic.rs"]
mod metamorphic;
#[path = "kql/operators.rs"]
mod operators;
#[path = "kql/properties.rs"]
mod properties;
#[path = "support/random.rs"]
mod random;

use forepost::host::batch::query_batch_line;
use random::Random;
use serde_json::Value;

/// What `now()` is in all of these.
const NOW: i64 = 639_073_152_000_000_000;

/// The answer to a query that reads no events.
fn answer(query: &str) -> Value {
    let line = serde_json::json!({ "id": 0, "query": query }).to_string();
    serde_json::from_str(&query_batch_line(&line, NOW)).expect("an answer is JSON")
}
