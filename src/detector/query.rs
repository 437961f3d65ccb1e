//! One query over inputs, without a rule or a schedule.

use super::check::catalog;
use super::feed::{Feed, Keep};
use super::{NamedTable, write_text};
use kql::diagnostic::{Diagnostic, Severity};
use kql::exec::fold::{Fold, folds};
use kql::exec::late::compile;
use kql::exec::run::{Run, Table};
use kql::exec::{Budget, ExecError};
use kql::plan::Plan;
use kql::plan::split::split;
use kql::value::{Column, Type, Value, json, text};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;
use std::rc::Rc;

/// How long the text of an answer may be. Kusto's own limit is 64 MB.
const MAX_ANSWER: usize = 128 << 20;

/// A query that reads inputs and then answers.
pub struct QueryRun {
    feed: Feed,
    root: Rc<Plan>,
    columns: Vec<Column>,
    leaves: Range<usize>,
    /// What takes rows away before the end.
    folds: Vec<Fold>,
    /// How many bytes are read before rows are taken away. Gzip can hold a thousand times as many, so it is as few as it takes
    /// to see some [`PART_ROWS`] at once.
    part: usize,
    now: i64,
}

const LEAST_PART: usize = 1 << 10;
const FIRST_PART: usize = 16 << 10;
const MOST_PART: usize = 1 << 20;
const PART_ROWS: usize = 16 << 10;

impl QueryRun {
    /// A run of a query at a time (what `now()` is, in ticks) over events and the user's tables. The error is every
    /// diagnostic of the query.
    pub fn new(kql: &str, now: i64, tables: &[NamedTable]) -> Result<QueryRun, Vec<Diagnostic>> {
        let compiled = compile(kql, &catalog(tables));
        let Some(query) = compiled.query else { return Err(compiled.diagnostics) };
        let columns = query.plan.columns.clone();
        let split = split(&query.plan);
        let mut feed = Feed::new(Keep::Rows);
        let leaves = feed.add(&split.leaves, tables);
        let folds = folds(&split.root, now, Budget::default());
        Ok(QueryRun { feed, root: split.root, columns, leaves, folds, part: FIRST_PART, now })
    }

    /// Whether the query reads events at all.
    pub fn reads_events(&self) -> bool {
        !self.leaves.is_empty()
    }

    /// Turns the prefilter off: every event goes through every filter. It changes the time and nothing else.
    pub fn evaluate_everything(&mut self) {
        self.feed.evaluate_everything();
    }

