//! Finds the files in a tar archive: ustar with the long names of GNU and of POSIX (pax).

use super::Problem;
use super::unpack::{Contents, cut, damaged};

/// Headers and contents come in blocks of so many bytes.
pub const BLOCK: usize = 512;
/// Longer names and pax headers are not read.
const MAX_NAME: u64 = 64 << 10;

/// The state between two chunks.
#[derive(Default)]
pub struct Tar {
    part: Part,
    /// What chunks held so far of a header, a name or a pax header that they cut.
    held: Vec<u8>,
    /// Of the next file, from a header before its own.
    name: Option<String>,
    size: Option<u64>,
    /// Bytes of the archive read so far.
    offset: u64,
    /// Whether the mark of the end was seen.
    ended: bool,
    /// Files with holes, which are left out.
    sparse: u64,
}

#[derive(Default)]
enum Part {
    #[default]
    Header,
    /// So many bytes of contents and then of padding.
    Contents {
        kind: Kind,
        left: u64,
        padding: u64,
    },
    Ignore,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    File,
    LongName,
    Pax,
    Other,
}

/// Whether a header stands in these bytes: its sum is right.
pub fn is_header(block: &[u8]) -> bool {
    let Some(block) = block.first_chunk::<BLOCK>() else { return false };
    let Some(sum) = number(block, 148, 8) else { return false };
    let total = |signed: bool| {
        block.iter().enumerate().fold(0_i64, |total, (n, b)| {
            let b = if (148..156).contains(&n) { b' ' } else { *b };
            total + if signed { i64::from(b.cast_signed()) } else { i64::from(b) }
        })
    };
    block[0] != 0 && [total(false), total(true)].contains(&(sum.cast_signed()))
}

/// A number in octal digits, or in base 256 if its first bit is set.
fn number(block: &[u8], at: usize, len: usize) -> Option<u64> {
    let field = block.get(at..at + len)?;
    if let Some((first, rest)) = field.split_first().filter(|(first, _)| **first >= 0x80) {
        let first = u64::from(first & 0x7f);
        return rest.iter().try_fold(first, |n, b| Some(n.checked_mul(256)? + u64::from(*b)));
    }
    let digits = field.trim_ascii_start();
    let digits = digits.split(|b| matches!(b, 0 | b' ')).next().unwrap_or_default();
    digits.iter().try_fold(0_u64, |n, b| match b {
        b'0'..=b'7' => Some(n.checked_mul(8)? + u64::from(b - b'0')),
        _ => None,
    })
}

fn text(block: &[u8], at: usize, len: usize) -> String {
    let field = block.get(at..at + len).unwrap_or_default();
    String::from_utf8_lossy(field.split(|b| *b == 0).next().unwrap_or_default()).into_owned()
}

impl Tar {
    /// Reads on.
    pub fn push(&mut self, mut chunk: &[u8], out: &mut dyn Contents) {
        while !chunk.is_empty() {
            match &mut self.part {
                Part::Ignore => return,
                Part::Header => {
                    let taken = (BLOCK - self.held.len()).min(chunk.len());
                    self.held.extend_from_slice(chunk.get(..taken).unwrap_or_default());
                    self.offset += taken as u64;
                    chunk = chunk.get(taken..).unwrap_or_default();
                    if self.held.len() == BLOCK {
                        let block = std::mem::take(&mut self.held);
                        self.header(&block, out);
                        self.held = block;
                        self.held.clear();
                    }
                }
                Part::Contents { kind, left, padding } => {
                    let all = *left + *padding;
                    let taken = usize::try_from(all).unwrap_or(usize::MAX).min(chunk.len());
                    let (now, rest) = chunk.split_at(taken);
                    let own = usize::try_from(*left).unwrap_or(usize::MAX).min(taken);
                    let contents = now.get(..own).unwrap_or_default();
                    match kind {
                        Kind::File => out.bytes(contents),
                        Kind::LongName | Kind::Pax => self.held.extend_from_slice(contents),
                        Kind::Other => {}
                    }
                    *left -= own as u64;
                    *padding -= (taken - own) as u64;
                    self.offset += taken as u64;
                    chunk = rest;
                    if all == taken as u64 {
                        let kind = *kind;
                        self.end(kind, out);
                    }
                }
            }
        }
    }

