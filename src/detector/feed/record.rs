//! A record's way through the leaves: each that it can pass runs its row stages over it, and keeps what comes out.

use super::State;
use crate::checked;
use crate::detector::cached_row::CachedRow;
use crate::detector::leaf::Keep;
use crate::detector::transfer::Found;
use cloudtrail::prefilter::{Leaves, Skipped};
use cloudtrail::source::{self, Record, Sink, embedded};
use cloudtrail::table::aws_cloudtrail::EventRow;
use kql::exec::program::Columns;
use kql::exec::row::{Event, Evidence, Row};
use kql::exec::stage;
use kql::exec::{Budget, ExecError};
use kql::value::json;
use std::rc::Rc;

impl State {
    /// Runs a record through every leaf that it can pass.
    pub(super) fn offer(&mut self, record: &Record<'_>) {
        match record.log {
            None => self.offer_event(record),
            Some(log) => self.offer_log(record, log),
        }
    }

    /// Runs an event through every leaf that it can pass.
    fn offer_event(&mut self, record: &Record<'_>) {
        // With an outline there is nothing to look for.
        let seen = if record.outline.is_some() { None } else { self.prefilter.look(record.raw) };
        if let Some((Some(time), _)) = seen.as_ref().filter(|(_, leaves)| leaves.is_empty()) {
            if !self.is_outside(*time) {
                self.report.observe(*time, *time);
                self.collect(record, Some(*time), Vec::new(), self.everything);
            }
            return;
        }
        let row = CachedRow::of(record);
        let (time, can_pass) = match seen {
            Some(seen) => seen,
            None => self.read(record, &row),
        };
        match time {
            Some(time) if self.is_outside(time) => return,
            Some(time) => self.report.observe(time, time),
            None => self.report.untimed(record.offset, None, row.raw_time()),
        }
        if can_pass.is_empty() {
            self.collect(record, time, Vec::new(), self.everything);
            return;
        }
        // A rule's events are few, and kept whole. A query may read all events, and mostly little of each.
        let of_rules = matches!(self.keep, Keep::Evidence | Keep::Records);
        if of_rules {
            self.look_for_damage(record);
        }
        self.run(record, &row, time, &can_pass);
        if !of_rules && row.read_damage() {
            self.look_for_damage(record);
        }
    }

    /// The time of a record and the leaves that it can pass, where the prefilter could not tell.
    fn read(&mut self, record: &Record<'_>, row: &CachedRow<EventRow<'_>>) -> (Option<i64>, Leaves) {
        // An outline says that it is not deep.
        if record.outline.is_none() {
            self.look_for_depth(record);
        }
        let known = row.row.bare_name_and_source().and_then(|[n, s]| self.prefilter.known(n, s));
        let leaves = known.unwrap_or_else(|| {
            let [name, source] = row.row.name_and_source();
            self.prefilter.leaves(name.as_bytes(), source.as_bytes())
        });
        (row.time(), leaves)
    }

    /// Whether an event of a time does not count; it is counted as such.
    pub(super) fn is_outside(&mut self, time: i64) -> bool {
        let outside = self.span.as_ref().is_some_and(|span| !span.contains(&time));
        self.report.outside += u64::from(outside);
        outside
    }

