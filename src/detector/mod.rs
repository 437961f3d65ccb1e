//! The one type that hosts drive: bytes in, alerts out.
//!
//! A [`Detector`] reads its inputs through one [`feed::Feed`], which runs the row stages of all rules on each
//! record and keeps the rows that pass; [`conclude`](Detector::advance_to) runs each rule's set stages for
//! every tick of its schedule. [`QueryRun`] is the same for one query without a schedule.

mod advice;
mod cached_row;
pub mod check;
mod conclude;
mod context;
mod error;
mod event_filters;
pub mod explain;
mod feed;
pub mod fingerprint;
pub mod index;
mod ingest_report;
mod leaf;
mod literal_prefilter;
#[cfg(test)]
mod prefilter_test;
mod query;
#[cfg(test)]
mod rereading_test;
mod sieved;
mod single_event;
pub mod tables;
mod text_search;
mod transfer;

pub use check::{Finding, RuleFile, check};
pub use context::Context;
pub use error::{InvalidQuery, QueryError, RuleErrors, TransferError};
pub use explain::{Explanation, Request, explain, explain_all};
pub use ingest_report::{IngestStats, Problem};
pub use literal_prefilter::{LiteralPrefilter, Look};
pub use query::{QueryRun, Table};
pub use single_event::{Match, MatchState, SingleEventEvaluator};
pub use tables::NamedTable;

use crate::rule::schedule::Schedule;
use crate::rule::{Alert, AlertOptions};
use check::CompiledRule;
use cloudtrail::source::Limits;
use conclude::{RuleState, run_tick};
use feed::Feed;
pub(crate) use feed::damage;
use kql::exec::ExecError;
use kql::exec::row::Rows;
use kql::value::timespan::MINUTE;
use leaf::Keep;
use std::rc::Rc;
use transfer::CandidateRecord;

/// How far ahead of the host's clock an event of a stream may be, in ticks: machines' clocks differ by less.
pub const MAX_AHEAD: i64 = 5 * MINUTE;

/// What a host decides.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether alerts carry their source events. Default true.
    pub evidence: bool,
    /// The workspace that alerts name. Default `forepost`.
    pub workspace: String,
    /// Whether windows conclude as soon as the newest event is past them by the rule's delay; otherwise they wait for
    /// [`Detector::advance_to`] or [`Detector::finish`]. Default false.
    pub stream: bool,
    /// The host's clock, in ticks, where it has one. With `stream`, an event more than [`MAX_AHEAD`] ahead of it concludes no
    /// window: one wrong or forged time would make every later event late.
    pub clock: Option<fn() -> i64>,
    /// Whether the detector only finds the records that matter, for another one to conclude from: see
    /// [`Detector::take_candidates`]. Default false.
    pub candidates: bool,
    /// What rules can refer to besides `AWSCloudTrail` and the tables of other logs.
    pub context: Context,
    /// Whether a table is empty of which the inputs have no record, as in a test of a rule or where others have filtered the
    /// inputs. Otherwise its log was not given, and rules that need it are left out. Default false.
    pub empty_tables: bool,
    /// How much is read of all inputs. Default: everything.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Options {
        let AlertOptions { workspace, .. } = AlertOptions::default();
        Options {
            evidence: true,
            workspace,
            stream: false,
            clock: None,
            candidates: false,
            context: Context::default(),
            empty_tables: false,
            limits: Limits::default(),
        }
    }
}

/// The code of a rule that is left out because a log was not given.
pub const NOT_GIVEN: &str = "FP305";

/// Runs rules over CloudTrail records.
pub struct Detector {
    rules: Vec<RuleState>,
    feed: Feed,
    /// The ticks whose runs happen.
    runs: std::ops::Range<i64>,
    limits: Limits,
    options: AlertOptions,
    stream: bool,
    clock: Option<fn() -> i64>,
    candidates_only: bool,
    empty_tables: bool,
    warnings: Vec<Finding>,
    /// What it looks for, for [transfers](Self::import_transfer).
    question: String,
    /// Alerts that wait to be taken, and their size.
    alerts: Vec<Alert>,
    alert_bytes: usize,
    alert_count: u64,
    /// Once the input has ended: the first rule that has not concluded yet.
    to_conclude: Option<usize>,
}

impl Detector {
    /// From now on a table is empty of which the inputs have no record: see [`Options::empty_tables`].
    pub fn set_empty_tables(&mut self) {
        self.empty_tables = true;
    }

    /// A detector of the rules in the files; of the built-in ones if there are none. The findings are all that is
    /// wrong: at least one of them is an error, or none of the files is a rule.
    pub fn new(files: &[RuleFile], options: Options) -> Result<Detector, RuleErrors> {
        let (compiled, findings) = check::compile_all(files, &options.context);
        if findings.iter().any(Finding::is_error) || compiled.is_empty() {
            return Err(RuleErrors { findings });
        }
        let question = match files {
            [] => fingerprint::of_rules(&check::built_in(), &options.context),
            _ => fingerprint::of_rules(files, &options.context),
        };
        Ok(Detector { question, ..Detector::of(compiled, findings, options) })
    }

