//! One look at a record's raw bytes: where it ends, what it is called, when it happened. No JSON is parsed.
//!
//! The look is over blocks of 64 bytes: strings by the parity of quotes, depth by counting brackets, and the keys
//! that start with `"ev`. It is sure of what it says or says nothing; then the record takes the long way. It says
//! nothing if
//! * `eventName` or `eventSource` does not stand exactly once, or one of them or `eventTime` (at most once) not as a
//!   key of the record itself: nothing can hide an event inside another one, or a second value behind the first;
//! * any string has an escape that could spell a letter (`\u0050`), or a key starts like a column's (`EventName`);
//! * a value it wants is not plain ASCII text, or the time is not `YYYY-MM-DDThh:mm:ssZ`;
//! * the record nests deeper than is read, or stands by itself and has a line feed inside;
//! * the record could be a container of others.
//!
//! What it does not look at: commas, colons, the kinds of brackets and the spelling of numbers.

use super::block::{Block, prefix_xor};
use crate::source::frame::holds_container;
use crate::value::{datetime, json};

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance<'a> {
    /// The byte behind the record.
    pub end: usize,
    /// `eventName`, as it stands there: it may hold anything but a quote, see [`is_plain`].
    pub name: &'a [u8],
    /// `eventSource`, likewise.
    pub source: &'a [u8],
    /// `eventTime`; `None` if there is no such key.
    pub time: Option<&'a [u8; 20]>,
}

/// Where the keys stand: the byte of their opening quote.
#[derive(Clone, Copy, Default)]
struct Keys {
    name: Option<usize>,
    source: Option<usize>,
    time: Option<usize>,
}

const NAME: &[u8] = b"\"eventName\"";
const SOURCE: &[u8] = b"\"eventSource\"";
const TIME: &[u8] = b"\"eventTime\"";

/// Looks at the record that these bytes begin with. `alone`: it stands by itself and not in a list. The error is how
/// many bytes were looked at in vain.
#[inline]
pub fn glance(bytes: &[u8], alone: bool) -> Result<Glance<'_>, usize> {
    if bytes.first() != Some(&b'{') {
        return Err(0);
    }
    let mut keys = Keys::default();
    let mut depth: u32 = 0;
    // Whether the last block ended in a string (all ones) and in an escape; its quotes.
    let (mut in_string, mut escape, mut quotes_before) = (0_u64, false, 0_u64);
    let (blocks, rest) = bytes.as_chunks::<64>();
    let mut last = [b' '; 64];
    for (place, b) in last.iter_mut().zip(rest) {
        *place = *b;
    }
    let last = (!rest.is_empty()).then_some(&last);
    let mut base = 0;
    for bytes64 in blocks.iter().chain(last) {
        let block = Block::of(bytes64);
        let mut quotes = block.quotes;
        if block.slashes != 0 || escape {
            quotes = unescaped(bytes, base, block, &mut escape).ok_or(base)?;
        }
        let strings = prefix_xor(quotes) ^ in_string;
        in_string = ((strings as i64) >> 63) as u64;
        let (opens, closes) = (block.opens & !strings, block.closes & !strings);
        let mut hits = block.vs & (quotes << 2 | quotes_before >> 62);
        quotes_before = quotes;
        let mut end = None;
        let ends = closes.count_ones();
        if depth <= ends && closes != 0 {
            end = last_bracket(opens, closes, depth);
        }
        if let Some(bit) = end {
            hits &= (1 << bit) - 1;
        }
        while hits != 0 {
            let bit = hits.trailing_zeros();
            hits &= hits - 1;
            let at = (base + bit as usize).saturating_sub(2);
            let here = Here {
                in_string: strings >> bit & 1 == 1,
                depth: (depth + (opens & ((1 << bit) - 1)).count_ones())
                    .wrapping_sub((closes & ((1 << bit) - 1)).count_ones()),
            };
            keys.see(bytes, at, here).ok_or(base)?;
        }
        if let Some(bit) = end {
            let end = base + bit as usize + 1;
            let own = bytes.get(..end).unwrap_or_default();
            let feed = alone
                && block.newline
                && memchr::memchr(b'\n', own.get(base..).unwrap_or_default()).is_some();
            let found = if feed { None } else { keys.read(own, alone) };
            return found.ok_or(end);
        }
        depth = (depth + opens.count_ones()).wrapping_sub(ends);
        base += 64;
        if depth as usize > json::MAX_DEPTH - 64 || (alone && block.newline) {
            return Err(base);
        }
    }
    Err(bytes.len())
}

/// The quotes of a block that are not escaped; `None` if an escape could spell a letter.
fn unescaped(bytes: &[u8], base: usize, block: Block, escape: &mut bool) -> Option<u64> {
    let (mut quotes, mut slashes) = (block.quotes, block.slashes);
    if std::mem::take(escape) {
        quotes &= !1;
        slashes &= !1;
    }
    while slashes != 0 {
        let bit = slashes.trailing_zeros();
        match bytes.get(base + bit as usize + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
            _ => return None,
        }
        *escape = bit == 63;
        quotes &= !(2 << bit);
        slashes &= !(3 << bit);
    }
    Some(quotes)
}

