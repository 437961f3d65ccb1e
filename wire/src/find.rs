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

/// The next quote or backslash from a byte on. Most strings are short: a few words are looked at before `memchr` is worth it.
#[inline]
pub fn quote_or_escape(bytes: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zero_bytes = |w: u64| w.wrapping_sub(ONES) & !w & (ONES << 7);
    let mut at = from;
    for _ in 0..4 {
        let Some(word) = bytes.get(at..).and_then(|b| b.first_chunk::<8>()) else {
            break;
        };
        let word = u64::from_le_bytes(*word);
        let hit = zero_bytes(word ^ (ONES * b'"' as u64)) | zero_bytes(word ^ (ONES * b'\\' as u64));
        if hit != 0 {
            return Some(at + (hit.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    memchr2(b'"', b'\\', bytes.get(at..)?).map(|n| at + n)
}
