//! JSON text: a scanner over raw bytes that never recurses, a parser to [`Value`], and the writer.
//!
//! Logs are hostile: nesting, length and escapes are bounded or tolerated here, once, for everyone.
//! Lone surrogates and bytes that are not UTF-8 become U+FFFD, as .NET (and so Kusto) reads them.

use super::limits::{self, Limit};
use super::{Bag, Str, Value, datetime, text, timespan};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

/// How deep a dynamic value may nest. Deeper text is an error, not a value: see [`Problem::TooDeep`]. Values are walked and
/// dropped by recursion, so it is less where a host gives little stack.
pub const MAX_DEPTH: usize = if cfg!(all(feature = "fluent-bit", target_arch = "wasm32")) { 16 } else { 128 };

/// How long the text of a value may grow, in bytes: arrays that share their items can be small in memory and endless as text.
/// What is longer is cut; nothing in a log is.
const MAX_TEXT: usize = 64 << 20;

/// What is wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The text ends inside a value.
    Cut,
    /// A byte that cannot stand there.
    Unexpected,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
}

/// A problem and the byte where it was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Bytes from the start of the text.
    pub offset: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::Cut => write!(f, "the JSON text ends too early at byte {}", self.offset),
            Problem::Unexpected => write!(f, "not JSON at byte {}", self.offset),
            Problem::TooDeep => {
                write!(f, "JSON nested deeper than {MAX_DEPTH} levels at byte {}", self.offset)
            }
        }
    }
}

fn error<T>(offset: usize, problem: Problem) -> Result<T, JsonError> {
    Err(JsonError { offset, problem })
}

fn unexpected<T>(bytes: &[u8], at: usize) -> Result<T, JsonError> {
    error(at, if at >= bytes.len() { Problem::Cut } else { Problem::Unexpected })
}

/// The first byte at or after `at` that is not JSON white space.
pub fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The byte after the string that opens at `at`.
pub fn skip_string(bytes: &[u8], at: usize) -> Result<usize, JsonError> {
    if bytes.get(at) != Some(&b'"') {
        return unexpected(bytes, at);
    }
    let mut i = at + 1;
    loop {
        let rest = bytes.get(i..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(n) if rest.get(n) == Some(&b'"') => return Ok(i + n + 1),
            Some(n) => i += n + 2,
            None => return error(bytes.len(), Problem::Cut),
        }
    }
}

/// The byte after the value that starts at `at` (white space before it is allowed). Brackets are
/// matched by count and kind, strings are stepped over, scalars are not validated.
pub fn skip_value(bytes: &[u8], at: usize) -> Result<usize, JsonError> {
    let mut i = skip_space(bytes, at);
    // One bit a level: is it an object? Levels beyond 64 are told apart by count alone.
    let (mut depth, mut kinds) = (0_usize, 0_u64);
    loop {
        match bytes.get(i) {
            Some(b'"') => i = skip_string(bytes, i)?,
            Some(open @ (b'{' | b'[')) => {
                depth += 1;
                kinds = kinds << 1 | u64::from(*open == b'{');
                i += 1;
                continue;
            }
            Some(close @ (b'}' | b']')) => {
                if depth == 0 || (depth <= 64 && (kinds & 1 == 1) != (*close == b'}')) {
                    return error(i, Problem::Unexpected);
                }
                depth -= 1;
                kinds >>= 1;
                i += 1;
            }
            Some(b',' | b':' | b' ' | b'\t' | b'\n' | b'\r') if depth > 0 => {
                i += 1;
                continue;
            }
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => {
                while matches!(
                    bytes.get(i),
                    Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z')
                ) {
                    i += 1;
                }
            }
            _ => return unexpected(bytes, i),
        }
        if depth == 0 {
            return Ok(i);
        }
    }
}

/// How deep a raw text nests at its deepest, strings stepped over.
pub fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut i) = (0_usize, 0, 0);
    while let Some(b) = bytes.get(i) {
        match b {
            b'"' => {
                i = skip_string(bytes, i).unwrap_or(bytes.len());
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        i += 1;
    }
    deepest
}

/// A raw key, without quotes, and a raw value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// The members of a raw object, or the items of a raw array, as raw slices.
pub struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
    object: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    First,
    Next,
    Done,
}

