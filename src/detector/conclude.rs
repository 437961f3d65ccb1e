//! The replay of a rule's schedule: for every tick its set stages run over the window's candidates, and rows become alerts.

use super::check::CompiledRule;
use super::feed::Feed;
use super::leaf::{self, LeafState};
use super::{Detector, NOT_GIVEN, NamedTable};
use crate::rule::{Alert, Rule};
use kql::exec::row::Rows;
use kql::exec::run::{self, Run};
use kql::exec::{Budget, ExecError};
use kql::value::datetime;
use std::rc::Rc;

/// How many empty windows one rule may run that alerts on nothing at all.
const MAX_EMPTY_TICKS: u64 = 100_000;

/// How many bytes of alerts may wait to be taken; past it, concluding waits.
const ALERTS_AT_ONCE: usize = 16 << 20;

/// One rule and where its replay stands.
pub(super) struct RuleState {
    pub(super) compiled: Rc<CompiledRule>,
    /// The indices of its leaves in the feed.
    pub(super) leaves: std::ops::Range<usize>,
    /// The last tick that was run or skipped.
    pub(super) concluded: Option<i64>,
    /// No tick before this one runs, because an alert silenced the rule.
    pub(super) silent_until: i64,
    /// Whether a problem has already reported that the rule has too many windows without events.
    pub(super) reported_too_many: bool,
    /// Whether it is left out, because the inputs have no record of a table that it needs.
    pub(super) left_out: bool,
}

impl RuleState {
    pub(super) fn new(compiled: Rc<CompiledRule>, feed: &mut Feed, tables: &[NamedTable]) -> RuleState {
        let leaves = feed.add(&compiled.split.leaves, tables);
        RuleState {
            compiled,
            leaves,
            concluded: None,
            silent_until: 0,
            reported_too_many: false,
            left_out: false,
        }
    }

    /// Nothing was concluded yet.
    pub(super) fn restart(&mut self) {
        (self.concluded, self.silent_until) = (None, 0);
        (self.reported_too_many, self.left_out) = (false, false);
    }

    pub(super) fn rule(&self) -> &Rule {
        &self.compiled.rule
    }
}

impl Detector {
    /// Concludes the windows that ended before the newest event by the rule's delay.
    pub(super) fn follow(&mut self) {
        if let Some(newest) = self.feed.newest_not_ahead() {
            self.advance_to(newest);
        }
    }

    /// The host's clock, in ticks: concludes every window that ended before it by the rule's delay.
    pub fn advance_to(&mut self, now: i64) {
        for i in 0..self.rules.len() {
            let limit = self.rules.get(i).and_then(|r| r.rule().schedule.concluded_by(now));
            if let Some(limit) = limit {
                self.conclude(i, limit);
            }
        }
    }

    /// There is no more input: every window that holds anything concludes, as its alerts are
    /// [taken](Self::take_alerts).
    pub fn finish(&mut self) {
        self.feed.end_last_input();
        if !self.empty_tables && !self.candidates_only {
            self.leave_out();
        }
        self.to_conclude = Some(0);
        self.conclude_on();
    }

    /// Leaves out the rules that need a table of whose log there was no record: that they find nothing says nothing.
    fn leave_out(&mut self) {
        for state in &mut self.rules {
            let needed = |name: &&str| state.compiled.needs.iter().any(|needed| **needed == **name);
            let unseen = self.feed.unseen(state.leaves.clone());
            let unseen: Vec<&str> = unseen.into_iter().filter(needed).collect();
            if !unseen.is_empty() {
                state.left_out = true;
                let message = format!("no record of {} was among the logs", unseen.join(" and "));
                self.feed.failed_run(NOT_GIVEN, &state.compiled.rule.name, message);
            }
        }
    }

    /// Concludes rule by rule until enough alerts wait.
    fn conclude_on(&mut self) {
        while let Some(index) = self.to_conclude {
            if index >= self.rules.len() {
                self.to_conclude = None;
            } else if self.conclude(index, i64::MAX) {
                self.to_conclude = Some(index + 1);
            } else {
                return;
            }
        }
    }

