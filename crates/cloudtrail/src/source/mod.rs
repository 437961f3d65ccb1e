//! Bytes to records: undoes gzip, finds where records begin and end, takes them out of their envelopes.
//!
//! [`Source`] is push-style: it takes chunks cut anywhere and keeps at most one record between them. What a
//! thing is shows in its bytes, never in its file's name. Nothing is dropped in silence: what is no record
//! is a [`Problem`] with a place and a code, and reading goes on behind it as [`crate::framing`] describes.
//!
//! A record is checked for its brackets, commas and quotes and for the keys that make it an event; whether its
//! numbers and escapes are right shows when its columns are read. A record that the sink knows not to matter
//! ([`Sink::skip`]) is checked for its strings, the number of its brackets and those keys, and no further: it counts as an
//! event even if a comma is missing in it. Where chunks end makes no difference to what is found.

mod crc32;
pub mod csv;
pub mod embedded;
pub mod envelope;
pub mod gzip;
mod meter;

pub use crate::framing::{MAX_RECORD, Outline, Problem};
pub use envelope::{Envelope, MAX_ENVELOPES};
pub use meter::Limits;

use crate::framing::{Framer, Frames};
use crate::prefilter::Skipped;
use csv::{Csv, CsvRow};
use envelope::Reader;
use gzip::{Gzip, Inflated};
use memchr::memchr;
use meter::{Meter, Spent};

/// How many bytes an envelope's compressed payload may inflate to. Services send at most a few megabytes.
pub const MAX_PAYLOAD: u64 = 64 << 20;

/// How long the first line of a file may be to be looked at as a CSV header.
const MAX_HEADER: usize = 64 << 10;

/// A record: one CloudTrail event, or a row that has the columns of `AWSCloudTrail`, as JSON text.
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
}

impl<'a> Record<'a> {
    /// A record of which no more is known than its text.
    pub fn new(raw: &'a [u8], envelope: Envelope, offset: u64) -> Record<'a> {
        Record { raw, envelope, offset, outline: None }
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
    /// How many records came in each envelope, in the order of [`Envelope::ALL`].
    pub records: [u64; Envelope::ALL.len()],
}

impl Stats {
    /// The records that came in an envelope.
    pub fn records(&self, envelope: Envelope) -> u64 {
        self.records.get(envelope as usize).copied().unwrap_or(0)
    }

    /// All records.
    pub fn total(&self) -> u64 {
        self.records.iter().sum()
    }

    fn add(&mut self, other: &Stats) {
        self.bytes_in += other.bytes_in;
        self.bytes_inflated += other.bytes_inflated;
        self.problems += other.problems;
        for (n, more) in self.records.iter_mut().zip(other.records) {
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
    gzip: Gzip,
    text: Text,
    stats: Stats,
    meter: Meter,
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
        self.meter.pushed(chunk.len());
        let (stats, meter) = (&mut self.stats, &mut self.meter);
        let reader = Reader { sink, stats, meter, level: 0, outer: None, inflated: false };
        self.gzip.push(chunk, &mut Layers { text: &mut self.text, reader, limit: u64::MAX });
    }

    /// The file ended. The source is then at the start of the next one; the [`Stats`] go on.
    pub fn finish(&mut self, sink: &mut dyn Sink) {
        let (stats, meter) = (&mut self.stats, &mut self.meter);
        let reader = Reader { sink, stats, meter, level: 0, outer: None, inflated: false };
        let mut layers = Layers { text: &mut self.text, reader, limit: u64::MAX };
        self.gzip.finish(&mut layers);
        layers.gap();
        self.text = Text::default();
        self.meter.next_file();
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
        let compressed = bytes.starts_with(&[0x1f, 0x8b]);
        let (mut text, mut gzip) = (Text::default(), Gzip::default());
        let mut reader = Reader {
            sink: &mut *parent.sink,
            stats: &mut *parent.stats,
            meter: &mut *parent.meter,
            level: self.level,
            outer: Some(self.outer),
            inflated: self.inflated || compressed,
        };
        if compressed && self.inflated {
            // One level of compression inside envelopes: more would let a small file cost hours.
            let message = "gzip inside gzip inside an envelope is not supported";
            reader.problem(Problem::new(0, "unreadable", message));
            return;
        }
        let mut layers = Layers { text: &mut text, reader, limit: MAX_PAYLOAD };
        gzip.push(bytes, &mut layers);
        gzip.finish(&mut layers);
        layers.gap();
    }
}

/// What is behind the compression.
struct Layers<'s> {
    text: &'s mut Text,
    reader: Reader<'s>,
    /// How many bytes may still come.
    limit: u64,
}

impl Layers<'_> {
    fn too_large(&mut self) {
        let message = format!("the payload is larger than {} MiB", MAX_PAYLOAD >> 20);
        self.reader.problem(Problem::new(0, "too_large", message));
        self.text.kind = Kind::Unreadable;
    }

    /// Nothing more is read here.
    fn spent(&mut self, spent: Spent) {
        if let Some((code, message)) = self.reader.meter.tell(spent) {
            self.reader.problem(Problem::new(self.text.offset, code, message));
        }
        self.limit = 0;
        self.text.kind = Kind::Unreadable;
    }
}

impl Inflated for Layers<'_> {
    fn bytes(&mut self, chunk: &[u8]) {
        if self.limit == 0 {
            return;
        }
        let (admitted, spent) = self.reader.meter.admit(chunk.len(), self.reader.level);
        let chunk = chunk.get(..admitted).unwrap_or(chunk);
        self.limit = self.limit.saturating_sub(chunk.len() as u64);
        if self.reader.level == 0 {
            self.reader.stats.bytes_inflated += chunk.len() as u64;
        }
        if self.limit == 0 {
            return self.too_large();
        }
        self.text.push(chunk, &mut self.reader);
        let many = self.reader.meter.too_many(self.reader.stats);
        if let Some(spent) = spent.or(many.then_some(Spent::Limit)) {
            self.spent(spent);
        }
    }