impl<'a> Items<'a> {
    /// Opens the object or array that `bytes` starts with (after white space); `None` if it is neither.
    pub fn open(bytes: &'a [u8]) -> Option<Items<'a>> {
        let at = skip_space(bytes, 0);
        let object = match bytes.get(at)? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        Some(Items { bytes, at: at + 1, object, state: State::First })
    }

    /// Whether the keys mean something.
    pub fn is_object(&self) -> bool {
        self.object
    }

    /// Bytes read so far; after the last item, the byte after the closing bracket.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn step(&mut self) -> Result<Option<Pair<'a>>, JsonError> {
        let bytes = self.bytes;
        let close = if self.object { b'}' } else { b']' };
        let mut at = skip_space(bytes, self.at);
        if bytes.get(at) == Some(&close) {
            self.at = at + 1;
            return Ok(None);
        }
        if self.state == State::Next {
            if bytes.get(at) != Some(&b',') {
                return unexpected(bytes, at);
            }
            at = skip_space(bytes, at + 1);
        }
        let mut key: &[u8] = b"";
        if self.object {
            let end = skip_string(bytes, at)?;
            key = bytes.get(at + 1..end - 1).unwrap_or_default();
            at = skip_space(bytes, end);
            if bytes.get(at) != Some(&b':') {
                return unexpected(bytes, at);
            }
            at = skip_space(bytes, at + 1);
        }
        let end = skip_value(bytes, at)?;
        self.at = end;
        self.state = State::Next;
        Ok(Some((key, bytes.get(at..end).unwrap_or_default())))
    }
}

impl<'a> Iterator for Items<'a> {
    /// The raw key (without quotes, escapes untouched; empty in an array) and the raw value.
    type Item = Result<Pair<'a>, JsonError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Done {
            return None;
        }
        let item = self.step().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.state = State::Done;
        }
        item
    }
}

