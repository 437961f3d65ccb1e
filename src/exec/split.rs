//! Parts a plan into leaves, each a table with its row stages, and the set stages over them.
//!
//! This split is what lets one rule run in a pipeline filter (row stages only), in a stream (both) and across
//! machines (row stages everywhere, set stages at one place) with the same answer.

use crate::kql::plan::{
    Expr, ExprKind, Join, MvExpand, Plan, PlanKind, SetOp, Stage, UnionInput, UnionSource,
};
use crate::value::{Column, Str, Type};
use std::collections::HashMap;
use std::rc::Rc;

/// A table of the catalog and the row stages that run on each of its rows.
pub struct Leaf {
    /// The table.
    pub table: Str,
    /// What each row goes through.
    pub stages: Vec<Stage>,
    /// Which columns of the table are read at all.
    pub needed: Vec<bool>,
    /// What comes out.
    pub columns: Vec<Column>,
}

/// A plan in two parts.
pub struct Split {
    /// The tables it reads, each use for itself.
    pub leaves: Vec<Leaf>,
    /// The rest, over [`PlanKind::Leaf`]s.
    pub root: Rc<Plan>,
}

/// Splits a plan.
pub fn split(plan: &Rc<Plan>) -> Split {
    let mut splitter = Splitter { leaves: Vec::new(), done: HashMap::new() };
    let all = vec![true; plan.columns.len()];
    let root = splitter.node(plan, &all);
    Split { leaves: splitter.leaves, root }
}

struct Splitter {
    leaves: Vec<Leaf>,
    /// Nodes with several parents are done once.
    done: HashMap<*const Plan, Rc<Plan>>,
}

impl Splitter {
    /// The node with its leaves parted off; `needed` says which of its columns anyone reads.
    fn node(&mut self, plan: &Rc<Plan>, needed: &[bool]) -> Rc<Plan> {
        if let Some(leaf) = self.leaf(plan, needed) {
            return leaf;
        }
        if let Some(done) = self.done.get(&Rc::as_ptr(plan)) {
            return Rc::clone(done);
        }
        // A shared node serves all its parents: all its columns.
        let all = vec![true; plan.columns.len()];
        let shared = Rc::strong_count(plan) > 1;
        let made = self.inner(plan, if shared { &all } else { needed });
        if shared {
            self.done.insert(Rc::as_ptr(plan), Rc::clone(&made));
        }
        made
    }

    fn inner(&mut self, plan: &Rc<Plan>, needed: &[bool]) -> Rc<Plan> {
        let kind = match &plan.kind {
            PlanKind::Table(_) | PlanKind::Leaf(_) | PlanKind::Error => return Rc::clone(plan),
            PlanKind::Rows(rows) => PlanKind::Rows(rows.clone()),
            PlanKind::Print(values) => PlanKind::Print(values.iter().map(|e| self.expr(e)).collect()),
            PlanKind::Range(parts) => PlanKind::Range(Box::new(parts.each_ref().map(|e| self.expr(e)))),
            PlanKind::Stage(input, stage) => {
                let below = stage_needs(stage, needed, input.columns.len());
                let input = self.node(input, &below);
                PlanKind::Stage(input, map_stage(stage, &mut |e| self.expr(e)))
            }
            PlanKind::Set(input, op) => {
                let below = set_needs(op, needed, input.columns.len());
                let input = self.node(input, &below);
                PlanKind::Set(input, self.set_op(op))
            }
            PlanKind::Join(join) => {
                let (left, right) = join_needs(join, needed);
                PlanKind::Join(Box::new(Join {
                    left: self.node(&join.left, &left),
                    right: self.node(&join.right, &right),
                    kind: join.kind,
                    left_keys: join.left_keys.clone(),
                    right_keys: join.right_keys.clone(),
                    right_columns: join.right_columns.clone(),
                    left_types: join.left_types.clone(),
                    right_types: join.right_types.clone(),
                }))
            }
            PlanKind::Union(inputs) => PlanKind::Union(
                inputs
                    .iter()
                    .map(|input| {
                        let mut below = vec![false; input.plan.columns.len()];
                        for (source, _) in input.sources.iter().zip(needed).filter(|(_, n)| **n) {
                            if let UnionSource::Column(i) = source
                                && let Some(slot) = below.get_mut(*i)
                            {
                                *slot = true;
                            }
                        }
                        UnionInput { plan: self.node(&input.plan, &below), sources: input.sources.clone() }
                    })
                    .collect(),
            ),
        };
        Rc::new(Plan { kind, columns: plan.columns.clone(), span: plan.span, open: plan.open })
    }

