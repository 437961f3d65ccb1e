//! What a run did, step by step: how many rows went in and came out, and some of them.

use super::row::{Event, Row};
use crate::plan::NodeId;
use std::collections::HashMap;
use std::rc::Rc;

/// Sees every step of a [`super::run::Run`]. It changes nothing of it.
#[derive(Default)]
pub struct Watch {
    /// How many rows of each step are kept.
    keep: usize,
    /// The event that is looked at.
    event: Option<Rc<Event>>,
    seen: HashMap<NodeId, Seen>,
}

/// What was seen of a node.
#[derive(Default)]
pub struct Seen {
    /// What went in. Tables and what joins them have nothing here: their inputs are nodes of their own.
    pub into: Flow,
    /// What came out.
    pub out: Flow,
    /// How often it ran to its end: what stands in `mv-apply` and `partition` runs again and again.
    pub runs: usize,
}

/// Rows that went by.
#[derive(Default)]
pub struct Flow {
    /// How many.
    pub rows: usize,
    /// The first of them.
    pub first: Vec<Row>,
    /// How many of them are made of the event that is looked at.
    pub of_event: usize,
    /// The first of those.
    pub first_of_event: Vec<Row>,
}

impl Flow {
    fn add(&mut self, rows: &[Row], keep: usize, event: Option<&Rc<Event>>) {
        self.rows += rows.len();
        self.first.extend(rows.iter().take(keep.saturating_sub(self.first.len())).cloned());
        let Some(event) = event else { return };
        for row in rows.iter().filter(|row| row.evidence.events().iter().any(|e| Rc::ptr_eq(e, event))) {
            self.of_event += 1;
            if self.first_of_event.len() < keep {
                self.first_of_event.push(row.clone());
            }
        }
    }
}

impl Watch {
    /// Keeps so many rows of each step, and as many of those that are made of the event.
    pub fn new(keep: usize, event: Option<Rc<Event>>) -> Watch {
        Watch { keep, event, seen: HashMap::new() }
    }

    /// Rows go into a step.
    pub fn entered(&mut self, node: NodeId, rows: &[Row]) {
        self.seen.entry(node).or_default().into.add(rows, self.keep, self.event.as_ref());
    }

    /// Rows came out of a node.
    pub fn left(&mut self, node: NodeId, rows: &[Row]) {
        let seen = self.seen.entry(node).or_default();
        seen.runs += 1;
        seen.out.add(rows, self.keep, self.event.as_ref());
    }

    /// What was seen of a node; nothing if no run came to it.
    pub fn seen(&self, node: NodeId) -> Option<&Seen> {
        self.seen.get(&node)
    }
}
