//! Datetimes: text, calendar and ticks of 100 ns since 0001-01-01 UTC (as .NET and Kusto count).

use super::timespan::{DAY, HOUR, MINUTE, SECOND, fraction};

/// The largest datetime, 9999-12-31T23:59:59.9999999Z.
pub const MAX: i64 = 3_155_378_975_999_999_999;
/// 1970-01-01T00:00:00Z.
pub const UNIX_EPOCH: i64 = 621_355_968_000_000_000;

/// A date and time of day taken apart, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// 1 to 9999.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// Ticks of 100 ns within the second.
    pub ticks: i64,
}

/// Days from 0001-01-01 to a proleptic Gregorian date; `None` for a date that does not exist.
pub fn days_from_date(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || day < 1
        || day > days_in_month(year, month)
    {
        return None;
    }
    let y = year - 1;
    let before_year = y * 365 + y / 4 - y / 100 + y / 400;
    let before_month: i64 = (1..month).map(|m| days_in_month(year, m)).sum();
    Some(before_year + before_month + day - 1)
}

/// Whether a year has a 29 February.
pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// 28 to 31.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The ticks of a date and time; `None` where it does not exist.
pub fn from_parts(p: &Parts) -> Option<i64> {
    if !(0..24).contains(&p.hour) || !(0..60).contains(&p.minute) || !(0..60).contains(&p.second) {
        return None;
    }
    let days = days_from_date(p.year, p.month, p.day)?;
    Some(days * DAY + p.hour * HOUR + p.minute * MINUTE + p.second * SECOND + p.ticks)
}

/// Takes a datetime apart. Ticks outside the range are taken to its nearest end.
pub fn to_parts(ticks: i64) -> Parts {
    let ticks = ticks.clamp(0, MAX);
    let (days, rest) = (ticks / DAY, ticks % DAY);
    // 400-, 100-, 4- and 1-year cycles, as .NET does it.
    let (n400, d) = (days / 146_097, days % 146_097);
    let n100 = (d / 36_524).min(3);
    let d = d - n100 * 36_524;
    let (n4, d) = (d / 1461, d % 1461);
    let n1 = (d / 365).min(3);
    let year = n400 * 400 + n100 * 100 + n4 * 4 + n1 + 1;
    let mut day = d - n1 * 365;
    let mut month = 1;
    while day >= days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    Parts {
        year,
        month,
        day: day + 1,
        hour: rest / HOUR,
        minute: rest % HOUR / MINUTE,
        second: rest % MINUTE / SECOND,
        ticks: rest % SECOND,
    }
}

/// `2020-01-02T03:04:05.6000000Z`, as `tostring` gives it.
pub fn format(ticks: i64) -> String {
    written(ticks, 'T', true)
}

/// `2020-01-02 03:04:05Z`, the form Sentinel uses in an alert's extended properties.
pub fn format_seconds(ticks: i64) -> String {
    written(ticks, ' ', false)
}

/// A time with this between date and time of day, `exact` to the tick. Every row has one, and what `format!` does for it is much in an
/// interpreter.
fn written(ticks: i64, between: char, exact: bool) -> String {
    let p = to_parts(ticks);
    // Each number with what its first digit counts, and what stands behind it.
    let numbers = [
        (p.year, 1000, '-'),
        (p.month, 10, '-'),
        (p.day, 10, between),
        (p.hour, 10, ':'),
        (p.minute, 10, ':'),
        (p.second, 10, if exact { '.' } else { 'Z' }),
        (p.ticks, 1_000_000, 'Z'),
    ];
    let mut text = String::with_capacity(28);
    for (number, first, behind) in numbers.iter().take(if exact { 7 } else { 6 }) {
        let mut unit = *first;
        while unit > 0 {
            text.push(char::from(b'0' + (number / unit % 10) as u8));
            unit /= 10;
        }
        text.push(*behind);
    }
    text
}

/// The ticks of whole Unix seconds; `None` outside 0001 to 9999.
pub fn from_unix_seconds(seconds: i64) -> Option<i64> {
    let ticks = seconds.checked_mul(SECOND)?.checked_add(UNIX_EPOCH)?;
    (0..=MAX).contains(&ticks).then_some(ticks)
}

