//! `top-nested`. Source: Microsoft's docs, top-nested operator.

use super::ExecError;
use super::program::Program;
use super::row::{Evidence, Row};
use super::run::{Run, by_key};
use super::summarize::Grouping;
use crate::plan::{SortKey, TopNestedLevel};
use crate::value::Value;
use crate::value::key::{self, KeyMap};

struct Level<'a> {
    level: &'a TopNestedLevel,
    key: Program,
    result: Program,
    count: Option<usize>,
    others: Option<Value>,
}

/// The rows: for each level the key and its aggregate, the top keys of a level under each key of the one above.
#[inline(never)]
pub fn top_nested(
    run: &mut Run<'_>,
    levels: &[TopNestedLevel],
    rows: &[Row],
    width: usize,
) -> Result<Vec<Row>, ExecError> {
    let mut compiled = Vec::new();
    for level in levels {
        let count = level.count.as_ref().map(|n| run.count(n)).transpose()?;
        let others = level.others.as_ref().map(|e| run.value(e)).transpose()?;
        let (key, result) = (run.program([&level.key])?, run.program([&level.result])?);
        compiled.push(Level { level, key, result, count, others });
    }
    let mut out = Vec::new();
    let all: Vec<&Row> = rows.iter().collect();
    descend(run, &compiled, &all, &mut Vec::new(), width, &mut out)?;
    Ok(out)
}

fn descend(
    run: &mut Run<'_>,
    levels: &[Level<'_>],
    rows: &[&Row],
    above: &mut Vec<Value>,
    width: usize,
    out: &mut Vec<Row>,
) -> Result<(), ExecError> {
    let Some((level, below)) = levels.split_first() else {
        run.budget.charge(1, width)?;
        let mut evidence = Evidence::None;
        rows.iter().for_each(|row| evidence.merge(&row.evidence));
        out.push(Row { values: above.clone(), evidence });
        return Ok(());
    };
    run.budget.charge(rows.len(), 1)?;
    let mut parts: KeyMap<(Value, Vec<&Row>)> = KeyMap::default();
    for row in rows {
        let key = run.eval(&level.key, row)?;
        parts.entry(key::key([&key])).or_insert_with(|| (key, Vec::new())).1.push(row);
    }
    let mut ranked: Vec<(Value, (Value, Vec<&Row>))> = Vec::new();
    for part in parts.into_values() {
        ranked.push((aggregate(run, level, &part.1)?, part));
    }
    let order = SortKey {
        value: level.level.result.clone(),
        ascending: level.level.ascending,
        nulls_first: level.level.ascending,
    };
    ranked.sort_by(|(a, _), (b, _)| by_key(&order, a, b));
    let rest = ranked.split_off(level.count.unwrap_or(usize::MAX).min(ranked.len()));
    for (total, (key, part)) in ranked {
        above.extend([key, total]);
        descend(run, below, &part, above, width, out)?;
        above.truncate(above.len().saturating_sub(2));
    }
    if let (Some(_), false) = (&level.others, rest.is_empty()) {
        let rest: Vec<&Row> = rest.into_iter().flat_map(|(_, (_, part))| part).collect();
        let kept = above.len();
        // Below the others there is nothing to choose from: each level shows its own others.
        for level in levels {
            let key = level.others.clone().unwrap_or_else(|| level.level.key.ty.missing());
            let total = match level.others {
                Some(_) => aggregate(run, level, &rest)?,
                None => Value::Null,
            };
            above.extend([key, total]);
        }
        descend(run, &[], &rest, above, width, out)?;
        above.truncate(kept);
    }
    Ok(())
}

fn aggregate(run: &mut Run<'_>, level: &Level<'_>, rows: &[&Row]) -> Result<Value, ExecError> {
    let mut grouping = Grouping::new(run, &level.level.aggregates)?;
    grouping.seed(Vec::new());
    for row in rows {
        grouping.add(run, &[], &row.values, &row.evidence)?;
    }
    let values = grouping.finish().pop().map(|row| row.values).unwrap_or_default();
    Ok(level.result.eval(&values, &mut run.scratch))
}
