//! What two detectors must share before one takes over what the other found: the build of the engine, and what both were asked.

use super::{Context, RuleFile};
use crate::rule;
use kql::value::{Column, codec};

/// The build of the engine: a hash of its sources, which `build.rs` makes.
pub const BUILD: &str = env!("FOREPOST_BUILD");

/// Names rules with what they refer to.
pub fn of_rules(files: &[RuleFile], context: &Context) -> String {
    of(b"rules", files.iter().map(|file| file.text.as_bytes().to_vec()).collect(), context)
}

/// Names a query at a time with what it refers to, and the columns that earlier readings of its inputs have shown.
pub fn of_query(kql: &str, now: i64, context: &Context, found: &[Vec<Column>]) -> String {
    let mut parts = vec![kql.as_bytes().to_vec(), now.to_le_bytes().to_vec()];
    parts.extend(found.iter().map(|columns| columns_text(columns).into_bytes()));
    of(b"query", parts, context)
}

fn columns_text(columns: &[Column]) -> String {
    columns.iter().map(|column| format!("\n{}:{}", column.name, column.ty.name())).collect()
}

fn of(kind: &[u8], mut parts: Vec<Vec<u8>>, context: &Context) -> String {
    parts.push(kind.to_vec());
    for table in &context.tables {
        let mut bytes = table.name.as_bytes().to_vec();
        bytes.extend_from_slice(columns_text(&table.table.columns).as_bytes());
        table.table.rows.iter().for_each(|row| codec::write_row(row, &mut bytes));
        parts.push(bytes);
    }
    for function in &context.functions {
        parts.push(function.name().as_bytes().to_vec());
        parts.push(function.source().as_bytes().to_vec());
    }
    rule::uuid(parts.iter().map(Vec::as_slice))
}
