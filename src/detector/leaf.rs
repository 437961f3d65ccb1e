//! The leaves of queries: what each lets through, and how much of it is kept.

use super::text_search::TextSearch;
use cloudtrail::table::logs::Log;
use kql::exec::fold::Fold;
use kql::exec::row::{Event, Row};
use kql::exec::run::Table;
use kql::exec::stage::CompiledStage;
use std::ops::Range;
use std::rc::Rc;

/// What a feed keeps of a candidate record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The rows its leaves make of it.
    Rows,
    /// The rows, and the record as their evidence.
    Evidence,
    /// The record alone, for another detector to conclude from.
    Records,
    /// The rows as bytes, or what a fold makes of them, for another run of the same query.
    RowsToHandOver,
}

/// How many candidate rows a detector keeps, over all rules.
pub const MAX_CANDIDATES: usize = 2_000_000;

/// How many rows, and how many bytes they take in memory.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Size {
    pub(super) const NONE: Size = Size { rows: 0, bytes: 0 };

    /// The most that a feed keeps: [`MAX_CANDIDATES`] rows. The limit in bytes leaves enough of WebAssembly's 4 GiB for
    /// concluding, which copies the rows of a window; a query does not copy its rows.
    pub(super) fn limit(keep: Keep) -> Size {
        let mib = match keep {
            Keep::Rows | Keep::RowsToHandOver => 2560,
            Keep::Evidence | Keep::Records => 2048,
        };
        Size { rows: MAX_CANDIDATES, bytes: mib << 20 }
    }

    /// The size of a row. Evidence that several rows share counts for each of them.
    pub(super) fn of(row: &Row) -> Size {
        let evidence = row.evidence.events().first().map_or(0, |event| event.raw.len());
        Size { rows: 1, bytes: size_of::<(Option<i64>, Row)>() + kql::value::bytes(&row.values) + evidence }
    }

    fn add(&mut self, other: Size) {
        self.rows += other.rows;
        self.bytes += other.bytes;
    }

    pub(super) fn take_off(&mut self, other: Size) {
        self.rows = self.rows.saturating_sub(other.rows);
        self.bytes = self.bytes.saturating_sub(other.bytes);
    }
}

/// Where the rows of a leaf come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// CloudTrail events among the inputs.
    Events,
    /// Records of another log among the inputs.
    Log(Log),
    /// A table that was given.
    Given,
}

/// A leaf and the rows it let through.
pub struct LeafState {
    pub(super) stages: Vec<CompiledStage>,
    /// How many filters come first: they run on the raw record, before a row is made of it.
    pub(super) leading: usize,
    /// What the bytes of an event must hold before its columns are read, if there is such a thing.
    pub(super) search: Option<TextSearch>,
    pub(super) needed: Vec<bool>,
    pub(super) input: Input,
    pub(super) found: LeafRows,
}

/// The rows that a leaf let through, with the times of their events.
#[derive(Default)]
pub(super) struct LeafRows {
    pub(super) rows: Vec<(Option<i64>, Row)>,
    pub(super) unsorted: bool,
    /// What takes the rows as they come, instead of their being kept here.
    pub(super) fold: Option<Fold>,
}

/// How much a feed keeps, over all leaves.
pub(super) struct Room {
    pub(super) kept: Size,
    pub(super) limit: Size,
    /// Rows for which there was no room.
    pub(super) dropped: u64,
}

impl LeafRows {
    /// Takes a row: into the fold, or to those that are kept while there is room. False if there is none.
    pub(super) fn take(&mut self, time: Option<i64>, row: Row, room: &mut Room) -> bool {
        if let Some(fold) = &mut self.fold {
            fold.push_row(&row);
            return true;
        }
        if room.kept.rows >= room.limit.rows || room.kept.bytes >= room.limit.bytes {
            room.dropped += 1;
            return false;
        }
        room.kept.add(Size::of(&row));
        self.rows.push((time, row));
        self.unsorted = true;
        true
    }
}

impl LeafState {
    /// The rows of a window, by time and then by raw record, so that the order of the inputs does not matter. Rows of a
    /// table without times are in every window.
    pub fn window(&self, window: &Range<i64>) -> Table {
        let untimed = if self.input != Input::Given { 0..0 } else { 0..self.from(i64::MIN) };
        let timed = self.from(window.start)..self.from(window.end);
        let rows = [untimed, timed].map(|range| self.found.rows.get(range).unwrap_or_default());
        Rc::new(rows.into_iter().flatten().map(|(_, row)| row.clone()).collect())
    }

    /// The event behind a row whose record is this one.
    pub fn event(&self, raw: &[u8]) -> Option<Rc<Event>> {
        let events = self.found.rows.iter().filter_map(|(_, row)| row.evidence.events().first());
        events.into_iter().find(|event| &*event.raw == raw).cloned()
    }

    /// Where the rows with this time or a later one begin; those without a time stand before all others. The rows are sorted.
    pub(super) fn from(&self, time: i64) -> usize {
        debug_assert!(!self.found.unsorted, "rows are looked up in order");
        self.found.rows.partition_point(|(t, _)| t.is_none_or(|t| t < time))
    }

    pub(super) fn sort(&mut self) {
        if std::mem::take(&mut self.found.unsorted) {
            fn raw(row: &Row) -> &[u8] {
                row.evidence.events().first().map_or(&[], |e| &e.raw)
            }
            self.found.rows.sort_by(|(t, a), (u, b)| t.cmp(u).then_with(|| raw(a).cmp(raw(b))));
        }
    }
}

/// The first time from `from` on of the rows of several leaves.
pub fn first_time(leaves: &[LeafState], from: i64) -> Option<i64> {
    leaves.iter().filter_map(|l| l.found.rows.get(l.from(from)).and_then(|(t, _)| *t)).min()
}
