//! Two tables by key: `join`, `lookup`.

use super::name::Namer;
use super::{Binder, Env};
use crate::diagnostic::{Diagnostic, Span};
use crate::plan::{Expr, ExprKind, Join, JoinKind, Plan, PlanKind, Stage};
use crate::syntax::ast::{self, ExprKind as Ast, Name, Operator, Parameter};
use crate::value::{Column, Type};
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

/// A filter over a join goes below it where it reads left columns alone and the join keeps or drops a left row
/// whatever the others are. Kusto does the same, and for `innerunique` it shows: the filter decides which of the
/// rows of a key can be the one that is left. What cannot go below is given back.
pub(super) fn filter_below(input: &Rc<Plan>, filter: Expr) -> (Rc<Plan>, Option<Expr>) {
    let PlanKind::Join(join) = &input.kind else { return (Rc::clone(input), Some(filter)) };
    let commutes = matches!(
        join.kind,
        JoinKind::InnerUnique
            | JoinKind::Inner
            | JoinKind::LeftOuter
            | JoinKind::LeftSemi
            | JoinKind::LeftAnti
    );
    // A join that others read too is worked out once for all of them.
    if !commutes || Rc::strong_count(input) > 1 {
        return (Rc::clone(input), Some(filter));
    }
    let width = join.left.columns.len();
    let span = filter.span;
    let conjunction = |mut items: Vec<Expr>| match items.len() {
        0 | 1 => items.pop(),
        _ => Some(Expr { kind: ExprKind::And(items), ty: Type::Bool, span }),
    };
    let items = match filter.kind {
        ExprKind::And(items) => items,
        _ => vec![filter],
    };
    let (below, above): (Vec<Expr>, Vec<Expr>) = items.into_iter().partition(|e| {
        !e.any(&mut |e| match e.kind {
            ExprKind::Column(i) => i >= width,
            ExprKind::Window(_) => true,
            _ => false,
        })
    });
    let Some(below) = conjunction(below) else { return (Rc::clone(input), conjunction(above)) };
    let kind = PlanKind::Stage(Rc::clone(&join.left), Stage::Where(below));
    let left = Plan::new(kind, join.left.columns.clone(), span, join.left.open);
    let kind = PlanKind::Join(Box::new(join.with_inputs(left, Rc::clone(&join.right))));
    let plan = Plan::new(kind, input.columns.clone(), input.span, input.open);
    (plan, conjunction(above))
}
