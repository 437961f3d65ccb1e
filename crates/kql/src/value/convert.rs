//! Conversions between types. They never fail: what cannot be read is null (for string: the empty text).
//! Source: docs/semantics.md#conversions.

use super::{Decimal, Type, Value, compare, datetime, json, text, timespan};
use rust_decimal::prelude::ToPrimitive;
use std::rc::Rc;
use std::str::FromStr;

/// `to<type>(v)`, where `from` is the static type of the expression `v` came from.
pub fn convert(v: &Value, from: Type, to: Type) -> Value {
    if from == to && from != Type::Dynamic {
        return v.clone();
    }
    match to {
        Type::Bool => to_bool(v),
        Type::Int => to_int(v),
        Type::Long => to_long(v),
        Type::Real => to_real(v),
        Type::Decimal => to_decimal(v),
        Type::DateTime => to_datetime(v),
        Type::Timespan => to_timespan(v),
        Type::Guid => to_guid(v),
        Type::String => match v {
            Value::String(s) => Value::String(Rc::clone(s)),
            _ => Value::text(&text::tostring(v, from)),
        },
        Type::Dynamic => match v {
            Value::String(s) if from == Type::String => parse_json(s),
            _ => v.clone(),
        },
    }
}

/// `parse_json(text)`: valid JSON is its value, the empty text is null, and any other text is itself, as a
/// dynamic string. What nests too deep is null; the caller that can report it does.
pub fn parse_json(s: &Rc<str>) -> Value {
    if s.is_empty() {
        return Value::Null;
    }
    json::parse_cut(s.as_bytes()).unwrap_or_else(|_| Value::String(Rc::clone(s)))
}

/// `tobool`: `true`/`false` in any case, or a whole number; numbers are true unless zero.
pub fn to_bool(v: &Value) -> Value {
    match v {
        Value::Bool(b) => Value::Bool(*b),
        Value::Int(n) => Value::Bool(*n != 0),
        Value::Long(n) => Value::Bool(*n != 0),
        Value::Real(r) => Value::Bool(*r != 0.0),
        Value::Decimal(d) => Value::Bool(!d.is_zero()),
        Value::String(s) => text_to_bool(s),
        _ => Value::Null,
    }
}

/// A text is not trimmed here: Kusto reads a constant with blanks around it, but no column.
fn text_to_bool(s: &str) -> Value {
    if s.eq_ignore_ascii_case("true") {
        Value::Bool(true)
    } else if s.eq_ignore_ascii_case("false") {
        Value::Bool(false)
    } else {
        whole(s).filter(|_| s == s.trim()).map_or(Value::Null, |n| Value::Bool(n != 0))
    }
}

/// `tolong`: text is a whole number, decimal or `0x` hex; a real is cut towards zero; a time is its ticks.
pub fn to_long(v: &Value) -> Value {
    match v {
        Value::Bool(b) => Value::Long(i64::from(*b)),
        Value::Int(n) => Value::Long(i64::from(*n)),
        Value::Long(n) => Value::Long(*n),
        Value::Real(r) if r.is_nan() => Value::Null,
        Value::Real(r) => Value::Long(*r as i64),
        Value::Decimal(d) => d.trunc().to_i64().map_or(Value::Null, Value::Long),
        Value::DateTime(t) | Value::Timespan(t) => Value::Long(*t),
        Value::String(s) => whole(s).map_or(Value::Null, Value::Long),
        _ => Value::Null,
    }
}

/// A whole number as a count or a place; `None` below 0. One beyond what this machine can address is as large as can be:
/// nothing is that long, and an answer must not depend on how wide an address is.
pub fn to_count(n: i64) -> Option<usize> {
    (n >= 0).then(|| usize::try_from(n).unwrap_or(usize::MAX))
}

/// The whole number a text holds.
fn whole(s: &str) -> Option<i64> {
    let s = s.trim();
    match s.strip_prefix("0x").or_else(|| s.strip_prefix("0X")) {
        // A sign has no place in hexadecimal: the first digit is one.
        Some(hex) if hex.starts_with(|c: char| c.is_ascii_hexdigit()) => {
            u64::from_str_radix(hex, 16).ok().map(|n| n as i64)
        }
        Some(_) => None,
        None => s.parse().ok(),
    }
}

/// `toint`: as `tolong`, then longs wrap to 32 bits and reals saturate.
pub fn to_int(v: &Value) -> Value {
    match v {
        Value::Real(r) if r.is_nan() => Value::Null,
        Value::Real(r) => Value::Int(*r as i32),
        Value::String(s) => whole(s).and_then(|n| i32::try_from(n).ok()).map_or(Value::Null, Value::Int),
        _ => match to_long(v) {
            Value::Long(n) => Value::Int(n as i32),
            _ => Value::Null,
        },
    }
}

/// `toreal`.
pub fn to_real(v: &Value) -> Value {
    match v {
        Value::Bool(b) => Value::Real(f64::from(u8::from(*b))),
        Value::DateTime(t) | Value::Timespan(t) => Value::Real(*t as f64),
        Value::String(s) => parse_real(s).map_or(Value::Null, Value::Real),
        _ => compare::real(v).map_or(Value::Null, Value::Real),
    }
}

/// The real a text holds. What is beyond the range is infinite.
pub fn parse_real(s: &str) -> Option<f64> {
    let s = s.trim();
    let (sign, size) = match s.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, s.strip_prefix('+').unwrap_or(s)),
    };
    match size {
        "nan" | "NaN" => Some(f64::NAN),
        "inf" | "Inf" | "infinity" | "Infinity" => Some(sign * f64::INFINITY),
        _ => size.starts_with(|c: char| c.is_ascii_digit() || c == '.').then(|| s.parse().ok()).flatten(),
    }
}

/// `todecimal`.
pub fn to_decimal(v: &Value) -> Value {
    match v {
        Value::Bool(b) => Value::Decimal(Decimal::from(u8::from(*b))),
        Value::DateTime(t) | Value::Timespan(t) => Value::Decimal(Decimal::from(*t)),
        Value::String(s) => parse_decimal(s).map_or(Value::Null, Value::Decimal),
        _ => compare::decimal(v).map_or(Value::Null, Value::Decimal),
    }
}

/// The decimal a text holds.
pub fn parse_decimal(s: &str) -> Option<Decimal> {
    Decimal::from_str(s.trim()).ok()
}

/// `todatetime`: text in many forms; a number is ticks, without its fraction.
pub fn to_datetime(v: &Value) -> Value {
    match v {
        Value::DateTime(t) => Value::DateTime(*t),
        Value::String(s) => datetime::parse(s).map_or(Value::Null, Value::DateTime),
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => match to_long(v) {
            Value::Long(n) if (0..=datetime::MAX).contains(&n) => Value::DateTime(n),
            _ => Value::Null,
        },
        _ => Value::Null,
    }
}

/// `totimespan`: text in the literal's forms; a number, and a datetime, is ticks.
pub fn to_timespan(v: &Value) -> Value {
    match v {
        Value::Timespan(t) | Value::DateTime(t) => Value::Timespan(*t),
        Value::String(s) => timespan::from_text(s).map_or(Value::Null, Value::Timespan),
        Value::Real(r) if r.is_finite() => Value::Timespan(*r as i64),
        _ => v.as_integer().map_or(Value::Null, Value::Timespan),
    }
}

/// `toguid`.
pub fn to_guid(v: &Value) -> Value {
    match v {
        Value::Guid(g) => Value::Guid(*g),
        Value::String(s) => text::parse_guid(s).map_or(Value::Null, Value::Guid),
        _ => Value::Null,
    }
}