    /// Takes bytes of the current input, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (part, more) = rest.split_at(rest.len().min(self.part));
            let before = self.waiting_rows();
            self.feed.push(part);
            self.part = match self.waiting_rows().saturating_sub(before) {
                0..PART_ROWS => (self.part * 2).min(MOST_PART),
                _ => (self.part / 2).max(LEAST_PART),
            };
            self.fold(false);
            rest = more;
        }
    }

    /// How many rows wait to be taken away.
    fn waiting_rows(&self) -> usize {
        self.folds.iter().map(|fold| self.feed.waiting_rows(self.leaves.start + fold.leaf())).sum()
    }

    /// The current input ended.
    pub fn end_input(&mut self) {
        self.feed.end_input();
    }

    /// The answer over all inputs: `{"columns":[{"name","type"}],"rows":[[…]]}` or `{"error":{…}}`. Asking again
    /// without further input yields the answer over none.
    pub fn result(&mut self) -> String {
        self.feed.end_input();
        let mut out = String::from("{");
        self.answer(&mut out);
        out.push('}');
        out
    }

    /// Hands the rows of leaves on to what folds them: where there are enough, or all.
    fn fold(&mut self, all: bool) {
        for fold in &mut self.folds {
            let leaf = self.leaves.start + fold.leaf();
            if all || self.feed.waiting_rows(leaf) >= fold.batch() {
                fold.add(self.feed.take_rows(leaf));
            }
        }
    }

    fn answer(&mut self, out: &mut String) {
        let error = |out: &mut String, code, message: String| {
            write_error(out, &Diagnostic::error(code, message, Default::default()));
        };
        if self.feed.dropped() > 0 {
            // What is left of the rows would be a wrong answer.
            return error(
                out,
                "E_RUNAWAY_QUERY",
                "The query keeps more rows than fit into memory; filter earlier or project fewer columns."
                    .to_owned(),
            );
        }
        self.fold(true);
        let folded = std::mem::replace(&mut self.folds, folds(&self.root, self.now, Budget::default()));
        let tables: Vec<Table> = self.leaves.clone().map(|leaf| self.feed.take_rows(leaf)).collect();
        let mut run = Run::new(self.now, &tables, Budget::default());
        let folded = folded.into_iter().try_for_each(|fold| {
            let (step, rows) = fold.finish()?;
            run.provide(&step, rows);
            Ok(())
        });
        match folded.and_then(|()| run.table(&self.root)) {
            Ok(rows) => {
                let start = out.len();
                if !write_rows(out, &self.columns, rows.iter().map(|r| r.values.as_slice())) {
                    out.truncate(start);
                    let message =
                        format!("The result exceeds {} MiB; return fewer rows or columns.", MAX_ANSWER >> 20);
                    error(out, "E_QUERY_RESULT_SET_TOO_LARGE", message);
                }
            }
            Err(ExecError { code, message }) => error(out, code, message),
        }
    }

    /// What could not be read since the last call, one JSON object a line.
    pub fn take_problems(&mut self) -> String {
        self.feed.take_problems()
    }

    /// Counters, as one JSON object.
    pub fn stats(&self) -> String {
        self.feed.stats() + "}"
    }
}

#[derive(Deserialize)]
struct BatchLine<'a> {
    /// Whatever it is: it is given back.
    #[serde(borrow)]
    id: &'a RawValue,
    query: String,
}

/// Answers one `{"id","query"}` line with one line: the rows, or the error. A bad query never ends a batch.
pub fn query_batch_line(line: &str, now: i64) -> String {
    let BatchLine { id, query } = match serde_json::from_str(line) {
        Ok(read) => read,
        Err(e) => {
            let mut out = String::from("{\"id\":null,");
            write_error(
                &mut out,
                &Diagnostic::error(
                    "FP401",
                    format!("the line is not a batch query: {e}"),
                    Default::default(),
                ),
            );
            out.push('}');
            return out;
        }
    };
    let mut out = format!("{{\"id\":{},", json::lossy(json::minify(id.get().as_bytes())));
    match QueryRun::new(&query, now, &[]) {
        Ok(mut run) => run.answer(&mut out),
        Err(diagnostics) => {
            let first = diagnostics.iter().find(|d| d.severity == Severity::Error);
            let unknown = Diagnostic::error("FP401", "The query has no result.", Default::default());
            write_error(&mut out, first.unwrap_or(&unknown));
        }
    }
    out.push('}');
    out
}

fn write_error(out: &mut String, d: &Diagnostic) {
    out.push_str("\"error\":");
    write_diagnostic(out, d);
}

/// Writes a diagnostic as a JSON object; `start` and `end` are bytes.
pub fn write_diagnostic(out: &mut String, d: &Diagnostic) {
    out.push('{');
    write_text(out, "severity", d.severity.name());
    out.push(',');
    write_text(out, "code", d.code);
    out.push(',');
    write_text(out, "message", &d.message);
    out.push(',');
    match &d.hint {
        Some(hint) => write_text(out, "hint", hint),
        None => out.push_str("\"hint\":null"),
    }
    out.push_str(&format!(",\"start\":{},\"end\":{}}}", d.span.start, d.span.end));
}

