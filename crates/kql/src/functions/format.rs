//! Values as text by a format, and units. Source: Microsoft's docs of each.

use super::call::Call;
use super::{Function, Naming, STRING, datetime, integer, number, optional, text, timespan};
use crate::value::Value;
use crate::value::datetime::to_parts;
use crate::value::timespan::{DAY, HOUR, MINUTE, SECOND};

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("format_bytes"(number("size"), optional(number("precision")), optional(text("units")))
            -> STRING,
        Naming::FirstArgument,
        "Formats a number of bytes in the best or the given unit. Returns the empty string for an unknown unit.",
        [("format_bytes(564)", "564 Bytes"), ("format_bytes(10332, 1)", "10.1 KB"),
         ("format_bytes(20010332, 0, 'KB')", "19541 KB")], format_bytes),
    function!("format_datetime"(datetime("date"), text("format")) -> STRING, Naming::FirstArgument,
        "Formats a datetime with y, M, d, H, h, m, s, f, F, tt and delimiters. Returns the empty string for any other format.",
        [("format_datetime(datetime(2009-06-05 13:04:05.0617), 'yyyy-MM-dd [HH:mm:ss.fff]')",
        "2009-06-05 [13:04:05.061]"),
         ("format_datetime(datetime(2009-06-05 13:04), 'yy/M/d h:mm tt')", "09/6/5 1:04 PM")],
         format_datetime),
    function!("format_timespan"(timespan("timespan"), text("format")) -> STRING, Naming::FirstArgument,
        "Formats a timespan, without its sign, with d, H, h, m, s, f, F and delimiters. Returns the empty string for any other format.",
        [("format_timespan(time(29.09:00:05.12345), 'dd.hh:mm:ss [FF]')", "29.09:00:05 [12]"),
         ("format_timespan(1h, 'ddd.H')", "000.1")], format_timespan),
    function!("tohex"(integer("value"), optional(integer("minLength"))) -> STRING, Naming::FirstArgument,
        "Formats a whole number as hexadecimal. A negative number becomes its two's complement.",
        [("tohex(256)", "100"), ("tohex(-256)", "ffffffffffffff00"), ("tohex(toint(-256), 8)", "ffffff00"),
         ("tohex(256, 8)", "00000100")], to_hex),
];

const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];

fn format_bytes(c: &Call) -> Value {
    let Some(size) = c.real(0) else { return c.missing() };
    let precision = if c.has(1) { c.integer(1).unwrap_or(0).clamp(0, 15) } else { 0 };
    let given = if c.has(2) { c.text(2) } else { "".into() };
    let unit = if given.is_empty() {
        (0..UNITS.len() - 1)
            .find(|i| size.abs() < libm::pow(1024.0, (*i + 1) as f64))
            .unwrap_or(UNITS.len() - 1)
    } else {
        match UNITS.iter().position(|u| u.eq_ignore_ascii_case(&given)) {
            Some(unit) => unit,
            None => return c.missing(),
        }
    };
    let scale = libm::pow(10.0, precision as f64);
    let number = (size / libm::pow(1024.0, unit as f64) * scale).round() / scale;
    Value::from(format!("{number} {}", UNITS.get(unit).copied().unwrap_or_default()))
}

/// The letters of a format in runs, and what is between them. `None` for a character that is neither.
fn runs(format: &str) -> Option<Vec<(char, usize)>> {
    let mut out: Vec<(char, usize)> = Vec::new();
    for c in format.chars() {
        match out.last_mut() {
            Some((last, n)) if *last == c && c.is_ascii_alphabetic() => *n += 1,
            _ if c.is_ascii_alphabetic() || " /-:,._[]".contains(c) => out.push((c, 1)),
            _ => return None,
        }
    }
    Some(out)
}

/// The digits of a fraction of a second: `F` shows nothing where they are all zero.
fn fraction(ticks: i64, letter: char, n: usize) -> Option<String> {
    let digits = format!("{ticks:07}");
    let digits = digits.get(..n)?;
    let nothing = letter == 'F' && digits.bytes().all(|b| b == b'0');
    Some(if nothing { String::new() } else { digits.to_owned() })
}

fn padded(value: i64, n: usize) -> String {
    format!("{value:0n$}")
}

fn format_datetime(c: &Call) -> Value {
    let Some(ticks) = c.datetime(0) else { return c.missing() };
    let p = to_parts(ticks);
    let hour12 = (p.hour + 11) % 12 + 1;
    let run = |(letter, n): (char, usize)| {
        Some(match (letter, n) {
            ('y', 1 | 2) => padded(p.year % 100, n),
            ('y', 4) => padded(p.year, 4),
            ('M', 1 | 2) => padded(p.month, n),
            ('d', 1 | 2) => padded(p.day, n),
            ('H', 1 | 2) => padded(p.hour, n),
            ('h', 1 | 2) => padded(hour12, n),
            ('m', 1 | 2) => padded(p.minute, n),
            ('s', 1 | 2) => padded(p.second, n),
            ('f' | 'F', 1..=7) => fraction(p.ticks, letter, n)?,
            ('t', 2) => if p.hour < 12 { "AM" } else { "PM" }.to_owned(),
            _ if letter.is_ascii_alphabetic() => return None,
            _ => letter.to_string(),
        })
    };
    let text = runs(&c.text(1)).and_then(|runs| runs.into_iter().map(run).collect::<Option<String>>());
    text.map_or_else(|| c.missing(), Value::from)
}

fn format_timespan(c: &Call) -> Value {
    let Some(ticks) = c.timespan(0) else { return c.missing() };
    let t = ticks.saturating_abs();
    let run = |(letter, n): (char, usize)| {
        Some(match (letter, n) {
            ('d', 1..=8) => padded(t / DAY, n),
            ('H' | 'h', 1 | 2) => padded(t % DAY / HOUR, n),
            ('m', 1 | 2) => padded(t % HOUR / MINUTE, n),
            ('s', 1 | 2) => padded(t % MINUTE / SECOND, n),
            ('f' | 'F', 1..=7) => fraction(t % SECOND, letter, n)?,
            _ if letter.is_ascii_alphabetic() => return None,
            _ => letter.to_string(),
        })
    };
    let text = runs(&c.text(1)).and_then(|runs| runs.into_iter().map(run).collect::<Option<String>>());
    text.map_or_else(|| c.missing(), Value::from)
}

fn to_hex(c: &Call) -> Value {
    let bits = match c.arg(0) {
        Value::Int(n) => u64::from(*n as u32),
        other => match other.as_integer() {
            Some(n) => n as u64,
            None => return c.missing(),
        },
    };
    let least = if c.has(1) { c.integer(1).unwrap_or(1).clamp(1, 16) as usize } else { 1 };
    Value::from(format!("{bits:0least$x}"))
}
