//! `scan`: sequences of rows. Source: Microsoft's docs, scan operator, "Scan logic".

use super::ExecError;
use super::program::{Columns, Program, Scratch};
use super::row::{Evidence, Row};
use super::run::Run;
use super::stage::set;
use crate::plan::{Scan, ScanOutput, ScanStep};
use crate::value::Value;

/// The state of a step with an active sequence: for it and each step before it the last row that matched.
struct State {
    rows: Vec<Option<Vec<Value>>>,
    match_id: i64,
    evidence: Evidence,
    /// `output=last`: what the step will output when its run of matches ends.
    pending: Option<Row>,
}

/// What an expression reads: the row, then the state of each step; where there is none, missing values and the
/// declared columns' defaults.
struct View<'a> {
    width: usize,
    row: &'a [Value],
    states: Option<&'a [Option<Vec<Value>>]>,
    empty: &'a [Value],
}

impl Columns for View<'_> {
    fn column(&self, index: usize) -> Value {
        let (block, at) =
            (index.checked_div(self.width).unwrap_or(0), index.checked_rem(self.width).unwrap_or(0));
        let values = match block.checked_sub(1) {
            None => self.row,
            Some(step) => {
                let state = self.states.and_then(|s| s.get(step)).and_then(Option::as_deref);
                state.unwrap_or(self.empty)
            }
        };
        values.get(at).cloned().unwrap_or_default()
    }
}

struct Step<'a> {
    step: &'a ScanStep,
    condition: Program,
    places: Vec<usize>,
    assignments: Program,
}

struct Scanner<'a> {
    scan: &'a Scan,
    empty: Vec<Value>,
    states: Vec<Option<State>>,
    next_id: i64,
    out: Vec<Row>,
}

/// The rows of a scan over rows in their order.
#[inline(never)]
pub fn scan(
    run: &mut Run<'_>,
    scan: &Scan,
    rows: &[Row],
    missing: Vec<Value>,
) -> Result<Vec<Row>, ExecError> {
    let mut empty = missing;
    for default in &scan.defaults {
        empty.push(run.value(default)?);
    }
    let mut steps = Vec::new();
    for step in &scan.steps {
        let condition = run.program([&step.condition])?;
        let assignments = run.program(step.assignments.iter().map(|(_, e)| e))?;
        let places = step.assignments.iter().map(|(at, _)| *at).collect();
        steps.push(Step { step, condition, places, assignments });
    }
    let states = scan.steps.iter().map(|_| None).collect();
    let mut s = Scanner { scan, empty, states, next_id: 0, out: Vec::new() };
    let declared = scan.defaults.len();
    for row in rows {
        run.budget.charge(steps.len(), 1)?;
        let mut values = row.values.clone();
        values.extend(s.empty.iter().skip(s.empty.len().saturating_sub(declared)).cloned());
        for (k, step) in steps.iter().enumerate().rev() {
            let before = s.out.len();
            s.step(k, step, &values, row, &mut run.scratch);
            run.budget.charge(s.out.len() - before, scan.width)?;
            let state = s.states.get(k).and_then(Option::as_ref).and_then(|s| s.rows.get(k));
            run.budget.keep(state.and_then(Option::as_deref).unwrap_or_default())?;
        }
    }
    // The runs that have not ended end with the rows.
    for state in s.states.into_iter().flatten() {
        s.out.extend(state.pending);
    }
    Ok(s.out)
}

impl Scanner<'_> {
    fn step(&mut self, k: usize, step: &Step<'_>, values: &[Value], row: &Row, scratch: &mut Scratch) {
        // A match with the state of the step before takes that state over.
        if let Some(before) = k.checked_sub(1)
            && self.states.get(before).is_some_and(Option::is_some)
            && self.matches(before, &step.condition, values, scratch)
        {
            let promoted = self.states.get_mut(before).and_then(Option::take);
            let ended = self.states.get_mut(k).and_then(Option::take);
            self.out.extend(ended.and_then(|s| s.pending));
            if let Some(mut state) = promoted {
                self.out.extend(state.pending.take());
                let _ = self.states.get_mut(k).map(|slot| *slot = Some(state));
                self.take(k, step, values, row, scratch);
            }
            return;
        }
        let active = self.states.get(k).is_some_and(Option::is_some);
        if (active || k == 0) && self.matches(k, &step.condition, values, scratch) {
            if !active {
                let rows = self.states.iter().map(|_| None).collect();
                let state = State { rows, match_id: self.next_id, evidence: Evidence::None, pending: None };
                self.next_id += 1;
                let _ = self.states.get_mut(k).map(|slot| *slot = Some(state));
            }
            self.take(k, step, values, row, scratch);
        }
    }

    /// Whether a condition holds with the state of a step.
    fn matches(&self, k: usize, condition: &Program, values: &[Value], scratch: &mut Scratch) -> bool {
        let state = self.states.get(k).and_then(Option::as_ref);
        let view = View {
            width: self.scan.width,
            row: values,
            states: state.map(|s| s.rows.as_slice()),
            empty: &self.empty,
        };
        condition.eval(&view, scratch).is_true()
    }

    /// A match of a step that has a state: assignments, state, output.
    fn take(&mut self, k: usize, step: &Step<'_>, values: &[Value], row: &Row, scratch: &mut Scratch) {
        let Some(Some(state)) = self.states.get_mut(k) else { return };
        let view =
            View { width: self.scan.width, row: values, states: Some(&state.rows), empty: &self.empty };
        let made = step.assignments.eval_all(&view, scratch);
        let mut matched = values.to_vec();
        for (at, v) in step.places.iter().zip(made) {
            set(&mut matched, *at, v);
        }
        if let Some(slot) = state.rows.get_mut(k) {
            *slot = Some(matched.clone());
        }
        state.evidence.merge(&row.evidence);
        if step.step.output == ScanOutput::None {
            return;
        }
        if self.scan.match_id {
            matched.push(Value::Long(state.match_id));
        }
        // The row stands for the sequence that led to it.
        let output = Row { values: matched, evidence: state.evidence.clone() };
        match step.step.output {
            ScanOutput::Last => state.pending = Some(output),
            _ => self.out.push(output),
        }
    }
}
