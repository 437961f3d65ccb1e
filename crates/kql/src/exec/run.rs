//! One run of a plan's set stages over the rows its leaves let through.

use super::program::{Program, Scratch};
use super::random::Random;
use super::row::Row;
use super::stage::{self, CompiledStage};
use super::summarize::{Summary, evidence_of};
use super::watch::Watch;
use super::{
    Budget, ExecError, activity, graph, join, lookup, plugin, sample, scan, series, subquery, top_nested,
    window,
};
use crate::plan::{Expr, ExprKind, NodeId, Plan, PlanKind, SetOp, SortKey, Stage, Summarize, UnionSource};
use crate::value::{Type, Value, compare, convert, meter};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

/// The rows of a table.
pub type Table = Rc<Vec<Row>>;

/// A run: the clock is fixed, every shared table is worked out once.
pub struct Run<'a> {
    /// What `now()` is, in ticks.
    pub now: i64,
    /// The rows of each leaf.
    pub leaves: &'a [Table],
    /// What is left to use.
    pub budget: Budget,
    /// Scratch space for programs.
    pub scratch: Scratch,
    /// Where `rand` and `new_guid` draw from. A new run is seeded with its time.
    pub random: Random,
    /// What sees every step, if anything does.
    pub watch: Option<Watch>,
    /// What is known of nodes.
    memo: HashMap<NodeId, Table>,
    scalars: HashMap<NodeId, Value>,
    /// What subqueries are given, by number.
    given: HashMap<usize, Table>,
}

