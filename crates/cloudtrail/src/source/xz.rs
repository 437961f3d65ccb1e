//! Undoes xz: any number of streams one after another.

use super::Problem;
use super::unpack::{Contents, cut, damaged, trailing};
use xz4rust::{XzDecoder, XzError, XzNextBlockResult};

/// How far back the data may refer: what `xz -9` uses. Its usual level uses an eighth of that.
const MAX_DICTIONARY: usize = 64 << 20;
const FIRST_DICTIONARY: usize = 1 << 16;
const OUTPUT: usize = 64 << 10;
const INPUT: usize = 4 << 10;
/// What a stream begins with.
pub const MAGIC: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];

/// The state between two chunks.
pub struct Xz {
    decoder: Box<XzDecoder<'static>>,
    output: Vec<u8>,
    /// What is not decoded yet. What comes out of data that turn out to be damaged depends on how they were handed over, so
    /// they are handed over in pieces of [`INPUT`] bytes, wherever chunks end.
    held: Vec<u8>,
    part: Part,
    /// Bytes of the file read so far.
    offset: u64,
    /// Where the stream began.
    start: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// Before a stream: zeros are padding.
    Between,
    Stream,
    Ignore,
}

impl Xz {
    /// A decoder at the start of a file.
    pub fn new() -> Xz {
        Xz {
            decoder: XzDecoder::in_heap_with_alloc_dict_size(FIRST_DICTIONARY, MAX_DICTIONARY),
            output: vec![0; OUTPUT],
            held: Vec::new(),
            part: Part::Between,
            offset: 0,
            start: 0,
        }
    }

    /// Reads on.
    pub fn push(&mut self, mut chunk: &[u8], out: &mut dyn Contents) {
        while !chunk.is_empty() && self.part != Part::Ignore {
            let (first, rest) = chunk.split_at(chunk.len().min(INPUT - self.held.len()));
            self.held.extend_from_slice(first);
            chunk = rest;
            if self.held.len() == INPUT {
                self.decode(out);
            }
        }
    }

    /// Decodes what is held.
    fn decode(&mut self, out: &mut dyn Contents) {
        let held = std::mem::take(&mut self.held);
        self.decode_all(&held, out);
        self.held = held;
        self.held.clear();
    }

    fn decode_all(&mut self, mut chunk: &[u8], out: &mut dyn Contents) {
        while let Some(first) = chunk.first() {
            match self.part {
                Part::Ignore => return,
                Part::Between if *first == 0 => {
                    let zeros = chunk.iter().take_while(|b| **b == 0).count();
                    self.offset += zeros as u64;
                    chunk = chunk.get(zeros..).unwrap_or_default();
                    continue;
                }
                Part::Between => {
                    self.start = self.offset;
                    if *first != MAGIC[0] {
                        self.part = Part::Ignore;
                        return out.problem(trailing(self.start, "xz"));
                    }
                    self.part = Part::Stream;
                    self.decoder.reset();
                }
                Part::Stream => {}
            }
            let result = match self.decoder.decode(chunk, &mut self.output) {
                Ok(result) => result,
                Err(error) => return self.fail(&error, out),
            };
            let (used, made) = (result.input_consumed(), result.output_produced());
            self.offset += used as u64;
            chunk = chunk.get(used..).unwrap_or_default();
            out.bytes(self.output.get(..made).unwrap_or_default());
            if let XzNextBlockResult::EndOfStream(..) = result {
                self.part = Part::Between;
            } else if used + made == 0 {
                return self.fail(&XzError::CorruptedData, out);
            }
        }
    }

    fn fail(&mut self, error: &XzError, out: &mut dyn Contents) {
        let why = match error {
            XzError::DictionaryTooLarge(_) => {
                format!("the xz data need a dictionary of more than {} MiB", MAX_DICTIONARY >> 20)
            }
            XzError::BcjFilterNotSupported | XzError::DeltaFilterUnsupported => {
                "the xz data use a filter for programs".to_owned()
            }
            XzError::Sha256NotSupported => "the xz data are checked by SHA-256".to_owned(),
            _ => {
                self.part = Part::Ignore;
                out.problem(damaged(self.start, "xz stream"));
                return out.gap();
            }
        };
        self.part = Part::Ignore;
        out.problem(Problem::new(self.start, "unreadable", format!("{why}; decompress it first")));
    }

    /// The file ended.
    pub fn finish(&mut self, out: &mut dyn Contents) {
        self.decode(out);
        if self.part == Part::Stream {
            out.problem(cut(self.start, "xz stream"));
        }
    }
}
