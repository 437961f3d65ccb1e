//! Answers to queries: rows, or the error.

use super::{Object, write_array};
use crate::detector::{QueryError, Table};
use kql::diagnostic::{Diagnostic, Span};
use kql::value::{Type, Value, json, text};

/// How long the text of an answer may be. Kusto's own limit is 64 MB.
pub const MAX_ANSWER: usize = 128 << 20;

/// An answer as a JSON object: `{"columns":[{"name","type"}],"rows":[[…]]}` or `{"error":{…}}`.
pub fn answer(answer: &Result<Table, QueryError>) -> String {
    let mut out = String::from("{");
    write_answer(&mut out, answer);
    out.push('}');
    out
}

/// Writes the members of an answer, without the braces around them.
pub fn write_answer(out: &mut String, answer: &Result<Table, QueryError>) {
    let start = out.len();
    let error = match answer {
        Ok(table) if write_table(out, table) => return,
        Ok(_) => {
            out.truncate(start);
            let limit = MAX_ANSWER >> 20;
            &QueryError {
                code: "E_QUERY_RESULT_SET_TOO_LARGE",
                message: format!("The result exceeds {limit} MiB; return fewer rows or columns."),
            }
        }
        Err(error) => error,
    };
    out.push_str("\"error\":");
    write_diagnostic(out, &Diagnostic::error(error.code, &*error.message, Span::default()));
}

/// Writes a diagnostic as a JSON object; `start` and `end` are bytes.
pub fn write_diagnostic(out: &mut String, d: &Diagnostic) {
    let mut object = Object::begin(out);
    object.text("severity", d.severity.name());
    object.text("code", d.code);
    object.text("message", &d.message);
    object.optional_text("hint", d.hint.as_deref());
    object.plain("start", d.span.start);
    object.plain("end", d.span.end);
    object.end();
}

/// Writes columns and rows, each cell in its type's JSON form. False if that is too much.
fn write_table(out: &mut String, table: &Table) -> bool {
    out.push_str("\"columns\":");
    write_array(out, &table.columns, |out, column| {
        let mut object = Object::begin(out);
        object.text("name", &column.name);
        object.text("type", column.ty.name());
        object.end();
    });
    let mut fits = true;
    out.push_str(",\"rows\":");
    write_array(out, &table.rows, |out, row| {
        fits &= out.len() <= MAX_ANSWER;
        if fits {
            write_array(out, row.iter().zip(&table.columns), |out, (value, column)| {
                write_cell(out, value, column.ty);
            });
        }
    });
    fits
}

/// Writes one cell: numbers and bools as JSON, decimals, guids, times and not-finite reals as text, a dynamic as the
/// JSON it holds.
pub fn write_cell(out: &mut String, value: &Value, ty: Type) {
    match (value, ty) {
        (Value::Null, _) => out.push_str("null"),
        (_, Type::Dynamic) => json::write(out, value),
        (Value::Int(_) | Value::Long(_), _) => out.push_str(&text::scalar(value)),
        (Value::Real(_) | Value::Bool(_), _) => json::write(out, value),
        (Value::String(s), _) => json::write_string(out, s),
        _ => json::write_string(out, &text::scalar(value)),
    }
}
