//! The state an aggregate keeps over the rows of a group.

use super::super::functions::call::list_items;
use super::{Schema, averaged, first};
use crate::value::key::{self, KeySet};
use crate::value::{Bag, Decimal, Type, Value, compare, convert};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::rc::Rc;

/// How many items `make_list` and its kin keep unless told otherwise. Source: Microsoft's docs.
pub(super) const MAX_ITEMS: usize = 1_048_576;

/// How percentiles come out.
#[derive(Clone, Copy)]
pub enum Percentiles {
    /// One value.
    One,
    /// A column each.
    Columns,
    /// One array.
    Array,
    /// The values themselves, for later.
    Digest,
}

/// Which measure of spread.
#[derive(Clone, Copy)]
pub enum Spread {
    /// `stdev`
    StdevSample,
    /// `stdevp`
    StdevPopulation,
    /// `variance`
    VarianceSample,
    /// `variancep`
    VariancePopulation,
}

/// The state of an aggregate over the rows seen so far.
pub enum Accumulator {
    /// Rows.
    Count(i64),
    /// Keys of different values.
    Distinct(KeySet),
    /// A sum of whole numbers or ticks, and the type to give it.
    WholeSum(i64, Type),
    /// A sum of reals.
    RealSum(f64),
    /// A sum of decimals.
    DecimalSum(Decimal),
    /// A sum and a count; the type of the mean.
    Mean(f64, i64, Type),
    /// A sum of decimals and a count.
    DecimalMean(Decimal, i64),
    /// The best value and which way is better.
    Best(Ordering, Option<Value>),
    /// The row of the best value.
    Arg {
        /// Which way is better.
        want: Ordering,
        /// The row.
        best: Option<Vec<Value>>,
        /// How many values a row has.
        width: usize,
    },
    /// The first value.
    Any(Option<Value>),
    /// Values in order.
    List {
        /// The values.
        items: Vec<Value>,
        /// At most so many.
        max: usize,
        /// Whether nulls are kept.
        nulls: bool,
    },
    /// Different values in the order they came.
    Set {
        /// Their keys.
        keys: KeySet,
        /// The values.
        items: Vec<Value>,
        /// At most so many.
        max: usize,
    },
    /// Keys of all bags; the first value of a key stays.
    Bag(Bag),
    /// Values to rank, and how.
    Percentiles(Percentiles, Ranking),
    /// Results of `tdigest` put together.
    Digest(Ranking),
    /// Count, mean and sum of squared differences (Welford).
    Spread(Spread, i64, f64, f64),
    /// Count, means and sum of the products of differences; whether of a sample.
    Covariance {
        /// Whether of a sample.
        sample: bool,
        /// How many rows.
        n: i64,
        /// The means of both.
        means: (f64, f64),
        /// The sum.
        sum: f64,
    },
    /// Hashes of different values.
    Hashes(Hashes),
    /// Hashes of several such sets.
    MergedHashes(Hashes),
    /// The schema of all values.
    Schema(Schema),
    /// Bits combined.
    Bits(fn(i64, i64) -> i64, Option<i64>),
}

/// Values with their weights, and the percentiles asked for.
#[derive(Default)]
pub struct Ranking {
    items: Vec<(Value, i64)>,
    ranks: Vec<f64>,
    weighted: bool,
}

impl Ranking {
    fn update(&mut self, args: &[Value]) {
        let after = if self.weighted { 2 } else { 1 };
        if self.ranks.is_empty() {
            self.ranks = args.iter().skip(after).flat_map(list_items).filter_map(compare::real).collect();
        }
        let weight = if self.weighted { args.get(1).map_or(1, |w| w.as_integer().unwrap_or(0)) } else { 1 };
        if let (Some(v), 1..) = (args.first(), weight) {
            self.items.push((v.clone(), weight));
        }
    }

    fn merge(&mut self, digest: &Value) {
        for item in digest.as_array().unwrap_or_default() {
            if let Some([v, weight]) = item.as_array() {
                self.items.push((v.clone(), weight.as_integer().unwrap_or(0).max(0)));
            }
        }
    }

    fn sort(&mut self) {
        self.items.sort_by(|(a, _), (b, _)| compare::order(a, b));
    }

