//! Scalar expressions as a flat list of steps over a stack. No recursion: a host with 8 KB of stack can run
//! any expression, and each step knows where in the query it was written.

use crate::diagnostic::Span;
use crate::plan::{CallExpr, Expr, ExprKind};
use crate::value::Value;
use std::rc::Rc;

/// Where a program reads its columns.
pub trait Columns {
    /// The value of a column.
    fn column(&self, index: usize) -> Value;
}

impl Columns for Vec<Value> {
    fn column(&self, index: usize) -> Value {
        self.get(index).cloned().unwrap_or_default()
    }
}

enum Op {
    Const(Value),
    Column(usize),
    Call(Rc<CallExpr>),
    /// Two truths into one.
    And,
    Or,
    /// Jumps if the top is false (true) and leaves it: the answer is known.
    SkipIfFalse(usize),
    SkipIfTrue(usize),
    /// Takes the top; jumps unless it is true.
    BranchUnlessTrue(usize),
    Jump(usize),
}

/// A compiled expression.
pub struct Program {
    ops: Vec<Op>,
    spans: Vec<Span>,
}

/// One sub-expression's value while an expression was evaluated for a row.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it was written.
    pub span: Span,
    /// What it was.
    pub value: Value,
}

impl Program {
    /// Compiles an expression that depends on its row alone (see [`crate::exec::run::Run::resolve`]).
    pub fn new(e: &Expr) -> Program {
        let mut program = Program { ops: Vec::new(), spans: Vec::new() };
        program.emit(e);
        program
    }

    fn push(&mut self, op: Op, span: Span) -> usize {
        self.ops.push(op);
        self.spans.push(span);
        self.ops.len() - 1
    }

    fn land(&mut self, jumps: &[usize]) {
        let here = self.ops.len();
        for jump in jumps {
            if let Some(Op::SkipIfFalse(to) | Op::SkipIfTrue(to) | Op::BranchUnlessTrue(to) | Op::Jump(to)) =
                self.ops.get_mut(*jump)
            {
                *to = here;
            }
        }
    }

    fn emit(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Const(v) => {
                self.push(Op::Const(v.clone()), e.span);
            }
            ExprKind::Column(i) => {
                self.push(Op::Column(*i), e.span);
            }
            ExprKind::Call(call) => {
                call.args.iter().for_each(|a| self.emit(a));
                self.push(Op::Call(Rc::clone(call)), e.span);
            }
            ExprKind::And(items) => self.emit_logic(items, true, e.span),
            ExprKind::Or(items) => self.emit_logic(items, false, e.span),
            ExprKind::Case(items) => self.emit_case(items, e.span),
            // Resolved before a program is made; a null keeps the rest sound.
            ExprKind::Now | ExprKind::Scalar(_) | ExprKind::List(_) | ExprKind::Window(_) => {
                self.push(Op::Const(Value::Null), e.span);
            }
        }
    }

    fn emit_logic(&mut self, items: &[Expr], and: bool, span: Span) {
        let mut jumps = Vec::new();
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                jumps.push(self.push(if and { Op::SkipIfFalse(0) } else { Op::SkipIfTrue(0) }, span));
            }
            self.emit(item);
            if i > 0 {
                self.push(if and { Op::And } else { Op::Or }, span);
            }
        }
        self.land(&jumps);
    }

    fn emit_case(&mut self, items: &[Expr], span: Span) {
        let mut ends = Vec::new();
        let (pairs, otherwise) = match items {
            [pairs @ .., otherwise] => (pairs, otherwise),
            [] => return,
        };
        for pair in pairs.chunks(2) {
            let [predicate, value] = pair else { continue };
            self.emit(predicate);
            let branch = self.push(Op::BranchUnlessTrue(0), predicate.span);
            self.emit(value);
            ends.push(self.push(Op::Jump(0), span));
            self.land(&[branch]);
        }
        self.emit(otherwise);
        self.land(&ends);
    }

    /// Makes now what calls otherwise make when a row first needs it: patterns, sets, and the memory they search with.
    pub fn warm(&self) {
        for op in &self.ops {
            if let Op::Call(call) = op {
                let value = |a: &Expr| a.as_const().cloned().unwrap_or_else(|| a.ty.missing());
                let args: Vec<Value> = call.args.iter().map(value).collect();
                call.evaluate(&args);
            }
        }
    }

    /// The value for a row. `stack` is scratch space, empty between calls.
    pub fn eval(&self, row: &dyn Columns, stack: &mut Vec<Value>) -> Value {
        self.walk(row, stack, None)
    }

    /// The value for a row, and the value of every sub-expression that was looked at, in order.
    pub fn trace(&self, row: &dyn Columns, steps: &mut Vec<Step>) -> Value {
        self.walk(row, &mut Vec::new(), Some(steps))
    }

    fn walk(&self, row: &dyn Columns, stack: &mut Vec<Value>, mut steps: Option<&mut Vec<Step>>) -> Value {
        let mut seen = |span: Span, value: &Value| {
            if let Some(steps) = &mut steps {
                steps.push(Step { span, value: value.clone() });
            }
        };
        stack.clear();
        let mut at = 0;
        while let Some(op) = self.ops.get(at) {
            let span = self.spans.get(at).copied().unwrap_or_default();
            at += 1;
            match op {
                Op::Const(v) => stack.push(v.clone()),
                Op::Column(i) => {
                    let v = row.column(*i);
                    seen(span, &v);
                    stack.push(v);
                }
                Op::Call(call) => {
                    let from = stack.len().saturating_sub(call.args.len());
                    let v = call.evaluate(stack.get(from..).unwrap_or_default());
                    seen(span, &v);
                    stack.truncate(from);
                    stack.push(v);
                }
                Op::And | Op::Or => {
                    let b = stack.pop().unwrap_or_default();
                    let a = stack.pop().unwrap_or_default();
                    let decides = Value::Bool(matches!(op, Op::Or));
                    let v = match (&a, &b, &decides) {
                        (Value::Bool(x), _, Value::Bool(d)) | (_, Value::Bool(x), Value::Bool(d))
                            if x == d =>
                        {
                            decides
                        }
                        (Value::Bool(_), Value::Bool(y), Value::Bool(_)) => Value::Bool(*y),
                        _ => Value::Null,
                    };
                    seen(span, &v);
                    stack.push(v);
                }
                Op::SkipIfFalse(to) => {
                    if matches!(stack.last(), Some(Value::Bool(false))) {
                        seen(span, &Value::Bool(false));
                        at = *to;
                    }
                }
                Op::SkipIfTrue(to) => {
                    if matches!(stack.last(), Some(Value::Bool(true))) {
                        seen(span, &Value::Bool(true));
                        at = *to;
                    }
                }
                Op::BranchUnlessTrue(to) => {
                    if !stack.pop().unwrap_or_default().is_true() {
                        at = *to;
                    }
                }
                Op::Jump(to) => at = *to,
            }
        }
        stack.pop().unwrap_or_default()
    }
}
