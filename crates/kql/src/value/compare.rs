//! Order, equality and keys of values.

use super::{Type, Value, text};
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

/// The order of two numbers of any types; `None` if either is no number.
pub fn numbers(a: &Value, b: &Value) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.as_integer(), b.as_integer()) {
        return Some(a.cmp(&b));
    }
    let number = |v: &Value| v.own_type().is_some_and(Type::is_number);
    if number(a) && number(b) { fractions(a, b) } else { None }
}

fn fractions(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Decimal(_), _) | (_, Value::Decimal(_)) => match (decimal(a), decimal(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => Some(reals(real(a)?, real(b)?)),
        },
        (Value::Real(r), _) if b.as_integer().is_some() => Some(real_to_integer(*r, b.as_integer()?)),
        (_, Value::Real(r)) if a.as_integer().is_some() => {
            Some(real_to_integer(*r, a.as_integer()?).reverse())
        }
        _ => Some(reals(real(a)?, real(b)?)),
    }
}

/// NaN is smaller than every other real and equal to itself.
fn reals(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Exact even beyond 2^53.
fn real_to_integer(r: f64, n: i64) -> Ordering {
    if r.is_nan() || r < -9.3e18 {
        return Ordering::Less;
    }
    if r > 9.3e18 {
        return Ordering::Greater;
    }
    let whole = r.trunc() as i128;
    whole.cmp(&i128::from(n)).then_with(|| reals(r.fract(), 0.0))
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
    }
}
