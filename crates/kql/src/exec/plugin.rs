//! The plugins of `evaluate` that need the rows together: `pivot`, `narrow`, `rows_near`.
//! Source: Microsoft's docs, plugins.

use super::ExecError;
use super::row::Row;
use super::run::Run;
use crate::plan::{Expr, Pivot};
use crate::value::key::{self, KeySet};
use crate::value::{Column, Type, Value, text};
use indexmap::IndexSet;

/// `pivot`: rows of keys, a name and a value become a row a key with a column a name.
#[inline(never)]
pub fn pivot(run: &mut Run<'_>, p: &Pivot, rows: &[Row], name_type: Type) -> Result<Vec<Row>, ExecError> {
    let columns: IndexSet<&str> = p.names.iter().map(|name| &**name).collect();
    let mut groups = KeySet::default();
    let mut out: Vec<Row> = Vec::new();
    for row in rows {
        let keys: Vec<Value> = row.values.iter().take(p.keys).cloned().collect();
        let name = row.values.get(p.keys).cloned().unwrap_or_default();
        let name = text::tostring(&name, name_type);
        let Some(column) = columns.get_index_of(&*name) else {
            let message = format!("pivot found the value '{name}', but no column is declared for it.");
            return Err(ExecError { code: "FP103", message });
        };
        let (at, _) = groups.insert_full(key::key(&keys));
        if at == out.len() {
            run.budget.charge(1, p.keys + p.names.len())?;
            let mut values = keys;
            values.extend(std::iter::repeat_n(p.missing.clone(), p.names.len()));
            out.push(Row { values, ..Row::default() });
        }
        let Some(made) = out.get_mut(at) else { continue };
        made.evidence.merge(&row.evidence);
        if let Some(slot) = made.values.get_mut(p.keys + column) {
            *slot = row.values.get(p.keys + 1).cloned().unwrap_or_default();
        }
    }
    Ok(out)
}

/// `narrow`: a row a cell: the row's number from zero, the column's name, the value as text.
#[inline(never)]
pub fn narrow(run: &mut Run<'_>, columns: &[Column], rows: &[Row]) -> Result<Vec<Row>, ExecError> {
    let mut out = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        run.budget.charge(columns.len(), 3)?;
        for (column, value) in columns.iter().zip(&row.values) {
            let text = match value {
                Value::String(s) => Value::String(s.clone()),
                value => Value::text(&text::tostring(value, column.ty)),
            };
            let values = vec![Value::Long(i as i64), Value::String(column.name.clone()), text];
            out.push(Row { values, evidence: row.evidence.clone() });
        }
    }
    Ok(out)
}

/// `rows_near`: the rows at most so many before or after one where the condition holds.
#[inline(never)]
pub fn rows_near(
    run: &mut Run<'_>,
    condition: &Expr,
    before: usize,
    after: usize,
    rows: &[Row],
) -> Result<Vec<Row>, ExecError> {
    let program = run.program([condition])?;
    run.budget.charge(rows.len(), 1)?;
    let mut keep = vec![false; rows.len()];
    // Each row is marked once, however near the hits are to each other.
    let mut marked = 0;
    for (i, row) in rows.iter().enumerate() {
        if !run.eval_all(&program, row)?.first().is_some_and(Value::is_true) {
            continue;
        }
        let end = i.saturating_add(after).saturating_add(1).min(rows.len());
        let start = i.saturating_sub(before).max(marked);
        keep.iter_mut().take(end).skip(start).for_each(|k| *k = true);
        marked = marked.max(end);
    }
    Ok(rows.iter().zip(keep).filter(|(_, keep)| *keep).map(|(row, _)| row.clone()).collect())
}

/// `schema_merge`: the columns of several schemas as one, each once. A column of two types takes the wider one. The last
/// place a column has counts; with `PreserveOrder` one of two places is marked as such, as the plugin does.
#[inline(never)]
pub fn schema_merge(keep_order: bool, rows: &[Row]) -> Result<Vec<Row>, ExecError> {
    let bad = |message: String| ExecError { code: "FP106", message };
    let text = |row: &Row, i: usize| row.values.get(i).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut merged: Vec<(String, i64, String, String)> = Vec::new();
    let mut moved: Vec<String> = Vec::new();
    for row in rows {
        let (name, data_type, ty) = (text(row, 0), text(row, 2), text(row, 3));
        let ordinal = row.values.get(1).and_then(Value::as_integer).unwrap_or(0);
        let Some(known) = merged.iter_mut().find(|(n, ..)| *n == name) else {
            merged.push((name, ordinal, data_type, ty));
            continue;
        };
        if keep_order && known.1 != ordinal {
            moved.push(name.clone());
        }
        known.1 = known.1.max(ordinal);
        if known.3 != ty {
            let widens = |narrow: &str, wide: &str| {
                matches!((narrow, wide), ("int", "long" | "real") | ("long", "real"))
            };
            if widens(&known.3, &ty) {
                (known.2, known.3) = (data_type, ty);
            } else if !widens(&ty, &known.3) {
                let message =
                    format!("schema_merge: the column '{name}' has two types: {} and {ty}.", known.3);
                return Err(bad(message));
            }
        }
    }
    const OUT_OF_ORDER: &str = "ERROR(columns are out of order)";
    merged.sort_by_key(|(name, ordinal, ..)| (moved.contains(name), *ordinal));
    let row = |(i, (name, _, data_type, ty)): (usize, (String, i64, String, String))| {
        let (at, data_type, ty) = if moved.contains(&name) {
            (-1, format!("ERROR(unknown CSL type:{OUT_OF_ORDER})"), OUT_OF_ORDER.to_owned())
        } else {
            (i as i64, data_type, ty)
        };
        let values = vec![Value::from(name), Value::Long(at), Value::from(data_type), Value::from(ty)];
        Row { values, ..Row::default() }
    };
    Ok(merged.into_iter().enumerate().map(row).collect())
}
