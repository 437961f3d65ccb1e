//! Order, equality and keys of values.

use super::keyed::Keys;
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

#[inline(never)]
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

/// Appends a key such that two values have equal keys exactly if `distinct`, `by` and `join` hold them for
/// the same: a null is a value, text is case-sensitive, numbers are equal by value.
pub fn write_key(out: &mut Vec<u8>, v: &Value) {
    let mut tagged = |tag: u8, bytes: &[u8]| {
        out.push(tag);
        out.extend_from_slice(bytes);
    };
    match v {
        Value::Null => tagged(0, &[]),
        Value::Bool(b) => tagged(1, &[u8::from(*b)]),
        Value::Int(n) => tagged(2, &i64::from(*n).to_le_bytes()),
        Value::Long(n) => tagged(2, &n.to_le_bytes()),
        Value::Real(r) if r.fract() == 0.0 && r.abs() < 9e15 => tagged(2, &(*r as i64).to_le_bytes()),
        Value::Real(r) if r.is_nan() => tagged(3, &f64::NAN.to_bits().to_le_bytes()),
        Value::Real(r) => tagged(3, &r.to_bits().to_le_bytes()),
        Value::Decimal(d) => {
            let (tag, bytes) = decimal_key(*d);
            tagged(tag, &bytes);
        }
        Value::DateTime(t) => tagged(5, &t.to_le_bytes()),
        Value::Timespan(t) => tagged(6, &t.to_le_bytes()),
        Value::Guid(bytes) => tagged(7, bytes),
        Value::String(s) => {
            tagged(8, &(s.len() as u64).to_le_bytes());
            out.extend_from_slice(s.as_bytes());
        }
        Value::Array(_) | Value::Bag(_) => {
            let text = text::scalar(v);
            tagged(9, &(text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// A whole number that fits has the key of a long.
#[inline(never)]
fn decimal_key(d: Decimal) -> (u8, Vec<u8>) {
    match d.to_i64().filter(|n| Decimal::from(*n) == d) {
        Some(n) => (2, n.to_le_bytes().to_vec()),
        None => (4, d.normalize().serialize().to_vec()),
    }
}

/// The key of several values together.
pub fn key<'a>(values: impl IntoIterator<Item = &'a Value>) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    for v in values {
        write_key(&mut out, v);
    }
    out
}

/// The keys of several values, each by itself.
pub fn keys<'a>(values: impl IntoIterator<Item = &'a Value>) -> Keys {
    let mut out = Keys::default();
    for v in values {
        out.insert(&key([v]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_value() {
        assert_eq!(order(&Value::Long(i64::MAX), &Value::Real(9.223372036854776e18)), Ordering::Less);
        assert_eq!(order(&Value::Int(1), &Value::Real(1.0)), Ordering::Equal);
        assert_eq!(order(&Value::Real(f64::NAN), &Value::Long(i64::MIN)), Ordering::Less);
        assert_eq!(key([&Value::Int(1)]), key([&Value::Real(1.0)]));
        assert_ne!(
            key([&Value::text("ab"), &Value::text("c")]),
            key([&Value::text("a"), &Value::text("bc")])
        );
    }
}
