//! One sort for everything: the standard library's is compiled anew for every type it sorts, some 5 kB of
//! WebAssembly each. Here it is compiled once, for places, and the items follow.

use crate::value::collect::Collect;
use std::cmp::Ordering;

/// Sorts, keeping the order of equal items.
pub fn sort_by<T>(items: &mut [T], mut order: impl FnMut(&T, &T) -> Ordering) {
    let places = sorted_places(items.len(), &mut |a, b| order(&items[a], &items[b]));
    follow(places, &mut |a, b| items.swap(a, b));
}

/// Sorts by a key.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// Sorts by the items' own order.
pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// For each place of the sorted items where its item stands now.
fn sorted_places(count: usize, order: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect_vec();
    places.sort_by(|a, b| order(*a, *b));
    places
}

/// Moves the items to their places, each by one swap.
fn follow(mut places: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..places.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut places[at], at);
            if from == start {
                break;
            }
            swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable() {
        let mut items = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        sort_by_key(&mut items, |i| i.0);
        assert_eq!(items, [(1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]);
        let mut items: Vec<u32> = (0..1000).map(|i| i * 7919 % 1009).collect();
        let mut expected = items.clone();
        expected.sort_unstable();
        sort(&mut items);
        assert_eq!(items, expected);
        let mut none: Vec<i32> = Vec::new();
        sort(&mut none);
        assert!(none.is_empty());
    }
}
