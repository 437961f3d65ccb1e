//! Hashes. Texts are hashed as their UTF-8 bytes. Source: Microsoft's docs; the emulator's results agree for texts and
//! datetimes, which is how these are known: `hash` is xxHash64 with seed 0, of a number or time over its bytes in
//! little-endian order; the cryptographic ones hash the text form. How hash_combine and hash_many combine is not published.

use super::call::Call;
use super::{Function, LONG, Naming, STRING, integer, not_dynamic, optional};
use crate::value::Value;
use sha2::Digest;
use std::fmt::Write;

const NONE: Naming = Naming::None;

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("hash"(not_dynamic("source"), optional(integer("mod"))) -> LONG, NONE,
        "Returns the 64-bit xxHash64 of a value, or its remainder by the second argument. Equal to hash_xxhash64.",
        [("hash('World')", "1846988464401551951"), ("hash('World', 100)", "51")], xxhash64),
    function!("hash_md5"(not_dynamic("source")) -> STRING, NONE,
            "Returns the MD5 of a value's text, in hexadecimal. Returns the empty string for empty text.",
        [("hash_md5('World')", "f5a7924e621e84c9280a9a27e1bcb7f6")], |c| hex::<md5::Md5>(c)),
    function!("hash_sha1"(not_dynamic("source")) -> STRING, NONE,
            "Returns the SHA-1 of a value's text, in hexadecimal. Returns the empty string for empty text.",
        [("hash_sha1('World')", "70c07ec18ef89c5309bbb0937f3a6342411e1fdd")], |c| hex::<sha1::Sha1>(c)),
    function!("hash_sha256"(not_dynamic("source")) -> STRING, NONE,
            "Returns the SHA-256 of a value's text, in hexadecimal. Returns the empty string for empty text.",
        [("hash_sha256('World')", "78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524")],
        |c| hex::<sha2::Sha256>(c)),
    function!("hash_xxhash64"(not_dynamic("source"), optional(integer("mod"))) -> LONG, NONE,
        "Returns the xxHash64 of a value with seed 0, or its remainder by the second argument.",
        [("hash_xxhash64('World')", "1846988464401551951"),
         ("hash_xxhash64(datetime(2015-01-01))", "1380966698541616202")], xxhash64),
];

/// Of the empty text (so of a null) there is no hash, as a peer measured.
fn hex<D: Digest>(c: &Call) -> Value {
    if c.text(0).is_empty() {
        return c.missing();
    }
    let digest = D::digest(c.text(0).as_bytes());
    let mut out = String::with_capacity(digest.len() * 2);
    for byte in digest.iter() {
        // Writing to a String does not fail.
        let _ = write!(out, "{byte:02x}");
    }
    Value::from(out)
}

fn xxhash64(c: &Call) -> Value {
    let hash = |bytes: &[u8]| twox_hash::XxHash64::oneshot(0, bytes);
    let hash = match c.arg(0) {
        Value::Bool(b) => hash(&[u8::from(*b)]),
        Value::Int(n) => hash(&n.to_le_bytes()),
        Value::Long(n) => hash(&n.to_le_bytes()),
        Value::DateTime(t) | Value::Timespan(t) => hash(&t.to_le_bytes()),
        Value::Real(r) => hash(&r.to_le_bytes()),
        _ => hash(c.text(0).as_bytes()),
    };
    if !c.has(1) {
        return Value::Long(hash as i64);
    }
    match c.integer(1).and_then(|m| u64::try_from(m).ok()).and_then(|m| hash.checked_rem(m)) {
        Some(remainder) => Value::Long(remainder as i64),
        None => Value::Null,
    }
}
