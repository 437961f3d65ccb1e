//! `evaluate`: the plugins that are supported, the others refused by name. Source: Microsoft's docs, plugins.

use super::name;
use super::parse_op::set_column;
use super::{Binder, Bound, Env, Scope, Shape, Wanting};
use crate::kql::aggregates;
use crate::kql::ast::{self, Argument, ExprKind as Ast, Name, Named};
use crate::kql::diagnostic::{Diagnostic, Span};
use crate::kql::functions::call::{Call, Detail};
use crate::kql::plan::{Expr, ExprKind, IpLookup, Pivot, Plan, PlanKind, SetOp, Stage};
use crate::value::{Column, Str, Type, Value, convert};
use std::rc::Rc;

/// The plugins Forepost runs.
pub const PLUGINS: &[&str] = &["bag_unpack", "ipv4_lookup", "ipv6_lookup", "narrow", "pivot", "rows_near"];

/// The plugins Kusto has and Forepost refuses by name.
pub const REFUSED_PLUGINS: &[&str] = &[
    "active_users_count",
    "activity_counts_metrics",
    "activity_engagement",
    "activity_metrics",
    "ai_chat_completion",
    "ai_chat_completion_prompt",
    "ai_embed_text",
    "ai_embeddings",
    "autocluster",
    "azure_digital_twins_query_request",
    "basket",
    "cosmosdb_sql_request",
    "csharp",
    "dax_request",
    "dcount_intersect",
    "diffpatterns",
    "diffpatterns_text",
    "estimate_rows_count",
    "execute_query",
    "execute_show_command",
    "external_datatable",
    "funnel_sequence",
    "funnel_sequence_completion",
    "geo_line_lookup",
    "geo_polygon_lookup",
    "http_request",
    "http_request_post",
    "identity",
    "infer_storage_schema",
    "infer_storage_schema_with_suggestions",
    "mysql_request",
    "new_activity_metrics",
    "postgresql_request",
    "preview",
    "python",
    "r",
    "rolling_percentile",
    "schema_merge",
    "sequence_detect",
    "session_count",
    "sliding_window_counts",
    "sql_request",
];

/// How many columns a plugin may make out of data.
pub const MAX_MADE_COLUMNS: usize = 1024;

/// A call of a plugin.
struct Plugin<'a> {
    input: &'a Rc<Plan>,
    name: &'a Name,
    args: &'a [Argument],
    schema: Option<&'a ast::Schema>,
    span: Span,
    env: &'a Env,
}

