//! Operators that take a row's array or bag apart: `mv-expand`, `mv-apply`.

use super::name::Namer;
use super::{Binder, Env};
use crate::diagnostic::{Diagnostic, Span};
use crate::plan::{ApplyOutput, MvApply, MvExpand, Plan, PlanKind, SetOp, Stage};
use crate::syntax::ast::{self, ExprKind as Ast, Parameter};
use crate::value::{Column, Type, Value, convert};
use std::rc::Rc;

impl Binder<'_> {
    pub(super) fn mv_expand(
        &mut self,
        input: &Rc<Plan>,
        e: &ast::MvExpand,
        word: &str,
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let (expand, columns, open) = self.expansion(input, e, word, env)?;
        let kind = PlanKind::Stage(Rc::clone(input), Stage::MvExpand(Rc::new(expand)));
        Some(Plan::new(kind, columns, span, open))
    }

    /// What `mv-expand` and `mv-apply` make of a row, the columns it has then, and whether more are unknown.
    fn expansion(
        &mut self,
        input: &Rc<Plan>,
        e: &ast::MvExpand,
        word: &str,
        env: &Env,
    ) -> Option<(MvExpand, Vec<Column>, bool)> {
        let scope = &self.scope(&input.columns, input.open);
        let (mut columns, mut items) = (input.columns.clone(), Vec::new());
        let mut namer = Namer::new();
        let mut open = input.open;
        for (named, ty) in &e.columns {
            let Some(value) = self.bind_scalar(&named.value, scope, env) else {
                self.poison(named);
                open = true;
                continue;
            };
            if value.ty != Type::Dynamic {
                self.report(Diagnostic::error(
                    "KS141",
                    "The expression must have the type dynamic.",
                    named.value.span,
                ));
                continue;
            }
            let name = self.output_name(named, &mut namer);
            let out_ty = ty.unwrap_or(Type::Dynamic);
            let at = match columns.iter().position(|c| *c.name == *name) {
                Some(i) => {
                    if let Some(c) = columns.get_mut(i) {
                        c.ty = out_ty;
                    }
                    i
                }
                None => {
                    columns.push(Column::new(&name, out_ty));
                    columns.len() - 1
                }
            };
            items.push((value, at, *ty));
        }
        let mut item_index = None;
        let mut bag_as_array = false;
        for p in &e.parameters {
            match (&*p.name.text, &p.value.kind) {
                ("with_itemindex", Ast::Name(name)) => {
                    columns.iter().for_each(|c| namer.take(&c.name));
                    columns.push(Column::new(&namer.take_free(name), Type::Long));
                    item_index = Some(columns.len() - 1);
                }
                ("bagexpansion" | "kind", Ast::Name(how)) if matches!(&**how, "array" | "bag") => {
                    bag_as_array = &**how == "array"
                }
                _ => self.bad_parameter(p),
            }
        }
        let default = if word == "mvexpand" { 128 } else { 2_147_483_647 };
        let limit = match &e.limit {
            Some(limit) => match self.count_expr(limit, env)?.as_const().and_then(Value::as_integer) {
                Some(n) => convert::to_count(n).unwrap_or(0),
                None => return self.error("FP013", "The limit must be a constant.", limit.span),
            },
            None => default,
        };
        let expand = MvExpand { items, limit, bag_as_array, item_index, width: columns.len() };
        Some((expand, columns, open))
    }

    /// `mv-apply`: each row's items as a table, a subquery over it. What comes out are the row's own columns but the
    /// expanded ones, each with the subquery's value if that has a column of the name, then the subquery's others.
    pub(super) fn mv_apply(
        &mut self,
        input: &Rc<Plan>,
        e: &ast::MvExpand,
        body: &[ast::Operator],
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let (expand, columns, open) = self.expansion(input, e, "mv-apply", env)?;
        let expanded: Vec<usize> = expand.items.iter().map(|(_, at, _)| *at).collect();
        let body = self.subquery(columns, open, body, span, env)?;
        let (mut outputs, mut columns) = (Vec::new(), Vec::new());
        let in_body = |name: &str| body.plan.columns.iter().position(|c| &*c.name == name);
        for (i, c) in input.columns.iter().enumerate().filter(|(i, _)| !expanded.contains(i)) {
            match in_body(&c.name).and_then(|at| Some((at, body.plan.columns.get(at)?))) {
                Some((at, made)) => {
                    outputs.push(ApplyOutput::Body(at));
                    columns.push(made.clone());
                }
                None => {
                    outputs.push(ApplyOutput::Source(i));
                    columns.push(c.clone());
                }
            }
        }
        for (at, c) in body.plan.columns.iter().enumerate() {
            if !columns.iter().any(|done| done.name == c.name) {
                outputs.push(ApplyOutput::Body(at));
                columns.push(c.clone());
            }
        }
        let open = open || body.plan.open;
        let apply = MvApply { expand: Rc::new(expand), body, outputs };
        let kind = PlanKind::Set(Rc::clone(input), SetOp::MvApply(Box::new(apply)));
        Some(Plan::new(kind, columns, span, open))
    }

    pub(super) fn bad_parameter(&mut self, p: &Parameter) {
        if !p.name.text.starts_with("hint.") {
            let message = format!("The parameter '{}' does not take this value.", p.name.text);
            self.report(Diagnostic::error("KS005", message, p.name.span.to(p.value.span)));
        }
    }
}