    fn full(&self) -> bool {
        self.limit == 0
    }

    fn gap(&mut self) {
        self.text.finish(&mut self.reader);
    }

    fn problem(&mut self, problem: Problem) {
        self.reader.problem(problem);
    }
}

/// What kind of text a file is, and the reader for it.
#[derive(Default)]
struct Text {
    kind: Kind,
    /// Bytes read.
    offset: u64,
}

enum Kind {
    /// Not known yet: the first line so far.
    Start(Vec<u8>),
    Json(Box<Framer>),
    Csv(Box<Csv>),
    /// Reported as a whole; the rest of the file is of no use.
    Unreadable,
}

impl Default for Kind {
    fn default() -> Kind {
        Kind::Start(Vec::new())
    }
}

const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// First bytes of files that are not text, and what to tell whoever sent one.
const MAGICS: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "this is a zip archive; unpack it first"),
    (b"PK\x05\x06", "this is an empty zip archive"),
    (&[0xff, 0xfe], "this is UTF-16 text; convert it to UTF-8"),
    (&[0xfe, 0xff], "this is UTF-16 text; convert it to UTF-8"),
    (&[0x1f, 0x8b], "this is gzip inside gzip; decompress it once"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "this is zstd data; decompress it first"),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "this is xz data; decompress it first"),
    (b"BZh", "this is bzip2 data; decompress it first"),
    (b"7z\xbc\xaf", "this is a 7z archive; unpack it first"),
    (b"PAR1", "this is a Parquet file; export it as JSON"),
    (b"Obj\x01", "this is an Avro file; export it as JSON"),
    (b"ORC", "this is an ORC file; export it as JSON"),
    (b"%PDF", "this is a PDF file"),
    (b"\x7fELF", "this is a program"),
    (&[0x89, b'P', b'N', b'G'], "this is a picture"),
];

