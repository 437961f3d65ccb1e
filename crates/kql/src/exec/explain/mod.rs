//! A run told in the query's own words: every table of the query is a branch of stages, each with its rows and values.
//!
//! The run is the one that answers, over a plan that was [split at its tables](crate::plan::split::split_at_tables) so that each
//! stage stands where the author wrote it. A [`Watch`] sees what it does; nothing is worked out here that could say otherwise.

pub mod coverage;
mod late;
pub mod values;

use super::ExecError;
use super::row::{Event, Row};
use super::run::{Run, Table};
use super::stage::CompiledStage;
use super::watch::{Flow, Seen, Watch};
use crate::diagnostic::Span;
use crate::plan::split::{Leaf, Split};
use crate::plan::{Expr, ExprKind, NodeId, Plan, PlanKind, SetOp, Stage};
use crate::syntax::ast::StatementKind;
use crate::syntax::parse::parse;
use crate::value::{Column, Str, Value};
use std::collections::HashMap;
use std::rc::Rc;
use values::{Step, Tracer};

/// How many rows of a stage are told in full: of the event that is looked at, or of all events.
const MAX_ROWS: [usize; 2] = [20, 5];
/// How many rows that a stage made of several are told.
const MAX_MADE: usize = 5;
/// How many branches, and how many stages in all.
const MAX_BRANCHES: usize = 300;
const MAX_STAGES: usize = 1000;
/// How many steps are told in all.
const MAX_ALL_STEPS: usize = 20_000;

/// A `let` statement of a query.
#[derive(Clone, Debug)]
pub struct Let {
    /// The name it gives.
    pub name: Str,
    /// Where the name stands.
    pub name_span: Span,
    /// What it is given to.
    pub value: Span,
    /// The whole statement.
    pub span: Span,
}

/// The `let` statements of a query, in order.
pub fn lets(query: &str) -> Vec<Let> {
    let one = |statement: &crate::syntax::ast::Statement| match &statement.kind {
        StatementKind::Let(name, value) => Some(Let {
            name: Rc::clone(&name.text),
            name_span: name.span,
            value: value.span,
            span: statement.span,
        }),
        _ => None,
    };
    parse(query).0.iter().filter_map(one).collect()
}

/// What a branch is to the stage that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchKind {
    /// The statement that answers.
    Query,
    /// What a `let` names.
    Let,
    /// An input of a union, by number from 1.
    Union(usize),
    /// The right side of a join or lookup.
    Join,
    /// The right side of a join that takes away what matches: nothing of it comes out.
    AntiJoin,
    /// The right side of `in`.
    List,
    /// `toscalar`
    Scalar,
    /// What `mv-apply` or `partition` runs again and again.
    Subquery,
    /// A table of a graph.
    Graph,
}

impl BranchKind {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            BranchKind::Query => "query",
            BranchKind::Let => "let",
            BranchKind::Union(_) => "union",
            BranchKind::Join | BranchKind::AntiJoin => "join",
            BranchKind::List => "list",
            BranchKind::Scalar => "scalar",
            BranchKind::Subquery => "subquery",
            BranchKind::Graph => "graph",
        }
    }

    /// Whether rows of it can come out of the stage that reads it.
    fn carries_rows(self) -> bool {
        !matches!(self, BranchKind::AntiJoin | BranchKind::List | BranchKind::Scalar)
    }
}

/// What became of rows at a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A row came out.
    Passed,
    /// Rows went in and none came out.
    Stopped,
    /// No row came so far; what it would have said was worked out for show, and whether it would have passed.
    Late(bool),
    /// No row came so far.
    Unreached,
    /// The run failed here.
    Failed,
}

/// How many rows, and how many of them of the event that is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All rows.
    pub rows: usize,
    /// Those of the event.
    pub of_event: usize,
}

/// A tabular part of a query: a pipeline.
#[derive(Clone, Debug)]
pub struct Branch {
    /// What it is to the stage that reads it.
    pub kind: BranchKind,
    /// The stage that reads it first: a branch and a place in it.
    pub parent: Option<(usize, usize)>,
    /// The `let` it stands in, by number.
    pub of_let: Option<usize>,
    /// The stages in the order they run in, the table they begin with first.
    pub stages: Vec<ExplainedStage>,
    /// What comes out.
    pub out: Count,
}

