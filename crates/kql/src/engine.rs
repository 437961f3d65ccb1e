//! Queries over tables of the caller's: the whole of the crate in one call.

use crate::bind::{Catalog, Table};
use crate::diagnostic::Diagnostic;
use crate::exec::late::compile_over;
use crate::exec::random::Random;
use crate::exec::row::{Row, Rows};
use crate::exec::run::{self, Run};
use crate::exec::{Budget, ExecError};
use crate::plan::{Plan, PlanKind};
use crate::value::{Column, Value};
use std::fmt;
use std::rc::Rc;

/// Tables to query, a clock and a budget.
#[derive(Default)]
pub struct Engine {
    catalog: Catalog,
    rows: Vec<run::Table>,
    now: i64,
    seed: Option<u64>,
    budget: Budget,
}

impl Engine {
    /// An engine without tables. `now()` is the year 1 until [`Engine::now`] sets it.
    pub fn new() -> Engine {
        Engine::default()
    }

    /// Adds a table. Each row has a value for each column; [`crate::value`] says which variants a type may hold.
    pub fn table(mut self, name: &str, columns: Vec<Column>, rows: Vec<Vec<Value>>) -> Engine {
        debug_assert!(
            rows.iter().all(|row| row.len() == columns.len()),
            "a row needs a value for each column"
        );
        self.catalog.tables.push(Table { name: Rc::from(name), columns });
        self.rows.push(Rc::new(rows.into_iter().map(|values| Row { values, ..Row::default() }).collect()));
        self
    }

    /// Sets what `now()` is, in ticks of 100 ns since 0001-01-01 UTC.
    pub fn now(mut self, ticks: i64) -> Engine {
        self.now = ticks;
        self
    }

    /// Sets what `rand` and `new_guid` draw from: the same seed gives the same values. Without one it is `now()`.
    pub fn seed(mut self, seed: u64) -> Engine {
        self.seed = Some(seed);
        self
    }

    /// Sets what a query may use.
    pub fn budget(mut self, budget: Budget) -> Engine {
        self.budget = budget;
        self
    }

    /// Runs a query.
    pub fn query(&self, kql: &str) -> Result<Rows, QueryError> {
        let compiled = compile_over(kql, &self.catalog, &mut Vec::new(), &mut |plan| Some(self.run(plan)));
        let Some(query) = compiled.query else { return Err(QueryError::Invalid(compiled.diagnostics)) };
        let rows = self.run(&query.plan).map_err(QueryError::Failed)?;
        Ok(Rows { columns: query.plan.columns.clone(), rows: Rc::unwrap_or_clone(rows) })
    }

    /// Runs a plan over the tables.
    fn run(&self, plan: &Rc<Plan>) -> Result<run::Table, ExecError> {
        let mut run = Run::new(self.now, &[], self.budget);
        if let Some(seed) = self.seed {
            run.random = Random::new(seed);
        }
        plan.any(&mut |node| {
            if let PlanKind::Table(name) = &node.kind {
                let known = self.catalog.tables.iter().position(|table| table.name == *name);
                if let Some(rows) = known.and_then(|at| self.rows.get(at)) {
                    run.provide(node, Rc::clone(rows));
                }
            }
            false
        });
        run.table(plan)
    }
}

/// Why a query has no answer.
#[derive(Debug)]
pub enum QueryError {
    /// The query is wrong: everything that was found, in the order of the text.
    Invalid(Vec<Diagnostic>),
    /// The query failed while it ran, or used up its budget.
    Failed(ExecError),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QueryError::Invalid(found) => {
                for (i, d) in found.iter().enumerate() {
                    let separator = if i > 0 { "; " } else { "" };
                    write!(f, "{separator}{} at {}..{}: {}", d.code, d.span.start, d.span.end, d.message)?;
                }
                Ok(())
            }
            QueryError::Failed(error) => write!(f, "{}: {}", error.code, error.message),
        }
    }
}

impl std::error::Error for QueryError {}
