//! Rows, and the events they came from.

use crate::value::{Column, Value};
use std::collections::HashSet;
use std::rc::Rc;

/// A source event that survived the row stages of some rule: its raw record and its time.
#[derive(Debug)]
pub struct Event {
    /// The JSON record, minified: one line, whatever the file it came from.
    pub raw: Box<[u8]>,
    /// `TimeGenerated` in ticks; `None` where the record has no readable time.
    pub time: Option<i64>,
}

/// The events behind a row. Beyond Sentinel: an alert shows them as its evidence.
#[derive(Clone, Debug, Default)]
pub enum Evidence {
    /// Nothing is known (a constant row, or evidence is turned off).
    #[default]
    None,
    /// The row is one event's.
    One(Rc<Event>),
    /// The row was made of several events' rows, each event once, at most [`Evidence::MAX`].
    Many(Rc<Vec<Rc<Event>>>),
}

impl Evidence {
    /// How many events a row keeps. A row of more says so by having this many.
    pub const MAX: usize = 1000;

    /// The events.
    pub fn events(&self) -> &[Rc<Event>] {
        match self {
            Evidence::None => &[],
            Evidence::One(event) => std::slice::from_ref(event),
            Evidence::Many(events) => events,
        }
    }

    /// How many bytes it takes by itself.
    pub fn bytes(&self) -> usize {
        match self {
            Evidence::Many(events) => events.len() * size_of::<Rc<Event>>(),
            Evidence::None | Evidence::One(_) => 0,
        }
    }

    /// Adds the events of another row.
    pub fn merge(&mut self, other: &Evidence) {
        if matches!(self, Evidence::None) {
            *self = other.clone();
        } else {
            self.add(other);
        }
    }

    fn add(&mut self, other: &Evidence) {
        // Where both are many, each is not compared with each.
        let known: HashSet<*const Event> = match (self.events(), other.events()) {
            (known, [_, _, _, ..]) => known.iter().map(Rc::as_ptr).collect(),
            _ => HashSet::new(),
        };
        for event in other.events() {
            if self.events().len() >= Evidence::MAX {
                return;
            }
            let has = match known.is_empty() {
                true => self.events().iter().any(|e| Rc::ptr_eq(e, event)),
                false => known.contains(&Rc::as_ptr(event)),
            };
            if has {
                continue;
            }
            match self {
                Evidence::Many(events) => Rc::make_mut(events).push(Rc::clone(event)),
                _ => {
                    let mut events = self.events().to_vec();
                    events.push(Rc::clone(event));
                    *self = Evidence::Many(Rc::new(events));
                }
            }
        }
    }
}

/// One row: a value for each column.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The values in the order of the columns.
    pub values: Vec<Value>,
    /// The events behind it.
    pub evidence: Evidence,
}

/// A table of results.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Names and types.
    pub columns: Vec<Column>,
    /// The rows; order means something only after a `sort` or `top`.
    pub rows: Vec<Row>,
}
