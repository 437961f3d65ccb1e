//! Several tables one after the other: `union`, `search`, `find`.

use super::project::wildcard;
use super::{Binder, Binding, Env};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::plan::{Expr, ExprKind, Plan, PlanKind, Stage, UnionInput, UnionSource};
use crate::syntax::ast::{self, ExprKind as Ast, Operator, Parameter};
use crate::value::{Column, Str, Type, Value};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// How many tables one union may list.
const MAX_TABLES: usize = 1000;

/// A table of a union and what `withsource` calls it.
type Labelled = (String, Rc<Plan>);

fn left_out(what: &str, span: Span) -> Diagnostic {
    let message = format!("{what}; because of isfuzzy, the union goes on without its rows.");
    Diagnostic { severity: Severity::Information, ..Diagnostic::error("FP023", message, span) }
}

/// The table or function that an item of a union begins with.
fn first_name(item: &ast::Expr) -> Option<(&Str, Span)> {
    match &item.kind {
        Ast::Name(name) => Some((name, item.span)),
        Ast::Call(name, _) => Some((&name.text, name.span)),
        Ast::Pipe(source, _) => first_name(source),
        _ => None,
    }
}

impl Binder<'_> {
    pub(super) fn union(
        &mut self,
        first: Option<&Rc<Plan>>,
        parameters: &[Parameter],
        items: &[ast::Expr],
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let (mut inner, mut source_column, mut fuzzy) = (false, None, false);
        for p in parameters {
            match (&*p.name.text, &p.value.kind) {
                ("kind", Ast::Name(kind)) if matches!(&**kind, "inner" | "outer") => {
                    inner = &**kind == "inner"
                }
                ("withsource" | "with_source", Ast::Name(name)) => source_column = Some(Rc::clone(name)),
                ("withsource" | "with_source", Ast::Literal(Type::String, Value::String(name))) => {
                    source_column = Some(Rc::clone(name))
                }
                ("isfuzzy", Ast::Literal(Type::Bool, v)) => fuzzy = v.is_true(),
                _ => self.bad_parameter(p),
            }
        }
        let (inputs, open) = self.tables("union", first, items, fuzzy, env);
        if inputs.is_empty() {
            return if open { None } else { self.error("KS204", "The union has no known table.", span) };
        }
        Some(self.union_of(&inputs, inner, source_column.as_ref(), span, open))
    }

    /// The tables of a list, patterns expanded, and whether some could not be bound. A pipeline is called
    /// `union_arg0`, `search_arg1`, by its operator and place.
    fn tables(
        &mut self,
        operator: &str,
        first: Option<&Rc<Plan>>,
        items: &[ast::Expr],
        fuzzy: bool,
        env: &Env,
    ) -> (Vec<Labelled>, bool) {
        let mut inputs: Vec<Labelled> = Vec::new();
        if let Some(plan) = first {
            inputs.push((self.label(plan).unwrap_or_else(|| format!("{operator}_arg0")), Rc::clone(plan)));
        }
        if items.len() > MAX_TABLES {
            let span = items.first().map_or(Span::default(), |e| e.span);
            self.report(Diagnostic::error(
                "FP003",
                format!("The list has more than {MAX_TABLES} tables."),
                span,
            ));
            return (inputs, true);
        }
        let mut open = false;
        for (i, item) in items.iter().enumerate() {
            if let Ast::TablePattern(pattern) = &item.kind {
                let found = self.pattern_tables(pattern, item.span, env);
                if found.is_empty() && fuzzy {
                    self.report(left_out(&format!("No table like '{pattern}' was supplied"), item.span));
                } else if found.is_empty() {
                    let message = format!("The pattern '{pattern}' does not match any table.");
                    self.report(Diagnostic::error("KS204", message, item.span));
                    open = true;
                }
                inputs.extend(found);
                continue;
            }
            let before = self.diagnostics.len();
            let bound = self.bind_table(item, env);
            if let Some(missing) = self.missing_item(item, before).filter(|_| fuzzy) {
                self.diagnostics.truncate(before);
                self.report(missing);
                continue;
            }
            match bound {
                Some(plan) => {
                    let position = i + usize::from(first.is_some());
                    let label = match &item.kind {
                        Ast::Name(name) => match env.find(name).map(|n| &n.binding) {
                            Some(Binding::Function(f)) if f.lambda.view => Some(name.to_string()),
                            _ => self.label(&plan),
                        },
                        _ => self.label(&plan),
                    };
                    inputs.push((label.unwrap_or_else(|| format!("{operator}_arg{position}")), plan));
                }
                None => open = true,
            }
        }
        (inputs, open)
    }

    /// What to say of an item of a fuzzy union if all that was reported from `before` on is that a table, or the function that the
    /// item begins with, is not there. Kusto leaves the item out; an answer over half of the tables should say so.
    fn missing_item(&self, item: &ast::Expr, before: usize) -> Option<Diagnostic> {
        let found = self.diagnostics.get(before..).filter(|found| !found.is_empty())?;
        let first = first_name(item);
        let is_first = |d: &Diagnostic| first.is_some_and(|(_, span)| d.span == span);
        if !found.iter().all(|d| d.code == "KS204" || (d.code == "KS211" && is_first(d))) {
            return None;
        }
        let what = match first {
            Some((name, _)) if found.iter().all(is_first) => format!("'{name}' was not supplied"),
            Some((name, _)) => format!("'{name}' reads a table that was not supplied"),
            None => "This part reads a table that was not supplied".to_owned(),
        };
        Some(left_out(&what, item.span))
    }

    /// The tables and views whose names match a pattern.
    fn pattern_tables(&mut self, pattern: &str, span: Span, env: &Env) -> Vec<Labelled> {
        let mut names: Vec<Str> = Vec::new();
        for node in env.nodes() {
            let view = matches!(&node.binding, Binding::Function(f) if f.lambda.view);
            if view && wildcard(pattern, &node.name) && !names.contains(&node.name) {
                names.push(Rc::clone(&node.name));
            }
        }
        names.reverse();
        let tables = self.catalog.tables.iter().map(|t| &t.name);
        names.extend(tables.filter(|n| wildcard(pattern, n)).cloned());
        let mut out = Vec::new();
        for name in names {
            let item = ast::Expr { kind: Ast::Name(Rc::clone(&name)), span };
            if let Some(plan) = self.bind_table(&item, env) {
                out.push((name.to_string(), plan));
            }
        }
        out
    }

    /// Columns by name; a name with two types becomes a column each, `x_long` and `x_string`.
    fn union_of(
        &mut self,
        inputs: &[Labelled],
        inner: bool,
        source_column: Option<&Str>,
        span: Span,
        open: bool,
    ) -> Rc<Plan> {
        let open = open || inputs.iter().any(|(_, p)| p.open);
        // Each input has its columns once, so a column that all have is counted as often as there are inputs.
        let mut found: IndexMap<&Column, usize> = IndexMap::new();
        for c in inputs.iter().flat_map(|(_, p)| &p.columns) {
            *found.entry(c).or_default() += 1;
        }
        let columns: Vec<&Column> =
            found.iter().filter(|(_, n)| !inner || **n == inputs.len()).map(|(c, _)| *c).collect();
        let sources = |p: &Plan, label: &str| -> Vec<UnionSource> {
            let places: HashMap<&Column, usize> = p.columns.iter().zip(0..).collect();
            let from = |c: &&Column| match places.get(c) {
                Some(i) => UnionSource::Column(*i),
                None => UnionSource::Value(c.ty.missing()),
            };
            let label = source_column.iter().map(|_| UnionSource::Value(Value::text(label)));
            label.chain(columns.iter().map(from)).collect()
        };
        let union_inputs = inputs
            .iter()
            .map(|(label, p)| UnionInput { plan: Rc::clone(p), sources: sources(p, label) })
            .collect();
        // Columns that keep their name come first at it: a made-up name gets out of their way.
        let mut types: HashMap<&str, usize> = HashMap::new();
        columns.iter().for_each(|c| *types.entry(&c.name).or_default() += 1);
        let split = |c: &Column| types.get(&*c.name).is_some_and(|n| *n > 1);
        let mut taken: HashSet<String> =
            columns.iter().filter(|c| !split(c)).map(|c| c.name.to_string()).collect();
        let mut named: Vec<Column> = Vec::with_capacity(columns.len() + 1);
        for c in &columns {
            if !split(c) {
                named.push((*c).clone());
                continue;
            }
            let made = format!("{}_{}", c.name, c.ty.name());
            let (mut free, mut n) = (made.clone(), 1);
            while taken.contains(&free) {
                free = format!("{made}{n}");
                n += 1;
            }
            named.push(Column::new(&free, c.ty));
            taken.insert(free);
        }
        if let Some(name) = source_column {
            named.insert(0, Column::new(name, Type::String));
        }
        Plan::new(PlanKind::Union(union_inputs), named, span, open)
    }

    /// The tables of `search` and `find`: the input, those listed, or all there are.
    fn searched(
        &mut self,
        input: Option<&Rc<Plan>>,
        tables: &[ast::Expr],
        source_column: &Str,
        operator: &Operator,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let span = operator.span;
        let (inputs, open) = match (input, tables) {
            (Some(_), [_, ..]) => {
                let message = "Give tables through the pipe or in the list, not both.";
                return self.error("FP013", message, operator.name.span);
            }
            (None, []) => {
                let all = ast::Expr { kind: Ast::TablePattern(Rc::from("*")), span: operator.name.span };
                self.tables(&operator.name.text, None, &[all], false, env)
            }
            _ => self.tables(&operator.name.text, input, tables, false, env),
        };
        if inputs.is_empty() {
            return None;
        }
        Some(self.union_of(&inputs, false, Some(source_column), span, open))
    }

    fn searched_where(&mut self, table: Rc<Plan>, predicate: &ast::Expr, env: &Env) -> Option<Rc<Plan>> {
        // The column with the table's name is no part of what is searched.
        let hidden: Vec<Column> = std::iter::once(Column::new("", Type::Bool))
            .chain(table.columns.iter().skip(1).cloned())
            .collect();
        let scope = &self.scope(&hidden, table.open);
        let test = self.predicate(predicate, scope, env)?;
        let (columns, open) = (table.columns.clone(), table.open);
        let kind = PlanKind::Stage(table, Stage::Where(test));
        Some(Plan::new(kind, columns, predicate.span, open))
    }

    pub(super) fn search(
        &mut self,
        input: Option<&Rc<Plan>>,
        parameters: &[Parameter],
        tables: &[ast::Expr],
        predicate: &ast::Expr,
        operator: &Operator,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        for p in parameters {
            match (&*p.name.text, &p.value.kind) {
                ("kind", Ast::Name(kind))
                    if matches!(&**kind, "default" | "case_insensitive" | "case_sensitive") => {}
                _ => self.bad_parameter(p),
            }
        }
        let table = self.searched(input, tables, &Rc::from("$table"), operator, env)?;
        self.searched_where(table, predicate, env)
    }

    pub(super) fn find(
        &mut self,
        input: Option<&Rc<Plan>>,
        find: &ast::Find,
        operator: &Operator,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let mut source_column: Str = Rc::from("source_");
        for p in &find.parameters {
            match (&*p.name.text, &p.value.kind) {
                ("withsource", Ast::Name(name)) => source_column = Rc::clone(name),
                _ => self.bad_parameter(p),
            }
        }
        let table = self.searched(input, &find.tables, &source_column, operator, env)?;
        let found = self.searched_where(Rc::clone(&table), &find.predicate, env)?;
        let Some(project) = &find.project else {
            // project-smart packs what not every table has into one more column.
            if let PlanKind::Union(inputs) = &table.kind
                && inputs.iter().any(|i| i.plan.columns.len() + 1 != table.columns.len())
            {
                let message = "find needs a project clause when its tables have different columns.";
                return self.error("FP010", message, operator.name.span);
            }
            return Some(found);
        };
        let mut columns = vec![Column { name: source_column, ty: Type::String }];
        let mut values = vec![Expr { kind: ExprKind::Column(0), ty: Type::String, span: operator.name.span }];
        for (name, ty) in project {
            let scope = &self.scope(&found.columns, found.open);
            let column = ast::Expr { kind: Ast::Name(Rc::clone(&name.text)), span: name.span };
            let value = self.bind_scalar(&column, scope, env)?;
            let ty = ty.unwrap_or(value.ty);
            columns.push(Column { name: Rc::clone(&name.text), ty });
            values.push(if value.ty == ty { value } else { self.coerce(value, ty) });
        }
        let open = found.open;
        let kind = PlanKind::Stage(found, Stage::Project(values));
        Some(Plan::new(kind, columns, operator.span, open))
    }

    /// What `withsource` calls a table: the name `as` gave it or its own; `None` for a pipeline, also one that `let` names.
    fn label(&self, plan: &Rc<Plan>) -> Option<String> {
        let given = self.named.iter().rev().find(|(p, _)| Rc::ptr_eq(p, plan));
        match (given, &plan.kind) {
            (Some((_, name)), _) | (None, PlanKind::Table(name)) => Some(name.to_string()),
            _ => None,
        }
    }
}
