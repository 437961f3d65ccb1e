//! Writes deflate (RFC 1951), alone and in the envelopes of gzip (RFC 1952) and zlib (RFC 1950).
//!
//! It writes the very bytes that zlib does at level 6 with the strategy `Z_FIXED`: the fixed codes, or stored where that is shorter.
//! Without that strategy zlib has a third way, codes made for the text, which makes long texts shorter, and would take more code
//! than all that is here. It prefers that for few texts of less than 60 bytes; all others that it does not are the same too.

use forepost_wire::crc32::Crc32;
use zlib_rs::adler32::adler32;

const MIN_MATCH: usize = 3;
const MAX_MATCH: usize = 258;
/// How far back a match may begin. zlib keeps that much of its window of 32 KiB free for what it has not yet read.
const MAX_DISTANCE: usize = WINDOW - (MAX_MATCH + MIN_MATCH + 1);
const WINDOW: usize = 32 << 10;
const HASHES: usize = 32 << 10;

/// A shortest match beyond this distance is longer than its three literals.
const TOO_FAR: usize = 4096;
/// After a match this long fewer earlier places are looked at, a quarter of the chain.
const GOOD: usize = 8;
/// A match this long is taken without a look at what begins a byte later.
const LAZY: usize = 16;
/// A match this long ends the search.
const NICE: usize = 128;
/// How many earlier places are looked at.
const CHAIN: usize = 128;

/// How many codes a block has. Such a block that is longer than a stored one can be is shorter in the fixed codes.
const BLOCK: usize = 16 * 1024 - 1;

/// The bytes as a gzip file of no name and no time.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let checksum = Crc32::default().update(0, bytes);
    [&HEADER[..], &deflate(bytes), &checksum.to_le_bytes(), &(bytes.len() as u32).to_le_bytes()].concat()
}

/// The bytes as a zlib stream.
pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    const HEADER: [u8; 2] = [0x78, 0x9c];
    [&HEADER[..], &deflate(bytes), &adler32(1, bytes).to_be_bytes()].concat()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut chains = Chains::new(bytes);
    let (mut block, mut out) = (Block::default(), Bits::default());
    let (mut at, mut found) = (0, Match::NONE);
    // The byte before, while it may still be the first of a match or alone.
    let mut waiting = None;
    while let Some(byte) = bytes.get(at) {
        let before = found;
        let place = chains.insert(at);
        found = if before.len < LAZY { chains.longest(at, place, before.len) } else { Match::NONE };
        if before.len >= MIN_MATCH && found.len <= before.len {
            block.push(before.code(), before.len);
            let end = at - 1 + before.len;
            for inside in at + 1..end {
                chains.insert(inside);
            }
            (at, found, waiting) = (end, Match::NONE, None);
        } else {
            if let Some(literal) = waiting {
                block.push(literal, 1);
            }
            waiting = Some(fixed(u32::from(*byte)));
            at += 1;
        }
        if block.codes.len() == BLOCK {
            block.write(&mut out, bytes, false);
        }
    }
    if let Some(literal) = waiting {
        block.push(literal, 1);
    }
    block.write(&mut out, bytes, true);
    out.align();
    out.bytes
}

#[derive(Clone, Copy)]
struct Match {
    len: usize,
    distance: usize,
}

impl Match {
    /// Shorter than any.
    const NONE: Match = Match { len: MIN_MATCH - 1, distance: 0 };

    fn code(self) -> Code {
        let (class, more) = match self.len {
            MAX_MATCH => (28, Code::default()),
            len => classed((len - MIN_MATCH) as u32, 2),
        };
        let (far, further) = classed((self.distance - 1) as u32, 1);
        let distance = Code { bits: far.reverse_bits() >> 27, count: 5 };
        fixed(257 + class).then(more).then(distance).then(further)
    }
}

/// Bits as they are written, the lowest first.
#[derive(Clone, Copy, Default)]
struct Code {
    bits: u32,
    count: u32,
}

impl Code {
    fn then(self, next: Code) -> Code {
        Code { bits: self.bits | next.bits << self.count, count: self.count + next.count }
    }
}

