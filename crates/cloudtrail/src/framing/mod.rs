//! Finds where JSON values begin and end in a stream whose chunks are cut anywhere.
//!
//! One scan checks the grammar down to strings (their escapes and the spelling of numbers are left to whoever
//! reads the value), without recursion, and looks at a byte a bounded number of times. What follows a value that is
//! no JSON is found by `broken`.

mod broken;
mod container;
pub mod scan;

pub use crate::framing::scan::{Member, Outline};
use crate::framing::scan::{Scan, Step};
use crate::source::BOM;
use broken::Extent;
use container::container;
pub use container::{CONTAINERS, holds_container};

/// The longest record that is read, in bytes of its JSON text. CloudTrail's own limit is 256 KB an event.
pub const MAX_RECORD: usize = 16 << 20;

/// A record that a chunk cuts is framed at once if it has more bytes than this so far, or if it does not end in so many of
/// the next chunk. Framing it, to hand it on and look at it again, costs as much as looking at a dozen others.
const HELD: usize = 64 << 10;
const JOINED: usize = 8 << 10;

/// Where a value stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// By itself: a line, or one of several values after another.
    Stream,
    /// In a top-level array.
    Array,
    /// In the array under one of [`CONTAINERS`].
    Key(&'static str),
}

/// A complete value.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its text.
    pub raw: &'a [u8],
    /// Where it begins in the stream.
    pub offset: u64,
    /// Where it stood.
    pub within: Within,
    /// Whether it may be a piece of something broken.
    pub salvaged: bool,
    /// If the scan came across the keys `eventName` and `eventSource`, each directly in the object and the second
    /// once: where in `raw` that key's value follows. It saves looking for them. `None` says nothing.
    pub source: Option<usize>,
    /// If it is an object: what the scan came across. `None` says nothing.
    pub outline: Option<Outline<'a>>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: bytes in the text; for what is wrong with a compression or an archive, bytes in that.
    pub offset: u64,
    /// What kind: `bad_json`, `not_json`, `cut`, `too_large`, `not_cloudtrail`, `too_deep`, `bad_base64`, `bad_row`,
    /// `bad_time`, `partial`, `empty`, `unreadable`, `damaged`, `gzip_damaged`, `gzip_cut`, `gzip_trailing`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Problem {
    /// A problem.
    pub fn new(offset: u64, code: &'static str, message: impl Into<String>) -> Problem {
        Problem { offset, code, message: message.into() }
    }
}

/// Takes what a [`Framer`] finds.
pub trait Frames {
    /// The bytes begin with an object that is not framed yet. Gives up to where objects, this one and those that follow
    /// it, are dealt with and need not be framed, each no longer than [`MAX_RECORD`]; and up to where was looked: to the
    /// end only if the last object does not end before it.
    fn skip(&mut self, _bytes: &[u8], _within: Within) -> (usize, usize) {
        (0, 0)
    }
    /// A complete value.
    fn value(&mut self, frame: Frame<'_>);
    /// Something that is no value.
    fn problem(&mut self, problem: Problem);
}

/// The state between two chunks.
#[derive(Debug)]
pub struct Framer {
    place: Place,
    scan: Scan,
    /// The object around the array that is being read.
    outer: Option<Scan>,
    within: Within,
    /// Brackets around the values cannot be trusted any more.
    salvage: bool,
    /// Whether an item may start: at the array's start or behind a comma.
    comma: bool,
    /// The beginning of the current value, from earlier chunks.
    pending: Vec<u8>,
    /// The value is too long: it is stepped over.
    oversize: bool,
    /// Where the current value begins.
    start: u64,
    /// Where the next byte to read stands.
    base: u64,
    /// Lines in a row that are not JSON: where they begin and how many.
    junk: Option<(u64, u64)>,
    /// No object before this byte is offered for skipping: looks that were in vain are paid for by framing as many
    /// bytes, so that no input makes looking cost more than reading.
    framed_until: u64,
    /// The object that the last chunk cut, as far as it had it: it is looked at once more with what follows.
    held: Vec<u8>,
    /// How far the broken value reaches.
    extent: Extent,
    /// The byte that makes it no JSON.
    bad: u64,
    /// Lines before this byte were read again already.
    again_until: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Top,
    /// In a byte order mark, behind so many bytes of it: files that were joined each bring theirs.
    Mark(usize),
    Items,
    Value,
    /// In an object, behind its array.
    Tail,
    /// To the end of a line that is not JSON.
    Junk,
    /// In a value that is broken: to where it ends in spite of that.
    Broken,
    /// To the next line that begins with `{`.
    Lines {
        fresh: bool,
    },
    Salvage,
}

impl Default for Framer {
    fn default() -> Framer {
        Framer {
            place: Place::Top,
            scan: Scan::new(false),
            outer: None,
            within: Within::Stream,
            salvage: false,
            comma: true,
            pending: Vec::new(),
            oversize: false,
            start: 0,
            base: 0,
            junk: None,
            framed_until: 0,
            held: Vec::new(),
            extent: Extent::default(),
            bad: 0,
            again_until: 0,
        }
    }
}

impl Framer {
    /// A framer at the start of a stream.
    pub fn new() -> Framer {
        Framer::default()
    }

