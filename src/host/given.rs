//! What hosts give as JSON: rule files, and the tables and functions that rules and queries can refer to.

use super::json;
#[cfg(feature = "js")]
use crate::detector::Finding;
use crate::detector::{Context, NamedTable, RuleErrors, RuleFile};
#[cfg(feature = "js")]
use kql::diagnostic::Severity;
#[cfg(feature = "js")]
use kql::value::{Column, Type};
use serde::Deserialize;

/// A file of rules or functions.
#[derive(Deserialize)]
pub(super) struct File {
    file: String,
    text: String,
}

/// A table besides `AWSCloudTrail`.
#[derive(Deserialize)]
pub(super) struct Table {
    name: String,
    schema: String,
    text: String,
    /// Whether the data may lack columns of the schema.
    #[serde(default)]
    partial: bool,
}

/// What rules and queries can refer to.
#[cfg(feature = "js")]
#[derive(Deserialize)]
struct Given {
    tables: Vec<Table>,
    functions: Vec<File>,
}

/// A refusal as JSON text.
pub(super) fn refusal(errors: RuleErrors) -> String {
    json::findings(&errors.findings)
}

/// The files as the engine takes them.
pub(super) fn files(given: Vec<File>) -> Vec<RuleFile> {
    given.into_iter().map(|File { file, text }| RuleFile { file, text }).collect()
}

/// The tables and functions as the engine takes them.
pub(super) fn context(tables: &[Table], functions: Vec<File>) -> Result<Context, RuleErrors> {
    let read = |t: &Table| NamedTable::read(&t.name, &t.schema, t.text.as_bytes(), t.partial);
    let mut context = Context::of_tables(tables.iter().map(read).collect::<Result<Vec<_>, _>>()?);
    files(functions).iter().try_for_each(|file| context.add_functions(file))?;
    Ok(context)
}

#[cfg(feature = "js")]
pub(super) fn rule_files(json: &str) -> Result<Vec<RuleFile>, String> {
    serde_json::from_str(json).map(files).map_err(|error| error.to_string())
}

#[cfg(feature = "js")]
pub(super) fn given_context(json: &str) -> Result<Context, RuleErrors> {
    let Given { tables, functions } = serde_json::from_str(json).map_err(|error| not_of_the_form(&error))?;
    context(&tables, functions)
}

/// The columns that a query's earlier readings have shown, as [`json::found_columns`] writes them.
#[cfg(feature = "js")]
pub(super) fn columns_found(json: &str) -> Result<Vec<Vec<Column>>, String> {
    let plugins: Vec<Vec<(String, String)>> = serde_json::from_str(json).map_err(|e| e.to_string())?;
    let column =
        |(name, ty): &(String, String)| Column::new(name, Type::from_name(ty).unwrap_or(Type::Dynamic));
    Ok(plugins.iter().map(|columns| columns.iter().map(column).collect()).collect())
}

#[cfg(feature = "js")]
fn not_of_the_form(error: &serde_json::Error) -> RuleErrors {
    let finding = Finding {
        file: "context".to_owned(),
        rule: None,
        severity: Severity::Error,
        code: "FP402",
        message: format!("the tables and functions are not JSON of the right form: {error}"),
        hint: None,
        line: error.line(),
        column: error.column(),
    };
    RuleErrors { findings: vec![finding] }
}
