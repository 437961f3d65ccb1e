//! Summaries that scalar functions read later. Where Kusto estimates, these hold everything.

use super::{ACCURACY, Aggregate, EXPR, MAX_ITEMS, PREDICATE, SUMMABLE, State, dynamic_type, value, weight};
use crate::functions::{Naming, dynamic, integer, optional};
use crate::value::percentile::Ranking;
use crate::value::{Type, Value, key};
use std::collections::HashSet;

/// The family.
pub static AGGREGATES: &[Aggregate] = &[
    aggregate!("hll"(EXPR, ACCURACY) -> dynamic_type, Naming::Prefix("hll"),
        "Returns a summary that dcount_hll counts: in Forepost, the hashes of all distinct values. Returns null above 1,048,576 values.",
        [("dcount_hll(hll(x))", "2")], |_| Box::<Hll>::default()),
    aggregate!("hll_if"(EXPR, PREDICATE, ACCURACY) -> dynamic_type, Naming::Prefix("hll_if"),
        "Returns a summary like hll of the rows where the predicate is true.",
        [("dcount_hll(hll_if(x, x > 1))", "1")], |_| Box::<Hll>::default()),
    aggregate!("hll_merge"(dynamic("expr")) -> dynamic_type, Naming::Prefix("hll_merge"),
        "Merges several results of hll.", [("hll_merge(dynamic([1, 2]))", "[1,2]")],
        |_| Box::<HllMerge>::default()),
    aggregate!("merge_tdigest"(dynamic("expr")) -> dynamic_type, Naming::Prefix("merge_tdigests"),
        "The same as tdigest_merge.", [("merge_tdigest(dynamic([[1, 2]]))", "[[1,6]]")],
        |_| Box::<DigestMerge>::default()),
    aggregate!("tdigest"(SUMMABLE, optional(integer("weight"))) -> dynamic_type, Naming::Prefix("tdigest"),
        "Returns a summary that percentile_tdigest ranks: in Forepost, all values with their weights.",
        [("percentile_tdigest(tdigest(x), 50)", "2")], |_| Box::<Digest>::default()),
    aggregate!("tdigest_merge"(dynamic("expr")) -> dynamic_type, Naming::Prefix("merge_tdigests"),
        "Merges several results of tdigest.", [("tdigest_merge(dynamic([[1, 2]]))", "[[1,6]]")],
        |_| Box::<DigestMerge>::default()),
];

/// A hash of a value among values that are equal to one another where `distinct` holds them for the same.
fn hash(v: &Value) -> i64 {
    twox_hash::XxHash64::oneshot(0, &key::key([v])) as i64
}

/// Different hashes, and one more than may be kept if there are more.
#[derive(Default)]
struct Hashes {
    seen: HashSet<i64>,
    hashes: Vec<i64>,
}

impl Hashes {
    fn add(&mut self, hash: i64) {
        if self.hashes.len() <= MAX_ITEMS && self.seen.insert(hash) {
            self.hashes.push(hash);
        }
    }

    fn finish(mut self) -> Value {
        // Nothing has no summary.
        if self.hashes.is_empty() || self.hashes.len() > MAX_ITEMS {
            return Value::Null;
        }
        self.hashes.sort();
        Value::array(self.hashes.into_iter().map(Value::Long).collect())
    }
}

/// Hashes of different values.
#[derive(Default)]
struct Hll(Hashes);

impl State for Hll {
    fn update(&mut self, args: &[Value]) {
        self.0.add(hash(value(args)));
    }

    fn kept(&self) -> usize {
        self.0.hashes.len()
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![self.0.finish()]
    }
}

/// Hashes of several such sets.
#[derive(Default)]
struct HllMerge(Hashes);

impl State for HllMerge {
    fn update(&mut self, args: &[Value]) {
        let hashes = value(args).as_array().unwrap_or_default().iter().filter_map(Value::as_integer);
        hashes.for_each(|hash| self.0.add(hash));
    }

    fn kept(&self) -> usize {
        self.0.hashes.len()
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![self.0.finish()]
    }
}

/// Values with their weights.
#[derive(Default)]
struct Digest(Ranking);

impl State for Digest {
    fn update(&mut self, args: &[Value]) {
        self.0.add(value(args).clone(), weight(args));
    }

    fn kept(&self) -> usize {
        self.0.len()
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![self.0.digest()]
    }
}

/// Several digests put together.
#[derive(Default)]
struct DigestMerge(Ranking);

impl State for DigestMerge {
    fn update(&mut self, args: &[Value]) {
        self.0.merge(value(args));
    }

    fn kept(&self) -> usize {
        self.0.len()
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        vec![self.0.digest()]
    }
}