impl Text {
    fn push(&mut self, chunk: &[u8], reader: &mut Reader<'_>) {
        match &mut self.kind {
            Kind::Json(framer) => framer.push(chunk, reader),
            Kind::Csv(csv) => csv.push(chunk, &mut |offset, line, row| csv_row(offset, line, row, reader)),
            Kind::Unreadable => {}
            Kind::Start(first) => {
                // White space before everything says nothing.
                let text = if first.is_empty() { chunk.trim_ascii_start() } else { chunk };
                let skipped = chunk.len() - text.len();
                let json = begins_json(text) && first.is_empty();
                // A file of one line is not looked through for the line's end when its first byte says what it is.
                let line = if json { None } else { memchr(b'\n', text) };
                let used = if json { 0 } else { line.map_or(text.len(), |n| n + 1) };
                first.extend_from_slice(text.get(..used).unwrap_or_default());
                let json = json || begins_json(first.strip_prefix(&BOM).unwrap_or(first));
                self.offset += (skipped + used) as u64;
                if json || line.is_some() || first.len() >= MAX_HEADER {
                    let first = std::mem::take(first);
                    self.decide(&first, json, reader);
                    // The kind is known now, so this goes no deeper.
                    self.push(text.get(used..).unwrap_or_default(), reader);
                }
                return;
            }
        }
        self.offset += chunk.len() as u64;
    }

    /// Chooses the reader by the file's first line, which was read already.
    fn decide(&mut self, first: &[u8], json: bool, reader: &mut Reader<'_>) {
        let line = first.strip_prefix(&BOM).unwrap_or(first);
        let offset = self.offset.saturating_sub(line.len() as u64);
        if let Some((_, what)) = MAGICS.iter().find(|(magic, _)| first.starts_with(magic)) {
            reader.problem(Problem::new(0, "unreadable", *what));
            self.kind = Kind::Unreadable;
            return;
        }
        if !json && let Some(csv) = csv_of(line, offset) {
            self.kind = Kind::Csv(csv);
            return;
        }
        let mut framer = Box::new(Framer::at(offset));
        framer.push(line, reader);
        self.kind = Kind::Json(framer);
    }

    /// The file ended, or its next bytes do not continue it.
    fn finish(&mut self, reader: &mut Reader<'_>) {
        if let Kind::Start(first) = &mut self.kind {
            let first = std::mem::take(first);
            if !first.is_empty() {
                self.decide(&first, false, reader);
            }
        }
        match std::mem::take(&mut self.kind) {
            Kind::Json(mut framer) => framer.finish(reader),
            Kind::Csv(mut csv) => {
                csv.finish(&mut |offset, line, row| csv_row(offset, line, row, reader));
            }
            Kind::Start(_) | Kind::Unreadable => {}
        }
    }
}

/// The reader of a CSV file if its first line names columns of the table.
fn csv_of(line: &[u8], offset: u64) -> Option<Box<Csv>> {
    let mut csv = Csv::at(offset);
    csv.push(line, &mut |_, _, _| {});
    envelope::is_row(csv.header().iter().map(String::as_str)).then(|| Box::new(csv))
}

/// Whether the text begins with an object or an array.
fn begins_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn csv_row(offset: u64, line: u64, row: CsvRow<'_>, reader: &mut Reader<'_>) {
    match row {
        CsvRow::Fields { names, fields } => {
            let json = csv::row_to_json(names, fields);
            let offset = reader.outer.map_or(offset, |(_, o)| o);
            reader.stats.count(Envelope::Csv, 1);
            reader.sink.record(Record::new(json.as_bytes(), Envelope::Csv, offset));
        }
        CsvRow::Uneven { has, wants } => {
            let message = format!("line {line} has {has} fields, but the header has {wants}");
            reader.problem(Problem::new(offset, "bad_row", message));
        }
        CsvRow::TooLarge => {
            reader.problem(Problem::new(offset, "too_large", format!("line {line} is larger than 16 MiB")));
        }
    }
}
