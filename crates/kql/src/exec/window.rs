//! Columns that depend on a row's place among the rows: `row_number`, `prev`, `next`, running sums and ranks.
//! Source: Microsoft's docs, window functions.

use super::ExecError;
use super::program::Columns;
use super::random::Random;
use super::row::Row;
use super::run::Run;
use super::stage::set;
use crate::plan::{Expr, ExprId, ExprKind, Window, WindowExpr};
use crate::value::{Type, Value, compare, convert};
use std::collections::HashMap;
use std::rc::Rc;

/// Sets the columns of an `extend` some of whose values read the row's place.
#[inline(never)]
pub fn extend(
    run: &mut Run<'_>,
    sets: &[(usize, Expr)],
    rows: &[Row],
    width: usize,
) -> Result<Vec<Row>, ExecError> {
    let mut out: Vec<Row> = rows.to_vec();
    let mut known = Known::new();
    for (at, e) in sets {
        run.budget.charge(rows.len(), width)?;
        let values = values(run, e, rows, &mut known)?;
        out.iter_mut().zip(values).for_each(|(row, v)| set(&mut row.values, *at, v));
    }
    Ok(out)
}

/// The values of window functions that were worked out already: each is worked out once, however often it is read.
type Known = HashMap<ExprId, Rc<Vec<Value>>>;

/// A row followed by the values its window functions have for it.
struct WithWindows<'a> {
    row: &'a [Value],
    windows: &'a [Value],
}

impl Columns for WithWindows<'_> {
    fn column(&self, index: usize) -> Value {
        match index.checked_sub(self.row.len()) {
            Some(i) => self.windows.get(i).cloned().unwrap_or_default(),
            None => self.row.get(index).cloned().unwrap_or_default(),
        }
    }
}

/// The value of an expression for every row: its window functions first, then the rest around them.
fn values(run: &mut Run<'_>, e: &Expr, rows: &[Row], known: &mut Known) -> Result<Vec<Value>, ExecError> {
    let width = rows.first().map_or(0, |r| r.values.len());
    let mut windows: Vec<Rc<Vec<Value>>> = Vec::new();
    // Each window function becomes a column behind the row's own.
    let mut lift = |e: &Expr| {
        let ExprKind::Window(w) = &e.kind else { return Ok(None) };
        let id = e.id().filter(|_| !w.function.is_random());
        let values = match id.and_then(|id| known.get(&id)) {
            Some(values) => Rc::clone(values),
            None => Rc::new(window(run, w, e.ty, rows, known)?),
        };
        if let Some(id) = id {
            known.insert(id, Rc::clone(&values));
        }
        windows.push(values);
        Ok(Some(Expr { kind: ExprKind::Column(width + windows.len() - 1), ty: e.ty, span: e.span }))
    };
    let lifted = e.rewrite(&mut lift, &Expr::with_children)?;
    let program = run.program([&lifted])?;
    let mut out = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let here: Vec<Value> = windows.iter().map(|w| w.get(i).cloned().unwrap_or_default()).collect();
        let value = program.eval(&WithWindows { row: &row.values, windows: &here }, &mut run.scratch);
        run.budget.keep(std::slice::from_ref(&value))?;
        out.push(value);
    }
    Ok(out)
}