impl Binder<'_> {
    pub(super) fn evaluate(
        &mut self,
        input: &Rc<Plan>,
        call: &ast::Expr,
        schema: Option<&ast::Schema>,
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let Ast::Call(name, args) = &call.kind else {
            return self.error("KS117", "A call of a plugin expected.", call.span);
        };
        let plugin = Plugin { input, name, args, schema, span, env };
        let plan = match &*name.text {
            "bag_unpack" => return self.bag_unpack(&plugin),
            "pivot" => return self.pivot(&plugin),
            "narrow" => self.narrow(&plugin),
            "rows_near" => self.rows_near(&plugin),
            "ipv4_lookup" | "ipv6_lookup" => self.ip_lookup(&plugin),
            word if REFUSED_PLUGINS.contains(&word) => {
                let message = format!("The plug-in function '{word}' is not supported.");
                let d = Diagnostic::error("FP010", message, name.span);
                self.report(d.with_hint(format!("supported are {}", PLUGINS.join(", "))));
                None
            }
            word => {
                let message = format!("The plug-in function '{word}' is not defined.");
                let d = Diagnostic::error("KS124", message, name.span);
                let known = PLUGINS.iter().chain(REFUSED_PLUGINS).copied();
                self.report(match crate::kql::nearest(word, known) {
                    Some(near) => d.with_hint(format!("did you mean '{near}'?")),
                    None => d,
                });
                None
            }
        }?;
        match schema {
            Some(schema) => self.declared_output(plan, schema),
            None => Some(plan),
        }
    }

    /// A plugin whose columns are known anyway: its output as the schema declares it.
    fn declared_output(&mut self, plan: Rc<Plan>, schema: &ast::Schema) -> Option<Rc<Plan>> {
        let declared = self.declared(&schema.columns);
        let span = plan.span;
        let mut columns = if schema.star { plan.columns.clone() } else { Vec::new() };
        let mut values: Vec<Expr> = columns.iter().enumerate().map(|(i, c)| column(i, c.ty, span)).collect();
        for (c, decl) in declared.iter().zip(&schema.columns) {
            match plan.columns.iter().position(|p| p == c) {
                Some(_) if schema.star => {}
                Some(i) => {
                    columns.push(c.clone());
                    values.push(column(i, c.ty, span));
                }
                None => {
                    let message = format!("The plug-in has no column '{}' of type {}.", c.name, c.ty.name());
                    self.report(Diagnostic::error("KS142", message, decl.name.span));
                }
            }
        }
        let open = plan.open;
        Some(Rc::new(Plan::new(PlanKind::Stage(plan, Stage::Project(values)), columns, span, open)))
    }

    /// The columns data gives a plugin, if they are known by now. Until then the plugin waits, and what comes after
    /// it is bound against columns that are not all known.
    fn made_columns(
        &mut self,
        input: &Rc<Plan>,
        value: Expr,
        shape: Shape,
        span: Span,
    ) -> Option<Vec<Column>> {
        if let Some(found) = self.shapes.next() {
            return Some(found.clone());
        }
        if self.wanting.is_none() {
            self.wanting = Some(Wanting { input: Rc::clone(input), value, shape, span });
        }
        None
    }

    fn wrong_arguments<T>(&mut self, p: &Plugin<'_>, expected: &str) -> Option<T> {
        let message = format!("The plug-in function '{}' expects {expected}.", p.name.text);
        self.error("KS119", message, p.name.span)
    }

    /// A column of a table, named by itself.
    fn column_argument(&mut self, a: &Argument, scope: Scope<'_>, env: &Env) -> Option<(usize, Expr)> {
        let e = self.bind_scalar(&a.value, scope, env)?;
        match e.kind {
            ExprKind::Column(i) => Some((i, e)),
            _ => self.error("KS109", "Column name expected.", a.value.span),
        }
    }

    fn constant_argument(&mut self, e: &ast::Expr, ty: Type, env: &Env) -> Option<Value> {
        let no_row = self.no_row();
        let bound = self.bind_scalar(e, no_row, env)?;
        if bound.ty != ty {
            return self.error("KS107", format!("A value of type {} expected.", ty.name()), e.span);
        }
        match bound.as_const() {
            Some(v) => Some(v.clone()),
            None => self.error("FP013", "The argument must be a constant.", e.span),
        }
    }

    /// `bag_unpack(d, prefix, columnsConflict, ignoredProperties)`: a column a key. With the keys known it looks at
    /// one row alone.
    fn bag_unpack(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let (input, env, span) = (p.input, p.env, p.span);
        let Some((bag, options)) = p.args.split_first() else {
            return self.wrong_arguments(p, "a column");
        };
        let scope = self.scope(&input.columns, input.open);
        let (at, bag) = self.column_argument(bag, scope, env)?;
        if bag.ty != Type::Dynamic {
            return self.error("KS141", "The expression must have the type dynamic.", bag.span);
        }
        let (mut prefix, mut conflict, mut ignored) = (String::new(), "error".to_owned(), Vec::new());
        const NAMES: [&str; 3] = ["OutputColumnPrefix", "columnsConflict", "ignoredProperties"];
        for (i, option) in options.iter().enumerate() {
            let name = option.name.as_ref().map_or(NAMES.get(i).copied().unwrap_or(""), |n| &*n.text);
            match name {
                "OutputColumnPrefix" => {
                    let v = self.constant_argument(&option.value, Type::String, env)?;
                    prefix = v.as_str().unwrap_or_default().to_owned();
                }
                "columnsConflict" => {
                    let v = self.constant_argument(&option.value, Type::String, env)?;
                    conflict = v.as_str().unwrap_or_default().to_owned();
                    if !matches!(&*conflict, "error" | "replace_source" | "keep_source") {
                        let message = "Expected one of: error, replace_source, keep_source";
                        return self.error("KS005", message, option.value.span);
                    }
                }
                "ignoredProperties" => {
                    let v = self.constant_argument(&option.value, Type::Dynamic, env)?;
                    let names = v.as_array().unwrap_or_default().iter().filter_map(Value::as_str);
                    ignored = names.map(str::to_owned).collect();
                }
                _ => {
                    return self.wrong_arguments(p, "a column, a prefix, columnsConflict, ignoredProperties");
                }
            }
        }
        let mut columns: Vec<Column> = Vec::new();
        let mut values: Vec<Expr> = Vec::new();
        for (i, c) in input.columns.iter().enumerate().filter(|(i, _)| *i != at) {
            columns.push(c.clone());
            values.push(column(i, c.ty, span));
        }
        let slot = |key: &str, ty: Type, b: &mut Self| {
            let key = Expr::constant(Value::text(key), Type::String, span);
            b.make_call("bag_unpack", bag_slot, vec![bag.clone(), key], ty, Detail::None, span)
        };
        if let Some(schema) = p.schema {
            let declared = self.declared(&schema.columns);
            let (source_columns, source_values) = (columns.clone(), values.clone());
            if !schema.star {
                columns.clear();
                values.clear();
            }
            for c in &declared {
                let key = c.name.strip_prefix(&*prefix).filter(|k| !ignored.iter().any(|i| i == k));
                let source = source_columns.iter().position(|s| s.name == c.name);
                let value = match (source.and_then(|i| source_values.get(i)), key) {
                    (Some(kept), _) if conflict != "replace_source" => self.coerce(kept.clone(), c.ty),
                    (_, Some(key)) => slot(key, c.ty, self),
                    (_, None) => Expr::constant(c.ty.missing(), c.ty, span),
                };
                let at = set_column(&mut columns, &c.name, c.ty);
                match values.get_mut(at) {
                    Some(place) => *place = value,
                    None => values.push(value),
                }
            }
        } else {
            let Some(found) = self.made_columns(input, bag.clone(), Shape::Bag, span) else {
                return Some(Rc::new(Plan::new(PlanKind::Error, columns, span, true)));
            };
            for c in found.iter().filter(|c| !ignored.iter().any(|i| **i == *c.name)) {
                let name = format!("{prefix}{}", c.name);
                let value = slot(&c.name, c.ty, self);
                match (columns.iter().position(|s| *s.name == *name), &*conflict) {
                    (None, _) => {
                        columns.push(Column::new(&name, c.ty));
                        values.push(value);
                    }
                    (Some(i), "replace_source") => {
                        if let (Some(c), Some(v)) = (columns.get_mut(i), values.get_mut(i)) {
                            (c.ty, *v) = (value.ty, value);
                        }
                    }
                    (Some(_), "keep_source") => {}
                    (Some(_), _) => {
                        let message = format!("A column with the name '{name}' is already declared.");
                        let d = Diagnostic::error("KS171", message, p.name.span);
                        self.report(d.with_hint("give a prefix, or columnsConflict='keep_source'"));
                        return None;
                    }
                }
            }
        }
        let kind = PlanKind::Stage(Rc::clone(input), Stage::Project(values));
        Some(Rc::new(Plan::new(kind, columns, span, input.open)))
    }

    /// `pivot(name, aggregate, keys…)`: groups by keys and name, then a column a name.
    fn pivot(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let (input, env, span) = (p.input, p.env, p.span);
        let Some((pivot, rest)) = p.args.split_first() else {
            return self.wrong_arguments(p, "a column");
        };
        let is_aggregate = |a: &Argument| matches!(&a.value.kind, Ast::Call(name, _) if aggregates::find(&name.text).is_some());
        let (aggregate, keys) = match rest.split_first() {
            Some((first, keys)) if is_aggregate(first) => (Some(&first.value), keys),
            _ => (None, rest),
        };
        let scope = self.scope(&input.columns, input.open);
        let (pivot_at, pivot_column) = self.column_argument(pivot, scope, env)?;
        let name = |text: &str, span: Span| Name { text: Rc::from(text), span };
        let count = ast::Expr { kind: Ast::Call(name("count", span), Vec::new()), span };
        let aggregate = aggregate.unwrap_or(&count);
        let mut used = vec![pivot_at];
        if let Ast::Call(_, args) = &aggregate.kind {
            let names = args.iter().filter_map(|a| name::of(&a.value));
            used.extend(names.filter_map(|n| input.columns.iter().position(|c| *c.name == *n)));
        }
        let by = |text: Str, span: Span| Named {
            names: Vec::new(),
            value: ast::Expr { kind: Ast::Name(text), span },
        };
        let mut groups: Vec<Named> = Vec::new();
        if keys.is_empty() {
            let others = input.columns.iter().enumerate().filter(|(i, _)| !used.contains(i));
            groups.extend(others.map(|(_, c)| by(Rc::clone(&c.name), span)));
        } else {
            for key in keys {
                let (i, _) = self.column_argument(key, scope, env)?;
                groups.extend(input.columns.get(i).map(|c| by(Rc::clone(&c.name), key.value.span)));
            }
        }
        let key_count = groups.len();
        let mut pivoted = by(Rc::clone(&input.columns.get(pivot_at)?.name), pivot.value.span);
        pivoted.names.push(name("\0pivot", span));
        groups.push(pivoted);
        let value = Named { names: vec![name("\0value", span)], value: aggregate.clone() };
        let grouped = self.summarize(input, &[value], &groups, span, env)?;
        let value_type = grouped.columns.get(key_count + 1).map_or(Type::Dynamic, |c| c.ty);
        let mut columns: Vec<Column> = grouped.columns.iter().take(key_count).cloned().collect();
        let names: Vec<Str> = match p.schema {
            Some(schema) => {
                let declared = self.declared(&schema.columns);
                let made = declared.iter().filter(|c| !columns.iter().any(|k| k.name == c.name));
                made.map(|c| Rc::clone(&c.name)).collect()
            }
            None => match self.made_columns(input, pivot_column, Shape::Names, span) {
                Some(found) => found.into_iter().map(|c| c.name).collect(),
                None => return Some(Rc::new(Plan::new(PlanKind::Error, columns, span, true))),
            },
        };
        for made in &names {
            if columns.iter().any(|c| c.name == *made) {
                let message = format!("A column with the name '{made}' is already declared.");
                return self.error("KS171", message, p.name.span);
            }
            columns.push(Column { name: Rc::clone(made), ty: value_type });
        }
        // What the aggregate makes of no rows.
        let missing = match &grouped.kind {
            PlanKind::Set(_, SetOp::Summarize(s)) => s.aggregates.first().map(|a| {
                let types: Vec<Type> = a.args.iter().map(|e| e.ty).collect();
                (a.aggregate.new)(&types).finish(a.ty, a.width).into_iter().next().unwrap_or_default()
            }),
            _ => None,
        };
        let open = grouped.open;
        let op = Pivot { keys: key_count, names, missing: missing.unwrap_or_else(|| value_type.missing()) };
        let plan = Rc::new(Plan::new(PlanKind::Set(grouped, SetOp::Pivot(op)), columns, span, open));
        match p.schema {
            Some(schema) => self.declared_output(plan, schema),
            None => Some(plan),
        }
    }

    /// `narrow()`: a row a cell.
    fn narrow(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        if !p.args.is_empty() {
            return self.wrong_arguments(p, "no arguments");
        }
        let columns = vec![
            Column::new("Row", Type::Long),
            Column::new("Column", Type::String),
            Column::new("Value", Type::String),
        ];
        let op = SetOp::Narrow(p.input.columns.clone());
        let kind = PlanKind::Set(Rc::clone(p.input), op);
        Some(Rc::new(Plan::new(kind, columns, p.span, p.input.open)))
    }

    /// `rows_near(condition, before, after)`
    fn rows_near(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let (condition, before, after) = match p.args {
            [condition, both] => (condition, both, both),
            [condition, before, after] => (condition, before, after),
            _ => return self.wrong_arguments(p, "a condition and one or two numbers of rows"),
        };
        let scope = self.scope(&p.input.columns, p.input.open);
        let condition = self.predicate(&condition.value, scope, p.env)?;
        let mut number = |a: &Argument| {
            let n = self.count_expr(&a.value, p.env)?;
            match n.as_const().and_then(Value::as_integer).and_then(|n| usize::try_from(n).ok()) {
                Some(n) => Some(n),
                None => self.error("FP013", "The number of rows must be a constant.", a.value.span),
            }
        };
        let op = SetOp::RowsNear(condition, number(before)?, number(after)?);
        let kind = PlanKind::Set(Rc::clone(p.input), op);
        Some(Rc::new(Plan::new(kind, p.input.columns.clone(), p.span, p.input.open)))
    }

    /// `ipv4_lookup(table, address, network, keys…, return_unmatched)` and its IPv6 form, whose columns Kusto puts
    /// the other way round.
    fn ip_lookup(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let (input, env, span) = (p.input, p.env, p.span);
        let [table, address, network, rest @ ..] = p.args else {
            return self.wrong_arguments(p, "a table, a column of addresses and a column of networks");
        };
        let no_row = self.no_row();
        let right = match self.bind_any(&table.value, no_row, env)? {
            Bound::Table(plan) => plan,
            _ => return self.error("KS204", "A tabular value expected.", table.value.span),
        };
        let left_scope = self.scope(&input.columns, input.open);
        let (_, left_key) = self.column_argument(address, left_scope, env)?;
        let right_scope = self.scope(&right.columns, right.open);
        let (_, right_key) = self.column_argument(network, right_scope, env)?;
        for e in [&left_key, &right_key] {
            if e.ty != Type::String {
                return self.error("KS141", "The expression must have the type string.", e.span);
            }
        }
        let (mut extra, mut dropped, mut unmatched) = (Vec::new(), Vec::new(), false);
        for a in rest {
            let flag = a.name.as_ref().is_some_and(|n| &*n.text == "return_unmatched")
                || matches!(a.value.kind, Ast::Literal(Type::Bool, _));
            if flag {
                unmatched = self.constant_argument(&a.value, Type::Bool, env)?.is_true();
                continue;
            }
            let (_, l) = self.column_argument(a, left_scope, env)?;
            let (i, r) = self.column_argument(a, right_scope, env)?;
            if l.ty != r.ty || l.ty == Type::Dynamic {
                let message =
                    format!("Inconsistent data types for join keys: ({}, {})", l.ty.name(), r.ty.name());
                return self.error("KS242", message, a.value.span);
            }
            dropped.push(i);
            extra.push((l, r));
        }
        let right_columns: Vec<usize> = (0..right.columns.len()).filter(|i| !dropped.contains(i)).collect();
        let mut namer = name::Namer::new();
        let mut columns = input.columns.clone();
        columns.iter().for_each(|c| namer.take(&c.name));
        for i in &right_columns {
            if let Some(c) = right.columns.get(*i) {
                columns.push(Column::new(&namer.take_free(&c.name), c.ty));
            }
        }
        let open = input.open || right.open;
        let lookup = IpLookup {
            left: Rc::clone(input),
            left_key,
            right_key,
            extra,
            right_types: right_columns.iter().filter_map(|i| right.columns.get(*i)).map(|c| c.ty).collect(),
            right_columns,
            right,
            unmatched,
        };
        let width = columns.len();
        let plan = Rc::new(Plan::new(PlanKind::IpLookup(Box::new(lookup)), columns, span, open));
        if &*p.name.text == "ipv4_lookup" {
            return Some(plan);
        }
        let order: Vec<usize> = (input.columns.len()..width).chain(0..input.columns.len()).collect();
        Some(self.pick(&plan, &order, span))
    }
}

fn column(i: usize, ty: Type, span: Span) -> Expr {
    Expr { kind: ExprKind::Column(i), ty, span }
}

/// A member of a bag as a column's type.
fn bag_slot(c: &Call) -> Value {
    match (c.arg(0), c.arg(1)) {
        (Value::Bag(bag), Value::String(key)) => match bag.get(key) {
            Some(v) if c.result() == Type::Dynamic => v.clone(),
            Some(v) => convert::convert(v, Type::Dynamic, c.result()),
            None => c.missing(),
        },
        _ => c.missing(),
    }
}