impl<'a> Run<'a> {
    /// A run at a time over the rows of the leaves.
    pub fn new(now: i64, leaves: &'a [Table], budget: Budget) -> Run<'a> {
        // What was done before on this thread is no work of this run.
        meter::take();
        meter::allow(budget.steps);
        Run {
            now,
            leaves,
            budget,
            scratch: Scratch::default(),
            random: Random::new(now.cast_unsigned()),
            watch: None,
            memo: HashMap::new(),
            scalars: HashMap::new(),
            given: HashMap::new(),
        }
    }

    /// The rows of a plan. A pipeline is walked down and up again without recursion, however long it is.
    pub fn table(&mut self, plan: &Rc<Plan>) -> Result<Table, ExecError> {
        let (mut steps, mut at) = (Vec::new(), plan);
        let mut rows = loop {
            if let Some(done) = self.memo.get(&at.id()) {
                break Rc::clone(done);
            }
            match at.kind.input() {
                Some(input) => {
                    steps.push(at);
                    at = input;
                }
                None => {
                    let rows = match &at.kind {
                        PlanKind::Range(parts) => {
                            let most = self.taken(at, &steps)?;
                            let rows = self.range(parts, most)?;
                            self.check_rows(at, &rows);
                            Rc::new(rows)
                        }
                        PlanKind::Leaf(i) => self.leaves.get(*i).cloned().unwrap_or_default(),
                        _ => self.source(at)?,
                    };
                    if let Some(watch) = &mut self.watch {
                        watch.left(at.id(), &rows);
                    }
                    break self.kept(at, rows);
                }
            }
        };
        while let Some(step) = steps.pop() {
            let before = self.budget.enter(step.kind.operator());
            if let Some(watch) = &mut self.watch {
                watch.entered(step.id(), &rows);
            }
            let made = Rc::new(self.step(step, rows)?);
            if let Some(watch) = &mut self.watch {
                watch.left(step.id(), &made);
            }
            self.budget.enter(before);
            rows = self.kept(step, made);
        }
        Ok(rows)
    }

    /// Remembers the rows of a node with several parents.
    fn kept(&mut self, plan: &Rc<Plan>, rows: Table) -> Table {
        if Rc::strong_count(plan) > 1 {
            self.provide(plan, Rc::clone(&rows));
        }
        rows
    }

    /// Sets the rows of a node that were worked out elsewhere.
    pub fn provide(&mut self, plan: &Rc<Plan>, rows: Table) {
        self.memo.insert(plan.id(), rows);
    }

    /// Sets the rows a subquery is given.
    pub fn give(&mut self, id: usize, rows: Vec<Row>) {
        self.given.insert(id, Rc::new(rows));
    }

    /// Forgets the rows of nodes that depend on what a subquery was given.
    pub fn forget(&mut self, dependents: &[NodeId]) {
        for id in dependents {
            self.memo.remove(id);
            self.scalars.remove(id);
        }
    }

    /// The rows of a node that is neither a step of a pipeline nor a leaf.
    #[inline(never)]
    fn source(&mut self, plan: &Rc<Plan>) -> Result<Table, ExecError> {
        let width = plan.columns.len();
        let before = self.budget.enter(plan.kind.operator());
        let rows = match &plan.kind {
            PlanKind::Given(id) => return Ok(self.given.get(id).cloned().unwrap_or_default()),
            PlanKind::Table(_)
            | PlanKind::Error
            | PlanKind::Leaf(_)
            | PlanKind::Range(_)
            | PlanKind::Stage(..)
            | PlanKind::Set(..) => Vec::new(),
            PlanKind::Rows(rows) => {
                self.budget.charge(rows.len(), width)?;
                rows.iter().map(|values| Row { values: values.clone(), ..Row::default() }).collect()
            }
            PlanKind::Print(values) => {
                let values = values.iter().map(|e| self.value(e)).collect::<Result<Vec<_>, _>>()?;
                vec![Row { values, ..Row::default() }]
            }
            PlanKind::Join(j) => {
                let (left, right) = (self.table(&j.left)?, self.table(&j.right)?);
                join::join(self, j, &left, &right, width)?
            }
            PlanKind::IpLookup(l) => {
                let (left, right) = (self.table(&l.left)?, self.table(&l.right)?);
                lookup::ip_lookup(self, l, &left, &right, width)?
            }
            PlanKind::Graph(g) => graph::rows(self, g, width)?,
            PlanKind::Union(inputs) => {
                let mut out = Vec::new();
                for input in inputs {
                    let rows = self.table(&input.plan)?;
                    self.budget.charge(rows.len(), width)?;
                    for row in rows.iter() {
                        let pick = |s: &UnionSource| match s {
                            UnionSource::Column(i) => row.values.get(*i).cloned().unwrap_or_default(),
                            UnionSource::Value(v) => v.clone(),
                        };
                        out.push(Row {
                            values: input.sources.iter().map(pick).collect(),
                            evidence: row.evidence.clone(),
                        });
                    }
                }
                out
            }
        };
        self.check_rows(plan, &rows);
        self.budget.enter(before);
        Ok(Rc::new(rows))
    }

    /// The rows a step of a pipeline makes of those below it. Each kind of step has a frame of its own (`inline(never)`, here and where
    /// the kinds are written): one frame with the locals of all of them took a third of the 8 KB that Fluent Bit gives.
    fn step(&mut self, plan: &Rc<Plan>, rows: Table) -> Result<Vec<Row>, ExecError> {
        let width = plan.columns.len();
        let made = match &plan.kind {
            PlanKind::Stage(_, stage) => self.stage(stage, rows, width)?,
            PlanKind::Set(_, SetOp::Summarize(s)) => self.summarize(s, &rows)?,
            PlanKind::Set(input, op) => self.set_op(op, input, rows, width)?,
            _ => Vec::new(),
        };
        self.check_rows(plan, &made);
        Ok(made)
    }

    /// Debug builds check what every step makes: rows as wide as its columns, each value of its column's type.
    fn check_rows(&self, plan: &Plan, rows: &[Row]) {
        if !cfg!(debug_assertions) || plan.open {
            return;
        }
        for row in rows {
            debug_assert!(
                row.values.len() == plan.columns.len(),
                "a row of another width: {:?}",
                plan.columns
            );
            for (value, column) in row.values.iter().zip(&plan.columns) {
                // A column of events that nothing needs is not read: it stays null, even a string.
                let unread = value.is_null() && !self.leaves.is_empty();
                debug_assert!(unread || value.fits(column.ty), "{value:?} in the column {column:?}");
            }
        }
    }

    #[inline(never)]
    fn stage(&mut self, stage: &Stage, rows: Table, width: usize) -> Result<Vec<Row>, ExecError> {
        let compiled = [CompiledStage::new(stage, &mut |e| self.resolve(e))?];
        let mut out = Vec::new();
        // Rows nobody else needs are changed in place.
        for row in Rc::unwrap_or_clone(rows) {
            let before = out.len();
            stage::run(&compiled, row, &mut self.budget, &mut self.scratch, &mut |row| out.push(row))?;
            self.budget.charge(out.len() - before, width)?;
        }
        Ok(out)
    }

    #[inline(never)]
    fn summarize(&mut self, s: &Summarize, rows: &[Row]) -> Result<Vec<Row>, ExecError> {
        let mut summary = Summary::new(self, s)?;
        for row in rows {
            summary.add(self, &row.values, &row.evidence)?;
        }
        Ok(summary.finish())
    }

    /// An expression in which what does not depend on the row is a constant.
    pub fn resolve(&mut self, e: &Expr) -> Result<Expr, ExecError> {
        let mut change = |e: &Expr| {
            let kind = match &e.kind {
                _ if e.is_row_local() => return Ok(Some(e.clone())),
                // The one row of `print` draws once. Elsewhere windows are worked out beforehand, over all rows.
                ExprKind::Window(w) if w.function.is_random() => {
                    let most = w.args.first().map(|e| self.resolve(e)).transpose()?;
                    let most = most.as_ref().and_then(Expr::as_const);
                    ExprKind::Const(window::drawn(&mut self.random, w.function, most))
                }
                ExprKind::Window(_) => return Ok(Some(e.clone())),
                ExprKind::Now => ExprKind::Const(Value::DateTime(self.now)),
                ExprKind::Scalar(plan) => ExprKind::Const(self.scalar(plan, e.ty)?),
                ExprKind::List(plan) => {
                    let rows = self.table(plan)?;
                    let first = |row: &Row| row.values.first().cloned().unwrap_or_default();
                    ExprKind::Const(Value::array(rows.iter().map(first).collect()))
                }
                _ => return Ok(None),
            };
            Ok(Some(Expr { kind, ty: e.ty, span: e.span }))
        };
        // A call whose arguments have become constants is a constant too.
        let resolved = e.rewrite(&mut change, &|e, parts| match e.with_children(parts).kind {
            ExprKind::Call(call) => {
                let mut call = Rc::unwrap_or_clone(call);
                call.site.constant = call.args.iter().map(|a| a.as_const().is_some()).collect();
                Expr::call(call, e.ty, e.span)
            }
            kind => Expr { kind, ty: e.ty, span: e.span },
        });
        self.budget.settle()?;
        resolved
    }

    /// `toscalar`: first row, first column; nothing is the type's missing value.
    fn scalar(&mut self, plan: &Rc<Plan>, ty: Type) -> Result<Value, ExecError> {
        if let Some(done) = self.scalars.get(&plan.id()) {
            return Ok(done.clone());
        }
        let rows = self.table(plan)?;
        let value = rows.first().and_then(|r| r.values.first()).cloned().unwrap_or_else(|| ty.missing());
        self.scalars.insert(plan.id(), value.clone());
        Ok(value)
    }

    /// The value of an expression that reads no row.
    pub fn value(&mut self, e: &Expr) -> Result<Value, ExecError> {
        let resolved = self.resolve(e)?;
        let none: Vec<Value> = Vec::new();
        let value = Program::new(&resolved).eval(&none, &mut self.scratch);
        self.budget.keep(std::slice::from_ref(&value))?;
        Ok(value)
    }

    /// A program of expressions over rows.
    pub fn program<'e>(&mut self, es: impl IntoIterator<Item = &'e Expr>) -> Result<Program, ExecError> {
        let es: Vec<&Expr> = es.into_iter().collect();
        if es.iter().all(|e| e.is_row_local()) {
            return Ok(Program::of(es));
        }
        let resolved = es.into_iter().map(|e| self.resolve(e)).collect::<Result<Vec<_>, _>>()?;
        Ok(Program::of(&resolved))
    }

