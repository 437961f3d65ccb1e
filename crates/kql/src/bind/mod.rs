//! The syntax tree to a bound, typed plan: names are looked up, types worked out, what is not supported is
//! refused by name. Binding goes on after an error, so one pass reports several.

mod aggregate;
mod arguments;
mod call;
mod expand;
mod graph;
mod join;
mod name;
mod parse_op;
mod plugin;
mod project;
mod row_order;
mod saved;
mod scalar;
mod scan;
mod series;
mod special;
mod subquery;
pub use plugin::{PLUGINS, REFUSED_PLUGINS};
pub use saved::SavedFunction;
mod tabular;
mod top;
mod union;
mod wide;

use crate::diagnostic::{Diagnostic, MAX_DIAGNOSTICS, Severity, Span};
use crate::plan::{Expr, ExprKind, Plan, PlanKind};
use crate::syntax::ast::{self, StatementKind};
use crate::value::{Column, Str, Type, Value, meter};
use row_order::RowOrder;
use std::collections::HashSet;
use std::rc::Rc;

/// How many nodes and expressions a query may bind to: functions and `let` are expanded where they are used.
const MAX_NODES: usize = 200_000;
/// How many statements a query, or the body of a function, may have.
const MAX_STATEMENTS: usize = 4096;
/// How deep functions may call each other, and pipelines nest.
const MAX_DEPTH: usize = 64;

/// A table that a query can read.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: Str,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// What a query can refer to.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The tables.
    pub tables: Vec<Table>,
    /// The functions, as a workspace saves them.
    pub functions: Vec<SavedFunction>,
}

/// A query that can run.
pub struct Query {
    /// What to do.
    pub plan: Rc<Plan>,
}

/// The result of compiling a query.
pub struct Compiled {
    /// The query, unless a diagnostic is an error.
    pub query: Option<Query>,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// What must be known before the rest can be bound; there is no query then.
    pub wanting: Option<Wanting>,
}

/// What a plugin waits for whose output columns depend on data.
pub struct Wanting {
    /// The rows that tell.
    pub input: Rc<Plan>,
    /// What is looked at in each row.
    pub value: Expr,
    /// What is made of it.
    pub shape: Shape,
    /// Where the plugin was called.
    pub span: Span,
}

/// How rows tell the columns of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each key of a bag is a column, of the type all its values have.
    Bag,
    /// Each value is a column.
    Names,
}

/// Compiles a query against a catalog. `shapes` holds the columns found for the first plugins whose columns depend
/// on data, in the order they are bound; the next one is left in [`Compiled::wanting`].
pub fn bind(source: &str, catalog: &Catalog, shapes: &[Vec<Column>]) -> Compiled {
    meter::take();
    let (statements, mut diagnostics) = crate::syntax::parse::parse(source);
    let mut binder = Binder {
        catalog,
        diagnostics: Vec::new(),
        nodes: 0,
        depth: 0,
        nesting: 0,
        poisoned: HashSet::new(),
        aggregates: None,
        group_keys: Vec::new(),
        scopes: 0,
        now: None,
        bin_size: None,
        bin_start: None,
        shapes: shapes.iter(),
        wanting: None,
        named: Vec::new(),
        row_order: RowOrder::Unused,
        calling: Vec::new(),
    };
    let plan = binder.query(&statements);
    if meter::take().over {
        let message = "The query makes constants that are too large.";
        binder.report(Diagnostic::error("FP003", message, Span::new(0, source.len())));
    }
    let wanting = binder.wanting.take();
    // A name that is unknown only because its statement could not be read says nothing new.
    let unread: Vec<Span> = diagnostics.iter().map(|d| d.span).collect();
    diagnostics.extend(binder.diagnostics.into_iter().filter(|d| !unread.contains(&d.span)));
    if plan.is_none() && diagnostics.is_empty() && wanting.is_none() {
        let d = Diagnostic::error(
            "KS006",
            "The query has no statement that returns a result.",
            Span::new(0, source.len()),
        );
        diagnostics.push(d);
    }
    diagnostics.sort_by_key(|d| d.span.start);
    if diagnostics.len() > MAX_DIAGNOSTICS {
        diagnostics.truncate(MAX_DIAGNOSTICS);
        let last = diagnostics.last().map_or(Span::default(), |d| d.span);
        diagnostics.push(Diagnostic::error("FP003", "There are more errors than are shown.", last));
    }
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    let query = plan.filter(|_| !failed && wanting.is_none()).map(|plan| Query { plan });
    Compiled { query, diagnostics, wanting: wanting.filter(|_| !failed) }
}

