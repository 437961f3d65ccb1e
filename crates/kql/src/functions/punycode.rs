//! Punycode, label by label. RFC 3492 is `idna`'s.
use idna::punycode::{decode_to_string, encode_str};

/// The longest text in characters: a host name's label has at most 63; the work grows with the square.
const MAX_CHARS: usize = 1024;

/// The Punycode of a text, which for ASCII is the text itself. `None` if it is too long.
pub fn encode(text: &str) -> Option<String> {
    match text {
        _ if text.chars().count() > MAX_CHARS => None,
        _ if text.is_ascii() => Some(text.to_owned()),
        _ => encode_str(text),
    }
}

/// The text of a Punycode. `None` if it is none.
pub fn decode(text: &str) -> Option<String> {
    if text.len() > MAX_CHARS * 4 { None } else { decode_to_string(text) }
}

/// The full stops that may stand between labels (RFC 3490 §3.1); the encoded name has the first of them.
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// A domain name with every label beyond ASCII encoded.
pub fn domain_from_text(text: &str) -> Option<String> {
    let label = |l: &str| if l.is_ascii() { Some(l.to_owned()) } else { Some(format!("xn--{}", encode(l)?)) };
    text.split(DOTS).map(label).collect::<Option<Vec<_>>>().map(|labels| labels.join("."))
}

/// A domain name with every encoded label decoded.
pub fn domain_to_text(text: &str) -> Option<String> {
    let label = |l: &str| l.strip_prefix("xn--").map_or_else(|| Some(l.to_owned()), decode);
    text.split('.').map(label).collect::<Option<Vec<_>>>().map(|labels| labels.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        // Samples of RFC 3492 §7.1, and edges.
        for (text, code) in [
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
            ("Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"),
            ("3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"),
            ("abc", "abc"),
            ("", ""),
        ] {
            assert_eq!(encode(text).as_deref(), Some(code));
            if code != "abc" {
                assert_eq!(decode(code).as_deref(), Some(text));
            }
        }
        for bad in ["é", "a-é", "99999999999", "-\u{0}"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
