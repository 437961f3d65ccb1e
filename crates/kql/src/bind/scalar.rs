//! Scalar expressions: operators, paths, lists, and the conversions their operands need.
//! Types of operators: as Microsoft's binder gives them; what it lets pass and the engine refuses is refused.

use super::{Binder, Bound, Env, Scope};
use crate::diagnostic::{Diagnostic, Span};
use crate::functions::call::{Detail, Site, list_items};
use crate::functions::pattern;
use crate::functions::{Eval, operators as op};
use crate::plan::{CallExpr, Expr, ExprKind};
use crate::syntax::ast::{self, BinaryOp, ListOp, TextMatch};
use crate::value::{Type, Value, text};
use std::rc::Rc;

impl Binder<'_> {
    /// An expression that is neither a name nor a call.
    pub(super) fn bind_scalar_kind(&mut self, e: &ast::Expr, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        let span = e.span;
        match &e.kind {
            ast::ExprKind::Literal(ty, value) => Some(Expr::constant(value.clone(), *ty, span)),
            ast::ExprKind::Sign(negative, operand) => {
                let operand = self.bind_scalar(operand, scope, env)?;
                self.sign(*negative, operand, span)
            }
            ast::ExprKind::Binary(operator, op_span, left, right) => {
                if matches!(left.kind, ast::ExprKind::Star | ast::ExprKind::Anywhere) {
                    let numbers = matches!(left.kind, ast::ExprKind::Anywhere);
                    return self.any_column(*operator, *op_span, right, numbers, span, scope, env);
                }
                let (left, right) = (self.bind_scalar(left, scope, env), self.bind_scalar(right, scope, env));
                self.binary(*operator, *op_span, left?, right?, span)
            }
            ast::ExprKind::And(items) => self.logical(items, true, span, scope, env),
            ast::ExprKind::Or(items) => self.logical(items, false, span, scope, env),
            ast::ExprKind::List(operator, op_span, left, items) => {
                self.list(*operator, *op_span, left, items, span, scope, env)
            }
            ast::ExprKind::Between(negated, x, low, high) => {
                let bound = [x, low, high].map(|e| self.bind_scalar(e, scope, env));
                let [x, low, high] = bound;
                self.between(*negated, x?, low?, high?, span)
            }
            ast::ExprKind::Member(of, name) => {
                let of = self.bind_scalar(of, scope, env)?;
                self.member(of, name, span)
            }
            ast::ExprKind::Index(of, index) => {
                let (of, index) = (self.bind_scalar(of, scope, env), self.bind_scalar(index, scope, env));
                self.index(of?, index?, span)
            }
            ast::ExprKind::Star | ast::ExprKind::Anywhere => {
                self.error("KS006", "A * is not allowed here.", span)
            }
            ast::ExprKind::TablePattern(_) => {
                self.error("KS006", "A table pattern is not allowed here.", span)
            }
            ast::ExprKind::TypeOf(_) => self.error("KS108", "A type cannot be used as a value.", span),
            ast::ExprKind::Error => None,
            ast::ExprKind::Name(_)
            | ast::ExprKind::Call(..)
            | ast::ExprKind::Pipe(..)
            | ast::ExprKind::Source(_)
            | ast::ExprKind::Lambda(_) => None,
        }
    }

    fn member(&mut self, of: Expr, name: &ast::Name, span: Span) -> Option<Expr> {
        if of.ty != Type::Dynamic {
            let message = format!("A value of type {} has no member '{}'.", of.ty.name(), name.text);
            let d = Diagnostic::error("KS147", message, name.span);
            self.report(if of.ty == Type::String {
                d.with_hint("parse the string first: parse_json(…)")
            } else {
                d
            });
            return None;
        }
        let key = Expr::constant(Value::String(Rc::clone(&name.text)), Type::String, name.span);
        Some(self.make_call(".", op::member, vec![of, key], Type::Dynamic, Detail::None, span))
    }

    fn index(&mut self, of: Expr, index: Expr, span: Span) -> Option<Expr> {
        if of.ty != Type::Dynamic {
            let message = "The element access operator [] is not allowed in this context.";
            return self.error("KS147", message, Span { start: of.span.end, end: span.end });
        }
        if !index.ty.is_integer() && !matches!(index.ty, Type::String | Type::Dynamic) {
            return self.error("KS107", "A value of type string or long expected.", index.span);
        }
        Some(self.make_call("[]", op::index, vec![of, index], Type::Dynamic, Detail::None, span))
    }

    /// A call of an evaluator; with constant arguments, its value.
    pub(super) fn make_call(
        &mut self,
        name: &'static str,
        eval: Eval,
        args: Vec<Expr>,
        ty: Type,
        detail: Detail,
        span: Span,
    ) -> Expr {
        let site = Site {
            types: args.iter().map(|a| a.ty).collect(),
            constant: args.iter().map(|a| a.as_const().is_some()).collect(),
            strict: Vec::new(),
            result: Some(ty),
            detail,
            cache: Default::default(),
        };
        Expr::call(CallExpr { name, eval, args: args.into(), site }, ty, span)
    }

    /// Brings an expression to a type; at once if it is a constant.
    pub(super) fn coerce(&mut self, e: Expr, ty: Type) -> Expr {
        if e.ty == ty {
            return e;
        }
        let span = e.span;
        self.make_call("convert", op::convert_to_result, vec![e], ty, Detail::None, span)
    }

    /// An expression that must be a predicate.
    pub(super) fn predicate(&mut self, e: &ast::Expr, scope: &Scope<'_>, env: &Env) -> Option<Expr> {
        let bound = self.bind_scalar(e, scope, env)?;
        if bound.ty == Type::Bool {
            return Some(bound);
        }
        self.error("KS141", "The expression must have the type bool.", e.span)
    }

    fn sign(&mut self, negative: bool, operand: Expr, span: Span) -> Option<Expr> {
        let ty = match operand.ty {
            Type::Int => Type::Long,
            Type::Long | Type::Real | Type::Decimal | Type::Timespan | Type::Dynamic => operand.ty,
            other => {
                let sign = if negative { '-' } else { '+' };
                return self.error(
                    "KS106",
                    format!("The operator '{sign}' is not defined for the operand type {}.", other.name()),
                    span,
                );
            }
        };
        if !negative {
            return Some(Expr { ty: operand.ty, span, ..operand });
        }
        Some(self.make_call("-", op::negate, vec![operand], ty, Detail::None, span))
    }

    fn undefined<T>(&mut self, operator: &str, a: Type, b: Type, span: Span) -> Option<T> {
        let message = format!(
            "The operator '{operator}' is not defined for the operand types {} and {}.",
            a.name(),
            b.name()
        );
        let d = Diagnostic::error("KS106", message, span);
        let d = match (operator, a, b) {
            ("+", Type::String, _) | ("+", _, Type::String) => {
                d.with_hint("concatenate strings with strcat(…)")
            }
            (_, Type::Dynamic, Type::Dynamic) => {
                d.with_hint("cast one side, for example with tolong(…) or todouble(…)")
            }
            ("<" | "<=" | ">" | ">=", Type::DateTime, Type::String) => {
                d.with_hint("write datetime(…) or todatetime(…)")
            }
            ("<" | "<=" | ">" | ">=", Type::String, Type::String) => {
                d.with_hint("compare strings with strcmp(…)")
            }
            (_, x, y) if x != Type::String && y != Type::String => d,
            _ => d.with_hint("convert one side, for example with tostring(…) or tolong(…)"),
        };
        self.report(d);
        None
    }

    pub(super) fn binary(
        &mut self,
        operator: BinaryOp,
        op_span: Span,
        a: Expr,
        b: Expr,
        span: Span,
    ) -> Option<Expr> {
        let name = operator.text();
        match operator {
            BinaryOp::Equal | BinaryOp::NotEqual => {
                let (a, b) = self.comparable(name, op_span, a, b)?;
                let eval = if operator == BinaryOp::Equal { op::equal } else { op::not_equal };
                Some(self.make_call(name, eval, vec![a, b], Type::Bool, Detail::None, span))
            }
            BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual => {
                let (a, b) = self.ordered(name, op_span, a, b)?;
                let eval = match operator {
                    BinaryOp::Less => op::less,
                    BinaryOp::LessOrEqual => op::less_or_equal,
                    BinaryOp::Greater => op::greater,
                    _ => op::greater_or_equal,
                };
                Some(self.make_call(name, eval, vec![a, b], Type::Bool, Detail::None, span))
            }
            BinaryOp::Text(text_op) => {
                if text_op.test == TextMatch::Regex
                    && let Some(Value::String(text)) = b.as_const()
                    && let Err(error) = pattern::compile(text)
                {
                    return self.bad_regex(&error, b.span);
                }
                let text_like = |t: Type| matches!(t, Type::String | Type::Dynamic);
                if !text_like(a.ty) || !text_like(b.ty) {
                    return self.undefined(name, a.ty, b.ty, op_span);
                }
                Some(self.make_call(
                    name,
                    op::text_operator,
                    vec![a, b],
                    Type::Bool,
                    Detail::Text(text_op),
                    span,
                ))
            }
            _ => self.arithmetic(operator, op_span, a, b, span),
        }
    }

    pub(super) fn bad_regex<T>(&mut self, error: &pattern::Error, span: Span) -> Option<T> {
        let d = Diagnostic::error("SEM0420", format!("The regular expression is not valid: {error}."), span);
        self.report(
            d.with_hint("the syntax is that of Rust's regex crate: no look-around, no back-references"),
        );
        None
    }

    fn arithmetic(
        &mut self,
        operator: BinaryOp,
        op_span: Span,
        a: Expr,
        b: Expr,
        span: Span,
    ) -> Option<Expr> {
        let (name, x, y) = (operator.text(), a.ty, b.ty);
        let Some(ty) = arithmetic_type(operator, x, y) else { return self.undefined(name, x, y, op_span) };
        // A dynamic beside a typed operand is read as that type.
        let as_operand = |b: &mut Self, e: Expr, other: Type| match (e.ty, other) {
            (Type::Dynamic, Type::Int) => b.coerce(e, Type::Long),
            (Type::Dynamic, t) if t.is_number() => b.coerce(e, t),
            (Type::Dynamic, _) => {
                let t = dynamic_time_operand(operator, other);
                b.coerce(e, t)
            }
            _ => e,
        };
        let (a, b) = (as_operand(self, a, y), as_operand(self, b, x));
        let eval = match operator {
            BinaryOp::Add => op::add,
            BinaryOp::Subtract => op::subtract,
            BinaryOp::Multiply => op::multiply,
            BinaryOp::Divide => op::divide,
            _ => op::modulo,
        };
        Some(self.make_call(name, eval, vec![a, b], ty, Detail::None, span))
    }

    /// Brings two sides of `==` together: see docs/semantics.md#comparing and docs/semantics.md#conversions.
    fn comparable(&mut self, name: &str, op_span: Span, a: Expr, b: Expr) -> Option<(Expr, Expr)> {
        let (x, y) = (a.ty, b.ty);
        if x == y && x != Type::Dynamic || x.is_number() && y.is_number() {
            return Some((a, b));
        }
        match (x, y) {
            (Type::Dynamic, Type::Dynamic) => {
                let message = "Cannot compare dynamic values without explicit cast.";
                self.report(
                    Diagnostic::error("SEM0001", message, op_span)
                        .with_hint("cast one side, for example with tostring(…) or tolong(…)"),
                );
                None
            }
            // The dynamic, or the text, is read as the other side's type.
            (Type::Dynamic, t) | (Type::String, t) => Some((self.coerce(a, t), b)),
            (t, Type::Dynamic) | (t, Type::String) => {
                let b = self.coerce(b, t);
                Some((a, b))
            }
            (Type::Bool, t) if t.is_number() => Some((self.coerce(a, Type::Long), b)),
            (t, Type::Bool) if t.is_number() => {
                let b = self.coerce(b, Type::Long);
                Some((a, b))
            }
            _ => self.undefined(name, x, y, op_span),
        }
    }

    fn ordered(&mut self, name: &str, op_span: Span, a: Expr, b: Expr) -> Option<(Expr, Expr)> {
        let number = |t: Type| t.is_number() || t == Type::Bool;
        let (x, y) = (a.ty, b.ty);
        match (x, y) {
            (Type::DateTime, Type::DateTime)
            | (Type::Timespan, Type::Timespan)
            | (Type::Dynamic, Type::Dynamic) => Some((a, b)),
            (Type::Dynamic, t) if t.is_number() => Some((self.coerce(a, t), b)),
            (t, Type::Dynamic) if t.is_number() => {
                let b = self.coerce(b, t);
                Some((a, b))
            }
            _ if number(x) && number(y) => {
                let widen = |binder: &mut Self, e: Expr| {
                    if e.ty == Type::Bool { binder.coerce(e, Type::Long) } else { e }
                };
                Some((widen(self, a), widen(self, b)))
            }
            _ => self.undefined(name, x, y, op_span),
        }
    }

    fn between(&mut self, negated: bool, x: Expr, low: Expr, high: Expr, span: Span) -> Option<Expr> {
        // An upper bound that is a timespan counts from the lower one.
        let high = if matches!(low.ty, Type::DateTime) && high.ty == Type::Timespan {
            let high_span = high.span;
            self.make_call("+", op::add, vec![low.clone(), high], Type::DateTime, Detail::None, high_span)
        } else {
            high
        };
        let time = matches!(x.ty, Type::DateTime | Type::Timespan);
        for bound in [&low, &high] {
            let fits =
                if time { bound.ty == x.ty } else { bound.ty.is_number() || bound.ty == Type::Dynamic };
            if !fits || !(time || x.ty.is_number() || x.ty == Type::Dynamic) {
                let (code, message) = if time {
                    ("KS107", "Both bounds must have the type of the value.")
                } else {
                    ("KS137", "The expression value must be a number.")
                };
                return self.error(code, message, if time || x.ty.is_number() { bound.span } else { x.span });
            }
        }
        let [x, low, high] =
            [x, low, high].map(|e| if e.ty == Type::Dynamic { self.coerce(e, Type::Real) } else { e });
        let detail = if negated { Detail::Negated } else { Detail::None };
        Some(self.make_call("between", op::between, vec![x, low, high], Type::Bool, detail, span))
    }

    fn logical(
        &mut self,
        items: &[ast::Expr],
        and: bool,
        span: Span,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Expr> {
        let mut bound = Vec::new();
        let mut failed = false;
        for (i, item) in items.iter().enumerate() {
            match self.bind_scalar(item, scope, env) {
                Some(e) if e.ty == Type::Bool => bound.push(e),
                Some(e) if e.ty == Type::Dynamic => bound.push(self.coerce(e, Type::Bool)),
                Some(e) => {
                    failed = true;
                    // The operand and the `and` or `or` beside it.
                    let start = i
                        .checked_sub(1)
                        .and_then(|i| items.get(i))
                        .map_or(item.span.start, |left| left.span.end);
                    let end = if i == 0 {
                        items.get(1).map_or(item.span.end, |right| right.span.start)
                    } else {
                        item.span.end
                    };
                    let message = format!(
                        "The operator '{}' needs values of type bool, not {}.",
                        if and { "and" } else { "or" },
                        e.ty.name()
                    );
                    self.report(Diagnostic::error("KS106", message, Span { start, end }));
                }
                None => failed = true,
            }
        }
        let parts = bound.into();
        let kind = if and { ExprKind::And(parts) } else { ExprKind::Or(parts) };
        (!failed).then_some(Expr { kind, ty: Type::Bool, span })
    }

    /// `* has "a"`: whether any text column of the row does, with `numbers` also one of whole numbers. Recorded: a term of
    /// `search` is found in an `int` and not in a `real`; `where * !contains` does not look at an `int`.
    #[allow(clippy::too_many_arguments, reason = "the parts of one syntax node and where it is bound")]
    fn any_column(
        &mut self,
        operator: BinaryOp,
        op_span: Span,
        right: &ast::Expr,
        numbers: bool,
        span: Span,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Expr> {
        let right = self.bind_scalar(right, scope, env)?;
        let mut tests = Vec::new();
        for (i, column) in scope.columns.iter().enumerate() {
            let by_text = numbers && matches!(column.ty, Type::Int | Type::Long);
            let fits = match operator {
                BinaryOp::Text(_) => by_text || matches!(column.ty, Type::String | Type::Dynamic),
                _ => column.ty == right.ty,
            };
            if fits {
                let left = Expr { kind: ExprKind::Column(i), ty: column.ty, span };
                let left = if by_text { self.coerce(left, Type::String) } else { left };
                tests.extend(self.binary(operator, op_span, left, right.clone(), span));
            }
        }
        if tests.is_empty() {
            return Some(Expr::constant(Value::Bool(false), Type::Bool, span));
        }
        Some(Expr { kind: ExprKind::Or(tests.into()), ty: Type::Bool, span })
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one syntax node and where it is bound")]
    fn list(
        &mut self,
        operator: ListOp,
        op_span: Span,
        left: &ast::Expr,
        items: &[ast::Expr],
        span: Span,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Expr> {
        let left = self.bind_scalar(left, scope, env);
        let mut bound = Vec::new();
        for item in items {
            match self.bind_any(item, scope, env) {
                Some(Bound::Scalar(e)) => bound.push(e),
                Some(Bound::Table(plan)) => bound.extend(self.column_as_list(plan, item.span)),
                Some(Bound::Graph(_)) => return self.no_table(item.span),
                Some(Bound::Function(_)) => {
                    self.report(Diagnostic::error(
                        "KS117",
                        "A function must be called with its arguments.",
                        item.span,
                    ));
                }
                None => {}
            }
        }
        let left = left?;
        if bound.len() < items.len() {
            return None;
        }
        let texts = !matches!(operator, ListOp::In { case_sensitive: true, .. });
        if texts && !matches!(left.ty, Type::String | Type::Dynamic) {
            let message = "A value of type string or dynamic expected.";
            return self.error("KS107", message, left.span);
        }
        let mut args = Vec::with_capacity(bound.len() + 1);
        if texts {
            args.push(left);
            args.extend(bound);
        } else {
            let all_text = bound.iter().all(|e| e.ty == Type::String);
            let left =
                if left.ty == Type::Dynamic && all_text { self.coerce(left, Type::String) } else { left };
            let ty = left.ty;
            args.push(left);
            for item in bound {
                args.push(self.list_item(operator, op_span, ty, item)?);
            }
        }
        let args = with_short_list(args, texts);
        Some(self.make_call(
            operator.text(),
            op::list_operator,
            args,
            Type::Bool,
            Detail::List(operator),
            span,
        ))
    }

    /// An item of a list brought to the type of the value it is compared with; an array, item by item.
    fn list_item(&mut self, operator: ListOp, op_span: Span, ty: Type, item: Expr) -> Option<Expr> {
        // A real beside a decimal is not the same number until it is one too.
        let exact = matches!((ty, item.ty), (Type::Decimal, Type::Real) | (Type::Real, Type::Decimal));
        if ty == Type::Dynamic || item.ty == ty || item.ty.is_number() && ty.is_number() && !exact {
            return Some(item);
        }
        match (&item.kind, item.ty) {
            (ExprKind::Const(Value::Array(values)), Type::Dynamic) => {
                let values = values.iter().map(|v| as_type(v, ty)).collect();
                Some(Expr { kind: ExprKind::Const(Value::array(values)), ..item })
            }
            // A list that is known only at run time holds what its column holds.
            (_, Type::Dynamic) if item.as_const().is_none() => Some(item),
            (_, Type::Dynamic | Type::String) => Some(self.coerce(item, ty)),
            _ if ty == Type::String || exact => Some(self.coerce(item, ty)),
            _ => self.undefined(operator.text(), ty, item.ty, op_span),
        }
    }
}

/// A long list of constants as one array: a row must not pay for each of them. Where texts are compared the items become texts
/// here, as an array does not know their types.
fn with_short_list(mut args: Vec<Expr>, texts: bool) -> Vec<Expr> {
    const LONG: usize = 16;
    let Some(first) = args.get(1).map(|e| e.span) else { return args };
    if args.len() <= LONG || args.iter().skip(1).any(|e| e.as_const().is_none()) {
        return args;
    }
    let mut items = Vec::new();
    let span = args.last().map_or(first, |last| first.to(last.span));
    for e in args.drain(1..) {
        let ty = e.ty;
        for item in e.as_const().map(list_items).unwrap_or_default() {
            items.push(if texts { Value::text(&text::tostring(item, ty)) } else { item.clone() });
        }
    }
    args.push(Expr::constant(Value::array(items), Type::Dynamic, span));
    args
}

/// A value inside a dynamic list as the type of what it is compared with.
fn as_type(v: &Value, ty: Type) -> Value {
    match ty {
        Type::String => Value::text(&text::tostring(v, Type::Dynamic)),
        t if t.is_number() && v.own_type().is_some_and(Type::is_number) => v.clone(),
        _ => crate::value::convert::convert(v, Type::Dynamic, ty),
    }
}

/// What a dynamic is read as beside a datetime or timespan.
fn dynamic_time_operand(operator: BinaryOp, other: Type) -> Type {
    match (operator, other) {
        (BinaryOp::Subtract, Type::DateTime) => Type::DateTime,
        (BinaryOp::Add | BinaryOp::Subtract, _) => Type::Timespan,
        _ => Type::Real,
    }
}

/// The type of `a op b`, `None` where it is not defined.
fn arithmetic_type(operator: BinaryOp, a: Type, b: Type) -> Option<Type> {
    let wider = || {
        Some(match (a, b) {
            (Type::Decimal, _) | (_, Type::Decimal) => Type::Decimal,
            (Type::Real, _) | (_, Type::Real) => Type::Real,
            // Microsoft's binder lets it pass, the engine does not: which arithmetic would it be?
            (Type::Dynamic, Type::Dynamic) => return None,
            _ => Type::Long,
        })
    };
    let number = |t: Type| t.is_number() || t == Type::Dynamic;
    if number(a) && number(b) {
        return wider();
    }
    use Type::{DateTime, Dynamic, Timespan};
    match (operator, a, b) {
        (BinaryOp::Add, DateTime, DateTime | Timespan | Dynamic) => Some(DateTime),
        (BinaryOp::Add, Timespan | Dynamic, DateTime) => Some(DateTime),
        (BinaryOp::Add | BinaryOp::Subtract, Timespan, Timespan | Dynamic) => Some(Timespan),
        (BinaryOp::Add | BinaryOp::Subtract, Dynamic, Timespan) => Some(Timespan),
        (BinaryOp::Subtract, DateTime, DateTime | Dynamic) | (BinaryOp::Subtract, Dynamic, DateTime) => {
            Some(Timespan)
        }
        (BinaryOp::Subtract, DateTime, Timespan) | (BinaryOp::Subtract, Timespan, DateTime) => Some(DateTime),
        (BinaryOp::Multiply, Timespan, t) | (BinaryOp::Multiply, t, Timespan) if t.is_number() => {
            Some(Timespan)
        }
        (BinaryOp::Divide, Timespan | DateTime, Timespan | DateTime) => Some(Type::Real),
        (BinaryOp::Divide, Timespan, t) if t.is_number() => Some(Timespan),
        (BinaryOp::Modulo, Timespan | DateTime, Timespan) => Some(Timespan),
        _ => None,
    }
}
