//! The plugins of `evaluate` that count over windows of a timeline: `active_users_count`, `activity_counts_metrics`,
//! `sliding_window_counts`, `session_count`, `rolling_percentile`. Source: Microsoft's docs, plugins.

use super::ExecError;
use super::row::{Evidence, Row};
use super::run::Run;
use super::series::Axis;
use crate::plan::{Activity, ActivityKind};
use crate::value::key::{self, KeyMap, KeySet};
use crate::value::{Value, compare};
use std::collections::BTreeMap;

/// What a window may look back over, in bins.
const MOST_BINS: i128 = 10_000;

/// The rows of one combination of dimensions, by bin, the bins in order.
struct Slice {
    dimensions: Vec<Value>,
    bins: Vec<Bin>,
}

#[derive(Default)]
struct Bin {
    position: i128,
    /// The timeline's value and the id (or the value) of each row.
    rows: Vec<(Value, Value)>,
    evidence: Evidence,
}

/// A row of a slice: its bin, the timeline's value, the id (or the value), the row itself.
type Placed<'r> = (i128, Value, Value, &'r Row);

impl Slice {
    fn new(dimensions: Vec<Value>, mut rows: Vec<Placed<'_>>) -> Slice {
        rows.sort_by_key(|(position, ..)| *position);
        let mut bins: Vec<Bin> = Vec::new();
        for (position, at, value, row) in rows {
            if bins.last().is_none_or(|bin| bin.position != position) {
                bins.push(Bin { position, ..Bin::default() });
            }
            if let Some(bin) = bins.last_mut() {
                bin.rows.push((at, value));
                bin.evidence.merge(&row.evidence);
            }
        }
        Slice { dimensions, bins }
    }

    /// The bins of a window.
    fn window(&self, end: i128, width: i128) -> impl Iterator<Item = &Bin> {
        let from = self.bins.partition_point(|bin| bin.position <= end - width);
        self.bins.iter().skip(from).take_while(move |bin| bin.position <= end)
    }
}

/// One output row: the bin, the dimensions, what was counted.
type Made = (i128, Vec<Value>, Vec<Value>, Evidence);