    fn set_op(&mut self, op: &SetOp) -> SetOp {
        let mut key = |k: &crate::kql::plan::SortKey| crate::kql::plan::SortKey {
            value: self.expr(&k.value),
            ..k.clone()
        };
        match op {
            SetOp::Sort(keys) => SetOp::Sort(keys.iter().map(key).collect()),
            SetOp::Top(n, k) => {
                let k = key(k);
                SetOp::Top(self.expr(n), k)
            }
            SetOp::Take(n) => SetOp::Take(self.expr(n)),
            SetOp::Count => SetOp::Count,
            SetOp::Window(sets) => SetOp::Window(sets.iter().map(|(i, e)| (*i, self.expr(e))).collect()),
            SetOp::Summarize(s) => SetOp::Summarize(crate::kql::plan::Summarize {
                keys: s.keys.iter().map(|e| self.expr(e)).collect(),
                aggregates: s
                    .aggregates
                    .iter()
                    .map(|a| crate::kql::plan::AggregateExpr {
                        args: a.args.iter().map(|e| self.expr(e)).collect(),
                        ..*a
                    })
                    .collect(),
            }),
        }
    }

    /// An expression with the tables inside it (`toscalar`, `in (T)`) split too.
    fn expr(&mut self, e: &Expr) -> Expr {
        let kind = match &e.kind {
            ExprKind::Scalar(plan) | ExprKind::List(plan) => {
                let mut needed = vec![false; plan.columns.len()];
                if let Some(first) = needed.first_mut() {
                    *first = true;
                }
                let plan = self.node(plan, &needed);
                if matches!(e.kind, ExprKind::Scalar(_)) {
                    ExprKind::Scalar(plan)
                } else {
                    ExprKind::List(plan)
                }
            }
            ExprKind::Call(call) if !e.is_row_local() => {
                let mut call = (**call).clone();
                call.args = call.args.iter().map(|a| self.expr(a)).collect();
                ExprKind::Call(Rc::new(call))
            }
            ExprKind::Window(call) => {
                let mut call = (**call).clone();
                call.args = call.args.iter().map(|a| self.expr(a)).collect();
                ExprKind::Window(Rc::new(call))
            }
            ExprKind::And(items) => ExprKind::And(items.iter().map(|a| self.expr(a)).collect()),
            ExprKind::Or(items) => ExprKind::Or(items.iter().map(|a| self.expr(a)).collect()),
            ExprKind::Case(items) => ExprKind::Case(items.iter().map(|a| self.expr(a)).collect()),
            other => other.clone(),
        };
        Expr { kind, ty: e.ty, span: e.span }
    }

    /// The longest run of row stages over a table, as a leaf, with what must wait on top of it.
    fn leaf(&mut self, plan: &Rc<Plan>, needed: &[bool]) -> Option<Rc<Plan>> {
        let mut chain: Vec<(&Stage, &Plan)> = Vec::new();
        let mut at = plan;
        let table = loop {
            match &at.kind {
                PlanKind::Stage(input, stage) => {
                    chain.push((stage, at));
                    at = input;
                }
                PlanKind::Table(name) => break name,
                _ => return None,
            }
        };
        chain.reverse();
        let mut local: Vec<Stage> = Vec::new();
        let mut waiting: Vec<Expr> = Vec::new();
        let mut columns: &[Column] = &at.columns;
        let mut taken = 0;
        for (stage, node) in &chain {
            let Some(next) = sink_below(stage, &waiting) else { break };
            waiting = next.waiting;
            local.extend(next.local);
            columns = &node.columns;
            taken += 1;
        }
        let rest = chain.get(taken..).unwrap_or_default();
        // What the leaf's rows must carry: what the filters that wait and the stages above read.
        let mut carried = needed.to_vec();
        for i in (0..rest.len()).rev() {
            let below = i
                .checked_sub(1)
                .and_then(|i| rest.get(i))
                .map_or(columns.len(), |(_, node)| node.columns.len());
            carried = rest.get(i).map_or(carried.clone(), |(stage, _)| stage_needs(stage, &carried, below));
        }
        carried.resize(columns.len(), false);
        waiting.iter().for_each(|e| e.mark_columns(&mut carried));
        let table_needs = local_needs(&local, carried, at.columns.len());
        let index = self.leaves.len();
        self.leaves.push(Leaf {
            table: Rc::clone(table),
            stages: local,
            needed: table_needs,
            columns: columns.to_vec(),
        });
        let span = plan.span;
        let mut top =
            Rc::new(Plan { kind: PlanKind::Leaf(index), columns: columns.to_vec(), span, open: false });
        for e in waiting {
            let e = self.expr(&e);
            top = Rc::new(Plan {
                columns: top.columns.clone(),
                span,
                open: false,
                kind: PlanKind::Stage(top, Stage::Where(e)),
            });
        }
        for (stage, node) in rest {
            let stage = map_stage(stage, &mut |e| self.expr(e));
            top = Rc::new(Plan {
                kind: PlanKind::Stage(top, stage),
                columns: node.columns.clone(),
                span: node.span,
                open: false,
            });
        }
        Some(top)
    }
}

