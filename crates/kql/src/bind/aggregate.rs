//! `summarize` and `distinct`: aggregates inside expressions, keys, names.

use super::name::{self, Namer};
use super::{Aggregates, Binder, Bound, Env, Scope};
use crate::aggregates::Aggregate;
use crate::diagnostic::{Diagnostic, Span};
use crate::functions::Naming;
use crate::plan::{AggregateExpr, Expr, ExprKind, Plan, PlanKind, SetOp, Stage, Summarize};
use crate::syntax::ast::{self, Argument, Name, Named};
use crate::value::{Column, Type, Value};
use std::rc::Rc;

impl Binder<'_> {
    /// A call of an aggregate: allowed where a `summarize` collects them, and its result a column there.
    pub(super) fn aggregate_call(
        &mut self,
        aggregate: &'static Aggregate,
        name: &Name,
        args: &[Argument],
        span: Span,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Expr> {
        let Some(collecting) = self.aggregates.take() else {
            let message = format!("The aggregate function '{}' is not allowed in this context.", name.text);
            return self.error("KS144", message, name.span);
        };
        // Its arguments read rows, not results: no aggregate inside an aggregate.
        let bound = self.aggregate_arguments(aggregate, name, args, scope, env);
        let mut collecting = collecting;
        let result = bound.map(|(args, ty, width)| {
            let column = collecting.base + collecting.width;
            collecting.width += width;
            collecting.found.push(AggregateExpr { aggregate, args, ty, width });
            Expr { kind: ExprKind::Column(column), ty, span }
        });
        self.aggregates = Some(collecting);
        result
    }

    fn aggregate_arguments(
        &mut self,
        aggregate: &'static Aggregate,
        name: &Name,
        args: &[Argument],
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<(Vec<Expr>, Type, usize)> {
        // count(*) is count().
        let star = |a: &Argument| matches!(a.value.kind, ast::ExprKind::Star);
        if aggregate.name == "count" && args.first().is_some_and(star) {
            return Some((Vec::new(), Type::Long, 1));
        }
        if args.iter().any(star) && !is_arg(aggregate) && !matches!(aggregate.name, "take_any" | "any") {
            return self.error("KS006", "A * is not allowed here.", name.span);
        }
        let mut bound = Vec::new();
        let mut failed = false;
        for argument in args {
            if star(argument) {
                for i in self.starred(scope, bound.first()) {
                    let ty = scope.columns.get(i).map_or(Type::Dynamic, |c| c.ty);
                    bound.push(Expr { kind: ExprKind::Column(i), ty, span: argument.value.span });
                }
                continue;
            }
            match self.bind_scalar(&argument.value, scope, env) {
                Some(e) => bound.push(e),
                None => failed = true,
            }
        }
        if failed {
            return None;
        }
        if bound.is_empty() && is_arg(aggregate) {
            return self.error(
                "KS120",
                format!("The function '{}' expects at least 1 argument.", name.text),
                name.span,
            );
        }
        let arg_like = is_arg(aggregate) || bound.len() > 1 && matches!(aggregate.name, "take_any" | "any");
        let bound = if arg_like {
            bound
        } else {
            let params = self.spread(aggregate.params, bound.len(), name)?;
            self.fit(name, bound, &params)?
        };
        if aggregate.name.starts_with("percentile")
            && let Some(e) = bound.iter().skip(percentiles_from(aggregate)).find(|e| e.as_const().is_none())
        {
            return self.error("FP013", "A percentile must be a constant.", e.span);
        }
        if matches!(aggregate.name, "min" | "max" | "arg_min" | "arg_max" | "minif" | "maxif")
            && let Some(e) = bound.first().filter(|e| e.ty == Type::Dynamic)
        {
            let message =
                "The argument value must be orderable: a number, timespan, datetime, string or boolean.";
            return self.error("KS206", message, e.span);
        }
        let types: Vec<Type> = bound.iter().map(|e| e.ty).collect();
        let ty = (aggregate.returns)(&types);
        let width = match aggregate.name {
            "percentiles" | "percentilesw" => bound.len().saturating_sub(percentiles_from(aggregate)),
            _ if arg_like => bound.len(),
            _ => 1,
        };
        Some((bound, ty, width.max(1)))
    }

    /// The columns `*` stands for in an aggregate: all but the keys and the maximised column itself.
    fn starred(&self, scope: &Scope<'_>, maximised: Option<&Expr>) -> Vec<usize> {
        let is = |e: &Expr, i: usize| matches!(e.kind, ExprKind::Column(j) if j == i);
        let is_key = |i: usize| self.group_keys.iter().any(|k| is(k, i));
        (0..scope.columns.len()).filter(|i| !is_key(*i) && !maximised.is_some_and(|m| is(m, *i))).collect()
    }

    /// `summarize a = count(), … by k, …`
    pub(super) fn summarize(
        &mut self,
        input: &Rc<Plan>,
        aggregates: &[Named],
        by: &[Named],
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let scope = &self.scope(&input.columns, input.open);
        let mut namer = Namer::new();
        let mut columns = Vec::new();
        let mut failed = false;
        self.reserve(aggregates.iter().chain(by), &mut namer);
        let mut keys = Vec::new();
        for named in by {
            match self.key(named, scope, env, &mut namer) {
                Some((column, key)) => {
                    columns.push(column);
                    keys.push(key);
                }
                None => failed = true,
            }
        }
        let outer = self.aggregates.replace(Aggregates { base: keys.len(), ..Aggregates::default() });
        let outer_keys = std::mem::replace(&mut self.group_keys, keys.clone());
        let mut outputs: Vec<Expr> = keys
            .iter()
            .enumerate()
            .map(|(i, k)| Expr { kind: ExprKind::Column(i), ty: k.ty, span: k.span })
            .collect();
        for named in aggregates {
            match self.aggregate_output(named, scope, env, &mut namer) {
                Some(made) => {
                    for (column, e) in made {
                        columns.push(column);
                        outputs.push(e);
                    }
                }
                None => {
                    failed = true;
                    self.poison(named);
                }
            }
        }
        let found = std::mem::replace(&mut self.aggregates, outer).unwrap_or_default().found;
        self.group_keys = outer_keys;
        // The row that expressions over aggregates read: keys, then every aggregate's columns.
        let mut raw: Vec<Column> = keys.iter().map(|k| Column::new("", k.ty)).collect();
        for a in &found {
            raw.extend((0..a.width).map(|i| Column::new("", aggregate_column_type(a, i))));
        }
        let open = input.open || failed;
        let plain = outputs.len() == raw.len()
            && outputs.iter().enumerate().all(|(i, e)| matches!(e.kind, ExprKind::Column(j) if i == j));
        let op = SetOp::Summarize(Summarize { keys, aggregates: found });
        if plain {
            return Some(Plan::new(PlanKind::Set(Rc::clone(input), op), columns, span, open));
        }
        let summarized = Plan::new(PlanKind::Set(Rc::clone(input), op), raw, span, open);
        let kind = PlanKind::Stage(summarized, Stage::Project(outputs));
        Some(Plan::new(kind, columns, span, open))
    }

    /// Explicit names are taken first, so that made-up ones get out of their way.
    pub(super) fn reserve<'a>(&mut self, items: impl Iterator<Item = &'a Named>, namer: &mut Namer) {
        for name in items.flat_map(|n| &n.names) {
            if namer.is_taken(&name.text) {
                let message = format!("A column with the name '{}' is already declared.", name.text);
                self.report(Diagnostic::error("KS171", message, name.span));
            }
            namer.take(&name.text);
        }
    }

    pub(super) fn poison(&mut self, named: &Named) {
        for name in &named.names {
            self.poisoned.insert(name.text.to_string());
        }
        if let Some(name) = name::of(&named.value) {
            self.poisoned.insert(name.to_string());
        }
    }

    /// The name of an output: its own, its expression's, or a number.
    pub(super) fn output_name(&mut self, named: &Named, namer: &mut Namer) -> String {
        match (named.names.first(), name::of(&named.value)) {
            (Some(name), _) => name.text.to_string(),
            (None, Some(made)) => namer.take_free(&made),
            (None, None) => namer.unnamed(0),
        }
    }

    /// A key of `summarize`, `distinct` or `partition`: a scalar that is not dynamic.
    pub(super) fn key(
        &mut self,
        named: &Named,
        scope: &Scope<'_>,
        env: &Env,
        namer: &mut Namer,
    ) -> Option<(Column, Expr)> {
        let aggregates = self.aggregates.take();
        let bound = self.bind_scalar(&named.value, scope, env);
        self.aggregates = aggregates;
        let e = match bound {
            Some(e) => e,
            None => {
                self.poison(named);
                return None;
            }
        };
        if e.ty == Type::Dynamic {
            let message = "The value of type 'dynamic' is not allowed in this context.";
            self.report(Diagnostic::error("KS116", message, e.span).with_hint("cast it: tostring(…)"));
            self.poison(named);
            return None;
        }
        let name = self.output_name(named, namer);
        Some((Column::new(&name, e.ty), e))
    }

    /// One output of `summarize`: usually one column; for `arg_max(x, *)` and `percentiles` several.
    fn aggregate_output(
        &mut self,
        named: &Named,
        scope: &Scope<'_>,
        env: &Env,
        namer: &mut Namer,
    ) -> Option<Vec<(Column, Expr)>> {
        let before = self.aggregates.as_ref().map_or(0, |a| a.found.len());
        let e = self.aggregate_expr(&named.value, scope, env)?;
        let after = self.aggregates.as_ref().map_or(0, |a| a.found.len());
        let wide =
            match (&named.value.kind, &e.kind, self.aggregates.as_ref().and_then(|a| a.found.get(before))) {
                (ast::ExprKind::Call(call, args), ExprKind::Column(base), Some(a)) if after == before + 1 => {
                    wide_names(a, call, args, || self.star_names(scope, a)).map(|names| {
                        (names, *base, (0..a.width).map(|i| aggregate_column_type(a, i)).collect::<Vec<_>>())
                    })
                }
                _ => None,
            };
        let Some((names, base, types)) = wide else {
            let name = self.output_name(named, namer);
            return Some(vec![(Column::new(&name, e.ty), e)]);
        };
        let mut out = Vec::new();
        for (i, (made, ty)) in names.into_iter().zip(types).enumerate() {
            let name = match named.names.get(i) {
                Some(name) => name.text.to_string(),
                None => namer.take_free(&made),
            };
            out.push((Column::new(&name, ty), Expr { kind: ExprKind::Column(base + i), ty, span: e.span }));
        }
        Some(out)
    }

    /// An expression over aggregates: outside their arguments it cannot read a row.
    fn aggregate_expr(&mut self, e: &ast::Expr, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        if let ast::ExprKind::Name(name) = &e.kind
            && scope.columns.iter().any(|c| c.name == *name)
            && env.find(name).is_none_or(|n| !n.local)
        {
            let message = format!("The name '{name}' is not an aggregate or scalar function.");
            return self.error("KS236", message, e.span);
        }
        let found = self.aggregates.as_ref().map_or(0, |a| a.width);
        let base = self.aggregates.as_ref().map_or(0, |a| a.base);
        let bound = self.bind_any(e, scope, env)?;
        let Bound::Scalar(bound) = bound else {
            return self.error("KS108", "Scalar value expected.", e.span);
        };
        // A column below `base` is a key or a row's column that leaked through: only results may be read.
        let width = self.aggregates.as_ref().map_or(found, |a| a.width);
        let mut result_columns = 0;
        let leaks = bound.any(&mut |x| match x.kind {
            ExprKind::Column(i) if i >= base && i < base + width && is_result(x, e) => {
                result_columns += 1;
                false
            }
            ExprKind::Column(_) => true,
            _ => false,
        });
        if leaks {
            return self.error(
                "KS236",
                "summarize can read this column only inside an aggregate function.",
                e.span,
            );
        }
        Some(bound)
    }

    fn star_names(&self, scope: &Scope<'_>, a: &AggregateExpr) -> Vec<String> {
        let maximised = a.args.first().filter(|_| is_arg(a.aggregate));
        let name = |i: &usize| scope.columns.get(*i).map(|c| c.name.to_string());
        self.starred(scope, maximised).iter().filter_map(name).collect()
    }

    /// Expressions over aggregates, for operators that lay the results out themselves: the aggregates, and the
    /// expressions over the row of their columns.
    pub(super) fn over_aggregates(
        &mut self,
        values: &[&ast::Expr],
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<(Vec<AggregateExpr>, Vec<Expr>)> {
        let outer = self.aggregates.replace(Aggregates::default());
        let results: Vec<Option<Expr>> = values.iter().map(|e| self.aggregate_expr(e, scope, env)).collect();
        let found = std::mem::replace(&mut self.aggregates, outer).unwrap_or_default().found;
        results.into_iter().collect::<Option<Vec<_>>>().map(|results| (found, results))
    }

    /// `distinct a, b`, `distinct *`: a summarize without aggregates.
    pub(super) fn distinct(
        &mut self,
        input: &Rc<Plan>,
        items: &[Named],
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let star = |n: &Named| n.names.is_empty() && matches!(n.value.kind, ast::ExprKind::Star);
        let expanded: Vec<Named> = items
            .iter()
            .flat_map(|item| {
                if !star(item) {
                    return vec![item.clone()];
                }
                let column = |c: &Column| Named {
                    names: Vec::new(),
                    tuple: false,
                    value: ast::Expr { kind: ast::ExprKind::Name(Rc::clone(&c.name)), span: item.value.span },
                };
                input.columns.iter().map(column).collect()
            })
            .collect();
        self.summarize(input, &[], &expanded, span, env)
    }
}

/// Whether a column expression is an aggregate's result: it was written as a call.
fn is_result(column: &Expr, of: &ast::Expr) -> bool {
    fn call_at(e: &ast::Expr, span: Span) -> bool {
        match &e.kind {
            ast::ExprKind::Call(_, args) => e.span == span || args.iter().any(|a| call_at(&a.value, span)),
            ast::ExprKind::Member(a, _) | ast::ExprKind::Sign(_, a) => call_at(a, span),
            ast::ExprKind::Index(a, b) | ast::ExprKind::Binary(_, _, a, b) => {
                call_at(a, span) || call_at(b, span)
            }
            ast::ExprKind::And(items) | ast::ExprKind::Or(items) => items.iter().any(|i| call_at(i, span)),
            ast::ExprKind::List(_, _, a, items) => call_at(a, span) || items.iter().any(|i| call_at(i, span)),
            ast::ExprKind::Between(_, a, b, c) => [a, b, c].into_iter().any(|i| call_at(i, span)),
            _ => false,
        }
    }
    call_at(of, column.span)
}

/// Where the percentiles stand among the arguments: behind the weight, if there is one.
fn percentiles_from(a: &Aggregate) -> usize {
    if a.params.iter().any(|p| p.name == "weight") { 2 } else { 1 }
}

fn is_arg(a: &Aggregate) -> bool {
    matches!(a.name, "arg_max" | "arg_min")
}

/// The type of one of the columns of an aggregate.
fn aggregate_column_type(a: &AggregateExpr, i: usize) -> Type {
    if a.width > 1 && !a.aggregate.name.starts_with("percentiles") {
        return a.args.get(i).map_or(a.ty, |e| e.ty);
    }
    a.ty
}

/// The names of an aggregate's several columns, or of its one where a parameter is part of the name.
fn wide_names(
    a: &AggregateExpr,
    call: &Name,
    args: &[Argument],
    starred: impl Fn() -> Vec<String>,
) -> Option<Vec<String>> {
    let of_argument = |arg: &Argument| match &arg.name {
        Some(n) => n.text.to_string(),
        None => name::of(&arg.value).unwrap_or_default(),
    };
    if is_arg(a.aggregate) || a.width > 1 && matches!(&*call.text, "take_any" | "any") {
        let mut names = Vec::new();
        for argument in args {
            if matches!(argument.value.kind, ast::ExprKind::Star) {
                names.extend(starred());
            } else if names.is_empty() && is_arg(a.aggregate) && name::of(&argument.value).is_none() {
                names.push(format!("{}_", if &*call.text == "arg_max" { "max" } else { "min" }));
            } else {
                names.push(of_argument(argument));
            }
        }
        return Some(names);
    }
    if call.text.starts_with("percentile") && a.aggregate.naming == Naming::None {
        let column = args.first().map(of_argument).unwrap_or_default();
        if call.text.ends_with("_array") {
            return Some(vec![format!("percentiles_{column}")]);
        }
        let percent = |e: &Expr| match e.as_const() {
            Some(Value::Real(r)) => r.to_string().replace('.', "_"),
            Some(v) => crate::value::text::scalar(v),
            None => String::new(),
        };
        return Some(
            a.args
                .iter()
                .skip(percentiles_from(a.aggregate))
                .map(|e| format!("percentile_{column}_{}", percent(e)))
                .collect(),
        );
    }
    None
}
