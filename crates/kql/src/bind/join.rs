//! Two tables by key: `join`, `lookup`.

use super::name::Namer;
use super::{Binder, Env};
use crate::diagnostic::{Diagnostic, Span};
use crate::plan::split::conjuncts as plan_conjuncts;
use crate::plan::{Expr, ExprKind, Join, JoinKind, Plan, PlanKind, SetOp, Stage};
use crate::syntax::ast::{self, ExprKind as Ast, Name, Operator, Parameter};
use crate::value::{Column, Type};
use std::cell::Cell;
use std::rc::Rc;

impl Binder<'_> {
    pub(super) fn join(
        &mut self,
        left: &Rc<Plan>,
        join: &ast::Join,
        lookup: bool,
        operator: &Operator,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let right = match self.bind_table(&join.right, env) {
            Some(right) => right,
            None => self.unknown_table(join.right.span),
        };
        let kind = self.join_kind(&join.parameters, lookup)?;
        let mut keys: Vec<(Expr, Expr)> = Vec::new();
        let mut key_columns = Vec::new();
        let mut failed = false;
        for on in &join.on {
            for condition in conjuncts(on) {
                match self.join_key(left, &right, condition) {
                    Some((l, r)) => {
                        if let ExprKind::Column(i) = r.kind {
                            key_columns.push(i);
                        }
                        keys.push((l, r));
                    }
                    None => failed = true,
                }
            }
        }
        let open = left.open || right.open || failed;
        let right_only = matches!(kind, JoinKind::RightSemi | JoinKind::RightAnti);
        let left_only = matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti);
        let right_columns: Vec<usize> = if left_only {
            Vec::new()
        } else {
            (0..right.columns.len()).filter(|i| !lookup || !key_columns.contains(i)).collect()
        };
        let mut columns = if right_only { Vec::new() } else { left.columns.clone() };
        let mut namer = Namer::new();
        columns.iter().for_each(|c| namer.take(&c.name));
        for i in &right_columns {
            if let Some(c) = right.columns.get(*i) {
                let name = namer.take_free(&c.name);
                columns.push(Column::new(&name, c.ty));
            }
        }
        let (left_keys, right_keys) = keys.into_iter().unzip();
        let plan = Join {
            kind,
            left_keys,
            right_keys,
            left_types: left.columns.iter().map(|c| c.ty).collect(),
            right_types: right_columns.iter().filter_map(|i| right.columns.get(*i)).map(|c| c.ty).collect(),
            right_columns,
            left: Rc::clone(left),
            right,
        };
        Some(Plan::new(PlanKind::Join(Box::new(plan)), columns, operator.span, open))
    }

    pub(super) fn join_kind(&mut self, parameters: &[Parameter], lookup: bool) -> Option<JoinKind> {
        let mut kind = if lookup { JoinKind::LeftOuter } else { JoinKind::InnerUnique };
        for p in parameters {
            let Ast::Name(word) = &p.value.kind else {
                self.bad_parameter(p);
                continue;
            };
            if &*p.name.text != "kind" {
                self.bad_parameter(p);
                continue;
            }
            kind = match &**word {
                "innerunique" if !lookup => JoinKind::InnerUnique,
                "inner" => JoinKind::Inner,
                "leftouter" => JoinKind::LeftOuter,
                "rightouter" if !lookup => JoinKind::RightOuter,
                "fullouter" if !lookup => JoinKind::FullOuter,
                "leftsemi" if !lookup => JoinKind::LeftSemi,
                "leftanti" | "anti" | "leftantisemi" if !lookup => JoinKind::LeftAnti,
                "rightsemi" if !lookup => JoinKind::RightSemi,
                "rightanti" | "rightantisemi" if !lookup => JoinKind::RightAnti,
                _ => {
                    let expected = if lookup {
                        "Expected one of: inner, leftouter"
                    } else {
                        "Expected one of: inner, innerunique, leftouter, rightouter, fullouter, leftsemi, rightsemi, leftanti, rightanti"
                    };
                    return self.error("KS005", expected, p.value.span);
                }
            };
        }
        Some(kind)
    }

    /// A join condition: a column both sides have, or `$left.a == $right.b`.
    pub(super) fn join_key(
        &mut self,
        left: &Rc<Plan>,
        right: &Rc<Plan>,
        on: &ast::Expr,
    ) -> Option<(Expr, Expr)> {
        let (l, r) = match &on.kind {
            Ast::Name(name) => {
                (self.side_column(left, name, on.span)?, self.side_column(right, name, on.span)?)
            }
            Ast::Binary(ast::BinaryOp::Equal, _, a, b) => {
                let (first, second) = (side_of(a), side_of(b));
                match (first, second) {
                    (Some(("$left", l)), Some(("$right", r))) => {
                        (self.side_column(left, &l.text, l.span)?, self.side_column(right, &r.text, r.span)?)
                    }
                    (Some(("$right", r)), Some(("$left", l))) => {
                        (self.side_column(left, &l.text, l.span)?, self.side_column(right, &r.text, r.span)?)
                    }
                    _ => {
                        let d = Diagnostic::error(
                            "KS163",
                            "A join condition must be $left.a == $right.b.",
                            on.span,
                        );
                        self.report(d);
                        return None;
                    }
                }
            }
            _ => {
                self.report(Diagnostic::error(
                    "KS163",
                    "A join condition must be a column or $left.a == $right.b.",
                    on.span,
                ));
                return None;
            }
        };
        for e in [&l, &r] {
            if e.ty == Type::Dynamic {
                let message = "A join key cannot be dynamic.";
                self.report(
                    Diagnostic::error("KS241", message, on.span)
                        .with_hint("cast it before the join: tostring(…)"),
                );
                return None;
            }
        }
        let numbers = l.ty.is_integer() && r.ty.is_integer();
        if l.ty != r.ty && !numbers {
            let message =
                format!("Inconsistent data types for join keys: ({}, {})", l.ty.name(), r.ty.name());
            return self.error("KS242", message, on.span);
        }
        Some((l, r))
    }

    pub(super) fn side_column(&mut self, side: &Rc<Plan>, name: &Rc<str>, span: Span) -> Option<Expr> {
        match side.columns.iter().position(|c| c.name == *name) {
            Some(i) => {
                let ty = side.columns.get(i).map_or(Type::Dynamic, |c| c.ty);
                Some(Expr { kind: ExprKind::Column(i), ty, span })
            }
            None => {
                let scope = &self.scope(&side.columns, side.open);
                self.unknown_name(name, span, scope, &Env::default())
            }
        }
    }
}

