//! The statements of a query: what each `let`, `set` and `declare` puts in force for those after it.

use super::env::{Binding, Env, Function, Pattern};
use super::{Binder, Bound, MAX_STATEMENTS, Scope};
use crate::diagnostic::{Diagnostic, Span};
use crate::plan::{Expr, ExprKind, Plan, PlanKind};
use crate::syntax::ast::{self, StatementKind};
use crate::value::{Column, Str, Type};
use std::collections::HashSet;
use std::rc::Rc;

impl Binder<'_> {
    pub(super) fn query(&mut self, statements: &[ast::Statement]) -> Option<Rc<Plan>> {
        let (_, result) = self.statements(statements, Env::default(), None);
        result
    }

    /// Binds statements in order; the last one that yields something is the result. Those of a function stand in the place
    /// of its caller's scope, whose row their values may read through arguments.
    pub(super) fn statements(
        &mut self,
        statements: &[ast::Statement],
        mut env: Env,
        caller: Option<u32>,
    ) -> (Env, Option<Rc<Plan>>) {
        let (local, mut result) = (caller.is_some(), None);
        let mut declared: HashSet<Str> = HashSet::new();
        if let Some(statement) = statements.get(MAX_STATEMENTS) {
            let message = format!("The query has more than {MAX_STATEMENTS} statements.");
            let span = match &statement.kind {
                StatementKind::Let(name, _)
                | StatementKind::Set(name, _)
                | StatementKind::Pattern(name, _) => name.span,
                StatementKind::Query(e) => e.span,
                StatementKind::Declare(_) | StatementKind::Error => Span::default(),
            };
            self.report(Diagnostic::error("FP003", message, span));
        }
        for statement in statements.iter().take(MAX_STATEMENTS) {
            match &statement.kind {
                StatementKind::Let(name, value) => {
                    let binding = self.let_binding(value, &env, caller);
                    if !local && !declared.insert(Rc::clone(&name.text)) {
                        let message = format!("The name '{}' is already declared.", name.text);
                        self.report(Diagnostic::error("KS199", message, name.span));
                    }
                    env = env.with(&name.text, binding, local);
                }
                StatementKind::Set(name, value) => self.set_statement(name, value.as_ref(), &env),
                StatementKind::Declare(parameters) => {
                    for p in parameters {
                        let binding = self.query_parameter(p, &env);
                        declared.insert(Rc::clone(&p.name.text));
                        env = env.with(&p.name.text, binding, local);
                    }
                }
                StatementKind::Pattern(name, cases) => {
                    let pattern = Pattern { cases: Rc::clone(cases), env: env.clone() };
                    env = env.with(&name.text, Binding::Pattern(Rc::new(pattern)), local);
                }
                StatementKind::Query(expr) => {
                    let scope = &self.no_row();
                    result = match self.bind_any(expr, scope, &env) {
                        Some(Bound::Table(plan)) => Some(plan),
                        Some(Bound::Scalar(e)) => Some(self.scalar_result(e)),
                        Some(Bound::Graph(_)) => self.no_table(expr.span),
                        Some(Bound::Function(_)) => {
                            self.error("KS117", "A function must be called with its arguments.", expr.span)
                        }
                        None => None,
                    };
                }
                StatementKind::Error => {}
            }
        }
        (env, result)
    }

    /// A query that is a scalar yields one row of one column.
    fn scalar_result(&mut self, e: Expr) -> Rc<Plan> {
        let (span, columns) = (e.span, vec![Column::new("print_0", e.ty)]);
        Plan::new(PlanKind::Print(vec![e]), columns, span, false)
    }

    fn let_binding(&mut self, value: &ast::Expr, env: &Env, caller: Option<u32>) -> Binding {
        if let ast::ExprKind::Lambda(lambda) = &value.kind {
            let function = Function { lambda: Rc::clone(lambda), env: env.clone(), saved: None };
            self.check_body(&function);
            return Binding::Function(Rc::new(function));
        }
        let no_row = self.no_row();
        let scope = &Scope { id: caller.unwrap_or(no_row.id), ..no_row };
        match self.bind_any(value, scope, env) {
            Some(Bound::Scalar(e)) => {
                let reads_row = e.any(&mut |e| matches!(e.kind, ExprKind::Column(_)));
                Binding::Scalar(e, reads_row.then_some(scope.id))
            }
            Some(Bound::Table(plan)) => Binding::Table(plan),
            Some(Bound::Graph(graph)) => Binding::Graph(graph),
            Some(Bound::Function(f)) => Binding::Function(f),
            None => Binding::Error,
        }
    }

    /// A function sees of a table it is given only the columns that its parameter declares: names of others are reported
    /// where the function is defined. What a call passes on is the whole table.
    fn check_body(&mut self, f: &Function) {
        let parameters = &f.lambda.parameters;
        if !parameters.iter().any(|p| matches!(p.ty, ast::ParameterType::Table(_))) {
            return;
        }
        let mut env = f.env.clone();
        for p in parameters {
            let span = p.name.span;
            let table = |columns| Plan::new(PlanKind::Error, columns, span, false);
            let binding = match &p.ty {
                ast::ParameterType::Table(columns) => {
                    let column = |c: &ast::ColumnDecl| Column { name: Rc::clone(&c.name.text), ty: c.ty };
                    Binding::Table(table(columns.iter().map(column).collect()))
                }
                // A value no one knows yet.
                ast::ParameterType::Scalar(ty) => {
                    let kind = ExprKind::Scalar(table(vec![Column::new("", *ty)]));
                    Binding::Scalar(Expr { kind, ty: *ty, span }, None)
                }
            };
            env = env.with(&p.name.text, binding, true);
        }
        // Only names are of interest; the rest depends on what the function is called with.
        let before = (std::mem::take(&mut self.diagnostics), self.shapes.clone(), self.poisoned.clone());
        let wanting = self.wanting.take();
        let id = self.no_row().id;
        self.bind_lambda_body(f, env, id, f.lambda.body.span);
        let found = std::mem::replace(&mut self.diagnostics, before.0);
        (self.shapes, self.poisoned, self.wanting) = (before.1, before.2, wanting);
        for d in found.into_iter().filter(|d| matches!(d.code, "KS142" | "KS249" | "FP003")) {
            self.report(d);
        }
    }

    /// A query parameter has its default's value: no host passes others.
    fn query_parameter(&mut self, p: &ast::LambdaParameter, env: &Env) -> Binding {
        let ast::ParameterType::Scalar(ty) = &p.ty else {
            self.report(Diagnostic::error("FP010", "A query parameter must be a scalar.", p.name.span));
            return Binding::Error;
        };
        let Some(default) = &p.default else {
            let message = format!("The query parameter '{}' has no value.", p.name.text);
            self.report(
                Diagnostic::error("FP013", message, p.name.span)
                    .with_hint("give it a default value: name:type = value"),
            );
            return Binding::Error;
        };
        let scope = &self.no_row();
        match self.bind_scalar(default, scope, env) {
            Some(e) => Binding::Scalar(self.coerce(e, *ty), None),
            None => Binding::Error,
        }
    }

    /// Options that change no answer are read and put aside; the rest is refused.
    fn set_statement(&mut self, name: &ast::Name, value: Option<&ast::Expr>, env: &Env) {
        const HARMLESS: &[&str] = &[
            "best_effort",
            "norequesttimeout",
            "notruncation",
            "query_language",
            "query_results_cache_max_age",
            "servertimeout",
            "truncationmaxrecords",
            "truncationmaxsize",
        ];
        const HARMLESS_STARTS: &[&str] = &["maxmemory", "query_fanout", "request_"];
        if HARMLESS.contains(&&*name.text) || HARMLESS_STARTS.iter().any(|s| name.text.starts_with(s)) {
            return;
        }
        // What Sentinel writes before the query of an alert: the time `now()` stands for.
        if &*name.text == "query_now" {
            let scope = &self.no_row();
            let now = value.and_then(|e| self.bind_scalar(e, scope, env));
            match now {
                Some(now) if now.ty == Type::DateTime && now.as_const().is_some() => self.now = Some(now),
                Some(now) => {
                    let message = "The option 'query_now' needs a constant datetime.";
                    self.report(Diagnostic::error("KS107", message, now.span));
                }
                None => {}
            }
            return;
        }
        if let bins @ ("query_bin_auto_size" | "query_bin_auto_at") = &*name.text {
            let scope = &self.no_row();
            let constant =
                value.and_then(|e| self.bind_scalar(e, scope, env)).is_some_and(|e| e.as_const().is_some());
            if !constant {
                let message = format!("The option '{bins}' needs a constant.");
                self.report(Diagnostic::error("KS107", message, name.span));
            }
            let place = if bins == "query_bin_auto_size" { &mut self.bin_size } else { &mut self.bin_start };
            *place = value.cloned();
            return;
        }
        let message = format!("The option '{}' is not supported.", name.text);
        self.report(Diagnostic::error("FP010", message, name.span));
    }
}
