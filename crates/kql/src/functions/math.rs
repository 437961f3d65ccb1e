//! Math. Source: docs/semantics.md#numbers.

use super::call::Call;
use super::{
    BOOL, Function, LONG, Naming, REAL, Returns, constant, integer, number, one_of, optional, scalar,
    summable,
};
use crate::value::{Decimal, Type, Value, compare, datetime as dt};

macro_rules! real {
    ($name:literal, $naming:ident, $doc:literal, $examples:expr, $f:expr) => {
        Function {
            name: $name,
            params: &[number("x")],
            returns: Returns::Type(Type::Real),
            naming: Naming::$naming,
            doc: $doc,
            examples: $examples,
            eval: |c| {
                let f: fn(f64) -> f64 = $f;
                c.real(0).map_or(Value::Null, |x| Value::Real(f(x)))
            },
        }
    };
}

const ABS: &[Type] = &[Type::Int, Type::Long, Type::Real, Type::Decimal, Type::Timespan, Type::Dynamic];

/// Functions that have an answer only within a domain; outside it is null. Source: Microsoft's docs.
macro_rules! within {
    ($name:literal, $doc:literal, $examples:expr, $domain:expr, $f:expr) => {
        Function {
            name: $name,
            params: &[number("x")],
            returns: Returns::Type(Type::Real),
            naming: Naming::FirstArgument,
            doc: $doc,
            examples: $examples,
            eval: |c| {
                let (domain, f): (fn(f64) -> bool, fn(f64) -> f64) = ($domain, $f);
                c.real(0).filter(|x| x.is_nan() || domain(*x)).map_or(Value::Null, |x| Value::Real(f(x)))
            },
        }
    };
}

macro_rules! bits {
    ($name:literal, $second:literal, $doc:literal, $call:literal, $result:literal, $f:expr) => {
        function!($name(integer("value1"), integer($second)) -> LONG, Naming::FirstArgument, $doc, [($call,
                $result)],
            |c| {
                let f: fn(i64, i64) -> Option<i64> = $f;
                match (c.integer(0), c.integer(1)) {
                    (Some(a), Some(b)) => f(a, b).map_or(Value::Null, Value::Long),
                    _ => Value::Null,
                }
            })
    };
}

