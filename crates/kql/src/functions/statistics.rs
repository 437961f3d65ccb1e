//! Functions of probability and statistics. Source: Microsoft's docs of each; where the docs' notes and their results
//! differ (`beta_inv`), the results.

use super::array::MAX_ITEMS;
use super::call::{Call, list_items};
use super::{
    DYNAMIC, Function, LONG, Naming, REAL, Returns, dynamic, number, one_of, optional, repeated, type_literal,
};
use crate::value::percentile::{Ranking, of_digest};
use crate::value::{Type, Value, compare, convert};
use std::collections::BTreeSet;

const NUMBER_OR_ARRAY: &[Type] = &[Type::Real, Type::Int, Type::Long, Type::Decimal, Type::Dynamic];
const NONE: Naming = Naming::None;

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("beta_cdf"(number("x"), number("alpha"), number("beta")) -> REAL, NONE,
    "Returns the cumulative beta distribution at x.",
    [("round(beta_cdf(0.2, 10, 20), 10)", "0.0492635173"), ("beta_cdf(0, 1, 1)", "0")],
    |c| real3(c, |x, a, b| {
        // Without a shape all of the distribution is at 0, as measured; docs say NaN.
        Some(match (0.0..=1.0).contains(&x) {
            true if a <= 0.0 => 1.0,
            true if b > 0.0 => regularized_beta(x, a, b),
            _ => f64::NAN,
        })
    })),
    function!("beta_inv"(number("probability"), number("alpha"), number("beta")) -> REAL, NONE,
        "Returns the x for which beta_cdf gives the probability. Returns null for invalid arguments.",
        [("round(beta_inv(0.1, 10, 20), 10)", "0.2264150224"), ("isnull(beta_inv(1.5, 1, 1))", "true")],
        |c| real3(c, beta_inv)),
    function!("beta_pdf"(number("x"), number("alpha"), number("beta")) -> REAL, NONE,
            "Returns the beta density at x.",
    [("round(beta_pdf(0.5, 10, 20), 10)", "0.7461760193"), ("beta_pdf(2, 1, 1)", "NaN")],
    |c| real3(c, |x, a, b| {
        let inside = a > 0.0 && b > 0.0 && (0.0..=1.0).contains(&x);
        let log = (a - 1.0) * libm::log(x) + (b - 1.0) * libm::log(1.0 - x) - ln_beta(a, b);
        Some(if inside { libm::exp(log) } else { f64::NAN })
    })),
    function!("dcount_hll"(dynamic("hll")) -> LONG, Naming::NameAndFirstArgument,
        "Returns the number of distinct values in a result of hll.", [("dcount_hll(dynamic([1, 2]))", "2")],
        |c| c.arg(0).as_array().map_or(Value::Null, |a| Value::Long(a.len() as i64))),
    function!("erf"(number("x")) -> REAL, Naming::FirstArgument, "Returns the error function erf(x).",
        [("round(erf(1), 10)", "0.8427007929")], |c| real1(c, libm::erf)),
    function!("erfc"(number("x")) -> REAL, Naming::FirstArgument, "Returns the complementary error function, 1 - erf(x).",
        [("round(erfc(1), 10)", "0.1572992071")], |c| real1(c, libm::erfc)),
    function!("gamma"(number("x")) -> REAL, Naming::FirstArgument, "Returns the gamma function.", [("gamma(5)",
            "24")],
        |c| real1(c, libm::tgamma)),
    function!("hll_merge"(dynamic("hll"), repeated(dynamic("hll"))) -> DYNAMIC, Naming::Fixed("hll_merged_result"),
        "Merges several results of hll.", [("dcount_hll(hll_merge(dynamic([1, 2]), dynamic([2, 3])))", "3")], hll_merge),
    function!("loggamma"(number("x")) -> REAL, Naming::FirstArgument,
        "Returns the logarithm of the absolute value of the gamma function.",
        [("round(loggamma(5), 10)", "3.1780538303")], |c| real1(c, libm::lgamma)),
    function!("merge_tdigest"(dynamic("tdigest"), repeated(dynamic("tdigest"))) -> DYNAMIC,
        Naming::Fixed("tdigests_merge_result"), "The same as tdigest_merge.",
        [("merge_tdigest(dynamic([[1, 2]]), dynamic([[1, 1]]))", "[[1,3]]")], tdigest_merge),
    function!("percentile_tdigest"(dynamic("tdigest"), number("percentile"), optional(type_literal("type")))
        -> Returns::TypeLiteral(2, Type::Dynamic), Naming::NameAndFirstArgument,
    "Returns the value at a percentile of a result of tdigest.",
    [("percentile_tdigest(dynamic([[1, 1], [5, 3]]), 50)", "5"),
     ("percentile_tdigest(dynamic([[1, 1]]), 100, typeof(long))", "1")],
    |c| {
        let at = |p: f64| convert::convert(&of_digest(c.arg(0)).at(p), Type::Dynamic, c.result());
        c.real(1).map_or(Value::Null, at)
    }),
    function!("percentiles_array_tdigest"(dynamic("tdigest"), repeated(one_of("percentile", NUMBER_OR_ARRAY)))
            -> DYNAMIC,
    Naming::Prefix("percentile_tdigest"), "Returns the values at several percentiles of a result of tdigest.",
    [("percentiles_array_tdigest(dynamic([[1, 1], [5, 3]]), 0, 100)", "[1,5]")],
    |c| {
        let ranks = c.args.iter().skip(1).flat_map(list_items).filter_map(compare::real);
        let digest = of_digest(c.arg(0));
        Value::array(ranks.map(|p| digest.at(p)).collect())
    }),
    function!("tdigest_merge"(dynamic("tdigest"), repeated(dynamic("tdigest"))) -> DYNAMIC,
        Naming::Fixed("tdigests_merge_result"), "Merges several results of tdigest.",
        [("percentile_tdigest(tdigest_merge(dynamic([[1, 1]]), dynamic([[5, 3]])), 50)", "5")], tdigest_merge),
    function!("welch_test"(number("mean1"), number("variance1"), number("count1"), number("mean2"),
            number("variance2"), number("count2")) -> REAL, NONE,
        "Returns the two-sided p-value of Welch's t-test for two samples.",
        [("round(welch_test(20.82, 7.96, 15, 23.0, 3.12, 15), 3)", "0.018")], welch_test),
];

