//! Steps that need not have all rows of a leaf at once: `summarize`, `distinct`, `count`, `take`, `top`. They take each row as the
//! leaf lets it through, and keep what they need; so a query over any number of events takes little memory.

use super::program::{Columns, Scratch};
use super::row::{Evidence, Row};
use super::run::{Run, Table};
use super::stage::{self, CompiledStage};
use super::summarize::Summary;
use super::{Budget, ExecError};
use crate::plan::{ExprKind, Plan, PlanKind, SetOp, Stage};
use crate::value::codec::{self, Decoder};
use crate::value::{Value, bytes};
use std::rc::Rc;

/// So many rows go through a `top` at once, or rows of so many bytes.
const BATCH: usize = 1024;
const BATCH_BYTES: usize = 64 << 20;

/// A step over a leaf, and what it keeps of the rows so far.
pub struct Fold {
    leaf: usize,
    step: Rc<Plan>,
    /// The row stages between the leaf and the step.
    stages: Vec<CompiledStage>,
    /// How many filters come first: they run before a row is made.
    leading: usize,
    kept: Kept,
    /// Evaluates, and has what is left for what the step keeps.
    run: Run<'static>,
    /// What the step may keep.
    budget: Budget,
    scratch: Scratch,
    failed: Option<ExecError>,
}

enum Kept {
    Summary(Box<Summary>),
    Count(usize),
    First {
        rows: Vec<Row>,
        limit: usize,
    },
    /// What the step makes of the rows so far is the same as it makes of these and those that follow.
    Top {
        rows: Table,
        waiting: Vec<Row>,
        waiting_bytes: usize,
    },
}

/// The steps of a plan that can be folded. `now` is what `now()` is, in ticks; `budget` is for what each keeps.
pub fn folds(root: &Rc<Plan>, now: i64, budget: Budget) -> Vec<Fold> {
    let mut folds = Vec::new();
    root.any(&mut |plan| {
        if let Some((leaf, stages, op)) = foldable(plan) {
            folds.push(Fold::new(leaf, plan, &stages, op, Run::new(now, &[], budget)));
        }
        false
    });
    folds
}

/// The leaf that a step is over and the row stages between them, if the step can be folded: nothing else is between them, no
/// one else reads those, and nothing in them reads another table.
fn foldable(plan: &Plan) -> Option<(usize, Vec<&Stage>, &SetOp)> {
    let PlanKind::Set(input, op) = &plan.kind else { return None };
    if !matches!(op, SetOp::Summarize(_) | SetOp::Count | SetOp::Take(_) | SetOp::Top(..)) {
        return None;
    }
    if !by_itself(plan) {
        return None;
    }
    let (leaf, stages) = leaf_of_rows(input)?;
    Some((leaf, stages, op))
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

/// The leaf that a plan is over and the row stages between them, if there is nothing else between them and no one else reads
/// those. Each row of the leaf makes its rows of the answer by itself then, in the leaf's order.
pub fn leaf_of_rows(root: &Rc<Plan>) -> Option<(usize, Vec<&Stage>)> {
    let mut stages = Vec::new();
    let mut at = root;
    loop {
        if Rc::strong_count(at) != 1 {
            return None;
        }
        match &at.kind {
            PlanKind::Stage(below, stage) if by_itself(at) => {
                stages.push(stage);
                at = below;
            }
            PlanKind::Leaf(leaf) => {
                stages.reverse();
                return Some((*leaf, stages));
            }
            _ => return None,
        }
    }
}

impl Fold {
    fn new(leaf: usize, step: &Rc<Plan>, stages: &[&Stage], op: &SetOp, mut run: Run<'static>) -> Fold {
        let step = Rc::clone(step);
        let kept = Kept::nothing(op, &mut run);
        let compiled = stages.iter().map(|s| CompiledStage::new(s, &mut |e| run.resolve(e)));
        let (kept, stages, failed) = match (kept, compiled.collect::<Result<Vec<_>, _>>()) {
            (Ok(kept), Ok(stages)) => (kept, stages, None),
            (Err(e), _) | (_, Err(e)) => (Kept::Count(0), Vec::new(), Some(e)),
        };
        let leading = stage::leading_filters(&stages);
        let budget = run.budget;
        Fold { leaf, step, stages, leading, kept, run, budget, scratch: Scratch::default(), failed }
    }

    /// The leaf whose rows it takes.
    pub fn leaf(&self) -> usize {
        self.leaf
    }

    /// Whether it may come to want no further rows: it is a `take`.
    pub fn can_fill(&self) -> bool {
        matches!(self.kept, Kept::First { .. })
    }

    /// Whether further rows of the leaf change nothing: a `take` has all it wants.
    pub fn is_full(&self) -> bool {
        self.kept.is_full()
    }

    /// Takes the next row of the leaf. `row` makes the row of these columns, where more than a few of them are kept.
    pub fn push(&mut self, columns: &dyn Columns, row: &dyn Fn() -> Row) {
        if self.failed.is_none()
            && let Err(error) = self.take(columns, row)
        {
            self.failed = Some(error);
        }
    }

    /// Takes the next row of the leaf.
    pub fn push_row(&mut self, row: &Row) {
        self.push(&row.values, &|| row.clone());
    }

    fn take(&mut self, columns: &dyn Columns, row: &dyn Fn() -> Row) -> Result<(), ExecError> {
        let Fold { step, stages, leading, kept, run, scratch, .. } = self;
        run.budget.refill();
        if kept.is_full() || !stage::passes(stages, *leading, columns, &mut Budget::default(), scratch)? {
            return Ok(());
        }
        let rest = stages.get(*leading..).unwrap_or_default();
        if rest.is_empty() {
            return kept.take(step, run, columns, row);
        }
        let mut done = Ok(());
        stage::run(rest, row(), &mut Budget::default(), scratch, &mut |row| {
            if done.is_ok() {
                done = kept.take(step, run, &row.values, &|| row.clone());
            }
        })?;
        done
    }

    /// Whether what it makes of rows can be [saved](Self::save) in parts and [merged](Self::merge).
    pub fn merges(&self) -> bool {
        match &self.kept {
            Kept::Summary(summary) => summary.merges(),
            Kept::Count(_) => true,
            Kept::First { .. } | Kept::Top { .. } => false,
        }
    }

    /// Appends what it keeps of the rows since it was saved last. A fold that does not [merge](Self::merges) has nothing to save.
    pub fn save(&mut self, out: &mut Vec<u8>) {
        out.push(u8::from(self.failed.is_some()));
        if let Some(ExecError { message, .. }) = &self.failed {
            return codec::write_bytes(message.as_bytes(), out);
        }
        match &mut self.kept {
            Kept::Summary(summary) => {
                summary.save(out);
                summary.clear();
            }
            Kept::Count(n) => codec::write_length(std::mem::take(n), out),
            Kept::First { .. } | Kept::Top { .. } => {}
        }
        self.run.budget = self.budget;
    }

    /// Takes in what another fold of the same step has [saved](Self::save), whose rows come behind its own. False if it is something
    /// else.
    pub fn merge(&mut self, saved: &[u8]) -> bool {
        let mut saved = Decoder(saved);
        if self.failed.is_some() {
            return true;
        }
        let merged = match (saved.byte(), &mut self.kept) {
            (Some(0), Kept::Summary(summary)) => summary.merge(&mut self.run, &mut saved),
            (Some(0), Kept::Count(n)) => Ok(saved.length().map(|more| *n += more).is_some()),
            (Some(1), _) => match saved.bytes() {
                Some(message) => Err(ExecError::runaway(String::from_utf8_lossy(message).into_owned())),
                None => Ok(false),
            },
            _ => Ok(false),
        };
        match merged {
            Ok(whole) => whole && saved.0.is_empty(),
            Err(error) => {
                self.failed = Some(error);
                true
            }
        }
    }

    /// The step, and the rows it makes of all that it was given.
    pub fn finish(mut self) -> Result<(Rc<Plan>, Table), ExecError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.kept.settle(&self.step, &self.run)?;
        let rows = match self.kept {
            Kept::Summary(summary) => Rc::new(summary.finish()),
            Kept::Count(n) => Rc::new(vec![Row { values: vec![Value::Long(n as i64)], ..Row::default() }]),
            Kept::First { rows, .. } => Rc::new(rows),
            Kept::Top { rows, .. } => rows,
        };
        Ok((self.step, rows))
    }
}