/// The family.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "abs",
        params: &[one_of("x", ABS)],
        returns: Returns::With(|types| match types.first() {
            Some(Type::Int) | None => Type::Long,
            Some(t) => *t,
        }),
        naming: Naming::FirstArgument,
        doc: "Returns the absolute value of a number or timespan.",
        examples: &[("abs(-5)", "5")],
        eval: |c| match c.arg(0) {
            Value::Int(n) => Value::Long(i64::from(*n).abs()),
            Value::Long(n) => n.checked_abs().map_or(Value::Null, Value::Long),
            Value::Timespan(t) => t.checked_abs().map_or(Value::Null, Value::Timespan),
            Value::Real(r) => Value::Real(r.abs()),
            Value::Decimal(d) => Value::Decimal(d.abs()),
            _ => Value::Null,
        },
    },
    within!(
        "acos",
        "Returns the arc cosine. Returns null outside -1 to 1.",
        &[("acos(1)", "0"), ("isnull(acos(2))", "true")],
        |x| x.abs() <= 1.0,
        libm::acos
    ),
    function!("around"(scalar("value"), scalar("center"), scalar("delta")) -> BOOL, Naming::None,
        "Returns whether a value lies within a distance of a center. Returns null if the types cannot be compared.",
        [("around(3, 4, 1)", "true"), ("around(datetime(2021-01-01), datetime(2021-01-02), 1h)", "false")],
        around),
    within!(
        "asin",
        "Returns the arc sine. Returns null outside -1 to 1.",
        &[("asin(0)", "0"), ("isnull(asin(-2))", "true")],
        |x| x.abs() <= 1.0,
        libm::asin
    ),
    real!("atan", FirstArgument, "Returns the arc tangent.", &[("atan(0)", "0")], libm::atan),
    function!("atan2"(number("y"), number("x")) -> REAL, Naming::FirstArgument,
    "Returns the angle of the point (x, y).", [("atan2(0, 1)", "0")],
    |c| match (c.real(0), c.real(1)) {
        (Some(y), Some(x)) => Value::Real(libm::atan2(y, x)),
        _ => Value::Null,
    }),
    Function {
        name: "bin",
        params: &[summable("value"), summable("roundTo")],
        returns: Returns::With(bin_type),
        naming: Naming::FirstArgument,
        doc: "Rounds down to a multiple of the second argument.",
        examples: &[
            ("bin(4.5, 1)", "4"),
            ("bin(datetime(1970-05-11 13:45:07), 1d)", "1970-05-11T00:00:00.0000000Z"),
            ("bin(-7, 5)", "-10"),
        ],
        eval: bin,
    },
    function!("bin_at"(summable("value"), summable("bin_size"), summable("fixed_point"))
            -> Returns::With(bin_type),
        Naming::FirstArgument, "Rounds down to a multiple of the second argument, counted from the third.",
        [("bin_at(6.5, 2.5, 7)", "4.5"), ("bin_at(1h, 1d, 12h)", "-12:00:00"),
         ("bin_at(datetime(2017-05-17 10:20), 7d, datetime(2017-06-04))", "2017-05-14T00:00:00.0000000Z")],
         bin_at),
    bits!(
        "binary_and",
        "value2",
        "Returns the bits that are set in both numbers.",
        "binary_and(12, 10)",
        "8",
        |a, b| Some(a & b)
    ),
    function!("binary_not"(integer("value")) -> LONG, Naming::FirstArgument, "Inverts all bits.",
        [("binary_not(0)", "-1")], |c| c.integer(0).map_or(Value::Null, |n| Value::Long(!n))),
    bits!(
        "binary_or",
        "value2",
        "Returns the bits that are set in either number.",
        "binary_or(12, 10)",
        "14",
        |a, b| Some(a | b)
    ),
    bits!(
        "binary_shift_left",
        "shift",
        "Shifts the bits left by a number of places modulo 64. Returns null for a negative number of places.",
        "binary_shift_left(1, 4)",
        "16",
        |a, b| (b >= 0).then(|| a.wrapping_shl((b % 64) as u32))
    ),
    bits!(
        "binary_shift_right",
        "shift",
        "Shifts the bits right by a number of places modulo 64. Returns null for a negative number of places.",
        "binary_shift_right(16, 4)",
        "1",
        |a, b| (b >= 0).then(|| a.wrapping_shr((b % 64) as u32))
    ),
    bits!(
        "binary_xor",
        "value2",
        "Returns the bits that are set in exactly one of the two numbers.",
        "binary_xor(12, 10)",
        "6",
        |a, b| Some(a ^ b)
    ),
    function!("bitset_count_ones"(integer("value")) -> LONG, Naming::FirstArgument, "Counts the bits that are set.",
        [("bitset_count_ones(42)", "3")], |c| c.integer(0).map_or(Value::Null,
        |n| Value::Long(n.count_ones().into()))),
    function!("ceiling"(number("number")) -> Returns::With(|types| match types.first() {
            Some(Type::Decimal) => Type::Decimal,
            _ => Type::Real,
        }), Naming::FirstArgument,
    "Rounds up to a whole number.", [("ceiling(1.1)", "2"), ("ceiling(7)", "7")],
    |c| match c.arg(0) {
        Value::Real(r) => Value::Real(r.ceil()),
        Value::Decimal(d) => Value::Decimal(d.ceil()),
        other => compare::real(other).map_or(Value::Null, Value::Real),
    }),
    real!("cos", FirstArgument, "Returns the cosine.", &[("cos(0)", "1")], libm::cos),
    real!("cot", None, "Returns the cotangent.", &[("round(cot(1), 9)", "0.642092616")], |x| 1.0
        / libm::tan(x)),
    real!("degrees", None, "Converts radians to degrees.", &[("degrees(pi())", "180")], |x| x
        * (180.0 / std::f64::consts::PI)),
    real!("exp", FirstArgument, "Returns e to the power of x.", &[("exp(0)", "1")], libm::exp),
    real!("exp10", FirstArgument, "Returns 10 to the power of x.", &[("exp10(2)", "100")], |x| libm::pow(
        10.0, x
    )),
    real!("exp2", FirstArgument, "Returns 2 to the power of x.", &[("exp2(3)", "8")], libm::exp2),
    Function {
        name: "floor",
        params: &[summable("value"), summable("roundTo")],
        returns: Returns::With(bin_type),
        naming: Naming::FirstArgument,
        doc: "The same as bin.",
        examples: &[("floor(9.9, 2)", "8")],
        eval: bin,
    },
    within!(
        "log",
        "Returns the natural logarithm. Returns null below 0.",
        &[("log(1)", "0"), ("isnull(log(-1))", "true")],
        |x| x >= 0.0,
        libm::log
    ),
    within!(
        "log10",
        "Returns the logarithm to base 10. Returns null below 0.",
        &[("log10(1000)", "3")],
        |x| x >= 0.0,
        libm::log10
    ),
    within!(
        "log2",
        "Returns the logarithm to base 2. Returns null below 0.",
        &[("log2(8)", "3")],
        |x| x >= 0.0,
        libm::log2
    ),
    function!("pi"() -> REAL, Naming::None, "Returns the constant pi.",
        [("pi()", "3.141592653589793")], |_| Value::Real(std::f64::consts::PI)),
    Function {
        name: "pow",
        params: &[number("base"), number("exponent")],
        returns: Returns::Type(Type::Real),
        naming: Naming::FirstArgument,
        doc: "Returns the base to the power of the exponent.",
        examples: &[("pow(2, 3)", "8")],
        eval: |c| match (c.real(0), c.real(1)) {
            (Some(a), Some(b)) => Value::Real(libm::pow(a, b)),
            _ => Value::Null,
        },
    },
    real!("radians", None, "Converts degrees to radians.", &[("radians(180)", "3.141592653589793")], |x| x
        * (std::f64::consts::PI / 180.0)),
    Function {
        name: "round",
        params: &[number("number"), optional(constant(integer("precision")))],
        returns: Returns::Argument(0),
        naming: Naming::FirstArgument,
        doc: "Rounds to a number of decimal places.",
        examples: &[("round(2.98765, 3)", "2.988"), ("round(1.005, 2)", "1")],
        eval: round,
    },
    function!("sign"(number("number")) -> REAL, Naming::None, "Returns the sign of a number: -1, 0 or 1.", [("sign(-42)", "-1"),
            ("sign(0.0)", "0")],
        |c| c.real(0).map_or(Value::Null,
        |x| Value::Real(if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { 0.0 }))),
    real!("sin", FirstArgument, "Returns the sine.", &[("sin(0)", "0")], libm::sin),
    real!(
        "sqrt",
        FirstArgument,
        "Returns the square root, or NaN below 0.",
        &[("sqrt(16)", "4"), ("isnan(sqrt(-1))", "true")],
        f64::sqrt
    ),
    real!("tan", FirstArgument, "Returns the tangent.", &[("tan(0)", "0")], libm::tan),
];

