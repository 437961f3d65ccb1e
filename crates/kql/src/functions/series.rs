//! Functions over series: arrays of numbers. What is no number makes an element null, or the whole answer where all
//! elements go into it. Source: Microsoft's docs of each.

use super::call::Call;
use super::{DYNAMIC, Function, Naming, REAL, boolean, constant, dynamic, integer, number, one_of, optional};
use crate::value::{Bag, Type, Value, compare, meter};
use std::cmp::Ordering;
use std::rc::Rc;

const NONE: Naming = Naming::None;
const FIRST: Naming = Naming::FirstArgument;
const SERIES_OR_NUMBER: &[Type] = &[Type::Dynamic, Type::Int, Type::Long, Type::Real, Type::Decimal];

/// How many multiplications a filter may take; beyond, it is null.
const MAX_WORK: usize = 1 << 26;

macro_rules! pairwise {
    ($name:literal, $doc:literal, $result:literal, $f:expr) => {
        function!($name(one_of("series1", SERIES_OR_NUMBER), one_of("series2", SERIES_OR_NUMBER)) -> DYNAMIC,
                NONE, $doc,
            [(concat!($name, "(dynamic([1, 2, 4]), dynamic([4, 2, 1]))"), $result)], |c| pairwise(c, $f))
    };
}

macro_rules! each {
    ($name:literal, $doc:literal, $example:literal, $result:literal, $f:expr) => {
        function!($name(dynamic("series")) -> DYNAMIC, NONE, $doc,
            [(concat!($name, "(dynamic(", $example, "))"), $result)], |c| each(c, $f))
    };
}

