//! Keys told apart by their bytes: what groups, joins and compares goes by them. One map serves everything, since the standard
//! library's is compiled anew for every type it holds.

use std::collections::HashMap;

/// Different keys, each with its place: how many others came before it.
#[derive(Clone, Debug, Default)]
pub struct Keys(HashMap<Box<[u8]>, usize>);

impl Keys {
    /// The place of a key; one that is new comes last.
    pub fn place(&mut self, key: &[u8]) -> usize {
        if let Some(place) = self.find(key) {
            return place;
        }
        let place = self.len();
        self.0.insert(Box::from(key), place);
        place
    }

    /// Adds a key; says whether it is new.
    pub fn insert(&mut self, key: &[u8]) -> bool {
        let next = self.len();
        self.place(key) == next
    }

    /// The place of a key that is there.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        self.0.get(key).copied()
    }

    /// Whether a key is there.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.find(key).is_some()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The keys, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.keys().map(|key| &**key)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
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
    }
}
