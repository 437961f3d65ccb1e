//! JSON text as raw bytes: steps over values, lists members and items, undoes escapes. It makes no values and never recurses.
//!
//! Logs are hostile: nesting, length and escapes are bounded or tolerated here, once, for everyone.
//! Lone surrogates and bytes that are not UTF-8 become U+FFFD, as .NET (and so Kusto) reads them.

use memchr::{memchr, memchr2};
use std::borrow::Cow;
use std::fmt;

/// The next quote or backslash from a byte on. Most strings are short: a few words are looked at before `memchr` is worth it.
#[inline]
pub fn quote_or_escape(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let (near, far) = match rest.split_first_chunk::<32>() {
        Some((near, far)) => (near.as_chunks().0, far),
        None => (&[][..], rest),
    };
    for (n, word) in near.iter().enumerate() {
        let hit = quotes_and_escapes(u64::from_le_bytes(*word));
        if hit != 0 {
            return Some(from + 8 * n + (hit.trailing_zeros() / 8) as usize);
        }
    }
    memchr2(b'"', b'\\', far).map(|n| bytes.len() - far.len() + n)
}

/// The highest bit of the first byte of a word that is a quote or a backslash; those of later bytes may be wrong.
#[inline]
fn quotes_and_escapes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zero_bytes = |w: u64| w.wrapping_sub(ONES) & !w;
    let quotes = zero_bytes(word ^ (ONES * b'"' as u64));
    let escapes = zero_bytes(word ^ (ONES * b'\\' as u64));
    (quotes | escapes) & (ONES << 7)
}

/// How many bytes a text begins with that JSON takes as they are: eight at a step.
pub fn plain_start(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = text.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let below_space = word.wrapping_sub(ONES * 0x20) & !word & (ONES << 7);
        let marks = quotes_and_escapes(word) | below_space;
        if marks != 0 {
            return 8 * n + (marks.trailing_zeros() / 8) as usize;
        }
    }
    let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len());
    text.len() - rest.len() + plain
}

/// Calls `each` with the places of two bytes, in order, until it says true; returns whether it did. Eight bytes a step: in an
/// interpreter that is what makes a look at every byte cheap, and a place where the search goes on costs nothing.
#[inline(always)]
pub fn any_place(bytes: &[u8], a: u8, b: u8, mut each: impl FnMut(usize) -> bool) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zero_bytes = |w: u64| w.wrapping_sub(ONES) & !w;
    let (words, rest) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let marks = zero_bytes(word ^ (ONES * u64::from(a))) | zero_bytes(word ^ (ONES * u64::from(b)));
        // Marks behind the first may be wrong.
        let mut marks = marks & (ONES << 7);
        while marks != 0 {
            let at = 8 * n + (marks.trailing_zeros() / 8) as usize;
            if bytes.get(at).is_some_and(|byte| *byte == a || *byte == b) && each(at) {
                return true;
            }
            marks &= marks - 1;
        }
    }
    let read = bytes.len() - rest.len();
    rest.iter().enumerate().any(|(n, byte)| (*byte == a || *byte == b) && each(read + n))
}

/// How deep a dynamic value may nest. Deeper text is an error, not a value: see [`Problem::TooDeep`]. Values are walked and
/// dropped by recursion, so it is less where a host gives little stack.
pub const MAX_DEPTH: usize =
    if cfg!(all(feature = "small-stack", target_arch = "wasm32")) { 64 } else { 128 };

/// What is wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The text ends inside a value.
    Cut,
    /// A byte that cannot stand there.
    Unexpected,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
}

/// A problem and the byte where it was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Bytes from the start of the text.
    pub offset: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::Cut => write!(f, "the JSON text ends too early at byte {}", self.offset),
            Problem::Unexpected => write!(f, "not JSON at byte {}", self.offset),
            Problem::TooDeep => {
                write!(f, "the JSON nests more than {MAX_DEPTH} levels at byte {}", self.offset)
            }
        }
    }
}

impl std::error::Error for JsonError {}

/// A problem at a byte, as the result it is for whoever met it.
pub fn error<T>(offset: usize, problem: Problem) -> Result<T, JsonError> {
    Err(JsonError { offset, problem })
}

/// The problem of the byte at `at`: it cannot stand there, or the text ends before it.
pub fn unexpected<T>(bytes: &[u8], at: usize) -> Result<T, JsonError> {
    error(at, if at >= bytes.len() { Problem::Cut } else { Problem::Unexpected })
}

/// The first byte at or after `at` that is not JSON white space.
pub fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The byte after the string that opens at `at`.
pub fn skip_string(bytes: &[u8], at: usize) -> Result<usize, JsonError> {
    if bytes.get(at) != Some(&b'"') {
        return unexpected(bytes, at);
    }
    let mut i = at + 1;
    loop {
        match quote_or_escape(bytes, i) {
            Some(n) if bytes.get(n) == Some(&b'"') => return Ok(n + 1),
            Some(n) => i = n + 2,
            None => return error(bytes.len(), Problem::Cut),
        }
    }
}

