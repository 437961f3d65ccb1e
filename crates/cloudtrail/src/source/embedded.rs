//! The events inside one record of a log pipeline: the record itself, or what it holds as an object or as text.
//!
//! Unlike [`super::Source`] this reads no stream, undoes no compression, and needs little stack: a pipeline hands over one
//! whole record at a time, to a module that may have only a few kilobytes.

use super::envelope::{self, Found, Held, MAX_ENVELOPES};
use crate::framing::Outline;
use crate::framing::scan::{Scan, Step};
use kql::value::json::{self, Items};
use std::borrow::Cow;

/// Reads records; its memory is used again.
pub struct Reader(Scan);

impl Default for Reader {
    fn default() -> Reader {
        Reader(Scan::new(false))
    }
}

impl Reader {
    /// Where the object ends that a record is: behind its bracket. `None` if the record is no object, or cut, or not JSON.
    pub fn end_of_object(&mut self, record: &[u8]) -> Option<usize> {
        (record.trim_ascii_start().first() == Some(&b'{'))
            .then(|| end_of_value(record, &mut self.0))
            .flatten()
    }
}

/// Where a JSON value that stands alone ends: behind its last byte, if only white space follows. `None` if it is cut or not
/// JSON by its grammar down to strings.
fn end_of_value(text: &[u8], scan: &mut Scan) -> Option<usize> {
    let text_end = text.trim_ascii_end().len();
    scan.reset(false);
    match scan.run(text.get(..text_end)?) {
        Step::End(end) if end == text_end => Some(end),
        _ => None,
    }
}

/// The names of the key that the filter adds: the first that the record does not have.
pub const ADDED: [&str; 4] = ["forepost", "forepost_2", "forepost_3", "forepost_4"];

/// How the value of such a key begins.
pub const ADDED_START: &str = concat!("{\"version\":\"", env!("CARGO_PKG_VERSION"), "\",\"rules\":[");

/// An event without what filters on its way have added behind its own keys: what it was but for white space.
pub fn without_added(event: &[u8]) -> Cow<'_, [u8]> {
    if may_hold_added(event) { strip_added(event) } else { Cow::Borrowed(event) }
}

/// Whether a filter may have added a key.
pub fn may_hold_added(event: &[u8]) -> bool {
    json::any_place(event, b'f', b'f', |at| event.get(at..).is_some_and(|rest| rest.starts_with(b"forepost")))
}

fn strip_added(event: &[u8]) -> Cow<'_, [u8]> {
    let mut own = None;
    let mut last = 0;
    let Some(mut items) = Items::open(event) else { return Cow::Borrowed(event) };
    while let Some(Ok((key, value))) = items.next() {
        let added = ADDED.iter().any(|name| name.as_bytes() == key) && is_added(value);
        match (added, own) {
            (true, None) => own = Some(last),
            (false, Some(_)) => own = None,
            _ => {}
        }
        last = items.offset();
    }
    match own {
        // It was `{}` before.
        Some(0) => Cow::Borrowed(b"{}"),
        Some(end) => {
            let tail = event.get(last..).unwrap_or_default();
            Cow::Owned([event.get(..end).unwrap_or_default(), tail].concat())
        }
        None => Cow::Borrowed(event),
    }
}

/// Whether a value is one that a filter, of whatever version, has added.
fn is_added(value: &[u8]) -> bool {
    let mut keys = Items::open(value).filter(Items::is_object).into_iter().flatten().map_while(Result::ok);
    keys.next().is_some_and(|(key, _)| key == b"version")
        && keys.next().is_some_and(|(key, _)| key == b"rules")
}