/// A number that may be the null, which then stands for itself.
const NUMBER: &[Type] = &[Type::Int, Type::Long, Type::Real, Type::Decimal, Type::Dynamic];

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("series_abs"(dynamic("series")) -> DYNAMIC, NONE, "Returns the absolute value of each item.",
    [("series_abs(dynamic([-6.5, 0, 'x']))", "[6.5,0,null]")],
    |c| map(c, |v| match v {
        Value::Int(n) => Value::Long(i64::from(*n).abs()),
        Value::Long(n) => n.checked_abs().map_or(Value::Null, Value::Long),
        other => compare::real(other).map_or(Value::Null, |r| Value::Real(r.abs())),
    })),
    each!("series_acos", "Returns the arc cosine of each item.", "[1]", "[0.0]", libm::acos),
    pairwise!("series_add", "Adds two series item by item.", "[5,4,5]", |a, b| whole_or_real(
        a,
        b,
        i64::checked_add,
        |a, b| a + b
    )),
    each!("series_asin", "Returns the arc sine of each item.", "[0]", "[0.0]", libm::asin),
    each!("series_atan", "Returns the arc tangent of each item.", "[0]", "[0.0]", libm::atan),
    each!(
        "series_ceiling",
        "Rounds each item up to a whole number.",
        "[-1.5, 1, 2.5]",
        "[-1.0,1.0,3.0]",
        f64::ceil
    ),
    each!("series_cos", "Returns the cosine of each item.", "[0]", "[1.0]", libm::cos),
    function!("series_cosine_similarity"(dynamic("series1"), dynamic("series2"),
            optional(number("magnitude1")),
            optional(number("magnitude2"))) -> REAL, NONE,
            "Returns the cosine of the angle between two series as vectors.",
        [("series_cosine_similarity(dynamic([0, 1]), dynamic([0, 2]))", "1")], cosine_similarity),
    pairwise!("series_divide", "Divides two series item by item.", "[0.25,1.0,4.0]", |a, b| reals(
        a,
        b,
        |a, b| Value::Real(a / b)
    )),
    function!("series_dot_product"(one_of("series1", SERIES_OR_NUMBER), one_of("series2", SERIES_OR_NUMBER))
            -> REAL,
        NONE, "Returns the dot product of two series.",
        [("series_dot_product(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", "12"),
        ("series_dot_product(dynamic([1, 2]), 3)", "9")],
        dot_product),
    pairwise!(
        "series_equals",
        "Returns for each item whether two series are equal.",
        "[false,true,false]",
        |a, b| ordered(a, b, Ordering::is_eq)
    ),
    each!("series_exp", "Returns e to the power of each item.", "[0]", "[1.0]", libm::exp),
    function!("series_fill_backward"(dynamic("series"), optional(one_of("missing_value_placeholder", NUMBER)))
            -> DYNAMIC, FIRST,
        "Replaces missing values (null or the placeholder) by the next value.",
        [("series_fill_backward(dynamic([null, 1, null]))", "[1,1,null]")], |c| fill_from_neighbour(c, true)),
    function!("series_fill_const"(dynamic("series"), optional(one_of("constant_value", NUMBER)),
        optional(one_of("missing_value_placeholder", NUMBER))) -> DYNAMIC, FIRST,
    "Replaces missing values (null or the placeholder) by a constant (default 0).",
    [("series_fill_const(dynamic([null, 1]), 7)", "[7,1]")],
    |c| {
        let fill = if c.has(1) { c.arg(1).clone() } else { Value::Long(0) };
        let placeholder = c.arg(2);
        map(c, |v| if is_missing(v, placeholder) { fill.clone() } else { v.clone() })
    }),
    function!("series_fill_forward"(dynamic("series"), optional(one_of("missing_value_placeholder", NUMBER)))
            -> DYNAMIC, FIRST,
        "Replaces missing values (null or the placeholder) by the previous value.",
        [("series_fill_forward(dynamic([null, 1, null]))", "[null,1,1]")], |c| fill_from_neighbour(c, false)),
    function!("series_fill_linear"(dynamic("series"), optional(one_of("missing_value_placeholder", NUMBER)),
            optional(boolean("fill_edges")), optional(one_of("constant_value", NUMBER))) -> DYNAMIC, FIRST,
        "Replaces missing values (null or the placeholder) by linear interpolation. Whole numbers stay whole.",
        [("series_fill_linear(dynamic([null, 1.0, null, 4.0, null]))", "[1.0,1.0,2.5,4.0,4.0]"),
         ("series_fill_linear(dynamic([1, null, 4, null]), real(null), false)", "[1,2,4,null]"), ("series_fill_linear(dynamic([null]))",
         "[0.0]")],
        fill_linear),
    function!("series_fir"(dynamic("series"), dynamic("filter"), optional(boolean("normalize")),
            optional(boolean("center")))
            -> DYNAMIC, FIRST, "Applies a finite impulse response filter. Values before the start count as 0.",
        [("series_fir(dynamic([1, 3, 5]), dynamic([1, 1]))", "[0.5,2.0,4.0]"),
         ("series_fir(dynamic([1, 3, 6]), dynamic([1, -1]))", "[1.0,2.0,3.0]")], fir),
    function!("series_fit_line"(dynamic("series")) -> DYNAMIC, NONE,
        "Fits a straight line to a series: R squared, slope, variance, residual variance, intercept and the line's values, one \
         column each.", [("series_fit_line(dynamic([1, 3,
         5]))", "1")], |c| fit_line(c).map_or(Value::Null, Value::array)),
    function!("series_fit_line_dynamic"(dynamic("series")) -> DYNAMIC, NONE,
        "Fits a straight line to a series and returns the result as a property bag.",
        [("series_fit_line_dynamic(dynamic([1, 3, 5])).slope", "2"),
         ("series_fit_line_dynamic(dynamic([1, 3, 5])).line_fit", "[1.0,3.0,5.0]")],
        |c| fit_line(c).map_or(Value::Null, |values| bag(LINE, values))),
    each!("series_floor", "Rounds each item down to a whole number.", "[-1.5, 1]", "[-2.0,1.0]", f64::floor),
    pairwise!(
        "series_greater",
        "Returns for each item whether the first series is greater than the second.",
        "[false,false,true]",
        |a, b| ordered(a, b, Ordering::is_gt)
    ),
    pairwise!(
        "series_greater_equals",
        "Returns for each item whether the first series is greater than or equal to the second.",
        "[false,true,true]",
        |a, b| ordered(a, b, Ordering::is_ge)
    ),
    function!("series_iir"(dynamic("series"), dynamic("numerators"), dynamic("denominators")) -> DYNAMIC,
            FIRST,
        "Applies an infinite impulse response filter.",
        [("series_iir(dynamic([1, 2, 3]), dynamic([1]), dynamic([1, -1]))", "[1.0,3.0,6.0]")], iir),
    pairwise!(
        "series_less",
        "Returns for each item whether the first series is less than the second.",
        "[true,false,false]",
        |a, b| { ordered(a, b, Ordering::is_lt) }
    ),
    pairwise!(
        "series_less_equals",
        "Returns for each item whether the first series is less than or equal to the second.",
        "[true,true,false]",
        |a, b| ordered(a, b, Ordering::is_le)
    ),
    each!("series_log", "Returns the natural logarithm of each item.", "[1]", "[0.0]", libm::log),
    function!("series_magnitude"(dynamic("series")) -> REAL, NONE, "Returns the length of a series as a vector.",
        [("series_magnitude(dynamic([3, 4]))", "5")], |c| fold(c,
        |x| x.iter().map(|x| x * x).sum::<f64>().sqrt())),
    pairwise!("series_multiply", "Multiplies two series item by item.", "[4,4,4]", |a, b| whole_or_real(
        a,
        b,
        i64::checked_mul,
        |a, b| a * b
    )),
    pairwise!(
        "series_not_equals",
        "Returns for each item whether two series differ.",
        "[true,false,true]",
        |a, b| ordered(a, b, Ordering::is_ne)
    ),
    function!("series_pearson_correlation"(dynamic("series1"), dynamic("series2")) -> REAL, NONE,
        "Returns the Pearson correlation of two series. Returns null if their lengths differ.",
        [("round(series_pearson_correlation(dynamic([1, 2, 3]), dynamic([2, 4, 6])), 9)", "1")], pearson),
    pairwise!(
        "series_pow",
        "Raises each item of the first series to the power of the second.",
        "[1.0,4.0,4.0]",
        |a, b| reals(a, b, |a, b| Value::Real(libm::pow(a, b)))
    ),
    function!("series_product"(dynamic("series")) -> REAL, NONE, "Returns the product of all items.",
        [("series_product(dynamic([1, 2, 4]))", "8")], |c| fold(c, |x| x.iter().product())),
    function!("series_seasonal"(dynamic("series"), integer("period"), optional(integer("test_points")))
            -> DYNAMIC, NONE,
        "Returns the seasonal component: the median at each position of the period. The period is required. Returns null \
         for a period below 1.",
        [("series_seasonal(dynamic([1, 3, 5, 1, 3, 5, 2, 4, 6]), 3)",
        "[1.0,3.0,5.0,1.0,3.0,5.0,1.0,3.0,5.0]")], seasonal),
    function!("series_sign"(dynamic("series")) -> DYNAMIC, NONE, "Returns the sign of each item: -1, 0 or 1.",
    [("series_sign(dynamic([-6, 0, 8]))", "[-1,0,1]")],
    |c| map(c, |v| compare::real(v).map_or(Value::Null, |r| {
        Value::Long(i64::from(r > 0.0) - i64::from(r < 0.0))
    }))),
    each!("series_sin", "Returns the sine of each item.", "[0]", "[0.0]", libm::sin),
    function!("series_stats"(dynamic("series"), optional(constant(boolean("ignore_nonfinite")))) -> DYNAMIC, NONE,
        "Returns the minimum and maximum with their positions, the mean, the standard deviation and the variance, one column each.",
        [("series_stats(dynamic([2, 1, 3]))", "1")],
        |c| if c.arg(0).as_array().is_some() { Value::array(stats(c)) } else { Value::Null }),
    function!("series_stats_dynamic"(dynamic("series"), optional(constant(boolean("ignore_nonfinite")))) -> DYNAMIC,
            NONE,
        "Returns the minimum and maximum with their positions, the mean, the standard deviation, the variance, the sum and the length as a property bag.",
        [("series_stats_dynamic(dynamic([1, 2, 3]))",
          r#"{"min":1.0,"min_idx":0,"max":3.0,"max_idx":2,"avg":2.0,"stdev":1.0,"variance":1.0,"sum":6.0,"len":3}"#)],
        stats_dynamic),
    pairwise!("series_subtract", "Subtracts two series item by item.", "[-3,0,3]", |a, b| whole_or_real(
        a,
        b,
        i64::checked_sub,
        |a, b| a - b
    )),
    function!("series_sum"(dynamic("series")) -> REAL, NONE, "Returns the sum of all items.",
        [("series_sum(dynamic([1, 2, 4]))", "7"), ("isnull(series_sum(dynamic(['a'])))", "true")],
        |c| fold(c, |x| x.iter().sum())),
    each!("series_tan", "Returns the tangent of each item.", "[0]", "[0.0]", libm::tan),
];

/// The columns of `series_stats`, in its order.
pub const STATS: &[(&str, Type)] = &[
    ("min", Type::Real),
    ("min_idx", Type::Long),
    ("max", Type::Real),
    ("max_idx", Type::Long),
    ("avg", Type::Real),
    ("stdev", Type::Real),
    ("variance", Type::Real),
];

/// The columns of `series_fit_line`, in its order.
pub const LINE: &[(&str, Type)] = &[
    ("rsquare", Type::Real),
    ("slope", Type::Real),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("interception", Type::Real),
    ("line_fit", Type::Dynamic),
];

fn bag(names: &[(&str, Type)], values: Vec<Value>) -> Value {
    Value::bag(Bag::from_distinct(names.iter().map(|(n, _)| Rc::from(*n)).zip(values).collect()))
}

fn map(c: &Call, f: impl Fn(&Value) -> Value) -> Value {
    c.arg(0).as_array().map_or(Value::Null, |items| Value::array(items.iter().map(f).collect()))
}

fn each(c: &Call, f: fn(f64) -> f64) -> Value {
    map(c, |v| compare::real(v).map_or(Value::Null, |r| Value::Real(f(r))))
}

/// The numbers of a series; `None` if it is none or one is no number.
fn numbers(v: &Value) -> Option<Vec<f64>> {
    v.as_array()?.iter().map(compare::real).collect::<Option<Vec<_>>>()
}

fn fold(c: &Call, f: fn(&[f64]) -> f64) -> Value {
    numbers(c.arg(0)).map_or(Value::Null, |x| Value::Real(f(&x)))
}

/// Element by element; a single number goes with every element, and a missing element is null.
fn pairwise(c: &Call, f: fn(&Value, &Value) -> Value) -> Value {
    let lengths = [c.arg(0), c.arg(1)].map(|v| v.as_array().map(<[Value]>::len));
    let Some(length) = lengths.into_iter().flatten().max() else { return Value::Null };
    let at = |v: &Value, i: usize| match v {
        Value::Array(items) => items.get(i).cloned().unwrap_or_default(),
        one => one.clone(),
    };
    Value::array((0..length).map(|i| f(&at(c.arg(0), i), &at(c.arg(1), i))).collect())
}

fn reals(a: &Value, b: &Value, f: fn(f64, f64) -> Value) -> Value {
    match (compare::real(a), compare::real(b)) {
        (Some(a), Some(b)) => f(a, b),
        _ => Value::Null,
    }
}

fn whole_or_real(
    a: &Value,
    b: &Value,
    whole: fn(i64, i64) -> Option<i64>,
    real: fn(f64, f64) -> f64,
) -> Value {
    match (a.as_integer(), b.as_integer()) {
        (Some(a), Some(b)) => whole(a, b).map_or(Value::Null, Value::Long),
        _ => match (compare::real(a), compare::real(b)) {
            (Some(a), Some(b)) => Value::Real(real(a, b)),
            _ => Value::Null,
        },
    }
}

fn ordered(a: &Value, b: &Value, test: fn(Ordering) -> bool) -> Value {
    compare::numbers(a, b).map_or(Value::Null, |o| Value::Bool(test(o)))
}

fn dot_product(c: &Call) -> Value {
    let Value::Array(products) = pairwise(c, |a, b| reals(a, b, |a, b| Value::Real(a * b))) else {
        return Value::Null;
    };
    let sum: Option<f64> = products.iter().map(compare::real).sum();
    sum.map_or(Value::Null, Value::Real)
}

fn magnitude(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn cosine_similarity(c: &Call) -> Value {
    let (Some(a), Some(b)) = (numbers(c.arg(0)), numbers(c.arg(1))) else { return Value::Null };
    if a.len() != b.len() {
        return Value::Null;
    }
    let length = |i: usize, x: &[f64]| c.real(i).filter(|_| c.has(i)).unwrap_or_else(|| magnitude(x));
    let product: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    Value::Real(product / (length(2, &a) * length(3, &b)))
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

fn pearson(c: &Call) -> Value {
    let (Some(a), Some(b)) = (numbers(c.arg(0)), numbers(c.arg(1))) else { return Value::Null };
    if a.len() != b.len() || a.is_empty() {
        return Value::Null;
    }
    let (ma, mb) = (mean(&a), mean(&b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(&b).map(|(x, y)| f(x - ma, y - mb)).sum::<f64>();
    Value::Real(sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt())
}

/// Whether an element is to be filled: a null, or where a placeholder is given, what equals it.
fn is_missing(v: &Value, placeholder: &Value) -> bool {
    if placeholder.is_null() {
        v.is_null()
    } else {
        compare::numbers(v, placeholder).is_some_and(Ordering::is_eq)
    }
}

fn fill_from_neighbour(c: &Call, backward: bool) -> Value {
    let Some(items) = c.arg(0).as_array() else { return Value::Null };
    let mut out = items.to_vec();
    let mut last: Option<Value> = None;
    let mut visit = |slot: &mut Value| match (&last, is_missing(slot, c.arg(1))) {
        (Some(value), true) => *slot = value.clone(),
        (None, true) => {}
        _ => last = Some(slot.clone()),
    };
    if backward {
        out.iter_mut().rev().for_each(&mut visit)
    } else {
        out.iter_mut().for_each(&mut visit)
    }
    Value::array(out)
}

fn fill_linear(c: &Call) -> Value {
    let Some(items) = c.arg(0).as_array() else { return Value::Null };
    let fill_edges = !c.has(2) || c.arg(2).is_true();
    let known: Vec<(usize, f64)> = items
        .iter()
        .enumerate()
        .filter(|(_, v)| !is_missing(v, c.arg(1)))
        .filter_map(|(i, v)| Some((i, compare::real(v)?)))
        .collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else {
        let fill = if c.has(3) { c.arg(3).clone() } else { Value::Real(0.0) };
        return Value::array(vec![fill; items.len()]);
    };
    let whole = known.iter().all(|(i, _)| items.get(*i).is_some_and(|v| v.as_integer().is_some()));
    let number = |r: f64| if whole { Value::Long(r as i64) } else { Value::Real(r) };
    let mut next = known.iter().peekable();
    let mut before = None;
    let fill = |(i, v): (usize, &Value)| {
        while let Some(point) = next.next_if(|(at, _)| *at <= i) {
            before = Some(point);
        }
        if !is_missing(v, c.arg(1)) {
            return v.clone();
        }
        match (before, next.peek()) {
            (Some((x0, y0)), Some((x1, y1))) => number(y0 + (y1 - y0) * (i - x0) as f64 / (x1 - x0) as f64),
            _ if !fill_edges => v.clone(),
            (None, _) => number(first.1),
            (_, None) => number(last.1),
        }
    };
    Value::array(items.iter().enumerate().map(fill).collect())
}

fn fir(c: &Call) -> Value {
    let (Some(x), Some(mut filter)) = (numbers(c.arg(0)), numbers(c.arg(1))) else { return Value::Null };
    if filter.is_empty() || x.len().saturating_mul(filter.len()) > MAX_WORK {
        return Value::Null;
    }
    meter::step(x.len() * filter.len() / 16);
    let negative = filter.iter().any(|f| *f < 0.0);
    if if c.has(2) { c.arg(2).is_true() } else { !negative } {
        let sum: f64 = filter.iter().sum();
        if negative {
            return Value::Null;
        }
        filter.iter_mut().for_each(|f| *f /= sum);
    }
    let shift = if c.arg(3).is_true() { (filter.len() - 1) / 2 } else { 0 };
    let at = |i: usize| {
        let term =
            |(k, f): (usize, &f64)| (i + shift).checked_sub(k).and_then(|j| x.get(j)).map_or(0.0, |x| x * f);
        Value::Real(filter.iter().enumerate().map(term).sum())
    };
    Value::array((0..x.len()).map(at).collect())
}

fn iir(c: &Call) -> Value {
    let all = (numbers(c.arg(0)), numbers(c.arg(1)), numbers(c.arg(2)));
    let (Some(x), Some(numerators), Some(denominators)) = all else { return Value::Null };
    let Some((leading, feedback)) = denominators.split_first().filter(|(l, _)| **l != 0.0) else {
        return Value::Null;
    };
    if x.len().saturating_mul(numerators.len() + denominators.len()) > MAX_WORK {
        return Value::Null;
    }
    let term = |from: &[f64], i: usize, k: usize, f: &f64| {
        i.checked_sub(k).and_then(|j| from.get(j)).map_or(0.0, |v| v * f)
    };
    meter::step(x.len() * (numerators.len() + denominators.len()) / 16);
    let mut y: Vec<f64> = Vec::with_capacity(x.len());
    for i in 0..x.len() {
        let ahead: f64 = numerators.iter().enumerate().map(|(k, f)| term(&x, i, k, f)).sum();
        let back: f64 = feedback.iter().enumerate().map(|(k, f)| term(&y, i, k + 1, f)).sum();
        y.push((ahead - back) / leading);
    }
    Value::array(y.into_iter().map(Value::Real).collect())
}

/// The values of [`LINE`]. `None` for what is no series of at least two numbers.
pub fn fit_line(c: &Call) -> Option<Vec<Value>> {
    let y = numbers(c.arg(0)).filter(|y| y.len() > 1)?;
    let n = y.len() as f64;
    let (mx, my) = ((n - 1.0) / 2.0, mean(&y));
    let (mut sxx, mut sxy, mut syy) = (0.0, 0.0, 0.0);
    for (i, v) in y.iter().enumerate() {
        let dx = i as f64 - mx;
        sxx += dx * dx;
        sxy += dx * (v - my);
        syy += (v - my) * (v - my);
    }
    let slope = sxy / sxx;
    let interception = my - slope * mx;
    let line: Vec<f64> = (0..y.len()).map(|i| interception + slope * i as f64).collect();
    let residual: f64 = y.iter().zip(&line).map(|(y, l)| (y - l) * (y - l)).sum();
    let fit = Value::array(line.into_iter().map(Value::Real).collect());
    let reals = [1.0 - residual / syy, slope, syy / (n - 1.0), residual / (n - 1.0), interception];
    Some(reals.into_iter().map(Value::Real).chain([fit]).collect())
}

/// The values of [`STATS`]: all null where the series holds what is no finite number, unless that is ignored.
pub fn stats(c: &Call) -> Vec<Value> {
    let items = c.arg(0).as_array().unwrap_or_default();
    let finite = |v: &Value| compare::real(v).filter(|r| r.is_finite());
    let points: Vec<(usize, f64)> =
        items.iter().enumerate().filter_map(|(i, v)| Some((i, finite(v)?))).collect();
    let ignore = c.arg(1).is_true();
    let best = |want: Ordering| {
        points.iter().copied().reduce(|a, b| if b.1.partial_cmp(&a.1) == Some(want) { b } else { a })
    };
    let (Some(min), Some(max)) = (best(Ordering::Less), best(Ordering::Greater)) else {
        return vec![Value::Null; STATS.len()];
    };
    if !ignore && points.len() != items.len() {
        return vec![Value::Null; STATS.len()];
    }
    let values: Vec<f64> = points.iter().map(|(_, v)| *v).collect();
    let average = mean(&values);
    let of = (values.len() - 1).max(1) as f64;
    let variance = values.iter().map(|v| (v - average) * (v - average)).sum::<f64>() / of;
    vec![
        Value::Real(min.1),
        Value::Long(min.0 as i64),
        Value::Real(max.1),
        Value::Long(max.0 as i64),
        Value::Real(average),
        Value::Real(variance.sqrt()),
        Value::Real(variance),
    ]
}

/// [`stats`] and two more, which `series_stats` has no columns for.
fn stats_dynamic(c: &Call) -> Value {
    let Some(items) = c.arg(0).as_array() else { return Value::Null };
    let mut values = stats(c);
    let known = !values.iter().all(Value::is_null);
    let finite = items.iter().filter_map(compare::real).filter(|r| r.is_finite());
    let (sum, len) = finite.fold((0.0, 0), |(sum, len), r| (sum + r, len + 1));
    values.extend(if known { [Value::Real(sum), Value::Long(len)] } else { [Value::Null, Value::Null] });
    bag(&[STATS, &[("sum", Type::Real), ("len", Type::Long)]].concat(), values)
}

fn seasonal(c: &Call) -> Value {
    let Some(x) = numbers(c.arg(0)) else { return Value::Null };
    let Some(period) = c.count(1).filter(|p| *p > 0) else {
        return Value::Null;
    };
    let tests = c.count(2).unwrap_or(0);
    let learned = x.get(..x.len().saturating_sub(tests)).unwrap_or_default();
    let median = |at: usize| {
        let mut values: Vec<f64> = learned.iter().skip(at).step_by(period).copied().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let high = values.get(middle).copied().unwrap_or(0.0);
        if values.len() % 2 == 1 {
            high
        } else {
            (values.get(middle.wrapping_sub(1)).copied().unwrap_or(0.0) + high) / 2.0
        }
    };
    let medians: Vec<f64> = (0..period.min(x.len())).map(median).collect();
    Value::array((0..x.len()).map(|i| Value::Real(medians.get(i % period).copied().unwrap_or(0.0))).collect())
}