/// The bracket that closes the record, if it is among these.
fn last_bracket(opens: u64, mut closes: u64, depth: u32) -> Option<u32> {
    let mut closed = 0;
    while closes != 0 {
        let bit = closes.trailing_zeros();
        closed += 1;
        if depth + (opens & ((1 << bit) - 1)).count_ones() <= closed {
            return Some(bit);
        }
        closes &= closes - 1;
    }
    None
}

#[derive(Clone, Copy)]
struct Here {
    in_string: bool,
    depth: u32,
}

impl Keys {
    /// A quote, some byte, a `v`. `None` if that is not for a quick look.
    #[inline]
    fn see(&mut self, bytes: &[u8], at: usize, here: Here) -> Option<()> {
        // What the record's cut tail holds shows when there is more of it.
        let Some(word) = bytes.get(at..at + 8) else { return Some(()) };
        let slot = match word {
            b"\"eventNa" => &mut self.name,
            b"\"eventSo" => &mut self.source,
            b"\"eventTi" => &mut self.time,
            _ => return if word.starts_with(b"\"Event") { None } else { Some(()) },
        };
        let rest = bytes.get(at..).unwrap_or_default();
        if !(rest.starts_with(NAME) || rest.starts_with(SOURCE) || rest.starts_with(TIME)) {
            return Some(());
        }
        let own = here.in_string && here.depth == 1 && slot.is_none();
        *slot = Some(at);
        own.then_some(())
    }

    fn read(self, record: &[u8], alone: bool) -> Option<Glance<'_>> {
        let (name_at, source_at) = (self.name?, self.source?);
        if record.last() != Some(&b'}') {
            return None;
        }
        // An array that opens before both keys could be that of a container.
        let before = record.get(..name_at.max(source_at)).unwrap_or_default();
        if alone && !record.starts_with(super::OWN_START) && holds_container(before) {
            return None;
        }
        let name = text_behind(record, name_at + NAME.len())?;
        let source = text_behind(record, source_at + SOURCE.len())?;
        if source.starts_with(b"aws:") {
            return None;
        }
        let time = match self.time {
            Some(at) => Some(text_behind(record, at + TIME.len())?.try_into().ok()?),
            None => None,
        };
        Some(Glance { end: record.len(), name, source, time })
    }
}

/// The longest text that is looked for.
const MAX_TEXT: usize = 128;

/// The text behind a key, up to the next quote, escaped or not.
#[inline]
fn text_behind(record: &[u8], key_end: usize) -> Option<&[u8]> {
    let at = match record.get(key_end..key_end + 2)? {
        b":\"" => key_end + 2,
        _ => {
            let colon = json::skip_space(record, key_end);
            let quote = json::skip_space(record, colon + 1);
            if record.get(colon) != Some(&b':') || record.get(quote) != Some(&b'"') {
                return None;
            }
            quote + 1
        }
    };
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut end = at;
    while end < at + MAX_TEXT {
        let rest = record.get(end..)?;
        let Some(word) = rest.first_chunk() else {
            // The record's last bytes.
            let len = rest.iter().position(|b| *b == b'"')?;
            return record.get(at..end + len);
        };
        let word = u64::from_le_bytes(*word) ^ (ONES * u64::from(b'"'));
        let zeros = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if zeros != 0 {
            return record.get(at..end + (zeros.trailing_zeros() / 8) as usize);
        }
        end += 8;
    }
    None
}

/// Whether the text between two quotes is what it says: ASCII, and nothing escaped.
pub fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|b| matches!(b, 0x20..0x7f) && *b != b'\\')
}

/// The ticks of `YYYY-MM-DDThh:mm:ssZ`, remembering the last day.
#[derive(Default)]
pub struct Clock {
    /// `YYYY-MM-D` and `Y-MM-DDT`.
    day: [u64; 2],
    ticks: i64,
}

impl Clock {
    /// `None` if it is not of that form, or no such time.
    #[inline]
    pub fn read(&mut self, text: &[u8; 20]) -> Option<i64> {
        let (day, clock) = text.split_first_chunk::<11>()?;
        let [h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] = *<&[u8; 9]>::try_from(clock).ok()? else {
            return None;
        };
        let half =
            |from: usize| day.get(from..).and_then(|d| d.first_chunk()).map_or(0, |d| u64::from_le_bytes(*d));
        let words = [half(0), half(3)];
        if words != self.day {
            if day.iter().enumerate().any(|(i, b)| match i {
                4 | 7 => *b != b'-',
                10 => *b != b'T',
                _ => !b.is_ascii_digit(),
            }) {
                return None;
            }
            self.ticks = datetime::parse(std::str::from_utf8(day.get(..10)?).ok()?)?;
            self.day = words;
        }
        let two = |a: u8, b: u8, below: i64| {
            let n = i64::from(a.wrapping_sub(b'0')) * 10 + i64::from(b.wrapping_sub(b'0'));
            (a.is_ascii_digit() && b.is_ascii_digit() && n < below).then_some(n)
        };
        let seconds = two(h1, h2, 24)? * 3600 + two(m1, m2, 60)? * 60 + two(s1, s2, 60)?;
        Some(self.ticks + seconds * 10_000_000)
    }
}
