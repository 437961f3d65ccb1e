//! `make-series`. Source: Microsoft's docs, make-series operator.

use super::name::Namer;
use super::{Binder, Env};
use crate::diagnostic::Span;
use crate::plan::{Expr, MakeSeries, Plan, PlanKind, SetOp};
use crate::syntax::ast::{self, ExprKind as Ast, Named};
use crate::value::{Column, Type};
use std::rc::Rc;

impl Binder<'_> {
    /// KeySet, an array an aggregate, and the array of the axis.
    pub(super) fn make_series(
        &mut self,
        input: &Rc<Plan>,
        m: &ast::MakeSeries,
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let mut non_empty = false;
        for p in &m.parameters {
            match (&*p.name.text, &p.value.kind) {
                ("kind", Ast::Name(kind)) if &**kind == "nonempty" => non_empty = true,
                _ => self.bad_parameter(p),
            }
        }
        let scope = &self.scope(&input.columns, input.open);
        let mut namer = Namer::new();
        let aggregates: Vec<&Named> = m.aggregates.iter().map(|(named, _)| named).collect();
        let all = aggregates.iter().copied().chain(std::iter::once(&m.on)).chain(&m.by);
        self.reserve(all, &mut namer);
        let (mut columns, mut by) = (Vec::new(), Vec::new());
        for named in &m.by {
            let (column, key) = self.key(named, scope, env, &mut namer)?;
            columns.push(column);
            by.push(key);
        }
        let values: Vec<&ast::Expr> = aggregates.iter().map(|n| &n.value).collect();
        let (found, results) = self.over_aggregates(&values, scope, env)?;
        for named in aggregates {
            let name = self.output_name(named, &mut namer);
            columns.push(Column::new(&name, Type::Dynamic));
        }
        let axis = self.bind_scalar(&m.on.value, scope, env)?;
        let axis_name = self.output_name(&m.on, &mut namer);
        columns.push(Column::new(&axis_name, Type::Dynamic));
        let Some(step) = &m.step else {
            return self.error("KS005", "Expected: step", span);
        };
        let no_row = &self.no_row();
        let step_type = if axis.ty == Type::DateTime { Type::Timespan } else { axis.ty };
        let step = self.bind_scalar(step, no_row, env)?;
        let fits = match step_type {
            Type::Timespan => step.ty == Type::Timespan,
            ty => ty.is_number() && step.ty.is_number(),
        };
        if !fits {
            let message = format!(
                "The type '{}' is not an appropriate interval type for '{}'",
                step.ty.name(),
                axis.ty.name()
            );
            return self.error("KS178", message, step.span);
        }
        let from = self.axis_bound(m.from.as_ref(), &axis, env)?;
        let to = self.axis_bound(m.to.as_ref(), &axis, env)?;
        let mut defaults = Vec::new();
        for ((_, default), result) in m.aggregates.iter().zip(&results) {
            defaults.push(match default {
                Some(e) => {
                    let no_row = &self.no_row();
                    let e = self.bind_scalar(e, no_row, env)?;
                    Some(if result.ty == Type::Real && e.ty.is_integer() {
                        self.coerce(e, Type::Real)
                    } else {
                        e
                    })
                }
                None => None,
            });
        }
        let series = MakeSeries {
            by,
            aggregates: found,
            results,
            defaults,
            axis,
            from,
            to,
            to_inclusive: m.in_range,
            step,
            non_empty,
        };
        let kind = PlanKind::Set(Rc::clone(input), SetOp::MakeSeries(Box::new(series)));
        Some(Plan::new(kind, columns, span, input.open))
    }

    /// `from a`, `to b`: of the axis's type. The outer `Option` says whether it could be bound.
    fn axis_bound(&mut self, bound: Option<&ast::Expr>, axis: &Expr, env: &Env) -> Option<Option<Expr>> {
        let Some(bound) = bound else { return Some(None) };
        let no_row = &self.no_row();
        let e = self.bind_scalar(bound, no_row, env)?;
        let fits = e.ty == axis.ty || e.ty == Type::Dynamic || e.ty.is_number() && axis.ty.is_number();
        if !fits {
            return self.error("KS107", format!("A value of type {} expected.", axis.ty.name()), e.span);
        }
        Some(Some(if e.ty == axis.ty { e } else { self.coerce(e, axis.ty) }))
    }
}
