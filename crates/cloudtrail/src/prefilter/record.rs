//! One look at a record's raw bytes: where it ends, what it is called, when it happened. No JSON is parsed.
//!
//! The look is over blocks of 64 bytes: strings by the parity of quotes, depth by counting brackets, and the keys
//! that start with `"ev`. It is sure of what it says or says nothing; then the record takes the long way. It says
//! nothing if
//! * `eventName` or `eventSource` does not stand exactly once, or one of them or `eventTime` (at most once) not as a
//!   key of the record itself: nothing can hide an event inside another one, or a second value behind the first;
//! * any string has an escape that could spell a letter (`\u0050`), or a key starts like a column's (`EventName`);
//! * a value it wants is not plain ASCII text, or the time is not `YYYY-MM-DDThh:mm:ssZ`;
//! * the record nests deeper than is read, or stands by itself and has a line feed (or far from its end any control
//!   character) inside;
//! * the record could be a container of others.
//!
//! What it does not look at: commas, colons, the kinds of brackets and the spelling of numbers.

use crate::framing::holds_container;
use crate::structure::{Block, KeyCarry, KeyFinder, Rare, places, prefix_xor};
use kql::value::raw;

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScannedRecord<'a> {
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

/// The first bytes of a record as CloudTrail writes them: nothing else begins like this.
const OWN_START: &[u8; 16] = b"{\"eventVersion\":";

const NAME: &[u8] = b"\"eventName\"";
const SOURCE: &[u8] = b"\"eventSource\"";
const TIME: &[u8] = b"\"eventTime\"";

/// Looks at the record that these bytes begin with. `alone`: it stands by itself and not in a list. The error is how
/// many bytes were looked at in vain: all of them only if the record does not end before.
#[inline]
pub fn scan_record(bytes: &[u8], alone: bool) -> Result<ScannedRecord<'_>, usize> {
    if bytes.first() != Some(&b'{') {
        return Err(0);
    }
    let finder = KeyFinder::new();
    let (blocks, rest) = bytes.as_chunks::<64>();
    let mut blocks = blocks.iter();
    let mut padded;
    let mut keys = Keys::default();
    let (mut carry, mut key_carry) = (Carry { depth: 0, outside: !0 }, KeyCarry::new());
    // One if the last block ended in an escape.
    let mut escaped = 0;
    let mut base = 0;
    loop {
        let mut stop = None;
        // Most blocks hold nothing that needs a closer look: a loop of its own, so that nothing else is in its way.
        if escaped == 0 {
            for block in blocks.by_ref() {
                let found = finder.look(block, key_carry);
                let brackets = Brackets::of(&found, found.quotes, carry.outside);
                if found.rare || brackets.may_end_or_nest(carry.depth) {
                    stop = Some((block, found));
                    break;
                }
                (base, carry, key_carry) = (base + 64, carry.over(&brackets), finder.over(block, key_carry));
            }
        }
        let (block, found) = match stop {
            Some(stop) => stop,
            None => {
                let block = match blocks.next() {
                    Some(block) => block,
                    None if base > bytes.len() => return Err(bytes.len()),
                    None => {
                        padded = [b' '; 64];
                        for (place, b) in padded.iter_mut().zip(rest) {
                            *place = *b;
                        }
                        &padded
                    }
                };
                (block, finder.look(block, key_carry))
            }
        };
        let rare = if found.rare { finder.rare(block) } else { Rare::default() };
        match step(bytes, base, &found, rare, carry, escaped, &mut keys) {
            Step::On(next, escape) => {
                (base, carry, escaped, key_carry) = (base + 64, next, escape, finder.over(block, key_carry));
            }
            Step::End(bit) => {
                let end = base + bit as usize + 1;
                if alone && (key_carry.is_control() || feeds(block) & ((1 << bit) - 1) != 0) {
                    return Err(end);
                }
                return keys.read(bytes, end, alone).ok_or(end);
            }
            Step::Unsure => return Err((base + 64).min(bytes.len() - 1)),
        }
    }
}

/// The line feeds of a block.
#[inline]
fn feeds(block: &[u8; 64]) -> u64 {
    let halves = block.as_chunks::<32>().0.iter().map(|half| u64::from(places(half, b'\n')));
    halves.rev().fold(0, |feeds, half| feeds << 32 | half)
}

/// What one block leaves to the next. It goes by value, so that it stays in registers.
#[derive(Clone, Copy)]
struct Carry {
    depth: u32,
    /// No ones if it ended in a string, or else all.
    outside: u64,
}

