//! From inputs to candidates: each record runs once through the row stages of every leaf, and the feed keeps what passes.

use super::NamedTable;
use super::cached_row::{CachedRow, needed};
use super::error::TransferError;
use super::ingest_report::{IngestReport, IngestStats, Problem, joined};
use super::leaf::{Input, Keep, LeafRows, LeafState, MAX_CANDIDATES, Room, Size};
use super::sieved::Sieved;
use super::text_search::TextSearch;
use super::transfer::{self, CandidateRecord, LeafRow, Transfer};
use crate::checked;
use cloudtrail::prefilter::{Leaves, Prefilter, Skipped};
use cloudtrail::source::embedded;
use cloudtrail::source::{self, Envelope, Limits, Record, Sink, Source};
use cloudtrail::table::aws_cloudtrail::EventRow;
use cloudtrail::table::logs::{self, Log};
use kql::exec::fold::Fold;
use kql::exec::program::{Columns, Scratch};
use kql::exec::row::{Event, Evidence, Row};
use kql::exec::run::Table;
use kql::exec::stage::{self, CompiledStage};
use kql::exec::{Budget, ExecError};
use kql::plan::split::Leaf;
use kql::value::{Value, json};
use serde::de::IgnoredAny;
use std::borrow::Cow;
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
                        self.state.report.problem(None, "FP301", e.message);
                    }
                }
                state.found.unsorted = true;
            }
            self.state.leaves.push(state);
            self.state.late_before.push(None);
        }
        from..self.state.leaves.len()
    }

    /// From now on [`Keep::Records`] keeps every event.
    pub fn collect_everything(&mut self) {
        self.state.everything = true;
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

    /// The last input ended, unless that was said already: then there is no other one, not even an empty one.
    pub fn end_last_input(&mut self) {
        if self.source.has_begun() {
            self.end_input();
        }
    }

    /// The same, for both sinks.
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

    /// The times of the first and the last record that some leaves could have rows of; of all records, if they read no input.
    pub fn times(&self, range: Range<usize>) -> Option<(i64, i64)> {
        let report = &self.state.report;
        let inputs = self.inputs(range);
        if inputs.is_empty() {
            return report.all();
        }
        let of = |input: &Input| match input {
            Input::Log(log) => report.logs.get(log.index()).copied().flatten(),
            Input::Events | Input::Given => report.events,
        };
        inputs.iter().map(of).fold(report.elsewhere, joined)
    }

    /// Whether some of the leaves read the inputs.
    pub fn reads_inputs(&self, range: Range<usize>) -> bool {
        !self.inputs(range).is_empty()
    }

    /// Whether some of the leaves read a table that was given, whose rows have times.
    pub fn reads_timed_table(&self, range: Range<usize>) -> bool {
        let leaves = self.state.leaves.get(range).unwrap_or_default();
        leaves
            .iter()
            .any(|leaf| leaf.input == Input::Given && leaf.found.rows.iter().any(|(time, _)| time.is_some()))
    }

    /// Reports that a query reads a table of which there was no record.
    pub fn not_given(&mut self, table: &str) {
        let message = format!("no record of {table} was among the logs");
        self.state.report.problem(None, super::NOT_GIVEN, message);
    }

    /// What inputs some leaves read.
    fn inputs(&self, range: Range<usize>) -> Vec<Input> {
        let leaves = self.state.leaves.get(range).unwrap_or_default();
        leaves.iter().map(|leaf| leaf.input).filter(|input| *input != Input::Given).collect()
    }

    /// Others have read records of a table.
    pub fn observe_table(&mut self, name: &str) {
        self.seen_elsewhere.push(name.to_owned());
    }

    /// The tables that some leaves read and that no record was of, though there were records.
    pub fn unseen(&self, range: Range<usize>) -> Vec<&'static str> {
        let stats = self.source.stats();
        // Of what others have filtered, that a record is not there says nothing, unless they say what they have read.
        let filtered = self.state.report.elsewhere.is_some() && self.seen_elsewhere.is_empty();
        if filtered || stats.total() == 0 && self.seen_elsewhere.is_empty() {
            return Vec::new();
        }
        let name = |input: Input| match input {
            Input::Log(log) => (stats.of_log(log) == 0).then_some(log.table().name),
            Input::Events => (stats.events() == 0).then_some(TABLE),
            Input::Given => None,
        };
        let elsewhere = |name: &&str| self.seen_elsewhere.iter().any(|seen| seen == name);
        let mut names: Vec<_> =
            self.inputs(range).into_iter().filter_map(name).filter(|name| !elsewhere(name)).collect();
        names.sort_unstable();
        names.dedup();
        names
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
        for leaf in checked::range_mut(&mut self.state.leaves, range.clone()) {
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

    /// The records that matter since the last call, one a line. Only [`Keep::Records`] collects them.
    pub fn take_collected(&mut self) -> Vec<u8> {
        let mut lines = Vec::new();
        self.take_candidates(&mut |CandidateRecord { raw, .. }| {
            lines.extend_from_slice(raw);
            lines.push(b'\n');
        });
        lines
    }

    /// The same one by one, each with its time and its leaves. Without what a pipeline added, and without blanks.
    pub fn take_candidates(&mut self, each: &mut dyn FnMut(CandidateRecord<'_>)) {
        let collected = std::mem::take(&mut self.state.collected);
        for CandidateRecord { time, leaves, raw } in CandidateRecord::read_all(&collected) {
            each(CandidateRecord {
                time,
                leaves,
                raw: &in_one_line(&json::minify(&embedded::without_added(raw))),
            });
        }
    }

    /// From now on the rows of a leaf go into a fold; those that it has too.
    pub fn set_fold(&mut self, leaf: usize, mut fold: Fold) {
        self.take_rows(leaf).iter().for_each(|row| fold.push_row(row));
        if let Some(leaf) = self.state.leaves.get_mut(leaf) {
            leaf.found.fold = Some(fold);
        }
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

    /// How many bytes wait for an export.
    pub fn waiting(&self) -> usize {
        self.state.collected.len()
    }

    /// Exports everything since the last call, for [`import_transfer`](Self::import_transfer).
    pub fn export_transfer(&mut self, question: &str) -> Vec<u8> {
        let state = &mut self.state;
        let (report, found) = (state.report.take(), std::mem::take(&mut state.collected));
        let candidates = match state.keep {
            Keep::RowsToHandOver => std::mem::take(&mut state.candidates),
            Keep::Rows | Keep::Evidence | Keep::Records => 0,
        };
        transfer::seal(
            question,
            &Transfer { stats: self.source.take_stats(), report, candidates, found: &found }.write(),
        )
    }

    /// Imports what another feed of the same build and the same question has exported.
    pub fn import_transfer(&mut self, question: &str, bytes: &[u8]) -> Result<(), TransferError> {
        let found = self.import_counts(question, bytes)?;
        // The imported report already covers these records, so what reading them again reports is discarded.
        let report = self.state.report.take();
        for record in CandidateRecord::read_all(found) {
            self.offer(record.raw);
        }
        self.state.report = report;
        Ok(())
    }

    /// The same of a feed that hands over [rows](Keep::RowsToHandOver).
    pub fn import_rows(&mut self, question: &str, bytes: &[u8]) -> Result<(), TransferError> {
        let found = self.import_counts(question, bytes)?;
        let read = LeafRow::read_all(found, &mut |LeafRow { leaf, time, values }| {
            if let Some(leaf) = self.state.leaves.get_mut(leaf) {
                leaf.found.take(time, Row { values, evidence: Evidence::None }, &mut self.state.room);
            }
        });
        if read { Ok(()) } else { Err(TransferError::NoTransfer) }
    }

    fn import_counts<'a>(&mut self, question: &str, bytes: &'a [u8]) -> Result<&'a [u8], TransferError> {
        let body = transfer::open(question, bytes)?;
        let Transfer { stats, report, candidates, found } =
            Transfer::read(body).ok_or(TransferError::NoTransfer)?;
        self.source.add_stats(&stats);
        self.state.report.add(report);
        self.state.candidates += candidates;
        Ok(found)
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

    fn look_for_depth(&mut self, record: &Record<'_>) {
        if json::depth(record.raw) > json::MAX_DEPTH {
            let message =
                format!("the record nests more than {} levels; deeper values are ignored", json::MAX_DEPTH);
            self.report.problem(Some(record.offset), "FP302", message);
        }
    }

    /// Whether an event of a time does not count; it is counted as such.
    fn is_outside(&mut self, time: i64) -> bool {
        let outside = self.span.as_ref().is_some_and(|span| !span.contains(&time));
        self.report.outside += u64::from(outside);
        outside
    }

    fn collect(&mut self, record: &Record<'_>, time: Option<i64>, leaves: Vec<usize>, wanted: bool) {
        if wanted && self.keep == Keep::Records {
            CandidateRecord { time, leaves, raw: record.raw }.write(&mut self.collected);
        }
    }

    /// Says so if an event that a rule or query may need is not JSON throughout. The framing looks at brackets and commas only, and a
    /// function that cannot read a value gives null: `"a":NaN` would hide the event from the rule without a word.
    fn look_for_damage(&mut self, record: &Record<'_>) {
        if let Some(message) = damage(record.raw) {
            self.report.problem(Some(record.offset), "bad_json", message);
        }
    }

    /// Runs a record through every leaf that it can pass.
    fn offer(&mut self, record: &Record<'_>) {
        match record.log {
            None => self.offer_event(record),
            Some(log) => self.offer_log(record, log),
        }
    }

    /// Runs a record of another log than CloudTrail through the leaves that read its table.
    fn offer_log(&mut self, record: &Record<'_>, log: Log) {
        if let Some(said @ false) = self.given.get_mut(log.index()).and_then(Option::as_mut) {
            *said = true;
            let message = format!(
                "the table {} was given; the records of it among the logs are not read",
                log.table().name
            );
            self.report.problem(Some(record.offset), "FP306", message);
        }
        let row = CachedRow::of_log(log, record.raw);
        let time = row.row.time();
        match time {
            Some(time) if self.is_outside(time) => return,
            Some(time) => self.report.observe_log(log, time, time),
            None => self.report.untimed(record.offset, Some(log), row.row.raw_time()),
        }
        let Some(leaves) = self.of_logs.get(log.index()).map(Rc::clone).filter(|leaves| !leaves.is_empty())
        else {
            return;
        };
        self.look_for_depth(record);
        self.look_for_damage(record);
        self.run(record, &row, time, &leaves);
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

    /// Runs the row of a record through leaves.
    fn run(&mut self, record: &Record<'_>, row: &dyn Columns, time: Option<i64>, leaves: &[u32]) {
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
                fold.push(row, &|| Row { values: needed(row, &leaf.needed), evidence: Evidence::None });
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
            let values = needed(row, &leaf.needed);
            let stages = checked::tail(&leaf.stages, leaf.leading);
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
                        Keep::Rows | Keep::Evidence => rows.take(time, row, room),
                        Keep::Records => true,
                        Keep::RowsToHandOver => {
                            LeafRow { leaf: index, time, values: row.values }.write(collected);
                            true
                        }
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

/// A minified record without raw control characters: what there are stand in strings, where JSON wants them escaped.
fn in_one_line(minified: &[u8]) -> Cow<'_, [u8]> {
    if !minified.iter().any(|byte| *byte < b' ') {
        return Cow::Borrowed(minified);
    }
    let mut out = Vec::with_capacity(minified.len() + 8);
    for byte in minified {
        match byte {
            0..b' ' => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => out.push(*byte),
        }
    }
    Cow::Owned(out)
}

/// What is wrong with an event that is not JSON throughout.
pub(crate) fn damage(event: &[u8]) -> Option<String> {
    // Nearly all are: to see that, no value need be made.
    if serde_json::from_slice::<IgnoredAny>(event).is_ok() {
        return None;
    }
    // As the functions read it, so that what they read all the same, such as an escape that JSON does not know, is no damage.
    let error = json::parse_cut(event).err()?;
    Some(format!(
        "the event is not JSON throughout: unexpected character at its byte {}; rules and queries may miss it",
        error.offset
    ))
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
struct Tee<'a> {
    state: &'a mut State,
    also: &'a mut dyn Sink,
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

#[cfg(test)]
mod tests {
    use super::{Feed, Keep, Size, damage};
    use crate::detector::Context;
    use crate::detector::check::{RuleFile, compile_all};
    use crate::random::Random;
    use kql::value::json;

    /// The quick look for damage never overlooks what the reader cannot read.
    #[test]
    fn damage_is_what_the_reader_cannot_read() {
        let event =
            r#"{"a":"b\u0061\"\\","n":-1.5e+3,"list":[1,null,true,{"c":[]}],"é":"\ud83d\ude00"}"#.as_bytes();
        let bytes = b"{}[]:,\"\\u0d819eE+-.ntf \n\t\0\x1f\x80\xff";
        let mut random = Random::new(7);
        let (mut damaged, mut sound) = (0, 0);
        for _ in 0..200_000 {
            let mut event = event.to_vec();
            for _ in 0..=random.below(3) {
                let at = random.below(event.len());
                match random.below(3) {
                    0 => event[at] = *random.of(bytes),
                    1 => event.insert(at, *random.of(bytes)),
                    _ => drop(event.remove(at)),
                }
            }
            let readable = json::parse_cut(&event).is_ok();
            assert_eq!(damage(&event).is_none(), readable, "{}", String::from_utf8_lossy(&event));
            *if readable { &mut sound } else { &mut damaged } += 1;
        }
        assert!(damaged > 10_000 && sound > 10_000, "{damaged} {sound}");
        for odd in ["1e999", "-0", "[1e-999]", "99999999999999999999", "\"\\ud800\""] {
            assert_eq!(damage(odd.as_bytes()).is_none(), json::parse_cut(odd.as_bytes()).is_ok(), "{odd}");
        }
    }

    #[test]
    fn candidates_are_bounded_by_rows_and_by_bytes() {
        let text = include_str!("../../rules/AWS_ECRImageScanningDisabled.yaml")
            .replace("where scanOnPush == false", "where true");
        let files = [RuleFile { file: "a.yaml".to_owned(), text }];
        let event = |i: usize| {
            format!(
                "{{\"eventVersion\":\"1\",\"eventTime\":\"2026-01-01T00:00:{i:02}Z\",\"eventSource\":\"ecr.amazonaws.com\",\"eventName\":\"PutImageScanningConfiguration\",\"x\":\"{}\"}}\n",
                "x".repeat(1000)
            )
        };
        for limit in [Size { rows: 3, bytes: 1 << 20 }, Size { rows: 100, bytes: 7000 }] {
            let mut feed = Feed::new(Keep::Evidence);
            feed.state.room.limit = limit;
            let leaves: Vec<_> = compile_all(&files, &Context::default())
                .0
                .iter()
                .flat_map(|c| c.split.leaves.clone())
                .collect();
            let range = feed.add(&leaves, &[]);
            (0..10).for_each(|i| feed.push(event(i).as_bytes()));
            feed.end_input();
            let kept = feed.state.room.kept;
            assert!((3..=5).contains(&kept.rows) && kept.bytes < 10_000, "{} {}", kept.rows, kept.bytes);
            assert_eq!(feed.state.room.dropped as usize + kept.rows, 10);
            assert!(feed.take_problems().iter().any(|p| p.code == "FP304"));
            assert_eq!(feed.take_problems(), [], "it is reported once");
            feed.concluded(range, Some(i64::MAX));
            assert_eq!((feed.state.room.kept.rows, feed.state.room.kept.bytes), (0, 0));
        }
    }
}
