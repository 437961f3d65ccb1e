//! Tables that a caller supplies: their schema as text, their rows as CSV or NDJSON.

use super::check::Finding;
use cloudtrail::table::user::{UserTable, parse_schema};

/// How many problems of one table are told.
const MAX_TOLD: usize = 10;

/// A table a user supplies.
#[derive(Clone, Debug)]
pub struct NamedTable {
    /// The name queries use.
    pub name: String,
    /// Its columns and rows.
    pub table: UserTable,
}

impl NamedTable {
    /// Reads a table. A detection over half a table would be a wrong answer: whatever cannot be read is an error.
    pub fn read(name: &str, schema: &str, text: &[u8]) -> Result<NamedTable, Vec<Finding>> {
        let finding = |line: usize, column: usize, message: String| Finding {
            file: format!("table {name}"),
            rule: None,
            severity: "error",
            code: "FP402",
            message,
            hint: None,
            line,
            column,
        };
        let columns = parse_schema(schema).map_err(|problems| {
            let told = problems.into_iter().take(MAX_TOLD);
            told.map(|p| finding(1, p.at.start + 1, format!("the schema: {}", p.message))).collect::<Vec<_>>()
        })?;
        let (table, problems) = UserTable::read(columns, text);
        if problems.is_empty() {
            return Ok(NamedTable { name: name.to_owned(), table });
        }
        let line = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Err(problems.into_iter().take(MAX_TOLD).map(|p| finding(line(p.line), 1, p.message)).collect())
    }
}