impl Carry {
    /// Behind a block.
    #[inline(always)]
    fn over(self, brackets: &Brackets) -> Carry {
        let opening = brackets.opens.count_ones();
        Carry {
            depth: (self.depth + opening).wrapping_sub(brackets.closes.count_ones()),
            outside: ((brackets.outside as i64) >> 63) as u64,
        }
    }
}

/// The brackets of a block that are not in strings.
struct Brackets {
    /// What stands in no string: closing quotes do, opening ones do not.
    outside: u64,
    opens: u64,
    closes: u64,
}

impl Brackets {
    #[inline(always)]
    fn of(block: &Block, quotes: u64, before: u64) -> Brackets {
        let outside = prefix_xor(quotes) ^ before;
        Brackets { outside, opens: block.opens & outside, closes: block.closes & outside }
    }

    /// Whether a record that is so deep before the block can end in it, or be too deep behind it.
    #[inline(always)]
    #[allow(
        clippy::absurd_extreme_comparisons,
        reason = "on a small stack every block needs the closer look"
    )]
    fn may_end_or_nest(&self, depth: u32) -> bool {
        // What is below zero is a large number.
        depth.wrapping_sub(self.closes.count_ones() + 1) >= SHALLOW
    }

    /// The bracket that closes a record that is so deep before the block.
    #[inline(always)]
    fn end(&self, depth: u32) -> Option<u32> {
        // Only where so many brackets close can the last one be among them.
        if depth <= self.closes.count_ones() { last_bracket(self.opens, self.closes, depth) } else { None }
    }
}

/// Behind a closer look a record is no deeper than this. A block holds 64 brackets, so in one that closes enough of them to
/// come from deeper to so little, nothing was deeper than is read.
const SHALLOW: u32 = (raw::MAX_DEPTH as u32).saturating_sub(64);

enum Step {
    /// What it leaves, and one if it ends in an escape.
    On(Carry, u64),
    /// The record ends with this byte of the block.
    End(u32),
    Unsure,
}

/// A closer look at a block.
#[inline(always)]
fn step(
    bytes: &[u8],
    base: usize,
    block: &Block,
    rare: Rare,
    carry: Carry,
    escaped: u64,
    keys: &mut Keys,
) -> Step {
    let (mut quotes, mut escape) = (block.quotes & !escaped, 0);
    if rare.slashes != 0 {
        match unescaped(bytes, base, quotes, rare.slashes & !escaped) {
            Some(found) => (quotes, escape) = found,
            None => return Step::Unsure,
        }
    }
    let brackets = Brackets::of(block, quotes, carry.outside);
    let before = if rare.vs & 3 != 0 { quotes_before(bytes, base) } else { 0 };
    // The next quote is that of a key as long as `eventName` or `eventSource`, or stands in the next block.
    let closed = quotes >> 8 | quotes >> 10 | !0 << 54;
    let mut hits = rare.vs & (quotes << 2 | before) & closed;
    let end = brackets.end(carry.depth);
    if let Some(bit) = end {
        hits &= (1 << bit) - 1;
    }
    while hits != 0 {
        let bit = hits.trailing_zeros();
        hits &= hits - 1;
        let before = (1 << bit) - 1;
        let [opened, closed] = [brackets.opens, brackets.closes].map(|b| (b & before).count_ones());
        let top = (carry.depth + opened).wrapping_sub(closed) == 1 && brackets.outside >> bit & 1 == 0;
        if !keys.see(bytes, (base + bit as usize).saturating_sub(2), top) {
            return Step::Unsure;
        }
    }
    let next = carry.over(&brackets);
    match end {
        Some(bit) => Step::End(bit),
        None if next.depth > SHALLOW => Step::Unsure,
        None => Step::On(next, escape),
    }
}

/// The quotes among the two bytes before a block, two places on. Behind a backslash a quote opens nothing.
fn quotes_before(bytes: &[u8], base: usize) -> u64 {
    let quote = |back: usize| {
        let [slash, b] = [back + 1, back].map(|back| bytes.get(base.wrapping_sub(back)));
        u64::from(b == Some(&b'"') && slash != Some(&b'\\'))
    };
    quote(2) | quote(1) << 1
}

