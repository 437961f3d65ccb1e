//! Running plans over rows.
//!
//! `split` parts a plan into row stages, which look at one event alone and run anywhere, and set stages,
//! which run once a window over the rows that are left. `program` evaluates scalar expressions, `stage` the
//! row stages, `run` the set stages.

pub mod activity;
pub mod fold;
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
pub mod window;

use crate::value::Value;

/// Why a run stopped. Kusto's own codes where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecError {
    /// `E_QUERY_RESULT_SET_TOO_LARGE` …
    pub code: &'static str,
    /// What happened and what to do.
    pub message: String,
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
    /// Values that may be made, over all rows and steps; at 24 bytes each they fit into WebAssembly's 4 GiB.
    pub cells: u64,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { cells: 64_000_000 }
    }
}

impl Budget {
    /// Takes the cost of `rows` rows of `width` columns off.
    pub fn charge(&mut self, rows: usize, width: usize) -> Result<(), ExecError> {
        self.take((rows as u64).saturating_mul(width as u64 + ROW_OVERHEAD))
    }

    /// Takes the cost of `count` values off that are kept by themselves and have so many bytes together.
    pub fn charge_kept(&mut self, count: usize, bytes: usize) -> Result<(), ExecError> {
        let cells = (bytes / size_of::<Value>()) as u64;
        self.take((count as u64).saturating_mul(ROW_OVERHEAD).saturating_add(cells))
    }

    fn take(&mut self, cost: u64) -> Result<(), ExecError> {
        match self.cells.checked_sub(cost) {
            Some(left) => {
                self.cells = left;
                Ok(())
            }
            None => {
                self.cells = 0;
                Err(ExecError {
                    code: "E_RUNAWAY_QUERY",
                    message: "The query uses too much memory; filter earlier or project fewer columns."
                        .to_owned(),
                })
            }
        }
    }
}