/// The hashes of all sketches, each once. Source: the aggregate `hll`.
fn hll_merge(c: &Call) -> Value {
    let hashes = c.args.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_integer);
    let hashes: BTreeSet<i64> = hashes.collect();
    if hashes.is_empty() || hashes.len() > MAX_ITEMS {
        return Value::Null;
    }
    Value::array(hashes.into_iter().map(Value::Long).collect())
}

fn tdigest_merge(c: &Call) -> Value {
    let mut ranking = Ranking::default();
    c.args.iter().for_each(|digest| ranking.merge(digest));
    ranking.digest()
}

fn real1(c: &Call, f: fn(f64) -> f64) -> Value {
    c.real(0).map_or(Value::Null, |x| Value::Real(f(x)))
}

fn real3(c: &Call, f: fn(f64, f64, f64) -> Option<f64>) -> Value {
    match (c.real(0), c.real(1), c.real(2)) {
        (Some(x), Some(a), Some(b)) => f(x, a, b).map_or(Value::Null, Value::Real),
        _ => Value::Null,
    }
}

fn ln_beta(a: f64, b: f64) -> f64 {
    libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b)
}

/// The regularized incomplete beta function, by its continued fraction (Lentz's method).
fn regularized_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x >= 1.0 { 1.0 } else { 0.0 };
    }
    // The fraction converges fast on this side; the other is its mirror.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - regularized_tail(1.0 - x, b, a);
    }
    regularized_tail(x, a, b)
}

fn regularized_tail(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let nonzero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let front = libm::exp(a * libm::log(x) + b * libm::log(1.0 - x) - ln_beta(a, b)) / a;
    let (mut c, mut d) = (1.0, 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for term in [even, odd] {
            d = 1.0 / nonzero(1.0 + term * d);
            c = nonzero(1.0 + term / c);
            fraction *= c * d;
        }
        if (fraction - before).abs() <= 1e-16 * fraction.abs() {
            break;
        }
    }
    front * fraction
}

fn beta_inv(probability: f64, a: f64, b: f64) -> Option<f64> {
    if a <= 0.0 || b <= 0.0 {
        return Some(f64::NAN);
    }
    if !(0.0..=1.0).contains(&probability) || probability == 0.0 {
        return None;
    }
    // It rises everywhere: halving the interval finds it to the last bit.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if regularized_beta(middle, a, b) < probability { low = middle } else { high = middle }
    }
    Some((low + high) / 2.0)
}

fn square(x: f64) -> f64 {
    x * x
}

fn welch_test(c: &Call) -> Value {
    let reals: Option<Vec<f64>> = (0..6).map(|i| c.real(i)).collect();
    let Some(&[mean1, variance1, n1, mean2, variance2, n2]) = reals.as_deref() else { return Value::Null };
    let (e1, e2) = (variance1 / n1, variance2 / n2);
    let t2 = square(mean1 - mean2) / (e1 + e2);
    let freedom = square(e1 + e2) / (e1 * e1 / (n1 - 1.0) + e2 * e2 / (n2 - 1.0));
    if !t2.is_finite() || !freedom.is_finite() || freedom <= 0.0 {
        return Value::Null;
    }
    Value::Real(regularized_beta(freedom / (freedom + t2), freedom / 2.0, 0.5))
}
