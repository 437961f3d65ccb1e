//! The checksum of gzip, CRC-32, several times as fast as by tables alone.
//!
//! A CRC is the remainder of a polynomial over GF(2). Modulo CRC-32's polynomial x^32144 is x^16728 + x^14696 + 1, so a byte
//! may be left out if it is added (xor) to the bytes that follow it in three certain distances: the remainder stays the
//! same. That is done to all bytes but the last few thousand, many at a time, and the tables need to see only those. The
//! method is that of "Chorba: A novel CRC32 implementation" (arXiv 2412.16398); this multiple was found by search.

use zlib_rs::crc32::crc32 as by_tables;

/// The distances in bytes.
const LAGS: [usize; 3] = [1927, 2181, 4018];
const HISTORY: usize = LAGS[2];
/// What is folded at once: no byte of it is added to another.
const STEP: usize = LAGS[0] / 64 * 64;
/// What is folded before the history is moved to the front.
const ROUND: usize = 8 * STEP;

/// Room for the folding, kept between calls: the history, and a round behind it.
#[derive(Debug, Default)]
pub struct Crc32 {
    room: Vec<u8>,
}

impl Crc32 {
    /// The CRC-32 of what came before, of which that is the CRC-32 (0 if there was nothing), and of these bytes.
    pub fn update(&mut self, crc: u32, bytes: &[u8]) -> u32 {
        let steps = bytes.len().saturating_sub(HISTORY) / STEP;
        if steps < 4 {
            return by_tables(crc, bytes);
        }
        let (folded, rest) = bytes.split_at(steps * STEP);
        let (next, rest) = rest.split_at(HISTORY);
        self.room.resize(HISTORY + ROUND, 0);
        self.room.split_at_mut(HISTORY).0.fill(0);
        // What came before is as if it stood in the first bytes.
        let mut first = !crc;
        for round in folded.chunks(ROUND) {
            for (n, step) in round.chunks(STEP).enumerate() {
                let (before, here) = self.room.split_at_mut(HISTORY + n * STEP);
                fold(here, step, before);
                add(here, &std::mem::take(&mut first).to_le_bytes());
            }
            self.room.copy_within(round.len()..round.len() + HISTORY, 0);
        }
        let (history, sums) = self.room.split_at_mut(HISTORY);
        let sums = sums.split_at_mut(HISTORY).0;
        sums.copy_from_slice(next);
        for lag in LAGS {
            add(sums, last(history, lag));
        }
        // The folded bytes are zero now, and so is what the rest begins with: the inverse of what the tables begin with.
        by_tables(by_tables(!0, sums), rest)
    }
}

/// The bytes and what is added to them from before.
fn fold(out: &mut [u8], bytes: &[u8], before: &[u8]) {
    let [a, b, c] = LAGS.map(|lag| last(before, lag).as_chunks::<64>().0);
    let out = out.as_chunks_mut::<64>().0;
    for ((((out, d), a), b), c) in out.iter_mut().zip(bytes.as_chunks::<64>().0).zip(a).zip(b).zip(c) {
        *out = std::array::from_fn(|i| d[i] ^ a[i] ^ b[i] ^ c[i]);
    }
}

fn add(to: &mut [u8], bytes: &[u8]) {
    for (to, b) in to.iter_mut().zip(bytes) {
        *to ^= b;
    }
}

fn last(bytes: &[u8], len: usize) -> &[u8] {
    bytes.split_at(bytes.len().saturating_sub(len)).1
}

#[cfg(test)]
mod tests {
    use super::{Crc32, by_tables};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn is_that_of_the_tables() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        let bytes: Vec<u8> = std::iter::repeat_with(&mut random).take(100_000).collect();
        let mut crc = Crc32::default();
        for len in (0..40_000).step_by(611).chain(90_000..90_020) {
            for start in [0, 0x1234_5678, !0] {
                assert_eq!(
                    crc.update(start, &bytes[..len]),
                    by_tables(start, &bytes[..len]),
                    "{len} {start}"
                );
            }
        }
        assert_eq!(crc.update(0, b"123456789"), 0xcbf4_3926);
    }
}
