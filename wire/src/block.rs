//! What stands where in 64 bytes, as bits: the lowest bit is the first byte.
//!
//! One small file of SIMD for WebAssembly, without `unsafe`: the lanes are made of 8-byte words that the compiler
//! joins to vector loads. Elsewhere (natively, and in hosts that refuse SIMD) words of 8 bytes do the same.

/// Bits for the bytes that structure JSON, and for the `v` of `"event…`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// `"`
    pub quotes: u64,
    /// `\`
    pub slashes: u64,
    /// `{` and `[`
    pub opens: u64,
    /// `}` and `]`
    pub closes: u64,
    /// `v`
    pub vs: u64,
}

pub use imp::{Finder, Lowest, places};

/// Bit by bit, whether the number of set bits up to and with it is odd.
#[inline(always)]
pub fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

#[inline(always)]
fn words(bytes: &[u8], at: usize) -> [u64; 2] {
    let word =
        |from: usize| bytes.get(from..).and_then(|b| b.first_chunk()).map_or(0, |w| u64::from_le_bytes(*w));
    [word(at), word(at + 8)]
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod imp {
    use super::{Block, words};
    use core::arch::wasm32::{
        u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_min, u8x16_splat, u64x2, v128, v128_any_true, v128_or,
    };

    /// What is looked for, a vector each.
    #[derive(Clone, Copy)]
    pub struct Finder {
        quote: v128,
        slash: v128,
        v: v128,
        open: v128,
        close: v128,
        case: v128,
    }

    impl Finder {
        /// Made once before a loop.
        #[inline(always)]
        pub fn new() -> Finder {
            // V8 would build a constant vector anew for each use; what it cannot know it keeps in a register.
            let [quote, slash, v, open, close, case] =
                core::hint::black_box(*b"\"\\v{} ").map(|b| u8x16_splat(b));
            Finder { quote, slash, v, open, close, case }
        }

        /// Looks at 64 bytes.
        #[inline(always)]
        pub fn look(&self, bytes: &[u8; 64], lowest: &mut Lowest) -> Block {
            let lanes = [0, 16, 32, 48].map(|at| {
                let [a, b] = words(bytes, at);
                u64x2(a, b)
            });
            let is = |b: v128| lanes.map(|l| u8x16_eq(l, b));
            // `[` and `{`, `]` and `}` differ in one bit.
            let folded = lanes.map(|l| v128_or(l, self.case));
            let bracket = |b: v128| bits(folded.map(|l| u8x16_eq(l, b)));
            // They are rare.
            let slashes = is(self.slash);
            let slashes = if v128_any_true(join(slashes, v128_or)) { bits(slashes) } else { 0 };
            lowest.0 = u8x16_min(lowest.0, join(lanes, u8x16_min));
            Block {
                quotes: bits(is(self.quote)),
                slashes,
                opens: bracket(self.open),
                closes: bracket(self.close),
                vs: bits(is(self.v)),
            }
        }
    }

    /// Where a byte stands in 32 bytes.
    #[inline(always)]
    pub fn places(bytes: &[u8; 32], byte: u8) -> u32 {
        let byte = u8x16_splat(byte);
        let [a, b] = [0, 16].map(|at| {
            let [a, b] = words(bytes, at);
            u32::from(u8x16_bitmask(u8x16_eq(u64x2(a, b), byte)))
        });
        a | b << 16
    }

    /// The lowest bytes of several blocks.
    #[derive(Clone, Copy)]
    pub struct Lowest(v128);

    impl Lowest {
        /// Of no block.
        #[inline(always)]
        pub fn new() -> Lowest {
            Lowest(u8x16_splat(0xff))
        }

        /// Whether a control character is among them.
        #[inline(always)]
        pub fn is_control(self) -> bool {
            v128_any_true(u8x16_lt(self.0, u8x16_splat(b' ')))
        }
    }

    #[inline(always)]
    fn join([a, b, c, d]: [v128; 4], two: fn(v128, v128) -> v128) -> v128 {
        two(two(a, b), two(c, d))
    }

    #[inline(always)]
    fn bits(lanes: [v128; 4]) -> u64 {
        let [a, b, c, d] = lanes.map(|l| u64::from(u8x16_bitmask(l)));
        a | b << 16 | c << 32 | d << 48
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod imp {
    pub use super::plain::{Finder, Lowest, places};
}

#[cfg(any(test, not(all(target_arch = "wasm32", target_feature = "simd128"))))]
mod plain {
    use super::{Block, words};

    const ONES: u64 = 0x0101_0101_0101_0101;

    /// The bits of the zero bytes of a word.
    fn zeros(word: u64) -> u64 {
        const LOW: u64 = 0x7f * ONES;
        let high = !(((word & LOW) + LOW) | word | LOW);
        // Gathers the highest bit of each byte.
        (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }

    /// Nothing needs to be made before.
    #[derive(Clone, Copy)]
    pub struct Finder;

    impl Finder {
        /// Made once before a loop.
        pub fn new() -> Finder {
            Finder
        }

        /// Looks at 64 bytes.
        pub fn look(&self, bytes: &[u8; 64], lowest: &mut Lowest) -> Block {
            let mut block = Block::default();
            for at in (0..64).step_by(16) {
                for (n, word) in words(bytes, at).into_iter().enumerate() {
                    let place = at + n * 8;
                    let is = |b: u8| zeros(word ^ (ONES * u64::from(b))) << place;
                    let bracket = |b: u8| zeros((word | (0x20 * ONES)) ^ (ONES * u64::from(b))) << place;
                    block.quotes |= is(b'"');
                    block.slashes |= is(b'\\');
                    block.opens |= bracket(b'{');
                    block.closes |= bracket(b'}');
                    block.vs |= is(b'v');
                    lowest.0 |= word.wrapping_sub(ONES * u64::from(b' ')) & !word & (ONES << 7);
                }
            }
            block
        }
    }

    /// Where a byte stands in 32 bytes.
    pub fn places(bytes: &[u8; 32], byte: u8) -> u32 {
        let is = |word: u64| zeros(word ^ (ONES * u64::from(byte))) as u32;
        let [[a, b], [c, d]] = [0, 16].map(|at| words(bytes, at).map(is));
        a | b << 8 | c << 16 | d << 24
    }

    /// Whether a byte below the space is among the bytes of several blocks.
    #[derive(Clone, Copy)]
    pub struct Lowest(u64);

    impl Lowest {
        /// Of no block.
        pub fn new() -> Lowest {
            Lowest(0)
        }

        /// Whether a control character is among them.
        pub fn is_control(self) -> bool {
            self.0 != 0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Finder, Lowest, plain, prefix_xor};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_byte_at_every_place() {
        let bit = |is: bool, at: usize| if is { 1 << at } else { 0 };
        for at in 0..64 {
            for b in 0..=255_u8 {
                let mut bytes = [b'a'; 64];
                bytes[at] = b;
                let want = Block {
                    quotes: bit(b == b'"', at),
                    slashes: bit(b == b'\\', at),
                    opens: bit(matches!(b, b'{' | b'['), at),
                    closes: bit(matches!(b, b'}' | b']'), at),
                    vs: bit(b == b'v', at),
                };
                let (mut lowest, mut plainly) = (Lowest::new(), plain::Lowest::new());
                assert_eq!(Finder::new().look(&bytes, &mut lowest), want, "byte {b} at {at}");
                let plain = plain::Finder::new().look(&bytes, &mut plainly);
                assert_eq!(plain, want, "byte {b} at {at}, without SIMD");
                // It stays so, whatever the next block holds.
                Finder::new().look(&[b'a'; 64], &mut lowest);
                plain::Finder::new().look(&[b'a'; 64], &mut plainly);
                assert_eq!([lowest.is_control(), plainly.is_control()], [b < b' '; 2], "byte {b} at {at}");
            }
        }
        let mixed: [u8; 64] = std::array::from_fn(|i| b"\"{}[]\\v\n"[i * 7 % 8]);
        let plain = plain::Finder::new().look(&mixed, &mut plain::Lowest::new());
        assert_eq!(Finder::new().look(&mixed, &mut Lowest::new()), plain);
    }

    #[test]
    fn places_in_32_bytes() {
        for at in 0..32 {
            for b in 0..=255_u8 {
                let mut bytes = [b'a'; 32];
                bytes[at] = b;
                let want = if b == b'"' { 1 << at } else { 0 };
                assert_eq!(
                    [super::places(&bytes, b'"'), plain::places(&bytes, b'"')],
                    [want; 2],
                    "byte {b} at {at}"
                );
            }
        }
    }

    #[test]
    fn strings_are_between_quotes() {
        assert_eq!(prefix_xor(0b1001_0010), !0 << 7 | 0b1110);
        assert_eq!(prefix_xor(0), 0);
    }
}
