//! The values that the parts of an expression have for a row.
//!
//! Nothing is skipped here: of `a and b` both are worked out, whatever `a` is, for who asks why wants to know both. The answer
//! is the same, as expressions have no effects.

use crate::diagnostic::Span;
use crate::exec::program::Columns;
use crate::plan::{Expr, ExprId, ExprKind};
use crate::value::{Type, Value, meter};
use std::collections::HashMap;

/// A part of an expression and its value.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it was written.
    pub span: Span,
    /// What it was.
    pub value: Value,
    /// Whether it made a filter say what it said.
    pub decides: bool,
    /// Whether it is a name that a `let` gave, or what is worked out once a run.
    pub constant: bool,
}

/// At most so many steps are told of the expressions of one stage for one row.
pub const MAX_STEPS: usize = 400;

/// What an `and`, an `or` or a `case` made of its parts for a row.
pub enum Choice<'e> {
    /// The operands of an `and` (true) or an `or`, with their values.
    Operands(bool, &'e [Expr], Vec<Value>),
    /// Which value of a `case` was taken: its place among the parts.
    Arm(&'e Expr, usize),
}

/// Works out values and tells of the parts.
pub struct Tracer<'t, 'c> {
    query: &'t str,
    done: HashMap<ExprId, Value>,
    /// What was seen, in the order it was worked out.
    pub steps: Vec<Step>,
    /// Whether steps had to be left out.
    pub cut: bool,
    /// Is told of every choice.
    pub choices: Option<&'c mut dyn FnMut(Choice<'_>)>,
}

impl<'t, 'c> Tracer<'t, 'c> {
    /// A tracer of one row's expressions of a query.
    pub fn new(query: &'t str) -> Tracer<'t, 'c> {
        meter::begin();
        Tracer { query, done: HashMap::new(), steps: Vec::new(), cut: false, choices: None }
    }

    fn told(&mut self, span: Span, value: &Value, constant: bool) {
        if self.steps.len() < MAX_STEPS {
            self.steps.push(Step { span, value: value.clone(), decides: false, constant });
        } else {
            self.cut = true;
        }
    }

    /// The value of an expression that depends on its row alone.
    pub fn value(&mut self, e: &Expr, row: &dyn Columns) -> Value {
        if let Some(done) = e.id().and_then(|id| self.done.get(&id)).cloned() {
            self.told(e.span, &done, false);
            return done;
        }
        let mut value = match &e.kind {
            ExprKind::Const(v) => {
                let text = self.query.get(e.span.range()).unwrap_or_default();
                // The name of a member is a text that is its own name.
                let is_itself = matches!(v, Value::String(name) if **name == *text);
                if is_name(text) && !is_itself {
                    self.told(e.span, v, true);
                }
                return v.clone();
            }
            ExprKind::Column(i) => row.column(*i),
            ExprKind::Call(call) => {
                let args: Vec<Value> = call.args.iter().map(|a| self.value(a, row)).collect();
                if meter::is_over() {
                    call.site.result.unwrap_or(Type::Dynamic).missing()
                } else {
                    call.evaluate(&args)
                }
            }
            ExprKind::And(items) => self.all_of(items, true, row),
            ExprKind::Or(items) => self.all_of(items, false, row),
            ExprKind::Case(items) => self.case(e, items, row),
            ExprKind::Now | ExprKind::Scalar(_) | ExprKind::List(_) | ExprKind::Window(_) => Value::Null,
        };
        if value.is_null() && e.ty == Type::String {
            value = Value::empty_text();
        }
        self.told(e.span, &value, false);
        if let Some(id) = e.id() {
            self.done.insert(id, value.clone());
        }
        value
    }

    /// `and` and `or`, three-valued.
    fn all_of(&mut self, items: &[Expr], and: bool, row: &dyn Columns) -> Value {
        let values: Vec<Value> = items.iter().map(|e| self.value(e, row)).collect();
        let decides = |v: &Value| matches!(v, Value::Bool(b) if *b != and);
        let value = if values.iter().any(decides) {
            Value::Bool(!and)
        } else if values.iter().all(|v| matches!(v, Value::Bool(_))) {
            Value::Bool(and)
        } else {
            Value::Null
        };
        if let Some(choices) = &mut self.choices {
            choices(Choice::Operands(and, items, values));
        }
        value
    }

    fn case(&mut self, e: &Expr, items: &[Expr], row: &dyn Columns) -> Value {
        let mut taken = items.len().saturating_sub(1);
        for (i, predicate) in items.iter().enumerate().step_by(2) {
            if i + 1 < items.len() && self.value(predicate, row).is_true() {
                taken = i + 1;
                break;
            }
        }
        if let Some(choices) = &mut self.choices {
            choices(Choice::Arm(e, taken));
        }
        items.get(taken).map(|e| self.value(e, row)).unwrap_or_default()
    }

    /// Marks the smallest parts that made a filter's predicate what it is.
    pub fn mark_deciding(&mut self, predicate: &Expr) {
        let (mut todo, mut spans) = (vec![predicate], Vec::new());
        while let Some(e) = todo.pop() {
            let value = self.known(e);
            match &e.kind {
                ExprKind::And(items) => {
                    let holds = value.is_true();
                    todo.extend(items.iter().filter(|e| self.known(e).is_true() == holds));
                }
                ExprKind::Or(items) => {
                    let holds = value.is_true();
                    todo.extend(items.iter().filter(|e| self.known(e).is_true() == holds));
                }
                ExprKind::Call(call) if call.name == "not" => todo.extend(call.args.iter()),
                _ => spans.push(e.span),
            }
        }
        // Of what was told of one place the last is the whole.
        for span in spans {
            if let Some(step) = self.steps.iter_mut().rev().find(|s| s.span == span) {
                step.decides = true;
            }
        }
    }

    fn known(&self, e: &Expr) -> Value {
        match (e.id(), &e.kind) {
            (Some(id), _) => self.done.get(&id).cloned().unwrap_or_default(),
            (None, ExprKind::Const(v)) => v.clone(),
            // A column that is a filter by itself.
            _ => self
                .steps
                .iter()
                .rev()
                .find(|s| s.span == e.span)
                .map(|s| s.value.clone())
                .unwrap_or_default(),
        }
    }
}

/// Whether a text stands for a value that one cannot read off it: a name, or a call that was worked out beforehand.
fn is_name(text: &str) -> bool {
    const LITERALS: &[&str] = &[
        "true", "false", "null", "dynamic", "datetime", "date", "timespan", "time", "guid", "bool",
        "boolean", "int", "long", "real", "double", "decimal", "typeof", "h",
    ];
    let word = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
    let starts = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && !LITERALS.contains(&&*word.to_ascii_lowercase())
        || text.starts_with("[\"")
        || text.starts_with("['")
}
