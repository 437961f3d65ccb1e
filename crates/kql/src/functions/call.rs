//! What an evaluator gets: the arguments of one call and what the binder knows of its place in the query.

use super::pattern::{self, Pattern};
use super::terms::Terms;
use crate::syntax::ast::{ListOp, TextOp};
use crate::value::key::KeySet;
use crate::value::{Type, Value, compare, convert, text};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

/// A call's place in a query: what is known before any row is read, and what is kept between rows.
#[derive(Default)]
pub struct Site {
    /// The static types of the arguments.
    pub types: Vec<Type>,
    /// The type of the result.
    pub result: Option<Type>,
    /// Which arguments make the result null when they are.
    pub strict: Vec<bool>,
    /// Which arguments are the same for every row.
    pub constant: Vec<bool>,
    /// What an operator's evaluator needs beyond its operands.
    pub detail: Detail,
    /// A pattern or set made from constant arguments when first needed.
    pub cache: OnceCell<Cache>,
}

/// What tells operators apart that share an evaluator.
#[derive(Clone, Copy, Debug, Default)]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// `has`, `!contains` …
    Text(&'static TextOp),
    /// `in`, `has_any` …
    List(ListOp),
    /// `!between`
    Negated,
}

/// What is made once from constant arguments.
pub enum Cache {
    /// A compiled pattern; `None` if it does not compile.
    Regex(Option<Rc<Pattern>>),
    /// A pattern at the start and at the end of a text (`trim`); `None` if it does not compile.
    Edges(Option<[Rc<Pattern>; 2]>),
    /// A time zone; `None` if there is none of that name.
    Zone(Option<jiff::tz::TimeZone>),
    /// The keys of a constant list.
    Keys(KeySet),
    /// The texts of a constant list.
    Terms(Terms),
}

impl Clone for Site {
    fn clone(&self) -> Site {
        Site {
            types: self.types.clone(),
            result: self.result,
            strict: self.strict.clone(),
            constant: self.constant.clone(),
            detail: self.detail,
            cache: OnceCell::new(),
        }
    }
}

/// One call: its arguments and its place.
pub struct Call<'a> {
    /// The values of the arguments, as many as were given.
    pub args: &'a [Value],
    /// Its place.
    pub site: &'a Site,
}

impl<'a> Call<'a> {
    /// An argument; null if it was not given.
    pub fn arg(&self, i: usize) -> &'a Value {
        const NULL: &Value = &Value::Null;
        self.args.get(i).unwrap_or(NULL)
    }

    /// Whether an argument was given.
    pub fn has(&self, i: usize) -> bool {
        i < self.args.len()
    }

    /// The static type of an argument.
    pub fn ty(&self, i: usize) -> Type {
        self.site.types.get(i).copied().unwrap_or(Type::Dynamic)
    }

    /// The type of the result.
    pub fn result(&self) -> Type {
        self.site.result.unwrap_or(Type::Dynamic)
    }

    /// What the call yields where it cannot answer: null, or for string the empty text.
    pub fn missing(&self) -> Value {
        self.result().missing()
    }

    /// An argument as text, converted as `tostring` would.
    pub fn text(&self, i: usize) -> Cow<'a, str> {
        text::tostring(self.arg(i), self.ty(i))
    }

    /// An argument as a whole number.
    pub fn integer(&self, i: usize) -> Option<i64> {
        match convert::to_long(self.arg(i)) {
            Value::Long(n) => Some(n),
            _ => None,
        }
    }

    /// An argument as a count or a place; `None` if it is below 0 or no number.
    pub fn count(&self, i: usize) -> Option<usize> {
        self.integer(i).and_then(convert::to_count)
    }

    /// An argument as a real.
    pub fn real(&self, i: usize) -> Option<f64> {
        compare::real(self.arg(i))
    }

    /// An argument's ticks, if it is a datetime.
    pub fn datetime(&self, i: usize) -> Option<i64> {
        match self.arg(i) {
            Value::DateTime(t) => Some(*t),
            _ => None,
        }
    }

    /// An argument's ticks, if it is a timespan.
    pub fn timespan(&self, i: usize) -> Option<i64> {
        match self.arg(i) {
            Value::Timespan(t) => Some(*t),
            _ => None,
        }
    }

    /// The pattern in an argument, compiled once if it is constant. `None` if it does not compile.
    pub fn with_regex<T>(&self, i: usize, use_it: impl FnOnce(&Pattern) -> T) -> Option<T> {
        if self.site.constant.get(i) == Some(&true) {
            return match self.site.cache.get_or_init(|| Cache::Regex(pattern::compile(&self.text(i)).ok())) {
                Cache::Regex(Some(regex)) => Some(use_it(regex)),
                _ => None,
            };
        }
        pattern::compile(&self.text(i)).ok().map(|regex| use_it(&regex))
    }
}

/// The values of a list argument: the items of an array, or the value itself.
pub fn list_items(v: &Value) -> &[Value] {
    match v {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}

/// A text shared or made.
pub fn shared(text: Cow<'_, str>, of: &Value) -> Value {
    match (text, of) {
        (Cow::Borrowed(_), Value::String(s)) => Value::String(Rc::clone(s)),
        (text, _) => Value::text(&text),
    }
}
