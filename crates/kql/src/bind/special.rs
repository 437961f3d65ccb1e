//! Functions that are not functions of values: of the clock, of tables, of the columns there are.

use super::call::Written;
use super::{Binder, Bound, Env, Scope};
use crate::diagnostic::{Diagnostic, Span};
use crate::functions::call::{Call, Detail};
use crate::functions::{self, dynamic, operators as op};
use crate::plan::{Expr, ExprKind, Plan, PlanKind};
use crate::syntax::ast::{self, Argument};
use crate::value::{Column, Str, Type, Value};
use std::rc::Rc;

/// Names of functions that are bound here and not in a family's table.
pub const SPECIAL: &[&str] = &[
    "ago",
    "bag_pack_columns",
    "bin_auto",
    "column_ifexists",
    "column_names_of",
    "columnifexists",
    "estimate_data_size",
    "_GetWatchlist",
    "ingestion_time",
    "iscolumnexists",
    "materialize",
    "now",
    "pack_all",
    "table",
    "toscalar",
    "totable",
];

impl Binder<'_> {
    /// Binds such a call. The outer `Option` says whether it is one.
    pub(super) fn special_call(
        &mut self,
        call: &Written<'_>,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Option<Bound>> {
        Some(match &*call.name.text {
            "now" | "ago" => self.clock_call(call, scope, env).map(Bound::Scalar),
            "bin_auto" => self.bin_auto(call, scope, env).map(Bound::Scalar),
            "ingestion_time" => self.ingestion_time(call, scope).map(Bound::Scalar),
            "toscalar" => self.scalar_of(call, env),
            "materialize" | "totable" => self.only_table(call, env).map(Bound::Table),
            "table" => self.named_table(call, scope, env),
            "_GetWatchlist" => self.watchlist(call, scope, env),
            "column_ifexists" | "columnifexists" => {
                self.column_if_exists(call, scope, env).map(Bound::Scalar)
            }
            "iscolumnexists" => self.is_column(call, scope, env).map(Bound::Scalar),
            "pack_all" => self.pack_all(call, scope, env).map(Bound::Scalar),
            "bag_pack_columns" => self.pack_columns(call, scope, env).map(Bound::Scalar),
            "estimate_data_size" => self.data_size(call, scope, env).map(Bound::Scalar),
            "column_names_of" => self.column_names(call, env).map(Bound::Scalar),
            _ => return None,
        })
    }

    fn scalar_of(&mut self, call: &Written<'_>, env: &Env) -> Option<Bound> {
        let [argument] = call.args else { return self.wrong_count(call.name, 1, Some(1)) };
        let no_row = &self.no_row();
        match self.bind_any(&argument.value, no_row, env)? {
            Bound::Table(plan) => self.first_cell(plan, call.span).map(Bound::Scalar),
            bound @ Bound::Scalar(_) => Some(bound),
            _ => self.error("KS204", "A tabular value expected.", argument.value.span),
        }
    }

    /// The one argument, which is a table.
    fn only_table(&mut self, call: &Written<'_>, env: &Env) -> Option<Rc<Plan>> {
        let [argument] = call.args else { return self.wrong_count(call.name, 1, Some(1)) };
        let no_row = &self.no_row();
        match self.bind_any(&argument.value, no_row, env)? {
            Bound::Table(plan) => Some(plan),
            _ => self.error("KS204", "A tabular value expected.", argument.value.span),
        }
    }

    /// An argument that must be a constant text; `what` names it in the message.
    fn constant_text(
        &mut self,
        argument: &Argument,
        what: &str,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Str> {
        let bound = self.bind_scalar(&argument.value, scope, env)?;
        match bound.as_const() {
            Some(Value::String(text)) => Some(Rc::clone(text)),
            _ => self.error("FP013", format!("The name of a {what} must be a constant."), bound.span),
        }
    }

    fn named_table(&mut self, call: &Written<'_>, scope: &Scope<'_>, env: &Env) -> Option<Bound> {
        let [argument, ..] = call.args else { return self.wrong_count(call.name, 1, Some(2)) };
        let name = self.constant_text(argument, "table", scope, env)?;
        // A table of that name comes first; Microsoft's own functions (graph_path_discovery_fl) give it names of let.
        let stored = self.catalog.tables.iter().any(|t| t.name == name);
        let no_row = &self.no_row();
        let env = if stored { &Env::default() } else { env };
        match self.bind_name(&name, argument.value.span, no_row, env)? {
            Bound::Table(plan) => Some(Bound::Table(plan)),
            _ => self.error("KS204", "A tabular value expected.", argument.value.span),
        }
    }

    fn watchlist(&mut self, call: &Written<'_>, scope: &Scope<'_>, env: &Env) -> Option<Bound> {
        let [argument, ..] = call.args else { return self.wrong_count(call.name, 1, Some(2)) };
        let alias = self.constant_text(argument, "watchlist", scope, env)?;
        self.given_table(&alias, argument.value.span)
    }

    fn is_column(&mut self, call: &Written<'_>, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        let [argument] = call.args else { return self.wrong_count(call.name, 1, Some(1)) };
        let name = self.constant_text(argument, "column", scope, env)?;
        let there = scope.columns.iter().any(|c| c.name == name);
        Some(Expr::constant(Value::Bool(there), Type::Bool, call.span))
    }

    fn column_names(&mut self, call: &Written<'_>, env: &Env) -> Option<Expr> {
        let plan = self.only_table(call, env).filter(|plan| !plan.open)?;
        let names = plan.columns.iter().map(|c| Value::String(Rc::clone(&c.name))).collect();
        Some(Expr::constant(Value::array(names), Type::Dynamic, call.span))
    }

    /// A table the caller supplies under the name a function asks for.
    pub(super) fn given_table(&mut self, name: &str, span: Span) -> Option<Bound> {
        let Some(table) = self.catalog.tables.iter().find(|t| *t.name == *name) else {
            let d = Diagnostic::error("FP020", format!("The data for '{name}' was not supplied."), span);
            self.report(d.with_hint(format!("supply it as a table: --table '{name}:(COLUMN:TYPE, …)=FILE'")));
            return None;
        };
        let kind = PlanKind::Table(Rc::clone(&table.name));
        Some(Bound::Table(Plan::new(kind, table.columns.clone(), span, false)))
    }

    /// `now(offset)`, `ago(span)`: the clock is fixed once a run.
    fn clock_call(&mut self, call: &Written<'_>, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        let is_now = &*call.name.text == "now";
        let now = match &self.now {
            Some(set) => Expr { span: call.span, ..set.clone() },
            None => Expr { kind: ExprKind::Now, ty: Type::DateTime, span: call.span },
        };
        match call.args {
            [] if is_now => Some(now),
            [argument] => {
                let offset = self.bind_scalar(&argument.value, scope, env)?;
                if !matches!(offset.ty, Type::Timespan | Type::Dynamic) {
                    return self.error("KS107", "A value of type timespan expected.", argument.value.span);
                }
                let offset = self.coerce(offset, Type::Timespan);
                let eval = if is_now { op::add } else { op::subtract };
                let name = if is_now { "+" } else { "-" };
                Some(self.make_call(name, eval, vec![now, offset], Type::DateTime, Detail::None, call.span))
            }
            _ => self.wrong_count(call.name, usize::from(!is_now), Some(1)),
        }
    }

    /// `bin_auto(x)`: `bin_at` with what the query set.
    fn bin_auto(&mut self, call: &Written<'_>, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        let [argument] = call.args else { return self.wrong_count(call.name, 1, Some(1)) };
        let Some(size) = self.bin_size.clone() else {
            let d = Diagnostic::error("FP013", "bin_auto needs a bin size.", call.span);
            self.report(d.with_hint("set it before the query: set query_bin_auto_size = 1h;"));
            return None;
        };
        let unnamed = |value: ast::Expr| Argument { name: None, value };
        let mut args = vec![argument.clone(), unnamed(size)];
        args.extend(self.bin_start.clone().map(unnamed));
        let function = functions::find(if args.len() == 2 { "bin" } else { "bin_at" })?;
        self.function_call(function, &Written { args: &args, ..*call }, scope, env)
    }

    /// `ingestion_time()`: a log file does not say when it would have been ingested, so it is the event's own time, and the
    /// query is told.
    fn ingestion_time(&mut self, call: &Written<'_>, scope: &Scope<'_>) -> Option<Expr> {
        if !call.args.is_empty() {
            return self.wrong_count(call.name, 0, Some(0));
        }
        let is_time = |c: &Column| &*c.name == "TimeGenerated" && c.ty == Type::DateTime;
        let Some(at) = scope.columns.iter().position(is_time) else {
            let message = "ingestion_time() needs rows of a table with the column TimeGenerated.";
            return self.error("FP013", message, call.span);
        };
        let message = "ingestion_time() is taken to be the event's TimeGenerated.";
        let d = Diagnostic::warning("FP015", message, call.span);
        self.report(d.with_hint("files do not say when their events were ingested"));
        Some(Expr { kind: ExprKind::Column(at), ty: Type::DateTime, span: call.span })
    }

    fn first_cell(&mut self, plan: Rc<Plan>, span: Span) -> Option<Expr> {
        match plan.columns.first() {
            Some(column) => {
                let ty = column.ty;
                Some(Expr { kind: ExprKind::Scalar(plan), ty, span })
            }
            None if plan.open => None,
            None => self.error("FP013", "The table has no columns.", span),
        }
    }

    /// The right side of `in` when it is a table: its first column.
    pub(super) fn column_as_list(&mut self, plan: Rc<Plan>, span: Span) -> Option<Expr> {
        if plan.columns.is_empty() {
            return if plan.open { None } else { self.error("FP013", "The table has no columns.", span) };
        }
        Some(Expr { kind: ExprKind::List(plan), ty: Type::Dynamic, span })
    }

    fn column_if_exists(&mut self, call: &Written<'_>, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        let [name, otherwise] = call.args else { return self.wrong_count(call.name, 2, Some(2)) };
        let name = self.constant_text(name, "column", scope, env)?;
        match scope.columns.iter().position(|c| c.name == name) {
            Some(i) => {
                let ty = scope.columns.get(i).map_or(Type::Dynamic, |c| c.ty);
                Some(Expr { kind: ExprKind::Column(i), ty, span: call.span })
            }
            None if scope.open => None,
            None => self.bind_scalar(&otherwise.value, scope, env),
        }
    }

    fn pack_all(&mut self, call: &Written<'_>, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        let skip_empty = match call.args {
            [] => false,
            [flag] => self.bind_scalar(&flag.value, scope, env)?.as_const().is_some_and(Value::is_true),
            _ => return self.wrong_count(call.name, 0, Some(1)),
        };
        let mut args = Vec::new();
        for (i, column) in scope.columns.iter().enumerate() {
            args.push(Expr::constant(Value::String(Rc::clone(&column.name)), Type::String, call.span));
            args.push(Expr { kind: ExprKind::Column(i), ty: column.ty, span: call.span });
        }
        let eval = if skip_empty { dynamic::pack_non_empty } else { dynamic::bag_pack };
        Some(self.make_call("pack_all", eval, args, Type::Dynamic, Detail::None, call.span))
    }

    /// `bag_pack_columns(a, b)`: columns by their names.
    fn pack_columns(&mut self, call: &Written<'_>, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        if call.args.is_empty() {
            return self.wrong_count(call.name, 1, None);
        }
        let mut args = Vec::new();
        for argument in call.args {
            let column = self.bind_scalar(&argument.value, scope, env)?;
            let name = match column.kind {
                ExprKind::Column(i) => scope.columns.get(i).map(|c| Rc::clone(&c.name)),
                _ => None,
            };
            let Some(name) = name else {
                return self.error("KS109", "The expression must be a column.", column.span);
            };
            args.push(Expr::constant(Value::String(name), Type::String, column.span));
            args.push(column);
        }
        let eval = dynamic::bag_pack;
        Some(self.make_call("bag_pack_columns", eval, args, Type::Dynamic, Detail::None, call.span))
    }

    /// `estimate_data_size(a, b)`, `estimate_data_size(*)`: texts count their bytes, the rest what its type takes.
    fn data_size(&mut self, call: &Written<'_>, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        let columns: Vec<Expr> = match call.args {
            [] => return self.wrong_count(call.name, 1, None),
            [Argument { value, .. }] if matches!(value.kind, ast::ExprKind::Star) => {
                let column =
                    |(i, c): (usize, &Column)| Expr { kind: ExprKind::Column(i), ty: c.ty, span: value.span };
                scope.columns.iter().enumerate().map(column).collect()
            }
            args => args.iter().map(|a| self.bind_scalar(&a.value, scope, env)).collect::<Option<_>>()?,
        };
        let (mut fixed, mut texts) = (0, Vec::new());
        for column in columns {
            if !matches!(column.kind, ExprKind::Column(_)) {
                return self.error("KS109", "The expression must be a column.", column.span);
            }
            fixed += match column.ty {
                Type::Bool => 1,
                Type::Int => 4,
                Type::Long | Type::Real | Type::DateTime | Type::Timespan => 8,
                Type::Guid => 16,
                Type::String => {
                    texts.push(column);
                    0
                }
                Type::Decimal | Type::Dynamic => {
                    let message =
                        format!("The size of a value of type {} is not published.", column.ty.name());
                    let d = Diagnostic::error("FP010", message, column.span);
                    self.report(
                        d.with_hint("name the other columns instead of *, or convert it with tostring()"),
                    );
                    return None;
                }
            };
        }
        texts.push(Expr::constant(Value::Long(fixed), Type::Long, call.span));
        Some(self.make_call("estimate_data_size", data_size, texts, Type::Long, Detail::None, call.span))
    }
}

/// Texts, and how much the rest takes.
fn data_size(c: &Call) -> Value {
    let size = |v: &Value| match v {
        Value::String(text) => i64::try_from(text.len()).unwrap_or(i64::MAX),
        v => v.as_integer().unwrap_or_default(),
    };
    Value::Long(c.args.iter().map(size).fold(0, i64::saturating_add))
}