    /// The value at a percentile of the sorted values. Source: Microsoft's docs, percentiles: nearest rank.
    fn at(&self, percent: f64) -> Value {
        let total: i128 = self.items.iter().map(|(_, w)| i128::from(*w)).sum();
        let rank = ((percent / 100.0 * total as f64).ceil() as i128).max(1);
        let mut below = 0;
        for (v, weight) in &self.items {
            below += i128::from(*weight);
            if below >= rank {
                return v.clone();
            }
        }
        self.items.last().map(|(v, _)| v.clone()).unwrap_or_default()
    }

    fn digest(self) -> Value {
        // Equal values are one with their weights together.
        let mut merged: Vec<(Value, i64)> = Vec::new();
        for (v, weight) in self.items {
            match merged.last_mut() {
                Some((last, sum)) if compare::order(last, &v).is_eq() => *sum = sum.saturating_add(weight),
                _ => merged.push((v, weight)),
            }
        }
        let pair = |(v, w): (Value, i64)| Value::array(vec![v, Value::Long(w)]);
        Value::array(merged.into_iter().map(pair).collect())
    }
}

/// The value at a percentile of what `tdigest` yields; null for what is no such thing.
pub fn digest_percentile(digest: &Value, percent: f64) -> Value {
    let mut ranking = Ranking::default();
    ranking.merge(digest);
    ranking.sort();
    ranking.at(percent)
}

/// A hash of a value among values that are equal to one another where `distinct` holds them for the same.
fn hash(v: &Value) -> i64 {
    twox_hash::XxHash64::oneshot(0, &key::key([v])) as i64
}

/// Different hashes, and one more than may be kept if there are more.
#[derive(Default)]
pub struct Hashes {
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
        if self.hashes.len() > MAX_ITEMS {
            return Value::Null;
        }
        self.hashes.sort();
        Value::array(self.hashes.into_iter().map(Value::Long).collect())
    }
}

impl Accumulator {
    pub(super) fn sum(types: &[Type]) -> Accumulator {
        match first(types) {
            Type::Real | Type::Dynamic => Accumulator::RealSum(0.0),
            Type::Decimal => Accumulator::DecimalSum(Decimal::ZERO),
            Type::Timespan => Accumulator::WholeSum(0, Type::Timespan),
            Type::DateTime => Accumulator::WholeSum(0, Type::DateTime),
            _ => Accumulator::WholeSum(0, Type::Long),
        }
    }

    pub(super) fn average(types: &[Type]) -> Accumulator {
        match averaged(types) {
            Type::Decimal => Accumulator::DecimalMean(Decimal::ZERO, 0),
            ty => Accumulator::Mean(0.0, 0, ty),
        }
    }

    pub(super) fn percentiles(kind: Percentiles) -> Accumulator {
        Accumulator::Percentiles(kind, Ranking::default())
    }

    pub(super) fn weighted(kind: Percentiles) -> Accumulator {
        Accumulator::Percentiles(kind, Ranking { weighted: true, ..Ranking::default() })
    }

    pub(super) fn digest() -> Accumulator {
        Accumulator::Digest(Ranking::default())
    }

    pub(super) fn covariance(sample: bool) -> Accumulator {
        Accumulator::Covariance { sample, n: 0, means: (0.0, 0.0), sum: 0.0 }
    }

    pub(super) fn spread(kind: Spread) -> Accumulator {
        Accumulator::Spread(kind, 0, 0.0, 0.0)
    }

