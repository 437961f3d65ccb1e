//! A table inside a query.

use kql::value::Type;

/// A datatable of these columns with these cells, row by row.
pub fn datatable(columns: &[(&str, Type)], cells: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|(name, ty)| format!("{name}:{}", ty.name())).collect();
    format!("datatable({})[{}]", columns.join(", "), cells.join(", "))
}
