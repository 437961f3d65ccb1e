//! From inputs to candidates: each record runs once through the row stages of every leaf, and the feed keeps what passes.

mod collected;
mod damage;
mod record;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use damage::damage;

use super::NamedTable;
use super::ingest_report::{IngestReport, IngestStats, Problem};
use super::leaf::{Input, Keep, LeafRows, LeafState, MAX_CANDIDATES, Room, Size};
use super::sieved::Sieved;
use super::text_search::TextSearch;
use crate::checked;
use cloudtrail::prefilter::Prefilter;
use cloudtrail::source::{Envelope, Limits, Record, Sink, Source};
use cloudtrail::table::logs::{self, Log};
use kql::exec::Budget;
use kql::exec::fold::Fold;
use kql::exec::program::Scratch;
use kql::exec::row::{Evidence, Row};
use kql::exec::run::Table;
use kql::exec::stage::{self, CompiledStage};
use kql::plan::split::Leaf;
use kql::value::Value;
use record::Tee;
use std::ops::Range;
use std::rc::Rc;

/// The name of the table that CloudTrail's events fill.
pub const TABLE: &str = "AWSCloudTrail";

/// Inputs, leaves and counters.
pub struct Feed {
    source: Source,
    state: State,
    /// The tables of which others have read records, whose candidates are read here.
    seen_elsewhere: Vec<String>,
}

struct State {
    leaves: Vec<LeafState>,
    prefilter: Prefilter,
    /// The leaves that read each other log, in the order of [`logs::TABLES`].
    of_logs: [Rc<[u32]>; logs::TABLES.len()],
    /// Which of these tables were given, and whether it was said that the inputs have records of them too.
    given: [Option<bool>; logs::TABLES.len()],
    keep: Keep,
    /// The raw candidate records of [`Keep::Records`], the rows of [`Keep::RowsToHandOver`].
    collected: Vec<u8>,
    report: IngestReport,
    scratch: Scratch,
    candidates: u64,
    room: Room,
    late: u64,
    reported_dropped: bool,
    /// For each leaf: all windows that end before this time are concluded.
    late_before: Vec<Option<i64>>,
    /// The only times of events that count, if not all do.
    span: Option<Range<i64>>,
    /// Whether [`Keep::Records`] keeps every event.
    everything: bool,
    /// The failures over rows of tables that were given, which are there before anything is read.
    failed_given: Vec<String>,
    sieved: Sieved,
}

impl Feed {
    /// A feed without leaves.
    pub fn new(keep: Keep) -> Feed {
        Feed::within(Limits::default(), keep)
    }

    /// One that reads no more than that.
    pub fn within(limits: Limits, keep: Keep) -> Feed {
        Feed {
            source: Source::within(limits),
            seen_elsewhere: Vec::new(),
            state: State {
                leaves: Vec::new(),
                prefilter: Prefilter::default(),
                of_logs: Default::default(),
                given: Default::default(),
                keep,
                collected: Vec::new(),
                report: IngestReport::default(),
                scratch: Scratch::default(),
                candidates: 0,
                room: Room { kept: Size::NONE, limit: Size::limit(keep), dropped: 0 },
                late: 0,
                reported_dropped: false,
                late_before: Vec::new(),
                span: None,
                everything: false,
                failed_given: Vec::new(),
                sieved: Sieved::default(),
            },
        }
    }

    /// From now on, events outside a span of time are counted and nothing else.
    pub fn set_span(&mut self, span: Range<i64>) {
        self.state.span = Some(span);
    }

    /// Adds the leaves of a query and returns their indices. A leaf of a user's table gets all its rows at once.
    pub fn add(&mut self, leaves: &[Leaf], tables: &[NamedTable]) -> Range<usize> {
        let from = self.state.leaves.len();
        for leaf in leaves {
            let given = tables.iter().find(|t| *t.name == *leaf.table);
            let log = Log::named(&leaf.table);
            let input = match (given, log) {
                (None, None) => Input::Events,
                (None, Some(log)) => Input::Log(log),
                (Some(_), _) => Input::Given,
            };
            match input {
                Input::Events => self.state.prefilter.add(leaf),
                Input::Log(_) | Input::Given => self.state.prefilter.add_never(),
            }
            if let Input::Log(log) = input
                && let Some(of_log) = self.state.of_logs.get_mut(log.index())
            {
                *of_log = of_log.iter().copied().chain([self.state.leaves.len() as u32]).collect();
            }
            if let (Input::Given, Some(log)) = (input, log)
                && let Some(said) = self.state.given.get_mut(log.index())
            {
                said.get_or_insert(false);
            }
            let stages: Vec<CompiledStage> = leaf.stages.iter().filter_map(CompiledStage::local).collect();
            let mut state = LeafState {
                leading: stage::leading_filters(&stages),
                stages,
                search: (input == Input::Events).then(|| TextSearch::of(leaf)).flatten(),
                needed: leaf.needed.clone(),
                input,
                found: LeafRows::default(),
            };
            if let Some(given) = given {
                let time = given.table.columns.iter().position(|c| &*c.name == "TimeGenerated");
                for values in &given.table.rows {
                    let time = match time.and_then(|i| values.get(i)) {
                        Some(Value::DateTime(t)) => Some(*t),
                        _ => None,
                    };
                    let row = Row { values: values.clone(), evidence: Evidence::None };
                    let rows = &mut state.found.rows;
                    // Each row has a budget of its own: the table is in memory already, only what a stage expands it to is bounded.
                    let done = stage::run(
                        &state.stages,
                        row,
                        &mut Budget::default(),
                        &mut self.state.scratch,
                        &mut |row| {
                            rows.push((time, row));
                        },
                    );
                    if let Err(e) = done {
                        self.state.report.problem(None, "FP301", e.message.clone());
                        self.state.failed_given.push(e.message);
                    }
                }
                state.found.unsorted = true;
            }
            self.state.leaves.push(state);
            self.state.late_before.push(None);
        }
        from..self.state.leaves.len()
    }

