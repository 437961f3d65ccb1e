//! What bytes are shows in the first of them: text, or something packed, whose contents are looked at in the same way.
//!
//! Compressions and archives stand inside each other as they come, up to [`MAX_PACKED`] deep. Each decodes as it goes and keeps
//! little; what comes out of one that is packed itself counts against [`Meter`](super::meter::Meter), so that a small file never costs hours.

use super::bzip2::{self, Bzip2};
use super::gzip::Gzip;
use super::meter::Spent;
use super::reader::Reader;
use super::tar::{self, Tar};
use super::text::Text;
use super::utf16::Utf16;
use super::xz::{self, Xz};
use super::zip::{self, Zip};
use super::zstd::{self, Zstd};
use super::{MAX_PAYLOAD, Problem};
use crate::framing::Frames as _;
use std::rc::Rc;

/// How many compressions and archives may stand inside each other: `.json.gz` files in a `.tar.gz` in a zip make four.
pub const MAX_PACKED: u8 = 5;
/// How many of them may be archives.
const MAX_ARCHIVES: u8 = 2;

/// Takes what is inside a compression or an archive.
pub trait Contents {
    /// The next bytes of the contents.
    fn bytes(&mut self, chunk: &[u8]);
    /// Bytes were lost here: what comes next does not continue what came before.
    fn gap(&mut self);
    /// Whether what comes next is of no use: it is not unpacked then.
    fn full(&self) -> bool {
        false
    }
    /// Something is wrong with the compression or the archive.
    fn problem(&mut self, problem: Problem);
    /// What comes next is the file of this name in an archive.
    fn member(&mut self, _name: &str) {}
    /// Whether more of that file is of use: it is stepped over where its length is known.
    fn wants(&self) -> bool {
        true
    }
    /// All of that file went by, and it is sound.
    fn whole(&mut self) {}
}

/// The file ends inside this.
pub fn cut(offset: u64, what: &str) -> Problem {
    Problem::new(offset, "cut", format!("truncated: the file ends inside the {what} at byte {offset}"))
}

/// This cannot be read on.
pub fn damaged(offset: u64, what: &str) -> Problem {
    Problem::new(
        offset,
        "damaged",
        format!("the {what} is damaged at byte {offset}; Forepost skips the rest of it"),
    )
}

/// There is something behind the compressed data.
pub fn trailing(offset: u64, what: &str) -> Problem {
    let message = format!("the file has extra bytes after the {what} data; Forepost ignores them");
    Problem::new(offset, "damaged", message)
}

