//! Remembers which leaves an event name and source can pass.

use super::Leaves;

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

    /// The leaves of a pair, worked out if they are not known.
    #[inline]
    pub fn get(&mut self, name: &[u8], source: &[u8], make: impl FnOnce() -> Leaves) -> Leaves {
        let hash = mix(mix(0, source), name);
        let places = (0..REACH).map(|n| (hash as usize).wrapping_add(n) % SLOTS);
        for place in places.clone() {
            let Some(Slot { hash: other, name: n, source: s, leaves: Some(leaves) }) = self.slots.get(place) else {
                break;
            };
            if *other == hash && **n == *name && **s == *source {
                return Leaves::clone(leaves);
            }
        }
        self.insert(hash, name, source, make())
    }

    #[cold]
    fn insert(&mut self, hash: u64, name: &[u8], source: &[u8], leaves: Leaves) -> Leaves {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Slot::default);
        }
        let mut places = (0..REACH).map(|n| (hash as usize).wrapping_add(n) % SLOTS);
        let free = places.find(|p| self.slots.get(*p).is_some_and(|s| s.leaves.is_none()));
        let place = free.unwrap_or(hash as usize % SLOTS);
        // A name of any length can come from a decoded record; such are not kept.
        if name.len() + source.len() <= 512
            && let Some(slot) = self.slots.get_mut(place)
        {
            *slot =
                Slot { hash, name: name.into(), source: source.into(), leaves: Some(Leaves::clone(&leaves)) };
        }
        leaves
    }
}

/// Mixes bytes into a hash, eight at a time.
#[inline]
fn mix(mut hash: u64, bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut step = |word: u64| {
        hash = (hash ^ word).wrapping_mul(ODD);
        hash ^= hash >> 29;
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().for_each(|w| step(u64::from_le_bytes(*w)));
    step(rest.iter().fold(bytes.len() as u64, |n, b| n << 8 | u64::from(*b)));
    hash
}

#[cfg(test)]
mod tests {
    use super::{Memo, SLOTS};

    #[test]
    fn keeps_and_replaces() {
        let mut memo = Memo::default();
        for round in 0..3 {
            for n in 0..2 * SLOTS as u32 {
                let name = n.to_string();
                let got = memo.get(name.as_bytes(), b"s", || [n].into());
                assert_eq!(*got, [n], "round {round}");
            }
        }
        assert_eq!(memo.slots.len(), SLOTS);
        let mut made = 0;
        for _ in 0..2 {
            memo.get(b"last", b"s", || {
                made += 1;
                [].into()
            });
        }
        assert_eq!(made, 1);
        // A name and a source do not run together.
        assert_eq!(*memo.get(b"a", b"bc", || [1].into()), [1]);
        assert_eq!(*memo.get(b"ab", b"c", || [2].into()), [2]);
    }
}