    /// The names of the rules and their fingerprints: sieved events are compared with them.
    pub fn set_fingerprints(&mut self, rules: Vec<(String, String)>) {
        self.state.sieved.rules = rules;
    }

    /// Runs every record through every leaf: the reference that tests compare with.
    pub fn evaluate_everything(&mut self) {
        self.state.prefilter.open_wide();
        self.state.leaves.iter_mut().for_each(|leaf| leaf.search = None);
    }

    /// Forgets all that was read. What is compiled of the leaves stays, and what is known of names of events: to work it out anew takes
    /// three times as long as to read a small file.
    pub fn restart(&mut self, limits: Limits) {
        self.source = Source::within(limits);
        self.seen_elsewhere.clear();
        let state = &mut self.state;
        state
            .leaves
            .iter_mut()
            .filter(|l| l.input != Input::Given)
            .for_each(|l| l.found = LeafRows::default());
        state.given.iter_mut().flatten().for_each(|said| *said = false);
        state.collected = Vec::new();
        state.report = IngestReport::default();
        for message in &state.failed_given {
            state.report.problem(None, "FP301", message.clone());
        }
        state.candidates = 0;
        state.room = Room { kept: Size::NONE, limit: state.room.limit, dropped: 0 };
        state.late = 0;
        state.reported_dropped = false;
        state.late_before.fill(None);
        state.sieved.restart();
    }

    /// Counts from zero again.
    #[cfg(test)]
    pub fn forget_counts(&mut self) {
        self.source = Source::new();
        self.state.candidates = 0;
        self.state.report = IngestReport::default();
    }

    /// Reads bytes of the current input.
    pub fn push(&mut self, bytes: &[u8]) {
        self.source.push(bytes, &mut self.state);
    }

    /// The same, and offers each record and problem to another sink too.
    pub fn push_through(&mut self, bytes: &[u8], also: &mut dyn Sink) {
        self.source.push(bytes, &mut Tee { state: &mut self.state, also });
    }

    /// The current input ended.
    pub fn end_input(&mut self) {
        self.source.finish(&mut self.state);
        self.state.end_input();
    }

    /// The current input is read from this byte on; another feed reads what comes before: see [`end_part`](Self::end_part).
    pub fn start_at(&mut self, offset: u64) {
        self.source.start_at(offset);
        self.state.report.begin_part();
    }

    /// The rest of the current input is read by another feed that [starts here](Self::start_at), or there is none. What there is to
    /// say at the input's end, the feed says that [imports](Self::import_transfer) all parts: [`end_parts`](Self::end_parts). False, and
    /// the input goes on, if this is no place to part it. `last`: the input ends here, whatever place this is.
    pub fn end_part(&mut self, last: bool) -> bool {
        let parted = last || self.source.can_be_parted() && !self.state.sieved.is_open();
        if parted {
            self.source.finish(&mut self.state);
            self.state.sieved.end_input(&mut self.state.report);
            self.state.report.end_part();
        }
        parted
    }

    /// All parts of an input were imported.
    pub fn end_parts(&mut self) {
        self.state.report.end_input();
    }

    /// The last input ended, unless that was said already: then there is no other one, not even an empty one.
    pub fn end_last_input(&mut self) {
        if self.source.has_begun() {
            self.end_input();
        }
    }

    /// The rest of the current input is of no use.
    pub fn leave_input(&mut self) {
        self.source.leave();
    }

    /// As [`end_input`](Self::end_input), for both sinks.
    pub fn end_input_through(&mut self, also: &mut dyn Sink) {
        self.source.finish(&mut Tee { state: &mut self.state, also });
        self.state.end_input();
    }

    /// The leaves of a query, their rows in order.
    pub fn leaves(&mut self, range: Range<usize>) -> &[LeafState] {
        let leaves = checked::range_mut(&mut self.state.leaves, range);
        leaves.iter_mut().for_each(LeafState::sort);
        leaves
    }

