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

/// A real as Kusto prints it: `1.0`, `1500.0`, `-0.0`, `1e30`, `NaN`, `inf`. Source: docs/semantics.md#real-text.
pub fn real(r: f64) -> String {
    if r.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if r.is_sign_negative() { "-" } else { "" };
    if r.is_infinite() {
        return format!("{sign}inf");
    }
    // The number is 0.digits, ten to the power of `point` times.
    let (digits, point) = digits(r.abs());
    let len = digits.len() as i32;
    let at = |point: i32| digits.split_at_checked(point.max(0) as usize).unwrap_or((&digits, ""));
    if (len..=MAX_POINT).contains(&point) {
        format!("{sign}{digits:0<0$}.0", point as usize)
    } else if (1..=MAX_POINT).contains(&point) {
        let (whole, fraction) = at(point);
        format!("{sign}{whole}.{fraction}")
    } else if (MIN_POINT..=0).contains(&point) {
        format!("{sign}0.{:0<1$}{digits}", "", point.unsigned_abs() as usize)
    } else {
        let (first, rest) = at(1);
        format!("{sign}{first}{}{rest}e{}", if rest.is_empty() { "" } else { "." }, point - 1)
    }
}

/// Beyond these places of the decimal point a real is printed with an exponent.
const MAX_POINT: i32 = 21;
const MIN_POINT: i32 = -5;

/// The digits of a real that is finite and not negative, and the place of the decimal point before or behind them. Kusto takes the
/// fewest digits that tell the real from its neighbours. Of such digits it takes the largest, not the nearest: 0.1 + 0.2 is
/// 0.30000000000000007.
fn digits(r: f64) -> (String, i32) {
    let (shortest, exponent) = scientific(&format!("{r:e}")).unwrap_or_default();
    let largest = || largest_digits(r).filter(|_| shortest > 999_999_999_999_999 || !r.is_normal());
    let (digits, exponent) = match largest() {
        Some(found) if r != 0.0 => found,
        _ => (shortest, exponent),
    };
    let digits = digits.to_string();
    let point = exponent + digits.len() as i32;
    let cut = digits.trim_end_matches('0');
    if cut.is_empty() { ("0".to_owned(), 1) } else { (cut.to_owned(), point) }
}

/// The number of a text like `1.25e2`, whole, and the power of ten that is missing: 125 and 0.
fn scientific(text: &str) -> Option<(u128, i32)> {
    let (mantissa, exponent) = text.split_once('e')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let number = format!("{whole}{fraction}").parse().ok()?;
    Some((number, exponent.parse::<i32>().ok()? - fraction.len() as i32))
}

/// The fewest digits between the middles to both neighbours, cut from the upper one. `None` at the very end of the range.
fn largest_digits(r: f64) -> Option<(u128, i32)> {
    const DIGITS: i32 = 26;
    let exact = |r: f64| scientific(&format!("{r:.*e}", DIGITS as usize - 1));
    let (at, exponent) = exact(r)?;
    let near = |r: f64| {
        let (number, power) = exact(r)?;
        let scale = 10_u128.checked_pow(power.abs_diff(exponent))?;
        if power < exponent { Some(number / scale) } else { number.checked_mul(scale) }
    };
    // The upper middle itself may be read as the neighbour.
    let (low, high) = ((near(r.next_down())? + at) / 2, (near(r.next_up())? + at) / 2 - 1);
    (0..DIGITS).rev().find_map(|dropped| {
        let unit = 10_u128.pow(dropped as u32);
        (high / unit * unit > low).then(|| (high / unit, exponent + dropped))
    })
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

/// Reads a guid: 32 hexadecimal digits with or without braces, and dashes between any two bytes.
pub fn parse_guid(text: &str) -> Option<[u8; 16]> {
    let text = text.trim();
    let mut rest = text.strip_prefix(['{', '(']).and_then(|t| t.strip_suffix(['}', ')'])).unwrap_or(text);
    let mut bytes = [0; 16];
    for (i, byte) in bytes.iter_mut().enumerate() {
        rest = rest.strip_prefix('-').filter(|_| i > 0).unwrap_or(rest);
        let (digits, after) = rest.split_at_checked(2)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(digits, 16).ok()?;
        rest = after;
    }
    rest.is_empty().then_some(bytes)
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
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (3.0, "3.0"),
            (-1500.0, "-1500.0"),
            (123456.789, "123456.789"),
            (1e20, "100000000000000000000.0"),
            (1e21, "1e21"),
            (1.25e-7, "1.25e-7"),
            (0.000001, "0.000001"),
            (0.1 + 0.2, "0.30000000000000007"),
            (1.0 / 3.0, "0.3333333333333333"),
            (9.999999999999998, "9.999999999999999"),
            (0.9999999999999999, "0.9999999999999999"),
            (f64::MIN_POSITIVE, "2.2250738585072016e-308"),
            (f64::MAX, "1.7976931348623157e308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(real(r), want);
        }
    }

    #[test]
    fn the_text_of_a_real_is_that_real() {
        // Every exponent, with mantissas all over the range.
        const STEP: u64 = 0x3_7f4a_7c15_9e37;
        for bits in (0..f64::INFINITY.to_bits() / STEP).map(|n| n * STEP) {
            let r = f64::from_bits(bits);
            assert_eq!(real(r).parse(), Ok(r));
        }
    }

    #[test]
    fn guids() {
        let text = "74be27de-1e4e-49d9-b579-fe0b331d3642";
        assert_eq!(parse_guid(text).map(|g| guid(&g)).as_deref(), Some(text));
        assert_eq!(parse_guid("74be27de1e4e49d9b579fe0b331d3642").map(|g| guid(&g)).as_deref(), Some(text));
        assert_eq!(
            parse_guid("74be27de1e4e-49d9-b579-fe0b331d3642").map(|g| guid(&g)).as_deref(),
            Some(text)
        );
        for bad in [
            "74be27de-1e4e-49d9-b579-fe0b331d364",
            "-74be27de1e4e49d9b579fe0b331d3642",
            "é",
            "74be27de--1e4e49d9b579fe0b331d3642",
        ] {
            assert_eq!(parse_guid(bad), None);
        }
    }
}
