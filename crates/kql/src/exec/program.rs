//! Scalar expressions as a flat list of steps over a stack. No recursion: a host with 8 KB of stack can run
//! any expression, and each step knows where in the query it was written.
//!
//! What several expressions of a step have in common (`parse_json(RequestParameters)`, say) is worked out once a row, when it
//! is first needed: equal parts are one block of the list, with a slot for the value it has for the row.

use crate::diagnostic::Span;
use crate::functions::call::Detail;
use crate::plan::{CallExpr, Expr, ExprId, ExprKind};
use crate::syntax::ast::ListOp;
use crate::value::{Type, Value, meter};
use std::collections::HashMap;
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
    /// The value of a shared part: the slot's, or else what its block makes.
    Shared(usize),
    /// The end of a block: the value goes into the slot too, and the walk on behind the [`Op::Shared`] it came from.
    Return(usize),
    /// The end of an expression.
    End,
}

/// Compiled expressions that are evaluated together.
pub struct Program {
    ops: Vec<Op>,
    spans: Vec<Span>,
    /// Where each expression starts.
    entries: Vec<usize>,
    /// Where the block of each shared part starts.
    blocks: Vec<usize>,
}

/// What evaluating needs room for. It holds nothing between rows; one serves any number of programs.
#[derive(Default)]
pub struct Scratch {
    stack: Vec<Value>,
    slots: Vec<Option<Value>>,
    returns: Vec<usize>,
}

/// One sub-expression's value while an expression was evaluated for a row.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it was written.
    pub span: Span,
    /// What it was.
    pub value: Value,
}

/// So many steps are traced of an expression in full: what is shared then shows its parts but once.
const MAX_TRACED: usize = 10_000;

impl Program {
    /// Compiles an expression that depends on its row alone (see [`crate::exec::run::Run::resolve`]).
    pub fn new(e: &Expr) -> Program {
        Program::of([e])
    }

    /// Compiles expressions that are evaluated together.
    pub fn of<'e>(es: impl IntoIterator<Item = &'e Expr>) -> Program {
        Compiler::default().program(es.into_iter().collect())
    }

    /// Compiles an expression to be traced: parts that merely look the same stay apart, as each stands at its own place.
    pub fn traceable(e: &Expr) -> Program {
        Compiler { by_place: true, ..Compiler::default() }.program(vec![e])
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

    /// The value of the first expression for a row.
    pub fn eval(&self, row: &dyn Columns, scratch: &mut Scratch) -> Value {
        self.start(scratch);
        self.entries.first().map(|entry| self.walk(*entry, row, scratch, None)).unwrap_or_default()
    }

    /// The values of all expressions for a row.
    pub fn eval_all(&self, row: &dyn Columns, scratch: &mut Scratch) -> Vec<Value> {
        let mut values = Vec::with_capacity(self.entries.len());
        self.eval_into(row, scratch, &mut values);
        values
    }

    /// The same, into a vector that is there already.
    pub fn eval_into(&self, row: &dyn Columns, scratch: &mut Scratch, values: &mut Vec<Value>) {
        self.start(scratch);
        values.clear();
        values.extend(self.entries.iter().map(|entry| self.walk(*entry, row, scratch, None)));
    }

    /// The value of the first expression for a row, and the value of every part that was looked at, in order.
    pub fn trace(&self, row: &dyn Columns, steps: &mut Vec<Step>) -> Value {
        let mut scratch = Scratch::default();
        self.start(&mut scratch);
        self.entries
            .first()
            .map(|entry| self.walk(*entry, row, &mut scratch, Some(steps)))
            .unwrap_or_default()
    }

    fn start(&self, scratch: &mut Scratch) {
        meter::begin();
        scratch.slots.clear();
        scratch.slots.resize(self.blocks.len(), None);
    }

    fn walk(
        &self,
        entry: usize,
        row: &dyn Columns,
        scratch: &mut Scratch,
        mut steps: Option<&mut Vec<Step>>,
    ) -> Value {
        let full = steps.as_ref().map_or(0, |steps| steps.len()) + MAX_TRACED;
        let mut again = false;
        let Scratch { stack, slots, returns } = scratch;
        stack.clear();
        returns.clear();
        let mut done = 0;
        let mut at = entry;
        while let Some(op) = self.ops.get(at) {
            let span = self.spans.get(at).copied().unwrap_or_default();
            let mut seen = |value: &Value| {
                if let Some(steps) = &mut steps {
                    steps.push(Step { span, value: value.clone() });
                    again = steps.len() < full;
                }
            };
            at += 1;
            done += 1;
            match op {
                Op::Const(v) => stack.push(v.clone()),
                Op::Column(i) => {
                    let v = row.column(*i);
                    seen(&v);
                    stack.push(v);
                }
                Op::Call(call) => {
                    let from = stack.len().saturating_sub(call.args.len());
                    let args = stack.get(from..).unwrap_or_default();
                    let v = if meter::is_over() {
                        call.site.result.unwrap_or(Type::Dynamic).missing()
                    } else {
                        call.evaluate(args)
                    };
                    // A constant list is made ready once and not looked through again.
                    match call.site.detail {
                        Detail::List(_) => meter::read(args.get(..1).unwrap_or_default()),
                        _ => meter::read(args),
                    }
                    seen(&v);
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
                    seen(&v);
                    stack.push(v);
                }
                Op::SkipIfFalse(to) => {
                    if matches!(stack.last(), Some(Value::Bool(false))) {
                        seen(&Value::Bool(false));
                        at = *to;
                    }
                }
                Op::SkipIfTrue(to) => {
                    if matches!(stack.last(), Some(Value::Bool(true))) {
                        seen(&Value::Bool(true));
                        at = *to;
                    }
                }
                Op::BranchUnlessTrue(to) => {
                    if !stack.pop().unwrap_or_default().is_true() {
                        at = *to;
                    }
                }
                Op::Jump(to) => at = *to,
                Op::Shared(slot) => match slots.get(*slot) {
                    Some(Some(v)) if !again => stack.push(v.clone()),
                    _ => {
                        returns.push(at);
                        at = self.blocks.get(*slot).copied().unwrap_or(usize::MAX);
                    }
                },
                Op::Return(slot) => {
                    if let Some(slot) = slots.get_mut(*slot) {
                        *slot = stack.last().cloned();
                    }
                    at = returns.pop().unwrap_or(usize::MAX);
                }
                Op::End => break,
            }
        }
        meter::step(done);
        stack.pop().unwrap_or_default()
    }
}

