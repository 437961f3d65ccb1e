//! Parts a plan into leaves, each a table with its row stages, and the set stages over them.
//!
//! This split is what lets one rule run in a pipeline filter (row stages only), in a stream (both) and across
//! machines (row stages everywhere, set stages at one place) with the same answer.

mod needs;

use super::NodeId;
use crate::plan::{
    Activity, AggregateExpr, Expr, ExprKind, IpLookup, MakeSeries, MvApply, MvExpand, Partition, Pivot, Plan,
    PlanKind, Scan, ScanStep, SetOp, SortKey, Stage, Subquery, Summarize, TopNestedLevel, UnionInput,
    UnionSource,
};
use crate::value::{Column, Str, Type};
use needs::{join_needs, local_needs, lookup_needs, set_needs, stage_needs};
use std::collections::HashMap;
use std::rc::Rc;

/// A table of the catalog and the row stages that run on each of its rows.
#[derive(Clone)]
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
#[derive(Clone)]
pub struct Split {
    /// The tables it reads, each use for itself.
    pub leaves: Vec<Leaf>,
    /// The rest, over [`PlanKind::Leaf`]s.
    pub root: Rc<Plan>,
}

/// Splits a plan.
pub fn split(plan: &Rc<Plan>) -> Split {
    split_with(plan, false)
}

/// Parts off the tables alone: every stage stays where the author wrote it. The answer is the same; it only takes longer.
pub fn split_at_tables(plan: &Rc<Plan>) -> Split {
    split_with(plan, true)
}

fn split_with(plan: &Rc<Plan>, tables_only: bool) -> Split {
    let mut splitter =
        Splitter { tables_only, leaves: Vec::new(), done: HashMap::new(), given: HashMap::new() };
    let all = vec![true; plan.columns.len()];
    let root = splitter.node(plan, &all);
    Split { leaves: splitter.leaves, root }
}

struct Splitter {
    /// Leaves have no stages.
    tables_only: bool,
    leaves: Vec<Leaf>,
    /// Nodes with several parents are done once.
    done: HashMap<NodeId, Rc<Plan>>,
    /// Which columns subqueries read of what they are given, by number.
    given: HashMap<usize, Vec<bool>>,
}

/// A step of a pipeline without what it goes over.
enum Step {
    Stage(Stage),
    Set(SetOp),
}

impl Splitter {
    /// The node with its leaves parted off; `needed` says which of its columns anyone reads. A pipeline is walked
    /// down and up again without recursion.
    fn node(&mut self, plan: &Rc<Plan>, needed: &[bool]) -> Rc<Plan> {
        let (mut at, mut needed) = (plan, needed.to_vec());
        // Each with whether it is shared, and which of its columns anyone reads.
        let mut steps: Vec<(&Rc<Plan>, Step, bool, Vec<bool>)> = Vec::new();
        let mut made = loop {
            if let Some(leaf) = self.leaf(at, &needed) {
                break leaf;
            }
            if let Some(done) = self.done.get(&at.id()) {
                break Rc::clone(done);
            }
            // A shared node serves all its parents: all its columns.
            let shared = Rc::strong_count(at) > 1;
            if shared {
                needed = vec![true; at.columns.len()];
            }
            match &at.kind {
                PlanKind::Stage(input, stage) => {
                    let below = stage_needs(stage, &needed, input.columns.len());
                    let stage = map_stage(stage, &mut |e| self.expr(e));
                    steps.push((at, Step::Stage(stage), shared, std::mem::replace(&mut needed, below)));
                    at = input;
                }
                PlanKind::Set(input, op) => {
                    let mut below = set_needs(op, &needed, input.columns.len());
                    let op = self.set_op(op, &mut below);
                    steps.push((at, Step::Set(op), shared, std::mem::replace(&mut needed, below)));
                    at = input;
                }
                PlanKind::Union(inputs)
                    if !self.tables_only && !shared && inputs.iter().all(|i| is_of_rows(&i.plan)) =>
                {
                    let mut chain = Vec::new();
                    while inputs.len() * chain.len() < MAX_STAGES_BELOW_UNION
                        && let Some((plan, _, _, of_plan)) =
                            steps.pop_if(|(plan, _, shared, _)| !*shared && is_local(plan))
                    {
                        chain.push(plan);
                        needed = of_plan;
                    }
                    break self.over_inputs(at, inputs, &chain, &needed);
                }
                _ => {
                    let made = self.source(at, &needed);
                    if shared {
                        self.done.insert(at.id(), Rc::clone(&made));
                    }
                    break made;
                }
            }
        };
        while let Some((plan, step, shared, _)) = steps.pop() {
            let kind = match step {
                Step::Stage(stage) => PlanKind::Stage(made, stage),
                Step::Set(op) => PlanKind::Set(made, op),
            };
            made = Plan::new(kind, plan.columns.clone(), plan.span, plan.open);
            if shared {
                self.done.insert(plan.id(), Rc::clone(&made));
            }
        }
        made
    }

