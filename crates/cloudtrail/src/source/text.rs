//! Text: JSON, a table of rows, or lines of a log.

use super::lines::Lines;
use super::reader::Reader;
use super::rows::{self, CsvRows, Unknown};
use super::unpack::{BOM, begins_json};
use crate::framing::Framer;
use memchr::{memchr, memchr_iter};

/// How long the first lines of a file may be to be looked at as those of a CSV file.
const MAX_HEADER: usize = 64 << 10;
/// And how many.
const MAX_LINES: usize = 16;

/// What kind of text a file is, and the reader for it.
#[derive(Default)]
pub struct Text {
    kind: Kind,
    /// Bytes read.
    offset: u64,
}

enum Kind {
    /// Not known yet: the first line so far, and the second if that is to tell.
    Start(Vec<u8>),
    Json(Box<Framer>),
    Csv(Box<CsvRows>),
    Lines(Box<Lines>),
    /// A CSV file that is not read, as was said; how much of a line that begins an object was seen.
    Foreign(usize),
}

impl Default for Kind {
    fn default() -> Kind {
        Kind::Start(Vec::new())
    }
}

impl Text {
    /// Text whose first byte has this offset in its file.
    pub fn at(offset: u64) -> Text {
        Text { offset, ..Text::default() }
    }

    /// Whether it is JSON, and this is a place [between two values](Framer::is_between_values) of it.
    pub fn is_between_values(&self) -> bool {
        matches!(&self.kind, Kind::Json(framer) if framer.is_between_values())
    }

    /// Reads on.
    pub fn push(&mut self, mut chunk: &[u8], reader: &mut Reader<'_>) {
        while let Kind::Start(first) = &mut self.kind {
            if chunk.is_empty() {
                return;
            }
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
                self.decide(first, json, false, reader);
            }
            chunk = text.get(used..).unwrap_or_default();
        }
        match &mut self.kind {
            Kind::Json(framer) => framer.push(chunk, reader),
            Kind::Csv(csv) => csv.push(chunk, reader),
            Kind::Lines(lines) => lines.push(chunk, reader),
            Kind::Foreign(seen) => {
                // Other lines of a log may look like a CSV file's.
                const OBJECT: &[u8] = b"\n{\"";
                for (n, b) in chunk.iter().enumerate() {
                    *seen = if OBJECT.get(*seen) == Some(b) { *seen + 1 } else { usize::from(*b == b'\n') };
                    if *seen == OBJECT.len() {
                        let rest = chunk.get(n + 1..).unwrap_or_default();
                        let mut framer = Box::new(Framer::at((self.offset + n as u64).saturating_sub(1)));
                        framer.push(b"{\"", reader);
                        framer.push(rest, reader);
                        self.kind = Kind::Json(framer);
                        break;
                    }
                }
            }
            Kind::Start(_) => {}
        }
        self.offset += chunk.len() as u64;
    }

    /// How many bytes were read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Chooses the reader by the file's first lines, which were read already.
    fn decide(&mut self, first: Vec<u8>, json: bool, end: bool, reader: &mut Reader<'_>) {
        let line = first.strip_prefix(&BOM).unwrap_or(&first);
        let offset = self.offset.saturating_sub(line.len() as u64);
        if !json {
            if rows::is_hint(line) {
                self.kind = Kind::default();
                return;
            }
            if let Some(mut lines) = Lines::of(line, offset) {
                lines.push(line, reader);
                self.kind = Kind::Lines(Box::new(lines));
                return;
            }
            if let Some(csv) = CsvRows::of(line, offset) {
                self.kind = Kind::Csv(Box::new(csv));
                return;
            }
            match rows::unknown_csv(line, end) {
                Unknown::Csv(what) => {
                    reader.stranger(offset, &what);
                    self.kind = Kind::Foreign(1);
                    return;
                }
                // Looked at again with each line, so not for long.
                Unknown::More
                    if first.len() < MAX_HEADER && memchr_iter(b'\n', &first).count() < MAX_LINES =>
                {
                    self.kind = Kind::Start(first);
                    return;
                }
                Unknown::More | Unknown::No => {}
            }
        }
        let mut framer = Box::new(Framer::at(offset));
        framer.push(line, reader);
        self.kind = Kind::Json(framer);
    }

    /// The file ended, or its next bytes do not continue it. Whether it was nothing but white space.
    pub fn finish(&mut self, reader: &mut Reader<'_>) -> bool {
        if let Kind::Start(first) = &mut self.kind {
            let first = std::mem::take(first);
            if first.strip_prefix(&BOM).unwrap_or(&first).trim_ascii().is_empty() {
                return true;
            }
            self.decide(first, false, true, reader);
        }
        match std::mem::take(&mut self.kind) {
            Kind::Json(mut framer) => framer.finish(reader),
            Kind::Csv(mut csv) => csv.finish(reader),
            Kind::Lines(mut lines) => lines.finish(reader),
            Kind::Start(_) | Kind::Foreign(_) => {}
        }
        false
    }
}