/// The rows of the plugin, by bin.
#[inline(never)]
pub fn activity(run: &mut Run<'_>, a: &Activity, rows: &[Row]) -> Result<Vec<Row>, ExecError> {
    let bad = |what: &str| ExecError { code: "FP105", message: format!("{}: {what}.", a.name) };
    let bin = run.value(&a.bin)?;
    let mut fixed = |e: &Option<crate::plan::Expr>| e.as_ref().map(|e| run.value(e)).transpose();
    let (start, end, lookback) = (fixed(&a.start)?, fixed(&a.end)?, fixed(&a.lookback)?);
    let period = fixed(&a.period)?;
    // Only these count their bins from the start of the period.
    let active = matches!(a.kind, ActivityKind::Active { .. });
    let from_start = active || matches!(a.kind, ActivityKind::Counts | ActivityKind::Sliding);
    let axis = Axis::new(a.time.ty, start.as_ref().filter(|_| from_start), &bin)
        .ok_or_else(|| bad("the bin size must be greater than zero"))?;
    let (time, id, dimensions) =
        (run.program([&a.time])?, run.program([&a.id])?, run.program(&a.dimensions)?);
    run.budget.charge(rows.len(), 2)?;
    let mut slices: KeyMap<(Vec<Value>, Vec<Placed<'_>>)> = KeyMap::default();
    for row in rows {
        let at = run.eval(&time, row)?;
        let Some((position, _)) = axis.position(&at) else { continue };
        // What a window looks back at may lie before the period; what lies after it counts nowhere.
        let early = start.as_ref().is_some_and(|s| compare::order(&at, s).is_lt());
        let late = end.as_ref().is_some_and(|e| compare::order(&at, e).is_gt());
        if late || early && !active && a.kind != ActivityKind::Sliding {
            continue;
        }
        let value = run.eval(&id, row)?;
        let keys = run.eval_all(&dimensions, row)?;
        slices
            .entry(key::key(&keys))
            .or_insert_with(|| (keys, Vec::new()))
            .1
            .push((position, at, value, row));
    }
    let mut made: Vec<Made> = Vec::new();
    for (dimensions, rows) in slices.into_values() {
        if let ActivityKind::Active { least } = a.kind {
            let periods = period
                .as_ref()
                .and_then(|period| Axis::new(a.time.ty, start.as_ref(), period))
                .ok_or_else(|| bad("the period must be greater than zero"))?;
            let fans = Fans { periods, lookback: lookback.as_ref(), start: start.as_ref(), least };
            fans.count(run, &dimensions, rows, &mut made)?;
            continue;
        }
        let slice = Slice::new(dimensions, rows);
        match a.kind {
            ActivityKind::Active { .. } => {}
            ActivityKind::Counts => counts(&slice, &mut made),
            ActivityKind::Sessions => sessions(slice, lookback.as_ref(), &mut made),
            ActivityKind::Sliding => {
                let width = lookback.as_ref().and_then(|v| axis.steps(v)).unwrap_or(1).max(1);
                let last = end.as_ref().and_then(|v| axis.position(v)).map(|(at, _)| at);
                let (first, last) =
                    (0, last.ok_or_else(|| bad("the end does not have the type of the timeline"))?);
                if width > MOST_BINS || last - first > MOST_BINS {
                    return Err(bad("the query makes more than 10000 bins"));
                }
                windows(run, &slice, &mut (first..=last), width, a.kind, &mut made)?;
            }
            ActivityKind::Percentile { bins, .. } => {
                let mut present = slice.bins.iter().map(|bin| bin.position);
                windows(run, &slice, &mut present, i128::from(bins), a.kind, &mut made)?;
            }
        }
    }
    made.sort_by_key(|(position, ..)| *position);
    run.budget.charge(made.len(), a.dimensions.len() + 5)?;
    let row = |(position, dimensions, counts, evidence): Made| {
        let at = axis.value(position, a.time.ty);
        let values = std::iter::once(at).chain(dimensions).chain(counts).collect();
        Row { values, evidence }
    };
    Ok(made.into_iter().map(row).collect())
}

fn long(n: usize) -> Value {
    Value::Long(i64::try_from(n).unwrap_or(i64::MAX))
}

/// Rows, ids, ids never seen before, ids seen so far.
fn counts(slice: &Slice, made: &mut Vec<Made>) {
    let mut seen = KeySet::default();
    for bin in &slice.bins {
        let (mut ids, before) = (KeySet::default(), seen.len());
        for (_, id) in &bin.rows {
            let id = key::key([id]);
            seen.insert(id.clone());
            ids.insert(id);
        }
        let counts = vec![long(bin.rows.len()), long(ids.len()), long(seen.len() - before), long(seen.len())];
        made.push((bin.position, slice.dimensions.clone(), counts, bin.evidence.clone()));
    }
}

/// Sessions that begin in each bin: an id that did not appear for the lookback begins a new one.
fn sessions(slice: Slice, lookback: Option<&Value>, made: &mut Vec<Made>) {
    let mut last: KeyMap<Option<Value>> = KeyMap::default();
    for mut bin in slice.bins {
        bin.rows.sort_by(|(a, _), (b, _)| compare::order(a, b));
        let mut begun = 0;
        for (at, id) in bin.rows {
            let before = last.entry(key::key([&id])).or_insert_with(|| None).replace(at.clone());
            let new = before.as_ref().is_none_or(|before| match (distance(before, &at), lookback) {
                (Some(gap), Some(lookback)) => compare::order(&gap, lookback).is_ge(),
                _ => true,
            });
            begun += usize::from(new);
        }
        if begun > 0 {
            made.push((bin.position, slice.dimensions.clone(), vec![long(begun)], bin.evidence));
        }
    }
}

fn distance(from: &Value, to: &Value) -> Option<Value> {
    Some(match (from, to) {
        (Value::DateTime(a), Value::DateTime(b)) | (Value::Timespan(a), Value::Timespan(b)) => {
            Value::Timespan(b.saturating_sub(*a))
        }
        (a, b) => match (a.as_integer(), b.as_integer()) {
            (Some(a), Some(b)) => Value::Long(b.saturating_sub(a)),
            _ => Value::Real(compare::real(b)? - compare::real(a)?),
        },
    })
}

/// Who is active: whoever appears in enough periods of the time before an appearance, itself included. An appearance that far back is
/// too old.
struct Fans<'a> {
    periods: Axis,
    lookback: Option<&'a Value>,
    start: Option<&'a Value>,
    least: usize,
}

