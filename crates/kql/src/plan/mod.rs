//! A bound, typed query: every name looked up, every type known.
//!
//! A plan is a graph: `let T = …` used twice is one node with two parents, worked out once a run.

mod expr;
mod graph;
mod join;
mod set;
pub mod split;
mod stage;

pub use expr::{CallExpr, Expr, ExprId, ExprKind, Parts, Window, WindowExpr};
pub use graph::{
    Components, Cycles, Graph, GraphEdge, GraphPattern, GraphQuery, GraphRead, GraphSource, NodeTable,
    PathFold, Shortest,
};
pub use join::{IpLookup, Join, JoinKind};
pub use set::{
    Activity, ActivityKind, AggregateExpr, ApplyOutput, MakeSeries, MvApply, Partition, Pivot, Scan,
    ScanOutput, ScanStep, SetOp, SortKey, Subquery, Summarize, TopNestedLevel,
};
pub use stage::{KvMode, MvExpand, Parse, ParseKv, Stage};

use crate::diagnostic::Span;
use crate::value::{Column, Str, Value};
use std::collections::HashSet;
use std::rc::Rc;

/// What tells a node from all others while its plan lives: its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(usize);

/// A node of a plan: what it does and what columns come out. Made by [`Plan::new`].
pub struct Plan {
    /// What it does.
    pub kind: PlanKind,
    /// What comes out.
    pub columns: Vec<Column>,
    /// Where it was written.
    pub span: Span,
    /// Whether the columns are not all known, because something in it could not be bound.
    pub open: bool,
    /// How deep what walks the plan has to go: one for each step of a pipeline, [`Plan::NESTED`] for each table
    /// inside another (a side of a join, `toscalar`). Binding refuses a plan that is too deep.
    pub depth: usize,
}

impl Plan {
    /// The deepest plan a query may have.
    pub const MAX_DEPTH: usize = 600;
    /// What a table inside another adds to the depth: pipelines are walked in loops, tables inside tables by recursion.
    pub const NESTED: usize = 8;

    /// A node over nodes made before.
    pub fn new(kind: PlanKind, columns: Vec<Column>, span: Span, open: bool) -> Rc<Plan> {
        let input = kind.input().map(Rc::as_ptr);
        let mut depth = 1;
        kind.for_each_plan(&mut |plan| {
            let step = if Some(Rc::as_ptr(plan)) == input { 1 } else { Plan::NESTED };
            depth = depth.max(plan.depth + step);
        });
        Rc::new(Plan { kind, columns, span, open, depth })
    }

    /// See [`NodeId`].
    pub fn id(self: &Rc<Plan>) -> NodeId {
        NodeId(Rc::as_ptr(self).addr())
    }

    /// Whether chance has a part in its rows.
    pub fn is_random(self: &Rc<Plan>) -> bool {
        let random = |e: &Expr| matches!(&e.kind, ExprKind::Window(w) if w.function.is_random());
        self.any(&mut |plan| {
            let mut found = false;
            plan.kind.for_each_expr(&mut |e| found |= e.any(&mut |e| random(e)));
            found
        })
    }

    /// Whether a node at or below this one satisfies a test; tables inside expressions are looked at too.
    pub fn any(self: &Rc<Plan>, test: &mut dyn FnMut(&Rc<Plan>) -> bool) -> bool {
        let (mut seen, mut todo) = (HashSet::new(), vec![Rc::clone(self)]);
        while let Some(plan) = todo.pop() {
            if !seen.insert(plan.id()) {
                continue;
            }
            if test(&plan) {
                return true;
            }
            plan.kind.for_each_plan(&mut |below| todo.push(Rc::clone(below)));
        }
        false
    }
}

