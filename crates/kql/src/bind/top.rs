//! The most frequent or largest groups: `top-hitters`, `sample-distinct`, `top-nested`.

use super::name::{self, Namer};
use super::{Binder, Env};
use crate::diagnostic::Span;
use crate::plan::{Expr, ExprKind, Plan, PlanKind, SetOp, SortKey, TopNestedLevel};
use crate::syntax::ast::{self, Argument, ExprKind as Ast, Name, Named};
use crate::value::{Column, Type};
use std::rc::Rc;

/// How many levels `top-nested` may have: rows grow with each.
const MAX_LEVELS: usize = 32;

impl Binder<'_> {
    /// A number of groups: any number will do, and is cut to a whole one.
    fn group_count(&mut self, n: &ast::Expr, env: &Env) -> Option<Expr> {
        let scope = &self.no_row();
        let n = self.bind_scalar(n, scope, env)?;
        if !n.ty.is_number() {
            return self.error("KS137", "The expression value must be a number.", n.span);
        }
        Some(if n.ty == Type::Long { n } else { self.coerce(n, Type::Long) })
    }

    fn column_name<'a>(&mut self, of: &'a Named) -> Option<&'a Rc<str>> {
        match &of.value.kind {
            Ast::Name(name) => Some(name),
            _ => self.error("KS109", "Column name expected.", of.value.span),
        }
    }

    /// `top-hitters n of x by y`: counts or sums, exactly, where Kusto estimates.
    pub(super) fn top_hitters(
        &mut self,
        input: &Rc<Plan>,
        n: &ast::Expr,
        of: &Named,
        by: Option<&Named>,
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let n = self.group_count(n, env)?;
        let column = Rc::clone(self.column_name(of)?);
        let (function, args, made) = match by {
            Some(by) => {
                let weight = name::of(&by.value).unwrap_or_else(|| column.to_string());
                let argument = Argument { name: None, value: by.value.clone() };
                ("sum", vec![argument], format!("approximate_sum_{weight}"))
            }
            None => ("count", Vec::new(), format!("approximate_count_{column}")),
        };
        let name = |text: &str| Name { text: Rc::from(text), span };
        let call = ast::Expr { kind: Ast::Call(name(function), args), span };
        let total = Named { names: vec![name(&made)], tuple: false, value: call };
        let summed = self.summarize(input, &[total], std::slice::from_ref(of), span, env)?;
        let ty = summed.columns.get(1).map_or(Type::Long, |c| c.ty);
        let value = Expr { kind: ExprKind::Column(1), ty, span };
        let key = SortKey { value, ascending: false, nulls_first: false };
        let (columns, open) = (summed.columns.clone(), summed.open);
        Some(Plan::new(PlanKind::Set(summed, SetOp::Top(n, key)), columns, span, open))
    }

    /// `sample-distinct n of x`: which values is not said; the first ones here.
    pub(super) fn sample_distinct(
        &mut self,
        input: &Rc<Plan>,
        n: &ast::Expr,
        of: &Named,
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let n = self.group_count(n, env)?;
        self.column_name(of)?;
        let distinct = self.summarize(input, &[], std::slice::from_ref(of), span, env)?;
        let (columns, open) = (distinct.columns.clone(), distinct.open);
        Some(Plan::new(PlanKind::Set(distinct, SetOp::Take(n)), columns, span, open))
    }

    /// `top-nested …`: for each level the key and its aggregate.
    pub(super) fn top_nested(
        &mut self,
        input: &Rc<Plan>,
        levels: &[ast::TopNestedLevel],
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        if levels.len() > MAX_LEVELS {
            let message = format!("top-nested has more than {MAX_LEVELS} levels.");
            return self.error("FP002", message, span);
        }
        let scope = &self.scope(&input.columns, input.open);
        let mut namer = Namer::new();
        self.reserve(levels.iter().flat_map(|l| [&l.of, &l.by]), &mut namer);
        let (mut columns, mut bound) = (Vec::new(), Vec::new());
        for level in levels {
            let count = match &level.count {
                Some(n) => Some(self.group_count(n, env)?),
                None => None,
            };
            let (column, key) = self.key(&level.of, scope, env, &mut namer)?;
            let others = match &level.others {
                Some(others) => {
                    let no_row = &self.no_row();
                    let others = self.bind_scalar(others, no_row, env)?;
                    Some(if others.ty == key.ty { others } else { self.coerce(others, key.ty) })
                }
                None => None,
            };
            let (aggregates, mut results) = self.over_aggregates(&[&level.by.value], scope, env)?;
            let result = results.pop()?;
            if result.ty == Type::Dynamic {
                let message = "The value of type 'dynamic' is not allowed in this context.";
                return self.error("KS116", message, level.by.value.span);
            }
            let made = match level.by.names.first() {
                Some(name) => name.text.to_string(),
                None => namer.take_free(&format!("aggregated_{}", column.name)),
            };
            columns.push(column);
            columns.push(Column::new(&made, result.ty));
            let ascending = level.ascending;
            bound.push(TopNestedLevel { count, key, others, aggregates, result, ascending });
        }
        let kind = PlanKind::Set(Rc::clone(input), SetOp::TopNested(bound));
        Some(Plan::new(kind, columns, span, input.open))
    }
}