/// The quotes of a block that are not escaped, and whether an escape begins with its last byte; `None` if an escape
/// could spell a letter.
fn unescaped(bytes: &[u8], base: usize, mut quotes: u64, mut slashes: u64) -> Option<(u64, u64)> {
    let mut escaped = 0;
    while slashes != 0 {
        let bit = slashes.trailing_zeros();
        match bytes.get(base + bit as usize + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
            _ => return None,
        }
        escaped = u64::from(bit == 63);
        quotes &= !(2 << bit);
        slashes &= !(3 << bit);
    }
    Some((quotes, escaped))
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

impl Keys {
    #[inline(always)]
    fn read<'a>(&self, bytes: &'a [u8], end: usize, alone: bool) -> Option<ScannedRecord<'a>> {
        let record = bytes.get(..end)?;
        let (name_at, source_at) = (self.name?, self.source?);
        if record.last() != Some(&b'}') {
            return None;
        }
        // An array that opens before both keys could be that of a container.
        let before = record.get(..name_at.max(source_at))?;
        if alone && record.first_chunk() != Some(OWN_START) && holds_container(before) {
            return None;
        }
        let name = text_behind(record, name_at + NAME.len())?;
        let source = text_behind(record, source_at + SOURCE.len())?;
        if source.first_chunk() == Some(b"aws:") {
            return None;
        }
        let time = match self.time {
            Some(at) => Some(time_behind(record, at + TIME.len())?),
            None => None,
        };
        Some(ScannedRecord { end, name, source, time })
    }

    /// A quote, some byte, a `v`; `top`: directly in the record, and the quote opens a text. False if that is not for a
    /// quick look.
    #[inline(always)]
    fn see(&mut self, bytes: &[u8], at: usize, top: bool) -> bool {
        // What the record's cut tail holds shows when there is more of it.
        let Some(word) = bytes.get(at..).and_then(|b| b.first_chunk()) else { return true };
        // Compared as numbers: calling `memcmp` would cost more.
        let number = |w: &[u8; 8]| u64::from_le_bytes(*w);
        let rest = bytes.get(at + 8..).unwrap_or_default();
        let (slot, whole) = match number(word) {
            w if w == number(b"\"eventNa") => (&mut self.name, rest.first_chunk() == Some(b"me\"")),
            w if w == number(b"\"eventTi") => (&mut self.time, rest.first_chunk() == Some(b"me\"")),
            w if w == number(b"\"eventSo") => (&mut self.source, rest.first_chunk() == Some(b"urce\"")),
            w => return w << 16 != number(b"\0\0\"Event"),
        };
        if !whole {
            return true;
        }
        let first = slot.replace(at).is_none();
        first && top
    }
}

/// The longest text that is looked for.
const MAX_TEXT: usize = 128;

/// The text behind a key if it has the length of a time. Whether it is one, and holds no quote, shows when it is read.
#[inline(always)]
fn time_behind(record: &[u8], key_end: usize) -> Option<&[u8; 20]> {
    let next: Option<&[u8; 23]> = record.get(key_end..)?.first_chunk();
    match next {
        Some([b':', b'"', time @ .., b'"']) => time.first_chunk(),
        _ => odd_time(record, key_end),
    }
}

fn odd_time(record: &[u8], key_end: usize) -> Option<&[u8; 20]> {
    text_behind(record, key_end)?.try_into().ok()
}

/// The text behind a key, up to the next quote, escaped or not.
#[inline(always)]
fn text_behind(record: &[u8], key_end: usize) -> Option<&[u8]> {
    let at = match record.get(key_end..key_end + 2)? {
        b":\"" => key_end + 2,
        _ => spaced_text(record, key_end)?,
    };
    let mut end = at;
    while end < at + MAX_TEXT {
        let rest = record.get(end..)?;
        let Some(next) = rest.first_chunk() else {
            // The record's last bytes.
            let len = rest.iter().position(|b| *b == b'"')?;
            return record.get(at..end + len);
        };
        let quotes = places(next, b'"');
        if quotes != 0 {
            return record.get(at..end + quotes.trailing_zeros() as usize);
        }
        end += 32;
    }
    None
}

/// Where the text behind a key begins, with white space around the colon.
fn spaced_text(record: &[u8], key_end: usize) -> Option<usize> {
    let colon = raw::skip_space(record, key_end);
    let quote = raw::skip_space(record, colon + 1);
    (record.get(colon) == Some(&b':') && record.get(quote) == Some(&b'"')).then_some(quote + 1)
}

/// Whether the text between two quotes is what it says: ASCII, and nothing escaped.
pub fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|b| matches!(b, 0x20..0x7f) && *b != b'\\')
}