/// What a node does.
pub enum PlanKind {
    /// Reads a table of the catalog.
    Table(Str),
    /// The rows that a leaf's row stages let through; made when a plan is split.
    Leaf(usize),
    /// The rows that a subquery (`mv-apply`, `partition`) is given; which subquery, by number.
    Given(usize),
    /// Rows written in the query.
    Rows(Vec<Vec<Value>>),
    /// One row.
    Print(Vec<Expr>),
    /// `range x from a to b step c`
    Range(Box<[Expr; 3]>),
    /// Goes row by row: each input row becomes none, one or many, and no other row matters.
    Stage(Rc<Plan>, Stage),
    /// Needs the rows together.
    Set(Rc<Plan>, SetOp),
    /// Two tables by key.
    Join(Box<Join>),
    /// Two tables by network: `evaluate ipv4_lookup(…)`.
    IpLookup(Box<IpLookup>),
    /// A graph of tables: `make-graph … | graph-match …`.
    Graph(Box<Graph>),
    /// Several tables one after the other; where each output column is found in each, `None` for missing.
    Union(Vec<UnionInput>),
    /// Nothing could be bound; reported already.
    Error,
}

impl PlanKind {
    /// The one table it goes over, where it is a step of a pipeline.
    pub fn input(&self) -> Option<&Rc<Plan>> {
        match self {
            PlanKind::Stage(input, _) | PlanKind::Set(input, _) => Some(input),
            _ => None,
        }
    }

    /// What a query calls it.
    pub fn operator(&self) -> &'static str {
        match self {
            PlanKind::Table(_) | PlanKind::Leaf(_) | PlanKind::Given(_) | PlanKind::Error => "table",
            PlanKind::Rows(_) => "datatable",
            PlanKind::Print(_) => "print",
            PlanKind::Range(_) => "range",
            PlanKind::Stage(_, stage) => stage.operator(),
            PlanKind::Set(_, op) => op.operator(),
            PlanKind::Join(_) => "join",
            PlanKind::IpLookup(_) => "evaluate ipv4_lookup",
            PlanKind::Graph(_) => "make-graph",
            PlanKind::Union(_) => "union",
        }
    }

    /// Every table it is made of, those inside its expressions too.
    pub fn for_each_plan(&self, f: &mut dyn FnMut(&Rc<Plan>)) {
        match self {
            PlanKind::Stage(input, _) => f(input),
            PlanKind::Set(input, op) => {
                f(input);
                match op {
                    SetOp::MvApply(m) => f(&m.body.plan),
                    SetOp::Partition(p) => f(&p.body.plan),
                    _ => {}
                }
            }
            PlanKind::Join(j) => {
                f(&j.left);
                f(&j.right);
            }
            PlanKind::IpLookup(l) => {
                f(&l.left);
                f(&l.right);
            }
            PlanKind::Graph(g) => g.for_each_plan(f),
            PlanKind::Union(inputs) => inputs.iter().for_each(|i| f(&i.plan)),
            _ => {}
        }
        self.for_each_expr(&mut |e| {
            e.visit(&mut |e| {
                if let ExprKind::Scalar(plan) | ExprKind::List(plan) = &e.kind {
                    f(plan);
                }
            });
        });
    }

    /// Every expression it evaluates itself.
    pub fn for_each_expr(&self, f: &mut dyn FnMut(&Expr)) {
        match self {
            PlanKind::Print(values) => values.iter().for_each(f),
            PlanKind::Range(parts) => parts.iter().for_each(f),
            PlanKind::Stage(_, stage) => stage.for_each_expr(f),
            PlanKind::Set(_, op) => op.for_each_expr(f),
            PlanKind::Join(j) => j.left_keys.iter().chain(&j.right_keys).for_each(f),
            PlanKind::IpLookup(l) => {
                [&l.left_key, &l.right_key].into_iter().for_each(&mut *f);
                l.extra.iter().for_each(|(a, b)| [a, b].into_iter().for_each(&mut *f));
            }
            PlanKind::Graph(g) => g.for_each_expr(f),
            PlanKind::Table(_)
            | PlanKind::Leaf(_)
            | PlanKind::Given(_)
            | PlanKind::Rows(_)
            | PlanKind::Union(_)
            | PlanKind::Error => {}
        }
    }
}

/// An input of a union.
pub struct UnionInput {
    /// The rows.
    pub plan: Rc<Plan>,
    /// For each output column where it comes from.
    pub sources: Vec<UnionSource>,
}

/// Where a column of a union comes from.
#[derive(Clone)]
pub enum UnionSource {
    /// A column of the input.
    Column(usize),
    /// The same for all rows of the input: `withsource`, or the missing value.
    Value(Value),
}