/// Writes columns and rows, each cell in its type's JSON form. False if that is too much.
pub fn write_rows<'a>(out: &mut String, columns: &[Column], rows: impl Iterator<Item = &'a [Value]>) -> bool {
    out.push_str("\"columns\":[");
    for (i, c) in columns.iter().enumerate() {
        out.push_str(if i > 0 { ",{" } else { "{" });
        write_text(out, "name", &c.name);
        out.push(',');
        write_text(out, "type", c.ty.name());
        out.push('}');
    }
    out.push_str("],\"rows\":[");
    for (i, row) in rows.enumerate() {
        if out.len() > MAX_ANSWER {
            return false;
        }
        out.push_str(if i > 0 { ",[" } else { "[" });
        for (j, (value, column)) in row.iter().zip(columns).enumerate() {
            if j > 0 {
                out.push(',');
            }
            write_cell(out, value, column.ty);
        }
        out.push(']');
    }
    out.push(']');
    true
}

/// Writes one cell: numbers and bools as JSON, decimals, guids, times and not-finite reals as text, a dynamic as the
/// JSON it holds.
pub fn write_cell(out: &mut String, value: &Value, ty: Type) {
    match (value, ty) {
        (Value::Null, _) => out.push_str("null"),
        (_, Type::Dynamic) => json::write(out, value),
        (Value::Int(_) | Value::Long(_), _) => out.push_str(&text::scalar(value)),
        (Value::Real(r), _) if r.is_finite() => json::write(out, value),
        (Value::Bool(_), _) => json::write(out, value),
        (Value::String(s), _) => json::write_string(out, s),
        _ => json::write_string(out, &text::scalar(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, FIRST_PART, QueryRun, folds, query_batch_line};
    use std::io::Write;

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

    /// A part of a gzip file can hold a thousand times as much: rows are taken away all the same.
    #[test]
    fn much_in_few_bytes_is_taken_in_smaller_parts() {
        let events = "{\"eventVersion\":\"1\",\"eventSource\":\"s\",\"eventName\":\"E\"}\n".repeat(100_000);
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        assert!(zipped.write_all(events.as_bytes()).is_ok());
        let zipped = zipped.finish().unwrap_or_default();
        let parts = [&zipped[..], events.as_bytes()].map(|bytes| {
            let mut run = QueryRun::new("AWSCloudTrail | count", 0, &[]).unwrap_or_else(|d| panic!("{d:?}"));
            run.push(bytes);
            let part = run.part;
            assert!(run.result().ends_with("\"rows\":[[100000]]}"));
            part
        });
        assert!(parts[0] < FIRST_PART && parts[1] > FIRST_PART, "{parts:?} of {} bytes", zipped.len());
    }

    /// What keeps little answers over any number of events; what keeps everything says that it is too much.
    #[test]
    fn what_is_kept_of_many_events_is_bounded() {
        let answer = |query: &str| {
            let query = format!("AWSCloudTrail | extend s = strrep(AwsEventId, 100) | {query}");
            let mut run = QueryRun::new(&query, 0, &[]).unwrap_or_else(|d| panic!("{query}: {d:?}"));
            run.folds = folds(&run.root, 0, Budget { cells: 10_000 });
            for i in 0..5_000 {
                let event = format!(
                    "{{\"eventVersion\":\"1\",\"eventSource\":\"s\",\"eventName\":\"E{}\",\"eventID\":\"{i}\"}}\n",
                    i % 7
                );
                run.push(event.as_bytes());
            }
            run.result()
        };
        for little in [
            "summarize n = count(), dcount(EventName), make_set(s, 9) by EventName | count",
            "top 7 by s | count",
        ] {
            assert!(answer(little).ends_with("\"rows\":[[7]]}"), "{little}: {}", answer(little));
        }
        let everything = [
            "summarize make_list(s)",
            "summarize count() by s",
            "distinct s",
            "top 10000 by s",
            "take 10000",
            "summarize dcount(s)",
        ];
        for much in everything {
            assert!(answer(much).contains("E_RUNAWAY_QUERY"), "{much}: {:.300}", answer(much));
        }
    }
}