/// What a name stands for.
#[derive(Clone)]
enum Binding {
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
struct Function {
    lambda: Rc<ast::Lambda>,
    env: Env,
    /// Its name, if it is a saved one.
    saved: Option<Str>,
}

/// A declared pattern and the names its bodies can see.
struct Pattern {
    cases: Rc<ast::Pattern>,
    env: Env,
}

/// The names in force: a list that grows at its head, shared by what was bound before.
#[derive(Clone, Default)]
struct Env(Option<Rc<EnvNode>>);

struct EnvNode {
    name: Str,
    binding: Binding,
    /// A function's parameters and local names win over columns; other names lose. Source: docs/semantics.md#names.
    local: bool,
    parent: Env,
}

impl Env {
    fn with(&self, name: &Str, binding: Binding, local: bool) -> Env {
        Env(Some(Rc::new(EnvNode { name: Rc::clone(name), binding, local, parent: self.clone() })))
    }

    fn nodes(&self) -> impl Iterator<Item = &EnvNode> {
        std::iter::successors(self.0.as_deref(), |node| node.parent.0.as_deref())
    }

    fn find(&self, name: &str) -> Option<&EnvNode> {
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

/// The columns an expression can read.
struct Scope<'a> {
    /// Of the input row.
    columns: &'a [Column],
    /// Whether there are more that could not be bound.
    open: bool,
    /// Which scope it is, so that a row's value is not used where there is no such row.
    id: u32,
    /// Whether there is a row at all.
    row: bool,
}

/// The pattern that an expression calls and its arguments, if it calls one.
fn pattern_call<'e>(e: &'e ast::Expr, env: &Env) -> Option<(Rc<Pattern>, &'e [ast::Argument])> {
    let ast::ExprKind::Call(name, args) = &e.kind else { return None };
    match &env.find(&name.text)?.binding {
        Binding::Pattern(pattern) => Some((Rc::clone(pattern), args)),
        _ => None,
    }
}

/// An expression that turned out scalar or tabular, or a graph.
enum Bound {
    Scalar(Expr),
    Table(Rc<Plan>),
    Graph(Rc<graph::BoundGraph>),
    Function(Rc<Function>),
}

/// Aggregates met while a `summarize` binds its expressions.
#[derive(Default)]
struct Aggregates {
    found: Vec<super::plan::AggregateExpr>,
    /// Where the first one's result stands in the row the expressions read.
    base: usize,
    /// How many result columns so far.
    width: usize,
}

struct Binder<'c> {
    catalog: &'c Catalog,
    diagnostics: Vec<Diagnostic>,
    nodes: usize,
    depth: usize,
    /// How deep in an expression.
    nesting: usize,
    /// Names whose definition failed: using them says nothing new.
    poisoned: HashSet<String>,
    aggregates: Option<Aggregates>,
    /// The keys of the `summarize` being bound.
    group_keys: Vec<Expr>,
    scopes: u32,
    /// What `set query_now` says `now()` is.
    now: Option<Expr>,
    /// What `set` says of the bins of `bin_auto`: their size, and where one begins.
    bin_size: Option<ast::Expr>,
    bin_start: Option<ast::Expr>,
    /// Columns found for plugins that wait for data, for the next ones to be bound.
    shapes: std::slice::Iter<'c, Vec<Column>>,
    wanting: Option<Wanting>,
    /// What `as` called tables.
    named: Vec<(Rc<Plan>, Str)>,
    /// What the operator being bound can say of its rows' order.
    row_order: RowOrder,
    /// The saved functions whose bodies are being bound.
    calling: Vec<Str>,
}