/// The fixed code of a literal, a length's class or [`END`].
fn fixed(symbol: u32) -> Code {
    let (code, count) = match symbol {
        0..144 => (0x30 + symbol, 8),
        144..256 => (0x190 + symbol - 144, 9),
        END..280 => (symbol - END, 7),
        _ => (0xc0 + symbol - 280, 8),
    };
    Code { bits: code.reverse_bits() >> (32 - count), count }
}

/// The symbol that ends a block.
const END: u32 = 256;

/// The class of a length or a distance, and its place in it: there are 2^k classes for each number of further bits, and as many again
/// for none.
fn classed(n: u32, k: u32) -> (u32, Code) {
    let count = (n | 1 << k).ilog2() - k;
    ((count << k) + (n >> count), Code { bits: n & ((1 << count) - 1), count })
}

/// Where three bytes stood before: for each hash of them the last place, and for each place the one before it. No place is 0, so
/// the first three bytes are never found, as in zlib.
struct Chains<'a> {
    bytes: &'a [u8],
    last: Vec<u32>,
    before: Vec<u32>,
}

impl Chains<'_> {
    fn new(bytes: &[u8]) -> Chains<'_> {
        Chains { bytes, last: vec![0; HASHES], before: vec![0; bytes.len().min(WINDOW)] }
    }

    /// Puts a place at the head of its chain; gives the one that was there.
    fn insert(&mut self, at: usize) -> usize {
        let Some(three) = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<MIN_MATCH>()) else {
            return 0;
        };
        let hash = three.iter().fold(0, |hash, b| (hash << 5) ^ usize::from(*b)) % HASHES;
        let (Some(last), Some(before)) = (self.last.get_mut(hash), self.before.get_mut(at % WINDOW)) else {
            return 0;
        };
        *before = std::mem::replace(last, at as u32);
        *before as usize
    }

    /// The longest match that is longer than `len`, of those at this place and before it in its chain.
    fn longest(&self, at: usize, mut place: usize, len: usize) -> Match {
        let here = self.bytes.get(at..).unwrap_or_default();
        let nice = NICE.min(here.len());
        let mut best = Match { len, distance: 0 };
        for _ in 0..if len < GOOD { CHAIN } else { CHAIN / 4 } {
            if place == 0 || at - place > MAX_DISTANCE {
                break;
            }
            let there = self.bytes.get(place..).unwrap_or_default();
            if there.get(best.len) == here.get(best.len) {
                let same = here.iter().zip(there).take(MAX_MATCH).take_while(|(a, b)| a == b).count();
                if same > best.len {
                    best = Match { len: same, distance: at - place };
                    if same >= nice {
                        break;
                    }
                }
            }
            place = self.before.get(place % WINDOW).map_or(0, |place| *place as usize);
        }
        if best.len == MIN_MATCH && best.distance > TOO_FAR { Match::NONE } else { best }
    }
}

/// What is to be written next, in the fixed codes.
#[derive(Default)]
struct Block {
    codes: Vec<Code>,
    /// How many bits they are.
    size: usize,
    /// The bytes they stand for begin there,
    start: usize,
    /// and are so many.
    len: usize,
}

impl Block {
    fn push(&mut self, code: Code, len: usize) {
        self.codes.push(code);
        self.size += code.count as usize;
        self.len += len;
    }

    /// Writes the block, in whichever form is shorter by zlib's reckoning; what follows is a new one.
    fn write(&mut self, out: &mut Bits, bytes: &[u8], last: bool) {
        const STORED: u32 = 0;
        const FIXED: u32 = 1;
        let mut head = |form: u32| out.push(Code { bits: u32::from(last) | form << 1, count: 3 });
        let end = self.start + self.len;
        let fixed_len = (3 + self.size + fixed(END).count as usize).div_ceil(8);
        let stored = u16::try_from(self.len).ok().filter(|len| usize::from(*len) + 4 <= fixed_len);
        if let (Some(len), Some(stored)) = (stored, bytes.get(self.start..end)) {
            head(STORED);
            out.align();
            out.bytes.extend_from_slice(&len.to_le_bytes());
            out.bytes.extend_from_slice(&(!len).to_le_bytes());
            out.bytes.extend_from_slice(stored);
        } else {
            head(FIXED);
            for code in &self.codes {
                out.push(*code);
            }
            out.push(fixed(END));
        }
        self.codes.clear();
        (self.size, self.start, self.len) = (0, end, 0);
    }
}

