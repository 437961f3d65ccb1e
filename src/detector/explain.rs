//! Why a rule did, or did not, match an event: every row stage with the values its expressions had.

use super::check::{self, CompiledRule, Finding, RuleFile};
use super::feed::{CachedRow, TABLE};
use super::{NamedTable, RuleErrors};
use cloudtrail::table::aws_cloudtrail::EventRow;
use kql::diagnostic::Span;
use kql::exec::program::{Program, Scratch};
use kql::exec::row::{Evidence, Row};
use kql::exec::run::{Run, Table};
use kql::exec::stage::{self, CompiledStage};
use kql::exec::{Budget, ExecError};
use kql::plan::split::Leaf;
use kql::plan::{Expr, Stage};
use kql::value::Value;
use std::rc::Rc;

/// Of how many rows of one event the values are shown; an `mv-expand` can make more.
const MAX_ROWS: usize = 20;

/// What a rule makes of one event.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The rule's name.
    pub rule: String,
    /// The rule's query; spans are bytes of it.
    pub query: String,
    /// What is odd about the rule.
    pub findings: Vec<Finding>,
    /// The places where the query reads a table, with the row stages of each.
    pub inputs: Vec<ExplainedInput>,
    /// The first tick whose window holds the event; `None` if the event has no readable time.
    pub tick: Option<i64>,
    /// How many rows the whole query yields at that tick for this event alone, or why it failed.
    pub rows: Result<usize, ExecError>,
}

/// A table that the query reads.
#[derive(Clone, Debug)]
pub struct ExplainedInput {
    /// The table's name.
    pub table: String,
    /// The row stages in the order they run in. A filter that reads the clock or another table is not a row stage.
    pub stages: Vec<ExplainedStage>,
}

/// A row stage.
#[derive(Clone, Debug)]
pub struct ExplainedStage {
    /// `where`, `extend` …
    pub operator: &'static str,
    /// Where its expressions stand in the query.
    pub span: Span,
    /// How many rows went in.
    pub rows_in: usize,
    /// The first rows that went in.
    pub rows: Vec<ExplainedRow>,
    /// How many rows came out.
    pub rows_out: usize,
}

impl ExplainedStage {
    /// Whether a row came out, or none went in.
    pub fn passed(&self) -> bool {
        self.rows_out > 0 || self.rows_in == 0
    }
}

/// A row that went into a stage.
#[derive(Clone, Debug)]
pub struct ExplainedRow {
    /// Whether a row came out for it.
    pub passed: bool,
    /// The sub-expressions that were evaluated. What an `and`, `or` or `case` did not need is not among them.
    pub steps: Vec<ExplainedStep>,
}

/// A sub-expression and the value it had.
#[derive(Clone, Debug)]
pub struct ExplainedStep {
    /// Where it stands in the query.
    pub span: Span,
    /// Its value.
    pub value: Value,
}

/// Explains one rule on one event.
pub fn explain(rule_text: &str, record: &[u8], tables: &[NamedTable]) -> Result<Explanation, RuleErrors> {
    let file = RuleFile { file: String::new(), text: rule_text.to_owned() };
    let (compiled, findings) = check::compile_all(&[file], tables);
    let Some(CompiledRule { rule, split, .. }) = compiled.first().map(|c| &**c) else {
        return Err(RuleErrors { findings });
    };
    let row = CachedRow::new(record);
    let mut explainer = Explainer { scratch: Scratch::default(), budget: Budget::default() };
    let mut inputs = Vec::new();
    let mut results: Vec<Table> = Vec::new();
    for leaf in &split.leaves {
        explainer.budget = Budget::default();
        let (input, rows) = explainer.input(leaf, &row);
        inputs.push(input);
        results.push(Rc::new(rows));
    }
    let tick = EventRow::new(record).time().map(|t| rule.schedule.first_holding(t));
    let rows = Run::new(tick.unwrap_or(0), &results, Budget::default()).table(&split.root);
    Ok(Explanation {
        rule: rule.name.clone(),
        query: rule.query.text.clone(),
        findings,
        inputs,
        tick,
        rows: rows.map(|rows| rows.len()),
    })
}

struct Explainer {
    scratch: Scratch,
    budget: Budget,
}

impl Explainer {
    /// The stages of a leaf, and the rows that come out of the last.
    fn input(&mut self, leaf: &Leaf, record: &CachedRow<'_>) -> (ExplainedInput, Vec<Row>) {
        let mut rows = Vec::new();
        if &*leaf.table == TABLE {
            rows.push(Row { values: record.needed(&leaf.needed), evidence: Evidence::None });
        }
        let mut stages = Vec::new();
        for stage in &leaf.stages {
            let (explained, made) = self.stage(stage, rows);
            stages.push(explained);
            rows = made;
        }
        (ExplainedInput { table: leaf.table.to_string(), stages }, rows)
    }

    fn stage(&mut self, stage: &Stage, rows: Vec<Row>) -> (ExplainedStage, Vec<Row>) {
        let expressions = expressions(stage);
        let span = expressions
            .iter()
            .map(|e| e.span)
            .reduce(|a, b| Span { start: a.start.min(b.start), end: a.end.max(b.end) });
        let compiled: Vec<CompiledStage> = CompiledStage::local(stage).into_iter().collect();
        let programs: Vec<Program> = expressions.iter().map(|e| Program::traceable(e)).collect();
        let rows_in = rows.len();
        let (mut made, mut shown) = (Vec::new(), Vec::new());
        for (i, row) in rows.into_iter().enumerate() {
            let mut steps = Vec::new();
            if i < MAX_ROWS {
                programs.iter().for_each(|p| drop(p.trace(&row.values, &mut steps)));
            }
            let before = made.len();
            // A row that exceeds the budget is cut short: this is a view of one event, not an answer.
            let _ =
                stage::run(&compiled, row, &mut self.budget, &mut self.scratch, &mut |row| made.push(row));
            if i < MAX_ROWS {
                let steps =
                    steps.into_iter().map(|s| ExplainedStep { span: s.span, value: s.value }).collect();
                shown.push(ExplainedRow { passed: made.len() > before, steps });
            }
        }
        // A stage without expressions has no span.
        let span = span.unwrap_or(Span { start: 0, end: 0 });
        (
            ExplainedStage { operator: stage.operator(), span, rows_in, rows: shown, rows_out: made.len() },
            made,
        )
    }
}

/// The expressions that a stage evaluates.
fn expressions(stage: &Stage) -> Vec<&Expr> {
    match stage {
        Stage::Where(e) => vec![e],
        Stage::Extend(sets) => sets.iter().map(|(_, e)| e).collect(),
        Stage::Project(values) => values.iter().collect(),
        Stage::MvExpand(m) => m.items.iter().map(|(e, ..)| e).collect(),
        Stage::Parse(p) => vec![&p.source],
        Stage::ParseKv(p) => vec![&p.source],
    }
}
