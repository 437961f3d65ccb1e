//! Indices that are valid unless there is a bug in the engine. A debug build stops at such a bug; a release goes on with
//! nothing there, because a panic would end the host's instance.

use std::ops::Range;

/// The items from an index on.
pub(crate) fn tail<T>(items: &[T], from: usize) -> &[T] {
    debug_assert!(from <= items.len(), "item {from} of {}", items.len());
    items.get(from..).unwrap_or(&[])
}

/// The items of a range.
pub(crate) fn range_mut<T>(items: &mut [T], range: Range<usize>) -> &mut [T] {
    debug_assert!(range.start <= range.end && range.end <= items.len(), "items {range:?} of {}", items.len());
    items.get_mut(range).unwrap_or(&mut [])
}

/// The text of a range of bytes.
pub(crate) fn text(text: &str, range: Range<usize>) -> &str {
    debug_assert!(text.get(range.clone()).is_some(), "bytes {range:?} of {text:?}");
    text.get(range).unwrap_or("")
}
