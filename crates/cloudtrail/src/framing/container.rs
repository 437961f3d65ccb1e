//! Objects that hold events in an array of theirs.

/// The keys of a top-level object whose array is read item by item instead of as one value.
pub const CONTAINERS: &[&str] = &["Records", "Events", "logEvents", "Messages", "records"];

/// Whether an array in these bytes stands under the key of a container.
pub fn holds_container(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'[', bytes).any(|n| container(&[], bytes.get(..=n).unwrap_or_default()).is_some())
}

/// The container whose key stands before the `[` that these bytes end with.
pub(super) fn container(pending: &[u8], read: &[u8]) -> Option<&'static str> {
    let joined;
    let bytes = if pending.is_empty() || read.len() > 64 {
        read
    } else {
        let tail = pending.get(pending.len().saturating_sub(64)..).unwrap_or(pending);
        joined = [tail, read].concat();
        &joined
    };
    let key = bytes.strip_suffix(b"[")?.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let key = key.strip_suffix(b"\"")?;
    let opens = |before: &[u8]| before.ends_with(b"\"") && !before.ends_with(b"\\\"");
    CONTAINERS.iter().find(|c| key.strip_suffix(c.as_bytes()).is_some_and(opens)).copied()
}
