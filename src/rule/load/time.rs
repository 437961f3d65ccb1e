//! Time spans as rule files write them.

use super::read::{Reader, Text};
use super::{Finding, finding};
use kql::value::timespan::{self, DAY, HOUR, MINUTE, SECOND};

/// `queryFrequency` and `queryPeriod`: .NET's `[d.]hh:mm[:ss]` or a bare number of days, then `<number><m|h|d>`, in this
/// order. Source: the public rule repository's time span converter, which takes nothing else; ISO 8601 is taken with a warning.
pub(super) fn rule_span(r: &mut Reader, key: &str, text: &Text) -> Option<i64> {
    let span = text.text().trim();
    let ticks = plain(span);
    if ticks.is_some() && span.bytes().all(|b| b.is_ascii_digit()) {
        let message = format!("{key} {span:?} has no unit; Sentinel reads it as days");
        r.add(Finding::new(finding::BARE_DAYS, text.position, message).with_hint(format!("write {span}d")));
    }
    if ticks.is_some() {
        return ticks;
    }
    // The meaning is certain, and whole repositories write them so.
    if let Some(ticks) = iso(span) {
        let message =
            format!("{key} {span:?} has the form of ARM templates; the public rule repository refuses it");
        let hint = format!("in YAML write {}", short(ticks));
        r.add(Finding::new(finding::ISO_SPAN, text.position, message).with_hint(hint));
        return Some(ticks);
    }
    let hint = "write a number and m, h or d, for example 15m, 1h or 1d";
    let message = format!("{key} {:?} is not a time span", text.shown());
    r.add(Finding::new(finding::TIME_SPAN, text.position, message).with_hint(hint));
    None
}

/// `suppressionDuration` and `lookbackDuration`: published files write them like the above or as ISO 8601 (`PT5H`), for no
/// converter stands before them.
pub(super) fn any_span(r: &mut Reader, key: &str, text: &Text) -> Option<i64> {
    iso(text.text().trim()).or_else(|| rule_span(r, key, text))
}

/// Notes a span outside what is allowed.
pub(super) fn within(r: &mut Reader, key: &str, text: &Text, ticks: i64, min: i64, max: i64) -> bool {
    let fits = (min..=max).contains(&ticks);
    if !fits {
        let message = format!("{key} must be from {} to {}, not {:?}", short(min), short(max), text.shown());
        r.add(Finding::new(finding::TIME_SPAN_RANGE, text.position, message));
    }
    fits
}

fn plain(span: &str) -> Option<i64> {
    if span.contains(':') {
        return timespan::parse(span);
    }
    let (number, unit) = match span.char_indices().next_back()? {
        (end, 'm') => (span.get(..end)?, MINUTE),
        (end, 'h') => (span.get(..end)?, HOUR),
        (end, 'd') => (span.get(..end)?, DAY),
        _ => (span, DAY),
    };
    let number = number.bytes().all(|b| b.is_ascii_digit()).then(|| number.parse::<i64>().ok()).flatten()?;
    number.checked_mul(unit)
}

/// ISO 8601's days to seconds: `P1D`, `PT1H30M`, `P1DT12H`. (Weeks, months and years have no fixed length in .NET's reading.)
fn iso(span: &str) -> Option<i64> {
    let body = span.strip_prefix('P')?;
    let (days, clock) = match body.split_once('T') {
        Some((days, clock)) if !clock.is_empty() => (days, clock),
        Some(_) => return None,
        None => (body, ""),
    };
    if body.is_empty() {
        return None;
    }
    let mut ticks = 0_i64;
    for (part, units) in [(days, &[('D', DAY)][..]), (clock, &[('H', HOUR), ('M', MINUTE), ('S', SECOND)])] {
        let (mut rest, mut units) = (part, units.iter());
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).filter(|e| (1..=9).contains(e))?;
            let (number, behind) = rest.split_at_checked(end)?;
            let unit = behind.chars().next()?;
            let (_, size) = units.find(|(u, _)| *u == unit)?;
            ticks = ticks.checked_add(number.parse::<i64>().ok()?.checked_mul(*size)?)?;
            rest = behind.get(1..)?;
        }
    }
    Some(ticks)
}

/// `14d`, `1h`, `5m`, or .NET's form where no unit fits.
fn short(ticks: i64) -> String {
    for (size, unit) in [(DAY, 'd'), (HOUR, 'h'), (MINUTE, 'm')] {
        if ticks > 0 && ticks % size == 0 {
            return format!("{}{unit}", ticks / size);
        }
    }
    timespan::format(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, want) in [
            ("1d", Some(DAY)),
            ("15m", Some(15 * MINUTE)),
            ("5", Some(5 * DAY)),
            ("01:30:00", Some(HOUR + 30 * MINUTE)),
            ("14.00:00:00", Some(14 * DAY)),
            ("-01:00:00", Some(-HOUR)),
            ("5s", None),
            ("1.5h", None),
            ("-1d", None),
            ("d", None),
            ("", None),
            ("é", None),
            ("1é", None),
            ("P1D", None),
            ("99999999999999999d", None),
        ] {
            assert_eq!(plain(text), want, "{text}");
        }
        for (text, want) in [
            ("P1D", Some(DAY)),
            ("PT5H", Some(5 * HOUR)),
            ("P1DT2H3M4S", Some(DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND)),
            ("P", None),
            ("PT", None),
            ("P1DT", None),
            ("P1M", None),
            ("PT1D", None),
            ("PT1M2H", None),
            ("PTé", None),
            ("P9999999999D", None),
        ] {
            assert_eq!(iso(text), want, "{text}");
        }
        assert_eq!(short(14 * DAY), "14d");
    }
}
