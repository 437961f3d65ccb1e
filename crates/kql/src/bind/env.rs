//! The names in force, and what each stands for.

use super::{Binder, Bound, Scope, graph};
use crate::diagnostic::{Diagnostic, Span};
use crate::plan::{Expr, ExprKind, Plan, PlanKind};
use crate::syntax::ast;
use crate::value::{Str, Type, Value};
use std::rc::Rc;

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Binding {
    /// A scalar, put in where the name is used. With the scope whose row it reads, if it reads one.
    Scalar(Expr, Option<u32>),
    /// A table.
    Table(Rc<Plan>),
    /// A graph.
    Graph(Rc<graph::BoundGraph>),
    /// A function.
    Function(Rc<Function>),
    /// Tables by the texts they are called with.
    Pattern(Rc<Pattern>),
    /// Something that could not be bound; reported already.
    Error,
}

/// A user-defined function and the names it can see.
pub(super) struct Function {
    pub(super) lambda: Rc<ast::Lambda>,
    pub(super) env: Env,
    /// Its name, if it is a saved one.
    pub(super) saved: Option<Str>,
}

/// A declared pattern and the names its bodies can see.
pub(super) struct Pattern {
    pub(super) cases: Rc<ast::Pattern>,
    pub(super) env: Env,
}

/// The names in force: a list that grows at its head, shared by what was bound before.
#[derive(Clone, Default)]
pub(super) struct Env(Option<Rc<EnvNode>>);

pub(super) struct EnvNode {
    pub(super) name: Str,
    pub(super) binding: Binding,
    /// A function's parameters and local names win over columns; other names lose. Source: docs/semantics.md#names.
    pub(super) local: bool,
    pub(super) parent: Env,
}

impl Env {
    pub(super) fn with(&self, name: &Str, binding: Binding, local: bool) -> Env {
        Env(Some(Rc::new(EnvNode { name: Rc::clone(name), binding, local, parent: self.clone() })))
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &EnvNode> {
        std::iter::successors(self.0.as_deref(), |node| node.parent.0.as_deref())
    }

    pub(super) fn find(&self, name: &str) -> Option<&EnvNode> {
        self.nodes().find(|node| &*node.name == name)
    }
}

impl Drop for EnvNode {
    /// A long list of names must not be dropped by recursion; each function among them holds the names before it too.
    fn drop(&mut self) {
        fn part(node: &mut EnvNode) -> [Option<Rc<EnvNode>>; 2] {
            let names = match std::mem::replace(&mut node.binding, Binding::Error) {
                Binding::Function(f) => Rc::into_inner(f).and_then(|mut f| f.env.0.take()),
                _ => None,
            };
            [node.parent.0.take(), names]
        }
        let mut waiting: Vec<Rc<EnvNode>> = part(self).into_iter().flatten().collect();
        while let Some(node) = waiting.pop() {
            if let Some(mut node) = Rc::into_inner(node) {
                waiting.extend(part(&mut node).into_iter().flatten());
            }
        }
    }
}

/// The pattern that an expression calls and its arguments, if it calls one.
pub(super) fn pattern_call<'e>(e: &'e ast::Expr, env: &Env) -> Option<(Rc<Pattern>, &'e [ast::Argument])> {
    let ast::ExprKind::Call(name, args) = &e.kind else { return None };
    match &env.find(&name.text)?.binding {
        Binding::Pattern(pattern) => Some((Rc::clone(pattern), args)),
        _ => None,
    }
}

