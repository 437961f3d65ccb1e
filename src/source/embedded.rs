//! The events inside one record of a log pipeline: the record itself, or what it holds as an object or as text.
//!
//! Unlike [`super::Source`] this reads no stream, undoes no compression, and needs little stack: a pipeline hands over one
//! whole record at a time, to a module that may have only a few kilobytes.

use super::envelope::{self, Found, Held, MAX_ENVELOPES};
use super::scan::{Scan, Step};
use crate::value::json::{self, Items};

/// Where a JSON value that stands alone ends: behind its last byte, if only white space follows. `None` if it is cut or not
/// JSON by its grammar down to strings.
pub fn end_of_value(text: &[u8]) -> Option<usize> {
    let text_end = text.trim_ascii_end().len();
    match Scan::new(false).run(text.get(..text_end)?) {
        Step::End(end) if end == text_end => Some(end),
        _ => None,
    }
}

/// Where the object ends that a record is: behind its bracket. `None` if the record is no object, or cut, or not JSON.
pub fn end_of_object(record: &[u8]) -> Option<usize> {
    (record.trim_ascii_start().first() == Some(&b'{')).then(|| end_of_value(record)).flatten()
}

/// Hands the events in a record to `found`, each as raw JSON. `keys` are looked at first; after them whatever
/// [`envelope::WRAPPERS`] names. Returns how many values could not be told: no event, cut, or compressed.
pub fn events(record: &[u8], keys: &[String], found: &mut dyn FnMut(&[u8])) -> usize {
    visit(record, keys, 0, found)
}

fn visit(value: &[u8], keys: &[String], level: u8, found: &mut dyn FnMut(&[u8])) -> usize {
    let value = value.trim_ascii();
    if level > MAX_ENVELOPES {
        return 1;
    }
    match value.first() {
        Some(b'{') => object(value, keys, level, found),
        Some(b'[') => {
            let items = Items::open(value).into_iter().flatten();
            items.map(|item| item.map_or(1, |(_, v)| visit(v, keys, level + 1, found))).sum()
        }
        Some(b'"') => text(value, keys, level, found),
        _ => 1,
    }
}

fn object(value: &[u8], keys: &[String], level: u8, found: &mut dyn FnMut(&[u8])) -> usize {
    if let Some(inner) = keys.iter().find_map(|key| envelope::member(value, key)) {
        return visit(inner, keys, level + 1, found);
    }
    match envelope::find(value) {
        Found::Event | Found::Row if end_of_value(value).is_some() => {
            found(value);
            0
        }
        Found::Wrapped(_, Held::Json, inner) => visit(inner, keys, level + 1, found),
        Found::Wrapped(_, Held::Under(key), inner) => {
            envelope::member(inner, key).map_or(1, |inner| visit(inner, keys, level + 1, found))
        }
        _ => 1,
    }
}

/// A text of one value, or of several, one after another.
fn text(value: &[u8], keys: &[String], level: u8, found: &mut dyn FnMut(&[u8])) -> usize {
    let text = json::unescape(envelope::unquoted(value));
    let (bytes, mut at, mut untold) = (text.as_bytes(), 0, 0);
    loop {
        at = json::skip_space(bytes, at);
        if at >= bytes.len() {
            return untold;
        }
        match json::skip_value(bytes, at) {
            Ok(end) => {
                untold += visit(bytes.get(at..end).unwrap_or_default(), keys, level + 1, found);
                at = end;
            }
            Err(_) => return untold + 1,
        }
    }
}