impl Reader {
    /// Hands the events in a record, the one whose [end](Self::end_of_object) was just found, to `found`: each as raw JSON, with what
    /// is known of it. `keys` are looked at first; after them whatever [`envelope::WRAPPERS`] names. Returns how many values could not
    /// be told: no event, cut, or compressed.
    pub fn events(
        &mut self,
        record: &[u8],
        keys: &[String],
        found: &mut dyn FnMut(&[u8], Option<Outline<'_>>),
    ) -> usize {
        let Reader(scan) = self;
        let mut untold = 0;
        // Values still to be looked at, the next one last, and how many envelopes are around each.
        let mut waiting: Vec<(Cow<'_, [u8]>, u8)> = vec![(Cow::Borrowed(record), 0)];
        while let Some((value, level)) = waiting.pop() {
            let inside = open(&value, keys);
            let inner: Vec<Cow<'_, [u8]>> = match (inside, &value) {
                (Inside::Event(event) | Inside::Row(event), _)
                    if level > 0 && end_of_value(event, scan).is_none() =>
                {
                    untold += 1;
                    continue;
                }
                (Inside::Event(event), _) => {
                    // It was read from its first byte on.
                    found(event, scan.outline().filter(|_| level > 0 || record.first() == Some(&b'{')));
                    continue;
                }
                (Inside::Row(row), _) => {
                    found(row, None);
                    continue;
                }
                (Inside::Untold, _) => {
                    untold += 1;
                    continue;
                }
                (Inside::Text(text), _) => match values_of(text) {
                    Some(values) => values,
                    None => {
                        untold += 1;
                        continue;
                    }
                },
                (Inside::Values(_), Cow::Borrowed(value)) => match open(value, keys) {
                    Inside::Values(values) => values.into_iter().map(Cow::Borrowed).collect(),
                    _ => continue,
                },
                (Inside::Values(values), Cow::Owned(_)) => {
                    values.into_iter().map(|v| Cow::Owned(v.to_owned())).collect()
                }
            };
            if level > MAX_ENVELOPES {
                untold += 1;
                continue;
            }
            waiting.extend(inner.into_iter().rev().map(|v| (v, level + 1)));
        }
        untold
    }
}

/// What is in a value.
enum Inside<'v> {
    Event(&'v [u8]),
    /// Columns of a table.
    Row(&'v [u8]),
    Values(Vec<&'v [u8]>),
    /// The body of a text.
    Text(&'v [u8]),
    Untold,
}

fn open<'v>(value: &'v [u8], keys: &[String]) -> Inside<'v> {
    let value = value.trim_ascii();
    match value.first() {
        Some(b'{') => object(value, keys),
        Some(b'[') => {
            match Items::open(value).into_iter().flatten().map(|item| item.map(|(_, v)| v)).collect() {
                Ok(values) => Inside::Values(values),
                Err(_) => Inside::Untold,
            }
        }
        Some(b'"') => Inside::Text(envelope::unquoted(value)),
        _ => Inside::Untold,
    }
}

fn object<'v>(value: &'v [u8], keys: &[String]) -> Inside<'v> {
    if let Some(inner) = keys.iter().find_map(|key| envelope::member(value, key)) {
        return Inside::Values(vec![inner]);
    }
    match envelope::find(value) {
        Found::Event => Inside::Event(value),
        Found::Row => Inside::Row(value),
        Found::Wrapped(_, Held::Json, inner) => Inside::Values(vec![inner]),
        Found::Wrapped(_, Held::Under(key), inner) => match envelope::member(inner, key) {
            Some(inner) => Inside::Values(vec![inner]),
            None => Inside::Untold,
        },
        _ => Inside::Untold,
    }
}

/// The values that a text holds, one after another; `None` if it does not hold whole values.
fn values_of(body: &[u8]) -> Option<Vec<Cow<'static, [u8]>>> {
    let text = json::unescape(body);
    let (bytes, mut at, mut values) = (text.as_bytes(), 0, Vec::new());
    loop {
        at = json::skip_space(bytes, at);
        if at >= bytes.len() {
            return (!values.is_empty()).then_some(values);
        }
        let end = json::skip_value(bytes, at).ok()?;
        values.push(Cow::Owned(bytes.get(at..end).unwrap_or_default().to_owned()));
        at = end;
    }
}