struct Sunk {
    local: Option<Stage>,
    waiting: Vec<Expr>,
}

/// Moves a stage below the filters that wait: filters commute with each other, and with a stage that leaves
/// the columns they read alone. `None` if it cannot go there.
fn sink_below(stage: &Stage, waiting: &[Expr]) -> Option<Sunk> {
    let reads = |at: usize| {
        let mut reads = false;
        for e in waiting {
            e.any(&mut |x| {
                reads |= matches!(x.kind, ExprKind::Column(i) if i == at);
                false
            });
        }
        reads
    };
    match stage {
        Stage::Where(e) => {
            let (local, late): (Vec<Expr>, Vec<Expr>) =
                conjuncts(e).into_iter().partition(Expr::is_row_local);
            let local = match local.len() {
                0 => None,
                1 => local.into_iter().next().map(Stage::Where),
                _ => Some(Stage::Where(Expr { kind: ExprKind::And(local), ty: Type::Bool, span: e.span })),
            };
            let waiting = waiting.iter().cloned().chain(late).collect();
            Some(Sunk { local, waiting })
        }
        Stage::Extend(sets) => {
            let fits = sets.iter().all(|(at, e)| e.is_row_local() && !reads(*at));
            fits.then(|| Sunk { local: Some(stage.clone()), waiting: waiting.to_vec() })
        }
        Stage::Project(values) => {
            if !values.iter().all(Expr::is_row_local) {
                return None;
            }
            let moved: Option<Vec<Expr>> = waiting.iter().map(|e| remap(e, values)).collect();
            moved.map(|waiting| Sunk { local: Some(stage.clone()), waiting })
        }
        Stage::MvExpand(m) => {
            let fits = m.items.iter().all(|(e, at, _)| e.is_row_local() && !reads(*at));
            fits.then(|| Sunk { local: Some(stage.clone()), waiting: waiting.to_vec() })
        }
        Stage::Parse(p) => {
            let fits = p.source.is_row_local() && p.columns.iter().all(|(at, _)| !reads(*at));
            fits.then(|| Sunk { local: Some(stage.clone()), waiting: waiting.to_vec() })
        }
        Stage::ParseKv(p) => {
            let fits = p.source.is_row_local() && p.columns.iter().all(|(_, at, _)| !reads(*at));
            fits.then(|| Sunk { local: Some(stage.clone()), waiting: waiting.to_vec() })
        }
    }
}

/// The parts of a conjunction: a row passes all of them or none of the whole.
pub fn conjuncts(e: &Expr) -> Vec<Expr> {
    match &e.kind {
        ExprKind::And(items) => items.iter().flat_map(conjuncts).collect(),
        _ => vec![e.clone()],
    }
}

/// A filter over a projection's output columns, if the projection keeps what it reads.
fn remap(e: &Expr, values: &[Expr]) -> Option<Expr> {
    let remap_all = |items: &[Expr]| items.iter().map(|i| remap(i, values)).collect::<Option<Vec<Expr>>>();
    let kind = match &e.kind {
        ExprKind::Column(i) => {
            let at = values.iter().position(|v| matches!(v.kind, ExprKind::Column(j) if j == *i))?;
            ExprKind::Column(at)
        }
        ExprKind::Call(call) => {
            let mut call = (**call).clone();
            call.args = remap_all(&call.args)?;
            ExprKind::Call(Rc::new(call))
        }
        ExprKind::And(items) => ExprKind::And(remap_all(items)?),
        ExprKind::Or(items) => ExprKind::Or(remap_all(items)?),
        ExprKind::Case(items) => ExprKind::Case(remap_all(items)?),
        ExprKind::Window(_) => return None,
        other => other.clone(),
    };
    Some(Expr { kind, ty: e.ty, span: e.span })
}

