//! Operators that make or pick columns of a row: `extend`, `project` and its family.

use super::name::{self, Namer};
use super::{Binder, Env};
use crate::diagnostic::{Diagnostic, Span};
use crate::functions::call::list_items;
use crate::plan::{Expr, ExprKind, Plan, PlanKind, SetOp, Stage};
use crate::syntax::ast::{self, ExprKind as Ast, Name, Named, Reorder};
use crate::value::{Column, Type, Value};
use std::rc::Rc;

impl Binder<'_> {
    /// A `where` that reads the row's place: the value becomes a column first, and goes again after.
    pub(super) fn window_where(&mut self, input: &Rc<Plan>, predicate: Expr, span: Span) -> Rc<Plan> {
        let width = input.columns.len();
        let mut columns = input.columns.clone();
        columns.push(Column::new("", Type::Bool));
        let kind = PlanKind::Set(Rc::clone(input), SetOp::Window(vec![(width, predicate)]));
        let with = Plan::new(kind, columns.clone(), span, input.open);
        let test = Expr { kind: ExprKind::Column(width), ty: Type::Bool, span };
        let kept = Plan::new(PlanKind::Stage(with, Stage::Where(test)), columns, span, input.open);
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
        let scope = &self.scope(&input.columns, input.open);
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
            let outputs = self.destructured(item, e, &mut namer)?;
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
        Some(Plan::new(kind, columns, span, open))
    }

    /// The name `extend` gives an unnamed value: made up from the expression it may overwrite a column,
    /// a number must not.
    pub(super) fn free_output_name(&mut self, item: &Named, namer: &mut Namer, columns: &[Column]) -> String {
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

    pub(super) fn project(
        &mut self,
        input: &Rc<Plan>,
        items: &[Named],
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let scope = &self.scope(&input.columns, input.open);
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
            for (name, e) in self.destructured(item, e, &mut namer)? {
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
            let with = Plan::new(kind, all, span, open);
            let picks: Vec<usize> = (width..width + columns.len()).collect();
            let picked = self.pick(&with, &picks, span);
            let kind = PlanKind::Stage(picked, Stage::Project(column_exprs(&columns, span)));
            return Some(Plan::new(kind, columns, span, open));
        }
        let kind = PlanKind::Stage(Rc::clone(input), Stage::Project(values));
        Some(Plan::new(kind, columns, span, open))
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
        Plan::new(kind, columns, span, input.open)
    }

    /// The columns that names and patterns select, in the order given, each once.
    pub(super) fn matching(&mut self, input: &Rc<Plan>, patterns: &[Name]) -> Vec<usize> {
        let mut out = Vec::new();
        for p in patterns {
            let before = out.len();
            let found =
                input.columns.iter().enumerate().filter(|(_, c)| wildcard(&p.text, &c.name)).map(|(i, _)| i);
            out.extend(found.collect::<Vec<_>>());
            if out.len() == before && !input.open && !self.poisoned.contains(&*p.text) {
                let message = format!("The name '{}' does not refer to any known column.", p.text);
                let d = Diagnostic::error("KS142", message, p.span);
                let near = self.near(&p.text, input.columns.iter().map(|c| &*c.name));
                self.report(d.with_guess(near));
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

    /// `project-by-names`: names and patterns in texts and arrays of texts; what is not there is left out.
    pub(super) fn project_by_names(
        &mut self,
        input: &Rc<Plan>,
        items: &[ast::Expr],
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let mut order: Vec<usize> = Vec::new();
        for item in items {
            let no_row = &self.no_row();
            let bound = self.bind_scalar(item, no_row, env)?;
            let Some(value) = bound.as_const() else {
                return self.error("FP013", "Column names must be constants.", item.span);
            };
            for pattern in list_items(value).iter().filter_map(Value::as_str) {
                for (i, c) in input.columns.iter().enumerate() {
                    if wildcard(pattern, &c.name) && !order.contains(&i) {
                        order.push(i);
                    }
                }
            }
        }
        Some(self.pick(input, &order, span))
    }

    pub(super) fn reorder(
        &mut self,
        input: &Rc<Plan>,
        items: &[(Name, Option<Reorder>)],
        span: Span,
    ) -> Rc<Plan> {
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

    pub(super) fn rename(&mut self, input: &Rc<Plan>, items: &[Named], span: Span) -> Option<Rc<Plan>> {
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
        Some(Plan::new(kind, columns, span, input.open))
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
