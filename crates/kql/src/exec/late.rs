//! Queries with plug-ins whose columns depend on data (`bag_unpack`, `pivot` without a declared schema).
//! As Kusto does, the plug-in's input is run first, and the rest is bound against what it shows.

use super::run::{Run, Table};
use super::{Budget, ExecError};
use crate::aggregates::columns::{MAX_MADE_COLUMNS, OF_BAGS, OF_NAMES};
use crate::bind::{Catalog, Compiled, Shape, Wanting, bind};
use crate::diagnostic::Diagnostic;
use crate::habits;
use crate::plan::{AggregateExpr, ExprKind, Plan, PlanKind, SetOp, Summarize};
use crate::value::{Column, Str, Type, Value};
use std::collections::HashSet;
use std::rc::Rc;

/// How many plug-ins of a query may depend on data.
const MAX_LATE: usize = 16;
/// What working out their columns may cost.
const BUDGET: Budget = Budget::of_cells(4_000_000);

/// Runs a plan over the tables; none if it cannot by now.
pub type RunOver<'r> = dyn FnMut(&Rc<Plan>) -> Option<Result<Table, ExecError>> + 'r;

/// Compiles a query against a catalog. A plug-in whose input is written in the query itself gets its columns from
/// it; one that reads a table has to declare them.
pub fn compile(source: &str, catalog: &Catalog) -> Compiled {
    let mut compiled = shaped(source, catalog, &mut Vec::new(), &mut |_| None);
    if let Some(wanting) = compiled.wanting.take() {
        compiled.diagnostics.push(undeclared(&wanting));
    }
    habits::explain(source, &mut compiled.diagnostics);
    compiled
}

/// Compiles a query that can be given rows before all of it is bound. `shapes` holds the columns that are known, of the first
/// plug-ins that wait for rows, and takes those that become known. `run` is given the [question](Wanting::question) of the
/// next one; if it cannot run it by now, the plug-in is left in [`Compiled::wanting`].
pub fn compile_over(
    source: &str,
    catalog: &Catalog,
    shapes: &mut Vec<Vec<Column>>,
    run: &mut RunOver<'_>,
) -> Compiled {
    let mut compiled = shaped(source, catalog, shapes, run);
    habits::explain(source, &mut compiled.diagnostics);
    compiled
}

fn shaped(source: &str, catalog: &Catalog, shapes: &mut Vec<Vec<Column>>, run: &mut RunOver<'_>) -> Compiled {
    loop {
        let mut compiled = bind(source, catalog, shapes);
        let Some(wanting) = compiled.wanting.take() else { return compiled };
        let found = match waits_for(&wanting.input) {
            _ if shapes.len() >= MAX_LATE => Err(Diagnostic::error(
                "FP003",
                "The query has too many plug-ins whose columns depend on data.",
                wanting.span,
            )),
            Waits::Nothing => wanting.columns(Run::new(0, &[], BUDGET).table(&wanting.question())),
            Waits::Tables => match run(&wanting.question()) {
                Some(rows) => wanting.columns(rows),
                None => return Compiled { wanting: Some(wanting), ..compiled },
            },
            Waits::Else => Err(undeclared(&wanting)),
        };
        match found {
            Ok(columns) => shapes.push(columns),
            Err(diagnostic) => {
                compiled.diagnostics.push(diagnostic);
                return compiled;
            }
        }
    }
}

/// That a plug-in has to declare its columns.
pub fn undeclared(wanting: &Wanting) -> Diagnostic {
    let message = "The columns of this plug-in depend on the rows of a table.";
    let hint = match wanting.shape {
        Shape::Bag => "declare them: evaluate bag_unpack(column) : (*, name:string, …)",
        Shape::Names => "declare them: evaluate pivot(column, count()) : (name:type, …)",
    };
    Diagnostic::error("FP021", message, wanting.span).with_hint(hint)
}

/// What the rows of a plan wait for.
enum Waits {
    /// All is written in the query.
    Nothing,
    /// It reads tables, or the clock.
    Tables,
    /// It draws lots, which a second run would draw anew, or it is a part of a subquery that runs again and again.
    Else,
}

fn waits_for(plan: &Rc<Plan>) -> Waits {
    // What a subquery of the plan is given comes from the plan itself; a node is met before its subqueries.
    let mut given = HashSet::new();
    let (mut tables, mut outside) = (false, plan.is_random());
    plan.any(&mut |plan| {
        match &plan.kind {
            PlanKind::Set(_, SetOp::MvApply(m)) => given.extend([m.body.given]),
            PlanKind::Set(_, SetOp::Partition(p)) => given.extend([p.body.given, p.key_given]),
            PlanKind::Given(id) => outside |= !given.contains(id),
            PlanKind::Table(_) | PlanKind::Leaf(_) => tables = true,
            _ => {}
        }
        plan.kind.for_each_expr(&mut |e| tables |= e.any(&mut |e| matches!(e.kind, ExprKind::Now)));
        false
    });
    match (outside, tables) {
        (true, _) => Waits::Else,
        (false, true) => Waits::Tables,
        (false, false) => Waits::Nothing,
    }
}

impl Wanting {
    /// The plan whose only row tells the columns: it keeps little, however many rows it reads.
    pub fn question(&self) -> Rc<Plan> {
        let aggregate = match self.shape {
            Shape::Bag => &OF_BAGS,
            Shape::Names => &OF_NAMES,
        };
        let args = vec![self.value.clone()];
        let aggregates = vec![AggregateExpr { aggregate, args, ty: Type::Dynamic, width: 1 }];
        let op = SetOp::Summarize(Summarize { keys: Vec::new(), aggregates });
        let columns = vec![Column::new("columns", Type::Dynamic)];
        Plan::new(PlanKind::Set(Rc::clone(&self.input), op), columns, self.span, false)
    }

    /// The columns, by what the [question](Wanting::question) gave.
    pub fn columns(&self, rows: Result<Table, ExecError>) -> Result<Vec<Column>, Diagnostic> {
        let rows = rows.map_err(|ExecError { code, message }| Diagnostic::error(code, message, self.span))?;
        let answer = rows.first().and_then(|row| row.values.first());
        let cells = answer.and_then(Value::as_array).unwrap_or_default();
        let columns: Vec<Column> = cells
            .chunks(2)
            .filter_map(|cell| {
                let [Value::String(name), Value::String(ty)] = cell else { return None };
                Some(Column { name: Str::clone(name), ty: Type::from_name(ty)? })
            })
            .collect();
        if columns.len() > MAX_MADE_COLUMNS {
            let message = format!("The plug-in makes more than {MAX_MADE_COLUMNS} columns.");
            return Err(Diagnostic::error("FP104", message, self.span));
        }
        Ok(columns)
    }
}
