//! Subqueries that run again and again: `mv-apply` over the items of each row, `partition` over the rows of each key.

use super::ExecError;
use super::row::Row;
use super::run::Run;
use super::stage::Expansion;
use crate::plan::{ApplyOutput, MvApply, NodeId, Partition, Plan, PlanKind, Subquery};
use crate::value::Value;
use crate::value::key::{self, KeyMap};
use std::collections::HashMap;
use std::rc::Rc;

/// The nodes of a subquery whose rows depend on what it is given; the others are worked out once a run.
pub(super) fn dependents(plan: &Rc<Plan>, given: &[usize]) -> Vec<NodeId> {
    fn depends(
        plan: &Rc<Plan>,
        given: &[usize],
        seen: &mut HashMap<NodeId, bool>,
        out: &mut Vec<NodeId>,
    ) -> bool {
        let id = plan.id();
        if let Some(known) = seen.get(&id) {
            return *known;
        }
        let mut found = matches!(&plan.kind, PlanKind::Given(id) if given.contains(id));
        plan.kind.for_each_plan(&mut |below| found |= depends(below, given, seen, out));
        seen.insert(id, found);
        if found {
            out.push(id);
        }
        found
    }
    let mut out = Vec::new();
    depends(plan, given, &mut HashMap::new(), &mut out);
    out
}

/// `mv-apply`: the rows that the subquery makes of each row's items.
#[inline(never)]
pub fn mv_apply(run: &mut Run<'_>, m: &MvApply, rows: &[Row], width: usize) -> Result<Vec<Row>, ExecError> {
    let program = run.program(m.expand.items.iter().map(|(e, ..)| e))?;
    let dependents = dependents(&m.body.plan, &[m.body.given]);
    let mut out = Vec::new();
    for row in rows {
        let (budget, scratch) = (&mut run.budget, &mut run.scratch);
        let mut expansion = Expansion::of(&m.expand, &program, row.clone(), budget, scratch)?;
        let mut items = Vec::new();
        while let Some(item) = expansion.next(budget)? {
            items.push(item);
        }
        // As with mv-expand, a row without items is gone, whatever the subquery would make of none.
        if items.is_empty() {
            continue;
        }
        let made = subquery(run, &m.body, &dependents, vec![(m.body.given, items)])?;
        run.budget.charge(made.len() + 1, width)?;
        for made in made.iter() {
            let value = |output: &ApplyOutput| match output {
                ApplyOutput::Source(i) => row.values.get(*i).cloned().unwrap_or_default(),
                ApplyOutput::Body(i) => made.values.get(*i).cloned().unwrap_or_default(),
            };
            out.push(Row { values: m.outputs.iter().map(value).collect(), evidence: row.evidence.clone() });
        }
    }
    Ok(out)
}

/// `partition`: the rows that the subquery makes of each key's rows, keys in the order they first came.
#[inline(never)]
pub fn partition(run: &mut Run<'_>, p: &Partition, rows: &[Row]) -> Result<Vec<Row>, ExecError> {
    let key = run.program([&p.key])?;
    let mut parts: KeyMap<(Value, Vec<Row>)> = KeyMap::default();
    for row in rows {
        let value = run.eval(&key, row)?;
        parts.entry(key::key([&value])).or_insert_with(|| (value, Vec::new())).1.push(row.clone());
    }
    let parts = parts.into_values();
    if parts.len() > p.most {
        let message = format!(
            "partition found {} keys; it allows {} without hint.strategy=native.",
            parts.len(),
            p.most
        );
        return Err(ExecError { code: "E_PARTITION_KEYS", message });
    }
    run.budget.charge(rows.len(), 1)?;
    let dependents = dependents(&p.body.plan, &[p.body.given, p.key_given]);
    let mut out = Vec::new();
    for (key, part) in parts {
        let key_row = Row { values: vec![key], ..Row::default() };
        let given = vec![(p.body.given, part), (p.key_given, vec![key_row])];
        let made = subquery(run, &p.body, &dependents, given)?;
        run.budget.charge(made.len() + 1, p.body.plan.columns.len())?;
        out.extend(made.iter().cloned());
    }
    Ok(out)
}

/// One run of a subquery over the given rows.
pub(super) fn subquery(
    run: &mut Run<'_>,
    body: &Subquery,
    dependents: &[NodeId],
    given: Vec<(usize, Vec<Row>)>,
) -> Result<Rc<Vec<Row>>, ExecError> {
    for (id, rows) in given {
        run.give(id, rows);
    }
    let made = run.table(&body.plan);
    run.forget(dependents);
    made
}