/// What an expression is, with its parts as numbers: expressions of one type and equal shapes have equal values for a row.
#[derive(PartialEq, Eq, Hash)]
enum Shape {
    Text(Rc<str>),
    Scalar(String),
    /// A large value, by where it is.
    Large(usize),
    Column(usize),
    Call {
        name: &'static str,
        eval: usize,
        detail: (usize, Option<ListOp>),
        args: Vec<usize>,
    },
    And(Vec<usize>),
    Or(Vec<usize>),
    Case(Vec<usize>),
    /// Like no other.
    Single(usize),
}

/// Longer texts are told apart by where they are.
const LARGE: usize = 256;

#[derive(Default)]
struct Compiler {
    by_place: bool,
    classes: HashMap<ExprId, usize>,
    shapes: HashMap<(Type, Shape), usize>,
    /// For each class how many expressions have it as a part, or are it.
    parents: Vec<u32>,
    /// For each class the slot of its value.
    slots: HashMap<usize, usize>,
    ops: Vec<Op>,
    spans: Vec<Span>,
}

impl Compiler {
    fn program<'e>(mut self, es: Vec<&'e Expr>) -> Program {
        // What has no parts is never shared: most keys and arguments of `summarize` are columns, and cost no look for equals.
        for e in es.iter().filter(|e| e.id().is_some()) {
            let class = self.class(e);
            self.add_parent(class);
        }
        let mut waiting: Vec<&'e Expr> = Vec::new();
        let mut entries = Vec::new();
        for e in es {
            entries.push(self.ops.len());
            self.emit(e, &mut waiting);
            self.push(Op::End, e.span);
        }
        let mut blocks = Vec::new();
        let mut next = 0;
        while let Some(e) = waiting.get(next).copied() {
            blocks.push(self.ops.len());
            self.emit_parts(e, &mut waiting);
            self.push(Op::Return(next), e.span);
            next += 1;
        }
        Program { ops: self.ops, spans: self.spans, entries, blocks }
    }

    fn add_parent(&mut self, class: usize) {
        if let Some(parents) = self.parents.get_mut(class) {
            *parents = parents.saturating_add(1);
        }
    }

    /// The class of an expression: equal expressions have one.
    fn class(&mut self, e: &Expr) -> usize {
        let id = e.id();
        if let Some(class) = id.and_then(|id| self.classes.get(&id)) {
            return *class;
        }
        let parts: Vec<usize> = e.children().iter().map(|child| self.class(child)).collect();
        let next = self.parents.len();
        let shape = match &e.kind {
            _ if self.by_place => Shape::Single(next),
            ExprKind::Const(Value::String(text)) if text.len() <= LARGE => Shape::Text(Rc::clone(text)),
            ExprKind::Const(Value::String(text)) => Shape::Large(Rc::as_ptr(text).addr()),
            ExprKind::Const(Value::Array(items)) => Shape::Large(Rc::as_ptr(items).addr()),
            ExprKind::Const(Value::Bag(bag)) => Shape::Large(Rc::as_ptr(bag).addr()),
            ExprKind::Const(scalar) => Shape::Scalar(format!("{scalar:?}")),
            ExprKind::Column(i) => Shape::Column(*i),
            ExprKind::Call(call) => Shape::Call {
                name: call.name,
                eval: call.eval as usize,
                detail: detail(call.site.detail),
                args: parts.clone(),
            },
            ExprKind::And(_) => Shape::And(parts.clone()),
            ExprKind::Or(_) => Shape::Or(parts.clone()),
            ExprKind::Case(_) => Shape::Case(parts.clone()),
            ExprKind::Now | ExprKind::Scalar(_) | ExprKind::List(_) | ExprKind::Window(_) => {
                Shape::Single(next)
            }
        };
        let class = *self.shapes.entry((e.ty, shape)).or_insert(next);
        if class == next {
            self.parents.push(0);
            parts.into_iter().for_each(|part| self.add_parent(part));
        }
        if let Some(id) = id {
            self.classes.insert(id, class);
        }
        class
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

    /// An expression; one with several parents in a block that waits to be made.
    fn emit<'e>(&mut self, e: &'e Expr, waiting: &mut Vec<&'e Expr>) {
        let class = e.id().and_then(|id| self.classes.get(&id)).copied();
        let Some(class) = class.filter(|class| self.parents.get(*class).is_some_and(|n| *n > 1)) else {
            return self.emit_parts(e, waiting);
        };
        let slot = *self.slots.entry(class).or_insert_with(|| {
            waiting.push(e);
            waiting.len() - 1
        });
        self.push(Op::Shared(slot), e.span);
    }

    fn emit_parts<'e>(&mut self, e: &'e Expr, waiting: &mut Vec<&'e Expr>) {
        match &e.kind {
            ExprKind::Const(v) => {
                self.push(Op::Const(v.clone()), e.span);
            }
            ExprKind::Column(i) => {
                self.push(Op::Column(*i), e.span);
            }
            ExprKind::Call(call) => {
                call.args.iter().for_each(|a| self.emit(a, waiting));
                self.push(Op::Call(Rc::clone(call)), e.span);
            }
            ExprKind::And(items) => self.emit_logic(items, true, e.span, waiting),
            ExprKind::Or(items) => self.emit_logic(items, false, e.span, waiting),
            ExprKind::Case(items) => self.emit_case(items, e.span, waiting),
            // Resolved before a program is made; a null keeps the rest sound.
            ExprKind::Now | ExprKind::Scalar(_) | ExprKind::List(_) | ExprKind::Window(_) => {
                self.push(Op::Const(Value::Null), e.span);
            }
        }
    }

    fn emit_logic<'e>(&mut self, items: &'e [Expr], and: bool, span: Span, waiting: &mut Vec<&'e Expr>) {
        let mut jumps = Vec::new();
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                jumps.push(self.push(if and { Op::SkipIfFalse(0) } else { Op::SkipIfTrue(0) }, span));
            }
            self.emit(item, waiting);
            if i > 0 {
                self.push(if and { Op::And } else { Op::Or }, span);
            }
        }
        self.land(&jumps);
    }

    fn emit_case<'e>(&mut self, items: &'e [Expr], span: Span, waiting: &mut Vec<&'e Expr>) {
        let mut ends = Vec::new();
        let (pairs, otherwise) = match items {
            [pairs @ .., otherwise] => (pairs, otherwise),
            [] => return,
        };
        for pair in pairs.chunks(2) {
            let [predicate, value] = pair else { continue };
            self.emit(predicate, waiting);
            let branch = self.push(Op::BranchUnlessTrue(0), predicate.span);
            self.emit(value, waiting);
            ends.push(self.push(Op::Jump(0), span));
            self.land(&[branch]);
        }
        self.emit(otherwise, waiting);
        self.land(&ends);
    }
}

/// What of a call's place tells it from calls of the same evaluator.
fn detail(detail: Detail) -> (usize, Option<ListOp>) {
    match detail {
        Detail::None => (0, None),
        Detail::Negated => (1, None),
        Detail::List(op) => (2, Some(op)),
        Detail::Text(op) => (std::ptr::from_ref(op).addr(), None),
    }
}