    /// The values of a program for a row.
    pub fn eval_all(&mut self, program: &Program, row: &Row) -> Result<Vec<Value>, ExecError> {
        let values = program.eval_all(&row.values, &mut self.scratch);
        self.budget.settle()?;
        Ok(values)
    }

    /// The value of a program's first expression for a row.
    pub fn eval(&mut self, program: &Program, row: &Row) -> Result<Value, ExecError> {
        let value = program.eval(&row.values, &mut self.scratch);
        self.budget.settle()?;
        Ok(value)
    }

    /// A number of rows.
    pub fn count(&mut self, e: &Expr) -> Result<usize, ExecError> {
        Ok(self.value(e)?.as_integer().and_then(convert::to_count).unwrap_or(0))
    }

    #[inline(never)]
    fn set_op(
        &mut self,
        op: &SetOp,
        input: &Rc<Plan>,
        rows: Table,
        width: usize,
    ) -> Result<Vec<Row>, ExecError> {
        Ok(match op {
            SetOp::Take(n) => {
                let n = self.count(n)?;
                rows.iter().take(n).cloned().collect()
            }
            SetOp::Count => {
                let values = vec![Value::Long(rows.len() as i64)];
                vec![Row { values, evidence: evidence_of(&rows) }]
            }
            SetOp::Sort(keys) => self.sorted(keys, &rows, width)?,
            SetOp::Top(n, key) => {
                let n = self.count(n)?;
                let mut rows = self.sorted(std::slice::from_ref(key), &rows, width)?;
                rows.truncate(n);
                rows
            }
            SetOp::Sample(n) => {
                let n = self.count(n)?;
                sample::sample(&rows, n)
            }
            SetOp::Summarize(s) => self.summarize(s, &rows)?,
            SetOp::Window(sets) => window::extend(self, sets, &rows, width)?,
            SetOp::MvApply(m) => subquery::mv_apply(self, m, &rows, width)?,
            SetOp::Partition(p) => subquery::partition(self, p, &rows)?,
            SetOp::MakeSeries(m) => series::make_series(self, m, &rows)?,
            SetOp::TopNested(levels) => top_nested::top_nested(self, levels, &rows, width)?,
            SetOp::Scan(s) => {
                let missing = input.columns.iter().map(|c| c.ty.missing()).collect();
                scan::scan(self, s, &rows, missing)?
            }
            SetOp::Pivot(p) => {
                let name = input.columns.get(p.keys).map_or(Type::String, |c| c.ty);
                plugin::pivot(self, p, &rows, name)?
            }
            SetOp::Narrow(columns) => plugin::narrow(self, columns, &rows)?,
            SetOp::Activity(a) => activity::activity(self, a, &rows)?,
            SetOp::SchemaMerge(keep_order) => plugin::schema_merge(*keep_order, &rows)?,
            SetOp::RowsNear(e, before, after) => plugin::rows_near(self, e, *before, *after, &rows)?,
        })
    }

