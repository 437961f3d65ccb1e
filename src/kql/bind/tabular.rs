//! Pipelines: sources and operators.

use super::name::{self, Namer};
use super::{Binder, Binding, Bound, Env};
use crate::kql::ast::{
    self, ExprKind as Ast, Name, Named, Operator, OperatorKind, Ordered, Parameter, Reorder,
};
use crate::kql::diagnostic::{Diagnostic, Span};
use crate::kql::plan::{
    Expr, ExprKind, Join, JoinKind, MvExpand, Plan, PlanKind, SetOp, SortKey, Stage, UnionInput, UnionSource,
};
use crate::value::{Column, Type, Value, convert};
use std::rc::Rc;

impl Binder<'_> {
    /// An expression that must be a table.
    pub(super) fn bind_table(&mut self, e: &ast::Expr, env: &Env) -> Option<Rc<Plan>> {
        let span = e.span;
        match &e.kind {
            Ast::Pipe(source, operators) => self.deeper(span, |b| {
                let mut env = env.clone();
                let mut plan = match b.bind_table(source, &env) {
                    Some(plan) => plan,
                    None => b.unknown_table(source.span),
                };
                for operator in operators {
                    b.count(operator.span)?;
                    if let OperatorKind::As(name) = &operator.kind {
                        env = env.with(&name.text, Binding::Table(Rc::clone(&plan)), false);
                        continue;
                    }
                    plan = match b.operator(&plan, operator, &env) {
                        Some(next) => next,
                        None => b.unknown_table(operator.span),
                    };
                }
                Some(plan)
            }),
            Ast::Source(operator) => self.deeper(span, |b| b.source(operator, env)),
            _ => {
                let scope = self.no_row();
                match self.bind_any(e, scope, env)? {
                    Bound::Table(plan) => Some(plan),
                    Bound::Scalar(_) => self.error("KS204", "A tabular value expected.", span),
                    Bound::Function(_) => {
                        self.error("KS117", "A function must be called with its arguments.", span)
                    }
                }
            }
        }
    }

    /// The place of a table that could not be bound: whatever is read from it says nothing new.
    fn unknown_table(&mut self, span: Span) -> Rc<Plan> {
        Rc::new(Plan { kind: PlanKind::Error, columns: Vec::new(), span, open: true })
    }

    fn unsupported<T>(&mut self, operator: &Operator) -> Option<T> {
        let message = format!("The operator '{}' is not supported yet.", operator.name.text);
        self.error("FP010", message, operator.name.span)
    }

    /// An operator that needs no input.
    fn source(&mut self, operator: &Operator, env: &Env) -> Option<Rc<Plan>> {
        let span = operator.span;
        match &operator.kind {
            OperatorKind::Print(items) => {
                let scope = self.no_row();
                let mut namer = Namer::for_print();
                self.reserve(items.iter(), &mut namer);
                let (mut columns, mut values) = (Vec::new(), Vec::new());
                for (i, item) in items.iter().enumerate() {
                    let Some(e) = self.bind_scalar(&item.value, scope, env) else { continue };
                    let name = match item.names.first() {
                        Some(name) => name.text.to_string(),
                        None => namer.unnamed(i),
                    };
                    columns.push(Column::new(&name, e.ty));
                    values.push(e);
                }
                let open = values.len() < items.len();
                Some(Rc::new(Plan { kind: PlanKind::Print(values), columns, span, open }))
            }
            OperatorKind::Range(name, from, to, step) => {
                let scope = self.no_row();
                let bound = [from, to, step].map(|e| self.bind_scalar(e, scope, env));
                let [from, to, step] = bound;
                self.range(name, [from?, to?, step?], span)
            }
            OperatorKind::Datatable(decls, values) => self.datatable(decls, values, span, env),
            OperatorKind::Union(parameters, items) => self.union(None, parameters, items, span, env),
            OperatorKind::Error => None,
            _ => self.unsupported(operator),
        }
    }

    fn range(&mut self, name: &Name, parts: [Expr; 3], span: Span) -> Option<Rc<Plan>> {
        let [from, to, step] = parts;
        let ty = match (from.ty, to.ty, step.ty) {
            (Type::DateTime, Type::DateTime, Type::Timespan) => Type::DateTime,
            (Type::Timespan, Type::Timespan, Type::Timespan) => Type::Timespan,
            (a, b, c) if a.is_number() && b.is_number() && c.is_number() => {
                let ty = super::call::wider(super::call::wider(a, b), c);
                if ty == Type::Int { Type::Long } else { ty }
            }
            _ => {
                return self.error(
                    "KS107",
                    "A range takes numbers, datetimes or timespans that go together.",
                    span,
                );
            }
        };
        let step = if ty == Type::DateTime { step } else { self.coerce(step, ty) };
        let (from, to) = (self.coerce(from, ty), self.coerce(to, ty));
        let kind = PlanKind::Range(Box::new([from, to, step]));
        Some(Rc::new(Plan {
            kind,
            columns: vec![Column { name: Rc::clone(&name.text), ty }],
            span,
            open: false,
        }))
    }

    fn datatable(
        &mut self,
        decls: &[ast::ColumnDecl],
        values: &[ast::Expr],
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let columns = self.declared(decls);
        let scope = self.no_row();
        let mut row = Vec::with_capacity(columns.len());
        let mut rows = Vec::new();
        let mut failed = false;
        for e in values {
            let ty = columns.get(row.len()).map_or(Type::Dynamic, |c| c.ty);
            match self.bind_scalar(e, scope, env) {
                Some(Expr { kind: ExprKind::Const(v), ty: from, .. }) => {
                    let v =
                        if from == ty || ty == Type::Dynamic { v } else { convert::convert(&v, from, ty) };
                    row.push(if v.is_null() { ty.missing() } else { v });
                }
                Some(_) => {
                    failed = true;
                    self.report(Diagnostic::error(
                        "FP013",
                        "The values of a datatable must be constants.",
                        e.span,
                    ));
                }
                None => failed = true,
            }
            if row.len() == columns.len() {
                rows.push(std::mem::take(&mut row));
            }
        }
        if !failed && !row.is_empty() {
            return self.error(
                "KS203",
                "The number of values does not fill the last row of the datatable.",
                span,
            );
        }
        Some(Rc::new(Plan { kind: PlanKind::Rows(rows), columns, span, open: false }))
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

    fn operator(&mut self, input: &Rc<Plan>, operator: &Operator, env: &Env) -> Option<Rc<Plan>> {
        let span = operator.span;
        let same =
            |kind: PlanKind| Rc::new(Plan { kind, columns: input.columns.clone(), span, open: input.open });
        match &operator.kind {
            OperatorKind::Where(predicate) => {
                let scope = self.scope(&input.columns, input.open);
                match self.predicate(predicate, scope, env) {
                    Some(p) if p.any(&mut |e| matches!(e.kind, ExprKind::Window(_))) => {
                        Some(self.window_where(input, p, span))
                    }
                    Some(p) => Some(same(PlanKind::Stage(Rc::clone(input), Stage::Where(p)))),
                    // The rows are unknown, their columns are not: go on checking.
                    None => Some(same(PlanKind::Stage(
                        Rc::clone(input),
                        Stage::Where(Expr::constant(Value::Null, Type::Bool, span)),
                    ))),
                }
            }
            OperatorKind::Extend(items) => self.extend(input, items, span, env),
            OperatorKind::Serialize(items) if items.is_empty() => Some(Rc::clone(input)),
            OperatorKind::Serialize(items) => self.extend(input, items, span, env),
            OperatorKind::Project(items) => self.project(input, items, span, env),
            OperatorKind::ProjectAway(names) => {
                let gone = self.matching(input, names);
                let keep: Vec<usize> = (0..input.columns.len()).filter(|i| !gone.contains(i)).collect();
                Some(self.pick(input, &keep, span))
            }
            OperatorKind::ProjectKeep(names) => {
                let mut keep = self.matching(input, names);
                keep.sort_unstable();
                Some(self.pick(input, &keep, span))
            }
            OperatorKind::ProjectReorder(items) => Some(self.reorder(input, items, span)),
            OperatorKind::ProjectRename(items) => self.rename(input, items, span),
            OperatorKind::Distinct(items) => self.distinct(input, items, span, env),
            OperatorKind::Summarize(aggregates, by) => self.summarize(input, aggregates, by, span, env),
            OperatorKind::Take(n) | OperatorKind::Sample(n) => {
                let n = self.count_expr(n, env)?;
                Some(same(PlanKind::Set(Rc::clone(input), SetOp::Take(n))))
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
            OperatorKind::Count => {
                let columns = vec![Column::new("Count", Type::Long)];
                Some(Rc::new(Plan {
                    kind: PlanKind::Set(Rc::clone(input), SetOp::Count),
                    columns,
                    span,
                    open: false,
                }))
            }
            OperatorKind::Join(join) => self.join(input, join, false, operator, env),
            OperatorKind::Lookup(join) => self.join(input, join, true, operator, env),
            OperatorKind::Union(parameters, items) => self.union(Some(input), parameters, items, span, env),
            OperatorKind::MvExpand(e) => self.mv_expand(input, e, &operator.name.text, span, env),
            OperatorKind::As(_) | OperatorKind::Ignored => Some(Rc::clone(input)),
            OperatorKind::Error => None,
            _ => self.unsupported(operator),
        }
    }

    /// `take n`, `top n`: a whole number that does not depend on a row.
    pub(super) fn count_expr(&mut self, e: &ast::Expr, env: &Env) -> Option<Expr> {
        let scope = self.no_row();
        let n = self.bind_scalar(e, scope, env)?;
        if n.ty.is_integer() {
            return Some(n);
        }
        self.error("KS134", "The expression value must be an integer.", e.span)
    }

    pub(super) fn sort_key(&mut self, input: &Rc<Plan>, key: &Ordered, env: &Env) -> Option<SortKey> {
        let scope = self.scope(&input.columns, input.open);
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

    /// A `where` that reads the row's place: the value becomes a column first, and goes again after.
    fn window_where(&mut self, input: &Rc<Plan>, predicate: Expr, span: Span) -> Rc<Plan> {
        let width = input.columns.len();
        let mut columns = input.columns.clone();
        columns.push(Column::new("", Type::Bool));
        let kind = PlanKind::Set(Rc::clone(input), SetOp::Window(vec![(width, predicate)]));
        let with = Rc::new(Plan { kind, columns: columns.clone(), span, open: input.open });
        let test = Expr { kind: ExprKind::Column(width), ty: Type::Bool, span };
        let kept = Rc::new(Plan {
            kind: PlanKind::Stage(with, Stage::Where(test)),
            columns,
            span,
            open: input.open,
        });
        let all: Vec<usize> = (0..width).collect();
        self.pick(&kept, &all, span)
    }

    pub(super) fn extend(
        &mut self,
        input: &Rc<Plan>,
        items: &[Named],
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let scope = self.scope(&input.columns, input.open);
        let mut namer = Namer::new();
        self.reserve(items.iter(), &mut namer);
        let mut columns = input.columns.clone();
        let mut sets = Vec::new();
        let mut open = input.open;
        for item in items {
            let Some(e) = self.bind_scalar(&item.value, scope, env) else {
                self.poison(item);
                open = true;
                continue;
            };
            let outputs = self.destructured(item, e)?;
            for (name, e) in outputs {
                let name = match name {
                    Some(name) => name,
                    None => self.free_output_name(item, &mut namer, &columns),
                };
                let at = match columns.iter().position(|c| *c.name == *name) {
                    Some(i) => {
                        if let Some(c) = columns.get_mut(i) {
                            c.ty = e.ty;
                        }
                        i
                    }
                    None => {
                        columns.push(Column::new(&name, e.ty));
                        columns.len() - 1
                    }
                };
                sets.push((at, e));
            }
        }
        let windows = sets.iter().any(|(_, e)| e.any(&mut |e| matches!(e.kind, ExprKind::Window(_))));
        let kind = if windows {
            PlanKind::Set(Rc::clone(input), SetOp::Window(sets))
        } else {
            PlanKind::Stage(Rc::clone(input), Stage::Extend(sets))
        };
        Some(Rc::new(Plan { kind, columns, span, open }))
    }

    /// The name `extend` gives an unnamed value: made up from the expression it may overwrite a column,
    /// a number must not.
    fn free_output_name(&mut self, item: &Named, namer: &mut Namer, columns: &[Column]) -> String {
        if let Some(made) = name::of(&item.value) {
            return namer.take_free(&made);
        }
        loop {
            let name = namer.unnamed(0);
            if !columns.iter().any(|c| *c.name == *name) {
                return name;
            }
        }
    }

    /// `(a, b) = x`: a column for each member of a bag, in order.
    fn destructured(&mut self, item: &Named, e: Expr) -> Option<Vec<(Option<String>, Expr)>> {
        match item.names.as_slice() {
            [] => Some(vec![(None, e)]),
            [name] => Some(vec![(Some(name.text.to_string()), e)]),
            [first, .., last] => {
                let span = first.span.to(last.span);
                self.error("KS149", "The expression does not have multiple named values.", span)
            }
        }
    }

    fn project(&mut self, input: &Rc<Plan>, items: &[Named], span: Span, env: &Env) -> Option<Rc<Plan>> {
        let scope = self.scope(&input.columns, input.open);
        let mut namer = Namer::new();
        self.reserve(items.iter(), &mut namer);
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        let mut open = false;
        for item in items {
            let Some(e) = self.bind_scalar(&item.value, scope, env) else {
                self.poison(item);
                open = true;
                continue;
            };
            for (name, e) in self.destructured(item, e)? {
                let name = match (name, name::of(&item.value)) {
                    (Some(name), _) => name,
                    (None, Some(made)) => {
                        // A column twice is an error; a made-up name gets out of the way.
                        let plain = |n: &Named| {
                            n.names.is_empty() && matches!(&n.value.kind, Ast::Name(name) if **name == *made)
                        };
                        if plain(item) && items.iter().take_while(|n| !std::ptr::eq(*n, item)).any(plain) {
                            let message = format!("A column with the name '{made}' is already declared.");
                            self.report(Diagnostic::error("KS171", message, item.value.span));
                        }
                        namer.take_free(&made)
                    }
                    (None, None) => namer.unnamed(0),
                };
                columns.push(Column::new(&name, e.ty));
                values.push(e);
            }
        }
        let windows = values.iter().any(|e| e.any(&mut |e| matches!(e.kind, ExprKind::Window(_))));
        if windows {
            // Values by place are set as columns behind the input's, then the new row is picked.
            let width = input.columns.len();
            let mut all = input.columns.clone();
            all.extend(columns.iter().map(|c| Column::new("", c.ty)));
            let sets = values.into_iter().enumerate().map(|(i, e)| (width + i, e)).collect();
            let kind = PlanKind::Set(Rc::clone(input), SetOp::Window(sets));
            let with = Rc::new(Plan { kind, columns: all, span, open });
            let picks: Vec<usize> = (width..width + columns.len()).collect();
            let picked = self.pick(&with, &picks, span);
            let kind = PlanKind::Stage(picked, Stage::Project(column_exprs(&columns, span)));
            return Some(Rc::new(Plan { kind, columns, span, open }));
        }
        let kind = PlanKind::Stage(Rc::clone(input), Stage::Project(values));
        Some(Rc::new(Plan { kind, columns, span, open }))
    }

    /// A new row of some of the input's columns.
    pub(super) fn pick(&mut self, input: &Rc<Plan>, which: &[usize], span: Span) -> Rc<Plan> {
        let columns: Vec<Column> = which.iter().filter_map(|i| input.columns.get(*i).cloned()).collect();
        let values = which
            .iter()
            .zip(&columns)
            .map(|(i, c)| Expr { kind: ExprKind::Column(*i), ty: c.ty, span })
            .collect();
        let kind = PlanKind::Stage(Rc::clone(input), Stage::Project(values));
        Rc::new(Plan { kind, columns, span, open: input.open })
    }

    /// The columns that names and patterns select, in the order given, each once.
    fn matching(&mut self, input: &Rc<Plan>, patterns: &[Name]) -> Vec<usize> {
        let mut out = Vec::new();
        for p in patterns {
            let before = out.len();
            let found =
                input.columns.iter().enumerate().filter(|(_, c)| wildcard(&p.text, &c.name)).map(|(i, _)| i);
            out.extend(found.collect::<Vec<_>>());
            if out.len() == before && !input.open && !self.poisoned.contains(&p.text) {
                let message = format!("The name '{}' does not refer to any known column.", p.text);
                let d = Diagnostic::error("KS142", message, p.span);
                let near = super::super::nearest(&p.text, input.columns.iter().map(|c| &*c.name));
                self.report(match near {
                    Some(near) => d.with_hint(format!("did you mean '{near}'?")),
                    None => d,
                });
            }
        }
        let mut seen = Vec::new();
        out.retain(|i| {
            !seen.contains(i) && {
                seen.push(*i);
                true
            }
        });
        out
    }

    fn reorder(&mut self, input: &Rc<Plan>, items: &[(Name, Option<Reorder>)], span: Span) -> Rc<Plan> {
        let mut order: Vec<usize> = Vec::new();
        for (pattern, how) in items {
            let mut found = self.matching(input, std::slice::from_ref(pattern));
            found.retain(|i| !order.contains(i));
            let text = |i: &usize| input.columns.get(*i).map(|c| c.name.to_string()).unwrap_or_default();
            match how {
                Some(Reorder::Ascending) => found.sort_by_key(text),
                Some(Reorder::Descending) => {
                    found.sort_by_key(text);
                    found.reverse();
                }
                Some(Reorder::GrannyAscending) => found.sort_by_key(|i| granny_key(&text(i))),
                Some(Reorder::GrannyDescending) => {
                    found.sort_by_key(|i| granny_key(&text(i)));
                    found.reverse();
                }
                None => {}
            }
            order.extend(found);
        }
        let rest = (0..input.columns.len()).filter(|i| !order.contains(i)).collect::<Vec<_>>();
        order.extend(rest);
        self.pick(input, &order, span)
    }

    fn rename(&mut self, input: &Rc<Plan>, items: &[Named], span: Span) -> Option<Rc<Plan>> {
        let mut columns = input.columns.clone();
        let mut renamed = Vec::new();
        for item in items {
            let ([new], Ast::Name(old)) = (item.names.as_slice(), &item.value.kind) else {
                self.report(Diagnostic::error(
                    "KS110",
                    "Column rename assignment expected.",
                    item.value.span,
                ));
                continue;
            };
            match input.columns.iter().position(|c| c.name == *old) {
                Some(i) => {
                    if let Some(c) = columns.get_mut(i) {
                        c.name = Rc::clone(&new.text);
                    }
                    renamed.push(i);
                }
                None => {
                    self.matching(input, &[Name { text: Rc::clone(old), span: item.value.span }]);
                }
            }
        }
        for i in renamed {
            let twice =
                columns.get(i).is_some_and(|c| columns.iter().filter(|d| d.name == c.name).count() > 1);
            if twice {
                let name = columns.get(i).map(|c| c.name.to_string()).unwrap_or_default();
                return self.error(
                    "KS171",
                    format!("A column with the name '{name}' is already declared."),
                    span,
                );
            }
        }
        let kind = PlanKind::Stage(Rc::clone(input), Stage::Project(column_exprs(&columns, span)));
        Some(Rc::new(Plan { kind, columns, span, open: input.open }))
    }

    fn mv_expand(
        &mut self,
        input: &Rc<Plan>,
        e: &ast::MvExpand,
        word: &str,
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let scope = self.scope(&input.columns, input.open);
        let (mut columns, mut items) = (input.columns.clone(), Vec::new());
        let mut namer = Namer::new();
        let mut open = input.open;
        for (named, ty) in &e.columns {
            let Some(value) = self.bind_scalar(&named.value, scope, env) else {
                self.poison(named);
                open = true;
                continue;
            };
            if value.ty != Type::Dynamic {
                self.report(Diagnostic::error(
                    "KS141",
                    "The expression must have the type dynamic.",
                    named.value.span,
                ));
                continue;
            }
            let name = self.output_name(named, &mut namer);
            let out_ty = ty.unwrap_or(Type::Dynamic);
            let at = match columns.iter().position(|c| *c.name == *name) {
                Some(i) => {
                    if let Some(c) = columns.get_mut(i) {
                        c.ty = out_ty;
                    }
                    i
                }
                None => {
                    columns.push(Column::new(&name, out_ty));
                    columns.len() - 1
                }
            };
            items.push((value, at, *ty));
        }
        let mut item_index = None;
        let mut bag_as_array = false;
        for p in &e.parameters {
            match (&*p.name.text, &p.value.kind) {
                ("with_itemindex", Ast::Name(name)) => {
                    columns.push(Column::new(name, Type::Long));
                    item_index = Some(columns.len() - 1);
                }
                ("bagexpansion" | "kind", Ast::Name(how)) if matches!(&**how, "array" | "bag") => {
                    bag_as_array = &**how == "array"
                }
                _ => self.bad_parameter(p),
            }
        }
        let default = if word == "mvexpand" { 128 } else { 2_147_483_647 };
        let limit = match &e.limit {
            Some(limit) => match self.count_expr(limit, env)?.as_const().and_then(Value::as_integer) {
                Some(n) => usize::try_from(n).unwrap_or(0),
                None => return self.error("FP013", "The limit must be a constant.", limit.span),
            },
            None => default,
        };
        let expand = MvExpand { items, limit, bag_as_array, item_index, width: columns.len() };
        let kind = PlanKind::Stage(Rc::clone(input), Stage::MvExpand(Rc::new(expand)));
        Some(Rc::new(Plan { kind, columns, span, open }))
    }

    pub(super) fn bad_parameter(&mut self, p: &Parameter) {
        if !p.name.text.starts_with("hint.") {
            let message = format!("The parameter '{}' does not take this value.", p.name.text);
            self.report(Diagnostic::error("KS005", message, p.name.span.to(p.value.span)));
        }
    }

    /// Tables one after the other: columns by name, a name with two types split into `x_long` and `x_string`.
    fn union(
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
                ("isfuzzy", Ast::Literal(Type::Bool, v)) => fuzzy = v.is_true(),
                _ => self.bad_parameter(p),
            }
        }
        let mut inputs: Vec<(String, Rc<Plan>)> =
            first.map(|p| ("union_arg0".to_owned(), Rc::clone(p))).into_iter().collect();
        let mut open = false;
        for (i, item) in items.iter().enumerate() {
            let before = self.diagnostics.len();
            match self.bind_table(item, env) {
                Some(plan) => {
                    let label = match &item.kind {
                        Ast::Name(name) => name.to_string(),
                        _ => format!("union_arg{}", i + usize::from(first.is_some())),
                    };
                    inputs.push((label, plan));
                }
                // isfuzzy: a table that is not there is left out.
                None if fuzzy
                    && self
                        .diagnostics
                        .get(before..)
                        .is_some_and(|d| d.iter().all(|d| d.code == "KS204")) =>
                {
                    self.diagnostics.truncate(before);
                }
                None => open = true,
            }
        }
        open |= inputs.iter().any(|(_, p)| p.open);
        if inputs.is_empty() {
            return if open {
                None
            } else {
                self.error("KS204", "None of the tables of the union is known.", span)
            };
        }
        let in_all = |c: &Column| inputs.iter().all(|(_, p)| p.columns.contains(c));
        let mut columns: Vec<Column> = Vec::new();
        for c in inputs.iter().flat_map(|(_, p)| &p.columns) {
            if !columns.contains(c) && (!inner || in_all(c)) {
                columns.push(c.clone());
            }
        }
        let sources = |p: &Plan, label: &str| -> Vec<UnionSource> {
            let from = |c: &Column| match p.columns.iter().position(|d| d == c) {
                Some(i) => UnionSource::Column(i),
                None => UnionSource::Value(c.ty.missing()),
            };
            let label = source_column.iter().map(|_| UnionSource::Value(Value::text(label)));
            label.chain(columns.iter().map(from)).collect()
        };
        let union_inputs = inputs
            .iter()
            .map(|(label, p)| UnionInput { plan: Rc::clone(p), sources: sources(p, label) })
            .collect();
        let mut named: Vec<Column> = columns
            .iter()
            .map(|c| {
                let split = columns.iter().filter(|d| d.name == c.name).count() > 1;
                if split { Column::new(&format!("{}_{}", c.name, c.ty.name()), c.ty) } else { c.clone() }
            })
            .collect();
        if let Some(name) = &source_column {
            named.insert(0, Column::new(name, Type::String));
        }
        Some(Rc::new(Plan { kind: PlanKind::Union(union_inputs), columns: named, span, open }))
    }

    fn join(
        &mut self,
        left: &Rc<Plan>,
        join: &ast::Join,
        lookup: bool,
        operator: &Operator,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let right = match self.bind_table(&join.right, env) {
            Some(right) => right,
            None => self.unknown_table(join.right.span),
        };
        let kind = self.join_kind(&join.parameters, lookup)?;
        let mut keys: Vec<(Expr, Expr)> = Vec::new();
        let mut key_columns = Vec::new();
        let mut failed = false;
        for on in &join.on {
            for condition in conjuncts(on) {
                match self.join_key(left, &right, condition) {
                    Some((l, r)) => {
                        if let ExprKind::Column(i) = r.kind {
                            key_columns.push(i);
                        }
                        keys.push((l, r));
                    }
                    None => failed = true,
                }
            }
        }
        let open = left.open || right.open || failed;
        let right_only = matches!(kind, JoinKind::RightSemi | JoinKind::RightAnti);
        let left_only = matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti);
        let right_columns: Vec<usize> = if left_only {
            Vec::new()
        } else {
            (0..right.columns.len()).filter(|i| !lookup || !key_columns.contains(i)).collect()
        };
        let mut columns = if right_only { Vec::new() } else { left.columns.clone() };
        let mut namer = Namer::new();
        columns.iter().for_each(|c| namer.take(&c.name));
        for i in &right_columns {
            if let Some(c) = right.columns.get(*i) {
                let name = namer.take_free(&c.name);
                columns.push(Column::new(&name, c.ty));
            }
        }
        let (left_keys, right_keys) = keys.into_iter().unzip();
        let plan = Join {
            kind,
            left_keys,
            right_keys,
            left_types: left.columns.iter().map(|c| c.ty).collect(),
            right_types: right_columns.iter().filter_map(|i| right.columns.get(*i)).map(|c| c.ty).collect(),
            right_columns,
            left: Rc::clone(left),
            right,
        };
        Some(Rc::new(Plan { kind: PlanKind::Join(Box::new(plan)), columns, span: operator.span, open }))
    }

    fn join_kind(&mut self, parameters: &[Parameter], lookup: bool) -> Option<JoinKind> {
        let mut kind = if lookup { JoinKind::LeftOuter } else { JoinKind::InnerUnique };
        for p in parameters {
            let Ast::Name(word) = &p.value.kind else {
                self.bad_parameter(p);
                continue;
            };
            if &*p.name.text != "kind" {
                self.bad_parameter(p);
                continue;
            }
            kind = match &**word {
                "innerunique" if !lookup => JoinKind::InnerUnique,
                "inner" => JoinKind::Inner,
                "leftouter" => JoinKind::LeftOuter,
                "rightouter" if !lookup => JoinKind::RightOuter,
                "fullouter" if !lookup => JoinKind::FullOuter,
                "leftsemi" if !lookup => JoinKind::LeftSemi,
                "leftanti" | "anti" | "leftantisemi" if !lookup => JoinKind::LeftAnti,
                "rightsemi" if !lookup => JoinKind::RightSemi,
                "rightanti" | "rightantisemi" if !lookup => JoinKind::RightAnti,
                _ => {
                    let expected = if lookup {
                        "Expected one of: inner, leftouter"
                    } else {
                        "Expected one of: inner, innerunique, leftouter, rightouter, fullouter, leftsemi, rightsemi, leftanti, rightanti"
                    };
                    return self.error("KS005", expected, p.value.span);
                }
            };
        }
        Some(kind)
    }

    /// A join condition: a column both sides have, or `$left.a == $right.b`.
    fn join_key(&mut self, left: &Rc<Plan>, right: &Rc<Plan>, on: &ast::Expr) -> Option<(Expr, Expr)> {
        let (l, r) = match &on.kind {
            Ast::Name(name) => {
                (self.side_column(left, name, on.span)?, self.side_column(right, name, on.span)?)
            }
            Ast::Binary(ast::BinaryOp::Equal, _, a, b) => {
                let (first, second) = (side_of(a), side_of(b));
                match (first, second) {
                    (Some(("$left", l)), Some(("$right", r))) => {
                        (self.side_column(left, &l.text, l.span)?, self.side_column(right, &r.text, r.span)?)
                    }
                    (Some(("$right", r)), Some(("$left", l))) => {
                        (self.side_column(left, &l.text, l.span)?, self.side_column(right, &r.text, r.span)?)
                    }
                    _ => {
                        let d = Diagnostic::error(
                            "KS163",
                            "A join condition must be $left.a == $right.b.",
                            on.span,
                        );
                        self.report(d);
                        return None;
                    }
                }
            }
            _ => {
                self.report(Diagnostic::error(
                    "KS163",
                    "A join condition must be a column or $left.a == $right.b.",
                    on.span,
                ));
                return None;
            }
        };
        for e in [&l, &r] {
            if e.ty == Type::Dynamic {
                let message = "A join key cannot be dynamic.";
                self.report(
                    Diagnostic::error("KS241", message, on.span)
                        .with_hint("cast it before the join: tostring(…)"),
                );
                return None;
            }
        }
        let numbers = l.ty.is_integer() && r.ty.is_integer();
        if l.ty != r.ty && !numbers {
            let message =
                format!("Inconsistent data types for join keys: ({}, {})", l.ty.name(), r.ty.name());
            return self.error("KS242", message, on.span);
        }
        Some((l, r))
    }

    fn side_column(&mut self, side: &Rc<Plan>, name: &Rc<str>, span: Span) -> Option<Expr> {
        match side.columns.iter().position(|c| c.name == *name) {
            Some(i) => {
                let ty = side.columns.get(i).map_or(Type::Dynamic, |c| c.ty);
                Some(Expr { kind: ExprKind::Column(i), ty, span })
            }
            None => {
                let scope = self.scope(&side.columns, side.open);
                self.unknown_name(name, span, scope, &Env::default())
            }
        }
    }
}