/// The byte after the value that starts at `at` (white space before it is allowed). Brackets are
/// matched by count and kind, strings are stepped over, scalars are not validated.
pub fn skip_value(bytes: &[u8], at: usize) -> Result<usize, JsonError> {
    let mut i = skip_space(bytes, at);
    // One bit for each of the first 64 levels: is it an object? Those beyond are told apart by count alone.
    let (mut depth, mut kinds) = (0_usize, 0_u64);
    loop {
        match bytes.get(i) {
            Some(b'"') => i = skip_string(bytes, i)?,
            Some(open @ (b'{' | b'[')) => {
                depth += 1;
                if depth <= 64 {
                    kinds = kinds << 1 | u64::from(*open == b'{');
                }
                i += 1;
                continue;
            }
            Some(close @ (b'}' | b']')) => {
                if depth == 0 || (depth <= 64 && (kinds & 1 == 1) != (*close == b'}')) {
                    return error(i, Problem::Unexpected);
                }
                if depth <= 64 {
                    kinds >>= 1;
                }
                depth -= 1;
                i += 1;
            }
            Some(b',' | b':' | b' ' | b'\t' | b'\n' | b'\r') if depth > 0 => {
                i += 1;
                continue;
            }
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => {
                while matches!(
                    bytes.get(i),
                    Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z')
                ) {
                    i += 1;
                }
            }
            _ => return unexpected(bytes, i),
        }
        if depth == 0 {
            return Ok(i);
        }
    }
}

/// How deep a raw text nests at its deepest, strings stepped over.
pub fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut i) = (0_usize, 0, 0);
    while let Some(b) = bytes.get(i) {
        match b {
            b'"' => {
                i = skip_string(bytes, i).unwrap_or(bytes.len());
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        i += 1;
    }
    deepest
}

/// A raw key, without quotes, and a raw value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// The members of a raw object, or the items of a raw array, as raw slices.
pub struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
    object: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    First,
    Next,
    Done,
}

impl<'a> Items<'a> {
    /// Opens the object or array that `bytes` starts with (after white space); `None` if it is neither.
    pub fn open(bytes: &'a [u8]) -> Option<Items<'a>> {
        let at = skip_space(bytes, 0);
        let object = match bytes.get(at)? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        Some(Items { bytes, at: at + 1, object, state: State::First })
    }

    /// Whether the keys mean something.
    pub fn is_object(&self) -> bool {
        self.object
    }

    /// Bytes read so far; after the last item, the byte after the closing bracket.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn step(&mut self) -> Result<Option<Pair<'a>>, JsonError> {
        let bytes = self.bytes;
        let close = if self.object { b'}' } else { b']' };
        let mut at = skip_space(bytes, self.at);
        if bytes.get(at) == Some(&close) {
            self.at = at + 1;
            return Ok(None);
        }
        if self.state == State::Next {
            if bytes.get(at) != Some(&b',') {
                return unexpected(bytes, at);
            }
            at = skip_space(bytes, at + 1);
        }
        let mut key: &[u8] = b"";
        if self.object {
            let end = skip_string(bytes, at)?;
            key = bytes.get(at + 1..end - 1).unwrap_or_default();
            at = skip_space(bytes, end);
            if bytes.get(at) != Some(&b':') {
                return unexpected(bytes, at);
            }
            at = skip_space(bytes, at + 1);
        }
        let end = skip_value(bytes, at)?;
        self.at = end;
        self.state = State::Next;
        Ok(Some((key, bytes.get(at..end).unwrap_or_default())))
    }
}

impl<'a> Iterator for Items<'a> {
    /// The raw key (without quotes, escapes untouched; empty in an array) and the raw value.
    type Item = Result<Pair<'a>, JsonError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Done {
            return None;
        }
        let item = self.step().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.state = State::Done;
        }
        item
    }
}

/// Bytes as text; U+FFFD stands for what is no UTF-8. Nearly all is, and only to check that is several times as quick.
pub fn lossy<'a>(bytes: impl Into<Cow<'a, [u8]>>) -> Cow<'a, str> {
    match bytes.into() {
        Cow::Borrowed(bytes) => {
            std::str::from_utf8(bytes).map_or_else(|_| Cow::Owned(replaced(bytes)), Cow::Borrowed)
        }
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|e| replaced(e.as_bytes()))),
    }
}

fn replaced(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The text of a raw string body (between the quotes), escapes undone.
pub fn unescape(raw: &[u8]) -> Cow<'_, str> {
    if memchr(b'\\', raw).is_none() { lossy(raw) } else { Cow::Owned(without_escapes(raw)) }
}