    /// Takes a row's arguments in, without the predicate.
    pub fn update(&mut self, args: &[Value]) {
        let null = Value::Null;
        let v = args.first().unwrap_or(&null);
        match self {
            Accumulator::Count(n) => *n += 1,
            Accumulator::Arg { want, best, .. } => {
                let better = match &best {
                    None => true,
                    Some(b) => b
                        .first()
                        .is_some_and(|b| !v.is_null() && (b.is_null() || compare::order(v, b) == *want)),
                };
                if better {
                    *best = Some(args.to_vec());
                }
            }
            Accumulator::List { items, max, nulls } => {
                *max = limit(args, 1, *max);
                if items.len() < *max && (*nulls || !v.is_null()) {
                    items.push(v.clone());
                }
            }
            _ if v.is_null() => {}
            Accumulator::Distinct(keys) => {
                keys.insert(key::key([v]));
            }
            Accumulator::WholeSum(sum, _) => {
                let n = match v {
                    Value::Timespan(t) | Value::DateTime(t) => Some(*t),
                    _ => v.as_integer(),
                };
                *sum = sum.wrapping_add(n.unwrap_or(0));
            }
            Accumulator::RealSum(sum) => *sum += compare::real(v).unwrap_or(0.0),
            Accumulator::DecimalSum(sum) => {
                *sum = compare::decimal(v).and_then(|d| sum.checked_add(d)).unwrap_or(*sum)
            }
            Accumulator::Mean(sum, n, _) => {
                let x = match v {
                    Value::Timespan(t) | Value::DateTime(t) => Some(*t as f64),
                    _ => compare::real(v),
                };
                if let Some(x) = x {
                    *sum += x;
                    *n += 1;
                }
            }
            Accumulator::DecimalMean(sum, n) => {
                if let Some(total) = compare::decimal(v).and_then(|d| sum.checked_add(d)) {
                    *sum = total;
                    *n += 1;
                }
            }
            Accumulator::Best(want, best) => {
                if best.as_ref().is_none_or(|b| compare::order(v, b) == *want) {
                    *best = Some(v.clone());
                }
            }
            Accumulator::Any(slot) => {
                slot.get_or_insert_with(|| v.clone());
            }
            Accumulator::Set { keys, items, max } => {
                *max = limit(args, 1, *max);
                // A set over arrays is the set of their items.
                for item in list_items(v) {
                    if items.len() < *max && !item.is_null() && keys.insert(key::key([item])) {
                        items.push(item.clone());
                    }
                }
            }
            Accumulator::Bag(bag) => {
                for (key, value) in v.as_bag().into_iter().flat_map(Bag::iter) {
                    if bag.len() < MAX_ITEMS {
                        bag.insert_if_absent(Rc::clone(key), value.clone());
                    }
                }
            }
            Accumulator::Percentiles(_, ranking) => ranking.update(args),
            Accumulator::Digest(ranking) => ranking.merge(v),
            Accumulator::Covariance { n, means: (mx, my), sum, .. } => {
                if let (Some(x), Some(y)) = (compare::real(v), args.get(1).and_then(compare::real)) {
                    *n += 1;
                    let dx = x - *mx;
                    *mx += dx / *n as f64;
                    *my += (y - *my) / *n as f64;
                    *sum += dx * (y - *my);
                }
            }
            Accumulator::Hashes(set) => set.add(hash(v)),
            Accumulator::MergedHashes(set) => {
                let found = v.as_array().unwrap_or_default().iter().filter_map(Value::as_integer);
                found.for_each(|hash| set.add(hash));
            }
            Accumulator::Schema(schema) => schema.add(v),
            Accumulator::Spread(_, n, mean, m2) => {
                if let Some(x) = compare::real(v) {
                    *n += 1;
                    let delta = x - *mean;
                    *mean += delta / *n as f64;
                    *m2 += delta * (x - *mean);
                }
            }
            Accumulator::Bits(combine, bits) => {
                if let Value::Long(n) = convert::to_long(v) {
                    *bits = Some(bits.map_or(n, |b| combine(b, n)));
                }
            }
        }
    }

    /// How many values it keeps, each as large as what it was given.
    pub fn kept(&self) -> usize {
        match self {
            Accumulator::Distinct(keys) => keys.len(),
            Accumulator::List { items, .. } | Accumulator::Set { items, .. } => items.len(),
            Accumulator::Bag(bag) => bag.len(),
            Accumulator::Percentiles(_, ranking) | Accumulator::Digest(ranking) => ranking.items.len(),
            Accumulator::Hashes(set) | Accumulator::MergedHashes(set) => set.hashes.len(),
            Accumulator::Best(_, value) | Accumulator::Any(value) => usize::from(value.is_some()),
            Accumulator::Arg { best, .. } => usize::from(best.is_some()),
            Accumulator::Count(_)
            | Accumulator::WholeSum(..)
            | Accumulator::RealSum(_)
            | Accumulator::DecimalSum(_)
            | Accumulator::Mean(..)
            | Accumulator::DecimalMean(..)
            | Accumulator::Spread(..)
            | Accumulator::Covariance { .. }
            | Accumulator::Schema(_)
            | Accumulator::Bits(..) => 0,
        }
    }