    /// Row stages over a union, the lowest first, as the same stages over each of its inputs: there they are part of leaves.
    fn over_inputs(
        &mut self,
        union: &Rc<Plan>,
        inputs: &[UnionInput],
        chain: &[&Rc<Plan>],
        needed: &[bool],
    ) -> Rc<Plan> {
        let top = chain.last().unwrap_or(&union);
        let mut made: Vec<Rc<Plan>> =
            inputs.iter().map(|input| self.node(&over_input(input, union, chain), needed)).collect();
        if made.len() == 1
            && let Some(only) = made.pop()
        {
            return only;
        }
        let as_it_is = |plan: Rc<Plan>| UnionInput {
            sources: (0..plan.columns.len()).map(UnionSource::Column).collect(),
            plan,
        };
        let kind = PlanKind::Union(made.into_iter().map(as_it_is).collect());
        Plan::new(kind, top.columns.clone(), top.span, top.open)
    }

    /// A node that is no step of a pipeline.
    fn source(&mut self, plan: &Rc<Plan>, needed: &[bool]) -> Rc<Plan> {
        let kind = match &plan.kind {
            PlanKind::Table(_)
            | PlanKind::Leaf(_)
            | PlanKind::Error
            | PlanKind::Stage(..)
            | PlanKind::Set(..) => return Rc::clone(plan),
            PlanKind::Given(id) => {
                let read = self.given.entry(*id).or_default();
                read.resize(needed.len().max(read.len()), false);
                read.iter_mut().zip(needed).for_each(|(r, n)| *r |= n);
                return Rc::clone(plan);
            }
            PlanKind::Rows(rows) => PlanKind::Rows(rows.clone()),
            PlanKind::Print(values) => PlanKind::Print(values.iter().map(|e| self.expr(e)).collect()),
            PlanKind::Range(parts) => PlanKind::Range(Box::new(parts.each_ref().map(|e| self.expr(e)))),
            PlanKind::IpLookup(l) => {
                let (left, right) = lookup_needs(l, needed);
                PlanKind::IpLookup(Box::new(IpLookup {
                    left: self.node(&l.left, &left),
                    right: self.node(&l.right, &right),
                    left_key: l.left_key.clone(),
                    right_key: l.right_key.clone(),
                    extra: l.extra.clone(),
                    right_columns: l.right_columns.clone(),
                    right_types: l.right_types.clone(),
                    unmatched: l.unmatched,
                }))
            }
            PlanKind::Join(join) => {
                let (left, right) = join_needs(join, needed);
                let (left, right) = (self.node(&join.left, &left), self.node(&join.right, &right));
                PlanKind::Join(Box::new(join.with_inputs(left, right)))
            }
            PlanKind::Graph(g) => {
                let (body, read) = g.body.as_ref().map(|body| self.subquery(body)).unzip();
                let needed = read.as_deref().unwrap_or(needed);
                let edges = self.node(&g.source.edges, &g.edge_needs(needed));
                let tables = g.source.nodes.iter();
                let nodes = tables.map(|t| self.node(&t.plan, &g.node_needs(t, needed))).collect();
                PlanKind::Graph(Box::new(g.rebuilt(edges, nodes, body, &mut |e| self.expr(e))))
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
        Plan::new(kind, plan.columns.clone(), plan.span, plan.open)
    }

    /// The operator with the tables inside it split; `below` gets what its subquery reads of the input.
    fn set_op(&mut self, op: &SetOp, below: &mut [bool]) -> SetOp {
        let mark = |below: &mut [bool], read: &[bool]| {
            below.iter_mut().zip(read).for_each(|(b, r)| *b |= r);
        };
        match op {
            SetOp::Sort(keys) => SetOp::Sort(keys.iter().map(|k| self.sort_key(k)).collect()),
            SetOp::Top(n, k) => SetOp::Top(self.expr(n), self.sort_key(k)),
            SetOp::Take(n) => SetOp::Take(self.expr(n)),
            SetOp::Sample(n) => SetOp::Sample(self.expr(n)),
            SetOp::Count => SetOp::Count,
            SetOp::Window(sets) => SetOp::Window(sets.iter().map(|(i, e)| (*i, self.expr(e))).collect()),
            SetOp::Summarize(s) => SetOp::Summarize(Summarize {
                keys: self.exprs(&s.keys),
                aggregates: self.aggregates(&s.aggregates),
            }),
            SetOp::MvApply(m) => {
                let (body, read) = self.subquery(&m.body);
                // An expanded column is read as an item, not as the input's column.
                let mut read = read;
                for (_, at, _) in &m.expand.items {
                    if let Some(slot) = read.get_mut(*at) {
                        *slot = false;
                    }
                }
                mark(below, &read);
                SetOp::MvApply(Box::new(MvApply {
                    expand: Rc::new(self.mv_expand(&m.expand)),
                    body,
                    outputs: m.outputs.clone(),
                }))
            }
            SetOp::Partition(p) => {
                let (body, read) = self.subquery(&p.body);
                mark(below, &read);
                SetOp::Partition(Box::new(Partition { key: self.expr(&p.key), body, ..**p }))
            }
            SetOp::MakeSeries(m) => SetOp::MakeSeries(Box::new(MakeSeries {
                by: self.exprs(&m.by),
                aggregates: self.aggregates(&m.aggregates),
                results: self.exprs(&m.results),
                defaults: m.defaults.iter().map(|e| e.as_ref().map(|e| self.expr(e))).collect(),
                axis: self.expr(&m.axis),
                from: m.from.as_ref().map(|e| self.expr(e)),
                to: m.to.as_ref().map(|e| self.expr(e)),
                step: self.expr(&m.step),
                ..**m
            })),
            SetOp::TopNested(levels) => SetOp::TopNested(
                levels
                    .iter()
                    .map(|l| TopNestedLevel {
                        count: l.count.as_ref().map(|e| self.expr(e)),
                        key: self.expr(&l.key),
                        others: l.others.as_ref().map(|e| self.expr(e)),
                        aggregates: self.aggregates(&l.aggregates),
                        result: self.expr(&l.result),
                        ..*l
                    })
                    .collect(),
            ),
            SetOp::Scan(s) => SetOp::Scan(Box::new(Scan {
                defaults: self.exprs(&s.defaults),
                steps: s
                    .steps
                    .iter()
                    .map(|step| ScanStep {
                        condition: self.expr(&step.condition),
                        assignments: step.assignments.iter().map(|(at, e)| (*at, self.expr(e))).collect(),
                        output: step.output,
                    })
                    .collect(),
                ..**s
            })),
            SetOp::Pivot(p) => {
                SetOp::Pivot(Pivot { names: p.names.clone(), missing: p.missing.clone(), ..*p })
            }
            SetOp::Narrow(columns) => SetOp::Narrow(columns.clone()),
            SetOp::SchemaMerge(keep_order) => SetOp::SchemaMerge(*keep_order),
            SetOp::Activity(a) => SetOp::Activity(Box::new(Activity {
                id: self.expr(&a.id),
                time: self.expr(&a.time),
                bin: self.expr(&a.bin),
                start: a.start.as_ref().map(|e| self.expr(e)),
                end: a.end.as_ref().map(|e| self.expr(e)),
                lookback: a.lookback.as_ref().map(|e| self.expr(e)),
                period: a.period.as_ref().map(|e| self.expr(e)),
                dimensions: self.exprs(&a.dimensions),
                ..**a
            })),
            SetOp::RowsNear(e, before, after) => SetOp::RowsNear(self.expr(e), *before, *after),
        }
    }

    fn exprs(&mut self, es: &[Expr]) -> Vec<Expr> {
        es.iter().map(|e| self.expr(e)).collect()
    }

    fn sort_key(&mut self, k: &SortKey) -> SortKey {
        SortKey { value: self.expr(&k.value), ..k.clone() }
    }

    fn aggregates(&mut self, aggregates: &[AggregateExpr]) -> Vec<AggregateExpr> {
        aggregates.iter().map(|a| AggregateExpr { args: self.exprs(&a.args), ..*a }).collect()
    }

    fn mv_expand(&mut self, m: &MvExpand) -> MvExpand {
        MvExpand { items: m.items.iter().map(|(e, at, ty)| (self.expr(e), *at, *ty)).collect(), ..*m }
    }

    /// A subquery split, and which columns it reads of what it is given.
    fn subquery(&mut self, s: &Subquery) -> (Subquery, Vec<bool>) {
        let all = vec![true; s.plan.columns.len()];
        let plan = self.node(&s.plan, &all);
        let read = self.given.get(&s.given).cloned().unwrap_or_default();
        (Subquery { plan, given: s.given }, read)
    }

    /// An expression with the tables inside it (`toscalar`, `in (T)`) split too.
    fn expr(&mut self, e: &Expr) -> Expr {
        let mut change = |e: &Expr| {
            if e.is_row_local() {
                return Ok(Some(e.clone()));
            }
            let (ExprKind::Scalar(plan) | ExprKind::List(plan)) = &e.kind else { return Ok(None) };
            let mut needed = vec![false; plan.columns.len()];
            if let Some(first) = needed.first_mut() {
                *first = true;
            }
            let plan = self.node(plan, &needed);
            let kind = match e.kind {
                ExprKind::Scalar(_) => ExprKind::Scalar(plan),
                _ => ExprKind::List(plan),
            };
            Ok(Some(Expr { kind, ty: e.ty, span: e.span }))
        };
        let Ok(made) = e.rewrite::<std::convert::Infallible>(&mut change, &Expr::with_children);
        made
    }

    /// The longest run of row stages over a table, as a leaf, with what must wait on top of it.
    fn leaf(&mut self, plan: &Rc<Plan>, needed: &[bool]) -> Option<Rc<Plan>> {
        let mut chain: Vec<(&Stage, &Plan)> = Vec::new();
        let mut at = plan;
        let table = loop {
            match &at.kind {
                PlanKind::Stage(input, stage) if !self.tables_only => {
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
        let mut top = Plan::new(PlanKind::Leaf(index), columns.to_vec(), span, false);
        for e in waiting {
            let e = self.expr(&e);
            top = Plan::new(
                PlanKind::Stage(Rc::clone(&top), Stage::Where(e)),
                top.columns.clone(),
                span,
                false,
            );
        }
        for (stage, node) in rest {
            let stage = map_stage(stage, &mut |e| self.expr(e));
            top = Plan::new(PlanKind::Stage(top, stage), node.columns.clone(), node.span, false);
        }
        Some(top)
    }
}

/// So many row stages may be made of those over a union.
const MAX_STAGES_BELOW_UNION: usize = 10_000;

/// Whether a plan is row stages over a table.
fn is_of_rows(plan: &Plan) -> bool {
    let mut at = plan;
    while let PlanKind::Stage(input, _) = &at.kind {
        at = input;
    }
    matches!(at.kind, PlanKind::Table(_))
}

/// Whether a plan ends with a stage that depends on its row alone.
fn is_local(plan: &Plan) -> bool {
    match &plan.kind {
        PlanKind::Stage(_, stage) => sink_below(stage, &[]).is_some_and(|sunk| sunk.waiting.is_empty()),
        _ => false,
    }
}

/// Row stages that stand over a union, over one of its inputs. Filters come first: they read the input's columns before a row of
/// the union's is made.
fn over_input(input: &UnionInput, union: &Plan, chain: &[&Rc<Plan>]) -> Rc<Plan> {
    let value = |(source, column): (&UnionSource, &Column)| {
        let kind = match source {
            UnionSource::Column(i) => ExprKind::Column(*i),
            UnionSource::Value(v) => ExprKind::Const(v.clone()),
        };
        Expr { kind, ty: column.ty, span: union.span }
    };
    let values: Vec<Expr> = input.sources.iter().zip(&union.columns).map(value).collect();
    let over = |plan: Rc<Plan>, stage: Stage, like: &Plan| {
        let columns = match &stage {
            Stage::Where(_) => plan.columns.clone(),
            _ => like.columns.clone(),
        };
        Plan::new(PlanKind::Stage(plan, stage), columns, like.span, like.open)
    };
    let (mut plan, mut chain) = (Rc::clone(&input.plan), chain);
    while let [first, rest @ ..] = chain
        && let PlanKind::Stage(_, Stage::Where(e)) = &first.kind
        && let Some(e) = e.with_constants(&|i| values.get(i).cloned())
    {
        (plan, chain) = (over(plan, Stage::Where(e), first), rest);
    }
    plan = over(plan, Stage::Project(values), union);
    for step in chain {
        if let PlanKind::Stage(_, stage) = &step.kind {
            plan = over(plan, stage.clone(), step);
        }
    }
    plan
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
            e.visit(&mut |x| reads |= matches!(x.kind, ExprKind::Column(i) if i == at));
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
                _ => Some(Stage::Where(Expr {
                    kind: ExprKind::And(local.into()),
                    ty: Type::Bool,
                    span: e.span,
                })),
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
            let fits = p.source.is_row_local() && p.columns.iter().all(|(_, at, _)| !reads(*at));
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
    e.with_columns(&|i, column| {
        let at = values.iter().position(|v| matches!(v.kind, ExprKind::Column(j) if j == i))?;
        Some(Expr { kind: ExprKind::Column(at), ty: column.ty, span: column.span })
    })
}

/// A stage with its expressions replaced.
fn map_stage(stage: &Stage, f: &mut dyn FnMut(&Expr) -> Expr) -> Stage {
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
