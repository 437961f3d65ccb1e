//! Tables that a caller supplies: their schema as text, their rows as CSV or NDJSON.

use super::{Finding, RuleErrors};
use cloudtrail::table::user::{SchemaProblem, UserTable, parse_schema};
use kql::diagnostic::Severity;

/// How many problems of one table are reported.
const MAX_REPORTED: usize = 10;

/// A table a user supplies.
#[derive(Clone, Debug)]
pub struct NamedTable {
    /// The name queries use.
    pub name: String,
    /// Its columns and rows.
    pub table: UserTable,
}

impl NamedTable {
    /// Reads a table. A detection over half a table would be a wrong answer: whatever cannot be read is an error. The data may lack
    /// columns of a `partial` table, but not all of them.
    pub fn read(name: &str, schema: &str, text: &[u8], partial: bool) -> Result<NamedTable, RuleErrors> {
        let finding = |line: usize, column: usize, message: String| Finding {
            file: format!("table {name}"),
            rule: None,
            severity: Severity::Error,
            code: "FP402",
            message,
            hint: None,
            line,
            column,
        };
        let line = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let (table, problems) = match parse_schema(schema) {
            Ok(columns) => UserTable::read(columns, text, partial),
            Err(problems) => {
                let reported = problems.into_iter().take(MAX_REPORTED);
                let of = |p: SchemaProblem| finding(1, p.at.start + 1, format!("the schema: {}", p.message));
                return Err(RuleErrors { findings: reported.map(of).collect() });
            }
        };
        if problems.is_empty() {
            return Ok(NamedTable { name: name.to_owned(), table });
        }
        let reported = problems.into_iter().take(MAX_REPORTED);
        Err(RuleErrors { findings: reported.map(|p| finding(line(p.line), 1, p.message)).collect() })
    }
}