/// `$left.a`: the side and the name.
fn side_of(e: &ast::Expr) -> Option<(&str, &Name)> {
    match &e.kind {
        Ast::Member(of, name) => match &of.kind {
            Ast::Name(side) if matches!(&**side, "$left" | "$right") => Some((side, name)),
            _ => None,
        },
        _ => None,
    }
}

fn conjuncts(e: &ast::Expr) -> Vec<&ast::Expr> {
    match &e.kind {
        Ast::And(items) => items.iter().collect(),
        _ => vec![e],
    }
}

fn column_exprs(columns: &[Column], span: Span) -> Vec<Expr> {
    columns.iter().enumerate().map(|(i, c)| Expr { kind: ExprKind::Column(i), ty: c.ty, span }).collect()
}

/// Whether a name matches a pattern in which `*` is any text.
pub(super) fn wildcard(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let middle: Vec<&str> = parts.collect();
    let Some((last, middle)) = middle.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A key under which numbers inside names order by value: `a2` before `a10`.
fn granny_key(name: &str) -> Vec<(String, u64)> {
    let mut out = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text_len = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, tail) = rest.split_at_checked(text_len).unwrap_or((rest, ""));
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = tail.split_at_checked(digits).unwrap_or((tail, ""));
        out.push((text.to_owned(), number.parse().unwrap_or(u64::MAX)));
        rest = tail;
    }
    out
}
