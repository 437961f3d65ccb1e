//! Values as text by a format, and units. Source: Microsoft's docs of each.

use super::call::Call;
use super::{
    Function, Naming, STRING, constant, datetime, integer, literal, number, optional, text, timespan,
};
use crate::value::Value;
use crate::value::datetime::to_parts;
use crate::value::timespan::{DAY, HOUR, MINUTE, SECOND};

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("format_bytes"(number("size"), optional(constant(number("precision"))), optional(constant(text("units"))))
            -> STRING,
        Naming::FirstArgument,
        "Formats a number of bytes in the best or the given unit. Returns the empty string for an unknown unit.",
        [("format_bytes(564)", "564 Bytes"), ("format_bytes(10332, 1)", "10.1 KB"),
         ("format_bytes(20010332, 0, 'KB')", "19541 KB")], format_bytes),
    function!("format_datetime"(datetime("date"), literal(text("format"))) -> STRING, Naming::FirstArgument,
        "Formats a datetime with y, M, d, H, h, m, s, f, F, tt and delimiters (blank / - : , . _ [ ]). A constant format of anything else is an error.",
        [("format_datetime(datetime(2009-06-05 13:04:05.0617), 'yyyy-MM-dd [HH:mm:ss.fff]')",
        "2009-06-05 [13:04:05.061]"),
         ("format_datetime(datetime(2009-06-05 13:04), 'yy/M/d h:mm tt')", "09/6/5 1:04 PM")],
         format_datetime),
    function!("format_timespan"(timespan("timespan"), literal(text("format"))) -> STRING, Naming::FirstArgument,
        "Formats a timespan with d, H, h, m, s, f, F and the same delimiters. A constant format of anything else is an error.",
        [("format_timespan(time(29.09:00:05.12345), 'dd.hh:mm:ss [FF]')", "29.09:00:05 [12]"),
         ("format_timespan(-1h, 'ddd.H')", "-000.1")], format_timespan),
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

/// What a format is made of: a letter and how often it stands there, or a delimiter. Source: Microsoft's docs of both functions.
type Letters = &'static [(char, &'static [usize])];

/// The letters of `format_datetime`, each with how often it may stand, most first.
pub const DATETIME_LETTERS: Letters = &[
    ('y', &[4, 2, 1]),
    ('M', &[2, 1]),
    ('d', &[2, 1]),
    ('H', &[2, 1]),
    ('h', &[2, 1]),
    ('m', &[2, 1]),
    ('s', &[2, 1]),
    ('f', &[7, 6, 5, 4, 3, 2, 1]),
    ('F', &[7, 6, 5, 4, 3, 2, 1]),
    ('t', &[2]),
];

/// The letters of `format_timespan`.
pub const TIMESPAN_LETTERS: Letters = &[
    ('d', &[8, 7, 6, 5, 4, 3, 2, 1]),
    ('H', &[2, 1]),
    ('h', &[2, 1]),
    ('m', &[2, 1]),
    ('s', &[2, 1]),
    ('f', &[7, 6, 5, 4, 3, 2, 1]),
    ('F', &[7, 6, 5, 4, 3, 2, 1]),
];

const DELIMITERS: &str = " /-:,._[]";

/// A format in its parts: of a run of one letter the longest that there is comes first, so that `ddd` is `dd` and `d`. The error is
/// what no format can hold.
pub fn parts(format: &str, letters: Letters) -> Result<Vec<(char, usize)>, char> {
    let mut out = Vec::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        let run = rest.chars().take_while(|next| *next == c).count();
        let known = letters.iter().find(|(letter, _)| *letter == c);
        let len = match known {
            Some((_, lengths)) => lengths.iter().copied().find(|n| *n <= run),
            None => DELIMITERS.contains(c).then_some(1),
        };
        let len = len.ok_or(c)?;
        out.push((c, len));
        rest = rest.get(len..).unwrap_or_default();
    }
    Ok(out)
}

/// A value by a format that may come from a row: one that is none gives the empty text.
fn formatted(c: &Call, letters: Letters, part: impl Fn(char, usize) -> String) -> Value {
    let parts = parts(&c.text(1), letters);
    parts.map_or_else(
        |_| c.missing(),
        |parts| Value::from(parts.into_iter().map(|(l, n)| part(l, n)).collect::<String>()),
    )
}

/// The digits of a fraction of a second: `F` shows nothing where they are all zero.
fn fraction(ticks: i64, letter: char, n: usize) -> String {
    let digits = format!("{ticks:07}");
    let digits = digits.get(..n).unwrap_or_default();
    let nothing = letter == 'F' && digits.bytes().all(|b| b == b'0');
    if nothing { String::new() } else { digits.to_owned() }
}

fn padded(value: i64, n: usize) -> String {
    format!("{value:0n$}")
}

fn format_datetime(c: &Call) -> Value {
    let Some(ticks) = c.datetime(0) else { return c.missing() };
    let p = to_parts(ticks);
    formatted(c, DATETIME_LETTERS, |letter, n| match letter {
        'y' if n == 4 => padded(p.year, 4),
        'y' => padded(p.year % 100, n),
        'M' => padded(p.month, n),
        'd' => padded(p.day, n),
        'H' => padded(p.hour, n),
        'h' => padded((p.hour + 11) % 12 + 1, n),
        'm' => padded(p.minute, n),
        's' => padded(p.second, n),
        'f' | 'F' => fraction(p.ticks, letter, n),
        't' => if p.hour < 12 { "AM" } else { "PM" }.to_owned(),
        delimiter => delimiter.to_string(),
    })
}

fn format_timespan(c: &Call) -> Value {
    let Some(ticks) = c.timespan(0) else { return c.missing() };
    let t = ticks.saturating_abs();
    let text = formatted(c, TIMESPAN_LETTERS, |letter, n| match letter {
        'd' => padded(t / DAY, n),
        'H' | 'h' => padded(t % DAY / HOUR, n),
        'm' => padded(t % HOUR / MINUTE, n),
        's' => padded(t % MINUTE / SECOND, n),
        'f' | 'F' => fraction(t % SECOND, letter, n),
        delimiter => delimiter.to_string(),
    });
    match text.as_str() {
        Some(text) if ticks < 0 && !text.is_empty() => Value::from(format!("-{text}")),
        _ => text,
    }
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