/// The text of a raw string body (between the quotes), escapes undone.
pub fn unescape(raw: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw).is_none() {
        return String::from_utf8_lossy(raw);
    }
    let mut out: Vec<u8> = Vec::with_capacity(raw.len());
    let mut i = 0;
    while let Some(&b) = raw.get(i) {
        if b != b'\\' {
            out.push(b);
            i += 1;
            continue;
        }
        let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        i += 2;
        match raw.get(i - 1) {
            Some(b'n') => push('\n'),
            Some(b't') => push('\t'),
            Some(b'r') => push('\r'),
            Some(b'b') => push('\u{8}'),
            Some(b'f') => push('\u{c}'),
            Some(b'u') => {
                let high = hex4(raw, i);
                i += 4;
                let unit = match high {
                    Some(0xD800..=0xDBFF) if raw.get(i..i + 2) == Some(b"\\u") => match hex4(raw, i + 2) {
                        Some(low @ 0xDC00..=0xDFFF) => {
                            i += 6;
                            high.map(|h| 0x10000 + ((h - 0xD800) << 10) + (low - 0xDC00))
                        }
                        _ => None,
                    },
                    other => other,
                };
                push(unit.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(&other) => out.push(other),
            None => push(char::REPLACEMENT_CHARACTER),
        }
    }
    match String::from_utf8_lossy(&out) {
        Cow::Owned(text) => Cow::Owned(text),
        // It was valid: keep the buffer.
        Cow::Borrowed(_) => Cow::Owned(String::from_utf8(out).unwrap_or_default()),
    }
}

fn hex4(raw: &[u8], at: usize) -> Option<u32> {
    let digits = raw.get(at..at + 4)?;
    digits.iter().try_fold(0, |n, d| Some(n * 16 + char::from(*d).to_digit(16)?))
}

enum Frame {
    Array(Vec<Value>),
    Object(Vec<(Str, Value)>, Str),
}

/// Reads one JSON text to a value, the whole of it. Numbers without fraction that fit are long.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let mut stack: Vec<Frame> = Vec::new();
    let mut at = skip_space(text, 0);
    loop {
        // A value starts here.
        let mut done = match text.get(at) {
            Some(b'{') => {
                at = skip_space(text, at + 1);
                if text.get(at) == Some(&b'}') {
                    at += 1;
                    Value::bag(Bag::new())
                } else {
                    let key = parse_key(text, &mut at)?;
                    push_frame(&mut stack, Frame::Object(Vec::new(), key), at)?;
                    continue;
                }
            }
            Some(b'[') => {
                at = skip_space(text, at + 1);
                if text.get(at) == Some(&b']') {
                    at += 1;
                    Value::array(Vec::new())
                } else {
                    push_frame(&mut stack, Frame::Array(Vec::new()), at)?;
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

fn push_frame(stack: &mut Vec<Frame>, frame: Frame, at: usize) -> Result<(), JsonError> {
    if stack.len() >= MAX_DEPTH {
        limits::meet(Limit::Depth);
        return error(at, Problem::TooDeep);
    }
    stack.push(frame);
    Ok(())
}

/// A bag of pairs in which the last of equal keys wins, at the place of the first.
fn bag_of(pairs: Vec<(Str, Value)>) -> Bag {
    if pairs.len() <= 16 {
        let mut bag = Bag::new();
        for (k, v) in pairs {
            bag.insert(k, v);
        }
        return bag;
    }
    let mut places: HashMap<Str, usize> = HashMap::with_capacity(pairs.len());
    let mut out: Vec<(Str, Value)> = Vec::with_capacity(pairs.len());
    for (k, v) in pairs {
        match places.get(&k).and_then(|i| out.get_mut(*i)) {
            Some(slot) => slot.1 = v,
            None => {
                places.insert(Rc::clone(&k), out.len());
                out.push((k, v));
            }
        }
    }
    Bag::from_distinct(out)
}

fn parse_string<'t>(text: &'t [u8], at: &mut usize) -> Result<Cow<'t, str>, JsonError> {
    let end = skip_string(text, *at)?;
    let body = text.get(*at + 1..end - 1).unwrap_or_default();
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
        Some(b'-' | b'0'..=b'9') => {
            let (number, whole) = match number_token(rest) {
                Some(found) => found,
                None => return unexpected(text, start),
            };
            *at = start + number.len();
            if whole && let Ok(n) = number.parse::<i64>() {
                return Ok(Value::Long(n));
            }
            match number.parse::<f64>() {
                Ok(n) if n.is_finite() => Ok(Value::Real(n)),
                _ => error(start, Problem::Unexpected),
            }
        }
        _ => unexpected(text, start),
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

/// Writes a value as the compact JSON text Kusto gives for a dynamic. Without recursion: see [`MAX_DEPTH`].
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
            let room = out.len() <= MAX_TEXT;
            match open.last_mut() {
                None => return,
                Some(Written::Array(items)) => match items.next().filter(|_| room) {
                    Some(item) => {
                        out.push_str(if first { "" } else { "," });
                        break item;
                    }
                    None => out.push(']'),
                },
                Some(Written::Bag(pairs)) => match pairs.next().filter(|_| room) {
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
        Value::Real(r) if r.is_finite() => {
            out.push_str(&text::real(*r));
            if r.fract() == 0.0 && r.abs() < 1e15 {
                out.push_str(".0");
            }
        }
        Value::Real(_) | Value::Guid(_) => write_string(out, &text::scalar(value)),
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
    use fmt::Write;
    out.push('"');
    let mut from = 0;
    for (i, b) in text.bytes().enumerate() {
        let escape = match b {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(text.get(from..i).unwrap_or_default());
        if escape.is_empty() {
            let _ = write!(out, "\\u{b:04x}");
        } else {
            out.push_str(escape);
        }
        from = i + 1;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out.push('"');
}

/// The minified JSON text of a raw value: white space outside strings removed, everything else as it stands.
pub fn minify(raw: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let (mut from, mut i) = (0, 0);
    let mut changed = false;
    while let Some(b) = raw.get(i) {
        match b {
            b'"' => i = skip_string(raw, i).unwrap_or(raw.len()),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.extend_from_slice(raw.get(from..i).unwrap_or_default());
                changed = true;
                i += 1;
                from = i;
            }
            _ => i += 1,
        }
    }
    if !changed {
        return Cow::Borrowed(raw);
    }
    out.extend_from_slice(raw.get(from..).unwrap_or_default());
    Cow::Owned(out)
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
    }

    #[test]
    fn items_of_raw_text() {
        assert_eq!((depth(b"1"), depth(b"[{\"]\":[]}]")), (0, 3));
        let items: Result<Vec<_>, _> =
            Items::open(b" {\"a\" : {\"b\":\"}\"} , \"c\":[1,2]}").into_iter().flatten().collect();
        assert_eq!(items, Ok(vec![(&b"a"[..], &b"{\"b\":\"}\"}"[..]), (b"c", b"[1,2]")]));
        assert!(Items::open(b"{\"a\":1 \"b\":2}").into_iter().flatten().any(|i| i.is_err()));
        assert_eq!(&*minify(b"{ \"a b\" : [ 1 ] }"), b"{\"a b\":[1]}");
    }
}
