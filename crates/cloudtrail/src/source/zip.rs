//! Finds the files in a zip archive by their local headers, as it streams by.
//!
//! The list at the archive's end is not needed: a header says how long its file is, or its data say themselves where they
//! end and the length follows them. Only what is stored without a length cannot be read so; writers do not do that
//! unless they stream what is packed already. What is left out is said once an archive and kind.

use super::Problem;
use super::inflate::{Inflater, Stop};
use super::unpack::{Contents, cut, damaged, file_name};

/// The fixed part of a local header.
const HEADER: usize = 30;
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";
/// In the flags of a file.
const ENCRYPTED: u16 = 1;
const DESCRIBED: u16 = 8;

/// Whether a file begins like a zip archive.
pub fn begins(head: &[u8]) -> bool {
    head.starts_with(&LOCAL) || head.starts_with(b"PK\x05\x06")
}

/// The state between two chunks.
#[derive(Default)]
pub struct Zip {
    part: Part,
    /// What chunks held so far of a header or a description that they cut.
    held: Vec<u8>,
    inflater: Inflater,
    /// Bytes of the archive read so far.
    offset: u64,
    file: File,
    encrypted: LeftOut,
    other: LeftOut,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Part {
    #[default]
    Header,
    Deflated,
    /// So many bytes as they are.
    Stored(u64),
    /// So many bytes to step over.
    Skip(u64),
    /// What follows a file whose header did not say it.
    Descriptor,
    /// The list of files: all of them went by.
    Directory,
    /// What cannot be read on.
    Ignore,
}

/// The file that is being read.
#[derive(Default)]
struct File {
    /// Where its header begins.
    start: u64,
    described: bool,
    /// Nobody wants its contents.
    aside: bool,
    /// It cannot be read.
    left_out: bool,
    /// The checksum that it should have, and so far has.
    want: u32,
    crc: u32,
    /// Its length in the archive and unpacked.
    packed: u64,
    size: u64,
}

/// Files that are left out for one reason.
#[derive(Default)]
struct LeftOut {
    files: u64,
    first: String,
    method: u16,
}

impl LeftOut {
    fn add(&mut self, name: &str, method: u16) {
        if self.files == 0 {
            self.first = file_name(name);
            self.method = method;
        }
        self.files += 1;
    }

    fn problem(&self, what: &str, out: &mut dyn Contents) {
        let more = match self.files {
            0 => return,
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let message = format!("the zip archive has files that {what}: '{}'{more}", self.first);
        out.problem(Problem::new(0, "unreadable", message));
    }
}

impl Zip {
    /// Reads on.
    pub fn push(&mut self, mut chunk: &[u8], out: &mut dyn Contents) {
        while !chunk.is_empty() {
            let used = match self.part {
                Part::Directory | Part::Ignore => return,
                Part::Header | Part::Descriptor => {
                    let used = self.want().saturating_sub(self.held.len()).min(chunk.len());
                    self.held.extend_from_slice(chunk.get(..used).unwrap_or_default());
                    self.offset += used as u64;
                    chunk = chunk.get(used..).unwrap_or_default();
                    // What was read may say that there is more of it.
                    if self.held.len() >= self.want() {
                        self.held(out);
                    }
                    continue;
                }
                Part::Deflated => self.inflate(chunk, out),
                Part::Stored(left) | Part::Skip(left) => {
                    let used = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
                    let piece = chunk.get(..used).unwrap_or_default();
                    let left = left - used as u64;
                    if let Part::Stored(_) = self.part {
                        self.file.crc = self.inflater.crc.update(self.file.crc, piece);
                        if !self.file.aside {
                            out.bytes(piece);
                        }
                        self.part = Part::Stored(left);
                        if left == 0 {
                            self.end(out);
                        }
                    } else {
                        self.part = if left > 0 { Part::Skip(left) } else { Part::Header };
                    }
                    used
                }
            };
            self.offset += used as u64;
            chunk = chunk.get(used..).unwrap_or_default();
        }
    }

