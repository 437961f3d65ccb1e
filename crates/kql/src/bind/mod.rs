//! The syntax tree to a bound, typed plan: names are looked up, types worked out, what is not supported is
//! refused by name. Binding goes on after an error, so one pass reports several.

mod aggregate;
mod arguments;
mod call;
mod env;
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
mod statement;
mod subquery;
pub use plugin::{PLUGINS, REFUSED_PLUGINS};
pub use saved::SavedFunction;
mod tabular;
mod top;
mod union;
mod wide;

use crate::diagnostic::{Diagnostic, MAX_DIAGNOSTICS, Severity, Span};
use crate::plan::{Expr, Plan};
use crate::syntax::ast;
use crate::value::{Column, Str, meter};
use env::{Binding, Env, Function, pattern_call};
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
