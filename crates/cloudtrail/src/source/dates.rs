//! Dates as browsers write them, where the order of day and month depends on whose browser it was.

use kql::value::datetime::{self, Parts};

/// Which of the first two numbers is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `31/12/2026`
    DayFirst,
    /// `12/31/2026`
    MonthFirst,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    /// Not one that a browser writes for its user; perhaps one of Kusto's.
    Other,
    /// The ticks of a time, and the order of day and month that it shows, if it shows one.
    Time(i64, Option<Order>),
    /// A time whose day could be its month.
    Either,
    /// No such time, or none in this order.
    Wrong,
}

/// Reads a date. Without an order, one that could be read in two ways is [`Date::Either`].
pub fn read(text: &str, order: Option<Order>) -> Date {
    let plain = || datetime::parse_plain(text.as_bytes()).is_some();
    if text.len() > 64 || plain() || !text.contains(|c: char| c.is_ascii_digit()) {
        return Date::Other;
    }
    // Spaces that do not break, and marks of direction.
    let text: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}'))
        .map(|c| if matches!(c, '\u{a0}' | '\u{202f}') { ' ' } else { c })
        .collect();
    let mut rest = Rest(text.trim());
    let Some((numbers, separator)) = rest.date() else { return Date::Other };
    let [first, second, third] = numbers;
    if first.1 == 4 {
        if datetime::parse(&text).is_some() {
            return Date::Other;
        }
        return rest.at([first.0, second.0, third.0]).map_or(Date::Wrong, |t| Date::Time(t, None));
    }
    if third.1 != 4 {
        return Date::Other;
    }
    let (day_first, month_first) = ([third.0, second.0, first.0], [third.0, first.0, second.0]);
    // Nobody writes the month first with points.
    let order = if separator == '.' { Some(Order::DayFirst) } else { order };
    if let Some(order) = order {
        let date = if order == Order::DayFirst { day_first } else { month_first };
        return rest.at(date).map_or(Date::Wrong, |t| Date::Time(t, None));
    }
    match (rest.at(day_first), rest.at(month_first)) {
        (Some(t), Some(u)) if t == u => Date::Time(t, None),
        (Some(_), Some(_)) => Date::Either,
        (Some(t), None) => Date::Time(t, Some(Order::DayFirst)),
        (None, Some(t)) => Date::Time(t, Some(Order::MonthFirst)),
        (None, None) => Date::Wrong,
    }
}

/// Whether a date is written as Azure's portal writes it for the United States, `6/1/2026, 1:02:03.000 PM`: month first. Where the portal has
/// the day first, numbers have leading zeros, hours go to 24, or `pm` is small.
pub fn is_american(text: &str) -> bool {
    // `#` is a number without leading zeros, `0` one digit, and a blank may be one that does not break.
    let mut rest = text;
    let fits = "#/#/0000, #:00:00.000 ".chars().all(|c| {
        let digits = rest.len() - rest.trim_start_matches(|d: char| d.is_ascii_digit()).len();
        let taken = match c {
            '#' if (1..=2).contains(&digits) && !rest.starts_with('0') => digits,
            '0' if digits > 0 => 1,
            ' ' => rest
                .chars()
                .next()
                .filter(|d| matches!(d, ' ' | '\u{a0}' | '\u{202f}'))
                .map_or(0, char::len_utf8),
            c if rest.starts_with(c) && c != '0' && c != '#' => c.len_utf8(),
            _ => 0,
        };
        rest = rest.get(taken..).unwrap_or_default();
        taken > 0
    });
    fits && matches!(rest, "AM" | "PM")
}

