//! A row over a raw record of one of AWS's other logs.

use super::aws_cloudtrail::read_datetime;
use super::logs::{Log, LogColumn, Origin, Path};
use kql::exec::program::Columns;
use kql::value::json::{self, Items};
use kql::value::{Type, Value, convert, datetime};
use std::borrow::Cow;
use std::cell::OnceCell;

/// One row. Nothing is read before a column is asked for; then the record's top level is read once.
pub struct LogRow<'a> {
    log: Log,
    raw: &'a [u8],
    top: OnceCell<Members<'a>>,
}

/// The members of an object: keys without escapes, and raw values.
type Members<'a> = Vec<(Cow<'a, [u8]>, &'a [u8])>;

impl<'a> LogRow<'a> {
    /// A row over one JSON object.
    pub fn new(log: Log, raw: &'a [u8]) -> LogRow<'a> {
        LogRow { log, raw, top: OnceCell::new() }
    }

    /// `TimeGenerated` in ticks; `None` where it is null.
    pub fn time(&self) -> Option<i64> {
        match self.named("TimeGenerated") {
            Value::DateTime(ticks) => Some(ticks),
            _ => None,
        }
    }

    /// What `TimeGenerated` is read from, as JSON; `None` if the record does not have it.
    pub fn raw_time(&self) -> Option<&'a [u8]> {
        self.raw_value(self.log.table().columns.iter().find(|c| c.name == "TimeGenerated")?)
    }

    /// The value of a column by its name, as it is written; null if there is no such column.
    pub fn named(&self, name: &str) -> Value {
        self.log.table().columns.iter().find(|c| c.name == name).map_or(Value::Null, |c| self.value(c))
    }

    /// The text of one of the columns that [tell most](super::logs::LogTable::in_short) of the row; empty if the table has none there.
    pub fn in_short(&self, n: usize) -> String {
        let name = self.log.table().in_short.get(n).copied().unwrap_or_default();
        match self.named(name) {
            Value::String(text) => text.to_string(),
            Value::Null => String::new(),
            other => kql::value::text::scalar(&other),
        }
    }

    fn value(&self, column: &LogColumn) -> Value {
        let Some(raw) = self.raw_value(column) else {
            return match column.origin {
                Origin::TableName => Value::text(self.log.table().name),
                _ => column.ty.missing(),
            };
        };
        match column.origin {
            _ if self.has_columns() => typed(raw, column.ty),
            Origin::Seconds(_) => since_1970(raw, 10_000_000),
            Origin::Milliseconds(_) => since_1970(raw, 10_000),
            Origin::AccessTime(_) => access_time(&text(raw)).map_or(Value::Null, Value::DateTime),
            Origin::Whole(key) => {
                let whole = [b"{\"", key.as_bytes(), b"\":[", raw, b"]}"].concat();
                typed(&whole, column.ty)
            }
            _ => typed(raw, column.ty),
        }
    }

    fn raw_value(&self, column: &LogColumn) -> Option<&'a [u8]> {
        if self.has_columns() {
            return self.member(column.name);
        }
        match column.origin {
            Origin::Field(path) | Origin::Milliseconds(path) | Origin::AccessTime(path) => self.at(path),
            Origin::Whole(_) => Some(self.raw),
            Origin::FirstOf(paths) | Origin::Seconds(paths) => paths.iter().find_map(|path| self.at(path)),
            Origin::Absent | Origin::TableName => None,
        }
    }

    /// Whether the record is a row of the table already.
    fn has_columns(&self) -> bool {
        self.member("TimeGenerated").is_some()
    }

    fn top(&self) -> &Members<'a> {
        self.top.get_or_init(|| {
            let plain = |key: &'a [u8]| match memchr::memchr(b'\\', key) {
                Some(_) => Cow::Owned(json::unescape(key).into_owned().into_bytes()),
                None => Cow::Borrowed(key),
            };
            let items = Items::open(self.raw).filter(Items::is_object).into_iter().flatten();
            items.map_while(Result::ok).map(|(key, value)| (plain(key), value)).collect()
        })
    }

    /// Of equal keys the last counts; null is no value.
    fn member(&self, key: &str) -> Option<&'a [u8]> {
        let found = self.top().iter().rev().find(|(k, _)| **k == *key.as_bytes());
        found.map(|(_, value)| *value).filter(|value| *value != b"null")
    }

    fn at(&self, path: Path) -> Option<&'a [u8]> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.member(first)?, |value, key| inside(value, key))
    }
}

