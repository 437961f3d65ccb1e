//! Undoes gzip: any number of members one after another, recognised by their first bytes.
//!
//! `zlib-rs` could read headers and trailers as well, but then it checks the content with its own CRC-32, which without the
//! processor's instructions takes two thirds of the time of inflating again and which its safe interface cannot turn off.

use super::Problem;
use super::crc32::Crc32;
use super::inflate::{Inflater, Stop};
use super::unpack::Contents;
use memchr::memchr;
use memchr::memmem;

/// The state between two chunks.
#[derive(Default)]
pub struct Gzip {
    state: State,
    /// Bytes of the file read so far.
    offset: u64,
    /// What chunks held so far of a header or a trailer that they cut.
    cut: Vec<u8>,
    /// Kept for the next member.
    inflater: Inflater,
    /// Damaged members so far.
    damaged: u32,
}

#[derive(Debug, Default)]
enum State {
    /// In the header of the member that starts there.
    Header { start: u64 },
    /// In its compressed data.
    Data {
        start: u64,
        /// Of what was inflated so far.
        crc: u32,
    },
    /// In the checksum and the length behind them.
    Trailer { start: u64, crc: u32 },
    /// Before the first member, or between two: zeros are padding.
    #[default]
    Between,
    /// Behind a damaged member or bytes that are none: looks for the header of the next one.
    Hunt {
        /// The last bytes of earlier chunks: a header may begin there.
        seen: Vec<u8>,
    },
    /// Too much is wrong with this file.
    Ignore,
}

const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The one method of compression there is.
const DEFLATE: u8 = 8;
/// What every header begins with.
const HEADER: usize = 10;
/// Headers hold a file's name and a comment. Longer ones are taken for damaged.
const MAX_HEADER: usize = 128 << 10;
const TRAILER: usize = 8;
/// After so many damaged members a file is given up: looking for the next one costs more than it finds.
const MAX_DAMAGED: u32 = 1000;

fn cut_member(start: u64) -> Problem {
    let message = format!("truncated: the file ends inside the gzip member at byte {start}");
    Problem::new(start, "gzip_cut", message)
}

impl Gzip {
    /// Reads on. The first two bytes of all are those of a member.
    pub fn push(&mut self, chunk: &[u8], out: &mut dyn Contents) {
        let mut at = 0;
        while at < chunk.len() {
            let rest = chunk.get(at..).unwrap_or_default();
            match &mut self.state {
                State::Header { .. } | State::Data { .. } | State::Trailer { .. } => {
                    at += self.member(rest, at, out)
                }
                State::Between => match rest.iter().position(|b| *b != 0) {
                    None => at = chunk.len(),
                    Some(zeros) => {
                        at += zeros;
                        let start = self.offset + at as u64;
                        if chunk.get(at) == Some(&MAGIC[0]) {
                            self.open(start, &[]);
                        } else {
                            let message =
                                "the file has extra bytes after the gzip data; Forepost ignores them";
                            out.problem(Problem::new(start, "gzip_trailing", message));
                            self.state = State::Hunt { seen: Vec::new() };
                        }
                    }
                },
                State::Hunt { seen } => {
                    let before = seen.len();
                    // A header that began in an earlier chunk, then one in this chunk.
                    seen.extend_from_slice(rest.get(..rest.len().min(HEADER - 1)).unwrap_or_default());
                    if let Some(n) = find_header(seen).filter(|n| *n < before) {
                        let head = seen.get(n..before).unwrap_or_default().to_vec();
                        let start = (self.offset + at as u64).saturating_sub(head.len() as u64);
                        self.open(start, &head);
                    } else if let Some(n) = find_header(rest) {
                        at += n;
                        self.open(self.offset + at as u64, &[]);
                    } else {
                        let tail = rest.get(rest.len().saturating_sub(HEADER - 1)..).unwrap_or_default();
                        if tail.len() == HEADER - 1 {
                            seen.clear();
                            seen.extend_from_slice(tail);
                        } else {
                            let old = seen.len().saturating_sub(HEADER - 1);
                            seen.drain(..old);
                        }
                        at = chunk.len();
                    }
                }
                State::Ignore => at = chunk.len(),
            }
        }
        self.offset += chunk.len() as u64;
    }

    /// The file ended.
    pub fn finish(&mut self, out: &mut dyn Contents) {
        if let State::Header { start } | State::Data { start, .. } | State::Trailer { start, .. } =
            &self.state
        {
            out.problem(cut_member(*start));
        }
        *self = Gzip { inflater: std::mem::take(&mut self.inflater), ..Gzip::default() };
    }

    /// A member starts there; `cut` is what earlier chunks held of it.
    fn open(&mut self, start: u64, cut: &[u8]) {
        self.state = State::Header { start };
        self.cut.clear();
        self.cut.extend_from_slice(cut);
    }

    /// Reads on in a member; gives how much of the input is of it.
    fn member(&mut self, input: &[u8], at: usize, out: &mut dyn Contents) -> usize {
        match self.state {
            State::Header { start } => self.header(start, input, at, out),
            State::Data { start, crc } => self.inflate(start, crc, input, at, out),
            State::Trailer { start, crc } => self.trailer(start, crc, input, at, out),
            _ => 0,
        }
    }

