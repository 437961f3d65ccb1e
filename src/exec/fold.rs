//! Steps that need not have all rows of a leaf at once: `summarize`, `distinct`, `count`, `take`, `top`. They take rows batch by
//! batch, as the leaf lets them through, and keep what they need; so a query over any number of events takes little memory.

use super::program::Program;
use super::run::{Run, Table};
use super::summarize::Grouping;
use super::{Budget, ExecError};
use crate::kql::plan::{ExprKind, Plan, PlanKind, SetOp};
use crate::value::{Value, bytes};
use std::rc::Rc;

/// So many rows are a batch.
const BATCH: usize = 1024;

/// A step over a leaf, and what it keeps of the rows so far.
pub struct Fold {
    leaf: usize,
    step: Rc<Plan>,
    now: i64,
    kept: Result<Kept, ExecError>,
    budget: Budget,
}

enum Kept {
    /// Nothing has come yet.
    Nothing,
    Groups(Vec<Program>, Grouping),
    Count(usize),
    /// What the step makes of the rows so far: the same as it makes of these and those that follow.
    Rows(Table),
}

/// The steps of a plan that can be folded. `now` is what `now()` is, in ticks; `budget` is for what each keeps.
pub fn folds(root: &Rc<Plan>, now: i64, budget: Budget) -> Vec<Fold> {
    let mut folds = Vec::new();
    root.any(&mut |plan| {
        if let Some(leaf) = foldable(plan) {
            folds.push(Fold { leaf, step: Rc::clone(plan), now, kept: Ok(Kept::Nothing), budget });
        }
        false
    });
    folds
}

/// The leaf that a step is over, if it can be folded: between them are row stages alone, no one else reads those, and
/// nothing in them reads another table.
fn foldable(plan: &Rc<Plan>) -> Option<usize> {
    let PlanKind::Set(input, SetOp::Summarize(_) | SetOp::Count | SetOp::Take(_) | SetOp::Top(..)) =
        &plan.kind
    else {
        return None;
    };
    let by_itself = |plan: &Plan| {
        let mut tables = false;
        plan.kind.for_each_expr(&mut |e| {
            tables |= e.any(&mut |e| {
                matches!(e.kind, ExprKind::Scalar(_) | ExprKind::List(_) | ExprKind::Window(_))
            });
        });
        !tables
    };
    let (mut at, mut fits) = (input, by_itself(plan));
    loop {
        fits &= Rc::strong_count(at) == 1;
        match &at.kind {
            PlanKind::Stage(below, _) if fits && by_itself(at) => at = below,
            PlanKind::Leaf(leaf) if fits => return Some(*leaf),
            _ => return None,
        }
    }
}

impl Fold {
    /// The leaf whose rows it takes.
    pub fn leaf(&self) -> usize {
        self.leaf
    }

    /// How many rows of the leaf are worth taking.
    pub fn batch(&self) -> usize {
        match &self.kept {
            // They go through the step again with each batch.
            Ok(Kept::Rows(rows)) => rows.len().max(BATCH),
            _ => BATCH,
        }
    }

    /// Takes the next rows of the leaf.
    pub fn add(&mut self, rows: Table) {
        let kept = std::mem::replace(&mut self.kept, Ok(Kept::Nothing));
        self.kept = kept.and_then(|kept| self.with(kept, rows));
    }

    fn with(&mut self, kept: Kept, rows: Table) -> Result<Kept, ExecError> {
        let PlanKind::Set(input, op) = &self.step.kind else { return Ok(kept) };
        let mut tables = vec![Table::default(); self.leaf];
        tables.push(rows);
        let mut run = Run::new(self.now, &tables, Budget::default());
        let rows = run.table(input)?;
        Ok(match (op, kept) {
            (SetOp::Summarize(s), kept) => {
                run.budget = self.budget;
                let (keys, mut grouping) = match kept {
                    Kept::Groups(keys, grouping) => (keys, grouping),
                    _ => (run.programs(&s.keys)?, Grouping::over(&mut run, s)?),
                };
                for row in rows.iter() {
                    let values = run.eval_all(&keys, row);
                    grouping.add(&mut run, values, row)?;
                }
                self.budget = run.budget;
                Kept::Groups(keys, grouping)
            }
            (SetOp::Count, kept) => {
                let before = if let Kept::Count(n) = kept { n } else { 0 };
                Kept::Count(before + rows.len())
            }
            (_, kept) => {
                let mut all =
                    if let Kept::Rows(rows) = kept { Rc::unwrap_or_clone(rows) } else { Vec::new() };
                all.extend(Rc::unwrap_or_clone(rows));
                run.provide(input, Rc::new(all));
                let rows = run.table(&self.step)?;
                let size = rows.iter().map(|row| bytes(&row.values)).sum();
                let mut budget = self.budget;
                budget.charge_kept(rows.len(), size)?;
                Kept::Rows(rows)
            }
        })
    }

    /// The step, and the rows it makes of all that it was given.
    pub fn finish(mut self) -> Result<(Rc<Plan>, Table), ExecError> {
        if let Ok(Kept::Nothing) = &self.kept {
            self.add(Table::default());
        }
        let rows = match self.kept? {
            Kept::Groups(_, grouping) => Rc::new(grouping.finish()),
            Kept::Count(n) => {
                Rc::new(vec![super::row::Row { values: vec![Value::Long(n as i64)], ..Default::default() }])
            }
            Kept::Rows(rows) => rows,
            Kept::Nothing => Table::default(),
        };
        Ok((self.step, rows))
    }
}
