//! Time zones, by the database of IANA that `jiff` brings. Source: Microsoft's docs of each; what they say of no local time that
//! does not exist or exists twice was measured.

use super::call::{Cache, Call};
use crate::value::datetime::{MAX, UNIX_EPOCH, to_parts};
use crate::value::timespan::SECOND;
use crate::value::{Str, Value};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

thread_local! {
    static DATABASE: TimeZoneDatabase = TimeZoneDatabase::bundled();
}

/// The zone of a name.
pub fn find(name: &str) -> Option<TimeZone> {
    DATABASE.with(|zones| zones.get(name).ok())
}

/// The names of all zones, sorted. The database has one more, which stands for no place: `Factory`.
pub fn names() -> Value {
    let mut names: Vec<String> =
        DATABASE.with(|zones| zones.available().map(|name| name.to_string()).collect());
    names.retain(|name| name != "Factory");
    names.sort();
    Value::array(names.iter().map(|name| Value::String(Str::from(name.as_str()))).collect())
}

/// `datetime_utc_to_local(from, timezone)`
pub fn utc_to_local(c: &Call) -> Value {
    moved(c, |zone, ticks| {
        let at = Timestamp::from_second((ticks - UNIX_EPOCH).div_euclid(SECOND)).ok()?;
        ticks.checked_add(seconds(zone.to_offset(at)))
    })
}

/// `datetime_local_to_utc(from, timezone)`: of a time that a clock shows twice the first; one that it steps over is taken by the
/// offset behind the step.
pub fn local_to_utc(c: &Call) -> Value {
    moved(c, |zone, ticks| {
        let p = to_parts(ticks);
        let date = Date::new(p.year as i16, p.month as i8, p.day as i8).ok()?;
        let time = Time::new(p.hour as i8, p.minute as i8, p.second as i8, 0).ok()?;
        let offset = match zone.to_ambiguous_timestamp(DateTime::from_parts(date, time)).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { after, .. } => after,
            AmbiguousOffset::Fold { before, .. } => before,
        };
        ticks.checked_sub(seconds(offset))
    })
}

/// An offset in ticks.
fn seconds(offset: jiff::tz::Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND
}

fn moved(c: &Call, by: impl Fn(&TimeZone, i64) -> Option<i64>) -> Value {
    let Some(ticks) = c.datetime(0) else { return Value::Null };
    let made;
    let zone = match c.site.constant.get(1) {
        Some(true) => match c.site.cache.get_or_init(|| Cache::Zone(find(&c.text(1)))) {
            Cache::Zone(zone) => zone.as_ref(),
            _ => None,
        },
        _ => {
            made = find(&c.text(1));
            made.as_ref()
        }
    };
    let moved = zone.and_then(|zone| by(zone, ticks)).filter(|t| (0..=MAX).contains(t));
    moved.map_or(Value::Null, Value::DateTime)
}
