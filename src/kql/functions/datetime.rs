//! Dates, times and spans. Source: semantics §8. Weeks start on Sunday.

use super::call::Call;
use super::{Function, Naming, Returns, datetime, integer, optional, text};
use crate::value::datetime::{Parts, days_in_month, from_parts, to_parts};
use crate::value::timespan::{DAY, HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND};
use crate::value::{Type, Value, datetime as dt};

macro_rules! part {
    ($name:literal, $ty:ident, $doc:literal, $examples:expr, $part:expr) => {
        Function {
            name: $name,
            params: &[datetime("date")],
            returns: Returns::Type(Type::$ty),
            naming: Naming::None,
            doc: $doc,
            examples: $examples,
            eval: |c| {
                let part: fn(&Parts, i64) -> i64 = $part;
                c.datetime(0).map_or(Value::Null, |t| Value::$ty(part(&to_parts(t), t) as _))
            },
        }
    };
}

macro_rules! edge {
    ($name:literal, $unit:literal, $end:literal, $doc:literal, $examples:expr) => {
        Function {
            name: $name,
            params: &[datetime("date"), optional(integer("offset"))],
            returns: Returns::Type(Type::DateTime),
            naming: Naming::None,
            doc: $doc,
            examples: $examples,
            eval: |c| edge(c, $unit, $end),
        }
    };
}

/// The family.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "datetime_add",
        params: &[text("part"), integer("amount"), datetime("date")],
        returns: Returns::Type(Type::DateTime),
        naming: Naming::None,
        doc: "A datetime moved by a number of years, months, days and so on.",
        examples: &[("datetime_add('month', 1, datetime(2020-01-31))", "2020-02-29T00:00:00.0000000Z")],
        eval: |c| match (c.integer(1), c.datetime(2)) {
            (Some(n), Some(t)) => moment(add(&c.text(0), n, t)),
            _ => Value::Null,
        },
    },
    Function {
        name: "datetime_diff",
        params: &[text("part"), datetime("first"), datetime("second")],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "How many boundaries of a part lie between two datetimes.",
        examples: &[("datetime_diff('hour', datetime(2020-01-01 01:01), datetime(2020-01-01 00:59))", "1")],
        eval: |c| match (c.datetime(1), c.datetime(2)) {
            (Some(a), Some(b)) => diff(&c.text(0), a, b).map_or(Value::Null, Value::Long),
            _ => Value::Null,
        },
    },
    Function {
        name: "datetime_part",
        params: &[text("part"), datetime("date")],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "A part of a datetime as a number.",
        examples: &[("datetime_part('day', datetime(2020-01-31))", "31")],
        eval: |c| c.datetime(1).and_then(|t| part(&c.text(0), t)).map_or(Value::Null, Value::Long),
    },
    part!("dayofmonth", Int, "1 to 31.", &[("dayofmonth(datetime(2020-01-31))", "31")], |p, _| p.day),
    Function {
        name: "dayofweek",
        params: &[datetime("date")],
        returns: Returns::Type(Type::Timespan),
        naming: Naming::None,
        doc: "The days since Sunday, as a timespan.",
        examples: &[
            ("dayofweek(datetime(1947-11-30 10:00:05))", "00:00:00"),
            ("dayofweek(datetime(1970-05-11))", "1.00:00:00"),
        ],
        eval: |c| c.datetime(0).map_or(Value::Null, |t| Value::Timespan(weekday(t) * DAY)),
    },
    part!("dayofyear", Int, "1 to 366.", &[("dayofyear(datetime(2020-12-31))", "366")], |p, t| day_of_year(
        p, t
    )),
    edge!(
        "endofday",
        "day",
        true,
        "The last tick of a day.",
        &[("endofday(datetime(2020-01-01 10:00))", "2020-01-01T23:59:59.9999999Z")]
    ),
    edge!(
        "endofmonth",
        "month",
        true,
        "The last tick of a month.",
        &[("endofmonth(datetime(2020-02-01))", "2020-02-29T23:59:59.9999999Z")]
    ),
    edge!(
        "endofweek",
        "week",
        true,
        "The last tick of a week; weeks start on Sunday.",
        &[("endofweek(datetime(2020-01-01))", "2020-01-04T23:59:59.9999999Z")]
    ),
    edge!(
        "endofyear",
        "year",
        true,
        "The last tick of a year.",
        &[("endofyear(datetime(2020-01-01))", "2020-12-31T23:59:59.9999999Z")]
    ),
    part!("getmonth", Int, "The same as monthofyear.", &[("getmonth(datetime(2020-03-01))", "3")], |p, _| p
        .month),
    part!("getyear", Long, "The year.", &[("getyear(datetime(2020-03-01))", "2020")], |p, _| p.year),
    part!("hourofday", Long, "0 to 23.", &[("hourofday(datetime(2020-03-01 14:00))", "14")], |p, _| p.hour),
    part!("monthofyear", Long, "1 to 12.", &[("monthofyear(datetime(2020-03-01))", "3")], |p, _| p.month),
    edge!(
        "startofday",
        "day",
        false,
        "The first tick of a day.",
        &[("startofday(datetime(2020-01-01 10:00), -1)", "2019-12-31T00:00:00.0000000Z")]
    ),
    edge!(
        "startofmonth",
        "month",
        false,
        "The first tick of a month.",
        &[("startofmonth(datetime(2020-02-11))", "2020-02-01T00:00:00.0000000Z")]
    ),
    edge!(
        "startofweek",
        "week",
        false,
        "The first tick of a week; weeks start on Sunday.",
        &[("startofweek(datetime(2020-01-01))", "2019-12-29T00:00:00.0000000Z")]
    ),
    edge!(
        "startofyear",
        "year",
        false,
        "The first tick of a year.",
        &[("startofyear(datetime(2020-02-11))", "2020-01-01T00:00:00.0000000Z")]
    ),
];