    /// How many bytes the part needs, as far as it is known.
    fn want(&self) -> usize {
        let two = |at| usize::from(self.two(at));
        match self.part {
            _ if self.held.len() < 4 => 4,
            Part::Descriptor => self.descriptor().unwrap_or(self.held.len()),
            _ if !self.held.starts_with(&LOCAL) => 4,
            _ if self.held.len() < HEADER => HEADER,
            _ => HEADER + two(26) + two(28),
        }
    }

    fn two(&self, at: usize) -> u16 {
        self.held.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_le_bytes(*b))
    }

    fn four(&self, at: usize) -> u32 {
        self.held.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_le_bytes(*b))
    }

    /// How long the description is that stands in the held bytes, which may be cut: with its mark or without, with
    /// lengths of four bytes or of eight. What it has to say is known. `None` if it is none of these.
    fn descriptor(&self) -> Option<usize> {
        let File { crc, packed, size, .. } = self.file;
        let forms = [true, false].into_iter().flat_map(|marked| [4, 8].map(|len| (marked, len)));
        let mut fitting = forms.filter_map(|(marked, len)| {
            let mut form = if marked { DESCRIPTOR.to_vec() } else { Vec::new() };
            form.extend_from_slice(&crc.to_le_bytes());
            for n in [packed, size] {
                form.extend_from_slice(n.to_le_bytes().get(..len)?);
            }
            form.starts_with(&self.held).then_some(form.len())
        });
        fitting.next()
    }

