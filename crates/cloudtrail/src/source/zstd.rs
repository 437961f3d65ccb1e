//! Undoes Zstandard (RFC 8878): any number of frames one after another.
//!
//! The library decodes a whole block at once; what a block needs is collected here, so chunks may end anywhere.

use super::Problem;
use super::unpack::{Contents, cut, damaged, trailing};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// How far back a frame may refer: what `zstd --long=25` uses. Its levels up to 19 use a quarter of that.
const MAX_WINDOW: u64 = 32 << 20;
/// The most that a block may have by RFC 8878.
const MAX_BLOCK: usize = 128 << 10;
/// What a frame begins with.
pub const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The state between two chunks.
#[derive(Default)]
pub struct Zstd {
    decoder: FrameDecoder,
    part: Part,
    /// What chunks held so far of the part that they cut.
    held: Vec<u8>,
    /// Bytes of the file read so far.
    offset: u64,
    /// Where the frame began.
    start: u64,
    /// Whether the frame ends with a checksum.
    checksum: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Part {
    /// The magic number of a frame, and the byte that tells how long the frame's header is.
    #[default]
    Magic,
    /// The header, of so many bytes in all.
    Header(usize),
    /// A block's own header.
    BlockHeader,
    /// A block of so many bytes in all, and whether it is the last.
    Block(usize, bool),
    /// A frame to step over, of so many bytes.
    Skip(u64),
    /// Nothing of use.
    Ignore,
}

/// Whether a file begins with a Zstandard frame, or with one to step over.
pub fn begins(head: &[u8]) -> bool {
    head.starts_with(&MAGIC) || is_skippable(head)
}

fn is_skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

impl Zstd {
    /// Reads on.
    pub fn push(&mut self, mut chunk: &[u8], out: &mut dyn Contents) {
        while !chunk.is_empty() {
            match self.part {
                Part::Ignore => return,
                Part::Skip(left) => {
                    let n = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
                    self.part = if left > n as u64 { Part::Skip(left - n as u64) } else { Part::Magic };
                    self.offset += n as u64;
                    chunk = chunk.get(n..).unwrap_or_default();
                    continue;
                }
                _ => {}
            }
            let want = self.want();
            let (taken, rest) = chunk.split_at(want.saturating_sub(self.held.len()).min(chunk.len()));
            if self.held.is_empty() && self.part == Part::Magic {
                self.start = self.offset;
            }
            self.held.extend_from_slice(taken);
            self.offset += taken.len() as u64;
            chunk = rest;
            if self.held.len() >= want {
                self.step(out);
            }
        }
    }

    /// How many bytes the part needs.
    fn want(&self) -> usize {
        match self.part {
            Part::Magic if is_skippable(&self.held) => 8,
            Part::Magic => 5,
            Part::Header(n) | Part::Block(n, _) => n,
            Part::BlockHeader => 3,
            Part::Skip(_) | Part::Ignore => 0,
        }
    }

    /// The part is whole.
    fn step(&mut self, out: &mut dyn Contents) {
        match self.part {
            Part::Magic if is_skippable(&self.held) => {
                // Its length is known with eight bytes.
                let Some(length) = self.held.get(4..8).and_then(|n| n.first_chunk()) else { return };
                self.part = Part::Skip(u64::from(u32::from_le_bytes(*length)));
                self.held.clear();
                if self.part == Part::Skip(0) {
                    self.part = Part::Magic;
                }
            }
            Part::Magic if self.held.starts_with(&MAGIC) => {
                let flags = self.held.last().copied().unwrap_or_default();
                let single = flags & 0x20 != 0;
                let content = [usize::from(single), 2, 4, 8].get(usize::from(flags >> 6)).copied();
                let dictionary = [0, 1, 2, 4].get(usize::from(flags & 3)).copied();
                let more = usize::from(!single) + content.unwrap_or(0) + dictionary.unwrap_or(0);
                self.part = Part::Header(5 + more);
                if more == 0 {
                    self.step(out);
                }
            }
            Part::Magic => {
                self.part = Part::Ignore;
                out.problem(trailing(self.start, "zstd"));
            }
            Part::Header(_) => {
                self.checksum = self.held.get(4).is_some_and(|flags| flags & 4 != 0);
                let result = self.decoder.reset(self.held.as_slice());
                self.held.clear();
                self.part = Part::BlockHeader;
                if let Err(error) = result {
                    self.fail(&error, out);
                }
            }
            Part::BlockHeader => {
                let header = self.held.iter().rev().fold(0_usize, |n, b| n << 8 | usize::from(*b));
                let (last, kind, size) = (header & 1 == 1, header >> 1 & 3, header >> 3);
                let size = if kind == 1 { 1 } else { size };
                if kind == 3 || size > MAX_BLOCK {
                    return self.damaged(out);
                }
                let checksum = if last && self.checksum { 4 } else { 0 };
                self.part = Part::Block(3 + size + checksum, last);
                if size + checksum == 0 {
                    self.step(out);
                }
            }
            Part::Block(_, last) => {
                let strategy = BlockDecodingStrategy::UptoBlocks(1);
                let result = self.decoder.decode_blocks(self.held.as_slice(), strategy);
                self.held.clear();
                if let Err(error) = result {
                    return self.fail(&error, out);
                }
                if let Some(content) = self.decoder.collect() {
                    out.bytes(&content);
                }
                self.part = if last { Part::Magic } else { Part::BlockHeader };
                let sum = self.decoder.get_checksum_from_data();
                if last && sum.is_some() && sum != self.decoder.get_calculated_checksum() {
                    self.damaged(out);
                }
            }
            Part::Skip(_) | Part::Ignore => {}
        }
    }

    fn fail(&mut self, error: &FrameDecoderError, out: &mut dyn Contents) {
        let why = match error {
            FrameDecoderError::WindowSizeTooBig { .. } => {
                format!("the zstd frame needs a window of more than {} MiB", MAX_WINDOW >> 20)
            }
            FrameDecoderError::DictNotProvided { .. } => "the zstd frame needs a dictionary".to_owned(),
            FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(_)) | _ => {
                return self.damaged(out);
            }
        };
        self.part = Part::Ignore;
        out.problem(Problem::new(self.start, "unreadable", format!("{why}; decompress it first")));
    }

    fn damaged(&mut self, out: &mut dyn Contents) {
        self.part = Part::Ignore;
        out.problem(damaged(self.start, "zstd frame"));
        out.gap();
    }

    /// The file ended.
    pub fn finish(&mut self, out: &mut dyn Contents) {
        if self.part != Part::Ignore && (self.part != Part::Magic || !self.held.is_empty()) {
            out.problem(cut(self.start, "zstd frame"));
        }
    }

    /// A decoder at the start of a file.
    pub fn new() -> Zstd {
        let mut zstd = Zstd::default();
        zstd.decoder.set_max_window_size(MAX_WINDOW);
        zstd
    }
}