    /// A detector of compiled rules.
    fn of(compiled: Vec<Rc<CompiledRule>>, findings: Vec<Finding>, options: Options) -> Detector {
        let Options { evidence, workspace, stream, clock, candidates, context, empty_tables, limits } =
            options;
        let options = AlertOptions { evidence, workspace, ..AlertOptions::default() };
        let (feed, rules) = begin(compiled, &context.tables, limits, candidates);
        Detector {
            rules,
            feed,
            runs: i64::MIN..i64::MAX,
            limits,
            options,
            stream,
            clock,
            candidates_only: candidates,
            empty_tables,
            warnings: findings,
            question: String::new(),
            alerts: Vec::new(),
            alert_bytes: 0,
            alert_count: 0,
            to_conclude: None,
        }
    }

    /// Forgets all that was read and found, and begins anew with the same rules: to compile them takes longer than to read a few
    /// events.
    pub fn restart(&mut self) {
        self.feed.restart(self.limits);
        self.rules.iter_mut().for_each(RuleState::restart);
        self.alerts.clear();
        self.alert_bytes = 0;
        self.alert_count = 0;
        self.to_conclude = None;
    }

    /// From now on only events count whose times, in ticks, are in a span; the others are counted.
    pub fn set_span(&mut self, span: std::ops::Range<i64>) {
        self.feed.set_span(span);
    }

    /// From now on only the runs at ticks in a span happen. Several detectors that have the candidates of their windows share the
    /// runs of a rule so, if its runs [can be made apart](Self::schedules).
    pub fn limit_runs(&mut self, ticks: std::ops::Range<i64>) {
        self.runs = ticks;
    }

    /// Of each rule when it runs, and why all its runs must be made together, if they must.
    pub fn schedules(&self) -> Vec<(Schedule, Option<Together>)> {
        let together = |state: &RuleState| match state.rule() {
            rule if rule.suppression.is_some() => Some(Together::Suppression),
            rule if rule.trigger.fires_on_nothing() => Some(Together::Trigger),
            _ if self.feed.reads_timed_table(state.leaves.clone()) => Some(Together::Table),
            _ => None,
        };
        self.rules.iter().map(|state| (state.rule().schedule, together(state))).collect()
    }

    /// What is odd about the rules but does not stop them.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// Turns the prefilter off: every event runs through every rule. The alerts stay the same.
    pub fn evaluate_everything(&mut self) {
        self.feed.evaluate_everything();
    }

