//! The aggregates of `summarize`: one table, and the state each keeps. They skip nulls; what each yields over
//! no rows is in semantics §9.

use super::functions::{
    Kind, Naming, Param, boolean, dynamic, integer, number, optional, repeated, scalar, summable,
};
use crate::value::{Bag, Decimal, Type, Value, compare, convert};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::rc::Rc;

/// How many items `make_list` and its kin keep unless told otherwise. Source: Microsoft's docs.
const MAX_ITEMS: usize = 1_048_576;

/// An aggregate.
pub struct Aggregate {
    /// As queries write it.
    pub name: &'static str,
    /// Its parameters in order.
    pub params: &'static [Param],
    /// The type of its result from the types of its arguments.
    pub returns: fn(&[Type]) -> Type,
    /// How its column is called without a name.
    pub naming: Naming,
    /// One line.
    pub doc: &'static str,
    /// What `datatable(x:long, s:string)[1,'a', 2,'b', 2,'b'] | summarize …` yields; run as tests.
    pub examples: &'static [(&'static str, &'static str)],
    /// Whether the last argument is a predicate: rows where it is not true do not count.
    pub conditional: bool,
    /// The empty state, from the types of the arguments.
    pub new: fn(&[Type]) -> Accumulator,
}

fn long(_: &[Type]) -> Type {
    Type::Long
}
fn real(_: &[Type]) -> Type {
    Type::Real
}
fn dynamic_type(_: &[Type]) -> Type {
    Type::Dynamic
}
fn first(types: &[Type]) -> Type {
    types.first().copied().unwrap_or(Type::Dynamic)
}
fn summed(types: &[Type]) -> Type {
    match first(types) {
        Type::Int => Type::Long,
        Type::Dynamic => Type::Dynamic,
        other => other,
    }
}
fn averaged(types: &[Type]) -> Type {
    match first(types) {
        Type::Int | Type::Long | Type::Dynamic => Type::Real,
        other => other,
    }
}

const EXPR: &[Param] = &[scalar("expr")];
const EXPR_IF: &[Param] = &[scalar("expr"), boolean("predicate")];
const SUMMABLE: &[Param] = &[summable("expr")];
const SUMMABLE_IF: &[Param] = &[summable("expr"), boolean("predicate")];
const NUMBER: &[Param] = &[number("expr")];
const NUMBER_IF: &[Param] = &[number("expr"), boolean("predicate")];
const ITEMS: &[Param] = &[scalar("expr"), optional(integer("maxSize"))];
const ITEMS_IF: &[Param] = &[scalar("expr"), boolean("predicate"), optional(integer("maxSize"))];
const ARG: &[Param] = &[scalar("maximized"), repeated(scalar("returned"))];

macro_rules! aggregate {
    ($name:literal $params:ident $returns:ident $naming:expr, $doc:literal, $examples:expr, $conditional:literal, $new:expr) => {
        Aggregate {
            name: $name,
            params: $params,
            returns: $returns,
            naming: $naming,
            doc: $doc,
            examples: $examples,
            conditional: $conditional,
            new: $new,
        }
    };
}

const PREDICATE: &[Param] = &[boolean("predicate")];
const BAGS: &[Param] = &[dynamic("expr"), optional(integer("maxSize"))];
const BAGS_IF: &[Param] = &[dynamic("expr"), boolean("predicate"), optional(integer("maxSize"))];
const DCOUNT: &[Param] = &[scalar("expr"), optional(integer("accuracy"))];
const DCOUNT_IF: &[Param] = &[scalar("expr"), boolean("predicate"), optional(integer("accuracy"))];
const COUNT_EXPR: &[Param] = &[optional(scalar("expr"))];
const BITS: &[Param] = &[integer("expr")];
const PERCENTILE: &[Param] = &[scalar("expr"), number("percentile")];
const PERCENTILES: &[Param] = &[scalar("expr"), repeated(number("percentile"))];
const PERCENTILES_ARRAY: &[Param] = &[scalar("expr"), repeated(scalar("percentile"))];