impl Columns for LogRow<'_> {
    fn column(&self, index: usize) -> Value {
        self.log.table().columns.get(index).map_or(Value::Null, |column| self.value(column))
    }
}

/// The value at a path from an object on, unless that is null.
pub(super) fn at(object: &[u8], path: Path) -> Option<&[u8]> {
    path.iter().try_fold(object, |value, key| inside(value, key))
}

/// The member of an object, or of the first object of a list.
fn inside<'a>(value: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let object = match value.first()? {
        b'[' => Items::open(value)?.next()?.ok()?.1,
        _ => value,
    };
    let items = Items::open(object).filter(Items::is_object)?;
    let found = items.map_while(Result::ok).filter(|(k, _)| **k == *key.as_bytes()).last();
    found.map(|(_, value)| value).filter(|value| *value != b"null")
}

/// A raw value as one of a type: text is itself, and everything else its JSON.
fn typed(raw: &[u8], ty: Type) -> Value {
    if ty == Type::Dynamic {
        return json::parse(raw).unwrap_or(Value::Null);
    }
    let text = text(raw);
    match ty {
        Type::String => Value::text(&text),
        // A bare number could be seconds or milliseconds since 1970, or ticks: not for us to guess.
        Type::DateTime if raw.first() == Some(&b'"') => {
            let ticks = read_datetime(&text).or_else(|| datetime::parse(&with_colon(&text)?));
            ticks.map_or(Value::Null, Value::DateTime)
        }
        Type::DateTime => Value::Null,
        // A whole number is what stands before the point: GuardDuty writes 5.3 where Sentinel has 5.
        Type::Int | Type::Long if !raw.starts_with(b"\"") => {
            let real = convert::convert(&Value::text(&text), Type::String, Type::Real);
            let whole = convert::convert(&Value::text(&text), Type::String, ty);
            if whole.is_null() { convert::convert(&real, Type::Real, ty) } else { whole }
        }
        _ => convert::convert(&Value::text(&text), Type::String, ty),
    }
}

fn text(raw: &[u8]) -> Cow<'_, str> {
    match raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")) {
        Some(body) => json::unescape(body),
        None => json::raw_text(json::minify(raw)),
    }
}

/// `2026-03-01T10:00:00.123456+0000`, as Suricata writes it, with a colon in its zone.
fn with_colon(text: &str) -> Option<String> {
    let (rest, minutes) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let zone = rest.get(rest.len().checked_sub(3)?..)?;
    zone.starts_with(['+', '-']).then(|| format!("{rest}:{minutes}"))
}

/// A whole number of units of so many ticks since 1970.
fn since_1970(raw: &[u8], unit: i64) -> Value {
    let time = |units: i64| datetime::UNIX_EPOCH.checked_add(units.checked_mul(unit)?);
    let in_range = |ticks: &i64| (0..=datetime::MAX).contains(ticks);
    let ticks = text(raw).parse().ok().and_then(time).filter(in_range);
    ticks.map_or(Value::Null, Value::DateTime)
}

/// `06/Feb/2019:00:00:38 +0000`
fn access_time(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (date, time) = text.split_once(':')?;
    let mut parts = date.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (clock, zone) = time.split_once(' ')?;
    let (hours, minutes) = zone.split_at_checked(3)?;
    datetime::parse(&format!("{year}-{month:02}-{day}T{clock}{hours}:{minutes}"))
}
