//! `summarize` and `distinct`: groups by key, in the order their first row came.

use super::program::Program;
use super::row::{Evidence, Row};
use super::run::Run;
use super::{Budget, ExecError};
use crate::kql::aggregates::Accumulator;
use crate::kql::plan::{AggregateExpr, Summarize};
use crate::value::{Type, Value, compare};
use std::collections::HashMap;

struct Group {
    keys: Vec<Value>,
    states: Vec<Accumulator>,
    evidence: Evidence,
}

/// Rows grouped by keys, with the states of aggregates.
pub struct Grouping<'a> {
    aggregates: &'a [AggregateExpr],
    /// For each aggregate its arguments, and which of them is a predicate.
    args: Vec<(Vec<Program>, Option<usize>)>,
    places: HashMap<Vec<u8>, usize>,
    groups: Vec<Group>,
}

impl<'a> Grouping<'a> {
    /// No groups yet.
    pub fn new(run: &mut Run<'_>, aggregates: &'a [AggregateExpr]) -> Result<Grouping<'a>, ExecError> {
        let mut args = Vec::new();
        for a in aggregates {
            args.push((run.programs(&a.args)?, a.aggregate.predicate_index()));
        }
        Ok(Grouping { aggregates, args, places: HashMap::new(), groups: Vec::new() })
    }

    /// The group of some keys, whether or not a row has come for it.
    pub fn seed(&mut self, keys: Vec<Value>) -> usize {
        let key = compare::key(&keys);
        let next = self.groups.len();
        let at = *self.places.entry(key).or_insert(next);
        if at == next {
            let new = |a: &AggregateExpr| {
                let types: Vec<Type> = a.args.iter().map(|e| e.ty).collect();
                (a.aggregate.new)(&types)
            };
            let states = self.aggregates.iter().map(new).collect();
            self.groups.push(Group { keys, states, evidence: Evidence::None });
        }
        at
    }

    /// Adds a row to the group of its keys.
    pub fn add(&mut self, run: &mut Run<'_>, keys: Vec<Value>, row: &Row) -> Result<(), ExecError> {
        let (before, width) = (self.groups.len(), keys.len() + self.aggregates.len());
        let at = self.seed(keys);
        if self.groups.len() > before {
            run.budget.charge(1, width)?;
        }
        let Some(group) = self.groups.get_mut(at) else { return Ok(()) };
        group.evidence.merge(&row.evidence);
        for (state, (programs, predicate)) in group.states.iter_mut().zip(&self.args) {
            let mut values = run.eval_all(programs, row);
            if let Some(i) = predicate {
                // The predicate decides and does not reach the state.
                if !values.get(*i).is_some_and(Value::is_true) {
                    continue;
                }
                values.remove(*i);
            }
            charge_kept(&mut run.budget, state)?;
            state.update(&values);
        }
        Ok(())
    }

    /// The groups in the order they came: keys, then each aggregate's columns.
    pub fn finish(self) -> Vec<Row> {
        let aggregates = self.aggregates;
        let finish = |group: Group| {
            let mut values = group.keys;
            for (state, a) in group.states.into_iter().zip(aggregates) {
                values.extend(state.finish(a.ty, a.width));
            }
            Row { values, evidence: group.evidence }
        };
        self.groups.into_iter().map(finish).collect()
    }
}

/// The groups and their results: keys first, then each aggregate's columns.
pub fn summarize(run: &mut Run<'_>, s: &Summarize, rows: &[Row]) -> Result<Vec<Row>, ExecError> {
    let keys = run.programs(&s.keys)?;
    let mut grouping = Grouping::new(run, &s.aggregates)?;
    if s.keys.is_empty() {
        // Without keys there is one group, rows or not.
        grouping.seed(Vec::new());
    }
    for row in rows {
        let values = run.eval_all(&keys, row);
        grouping.add(run, values, row)?;
    }
    Ok(grouping.finish())
}

/// States that keep values cost as rows do.
fn charge_kept(budget: &mut Budget, state: &Accumulator) -> Result<(), ExecError> {
    match state {
        Accumulator::List { .. }
        | Accumulator::Set { .. }
        | Accumulator::Percentiles(..)
        | Accumulator::Digest(_)
        | Accumulator::Hashes(_)
        | Accumulator::MergedHashes(_)
        | Accumulator::Distinct(_) => budget.charge(1, 0),
        _ => Ok(()),
    }
}

/// The events behind all rows together.
pub fn evidence_of(rows: &[Row]) -> Evidence {
    let mut evidence = Evidence::None;
    rows.iter().for_each(|row| evidence.merge(&row.evidence));
    evidence
}