fn bin_type(types: &[Type]) -> Type {
    match types {
        [Type::Int, Type::Int] | [Type::Int] => Type::Int,
        [Type::Int | Type::Long, Type::Int | Type::Long] => Type::Long,
        [Type::Real | Type::Int | Type::Long, Type::Real | Type::Int | Type::Long] => Type::Real,
        [Type::Decimal, _] | [_, Type::Decimal] => Type::Decimal,
        [first, second, third] if first.is_number() => bin_type(&[bin_type(&[*first, *second]), *third]),
        [first, ..] => *first,
        [] => Type::Dynamic,
    }
}

/// Down to a multiple of the bin counted from a fixed point. Times are counted in ticks.
fn bin_at(c: &Call) -> Value {
    let ticks = |v: &Value| match v {
        Value::DateTime(t) | Value::Timespan(t) => Some(*t),
        other => other.as_integer(),
    };
    let (v, step, fixed) = (c.arg(0), c.arg(1), c.arg(2));
    if let (Some(n), Some(step), Some(fixed)) = (ticks(v), ticks(step), ticks(fixed)) {
        let moved = n.checked_sub(fixed).filter(|_| step > 0);
        let moved = moved.and_then(|d| n.checked_sub(d.checked_rem_euclid(step)?));
        return match (v, moved) {
            (_, None) => Value::Null,
            (Value::DateTime(_), Some(t)) if (0..=dt::MAX).contains(&t) => Value::DateTime(t),
            (Value::DateTime(_), _) => Value::Null,
            (Value::Timespan(_), Some(t)) => Value::Timespan(t),
            (_, Some(n)) if c.result() == Type::Int => i32::try_from(n).map_or(Value::Null, Value::Int),
            (_, Some(n)) => Value::Long(n),
        };
    }
    match (c.real(0), c.real(1), c.real(2)) {
        (Some(n), Some(step), Some(fixed)) => {
            let binned = fixed + ((n - fixed) / step).floor() * step;
            if c.result() == Type::Decimal {
                return Decimal::try_from(binned).map_or(Value::Null, Value::Decimal);
            }
            Value::Real(binned)
        }
        _ => Value::Null,
    }
}