fn window(
    run: &mut Run<'_>,
    w: &WindowExpr,
    ty: Type,
    rows: &[Row],
    known: &mut Known,
) -> Result<Vec<Value>, ExecError> {
    // Arguments first; they may hold window functions themselves.
    let mut args: Vec<Vec<Value>> = Vec::new();
    for a in w.args.iter() {
        args.push(values(run, a, rows, known)?);
    }
    let at = |arg: usize, row: usize| args.get(arg).and_then(|a| a.get(row)).cloned().unwrap_or_default();
    let restart = |arg: usize, row: usize| at(arg, row).is_true();
    let n = rows.len();
    let mut out = Vec::with_capacity(n);
    match w.function {
        Window::Prev | Window::Next => {
            for i in 0..n {
                let offset = if args.len() > 1 { at(1, i).as_integer().unwrap_or(1) } else { 1 };
                let step = if w.function == Window::Prev { i64::checked_sub } else { i64::checked_add };
                let from = step(i as i64, offset).and_then(convert::to_count).filter(|j| *j < n);
                out.push(match from {
                    Some(j) => at(0, j),
                    None if args.len() > 2 => at(2, i),
                    None => ty.missing(),
                });
            }
        }
        Window::RowNumber => {
            let mut number = 0;
            for i in 0..n {
                let first = if args.is_empty() { 1 } else { at(0, i).as_integer().unwrap_or(1) };
                number = if i == 0 || restart(1, i) { first } else { number + 1 };
                out.push(Value::Long(number));
            }
        }
        Window::RowCumsum => {
            let mut sum = Value::Null;
            for i in 0..n {
                let v = at(0, i);
                sum = if i == 0 || restart(1, i) || sum.is_null() {
                    zero_if_null(v, ty)
                } else {
                    add(&sum, &v)
                };
                out.push(sum.clone());
            }
        }
        Window::Rand | Window::NewGuid => {
            for i in 0..n {
                let most = args.first().and_then(|a| a.get(i));
                out.push(drawn(&mut run.random, w.function, most));
            }
        }
        Window::RowRankDense | Window::RowRankMin => {
            let (mut rank, mut count) = (0_i64, 0_i64);
            for i in 0..n {
                let again = i == 0 || restart(1, i);
                let same = !again && i > 0 && compare::order(&at(0, i - 1), &at(0, i)).is_eq();
                (rank, count) = match (again, same) {
                    (true, _) => (1, 1),
                    (_, true) => (rank, count + 1),
                    _ if w.function == Window::RowRankDense => (rank + 1, count + 1),
                    _ => (count + 1, count + 1),
                };
                out.push(Value::Long(rank));
            }
        }
        Window::RowWindowSession => {
            let (mut start, mut last) = (None, None);
            for i in 0..n {
                let (Value::DateTime(t), Value::Timespan(from_first), Value::Timespan(between)) =
                    (at(0, i), at(1, i), at(2, i))
                else {
                    out.push(Value::Null);
                    continue;
                };
                let fresh = match (start, last) {
                    (Some(s), Some(l)) => t - s > from_first || t - l > between || restart(3, i),
                    _ => true,
                };
                if fresh {
                    start = Some(t);
                }
                last = Some(t);
                out.push(start.map_or(Value::Null, Value::DateTime));
            }
        }
    }
    Ok(out)
}

/// What chance gives: `rand()` a real below 1, `rand(n)` a whole number below `n` as a real, `new_guid()` a GUID.
pub fn drawn(random: &mut Random, function: Window, most: Option<&Value>) -> Value {
    match (function, most.map(Value::as_integer)) {
        (Window::NewGuid, _) => Value::Guid(random.guid()),
        (_, None) => Value::Real(random.real()),
        (_, Some(n)) => match n.and_then(convert::to_count).filter(|n| *n > 1) {
            Some(n) => Value::Real(random.below(n) as f64),
            None => Value::Real(random.real()),
        },
    }
}

fn zero_if_null(v: Value, ty: Type) -> Value {
    match (&v, ty) {
        (Value::Null, Type::Real) => Value::Real(0.0),
        (Value::Null, Type::Timespan) => Value::Timespan(0),
        (Value::Null, Type::Long) => Value::Long(0),
        (Value::Int(n), _) => Value::Long(i64::from(*n)),
        _ => v,
    }
}

fn add(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (a, Value::Null) => a.clone(),
        (Value::Timespan(a), Value::Timespan(b)) => Value::Timespan(a.wrapping_add(*b)),
        _ => match (a.as_integer(), b.as_integer()) {
            (Some(a), Some(b)) => Value::Long(a.wrapping_add(b)),
            _ => match (compare::real(a), compare::real(b)) {
                (Some(a), Some(b)) => Value::Real(a + b),
                _ => a.clone(),
            },
        },
    }
}