    /// The part that is held is whole.
    fn held(&mut self, out: &mut dyn Contents) {
        if self.part == Part::Descriptor {
            let fits = self.descriptor().is_some_and(|n| n == self.held.len());
            self.held.clear();
            self.part = Part::Header;
            if fits {
                self.sound(out);
            } else {
                // The data ended well, but are not what was packed; or they ended in the wrong place.
                self.lost(out);
            }
            return;
        }
        if !self.held.starts_with(&LOCAL) {
            let directory = [b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08"];
            if directory.iter().any(|mark| self.held.starts_with(*mark)) {
                self.part = Part::Directory;
            } else {
                self.file.start = self.offset - self.held.len() as u64;
                self.lost(out);
            }
            return;
        }
        self.open(out);
    }

    /// Nothing tells where the next file begins.
    fn lost(&mut self, out: &mut dyn Contents) {
        self.part = Part::Ignore;
        out.problem(damaged(self.file.start, "zip archive"));
    }

    /// The header of a file is whole.
    fn open(&mut self, out: &mut dyn Contents) {
        let (flags, method) = (self.two(6), self.two(8));
        let start = self.offset - self.held.len() as u64;
        let [mut packed, mut size] = [18, 22].map(|at| u64::from(self.four(at)));
        let name_end = HEADER + usize::from(self.two(26));
        let name = String::from_utf8_lossy(self.held.get(HEADER..name_end).unwrap_or_default()).into_owned();
        if packed == u64::from(u32::MAX) || size == u64::from(u32::MAX) {
            (packed, size) = long_sizes(self.held.get(name_end..).unwrap_or_default(), packed, size);
        }
        self.file = File { start, want: self.four(14), packed, size, ..File::default() };
        self.file.described = flags & DESCRIBED != 0;
        self.held.clear();
        let encrypted = flags & ENCRYPTED != 0;
        let unknown = self.file.described && packed == 0;
        let readable = !encrypted && (method == 8 || method == 0 && !unknown);
        // Folders, and what macOS adds beside each file.
        self.file.aside = name.ends_with('/') || name.starts_with("__MACOSX/");
        self.file.left_out = !readable;
        match (readable, encrypted) {
            _ if self.file.aside => {}
            (true, _) => out.member(&name),
            (false, true) => self.encrypted.add(&name, method),
            (false, false) => self.other.add(&name, method),
        }
        self.part = match method {
            8 if readable => {
                self.inflater.start();
                Part::Deflated
            }
            0 if readable => Part::Stored(packed),
            _ => Part::Skip(packed),
        };
        match self.part {
            // How long it is is only said behind it.
            Part::Skip(0) if unknown && !self.file.aside => self.lost_behind(&name, out),
            Part::Skip(0) if self.file.described => self.part = Part::Descriptor,
            Part::Skip(0) => self.part = Part::Header,
            Part::Stored(0) => self.end(out),
            _ => {}
        }
    }

    fn lost_behind(&mut self, name: &str, out: &mut dyn Contents) {
        self.part = Part::Ignore;
        let message = format!(
            "the zip archive does not say where '{}' ends; Forepost reads nothing behind it; unpack it first",
            file_name(name)
        );
        out.problem(Problem::new(self.file.start, "unreadable", message));
    }

    /// Inflates what it can; gives how much was used.
    fn inflate(&mut self, chunk: &[u8], out: &mut dyn Contents) -> usize {
        // The length, where it is said beforehand, is right even if the data are not.
        let left = if self.file.described { u64::MAX } else { self.file.packed - self.inflater.used() };
        if !self.file.described && !self.file.aside && left > 0 && !out.wants() {
            self.part = Part::Skip(left);
            return 0;
        }
        let input = chunk.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(chunk);
        let to: &mut dyn Contents = if self.file.aside { &mut Nowhere } else { &mut *out };
        let (used, stop) = self.inflater.run(&mut self.file.crc, input, to);
        match stop {
            Stop::End => {
                if self.file.described {
                    (self.file.packed, self.file.size) = (self.inflater.used(), self.inflater.made());
                    self.part = Part::Descriptor;
                } else if self.file.size == self.inflater.made() && left == used as u64 {
                    self.end(out);
                } else {
                    self.bad(left - used as u64, out);
                }
            }
            Stop::Input if left == used as u64 => self.bad(0, out),
            Stop::Input => {}
            // No file is of use any more.
            Stop::Full => self.part = Part::Ignore,
            Stop::Bad if self.file.described => self.lost(out),
            Stop::Bad => self.bad(left - used as u64, out),
        }
        used
    }

    /// The data of a file are bad; its length is known.
    fn bad(&mut self, left: u64, out: &mut dyn Contents) {
        out.problem(damaged(self.file.start, "file in the zip archive"));
        out.gap();
        self.part = if left > 0 { Part::Skip(left) } else { Part::Header };
    }

    /// All of a file whose header said how long it is went by.
    fn end(&mut self, out: &mut dyn Contents) {
        if self.file.described {
            self.file.packed = self.file.size;
            self.part = Part::Descriptor;
        } else if self.file.crc == self.file.want {
            self.part = Part::Header;
            self.sound(out);
        } else {
            self.bad(0, out);
        }
    }

    fn sound(&self, out: &mut dyn Contents) {
        if !self.file.aside && !self.file.left_out {
            out.whole();
        }
    }

    /// The archive ended.
    pub fn finish(&mut self, out: &mut dyn Contents) {
        self.encrypted.problem("are encrypted; unpack it with its password first", out);
        let method = self.other.method;
        let what = format!("are packed by a method that Forepost does not read ({method}); unpack it first");
        self.other.problem(&what, out);
        if !matches!(self.part, Part::Directory | Part::Ignore) {
            out.problem(cut(self.file.start, "zip archive"));
        }
    }
}

/// Where contents go that nobody wants.
struct Nowhere;

impl Contents for Nowhere {
    fn bytes(&mut self, _chunk: &[u8]) {}
    fn gap(&mut self) {}
    fn problem(&mut self, _problem: Problem) {}
}

/// The lengths of eight bytes that stand in the further fields of a zip64 header, where those of four bytes say so.
fn long_sizes(mut fields: &[u8], packed: u64, size: u64) -> (u64, u64) {
    let (mut packed, mut size) = (packed, size);
    while let Some(([i0, i1, l0, l1], rest)) = fields.split_first_chunk::<4>() {
        let Some((field, rest)) = rest.split_at_checked(usize::from(u16::from_le_bytes([*l0, *l1]))) else {
            break;
        };
        fields = rest;
        if u16::from_le_bytes([*i0, *i1]) != 1 {
            continue;
        }
        let mut field = field;
        for length in [&mut size, &mut packed] {
            if *length == u64::from(u32::MAX)
                && let Some((n, rest)) = field.split_first_chunk()
            {
                *length = u64::from_le_bytes(*n);
                field = rest;
            }
        }
    }
    (packed, size)
}