/// A stage of a branch.
#[derive(Clone, Debug)]
pub struct ExplainedStage {
    /// As the author wrote it: `where`, `join` …; `table` for what a branch begins with.
    pub operator: String,
    /// The table it reads, if it is one.
    pub table: Option<Str>,
    /// Where it stands.
    pub span: Span,
    /// Rows in.
    pub into: Count,
    /// Rows out.
    pub out: Count,
    /// What became of the event's rows, or of all.
    pub state: State,
    /// The other branches that it reads.
    pub branches: Vec<usize>,
    /// Rows with the values of its expressions.
    pub rows: Vec<ExplainedRow>,
    /// Rows that it made, where it makes new ones.
    pub made: Vec<MadeRow>,
}

/// A row that went into a stage.
#[derive(Clone, Debug)]
pub struct ExplainedRow {
    /// Whether a row came out for it; nothing where that is not a question of the row alone.
    pub passed: Option<bool>,
    /// Which branch's row it is, where a stage reads several.
    pub side: Option<usize>,
    /// The events behind it.
    pub events: Vec<Rc<Event>>,
    /// Its expressions' parts.
    pub steps: Vec<Step>,
}

/// A row that a stage made of several.
#[derive(Clone, Debug)]
pub struct MadeRow {
    /// Names and values.
    pub values: Vec<(Column, Value)>,
    /// How many events are behind it.
    pub events: usize,
    /// Whether the event that is looked at is one of them.
    pub of_event: bool,
}

/// A run in the query's own words.
#[derive(Debug)]
pub struct Explained {
    /// The first is the statement that answers.
    pub branches: Vec<Branch>,
    /// What came out, or why nothing did.
    pub rows: Result<Table, ExecError>,
    /// Where it ended for the event, or for all rows: a branch and a stage. Nothing if rows came out.
    pub stopped: Option<(usize, usize)>,
    /// How many stages were passed on the way to the end or to where it stopped, and how many there are on it.
    pub way: (usize, usize),
    /// Whether something was left out.
    pub cut: bool,
}

/// Runs a plan that was split at its tables, and tells what it did. `event` is looked at; without one, all rows are.
pub fn explain(run: &mut Run<'_>, split: &Split, query: &str, event: Option<Rc<Event>>) -> Explained {
    run.watch = Some(Watch::new(MAX_ROWS[0], event.clone()));
    let rows = run.table(&split.root);
    let watch = run.watch.take().unwrap_or_default();
    let mut teller = Teller {
        run,
        watch,
        leaves: &split.leaves,
        query,
        lets: lets(query),
        event,
        branches: Vec::new(),
        known: HashMap::new(),
        failed: rows.is_err(),
        stages: 0,
        steps: 0,
        cut: false,
    };
    teller.branch(&split.root, BranchKind::Query, None);
    let Teller { branches, cut, event, .. } = teller;
    let (stopped, way) = where_it_ended(&branches, event.is_some());
    Explained { branches, rows, stopped, way, cut }
}

/// Where rows ended: of all stages that let nothing out, the one with the fewest stages behind it.
fn where_it_ended(branches: &[Branch], of_event: bool) -> (Option<(usize, usize)>, (usize, usize)) {
    let count = |c: Count| if of_event { c.of_event } else { c.rows };
    // How many stages of the branch and of those above come behind a stage.
    let behind = |branch: usize, stage: usize| {
        let (mut at, mut total, mut steps) = ((branch, stage), 0, 0);
        while let Some(b) = branches.get(at.0) {
            total += b.stages.len().saturating_sub(at.1 + 1);
            steps += 1;
            match b.parent {
                Some(parent) if steps <= branches.len() => {
                    total += 1;
                    at = parent;
                }
                _ => break,
            }
        }
        total
    };
    let main = branches.first();
    if main.is_some_and(|b| count(b.out) > 0) {
        let all = branches.iter().map(|b| b.stages.len()).sum::<usize>();
        return (None, (all, all));
    }
    let mut best: Option<(bool, usize, (usize, usize))> = None;
    for (b, branch) in branches.iter().enumerate() {
        // A branch passed as a whole ends at the stage that reads it, if nothing of it comes out there.
        let ended = branch.stages.iter().position(|s| matches!(s.state, State::Stopped | State::Failed));
        let place = match (ended, branch.parent) {
            (Some(stage), _) => (b, stage),
            (None, Some((pb, ps))) if count(branch.out) > 0 => {
                let reads = branches.get(pb).and_then(|p| p.stages.get(ps));
                if reads.is_none_or(|s| count(s.out) > 0) {
                    continue;
                }
                (pb, ps)
            }
            _ => continue,
        };
        let mut carries = branch.kind.carries_rows();
        let mut parent = branch.parent;
        while let Some((p, _)) = parent {
            let above = branches.get(p);
            carries &= above.is_none_or(|b| b.kind.carries_rows());
            parent = above.and_then(|b| b.parent);
        }
        let rank = (!carries, behind(place.0, place.1), place);
        if best.is_none_or(|best| rank < best) {
            best = Some(rank);
        }
    }
    match best {
        Some((_, behind, (b, s))) => {
            let before = branches.get(b).map_or(0, |branch| {
                let passed = branch.stages.iter().take(s).filter(|s| s.state == State::Passed).count();
                let sides = branch.stages.get(s).map(|s| &s.branches);
                let sides = sides.into_iter().flatten().filter_map(|i| branches.get(*i));
                passed + sides.flat_map(|b| &b.stages).filter(|s| s.state == State::Passed).count()
            });
            (Some((b, s)), (before, before + behind + 1))
        }
        None => (None, (0, branches.iter().map(|b| b.stages.len()).sum())),
    }
}

