//! Which records can matter to any rule, seen from their raw bytes.
//!
//! A record can pass a leaf's row stages only if it passes their filters. Of these, many read nothing but
//! `EventName` and `EventSource`; [`condition`] takes them out of the plan. What an event of some name and source can
//! pass is worked out once, by the filters themselves and not by an imitation of them, and kept: a log has a few
//! hundred such pairs, however many rules there are. [`glance`] finds both in the raw bytes.
//!
//! The sieve lets through whatever it is not sure of; only records that provably matter to no leaf stay behind.

mod condition;

pub use condition::Condition;

use crate::exec::split::Leaf;
use crate::value::datetime;
use condition::{Pair, fold};
use forepost_wire::clock::Clock;
use forepost_wire::glance::{Glance, glance, is_plain};
pub use forepost_wire::memo::Leaves;
use forepost_wire::memo::Memo;
use std::collections::HashMap;

/// The conditions of all leaves.
#[derive(Default)]
pub struct Sieve {
    conditions: Vec<Condition>,
    /// The conditions that only listed names can satisfy, by folded name; and the others.
    by_name: HashMap<String, Vec<u32>>,
    by_more: Vec<u32>,
    memo: Memo,
    clock: Clock,
    /// Whether some leaf wants every event: then looking at raw bytes is of no use.
    reads_all: bool,
}

/// What a look at a raw record found.
pub struct Seen {
    /// The byte behind the record.
    pub end: usize,
    /// The time of the event in ticks.
    pub time: Option<i64>,
    /// The leaves that it can pass.
    pub leaves: Leaves,
}

impl Sieve {
    /// Adds the next leaf.
    pub fn add(&mut self, leaf: &Leaf) {
        let condition = Condition::of(leaf);
        self.reads_all |= condition.reads_every_event();
        let index = self.conditions.len() as u32;
        match condition.names() {
            Some(names) => {
                for name in names {
                    let places = self.by_name.entry(name.clone()).or_default();
                    if places.last() != Some(&index) {
                        places.push(index);
                    }
                }
            }
            None => self.by_more.push(index),
        }
        self.conditions.push(condition);
        self.memo.clear();
    }

    /// Adds a leaf that no event passes.
    pub fn add_never(&mut self) {
        self.conditions.push(Condition::NEVER);
        self.memo.clear();
    }

    /// From now on lets everything through to every leaf.
    pub fn open_wide(&mut self) {
        self.conditions.iter_mut().for_each(|c| *c = Condition::ALWAYS);
        self.by_more = (0..self.conditions.len() as u32).collect();
        self.by_name.clear();
        self.reads_all = true;
        self.memo.clear();
    }

    /// Looks at the record that the bytes begin with; `alone` if it stands by itself and not in a list. The error is
    /// how many bytes were looked at in vain: nothing is known then.
    pub fn look(&mut self, bytes: &[u8], alone: bool) -> Result<Seen, usize> {
        if self.reads_all {
            return Err(0);
        }
        let found = glance(bytes, alone)?;
        let time = match found.time {
            Some(text) => Some(self.clock.read(text, datetime::parse).ok_or(found.end)?),
            None => None,
        };
        let Glance { end, name, source, .. } = found;
        // What is remembered was looked at closely when it came first.
        let leaves = match self.memo.get(name, source) {
            Some(leaves) => Leaves::clone(leaves),
            None if is_plain(name) && is_plain(source) => self.leaves(name, source),
            None => return Err(end),
        };
        Ok(Seen { end, time, leaves })
    }

    /// The leaves that an event of this name and source can pass: texts as they are, not as JSON spells them.
    pub fn leaves(&mut self, name: &[u8], source: &[u8]) -> Leaves {
        if let Some(leaves) = self.memo.get(name, source) {
            return Leaves::clone(leaves);
        }
        let pair = Pair::new(name, source);
        let listed = self.by_name.get(&fold(&String::from_utf8_lossy(name))).into_iter().flatten();
        let mut stack = Vec::new();
        let mut can_pass =
            |i: &&u32| self.conditions.get(**i as usize).is_some_and(|c| c.can_pass(&pair, &mut stack));
        let mut leaves: Vec<u32> = listed.chain(&self.by_more).filter(&mut can_pass).copied().collect();
        leaves.sort_unstable();
        let leaves: Leaves = leaves.into();
        // Only plain texts: the raw bytes of a record must not be taken for a decoded text.
        if is_plain(name) && is_plain(source) {
            self.memo.insert(name, source, &leaves);
        }
        leaves
    }
}
