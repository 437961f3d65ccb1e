//! Where to go on behind a value that is no JSON.
//!
//! * Where a look at the raw record ([`scan_record`]) tells its end, it is stepped over. So it makes no difference whether
//!   a prefilter looked first: commas, colons and the spelling of numbers are nothing that a look would miss. It is a
//!   problem unless a prefilter steps over it now, as it would have done had no chunk cut it.
//! * Otherwise its brackets say nothing. Every object behind its first byte is *salvaged*: handed on, and those which
//!   are no events are taken for its pieces. By itself, the value ends with the line; in an array, brackets cannot be
//!   trusted any more, and all the rest of the file is salvaged.
//! * A value by itself that went on over several lines may have swallowed whole ones (`{"a":` and no more): it is read
//!   again from the first line that begins with `{`.

use super::{Frame, Framer, Frames, MAX_RECORD, Place, Problem, Within};
use crate::prefilter::record::scan_record;
use memchr::memchr;
use memchr::memmem;

/// How a line begins that may be a value: of a file that was joined to this one, the first has a byte order mark.
const LINES: [&[u8]; 2] = [b"\n{", b"\n\xef\xbb\xbf{"];

/// How far a value reaches by its quotes and brackets alone, whatever stands between them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// Brackets were in vain: only the line's end counts.
    line: bool,
}

