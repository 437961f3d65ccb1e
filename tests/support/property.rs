//! What must hold of any case, tried on random ones. A case that fails is shrunk before it is shown.
//!
//! The cases are the same everywhere and each time: `PROPTEST_RNG_SEED=2` tries others, `PROPTEST_CASES=100000` tries more of them.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::panic, reason = "helpers of tests fail loudly")]

use proptest::collection::{SizeRange, vec};
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::fmt;

/// Tries a property, which panics where it does not hold, on so many cases.
#[track_caller]
pub fn check<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value)) {
    let told = Config::default();
    let config = Config {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { told.cases } else { cases },
        rng_seed: if told.rng_seed == RngSeed::Random { RngSeed::Fixed(1) } else { told.rng_seed },
        max_shrink_iters: 10_000,
        failure_persistence: None,
        ..told
    };
    let tried = TestRunner::new(config).run(&strategy, |case| {
        property(case);
        Ok(())
    });
    if let Err(failed) = tried {
        panic!("{failed}");
    }
}

/// A value of a strategy, always the same one.
pub fn sample<S: Strategy>(seed: u64, strategy: S) -> S::Value {
    let config = Config { rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    match strategy.new_tree(&mut TestRunner::new(config)) {
        Ok(tree) => tree.current(),
        Err(why) => panic!("{why}"),
    }
}

/// Bytes that are shown as text.
#[derive(Clone)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// A change of some bytes, somewhere.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Cut(Index),
    Remove(Index, usize),
    Flip(Index, u8),
    Insert(Index, u8),
    Replace(Index, u8),
}

/// A change that brings in bytes of these, or any.
pub fn change(bytes: &'static [u8]) -> impl Strategy<Value = Change> + Clone {
    let at = any::<Index>;
    let byte = || prop_oneof![2 => select(bytes), 1 => any::<u8>()];
    prop_oneof![
        1 => at().prop_map(Change::Cut),
        2 => (at(), 1..20_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => (at(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        2 => (at(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        2 => (at(), byte()).prop_map(|(at, byte)| Change::Replace(at, byte)),
    ]
}

/// Makes a change. Of no bytes there is nothing to change.
pub fn apply(change: Change, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match change {
        Change::Cut(at) => bytes.truncate(at.index(length)),
        Change::Remove(at, count) => {
            let at = at.index(length);
            drop(bytes.drain(at..(at + count).min(length)));
        }
        Change::Flip(at, bit) => *at.get_mut(bytes) ^= 1 << bit,
        Change::Insert(at, byte) => bytes.insert(at.index(length), byte),
        Change::Replace(at, byte) => *at.get_mut(bytes) = byte,
    }
}

/// One of some inputs after some changes.
pub fn changed(
    inputs: Vec<Vec<u8>>,
    changes: impl Into<SizeRange>,
    bytes: &'static [u8],
) -> impl Strategy<Value = Bytes> + Clone {
    (any::<Index>(), vec(change(bytes), changes)).prop_map(move |(input, changes)| {
        let mut changed = input.get(&inputs).clone();
        changes.into_iter().for_each(|change| apply(change, &mut changed));
        Bytes(changed)
    })
}

/// One of some texts after some edits, that cut, leave out, double or bring in a few characters: of these pieces, or of the text itself.
pub fn edited(
    texts: Vec<String>,
    edits: impl Into<SizeRange>,
    pieces: &'static [&'static str],
) -> impl Strategy<Value = String> + Clone {
    let edit = (0..9, any::<Index>(), 0..40_usize, any::<Index>());
    (any::<Index>(), vec(edit, edits)).prop_map(move |(text, edits)| {
        let mut text: Vec<char> = text.get(&texts).chars().collect();
        for (kind, at, length, with) in edits {
            if text.is_empty() {
                break;
            }
            let (at, from) = (at.index(text.len()), with.index(text.len()));
            let to = (at + length).min(text.len());
            match kind {
                0 => text.truncate(at),
                1 | 2 => drop(text.drain(at..to)),
                3 | 4 => drop(text.splice(at..at, with.get(pieces).chars())),
                5 | 6 => drop(text.splice(at..to, with.get(pieces).chars())),
                _ => {
                    let copy: Vec<char> = text.iter().skip(from).take(length).copied().collect();
                    drop(text.splice(at..at, copy));
                }
            }
        }
        text.into_iter().collect()
    })
}
