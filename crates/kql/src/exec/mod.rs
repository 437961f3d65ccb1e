//! Running plans over rows.
//!
//! `split` parts a plan into row stages, which look at one event alone and run anywhere, and set stages,
//! which run once a window over the rows that are left. `program` evaluates scalar expressions, `stage` the
//! row stages, `run` the set stages; `watch` sees what a run did, and `explain` tells it in the query's own words.

pub mod activity;
pub mod explain;
pub mod fold;
pub mod graph;
pub mod join;
pub mod late;
pub mod lookup;
pub mod parse;
pub mod plugin;
pub mod program;
pub mod random;
pub mod row;
pub mod run;
pub mod sample;
pub mod scan;
pub mod series;
pub mod stage;
pub mod subquery;
pub mod summarize;
pub mod top_nested;
pub mod watch;
pub mod window;

use crate::value::meter::{self, Spent};
use crate::value::{Value, bytes};

/// Why a run stopped. Kusto's own codes where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecError {
    /// `E_QUERY_RESULT_SET_TOO_LARGE` …
    pub code: &'static str,
    /// What happened and what to do.
    pub message: String,
}

impl ExecError {
    /// A run used more than it may.
    fn runaway(message: String) -> ExecError {
        ExecError { code: "E_RUNAWAY_QUERY", message }
    }
}

impl std::fmt::Display for ExecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for ExecError {}

/// What a row costs besides its values, in values.
const ROW_OVERHEAD: u64 = 3;

/// What a run may use. Everything is counted: a query over hostile data ends with an error, not with the host.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Values that may be kept, over all rows and steps, of 24 bytes each. Texts, arrays and bags that a step makes count by their
    /// bytes.
    pub cells: u64,
    /// Steps that may be taken: see [`Spent::steps`].
    pub steps: u64,
    /// What is under way, for the error.
    operator: &'static str,
}

impl Default for Budget {
    fn default() -> Budget {
        // The fuzz targets look for work that nobody charges; what is charged may end soon.
        if cfg!(fuzzing) {
            Budget { steps: 40_000_000, ..Budget::of_cells(2_000_000) }
        } else {
            Budget::of_cells(CELLS)
        }
    }
}

/// Some 700 MB, and a third of that while vectors grow: a run keeps below 1 GiB.
const CELLS: u64 = 30_000_000;
/// What a run may do by itself. A step takes some 10 to 30 ns.
const STEPS: u64 = 100_000_000;
/// What it may do besides for each row that it is given.
const STEPS_A_ROW: u64 = 2_000;

impl Budget {
    /// A budget of so many values.
    pub const fn of_cells(cells: u64) -> Budget {
        Budget { cells, steps: STEPS, operator: "" }
    }

    /// The usual budget for a run over rows: work may grow with them.
    pub fn over<'t>(tables: impl IntoIterator<Item = &'t run::Table>) -> Budget {
        let mut budget = Budget::default();
        let rows: u64 = tables.into_iter().map(|table| table.len() as u64).sum();
        budget.steps = budget.steps.saturating_add(rows.saturating_mul(STEPS_A_ROW));
        budget
    }

    /// As at the start: another row or event comes, which has a budget of its own. What is kept of those before stays charged.
    pub fn refill(&mut self) {
        self.steps = self.steps.max(Budget::default().steps);
    }

    /// Says what is under way; what was before.
    pub fn enter(&mut self, operator: &'static str) -> &'static str {
        std::mem::replace(&mut self.operator, operator)
    }

    /// Takes the cost of `rows` rows of `width` columns off.
    pub fn charge(&mut self, rows: usize, width: usize) -> Result<(), ExecError> {
        meter::step(rows);
        self.take((rows as u64).saturating_mul(width as u64 + ROW_OVERHEAD))
    }

    /// Takes the cost of `count` values off that are kept by themselves and have so many bytes together.
    pub fn charge_kept(&mut self, count: usize, bytes: usize) -> Result<(), ExecError> {
        let cells = (bytes / size_of::<Value>()) as u64;
        self.take((count as u64).saturating_mul(ROW_OVERHEAD).saturating_add(cells))
    }

    /// Takes off what was spent on this thread since this was done last. What was made is not kept.
    pub fn settle(&mut self) -> Result<u64, ExecError> {
        let Spent { steps, bytes, over, long } = meter::take();
        match self.steps.checked_sub(steps).filter(|_| !long) {
            Some(left) if !over => {
                self.steps = left;
                meter::allow(left);
            }
            Some(_) => return Err(self.exceeded("makes a value that is too large")),
            None => {
                self.steps = 0;
                return Err(self.exceeded("takes too many steps"));
            }
        }
        Ok(bytes)
    }

    /// As [`Budget::settle`], where these values are kept: what was newly made of them counts.
    pub fn keep(&mut self, values: &[Value]) -> Result<(), ExecError> {
        match self.settle()? {
            0 => Ok(()),
            made => self.charge_kept(0, made.min(bytes(values) as u64) as usize),
        }
    }

    fn exceeded(&self, what: &str) -> ExecError {
        let operator = if self.operator.is_empty() { "query" } else { self.operator };
        ExecError::runaway(format!(
            "The operator '{operator}' {what}; filter earlier, project fewer columns, or shorten what it makes."
        ))
    }

    fn take(&mut self, cost: u64) -> Result<(), ExecError> {
        match self.cells.checked_sub(cost) {
            Some(left) => {
                self.cells = left;
                Ok(())
            }
            None => {
                self.cells = 0;
                Err(self.exceeded("uses too much memory"))
            }
        }
    }
}