/// A name for people: the end of it if it is long.
pub fn file_name(name: &str) -> String {
    const SHOWN: usize = 120;
    match name.char_indices().rev().nth(SHOWN) {
        Some((at, c)) => format!("…{}", name.get(at + c.len_utf8()..).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// Bytes of one file, or of what is inside one.
#[derive(Default)]
pub struct Unpack {
    form: Form,
    /// What is around it.
    around: Around,
    /// A gzip decoder of an earlier file: its memory is of use again.
    spare: Option<Box<Gzip>>,
}

#[derive(Clone, Default)]
struct Around {
    /// Compressions and archives.
    packed: u8,
    archives: u8,
    compressions: u8,
    /// The names of the archives' files, the outermost first.
    member: Option<Rc<str>>,
}

enum Form {
    /// Not known yet: the first bytes.
    Start(Vec<u8>),
    Text(Text),
    Packed(Box<Layer>),
    /// Reported as a whole, or of no use: the rest is not looked at.
    Shut,
}

impl Default for Form {
    fn default() -> Form {
        Form::Start(Vec::new())
    }
}

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    Tar,
    Zip,
    Utf16 {
        big: bool,
    },
    /// What it is, and what to do with it.
    Foreign(&'static str),
    /// What file systems keep beside files.
    Beside,
}

/// What first bytes of files that are not read say, and what to tell whoever sent one.
const FOREIGN: &[(&[u8], &str)] = &[
    (&[0xff, 0xfe, 0, 0], "this is UTF-32 text; convert it to UTF-8"),
    (&[0, 0, 0xfe, 0xff], "this is UTF-32 text; convert it to UTF-8"),
    (b"7z\xbc\xaf", "this is a 7z archive; unpack it first"),
    (b"Rar!", "this is a RAR archive; unpack it first"),
    (&[0x04, 0x22, 0x4d, 0x18], "this is LZ4 data; decompress it first"),
    (&[0xff, 0x06, 0, 0, b's', b'N', b'a', b'P'], "this is Snappy data; decompress it first"),
    (b"PAR1", "this is a Parquet file; export it as JSON"),
    (b"Obj\x01", "this is an Avro file; export it as JSON"),
    (b"ORC", "this is an ORC file; export it as JSON"),
    (&[0xd0, 0xcf, 0x11, 0xe0], "this is an Office file; export it as CSV"),
    (b"SQLite format 3\0", "this is a SQLite database; export it as JSON"),
    (b"%PDF", "this is a PDF file"),
    (b"\x7fELF", "this is a program"),
    (&[0x89, b'P', b'N', b'G'], "this is a picture"),
    (b"<!DOCTYPE", HTML),
    (b"<!doctype", HTML),
    (b"<html", HTML),
    (b"<?xml", "this is XML, perhaps an error that was saved in place of the file"),
    (b"version https://git-lfs", "this is a pointer of Git LFS; git lfs pull gets the file"),
];
const HTML: &str = "this is a page of HTML, perhaps an error that was saved in place of the file";
/// AppleDouble, and the Finder's `.DS_Store`.
const BESIDE: [&[u8]; 2] = [&[0, 5, 0x16, 7], b"\0\0\0\x01Bud1"];

/// A byte order mark of UTF-8.
pub const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// What begins with these bytes; `None` if more are needed, which is never so at the `end`.
pub fn kind(head: &[u8], end: bool) -> Option<Kind> {
    // No JSON has a zero: PowerShell and others write UTF-16 without a mark.
    match head {
        [b'{' | b'[', 0, ..] => return Some(Kind::Utf16 { big: false }),
        [0, b'{' | b'[', ..] => return Some(Kind::Utf16 { big: true }),
        [b'{' | b'['] if !end => return None,
        _ => {}
    }
    if begins_json(head.strip_prefix(&BOM).unwrap_or(head)) {
        return Some(Kind::Text);
    }
    let kind = match head {
        [0x1f, 0x8b, ..] => Kind::Gzip,
        _ if zstd::begins(head) => Kind::Zstd,
        _ if zip::begins(head) => Kind::Zip,
        _ if head.starts_with(&xz::MAGIC) => Kind::Xz,
        _ if bzip2::begins(head) => Kind::Bzip2,
        _ if BESIDE.iter().any(|magic| head.starts_with(magic)) => Kind::Beside,
        _ if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) => {
            Kind::Foreign(what)
        }
        [0xff, 0xfe, ..] if end || head.len() >= 4 => Kind::Utf16 { big: false },
        [0xfe, 0xff, ..] => Kind::Utf16 { big: true },
        _ if tar::is_header(head) => Kind::Tar,
        _ if end || head.len() >= tar::BLOCK => Kind::Text,
        _ => return None,
    };
    Some(kind)
}

/// Whether the text begins with an object or an array.
pub fn begins_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Whether the bytes are packed in some way.
pub fn is_packed(bytes: &[u8]) -> bool {
    !matches!(kind(bytes, true), Some(Kind::Text | Kind::Utf16 { .. } | Kind::Foreign(_)))
}

impl Unpack {
    /// A text that another has read up to this offset.
    pub fn text_from(offset: u64) -> Unpack {
        Unpack { form: Form::Text(Text::at(offset)), ..Unpack::default() }
    }

    /// Whether it is JSON text, and this is a place between two values of it.
    pub fn is_between_values(&self) -> bool {
        matches!(&self.form, Form::Text(text) if text.is_between_values())
    }

    /// Whether it is known to be text, of which chunks of any size may be read.
    pub fn is_text(&self) -> bool {
        matches!(self.form, Form::Text(_))
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8], reader: &mut Reader<'_>) {
        match &mut self.form {
            Form::Text(text) => {
                let twice = reader.inflated || self.around.compressions > 1;
                let (admitted, spent) = reader.meter.admit(chunk.len(), twice);
                let chunk = chunk.get(..admitted).unwrap_or_default();
                if reader.level == 0 {
                    reader.stats.bytes_inflated += chunk.len() as u64;
                }
                text.push(chunk, reader);
                let many = reader.meter.too_many(reader.stats);
                if let Some(spent) = spent.or(many.then_some(Spent::Limit)) {
                    tell(spent, text.offset(), reader);
                    self.form = Form::Shut;
                }
            }
            Form::Packed(layer) => layer.push(chunk, reader),
            Form::Shut => {}
            Form::Start(head) => {
                if head.is_empty()
                    && let Some(kind) = kind(chunk, false)
                {
                    self.open(kind, reader);
                    return self.push(chunk, reader);
                }
                let more = tar::BLOCK.saturating_sub(head.len()).min(chunk.len());
                let (first, rest) = chunk.split_at(more);
                head.extend_from_slice(first);
                if let Some(kind) = kind(head, false) {
                    let head = std::mem::take(head);
                    self.open(kind, reader);
                    self.push(&head, reader);
                    self.push(rest, reader);
                }
            }
        }
    }

    /// Whether the rest of it is of no use.
    fn is_shut(&self) -> bool {
        match &self.form {
            Form::Shut => true,
            Form::Packed(layer) => !layer.decoder.is_archive() && layer.inner.is_shut(),
            Form::Start(_) | Form::Text(_) => false,
        }
    }

    /// It is known now what it is.
    fn open(&mut self, kind: Kind, reader: &mut Reader<'_>) {
        let decoder = match kind {
            Kind::Text => {
                self.form = Form::Text(Text::default());
                return;
            }
            Kind::Beside if self.around.member.is_some() => {
                self.form = Form::Shut;
                return;
            }
            Kind::Beside => {
                return self.shut("unreadable", "this is a file that macOS keeps beside others", reader);
            }
            Kind::Foreign(what) => return self.shut("unreadable", what, reader),
            Kind::Gzip if let Some(gzip) = self.spare.take() => Decoder::Gzip(gzip),
            kind => match Decoder::of(kind) {
                Some(decoder) => decoder,
                None => return,
            },
        };
        let mut around = self.around.clone();
        around.packed += 1;
        around.archives += u8::from(decoder.is_archive());
        around.compressions += u8::from(decoder.is_compression());
        if around.packed > MAX_PACKED || around.archives > MAX_ARCHIVES {
            let message = "archives and compressions stand inside each other too deep; unpack the file first";
            return self.shut("too_deep", message, reader);
        }
        let counted = decoder.is_compression() && (around.compressions > 1 || reader.level > 0);
        let left = if reader.level > 0 { MAX_PAYLOAD } else { u64::MAX };
        let inner = Unpack { around, ..Unpack::default() };
        self.form = Form::Packed(Box::new(Layer { decoder, inner, left, counted, spoke: false, members: 0 }));
    }

    fn shut(&mut self, code: &'static str, message: &str, reader: &mut Reader<'_>) {
        reader.problem(Problem::new(0, code, message));
        self.form = Form::Shut;
    }

    /// The bytes are at their end, or the next do not continue them. Whether they were nothing but white space.
    fn end(&mut self, reader: &mut Reader<'_>) -> bool {
        if let Form::Start(head) = &mut self.form {
            let head = std::mem::take(head);
            if head.is_empty() {
                return true;
            }
            if let Some(kind) = kind(&head, true) {
                self.open(kind, reader);
                self.push(&head, reader);
            }
        }
        match std::mem::take(&mut self.form) {
            Form::Text(mut text) => text.finish(reader),
            Form::Packed(mut layer) => {
                layer.finish(reader);
                if let Decoder::Gzip(gzip) = layer.decoder {
                    self.spare = Some(gzip);
                }
                false
            }
            Form::Start(_) | Form::Shut => false,
        }
    }

    /// The file ended. This is then at the start of the next one.
    pub fn finish(&mut self, reader: &mut Reader<'_>) {
        if self.end(reader) && reader.outer.is_none() {
            reader.problem(Problem::new(0, "empty", "the input is empty"));
        }
    }
}

/// A compression or an archive, and what is inside it.
struct Layer {
    decoder: Decoder,
    inner: Unpack,
    /// How many bytes may still come out of it.
    left: u64,
    /// Whether it is packed twice.
    counted: bool,
    /// Whether a problem of its own was reported.
    spoke: bool,
    /// Files in it so far, of an archive.
    members: u64,
}

/// Unpacks one compression or archive.
pub enum Decoder {
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
    Xz(Box<Xz>),
    Bzip2(Box<Bzip2>),
    Tar(Box<Tar>),
    Zip(Box<Zip>),
    Utf16(Utf16),
}

impl Decoder {
    /// The decoder of what is packed.
    pub fn of(kind: Kind) -> Option<Decoder> {
        Some(match kind {
            Kind::Gzip => Decoder::Gzip(Box::default()),
            Kind::Zstd => Decoder::Zstd(Box::new(Zstd::new())),
            Kind::Xz => Decoder::Xz(Box::new(Xz::new())),
            Kind::Bzip2 => Decoder::Bzip2(Box::default()),
            Kind::Tar => Decoder::Tar(Box::default()),
            Kind::Zip => Decoder::Zip(Box::default()),
            Kind::Utf16 { big } => Decoder::Utf16(Utf16::new(big)),
            Kind::Text | Kind::Foreign(_) | Kind::Beside => return None,
        })
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8], out: &mut dyn Contents) {
        match self {
            Decoder::Gzip(gzip) => gzip.push(chunk, out),
            Decoder::Zstd(zstd) => zstd.push(chunk, out),
            Decoder::Xz(xz) => xz.push(chunk, out),
            Decoder::Bzip2(bzip2) => bzip2.push(chunk, out),
            Decoder::Tar(tar) => tar.push(chunk, out),
            Decoder::Zip(zip) => zip.push(chunk, out),
            Decoder::Utf16(utf16) => utf16.push(chunk, out),
        }
    }

    /// What is packed ended.
    pub fn finish(&mut self, out: &mut dyn Contents) {
        match self {
            Decoder::Gzip(gzip) => gzip.finish(out),
            Decoder::Zstd(zstd) => zstd.finish(out),
            Decoder::Xz(xz) => xz.finish(out),
            Decoder::Bzip2(bzip2) => bzip2.finish(out),
            Decoder::Tar(tar) => tar.finish(out),
            Decoder::Zip(zip) => zip.finish(out),
            Decoder::Utf16(utf16) => utf16.finish(out),
        }
    }

    /// Whether there are files in it.
    pub fn is_archive(&self) -> bool {
        matches!(self, Decoder::Tar(_) | Decoder::Zip(_))
    }

    /// Whether it makes more of few bytes.
    pub fn is_compression(&self) -> bool {
        !matches!(self, Decoder::Tar(_) | Decoder::Utf16(_))
    }
}

