//! Pseudo-random numbers: `sample`, `rand`, `new_guid`. The same seed gives the same ones on every machine.

/// A small generator (xorshift64*). Not for secrets.
pub struct Random(u64);

impl Random {
    /// A generator of its own for each seed.
    pub fn new(seed: u64) -> Random {
        // Neighbouring seeds are spread, and zero, at which the generator would stand still, is none.
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x9E37_79B9_7F4A_7C15 | 1);
        for _ in 0..8 {
            random.bits();
        }
        random
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number less than `n`; 0 if `n` is.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// A real from 0 up to, but not with, 1.
    pub fn real(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A random GUID (version 4), in the order it is written.
    pub fn guid(&mut self) -> [u8; 16] {
        let bits = u128::from(self.bits()) << 64 | u128::from(self.bits());
        let version = bits & !(0xF << 76) | 0x4 << 76;
        (version & !(0b11 << 62) | 0b10 << 62).to_be_bytes()
    }
}
