//! Pipelines: sources and operators.

use super::name::Namer;
use super::row_order::{RowOrder, is_serialized};
use super::{Binder, Binding, Bound, Env};
use crate::diagnostic::{Diagnostic, Span};
use crate::plan::{Expr, ExprKind, Plan, PlanKind, SetOp, SortKey, Stage, UnionInput, UnionSource};
use crate::syntax::ast::{self, ExprKind as Ast, Name, Operator, OperatorKind, Ordered};
use crate::syntax::parse::MAX_COLUMNS;
use crate::value::{Column, Type, Value, convert};
use std::rc::Rc;

impl Binder<'_> {
    /// An expression that must be a table.
    pub(super) fn bind_table(&mut self, e: &ast::Expr, env: &Env) -> Option<Rc<Plan>> {
        match self.bind_tabular(e, env)? {
            Bound::Table(plan) => Some(plan),
            Bound::Graph(_) => self.no_table(e.span),
            Bound::Scalar(_) => self.error("KS204", "A tabular value expected.", e.span),
            Bound::Function(_) => {
                self.error("KS117", "A function must be called with its arguments.", e.span)
            }
        }
    }

    /// A graph where a table must stand.
    pub(super) fn no_table<T>(&mut self, span: Span) -> Option<T> {
        let d = Diagnostic::error("KS204", "A tabular value expected; this is a graph.", span);
        self.report(d.with_hint("put graph-match … or graph-to-table nodes behind it"));
        None
    }

    /// An expression that stands where a table can, whatever it turns out to be.
    pub(super) fn bind_tabular(&mut self, e: &ast::Expr, env: &Env) -> Option<Bound> {
        let span = e.span;
        match &e.kind {
            Ast::Pipe(source, operators) => self.deeper(span, |b| {
                let source = match b.bind_tabular(source, env) {
                    Some(Bound::Graph(graph)) => Bound::Graph(graph),
                    Some(Bound::Table(plan)) => Bound::Table(plan),
                    Some(_) => return b.error("KS204", "A tabular value expected.", source.span),
                    None => Bound::Table(b.unknown_table(source.span)),
                };
                b.pipeline(source, operators, env)
            }),
            Ast::Source(operator) => self.deeper(span, |b| {
                let print = matches!(operator.kind, OperatorKind::Print(_));
                let order = if print { RowOrder::OneRow } else { RowOrder::Unused };
                let plan = b.with_row_order(order, |b| b.source(operator, env))?;
                b.check_size(&plan, span)?;
                Some(Bound::Table(plan))
            }),
            _ => {
                let scope = &self.no_row();
                self.bind_any(e, scope, env)
            }
        }
    }

    /// A table and the operators behind it, which must make a table.
    pub(super) fn operators(
        &mut self,
        source: Rc<Plan>,
        operators: &[Operator],
        env: &Env,
    ) -> Option<Rc<Plan>> {
        match self.pipeline(Bound::Table(source), operators, env)? {
            Bound::Table(plan) => Some(plan),
            _ => self.no_table(operators.last().map_or(Span::default(), |o| o.span)),
        }
    }

    /// A table or a graph and the operators behind it.
    fn pipeline(&mut self, source: Bound, operators: &[Operator], env: &Env) -> Option<Bound> {
        let (mut at, mut env) = (source, env.clone());
        for operator in operators {
            self.count(operator.span)?;
            // The table is held once: what is done to a join depends on whether others read it too.
            let next = match (at, &operator.kind) {
                (Bound::Graph(graph), _) => {
                    self.with_row_order(RowOrder::Unused, |b| b.graph_operator(&graph, operator, &env))
                }
                (Bound::Table(plan), OperatorKind::As(name)) => {
                    self.named.push((Rc::clone(&plan), Rc::clone(&name.text)));
                    env = env.with(&name.text, Binding::Table(Rc::clone(&plan)), false);
                    Some(Bound::Table(plan))
                }
                (Bound::Table(plan), OperatorKind::MakeGraph(make)) => {
                    self.with_row_order(RowOrder::Unused, |b| b.make_graph(&plan, make, operator.span, &env))
                }
                (Bound::Table(plan), kind) => {
                    let order = RowOrder::of(kind, &plan);
                    self.with_row_order(order, |b| b.operator(&plan, operator, &env)).map(Bound::Table)
                }
                _ => None,
            };
            at = next.unwrap_or_else(|| Bound::Table(self.unknown_table(operator.span)));
            if let Bound::Table(plan) = &at {
                self.check_size(plan, operator.span)?;
            }
        }
        Some(at)
    }

    /// Whether a plan is not too deep and not too wide: each operator adds little, joins of joins double.
    fn check_size(&mut self, plan: &Plan, span: Span) -> Option<()> {
        if plan.depth > Plan::MAX_DEPTH {
            let message = "The query has too many nested operators across its tables and functions.";
            return self.error("FP002", message, span);
        }
        if plan.columns.len() > MAX_COLUMNS {
            return self.error("FP003", format!("The table has more than {MAX_COLUMNS} columns."), span);
        }
        Some(())
    }

    /// The place of a table that could not be bound: whatever is read from it says nothing new.
    pub(super) fn unknown_table(&mut self, span: Span) -> Rc<Plan> {
        Plan::new(PlanKind::Error, Vec::new(), span, true)
    }

    fn unsupported<T>(&mut self, operator: &Operator) -> Option<T> {
        let message = format!("The operator '{}' is not supported.", operator.name.text);
        self.error("FP010", message, operator.name.span)
    }

    /// An operator that needs no input.
    fn source(&mut self, operator: &Operator, env: &Env) -> Option<Rc<Plan>> {
        let span = operator.span;
        match &operator.kind {
            OperatorKind::Print(items) => {
                let scope = &self.no_row();
                let mut namer = Namer::for_print();
                self.reserve(items.iter(), &mut namer);
                let (mut columns, mut values) = (Vec::new(), Vec::new());
                for (i, item) in items.iter().enumerate() {
                    let Some(e) = self.bind_scalar(&item.value, scope, env) else { continue };
                    for (name, e) in self.destructured(item, e, &mut namer)? {
                        let name = name.unwrap_or_else(|| namer.unnamed(i));
                        columns.push(Column::new(&name, e.ty));
                        values.push(e);
                    }
                }
                let open = values.len() < items.len();
                Some(Plan::new(PlanKind::Print(values), columns, span, open))
            }
            OperatorKind::Range(name, from, to, step) => {
                let scope = &self.no_row();
                let bound = [from, to, step].map(|e| self.bind_scalar(e, scope, env));
                let [from, to, step] = bound;
                self.range(name, [from?, to?, step?], span)
            }
            OperatorKind::Datatable(decls, values) => self.datatable(decls, values, span),
            OperatorKind::Union(parameters, items) => self.union(None, parameters, items, span, env),
            OperatorKind::ExternalData(decls, uris, _) => self.external_data(decls, uris, span, env),
            OperatorKind::Search(parameters, tables, predicate) => {
                self.search(None, parameters, tables, predicate, operator, env)
            }
            OperatorKind::Find(find) => self.find(None, find, operator, env),
            OperatorKind::Error => None,
            _ => self.unsupported(operator),
        }
    }

    /// `externaldata(…)["uri"]`: what the caller gave under that name; nothing is fetched.
    fn external_data(
        &mut self,
        decls: &[ast::ColumnDecl],
        uris: &[ast::Expr],
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let columns = self.declared(decls);
        let mut inputs = Vec::new();
        for uri in uris {
            let scope = &self.no_row();
            let bound = self.bind_scalar(uri, scope, env)?;
            let Some(Value::String(text)) = bound.as_const() else {
                return self.error("FP013", "The address of external data must be a constant.", uri.span);
            };
            // What follows `;` or `?` is credentials or options, no part of the name.
            let address = text.split(['?', ';']).next().unwrap_or_default();
            let file = address.rsplit('/').next().unwrap_or_default();
            // A folder of tables calls them by what stands before `.csv`.
            let stem = file.split('.').next().unwrap_or_default();
            let names = [&**text, address, file, stem];
            let found = names.iter().find_map(|name| self.catalog.tables.iter().find(|t| *t.name == **name));
            let Some(table) = found else {
                let message = format!("The external data '{address}' was not supplied.");
                let d = Diagnostic::error("FP020", message, uri.span);
                self.report(d.with_hint(format!(
                    "Forepost does not download it; supply it as a table named '{stem}' or '{file}'"
                )));
                return None;
            };
            let missing = columns.iter().find(|c| !table.columns.iter().any(|t| t.name == c.name));
            if let Some(missing) = missing {
                let message = format!("The table '{file}' has no column '{}'.", missing.name);
                return self.error("KS142", message, uri.span);
            }
            let kind = PlanKind::Table(Rc::clone(&table.name));
            let plan = Plan::new(kind, table.columns.clone(), uri.span, false);
            let mut values = Vec::new();
            for c in &columns {
                let Some(at) = plan.columns.iter().position(|t| t.name == c.name) else { continue };
                let ty = plan.columns.get(at).map_or(Type::Dynamic, |t| t.ty);
                let column = Expr { kind: ExprKind::Column(at), ty, span: uri.span };
                values.push(if ty == c.ty { column } else { self.coerce(column, c.ty) });
            }
            let kind = PlanKind::Stage(plan, Stage::Project(values));
            inputs.push(Plan::new(kind, columns.clone(), uri.span, false));
        }
        if inputs.len() == 1 {
            return inputs.pop();
        }
        let same = |plan: Rc<Plan>| UnionInput {
            plan,
            sources: (0..columns.len()).map(UnionSource::Column).collect(),
        };
        let kind = PlanKind::Union(inputs.into_iter().map(same).collect());
        Some(Plan::new(kind, columns, span, false))
    }

    fn range(&mut self, name: &Name, parts: [Expr; 3], span: Span) -> Option<Rc<Plan>> {
        let [from, to, step] = parts;
        let ty = match (from.ty, to.ty, step.ty) {
            (Type::DateTime, Type::DateTime, Type::Timespan) => Type::DateTime,
            (Type::Timespan, Type::Timespan, Type::Timespan) => Type::Timespan,
            (a, b, c) if a.is_number() && b.is_number() && c.is_number() => {
                let ty = super::arguments::wider(super::arguments::wider(a, b), c);
                if ty == Type::Int { Type::Long } else { ty }
            }
            _ => {
                return self.error(
                    "KS107",
                    "from, to and step of range must have matching types: numbers, datetimes or timespans.",
                    span,
                );
            }
        };
        let step = if ty == Type::DateTime { step } else { self.coerce(step, ty) };
        let (from, to) = (self.coerce(from, ty), self.coerce(to, ty));
        let kind = PlanKind::Range(Box::new([from, to, step]));
        Some(Plan::new(kind, vec![Column { name: Rc::clone(&name.text), ty }], span, false))
    }

    fn datatable(&mut self, decls: &[ast::ColumnDecl], values: &[ast::Expr], span: Span) -> Option<Rc<Plan>> {
        let columns = self.declared(decls);
        let mut row = Vec::with_capacity(columns.len());
        let mut rows = Vec::new();
        for e in values {
            let ty = columns.get(row.len()).map_or(Type::Dynamic, |c| c.ty);
            // The parser lets nothing else pass.
            let Ast::Literal(from, v) = &e.kind else { return None };
            let v =
                if *from == ty || ty == Type::Dynamic { v.clone() } else { convert::convert(v, *from, ty) };
            row.push(if v.is_null() { ty.missing() } else { v });
            if row.len() == columns.len() {
                rows.push(std::mem::take(&mut row));
            }
        }
        if !row.is_empty() {
            return self.error("KS203", "The last row of the datatable has too few values.", span);
        }
        Some(Plan::new(PlanKind::Rows(rows), columns, span, false))
    }

    pub(super) fn declared(&mut self, decls: &[ast::ColumnDecl]) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        for d in decls {
            if columns.iter().any(|c| c.name == d.name.text) {
                let message = format!("A column with the name '{}' is already declared.", d.name.text);
                self.report(Diagnostic::error("KS171", message, d.name.span));
                continue;
            }
            columns.push(Column { name: Rc::clone(&d.name.text), ty: d.ty });
        }
        columns
    }

    /// An operator over a table. Those that hold pipelines stand here alone, so that a level of nesting costs little stack.
    pub(super) fn operator(&mut self, input: &Rc<Plan>, operator: &Operator, env: &Env) -> Option<Rc<Plan>> {
        let span = operator.span;
        match &operator.kind {
            OperatorKind::Union(parameters, items) => self.union(Some(input), parameters, items, span, env),
            OperatorKind::MvApply(e, body) => self.mv_apply(input, e, body, span, env),
            OperatorKind::Partition(parameters, key, body) => {
                self.partition(input, parameters, key, body, span, env)
            }
            OperatorKind::Join(join) => self.join(input, join, false, operator, env),
            OperatorKind::Lookup(join) => {
                let plan = self.join(input, join, true, operator, env)?;
                Some(if is_serialized(input) { self.serialized(plan, span) } else { plan })
            }
            OperatorKind::Invoke(call) => self.invoke_operator(input, call, env),
            _ => self.flat_operator(input, operator, env),
        }
    }

    fn flat_operator(&mut self, input: &Rc<Plan>, operator: &Operator, env: &Env) -> Option<Rc<Plan>> {
        let span = operator.span;
        let same = |kind: PlanKind| Plan::new(kind, input.columns.clone(), span, input.open);
        match &operator.kind {
            OperatorKind::Where(predicate) => {
                let scope = &self.scope(&input.columns, input.open);
                match self.predicate(predicate, scope, env) {
                    Some(p) if p.any(&mut |e| matches!(e.kind, ExprKind::Window(_))) => {
                        Some(self.window_where(input, p, span))
                    }
                    Some(p) => self.filtered(input, p, span),
                    // The rows are unknown, their columns are not: go on checking.
                    None => Some(same(PlanKind::Stage(
                        Rc::clone(input),
                        Stage::Where(Expr::constant(Value::Null, Type::Bool, span)),
                    ))),
                }
            }
            OperatorKind::Extend(items) => self.extend(input, items, span, env),
            OperatorKind::Serialize(items) => {
                let plan =
                    if items.is_empty() { Rc::clone(input) } else { self.extend(input, items, span, env)? };
                Some(self.serialized(plan, span))
            }
            OperatorKind::Project(items) => self.project(input, items, span, env),
            OperatorKind::ProjectAway(names) => {
                let gone = self.matching(input, names);
                let keep: Vec<usize> = (0..input.columns.len()).filter(|i| !gone.contains(i)).collect();
                Some(self.pick(input, &keep, span))
            }
            OperatorKind::ProjectKeep(names) => {
                let mut keep = self.matching(input, names);
                keep.sort();
                Some(self.pick(input, &keep, span))
            }
            OperatorKind::ProjectByNames(items) => self.project_by_names(input, items, span, env),
            OperatorKind::ProjectReorder(items) => Some(self.reorder(input, items, span)),
            OperatorKind::ProjectRename(items) => self.rename(input, items, span),
            OperatorKind::Distinct(items) => self.distinct(input, items, span, env),
            OperatorKind::Summarize(aggregates, by) => self.summarize(input, aggregates, by, span, env),
            OperatorKind::Take(n) => {
                let n = self.count_expr(n, env)?;
                Some(same(PlanKind::Set(Rc::clone(input), SetOp::Take(n))))
            }
            OperatorKind::Sample(n) => {
                let n = self.count_expr(n, env)?;
                Some(same(PlanKind::Set(Rc::clone(input), SetOp::Sample(n))))
            }
            OperatorKind::Sort(keys) => {
                let keys: Vec<Option<SortKey>> = keys.iter().map(|k| self.sort_key(input, k, env)).collect();
                let keys: Option<Vec<SortKey>> = keys.into_iter().collect();
                Some(match keys {
                    Some(keys) => same(PlanKind::Set(Rc::clone(input), SetOp::Sort(keys))),
                    None => Rc::clone(input),
                })
            }
            OperatorKind::Top(n, key) => {
                let (n, key) = (self.count_expr(n, env), self.sort_key(input, key, env));
                Some(match (n, key) {
                    (Some(n), Some(key)) => same(PlanKind::Set(Rc::clone(input), SetOp::Top(n, key))),
                    _ => Rc::clone(input),
                })
            }
            OperatorKind::Count(name) => {
                let name = name.as_ref().map_or("Count", |n| &*n.text);
                let columns = vec![Column::new(name, Type::Long)];
                Some(Plan::new(PlanKind::Set(Rc::clone(input), SetOp::Count), columns, span, false))
            }
            OperatorKind::MvExpand(e) => self.mv_expand(input, e, &operator.name.text, span, env),
            OperatorKind::Parse(parse) => self.parse_operator(input, parse, span, env),
            OperatorKind::ParseKv(source, decls, parameters) => {
                self.parse_kv(input, (source, decls, parameters), span, env)
            }
            OperatorKind::GetSchema => {
                let schema = self.get_schema(input, span);
                Some(self.serialized(schema, span))
            }
            OperatorKind::Evaluate(call, schema) => self.evaluate(input, call, schema.as_ref(), span, env),
            OperatorKind::MakeSeries(m) => self.make_series(input, m, span, env),
            OperatorKind::TopHitters(n, of, by) => self.top_hitters(input, n, of, by.as_ref(), span, env),
            OperatorKind::SampleDistinct(n, of) => self.sample_distinct(input, n, of, span, env),
            OperatorKind::TopNested(levels) => self.top_nested(input, levels, span, env),
            OperatorKind::Scan(scan) => self.scan(input, scan, span, env),
            OperatorKind::Search(parameters, tables, predicate) => {
                self.search(Some(input), parameters, tables, predicate, operator, env)
            }
            OperatorKind::Find(find) => self.find(Some(input), find, operator, env),
            OperatorKind::As(_) | OperatorKind::Ignored => Some(Rc::clone(input)),
            OperatorKind::GraphMatch(_)
            | OperatorKind::GraphToTable(_)
            | OperatorKind::GraphMarkComponents(_) => {
                // Of a graph that could not be bound nothing new can be said.
                if !input.open {
                    let message = format!("The operator '{}' needs a graph.", operator.name.text);
                    let d = Diagnostic::error("FP013", message, operator.name.span);
                    self.report(d.with_hint("put make-graph SOURCE --> TARGET before it"));
                }
                None
            }
            OperatorKind::Error => None,
            _ => self.unsupported(operator),
        }
    }

    /// Rows marked as standing in their order: a step that sets no column.
    fn serialized(&mut self, plan: Rc<Plan>, span: Span) -> Rc<Plan> {
        let (columns, open) = (plan.columns.clone(), plan.open);
        Plan::new(PlanKind::Set(plan, SetOp::Window(Vec::new())), columns, span, open)
    }

    /// `getschema`: the input's columns; its rows do not matter.
    fn get_schema(&mut self, input: &Rc<Plan>, span: Span) -> Rc<Plan> {
        let row = |(i, c): (usize, &Column)| {
            vec![
                Value::String(Rc::clone(&c.name)),
                Value::Int(i32::try_from(i).unwrap_or(i32::MAX)),
                Value::text(dotnet_name(c.ty)),
                Value::text(c.ty.name()),
            ]
        };
        let rows = input.columns.iter().enumerate().map(row).collect();
        let columns = [
            ("ColumnName", Type::String),
            ("ColumnOrdinal", Type::Int),
            ("DataType", Type::String),
            ("ColumnType", Type::String),
        ];
        let columns = columns.iter().map(|(name, ty)| Column::new(name, *ty)).collect();
        Plan::new(PlanKind::Rows(rows), columns, span, input.open)
    }

    /// `invoke f(x)`: a call of a function whose first argument is the input.
    fn invoke_operator(&mut self, input: &Rc<Plan>, call: &ast::Expr, env: &Env) -> Option<Rc<Plan>> {
        let (name, args) = match &call.kind {
            Ast::Call(name, args) => (name.clone(), args.as_slice()),
            Ast::Name(text) => (Name { text: Rc::clone(text), span: call.span }, &[][..]),
            _ => return self.error("KS117", "A function call expected.", call.span),
        };
        // A name no query can write stands for the input.
        let hidden: Rc<str> = Rc::from("\0input");
        let env = env.with(&hidden, Binding::Table(Rc::clone(input)), true);
        let first = ast::Expr { kind: Ast::Name(hidden), span: call.span };
        let mut all = vec![ast::Argument { name: None, value: first }];
        all.extend(args.iter().cloned());
        let scope = &self.no_row();
        match self.bind_call(&name, &all, call.span, scope, &env)? {
            Bound::Table(plan) => Some(plan),
            _ => self.error("KS204", "A tabular value expected.", call.span),
        }
    }

    /// `take n`, `top n`: a whole number that does not depend on a row.
    pub(super) fn count_expr(&mut self, e: &ast::Expr, env: &Env) -> Option<Expr> {
        let scope = &self.no_row();
        let n = self.bind_scalar(e, scope, env)?;
        if n.ty.is_integer() {
            return Some(n);
        }
        self.error("KS134", "The expression value must be an integer.", e.span)
    }

    pub(super) fn sort_key(&mut self, input: &Rc<Plan>, key: &Ordered, env: &Env) -> Option<SortKey> {
        let scope = &self.scope(&input.columns, input.open);
        let value = self.bind_scalar(&key.value.value, scope, env)?;
        if value.ty == Type::Dynamic {
            let message = "The value of type 'dynamic' is not allowed in this context.";
            self.report(
                Diagnostic::error("KS116", message, value.span).with_hint("cast it: tostring(…), tolong(…)"),
            );
            return None;
        }
        Some(SortKey { value, ascending: key.ascending, nulls_first: key.nulls_first })
    }
}

/// The name `getschema` gives a type beside Kusto's own.
fn dotnet_name(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::Decimal => "System.Data.SqlTypes.SqlDecimal",
        Type::DateTime => "System.DateTime",
        Type::Timespan => "System.TimeSpan",
        Type::Guid => "System.Guid",
        Type::String => "System.String",
        Type::Dynamic => "System.Object",
    }
}
