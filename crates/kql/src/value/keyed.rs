//! Keys told apart by their bytes: what groups, joins and compares goes by them. One map serves everything, since the standard
//! library's is compiled anew for every type it holds.

use super::collect::Collect;
use std::collections::HashMap;

/// Different keys, each with its place: how many others came before it.
#[derive(Clone, Debug)]
pub struct Keys(Held);

#[derive(Clone, Debug)]
enum Held {
    /// In their places. Most hold few, for which hashing is not worth its time, nor a first answer the wait until a runtime
    /// has compiled it.
    Few(Vec<Box<[u8]>>),
    Many(HashMap<Box<[u8]>, usize>),
}

/// How many keys are compared one by one.
const FEW: usize = 8;

impl Default for Keys {
    fn default() -> Keys {
        Keys(Held::Few(Vec::new()))
    }
}

impl Keys {
    /// The place of a key; one that is new comes last.
    pub fn place(&mut self, key: &[u8]) -> usize {
        if let Some(place) = self.find(key) {
            return place;
        }
        let place = self.len();
        self.add(key, place);
        place
    }

    fn add(&mut self, key: &[u8], place: usize) {
        match &mut self.0 {
            Held::Few(keys) if place < FEW => keys.push(Box::from(key)),
            Held::Few(keys) => {
                let keys = std::mem::take(keys);
                self.0 = Held::Many(hashed(keys));
                self.add(key, place);
            }
            Held::Many(keys) => insert(keys, key, place),
        }
    }

    /// Adds a key; says whether it is new.
    pub fn insert(&mut self, key: &[u8]) -> bool {
        let next = self.len();
        self.place(key) == next
    }

    /// The place of a key that is there.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        match &self.0 {
            Held::Few(keys) => keys.iter().position(|k| **k == *key),
            Held::Many(keys) => find(keys, key),
        }
    }

    /// Whether a key is there.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.find(key).is_some()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Held::Few(keys) => keys.len(),
            Held::Many(keys) => keys.len(),
        }
    }

    /// The keys, in no order.
    pub fn all(&self) -> Vec<&[u8]> {
        match &self.0 {
            Held::Few(keys) => keys.iter().map(|key| &**key).collect_vec(),
            Held::Many(keys) => keys.keys().map(|key| &**key).collect_vec(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[inline(never)]
fn hashed(keys: Vec<Box<[u8]>>) -> HashMap<Box<[u8]>, usize> {
    keys.into_iter().enumerate().map(|(place, key)| (key, place)).collect()
}

#[inline(never)]
fn insert(keys: &mut HashMap<Box<[u8]>, usize>, key: &[u8], place: usize) {
    keys.insert(Box::from(key), place);
}

#[inline(never)]
fn find(keys: &HashMap<Box<[u8]>, usize>, key: &[u8]) -> Option<usize> {
    keys.get(key).copied()
}

/// An item for each key, in the order the keys came.
#[derive(Clone, Debug)]
pub struct Keyed<T> {
    keys: Keys,
    items: Vec<T>,
}

impl<T> Default for Keyed<T> {
    fn default() -> Keyed<T> {
        Keyed { keys: Keys::default(), items: Vec::new() }
    }
}

impl<T> Keyed<T> {
    /// The item of a key, made if the key is new.
    pub fn entry(&mut self, key: &[u8], new: impl FnOnce() -> T) -> &mut T {
        let place = self.keys.place(key);
        if place == self.items.len() {
            self.items.push(new());
        }
        &mut self.items[place]
    }

    /// The item of a key.
    pub fn get(&self, key: &[u8]) -> Option<&T> {
        self.items.get(self.keys.find(key)?)
    }

    /// The items.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The items, without their keys.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_order() {
        let mut keyed = Keyed::default();
        for (i, key) in ["b", "a", "b"].iter().enumerate() {
            keyed.entry(key.as_bytes(), Vec::new).push(i);
        }
        assert_eq!(keyed.get(b"a"), Some(&vec![1]));
        assert_eq!(keyed.get(b"c"), None);
        assert_eq!(keyed.into_items(), [vec![0, 2], vec![1]]);
        let mut keys = Keys::default();
        assert_eq!([keys.insert(b"x"), keys.insert(b""), keys.insert(b"x")], [true, true, false]);
        assert_eq!((keys.len(), keys.contains(b""), keys.contains(b"y")), (2, true, false));
        assert!(keys.all().iter().all(|key| keys.contains(key)));
        // Few or many, the places are those in which they came.
        let mut keys = Keys::default();
        for n in 0..3 * FEW as u32 {
            assert_eq!((keys.find(&n.to_le_bytes()), keys.len()), (None, n as usize));
            assert_eq!(keys.place(&n.to_le_bytes()), n as usize);
            assert!((0..=n).all(|n| keys.place(&n.to_le_bytes()) == n as usize));
            assert_eq!(keys.all().len(), n as usize + 1);
        }
    }
}