/// Every aggregate, sorted by name.
pub static AGGREGATES: &[Aggregate] = &[
    aggregate!("any" EXPR first Naming::Prefix("any"), "The same as take_any.", &[("any(x)", "1")], false, |_| Accumulator::Any(None)),
    aggregate!("arg_max" ARG first Naming::None, "The row in which the first argument is largest.", &[("arg_max(x, s)", "2")], false, |t| Accumulator::Arg { want: Ordering::Greater, best: None, width: t.len() }),
    aggregate!("arg_min" ARG first Naming::None, "The row in which the first argument is smallest.", &[("arg_min(x, s)", "1")], false, |t| Accumulator::Arg { want: Ordering::Less, best: None, width: t.len() }),
    aggregate!("avg" SUMMABLE averaged Naming::Prefix("avg"), "The mean.", &[("avg(x)", "1.6666666666666667")], false, |t| Accumulator::average(t)),
    aggregate!("avgif" SUMMABLE_IF averaged Naming::Prefix("avgif"), "The mean over the rows where the predicate is true.", &[("avgif(x, x > 1)", "2")], true, |t| Accumulator::average(t)),
    aggregate!("binary_all_and" BITS long Naming::Prefix("binary_all_and"), "The bits that are set in all.", &[("binary_all_and(x)", "0")], false, |_| Accumulator::Bits(|a, b| a & b, None)),
    aggregate!("binary_all_or" BITS long Naming::Prefix("binary_all_or"), "The bits that are set in any.", &[("binary_all_or(x)", "3")], false, |_| Accumulator::Bits(|a, b| a | b, None)),
    aggregate!("binary_all_xor" BITS long Naming::Prefix("binary_all_xor"), "The bits that are set an odd number of times.", &[("binary_all_xor(x)", "1")], false, |_| Accumulator::Bits(|a, b| a ^ b, None)),
    aggregate!("count" COUNT_EXPR long Naming::Fixed("count_"), "How many rows.", &[("count()", "3")], false, |_| Accumulator::Count(0)),
    aggregate!("count_distinct" EXPR long Naming::Prefix("count_distinct"), "How many different values, exactly.", &[("count_distinct(x)", "2")], false, |_| Accumulator::Distinct(HashSet::new())),
    aggregate!("count_distinctif" EXPR_IF long Naming::Prefix("count_distinctif"), "How many different values over the rows where the predicate is true.", &[("count_distinctif(x, x > 1)", "1")], true, |_| Accumulator::Distinct(HashSet::new())),
    aggregate!("countif" PREDICATE long Naming::Fixed("countif_"), "How many rows where the predicate is true.", &[("countif(x > 1)", "2")], true, |_| Accumulator::Count(0)),
    aggregate!("dcount" DCOUNT long Naming::Prefix("dcount"), "How many different values; exact here, an estimate in Kusto.", &[("dcount(x)", "2")], false, |_| Accumulator::Distinct(HashSet::new())),
    aggregate!("dcountif" DCOUNT_IF long Naming::Prefix("dcountif"), "How many different values over the rows where the predicate is true.", &[("dcountif(x, x > 1)", "1")], true, |_| Accumulator::Distinct(HashSet::new())),
    aggregate!("make_bag" BAGS dynamic_type Naming::Prefix("bag"), "All keys of all bags in one bag.", &[("make_bag(bag_pack(s, x))", r#"{"a":1,"b":2}"#)], false, |_| Accumulator::Bag(Bag::new())),
    aggregate!("make_bag_if" BAGS_IF dynamic_type Naming::Prefix("bag"), "All keys of the bags in the rows where the predicate is true.", &[("make_bag_if(bag_pack(s, x), x > 1)", r#"{"b":2}"#)], true, |_| Accumulator::Bag(Bag::new())),
    aggregate!("make_list" ITEMS dynamic_type Naming::Prefix("list"), "The values in an array.", &[("make_list(x)", "[1,2,2]")], false, |_| Accumulator::List { items: Vec::new(), max: MAX_ITEMS, nulls: false }),
    aggregate!("make_list_if" ITEMS_IF dynamic_type Naming::Prefix("list"), "The values of the rows where the predicate is true.", &[("make_list_if(x, x > 1)", "[2,2]")], true, |_| Accumulator::List { items: Vec::new(), max: MAX_ITEMS, nulls: false }),
    aggregate!("make_list_with_nulls" EXPR dynamic_type Naming::Prefix("list"), "The values in an array, nulls among them.", &[("make_list_with_nulls(x)", "[1,2,2]")], false, |_| Accumulator::List { items: Vec::new(), max: MAX_ITEMS, nulls: true }),
    aggregate!("make_set" ITEMS dynamic_type Naming::Prefix("set"), "The different values in an array.", &[("make_set(x)", "[1,2]")], false, |_| Accumulator::Set { keys: HashSet::new(), items: Vec::new(), max: MAX_ITEMS }),
    aggregate!("make_set_if" ITEMS_IF dynamic_type Naming::Prefix("set"), "The different values of the rows where the predicate is true.", &[("make_set_if(x, x > 1)", "[2]")], true, |_| Accumulator::Set { keys: HashSet::new(), items: Vec::new(), max: MAX_ITEMS }),
    aggregate!("makelist" ITEMS dynamic_type Naming::Prefix("list"), "The same as make_list, with at most 128 items.", &[("makelist(x)", "[1,2,2]")], false, |_| Accumulator::List { items: Vec::new(), max: 128, nulls: false }),
    aggregate!("makeset" ITEMS dynamic_type Naming::Prefix("set"), "The same as make_set, with at most 128 items.", &[("makeset(x)", "[1,2]")], false, |_| Accumulator::Set { keys: HashSet::new(), items: Vec::new(), max: 128 }),
    aggregate!("max" EXPR first Naming::Prefix("max"), "The largest value.", &[("max(x)", "2")], false, |_| Accumulator::Best(Ordering::Greater, None)),
    aggregate!("maxif" EXPR_IF first Naming::Prefix("maxif"), "The largest value over the rows where the predicate is true.", &[("maxif(x, x < 2)", "1")], true, |_| Accumulator::Best(Ordering::Greater, None)),
    aggregate!("min" EXPR first Naming::Prefix("min"), "The smallest value.", &[("min(x)", "1")], false, |_| Accumulator::Best(Ordering::Less, None)),
    aggregate!("minif" EXPR_IF first Naming::Prefix("minif"), "The smallest value over the rows where the predicate is true.", &[("minif(x, x > 1)", "2")], true, |_| Accumulator::Best(Ordering::Less, None)),
    aggregate!("percentile" PERCENTILE first Naming::None, "The value that so many percent do not exceed, by nearest rank.", &[("percentile(x, 50)", "2")], false, |_| Accumulator::percentiles(Percentiles::One)),
    aggregate!("percentiles" PERCENTILES first Naming::None, "Several percentiles, a column each.", &[("percentiles(x, 50)", "2")], false, |_| Accumulator::percentiles(Percentiles::Columns)),
    aggregate!("percentiles_array" PERCENTILES_ARRAY dynamic_type Naming::None, "Several percentiles in an array.", &[("percentiles_array(x, 0, 100)", "[1,2]")], false, |_| Accumulator::percentiles(Percentiles::Array)),
    aggregate!("stdev" NUMBER real Naming::Prefix("stdev"), "The standard deviation of a sample.", &[("round(stdev(x), 9)", "0.577350269")], false, |_| Accumulator::spread(Spread::StdevSample)),
    aggregate!("stdevif" NUMBER_IF real Naming::Prefix("stdevif"), "The standard deviation over the rows where the predicate is true.", &[("stdevif(x, x > 1)", "0")], true, |_| Accumulator::spread(Spread::StdevSample)),
    aggregate!("stdevp" NUMBER real Naming::Prefix("stdevp"), "The standard deviation of a population.", &[("stdevp(x)", "0.4714045207910317")], false, |_| Accumulator::spread(Spread::StdevPopulation)),
    aggregate!("sum" SUMMABLE summed Naming::Prefix("sum"), "The sum.", &[("sum(x)", "5")], false, |t| Accumulator::sum(t)),
    aggregate!("sumif" SUMMABLE_IF summed Naming::Prefix("sumif"), "The sum over the rows where the predicate is true.", &[("sumif(x, x > 1)", "4")], true, |t| Accumulator::sum(t)),
    aggregate!("take_any" EXPR first Naming::Prefix("any"), "The value of one row; here the first.", &[("take_any(x)", "1")], false, |_| Accumulator::Any(None)),
    aggregate!("take_anyif" EXPR_IF first Naming::Prefix("anyif"), "The value of one row where the predicate is true.", &[("take_anyif(x, x > 1)", "2")], true, |_| Accumulator::Any(None)),
    aggregate!("variance" NUMBER real Naming::Prefix("variance"), "The variance of a sample.", &[("variance(x)", "0.3333333333333333")], false, |_| Accumulator::spread(Spread::VarianceSample)),
    aggregate!("varianceif" NUMBER_IF real Naming::Prefix("varianceif"), "The variance over the rows where the predicate is true.", &[("varianceif(x, x > 1)", "0")], true, |_| Accumulator::spread(Spread::VarianceSample)),
    aggregate!("variancep" NUMBER real Naming::Prefix("variancep"), "The variance of a population.", &[("variancep(x)", "0.2222222222222222")], false, |_| Accumulator::spread(Spread::VariancePopulation)),
];

/// The aggregate of a name.
pub fn find(name: &str) -> Option<&'static Aggregate> {
    AGGREGATES.iter().find(|a| a.name == name)
}

impl Aggregate {
    /// How many arguments reach the accumulator: the predicate does not.
    pub fn predicate_index(&self) -> Option<usize> {
        self.conditional.then(|| self.params.iter().position(|p| p.kind == Kind::Bool)).flatten()
    }
}

/// How percentiles come out.
#[derive(Clone, Copy)]
pub enum Percentiles {
    /// One value.
    One,
    /// A column each.
    Columns,
    /// One array.
    Array,
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
    Distinct(HashSet<Vec<u8>>),
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
        keys: HashSet<Vec<u8>>,
        /// The values.
        items: Vec<Value>,
        /// At most so many.
        max: usize,
    },
    /// Keys of all bags; the first value of a key stays.
    Bag(Bag),
    /// Values to rank, and the ranks asked for.
    Percentiles(Percentiles, Vec<Value>, Vec<f64>),
    /// Count, mean and sum of squared differences (Welford).
    Spread(Spread, i64, f64, f64),
    /// Bits combined.
    Bits(fn(i64, i64) -> i64, Option<i64>),
}

impl Accumulator {
    fn sum(types: &[Type]) -> Accumulator {
        match first(types) {
            Type::Real | Type::Dynamic => Accumulator::RealSum(0.0),
            Type::Decimal => Accumulator::DecimalSum(Decimal::ZERO),
            Type::Timespan => Accumulator::WholeSum(0, Type::Timespan),
            Type::DateTime => Accumulator::WholeSum(0, Type::DateTime),
            _ => Accumulator::WholeSum(0, Type::Long),
        }
    }

    fn average(types: &[Type]) -> Accumulator {
        match averaged(types) {
            Type::Decimal => Accumulator::DecimalMean(Decimal::ZERO, 0),
            ty => Accumulator::Mean(0.0, 0, ty),
        }
    }

    fn percentiles(kind: Percentiles) -> Accumulator {
        Accumulator::Percentiles(kind, Vec::new(), Vec::new())
    }

    fn spread(kind: Spread) -> Accumulator {
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
                keys.insert(compare::key([v]));
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
                for item in super::functions::call::list_items(v) {
                    if items.len() < *max && !item.is_null() && keys.insert(compare::key([item])) {
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
            Accumulator::Percentiles(_, items, ranks) => {
                if ranks.is_empty() {
                    let given = args.iter().skip(1).flat_map(super::functions::call::list_items);
                    *ranks = given.filter_map(compare::real).collect();
                }
                items.push(v.clone());
            }
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
            Accumulator::Percentiles(kind, mut items, ranks) => {
                items.sort_by(compare::order);
                let at = |rank: &f64| nearest_rank(&items, *rank);
                match kind {
                    Percentiles::Array => one(Value::array(ranks.iter().map(at).collect())),
                    _ if items.is_empty() => vec![ty.missing(); width],
                    _ => ranks.iter().map(at).collect(),
                }
            }
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
            Accumulator::Bits(_, bits) => one(Value::Long(bits.unwrap_or(0))),
        }
    }
}

/// The limit an argument sets, or the given one.
fn limit(args: &[Value], i: usize, otherwise: usize) -> usize {
    args.get(i)
        .and_then(Value::as_integer)
        .and_then(|n| usize::try_from(n).ok())
        .map_or(otherwise, |n| n.min(MAX_ITEMS))
}

/// The value at a percentile of sorted values. Source: Microsoft's docs, percentiles: nearest rank.
fn nearest_rank(sorted: &[Value], percent: f64) -> Value {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).cloned().unwrap_or_default()
}
