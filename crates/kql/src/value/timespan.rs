//! Timespans: text and ticks of 100 ns.

/// Ticks in a microsecond.
pub const MICROSECOND: i64 = 10;
/// Ticks in a millisecond.
pub const MILLISECOND: i64 = 10_000;
/// Ticks in a second.
pub const SECOND: i64 = 10_000_000;
/// Ticks in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Ticks in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Ticks in a day.
pub const DAY: i64 = 24 * HOUR;

/// The units of a timespan literal (`1d`, `2.5h`), longest name first where one begins another.
/// Source: Microsoft's docs, scalar-data-types/timespan; `ls_check` agrees on the spellings.
pub const UNITS: &[(&str, i64)] = &[
    ("microseconds", MICROSECOND),
    ("microsecond", MICROSECOND),
    ("milliseconds", MILLISECOND),
    ("millisecond", MILLISECOND),
    ("milli", MILLISECOND),
    ("micros", MICROSECOND),
    ("micro", MICROSECOND),
    ("seconds", SECOND),
    ("second", SECOND),
    ("minutes", MINUTE),
    ("minute", MINUTE),
    ("ticks", 1),
    ("tick", 1),
    ("hours", HOUR),
    ("hour", HOUR),
    ("days", DAY),
    ("day", DAY),
    ("sec", SECOND),
    ("min", MINUTE),
    ("hrs", HOUR),
    ("hr", HOUR),
    ("ms", MILLISECOND),
    ("d", DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", SECOND),
];

/// Reads `[-][d.]hh:mm[:ss[.fffffff]]`, a number with a unit (`1.5h`), or a bare number of days.
/// `None` when the text is none of these or does not fit.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let ticks = if body.contains(':') { clock(body)? } else { quantity(body)? };
    if negative { ticks.checked_neg() } else { Some(ticks) }
}

/// Reads what a text holds: as [`parse`], but a number of days without a unit must be whole.
pub fn from_text(text: &str) -> Option<i64> {
    let fraction = !text.contains(':') && text.contains('.');
    if fraction && !text.contains(|c: char| c.is_ascii_alphabetic()) { None } else { parse(text) }
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// `[d.]hh:mm[:ss[.fffffff]]`, hours below 24 as in .NET.
fn clock(body: &str) -> Option<i64> {
    let parts: Vec<&str> = body.split(':').collect();
    let [first, minutes, rest @ ..] = parts.as_slice() else {
        return None;
    };
    let (days, hours) = match first.split_once('.') {
        Some((d, h)) => (digits(d)?, digits(h)?),
        None => (0, digits(first)?),
    };
    let minutes = digits(minutes)?;
    let (seconds, fraction) = match rest {
        [] => (0, 0),
        [s] => match s.split_once('.') {
            Some((s, f)) => (digits(s)?, fraction(f)?),
            None => (digits(s)?, 0),
        },
        _ => return None,
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    days.checked_mul(DAY)?.checked_add(hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction)
}

/// The ticks of the digits behind a decimal point; at most seven count.
pub(crate) fn fraction(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut ticks = 0;
    for i in 0..7 {
        ticks = ticks * 10 + text.as_bytes().get(i).map_or(0, |b| i64::from(b - b'0'));
    }
    Some(ticks)
}

fn quantity(body: &str) -> Option<i64> {
    let split = body.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(body.len());
    let (number, unit) = (body.get(..split)?.trim_end(), body.get(split..)?);
    let ticks_per_unit = match unit {
        "" => DAY,
        _ => UNITS.iter().find(|(name, _)| *name == unit)?.1,
    };
    literal(number, ticks_per_unit)
}

/// A number of units in ticks: exact for whole numbers, rounded to a tick otherwise.
pub fn literal(number: &str, ticks_per_unit: i64) -> Option<i64> {
    if let Ok(whole) = number.parse::<i64>() {
        return whole.checked_mul(ticks_per_unit);
    }
    let value: f64 = number.parse().ok()?;
    let ticks = value * ticks_per_unit as f64;
    (ticks.is_finite() && ticks.abs() < 9.2e18).then_some(ticks.round() as i64)
}

/// `[-][d.]hh:mm:ss[.fffffff]`, as `tostring` gives it.
pub fn format(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let t = ticks.unsigned_abs();
    let (day, hour, minute, second) = (DAY as u64, HOUR as u64, MINUTE as u64, SECOND as u64);
    let days = if t >= day { format!("{}.", t / day) } else { String::new() };
    let clock = format!("{:02}:{:02}:{:02}", t % day / hour, t % hour / minute, t % minute / second);
    let fraction = match t % second {
        0 => String::new(),
        f => format!(".{f:07}"),
    };
    format!("{sign}{days}{clock}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        assert_eq!(parse("1.02:03:04.5"), Some(DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND + SECOND / 2));
        assert_eq!(parse("-00:00:01"), Some(-SECOND));
        assert_eq!(parse("2"), Some(2 * DAY));
        assert_eq!(parse("1.5h"), Some(HOUR + 30 * MINUTE));
        assert_eq!(parse("24:00:00"), None);
        assert_eq!(parse("x"), None);
        assert_eq!(format(-DAY - SECOND), "-1.00:00:01");
        assert_eq!(format(SECOND / 2), "00:00:00.5000000");
        assert_eq!(format(i64::MIN), "-10675199.02:48:05.4775808");
    }
}
