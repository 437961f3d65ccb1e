//! JSON text to a [`Value`] and back, without recursion. What can be told from the raw text alone is [`super::raw`]'s.

pub use super::raw::{
    Items, JsonError, MAX_DEPTH, Problem, any_place, depth, lossy, minify, skip_space, skip_string,
    skip_value, text as raw_text, unescape,
};

use super::limits::{self, Limit};
use super::raw::{error, plain_start, unexpected};
use super::{Bag, Str, Value, datetime, text, timespan};
use indexmap::IndexMap;
use std::borrow::Cow;
use std::fmt::Write;
use std::rc::Rc;

enum Frame {
    Array(Vec<Value>),
    Object(Vec<(Str, Value)>, Str),
}

/// Reads one JSON text to a value, the whole of it. Numbers without fraction that fit are long; a number that no real holds is
/// infinite. A control character within a string must be escaped. Source: docs/semantics.md#json.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    read(text, false)
}

/// As [`parse`], but what nests deeper than [`MAX_DEPTH`] is null, and all beside it stays. One deep value must not hide a document
/// from a detection.
pub fn parse_cut(text: &[u8]) -> Result<Value, JsonError> {
    read(text, true)
}

fn read(text: &[u8], cut: bool) -> Result<Value, JsonError> {
    let mut stack: Vec<Frame> = Vec::new();
    let mut at = skip_space(text, 0);
    loop {
        // A value starts here.
        let mut done = match text.get(at) {
            Some(b'{' | b'[') if stack.len() >= MAX_DEPTH => {
                limits::meet(Limit::Depth);
                if !cut {
                    return error(at, Problem::TooDeep);
                }
                at = skip_value(text, at)?;
                Value::Null
            }
            Some(b'{') => {
                at = skip_space(text, at + 1);
                if text.get(at) == Some(&b'}') {
                    at += 1;
                    Value::bag(Bag::new())
                } else {
                    let key = parse_key(text, &mut at)?;
                    stack.push(Frame::Object(Vec::new(), key));
                    continue;
                }
            }
            Some(b'[') => {
                at = skip_space(text, at + 1);
                if text.get(at) == Some(&b']') {
                    at += 1;
                    Value::array(Vec::new())
                } else {
                    stack.push(Frame::Array(Vec::new()));
                    continue;
                }
            }
            _ => parse_scalar(text, &mut at)?,
        };
        // Put it where it belongs; close what it closes.
        loop {
            at = skip_space(text, at);
            match stack.pop() {
                None if at == text.len() => return Ok(done),
                None => return error(at, Problem::Unexpected),
                Some(Frame::Array(mut items)) => {
                    items.push(done);
                    match text.get(at) {
                        Some(b',') => {
                            at = skip_space(text, at + 1);
                            stack.push(Frame::Array(items));
                            break;
                        }
                        Some(b']') => {
                            at += 1;
                            done = Value::array(items);
                        }
                        _ => return unexpected(text, at),
                    }
                }
                Some(Frame::Object(mut pairs, key)) => {
                    pairs.push((key, done));
                    match text.get(at) {
                        Some(b',') => {
                            at = skip_space(text, at + 1);
                            let key = parse_key(text, &mut at)?;
                            stack.push(Frame::Object(pairs, key));
                            break;
                        }
                        Some(b'}') => {
                            at += 1;
                            done = Value::bag(bag_of(pairs));
                        }
                        _ => return unexpected(text, at),
                    }
                }
            }
        }
    }
}

/// A bag of pairs in which the last of equal keys wins, at the place of the first.
fn bag_of(pairs: Vec<(Str, Value)>) -> Bag {
    if pairs.len() > 16 {
        return Bag::from_distinct(pairs.into_iter().collect::<IndexMap<_, _>>().into_iter().collect());
    }
    let mut bag = Bag::new();
    for (k, v) in pairs {
        bag.insert(k, v);
    }
    bag
}

fn parse_string<'t>(text: &'t [u8], at: &mut usize) -> Result<Cow<'t, str>, JsonError> {
    let end = skip_string(text, *at)?;
    let body = text.get(*at + 1..end - 1).unwrap_or_default();
    if let Some(n) = body.iter().position(|b| *b < b' ') {
        return error(*at + 1 + n, Problem::Unexpected);
    }
    *at = end;
    Ok(unescape(body))
}

fn parse_key(text: &[u8], at: &mut usize) -> Result<Str, JsonError> {
    let key = Rc::from(&*parse_string(text, at)?);
    *at = skip_space(text, *at);
    if text.get(*at) != Some(&b':') {
        return unexpected(text, *at);
    }
    *at = skip_space(text, *at + 1);
    Ok(key)
}

fn parse_scalar(text: &[u8], at: &mut usize) -> Result<Value, JsonError> {
    let start = *at;
    let rest = text.get(start..).unwrap_or_default();
    for (word, value) in [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))] {
        if rest.starts_with(word.as_bytes()) {
            *at = start + word.len();
            return Ok(value);
        }
    }
    match rest.first() {
        Some(b'"') => Ok(Value::text(&parse_string(text, at)?)),
        Some(b'-' | b'0'..=b'9') => parse_number(text, at),
        _ => unexpected(text, start),
    }
}

fn parse_number(text: &[u8], at: &mut usize) -> Result<Value, JsonError> {
    let start = *at;
    let Some((number, whole)) = number_token(text.get(start..).unwrap_or_default()) else {
        return unexpected(text, start);
    };
    *at = start + number.len();
    if whole && let Ok(n) = number.parse::<i64>() {
        return Ok(Value::Long(n));
    }
    match number.parse::<f64>() {
        Ok(n) => Ok(Value::Real(n)),
        _ => error(start, Problem::Unexpected),
    }
}

