//! Typed scalar expressions.
//!
//! An expression is a graph, as a plan is: what a `let` names or a function's argument stands for is one node with many
//! parents. So no walk may follow every path: [`Expr::visit`], [`Expr::any`] and [`Expr::rewrite`] meet each node once.

use super::Plan;
use crate::diagnostic::Span;
use crate::functions::Eval;
use crate::functions::call::{Call, Site};
use crate::value::{Type, Value, meter};
use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::rc::Rc;

/// The parts of an expression, shared by all that hold it. What a walk would otherwise look for again and again is noted.
#[derive(Clone)]
pub struct Parts(Rc<Noted>);

struct Noted {
    items: Box<[Expr]>,
    depth: usize,
    row_local: bool,
}

impl From<Vec<Expr>> for Parts {
    fn from(items: Vec<Expr>) -> Parts {
        let depth = items.iter().map(Expr::depth).max().unwrap_or(0) + 1;
        let row_local = items.iter().all(Expr::is_row_local);
        Parts(Rc::new(Noted { items: items.into(), depth, row_local }))
    }
}

impl Deref for Parts {
    type Target = [Expr];

    fn deref(&self) -> &[Expr] {
        &self.0.items
    }
}

/// What tells an expression with parts from all others while it lives: where its parts are, and what is made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExprId(usize);

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
    And(Parts),
    /// `a or b …`, three-valued.
    Or(Parts),
    /// `case(p, v, …, else)`: predicates and values in turn, the default last.
    Case(Parts),
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
    pub args: Parts,
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
    pub args: Parts,
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
    /// The deepest expression a query may have, after its `let` statements and functions are put in.
    pub const MAX_DEPTH: usize = 400;

    /// A call, or its value if all of its arguments are constants.
    pub fn call(call: CallExpr, ty: Type, span: Span) -> Expr {
        let constants: Option<Vec<Value>> = call.args.iter().map(|a| a.as_const().cloned()).collect();
        let kind = match constants {
            // What has become too much is not made worse.
            Some(_) if meter::is_over() => ExprKind::Const(ty.missing()),
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

    fn parts(&self) -> Option<&Parts> {
        match &self.kind {
            ExprKind::Call(call) => Some(&call.args),
            ExprKind::Window(call) => Some(&call.args),
            ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Case(items) => Some(items),
            ExprKind::Const(_)
            | ExprKind::Column(_)
            | ExprKind::Now
            | ExprKind::Scalar(_)
            | ExprKind::List(_) => None,
        }
    }

    /// The expressions it is made of.
    pub fn children(&self) -> &[Expr] {
        self.parts().map_or(&[], |parts| parts)
    }

    /// See [`ExprId`]; `None` for an expression without parts, which is no more work twice than once.
    pub fn id(&self) -> Option<ExprId> {
        let address = match &self.kind {
            ExprKind::Call(call) => Rc::as_ptr(call).addr(),
            ExprKind::Window(call) => Rc::as_ptr(call).addr(),
            // The parts of one are never the parts of another kind: only whole expressions are shared.
            _ => Rc::as_ptr(&self.parts()?.0).addr(),
        };
        Some(ExprId(address))
    }

    /// How deep what walks it has to go.
    pub fn depth(&self) -> usize {
        self.parts().map_or(1, |parts| parts.0.depth)
    }

    /// The same expression over other children; one without children is itself. What a change to the parts means for the
    /// whole (a call that has become constant, say) is the caller's.
    pub fn with_children(&self, children: Vec<Expr>) -> Expr {
        let kind = match &self.kind {
            ExprKind::Call(call) => {
                ExprKind::Call(Rc::new(CallExpr { args: children.into(), ..(**call).clone() }))
            }
            ExprKind::Window(call) => {
                ExprKind::Window(Rc::new(WindowExpr { args: children.into(), ..(**call).clone() }))
            }
            ExprKind::And(_) => ExprKind::And(children.into()),
            ExprKind::Or(_) => ExprKind::Or(children.into()),
            ExprKind::Case(_) => ExprKind::Case(children.into()),
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

    /// Looks at it and at every part, at each once, until `see` says that this is enough. Whether it did.
    pub fn any(&self, see: &mut dyn FnMut(&Expr) -> bool) -> bool {
        let (mut seen, mut todo) = (HashSet::new(), vec![self]);
        while let Some(e) = todo.pop() {
            if e.id().is_some_and(|id| !seen.insert(id)) {
                continue;
            }
            if see(e) {
                return true;
            }
            todo.extend(e.children());
        }
        false
    }

    /// Looks at it and at every part, at each once.
    pub fn visit(&self, see: &mut dyn FnMut(&Expr)) {
        self.any(&mut |e| {
            see(e);
            false
        });
    }

    /// The expression with parts replaced, and what is shared replaced once and still shared. `change` says what stands for a
    /// part, or nothing where its own parts are to be looked at; `rebuild` makes a part of its changed parts.
    pub fn rewrite<E>(
        &self,
        change: &mut dyn FnMut(&Expr) -> Result<Option<Expr>, E>,
        rebuild: &dyn Fn(&Expr, Vec<Expr>) -> Expr,
    ) -> Result<Expr, E> {
        Rewriter { change, rebuild, done: HashMap::new() }.expr(self)
    }

    /// [`with_children`](Self::with_children), simpler where that is certain: a call of constants is its value, and what is false is no
    /// part of a disjunction.
    fn with_values(&self, children: Vec<Expr>) -> Expr {
        let made = self.with_children(children);
        match &made.kind {
            ExprKind::Call(call) => Expr::call((**call).clone(), made.ty, made.span),
            ExprKind::Or(items) => {
                let can_be_true = |e: &&Expr| !matches!(e.as_const(), Some(Value::Bool(false)));
                let items: Vec<Expr> = items.iter().filter(can_be_true).cloned().collect();
                match <[Expr; 1]>::try_from(items) {
                    Ok([only]) => only,
                    Err(none) if none.is_empty() => Expr::constant(Value::Bool(false), made.ty, made.span),
                    Err(items) => Expr { kind: ExprKind::Or(items.into()), ..made },
                }
            }
            _ => made,
        }
    }

    /// The expression with its columns replaced, some by constants; `None` if there is nothing for one of them.
    pub fn with_constants(&self, column: &dyn Fn(usize) -> Option<Expr>) -> Option<Expr> {
        let mut change = |e: &Expr| match e.kind {
            ExprKind::Column(at) => column(at).map(Some).ok_or(()),
            _ => Ok(None),
        };
        self.rewrite(&mut change, &Expr::with_values).ok()
    }

    /// The expression with its columns replaced; `None` if there is nothing for one of them.
    pub fn with_columns(&self, column: &dyn Fn(usize, &Expr) -> Option<Expr>) -> Option<Expr> {
        let mut change = |e: &Expr| match e.kind {
            ExprKind::Column(at) => column(at, e).map(Some).ok_or(()),
            _ => Ok(None),
        };
        self.rewrite(&mut change, &Expr::with_children).ok()
    }

    /// Whether its value depends on the row alone: not on the clock, another table or the row's place.
    pub fn is_row_local(&self) -> bool {
        match &self.kind {
            ExprKind::Now | ExprKind::Scalar(_) | ExprKind::List(_) | ExprKind::Window(_) => false,
            _ => self.parts().is_none_or(|parts| parts.0.row_local),
        }
    }

    /// Marks the columns it reads.
    pub fn mark_columns(&self, used: &mut [bool]) {
        self.visit(&mut |e| {
            if let ExprKind::Column(i) = e.kind
                && let Some(slot) = used.get_mut(i)
            {
                *slot = true;
            }
        });
    }
}

struct Rewriter<'a, E> {
    change: &'a mut dyn FnMut(&Expr) -> Result<Option<Expr>, E>,
    rebuild: &'a dyn Fn(&Expr, Vec<Expr>) -> Expr,
    done: HashMap<ExprId, Expr>,
}

impl<E> Rewriter<'_, E> {
    fn expr(&mut self, e: &Expr) -> Result<Expr, E> {
        let id = e.id();
        if let Some(done) = id.and_then(|id| self.done.get(&id)) {
            return Ok(Expr { span: e.span, ..done.clone() });
        }
        let made = match (self.change)(e)? {
            Some(made) => made,
            None if id.is_none() => e.clone(),
            None => {
                let children =
                    e.children().iter().map(|child| self.expr(child)).collect::<Result<Vec<_>, E>>()?;
                (self.rebuild)(e, children)
            }
        };
        if let Some(id) = id {
            self.done.insert(id, made.clone());
        }
        Ok(made)
    }
}
