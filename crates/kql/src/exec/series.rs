//! `make-series`. Source: Microsoft's docs, make-series operator.

use super::ExecError;
use super::row::Row;
use super::run::Run;
use super::summarize::Grouping;
use crate::plan::MakeSeries;
use crate::value::key::{self, KeyMap};
use crate::value::{Type, Value, compare, convert};

/// How many items an array may have. Source: Microsoft's docs.
const MOST_ITEMS: i128 = 1 << 20;

/// An axis: positions are whole numbers of steps from a base.
pub(super) enum Axis {
    /// Integers and times, exactly.
    Whole { base: i128, step: i128 },
    /// Reals and decimals.
    Real { base: f64, step: f64 },
}

fn whole(v: &Value) -> Option<i128> {
    match v {
        Value::DateTime(t) | Value::Timespan(t) => Some(i128::from(*t)),
        v => v.as_integer().map(i128::from),
    }
}

impl Axis {
    /// An axis that steps from a base; `None` if the step is not above zero.
    pub(super) fn new(ty: Type, base: Option<&Value>, step: &Value) -> Option<Axis> {
        if matches!(ty, Type::Real | Type::Decimal) || whole(step).is_none() {
            let base = base.map_or(Some(0.0), compare::real)?;
            let step = compare::real(step).filter(|s| *s > 0.0 && s.is_finite())?;
            return Some(Axis::Real { base, step });
        }
        let base = base.map_or(Some(0), whole)?;
        Some(Axis::Whole { base, step: whole(step).filter(|s| *s > 0)? })
    }

    /// Which step a value falls in, and whether it stands at its very start.
    pub(super) fn position(&self, v: &Value) -> Option<(i128, bool)> {
        match self {
            Axis::Whole { base, step } => {
                let from_base = whole(v)? - base;
                Some((from_base.div_euclid(*step), from_base.rem_euclid(*step) == 0))
            }
            Axis::Real { base, step } => {
                let steps = (compare::real(v)? - base) / step;
                let found = steps.is_finite() && steps.abs() < 1e18;
                found.then(|| (steps.floor() as i128, steps.floor() == steps))
            }
        }
    }

    /// How many whole steps a length has.
    pub(super) fn steps(&self, length: &Value) -> Option<i128> {
        match self {
            Axis::Whole { step, .. } => Some(whole(length)?.div_euclid(*step)),
            Axis::Real { step, .. } => {
                let steps = compare::real(length)? / step;
                (steps.is_finite() && steps.abs() < 1e18).then(|| steps.floor() as i128)
            }
        }
    }

    /// The value a step starts at.
    pub(super) fn value(&self, position: i128, ty: Type) -> Value {
        match self {
            Axis::Whole { base, step } => match (i64::try_from(base + position.saturating_mul(*step)), ty) {
                (Ok(n), Type::DateTime) => Value::DateTime(n),
                (Ok(n), Type::Timespan) => Value::Timespan(n),
                (Ok(n), _) => Value::Long(n),
                (Err(_), _) => Value::Null,
            },
            Axis::Real { base, step } => {
                convert::convert(&Value::Real(base + step * position as f64), Type::Real, ty)
            }
        }
    }
}

/// One series: the results of each position that has rows, one an aggregate.
#[derive(Default)]
struct Series {
    keys: Vec<Value>,
    evidence: super::row::Evidence,
    points: Vec<(i128, Vec<Value>)>,
}