    /// A framer whose first byte has this offset.
    pub fn at(offset: u64) -> Framer {
        Framer { base: offset, ..Framer::default() }
    }

    /// Whether all that was read has been given, and what follows would be read the same by a framer that begins here.
    pub fn is_between_values(&self) -> bool {
        self.place == Place::Top && !self.salvage && self.held.is_empty() && self.junk.is_none()
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8], out: &mut dyn Frames) {
        let joined = if self.held.is_empty() { 0 } else { self.join(chunk, out) };
        self.read(chunk.get(joined..).unwrap_or_default(), true, out);
    }

    /// Looks at the object that the last chunk cut together with what follows; gives how much of this chunk that took.
    fn join(&mut self, chunk: &[u8], out: &mut dyn Frames) -> usize {
        let mut joined = std::mem::take(&mut self.held);
        let before = joined.len();
        joined.extend_from_slice(chunk.get(..JOINED).unwrap_or(chunk));
        let (end, looked) = out.skip(&joined, self.within);
        if end < before {
            self.framed_until = self.base + looked as u64;
        }
        self.base += end as u64;
        self.comma &= end == 0;
        self.read(joined.get(end..before).unwrap_or_default(), false, out);
        end.saturating_sub(before)
    }

    /// Reads all of the chunk, but for an object that it cuts if that may be held.
    fn read(&mut self, chunk: &[u8], hold: bool, out: &mut dyn Frames) {
        let mut at = 0;
        while let Some(&b) = chunk.get(at) {
            let rest = chunk.get(at..).unwrap_or_default();
            match self.place {
                Place::Top => match b {
                    // A comma between values and the record separator of RFC 7464 do no harm.
                    b' ' | b'\t' | b'\n' | b'\r' | b',' | 0x1e => at += 1,
                    b'[' => {
                        self.end_junk(out);
                        self.enter(Within::Array, None);
                        self.start = self.base + at as u64;
                        at += 1;
                    }
                    b'{' | b'"' => {
                        self.end_junk(out);
                        self.within = Within::Stream;
                        match self.skip(rest, at, hold, out) {
                            Some(end) => at += end,
                            None => self.begin(at, b == b'{'),
                        }
                    }
                    b if b == BOM[0] => {
                        self.place = Place::Mark(1);
                        at += 1;
                    }
                    _ => self.begin_junk(at as u64),
                },
                Place::Mark(n) if BOM.get(n) == Some(&b) => {
                    self.place = if n + 1 < BOM.len() { Place::Mark(n + 1) } else { Place::Top };
                    at += 1;
                }
                Place::Mark(n) => self.begin_junk((at as u64).wrapping_sub(n as u64)),
                Place::Items => at = self.item(chunk, at, hold, out),
                Place::Value => at = self.value(chunk, at, out),
                Place::Tail => at = self.tail(chunk, at, out),
                Place::Broken => at += self.extend(rest, out),
                Place::Junk | Place::Lines { .. } | Place::Salvage => at = self.lost(chunk, at),
            }
        }
        self.base += (chunk.len() - self.held.len()) as u64;
    }

