//! `evaluate`: the plugins that are supported, the others refused by name. Source: Microsoft's docs, plugins.

mod activity;
mod lookup;
mod reshape;

use super::parse_op::set_column;
use super::{Binder, Env, Scope};
use crate::diagnostic::{Diagnostic, Span};
use crate::functions::call::{Call, Detail, list_items};
use crate::plan::{Expr, ExprKind, Plan, PlanKind, SetOp, Stage};
use crate::syntax::ast::{self, Argument, ExprKind as Ast, Name};
use crate::value::key::{self, KeySet};
use crate::value::{Column, Type, Value, convert};
use std::rc::Rc;

/// The plugins Forepost runs.
pub const PLUGINS: &[&str] = &[
    "active_users_count",
    "activity_counts_metrics",
    "bag_unpack",
    "dcount_intersect",
    "ipv4_lookup",
    "ipv6_lookup",
    "narrow",
    "pivot",
    "rolling_percentile",
    "rows_near",
    "schema_merge",
    "session_count",
    "sliding_window_counts",
];

/// The plugins Kusto has and Forepost refuses by name.
pub const REFUSED_PLUGINS: &[&str] = &[
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
    "sequence_detect",
    "sql_request",
];

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
            "active_users_count" => self.active_users(&plugin),
            "activity_counts_metrics" => self.activity(&plugin, "activity_counts_metrics"),
            "session_count" => self.activity(&plugin, "session_count"),
            "sliding_window_counts" => self.activity(&plugin, "sliding_window_counts"),
            "rolling_percentile" => self.rolling_percentile(&plugin),
            "schema_merge" => self.schema_merge(&plugin),
            "dcount_intersect" => self.dcount_intersect(&plugin),
            word if REFUSED_PLUGINS.contains(&word) => {
                let message = format!("The plug-in function '{word}' is not supported.");
                let d = Diagnostic::error("FP010", message, name.span);
                self.report(d.with_hint(format!("supported plugins: {}", PLUGINS.join(", "))));
                None
            }
            word => {
                let message = format!("The plug-in function '{word}' is not defined.");
                let d = Diagnostic::error("KS124", message, name.span);
                let known = PLUGINS.iter().chain(REFUSED_PLUGINS).copied();
                self.report(d.with_guess(self.near(word, known)));
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
                    let message =
                        format!("The plug-in does not return a column '{}' of type {}.", c.name, c.ty.name());
                    self.report(Diagnostic::error("KS142", message, decl.name.span));
                }
            }
        }
        let open = plan.open;
        Some(Plan::new(PlanKind::Stage(plan, Stage::Project(values)), columns, span, open))
    }

    fn wrong_arguments<T>(&mut self, p: &Plugin<'_>, expected: &str) -> Option<T> {
        let message = format!("The plug-in function '{}' expects {expected}.", p.name.text);
        self.error("KS119", message, p.name.span)
    }

    /// A column of a table, named by itself.
    fn column_argument(&mut self, a: &Argument, scope: &Scope<'_>, env: &Env) -> Option<(usize, Expr)> {
        let e = self.bind_scalar(&a.value, scope, env)?;
        match e.kind {
            ExprKind::Column(i) => Some((i, e)),
            _ => self.error("KS109", "Column name expected.", a.value.span),
        }
    }

    fn constant_argument(&mut self, e: &ast::Expr, ty: Type, env: &Env) -> Option<Value> {
        let no_row = &self.no_row();
        let bound = self.bind_scalar(e, no_row, env)?;
        if bound.ty != ty {
            return self.error("KS107", format!("A value of type {} expected.", ty.name()), e.span);
        }
        match bound.as_const() {
            Some(v) => Some(v.clone()),
            None => self.error("FP013", "The argument must be a constant.", e.span),
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
        Some(Plan::new(kind, columns, p.span, p.input.open))
    }

    /// `rows_near(condition, before, after)`
    fn rows_near(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let (condition, before, after) = match p.args {
            [condition, both] => (condition, both, both),
            [condition, before, after] => (condition, before, after),
            _ => return self.wrong_arguments(p, "a condition and one or two row counts"),
        };
        let scope = &self.scope(&p.input.columns, p.input.open);
        let condition = self.predicate(&condition.value, scope, p.env)?;
        let mut number = |a: &Argument| {
            let n = self.count_expr(&a.value, p.env)?;
            match n.as_const().and_then(Value::as_integer).and_then(convert::to_count) {
                Some(n) => Some(n),
                None => self.error("FP013", "The number of rows must be a constant.", a.value.span),
            }
        };
        let op = SetOp::RowsNear(condition, number(before)?, number(after)?);
        let kind = PlanKind::Set(Rc::clone(p.input), op);
        Some(Plan::new(kind, p.input.columns.clone(), p.span, p.input.open))
    }

    /// `dcount_intersect(hll, hll, …)`: how many values the first, the first two, … have in common.
    fn dcount_intersect(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        if p.args.len() < 2 {
            return self.wrong_arguments(p, "at least two results of hll");
        }
        let scope = &self.scope(&p.input.columns, p.input.open);
        let (mut columns, mut sets, mut hashes) = (p.input.columns.clone(), Vec::new(), Vec::new());
        for (i, a) in p.args.iter().enumerate() {
            let (_, e) = self.column_argument(a, scope, p.env)?;
            if e.ty != Type::Dynamic {
                return self.error("KS141", "The expression must have the type dynamic.", e.span);
            }
            hashes.push(e);
            let count = self.make_call(
                "dcount_intersect",
                in_common,
                hashes.clone(),
                Type::Long,
                Detail::None,
                p.span,
            );
            sets.push((set_column(&mut columns, &format!("s{i}"), Type::Long), count));
        }
        let kind = PlanKind::Stage(Rc::clone(p.input), Stage::Extend(sets));
        Some(Plan::new(kind, columns, p.span, p.input.open))
    }

    /// `schema_merge(PreserveOrder)`: over what `getschema` yields.
    fn schema_merge(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let keep_order = match p.args {
            [] => true,
            [flag] => self.constant_argument(&flag.value, Type::Bool, p.env)?.is_true(),
            _ => return self.wrong_arguments(p, "at most PreserveOrder"),
        };
        let wanted = ["ColumnName", "ColumnOrdinal", "DataType", "ColumnType"];
        let at = |name: &&str| p.input.columns.iter().position(|c| *c.name == **name);
        let Some(places) = wanted.iter().map(at).collect::<Option<Vec<_>>>() else {
            return self.error("FP013", "schema_merge needs the output of getschema.", p.name.span);
        };
        let picked = self.pick(p.input, &places, p.span);
        let mut columns = picked.columns.clone();
        if let Some(ordinal) = columns.get_mut(1) {
            ordinal.ty = Type::Long;
        }
        let open = picked.open;
        let kind = PlanKind::Set(picked, SetOp::SchemaMerge(keep_order));
        Some(Plan::new(kind, columns, p.span, open))
    }
}

fn column(i: usize, ty: Type, span: Span) -> Expr {
    Expr { kind: ExprKind::Column(i), ty, span }
}

/// How many items all of some arrays have.
fn in_common(c: &Call) -> Value {
    let arrays: Vec<KeySet> = c.args.iter().map(|array| key::keys(list_items(array))).collect();
    let Some((first, rest)) = arrays.split_first() else { return Value::Long(0) };
    let common = first.iter().filter(|key| rest.iter().all(|other| other.contains(*key)));
    Value::Long(common.count() as i64)
}
