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
pub struct PairCache {
    slots: Vec<Slot>,
}

impl PairCache {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.slots.clear();
    }

    /// The place of a pair, if it is known.
    #[inline(always)]
    pub fn find(&self, name: &[u8], source: &[u8]) -> Option<usize> {
        let hash = hash(name, source);
        for place in places(hash) {
            let slot = self.slots.get(place)?;
            slot.leaves.as_ref()?;
            if slot.hash == hash && same(&slot.name, name) && same(&slot.source, source) {
                return Some(place);
            }
        }
        None
    }

    /// Remembers a pair and says at which place, until the next is remembered.
    pub fn insert(&mut self, name: &[u8], source: &[u8], leaves: Leaves) -> usize {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Slot::default);
        }
        let hash = hash(name, source);
        let free = places(hash).find(|p| self.slots.get(*p).is_some_and(|s| s.leaves.is_none()));
        let place = free.unwrap_or(hash as usize % SLOTS);
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Slot { hash, name: name.into(), source: source.into(), leaves: Some(leaves) };
        }
        place
    }

    /// What is remembered at a place.
    #[inline(always)]
    pub fn leaves(&self, place: usize) -> Option<&Leaves> {
        self.slots.get(place)?.leaves.as_ref()
    }
}

fn places(hash: u64) -> impl Iterator<Item = usize> {
    (0..REACH).map(move |n| (hash as usize).wrapping_add(n) % SLOTS)
}

/// Equality. For texts of up to 40 bytes the same steps whatever their length: a wrong guess of a branch costs more than
/// all of them, and so does calling `memcmp`.
#[inline(always)]
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && match a.len().checked_sub(8) {
            None => short(a) == short(b),
            Some(last @ 0..=32) => {
                let differ = |from: usize| word(a, from.min(last)) ^ word(b, from.min(last));
                [0, 8, 16, 24, 32].into_iter().fold(0, |all, from| all | differ(from)) == 0
            }
            Some(_) => a == b,
        }
}

/// A hash of the beginning, the middle and the end of both.
#[inline(always)]
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

#[inline(always)]
fn parts(text: &[u8]) -> [u64; 3] {
    match text.len().checked_sub(8) {
        Some(last) => [0, last / 2, last].map(|at| word(text, at)),
        None => [short(text), text.len() as u64, 0],
    }
}

#[inline(always)]
fn word(text: &[u8], from: usize) -> u64 {
    text.get(from..).and_then(|t| t.first_chunk()).map_or(0, |w| u64::from_le_bytes(*w))
}

/// A text of less than eight bytes, whole.
#[inline(always)]
fn short(text: &[u8]) -> u64 {
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => tiny(text),
    }
}

/// A text of less than four bytes, whole. No event has such a name.
fn tiny(text: &[u8]) -> u64 {
    text.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

#[cfg(test)]
mod tests {
    use super::{PairCache, SLOTS};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn keeps_and_replaces() {
        let mut pairs = PairCache::default();
        let get = |pairs: &PairCache, name: &[u8], source: &[u8]| {
            pairs.find(name, source).and_then(|p| pairs.leaves(p)).map(|l| l.to_vec())
        };
        for n in 0..3 * SLOTS as u32 {
            let name = n.to_string();
            assert_eq!(get(&pairs, name.as_bytes(), b"s"), None);
            let place = pairs.insert(name.as_bytes(), b"s", [n].into());
            assert_eq!(pairs.find(name.as_bytes(), b"s"), Some(place));
            assert_eq!(get(&pairs, name.as_bytes(), b"s"), Some(vec![n]));
        }
        assert_eq!(pairs.slots.len(), SLOTS);
        let right = |n: u32| get(&pairs, n.to_string().as_bytes(), b"s").is_none_or(|got| got == [n]);
        assert!((0..3 * SLOTS as u32).all(right));
        // A name and a source do not run together.
        pairs.insert(b"a", b"bc", [1].into());
        pairs.insert(b"ab", b"c", [2].into());
        assert_eq!(get(&pairs, b"a", b"bc"), Some(vec![1]));
        assert_eq!(get(&pairs, b"ab", b"c"), Some(vec![2]));
        assert_eq!(get(&pairs, b"abc", b""), None);
        // Texts of every length that differ in one byte are two.
        let text: Vec<u8> = (b'0'..b'z').collect();
        for len in 1..text.len() {
            let text = &text[..len];
            pairs.insert(text, text, [len as u32].into());
            assert_eq!(get(&pairs, text, text), Some(vec![len as u32]));
            for at in 0..len {
                let mut other = text.to_vec();
                other[at] ^= 1;
                assert!(!super::same(text, &other), "{len} {at}");
                assert_eq!([get(&pairs, &other, text), get(&pairs, text, &other)], [None, None]);
            }
        }
    }
}
