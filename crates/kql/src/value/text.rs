//! The text of values, as `tostring` gives it.

use super::{Type, Value, datetime, json, timespan};
use std::borrow::Cow;

/// `tostring(v)` for an expression of static type `ty`. A bool is `True` as a bool and `true` inside a
/// dynamic; a null is the empty text. Source: docs/semantics.md#dynamic-text.
pub fn tostring(value: &Value, ty: Type) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(s) => Cow::Borrowed(s),
        Value::Bool(b) if ty == Type::Dynamic => Cow::Borrowed(if *b { "true" } else { "false" }),
        Value::Array(_) | Value::Bag(_) => Cow::Owned(json::to_text(value)),
        Value::Real(r) if ty == Type::Dynamic && r.is_finite() => Cow::Owned(json::to_text(value)),
        _ => Cow::Owned(scalar(value)),
    }
}

/// The text of a scalar by its variant alone: a bool is `True`.
pub fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
        Value::Int(n) => n.to_string(),
        Value::Long(n) => n.to_string(),
        Value::Real(r) => real(*r),
        Value::Decimal(d) => d.to_string(),
        Value::DateTime(t) => datetime::format(*t),
        Value::Timespan(t) => timespan::format(*t),
        Value::Guid(bytes) => guid(bytes),
        Value::String(s) => s.to_string(),
        Value::Array(_) | Value::Bag(_) => json::to_text(value),
    }
}

/// A real in .NET's shortest form: `1.5`, `1E+20`, `1E-05`, `NaN`, `Infinity`.
pub fn real(r: f64) -> String {
    if r.is_nan() {
        return "NaN".to_owned();
    }
    if r.is_infinite() {
        return if r > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if r == 0.0 || (1e-4..1e15).contains(&r.abs()) {
        return if r == 0.0 { "0".to_owned() } else { r.to_string() };
    }
    let text = format!("{r:E}");
    let Some((mantissa, exponent)) = text.split_once('E') else {
        return text;
    };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(d) => ('-', d),
        None => ('+', exponent),
    };
    format!("{mantissa}E{sign}{digits:0>2}")
}

/// `74be27de-1e4e-49d9-b579-fe0b331d3642`
pub fn guid(bytes: &[u8; 16]) -> String {
    let mut out = String::with_capacity(36);
    for (i, b) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.extend([b >> 4, b & 15].map(|n| char::from_digit(u32::from(n), 16).unwrap_or('0')));
    }
    out
}

/// Reads a guid with or without dashes and braces.
pub fn parse_guid(text: &str) -> Option<[u8; 16]> {
    let text = text.trim();
    let text = text.strip_prefix(['{', '(']).and_then(|t| t.strip_suffix(['}', ')'])).unwrap_or(text);
    let dashed = text.len() == 36;
    if !dashed && text.len() != 32 {
        return None;
    }
    let (mut bytes, mut n) = ([0; 16], 0);
    for (i, c) in text.chars().enumerate() {
        if dashed && matches!(i, 8 | 13 | 18 | 23) {
            if c != '-' {
                return None;
            }
            continue;
        }
        let digit = c.to_digit(16)? as u8;
        let byte: &mut u8 = bytes.get_mut(n / 2)?;
        *byte = *byte << 4 | digit;
        n += 1;
    }
    (n == 32).then_some(bytes)
}

/// The small form of a character, if that is one character; otherwise itself (`İ`), as .NET's invariant culture has it.
pub fn lower_char(c: char) -> char {
    only(c.to_lowercase()).unwrap_or(c)
}

/// The capital form of a character, if that is one character; otherwise itself (`ß`). As .NET's invariant culture has it, the
/// Turkish `ı` has none, and `ᾳ` has its title form `ᾼ`, which is 8 or 9 behind it where there is one.
pub fn upper_char(c: char) -> char {
    if c == 'ı' {
        return c;
    }
    let title = || {
        let mut behind = [8, 9].into_iter().filter_map(|n| char::from_u32(u32::from(c) + n));
        behind.find(|t| t.to_lowercase().eq([c]))
    };
    only(c.to_uppercase()).or_else(title).unwrap_or(c)
}

/// The one character that there is.
fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    chars.next().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_of_characters() {
        let examples = ['İ', 'ı', 'ſ', 'K', 'ß', 'ẞ', 'ς', 'Σ', 'ǅ', 'ŉ', 'ᾳ', 'ᾼ', 'ᾀ', 'ﬁ', 'é', 'i'];
        let lower = ['İ', 'ı', 'ſ', 'k', 'ß', 'ß', 'ς', 'σ', 'ǆ', 'ŉ', 'ᾳ', 'ᾳ', 'ᾀ', 'ﬁ', 'é', 'i'];
        let upper = ['İ', 'ı', 'S', 'K', 'ß', 'ẞ', 'Σ', 'Σ', 'Ǆ', 'ŉ', 'ᾼ', 'ᾼ', 'ᾈ', 'ﬁ', 'É', 'I'];
        assert_eq!(examples.map(lower_char), lower);
        assert_eq!(examples.map(upper_char), upper);
        // Who has several characters as the capital form has a title form, or keeps what it is.
        let several = ('\0'..=char::MAX).filter(|c| c.to_uppercase().count() > 1);
        let (title, none): (Vec<char>, Vec<char>) = several.partition(|c| upper_char(*c) != *c);
        assert_eq!((title.len(), none.len()), (27, 75));
    }

    #[test]
    fn reals() {
        for (r, want) in [
            (1.5, "1.5"),
            (3.0, "3"),
            (1e20, "1E+20"),
            (1e-5, "1E-05"),
            (0.0001, "0.0001"),
            (-0.0, "0"),
            (123456.789, "123456.789"),
        ] {
            assert_eq!(real(r), want);
        }
    }

    #[test]
    fn guids() {
        let text = "74be27de-1e4e-49d9-b579-fe0b331d3642";
        assert_eq!(parse_guid(text).map(|g| guid(&g)).as_deref(), Some(text));
        assert_eq!(parse_guid("74be27de1e4e49d9b579fe0b331d3642").map(|g| guid(&g)).as_deref(), Some(text));
        assert_eq!(parse_guid("74be27de-1e4e-49d9-b579-fe0b331d364"), None);
    }
}
