//! `forepost query --batch`: a line with a query in, a line with the answer out.

use super::json;
use crate::detector::QueryRun;
use kql::diagnostic::{Diagnostic, Severity, Span};
use kql::value::json::{lossy, minify};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct BatchLine<'a> {
    /// Any JSON value: the answer repeats it.
    #[serde(borrow)]
    id: &'a RawValue,
    query: String,
}

/// Answers one `{"id","query"}` line with one line: the rows, or the error. A bad query never ends a batch.
pub fn query_batch_line(line: &str, now: i64) -> String {
    let invalid = |message: String| Diagnostic::error("FP401", message, Span::default());
    let BatchLine { id, query } = match serde_json::from_str(line) {
        Ok(read) => read,
        Err(e) => return json::batch_error("null", &invalid(format!("the line is not a batch query: {e}"))),
    };
    let id = lossy(minify(id.get().as_bytes()));
    // Without inputs each reading of them is over at once.
    let bound = QueryRun::rereading(&query, now, &crate::detector::Context::default()).and_then(|mut run| {
        while run.reads_again() {
            run.read_again()?;
        }
        Ok(run)
    });
    match bound {
        Ok(mut run) => {
            let mut out = format!("{{\"id\":{id},");
            json::write_answer(&mut out, &run.result());
            out.push('}');
            out
        }
        Err(errors) => {
            let first = errors.diagnostics.into_iter().find(|d| d.severity == Severity::Error);
            json::batch_error(&id, &first.unwrap_or_else(|| invalid("The query has no result.".to_owned())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::query_batch_line;

    /// It has the order and the digits that it came with, and no line breaks.
    #[test]
    fn a_batch_line_gives_its_id_back() {
        for (id, want) in [
            ("12345678901234567890123", "12345678901234567890123"),
            ("1.50e3", "1.50e3"),
            ("{ \"z\" : [ 1,\n2 ],\t\"a b\" : null }", "{\"z\":[1,2],\"a b\":null}"),
            ("\"\\u00e9\"", "\"\\u00e9\""),
        ] {
            let answer = query_batch_line(&format!("{{\"id\": {id}, \"query\": \"print 1\"}}"), 0);
            assert!(answer.starts_with(&format!("{{\"id\":{want},\"columns\":")), "{answer}");
        }
        for none in ["", "01", "[1", "\"\u{1}\"", "nul"] {
            let answer = query_batch_line(&format!("{{\"id\": {none}, \"query\": \"print 1\"}}"), 0);
            assert!(answer.starts_with("{\"id\":null,\"error\":"), "{answer}");
        }
    }
}
