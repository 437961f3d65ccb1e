//! What runs have tried of a query: which stages let rows through and turned rows away, which operands were true and false, which
//! arms of a `case` were taken, which legs of a union and sides of a join had rows.

use super::values::{Choice, Tracer};
use super::{Teller, expressions};
use crate::diagnostic::Span;
use crate::exec::ExecError;
use crate::exec::run::{Run, Table};
use crate::exec::watch::{Flow, Seen, Watch};
use crate::plan::{Expr, ExprKind, JoinKind, Plan, PlanKind, Stage};
use crate::value::Value;
use crate::value::key::{self, KeySet};
use indexmap::IndexMap;
use std::collections::HashSet;
use std::rc::Rc;

/// Of how many rows of a stage and run the operands are looked at.
const MAX_ROWS: usize = 10_000;
/// How many obligations a query can have.
const MAX_OBLIGATIONS: usize = 5_000;

/// What kind of thing is to be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObligationKind {
    /// An operator of a pipeline.
    Stage,
    /// A part of an `and` or an `or`.
    Operand,
    /// A value of a `case` or `iff`.
    Arm,
    /// An input of a union, a side of a join.
    Leg,
}

impl ObligationKind {
    /// One word.
    pub fn name(self) -> &'static str {
        match self {
            ObligationKind::Stage => "stage",
            ObligationKind::Operand => "operand",
            ObligationKind::Arm => "arm",
            ObligationKind::Leg => "leg",
        }
    }
}

/// Something that tests should try, and how often they did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// What it is.
    pub kind: ObligationKind,
    /// The operator it belongs to: `where`, `and`, `case`, `union` …
    pub operator: String,
    /// Where it stands.
    pub span: Span,
    /// What should be seen, and how often it was.
    pub counts: Vec<(&'static str, u64)>,
    /// Of an operand: how often it alone decided.
    pub decided: Option<u64>,
}

/// What was tried so far.
#[derive(Default)]
pub struct Coverage {
    obligations: IndexMap<(ObligationKind, Span), Obligation>,
    /// Whether a limit left something out.
    pub cut: bool,
}

impl Coverage {
    /// The obligations in the order of the text.
    pub fn obligations(&self) -> Vec<&Obligation> {
        let mut all: Vec<&Obligation> = self.obligations.values().collect();
        // A stage before what stands in it.
        all.sort_by_key(|o| (o.span.start, std::cmp::Reverse(o.span.end)));
        all
    }

    /// Runs a plan that was split at its tables, and counts what it tried. Without rows everything is still named.
    pub fn run(&mut self, run: &mut Run<'_>, root: &Rc<Plan>, query: &str) -> Result<Table, ExecError> {
        run.watch = Some(Watch::new(MAX_ROWS, None));
        let rows = run.table(root);
        let watch = run.watch.take().unwrap_or_default();
        let (mut seen, mut todo) = (HashSet::new(), vec![Rc::clone(root)]);
        while let Some(plan) = todo.pop() {
            if !seen.insert(plan.id()) {
                continue;
            }
            if self.obligations.len() >= MAX_OBLIGATIONS {
                self.cut = true;
                break;
            }
            self.node(run, &watch, &plan, query);
            plan.kind.for_each_plan(&mut |below| todo.push(Rc::clone(below)));
        }
        rows
    }

    fn node(&mut self, run: &mut Run<'_>, watch: &Watch, plan: &Rc<Plan>, query: &str) {
        let none = Seen::default();
        let seen = watch.seen(plan.id()).unwrap_or(&none);
        let operator = super::written(query, plan);
        let rows = |n: usize| n as u64;
        match &plan.kind {
            PlanKind::Stage(_, Stage::Where(_)) => {
                let (into, out) = (rows(seen.into.rows), rows(seen.out.rows));
                let counts = [("passed", out), ("rejected", into.saturating_sub(out))];
                self.count(ObligationKind::Stage, &operator, plan.span, &counts);
            }
            PlanKind::Stage(_, Stage::Parse(p)) if p.filter => {
                let (into, out) = (rows(seen.into.rows), rows(seen.out.rows));
                let counts = [("passed", out), ("rejected", into.saturating_sub(out))];
                self.count(ObligationKind::Stage, &operator, plan.span, &counts);
            }
            PlanKind::Join(j) => {
                let empty = Flow::default();
                let left = watch.seen(j.left.id()).map_or(&empty, |s| &s.out);
                let right = watch.seen(j.right.id()).map_or(&empty, |s| &s.out);
                let alone = without_partner(run, (&j.left_keys, left), (&j.right_keys, right), j.kind);
                let counts = [("matched", rows(alone.0)), ("unmatched", rows(alone.1))];
                self.count(ObligationKind::Stage, &operator, plan.span, &counts);
                for (side, flow) in [(&j.left, left), (&j.right, right)] {
                    let span = extent(side);
                    self.count(ObligationKind::Leg, &operator, span, &[("rows", rows(flow.rows))]);
                }
            }
            PlanKind::Union(inputs) => {
                for leg in inputs {
                    let out = watch.seen(leg.plan.id()).map_or(0, |s| rows(s.out.rows));
                    self.count(ObligationKind::Leg, &operator, extent(&leg.plan), &[("rows", out)]);
                }
            }
            PlanKind::Stage(..) | PlanKind::Set(..) | PlanKind::IpLookup(_) | PlanKind::Graph(_) => {
                self.count(ObligationKind::Stage, &operator, plan.span, &[("rows", rows(seen.out.rows))]);
            }
            _ => {}
        }
        if seen.into.rows > seen.into.first.len() {
            self.cut = true;
        }
        for e in expressions(plan) {
            self.declare(&e, query);
            if seen.into.first.is_empty() {
                continue;
            }
            let Ok(resolved) = run.resolve(&e) else { continue };
            for row in &seen.into.first {
                let mut chosen = |choice: Choice<'_>| self.choice(&choice, query);
                let mut tracer = Tracer::new(query);
                tracer.choices = Some(&mut chosen);
                tracer.value(&resolved, &row.values);
            }
            // What looking costs is no cost of the run.
            let _ = run.budget.settle();
        }
    }