fn without_escapes(raw: &[u8]) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(raw.len());
    let mut i = 0;
    while let Some(n) = memchr(b'\\', raw.get(i..).unwrap_or_default()) {
        out.extend_from_slice(raw.get(i..i + n).unwrap_or_default());
        let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        i += n + 2;
        match raw.get(i - 1) {
            Some(b'n') => push('\n'),
            Some(b't') => push('\t'),
            Some(b'r') => push('\r'),
            Some(b'b') => push('\u{8}'),
            Some(b'f') => push('\u{c}'),
            Some(b'u') => {
                let high = hex4(raw, i);
                i += 4;
                let unit = match high {
                    Some(0xD800..=0xDBFF) if raw.get(i..i + 2) == Some(b"\\u") => match hex4(raw, i + 2) {
                        Some(low @ 0xDC00..=0xDFFF) => {
                            i += 6;
                            high.map(|h| 0x10000 + ((h - 0xD800) << 10) + (low - 0xDC00))
                        }
                        _ => None,
                    },
                    other => other,
                };
                push(unit.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(&other) => out.push(other),
            None => push(char::REPLACEMENT_CHARACTER),
        }
    }
    out.extend_from_slice(raw.get(i..).unwrap_or_default());
    lossy(out).into_owned()
}

fn hex4(raw: &[u8], at: usize) -> Option<u32> {
    let digits = raw.get(at..at + 4)?;
    digits.iter().try_fold(0, |n, d| Some(n * 16 + char::from(*d).to_digit(16)?))
}

/// The minified JSON text of a raw value: white space outside strings removed, everything else as it stands.
pub fn minify(raw: &[u8]) -> Cow<'_, [u8]> {
    match next_space(raw, 0) {
        Some(first) => Cow::Owned(without_spaces(raw, first)),
        None => Cow::Borrowed(raw),
    }
}

/// The text of a minified raw value as a column holds it. Logs are read with raw control characters inside their strings; the text is
/// JSON, which has them escaped, so that `parse_json` finds in it what the log says.
pub fn text<'a>(minified: impl Into<Cow<'a, [u8]>>) -> Cow<'a, str> {
    let text = lossy(minified);
    if !text.bytes().any(|b| b < b' ') {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0'..'\u{20}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The first white space outside strings, from a byte on that stands in none.
fn next_space(raw: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match raw.get(at)? {
            b'"' => at = skip_string(raw, at).unwrap_or(raw.len()),
            b' ' | b'\t' | b'\n' | b'\r' => return Some(at),
            _ => at += 1,
        }
    }
}

fn without_spaces(raw: &[u8], first: usize) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(raw.len());
    let (mut from, mut next) = (0, Some(first));
    while let Some(at) = next {
        out.extend_from_slice(raw.get(from..at).unwrap_or_default());
        from = at + 1;
        next = next_space(raw, from);
    }
    out.extend_from_slice(raw.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte, at every place of a text of two words and a rest, beside bytes that a mark could spill over from.
    #[test]
    fn eight_bytes_at_a_step_are_as_one() {
        for before in [b'a', b'N', b'\\', b'"', 0x01, 0x1f, 0x20, 0x80, 0xff] {
            for byte in 0..=255 {
                for at in 0..19_usize {
                    let mut text = [b'x'; 19];
                    if let Some(slot) = at.checked_sub(1).and_then(|i| text.get_mut(i)) {
                        *slot = before;
                    }
                    text[at] = byte;
                    let mut places = Vec::new();
                    assert!(!any_place(&text, b'N', b'\\', |at| {
                        places.push(at);
                        false
                    }));
                    let want: Vec<usize> = (0..19).filter(|i| matches!(text[*i], b'N' | b'\\')).collect();
                    assert_eq!(places, want, "{text:?}");
                    let plain = text.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f));
                    assert_eq!(plain_start(&text), plain.unwrap_or(text.len()), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn items_of_raw_text() {
        assert_eq!((depth(b"1"), depth(b"[{\"]\":[]}]")), (0, 3));
        let items: Result<Vec<_>, _> =
            Items::open(b" {\"a\" : {\"b\":\"}\"} , \"c\":[1,2]}").into_iter().flatten().collect();
        assert_eq!(items, Ok(vec![(&b"a"[..], &b"{\"b\":\"}\"}"[..]), (b"c", b"[1,2]")]));
        assert!(Items::open(b"{\"a\":1 \"b\":2}").into_iter().flatten().any(|i| i.is_err()));
        // The kinds of outer levels are known behind many inner ones.
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        assert_eq!(skip_value(deep.as_bytes(), 0), Ok(deep.len()));
        assert!(skip_value(deep.replace('}', "]").as_bytes(), 0).is_err());
        assert_eq!(&*minify(b"{ \"a b\" : [ 1 ] }"), b"{\"a b\":[1]}");
        assert_eq!(text(minify(b"{ \"a\tb\" : [ 1 ] }")), "{\"a\\u0009b\":[1]}");
    }
}