/// The number at the start of the bytes by JSON's grammar, and whether it is without fraction and exponent.
fn number_token(bytes: &[u8]) -> Option<(&str, bool)> {
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let start = usize::from(bytes.first() == Some(&b'-'));
    let mut end = digits(start);
    if end == start || (bytes.get(start) == Some(&b'0') && end > start + 1) {
        return None;
    }
    let mut whole = true;
    if bytes.get(end) == Some(&b'.') {
        whole = false;
        let after = digits(end + 1);
        if after == end + 1 {
            return None;
        }
        end = after;
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        whole = false;
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(end + 1 + sign);
        if after == end + 1 + sign {
            return None;
        }
        end = after;
    }
    std::str::from_utf8(bytes.get(..end)?).ok().map(|s| (s, whole))
}

/// What is being written: a place in an array or in a bag.
enum Written<'a> {
    Array(std::slice::Iter<'a, Value>),
    Bag(std::slice::Iter<'a, (Str, Value)>),
}

/// Writes a value as the compact JSON text Kusto gives for a dynamic. Without recursion: see [`MAX_DEPTH`]. No value is so large
/// that its text would have no end: see [`Value::array`].
pub fn write(out: &mut String, value: &Value) {
    let mut open: Vec<Written<'_>> = Vec::new();
    let mut value = value;
    loop {
        match value {
            Value::Array(items) => {
                out.push('[');
                open.push(Written::Array(items.iter()));
            }
            Value::Bag(bag) => {
                out.push('{');
                open.push(Written::Bag(bag.pairs().iter()));
            }
            scalar => write_scalar(out, scalar),
        }
        // On to the next value, closing what is done.
        value = loop {
            let first = out.ends_with(['[', '{']);
            match open.last_mut() {
                None => return,
                Some(Written::Array(items)) => match items.next() {
                    Some(item) => {
                        out.push_str(if first { "" } else { "," });
                        break item;
                    }
                    None => out.push(']'),
                },
                Some(Written::Bag(pairs)) => match pairs.next() {
                    Some((key, item)) => {
                        out.push_str(if first { "" } else { "," });
                        write_string(out, key);
                        out.push(':');
                        break item;
                    }
                    None => out.push('}'),
                },
            }
            open.pop();
        };
    }
}

fn write_scalar(out: &mut String, value: &Value) {
    match value {
        Value::Null | Value::Array(_) | Value::Bag(_) => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(_) | Value::Long(_) | Value::Decimal(_) => out.push_str(&text::scalar(value)),
        Value::Real(r) if r.is_nan() => out.push_str("\"NaN\""),
        Value::Real(r) if r.is_infinite() => {
            out.push_str(if *r > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
        }
        Value::Real(r) => out.push_str(&text::real(*r)),
        Value::Guid(_) => write_string(out, &text::scalar(value)),
        Value::DateTime(t) => write_string(out, &datetime::format(*t)),
        Value::Timespan(t) => write_string(out, &timespan::format(*t)),
        Value::String(s) => write_string(out, s),
    }
}

/// The compact JSON text of a value.
pub fn to_text(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// Writes a JSON string with quotes.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some((plain, behind)) = rest.split_at_checked(plain_start(rest.as_bytes())) {
        out.push_str(plain);
        let Some(b) = behind.bytes().next() else { break };
        let escape = match b {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            _ => "",
        };
        if escape.is_empty() {
            let _ = write!(out, "\\u{b:04x}");
        } else {
            out.push_str(escape);
        }
        rest = behind.get(1..).unwrap_or_default();
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        parse(text.as_bytes()).map_or_else(|e| e.to_string(), |v| to_text(&v))
    }

    #[test]
    fn reads_and_writes() {
        for (text, want) in [
            (
                " {\"a\": [1, 2.5, null, true], \"a\\n\": \"\\u00e9\\ud83d\\ude00\"} ",
                "{\"a\":[1,2.5,null,true],\"a\\n\":\"é😀\"}",
            ),
            ("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"),
            ("9223372036854775807", "9223372036854775807"),
            ("\"\\ud800x\"", "\"\u{fffd}x\""),
            ("[]", "[]"),
            ("1.0", "1.0"),
            ("01", "not JSON at byte 0"),
            ("[1,]", "not JSON at byte 3"),
            ("{\"a\":1", "the JSON text ends too early at byte 6"),
            ("nul", "not JSON at byte 0"),
            ("1 2", "not JSON at byte 2"),
            ("{\"a\":1e400,\"b\":[-1e400,1e-400]}", "{\"a\":\"Infinity\",\"b\":[\"-Infinity\",0.0]}"),
            ("\"a\tb\"", "not JSON at byte 2"),
            ("", "the JSON text ends too early at byte 0"),
        ] {
            assert_eq!(round(text), want, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(parse(deep(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(parse(deep(100_000).as_bytes()).map_err(|e| e.problem).err(), Some(Problem::TooDeep));
        assert_eq!(skip_value(deep(100_000).as_bytes(), 0), Ok(200_000));
        let beside = format!("{{\"a\":{},\"b\":1}}", deep(100_000));
        let cut = parse_cut(beside.as_bytes()).map(|v| to_text(&v));
        let kept = "[".repeat(MAX_DEPTH - 1) + "null" + &"]".repeat(MAX_DEPTH - 1);
        assert_eq!(cut, Ok(format!("{{\"a\":{kept},\"b\":1}}")));
        assert!(parse_cut(deep(100_000).get(..150_000).unwrap().as_bytes()).is_err());
    }
}
