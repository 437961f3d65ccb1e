//! The searches of [`memchr`] that are called in many places, each compiled once: they inline all of their loops.

/// The first place of a byte.
#[inline(never)]
pub fn memchr(byte: u8, bytes: &[u8]) -> Option<usize> {
    memchr::memchr(byte, bytes)
}

/// The first place of either of two bytes.
#[inline(never)]
pub fn memchr2(a: u8, b: u8, bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(a, b, bytes)
}
