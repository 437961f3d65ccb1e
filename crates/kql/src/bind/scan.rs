//! `scan`. Source: Microsoft's docs, scan operator.

use super::{Binder, Env};
use crate::diagnostic::{Diagnostic, Span};
use crate::plan::{Expr, Plan, PlanKind, Scan, ScanOutput, ScanStep, SetOp};
use crate::syntax::ast::{self, ExprKind as Ast, Name};
use crate::value::{Column, Type};
use std::rc::Rc;

/// How many steps a scan may have: each keeps the state of all before it.
const MAX_STEPS: usize = 64;

impl Binder<'_> {
    pub(super) fn scan(
        &mut self,
        input: &Rc<Plan>,
        scan: &ast::Scan,
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let mut match_id: Option<Rc<str>> = None;
        for p in &scan.parameters {
            match (&*p.name.text, &p.value.kind) {
                ("with_match_id", Ast::Name(name)) => match_id = Some(Rc::clone(name)),
                _ => self.bad_parameter(p),
            }
        }
        let mut columns = input.columns.clone();
        let mut defaults = Vec::new();
        for (decl, default) in &scan.declare {
            if columns.iter().any(|c| c.name == decl.name.text) {
                let message = format!("A column with the name '{}' is already declared.", decl.name.text);
                self.report(Diagnostic::error("KS171", message, decl.name.span));
                continue;
            }
            columns.push(Column { name: Rc::clone(&decl.name.text), ty: decl.ty });
            defaults.push(match default {
                Some(e) => {
                    let no_row = &self.no_row();
                    let e = self.bind_scalar(e, no_row, env)?;
                    self.coerce(e, decl.ty)
                }
                None => Expr::constant(decl.ty.missing(), decl.ty, decl.name.span),
            });
        }
        let steps: Vec<&Name> = scan.steps.iter().map(|s| &s.name).collect();
        if steps.is_empty() || steps.len() > MAX_STEPS {
            let message = format!("scan must have 1 to {MAX_STEPS} steps.");
            return self.error("FP002", message, span);
        }
        // One row behind the other: the row itself, then the state of each step, under names no query can write.
        let mut all = columns.clone();
        for step in &steps {
            all.extend(columns.iter().map(|c| Column::new(&state_column(&step.text, &c.name), c.ty)));
        }
        let scope = &self.scope(&all, input.open);
        let mut bound = Vec::new();
        for (i, step) in scan.steps.iter().enumerate() {
            let (before, _) = steps.split_at_checked(i).unwrap_or_default();
            if before.iter().any(|s| s.text == step.name.text) {
                let message = format!("The step '{}' is already declared.", step.name.text);
                self.report(Diagnostic::error("KS199", message, step.name.span));
            }
            // A step sees its own state and that of the steps before it.
            let (visible, _) = steps.split_at_checked(i + 1).unwrap_or_default();
            let condition = self.predicate(&with_states(&step.condition, visible), scope, env);
            let mut assignments = Vec::new();
            for named in &step.assignments {
                let [name] = named.names.as_slice() else {
                    self.report(Diagnostic::error("KS005", "Expected: name = value", named.value.span));
                    continue;
                };
                let Some(at) = columns.iter().position(|c| c.name == name.text) else {
                    let message = format!("The name '{}' does not refer to any declared column.", name.text);
                    let d = Diagnostic::error("KS142", message, name.span);
                    self.report(d.with_hint("declare it: scan declare (name:type) with (…)"));
                    continue;
                };
                let ty = columns.get(at).map_or(Type::Dynamic, |c| c.ty);
                if let Some(value) = self.bind_scalar(&with_states(&named.value, visible), scope, env) {
                    assignments.push((at, self.coerce(value, ty)));
                }
            }
            let output = match step.output.as_ref().map(|n| (&*n.text, n.span)) {
                None | Some(("all", _)) => ScanOutput::All,
                Some(("last", _)) => ScanOutput::Last,
                Some(("none", _)) => ScanOutput::None,
                Some((_, span)) => return self.error("KS005", "Expected one of: all, last, none", span),
            };
            bound.extend(condition.map(|condition| ScanStep { condition, assignments, output }));
        }
        let width = columns.len();
        if let Some(name) = &match_id {
            columns.push(Column { name: Rc::clone(name), ty: Type::Long });
        }
        let scan = Scan { width, defaults, steps: bound, match_id: match_id.is_some() };
        let kind = PlanKind::Set(Rc::clone(input), SetOp::Scan(Box::new(scan)));
        Some(Plan::new(kind, columns, span, input.open))
    }
}

fn state_column(step: &str, column: &str) -> String {
    format!("\0{step}.{column}")
}

/// The expression with `step.column` as the name of a column of the state.
fn with_states(e: &ast::Expr, steps: &[&Name]) -> ast::Expr {
    e.map(&mut |e| match &e.kind {
        Ast::Member(of, column) => match &of.kind {
            Ast::Name(step) if steps.iter().any(|s| s.text == *step) => {
                let name = Rc::from(state_column(step, &column.text));
                Some(ast::Expr { kind: Ast::Name(name), span: e.span })
            }
            _ => None,
        },
        _ => None,
    })
}
