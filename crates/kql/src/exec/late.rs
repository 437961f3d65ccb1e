//! Queries with plugins whose columns depend on data (`bag_unpack`, `pivot` without a declared schema).
//! As Kusto does, the plugin's input is run first, and the rest is bound against what it shows.

use super::row::Row;
use super::run::Run;
use super::{Budget, ExecError};
use crate::bind::{Catalog, Compiled, MAX_MADE_COLUMNS, Shape, Wanting, bind};
use crate::diagnostic::Diagnostic;
use crate::habits;
use crate::plan::{ExprKind, Plan, PlanKind, SetOp};
use crate::value::{Column, Type, text};
use indexmap::IndexMap;
use std::collections::HashSet;
use std::rc::Rc;

/// How many plugins of a query may depend on data.
const MAX_LATE: usize = 16;
/// What working out their columns may cost.
const BUDGET: Budget = Budget::of_cells(4_000_000);

/// Compiles a query against a catalog. A plugin whose input is written in the query itself gets its columns from
/// it; one that reads a table has to declare them.
pub fn compile(source: &str, catalog: &Catalog) -> Compiled {
    let mut compiled = shaped(source, catalog);
    habits::explain(source, &mut compiled.diagnostics);
    compiled
}

fn shaped(source: &str, catalog: &Catalog) -> Compiled {
    let mut shapes = Vec::new();
    loop {
        let mut compiled = bind(source, catalog, &shapes);
        let Some(wanting) = compiled.wanting.take() else { return compiled };
        let found = if shapes.len() >= MAX_LATE {
            Err(Diagnostic::error(
                "FP003",
                "The query has too many plug-ins whose columns depend on data.",
                wanting.span,
            ))
        } else if depends_on_a_run(&wanting.input) {
            let message = "The columns of this plug-in depend on the rows of a table.";
            let hint = match wanting.shape {
                Shape::Bag => "declare them: evaluate bag_unpack(column) : (*, name:string, …)",
                Shape::Names => "declare them: evaluate pivot(column, count()) : (name:type, …)",
            };
            Err(Diagnostic::error("FP021", message, wanting.span).with_hint(hint))
        } else {
            run_wanting(&wanting)
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

/// Whether the rows of a plan are known only when it runs: it reads a table, the clock, or chance.
fn depends_on_a_run(plan: &Rc<Plan>) -> bool {
    // What a subquery of the plan is given comes from the plan itself; a node is met before its subqueries.
    let mut given = HashSet::new();
    plan.is_random()
        || plan.any(&mut |plan| {
            match &plan.kind {
                PlanKind::Set(_, SetOp::MvApply(m)) => given.extend([m.body.given]),
                PlanKind::Set(_, SetOp::Partition(p)) => given.extend([p.body.given, p.key_given]),
                _ => {}
            }
            let mut clock = false;
            plan.kind.for_each_expr(&mut |e| clock |= e.any(&mut |e| matches!(e.kind, ExprKind::Now)));
            clock
                || match &plan.kind {
                    PlanKind::Given(id) => !given.contains(id),
                    kind => matches!(kind, PlanKind::Table(_) | PlanKind::Leaf(_)),
                }
        })
}

fn run_wanting(wanting: &Wanting) -> Result<Vec<Column>, Diagnostic> {
    let mut run = Run::new(0, &[], BUDGET);
    let rows = run.table(&wanting.input);
    rows.and_then(|rows| columns_of(&mut run, wanting, &rows))
        .map_err(|ExecError { code, message }| Diagnostic::error(code, message, wanting.span))
}

/// The columns that rows give a plugin.
pub fn columns_of(run: &mut Run<'_>, wanting: &Wanting, rows: &[Row]) -> Result<Vec<Column>, ExecError> {
    let program = run.program([&wanting.value])?;
    let too_many = || ExecError {
        code: "FP104",
        message: format!("The plug-in makes more than {MAX_MADE_COLUMNS} columns."),
    };
    let (mut slots, mut names, mut seen) = (IndexMap::new(), Vec::new(), HashSet::new());
    for row in rows {
        let value = run.eval(&program, row)?;
        match wanting.shape {
            Shape::Bag => {
                let Some(bag) = value.as_bag() else { continue };
                run.budget.charge(1, bag.len())?;
                for (key, v) in bag.iter() {
                    let ty = v.own_type();
                    let slot = slots.entry(Rc::clone(key)).or_insert(ty);
                    // Values of several types make a dynamic column; nulls fit every type.
                    *slot = match (*slot, ty) {
                        (Some(a), Some(b)) if a != b => Some(Type::Dynamic),
                        (known, found) => known.or(found),
                    };
                    if slots.len() > MAX_MADE_COLUMNS {
                        return Err(too_many());
                    }
                }
            }
            Shape::Names => {
                let name = text::tostring(&value, wanting.value.ty).into_owned();
                if seen.insert(name.clone()) {
                    names.push(Column::new(&name, Type::Dynamic));
                }
                if names.len() > MAX_MADE_COLUMNS {
                    return Err(too_many());
                }
            }
        }
    }
    let slot = |(name, ty): (Rc<str>, Option<Type>)| Column { name, ty: ty.unwrap_or(Type::Dynamic) };
    if wanting.shape == Shape::Names {
        return Ok(names);
    }
    slots.sort_keys();
    Ok(slots.into_iter().map(slot).collect())
}
