//! What is done and made, counted where it happens, so that a run can be stopped whatever it spends itself on.
//!
//! The counts are of this thread, since the last [`take`]: evaluators are plain functions of their arguments, and values are
//! made in many places. [`crate::exec::Budget::settle`] takes them over. They are the same on every machine.

use super::Value;
use std::cell::Cell;

/// What was spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Steps: about one for each call, and one for each 64 bytes or 16 values that it looks at or makes.
    pub steps: u64,
    /// Bytes of the texts, arrays and bags that were made.
    pub bytes: u64,
    /// Whether an evaluation had to be cut short: what it yields is not the answer.
    pub over: bool,
    /// Whether that is because it took too many steps.
    pub long: bool,
}

/// How many bytes one row's evaluation may make.
const MOST_BYTES: u64 = 256 << 20;
/// How many steps one row's evaluation may take.
const MOST_STEPS: u64 = 1 << 28;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<u64> = const { Cell::new(0) };
    static OVER: Cell<bool> = const { Cell::new(false) };
    static LONG: Cell<bool> = const { Cell::new(false) };
    static START: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    static LEFT: Cell<u64> = const { Cell::new(MOST_STEPS) };
}

/// Notes work.
pub fn step(steps: usize) {
    STEPS.set(STEPS.get().saturating_add(steps as u64));
}

/// Notes the work of looking at values.
pub fn read(values: &[Value]) {
    let units = |v: &Value| match v {
        Value::String(text) => text.len() / 64,
        Value::Array(items) => items.len() / 16,
        Value::Bag(bag) => bag.len() / 16,
        _ => 0,
    };
    step(values.iter().map(units).sum());
}

/// Notes that so many bytes were made.
pub fn make(bytes: usize) {
    BYTES.set(BYTES.get().saturating_add(bytes as u64));
    step(bytes / 64);
}

/// Notes that a value could not be made, because there would be too much of it.
pub fn refuse() {
    OVER.set(true);
}

/// Says that a row's evaluation begins.
pub fn begin() {
    START.set((STEPS.get(), BYTES.get()));
}

/// Says how many steps the run has left, so that one row cannot take more.
pub fn allow(steps: u64) {
    LEFT.set(steps.min(MOST_STEPS));
}

/// Whether the evaluation under way has to stop.
pub fn is_over() -> bool {
    let (steps, bytes) = START.get();
    let long = STEPS.get().saturating_sub(steps) > LEFT.get();
    if long && !OVER.get() {
        LONG.set(true);
    }
    if long || BYTES.get().saturating_sub(bytes) > MOST_BYTES {
        OVER.set(true);
    }
    OVER.get()
}

/// What was spent since this was asked last.
pub fn take() -> Spent {
    let over = is_over();
    OVER.set(false);
    START.set((0, 0));
    LEFT.set(MOST_STEPS);
    Spent { steps: STEPS.take(), bytes: BYTES.take(), over, long: LONG.take() }
}
