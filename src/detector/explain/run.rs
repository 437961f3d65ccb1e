//! What came behind the query: which run, its trigger, what silenced it, what its alerts leave out.

use super::ExplainedEvent;
use super::prepared::Prepared;
use crate::rule::{Entity, EventGrouping, LeftOut, Trigger};
use kql::exec::explain::Explained;
use std::ops::Range;

/// A run of the rule.
#[derive(Clone, Debug)]
pub struct ExplainedRun {
    /// The end of its window, and `now()`.
    pub tick: i64,
    /// What it sees.
    pub window: Range<i64>,
    /// When it is published.
    pub published: i64,
    /// The runs that see the event.
    pub seen_by: Option<SeenBy>,
    /// How many rows the query yields; nothing if it failed.
    pub rows: Option<usize>,
    /// What makes an alert of rows.
    pub trigger: Trigger,
    /// Whether it does of these.
    pub fires: bool,
    /// One alert, or one a row.
    pub grouping: EventGrouping,
    /// How many alerts the rows make, were the rule not silenced.
    pub alerts: usize,
    /// Until when an alert before it silences the rule.
    pub suppressed_until: Option<i64>,
    /// For how long an alert silences the rule.
    pub suppression: Option<i64>,
    /// The entities of its first alert.
    pub entities: Vec<Entity>,
    /// What its alerts leave out.
    pub left_out: Vec<LeftOut>,
}

/// The runs that see an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenBy {
    /// How many.
    pub runs: u64,
    /// The first.
    pub first: i64,
    /// The last.
    pub last: i64,
}

impl Prepared {
    /// The run at a tick; `alerted` are the ticks that alerted, where all of them ran.
    pub fn run(
        &self,
        tick: i64,
        explained: &Explained,
        event: Option<&ExplainedEvent>,
        alerted: &[i64],
    ) -> ExplainedRun {
        let rule = &self.rule.rule;
        let schedule = rule.schedule;
        let rows = explained.rows.as_ref().map(|rows| self.rows(rows)).ok();
        let alerts = rows.as_ref().map(|rows| self.alerts(tick, rows)).unwrap_or_default();
        let seen_by = event.and_then(|e| e.time).map(|time| SeenBy {
            runs: schedule.ticks(time, time).len(),
            first: schedule.first_holding(time),
            last: schedule.last_holding(time),
        });
        let silenced = rule.suppression.and_then(|suppression| {
            let before = alerted.iter().filter(|t| **t < tick);
            before.map(|t| schedule.resumes(*t, suppression)).filter(|until| *until > tick).max()
        });
        ExplainedRun {
            tick,
            window: schedule.window(tick),
            published: schedule.run_time(tick),
            seen_by,
            trigger: rule.trigger,
            fires: rows.as_ref().is_some_and(|rows| rule.trigger.fires(rows.rows.len())),
            grouping: rule.grouping,
            suppressed_until: silenced.filter(|_| !alerts.is_empty() && !alerted.contains(&tick)),
            suppression: rule.suppression,
            left_out: rows.as_ref().map(|rows| rule.left_out(rows)).unwrap_or_default(),
            rows: rows.map(|rows| rows.rows.len()),
            entities: alerts.first().map(|a| a.entities.clone()).unwrap_or_default(),
            alerts: alerts.len(),
        }
    }
}
