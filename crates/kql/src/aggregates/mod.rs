//! The aggregates of `summarize`: one table, and the state each keeps. They skip nulls; what each yields over
//! no rows is in docs/semantics.md#summarize.

mod schema;
mod state;

use super::functions::{
    Kind, Naming, Param, boolean, dynamic, integer, number, optional, repeated, scalar, summable,
};
use crate::value::key::KeySet;
use crate::value::{Bag, Type};
pub use schema::Schema;
use state::MAX_ITEMS;
pub use state::{Accumulator, Percentiles, Spread, digest_percentile};
use std::cmp::Ordering;

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
    ($name:literal $params:ident $returns:ident $naming:expr, $doc:literal, $examples:expr,
    $conditional:literal, $new:expr) => {
        Aggregate {
            name: $name,
            params: $params,
            returns: $returns,
            naming: $naming,
            doc: crate::functions::documented($doc),
            examples: if cfg!(target_arch = "wasm32") { &[] } else { $examples },
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
const PERCENTILE_W: &[Param] = &[scalar("expr"), integer("weight"), number("percentile")];
const PERCENTILES_W: &[Param] = &[scalar("expr"), integer("weight"), repeated(number("percentile"))];
const PERCENTILES_ARRAY_W: &[Param] = &[scalar("expr"), integer("weight"), repeated(scalar("percentile"))];
const DIGEST: &[Param] = &[summable("expr"), optional(integer("weight"))];
const DYNAMIC: &[Param] = &[dynamic("expr")];
const NOTHING: &[Param] = &[];
const PAIR: &[Param] = &[number("x"), number("y")];
const PAIR_IF: &[Param] = &[number("x"), number("y"), boolean("predicate")];

/// Every aggregate, sorted by name.
pub static AGGREGATES: &[Aggregate] = &[
    aggregate!("any" EXPR first Naming::Prefix("any"), "The same as take_any.", &[("any(x)", "1")], false,
            |_| Accumulator::Any(None)),
    aggregate!("anyif" EXPR_IF first Naming::Prefix("anyif"), "The same as take_anyif.", &[("anyif(x, x > 1)",
            "2")], true, |_| Accumulator::Any(None)),
    aggregate!("arg_max" ARG first Naming::None, "Returns the row where the first argument is largest.",
            &[("arg_max(x, s)", "2")], false, |t| Accumulator::Arg { want: Ordering::Greater, best: None,
            width: t.len() }),
    aggregate!("arg_min" ARG first Naming::None, "Returns the row where the first argument is smallest.",
            &[("arg_min(x, s)", "1")], false, |t| Accumulator::Arg { want: Ordering::Less, best: None,
            width: t.len() }),
    aggregate!("avg" SUMMABLE averaged Naming::Prefix("avg"), "Returns the mean.", &[("avg(x)",
            "1.6666666666666667")], false, |t| Accumulator::average(t)),
    aggregate!("avgif" SUMMABLE_IF averaged Naming::Prefix("avgif"),
            "Returns the mean of the rows where the predicate is true.", &[("avgif(x, x > 1)", "2")], true,
            |t| Accumulator::average(t)),
    aggregate!("binary_all_and" BITS first Naming::FirstArgument, "Returns the bits that are set in all values.",
            &[("binary_all_and(x)", "0")], false, |_| Accumulator::Bits(|a, b| a & b, None)),
    aggregate!("binary_all_or" BITS first Naming::FirstArgument, "Returns the bits that are set in any value.",
            &[("binary_all_or(x)", "3")], false, |_| Accumulator::Bits(|a, b| a | b, None)),
    aggregate!("binary_all_xor" BITS first Naming::FirstArgument,
            "Returns the bits that are set in an odd number of values.", &[("binary_all_xor(x)", "1")], false,
            |_| Accumulator::Bits(|a, b| a ^ b, None)),
    aggregate!("buildschema" DYNAMIC dynamic_type Naming::Prefix("schema"),
            "Returns the narrowest schema that fits all values.", &[("buildschema(bag_pack('x', x, 's', s))",
            r#"{"x":"long","s":"string"}"#)], false, |_| Accumulator::Schema(Schema::default())),
    aggregate!("cnt" NOTHING long Naming::Fixed("cnt_"), "The same as count.", &[("cnt()", "3")], false,
            |_| Accumulator::Count(0)),
    aggregate!("count" COUNT_EXPR long Naming::Fixed("count_"), "Counts the rows.", &[("count()", "3")], false,
            |_| Accumulator::Count(0)),
    aggregate!("count_distinct" EXPR long Naming::Prefix("count_distinct"),
            "Counts the distinct values exactly.", &[("count_distinct(x)", "2")], false,
            |_| Accumulator::Distinct(KeySet::default())),
    aggregate!("count_distinctif" EXPR_IF long Naming::Prefix("count_distinctif"),
            "Counts the distinct values of the rows where the predicate is true.",
            &[("count_distinctif(x, x > 1)", "1")], true, |_| Accumulator::Distinct(KeySet::default())),
    aggregate!("countif" PREDICATE long Naming::Fixed("countif_"),
            "Counts the rows where the predicate is true.", &[("countif(x > 1)", "2")], true,
            |_| Accumulator::Count(0)),
    aggregate!("covariance" PAIR real Naming::TwoArguments("covariance"), "Returns the sample covariance.",
            &[("round(covariance(x, x * 2), 9)", "0.666666667")], false, |_| Accumulator::covariance(true)),
    aggregate!("covarianceif" PAIR_IF real Naming::TwoArguments("covarianceif"),
            "Returns the sample covariance of the rows where the predicate is true.",
            &[("covarianceif(x, x * 2, x > 1)", "0")], true, |_| Accumulator::covariance(true)),
    aggregate!("covariancep" PAIR real Naming::TwoArguments("covariancep"), "Returns the population covariance.",
            &[("round(covariancep(x, x * 2), 9)", "0.444444444")], false, |_| Accumulator::covariance(false)),
    aggregate!("covariancepif" PAIR_IF real Naming::TwoArguments("covariancepif"),
            "Returns the population covariance of the rows where the predicate is true.",
            &[("covariancepif(x, x * 2, x > 1)", "0")], true, |_| Accumulator::covariance(false)),
    aggregate!("dcount" DCOUNT long Naming::Prefix("dcount"),
            "Counts the distinct values. Forepost counts exactly; Kusto estimates.", &[("dcount(x)", "2")], false,
            |_| Accumulator::Distinct(KeySet::default())),
    aggregate!("dcountif" DCOUNT_IF long Naming::Prefix("dcountif"),
            "Counts the distinct values of the rows where the predicate is true.", &[("dcountif(x, x > 1)",
            "1")], true, |_| Accumulator::Distinct(KeySet::default())),
    aggregate!("hll" DCOUNT dynamic_type Naming::Prefix("hll"),
            "Returns a summary that dcount_hll counts: in Forepost, the hashes of all distinct values. Returns null above 1,048,576 values.", &[("dcount_hll(hll(x))", "2")], false, |_| Accumulator::Hashes(Default::default())),
    aggregate!("hll_if" DCOUNT_IF dynamic_type Naming::Prefix("hll_if"),
            "Returns a summary like hll of the rows where the predicate is true.", &[("dcount_hll(hll_if(x, x > 1))", "1")],
            true, |_| Accumulator::Hashes(Default::default())),
    aggregate!("hll_merge" DYNAMIC dynamic_type Naming::Prefix("hll_merge"), "Merges several results of hll.",
            &[("hll_merge(dynamic([1, 2]))", "[1,2]")], false,
            |_| Accumulator::MergedHashes(Default::default())),
    aggregate!("make_bag" BAGS dynamic_type Naming::Prefix("bag"), "Merges property bags into one that has all keys.",
            &[("make_bag(bag_pack(s, x))", r#"{"a":1,"b":2}"#)], false, |_| Accumulator::Bag(Bag::new())),
    aggregate!("make_bag_if" BAGS_IF dynamic_type Naming::Prefix("bag"),
            "Merges the property bags of the rows where the predicate is true.",
            &[("make_bag_if(bag_pack(s, x), x > 1)", r#"{"b":2}"#)], true, |_| Accumulator::Bag(Bag::new())),
    aggregate!("make_dictionary" BAGS dynamic_type Naming::Prefix("dictionary"), "The same as make_bag.",
            &[("make_dictionary(bag_pack(s, x))", r#"{"a":1,"b":2}"#)], false,
            |_| Accumulator::Bag(Bag::new())),
    aggregate!("make_list" ITEMS dynamic_type Naming::Prefix("list"), "Returns an array of all values.",
            &[("make_list(x)", "[1,2,2]")], false, |_| Accumulator::List { items: Vec::new(), max: MAX_ITEMS,
            nulls: false }),
    aggregate!("make_list_if" ITEMS_IF dynamic_type Naming::Prefix("list"),
            "Returns an array of all values of the rows where the predicate is true.", &[("make_list_if(x, x > 1)", "[2,2]")],
            true, |_| Accumulator::List { items: Vec::new(), max: MAX_ITEMS, nulls: false }),
    aggregate!("make_list_with_nulls" EXPR dynamic_type Naming::Prefix("list"),
            "Returns an array of all values, nulls included.", &[("make_list_with_nulls(x)", "[1,2,2]")], false,
            |_| Accumulator::List { items: Vec::new(), max: MAX_ITEMS, nulls: true }),
    aggregate!("make_set" ITEMS dynamic_type Naming::Prefix("set"), "Returns an array of the distinct values.",
            &[("make_set(x)", "[1,2]")], false, |_| Accumulator::Set { keys: KeySet::default(),
            items: Vec::new(), max: MAX_ITEMS }),
    aggregate!("make_set_if" ITEMS_IF dynamic_type Naming::Prefix("set"),
            "Returns an array of the distinct values of the rows where the predicate is true.", &[("make_set_if(x, x > 1)",
            "[2]")], true, |_| Accumulator::Set { keys: KeySet::default(), items: Vec::new(), max: MAX_ITEMS }),
    aggregate!("makelist" ITEMS dynamic_type Naming::Prefix("list"),
            "The same as make_list, with at most 128 items.", &[("makelist(x)", "[1,2,2]")], false,
            |_| Accumulator::List { items: Vec::new(), max: 128, nulls: false }),
    aggregate!("makeset" ITEMS dynamic_type Naming::Prefix("set"),
            "The same as make_set, with at most 128 items.", &[("makeset(x)", "[1,2]")], false,
            |_| Accumulator::Set { keys: KeySet::default(), items: Vec::new(), max: 128 }),
    aggregate!("max" EXPR first Naming::Prefix("max"), "Returns the largest value.", &[("max(x)", "2")], false,
            |_| Accumulator::Best(Ordering::Greater, None)),
    aggregate!("maxif" EXPR_IF first Naming::Prefix("maxif"),
            "Returns the largest value of the rows where the predicate is true.", &[("maxif(x, x < 2)", "1")], true,
            |_| Accumulator::Best(Ordering::Greater, None)),
    aggregate!("merge_tdigest" DYNAMIC dynamic_type Naming::Prefix("merge_tdigests"),
            "The same as tdigest_merge.", &[("merge_tdigest(dynamic([[1, 2]]))", "[[1,6]]")], false,
            |_| Accumulator::digest()),
    aggregate!("min" EXPR first Naming::Prefix("min"), "Returns the smallest value.", &[("min(x)", "1")], false,
            |_| Accumulator::Best(Ordering::Less, None)),
    aggregate!("minif" EXPR_IF first Naming::Prefix("minif"),
            "Returns the smallest value of the rows where the predicate is true.", &[("minif(x, x > 1)", "2")],
            true, |_| Accumulator::Best(Ordering::Less, None)),
    aggregate!("percentile" PERCENTILE first Naming::None,
            "Returns the value at a percentile, by nearest rank.", &[("percentile(x, 50)", "2")],
            false, |_| Accumulator::percentiles(Percentiles::One)),
    aggregate!("percentiles" PERCENTILES first Naming::None, "Returns the values at several percentiles, one column each.",
            &[("percentiles(x, 50)", "2")], false, |_| Accumulator::percentiles(Percentiles::Columns)),
    aggregate!("percentiles_array" PERCENTILES_ARRAY dynamic_type Naming::None,
            "Returns an array of the values at several percentiles.", &[("percentiles_array(x, 0, 100)", "[1,2]")], false,
            |_| Accumulator::percentiles(Percentiles::Array)),
    aggregate!("percentilesw" PERCENTILES_W first Naming::None,
            "Returns the weighted values at several percentiles, one column each.", &[("percentilesw(x, x, 50)", "2")],
            false, |_| Accumulator::weighted(Percentiles::Columns)),
    aggregate!("percentilesw_array" PERCENTILES_ARRAY_W dynamic_type Naming::None,
            "Returns an array of the weighted values at several percentiles.", &[("percentilesw_array(x, x, 0, 100)",
            "[1,2]"), ("percentilesw_array(x, x, dynamic([50]))", "[2]")], false,
            |_| Accumulator::weighted(Percentiles::Array)),
    aggregate!("percentilew" PERCENTILE_W first Naming::None,
            "Returns the value at a percentile. The weight says how often each value counts.", &[("percentilew(x, 10 - 4 * x, 50)",
            "1")], false, |_| Accumulator::weighted(Percentiles::One)),
    aggregate!("stdev" NUMBER real Naming::Prefix("stdev"), "Returns the sample standard deviation.",
            &[("round(stdev(x), 9)", "0.577350269")], false, |_| Accumulator::spread(Spread::StdevSample)),
    aggregate!("stdevif" NUMBER_IF real Naming::Prefix("stdevif"),
            "Returns the sample standard deviation of the rows where the predicate is true.", &[("stdevif(x, x > 1)",
            "0")], true, |_| Accumulator::spread(Spread::StdevSample)),
    aggregate!("stdevp" NUMBER real Naming::Prefix("stdevp"), "Returns the population standard deviation.",
            &[("stdevp(x)", "0.4714045207910317")], false, |_| Accumulator::spread(Spread::StdevPopulation)),
    aggregate!("sum" SUMMABLE summed Naming::Prefix("sum"), "Returns the sum.", &[("sum(x)", "5")], false,
            |t| Accumulator::sum(t)),
    aggregate!("sumif" SUMMABLE_IF summed Naming::Prefix("sumif"),
            "Returns the sum of the rows where the predicate is true.", &[("sumif(x, x > 1)", "4")], true,
            |t| Accumulator::sum(t)),
    aggregate!("take_any" EXPR first Naming::FirstArgument, "Returns the value of any row. Forepost takes the first.",
            &[("take_any(x)", "1")], false, |_| Accumulator::Any(None)),
    aggregate!("take_anyif" EXPR_IF first Naming::FirstArgument,
            "Returns the value of any row where the predicate is true. Forepost takes the first.", &[("take_anyif(x, x > 1)", "2")], true,
            |_| Accumulator::Any(None)),
    aggregate!("tdigest" DIGEST dynamic_type Naming::Prefix("tdigest"),
            "Returns a summary that percentile_tdigest ranks: in Forepost, all values with their weights.",
            &[("percentile_tdigest(tdigest(x), 50)", "2")], false,
            |_| Accumulator::weighted(Percentiles::Digest)),
    aggregate!("tdigest_merge" DYNAMIC dynamic_type Naming::Prefix("merge_tdigests"),
            "Merges several results of tdigest.", &[("tdigest_merge(dynamic([[1, 2]]))", "[[1,6]]")], false,
            |_| Accumulator::digest()),
    aggregate!("variance" NUMBER real Naming::Prefix("variance"), "Returns the sample variance.",
            &[("variance(x)", "0.3333333333333333")], false, |_| Accumulator::spread(Spread::VarianceSample)),
    aggregate!("varianceif" NUMBER_IF real Naming::Prefix("varianceif"),
            "Returns the sample variance of the rows where the predicate is true.", &[("varianceif(x, x > 1)", "0")], true,
            |_| Accumulator::spread(Spread::VarianceSample)),
    aggregate!("variancep" NUMBER real Naming::Prefix("variancep"), "Returns the population variance.",
            &[("variancep(x)", "0.2222222222222222")], false,
            |_| Accumulator::spread(Spread::VariancePopulation)),
    aggregate!("variancepif" NUMBER_IF real Naming::Prefix("variancepif"),
            "Returns the population variance of the rows where the predicate is true.",
            &[("variancepif(x, x > 1)", "0")], true, |_| Accumulator::spread(Spread::VariancePopulation)),
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
