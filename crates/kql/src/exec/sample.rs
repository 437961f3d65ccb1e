//! `sample n`: rows at random, the same ones each time: a rule must answer alike on every machine.

use super::row::Row;

/// A small generator of pseudo-random numbers (xorshift64*). Not for secrets.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let wide = u128::from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)) * n as u128;
        (wide >> 64) as usize
    }
}

/// At most `n` of the rows, each as likely as the others, in their order; which ones depends on how many there
/// are, not on the clock.
pub fn sample(rows: &[Row], n: usize) -> Vec<Row> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut chosen: Vec<usize> = (0..n.min(rows.len())).collect();
    for i in chosen.len()..rows.len() {
        let at = random.below(i + 1);
        if let Some(slot) = chosen.get_mut(at) {
            *slot = i;
        }
    }
    chosen.sort();
    chosen.into_iter().filter_map(|i| rows.get(i)).cloned().collect()
}
