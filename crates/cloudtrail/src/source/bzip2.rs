//! Undoes bzip2: any number of streams one after another, as `pbzip2` writes them.
//!
//! A block ends where its bits say, so one is decoded when all that it may have is here. That is ours because the library that
//! is looked after has a licence that we do not list, and the others read one stream only.

use super::unpack::{Contents, cut, damaged, trailing};

/// More bytes than a block can have: 18,002 groups of 50 symbols with 20 bits each, and their tables.
const MAX_BLOCK: usize = 2_400_000;
const MAX_SELECTORS: usize = 18_002;
const GROUP: usize = 50;
const MAX_BITS: usize = 20;
/// What begins a block, and what ends a stream.
const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;
/// How much is handed on at once.
const OUTPUT: usize = 64 << 10;

/// The state between two chunks.
#[derive(Default)]
pub struct Bzip2 {
    held: Vec<u8>,
    /// How many bits of it are done with.
    at: usize,
    part: Part,
    /// How many bytes a block of this stream may have, before runs.
    size: usize,
    /// The checksum of the stream so far.
    sum: u32,
    /// Bytes of the file before those that are held, and where the stream began.
    offset: u64,
    start: u64,
    /// Kept for the next block.
    block: Vec<u32>,
    output: Vec<u8>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Part {
    /// Before a stream.
    #[default]
    Header,
    /// In one: before a block or the end.
    Block,
    Ignore,
}

/// Why a part could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fail {
    /// The bytes end in it.
    Short,
    Bad,
    /// There is something behind the last stream.
    Trailing,
}

/// Whether a file begins with a stream.
pub fn begins(head: &[u8]) -> bool {
    matches!(
        head,
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..]
    )
}

impl Bzip2 {
    /// Reads on.
    pub fn push(&mut self, chunk: &[u8], out: &mut dyn Contents) {
        for piece in chunk.chunks(OUTPUT) {
            if self.part == Part::Ignore {
                return;
            }
            self.held.extend_from_slice(piece);
            while self.part != Part::Ignore && self.held.len() - self.at / 8 >= MAX_BLOCK {
                let result = self.step(out);
                self.settle(result, false, out);
            }
            // Not with each block: there may be many small ones.
            if self.at / 8 >= MAX_BLOCK {
                self.held.drain(..self.at / 8);
                self.offset += (self.at / 8) as u64;
                self.at %= 8;
            }
        }
    }

    /// The file ended.
    pub fn finish(&mut self, out: &mut dyn Contents) {
        while self.part != Part::Ignore && (self.part == Part::Block || self.at / 8 < self.held.len()) {
            let result = self.step(out);
            self.settle(result, true, out);
        }
    }

    fn settle(&mut self, result: Result<(), Fail>, end: bool, out: &mut dyn Contents) {
        let Err(fail) = result else { return };
        self.part = Part::Ignore;
        match fail {
            Fail::Trailing => out.problem(trailing(self.offset + (self.at / 8) as u64, "bzip2")),
            Fail::Short if end => out.problem(cut(self.start, "bzip2 stream")),
            Fail::Short | Fail::Bad => {
                out.problem(damaged(self.start, "bzip2 stream"));
                out.gap();
            }
        }
    }

