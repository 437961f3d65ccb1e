//! `join` and `lookup`. A null key matches a null key. Source: docs/semantics.md#joins.

use super::ExecError;
use super::row::Row;
use super::run::Run;
use crate::plan::{Join, JoinKind};
use crate::value::key::{self, KeyMap, KeySet};
use crate::value::{Type, Value};

/// The rows of a join: left rows in order, for each its right rows in order; rows without a match behind.
pub fn join(
    run: &mut Run<'_>,
    join: &Join,
    left: &[Row],
    right: &[Row],
    width: usize,
) -> Result<Vec<Row>, ExecError> {
    let (left_keys, right_keys) = (run.program(&join.left_keys)?, run.program(&join.right_keys)?);
    run.budget.charge(left.len() + right.len(), 1)?;
    let missing = |types: &[Type]| types.iter().map(|t| t.missing()).collect::<Vec<_>>();
    let right_values = |row: &Row| -> Vec<Value> {
        join.right_columns.iter().map(|i| row.values.get(*i).cloned().unwrap_or_default()).collect::<Vec<_>>()
    };
    let mut out: Vec<Row> = Vec::new();

    if matches!(join.kind, JoinKind::RightSemi | JoinKind::RightAnti) {
        let mut present = KeySet::default();
        for row in left {
            present.insert(key::key(&run.eval_all(&left_keys, row)?));
        }
        let want = join.kind == JoinKind::RightSemi;
        for row in right {
            if present.contains(&key::key(&run.eval_all(&right_keys, row)?)) == want {
                out.push(Row { values: right_values(row), evidence: row.evidence.clone() });
            }
        }
        return Ok(out);
    }

    let mut places: KeyMap<Vec<usize>> = KeyMap::default();
    for (i, row) in right.iter().enumerate() {
        places.entry(key::key(&run.eval_all(&right_keys, row)?)).or_default().push(i);
    }
    let mut seen = KeySet::default();
    let mut matched = vec![false; right.len()];
    for row in left {
        let key = key::key(&run.eval_all(&left_keys, row)?);
        if join.kind == JoinKind::InnerUnique && !seen.insert(key.clone()) {
            continue;
        }
        let found = places.get(&key).map(Vec::as_slice).unwrap_or_default();
        match join.kind {
            JoinKind::LeftSemi if !found.is_empty() => out.push(row.clone()),
            JoinKind::LeftAnti if found.is_empty() => out.push(row.clone()),
            JoinKind::LeftSemi | JoinKind::LeftAnti => {}
            _ => {
                for i in found {
                    let Some(other) = right.get(*i) else { continue };
                    run.budget.charge(1, width)?;
                    let mut values = row.values.clone();
                    values.extend(right_values(other));
                    let mut evidence = row.evidence.clone();
                    evidence.merge(&other.evidence);
                    run.budget.charge_kept(0, evidence.bytes())?;
                    out.push(Row { values, evidence });
                    if let Some(slot) = matched.get_mut(*i) {
                        *slot = true;
                    }
                }
                if found.is_empty() && matches!(join.kind, JoinKind::LeftOuter | JoinKind::FullOuter) {
                    let mut values = row.values.clone();
                    values.extend(missing(&join.right_types));
                    out.push(Row { values, evidence: row.evidence.clone() });
                }
            }
        }
    }
    if matches!(join.kind, JoinKind::RightOuter | JoinKind::FullOuter) {
        for (row, _) in right.iter().zip(&matched).filter(|(_, m)| !**m) {
            let mut values = missing(&join.left_types);
            values.extend(right_values(row));
            out.push(Row { values, evidence: row.evidence.clone() });
        }
    }
    run.budget.charge(out.len(), 0)?;
    Ok(out)
}
