//! Which records can matter to any rule, seen from their raw bytes.
//!
//! A record can pass a leaf's row stages only if it passes their filters. Of these, many read nothing but
//! `EventName` and `EventSource`; `condition` takes them out of the plan. What an event of some name and source can
//! pass is worked out once, by the filters themselves and not by an imitation of them, and kept: a log has a few
//! hundred such pairs, however many rules there are. `Scanner` finds both in the raw bytes.
//!
//! The prefilter lets through whatever it is not sure of; only records that provably matter to no leaf stay behind.

mod condition;
mod pair_cache;
pub(crate) mod record;
mod scanner;
mod timestamp;

pub use condition::{Condition, fold};
pub use pair_cache::Leaves;
pub use scanner::Skipped;

use condition::Pair;
use kql::exec::program::Scratch;
use kql::plan::split::Leaf;
use kql::value::{datetime, json};
use scanner::{Oracle, Scanner};
use std::collections::HashMap;

/// Tells records that matter to no leaf from the others.
#[derive(Default)]
pub struct Prefilter {
    conditions: Conditions,
    scanner: Scanner,
    /// Whether some leaf wants every event: then none can be stepped over.
    reads_all: bool,
    /// Whether raw bytes are not looked at.
    blind: bool,
}

/// The conditions of all leaves.
#[derive(Default)]
struct Conditions {
    all: Vec<Condition>,
    /// Those that only listed names can satisfy, by folded name; and the others.
    by_name: HashMap<String, Vec<u32>>,
    by_more: Vec<u32>,
}

impl Prefilter {
    /// Adds the next leaf.
    pub fn add(&mut self, leaf: &Leaf) {
        let condition = Condition::of(leaf);
        self.reads_all |= condition.reads_every_event();
        let Conditions { all, by_name, by_more } = &mut self.conditions;
        let index = all.len() as u32;
        match condition.names() {
            Some(names) => {
                for name in names {
                    let places = by_name.entry(name.clone()).or_default();
                    if places.last() != Some(&index) {
                        places.push(index);
                    }
                }
            }
            None => by_more.push(index),
        }
        all.push(condition);
        self.scanner.clear();
    }

    /// Adds a leaf that no event passes.
    pub fn add_never(&mut self) {
        self.conditions.all.push(Condition::NEVER);
        self.scanner.clear();
    }

    /// From now on looks at nothing and lets everything through to every leaf that reads events.
    pub fn open_wide(&mut self) {
        let Conditions { all, by_name, by_more } = &mut self.conditions;
        let reads_events = |c: &&mut Condition| !c.is_never();
        all.iter_mut().filter(reads_events).for_each(|c| *c = Condition::ALWAYS);
        *by_more = (0..).zip(&*all).filter(|(_, c)| !c.is_never()).map(|(n, _)| n).collect();
        *by_name = HashMap::new();
        self.reads_all = true;
        self.blind = true;
        self.scanner.clear();
    }

    /// Looks at a raw record: its time, and the leaves that it can pass. `None` if that does not show at a look.
    pub fn look(&mut self, record: &[u8]) -> Option<(Option<i64>, Leaves)> {
        if self.blind {
            return None;
        }
        let seen = self.scanner.look(record, false, &self.conditions).ok()?;
        Some((seen.time, Leaves::clone(seen.leaves)))
    }

    /// Steps over the events that the bytes begin with, as long as they matter to no leaf; `alone` if they stand by
    /// themselves and not in a list.
    pub fn skip(&mut self, bytes: &[u8], alone: bool) -> Skipped {
        if self.reads_all {
            return Skipped::default();
        }
        self.scanner.skip(bytes, alone, &self.conditions)
    }

    /// The leaves that an event of this name and source can pass, if it is known already. The texts may be as JSON spells them:
    /// only such are known as are spelt as they are.
    pub fn known(&self, name: &[u8], source: &[u8]) -> Option<Leaves> {
        self.scanner.known(name, source).map(Leaves::clone)
    }

    /// The leaves that an event of this name and source can pass: texts as they are, not as JSON spells them.
    pub fn leaves(&mut self, name: &[u8], source: &[u8]) -> Leaves {
        self.scanner.leaves(name, source, &self.conditions)
    }
}

impl Oracle for Conditions {
    fn leaves(&self, name: &[u8], source: &[u8]) -> Leaves {
        let listed = self.by_name.get(&fold(&json::lossy(name))).map_or(&[][..], Vec::as_slice);
        if listed.is_empty() && self.by_more.is_empty() {
            // Most names of a log: nothing has to be evaluated.
            return Leaves::from([]);
        }
        let pair = Pair::new(name, source);
        let mut scratch = Scratch::default();
        let mut can_pass =
            |i: &&u32| self.all.get(**i as usize).is_some_and(|c| c.can_pass(&pair, &mut scratch));
        let mut leaves: Vec<u32> =
            listed.iter().chain(&self.by_more).filter(&mut can_pass).copied().collect();
        leaves.sort();
        leaves.into()
    }

    fn midnight(&self, day: &str) -> Option<i64> {
        datetime::parse_plain(&[day.as_bytes(), b"T00:00:00Z"].concat())
    }
}