/// A stage with its expressions replaced.
fn map_stage(stage: &Stage, f: &mut impl FnMut(&Expr) -> Expr) -> Stage {
    match stage {
        Stage::Where(e) => Stage::Where(f(e)),
        Stage::Extend(sets) => Stage::Extend(sets.iter().map(|(i, e)| (*i, f(e))).collect()),
        Stage::Project(values) => Stage::Project(values.iter().map(f).collect()),
        Stage::MvExpand(m) => Stage::MvExpand(Rc::new(MvExpand {
            items: m.items.iter().map(|(e, at, ty)| (f(e), *at, *ty)).collect(),
            ..**m
        })),
        Stage::Parse(_) | Stage::ParseKv(_) => stage.clone(),
    }
}

/// Which columns of its input a stage needs for the given columns of its output.
fn stage_needs(stage: &Stage, needed: &[bool], input_width: usize) -> Vec<bool> {
    let wanted = |i: usize| needed.get(i).copied().unwrap_or(false);
    let mut below: Vec<bool> = (0..input_width).map(wanted).collect();
    match stage {
        Stage::Where(e) => e.mark_columns(&mut below),
        Stage::Extend(sets) => {
            for (at, _) in sets {
                if let Some(slot) = below.get_mut(*at) {
                    *slot = false;
                }
            }
            sets.iter().filter(|(at, _)| wanted(*at)).for_each(|(_, e)| e.mark_columns(&mut below));
        }
        Stage::Project(values) => {
            below.fill(false);
            values
                .iter()
                .enumerate()
                .filter(|(i, _)| wanted(*i))
                .for_each(|(_, e)| e.mark_columns(&mut below));
        }
        Stage::MvExpand(m) => m.items.iter().for_each(|(e, ..)| e.mark_columns(&mut below)),
        Stage::Parse(p) => p.source.mark_columns(&mut below),
        Stage::ParseKv(p) => p.source.mark_columns(&mut below),
    }
    below
}

fn local_needs(stages: &[Stage], needed: Vec<bool>, table_width: usize) -> Vec<bool> {
    // Positions only grow along extends, so the widest is enough room everywhere.
    let mut needed = needed;
    let room = stages.iter().map(stage_reach).max().unwrap_or(0).max(table_width).max(needed.len());
    for stage in stages.iter().rev() {
        needed = stage_needs(stage, &needed, room);
    }
    needed.resize(table_width, false);
    needed
}

fn stage_reach(stage: &Stage) -> usize {
    match stage {
        Stage::Extend(sets) => sets.iter().map(|(i, _)| i + 1).max().unwrap_or(0),
        Stage::MvExpand(m) => m.width,
        Stage::Parse(p) => p.width,
        Stage::ParseKv(p) => p.width,
        Stage::Project(values) => values.len(),
        Stage::Where(_) => 0,
    }
}

fn set_needs(op: &SetOp, needed: &[bool], input_width: usize) -> Vec<bool> {
    let wanted = |i: usize| needed.get(i).copied().unwrap_or(false);
    let mut below: Vec<bool> = (0..input_width).map(wanted).collect();
    match op {
        SetOp::Sort(keys) => keys.iter().for_each(|k| k.value.mark_columns(&mut below)),
        SetOp::Top(_, key) => key.value.mark_columns(&mut below),
        SetOp::Take(_) => {}
        SetOp::Count => below.fill(false),
        SetOp::Window(sets) => sets.iter().for_each(|(_, e)| e.mark_columns(&mut below)),
        SetOp::Summarize(s) => {
            below.fill(false);
            s.keys.iter().for_each(|e| e.mark_columns(&mut below));
            s.aggregates.iter().flat_map(|a| &a.args).for_each(|e| e.mark_columns(&mut below));
        }
    }
    below
}

fn join_needs(join: &Join, needed: &[bool]) -> (Vec<bool>, Vec<bool>) {
    use crate::kql::plan::JoinKind::{RightAnti, RightSemi};
    let left_width = join.left.columns.len();
    let shift = if matches!(join.kind, RightSemi | RightAnti) { 0 } else { left_width };
    let wanted = |i: usize| needed.get(i).copied().unwrap_or(false);
    let mut left: Vec<bool> = (0..left_width).map(|i| shift > 0 && wanted(i)).collect();
    let mut right = vec![false; join.right.columns.len()];
    for (position, column) in join.right_columns.iter().enumerate() {
        if wanted(shift + position)
            && let Some(slot) = right.get_mut(*column)
        {
            *slot = true;
        }
    }
    join.left_keys.iter().for_each(|e| e.mark_columns(&mut left));
    join.right_keys.iter().for_each(|e| e.mark_columns(&mut right));
    (left, right)
}