    /// Decodes the next part.
    fn step(&mut self, out: &mut dyn Contents) -> Result<(), Fail> {
        let mut bits = Bits { bytes: &self.held, at: self.at };
        if self.part == Part::Header {
            let here = self.held.get(self.at / 8..).unwrap_or_default();
            let [b'B', b'Z', b'h', level @ b'1'..=b'9', ..] = here else { return Err(Fail::Trailing) };
            self.size = usize::from(level - b'0') * 100_000;
            self.start = self.offset + (self.at / 8) as u64;
            (self.sum, self.part) = (0, Part::Block);
            self.at += 32;
            return Ok(());
        }
        let magic = u64::from(bits.take(24)?) << 24 | u64::from(bits.take(24)?);
        let sum = bits.take(16)? << 16 | bits.take(16)?;
        match magic {
            END if sum == self.sum => {
                self.at = bits.at.next_multiple_of(8);
                self.part = Part::Header;
                Ok(())
            }
            BLOCK => {
                let first = decode(&mut bits, self.size, &mut self.block)?;
                self.at = bits.at;
                self.sum = self.sum.rotate_left(1) ^ sum;
                if write(&self.block, first, &mut self.output, out) == sum { Ok(()) } else { Err(Fail::Bad) }
            }
            _ => Err(Fail::Bad),
        }
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next bits, at most 24 of them, with zeros behind the last.
    fn peek(&self, n: usize) -> u32 {
        let from = self.at / 8;
        let window = match self.bytes.get(from..).and_then(|b| b.first_chunk()) {
            Some(four) => u32::from_be_bytes(*four),
            None => (0..4).fold(0, |w, i| w << 8 | u32::from(self.bytes.get(from + i).copied().unwrap_or(0))),
        };
        // Of 32 bits up to seven were read already.
        (window << (self.at % 8)) >> (32 - n)
    }

    fn skip(&mut self, n: usize) -> Result<(), Fail> {
        self.at += n;
        if self.at <= self.bytes.len() * 8 { Ok(()) } else { Err(Fail::Short) }
    }

    fn take(&mut self, n: usize) -> Result<u32, Fail> {
        let value = self.peek(n);
        self.skip(n)?;
        Ok(value)
    }
}

/// The symbols of a group, by their codes.
struct Codes {
    /// The symbols in the order of their codes.
    symbols: Vec<u16>,
    /// For each length: the first code, how many there are, and where their symbols begin.
    lengths: [(u32, u32, usize); MAX_BITS + 1],
}

impl Codes {
    fn new(lengths: &[usize]) -> Codes {
        let mut codes =
            Codes { symbols: Vec::with_capacity(lengths.len()), lengths: [(0, 0, 0); MAX_BITS + 1] };
        let mut code = 0_u32;
        for (n, entry) in codes.lengths.iter_mut().enumerate().skip(1) {
            code <<= 1;
            let begin = codes.symbols.len();
            let of = lengths.iter().zip(0_u16..).filter(|(length, _)| **length == n);
            codes.symbols.extend(of.map(|(_, symbol)| symbol));
            let count = (codes.symbols.len() - begin) as u32;
            *entry = (code, count, begin);
            code += count;
        }
        codes
    }

