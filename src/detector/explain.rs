//! Why a rule did, or did not, match an event: every row stage with the values its expressions had.

use super::check::{self, CompiledRule, Finding, RuleFile, findings_json};
use super::feed::{CachedRow, TABLE};
use super::query::write_cell;
use super::{NamedTable, write_text};
use cloudtrail::table::aws_cloudtrail::EventRow;
use kql::diagnostic::Span;
use kql::exec::program::{Columns, Program, Step};
use kql::exec::row::{Evidence, Row};
use kql::exec::run::{Run, Table};
use kql::exec::stage::{self, CompiledStage};
use kql::exec::{Budget, ExecError};
use kql::plan::split::Leaf;
use kql::plan::{Expr, Stage};
use kql::value::{Type, Value, datetime, json};
use std::rc::Rc;

/// Of how many rows of one event the values are shown; an `mv-expand` can make more.
const MAX_ROWS: usize = 20;

/// Explains one rule on one event. One JSON object:
/// `{"rule","query","findings":[…],"leaves":[{"table","stages":[{"operator","start","end","rowsIn","rowsOut","passed",
/// "rows":[{"passed","steps":[{"start","end","value","type"}]}]}]}],"result":{"tick","rows"}}`.
///
/// `start` and `end` are bytes of the query. A stage stands in the order it runs in: filters that read the clock or another
/// table are not row stages and are not listed; `result` says how many rows the whole query yields for this event alone, at
/// the first tick whose window holds it. A step is the value of a sub-expression that was evaluated; what an `and`, `or`
/// or `case` did not need has none.
pub fn explain(rule_text: &str, record: &[u8], tables: &[NamedTable]) -> String {
    let file = RuleFile { file: String::new(), text: rule_text.to_owned() };
    let (compiled, findings) = check::compile_all(&[file], tables);
    let mut out = String::from("{");
    let Some(CompiledRule { rule, split, .. }) = compiled.first().map(|c| &**c) else {
        write_findings(&mut out, &findings);
        out.push('}');
        return out;
    };
    write_text(&mut out, "rule", &rule.name);
    out.push(',');
    write_text(&mut out, "query", &rule.query.text);
    out.push(',');
    write_findings(&mut out, &findings);
    let row = CachedRow::new(record);
    let mut results: Vec<Table> = Vec::new();
    out.push_str(",\"leaves\":[");
    for (i, leaf) in split.leaves.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        let mut explainer = Explainer { out: &mut out, stack: Vec::new(), budget: Budget::default() };
        results.push(Rc::new(explainer.leaf(leaf, &row)));
    }
    out.push_str("],\"result\":{");
    let tick = EventRow::new(record).time().map(|t| rule.schedule.first_holding(t));
    match tick {
        Some(tick) => write_text(&mut out, "tick", &datetime::format(tick)),
        None => out.push_str("\"tick\":null"),
    }
    match Run::new(tick.unwrap_or(0), &results, Budget::default()).table(&split.root) {
        Ok(rows) => out.push_str(&format!(",\"rows\":{}}}", rows.len())),
        Err(ExecError { message, .. }) => {
            out.push_str(",\"rows\":null,");
            write_text(&mut out, "error", &message);
            out.push('}');
        }
    }
    out.push('}');
    out
}

fn write_findings(out: &mut String, findings: &[Finding]) {
    out.push_str("\"findings\":");
    out.push_str(&findings_json(findings));
}

struct Explainer<'a> {
    out: &'a mut String,
    stack: Vec<Value>,
    budget: Budget,
}

impl Explainer<'_> {
    /// The stages of a leaf, and the rows that come out of the last.
    fn leaf(&mut self, leaf: &Leaf, record: &CachedRow<'_>) -> Vec<Row> {
        self.out.push('{');
        write_text(self.out, "table", &leaf.table);
        self.out.push_str(",\"stages\":[");
        let reads_events = &*leaf.table == TABLE;
        let values = leaf
            .needed
            .iter()
            .enumerate()
            .map(|(i, n)| if *n { record.column(i) } else { Value::Null })
            .collect();
        let mut rows = if reads_events { vec![Row { values, evidence: Evidence::None }] } else { Vec::new() };
        for (i, stage) in leaf.stages.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            rows = self.stage(stage, rows);
        }
        self.out.push_str("]}");
        rows
    }

    fn stage(&mut self, stage: &Stage, rows: Vec<Row>) -> Vec<Row> {
        let (name, expressions) = parts(stage);
        let span = expressions
            .iter()
            .map(|e| e.span)
            .reduce(|a, b| Span { start: a.start.min(b.start), end: a.end.max(b.end) });
        let span = span.unwrap_or_default();
        self.out.push('{');
        write_text(self.out, "operator", name);
        self.out.push_str(&format!(
            ",\"start\":{},\"end\":{},\"rowsIn\":{},\"rows\":[",
            span.start,
            span.end,
            rows.len()
        ));
        let compiled: Vec<CompiledStage> = CompiledStage::local(stage).into_iter().collect();
        let programs: Vec<Program> = expressions.iter().map(|e| Program::new(e)).collect();
        let count = rows.len();
        let mut made = Vec::new();
        for (i, row) in rows.into_iter().enumerate() {
            let mut steps = Vec::new();
            if i < MAX_ROWS {
                programs.iter().for_each(|p| drop(p.trace(&row.values, &mut steps)));
            }
            let before = made.len();
            // What runs out of budget is cut: this is a view of one event.
            let _ = stage::run(&compiled, row, &mut self.budget, &mut self.stack, &mut |row| made.push(row));
            if i < MAX_ROWS {
                self.row(i, made.len() > before, &steps);
            }
        }
        self.out.push_str(&format!(
            "],\"rowsOut\":{},\"passed\":{}}}",
            made.len(),
            !made.is_empty() || count == 0
        ));
        made
    }

    fn row(&mut self, index: usize, passed: bool, steps: &[Step]) {
        if index > 0 {
            self.out.push(',');
        }
        self.out.push_str(&format!("{{\"passed\":{passed},\"steps\":["));
        for (i, Step { span, value }) in steps.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.out.push_str(&format!("{{\"start\":{},\"end\":{},\"value\":", span.start, span.end));
            write_cell(self.out, value, Type::Dynamic);
            self.out.push_str(",\"type\":");
            json::write_string(self.out, value.own_type().map_or("null", Type::name));
            self.out.push('}');
        }
        self.out.push_str("]}");
    }
}

/// A stage's name and the expressions it evaluates.
fn parts(stage: &Stage) -> (&'static str, Vec<&Expr>) {
    match stage {
        Stage::Where(e) => ("where", vec![e]),
        Stage::Extend(sets) => ("extend", sets.iter().map(|(_, e)| e).collect()),
        Stage::Project(values) => ("project", values.iter().collect()),
        Stage::MvExpand(m) => ("mv-expand", m.items.iter().map(|(e, ..)| e).collect()),
        Stage::Parse(p) => ("parse", vec![&p.source]),
        Stage::ParseKv(p) => ("parse-kv", vec![&p.source]),
    }
}