    /// Names everything that an expression should be seen to do.
    fn declare(&mut self, e: &Expr, query: &str) {
        e.visit(&mut |e| match &e.kind {
            ExprKind::And(items) | ExprKind::Or(items) => {
                let operator = if matches!(e.kind, ExprKind::And(_)) { "and" } else { "or" };
                for item in items.iter().filter(|e| e.as_const().is_none()) {
                    self.count(ObligationKind::Operand, operator, item.span, &[("true", 0), ("false", 0)]);
                }
            }
            ExprKind::Case(items) => {
                for arm in arms(items) {
                    self.count(ObligationKind::Arm, called(query, e), arm.span, &[("taken", 0)]);
                }
            }
            _ => {}
        });
    }

    fn choice(&mut self, choice: &Choice<'_>, query: &str) {
        match choice {
            Choice::Operands(and, items, values) => {
                let operator = if *and { "and" } else { "or" };
                // The one that stands against all others decides alone.
                let against = |v: &Value| v.is_true() != *and;
                let alone = values.iter().filter(|v| against(v)).count() == 1;
                for (item, value) in items.iter().zip(values).filter(|(e, _)| e.as_const().is_none()) {
                    let (yes, no) = (u64::from(value.is_true()), u64::from(!value.is_true()));
                    let counts = [("true", yes), ("false", no)];
                    self.count(ObligationKind::Operand, operator, item.span, &counts);
                    if alone
                        && against(value)
                        && let Some(o) = self.obligations.get_mut(&(ObligationKind::Operand, item.span))
                    {
                        *o.decided.get_or_insert(0) += 1;
                    }
                }
            }
            Choice::Arm(e, taken) => {
                if let Some(arm) = e.children().get(*taken) {
                    self.count(ObligationKind::Arm, called(query, e), arm.span, &[("taken", 1)]);
                }
            }
        }
    }

    fn count(&mut self, kind: ObligationKind, operator: &str, span: Span, counts: &[(&'static str, u64)]) {
        // What the binder added has no place in the text.
        if span == Span::default() {
            return;
        }
        let entry = self.obligations.entry((kind, span)).or_insert_with(|| Obligation {
            kind,
            operator: operator.to_owned(),
            span,
            counts: counts.iter().map(|(name, _)| (*name, 0)).collect(),
            decided: (kind == ObligationKind::Operand).then_some(0),
        });
        let has = |of: &[(&str, u64)], name: &str| of.iter().any(|(n, _)| *n == name);
        // Several steps can stand at one place of the text: what turns rows away says more than that there were some.
        if has(&entry.counts, "rows") && !has(counts, "rows") {
            entry.counts = counts.to_vec();
            return;
        }
        for (name, n) in counts {
            if let Some((_, count)) = entry.counts.iter_mut().find(|(known, _)| known == name) {
                *count = count.saturating_add(*n);
            }
        }
    }
}

/// The values of a `case`: every second part, and the default.
fn arms(items: &[Expr]) -> impl Iterator<Item = &Expr> {
    let last = items.len().saturating_sub(1);
    items.iter().enumerate().filter(move |(i, _)| i % 2 == 1 || *i == last).map(|(_, e)| e)
}

/// The function's name as it stands in the text.
fn called<'q>(query: &'q str, e: &Expr) -> &'q str {
    let text = query.get(e.span.range()).unwrap_or_default();
    let word = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
    if word.is_empty() { "case" } else { word }
}

/// From the first to the last word of a pipeline.
fn extent(plan: &Rc<Plan>) -> Span {
    let (mut span, mut at) = (plan.span, plan);
    while let Some(input) = Teller::piped(at) {
        if input.span != Span::default() && input.span.end <= span.start {
            span.start = input.span.start;
        }
        at = input;
    }
    span
}

/// How many rows of the side that is kept have a partner on the other, and how many have none.
fn without_partner(
    run: &mut Run<'_>,
    left: (&[Expr], &Flow),
    right: (&[Expr], &Flow),
    kind: JoinKind,
) -> (usize, usize) {
    let (of, with) = match kind {
        JoinKind::RightSemi | JoinKind::RightAnti | JoinKind::RightOuter => (right, left),
        _ => (left, right),
    };
    let mut keys = |(keys, flow): (&[Expr], &Flow)| {
        let Ok(program) = run.program(keys) else { return Vec::new() };
        let rows = flow.first.iter().filter_map(|row| run.eval_all(&program, row).ok());
        rows.map(|values| key::key(&values)).collect::<Vec<_>>()
    };
    let (of, with) = (keys(of), keys(with).into_iter().collect::<KeySet>());
    let matched = of.iter().filter(|key| with.contains(*key)).count();
    (matched, of.len() - matched)
}
