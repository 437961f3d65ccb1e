//! The query engine: our own cases operator by operator, properties over random queries, hostile queries, and the
//! corpus of `../shared` where it is present.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "helpers of tests fail loudly")]

#[path = "kql/attack.rs"]
mod attack;
#[path = "kql/golden.rs"]
mod golden;
#[path = "kql/operators.rs"]
mod operators;
#[path = "kql/properties.rs"]
mod properties;

use forepost::detector::query_batch_line;
use serde_json::Value;

/// What `now()` is in all of these.
const NOW: i64 = 639_073_152_000_000_000;

/// The answer to a query that reads no events.
fn answer(query: &str) -> Value {
    let line = serde_json::json!({ "id": 0, "query": query }).to_string();
    serde_json::from_str(&query_batch_line(&line, NOW)).expect("an answer is JSON")
}

/// A generator of pseudo-random numbers (xorshift64*): a seed gives the same cases everywhere.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize) % n.max(1)
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}