    /// Reads on in a header; gives how much of the input is of it.
    fn header(&mut self, start: u64, input: &[u8], at: usize, out: &mut dyn Contents) -> usize {
        let before = self.cut.len();
        let input = input.get(..MAX_HEADER.saturating_sub(before)).unwrap_or(input);
        let header = if before == 0 {
            read_header(input, &mut self.inflater.crc)
        } else {
            self.cut.extend_from_slice(input);
            read_header(&self.cut, &mut self.inflater.crc)
        };
        match header {
            Header::Whole(len) => {
                self.inflater.start();
                self.cut.clear();
                self.state = State::Data { start, crc: 0 };
                len.saturating_sub(before)
            }
            Header::Cut if before + input.len() < MAX_HEADER => {
                if before == 0 {
                    self.cut.extend_from_slice(input);
                }
                input.len()
            }
            Header::Cut => {
                self.damaged(start, at + input.len(), out);
                input.len()
            }
            Header::Bad(len) => {
                let used = len.saturating_sub(before);
                self.damaged(start, at + used, out);
                used
            }
        }
    }

    /// Inflates what it can of the input; gives how much of it was used.
    fn inflate(
        &mut self,
        start: u64,
        mut crc: u32,
        input: &[u8],
        at: usize,
        out: &mut dyn Contents,
    ) -> usize {
        let (used, stop) = self.inflater.run(&mut crc, input, out);
        match stop {
            Stop::End => self.state = State::Trailer { start, crc },
            Stop::Input => self.state = State::Data { start, crc },
            Stop::Bad => self.damaged(start, at + used, out),
            Stop::Full => {
                self.state = State::Ignore;
                return input.len();
            }
        }
        used
    }

    /// Reads on in a trailer; gives how much of the input is of it.
    fn trailer(&mut self, start: u64, crc: u32, input: &[u8], at: usize, out: &mut dyn Contents) -> usize {
        let input = input.get(..TRAILER.saturating_sub(self.cut.len())).unwrap_or(input);
        self.cut.extend_from_slice(input);
        if let Ok(trailer) = <[u8; TRAILER]>::try_from(self.cut.as_slice()) {
            let length = self.inflater.made() as u32;
            if trailer == (u64::from(length) << 32 | u64::from(crc)).to_le_bytes() {
                self.state = State::Between;
            } else {
                self.damaged(start, at + input.len(), out);
            }
        }
        input.len()
    }

    /// The member that began at `start` is damaged, which shows at this byte of the chunk.
    fn damaged(&mut self, start: u64, at: usize, out: &mut dyn Contents) {
        let here = self.offset + at as u64;
        let message = format!(
            "the gzip member at byte {start} is damaged or has a wrong checksum (detected at byte {here})"
        );
        out.problem(Problem::new(start, "gzip_damaged", message));
        out.gap();
        self.damaged += 1;
        self.state = State::Hunt { seen: Vec::new() };
        if self.damaged >= MAX_DAMAGED {
            let message = format!(
                "the file has more than {MAX_DAMAGED} damaged gzip members; Forepost ignores the rest of it"
            );
            out.problem(Problem::new(here, "gzip_damaged", message));
            self.state = State::Ignore;
        }
    }
}

enum Header {
    /// The header is so long.
    Whole(usize),
    /// There is more of it.
    Cut,
    /// It is none, which shows in so many bytes.
    Bad(usize),
}

/// A member's header as RFC 1952 has it in 2.3.
fn read_header(bytes: &[u8], crc: &mut Crc32) -> Header {
    const CRC: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const RESERVED: u8 = 0xe0;
    if bytes.get(2).is_some_and(|method| *method != DEFLATE) {
        return Header::Bad(3);
    }
    let flags = bytes.get(3).copied().unwrap_or_default();
    if flags & RESERVED != 0 {
        return Header::Bad(4);
    }
    let two = |at: usize| bytes.get(at..).and_then(|b| b.first_chunk()).map(|two| u16::from_le_bytes(*two));
    let mut end = HEADER;
    if flags & EXTRA != 0 {
        let Some(len) = two(end) else { return Header::Cut };
        end += 2 + usize::from(len);
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let Some(len) = bytes.get(end..).and_then(|b| memchr(0, b)) else { return Header::Cut };
            end += len + 1;
        }
    }
    if flags & CRC != 0 {
        let (Some(sum), Some(before)) = (two(end), bytes.get(..end)) else { return Header::Cut };
        end += 2;
        if sum != crc.update(0, before) as u16 {
            return Header::Bad(end);
        }
    }
    if end <= bytes.len() { Header::Whole(end) } else { Header::Cut }
}

/// Where the ten fixed bytes of a gzip header stand, by everything RFC 1952 fixes of them.
fn find_header(bytes: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes, &[MAGIC[0], MAGIC[1], DEFLATE]).find(|n| {
        let header = bytes.get(*n..*n + HEADER).unwrap_or_default();
        let (flags, extra, system) = (header.get(3), header.get(8), header.get(9));
        flags.is_some_and(|f| f & 0xe0 == 0)
            && extra.is_some_and(|x| matches!(x, 0 | 2 | 4))
            && system.is_some_and(|s| *s <= 13 || *s == 255)
    })
}
