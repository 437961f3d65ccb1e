//! Functions whose call is several columns of `extend`, `project` or `print`: `(a, b) = array_sort_asc(x, y)`.
//! Anywhere else such a call is one dynamic array of those values. Names and types as Microsoft's binder gives them.

use super::Binder;
use super::name::{self, Namer};
use crate::diagnostic::Diagnostic;
use crate::functions::call::Detail;
use crate::functions::{operators as op, series};
use crate::plan::{Expr, ExprKind};
use crate::syntax::ast::{self, Argument, Named};
use crate::value::{Type, Value};

/// A column's name, if its function gives one, and its type.
type WideColumn = (Option<String>, Type);

impl Binder<'_> {
    /// The columns of an output: one, or as many as its function has, each with its name if it has one. Names that
    /// are given go to the first columns.
    pub(super) fn destructured(
        &mut self,
        item: &Named,
        e: Expr,
        namer: &mut Namer,
    ) -> Option<Vec<(Option<String>, Expr)>> {
        let Some(wide) = columns_of(&item.value, &e) else {
            return match item.names.as_slice() {
                [] => Some(vec![(None, e)]),
                [name] => Some(vec![(Some(name.text.to_string()), e)]),
                [first, .., last] => {
                    let span = first.span.to(last.span);
                    self.error("KS149", "The expression does not have multiple named values.", span)
                }
            };
        };
        if let Some(name) = item.names.get(wide.len()) {
            let message = "The name does not have a corresponding expression.";
            self.report(Diagnostic::error("KS150", message, name.span));
        }
        let single = wide.len() == 1;
        // One plain name is one column: that of the first value. Recorded.
        let wide =
            if item.tuple || item.names.is_empty() { wide } else { wide.into_iter().take(1).collect() };
        let mut out = Vec::new();
        for (i, (made, ty)) in wide.into_iter().enumerate() {
            let name = match item.names.get(i) {
                Some(name) => Some(name.text.to_string()),
                None => made.map(|made| namer.take_free(&made)),
            };
            let value = if single {
                e.clone()
            } else {
                let at = Expr::constant(Value::Long(i as i64), Type::Long, e.span);
                self.make_call("[]", op::index, vec![e.clone(), at], ty, Detail::None, e.span)
            };
            out.push((name, value));
        }
        Some(out)
    }
}

/// The columns of a call that has several.
fn columns_of(written: &ast::Expr, bound: &Expr) -> Option<Vec<WideColumn>> {
    let ast::ExprKind::Call(name, args) = &written.kind else { return None };
    match &*name.text {
        "array_sort_asc" | "array_sort_desc" => Some(sorted(args, bound)),
        "series_fit_line" => Some(named("series_fit_line", series::LINE, args)),
        "series_stats" => Some(named("series_stats", series::STATS, args)),
        _ => None,
    }
}

fn first_name(args: &[Argument]) -> String {
    args.first().and_then(|a| name::of(&a.value)).unwrap_or_default()
}

fn named(function: &str, columns: &[(&str, Type)], args: &[Argument]) -> Vec<WideColumn> {
    let first = first_name(args);
    columns.iter().map(|(column, ty)| (Some(format!("{function}_{first}_{column}")), *ty)).collect()
}

/// One column an array; a flag behind them is none.
fn sorted(args: &[Argument], bound: &Expr) -> Vec<WideColumn> {
    let flagged = args.len() > 1
        && match &bound.kind {
            ExprKind::Call(call) => call.args.last().is_some_and(|a| a.ty == Type::Bool),
            _ => {
                args.last().is_some_and(|a| matches!(a.value.kind, ast::ExprKind::Literal(_, Value::Bool(_))))
            }
        };
    let arrays = args.get(..args.len() - usize::from(flagged)).unwrap_or_default();
    let column = |(i, a): (usize, &Argument)| {
        let name = name::of(&a.value).or_else(|| (arrays.len() > 1).then(|| format!("array{i}")));
        (name.map(|n| format!("{n}_sorted")), Type::Dynamic)
    };
    arrays.iter().enumerate().map(column).collect()
}
