//! Evidence: the result rows of an alert and the source events behind each. Forepost's own; Sentinel has no such thing.

use kql::exec::row::{Event, Row, Rows};
use kql::value::json;
use std::borrow::Cow;

/// `[{"row":{…},"events":[{"eventID":…,"record":…}]}]`, and how many of the rows are in it. After `room` bytes no further
/// event and no further row begins; a row then says how many of its events are missing: `"eventsLeftOut":n`.
pub(super) fn evidence(rows: &Rows, chosen: &[&Row], room: usize) -> (String, usize) {
    let mut out = String::from("[");
    let mut shown = 0;
    for (i, row) in chosen.iter().enumerate() {
        if out.len() > room {
            break;
        }
        shown += 1;
        out.push_str(if i > 0 { ",{\"row\":{" } else { "{\"row\":{" });
        for (i, (column, value)) in rows.columns.iter().zip(&row.values).enumerate() {
            out.push_str(if i > 0 { "," } else { "" });
            json::write_string(&mut out, &column.name);
            out.push(':');
            json::write(&mut out, value);
        }
        out.push_str("},\"events\":[");
        let events = row.evidence.events();
        let mut left_out = 0;
        for (i, event) in events.iter().enumerate() {
            if out.len() > room {
                left_out = events.len() - i;
                break;
            }
            out.push_str(if i > 0 { ",{\"eventID\":" } else { "{\"eventID\":" });
            json::write_string(&mut out, &event_id(event));
            out.push_str(",\"record\":");
            out.push_str(&record(&event.raw));
            out.push('}');
        }
        out.push(']');
        if left_out > 0 {
            out.push_str(&format!(",\"eventsLeftOut\":{left_out}"));
        }
        out.push('}');
    }
    out.push(']');
    (out, shown)
}

/// The record's `eventID` (`AwsEventId` in a record that already has the table's columns); empty if it has none.
fn event_id(event: &Event) -> Cow<'_, str> {
    let members =
        json::Items::open(&event.raw).filter(json::Items::is_object).into_iter().flatten().flatten();
    for (key, value) in members {
        if matches!(key, b"eventID" | b"AwsEventId")
            && let Some(id) = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\""))
        {
            return json::unescape(id);
        }
    }
    Cow::Borrowed("")
}

/// How deep a record may nest to be embedded: with the alert around it, it stays under the 128 levels at which common JSON
/// readers give up.
const MAX_RECORD_DEPTH: usize = 100;

/// A raw record as it stands, on one line. What is not JSON, or would break readers by its depth, becomes a JSON string of
/// its text, so that the alert stays readable whatever the log holds.
fn record(raw: &[u8]) -> Cow<'_, str> {
    let valid = |text: &&str| {
        json::depth(raw) <= MAX_RECORD_DEPTH && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    };
    let Some(text) = std::str::from_utf8(raw).ok().filter(valid) else {
        let mut out = String::new();
        json::write_string(&mut out, &json::lossy(raw));
        return Cow::Owned(out);
    };
    match memchr::memchr2(b'\n', b'\r', raw) {
        Some(_) => json::lossy(json::minify(raw)),
        None => Cow::Borrowed(text.trim_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_said() {
        use kql::exec::row::Evidence;
        use std::rc::Rc;
        let events = (0..3).map(|i| {
            Rc::new(Event { raw: format!("{{\"eventID\":\"e-{i}\"}}").into_bytes().into(), time: None })
        });
        let row = Row { values: Vec::new(), evidence: Evidence::Many(Rc::new(events.collect())) };
        let rows = Rows { columns: Vec::new(), rows: Vec::new() };
        let (all, shown) = evidence(&rows, &[&row, &row], 10_000);
        assert_eq!((shown, all.matches("eventID\":\"e-").count(), all.contains("LeftOut")), (2, 12, false));
        let (some, shown) = evidence(&rows, &[&row, &row], 60);
        let want =
            r#"[{"row":{},"events":[{"eventID":"e-0","record":{"eventID":"e-0"}}],"eventsLeftOut":2}]"#;
        assert_eq!((shown, &*some), (1, want));
    }

    #[test]
    fn records_stay_json() {
        let quoted = |raw: &[u8]| record(raw).starts_with('"');
        assert_eq!(record(b" {\"a\" : 1} "), "{\"a\" : 1}", "verbatim");
        assert_eq!(record(b"{\"a\":\n 1.50e1}"), "{\"a\":1.50e1}", "one line, numbers untouched");
        assert!(quoted(b""));
        assert!(quoted(b"{\"a\":1"));
        assert!(quoted(b"{\"a\":1}}"));
        assert!(quoted(b"{\"a\":\"\xff\"}"));
        assert!(quoted(b"{\"a\":\"line\nbreak\"}"), "a raw line break in a string is not JSON");
        assert!(quoted(format!("{}{}", "[".repeat(101), "]".repeat(101)).as_bytes()));
        assert!(!quoted(format!("{}{}", "[".repeat(100), "]".repeat(100)).as_bytes()));
        for raw in [&b"\"\\ud800\""[..], b"{\"a\":\"\xff\n\"}", b"[\"]\"", b"\xff"] {
            let text = record(raw);
            assert!(!text.contains('\n') && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
        }
    }

    #[test]
    fn mutated_records_stay_json() {
        let raw =
            "{\"eventID\":\"a-1\",\"n\":[1.5e3,true,null],\"t\":\"\\u00e9 𝄞 \\\" \",\n\"o\":{\"k\":{}}}"
                .as_bytes();
        let mut seeded = crate::random::Random::new(1);
        let mut random = |n: usize| seeded.below(n);
        let mut embedded = 0;
        for _ in 0..20_000 {
            let mut bytes = raw.to_vec();
            for _ in 0..=random(2) {
                let at = random(bytes.len());
                match random(3) {
                    0 => bytes[at] = [b'"', b'\\', b'{', b'}', b'\n', b' ', 0, 0xff, b'1'][random(9)],
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, [b' ', b'\n', b'[', b'0', b','][random(5)]),
                }
            }
            let text = record(&bytes);
            embedded += usize::from(text.starts_with('{'));
            assert!(!text.contains(['\n', '\r']), "{text}");
            assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(), "{text}");
            let _ = event_id(&Event { raw: bytes.into(), time: None });
        }
        assert!(embedded > 1000 && embedded < 19_000, "{embedded}");
    }

    #[test]
    fn event_ids() {
        let id = |raw: &str| event_id(&Event { raw: raw.as_bytes().into(), time: None }).into_owned();
        assert_eq!(id(r#"{"a":{"eventID":"no"},"eventID":"y\u0065s"}"#), "yes");
        assert_eq!(id(r#"{"AwsEventId":"row"}"#), "row");
        for none in
            ["", "{", "[\"eventID\",\"x\"]", r#"{"eventID":5}"#, r#"{"eventID":"#, r#"{"x":1 "eventID":"a"}"#]
        {
            assert_eq!(id(none), "", "{none}");
        }
    }
}
