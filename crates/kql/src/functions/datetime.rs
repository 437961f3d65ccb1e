//! Dates, times and spans. Source: docs/semantics.md#datetime. Weeks start on Sunday.

use super::call::Call;
use super::zone;
use super::{
    DATETIME, DYNAMIC, Function, INT, LONG, Naming, Returns, TIMESPAN, datetime, integer, literal, number,
    optional, scalar, text,
};
use crate::value::datetime::{Parts, days_in_month, from_parts, to_parts};
use crate::value::timespan::{DAY, HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND};
use crate::value::{Type, Value, convert, datetime as dt};

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
        edge!($name, $unit, $end, None, $doc, $examples)
    };
    ($name:literal, $unit:literal, $end:literal, $naming:ident, $doc:literal, $examples:expr) => {
        Function {
            name: $name,
            params: &[datetime("date"), optional(integer("offset"))],
            returns: Returns::Type(Type::DateTime),
            naming: Naming::$naming,
            doc: $doc,
            examples: $examples,
            eval: |c| edge(c, $unit, $end),
        }
    };
}

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("datepart"(literal(text("part")), datetime("date")) -> LONG, Naming::None, "The same as datetime_part.",
        [("datepart('year', datetime(2020-01-31))", "2020")],
        |c| c.datetime(1).and_then(|t| part(&c.text(0), t)).map_or(Value::Null, Value::Long)),
    Function {
        name: "datetime_add",
        params: &[literal(text("part")), integer("amount"), datetime("date")],
        returns: Returns::Type(Type::DateTime),
        naming: Naming::None,
        doc: "Adds a number of years, months, days or other units to a datetime.",
        examples: &[("datetime_add('month', 1, datetime(2020-01-31))", "2020-02-29T00:00:00.0000000Z")],
        eval: |c| match (c.integer(1), c.datetime(2)) {
            (Some(n), Some(t)) => moment(add(&c.text(0), n, t)),
            _ => Value::Null,
        },
    },
    Function {
        name: "datetime_diff",
        params: &[literal(text("part")), datetime("first"), datetime("second")],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "Counts the boundaries of a unit between two datetimes.",
        examples: &[("datetime_diff('hour', datetime(2020-01-01 01:01), datetime(2020-01-01 00:59))", "1")],
        eval: |c| match (c.datetime(1), c.datetime(2)) {
            (Some(a), Some(b)) => match diff(&c.text(0), a, b) {
                Some(n) if c.result() == Type::Real => Value::Real(n as f64),
                n => n.map_or(Value::Null, Value::Long),
            },
            _ => Value::Null,
        },
    },
    function!("datetime_list_timezones"() -> DYNAMIC, Naming::None, "Returns the names of all time zones.",
        [("set_has_element(datetime_list_timezones(), 'Europe/Paris')", "true")], |_| zone::names()),
    function!("datetime_local_to_utc"(datetime("from"), text("timezone")) -> DATETIME, Naming::None,
        "Converts a local datetime of a time zone to UTC. Returns null for an unknown time zone.",
        [("datetime_local_to_utc(datetime(2020-02-02 20:02:20), 'US/Pacific')", "2020-02-03T04:02:20.0000000Z")],
        zone::local_to_utc),
    Function {
        name: "datetime_part",
        params: &[literal(text("part")), datetime("date")],
        returns: Returns::Type(Type::Long),
        naming: Naming::None,
        doc: "Returns one part of a datetime as a number.",
        examples: &[("datetime_part('day', datetime(2020-01-31))", "31")],
        eval: |c| c.datetime(1).and_then(|t| part(&c.text(0), t)).map_or(Value::Null, Value::Long),
    },
    function!("datetime_utc_to_local"(datetime("from"), text("timezone")) -> DATETIME, Naming::None,
        "Converts a UTC datetime to local datetime of a time zone. Returns null for an unknown time zone.",
        [("datetime_utc_to_local(datetime(2020-07-01), 'Europe/Paris')", "2020-07-01T02:00:00.0000000Z")],
        zone::utc_to_local),
    part!(
        "dayofmonth",
        Int,
        "Returns the day of the month, 1 to 31.",
        &[("dayofmonth(datetime(2020-01-31))", "31")],
        |p, _| p.day
    ),
    Function {
        name: "dayofweek",
        params: &[datetime("date")],
        returns: Returns::Type(Type::Timespan),
        naming: Naming::None,
        doc: "Returns the days since Sunday as a timespan.",
        examples: &[
            ("dayofweek(datetime(1947-11-30 10:00:05))", "00:00:00"),
            ("dayofweek(datetime(1970-05-11))", "1.00:00:00"),
        ],
        // Kusto counts from the day after, which the last day there is has not.
        eval: |c| match c.datetime(0) {
            Some(t) if t <= dt::MAX - DAY => Value::Timespan(weekday(t) * DAY),
            _ => Value::Null,
        },
    },
    part!(
        "dayofyear",
        Int,
        "Returns the day of the year, 1 to 366.",
        &[("dayofyear(datetime(2020-12-31))", "366")],
        |p, t| day_of_year(p, t)
    ),
    edge!(
        "endofday",
        "day",
        true,
        "Returns the last tick of the day.",
        &[("endofday(datetime(2020-01-01 10:00))", "2020-01-01T23:59:59.9999999Z")]
    ),
    edge!(
        "endofmonth",
        "month",
        true,
        "Returns the last tick of the month.",
        &[("endofmonth(datetime(2020-02-01))", "2020-02-29T23:59:59.9999999Z")]
    ),
    edge!(
        "endofweek",
        "week",
        true,
        "Returns the last tick of the week. Weeks start on Sunday.",
        &[("endofweek(datetime(2020-01-01))", "2020-01-04T23:59:59.9999999Z")]
    ),
    edge!(
        "endofyear",
        "year",
        true,
        "Returns the last tick of the year.",
        &[("endofyear(datetime(2020-01-01))", "2020-12-31T23:59:59.9999999Z")]
    ),
    part!("getmonth", Int, "The same as monthofyear.", &[("getmonth(datetime(2020-03-01))", "3")], |p, _| p
        .month),
    part!("getyear", Long, "Returns the year.", &[("getyear(datetime(2020-03-01))", "2020")], |p, _| p.year),
    part!(
        "hourofday",
        Long,
        "Returns the hour of the day, 0 to 23.",
        &[("hourofday(datetime(2020-03-01 14:00))", "14")],
        |p, _| p.hour
    ),
    function!("make_datetime"(scalar("year"), optional(number("month")), optional(number("day")),
            optional(number("hour")), optional(number("minute")), optional(number("second"))) -> DATETIME,
            Naming::OnlyArgument,
        "Makes a datetime from its parts, or from one value like todatetime. Returns null if there is no such datetime.",
        [("make_datetime(2017, 10, 1, 12, 11, 0.1234567)", "2017-10-01T12:11:00.1234567Z"),
         ("isnull(make_datetime(2017, 2, 29))", "true"), ("make_datetime('2017-10-01')",
         "2017-10-01T00:00:00.0000000Z")],
        make_datetime),
    function!("make_timespan"(scalar("days"), optional(number("hours")), optional(number("minutes")),
            optional(number("seconds"))) -> TIMESPAN, Naming::OnlyArgument,
        "Makes a timespan from hours and minutes; from hours, minutes and seconds; from days, hours, minutes and seconds; or from one value like totimespan.",
        [("make_timespan(1, 12, 30, 55.123)", "1.12:30:55.1230000"), ("make_timespan(12, 30)", "12:30:00"),
         ("isnull(make_timespan(24, 0))", "true")], make_timespan),
    part!(
        "monthofyear",
        Long,
        "Returns the month of the year, 1 to 12.",
        &[("monthofyear(datetime(2020-03-01))", "3")],
        |p, _| p.month
    ),
    edge!(
        "startofday",
        "day",
        false,
        FirstArgument,
        "Returns the first tick of the day.",
        &[("startofday(datetime(2020-01-01 10:00), -1)", "2019-12-31T00:00:00.0000000Z")]
    ),
    edge!(
        "startofmonth",
        "month",
        false,
        "Returns the first tick of the month.",
        &[("startofmonth(datetime(2020-02-11))", "2020-02-01T00:00:00.0000000Z")]
    ),
    edge!(
        "startofweek",
        "week",
        false,
        "Returns the first tick of the week. Weeks start on Sunday.",
        &[("startofweek(datetime(2020-01-01))", "2019-12-29T00:00:00.0000000Z")]
    ),
    edge!(
        "startofyear",
        "year",
        false,
        "Returns the first tick of the year.",
        &[("startofyear(datetime(2020-02-11))", "2020-01-01T00:00:00.0000000Z")]
    ),
    function!("unixtime_microseconds_todatetime"(number("number")) -> DATETIME, Naming::None,
        "Converts microseconds since 1970 to datetime.",
        [("unixtime_microseconds_todatetime(1546300800000000)", "2019-01-01T00:00:00.0000000Z")],
        |c| from_unix(c, MICROSECOND, 1)),
    function!("unixtime_milliseconds_todatetime"(number("number")) -> DATETIME, Naming::None,
        "Converts milliseconds since 1970 to datetime.",
        [("unixtime_milliseconds_todatetime(1546300800000)", "2019-01-01T00:00:00.0000000Z")],
        |c| from_unix(c, MILLISECOND, 1)),
    function!("unixtime_nanoseconds_todatetime"(number("number")) -> DATETIME, Naming::None,
        "Converts nanoseconds since 1970 to datetime.",
        [("unixtime_nanoseconds_todatetime(1546300800000000000)", "2019-01-01T00:00:00.0000000Z")],
        |c| from_unix(c, 1, 100)),
    function!("unixtime_seconds_todatetime"(number("number")) -> DATETIME, Naming::None,
        "Converts seconds since 1970 to datetime.",
        [("unixtime_seconds_todatetime(1546300800)", "2019-01-01T00:00:00.0000000Z"),
         ("unixtime_seconds_todatetime(0.5)", "1970-01-01T00:00:00.5000000Z")], |c| from_unix(c, SECOND, 1)),
    function!("week_of_year"(datetime("date")) -> INT, Naming::None, "Returns the week of the year as ISO 8601 counts it.",
        [("week_of_year(datetime(2020-12-31))", "53"), ("week_of_year(datetime(2021-01-03))", "53")],
        week_of_year),
    function!("weekofyear"(datetime("date")) -> INT, Naming::None, "The same as week_of_year.",
        [("weekofyear(datetime(2000-01-01))", "52")], week_of_year),
];