    /// Reads on in an array of records, between two of them; gives where to go on in the chunk.
    fn item(&mut self, chunk: &[u8], at: usize, hold: bool, out: &mut dyn Frames) -> usize {
        let rest = chunk.get(at..).unwrap_or_default();
        match rest.first() {
            Some(b' ' | b'\t' | b'\n' | b'\r') => {}
            Some(b',') => self.comma = true,
            Some(b']') => {
                self.place = match self.outer.take() {
                    Some(scan) => {
                        self.scan = scan;
                        Place::Tail
                    }
                    None => Place::Top,
                };
            }
            first => {
                let here = self.base + at as u64;
                if !self.comma && first == Some(&b'{') {
                    out.problem(Problem::new(here, "bad_json", "two records have no comma between them"));
                }
                match self.skip(rest, at, hold, out) {
                    Some(end) => return at + end,
                    None => self.begin(at, false),
                }
                return at;
            }
        }
        at + 1
    }

    /// The stream ended. The framer is then at the start of a stream.
    pub fn finish(&mut self, out: &mut dyn Frames) {
        if !self.held.is_empty() {
            self.join(&[], out);
        }
        if let Place::Mark(n) = self.place {
            self.begin_junk((n as u64).wrapping_neg());
        }
        self.end_junk(out);
        if matches!(self.place, Place::Value | Place::Broken) {
            self.end_broken(out);
        }
        let cut = match self.place {
            Place::Value if !self.oversize => Some((self.start, "truncated: the last record is incomplete")),
            Place::Items | Place::Tail => Some((self.base, "truncated: the list of records is incomplete")),
            _ => None,
        };
        if let Some((offset, message)) = cut {
            out.problem(Problem::new(offset, "cut", message));
        }
        *self = Framer::default();
    }

    /// The end of objects that need not be framed, or not yet.
    fn skip(&mut self, rest: &[u8], at: usize, hold: bool, out: &mut dyn Frames) -> Option<usize> {
        let here = self.base + at as u64;
        if self.salvage || here < self.framed_until || rest.first() != Some(&b'{') {
            return None;
        }
        let (end, looked) = out.skip(rest, self.within);
        self.framed_until = here + looked as u64;
        // Behind objects that are dealt with there is one byte before the next.
        let next = if end > 0 { end + 1 } else { 0 };
        let cut = rest.get(next..).filter(|cut| cut.starts_with(b"{") && looked == rest.len());
        // What ends like a record may be a whole one, and whoever sent it waits for the answer.
        if let Some(cut) = cut.filter(|cut| hold && cut.len() <= HELD && !cut.ends_with(b"}")) {
            self.held.extend_from_slice(cut);
            // Whether one is missing before it is settled.
            self.comma = true;
            return Some(rest.len());
        }
        self.comma &= end == 0;
        (end > 0).then_some(end)
    }

    fn begin(&mut self, at: usize, watch: bool) {
        self.start = self.base + at as u64;
        self.scan.reset(watch);
        self.place = Place::Value;
    }

    fn enter(&mut self, within: Within, outer: Option<Scan>) {
        self.within = within;
        self.outer = outer;
        self.comma = true;
        self.place = Place::Items;
        // The look at the container was in vain, but there is one container to a value at most.
        self.framed_until = 0;
    }

    /// A line that is not JSON begins so far into the chunk.
    fn begin_junk(&mut self, at: u64) {
        let (_, lines) = self.junk.get_or_insert((self.base.wrapping_add(at), 0));
        *lines += 1;
        self.place = Place::Junk;
    }

    fn end_junk(&mut self, out: &mut dyn Frames) {
        if let Some((offset, lines)) = self.junk.take() {
            out.problem(junk(offset, lines));
        }
    }

