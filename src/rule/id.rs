//! Identifiers that are the same on every replay.

use kql::value::text;
use sha2::{Digest, Sha256};

/// A UUID made of its parts alone: the first 128 bits of SHA-256 over the parts, each after its length, with the bits of
/// RFC 9562's version 8 (the version for identifiers hashed with something newer than SHA-1; its appendix B.2 makes one
/// of SHA-256 too). Collisions would need some 2^61 alerts.
pub(crate) fn uuid<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = *version & 0x0f | 0x80;
    *variant = *variant & 0x3f | 0x80;
    text::guid(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids() {
        let a = uuid([&b"a"[..], b"bc"]);
        assert_eq!(a, uuid([&b"a"[..], b"bc"]));
        assert_ne!(a, uuid([&b"ab"[..], b"c"]));
        assert_eq!(a.len(), 36);
        assert_eq!(a.get(14..15), Some("8"));
        assert!(a.get(19..20).is_some_and(|c| "89ab".contains(c)));
    }
}