#[derive(Clone, Copy)]
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// A number and how many digits it has.
    fn number(&mut self) -> Option<(i64, usize)> {
        let n = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        (n <= 9).then(|| digits.parse().ok()).flatten().map(|value| (value, n))
    }

    fn eat(&mut self, of: &[char]) -> Option<char> {
        let c = self.0.chars().next().filter(|c| of.contains(c))?;
        self.0 = self.0.get(c.len_utf8()..)?;
        Some(c)
    }

    /// Three numbers, and what separates them.
    fn date(&mut self) -> Option<([(i64, usize); 3], char)> {
        let first = self.number()?;
        let separator = self.eat(&['/', '.', '-'])?;
        self.0 = self.0.trim_start();
        let second = self.number()?;
        self.eat(&[separator])?;
        self.0 = self.0.trim_start();
        let third = self.number()?;
        if separator == '.' {
            self.eat(&['.']);
        }
        Some(([first, second, third], separator))
    }

    /// The time of the day that follows, on this day.
    fn at(mut self, [year, month, day]: [i64; 3]) -> Option<i64> {
        let mut p = Parts { year, month, day, hour: 0, minute: 0, second: 0, ticks: 0 };
        self.0 = self.0.trim_start_matches([',', ' ']);
        if self.0.is_empty() {
            return datetime::from_parts(&p);
        }
        p.hour = self.number()?.0;
        self.eat(&[':', '.'])?;
        p.minute = self.number()?.0;
        if self.eat(&[':', '.']).is_some() {
            p.second = self.number()?.0;
            if self.eat(&['.', ',']).is_some() {
                let (fraction, digits) = self.number()?;
                p.ticks =
                    fraction.checked_mul(10_i64.pow(u32::try_from(7_usize.checked_sub(digits)?).ok()?))?;
            }
        }
        let marker: String = self.0.chars().filter(|c| !matches!(c, ' ' | '.')).collect();
        match marker.to_ascii_lowercase().as_str() {
            "" | "utc" | "gmt" | "z" => {}
            half @ ("am" | "pm") if (1..=12).contains(&p.hour) => {
                p.hour = p.hour % 12 + if half == "pm" { 12 } else { 0 };
            }
            _ => return None,
        }
        datetime::from_parts(&p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_browsers_write_them() {
        let time = |text: &str| datetime::parse(text).expect("a time");
        let noon = time("2026-03-13T22:01:02.5Z");
        for (text, shows) in [
            ("13/03/2026, 22:01:02.500", Some(Order::DayFirst)),
            ("13/3/2026 22:01:02,5", Some(Order::DayFirst)),
            ("3/13/2026, 10:01:02.500\u{202f}PM", Some(Order::MonthFirst)),
            ("03/13/2026 10:01:02.500 p.m.", Some(Order::MonthFirst)),
            ("13-3-2026 22:01:02,500", Some(Order::DayFirst)),
            ("13.3.2026, 22:01:02,500", None),
            ("13.3.2026 22.01.02,500", None),
            ("13. 3. 2026 22:01:02.500", None),
            ("2026. 03. 13. 22:01:02.500", None),
            ("2026-03-13, 10:01:02.500 p.m.", None),
            ("2026/3/13 22:01:02.500 UTC", None),
        ] {
            match read(text, None) {
                Date::Time(t, order) => assert_eq!((t, order), (noon, shows), "{text}"),
                other => assert_eq!(text, "2026/3/13 22:01:02.500 UTC", "{other:?}"),
            }
        }
        assert_eq!(read("1/3/2026, 10:01:00 AM", None), Date::Either);
        assert_eq!(
            read("1/3/2026, 10:01:00", Some(Order::DayFirst)),
            Date::Time(time("2026-03-01T10:01:00Z"), None)
        );
        assert_eq!(read("1/3/2026", Some(Order::MonthFirst)), Date::Time(time("2026-01-03"), None));
        assert_eq!(read("3/3/2026, 00:00:00", None), Date::Time(time("2026-03-03"), None));
        // Points are German, Finnish, Russian …: the day comes first.
        assert_eq!(read("1.3.2026, 10:01:00", None), Date::Time(time("2026-03-01T10:01:00Z"), None));
        for text in [
            "13/13/2026, 10:00:00",
            "3/13/2026, 25:00:00",
            "31/04/2026, 03:04:05",
            "3/13/2026, 10:00:00 上午",
            "13/3/2026 13:00 PM",
        ] {
            assert_eq!(read(text, None), Date::Wrong, "{text}");
        }
        assert_eq!(read("3/13/2026", Some(Order::DayFirst)), Date::Wrong);
        // As the portal writes them for the United States, and as it writes none.
        for (text, is) in [
            ("6/1/2026, 1:02:03.000 PM", true),
            ("12/11/2026, 12:00:00.000\u{202f}AM", true),
            ("06/01/2026, 1:02:03.000 PM", false),
            ("6/1/2026, 01:02:03.000 PM", false),
            ("6/1/2026, 1:02:03.000 pm", false),
            ("6/1/2026, 1:02:03.000 p.m.", false),
            ("6/1/2026, 1:02:03 PM", false),
            ("6/1/2026 1:02:03.000 PM", false),
            ("6/1/2026, 1:02:03.000", false),
            ("6/1/26, 1:02:03.000 PM", false),
            ("6.1.2026, 1:02:03.000 PM", false),
            ("6/1/2026, 1:02:03.0000 PM", false),
            ("6/1/2026, 1:02:03.000 PM UTC", false),
            ("6/1/2026,", false),
            ("", false),
        ] {
            assert_eq!(is_american(text), is, "{text}");
        }
        for text in [
            "2026-03-13T22:01:02.5Z",
            "",
            "x",
            "13",
            "1/2",
            "2026-03-13 22:01",
            "Mar 13, 2026 10:01 AM",
            "1/2/26 10:00",
        ] {
            assert_eq!(read(text, None), Date::Other, "{text}");
        }
    }
}