    /// Events later than this are reported as ahead of the clock.
    pub fn set_horizon(&mut self, horizon: i64) {
        self.state.report.horizon = Some(horizon);
    }

    /// The time of the newest event that is not ahead of the clock.
    pub fn newest_not_ahead(&self) -> Option<i64> {
        self.state.report.newest_not_ahead
    }

    /// Drops the rows that no later window holds.
    pub fn concluded(&mut self, range: Range<usize>, keep_from: Option<i64>) {
        let Some(from) = keep_from else { return };
        let leaves = checked::range_mut(&mut self.state.leaves, range.clone());
        // The rows of a table that was given are not counted as kept, and who restarts needs them again.
        for leaf in leaves.iter_mut().filter(|leaf| leaf.input != Input::Given) {
            leaf.sort();
            let gone = leaf.from(i64::MIN)..leaf.from(from);
            leaf.found.rows.drain(gone).for_each(|(_, row)| self.state.room.kept.take_off(Size::of(&row)));
        }
        checked::range_mut(&mut self.state.late_before, range).fill(Some(from));
    }

    /// Counts the times of records, of whichever log, that another detector read.
    pub fn observe(&mut self, first: i64, last: i64) {
        self.state.report.observe_elsewhere(first, last);
    }

    /// From now on the rows of a leaf go into a fold; those that it has too.
    pub fn set_fold(&mut self, leaf: usize, mut fold: Fold) {
        self.take_rows(leaf).iter().for_each(|row| fold.push_row(row));
        if let Some(leaf) = self.state.leaves.get_mut(leaf) {
            leaf.found.fold = Some(fold);
        }
    }

    /// Whether what leaves let through is for another feed.
    pub fn hands_over_rows(&self) -> bool {
        self.state.keep == Keep::RowsToHandOver
    }

    /// Whether a leaf has a fold that some number of rows fills.
    pub fn fold_can_fill(&self, leaf: usize) -> bool {
        self.state.leaves.get(leaf).and_then(|leaf| leaf.found.fold.as_ref()).is_some_and(Fold::can_fill)
    }

    /// Whether a leaf has a fold that no further row changes.
    pub fn fold_is_full(&self, leaf: usize) -> bool {
        self.state.leaves.get(leaf).and_then(|leaf| leaf.found.fold.as_ref()).is_some_and(Fold::is_full)
    }

    /// The fold of a leaf, if it has one; its rows are kept from now on.
    pub fn take_fold(&mut self, leaf: usize) -> Option<Fold> {
        self.state.leaves.get_mut(leaf)?.found.fold.take()
    }

    /// The rows of a leaf in the order they came; they are gone from it then.
    pub fn take_rows(&mut self, leaf: usize) -> Table {
        let Some(leaf) = self.state.leaves.get_mut(leaf) else { return Table::default() };
        let rows = std::mem::take(&mut leaf.found.rows);
        rows.iter().for_each(|(_, row)| self.state.room.kept.take_off(Size::of(row)));
        Rc::new(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// How many rows were dropped because the feed was full.
    pub fn dropped(&self) -> u64 {
        self.state.room.dropped
    }

    /// Runs a record through the leaves, as if a source had given it.
    pub fn offer(&mut self, raw: &[u8]) {
        self.state.offer(&Record::alone(raw));
    }

    /// Reports that a rule could not run as it should.
    pub fn failed_run(&mut self, code: &'static str, rule: &str, message: String) {
        self.state.report.failed_run(code, rule, message);
    }

    /// Problems since the last call.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        let state = &mut self.state;
        if state.room.dropped > 0 && !std::mem::replace(&mut state.reported_dropped, true) {
            let message = format!(
                "the logs hold more than {MAX_CANDIDATES} candidate events or {} MiB of them; Forepost drops the others and alerts \
                 can be missing; scan fewer days or fewer rules at once",
                state.room.limit.bytes >> 20
            );
            state.report.problem(None, "FP304", message);
        }
        state.report.take_problems()
    }

    /// What has been read so far.
    pub fn stats(&self) -> IngestStats {
        let (stats, s) = (self.source.stats(), &self.state);
        let envelopes = Envelope::ALL.iter().map(|e| (e.name(), stats.records(*e)));
        IngestStats {
            bytes: stats.bytes_in,
            inflated_bytes: stats.bytes_inflated,
            events: stats.total(),
            candidates: s.candidates,
            problems: s.report.problem_count,
            late: s.late,
            dropped: s.room.dropped,
            untimed: s.report.untimed,
            outside: s.report.outside,
            digests: stats.digests,
            ahead: s.report.ahead,
            envelopes: envelopes.filter(|(_, n)| *n > 0).collect(),
            tables: Log::all()
                .map(|log| (log.table().name, stats.of_log(log)))
                .filter(|(_, n)| *n > 0)
                .collect(),
            first_event: s.report.all().map(|(first, _)| first),
            last_event: s.report.all().map(|(_, last)| last),
        }
    }
}

impl State {
    fn end_input(&mut self) {
        self.sieved.end_input(&mut self.report);
        self.report.end_input();
    }
}