    /// The results, one a column; `ty` is the type of the first, `width` how many there are.
    pub fn finish(self, ty: Type, width: usize) -> Vec<Value> {
        let one = |v: Value| vec![v];
        match self {
            Accumulator::Count(n) => one(Value::Long(n)),
            Accumulator::Distinct(keys) => one(Value::Long(keys.len() as i64)),
            Accumulator::WholeSum(n, Type::Timespan) => one(Value::Timespan(n)),
            Accumulator::WholeSum(n, Type::DateTime) => one(Value::DateTime(n)),
            Accumulator::WholeSum(n, _) => one(Value::Long(n)),
            Accumulator::RealSum(r) => one(Value::Real(r)),
            Accumulator::DecimalSum(d) => one(Value::Decimal(d)),
            Accumulator::Mean(_, 0, Type::Real) => one(Value::Real(f64::NAN)),
            Accumulator::Mean(_, 0, _) | Accumulator::DecimalMean(_, 0) => one(Value::Null),
            Accumulator::Mean(sum, n, Type::Timespan) => one(Value::Timespan((sum / n as f64) as i64)),
            Accumulator::Mean(sum, n, Type::DateTime) => one(Value::DateTime((sum / n as f64) as i64)),
            Accumulator::Mean(sum, n, _) => one(Value::Real(sum / n as f64)),
            Accumulator::DecimalMean(sum, n) => {
                one(sum.checked_div(Decimal::from(n)).map_or(Value::Null, Value::Decimal))
            }
            Accumulator::Best(_, v) | Accumulator::Any(v) => one(v.unwrap_or_else(|| ty.missing())),
            Accumulator::Arg { best, width, .. } => best.unwrap_or_else(|| vec![Value::Null; width]),
            Accumulator::List { items, .. } | Accumulator::Set { items, .. } => one(Value::array(items)),
            Accumulator::Bag(bag) => one(Value::bag(bag)),
            Accumulator::Percentiles(kind, mut ranking) => {
                ranking.sort();
                let at = |rank: &f64| ranking.at(*rank);
                match kind {
                    Percentiles::Array => one(Value::array(ranking.ranks.iter().map(at).collect())),
                    Percentiles::Digest => one(ranking.digest()),
                    _ if ranking.items.is_empty() => vec![ty.missing(); width],
                    _ => ranking.ranks.iter().map(at).collect(),
                }
            }
            Accumulator::Digest(mut ranking) => {
                ranking.sort();
                one(ranking.digest())
            }
            Accumulator::Covariance { sample, n, sum, .. } => {
                let of = if sample { n - 1 } else { n };
                one(Value::Real(if of > 0 { sum / of as f64 } else { 0.0 }))
            }
            Accumulator::Hashes(set) | Accumulator::MergedHashes(set) => one(set.finish()),
            Accumulator::Schema(schema) => one(schema.finish()),
            Accumulator::Spread(kind, n, _, m2) => {
                let of = match kind {
                    Spread::StdevSample | Spread::VarianceSample => n - 1,
                    _ => n,
                };
                let variance = if of > 0 { m2 / of as f64 } else { 0.0 };
                one(Value::Real(match kind {
                    Spread::StdevSample | Spread::StdevPopulation => variance.sqrt(),
                    _ => variance,
                }))
            }
            Accumulator::Bits(_, bits) => {
                let bits = bits.unwrap_or(0);
                one(if ty == Type::Int { Value::Int(bits as i32) } else { Value::Long(bits) })
            }
        }
    }
}

/// The limit an argument sets, or the given one.
fn limit(args: &[Value], i: usize, otherwise: usize) -> usize {
    args.get(i)
        .and_then(Value::as_integer)
        .and_then(convert::to_count)
        .map_or(otherwise, |n| n.min(MAX_ITEMS))
}
