//! The Base64 of envelopes: either alphabet, padded or not.

/// Base64 of RFC 4648, padded or not, with white space anywhere; `None` if it is not.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    let mut ended = false;
    for b in text.iter().filter(|b| !b.is_ascii_whitespace()) {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                ended = true;
                continue;
            }
            _ => return None,
        };
        if ended {
            return None;
        }
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    // A single sixtet left over is half a byte: cut.
    (count != 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn base64_text() {
        assert_eq!(decode(b"Zm9vYg==").as_deref(), Some(&b"foob"[..]));
        assert_eq!(decode(b"Zm9v\nYmE").as_deref(), Some(&b"fooba"[..]));
        assert_eq!(decode(b"-_8="), decode(b"+/8="));
        assert_eq!(decode(b"").as_deref(), Some(&b""[..]));
        for bad in [&b"Z"[..], b"Zm9v!", b"Zg==Zg=="] {
            assert_eq!(decode(bad), None);
        }
    }
}
