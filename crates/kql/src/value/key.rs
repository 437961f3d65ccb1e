//! Keys of values: what `distinct`, `summarize by`, `join` and sets tell values apart by.

use super::{Decimal, Value, compare, text};
use indexmap::{IndexMap, IndexSet};
use rust_decimal::prelude::ToPrimitive;
use smallvec::SmallVec;

/// The bytes that stand for a value, or for several values together. Most keys are short and need no allocation.
pub type Key = SmallVec<[u8; 32]>;

/// An item for each key, in the order in which the keys first came.
pub type KeyMap<T> = IndexMap<Key, T>;

/// Distinct keys, in the order in which they first came.
pub type KeySet = IndexSet<Key>;

/// Appends a key such that two values have equal keys exactly if `distinct`, `by` and `join` hold them for
/// the same: a null is a value, text is case-sensitive, numbers are equal by value.
fn write_key(out: &mut Key, v: &Value) {
    let mut tagged = |tag: u8, bytes: &[u8]| {
        out.push(tag);
        out.extend_from_slice(bytes);
    };
    match v {
        Value::Null => tagged(0, &[]),
        Value::Bool(b) => tagged(1, &[u8::from(*b)]),
        Value::Int(n) => tagged(2, &i64::from(*n).to_le_bytes()),
        Value::Long(n) => tagged(2, &n.to_le_bytes()),
        Value::Real(r) => real_key(*r, tagged),
        Value::Decimal(d) => decimal_key(*d, tagged),
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

/// A whole number that a long holds has the key of a long.
fn real_key(r: f64, mut tagged: impl FnMut(u8, &[u8])) {
    // 2^63 is a real, the largest long is none.
    let end = -(i64::MIN as f64);
    if r.fract() == 0.0 && (-end..end).contains(&r) {
        tagged(2, &(r as i64).to_le_bytes());
    } else if r.is_nan() {
        tagged(3, &f64::NAN.to_bits().to_le_bytes());
    } else {
        tagged(3, &r.to_bits().to_le_bytes());
    }
}

/// A decimal has the key of the long or of the real of the same value, where there is one.
fn decimal_key(d: Decimal, mut tagged: impl FnMut(u8, &[u8])) {
    if let Some(n) = d.to_i64().filter(|n| Decimal::from(*n) == d) {
        return tagged(2, &n.to_le_bytes());
    }
    // The nearest real, which the text gives: it is the same number or none is.
    match d.to_string().parse::<f64>() {
        Ok(r) if compare::order(&Value::Real(r), &Value::Decimal(d)).is_eq() => real_key(r, tagged),
        _ => tagged(4, &d.normalize().serialize()),
    }
}

/// The key of several values together.
pub fn key<'a>(values: impl IntoIterator<Item = &'a Value>) -> Key {
    let mut out = Key::new();
    write(&mut out, values);
    out
}

/// Appends the key of several values together.
pub fn write<'a>(out: &mut Key, values: impl IntoIterator<Item = &'a Value>) {
    values.into_iter().for_each(|v| write_key(out, v));
}

/// The keys of several values, each by itself.
pub fn keys<'a>(values: impl IntoIterator<Item = &'a Value>) -> KeySet {
    values.into_iter().map(|v| key([v])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys() {
        assert_eq!(key([&Value::Int(1)]), key([&Value::Real(1.0)]));
        assert_ne!(
            key([&Value::text("ab"), &Value::text("c")]),
            key([&Value::text("a"), &Value::text("bc")])
        );
    }
}