impl Extent {
    /// Reads on; gives the byte behind the bracket that closes the value, or the line feed that ends it if it stands
    /// `alone`.
    fn run(&mut self, bytes: &[u8], alone: bool) -> Option<usize> {
        if self.line {
            return memchr(b'\n', bytes);
        }
        for (n, b) in bytes.iter().enumerate() {
            if *b == b'\n' && alone {
                return Some(n);
            }
            if std::mem::take(&mut self.escaped) {
                continue;
            }
            match b {
                b'\\' => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => self.depth += 1,
                b'}' | b']' if !self.in_string => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(n + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

impl Framer {
    /// The value is broken at `bad`: gives where to go on.
    pub(super) fn broken(&mut self, chunk: &[u8], at: usize, bad: usize, out: &mut dyn Frames) -> usize {
        let offset = self.base + bad as u64;
        let length = offset - self.start;
        let oversize = std::mem::take(&mut self.oversize);
        self.bad = offset;
        let alone = self.within == Within::Stream && !self.salvage;
        let read = chunk.get(at..=bad).unwrap_or_default();
        let lines = alone && (memchr(b'\n', &self.pending).or(memchr(b'\n', read)).is_some() || oversize);
        if !lines && !self.salvage && !oversize {
            self.extent = Extent::default();
            self.extent.run(&self.pending, alone);
            self.place = Place::Broken;
            return at;
        }
        // Among pieces, a bracket by itself says nothing.
        if !oversize && (!self.salvage || length > 1) {
            out.problem(self.bad_json());
        }
        let mut whole = std::mem::take(&mut self.pending);
        let before = whole.len();
        whole.extend_from_slice(read);
        let restart = if lines {
            let restart = self.next_line(&whole, offset, out);
            self.place = if restart.is_some() { Place::Top } else { Place::Lines { fresh: false } };
            restart
        } else {
            self.salvage_rest();
            whole.get(1..).and_then(|w| memmem::rfind(w, b"{\"")).map(|n| n + 1)
        };
        match restart {
            Some(n) if n < before => {
                // The earlier bytes are read once more as a chunk of their own.
                self.again(whole.get(n..before).unwrap_or_default(), self.start + n as u64, out);
                at
            }
            Some(n) => at + (n - before),
            None => bad,
        }
    }

    /// Reads on in the broken value; gives where to go on.
    pub(super) fn extend(&mut self, rest: &[u8], out: &mut dyn Frames) -> usize {
        let alone = self.within == Within::Stream;
        let found = self.extent.run(rest, alone);
        let n = found.unwrap_or(rest.len());
        let fits = self.pending.len() + n <= MAX_RECORD;
        if fits {
            self.pending.extend_from_slice(rest.get(..n).unwrap_or_default());
        }
        if fits && found.is_none() {
            return n;
        }
        let whole = &self.pending;
        if fits && !self.extent.line && scan_record(whole, alone).is_ok_and(|g| g.end == whole.len()) {
            // What a prefilter would have stepped over is no problem because a chunk cut it.
            if out.skip(whole, self.within).0 < whole.len() {
                out.problem(self.bad_json());
            }
            self.forget();
            self.comma = false;
            self.place = if alone { Place::Top } else { Place::Items };
            return n;
        }
        let end_of_line = rest.get(n) == Some(&b'\n');
        if alone && fits && !end_of_line {
            self.extent.line = true;
            return n;
        }
        self.give_up(out);
        if fits { n } else { 0 }
    }

    /// Reads on where nothing is a value, to where one may begin again; gives where to go on in the chunk.
    pub(super) fn lost(&mut self, chunk: &[u8], at: usize) -> usize {
        let rest = chunk.get(at..).unwrap_or_default();
        if self.place == Place::Salvage {
            return match memchr(b'{', rest) {
                Some(n) => {
                    self.begin(at + n, false);
                    at + n
                }
                None => chunk.len(),
            };
        }
        if self.place == (Place::Lines { fresh: true }) && matches!(rest.first(), Some(&(b'{' | 0xef))) {
            self.place = Place::Top; // 0xef: a file that was joined to this one begins with its byte order mark
            return at;
        }
        let end = memchr(b'\n', rest);
        self.place = match (self.place, end) {
            (Place::Junk, None) => Place::Junk,
            (Place::Junk, Some(_)) => Place::Top,
            (_, end) => Place::Lines { fresh: end.is_some() },
        };
        end.map_or(chunk.len(), |n| at + n + 1)
    }

    /// Takes what is to be had out of the broken value.
    fn give_up(&mut self, out: &mut dyn Frames) {
        out.problem(self.bad_json());
        let whole = std::mem::take(&mut self.pending);
        let pieces = whole.get(1..).unwrap_or_default();
        if self.within == Within::Stream {
            salvage_line(pieces, self.start + 1, out);
            self.place = Place::Lines { fresh: false };
        } else {
            self.salvage_rest();
            self.again(pieces, self.start + 1, out);
        }
    }

    fn bad_json(&self) -> Problem {
        let message = format!("not JSON: unexpected character at byte {}", self.bad);
        Problem::new(self.start, "bad_json", message)
    }

    /// From here on brackets are not trusted.
    pub(super) fn salvage_rest(&mut self) {
        self.outer = None;
        self.salvage = true;
        self.place = Place::Salvage;
    }

    /// The stream ended: what is broken or cut may have swallowed whole lines.
    pub(super) fn end_broken(&mut self, out: &mut dyn Frames) {
        while self.place == Place::Value && self.within == Within::Stream && !self.salvage {
            let whole = std::mem::take(&mut self.pending);
            let Some(n) = self.next_line(&whole, self.base, out) else {
                self.pending = whole;
                break;
            };
            out.problem(Problem::new(self.start, "cut", "truncated: the next line starts another record"));
            self.place = Place::Top;
            self.again(whole.get(n..).unwrap_or_default(), self.start + n as u64, out);
        }
        if self.place == Place::Broken {
            self.give_up(out);
        }
    }

    /// Reads bytes again that came in earlier chunks. What follows them is at hand, so none are held back.
    fn again(&mut self, bytes: &[u8], offset: u64, out: &mut dyn Frames) {
        let base = std::mem::replace(&mut self.base, offset);
        self.read(bytes, false, out);
        self.base = base;
    }

    /// Where to read a value of several lines again that turned out at `bad` not to be one. What stands before that
    /// is salvaged.
    fn next_line(&mut self, value: &[u8], bad: u64, out: &mut dyn Frames) -> Option<usize> {
        if self.start < self.again_until {
            // Read again and again from the first, lines would be read once for each line before them.
            return LINES.iter().filter_map(|line| memmem::rfind(value, line)).max().map(|n| n + 1);
        }
        let n = LINES.iter().filter_map(|line| memmem::find(value, line)).min()?;
        self.again_until = bad;
        salvage_line(value.get(1..n).unwrap_or_default(), self.start + 1, out);
        Some(n + 1)
    }
}

/// Hands on the objects in a piece of a line.
fn salvage_line(bytes: &[u8], offset: u64, out: &mut dyn Frames) {
    let mut pieces = Framer { salvage: true, place: Place::Salvage, base: offset, ..Framer::default() };
    pieces.push(bytes, &mut Values(out));
}

/// Passes on values but no problems: that the line is broken is said already.
struct Values<'a>(&'a mut dyn Frames);

impl Frames for Values<'_> {
    fn value(&mut self, frame: Frame<'_>) {
        self.0.value(frame);
    }

    fn problem(&mut self, _problem: Problem) {}
}