struct Teller<'r, 'a> {
    run: &'r mut Run<'a>,
    watch: Watch,
    leaves: &'r [Leaf],
    query: &'r str,
    lets: Vec<Let>,
    event: Option<Rc<Event>>,
    branches: Vec<Branch>,
    /// The branch that tells of a node.
    known: HashMap<NodeId, usize>,
    failed: bool,
    stages: usize,
    steps: usize,
    cut: bool,
}

/// What a branch begins with.
enum Source<'p> {
    /// A node that is no step.
    Node(&'p Rc<Plan>),
    /// Another branch.
    Branch(&'p Rc<Plan>),
}

impl Teller<'_, '_> {
    /// The `let` that a place stands in.
    fn let_of(&self, span: Span) -> Option<usize> {
        self.lets.iter().position(|l| l.value.start <= span.start && span.end <= l.value.end)
    }

    /// The branch of a table; nothing past the limit.
    fn branch(&mut self, plan: &Rc<Plan>, kind: BranchKind, parent: Option<(usize, usize)>) -> Option<usize> {
        if let Some(known) = self.known.get(&plan.id()) {
            return Some(*known);
        }
        if self.branches.len() >= MAX_BRANCHES || self.stages >= MAX_STAGES {
            self.cut = true;
            return None;
        }
        let of_let = self.let_of(plan.span);
        let id = self.branches.len();
        let out = self.watch.seen(plan.id()).map(|s| count(&s.out)).unwrap_or_default();
        self.branches.push(Branch { kind, parent, of_let, stages: Vec::new(), out });
        // Down to what the pipeline begins with: a table, what others read too, or another statement.
        let (mut steps, mut at) = (Vec::new(), plan);
        let source = loop {
            if at.id() != plan.id()
                && (self.known.contains_key(&at.id())
                    || self.let_of(at.span) != of_let && self.starts_let(at))
            {
                break Source::Branch(at);
            }
            self.known.insert(at.id(), id);
            match Teller::piped(at) {
                Some(input) => {
                    steps.push(at);
                    at = input;
                }
                None => break Source::Node(at),
            }
        };
        match source {
            Source::Branch(plan) => self.push_source(id, plan),
            Source::Node(plan) => self.push_node(id, plan, None),
        }
        while let Some(step) = steps.pop() {
            if self.stages >= MAX_STAGES {
                self.cut = true;
                break;
            }
            let input = Teller::piped(step);
            self.push_node(id, step, input);
        }
        self.late(id, plan);
        Some(id)
    }

    /// Whether a node stands in a `let`, or the nodes above it do and it does not (what a function is given).
    fn starts_let(&self, plan: &Rc<Plan>) -> bool {
        // Columns picked for a table of the caller have no place of their own.
        plan.span != Span::default()
    }

    /// What stands before a node in its pipeline.
    fn piped(plan: &Rc<Plan>) -> Option<&Rc<Plan>> {
        match &plan.kind {
            PlanKind::Join(j) => Some(&j.left),
            PlanKind::IpLookup(l) => Some(&l.left),
            PlanKind::Union(inputs) => {
                let first = inputs.first().map(|i| &i.plan)?;
                (first.span.start < plan.span.start).then_some(first)
            }
            kind => kind.input(),
        }
    }

    /// A branch begins with what another one makes.
    fn push_source(&mut self, id: usize, plan: &Rc<Plan>) {
        let kind = if self.let_of(plan.span).is_some() { BranchKind::Let } else { BranchKind::Subquery };
        let other = self.branch(plan, kind, Some((id, 0)));
        let out = self.watch.seen(plan.id()).map(|s| count(&s.out)).unwrap_or_default();
        let state = self.state(out, out, false);
        let name = self.let_of(plan.span).and_then(|i| self.lets.get(i)).map(|l| Rc::clone(&l.name));
        self.stage(
            id,
            ExplainedStage {
                operator: "table".to_owned(),
                table: name,
                span: Span::default(),
                into: out,
                out,
                state,
                branches: other.into_iter().collect(),
                rows: Vec::new(),
                made: Vec::new(),
            },
        );
    }

    fn stage(&mut self, id: usize, stage: ExplainedStage) {
        self.stages += 1;
        if let Some(branch) = self.branches.get_mut(id) {
            branch.stages.push(stage);
        }
    }

    fn state(&self, into: Count, out: Count, failed: bool) -> State {
        let of = |c: Count| if self.event.is_some() { c.of_event } else { c.rows };
        match (of(into), of(out)) {
            _ if failed => State::Failed,
            (_, 1..) => State::Passed,
            (0, 0) => State::Unreached,
            _ => State::Stopped,
        }
    }

    /// A node as a stage of a branch. Nodes that stand at one place are one stage.
    fn push_node(&mut self, id: usize, plan: &Rc<Plan>, input: Option<&Rc<Plan>>) {
        let own = self.watch.seen(plan.id());
        let out = own.map(|s| count(&s.out)).unwrap_or_default();
        let into = match (own, input) {
            (Some(seen), Some(_)) if plan.kind.input().is_some() => count(&seen.into),
            (_, Some(input)) => self.watch.seen(input.id()).map(|s| count(&s.out)).unwrap_or_default(),
            (_, None) => out,
        };
        let began =
            own.is_some() || input.is_some_and(|i| self.watch.seen(i.id()).is_some_and(|s| s.runs > 0));
        let failed = self.failed && began && own.is_none_or(|s| s.runs == 0);
        let place = self.branches.get(id).map_or(0, |b| b.stages.len());
        let mut stage = ExplainedStage {
            operator: written(self.query, plan),
            table: self.table(plan),
            span: plan.span,
            into,
            out,
            state: self.state(into, out, failed),
            branches: Vec::new(),
            rows: Vec::new(),
            made: Vec::new(),
        };
        self.read_branches(plan, input, (id, place), &mut stage.branches);
        self.tell_rows(plan, &mut stage);
        let last = self.branches.get_mut(id).and_then(|b| b.stages.last_mut());
        if let Some(last) =
            last.filter(|last| last.span == plan.span && last.span != Span::default() && input.is_some())
        {
            last.out = out;
            last.rows = merged(std::mem::take(&mut last.rows), stage.rows);
            if !stage.made.is_empty() {
                last.made = stage.made;
            }
            last.branches.extend(stage.branches);
            if last.state == State::Passed || stage.state == State::Failed {
                last.state = if stage.state == State::Unreached { State::Stopped } else { stage.state };
            }
            return;
        }
        self.stage(id, stage);
    }

    /// The name of the table that a node reads.
    fn table(&self, plan: &Plan) -> Option<Str> {
        match &plan.kind {
            PlanKind::Leaf(i) => self.leaves.get(*i).map(|leaf| Rc::clone(&leaf.table)),
            PlanKind::Table(name) => Some(Rc::clone(name)),
            _ => None,
        }
    }

    /// The branches that a stage reads besides the one it stands in.
    fn read_branches(
        &mut self,
        plan: &Rc<Plan>,
        input: Option<&Rc<Plan>>,
        place: (usize, usize),
        branches: &mut Vec<usize>,
    ) {
        let mut read = |teller: &mut Self, plan: &Rc<Plan>, kind: BranchKind| {
            if branches.len() < MAX_BRANCHES {
                branches.extend(teller.branch(plan, kind, Some(place)));
            }
        };
        match &plan.kind {
            PlanKind::Join(j) => {
                use crate::plan::JoinKind::{LeftAnti, LeftSemi};
                // A semi-join's right side decides too, but its rows do not come out.
                let anti = matches!(j.kind, LeftAnti | LeftSemi);
                read(self, &j.right, if anti { BranchKind::AntiJoin } else { BranchKind::Join });
            }
            PlanKind::IpLookup(l) => read(self, &l.right, BranchKind::Join),
            PlanKind::Union(inputs) => {
                for (i, leg) in inputs.iter().enumerate() {
                    if input.is_none_or(|input| input.id() != leg.plan.id()) {
                        read(self, &leg.plan, BranchKind::Union(i + 1));
                    }
                }
            }
            PlanKind::Set(_, SetOp::MvApply(m)) => read(self, &m.body.plan, BranchKind::Subquery),
            PlanKind::Set(_, SetOp::Partition(p)) => read(self, &p.body.plan, BranchKind::Subquery),
            PlanKind::Graph(g) => {
                let mut plans = Vec::new();
                g.for_each_plan(&mut |plan| plans.push(Rc::clone(plan)));
                plans.iter().for_each(|plan| read(self, plan, BranchKind::Graph));
            }
            _ => {}
        }
        let mut inside: Vec<(Rc<Plan>, BranchKind)> = Vec::new();
        plan.kind.for_each_expr(&mut |e| {
            e.visit(&mut |e| match &e.kind {
                ExprKind::Scalar(plan) => inside.push((Rc::clone(plan), BranchKind::Scalar)),
                ExprKind::List(plan) => inside.push((Rc::clone(plan), BranchKind::List)),
                _ => {}
            });
        });
        inside.iter().for_each(|(plan, kind)| read(self, plan, *kind));
    }

    /// The rows of a stage with their values, and what it made of them.
    fn tell_rows(&mut self, plan: &Rc<Plan>, stage: &mut ExplainedStage) {
        let expressions = expressions(plan);
        let sides: Vec<(Option<usize>, Vec<Row>, Vec<Expr>)> = match &plan.kind {
            PlanKind::Join(j) => {
                let right = stage.branches.first().copied();
                vec![
                    (
                        None,
                        self.some(self.watch.seen(j.left.id()).map(|s| &s.out), true),
                        j.left_keys.clone(),
                    ),
                    (
                        right,
                        self.some(self.watch.seen(j.right.id()).map(|s| &s.out), true),
                        j.right_keys.clone(),
                    ),
                ]
            }
            PlanKind::IpLookup(l) => {
                let rows = self.some(self.watch.seen(l.left.id()).map(|s| &s.out), true);
                vec![(None, rows, vec![l.left_key.clone()])]
            }
            PlanKind::Stage(..) | PlanKind::Set(..) => {
                let rows = self.some(self.watch.seen(plan.id()).map(|s| &s.into), false);
                vec![(None, rows, expressions)]
            }
            PlanKind::Print(_) => vec![(None, vec![Row::default()], expressions)],
            _ => Vec::new(),
        };
        let predicate = match &plan.kind {
            PlanKind::Stage(_, Stage::Where(e)) => self.run.resolve(e).ok(),
            _ => None,
        };
        let compiled = self.compiled(plan);
        for (side, rows, expressions) in sides {
            let resolved: Vec<Expr> = expressions.iter().filter_map(|e| self.run.resolve(e).ok()).collect();
            for row in rows {
                let passed = compiled.as_ref().map(|stage| !self.through(stage, row.clone()).is_empty());
                let steps = self.steps_of(&resolved, predicate.as_ref(), &row);
                stage.rows.push(ExplainedRow {
                    passed,
                    side,
                    events: row.evidence.events().iter().take(MAX_MADE).cloned().collect(),
                    steps,
                });
            }
        }
        let makes = match &plan.kind {
            PlanKind::Set(_, op) => !matches!(op, SetOp::Sort(_) | SetOp::Take(_) | SetOp::Sample(_)),
            PlanKind::Join(_) | PlanKind::IpLookup(_) | PlanKind::Graph(_) => false,
            PlanKind::Rows(_) | PlanKind::Print(_) | PlanKind::Range(_) => true,
            _ => false,
        };
        if makes && let Some(seen) = self.watch.seen(plan.id()) {
            stage.made = self.made(plan, seen);
        }
    }

    fn made(&self, plan: &Plan, seen: &Seen) -> Vec<MadeRow> {
        let rows = seen.out.first_of_event.iter().map(|r| (r, true));
        let rest = seen.out.first.iter().map(|r| (r, false)).filter(|(r, _)| !self.is_of_event(r));
        let made = |(row, of_event): (&Row, bool)| MadeRow {
            values: plan.columns.iter().cloned().zip(row.values.iter().cloned()).take(24).collect(),
            events: row.evidence.events().len(),
            of_event,
        };
        rows.chain(rest).take(MAX_MADE).map(made).collect()
    }

    fn is_of_event(&self, row: &Row) -> bool {
        self.event.as_ref().is_some_and(|event| row.evidence.events().iter().any(|e| Rc::ptr_eq(e, event)))
    }

    /// The rows that are told of a flow. `any`: others where none is of the event.
    fn some(&self, flow: Option<&Flow>, any: bool) -> Vec<Row> {
        let Some(flow) = flow else { return Vec::new() };
        let [of_event, of_all] = MAX_ROWS;
        match &self.event {
            Some(_) if !flow.first_of_event.is_empty() || !any => {
                flow.first_of_event.iter().take(of_event).cloned().collect()
            }
            _ => flow.first.iter().take(of_all).cloned().collect(),
        }
    }

    fn compiled(&mut self, plan: &Plan) -> Option<CompiledStage> {
        match &plan.kind {
            PlanKind::Stage(_, stage) => CompiledStage::new(stage, &mut |e| self.run.resolve(e)).ok(),
            _ => None,
        }
    }

    /// What a stage makes of one row: by the same code as in the run.
    fn through(&mut self, stage: &CompiledStage, row: Row) -> Vec<Row> {
        let mut made = Vec::new();
        let Run { budget, scratch, .. } = &mut *self.run;
        let one = std::slice::from_ref(stage);
        // A row that is too much for the budget has failed the run before.
        let _ = super::stage::run(one, row, budget, scratch, &mut |row| made.push(row));
        made
    }

    fn steps_of(&mut self, resolved: &[Expr], predicate: Option<&Expr>, row: &Row) -> Vec<Step> {
        if self.steps >= MAX_ALL_STEPS {
            self.cut = true;
            return Vec::new();
        }
        let mut tracer = Tracer::new(self.query);
        match predicate {
            Some(predicate) => {
                tracer.value(predicate, &row.values);
                tracer.mark_deciding(predicate);
            }
            None => resolved.iter().for_each(|e| drop(tracer.value(e, &row.values))),
        }
        self.cut |= tracer.cut;
        self.steps += tracer.steps.len();
        let steps = tracer.steps;
        let _ = self.run.budget.settle();
        steps
    }
}

fn count(flow: &Flow) -> Count {
    Count { rows: flow.rows, of_event: flow.of_event }
}

/// An operator as the author wrote it.
fn written(query: &str, plan: &Plan) -> String {
    let known = plan.kind.operator();
    let is_step = matches!(
        &plan.kind,
        PlanKind::Stage(..) | PlanKind::Set(..) | PlanKind::Join(_) | PlanKind::Union(_)
    );
    let text = query.get(plan.span.range()).unwrap_or_default();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)).unwrap_or(text.len());
    match text.get(..end) {
        Some(word) if is_step && word.len() <= 40 && word.starts_with(|c: char| c.is_ascii_lowercase()) => {
            word.to_owned()
        }
        _ => known.to_owned(),
    }
}

/// The expressions that a stage evaluates for each row.
fn expressions(plan: &Plan) -> Vec<Expr> {
    let mut expressions = Vec::new();
    plan.kind.for_each_expr(&mut |e| expressions.push(e.clone()));
    // Where a row stands among the others is no value of the row.
    expressions.retain(|e| !e.any(&mut |e| matches!(e.kind, ExprKind::Window(_))));
    expressions
}

/// The rows of one stage that is several nodes: the steps of the later ones behind those of the first.
fn merged(mut rows: Vec<ExplainedRow>, later: Vec<ExplainedRow>) -> Vec<ExplainedRow> {
    if rows.is_empty() {
        return later;
    }
    for (row, later) in rows.iter_mut().zip(later) {
        row.passed = match (row.passed, later.passed) {
            (Some(a), Some(b)) => Some(a && b),
            (a, b) => a.or(b),
        };
        row.steps.extend(later.steps);
    }
    rows
}