/// `$left.a`: the side and the name.
fn side_of(e: &ast::Expr) -> Option<(&str, &Name)> {
    match &e.kind {
        Ast::Member(of, name) => match &of.kind {
            Ast::Name(side) if matches!(&**side, "$left" | "$right") => Some((side, name)),
            _ => None,
        },
        _ => None,
    }
}

fn conjuncts(e: &ast::Expr) -> Vec<&ast::Expr> {
    match &e.kind {
        Ast::And(items) => items.iter().collect(),
        _ => vec![e],
    }
}

/// A condition of a filter on its way down a plan.
struct Sinking {
    /// Which condition of the filter it is.
    index: usize,
    /// Over the columns of the step that it has come to.
    condition: Expr,
    /// Whether it is as cheap as it was above: no value that a step computes has been put into it.
    cheap: bool,
}

impl Binder<'_> {
    /// `input | where filter`. A condition that reads left columns of a join alone goes below it, if the join keeps or drops a
    /// left row whatever the others are. Kusto does the same, and for `innerunique` it shows: the filter decides which of the
    /// rows of a key can be the one that is left. So it must depend on nothing but what the query means: a condition
    /// passes the steps between, and a join that has a name is as good as one that has none.
    pub(super) fn filtered(&mut self, input: &Rc<Plan>, filter: Expr, span: Span) -> Option<Rc<Plan>> {
        let items = plan_conjuncts(&filter);
        let sinking = items.iter().cloned().enumerate();
        let sinking = sinking.map(|(index, condition)| Sinking { index, condition, cheap: true }).collect();
        let Some((plan, taken)) = self.sink(input, sinking, span)? else {
            return Some(over(input, filter, span));
        };
        let left = items.into_iter().enumerate().filter(|(i, _)| !taken.contains(i)).map(|(_, e)| e);
        Some(match conjunction(left.collect(), filter.span) {
            Some(rest) => over(&plan, rest, span),
            None => plan,
        })
    }

    /// The plan with those conditions below a join that can go there, and which they are; nothing if there are none.
    #[allow(clippy::type_complexity, reason = "what is not there, and what could not be bound")]
    fn sink(
        &mut self,
        plan: &Rc<Plan>,
        sinking: Vec<Sinking>,
        span: Span,
    ) -> Option<Option<(Rc<Plan>, Vec<usize>)>> {
        if sinking.is_empty() {
            return Some(None);
        }
        let (kind, taken) = match &plan.kind {
            PlanKind::Stage(input, stage) => {
                let passed = sinking.into_iter().filter_map(|s| through(stage, s)).collect();
                let Some((below, taken)) = self.sink(input, passed, span)? else { return Some(None) };
                (PlanKind::Stage(below, stage.clone()), taken)
            }
            PlanKind::Set(input, SetOp::Sort(keys)) => {
                let Some((below, taken)) = self.sink(input, sinking, span)? else { return Some(None) };
                (PlanKind::Set(below, SetOp::Sort(keys.clone())), taken)
            }
            // `serialize` by itself.
            PlanKind::Set(input, SetOp::Window(sets)) if sets.is_empty() => {
                let Some((below, taken)) = self.sink(input, sinking, span)? else { return Some(None) };
                (PlanKind::Set(below, SetOp::Window(Vec::new())), taken)
            }
            PlanKind::Join(join) => {
                let Some((left, taken)) = self.sink_left(join, sinking, span)? else { return Some(None) };
                (PlanKind::Join(Box::new(join.with_inputs(left, Rc::clone(&join.right)))), taken)
            }
            _ => return Some(None),
        };
        self.count(span)?;
        Some(Some((Plan::new(kind, plan.columns.clone(), plan.span, plan.open), taken)))
    }

    /// The left side of a join with the conditions that it can take.
    #[allow(clippy::type_complexity, reason = "as above")]
    fn sink_left(
        &mut self,
        join: &Join,
        mut sinking: Vec<Sinking>,
        span: Span,
    ) -> Option<Option<(Rc<Plan>, Vec<usize>)>> {
        let commutes = matches!(
            join.kind,
            JoinKind::InnerUnique
                | JoinKind::Inner
                | JoinKind::LeftOuter
                | JoinKind::LeftSemi
                | JoinKind::LeftAnti
        );
        let width = join.left.columns.len();
        sinking.retain(|s| {
            commutes && !s.condition.any(&mut |e| matches!(e.kind, ExprKind::Column(i) if i >= width))
        });
        let here: Vec<(usize, Expr)> = sinking
            .iter()
            // To compute a value twice is worth it only where it decides.
            .filter(|s| s.cheap || join.kind == JoinKind::InnerUnique)
            .map(|s| (s.index, s.condition.clone()))
            .collect();
        let (mut left, mut taken) =
            self.sink(&join.left, sinking, span)?.unwrap_or_else(|| (Rc::clone(&join.left), Vec::new()));
        let here: Vec<(usize, Expr)> = here.into_iter().filter(|(i, _)| !taken.contains(i)).collect();
        taken.extend(here.iter().map(|(i, _)| i));
        if let Some(condition) = conjunction(here.into_iter().map(|(_, e)| e).collect(), span) {
            left = over(&left, condition, span);
        }
        Some((!taken.is_empty()).then_some((left, taken)))
    }
}

