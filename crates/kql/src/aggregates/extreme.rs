//! The smallest and the largest value, their rows, and the first row.

use super::{Aggregate, EXPR, PREDICATE, State, first, value};
use crate::functions::{Naming, repeated, scalar};
use crate::value::codec::{self, Decoder};
use crate::value::{Type, Value, compare};
use std::cmp::Ordering;

/// The family.
pub static AGGREGATES: &[Aggregate] = &[
    aggregate!("any"(EXPR) -> first, Naming::Prefix("any"),
        "The same as take_any.", [("any(x)", "1")], any),
    aggregate!("anyif"(EXPR, PREDICATE) -> first, Naming::Prefix("anyif"),
        "The same as take_anyif.", [("anyif(x, x > 1)", "2")], |_| Box::<First>::default()),
    aggregate!("arg_max"(scalar("maximized"), repeated(scalar("returned"))) -> first, Naming::None,
        "Returns the row where the first argument is largest.", [("arg_max(x, s)", "2")],
        |types| Arg::of(Ordering::Greater, types)),
    aggregate!("arg_min"(scalar("maximized"), repeated(scalar("returned"))) -> first, Naming::None,
        "Returns the row where the first argument is smallest.", [("arg_min(x, s)", "1")],
        |types| Arg::of(Ordering::Less, types)),
    aggregate!("max"(EXPR) -> first, Naming::Prefix("max"),
        "Returns the largest value.", [("max(x)", "2")], |_| Best::of(Ordering::Greater)),
    aggregate!("maxif"(EXPR, PREDICATE) -> first, Naming::Prefix("maxif"),
        "Returns the largest value of the rows where the predicate is true.", [("maxif(x, x < 2)", "1")],
        |_| Best::of(Ordering::Greater)),
    aggregate!("min"(EXPR) -> first, Naming::Prefix("min"),
        "Returns the smallest value.", [("min(x)", "1")], |_| Best::of(Ordering::Less)),
    aggregate!("minif"(EXPR, PREDICATE) -> first, Naming::Prefix("minif"),
        "Returns the smallest value of the rows where the predicate is true.", [("minif(x, x > 1)", "2")],
        |_| Best::of(Ordering::Less)),
    aggregate!("take_any"(EXPR) -> first, Naming::FirstArgument,
        "Returns the value of any row. Forepost takes the first.", [("take_any(x)", "1")], any),
    aggregate!("take_anyif"(EXPR, PREDICATE) -> first, Naming::FirstArgument,
        "Returns the value of any row where the predicate is true. Forepost takes the first.",
        [("take_anyif(x, x > 1)", "2")], |_| Box::<First>::default()),
];

/// One argument: its first value that is not null. Several: those of the first row, nulls and all.
fn any(types: &[Type]) -> Box<dyn State> {
    if types.len() > 1 {
        Box::new(FirstRow { row: None, missing: missing(types) })
    } else {
        Box::<First>::default()
    }
}

/// What each column is without a row.
fn missing(types: &[Type]) -> Vec<Value> {
    types.iter().map(|ty| ty.missing()).collect()
}

/// Appends the values that a state keeps, if it keeps any.
fn save_some(values: Option<&[Value]>, out: &mut Vec<u8>) {
    codec::write_row(values.unwrap_or_default(), out);
}

/// A state takes in the values that another keeps, as those of a row.
fn merge_some(state: &mut dyn State, saved: &mut Decoder<'_>) -> Option<()> {
    let values = saved.row()?;
    if !values.is_empty() {
        state.update(&values);
    }
    Some(())
}

/// The best value, and which way is better.
struct Best {
    want: Ordering,
    best: Option<Value>,
}

impl Best {
    fn of(want: Ordering) -> Box<dyn State> {
        Box::new(Best { want, best: None })
    }
}

impl State for Best {
    fn update(&mut self, args: &[Value]) {
        let v = value(args);
        if self.best.as_ref().is_none_or(|best| compare::is_better(v, best, self.want)) {
            self.best = Some(v.clone());
        }
    }

    fn kept(&self) -> usize {
        usize::from(self.best.is_some())
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        save_some(self.best.as_ref().map(std::slice::from_ref), out);
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        merge_some(self, saved)
    }

    fn finish(self: Box<Self>, ty: Type, _: usize) -> Vec<Value> {
        vec![self.best.unwrap_or_else(|| ty.missing())]
    }
}

/// The row of the best value. A null is worse than any value, but better than no row.
struct Arg {
    want: Ordering,
    row: Option<Vec<Value>>,
    missing: Vec<Value>,
}

impl Arg {
    fn of(want: Ordering, types: &[Type]) -> Box<dyn State> {
        Box::new(Arg { want, row: None, missing: missing(types) })
    }
}

impl State for Arg {
    fn takes_nulls(&self) -> bool {
        true
    }

    fn update(&mut self, args: &[Value]) {
        let v = value(args);
        let better = self.row.as_deref().is_none_or(|row| {
            let best = value(row);
            !v.is_null() && (best.is_null() || compare::is_better(v, best, self.want))
        });
        if better {
            self.row = Some(args.to_vec());
        }
    }

    fn kept(&self) -> usize {
        usize::from(self.row.is_some())
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        save_some(self.row.as_deref(), out);
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        merge_some(self, saved)
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        self.row.unwrap_or(self.missing)
    }
}

/// The first value.
#[derive(Default)]
struct First(Option<Value>);

impl State for First {
    fn update(&mut self, args: &[Value]) {
        self.0.get_or_insert_with(|| value(args).clone());
    }

    fn kept(&self) -> usize {
        usize::from(self.0.is_some())
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        save_some(self.0.as_ref().map(std::slice::from_ref), out);
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        merge_some(self, saved)
    }

    fn finish(self: Box<Self>, ty: Type, _: usize) -> Vec<Value> {
        vec![self.0.unwrap_or_else(|| ty.missing())]
    }
}

/// The first row.
struct FirstRow {
    row: Option<Vec<Value>>,
    missing: Vec<Value>,
}

impl State for FirstRow {
    fn takes_nulls(&self) -> bool {
        true
    }

    fn update(&mut self, args: &[Value]) {
        self.row.get_or_insert_with(|| args.to_vec());
    }

    fn kept(&self) -> usize {
        usize::from(self.row.is_some())
    }

    fn save(&self, out: &mut Vec<u8>) -> bool {
        save_some(self.row.as_deref(), out);
        true
    }

    fn merge(&mut self, saved: &mut Decoder<'_>) -> Option<()> {
        merge_some(self, saved)
    }

    fn finish(self: Box<Self>, _: Type, _: usize) -> Vec<Value> {
        self.row.unwrap_or(self.missing)
    }
}