impl Kept {
    /// What a step keeps of no rows.
    fn nothing(op: &SetOp, run: &mut Run<'static>) -> Result<Kept, ExecError> {
        match op {
            SetOp::Summarize(s) => Summary::new(run, s).map(|s| Kept::Summary(Box::new(s))),
            SetOp::Count => Ok(Kept::Count(0)),
            SetOp::Take(n) => run.count(n).map(|limit| Kept::First { rows: Vec::new(), limit }),
            _ => Ok(Kept::Top { rows: Table::default(), waiting: Vec::new(), waiting_bytes: 0 }),
        }
    }

    /// Whether no further row makes a difference.
    fn is_full(&self) -> bool {
        matches!(self, Kept::First { rows, limit } if rows.len() >= *limit)
    }

    fn take(
        &mut self,
        step: &Rc<Plan>,
        run: &mut Run<'static>,
        columns: &dyn Columns,
        row: &dyn Fn() -> Row,
    ) -> Result<(), ExecError> {
        match self {
            Kept::Summary(summary) => summary.add(run, columns, &Evidence::None),
            Kept::Count(n) => {
                *n += 1;
                Ok(())
            }
            Kept::First { rows, limit } if rows.len() < *limit => {
                let row = row();
                run.budget.charge_kept(1, bytes(&row.values))?;
                rows.push(row);
                Ok(())
            }
            Kept::First { .. } => Ok(()),
            Kept::Top { rows, waiting, waiting_bytes } => {
                let row = row();
                *waiting_bytes += bytes(&row.values);
                waiting.push(row);
                if waiting.len() >= rows.len().max(BATCH) || *waiting_bytes >= BATCH_BYTES {
                    self.settle(step, run)?;
                }
                Ok(())
            }
        }
    }

    /// Runs the rows that wait through the step, with those it kept.
    fn settle(&mut self, step: &Rc<Plan>, run: &Run<'static>) -> Result<(), ExecError> {
        let (Kept::Top { rows, waiting, waiting_bytes }, Some(input)) = (self, step.kind.input()) else {
            return Ok(());
        };
        let mut all = Rc::unwrap_or_clone(std::mem::take(rows));
        all.append(waiting);
        *waiting_bytes = 0;
        // As of a leaf: columns that nothing needs are null in its rows.
        let leaf = [Table::default()];
        let mut top = Run::new(run.now, &leaf, Budget::default());
        top.provide(input, Rc::new(all));
        *rows = top.table(step)?;
        let size = rows.iter().map(|row| bytes(&row.values)).sum();
        let mut budget = run.budget;
        budget.charge_kept(rows.len(), size)
    }
}
