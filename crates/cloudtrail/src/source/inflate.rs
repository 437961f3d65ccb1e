//! Inflates raw deflate data and works out the checksum of what comes out, for gzip and for zip.

use super::crc32::Crc32;
use super::unpack::Contents;
use zlib_rs::{Inflate, InflateFlush, Status};

/// Deflate's window is 2 to this.
const WINDOW: u8 = 15;
/// How much is inflated at once. The inflater keeps a copy of the last 32 KiB of each piece, so long data get large pieces.
const OUTPUT: [usize; 2] = [64 << 10, 512 << 10];

/// An inflater, kept from one stream to the next.
///
/// It inflates only: the library's own checksum would take two thirds of that time again.
#[derive(Default)]
pub struct Inflater {
    inflate: Option<Box<Inflate>>,
    output: Vec<u8>,
    /// The checksums.
    pub crc: Crc32,
}

/// Why inflating stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The stream ended.
    End,
    /// The input is used up.
    Input,
    /// This is no deflate data.
    Bad,
    /// What comes out is of no use any more.
    Full,
}

impl Inflater {
    /// A new stream begins.
    pub fn start(&mut self) {
        match &mut self.inflate {
            Some(inflate) => inflate.reset(false),
            none => *none = Some(Box::new(Inflate::new(false, WINDOW))),
        }
    }

    /// How many bytes came out of the stream.
    pub fn made(&self) -> u64 {
        self.inflate.as_ref().map_or(0, |inflate| inflate.total_out())
    }

    /// How many bytes of the stream were used.
    pub fn used(&self) -> u64 {
        self.inflate.as_ref().map_or(0, |inflate| inflate.total_in())
    }

    /// Inflates what it can of the input and carries on the checksum; gives how much of the input was used, and why it stopped.
    pub fn run(&mut self, crc: &mut u32, input: &[u8], out: &mut dyn Contents) -> (usize, Stop) {
        let Some(inflate) = &mut self.inflate else { return (input.len(), Stop::Bad) };
        let [small, large] = OUTPUT;
        self.output.resize(small.max(self.output.len()), 0);
        let mut used = 0;
        loop {
            let rest = input.get(used..).unwrap_or_default();
            let (read, written) = (inflate.total_in(), inflate.total_out());
            let result = inflate.decompress(rest, &mut self.output, InflateFlush::NoFlush);
            let took = (inflate.total_in() - read) as usize;
            let made = (inflate.total_out() - written) as usize;
            used += took;
            let piece = self.output.get(..made).unwrap_or_default();
            *crc = self.crc.update(*crc, piece);
            out.bytes(piece);
            if out.full() {
                return (used, Stop::Full);
            }
            match result {
                Ok(Status::StreamEnd) => return (used, Stop::End),
                // The output was full: there may be more although the input is used up.
                Ok(_) if made == self.output.len() => self.output.resize(large, 0),
                Ok(_) if used == input.len() => return (used, Stop::Input),
                Ok(_) if took + made > 0 => {}
                _ => return (used, Stop::Bad),
            }
        }
    }
}
