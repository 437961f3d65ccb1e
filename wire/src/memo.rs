//! Remembers which leaves an event name and source can pass.

use std::rc::Rc;

/// What is remembered of a pair: leaves by their place.
pub type Leaves = Rc<[u32]>;

/// A power of two. A log has a few hundred pairs; one with more costs more time and no more memory.
const SLOTS: usize = 4096;
/// How far from its place an entry can stand.
const REACH: usize = 8;

#[derive(Default)]
struct Slot {
    hash: u64,
    name: Box<[u8]>,
    source: Box<[u8]>,
    leaves: Option<Leaves>,
}

/// A hash table of fixed size: a new entry that finds no place takes another's.
#[derive(Default)]
pub struct Memo {
    slots: Vec<Slot>,
}

impl Memo {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.slots.clear();
    }

    /// The leaves of a pair, if they are known.
    pub fn get(&self, name: &[u8], source: &[u8]) -> Option<&Leaves> {
        let hash = hash(name, source);
        for place in places(hash) {
            let slot = self.slots.get(place)?;
            let leaves = slot.leaves.as_ref()?;
            if slot.hash == hash && same(&slot.name, name) && same(&slot.source, source) {
                return Some(leaves);
            }
        }
        None
    }

    /// Remembers a pair; very long ones are not worth it.
    pub fn insert(&mut self, name: &[u8], source: &[u8], leaves: &Leaves) {
        if name.len() + source.len() > 512 {
            return;
        }
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Slot::default);
        }
        let hash = hash(name, source);
        let free = places(hash).find(|p| self.slots.get(*p).is_some_and(|s| s.leaves.is_none()));
        if let Some(slot) = self.slots.get_mut(free.unwrap_or(hash as usize % SLOTS)) {
            *slot =
                Slot { hash, name: name.into(), source: source.into(), leaves: Some(Leaves::clone(leaves)) };
        }
    }
}

fn places(hash: u64) -> impl Iterator<Item = usize> {
    (0..REACH).map(move |n| (hash as usize).wrapping_add(n) % SLOTS)
}

/// Equality, eight bytes at a time: calling `memcmp` costs more than such short texts.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    let ((a_words, a_rest), (b_words, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    a.len() == b.len()
        && a_words.iter().zip(b_words).all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b))
        && a_rest.iter().zip(b_rest).all(|(a, b)| a == b)
}

/// A hash of the beginning, the middle and the end of both.
#[inline]
fn hash(name: &[u8], source: &[u8]) -> u64 {
    const ODD: [u64; 6] = [
        0x9e37_79b9_7f4a_7c15,
        0xbf58_476d_1ce4_e5b9,
        0x94d0_49bb_1331_11eb,
        0xd6e8_feb8_6659_fd93,
        0xa076_1d64_78bd_642f,
        0xe703_7ed1_a0b4_28db,
    ];
    let words = parts(name).into_iter().chain(parts(source));
    let sum = words.zip(ODD).fold(0_u64, |sum, (word, odd)| sum.wrapping_add(word.wrapping_mul(odd)));
    sum ^ sum >> 32
}

#[inline]
fn parts(text: &[u8]) -> [u64; 3] {
    let word = |from: usize| text.get(from..).and_then(|t| t.first_chunk()).map(|w| u64::from_le_bytes(*w));
    match text.len().checked_sub(8) {
        Some(last) => [0, last / 2, last].map(|at| word(at).unwrap_or(0)),
        None => [text.iter().fold(text.len() as u64, |n, b| n << 8 | u64::from(*b)), 0, 0],
    }
}

#[cfg(test)]
mod tests {
    use super::{Memo, SLOTS};

    #[test]
    fn keeps_and_replaces() {
        let mut memo = Memo::default();
        for n in 0..3 * SLOTS as u32 {
            let name = n.to_string();
            assert_eq!(memo.get(name.as_bytes(), b"s"), None);
            memo.insert(name.as_bytes(), b"s", &[n].into());
            assert_eq!(memo.get(name.as_bytes(), b"s").map(|l| &**l), Some(&[n][..]));
        }
        assert_eq!(memo.slots.len(), SLOTS);
        let right = |n: &u32| memo.get(n.to_string().as_bytes(), b"s").is_none_or(|got| **got == [*n]);
        assert!((0..3 * SLOTS as u32).all(|n| right(&n)));
        // A name and a source do not run together.
        memo.insert(b"a", b"bc", &[1].into());
        memo.insert(b"ab", b"c", &[2].into());
        assert_eq!(memo.get(b"a", b"bc").map(|l| &**l), Some(&[1][..]));
        assert_eq!(memo.get(b"ab", b"c").map(|l| &**l), Some(&[2][..]));
        assert_eq!(memo.get(b"abc", b""), None);
    }
}