impl Layer {
    fn parts<'a, 'r>(&'a mut self, reader: &'a mut Reader<'r>) -> (&'a mut Decoder, Inside<'a, 'r>) {
        let Layer { decoder, inner, left, counted, spoke, members } = self;
        let inside = Inside { reader, inner, left, counted: *counted, spoke, members };
        (decoder, inside)
    }

    fn push(&mut self, chunk: &[u8], reader: &mut Reader<'_>) {
        let (decoder, mut inside) = self.parts(reader);
        decoder.push(chunk, &mut inside);
    }

    fn finish(&mut self, reader: &mut Reader<'_>) {
        let (decoder, mut inside) = self.parts(reader);
        decoder.finish(&mut inside);
        let archive = self.decoder.is_archive();
        if archive && self.members == 0 {
            if !self.spoke {
                let empty = Problem::new(0, "empty", "the archive has no files in it");
                reader.problem(empty);
            }
        } else {
            let spoke = self.spoke;
            // Of what is damaged, it is not said that it is empty besides.
            self.parts(reader).1.with(|inner, reader| match spoke {
                true => _ = inner.end(reader),
                false => inner.finish(reader),
            });
        }
    }
}

/// Takes what comes out of a layer.
struct Inside<'a, 'r> {
    reader: &'a mut Reader<'r>,
    inner: &'a mut Unpack,
    left: &'a mut u64,
    counted: bool,
    spoke: &'a mut bool,
    members: &'a mut u64,
}

