//! Math. Source: semantics §6.

use super::call::Call;
use super::{Function, Naming, Returns, integer, number, optional, summable};
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

/// The family.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "abs",
        params: &[summable("x")],
        returns: Returns::With(|types| match types.first() {
            Some(Type::Int) => Type::Long,
            Some(t) => *t,
            None => Type::Long,
        }),
        naming: Naming::FirstArgument,
        doc: "The absolute value of a number or timespan.",
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
    real!(
        "ceiling",
        FirstArgument,
        "The smallest whole number that is not less.",
        &[("ceiling(1.1)", "2")],
        f64::ceil
    ),
    real!("exp", FirstArgument, "e to the power of x.", &[("exp(0)", "1")], f64::exp),
    real!("exp10", FirstArgument, "10 to the power of x.", &[("exp10(2)", "100")], |x| 10_f64.powf(x)),
    real!("exp2", FirstArgument, "2 to the power of x.", &[("exp2(3)", "8")], f64::exp2),
    Function {
        name: "floor",
        params: &[summable("value"), summable("roundTo")],
        returns: Returns::With(bin_type),
        naming: Naming::FirstArgument,
        doc: "The same as bin.",
        examples: &[("floor(9.9, 2)", "8")],
        eval: bin,
    },
    real!(
        "log",
        FirstArgument,
        "The natural logarithm; null where there is none.",
        &[("log(1)", "0")],
        f64::ln
    ),
    real!("log10", FirstArgument, "The logarithm to base 10.", &[("log10(1000)", "3")], f64::log10),
    real!("log2", FirstArgument, "The logarithm to base 2.", &[("log2(8)", "3")], f64::log2),
    Function {
        name: "pow",
        params: &[number("base"), number("exponent")],
        returns: Returns::Type(Type::Real),
        naming: Naming::None,
        doc: "The base to the power of the exponent.",
        examples: &[("pow(2, 3)", "8")],
        eval: |c| match (c.real(0), c.real(1)) {
            (Some(a), Some(b)) => Value::Real(a.powf(b)),
            _ => Value::Null,
        },
    },
    Function {
        name: "round",
        params: &[number("number"), optional(integer("precision"))],
        returns: Returns::With(|types| match types.first() {
            Some(Type::Decimal) => Type::Decimal,
            _ => Type::Real,
        }),
        naming: Naming::FirstArgument,
        doc: "Rounds to a number of digits behind the point.",
        examples: &[("round(2.98765, 3)", "2.988"), ("round(1.005, 2)", "1")],
        eval: round,
    },
    Function {
        name: "sign",
        params: &[number("x")],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "-1, 0 or 1.",
        examples: &[("sign(-42)", "-1")],
        eval: |c| {
            c.real(0).map_or(Value::Null, |x| {
                Value::Long(if x > 0.0 {
                    1
                } else if x < 0.0 {
                    -1
                } else {
                    0
                })
            })
        },
    },
    real!("sqrt", FirstArgument, "The square root; NaN below zero.", &[("sqrt(16)", "4")], f64::sqrt),
];

fn bin_type(types: &[Type]) -> Type {
    match types {
        [Type::Int, Type::Int] | [Type::Int] => Type::Int,
        [Type::Int | Type::Long, Type::Int | Type::Long] => Type::Long,
        [Type::Real | Type::Int | Type::Long, Type::Real | Type::Int | Type::Long] => Type::Real,
        [Type::Decimal, _] | [_, Type::Decimal] => Type::Decimal,
        [first, ..] => *first,
        [] => Type::Dynamic,
    }
}

fn bin(c: &Call) -> Value {
    let (v, to) = (c.arg(0), c.arg(1));
    let floor = |n: i64, step: i64| if step == 0 { None } else { n.checked_sub(n.checked_rem_euclid(step)?) };
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
        _ => bin_number(v, to, floor),
    }
}

fn bin_number(v: &Value, to: &Value, floor: impl Fn(i64, i64) -> Option<i64>) -> Value {
    if let (Some(n), Some(step)) = (v.as_integer(), to.as_integer()) {
        return match (floor(n, step), v) {
            (None, _) => Value::Null,
            (Some(n), Value::Int(_)) => i32::try_from(n).map_or(Value::Null, Value::Int),
            (Some(n), _) => Value::Long(n),
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
    let Some(x) = c.real(0) else { return Value::Null };
    // Half away from zero in binary, as measured: round(1.005, 2) is 1.
    let scale = 10_f64.powi(digits as i32);
    let scaled = x * scale;
    if !scaled.is_finite() || scale == 0.0 {
        return Value::Real(x);
    }
    Value::Real(scaled.round() / scale)
}

fn round_decimal(d: Decimal, digits: i64) -> Decimal {
    let digits = u32::try_from(digits).unwrap_or(0).min(28);
    d.round_dp_with_strategy(digits, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}
