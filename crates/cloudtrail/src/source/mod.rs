//! Bytes to records: unpacks, finds where records begin and end, takes them out of their envelopes and tables, and tells which
//! table each is a row of.
//!
//! [`Source`] is push-style: it takes chunks cut anywhere and keeps at most one record between them. What a
//! thing is shows in its bytes, never in its file's name. Nothing is dropped in silence: what is no record
//! is a [`Problem`] with a place and a code, and reading goes on behind it as [`crate::framing`] describes.
//!
//! A record is checked for its brackets, commas and quotes and for the keys that make it an event; whether its
//! numbers and escapes are right shows when its columns are read. A record that the sink knows not to matter
//! ([`Sink::skip`]) is checked for its strings, the number of its brackets and those keys, and no further: it counts as an
//! event even if a comma is missing in it. Where chunks end makes no difference to what is found.

mod base64;
mod bzip2;
mod crc32;
pub mod csv;
pub(crate) mod dates;
pub mod embedded;
pub mod envelope;
mod guardduty;
mod gzip;
mod inflate;
mod lines;
mod members;
mod meter;
mod ocsf;
mod reader;
mod row;
mod rows;
mod tar;
mod text;
mod unpack;
mod utf16;
mod xz;
mod zip;
mod zstd;

pub use crate::framing::{MAX_RECORD, Outline, Problem};
pub use envelope::{Envelope, MAX_ENVELOPES};
pub use members::{Archive, Member, MemberLimits};
pub use meter::Limits;

use crate::framing::Frames as _;
use crate::prefilter::Skipped;
use crate::table::logs::{self, Log};

use meter::Meter;
use reader::{Reader, Tally};
pub(crate) use unpack::BOM;
use unpack::Unpack;

/// How many bytes an envelope's compressed payload may inflate to. Services send at most a few megabytes.
pub const MAX_PAYLOAD: u64 = 64 << 20;

/// A record: one CloudTrail event, or a row that has the columns of `AWSCloudTrail`, or a record of another log, as JSON text.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// An object in JSON.
    pub raw: &'a [u8],
    /// What it came in.
    pub envelope: Envelope,
    /// Where it, or the outermost text or list it came in, begins: bytes in the inflated stream.
    pub offset: u64,
    /// If it is an event that the framing has seen to be one: what is known of it. `None` says nothing.
    pub outline: Option<Outline<'a>>,
    /// The log it is a record of, if that is not CloudTrail.
    pub log: Option<Log>,
}