    /// Runs the row of a record through leaves.
    pub(super) fn run(&mut self, record: &Record<'_>, row: &dyn Columns, time: Option<i64>, leaves: &[u32]) {
        let mut event: Option<Rc<Event>> = None;
        let (mut candidate, mut failed): (bool, Option<ExecError>) = (false, None);
        let mut passed = Vec::new(); // of a record that is kept for another detector
        for index in leaves.iter().map(|i| *i as usize) {
            let late_before = self.late_before.get(index).copied().flatten();
            let Some(leaf) = self.leaves.get_mut(index) else { continue };
            if leaf.search.as_ref().is_some_and(|search| !search.can_match(record.raw)) {
                continue;
            }
            let budget = &mut Budget::default();
            match stage::passes(&leaf.stages, leaf.leading, row, budget, &mut self.scratch) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(e) => {
                    failed = Some(e);
                    continue;
                }
            }
            if let Some(fold) = leaf.found.fold.as_mut().filter(|_| leaf.stages.len() == leaf.leading) {
                // No stage changes the row, and mostly only some of its columns are read.
                fold.push(row, &|| Row {
                    values: stage::needed_columns(row, &leaf.needed),
                    evidence: Evidence::None,
                });
                candidate = true;
                continue;
            }
            let evidence = match (self.keep, &event) {
                (Keep::Rows | Keep::Records | Keep::RowsToHandOver, _) => Evidence::None,
                (Keep::Evidence, Some(event)) => Evidence::One(Rc::clone(event)),
                (Keep::Evidence, None) => {
                    let raw = embedded::without_added(record.raw);
                    let minified = record.outline.is_some_and(|outline| outline.minified);
                    let raw = if minified { (*raw).into() } else { (*json::minify(&raw)).into() };
                    let made = event.insert(Rc::new(Event { raw, time }));
                    Evidence::One(Rc::clone(made))
                }
            };
            let stages = checked::tail(&leaf.stages, leaf.leading);
            let first = stage::first_row(stages, row, &leaf.needed, budget, &mut self.scratch);
            let (values, stages) = match first {
                Ok(first) => first,
                Err(e) => {
                    failed = Some(e);
                    continue;
                }
            };
            let (rows, room) = (&mut leaf.found, &mut self.room);
            let (keep, collected) = (self.keep, &mut self.collected);
            let mut found = false;
            let done = stage::run(
                stages,
                Row { values, evidence },
                &mut Budget::default(),
                &mut self.scratch,
                &mut |row| {
                    found |= match keep {
                        Keep::Records => true,
                        Keep::RowsToHandOver if rows.fold.is_none() => {
                            Found::Row(time, row.values).write(index, collected);
                            true
                        }
                        Keep::Rows | Keep::Evidence | Keep::RowsToHandOver => rows.take(time, row, room),
                    };
                },
            );
            if let Err(e) = done {
                failed = Some(e);
            }
            if found {
                candidate = true;
                if self.keep == Keep::Records {
                    passed.push(index);
                }
                if let (Some(t), Some(before)) = (time, late_before)
                    && t < before
                {
                    self.late += 1;
                }
            }
        }
        self.candidates += u64::from(candidate);
        self.collect(record, time, passed, candidate || self.everything);
        if let Some(e) = failed {
            self.report.problem(Some(record.offset), e.code, e.message);
        }
    }
}

impl Sink for State {
    fn skip(&mut self, bytes: &[u8], alone: bool) -> Skipped {
        if self.span.is_some() || self.everything {
            return Skipped::default(); // of a run of events, only the first and last time are known
        }
        let skipped = self.prefilter.skip(bytes, alone);
        if let Some((first, last)) = skipped.times {
            self.report.observe(first, last);
        }
        skipped
    }

    fn record(&mut self, record: Record<'_>) {
        self.offer(&record);
    }

    fn sieve(&mut self, offset: u64, says: &[u8]) {
        self.sieved.line(offset, says, &mut self.report);
    }

    fn problem(&mut self, problem: source::Problem) {
        self.report.problem(Some(problem.offset), problem.code, problem.message);
    }
}

/// Gives each record of one source to two sinks.
pub(super) struct Tee<'a> {
    pub(super) state: &'a mut State,
    pub(super) also: &'a mut dyn Sink,
}

impl Sink for Tee<'_> {
    fn record(&mut self, record: Record<'_>) {
        self.state.offer(&record);
        self.also.record(record);
    }

    fn sieve(&mut self, offset: u64, says: &[u8]) {
        self.state.sieve(offset, says);
    }

    fn problem(&mut self, problem: source::Problem) {
        self.also.problem(problem.clone());
        Sink::problem(self.state, problem);
    }
}