    /// Runs the ticks of a rule up to and including `limit`; after the end of the input it stops once enough alerts wait.
    /// Returns whether all ticks ran.
    fn conclude(&mut self, index: usize, limit: i64) -> bool {
        if self.candidates_only {
            return true;
        }
        let Some(state) = self.rules.get_mut(index).filter(|state| !state.left_out) else { return true };
        // Nothing is due: a stream asks with every chunk.
        if state.concluded.is_some_and(|concluded| concluded >= limit) {
            return true;
        }
        let schedule = state.rule().schedule;
        let span = self.feed.times(state.leaves.clone());
        let leaves = self.feed.leaves(state.leaves.clone());
        let first_from = |from| leaf::first_time(leaves, from);
        let mut problems = Vec::new();
        let mut every_tick = state.rule().trigger.fires_on_nothing();
        if every_tick && let Some((first, last)) = span {
            let from = state.concluded.map_or(first, |c| c.max(first));
            if schedule.ticks(from, last).len() > MAX_EMPTY_TICKS {
                every_tick = false;
                if !std::mem::replace(&mut state.reported_too_many, true) {
                    problems.push(format!(
                        "the events span more than {MAX_EMPTY_TICKS} windows; Forepost ran only the windows with candidate events"
                    ));
                }
            }
        }
        let mut done = true;
        loop {
            if self.to_conclude.is_some() && self.alert_bytes >= ALERTS_AT_ONCE {
                done = false;
                break;
            }
            let next = match (every_tick, span) {
                (true, Some((first, last))) => {
                    let tick = state.concluded.map_or_else(
                        || schedule.first_holding(first),
                        |c| c.saturating_add(schedule.frequency()),
                    );
                    (tick <= schedule.last_holding(last)).then_some(tick)
                }
                _ => schedule.next_holding(state.concluded, &first_from),
            };
            let Some(tick) = next.filter(|t| *t <= limit && *t < self.runs.end) else { break };
            state.concluded = Some(tick);
            if tick < state.silent_until || tick < self.runs.start {
                continue;
            }
            match run_tick(state, leaves, tick) {
                Ok(rows) => {
                    let run = crate::rule::Run { rule: state.rule(), tick, rows: &rows };
                    let alerts = run.alerts(&self.options);
                    if let (false, Some(suppression)) = (alerts.is_empty(), state.rule().suppression) {
                        state.silent_until = schedule.resumes(tick, suppression);
                    }
                    self.alert_count += alerts.len() as u64;
                    self.alert_bytes += alerts.iter().map(Alert::size).sum::<usize>();
                    self.alerts.extend(alerts);
                }
                Err(e) => problems.push(failed_run(tick, &e)),
            }
        }
        let name = state.rule().name.clone();
        // Windows up to the limit are concluded even where nothing ran, so an event that comes for them now is late.
        if limit != i64::MAX {
            state.concluded = Some(state.concluded.map_or(limit, |c| c.max(limit)));
        }
        let keep_from =
            state.concluded.map(|c| schedule.window(c.saturating_add(schedule.frequency())).start);
        let range = state.leaves.clone();
        for message in problems {
            self.feed.failed_run("FP301", &name, message);
        }
        self.feed.concluded(range, keep_from);
        done
    }

    /// The alerts since the last call; not much more than 16 MiB of them at once. After [`finish`](Self::finish) there may be
    /// more with the next call, until one gives nothing.
    pub fn take_alerts(&mut self) -> Vec<Alert> {
        let alerts = std::mem::take(&mut self.alerts);
        self.alert_bytes = 0;
        self.conclude_on();
        alerts
    }
}

/// The rows of a rule's query at a tick.
pub(super) fn run_tick(state: &RuleState, leaves: &[LeafState], tick: i64) -> Result<Rows, ExecError> {
    let window = state.rule().schedule.window(tick);
    let tables: Vec<run::Table> = leaves.iter().map(|leaf| leaf.window(&window)).collect();
    let rows = Run::new(tick, &tables, Budget::over(&tables)).table(&state.compiled.split.root)?;
    Ok(Rows { columns: state.compiled.columns.clone(), rows: Rc::unwrap_or_clone(rows) })
}

fn failed_run(tick: i64, e: &ExecError) -> String {
    format!("the run at {} failed: {} ({})", datetime::format(tick), e.message, e.code)
}
