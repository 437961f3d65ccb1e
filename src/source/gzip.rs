//! Undoes gzip: any number of members one after another, recognised by their first bytes.

use super::Problem;
use flate2::{Decompress, FlushDecompress, Status};

/// What comes out: bytes, the end of what can be trusted to be connected, problems.
pub trait Inflated {
    /// The next bytes of the content.
    fn bytes(&mut self, chunk: &[u8]);
    /// Bytes were lost here: what comes next does not continue what came before.
    fn gap(&mut self);
    /// Something is wrong with the compression.
    fn problem(&mut self, problem: Problem);
}

/// The state between two chunks. Plain bytes pass as they are, without a copy.
#[derive(Debug, Default)]
pub struct Gzip {
    state: State,
    /// Bytes of the file read so far.
    offset: u64,
    output: Vec<u8>,
    /// Kept for the next member.
    inflater: Option<Box<Decompress>>,
    /// Damaged members so far.
    damaged: u32,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Start,
    /// The file begins with the first byte of gzip's magic number; the second is still to come.
    First,
    Plain,
    Member {
        start: u64,
    },
    /// Between members: zeros are padding.
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
/// How much is inflated at once. The inflater keeps a copy of the last 32 KiB of each piece, so long data get large pieces.
const OUTPUT: [usize; 2] = [64 << 10, 512 << 10];
const HEADER: usize = 10;
/// After so many damaged members a file is given up: looking for the next one costs more than it finds.
const MAX_DAMAGED: u32 = 1000;

impl Gzip {
    /// Reads on.
    pub fn push(&mut self, chunk: &[u8], out: &mut dyn Inflated) {
        let mut at = 0;
        while let Some(&b) = chunk.get(at) {
            let rest = chunk.get(at..).unwrap_or_default();
            match &mut self.state {
                State::Plain => {
                    out.bytes(rest);
                    at = chunk.len();
                }
                State::Start if b == MAGIC[0] => {
                    self.state = State::First;
                    at += 1;
                }
                State::Start => self.state = State::Plain,
                State::First if b == MAGIC[1] => {
                    // The inflater wants the magic's first byte as well.
                    let start = (self.offset + at as u64).saturating_sub(1);
                    self.open(start, &MAGIC[..1], out);
                }
                State::First => {
                    out.bytes(&MAGIC[..1]);
                    self.state = State::Plain;
                }
                State::Member { .. } => at += self.inflate(rest, at, out),
                State::Between => match rest.iter().position(|b| *b != 0) {
                    None => at = chunk.len(),
                    Some(zeros) => {
                        at += zeros;
                        let start = self.offset + at as u64;
                        if chunk.get(at) == Some(&MAGIC[0]) {
                            self.open(start, &[], out);
                        } else {
                            let message = "bytes behind the end of the gzip data are left out";
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
                        self.open(start, &head, out);
                    } else if let Some(n) = find_header(rest) {
                        at += n;
                        self.open(self.offset + at as u64, &[], out);
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
    pub fn finish(&mut self, out: &mut dyn Inflated) {
        match &self.state {
            State::First => out.bytes(&MAGIC[..1]),
            State::Member { start, .. } => {
                let message = format!("the file ends inside the gzip member that begins at byte {start}");
                out.problem(Problem::new(*start, "gzip_cut", message));
            }
            _ => {}
        }
        let (output, inflater) = (std::mem::take(&mut self.output), self.inflater.take());
        *self = Gzip { output, inflater, ..Gzip::default() };
    }

    fn open(&mut self, start: u64, head: &[u8], out: &mut dyn Inflated) {
        self.state = State::Member { start };
        match &mut self.inflater {
            Some(inflater) => inflater.reset(true),
            none => *none = Some(Box::new(Decompress::new_gzip(15))),
        }
        if !head.is_empty() {
            self.inflate(head, 0, out);
        }
    }

    /// Inflates what it can of the input; gives how much of it was used.
    fn inflate(&mut self, input: &[u8], at: usize, out: &mut dyn Inflated) -> usize {
        let (State::Member { start }, Some(inflate)) = (&self.state, &mut self.inflater) else {
            return input.len();
        };
        let [small, large] = OUTPUT;
        self.output.resize(small.max(self.output.len()), 0);
        let mut used = 0;
        let ended = loop {
            let rest = input.get(used..).unwrap_or_default();
            let (read, written) = (inflate.total_in(), inflate.total_out());
            let result = inflate.decompress(rest, &mut self.output, FlushDecompress::None);
            let took = (inflate.total_in() - read) as usize;
            let made = (inflate.total_out() - written) as usize;
            used += took;
            out.bytes(self.output.get(..made).unwrap_or_default());
            match result {
                Ok(Status::StreamEnd) => break true,
                // The output was full: there may be more although the input is used up.
                Ok(_) if made == self.output.len() => self.output.resize(large, 0),
                Ok(_) if used == input.len() => return used,
                Ok(_) if took + made > 0 => {}
                _ => break false,
            }
        };
        if ended {
            self.state = State::Between;
        } else {
            let here = self.offset + (at + used) as u64;
            let message = format!(
                "the gzip member that begins at byte {start} is damaged or its checksum is wrong (noticed at byte {here})"
            );
            out.problem(Problem::new(*start, "gzip_damaged", message));
            out.gap();
            self.damaged += 1;
            self.state = State::Hunt { seen: Vec::new() };
            if self.damaged >= MAX_DAMAGED {
                let message =
                    format!("more than {MAX_DAMAGED} damaged gzip members: the rest of the file is left out");
                out.problem(Problem::new(here, "gzip_damaged", message));
                self.state = State::Ignore;
            }
        }
        used
    }
}

/// Where the ten fixed bytes of a gzip header stand, by everything RFC 1952 fixes of them.
fn find_header(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, &[MAGIC[0], MAGIC[1], 8]).find(|n| {
        let header = bytes.get(*n..*n + HEADER).unwrap_or_default();
        let (flags, extra, system) = (header.get(3), header.get(8), header.get(9));
        flags.is_some_and(|f| f & 0xe0 == 0)
            && extra.is_some_and(|x| matches!(x, 0 | 2 | 4))
            && system.is_some_and(|s| *s <= 13 || *s == 255)
    })
}
