//! `sample n`: rows at random, the same ones each time: a rule must answer alike on every machine.

use super::random::Random;
use super::row::Row;

/// At most `n` of the rows, each as likely as the others, in their order; which ones depends on how many there
/// are, not on the clock.
#[inline(never)]
pub fn sample(rows: &[Row], n: usize) -> Vec<Row> {
    let mut random = Random::new(0);
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