    fn header(&mut self, block: &[u8], out: &mut dyn Contents) {
        if block.iter().all(|b| *b == 0) {
            self.ended = true;
            return;
        }
        let size = number(block, 124, 12).filter(|_| is_header(block));
        let Some(mut size) = size else {
            self.part = Part::Ignore;
            let start = self.offset - BLOCK as u64;
            // Archives that were cut and padded, or joined to something else.
            return out.problem(damaged(start, "tar archive"));
        };
        self.ended = false;
        let mut kind = match block.get(156) {
            Some(0 | b'0' | b'7') => Kind::File,
            Some(b'L') if size <= MAX_NAME => Kind::LongName,
            Some(b'x') if size <= MAX_NAME => Kind::Pax,
            Some(b'S') => {
                self.sparse += 1;
                Kind::Other
            }
            // Links and folders have no contents, whatever their header says of a size; other kinds are stepped over.
            Some(b'1'..=b'6') => {
                size = 0;
                Kind::Other
            }
            _ => Kind::Other,
        };
        if !matches!(kind, Kind::LongName | Kind::Pax)
            && !matches!(block.get(156), Some(b'L' | b'x' | b'g' | b'K'))
        {
            size = self.size.take().unwrap_or(size);
            let mut name = text(block, 0, 100);
            if block.get(257..263) == Some(b"ustar\0") {
                let prefix = text(block, 345, 155);
                if !prefix.is_empty() {
                    name = format!("{prefix}/{name}");
                }
            }
            let name = self.name.take().unwrap_or(name);
            let is_folder = name.ends_with('/');
            if kind == Kind::File && is_folder {
                kind = Kind::Other;
            } else if kind == Kind::File {
                out.member(&name);
            }
        }
        let padding = size.wrapping_neg() % BLOCK as u64;
        self.part = Part::Contents { kind, left: size, padding };
        if size == 0 {
            self.end(kind, out);
        }
    }

    /// The contents are over.
    fn end(&mut self, kind: Kind, out: &mut dyn Contents) {
        match kind {
            Kind::LongName => {
                self.name = Some(text(&self.held, 0, self.held.len()));
            }
            Kind::Pax => {
                for (key, value) in pax(&self.held) {
                    match key {
                        b"path" => self.name = Some(String::from_utf8_lossy(value).into_owned()),
                        b"size" => self.size = std::str::from_utf8(value).ok().and_then(|n| n.parse().ok()),
                        _ => {}
                    }
                }
            }
            Kind::File => out.whole(),
            Kind::Other => {}
        }
        self.held.clear();
        self.part = Part::Header;
    }

    /// The archive ended.
    pub fn finish(&mut self, out: &mut dyn Contents) {
        if self.sparse > 0 {
            let message = format!(
                "the tar archive has {} stored with holes (GNU sparse), which Forepost does not read; unpack it first",
                if self.sparse == 1 { "a file".to_owned() } else { format!("{} files", self.sparse) }
            );
            out.problem(Problem::new(0, "unreadable", message));
        }
        if !matches!(self.part, Part::Ignore) && !self.ended {
            out.problem(cut(self.offset, "tar archive"));
        }
    }
}

/// The keys and values of a pax header: `LENGTH KEY=VALUE\n`, again and again.
fn pax(mut header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let digits = header.iter().position(|b| *b == b' ')?;
        let length: usize = std::str::from_utf8(header.get(..digits)?).ok()?.parse().ok()?;
        let (record, rest) = header.split_at_checked(length)?;
        header = rest;
        let record = record.get(digits + 1..)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|b| *b == b'=')?;
        Some((record.get(..equals)?, record.get(equals + 1..)?))
    })
}
