//! Order, equality and keys of values.

use super::{Value, text};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::cmp::Ordering;

/// The order `sort` uses, ascending: null first, numbers by value across their types (NaN before all
/// other numbers), text by its UTF-16-free ordinal order. Values of unlike types order by type; a bound plan never mixes them.
pub fn order(a: &Value, b: &Value) -> Ordering {
    if let Some(ordering) = numbers(a, b) {
        return ordering;
    }
    match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::DateTime(a), Value::DateTime(b)) | (Value::Timespan(a), Value::Timespan(b)) => a.cmp(b),
        (Value::Guid(a), Value::Guid(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Array(_) | Value::Bag(_), Value::Array(_) | Value::Bag(_)) => {
            text::scalar(a).cmp(&text::scalar(b))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(v: &Value) -> u8 {
    match v {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => 2,
        Value::DateTime(_) => 3,
        Value::Timespan(_) => 4,
        Value::Guid(_) => 5,
        Value::String(_) => 6,
        Value::Array(_) => 7,
        Value::Bag(_) => 8,
    }
}

/// The exact order of two numbers of any types, NaN before all others; `None` if either is no number.
pub fn numbers(a: &Value, b: &Value) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.as_integer(), b.as_integer()) {
        return Some(a.cmp(&b));
    }
    Some(match (a, b) {
        (Value::Real(a), Value::Real(b)) => reals(*a, *b),
        (Value::Real(r), exact) => real_to_exact(*r, decimal_of_exact(exact)?),
        (exact, Value::Real(r)) => real_to_exact(*r, decimal_of_exact(exact)?).reverse(),
        _ => decimal_of_exact(a)?.cmp(&decimal_of_exact(b)?),
    })
}

/// The order by which `==`, `<` and their kin compare: beside a decimal, a real stands for the decimal that it prints as, so that
/// `decimal(0.1) == 0.1`. This is no order of all values: to sort and to group there is [`order`].
pub fn promoted(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Decimal(_), Value::Real(_)) | (Value::Real(_), Value::Decimal(_)) => {
            match (decimal(a), decimal(b)) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => order(a, b),
            }
        }
        _ => order(a, b),
    }
}

/// Whether a value is greater, or less, than the best so far. NaN is better than any number either way: the largest and the
/// smallest of numbers and NaN are NaN.
pub fn is_better(v: &Value, best: &Value, want: Ordering) -> bool {
    let nan = |v: &Value| matches!(v, Value::Real(r) if r.is_nan());
    if nan(v) || nan(best) { !nan(best) } else { order(v, best) == want }
}