fn week_of_year(c: &Call) -> Value {
    c.datetime(0).map_or(Value::Null, |t| Value::Int(iso_week(t) as i32))
}

/// A number of units, each so many ticks or the part of one, since 1970.
fn from_unix(c: &Call, ticks: i64, parts: i64) -> Value {
    let since = match c.arg(0).as_integer() {
        Some(n) => n.checked_mul(ticks).map(|t| t / parts),
        None => c
            .real(0)
            .map(|r| (r * ticks as f64 / parts as f64).round())
            .filter(|t| t.abs() < 9e18)
            .map(|t| t as i64),
    };
    moment(since.and_then(|t| t.checked_add(dt::UNIX_EPOCH)))
}

/// Whole seconds and their fraction in ticks.
fn seconds(c: &Call, i: usize) -> Option<(i64, i64)> {
    let ticks = (c.real(i)? * SECOND as f64).round();
    (0.0..(MINUTE as f64)).contains(&ticks).then_some((ticks as i64 / SECOND, ticks as i64 % SECOND))
}

fn make_datetime(c: &Call) -> Value {
    if !c.has(1) {
        return convert::convert(c.arg(0), c.ty(0), Type::DateTime);
    }
    let given = |i: usize, otherwise: i64| if c.has(i) { c.integer(i) } else { Some(otherwise) };
    let made = || {
        let (second, ticks) = if c.has(5) { seconds(c, 5)? } else { (0, 0) };
        let (hour, minute) = (given(3, 0)?, given(4, 0)?);
        from_parts(&Parts {
            year: c.integer(0)?,
            month: c.integer(1)?,
            day: given(2, 1)?,
            hour,
            minute,
            second,
            ticks,
        })
    };
    made().map_or(Value::Null, Value::DateTime)
}

fn make_timespan(c: &Call) -> Value {
    if !c.has(1) {
        return convert::convert(c.arg(0), c.ty(0), Type::Timespan);
    }
    let at = usize::from(c.has(3));
    let made = || {
        let days = if at == 1 { c.integer(0)? } else { 0 };
        let hours = c.integer(at).filter(|h| (0..24).contains(h))?;
        let minutes = c.integer(at + 1).filter(|m| (0..60).contains(m))?;
        let (second, ticks) = if c.has(at + 2) { seconds(c, at + 2)? } else { (0, 0) };
        days.checked_mul(DAY)?.checked_add(hours * HOUR + minutes * MINUTE + second * SECOND + ticks)
    };
    made().map_or(Value::Null, Value::Timespan)
}

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
