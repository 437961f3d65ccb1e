//! Text: JSON, or a table of rows.

use super::csv::{self, Csv, CsvRow};
use super::envelope::{self, Envelope, Reader};
use super::unpack::{BOM, begins_json};
use super::{Problem, Record};
use crate::framing::{Framer, Frames as _};
use memchr::memchr;

/// How long the first line of a file may be to be looked at as a CSV header.
const MAX_HEADER: usize = 64 << 10;

/// What kind of text a file is, and the reader for it.
#[derive(Default)]
pub struct Text {
    kind: Kind,
    /// Bytes read.
    offset: u64,
}

enum Kind {
    /// Not known yet: the first line so far.
    Start(Vec<u8>),
    Json(Box<Framer>),
    Csv(Box<Csv>),
}

impl Default for Kind {
    fn default() -> Kind {
        Kind::Start(Vec::new())
    }
}

impl Text {
    /// Reads on.
    pub fn push(&mut self, chunk: &[u8], reader: &mut Reader<'_>) {
        match &mut self.kind {
            Kind::Json(framer) => framer.push(chunk, reader),
            Kind::Csv(csv) => csv.push(chunk, &mut |offset, line, row| csv_row(offset, line, row, reader)),
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
        if !json && let Some(csv) = csv_of(line, offset) {
            self.kind = Kind::Csv(csv);
            return;
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
            self.decide(&first, false, reader);
        }
        match std::mem::take(&mut self.kind) {
            Kind::Json(mut framer) => framer.finish(reader),
            Kind::Csv(mut csv) => {
                csv.finish(&mut |offset, line, row| csv_row(offset, line, row, reader));
            }
            Kind::Start(_) => {}
        }
        false
    }
}

/// The reader of a CSV file if its first line names columns of the table.
fn csv_of(line: &[u8], offset: u64) -> Option<Box<Csv>> {
    let mut csv = Csv::at(offset);
    csv.push(line, &mut |_, _, _| {});
    envelope::is_row(csv.header().iter().map(String::as_str)).then(|| Box::new(csv))
}

fn csv_row(offset: u64, line: u64, row: CsvRow<'_>, reader: &mut Reader<'_>) {
    match row {
        CsvRow::Fields { names, fields } => {
            let json = csv::row_to_json(names, fields);
            let offset = reader.outer.map_or(offset, |(_, o)| o);
            reader.stats.count(Envelope::Csv, 1);
            reader.sink.record(Record { raw: json.as_bytes(), envelope: Envelope::Csv, offset });
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