impl Inside<'_, '_> {
    /// Has the reader say which file of an archive it is about.
    fn with<T>(&mut self, run: impl FnOnce(&mut Unpack, &mut Reader<'_>) -> T) -> T {
        let outer = std::mem::replace(&mut self.reader.member, self.inner.around.member.clone());
        let result = run(self.inner, self.reader);
        self.reader.member = outer;
        result
    }
}

/// Nothing more is read here.
fn tell(spent: Spent, offset: u64, reader: &mut Reader<'_>) {
    if let Some((code, message)) = reader.meter.tell(spent) {
        reader.problem(Problem::new(offset, code, message));
    }
}

impl Contents for Inside<'_, '_> {
    fn bytes(&mut self, chunk: &[u8]) {
        if self.inner.is_shut() {
            return;
        }
        let left = usize::try_from(*self.left).unwrap_or(usize::MAX);
        let mut chunk = chunk.get(..left).unwrap_or(chunk);
        *self.left -= chunk.len() as u64;
        let mut spent = None;
        // Text counts where it is read.
        if self.counted && matches!(self.inner.form, Form::Packed(_)) {
            let (admitted, why) = self.reader.meter.admit(chunk.len(), true);
            chunk = chunk.get(..admitted).unwrap_or_default();
            spent = why;
        }
        self.with(|inner, reader| inner.push(chunk, reader));
        if *self.left == 0 {
            let message = format!("the payload is larger than {} MiB", MAX_PAYLOAD >> 20);
            self.with(|_, reader| reader.problem(Problem::new(0, "too_large", message)));
        } else if let Some(spent) = spent {
            self.with(|_, reader| tell(spent, 0, reader));
        } else {
            *self.spoke |= self.inner.is_shut();
            return;
        }
        *self.spoke = true;
        self.inner.form = Form::Shut;
    }

    fn full(&self) -> bool {
        // Behind one file of an archive there may be others.
        self.reader.meter.exhausted() || *self.members == 0 && self.inner.is_shut()
    }

    fn gap(&mut self) {
        self.with(|inner, reader| inner.end(reader));
    }

    fn problem(&mut self, problem: Problem) {
        *self.spoke = true;
        self.reader.problem(problem);
    }

    fn member(&mut self, name: &str) {
        if *self.members > 0 {
            self.with(|inner, reader| inner.finish(reader));
            self.inner.form = Form::default();
        }
        *self.members += 1;
        *self.spoke = false;
        let name = file_name(name);
        self.inner.around.member = Some(match &self.reader.member {
            Some(outer) => format!("{outer}/{name}").into(),
            None => name.into(),
        });
    }
}