/// `input | where condition`, where it stands.
fn over(input: &Rc<Plan>, condition: Expr, span: Span) -> Rc<Plan> {
    let kind = PlanKind::Stage(Rc::clone(input), Stage::Where(condition));
    Plan::new(kind, input.columns.clone(), span, input.open)
}

fn conjunction(mut items: Vec<Expr>, span: Span) -> Option<Expr> {
    match items.len() {
        0 | 1 => items.pop(),
        _ => Some(Expr { kind: ExprKind::And(items.into()), ty: Type::Bool, span }),
    }
}

/// A condition over the rows below a stage, if it comes to the same there.
fn through(stage: &Stage, s: Sinking) -> Option<Sinking> {
    let reads = |at: usize| s.condition.any(&mut |e| matches!(e.kind, ExprKind::Column(i) if i == at));
    let replaced = |s: &Sinking, value: &dyn Fn(usize, &Expr) -> Option<Expr>| {
        let cheap = Cell::new(s.cheap);
        let condition = s.condition.with_columns(&|i, column| {
            let value = value(i, column)?;
            if value.id().is_some() {
                cheap.set(false);
            }
            Some(value)
        })?;
        (condition.depth() <= Expr::MAX_DEPTH).then_some(Sinking { condition, cheap: cheap.get(), ..*s })
    };
    match stage {
        Stage::Where(_) => Some(s),
        Stage::Extend(sets) => replaced(&s, &|i, column| match sets.iter().find(|(at, _)| *at == i) {
            Some((_, value)) => Some(value.clone()),
            None => Some(column.clone()),
        }),
        Stage::Project(values) => replaced(&s, &|i, _| values.get(i).cloned()),
        Stage::MvExpand(m) => {
            let made = m.items.iter().map(|(_, at, _)| *at).chain(m.item_index);
            (!made.into_iter().any(reads)).then_some(s)
        }
        Stage::Parse(p) => (!p.columns.iter().any(|(_, at, _)| reads(*at))).then_some(s),
        Stage::ParseKv(p) => (!p.columns.iter().any(|(_, at, _)| reads(*at))).then_some(s),
    }
}
