//! Plugins whose columns come from data: `bag_unpack`, `pivot`.

use super::{Plugin, column};
use crate::aggregates;
use crate::bind::parse_op::set_column;
use crate::bind::{Binder, Shape, Wanting, name};
use crate::diagnostic::{Diagnostic, Span};
use crate::functions::call::{Call, Detail};
use crate::plan::{Expr, Pivot, Plan, PlanKind, SetOp, Stage};
use crate::syntax::ast::{self, Argument, ExprKind as Ast, Name, Named};
use crate::value::{Column, Str, Type, Value, convert};
use std::rc::Rc;

impl Binder<'_> {
    /// The columns data gives a plugin, if they are known by now. Until then the plugin waits, and what comes after
    /// it is bound against columns that are not all known.
    pub(super) fn made_columns(
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

    /// `bag_unpack(d, prefix, columnsConflict, ignoredProperties)`: a column a key. With the keys known it looks at
    /// one row alone.
    pub(super) fn bag_unpack(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let (input, env, span) = (p.input, p.env, p.span);
        let Some((bag, options)) = p.args.split_first() else {
            return self.wrong_arguments(p, "a column");
        };
        let scope = &self.scope(&input.columns, input.open);
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
                return Some(Plan::new(PlanKind::Error, columns, span, true));
            };
            for c in found.iter().filter(|c| !ignored.iter().any(|i| **i == *c.name)) {
                let name = format!("{prefix}{}", c.name);
                let value = slot(&c.name, c.ty, self);
                match (columns.iter().position(|s| *s.name == *name), &*conflict) {
                    // What is called like the bag's own column takes its place.
                    (None, _) if input.columns.get(at).is_some_and(|bag| *bag.name == *name) => {
                        columns.insert(at, Column::new(&name, c.ty));
                        values.insert(at, value);
                    }
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
                        self.report(d.with_hint("set a prefix, or columnsConflict='keep_source'"));
                        return None;
                    }
                }
            }
        }
        let kind = PlanKind::Stage(Rc::clone(input), Stage::Project(values));
        Some(Plan::new(kind, columns, span, input.open))
    }

    /// `pivot(name, aggregate, keys…)`: groups by keys and name, then a column a name.
    pub(super) fn pivot(&mut self, p: &Plugin<'_>) -> Option<Rc<Plan>> {
        let (input, env, span) = (p.input, p.env, p.span);
        let Some((pivot, rest)) = p.args.split_first() else {
            return self.wrong_arguments(p, "a column");
        };
        let is_aggregate = |a: &Argument| matches!(&a.value.kind, Ast::Call(name, _) if aggregates::find(&name.text).is_some());
        let (aggregate, keys) = match rest.split_first() {
            Some((first, keys)) if is_aggregate(first) => (Some(&first.value), keys),
            _ => (None, rest),
        };
        let scope = &self.scope(&input.columns, input.open);
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
            tuple: false,
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
        let value = Named { names: vec![name("\0value", span)], tuple: false, value: aggregate.clone() };
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
                None => return Some(Plan::new(PlanKind::Error, columns, span, true)),
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
        let plan = Plan::new(PlanKind::Set(grouped, SetOp::Pivot(op)), columns, span, open);
        match p.schema {
            Some(schema) => self.declared_output(plan, schema),
            None => Some(plan),
        }
    }
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