impl Binder<'_> {
    /// What a name stands for: a function's own names, then columns, then `let` names, then tables.
    pub(super) fn bind_name(
        &mut self,
        name: &Str,
        span: Span,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Bound> {
        let found = env.find(name);
        if let Some(node) = found.filter(|n| n.local) {
            return self.use_binding(node.binding.clone(), name, span, scope);
        }
        if let Some(i) = scope.columns.iter().position(|c| c.name == *name) {
            let ty = scope.columns.get(i).map_or(Type::Dynamic, |c| c.ty);
            return Some(Bound::Scalar(Expr { kind: ExprKind::Column(i), ty, span }));
        }
        if let Some(node) = found {
            return self.use_binding(node.binding.clone(), name, span, scope);
        }
        if self.catalog.function(name).is_some() {
            let function = self.saved_function(name, span)?;
            return self.use_binding(Binding::Function(function), name, span, scope);
        }
        if let Some(table) = self.catalog.tables.iter().find(|t| t.name == *name) {
            let kind = PlanKind::Table(Rc::clone(&table.name));
            return Some(Bound::Table(Plan::new(kind, table.columns.clone(), span, false)));
        }
        self.unknown_name(name, span, scope, env)
    }

    pub(super) fn use_binding(
        &mut self,
        binding: Binding,
        name: &Str,
        span: Span,
        scope: &Scope<'_>,
    ) -> Option<Bound> {
        match binding {
            Binding::Scalar(_, Some(id)) if id != scope.id => {
                let message =
                    format!("'{name}' is a value of the current row; a nested table cannot use it.");
                self.error("FP014", message, span)
            }
            Binding::Scalar(e, _) => Some(Bound::Scalar(Expr { span, ..e })),
            Binding::Table(plan) => Some(Bound::Table(plan)),
            Binding::Graph(graph) => Some(Bound::Graph(graph)),
            // A function without parameters can be used without parentheses.
            Binding::Function(f) if f.lambda.parameters.is_empty() => {
                self.bind_lambda_body(&f, Env::clone(&f.env), scope.id, span)
            }
            Binding::Function(f) => Some(Bound::Function(f)),
            Binding::Pattern(_) => self.error("KS117", "A pattern must be called with its arguments.", span),
            Binding::Error => None,
        }
    }

    /// `app("a").b`: the table that a pattern has for these texts.
    pub(super) fn call_pattern(
        &mut self,
        pattern: &Pattern,
        args: &[ast::Argument],
        path: Option<&ast::Name>,
        span: Span,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Bound> {
        self.count(span)?;
        let mut texts = Vec::new();
        for a in args {
            let bound = self.bind_scalar(&a.value, scope, env)?;
            let Some(Value::String(text)) = bound.as_const() else {
                return self.error("KS141", "The arguments of a pattern are constant strings.", bound.span);
            };
            texts.push(Rc::clone(text));
        }
        texts.extend(path.map(|name| Rc::clone(&name.text)));
        let cases = &pattern.cases;
        let complete = args.len() == cases.arguments && path.is_some() == cases.path;
        match cases.cases.iter().find(|(wanted, _)| complete && *wanted == texts) {
            Some((_, lambda)) => {
                let body = Function { lambda: Rc::clone(lambda), env: pattern.env.clone(), saved: None };
                self.bind_lambda_body(&body, pattern.env.clone(), scope.id, span)
            }
            None if cases.cases.is_empty() => {
                let message =
                    "The pattern is declared without definitions; only what runs the query knows them.";
                self.error("SEM0036", message, span)
            }
            None => self.error("KS188", "No pattern matches the specified arguments.", span),
        }
    }

    pub(super) fn unknown_name<T>(
        &mut self,
        name: &Str,
        span: Span,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<T> {
        if scope.open || self.poisoned.contains(&**name) {
            return None;
        }
        let names = scope.columns.iter().map(|c| &*c.name).chain(env.nodes().map(|n| &*n.name));
        let names = names.chain(self.catalog.tables.iter().map(|t| &*t.name));
        let names = names.chain(self.catalog.functions.iter().map(|f| &**f.name()));
        let near = self.near(name, names).map(str::to_owned);
        let d = if scope.row {
            let message =
                format!("The name '{name}' does not refer to any known column, table, variable or function.");
            Diagnostic::error("KS142", message, span)
        } else if crate::functions::find(name).is_some() {
            Diagnostic::error("KS117", format!("The function '{name}' requires an argument list."), span)
        } else {
            let message =
                format!("The name '{name}' does not refer to any known table, tabular variable or function.");
            Diagnostic::error("KS204", message, span)
        };
        self.report(d.with_guess(near.as_deref()));
        None
    }
}