    #[inline(never)]
    fn sorted(&mut self, keys: &[SortKey], rows: &Table, width: usize) -> Result<Vec<Row>, ExecError> {
        self.budget.charge(rows.len(), width + keys.len())?;
        let program = self.program(keys.iter().map(|k| &k.value))?;
        let mut keyed: Vec<(Vec<Value>, Row)> = Vec::with_capacity(rows.len());
        for row in rows.iter() {
            let key = program.eval_all(&row.values, &mut self.scratch);
            self.budget.keep(&key)?;
            keyed.push((key, row.clone()));
        }
        keyed.sort_by(|(a, _), (b, _)| {
            keys.iter()
                .zip(a.iter().zip(b))
                .map(|(k, (a, b))| by_key(k, a, b))
                .find(|o| o.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        Ok(keyed.into_iter().map(|(_, row)| row).collect())
    }

    /// How many rows of a source the steps over it use: those of a `take` that only row by row steps stand before. What
    /// others read too is made whole.
    fn taken(&mut self, source: &Rc<Plan>, steps: &[&Rc<Plan>]) -> Result<usize, ExecError> {
        if Rc::strong_count(source) > 1 {
            return Ok(usize::MAX);
        }
        for step in steps.iter().rev() {
            match &step.kind {
                PlanKind::Stage(_, Stage::Extend(_) | Stage::Project(_)) if Rc::strong_count(step) == 1 => {}
                PlanKind::Set(_, SetOp::Take(n)) => return self.count(n),
                _ => break,
            }
        }
        Ok(usize::MAX)
    }

    /// The values of a range, at most so many.
    #[inline(never)]
    fn range(&mut self, parts: &[Expr; 3], most: usize) -> Result<Vec<Row>, ExecError> {
        let [from, to, step] = parts.each_ref();
        let ty = from.ty;
        let (from, to, step) = (self.value(from)?, self.value(to)?, self.value(step)?);
        if from.is_null() || to.is_null() || step.is_null() {
            return Ok(Vec::new());
        }
        let zero = match &step {
            Value::Timespan(t) => *t == 0,
            v => compare::real(v) == Some(0.0),
        };
        if zero {
            let message = "The step of a range must not be zero.".to_owned();
            return Err(ExecError { code: "FP101", message });
        }
        let descending = match &step {
            Value::Timespan(t) => *t < 0,
            v => compare::real(v).is_some_and(|r| r < 0.0),
        };
        let mut out = Vec::new();
        let mut i = 0_i64;
        loop {
            let at = range_value(&from, &step, i, ty);
            let beyond = if descending { Ordering::Less } else { Ordering::Greater };
            if out.len() >= most || at.is_null() || compare::order(&at, &to) == beyond {
                return Ok(out);
            }
            self.budget.charge(1, 1)?;
            out.push(Row { values: vec![at], ..Row::default() });
            i += 1;
        }
    }
}

/// `from + i * step`
fn range_value(from: &Value, step: &Value, i: i64, ty: Type) -> Value {
    let whole = |a: i64, b: i64| b.checked_mul(i).and_then(|d| a.checked_add(d));
    match (from, step) {
        (Value::DateTime(a), Value::Timespan(b)) => match whole(*a, *b) {
            Some(t) if (0..=crate::value::datetime::MAX).contains(&t) => Value::DateTime(t),
            _ => Value::Null,
        },
        (Value::Timespan(a), Value::Timespan(b)) => whole(*a, *b).map_or(Value::Null, Value::Timespan),
        _ => match (from.as_integer(), step.as_integer()) {
            (Some(a), Some(b)) => {
                whole(a, b).map_or(Value::Null, |n| convert::convert(&Value::Long(n), Type::Long, ty))
            }
            _ => match (compare::real(from), compare::real(step)) {
                (Some(a), Some(b)) => convert::convert(&Value::Real(a + b * i as f64), Type::Real, ty),
                _ => Value::Null,
            },
        },
    }
}

/// The order of two rows by one key.
pub fn by_key(key: &SortKey, a: &Value, b: &Value) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if key.nulls_first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if key.nulls_first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) => {
            let order = compare::order(a, b);
            if key.ascending { order } else { order.reverse() }
        }
    }
}