impl Fans<'_> {
    /// The ids of each bin with an appearance that makes them active.
    fn count(
        &self,
        run: &mut Run<'_>,
        dimensions: &[Value],
        rows: Vec<Placed<'_>>,
        made: &mut Vec<Made>,
    ) -> Result<(), ExecError> {
        let mut by_id: KeyMap<Vec<Placed<'_>>> = KeyMap::default();
        for row in rows {
            by_id.entry(key::key([&row.2])).or_default().push(row);
        }
        // How many ids each bin has, and the rows that make them active.
        let mut bins: BTreeMap<i128, (usize, Evidence)> = BTreeMap::new();
        for mut seen in by_id.into_values() {
            seen.sort_by(|(_, a, ..), (_, b, ..)| compare::order(a, b));
            let period = |(_, at, ..): &Placed<'_>| self.periods.position(at).map(|(position, _)| position);
            let too_old = |from: &Value, at: &Value| match (distance(from, at), self.lookback) {
                (Some(gap), Some(lookback)) => compare::order(&gap, lookback).is_ge(),
                _ => false,
            };
            // The periods of the rows from `first` to this one, and which of those rows the bin has already.
            let (mut first, mut periods, mut counted, mut known) = (0, 0, None, 0);
            for (i, row) in seen.iter().enumerate() {
                let (bin, at, ..) = row;
                if i == first || seen.get(i - 1).is_none_or(|before| period(before) != period(row)) {
                    periods += 1;
                }
                while let Some(old) = seen.get(first).filter(|old| first < i && too_old(&old.1, at)) {
                    periods -=
                        usize::from(seen.get(first + 1).is_none_or(|next| period(next) != period(old)));
                    first += 1;
                }
                let early = self.start.is_some_and(|start| compare::order(at, start).is_lt());
                if early || periods < self.least {
                    continue;
                }
                let (ids, evidence) = bins.entry(*bin).or_default();
                if counted != Some(*bin) {
                    (counted, known) = (Some(*bin), 0);
                    *ids += 1;
                }
                let new = seen.get(known.max(first)..=i).unwrap_or_default();
                run.budget.charge(new.len(), 0)?;
                new.iter().for_each(|(.., row)| evidence.merge(&row.evidence));
                known = i + 1;
            }
        }
        for (bin, (ids, evidence)) in bins {
            made.push((bin, dimensions.to_vec(), vec![long(ids)], evidence));
        }
        Ok(())
    }
}

/// What lies in the windows that end at some bins.
fn windows(
    run: &mut Run<'_>,
    slice: &Slice,
    ends: &mut dyn Iterator<Item = i128>,
    width: i128,
    kind: ActivityKind,
    made: &mut Vec<Made>,
) -> Result<(), ExecError> {
    for end in ends {
        let (mut rows, mut evidence) = (Vec::new(), Evidence::None);
        for bin in slice.window(end, width) {
            run.budget.charge(bin.rows.len(), 1)?;
            rows.extend(bin.rows.iter().map(|(_, v)| v));
            evidence.merge(&bin.evidence);
        }
        if rows.is_empty() {
            continue;
        }
        let counts = match kind {
            ActivityKind::Percentile { percent, .. } => {
                rows.retain(|v| !v.is_null());
                rows.sort_by(|a, b| compare::order(a, b));
                // Nearest rank, as the aggregate percentile has it.
                let rank = (percent / 100.0 * rows.len() as f64).ceil() as usize;
                let at = rank.clamp(1, rows.len().max(1)) - 1;
                vec![rows.get(at).copied().cloned().unwrap_or_default()]
            }
            _ => {
                vec![long(rows.len()), long(key::keys(rows.iter().copied()).len())]
            }
        };
        made.push((end, slice.dimensions.clone(), counts, evidence));
    }
    Ok(())
}
