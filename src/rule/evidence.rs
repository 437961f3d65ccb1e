//! Evidence: the result rows of an alert and the source events behind each. Forepost's own; Sentinel has no such thing.

use super::json_size;
use kql::exec::row::{Event, Row};
use kql::value::{Column, Value, json};
use std::borrow::Cow;
use std::rc::Rc;

/// The rows and events that made an alert.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The columns of the rows.
    pub columns: Rc<[Column]>,
    /// The rows that are shown.
    pub rows: Vec<EvidenceRow>,
    /// About how many bytes it has as JSON text.
    pub size: usize,
}

/// A result row and the events behind it.
#[derive(Clone, Debug)]
pub struct EvidenceRow {
    /// A value for each column; a row may have fewer.
    pub values: Vec<Value>,
    /// The events that are shown.
    pub events: Vec<EvidenceEvent>,
    /// How many events the limit left out.
    pub events_left_out: usize,
}

/// A source event.
#[derive(Clone, Debug)]
pub struct EvidenceEvent {
    /// Its `eventID`, or empty.
    pub id: String,
    /// The event as the log has it.
    pub record: EvidenceRecord,
}

/// A source record that can be put into JSON without parsing it again.
#[derive(Clone, Debug)]
pub enum EvidenceRecord {
    /// The event's own bytes are JSON on one line.
    Verbatim(Rc<Event>),
    /// The event is JSON on several lines; this is its text on one.
    Minified(String),
    /// The event is not JSON, or nests too deep for common readers: a host writes this text as a string.
    Text(String),
}

impl EvidenceRecord {
    /// The record of an event.
    pub(crate) fn new(event: &Rc<Event>) -> EvidenceRecord {
        let raw = &*event.raw;
        if !is_embeddable(raw) {
            return EvidenceRecord::Text(json::lossy(raw).into_owned());
        }
        match memchr::memchr2(b'\n', b'\r', raw) {
            Some(_) => EvidenceRecord::Minified(json::lossy(json::minify(raw)).into_owned()),
            None => EvidenceRecord::Verbatim(Rc::clone(event)),
        }
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            EvidenceRecord::Verbatim(event) => &event.raw,
            EvidenceRecord::Minified(text) | EvidenceRecord::Text(text) => text.as_bytes(),
        }
    }

    /// The size as JSON text.
    fn size(&self) -> usize {
        match self {
            EvidenceRecord::Verbatim(event) => event.raw.trim_ascii().len(),
            EvidenceRecord::Minified(text) => text.len(),
            EvidenceRecord::Text(text) => json_size::string(text),
        }
    }
}

impl Evidence {
    /// The evidence of rows. After `limit` bytes of JSON text no further event and no further row begins.
    pub(super) fn new(columns: &Rc<[Column]>, chosen: &[&Row], limit: usize) -> Evidence {
        let mut rows = Vec::new();
        let mut scratch = String::new();
        // What is written when the text has come so far.
        let mut size = "[".len();
        for row in chosen {
            if size > limit {
                break;
            }
            size += usize::from(!rows.is_empty()) + r#"{"row":{"#.len();
            for (i, (column, value)) in columns.iter().zip(&row.values).enumerate() {
                size += usize::from(i > 0) + json_size::string(&column.name) + ":".len();
                // Past the limit it no longer matters by how much.
                if size <= limit {
                    size += json_size::value(value, &mut scratch);
                }
            }
            size += r#"},"events":["#.len();
            let all = row.evidence.events();
            let mut events = Vec::new();
            for event in all {
                if size > limit {
                    break;
                }
                let id = event_id(event).into_owned();
                let record = EvidenceRecord::new(event);
                size += usize::from(!events.is_empty()) + r#"{"eventID":,"record":}"#.len();
                size += json_size::string(&id) + record.size();
                events.push(EvidenceEvent { id, record });
            }
            let events_left_out = all.len() - events.len();
            if events_left_out > 0 {
                size += r#","eventsLeftOut":"#.len() + json_size::digits(events_left_out);
            }
            size += "]}".len();
            rows.push(EvidenceRow { values: row.values.clone(), events, events_left_out });
        }
        Evidence { columns: Rc::clone(columns), rows, size: size + "]".len() }
    }
}

/// The record's `eventID` (`AwsEventId` in a record that already has the table's columns); empty if it has none.
pub(crate) fn event_id(event: &Event) -> Cow<'_, str> {
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

/// Whether a raw record can stand inside an alert as it is, so that the alert stays readable whatever the log holds.
fn is_embeddable(raw: &[u8]) -> bool {
    // Most records have fewer brackets than they could have levels, and to count those is cheap.
    let few = memchr::memchr2_iter(b'{', b'[', raw).nth(MAX_RECORD_DEPTH).is_none();
    (few || json::depth(raw) <= MAX_RECORD_DEPTH)
        && std::str::from_utf8(raw)
            .is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_past_the_limit_are_counted() {
        let events = (0..3).map(|i| {
            Rc::new(Event { raw: format!("{{\"eventID\":\"e-{i}\"}}").into_bytes().into(), time: None })
        });
        let evidence = kql::exec::row::Evidence::Many(Rc::new(events.collect()));
        let row = Row { values: Vec::new(), evidence };
        let columns: Rc<[Column]> = Rc::from([]);
        let shown = |e: &Evidence| -> Vec<(usize, usize)> {
            e.rows.iter().map(|r| (r.events.len(), r.events_left_out)).collect()
        };
        let all = Evidence::new(&columns, &[&row, &row], 10_000);
        assert_eq!(shown(&all), [(3, 0), (3, 0)]);
        let some = Evidence::new(&columns, &[&row, &row], 60);
        assert_eq!(shown(&some), [(1, 2)]);
        let text =
            r#"[{"row":{},"events":[{"eventID":"e-0","record":{"eventID":"e-0"}}],"eventsLeftOut":2}]"#;
        assert_eq!(some.size, text.len());
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