/// CloudTrail's own form, `2020-01-02T03:04:05Z`, and nothing else: the way of almost every event.
pub fn parse_plain(b: &[u8]) -> Option<i64> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', i0, i1, b':', s0, s1, b'Z'] = b
    else {
        return None;
    };
    let two = |a: &u8, b: &u8| {
        (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
    };
    from_parts(&Parts {
        year: two(y0, y1)? * 100 + two(y2, y3)?,
        month: two(m0, m1)?,
        day: two(d0, d1)?,
        hour: two(h0, h1)?,
        minute: two(i0, i1)?,
        second: two(s0, s1)?,
        ticks: 0,
    })
}

/// Reads the text forms `todatetime` takes: ISO 8601 in all its lengths, RFC 822, `M/d/yyyy h:mm:ss tt`.
/// An offset is resolved to UTC; text without one is UTC. `None` when it is no datetime.
pub fn parse(text: &str) -> Option<i64> {
    if let Some(ticks) = parse_plain(text.as_bytes()) {
        return Some(ticks);
    }
    if text.len() > 64 {
        return None;
    }
    let ticks = Reader { rest: text.trim() }.datetime()?;
    (0..=MAX).contains(&ticks).then_some(ticks)
}

struct Reader<'a> {
    rest: &'a str,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Reader<'_> {
    fn number(&mut self, max_digits: usize) -> Option<(i64, usize)> {
        let n = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if n == 0 || n > max_digits {
            return None;
        }
        let value = self.rest.get(..n)?.parse().ok()?;
        self.rest = self.rest.get(n..)?;
        Some((value, n))
    }

    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> String {
        let n = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, rest) = self.rest.split_at_checked(n).unwrap_or(("", self.rest));
        self.rest = rest;
        word.to_ascii_lowercase()
    }

    fn month(&mut self) -> Option<i64> {
        let word = self.word();
        (word.len() >= 3)
            .then(|| MONTHS.iter().position(|m| *m == word || (word.len() == 3 && m.starts_with(&word))))
            .flatten()
            .map(|i| i as i64 + 1)
    }

    fn datetime(&mut self) -> Option<i64> {
        let (year, month, day) = self.date()?;
        let mut p = Parts { year, month, day, hour: 0, minute: 0, second: 0, ticks: 0 };
        let mut offset = 0;
        let spaced = self.rest.starts_with(' ');
        self.rest = self.rest.trim_start();
        if self.rest.starts_with(['T', 't'])
            || (spaced && self.rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            if !spaced {
                self.rest = self.rest.get(1..)?;
            }
            self.time(&mut p)?;
            self.rest = self.rest.trim_start();
        }
        if !self.rest.is_empty() {
            offset = self.offset()?;
        }
        if !self.rest.trim().is_empty() {
            return None;
        }
        from_parts(&p)?.checked_sub(offset)
    }

    fn date(&mut self) -> Option<(i64, i64, i64)> {
        if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            // "Mon, 24 Nov 2014" or "Nov 24, 2014"
            let saved = self.rest;
            if let Some(month) = self.month() {
                self.rest = self.rest.trim_start();
                let (day, _) = self.number(2)?;
                self.eat(',');
                self.rest = self.rest.trim_start();
                return Some((self.number(4)?.0, month, day));
            }
            self.rest = saved;
            let weekday = self.word();
            const DAYS: [&str; 7] =
                ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
            if weekday.len() < 3 || !DAYS.iter().any(|d| d.starts_with(&weekday)) {
                return None;
            }
            self.eat(',');
            self.rest = self.rest.trim_start();
        }
        let (first, digits) = self.number(8)?;
        if digits == 8 {
            return Some((first / 10_000, first / 100 % 100, first % 100));
        }
        if digits == 4 {
            let year = first;
            if self.rest.is_empty() {
                return Some((year, 1, 1));
            }
            let separator = self.rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'))?;
            self.eat(separator);
            let (month, _) = self.number(2)?;
            if self.rest.is_empty() {
                return Some((year, month, 1));
            }
            if !self.eat(separator) {
                return None;
            }
            return Some((year, month, self.number(2)?.0));
        }
        if digits > 2 {
            return None;
        }
        if self.eat('/') || self.eat('-') {
            if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let month = self.month()?;
                self.rest = self.rest.strip_prefix(['-', '/'])?;
                return Some((self.year()?, month, first));
            }
            // US order, as Kusto and .NET's invariant culture read it.
            let (day, _) = self.number(2)?;
            self.rest = self.rest.strip_prefix(['/', '-'])?;
            return Some((self.year()?, first, day));
        }
        self.rest = self.rest.strip_prefix(' ')?.trim_start();
        let month = self.month()?;
        self.rest = self.rest.strip_prefix(' ')?.trim_start();
        Some((self.year()?, month, first))
    }

    /// Four digits, or two as RFC 822 had them (.NET's window ends at 2049).
    fn year(&mut self) -> Option<i64> {
        match self.number(4)? {
            (y, 4) => Some(y),
            (y, 2) => Some(if y < 50 { 2000 + y } else { 1900 + y }),
            _ => None,
        }
    }

    fn time(&mut self, p: &mut Parts) -> Option<()> {
        p.hour = self.number(2)?.0;
        let mut next_day = false;
        if self.eat(':') {
            p.minute = self.number(2)?.0;
            if self.eat(':') {
                p.second = self.number(2)?.0;
                if self.eat('.') || self.eat(',') {
                    let n = self.rest.bytes().take_while(u8::is_ascii_digit).count();
                    p.ticks = fraction(self.rest.get(..n)?)?;
                    self.rest = self.rest.get(n..)?;
                }
            }
        }
        let after = self.rest.trim_start();
        let lower = after.get(..2).unwrap_or("").to_ascii_lowercase();
        if lower == "am" || lower == "pm" {
            if p.hour == 0 || p.hour > 12 {
                return None;
            }
            p.hour = p.hour % 12 + if lower == "pm" { 12 } else { 0 };
            self.rest = after.get(2..)?;
        } else if p.hour == 24 && p.minute == 0 && p.second == 0 && p.ticks == 0 {
            p.hour = 0;
            next_day = true;
        }
        if next_day {
            let days = days_from_date(p.year, p.month, p.day)? + 1;
            let q = to_parts(days.checked_mul(DAY)?);
            (p.year, p.month, p.day) = (q.year, q.month, q.day);
        }
        Some(())
    }

    /// `Z`, `UTC`, `GMT`, `±hh[:]mm`; the ticks to subtract.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.rest.bytes().next()? {
            b'+' => 1,
            b'-' => -1,
            _ => return matches!(self.word().as_str(), "z" | "utc" | "gmt" | "ut").then_some(0),
        };
        self.rest = self.rest.get(1..)?;
        let (hours, digits) = self.number(4)?;
        let (hours, minutes) = match digits {
            4 => (hours / 100, hours % 100),
            _ if self.eat(':') => (hours, self.number(2)?.0),
            _ => (hours, 0),
        };
        (hours <= 14 && minutes < 60).then_some(sign * (hours * HOUR + minutes * MINUTE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_round_trips() {
        for days in (0..=3_652_058).step_by(97) {
            let p = to_parts(days * DAY);
            assert_eq!(days_from_date(p.year, p.month, p.day), Some(days));
        }
        assert_eq!(format(MAX), "9999-12-31T23:59:59.9999999Z");
        assert_eq!(format(UNIX_EPOCH), "1970-01-01T00:00:00.0000000Z");
    }

    #[test]
    fn reads_what_people_write() {
        for (text, want) in [
            ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05.0000000Z"),
            ("2020-01-02 03:04:05.6", "2020-01-02T03:04:05.6000000Z"),
            ("2020-01-02T03:04:05.123456789+02:00", "2020-01-02T01:04:05.1234567Z"),
            ("2020-01-02", "2020-01-02T00:00:00.0000000Z"),
            ("2020-01", "2020-01-01T00:00:00.0000000Z"),
            ("2020", "2020-01-01T00:00:00.0000000Z"),
            ("20200102", "2020-01-02T00:00:00.0000000Z"),
            ("1/2/2020 3:04:05 PM", "2020-01-02T15:04:05.0000000Z"),
            ("Mon, 24 Nov 2014 08:00:00 GMT", "2014-11-24T08:00:00.0000000Z"),
            ("24 Nov 14 08:00", "2014-11-24T08:00:00.0000000Z"),
        ] {
            assert_eq!(parse(text).map(format).as_deref(), Some(want), "{text}");
        }
        for text in
            ["", "x", "2020-13-01", "2019-02-29", "12:00", "2020-01-01T25:00", "2020-01-01 +", "ä-01-01"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