/// NaN is smaller than every other real and equal to itself.
fn reals(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// A number that is no real, as a decimal, which holds every one of them.
fn decimal_of_exact(v: &Value) -> Option<Decimal> {
    match v {
        Value::Int(n) => Some(Decimal::from(*n)),
        Value::Long(n) => Some(Decimal::from(*n)),
        Value::Decimal(d) => Some(*d),
        _ => None,
    }
}

/// The order of a real and a decimal by their exact values: whole parts first, then the fractions bit by bit.
fn real_to_exact(r: f64, d: Decimal) -> Ordering {
    // Every decimal is below 2^96.
    const BEYOND: f64 = 8e28;
    if r.is_nan() || r < -BEYOND {
        return Ordering::Less;
    }
    if r > BEYOND {
        return Ordering::Greater;
    }
    let (whole, rest) = (d.trunc(), d.fract());
    let signs = || (r.fract() < 0.0).cmp(&rest.mantissa().is_negative()).reverse();
    (r.trunc() as i128).cmp(&whole.mantissa()).then_with(signs).then_with(|| {
        let denominator = 10_u128.pow(rest.scale());
        let size = fractions(r.fract().abs(), rest.mantissa().unsigned_abs(), denominator);
        if r < 0.0 { size.reverse() } else { size }
    })
}

/// The order of two fractions below 1, a real and `numerator / denominator`. Doubling a real and taking 1 off are exact.
fn fractions(mut real: f64, mut numerator: u128, denominator: u128) -> Ordering {
    while real != 0.0 {
        real *= 2.0;
        numerator *= 2;
        let (real_bit, bit) = (real >= 1.0, numerator >= denominator);
        if real_bit != bit {
            return real_bit.cmp(&bit);
        }
        if bit {
            real -= 1.0;
            numerator -= denominator;
        }
    }
    0.cmp(&numerator)
}

/// A number as a real; `None` if it is none.
pub fn real(v: &Value) -> Option<f64> {
    match v {
        Value::Int(n) => Some(f64::from(*n)),
        Value::Long(n) => Some(*n as f64),
        Value::Real(r) => Some(*r),
        Value::Decimal(d) => d.to_f64(),
        _ => None,
    }
}

/// A number as a decimal; `None` if it is none or does not fit.
pub fn decimal(v: &Value) -> Option<Decimal> {
    match v {
        Value::Int(n) => Some(Decimal::from(*n)),
        Value::Long(n) => Some(Decimal::from(*n)),
        Value::Real(r) => Decimal::try_from(*r).ok(),
        Value::Decimal(d) => Some(*d),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_value() {
        assert_eq!(order(&Value::Long(i64::MAX), &Value::Real(9.223372036854776e18)), Ordering::Less);
        assert_eq!(order(&Value::Int(1), &Value::Real(1.0)), Ordering::Equal);
        assert_eq!(order(&Value::Real(f64::NAN), &Value::Long(i64::MIN)), Ordering::Less);
        let tenth = Value::Decimal(Decimal::new(1, 1));
        assert_eq!(order(&tenth, &Value::Real(0.1)), Ordering::Less, "the real is a little more");
        assert_eq!(promoted(&tenth, &Value::Real(0.1)), Ordering::Equal);
    }

    /// Values of every type, numbers above all: where types meet, at the ends of their ranges, and beside each.
    fn samples() -> Vec<Value> {
        let long = [0, 1, -1, 3, i64::MAX, i64::MAX - 1, i64::MIN, 1 << 53, (1 << 53) + 1, (1 << 60) + 1];
        let real = [
            0.0, -0.0, 0.1, -0.1, 0.5, 1.0, 1.5, 3.0, 1e-30, -1e-30, 5e-324, 2e15, 1e20, 1e28, 7.9e28, 8.1e28,
        ]
        .into_iter()
        .chain([
            9e15,
            -9.3e18,
            libm::exp2(53.0),
            libm::exp2(60.0),
            libm::exp2(63.0),
            libm::exp2(70.0),
            libm::exp2(96.0),
        ])
        .chain([f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1.0 / 3.0]);
        let decimal =
            ["0", "0.1", "-0.1", "0.10", "0.5", "1", "1.0", "1.5", "3", "0.3333333333333333333333333333"]
                .into_iter()
                .chain([
                    "0.1000000000000000055511151231",
                    "1180591620717411303424",
                    "9223372036854775807",
                    "9007199254740993",
                ])
                .chain([
                    "0.0000000000000000000000000001",
                    "-0.0000000000000000000000000001",
                    "100000000000000000000",
                ])
                .map(|s| s.parse::<Decimal>().unwrap())
                .chain([Decimal::MAX, Decimal::MIN]);
        let json = ["[]", "[1]", "[1.0]", "{}", r#"{"a":1}"#, "[[1]]"]
            .map(|s| crate::value::json::parse(s.as_bytes()).unwrap());
        let mut all = vec![Value::Null, Value::Bool(false), Value::Bool(true), Value::Int(1), Value::Int(-1)];
        all.extend(long.into_iter().flat_map(|n| [Value::Long(n), Value::DateTime(n), Value::Timespan(n)]));
        all.extend(real.flat_map(|r| [r, r.next_up(), r.next_down()]).map(Value::Real));
        all.extend(decimal.map(Value::Decimal));
        all.extend(["", "a", "B", "1", "[]"].map(Value::from));
        all.extend([[0; 16], [1; 16]].map(Value::Guid));
        all.extend(json);
        all
    }

    #[test]
    fn a_total_order_that_keys_agree_with() {
        use crate::value::key::key;
        let all = samples();
        let order = |i: usize, j: usize| order(&all[i], &all[j]);
        for i in 0..all.len() {
            for j in 0..all.len() {
                let ordering = order(i, j);
                assert_eq!(ordering, order(j, i).reverse(), "{:?} {:?}", all[i], all[j]);
                assert_eq!(ordering.is_eq(), key([&all[i]]) == key([&all[j]]), "{:?} {:?}", all[i], all[j]);
                if ordering.is_le() {
                    for k in (0..all.len()).filter(|k| order(j, *k).is_le()) {
                        assert!(order(i, k).is_le(), "{:?} {:?} {:?}", all[i], all[j], all[k]);
                    }
                }
            }
        }
    }
}
