//! Typed scalar expressions.

use super::Plan;
use crate::diagnostic::Span;
use crate::functions::Eval;
use crate::functions::call::{Call, Site};
use crate::value::{Type, Value};
use std::rc::Rc;

/// A typed scalar expression over the columns of its operator's input.
#[derive(Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The type of its value.
    pub ty: Type,
    /// Where it was written.
    pub span: Span,
}

/// What a scalar expression is.
#[derive(Clone)]
pub enum ExprKind {
    /// A value.
    Const(Value),
    /// A column of the input row, by position.
    Column(usize),
    /// A function or operator.
    Call(Rc<CallExpr>),
    /// `a and b …`, three-valued.
    And(Vec<Expr>),
    /// `a or b …`, three-valued.
    Or(Vec<Expr>),
    /// `case(p, v, …, else)`: predicates and values in turn, the default last.
    Case(Vec<Expr>),
    /// `now()`: fixed once a run.
    Now,
    /// `toscalar(T)`: first row, first column, worked out once a run.
    Scalar(Rc<Plan>),
    /// The first column of a table as an array: the right side of `x in (T)`.
    List(Rc<Plan>),
    /// A function of the row's place among the rows: `row_number()`, `prev(x)`.
    Window(Rc<WindowExpr>),
}

/// A call of a scalar function or an operator.
#[derive(Clone)]
pub struct CallExpr {
    /// `strlen`, `==`, `.` …
    pub name: &'static str,
    /// The evaluator.
    pub eval: Eval,
    /// The arguments.
    pub args: Vec<Expr>,
    /// What is known of the place.
    pub site: Site,
}

impl CallExpr {
    /// The value of the call for some arguments, with the null rule of its parameters.
    pub fn evaluate(&self, args: &[Value]) -> Value {
        let site = &self.site;
        let strict_null = args.iter().zip(&site.strict).any(|(v, strict)| *strict && v.is_null());
        if strict_null {
            return site.result.unwrap_or(Type::Dynamic).missing();
        }
        let value = (self.eval)(&Call { args, site });
        // A string is never null, whatever an evaluator says.
        if value.is_null() && site.result == Some(Type::String) { Value::empty_text() } else { value }
    }
}

/// A call of a window function.
#[derive(Clone)]
pub struct WindowExpr {
    /// Which one.
    pub function: Window,
    /// Its arguments.
    pub args: Vec<Expr>,
}

/// A window function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// `row_number(start, restart)`
    RowNumber,
    /// `prev(x, offset, default)`
    Prev,
    /// `next(x, offset, default)`
    Next,
    /// `row_cumsum(x, restart)`
    RowCumsum,
    /// `row_rank_dense(x, restart)`
    RowRankDense,
    /// `row_rank_min(x, restart)`
    RowRankMin,
    /// `row_window_session(t, max, gap, restart)`
    RowWindowSession,
    /// `rand(n)`: of no row's place, but another for each row
    Rand,
    /// `new_guid()`
    NewGuid,
}

impl Window {
    /// Whether chance gives its value.
    pub fn is_random(self) -> bool {
        matches!(self, Window::Rand | Window::NewGuid)
    }
}

impl Expr {
    /// A call, or its value if all of its arguments are constants.
    pub fn call(call: CallExpr, ty: Type, span: Span) -> Expr {
        let constants: Option<Vec<Value>> = call.args.iter().map(|a| a.as_const().cloned()).collect();
        let kind = match constants {
            Some(values) => ExprKind::Const(call.evaluate(&values)),
            None => ExprKind::Call(Rc::new(call)),
        };
        Expr { kind, ty, span }
    }

    /// A constant.
    pub fn constant(value: Value, ty: Type, span: Span) -> Expr {
        Expr { kind: ExprKind::Const(value), ty, span }
    }

    /// The value, if it is a constant.
    pub fn as_const(&self) -> Option<&Value> {
        match &self.kind {
            ExprKind::Const(v) => Some(v),
            _ => None,
        }
    }

    /// The expressions it is made of.
    pub fn children(&self) -> &[Expr] {
        match &self.kind {
            ExprKind::Call(call) => &call.args,
            ExprKind::Window(call) => &call.args,
            ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Case(items) => items,
            _ => &[],
        }
    }

    /// The same expression over other children; one without children is itself. What a change to the parts means for the
    /// whole (a call that has become constant, say) is the caller's.
    pub fn with_children(&self, children: Vec<Expr>) -> Expr {
        let kind = match &self.kind {
            ExprKind::Call(call) => ExprKind::Call(Rc::new(CallExpr { args: children, ..(**call).clone() })),
            ExprKind::Window(call) => {
                ExprKind::Window(Rc::new(WindowExpr { args: children, ..(**call).clone() }))
            }
            ExprKind::And(_) => ExprKind::And(children),
            ExprKind::Or(_) => ExprKind::Or(children),
            ExprKind::Case(_) => ExprKind::Case(children),
            ExprKind::Const(_)
            | ExprKind::Column(_)
            | ExprKind::Now
            | ExprKind::Scalar(_)
            | ExprKind::List(_) => self.kind.clone(),
        };
        Expr { kind, ty: self.ty, span: self.span }
    }

    /// Whether the value may differ from row to row.
    pub fn reads_row(&self) -> bool {
        self.any(&mut |e| matches!(e.kind, ExprKind::Column(_) | ExprKind::Window(_)))
    }

    /// Whether any part of it satisfies a test.
    pub fn any(&self, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
        test(self) || self.children().iter().any(|c| c.any(test))
    }

    /// Whether its value depends on the row alone: not on the clock, another table or the row's place.
    pub fn is_row_local(&self) -> bool {
        !self.any(&mut |e| {
            matches!(e.kind, ExprKind::Now | ExprKind::Scalar(_) | ExprKind::List(_) | ExprKind::Window(_))
        })
    }

    /// Marks the columns it reads.
    pub fn mark_columns(&self, used: &mut [bool]) {
        if let ExprKind::Column(i) = self.kind
            && let Some(slot) = used.get_mut(i)
        {
            *slot = true;
        }
        self.children().iter().for_each(|c| c.mark_columns(used));
    }
}
