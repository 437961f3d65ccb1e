//! What stands where in 64 bytes, as bits: the lowest bit is the first byte.
//!
//! The prefilter and the scan of values look with it. One small file of SIMD for WebAssembly. Elsewhere (natively, and in hosts that refuse SIMD) words of 8 bytes do the
//! same.

/// Bits for the bytes that structure JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// `"`
    pub quotes: u64,
    /// `{` and `[`
    pub opens: u64,
    /// `}` and `]`
    pub closes: u64,
    /// Whether to ask for what is [`Rare`]: if not, there is no `\`, and no `v` two bytes behind a `"`.
    pub rare: bool,
}

/// Bits for what few blocks hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rare {
    /// `\`
    pub slashes: u64,
    /// `v`, as in `"event…`
    pub vs: u64,
}

pub use imp::{KeyCarry, KeyFinder, places, quotes_and_slashes};

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

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod imp {
    use super::{Block, Rare};
    use core::arch::wasm32::{
        u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_min, u8x16_shuffle, u8x16_splat, v128, v128_and,
        v128_any_true, v128_or,
    };

    /// What is looked for, a vector each.
    #[derive(Clone, Copy)]
    pub struct KeyFinder {
        quote: v128,
        slash: v128,
        v: v128,
        open: v128,
        close: v128,
        case: v128,
    }

    impl KeyFinder {
        /// Made once before a loop.
        #[inline(always)]
        pub fn new() -> KeyFinder {
            // V8 would build a constant vector anew for each use; what it cannot know it keeps in a register.
            let [quote, slash, v, open, close, case] =
                core::hint::black_box(*b"\"\\v{} ").map(|b| u8x16_splat(b));
            KeyFinder { quote, slash, v, open, close, case }
        }

        /// Looks at 64 bytes, the next behind those that the carry is of.
        #[inline(always)]
        pub fn look(&self, bytes: &[u8; 64], key_carry: KeyCarry) -> Block {
            let (mut a, mut b, mut rare, mut before) = (0, 0, u8x16_splat(0), key_carry.quotes);
            for (n, lane) in lanes(bytes).into_iter().enumerate() {
                let is = |b: v128| u8x16_eq(lane, b);
                // `[` and `{`, `]` and `}` differ in one bit.
                let folded = v128_or(lane, self.case);
                // Gathering bits is what takes the time: a byte is one of three things or none of them, which is two bits.
                let quotes = is(self.quote);
                let bits =
                    |b: v128| u64::from(u8x16_bitmask(v128_or(quotes, u8x16_eq(folded, b)))) << (16 * n);
                a |= bits(self.open);
                b |= bits(self.close);
                let key = v128_and(is(self.v), two_on(before, quotes));
                rare = v128_or(rare, v128_or(key, is(self.slash)));
                before = quotes;
            }
            let quotes = a & b;
            Block { quotes, opens: a ^ quotes, closes: b ^ quotes, rare: u8x16_bitmask(rare) != 0 }
        }

        /// The carry behind 64 bytes.
        #[inline(always)]
        pub fn over(&self, bytes: &[u8; 64], key_carry: KeyCarry) -> KeyCarry {
            let [a, b, c, d] = lanes(bytes);
            let lowest = u8x16_min(u8x16_min(a, b), u8x16_min(c, d));
            KeyCarry { lowest: u8x16_min(key_carry.lowest, lowest), quotes: u8x16_eq(d, self.quote) }
        }

        /// Looks at them again.
        #[inline(always)]
        pub fn rare(&self, bytes: &[u8; 64]) -> Rare {
            let lanes = lanes(bytes);
            let is = |b: v128| bits(lanes.map(|l| u8x16_eq(l, b)));
            Rare { slashes: is(self.slash), vs: is(self.v) }
        }
    }

    /// Where `"` and `\` stand in 64 bytes.
    #[inline(always)]
    pub fn quotes_and_slashes(bytes: &[u8; 64]) -> u64 {
        let (quote, slash) = (u8x16_splat(b'"'), u8x16_splat(b'\\'));
        bits(lanes(bytes).map(|lane| v128_or(u8x16_eq(lane, quote), u8x16_eq(lane, slash))))
    }

    /// Where a byte stands in 32 bytes.
    #[inline(always)]
    pub fn places(bytes: &[u8; 32], byte: u8) -> u32 {
        let byte = u8x16_splat(byte);
        let [a, b] =
            bytemuck::must_cast::<_, [v128; 2]>(*bytes).map(|l| u32::from(u8x16_bitmask(u8x16_eq(l, byte))));
        a | b << 16
    }

    /// What blocks leave to the next one: their lowest bytes, and the quotes of the last bytes.
    #[derive(Clone, Copy)]
    pub struct KeyCarry {
        lowest: v128,
        quotes: v128,
    }

    impl KeyCarry {
        /// Of no block.
        #[inline(always)]
        pub fn new() -> KeyCarry {
            KeyCarry { lowest: u8x16_splat(0xff), quotes: u8x16_splat(0) }
        }

        /// Whether a control character is among the blocks' bytes.
        #[inline(always)]
        pub fn is_control(self) -> bool {
            v128_any_true(u8x16_lt(self.lowest, u8x16_splat(b' ')))
        }
    }

    #[inline(always)]
    fn lanes(bytes: &[u8; 64]) -> [v128; 4] {
        bytemuck::must_cast(*bytes)
    }

    /// Each byte moved two places on; the last two of what stands before come first.
    #[inline(always)]
    fn two_on(before: v128, here: v128) -> v128 {
        u8x16_shuffle::<14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29>(before, here)
    }

    #[inline(always)]
    fn bits(lanes: [v128; 4]) -> u64 {
        let [a, b, c, d] = lanes.map(|l| u64::from(u8x16_bitmask(l)));
        a | b << 16 | c << 32 | d << 48
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod imp {
    pub use super::plain::{KeyCarry, KeyFinder, places, quotes_and_slashes};
}

#[cfg(any(test, not(all(target_arch = "wasm32", target_feature = "simd128"))))]
mod plain {
    use super::{Block, Rare};

    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = 0x7f * ONES;
    const HIGH: u64 = ONES << 7;

    /// The highest bit of each byte of a word that is this one.
    fn marked(word: u64, b: u8) -> u64 {
        let differs = word ^ (ONES * u64::from(b));
        !(((differs & LOW) + LOW) | differs | LOW)
    }

    /// Where a byte stands in a word.
    fn is(word: u64, b: u8) -> u64 {
        gathered(marked(word, b))
    }

    /// The highest bits of the bytes of a word, side by side.
    fn gathered(marks: u64) -> u64 {
        (marks >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }

    fn words(bytes: &[u8]) -> impl Iterator<Item = (usize, u64)> {
        let words = bytes.as_chunks().0.iter().map(|w| u64::from_le_bytes(*w));
        words.enumerate().map(|(n, word)| (n * 8, word))
    }

    /// Nothing needs to be made before.
    #[derive(Clone, Copy)]
    pub struct KeyFinder;

    impl KeyFinder {
        /// Made once before a loop.
        pub fn new() -> KeyFinder {
            KeyFinder
        }

        /// Looks at 64 bytes, the next behind those that the carry is of.
        pub fn look(&self, bytes: &[u8; 64], _key_carry: KeyCarry) -> Block {
            let mut block = Block::default();
            let mut rare = 0;
            for (at, word) in words(bytes) {
                let folded = word | (0x20 * ONES);
                block.quotes |= is(word, b'"') << at;
                block.opens |= is(folded, b'{') << at;
                block.closes |= is(folded, b'}') << at;
                // Any `v` will do: where it stands would have to be gathered.
                rare |= marked(word, b'\\') | marked(word, b'v');
            }
            block.rare = rare != 0;
            block
        }

        /// The carry behind 64 bytes.
        pub fn over(&self, bytes: &[u8; 64], key_carry: KeyCarry) -> KeyCarry {
            let low = |word: u64| word.wrapping_sub(ONES * u64::from(b' ')) & !word & HIGH;
            KeyCarry(words(bytes).fold(key_carry.0, |all, (_, word)| all | low(word)))
        }

        /// Looks at them again.
        pub fn rare(&self, bytes: &[u8; 64]) -> Rare {
            let mut found = Rare::default();
            for (at, word) in words(bytes) {
                found.slashes |= is(word, b'\\') << at;
                found.vs |= is(word, b'v') << at;
            }
            found
        }
    }

    /// Where `"` and `\` stand in 64 bytes.
    pub fn quotes_and_slashes(bytes: &[u8; 64]) -> u64 {
        words(bytes).fold(0, |all, (at, word)| all | gathered(marked(word, b'"') | marked(word, b'\\')) << at)
    }

    /// Where a byte stands in 32 bytes.
    pub fn places(bytes: &[u8; 32], byte: u8) -> u32 {
        words(bytes).fold(0, |all, (at, word)| all | (is(word, byte) as u32) << at)
    }

    /// What blocks leave to the next one: whether a byte below the space is among them.
    #[derive(Clone, Copy)]
    pub struct KeyCarry(u64);

    impl KeyCarry {
        /// Of no block.
        pub fn new() -> KeyCarry {
            KeyCarry(0)
        }

        /// Whether a control character is among the blocks' bytes.
        pub fn is_control(self) -> bool {
            self.0 != 0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, KeyCarry, KeyFinder, Rare, plain, prefix_xor};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// What both ways see in blocks that follow one another: the last of them, what is rare in it, and whether a control
    /// character was in any.
    fn seen(blocks: &[[u8; 64]]) -> [(Block, Rare, bool); 2] {
        let (mut found, mut plainly) = (Block::default(), Block::default());
        let (mut key_carry, mut plain_carry) = (KeyCarry::new(), plain::KeyCarry::new());
        for block in blocks {
            let (finder, plain_finder) = (KeyFinder::new(), plain::KeyFinder::new());
            (found, key_carry) = (finder.look(block, key_carry), finder.over(block, key_carry));
            (plainly, plain_carry) =
                (plain_finder.look(block, plain_carry), plain_finder.over(block, plain_carry));
        }
        let last = &blocks[blocks.len() - 1];
        [
            (found, KeyFinder::new().rare(last), key_carry.is_control()),
            (plainly, plain::KeyFinder::new().rare(last), plain_carry.is_control()),
        ]
    }

    #[test]
    fn every_byte_at_every_place() {
        let bit = |is: bool, at: usize| if is { 1 << at } else { 0 };
        for at in 0..64 {
            for b in 0..=255_u8 {
                let mut bytes = [b'a'; 64];
                bytes[at] = b;
                let rare = Rare { slashes: bit(b == b'\\', at), vs: bit(b == b'v', at) };
                for (found, see, is_control) in seen(&[bytes]) {
                    let want = Block {
                        quotes: bit(b == b'"', at),
                        opens: bit(matches!(b, b'{' | b'['), at),
                        closes: bit(matches!(b, b'}' | b']'), at),
                        rare: found.rare,
                    };
                    assert_eq!((found, see, is_control), (want, rare, b < b' '), "byte {b} at {at}");
                    assert!(found.rare || b != b'\\', "a slash at {at}");
                    assert!(!found.rare || matches!(b, b'\\' | b'v'), "byte {b} at {at}");
                }
                // A control character is not forgotten, whatever the next block holds.
                assert_eq!(seen(&[bytes, [b'a'; 64]]).map(|s| s.2), [b < b' '; 2], "byte {b} at {at}");
            }
        }
        let mixed: [u8; 64] = std::array::from_fn(|i| b"\"{}[]\\v\n"[i * 7 % 8]);
        let [simd, plain] = seen(&[mixed]);
        assert_eq!(simd, plain);
    }

    #[test]
    fn a_v_two_bytes_behind_a_quote_is_rare() {
        for at in 0..126 {
            let mut bytes = [b'a'; 128];
            bytes[at] = b'"';
            bytes[at + 2] = b'v';
            let (blocks, _) = bytes.as_chunks();
            let of = blocks.get(..=(at + 2) / 64).unwrap_or_default();
            assert_eq!(seen(of).map(|s| s.0.rare), [true; 2], "a quote at {at}");
        }
    }

    #[test]
    fn quotes_and_slashes_in_64_bytes() {
        for at in 0..64 {
            for b in 0..=255_u8 {
                let mut bytes = [b'a'; 64];
                bytes[at] = b;
                let want = if matches!(b, b'"' | b'\\') { 1 << at } else { 0 };
                let found = [super::quotes_and_slashes(&bytes), plain::quotes_and_slashes(&bytes)];
                assert_eq!(found, [want; 2], "byte {b} at {at}");
            }
        }
        let mixed: [u8; 64] = std::array::from_fn(|i| b"\"a\\!#[]\xa2"[i * 5 % 8]);
        assert_eq!(super::quotes_and_slashes(&mixed), plain::quotes_and_slashes(&mixed));
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
