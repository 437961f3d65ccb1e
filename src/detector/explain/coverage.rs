//! What cases have tried of a rule: the obligations of its query over every run, and its trigger.

use super::super::check::Finding;
use super::super::leaf::first_time;
use super::super::{Context, RuleErrors};
use super::prepared::Prepared;
use crate::rule::Position;
use kql::exec::Budget;
use kql::exec::explain::coverage::{Coverage, Obligation};
use kql::exec::run::Run;
use std::rc::Rc;

/// How many runs of a case are looked at.
const MAX_RUNS: usize = 1000;

/// Events that a test tries together.
pub type Case<'a> = Vec<&'a [u8]>;

/// What cases have tried.
pub struct RuleCoverage {
    /// The rule's name.
    pub rule: String,
    /// Its query; spans are bytes of it.
    pub query: String,
    /// What is odd about it.
    pub findings: Vec<Finding>,
    /// What should be tried and how often it was, with the first and last place of each in the file.
    pub obligations: Vec<(Obligation, Position, Position)>,
    /// Where the query begins in the file.
    pub position: Position,
    /// Runs that alerted, and runs that did not.
    pub fired: u64,
    /// See above.
    pub quiet: u64,
    /// Runs that failed.
    pub failed: Vec<FailedCase>,
    /// What was left out, in words.
    pub cut: Vec<String>,
}

/// A run that failed.
#[derive(Clone, Debug)]
pub struct FailedCase {
    /// The case's place.
    pub case: usize,
    /// Why.
    pub message: String,
}

/// Runs the cases, each by itself.
pub fn coverage(rule: &str, cases: &[Case<'_>], context: &Context) -> Result<RuleCoverage, RuleErrors> {
    let mut prepared = Prepared::new(rule, context)?;
    let compiled = Rc::clone(&prepared.rule);
    let query = &compiled.rule.query;
    let mut coverage = Coverage::default();
    let (mut fired, mut quiet, mut failed, mut cut) = (0, 0, Vec::new(), Vec::new());
    // Without rows: so that everything is named, also where no case has an event.
    let tables_now = prepared.window(0);
    let mut run = Run::new(0, &tables_now, Budget::default());
    let _ = coverage.run(&mut run, &prepared.split.root, &query.text);
    drop(run);
    for (number, case) in cases.iter().enumerate() {
        if number > 0 {
            prepared = Prepared::new(rule, context)?;
        }
        case.iter().for_each(|record| prepared.feed.offer(record));
        let ticks = prepared.ticks(MAX_RUNS);
        if ticks.len() == MAX_RUNS {
            cut.push(format!("Of the runs of case {} only {MAX_RUNS} were looked at.", number + 1));
        }
        for tick in ticks {
            let tables = prepared.window(tick);
            let mut run = Run::new(tick, &tables, Budget::default());
            match coverage.run(&mut run, &prepared.split.root, &query.text) {
                Ok(rows) if compiled.rule.trigger.fires(rows.len()) => fired += 1,
                Ok(_) => quiet += 1,
                Err(error) => {
                    failed.push(FailedCase { case: number, message: error.to_string() });
                    break;
                }
            }
        }
    }
    if coverage.cut {
        cut.push("A stage had more rows than are looked at, or the query has more parts.".to_owned());
    }
    let placed = |o: &Obligation| {
        let last = o.span.end.saturating_sub(1).max(o.span.start);
        (o.clone(), query.position(o.span.start), query.position(last))
    };
    Ok(RuleCoverage {
        rule: compiled.rule.name.clone(),
        query: query.text.clone(),
        findings: prepared.findings,
        obligations: coverage.obligations().into_iter().map(placed).collect(),
        position: query.position(0),
        fired,
        quiet,
        failed,
        cut,
    })
}

impl Prepared {
    /// The ticks whose windows hold an event, at most so many; of a rule that fires on nothing, those between too.
    fn ticks(&mut self, most: usize) -> Vec<i64> {
        let schedule = self.rule.rule.schedule;
        let every = self.rule.rule.trigger.fires_on_nothing();
        let Some((first, last)) = self.feed.times(self.leaves.clone()) else { return Vec::new() };
        if every {
            return schedule.ticks(first, last).take(most).collect();
        }
        let mut ticks = Vec::new();
        let leaves = self.feed.leaves(self.leaves.clone());
        let first_from = |from| first_time(leaves, from);
        while let Some(tick) = schedule.next_holding(ticks.last().copied(), &first_from) {
            if ticks.len() >= most {
                break;
            }
            ticks.push(tick);
        }
        ticks
    }
}