/// Bytes made of bits, the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    fn push(&mut self, code: Code) {
        self.held |= u64::from(code.bits) << self.count;
        self.count += code.count;
        while self.count >= 8 {
            self.bytes.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// Fills the last byte with zeros.
    fn align(&mut self) {
        self.push(Code { bits: 0, count: (8 - self.count) % 8 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use std::io::Read;

    /// Numbers that look random: the same ones in every run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, n: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % n
        }

        /// Bytes of so many letters, half of them from further back.
        fn text(&mut self, len: usize, letters: usize) -> Vec<u8> {
            let mut out = Vec::new();
            while out.len() < len {
                if !out.is_empty() && self.below(2) == 0 {
                    let (more, back) = (3 + self.below(300), 1 + self.below(out.len()));
                    (0..more).for_each(|_| out.push(out[out.len() - back]));
                } else {
                    (0..1 + self.below(20)).for_each(|_| out.push(self.below(letters) as u8));
                }
            }
            out
        }

        fn noise(&mut self, len: usize) -> Vec<u8> {
            (0..len).map(|_| self.below(256) as u8).collect()
        }
    }

    /// What `zlib.compress` of Python gives.
    #[test]
    fn short_texts_are_as_zlib_writes_them() {
        for (text, want) in [
            ("", "eJwDAAAAAAE="),
            ("aé", "eJxLPLwSAANVAc4="),
            ("Test string 123", "eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4="),
            ("GetObject GetObjects GetObject", "eJxzTy3xT8pKTS5RcIexihFMAKnHCxk="),
            ("abcdeabcdefbcdefgh", "eJxLTEpOSU0EEWlgIj0DAEJTBwg="),
        ] {
            assert_eq!(STANDARD.encode(zlib(text.as_bytes())), want, "{text}");
        }
    }

    /// What `zlib.compressobj(6, zlib.DEFLATED, -15, 8, zlib.Z_FIXED)` gives, by its length and its checksum.
    #[test]
    fn long_texts_are_as_zlib_writes_them_in_fixed_codes() {
        let texts = [(100, 2), (1000, 4), (100_000, 256), (300_000, 26), (500_000, 3)];
        let texts = texts.map(|(len, letters)| Random(1).text(len, letters));
        let wanted = [
            (13, 0x5475_a9dd),
            (53, 0x565a_b74e),
            (11_803, 0xbbd2_9095),
            (46_000, 0x8bb4_bdf1),
            (74_042, 0x808c_4bc2),
            (100_035, 0x90ad_0be4),
        ];
        for (text, want) in texts.into_iter().chain([Random(1).noise(100_000)]).zip(wanted) {
            let deflated = deflate(&text);
            assert_eq!((deflated.len(), Crc32::default().update(0, &deflated)), want, "{}", text.len());
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let mut random = Random(2);
        for n in 0..300 {
            let most = [20, 300, 5_000, 100_000]
                [usize::from(n % 2 == 0) + usize::from(n % 10 == 0) + usize::from(n % 50 == 0)];
            let len = random.below(most);
            let letters = 1 + random.below(256);
            let bytes = if n % 3 == 0 { random.noise(len) } else { random.text(len, letters) };
            let (gzip, zlib, mut read) = (gzip(&bytes), zlib(&bytes), [Vec::new(), Vec::new()]);
            assert!(flate2::read::GzDecoder::new(&*gzip).read_to_end(&mut read[0]).is_ok(), "{n}");
            assert!(flate2::read::ZlibDecoder::new(&*zlib).read_to_end(&mut read[1]).is_ok(), "{n}");
            assert!(read == [&*bytes, &*bytes], "{n}");
            assert!(zlib.len() <= bytes.len() + 11 + 5 * (bytes.len() / BLOCK), "{n}");
        }
    }
}