    /// Reads on in the current value; gives where to go on in the chunk. If the value began in an earlier chunk,
    /// `at` is 0.
    fn value(&mut self, chunk: &[u8], at: usize, out: &mut dyn Frames) -> usize {
        let mut scanned = at;
        loop {
            match self.scan.run(chunk.get(scanned..).unwrap_or_default()) {
                Step::End(n) => {
                    let end = scanned + n;
                    self.emit(chunk.get(at..end).unwrap_or_default(), out);
                    self.comma = false;
                    self.place = match self.within {
                        _ if self.salvage => Place::Salvage,
                        Within::Stream => Place::Top,
                        Within::Array | Within::Key(_) => Place::Items,
                    };
                    return end;
                }
                Step::Array(n) => {
                    scanned += n;
                    if self.open(chunk.get(at..scanned).unwrap_or_default()) {
                        return scanned;
                    }
                }
                Step::More => {
                    self.keep(chunk.get(at..).unwrap_or_default(), out);
                    return chunk.len();
                }
                Step::Bad(n) => return self.broken(chunk, at, scanned + n, out),
            }
        }
    }

    /// Whether the array that opens behind what was read of the value is that of a container; it is entered then.
    fn open(&mut self, read: &[u8]) -> bool {
        // An event has arrays of its own.
        let Some(key) = container(&self.pending, read).filter(|_| !self.scan.is_event()) else {
            return false;
        };
        let outer = self.scan.around();
        self.pending.clear();
        self.oversize = false;
        self.enter(Within::Key(key), Some(outer));
        true
    }

    /// Reads on behind the array of a container; gives where to go on in the chunk.
    fn tail(&mut self, chunk: &[u8], at: usize, out: &mut dyn Frames) -> usize {
        let rest = chunk.get(at..).unwrap_or_default();
        match self.scan.run(rest) {
            Step::End(n) => {
                self.pending.clear();
                self.place = Place::Top;
                at + n
            }
            Step::Array(n) => {
                let read = chunk.get(..at + n).unwrap_or_default();
                let key = container(&self.pending, read);
                self.pending.clear();
                if let Some(key) = key {
                    let outer = self.scan.around();
                    self.enter(Within::Key(key), Some(outer));
                }
                at + n
            }
            Step::More => {
                // Enough to know the key of an array that opens with the next chunk.
                self.pending.extend_from_slice(rest.get(rest.len().saturating_sub(64)..).unwrap_or(rest));
                let extra = self.pending.len().saturating_sub(64);
                self.pending.drain(..extra);
                chunk.len()
            }
            Step::Bad(n) => {
                let offset = self.base + (at + n) as u64;
                out.problem(Problem::new(
                    offset,
                    "bad_json",
                    "the text after the array of records is not JSON",
                ));
                self.pending.clear();
                self.salvage_rest();
                at + n
            }
        }
    }

    /// Hands on the value that ends with these bytes.
    fn emit(&mut self, end: &[u8], out: &mut dyn Frames) {
        if self.oversize {
            self.oversize = false;
        } else if self.pending.len() + end.len() > MAX_RECORD {
            out.problem(too_large(self.start));
        } else {
            let raw = if self.pending.is_empty() {
                end
            } else {
                self.pending.extend_from_slice(end);
                &self.pending
            };
            out.value(Frame {
                raw,
                offset: self.start,
                within: self.within,
                salvaged: self.salvage,
                source: self.scan.event_source(),
                outline: self.scan.outline(),
            });
        }
        self.forget();
    }

    fn forget(&mut self) {
        self.pending.clear();
        // One long record must not hold its memory for good.
        self.pending.shrink_to(1 << 20);
    }

    fn keep(&mut self, bytes: &[u8], out: &mut dyn Frames) {
        if self.oversize {
            return;
        }
        if self.pending.len() + bytes.len() > MAX_RECORD {
            self.oversize = true;
            self.forget();
            out.problem(too_large(self.start));
        } else {
            self.pending.extend_from_slice(bytes);
        }
    }
}

fn junk(offset: u64, lines: u64) -> Problem {
    let message = match lines {
        1 => "1 line is not JSON".to_owned(),
        n => format!("{n} lines are not JSON"),
    };
    Problem::new(offset, "not_json", message)
}

fn too_large(offset: u64) -> Problem {
    Problem::new(offset, "too_large", "the record is larger than 16 MiB; Forepost ignores it")
}
