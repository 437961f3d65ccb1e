//! Steps that need not have all rows of a leaf at once: `summarize`, `distinct`, `count`, `take`, `top`. They take rows batch by
//! batch, as the leaf lets them through, and keep what they need; so a query over any number of events takes little memory.

use super::row::Row;
use super::run::{Run, Table};
use super::summarize::Summary;
use super::{Budget, ExecError};
use crate::plan::{ExprKind, Plan, PlanKind, SetOp};
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
    /// How many rows a `take` wants.
    wants: Option<usize>,
    budget: Budget,
}

enum Kept {
    Summary(Summary),
    Count(usize),
    /// What the step makes of the rows so far: the same as it makes of these and those that follow.
    Rows(Table),
}

/// The steps of a plan that can be folded. `now` is what `now()` is, in ticks; `budget` is for what each keeps.
pub fn folds(root: &Rc<Plan>, now: i64, budget: Budget) -> Vec<Fold> {
    let mut folds = Vec::new();
    root.any(&mut |plan| {
        if let Some((leaf, op)) = foldable(plan) {
            let kept = match op {
                SetOp::Summarize(s) => Summary::new(&mut Run::new(now, &[], budget), s).map(Kept::Summary),
                SetOp::Count => Ok(Kept::Count(0)),
                _ => Ok(Kept::Rows(Table::default())),
            };
            let wants = match op {
                SetOp::Take(n) => Run::new(now, &[], budget).count(n).ok(),
                _ => None,
            };
            folds.push(Fold { leaf, step: Rc::clone(plan), now, kept, wants, budget });
        }
        false
    });
    folds
}

/// The leaf that a step is over, if it can be folded: between them are row stages alone, no one else reads those, and
/// nothing in them reads another table.
fn foldable(plan: &Plan) -> Option<(usize, &SetOp)> {
    let PlanKind::Set(input, op) = &plan.kind else { return None };
    if !matches!(op, SetOp::Summarize(_) | SetOp::Count | SetOp::Take(_) | SetOp::Top(..)) {
        return None;
    }
    let leaf = if by_itself(plan) { leaf_of_rows(input)? } else { return None };
    Some((leaf, op))
}

/// Whether nothing in a step reads another table, or other rows.
fn by_itself(plan: &Plan) -> bool {
    let mut tables = false;
    plan.kind.for_each_expr(&mut |e| {
        tables |=
            e.any(&mut |e| matches!(e.kind, ExprKind::Scalar(_) | ExprKind::List(_) | ExprKind::Window(_)));
    });
    !tables
}

/// The leaf that a plan is over, if there are row stages alone between them and no one else reads those. Each row of the
/// leaf makes its rows of the answer by itself then, in the leaf's order.
pub fn leaf_of_rows(root: &Rc<Plan>) -> Option<usize> {
    let mut at = root;
    loop {
        if Rc::strong_count(at) != 1 {
            return None;
        }
        match &at.kind {
            PlanKind::Stage(below, _) if by_itself(at) => at = below,
            PlanKind::Leaf(leaf) => return Some(*leaf),
            _ => return None,
        }
    }
}

impl Fold {
    /// The leaf whose rows it takes.
    pub fn leaf(&self) -> usize {
        self.leaf
    }

    /// Whether further rows of the leaf change nothing: a `take` has all it wants.
    pub fn is_full(&self) -> bool {
        matches!((self.wants, &self.kept), (Some(n), Ok(Kept::Rows(rows))) if rows.len() >= n)
    }

    /// How many rows of the leaf are worth taking.
    pub fn batch(&self) -> usize {
        match &self.kept {
            // They go through the step again with each batch.
            Ok(Kept::Rows(rows)) => {
                let missing = self.wants.map_or(usize::MAX, |n| n.saturating_sub(rows.len()).max(1));
                rows.len().max(BATCH).min(missing)
            }
            _ => BATCH,
        }
    }

    /// Takes the next rows of the leaf.
    pub fn add(&mut self, rows: Table) {
        if let Err(error) = self.take(rows) {
            self.kept = Err(error);
        }
    }

    fn take(&mut self, rows: Table) -> Result<(), ExecError> {
        let (PlanKind::Set(input, _), Ok(kept)) = (&self.step.kind, &mut self.kept) else { return Ok(()) };
        let mut tables = vec![Table::default(); self.leaf];
        tables.push(rows);
        let mut run = Run::new(self.now, &tables, Budget::default());
        let rows = run.table(input)?;
        match kept {
            Kept::Summary(summary) => {
                run.budget = self.budget;
                summary.add(&mut run, &rows)?;
                self.budget = run.budget;
            }
            Kept::Count(n) => *n += rows.len(),
            Kept::Rows(kept) => {
                let mut all = Rc::unwrap_or_clone(std::mem::take(kept));
                all.extend(Rc::unwrap_or_clone(rows));
                run.provide(input, Rc::new(all));
                *kept = run.table(&self.step)?;
                let size = kept.iter().map(|row| bytes(&row.values)).sum();
                let mut budget = self.budget;
                budget.charge_kept(kept.len(), size)?;
            }
        }
        Ok(())
    }

    /// The step, and the rows it makes of all that it was given.
    pub fn finish(self) -> Result<(Rc<Plan>, Table), ExecError> {
        let rows = match self.kept? {
            Kept::Summary(summary) => Rc::new(summary.finish()),
            Kept::Count(n) => Rc::new(vec![Row { values: vec![Value::Long(n as i64)], ..Row::default() }]),
            Kept::Rows(rows) => rows,
        };
        Ok((self.step, rows))
    }
}