    fn read(&self, bits: &mut Bits<'_>) -> Result<usize, Fail> {
        let next = bits.peek(MAX_BITS);
        for (n, (first, count, begin)) in self.lengths.iter().enumerate().skip(1) {
            let code = (next >> (MAX_BITS - n)).wrapping_sub(*first);
            if code < *count {
                bits.skip(n)?;
                return self.symbols.get(begin + code as usize).map(|s| usize::from(*s)).ok_or(Fail::Bad);
            }
        }
        // Behind the last byte no code is any.
        bits.skip(MAX_BITS)?;
        Err(Fail::Bad)
    }
}

/// Decodes a block behind its checksum. Gives where its text begins; an entry has a byte, and where the next stands in the
/// bits above.
fn decode(bits: &mut Bits<'_>, size: usize, block: &mut Vec<u32>) -> Result<usize, Fail> {
    block.clear();
    // Blocks that are mixed up were given up in 1999.
    if bits.take(1)? != 0 {
        return Err(Fail::Bad);
    }
    let origin = bits.take(24)? as usize;
    let mut bytes = Vec::new();
    let ranges = bits.take(16)?;
    for high in (0..16_u32).filter(|n| ranges >> (15 - n) & 1 == 1) {
        let used = bits.take(16)?;
        bytes.extend((0..16_u32).filter(|n| used >> (15 - n) & 1 == 1).map(|low| (high << 4 | low) as u8));
    }
    let groups = bits.take(3)? as usize;
    let selectors = bits.take(15)? as usize;
    if bytes.is_empty() || !(2..=6).contains(&groups) || !(1..=MAX_SELECTORS).contains(&selectors) {
        return Err(Fail::Bad);
    }
    let mut order: Vec<usize> = (0..groups).collect();
    let mut selected = Vec::with_capacity(selectors);
    for _ in 0..selectors {
        let mut n = 0;
        while bits.take(1)? == 1 {
            n += 1;
        }
        selected.push(to_front(&mut order, n).ok_or(Fail::Bad)?);
    }
    let mut codes = Vec::with_capacity(groups);
    for _ in 0..groups {
        let mut length = bits.take(5)? as usize;
        let mut lengths = Vec::with_capacity(bytes.len() + 2);
        for _ in 0..bytes.len() + 2 {
            while bits.take(1)? == 1 {
                length = if bits.take(1)? == 0 { length + 1 } else { length.saturating_sub(1) };
                if length > MAX_BITS {
                    return Err(Fail::Bad);
                }
            }
            if length == 0 {
                return Err(Fail::Bad);
            }
            lengths.push(length);
        }
        codes.push(Codes::new(&lengths));
    }
    let end = bytes.len() + 1;
    let (mut run, mut weight) = (0, 1);
    'groups: for group in selected {
        let codes = codes.get(group).ok_or(Fail::Bad)?;
        for _ in 0..GROUP {
            let symbol = codes.read(bits)?;
            if symbol <= 1 {
                // The digits of how often the first byte comes again.
                run += weight << symbol;
                weight <<= 1;
                if block.len() + run > size {
                    return Err(Fail::Bad);
                }
                continue;
            }
            let first = bytes.first().copied().unwrap_or_default();
            block.resize(block.len() + std::mem::take(&mut run), u32::from(first));
            weight = 1;
            if symbol == end {
                break 'groups;
            }
            let byte = to_front(&mut bytes, symbol - 1).ok_or(Fail::Bad)?;
            block.push(u32::from(byte));
            if block.len() > size {
                return Err(Fail::Bad);
            }
        }
    }
    // The end is a symbol too: without it the run before it is still open.
    if run > 0 || origin >= block.len() {
        return Err(Fail::Bad);
    }
    let mut places = [0_u32; 256];
    for entry in block.iter() {
        if let Some(count) = places.get_mut(*entry as usize) {
            *count += 1;
        }
    }
    let mut before = 0;
    for place in &mut places {
        before += std::mem::replace(place, before);
    }
    for n in 0..block.len() {
        let byte = block.get(n).map_or(0, |entry| entry & 0xff);
        let Some(place) = places.get_mut(byte as usize) else { continue };
        if let Some(entry) = block.get_mut(*place as usize) {
            *entry |= (n as u32) << 8;
        }
        *place += 1;
    }
    block.get(origin).map(|entry| (entry >> 8) as usize).ok_or(Fail::Bad)
}

/// Takes an item of a list and puts it in front.
fn to_front<T: Copy>(list: &mut [T], n: usize) -> Option<T> {
    list.get_mut(..=n)?.rotate_right(1);
    list.first().copied()
}

/// Hands on the text of a block; gives its checksum.
fn write(block: &[u32], first: usize, output: &mut Vec<u8>, out: &mut dyn Contents) -> u32 {
    let (mut at, mut sum) = (first, !0_u32);
    // Four equal bytes are followed by how many more there are.
    let (mut last, mut equal) = (None, 0);
    output.clear();
    for _ in 0..block.len() {
        let entry = block.get(at).copied().unwrap_or_default();
        at = (entry >> 8) as usize;
        let byte = entry as u8;
        if equal == 4 {
            let more = output.len() + usize::from(byte);
            output.resize(more, last.unwrap_or_default());
            (last, equal) = (None, 0);
        } else {
            equal = if last == Some(byte) { equal + 1 } else { 1 };
            last = Some(byte);
            output.push(byte);
        }
        if output.len() >= OUTPUT {
            sum = crc(sum, output);
            out.bytes(output);
            output.clear();
        }
    }
    sum = crc(sum, output);
    out.bytes(output);
    !sum
}

/// The CRC-32 of bzip2: that of gzip with its bits the other way round.
fn crc(sum: u32, bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let (mut table, mut n) = ([0; 256], 0);
        while n < 256 {
            let (mut value, mut bit) = ((n as u32) << 24, 0);
            while bit < 8 {
                value = value << 1 ^ if value >> 31 == 1 { 0x04c1_1db7 } else { 0 };
                bit += 1;
            }
            table[n] = value;
            n += 1;
        }
        table
    };
    bytes.iter().fold(sum, |sum, b| sum << 8 ^ TABLE[usize::from((sum >> 24) as u8 ^ b)])
}

#[cfg(test)]
mod tests {
    use super::crc;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn checksum() {
        assert_eq!(!crc(!0, b"123456789"), 0xfc89_1918);
    }
}