    /// Takes bytes of the current input, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.look_at_clock();
        self.feed.push(bytes);
        if self.stream {
            self.follow();
        }
    }

    /// Takes one record, as if a source had given it.
    pub(crate) fn offer(&mut self, record: &[u8]) {
        self.feed.offer(record);
    }

    /// The rows of the first rule's query at a tick, as a run of it has them.
    pub(crate) fn rows_at(&mut self, tick: i64) -> Result<Rows, ExecError> {
        match self.rules.first() {
            Some(state) => run_tick(state, self.feed.leaves(state.leaves.clone()), tick),
            None => Ok(Rows::default()),
        }
    }

    /// The current input ended; the next bytes begin another.
    pub fn end_input(&mut self) {
        self.feed.end_input();
        if self.stream {
            self.follow();
        }
    }

    /// As [`push`](Self::push), and also gives each record to another sink.
    pub fn push_through(&mut self, bytes: &[u8], also: &mut dyn cloudtrail::source::Sink) {
        self.look_at_clock();
        self.feed.push_through(bytes, also);
        if self.stream {
            self.follow();
        }
    }

    /// As [`end_input`](Self::end_input), for both.
    pub fn end_input_through(&mut self, also: &mut dyn cloudtrail::source::Sink) {
        self.feed.end_input_through(also);
        if self.stream {
            self.follow();
        }
    }

    /// Events of the next bytes that are further ahead than this do not conclude windows.
    fn look_at_clock(&mut self) {
        if let (true, Some(clock)) = (self.stream, self.clock) {
            self.feed.set_horizon(clock().saturating_add(MAX_AHEAD));
        }
    }

    /// With [`Options::candidates`]: the candidate records since the last call, one raw JSON object a line. A detector of the
    /// same rules that reads the candidates of many detectors, in any order, and [observes](Self::observe) the times they
    /// saw, makes the alerts that one detector would have made of everything.
    pub fn take_candidates(&mut self) -> Vec<u8> {
        self.feed.take_collected()
    }

    /// With [`Options::candidates`]: from now on every event is collected, not only those that matter.
    pub fn collect_everything(&mut self) {
        self.feed.collect_everything();
    }

    /// What tells each rule's filters from those of others.
    pub fn fingerprints(&self) -> Vec<String> {
        self.rules.iter().map(|state| state.compiled.fingerprint.clone()).collect()
    }

    /// The [candidates](Self::take_candidates) one by one with their rules, so that each rule can conclude by itself.
    pub fn take_marked_candidates(&mut self, each: &mut dyn FnMut(Candidate<'_>)) {
        let of_leaf = |leaf: usize| self.rules.iter().position(|rule| rule.leaves.contains(&leaf));
        self.feed.take_candidates(&mut |CandidateRecord { time, leaves, raw }| {
            let mut rules: Vec<usize> = leaves.into_iter().filter_map(of_leaf).collect();
            rules.dedup();
            each(Candidate { time, rules: &rules, raw });
        });
    }

    /// The current input, which is JSON text, is read from this byte on. Others read what comes before.
    pub fn start_at(&mut self, offset: u64) {
        self.feed.start_at(offset);
    }

    /// The current input is read on by another detector that [starts here](Self::start_at). False, and nothing happens, if this is
    /// no place between two values, or if what was read has a say at the input's end. `last`: it ends here.
    pub fn end_part(&mut self, last: bool) -> bool {
        self.feed.end_part(last)
    }

    /// All [parts](Self::end_part) of an input were [imported](Self::import_transfer).
    pub fn end_parts(&mut self) {
        self.feed.end_parts();
    }

    /// With [`Options::candidates`]: exports the candidates, counts and problems since the last call, for
    /// [`import_transfer`](Self::import_transfer).
    pub fn export_transfer(&mut self) -> Vec<u8> {
        self.feed.export_transfer(&self.question)
    }

    /// About how many bytes [`export_transfer`](Self::export_transfer) would give.
    pub fn waiting(&self) -> usize {
        self.feed.waiting()
    }

    /// Imports what a detector of the same rules, in the same build of the engine, has [exported](Self::export_transfer), as if
    /// the bytes it read had been pushed here. Bytes that are refused change nothing.
    pub fn import_transfer(&mut self, transfer: &[u8]) -> Result<(), TransferError> {
        self.look_at_clock();
        let imported = self.feed.import_transfer(&self.question, transfer);
        if self.stream {
            self.follow();
        }
        imported
    }

    /// Counts the times (in ticks) of the first and last event that another detector read, because a rule that alerts on
    /// empty windows runs for every window between them.
    pub fn observe(&mut self, first: i64, last: i64) {
        self.feed.observe(first, last);
    }

    /// Counts a table of which another detector, whose candidates are read here, has read records.
    pub fn observe_table(&mut self, name: &str) {
        self.feed.observe_table(name);
    }

    /// What could not be read or run since the last call.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        self.feed.take_problems()
    }

    /// What has been read and found so far.
    pub fn stats(&self) -> Stats {
        Stats {
            ingest: self.feed.stats(),
            alerts: self.alert_count,
            rules: self.rules.iter().filter(|rule| !rule.left_out).count(),
        }
    }
}

/// Why the runs of a rule must be made together: what one of them finds is not made of the events of its window alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// An alert silences the runs after it.
    Suppression,
    /// It alerts when nothing happened: it also runs where it has no candidate.
    Trigger,
    /// Rows of a table that was given have times: it also runs over these.
    Table,
}

impl Together {
    /// The name that hosts see.
    pub fn name(self) -> &'static str {
        match self {
            Together::Suppression => "suppression",
            Together::Trigger => "trigger",
            Together::Table => "table",
        }
    }
}

/// An event that some rule needs.
pub struct Candidate<'a> {
    /// Its time, in ticks.
    pub time: Option<i64>,
    /// The indices of the rules.
    pub rules: &'a [usize],
    /// Its JSON, minified and in one line.
    pub raw: &'a [u8],
}

/// What a detector has read and found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// What has been read.
    pub ingest: IngestStats,
    /// Alerts, also those that wait to be taken.
    pub alerts: u64,
    /// Rules that ran.
    pub rules: usize,
}

/// Rules that have read nothing yet, and what feeds them.
fn begin(
    rules: Vec<Rc<CompiledRule>>,
    tables: &[NamedTable],
    limits: Limits,
    candidates: bool,
) -> (Feed, Vec<RuleState>) {
    let mut feed = Feed::within(limits, if candidates { Keep::Records } else { Keep::Evidence });
    let rules: Vec<RuleState> =
        rules.into_iter().map(|rule| RuleState::new(rule, &mut feed, tables)).collect();
    feed.set_fingerprints(
        rules.iter().map(|r| (r.rule().name.clone(), r.compiled.fingerprint.clone())).collect(),
    );
    (feed, rules)
}