fn around(c: &Call) -> Value {
    let span = |v: &Value| match v {
        Value::DateTime(t) | Value::Timespan(t) => Some(*t),
        other => other.as_integer(),
    };
    if let (Some(v), Some(center), Some(delta)) = (span(c.arg(0)), span(c.arg(1)), span(c.arg(2))) {
        return Value::Bool(v.abs_diff(center) <= delta.unsigned_abs());
    }
    match (c.real(0), c.real(1), c.real(2)) {
        (Some(v), Some(center), Some(delta)) => Value::Bool((v - center).abs() <= delta.abs()),
        _ => Value::Null,
    }
}

fn bin(c: &Call) -> Value {
    let (v, to) = (c.arg(0), c.arg(1));
    // A bin below zero is none.
    let floor = |n: i64, step: i64| if step <= 0 { None } else { n.checked_sub(n.checked_rem_euclid(step)?) };
    match (v, to) {
        (Value::DateTime(t), Value::Timespan(step)) => match floor(*t, *step) {
            Some(t) if (0..=dt::MAX).contains(&t) => Value::DateTime(t),
            _ => Value::Null,
        },
        (Value::Timespan(t), Value::Timespan(step)) => floor(*t, *step).map_or(Value::Null, Value::Timespan),
        (Value::DateTime(t), n) => match n.as_integer().and_then(|step| floor(*t, step)) {
            Some(t) => Value::DateTime(t),
            None => Value::Null,
        },
        (Value::Timespan(t), n) => {
            n.as_integer().and_then(|step| floor(*t, step)).map_or(Value::Null, Value::Timespan)
        }
        _ => bin_number(v, to, c.result() == Type::Int, floor),
    }
}

fn bin_number(v: &Value, to: &Value, int: bool, floor: impl Fn(i64, i64) -> Option<i64>) -> Value {
    if let (Some(n), Some(step)) = (v.as_integer(), to.as_integer()) {
        return match floor(n, step) {
            None => Value::Null,
            Some(n) if int => i32::try_from(n).map_or(Value::Null, Value::Int),
            Some(n) => Value::Long(n),
        };
    }
    if matches!(v, Value::Decimal(_)) || matches!(to, Value::Decimal(_)) {
        let (Some(n), Some(step)) = (compare::decimal(v), compare::decimal(to)) else { return Value::Null };
        return n
            .checked_div(step)
            .and_then(|q| q.floor().checked_mul(step))
            .map_or(Value::Null, Value::Decimal);
    }
    match (compare::real(v), compare::real(to)) {
        (Some(n), Some(step)) => Value::Real((n / step).floor() * step),
        _ => Value::Null,
    }
}

fn round(c: &Call) -> Value {
    let digits = if c.has(1) { c.integer(1).unwrap_or(0).clamp(-300, 300) } else { 0 };
    if let Value::Decimal(d) = c.arg(0) {
        return Value::Decimal(round_decimal(*d, digits));
    }
    if c.result().is_integer() && digits >= 0 {
        return c.arg(0).clone();
    }
    let Some(x) = c.real(0) else { return Value::Null };
    // Half away from zero in binary, as measured: round(1.005, 2) is 1.
    let scale = libm::pow(10.0, digits as f64);
    let scaled = x * scale;
    if !scaled.is_finite() || scale == 0.0 {
        return Value::Real(x);
    }
    let rounded = scaled.round() / scale;
    match c.result() {
        Type::Int => Value::Int(rounded as i32),
        Type::Long => Value::Long(rounded as i64),
        _ => Value::Real(rounded),
    }
}

fn round_decimal(d: Decimal, digits: i64) -> Decimal {
    let digits = u32::try_from(digits).unwrap_or(0).min(28);
    d.round_dp_with_strategy(digits, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}