impl<'a> Record<'a> {
    /// A record of which no more is known than its text.
    pub fn new(raw: &'a [u8], envelope: Envelope, offset: u64) -> Record<'a> {
        Record { raw, envelope, offset, outline: None, log: None }
    }

    /// A record that stands by itself, of whichever log its keys say.
    pub fn alone(raw: &'a [u8]) -> Record<'a> {
        Record { log: envelope::log_of(raw), ..Record::new(raw, Envelope::Bare, 0) }
    }
}

/// Takes what a [`Source`] finds, in the order of the stream.
pub trait Sink {
    /// Looks at the bytes that begin with an object before it is framed: are it and what follows it events that matter
    /// to no one? Those are stepped over and counted. `alone`: the object stands by itself and not in a list.
    fn skip(&mut self, _bytes: &[u8], _alone: bool) -> Skipped {
        Skipped::default()
    }
    /// A record.
    fn record(&mut self, record: Record<'_>);
    /// What a line of `forepost sieve` says of the events around it, as JSON.
    fn sieve(&mut self, _offset: u64, _says: &[u8]) {}
    /// Something that is none.
    fn problem(&mut self, problem: Problem);
}

/// What was read so far, over all files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Bytes pushed.
    pub bytes_in: u64,
    /// Bytes after inflating.
    pub bytes_inflated: u64,
    /// Problems reported.
    pub problems: u64,
    /// CloudTrail's digest files, which hold no events and are no problem.
    pub digests: u64,
    /// How many records came in each envelope, in the order of [`Envelope::ALL`].
    pub records: [u64; Envelope::ALL.len()],
    /// How many of them are of other logs than CloudTrail, in the order of [`logs::TABLES`].
    pub logs: [u64; logs::TABLES.len()],
}

impl Stats {
    /// The records that came in an envelope.
    pub fn records(&self, envelope: Envelope) -> u64 {
        self.records.get(envelope as usize).copied().unwrap_or(0)
    }

    /// The records of CloudTrail.
    pub fn events(&self) -> u64 {
        self.total().saturating_sub(self.logs.iter().sum())
    }

    /// The records of another log.
    pub fn of_log(&self, log: Log) -> u64 {
        self.logs.get(log.index()).copied().unwrap_or(0)
    }

    /// All records.
    pub fn total(&self) -> u64 {
        self.records.iter().sum()
    }

    fn add(&mut self, other: &Stats) {
        self.bytes_in += other.bytes_in;
        self.bytes_inflated += other.bytes_inflated;
        self.problems += other.problems;
        self.digests += other.digests;
        for (n, more) in self.records.iter_mut().zip(other.records) {
            *n += more;
        }
        for (n, more) in self.logs.iter_mut().zip(other.logs) {
            *n += more;
        }
    }

    fn count(&mut self, envelope: Envelope, more: u64) {
        if let Some(n) = self.records.get_mut(envelope as usize) {
            *n += more;
        }
    }
}

/// Reads files, or any streams, one after another.
#[derive(Default)]
pub struct Source {
    unpack: Unpack,
    meter: Meter,
    tally: Tally,
    /// Whether there is a current file.
    begun: bool,
    stats: Stats,
}

impl Source {
    /// A source at the start of a file.
    pub fn new() -> Source {
        Source::default()
    }

    /// One that reads no more than that.
    pub fn within(limits: Limits) -> Source {
        Source { meter: Meter::new(limits), ..Source::default() }
    }

    /// Reads on in the current file.
    pub fn push(&mut self, chunk: &[u8], sink: &mut dyn Sink) {
        self.stats.bytes_in += chunk.len() as u64;
        self.begun = true;
        let mut rest = chunk;
        // Text is read in whatever chunks it comes; of what is packed, each step allows for more.
        while !rest.is_empty() && !self.unpack.is_text() {
            let (piece, behind) = rest.split_at(rest.len().min(self.meter.to_step()));
            let (unpack, mut reader) = self.parts(sink);
            unpack.push(piece, &mut reader);
            self.meter.pushed(piece.len());
            rest = behind;
        }
        self.meter.pushed(rest.len());
        let (unpack, mut reader) = self.parts(sink);
        unpack.push(rest, &mut reader);
    }

    /// The file ended. The source is then at the start of the next one; the [`Stats`] go on.
    pub fn finish(&mut self, sink: &mut dyn Sink) {
        let (unpack, mut reader) = self.parts(sink);
        unpack.finish(&mut reader);
        reader.say_tally();
        self.meter.next_file();
        self.begun = false;
    }

    /// The file, which is JSON text, is read from this byte on: another source reads what comes before, and has or will have seen
    /// there that [this is such a place](Self::can_be_parted).
    pub fn start_at(&mut self, offset: u64) {
        self.unpack = Unpack::text_from(offset);
        self.begun = true;
    }

    /// Whether another source that [starts here](Self::start_at) would read the rest of the file as this one would: it is JSON text,
    /// this is a place between two of its values, and nothing of what was read is to be told at the end of the file.
    pub fn can_be_parted(&self) -> bool {
        self.unpack.is_between_values() && self.tally.said.is_empty()
    }

    /// The rest of the file is of no use. The source is then at the start of the next one; the [`Stats`] go on.
    pub fn leave(&mut self) {
        (self.unpack, self.tally) = Default::default();
        self.meter.next_file();
        self.begun = false;
    }

    /// Whether anything was pushed of the current file, be it nothing.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    fn parts<'a>(&'a mut self, sink: &'a mut dyn Sink) -> (&'a mut Unpack, Reader<'a>) {
        let Source { unpack, meter, tally, stats, .. } = self;
        let reader = Reader {
            sink,
            stats,
            meter,
            tally,
            member: None,
            level: 0,
            outer: None,
            inflated: false,
            sent: None,
        };
        (unpack, reader)
    }

    /// What was read so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The same, and counts from zero again.
    pub fn take_stats(&mut self) -> Stats {
        std::mem::take(&mut self.stats)
    }

    /// Counts what another source has read.
    pub fn add_stats(&mut self, other: &Stats) {
        self.stats.add(other);
    }

    fn inside(level: u8, outer: (Envelope, u64), inflated: bool) -> Payload {
        Payload { level, outer, inflated }
    }
}

/// The text or the bytes inside an envelope, read as a file of their own.
struct Payload {
    level: u8,
    outer: (Envelope, u64),
    inflated: bool,
}

impl Payload {
    fn read_all(&mut self, bytes: &[u8], parent: &mut Reader<'_>) {
        if parent.meter.exhausted() {
            return;
        }
        let compressed = unpack::is_packed(bytes);
        let mut reader = Reader {
            sink: &mut *parent.sink,
            stats: &mut *parent.stats,
            meter: &mut *parent.meter,
            tally: &mut *parent.tally,
            member: parent.member.clone(),
            level: self.level,
            outer: Some(self.outer),
            inflated: self.inflated || compressed,
            sent: None,
        };
        if compressed && self.inflated {
            // One level of compression inside envelopes: more would let a small file cost hours.
            let message = "what is compressed inside a compressed envelope is not read; unpack it first";
            reader.problem(Problem::new(0, "unreadable", message));
            return;
        }
        let mut unpack = Unpack::default();
        unpack.push(bytes, &mut reader);
        unpack.finish(&mut reader);
    }
}