impl Binder<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        let duplicate = |d: &Diagnostic| d.span == diagnostic.span && d.code == diagnostic.code;
        if self.diagnostics.len() <= MAX_DIAGNOSTICS && !self.diagnostics.iter().any(duplicate) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// The name that a misspelt one may mean; none if what is said of it is not reported any more.
    fn near<'n>(&self, word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        (self.diagnostics.len() <= MAX_DIAGNOSTICS).then(|| super::nearest(word, names))?
    }

    fn error<T>(&mut self, code: &'static str, message: impl Into<String>, span: Span) -> Option<T> {
        self.report(Diagnostic::error(code, message, span));
        None
    }

    /// Counts what a query expands to; too much is an error, not an endless loop.
    fn count(&mut self, span: Span) -> Option<()> {
        self.nodes += 1;
        if self.nodes <= MAX_NODES {
            return Some(());
        }
        self.error("FP003", "The query is too large after expanding its functions and let statements.", span)
    }

    /// Runs one level deeper.
    fn deeper<T>(&mut self, span: Span, bind: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return self.error("FP002", "The query nests more than 64 tables or functions.", span);
        }
        self.depth += 1;
        let result = bind(self);
        self.depth -= 1;
        result
    }

    fn scope<'s>(&mut self, columns: &'s [Column], open: bool) -> Scope<'s> {
        self.scopes += 1;
        Scope { columns, open, id: self.scopes, row: true }
    }

    /// A scope without a row: what a `let` or an operator's count can read.
    fn no_row(&mut self) -> Scope<'static> {
        Scope { row: false, ..self.scope(&[], false) }
    }

    fn query(&mut self, statements: &[ast::Statement]) -> Option<Rc<Plan>> {
        let (_, result) = self.statements(statements, Env::default(), None);
        result
    }

    /// Binds statements in order; the last one that yields something is the result. Those of a function stand in the place
    /// of its caller's scope, whose row their values may read through arguments.
    fn statements(
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

    /// An expression, whatever it turns out to be.
    fn bind_any(&mut self, e: &ast::Expr, scope: &Scope<'_>, env: &Env) -> Option<Bound> {
        self.count(e.span)?;
        if self.nesting >= Expr::MAX_DEPTH {
            let message = "The expression is too deep.";
            self.report(
                Diagnostic::error("FP002", message, e.span).with_hint("move inner parts into let statements"),
            );
            return None;
        }
        self.nesting += 1;
        let bound = self.bind_kind(e, scope, env);
        self.nesting -= 1;
        let bound = bound?;
        // What is put in for names and parameters can be deeper than anything that is written.
        if matches!(&bound, Bound::Scalar(bound) if bound.depth() > Expr::MAX_DEPTH) {
            let message = "The expression is too deep after expanding its functions and let statements.";
            return self.error("FP002", message, e.span);
        }
        Some(bound)
    }

    fn bind_kind(&mut self, e: &ast::Expr, scope: &Scope<'_>, env: &Env) -> Option<Bound> {
        match &e.kind {
            ast::ExprKind::Pipe(..) | ast::ExprKind::Source(_) => self.bind_tabular(e, env),
            ast::ExprKind::Name(name) => self.bind_name(name, e.span, scope, env),
            ast::ExprKind::Call(name, args) => self.bind_call(name, args, e.span, scope, env),
            ast::ExprKind::Member(of, path) if let Some((pattern, args)) = pattern_call(of, env) => {
                self.call_pattern(&pattern, args, Some(path), e.span, scope, env)
            }
            ast::ExprKind::Lambda(lambda) => Some(Bound::Function(Rc::new(Function {
                lambda: Rc::clone(lambda),
                env: env.clone(),
                saved: None,
            }))),
            _ => self.bind_scalar_kind(e, scope, env).map(Bound::Scalar),
        }
    }

    /// An expression that must be scalar.
    fn bind_scalar(&mut self, e: &ast::Expr, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        match self.bind_any(e, scope, env)? {
            Bound::Scalar(e) => Some(e),
            Bound::Table(_) | Bound::Graph(_) => self.error("KS108", "Scalar value expected.", e.span),
            Bound::Function(_) => {
                self.error("KS117", "A function must be called with its arguments.", e.span)
            }
        }
    }

    /// What a name stands for: a function's own names, then columns, then `let` names, then tables.
    fn bind_name(&mut self, name: &Str, span: Span, scope: &Scope<'_>, env: &Env) -> Option<Bound> {
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

    fn use_binding(&mut self, binding: Binding, name: &Str, span: Span, scope: &Scope<'_>) -> Option<Bound> {
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
    fn call_pattern(
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

    fn unknown_name<T>(&mut self, name: &Str, span: Span, scope: &Scope<'_>, env: &Env) -> Option<T> {
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
        } else if super::functions::find(name).is_some() {
            Diagnostic::error("KS117", format!("The function '{name}' requires an argument list."), span)
        } else {
            let message =
                format!("The name '{name}' does not refer to any known table, tabular variable or function.");
            Diagnostic::error("KS204", message, span)
        };
        self.report(d.with_guess(near.as_deref()));
        None
    }

    /// The body of a function, with its parameters bound in `env`. It sees parameters and names, and no row: but it is put in
    /// the place of the caller's scope `id`, so that arguments that read the caller's row still find it.
    fn bind_lambda_body(&mut self, f: &Function, env: Env, id: u32, span: Span) -> Option<Bound> {
        self.inside(f.saved.as_ref(), |b| {
            b.deeper(span, |b| {
                let (env, _) = b.statements(&f.lambda.statements, env, Some(id));
                let scope = &Scope { row: false, columns: &[], open: false, id };
                b.bind_any(&f.lambda.body, scope, &env)
            })
        })
    }
}