fn moment(ticks: Option<i64>) -> Value {
    match ticks {
        Some(t) if (0..=dt::MAX).contains(&t) => Value::DateTime(t),
        _ => Value::Null,
    }
}

/// 0 for Sunday. 0001-01-01 was a Monday.
fn weekday(t: i64) -> i64 {
    (t / DAY + 1) % 7
}

fn day_of_year(p: &Parts, t: i64) -> i64 {
    t / DAY - dt::days_from_date(p.year, 1, 1).unwrap_or(0) + 1
}

/// The ticks of a unit that is always as long.
fn unit_ticks(unit: &str) -> Option<i64> {
    Some(match unit {
        "week" => 7 * DAY,
        "day" => DAY,
        "hour" => HOUR,
        "minute" => MINUTE,
        "second" => SECOND,
        "millisecond" => MILLISECOND,
        "microsecond" => MICROSECOND,
        "nanosecond" => return None,
        _ => return None,
    })
}

/// Moves by units; a day that the month does not have becomes its last.
fn add(unit: &str, n: i64, t: i64) -> Option<i64> {
    let unit = unit.to_ascii_lowercase();
    let months = match unit.as_str() {
        "year" => n.checked_mul(12)?,
        "quarter" => n.checked_mul(3)?,
        "month" => n,
        "nanosecond" => return t.checked_add(n / 100),
        _ => return t.checked_add(n.checked_mul(unit_ticks(&unit)?)?),
    };
    let p = to_parts(t);
    let index = (p.year * 12 + p.month - 1).checked_add(months)?;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    from_parts(&Parts { year, month, day: p.day.min(days_in_month(year, month)), ..p })
}

fn diff(unit: &str, a: i64, b: i64) -> Option<i64> {
    let unit = unit.to_ascii_lowercase();
    let (p, q) = (to_parts(a), to_parts(b));
    Some(match unit.as_str() {
        "year" => p.year - q.year,
        "quarter" => (p.year * 4 + (p.month - 1) / 3) - (q.year * 4 + (q.month - 1) / 3),
        "month" => (p.year * 12 + p.month) - (q.year * 12 + q.month),
        "week" => (a / DAY + 1) / 7 - (b / DAY + 1) / 7,
        "nanosecond" => (a - b).checked_mul(100)?,
        _ => {
            let ticks = unit_ticks(&unit)?;
            a / ticks - b / ticks
        }
    })
}

fn part(unit: &str, t: i64) -> Option<i64> {
    let p = to_parts(t);
    Some(match unit.to_ascii_lowercase().as_str() {
        "year" => p.year,
        "quarter" => (p.month - 1) / 3 + 1,
        "month" => p.month,
        "week_of_year" | "weekofyear" => iso_week(t),
        "day" => p.day,
        "dayofyear" => day_of_year(&p, t),
        "hour" => p.hour,
        "minute" => p.minute,
        "second" => p.second,
        "millisecond" => p.ticks / MILLISECOND,
        "microsecond" => p.ticks / MICROSECOND,
        "nanosecond" => p.ticks * 100,
        _ => return None,
    })
}

/// The ISO 8601 week: weeks start on Monday, the first has the year's first Thursday.
fn iso_week(t: i64) -> i64 {
    let days = t / DAY;
    let thursday = days - days.rem_euclid(7) + 3;
    let p = to_parts(thursday * DAY);
    (day_of_year(&p, thursday * DAY) - 1) / 7 + 1
}

fn edge(c: &Call, unit: &str, end: bool) -> Value {
    let Some(t) = c.datetime(0) else { return Value::Null };
    let offset = if c.has(1) { c.integer(1).unwrap_or(0) } else { 0 };
    let p = to_parts(t);
    let start = match unit {
        "week" => Some(t - t % DAY - weekday(t) * DAY),
        "month" => from_parts(&Parts { day: 1, hour: 0, minute: 0, second: 0, ticks: 0, ..p }),
        "year" => from_parts(&Parts { month: 1, day: 1, hour: 0, minute: 0, second: 0, ticks: 0, ..p }),
        _ => Some(t - t % DAY),
    };
    let steps = if end { offset.checked_add(1) } else { Some(offset) };
    let moved = start.zip(steps).and_then(|(s, n)| if n == 0 { Some(s) } else { add(unit, n, s) });
    // The year 9999 has no next; its end is the end of time.
    let moved = moved.or((end && p.year == 9999).then_some(dt::MAX + 1));
    moment(moved.map(|m| if end { m - 1 } else { m }))
}
