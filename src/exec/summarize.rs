//! `summarize` and `distinct`: groups by key, in the order their first row came.

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

fn states(s: &Summarize) -> Vec<Accumulator> {
    let new = |a: &AggregateExpr| {
        let types: Vec<Type> = a.args.iter().map(|e| e.ty).collect();
        (a.aggregate.new)(&types)
    };
    s.aggregates.iter().map(new).collect()
}

/// The groups and their results: keys first, then each aggregate's columns.
pub fn summarize(
    run: &mut Run<'_>,
    s: &Summarize,
    rows: &[Row],
    width: usize,
) -> Result<Vec<Row>, ExecError> {
    let keys = run.programs(&s.keys)?;
    let mut args = Vec::new();
    for a in &s.aggregates {
        args.push((run.programs(&a.args)?, a.aggregate.predicate_index()));
    }
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    if s.keys.is_empty() {
        // Without keys there is one group, rows or not.
        places.insert(Vec::new(), 0);
        groups.push(Group { keys: Vec::new(), states: states(s), evidence: Evidence::None });
    }
    for row in rows {
        let values = run.eval_all(&keys, row);
        let key = compare::key(&values);
        let at = match places.get(&key) {
            Some(at) => *at,
            None => {
                run.budget.charge(1, width)?;
                places.insert(key, groups.len());
                groups.push(Group { keys: values, states: states(s), evidence: Evidence::None });
                groups.len() - 1
            }
        };
        let Some(group) = groups.get_mut(at) else { continue };
        group.evidence.merge(&row.evidence);
        for (state, (programs, predicate)) in group.states.iter_mut().zip(&args) {
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
    }
    let finish = |group: Group| {
        let mut values = group.keys;
        for (state, a) in group.states.into_iter().zip(&s.aggregates) {
            values.extend(state.finish(a.ty, a.width));
        }
        Row { values, evidence: group.evidence }
    };
    Ok(groups.into_iter().map(finish).collect())
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
