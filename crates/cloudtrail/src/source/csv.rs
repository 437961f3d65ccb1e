//! CSV with a header row, in chunks cut anywhere (also inside quotes), to JSON objects of texts.

use crate::framing::MAX_RECORD;
use csv_core::{ReadFieldResult, Reader, ReaderBuilder};
use kql::value::json;

/// The state between two chunks.
pub struct Csv {
    reader: Reader,
    /// The header's names; empty until it is read.
    header: Vec<String>,
    fields: Vec<Vec<u8>>,
    field: Vec<u8>,
    /// Not on the stack, which is small in some hosts.
    buffer: Vec<u8>,
    size: usize,
    /// Bytes and line breaks read so far.
    offset: u64,
    breaks: u64,
    /// Where the row begins, and on which line, once a byte of it is read.
    start: Option<(u64, u64)>,
}

/// A row, or what is wrong with it.
pub enum CsvRow<'a> {
    /// The fields in the order of the header.
    Fields {
        /// The header.
        names: &'a [String],
        /// As many as the header has.
        fields: &'a [Vec<u8>],
    },
    /// More fields than the header has, or fewer.
    Uneven {
        /// How many the row has.
        has: usize,
        /// How many the header has.
        wants: usize,
    },
    /// Longer than [`MAX_RECORD`].
    TooLarge,
}

impl Csv {
    /// A reader at the start of the header row; its first byte has this offset.
    pub fn at(offset: u64) -> Csv {
        Csv::with_delimiter(offset, b',')
    }

    /// The same, of a file that separates its fields with something else.
    pub fn with_delimiter(offset: u64, delimiter: u8) -> Csv {
        Csv {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            header: Vec::new(),
            fields: Vec::new(),
            field: Vec::new(),
            buffer: vec![0; 1024],
            size: 0,
            offset,
            breaks: 0,
            start: None,
        }
    }

    /// The names of the header, once it is read.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Reads on; each row comes with the offset and the line where it begins.
    pub fn push(&mut self, chunk: &[u8], out: &mut dyn FnMut(u64, u64, CsvRow<'_>)) {
        self.read(chunk, false, out);
    }

    /// The data ended: the last row may lack its line break.
    pub fn finish(&mut self, out: &mut dyn FnMut(u64, u64, CsvRow<'_>)) {
        self.read(&[], true, out);
    }

    fn read(&mut self, mut input: &[u8], end: bool, out: &mut dyn FnMut(u64, u64, CsvRow<'_>)) {
        // No input means the end of all to the library.
        while end || !input.is_empty() {
            let (result, used, made) = self.reader.read_field(input, &mut self.buffer);
            self.advance(input.get(..used).unwrap_or_default());
            input = input.get(used..).unwrap_or_default();
            self.size += made;
            if self.size <= MAX_RECORD {
                self.field.extend_from_slice(self.buffer.get(..made).unwrap_or_default());
            }
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::End => return,
                ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end } => {
                    // A field costs memory however short it is.
                    self.size += size_of::<Vec<u8>>();
                    if self.size <= MAX_RECORD {
                        self.fields.push(std::mem::take(&mut self.field));
                    }
                    if record_end {
                        self.end_row(out);
                    }
                }
            }
        }
    }

    fn advance(&mut self, bytes: &[u8]) {
        let mut count = |bytes: &[u8]| self.breaks += memchr::memchr_iter(b'\n', bytes).count() as u64;
        let breaks = bytes.iter().take_while(|b| matches!(b, b'\n' | b'\r')).count();
        match bytes.split_at_checked(breaks) {
            // Line breaks before a row are not the row's.
            Some((before, row)) if self.start.is_none() && !row.is_empty() => {
                count(before);
                self.start = Some((self.offset + before.len() as u64, self.breaks + 1));
                self.breaks += memchr::memchr_iter(b'\n', row).count() as u64;
            }
            _ => count(bytes),
        }
        self.offset += bytes.len() as u64;
    }

    fn end_row(&mut self, out: &mut dyn FnMut(u64, u64, CsvRow<'_>)) {
        let fields = std::mem::take(&mut self.fields);
        let (start, line) = self.start.take().unwrap_or((self.offset, self.breaks + 1));
        let too_large = self.size > MAX_RECORD;
        self.size = 0;
        self.field = Vec::new();
        if too_large {
            out(start, line, CsvRow::TooLarge);
        } else if self.header.is_empty() {
            self.header = fields.iter().map(|f| json::lossy(f).trim().to_owned()).collect();
        } else if fields.len() != self.header.len() {
            out(start, line, CsvRow::Uneven { has: fields.len(), wants: self.header.len() });
        } else if fields.iter().zip(&self.header).any(|(f, h)| f.trim_ascii() != h.as_bytes()) {
            // A header that comes again, where files were joined, is no row.
            out(start, line, CsvRow::Fields { names: &self.header, fields: &fields });
        }
    }
}

/// A row as a JSON object of texts. `TimeGenerated [UTC]`, as Azure's portal exports it, becomes `TimeGenerated`.
pub fn row_to_json(names: &[String], fields: &[Vec<u8>]) -> String {
    let mut out = String::from("{");
    for (name, field) in names.iter().zip(fields) {
        if out.len() > 1 {
            out.push(',');
        }
        json::write_string(&mut out, column_name(name));
        out.push(':');
        json::write_string(&mut out, &json::lossy(field));
    }
    out.push('}');
    out
}

/// Whether the header says that the column is in UTC.
pub fn is_in_utc(header: &str) -> bool {
    column_name(header) != header.trim()
}

/// The column's name without the zone that Azure's portal adds to a datetime's.
pub fn column_name(header: &str) -> &str {
    header.trim().strip_suffix("[UTC]").map_or(header.trim(), str::trim_end)
}