/// The rows of `make-series`: keys, an array an aggregate, the array of the axis.
#[inline(never)]
pub fn make_series(run: &mut Run<'_>, m: &MakeSeries, rows: &[Row]) -> Result<Vec<Row>, ExecError> {
    let bad = |what: &str| ExecError { code: "FP102", message: format!("make-series: {what}.") };
    let (axis_program, by) = (run.program([&m.axis])?, run.program(&m.by)?);
    let mut fixed = |e: Option<&crate::plan::Expr>| e.map(|e| run.value(e)).transpose();
    let (from, to) = (fixed(m.from.as_ref())?, fixed(m.to.as_ref())?);
    let step = fixed(Some(&m.step))?.unwrap_or_default();
    let mut defaults = Vec::new();
    for (default, result) in m.defaults.iter().zip(&m.results) {
        defaults.push(fixed(default.as_ref())?.unwrap_or_else(|| zero(result.ty)));
    }
    if from.as_ref().is_some_and(Value::is_null) || to.as_ref().is_some_and(Value::is_null) {
        return Err(bad("the start or the end is null"));
    }
    // `in range(…)` counts from zero, whatever the start; so does a series without a start.
    let base = from.as_ref().filter(|_| !m.to_inclusive);
    let axis = Axis::new(m.axis.ty, base, &step).ok_or_else(|| bad("the step must be greater than zero"))?;
    let first = from.as_ref().and_then(|v| axis.position(v)).map(|(at, _)| at);
    let last = to.as_ref().and_then(|v| axis.position(v)).map(|(at, at_start)| {
        // An end that does not belong to the series ends it before its own step, if it stands at its start.
        if at_start && !m.to_inclusive { at - 1 } else { at }
    });

    let mut grouping = Grouping::new(run, &m.aggregates)?;
    for row in rows {
        let value = run.eval(&axis_program, row)?;
        let Some((position, _)) = axis.position(&value) else { continue };
        let before = from.as_ref().is_some_and(|from| compare::order(&value, from).is_lt());
        let after = to.as_ref().is_some_and(|to| {
            let order = compare::order(&value, to);
            if m.to_inclusive { order.is_gt() } else { order.is_ge() }
        });
        let Ok(position) = i64::try_from(position) else { continue };
        if before || after {
            continue;
        }
        let mut keys = run.eval_all(&by, row)?;
        keys.push(Value::Long(position));
        grouping.add(run, &keys, &row.values, &row.evidence)?;
    }
    let results = run.program(&m.results)?;
    let mut all: KeyMap<Series> = KeyMap::default();
    for mut row in grouping.finish() {
        let made = row.values.split_off((m.by.len() + 1).min(row.values.len()));
        let position = row.values.pop().and_then(|v| v.as_integer()).unwrap_or(0);
        let key = key::key(&row.values);
        let series = all.entry(key).or_insert_with(|| Series { keys: row.values, ..Series::default() });
        series.evidence.merge(&row.evidence);
        let values = results.eval_all(&made, &mut run.scratch);
        run.budget.keep(&values)?;
        series.points.push((i128::from(position), values));
    }
    let mut all: Vec<Series> = all.into_values().collect();
    if all.is_empty() && m.non_empty && m.by.is_empty() && first.is_some() && last.is_some() {
        all.push(Series::default());
    }
    let mut out = Vec::with_capacity(all.len());
    for mut series in all {
        series.points.sort_by_key(|(at, _)| *at);
        let start = first.or(series.points.first().map(|(at, _)| *at)).unwrap_or(0);
        let end = last.or(series.points.last().map(|(at, _)| *at)).unwrap_or(-1);
        let count = (end - start + 1).max(0);
        if count > MOST_ITEMS {
            return Err(bad(&format!("the series has {count} items; an array has at most 1048576")));
        }
        run.budget.charge(count as usize, m.results.len() + 1)?;
        let mut values = series.keys;
        for (i, default) in defaults.iter().enumerate() {
            let point = |at: i128| series.points.binary_search_by_key(&at, |(at, _)| *at).ok();
            let point = |at: i128| series.points.get(point(at)?)?.1.get(i);
            let item = |at: i128| point(at).unwrap_or(default).clone();
            values.push(Value::array((start..start + count).map(item).collect()));
        }
        values.push(Value::array((start..start + count).map(|at| axis.value(at, m.axis.ty)).collect()));
        out.push(Row { values, evidence: series.evidence });
    }
    Ok(out)
}

/// What stands where a step has no row. Source: Microsoft's docs: the default is zero.
fn zero(ty: Type) -> Value {
    match ty {
        Type::Real => Value::Real(0.0),
        Type::Timespan => Value::Timespan(0),
        ty if ty.is_number() => Value::Long(0),
        _ => Value::Null,
    }
}
