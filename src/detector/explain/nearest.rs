//! Which events of a log came nearest to a rule, and which filters turned them away.
//!
//! Every filter of an event's own columns is asked of every event, also behind one that said no: an event that only one filter
//! turns away is nearer than one that two do, wherever the filters stand.

use super::super::cached_row::CachedRow;
use super::super::check::{self, CompiledRule};
use super::super::feed::TABLE;
use super::super::{Context, Detector, Options, Problem, RuleErrors, RuleFile, Stats};
use super::minified;
use crate::rule::evidence;
use cloudtrail::source::{self, Record, Sink};
use cloudtrail::table::logs::Log;
use indexmap::IndexMap;
use kql::bind::Catalog;
use kql::diagnostic::{Diagnostic, Span};
use kql::exec::Budget;
use kql::exec::late::compile;
use kql::exec::program::{Columns, Program, Scratch};
use kql::exec::row::{Event, Evidence, Row};
use kql::exec::stage::{self, CompiledStage};
use kql::plan::split::{conjuncts, split};
use kql::plan::{Expr, ExprKind, Stage};
use kql::value::{Value, text};
use memchr::memmem;
use std::rc::Rc;

/// How many groups are counted by themselves.
const MAX_GROUPS: usize = 1000;
/// How many values of a group are counted by themselves.
const MAX_VALUES: usize = 50;
/// How many filters that failed tell one group from another.
const MAX_FAILING: usize = 3;
/// How many rows of one event are looked at: `mv-expand` can make many.
const MAX_ROWS: usize = 100;
/// How many bytes of candidates are kept.
const MAX_KEPT: usize = 256 << 20;

/// Reads a log and counts.
pub struct Nearest {
    /// Finds the candidates: the events that pass all filters of their own columns.
    detector: Detector,
    candidates: Vec<u8>,
    complete: bool,
    state: State,
}

struct State {
    inputs: Vec<Input>,
    wanted: Option<Wanted>,
    groups: IndexMap<Vec<Span>, Group>,
    events: u64,
    matching: u64,
    passing: u64,
    ungrouped: u64,
    found: Option<Box<[u8]>>,
    scratch: Scratch,
}

/// Which event is looked for, or which events are looked at.
pub enum Wanted {
    /// The one with this `eventID`.
    Id(String),
    /// The one at this place, from 1.
    Number(u64),
    /// Those where this holds.
    Where(Box<Program>),
}

/// A place where the query reads events, or the records of another log: filters and what stands between them.
struct Input {
    log: Option<Log>,
    needed: Vec<bool>,
    steps: Vec<StepOf>,
}

enum StepOf {
    /// The parts of a filter that are joined by `and`.
    Filters(Vec<Filter>),
    Other(Span, CompiledStage),
}

struct Filter {
    span: Span,
    program: Program,
    /// The columns that it reads.
    columns: Program,
}

/// Events that the same filters turned away.
#[derive(Clone, Debug)]
pub struct Group {
    /// The filters, in the order of the text.
    pub failing: Vec<Failing>,
    /// How many filters turned each away; more than are named.
    pub filters: usize,
    /// How many events.
    pub events: u64,
    /// One of them: its record.
    pub example: Box<[u8]>,
}

/// A filter that turned events away.
#[derive(Clone, Debug)]
pub struct Failing {
    /// Where it stands.
    pub span: Span,
    /// What it read, and how often: the most frequent first.
    pub values: Vec<(String, u64)>,
    /// Events with other values.
    pub others: u64,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct NearestReport {
    /// Events read.
    pub events: u64,
    /// Those that were looked at: all, unless a condition chose.
    pub matching: u64,
    /// Those that pass every filter of their own columns.
    pub passing: u64,
    /// The nearest groups first.
    pub groups: Vec<Group>,
    /// Events in no group, because there are too many groups.
    pub ungrouped: u64,
    /// The event that was looked for.
    pub found: Option<Box<[u8]>>,
}

impl Nearest {
    /// For a rule, over all events or over what is wanted.
    pub fn new(rule: &str, wanted: Option<Wanted>, context: &Context) -> Result<Nearest, RuleErrors> {
        let file = RuleFile { file: String::new(), text: rule.to_owned() };
        let (compiled, findings) = check::compile_all(&[file], context);
        let Some(compiled) = compiled.first() else { return Err(RuleErrors { findings }) };
        let state = State {
            inputs: inputs(compiled, context),
            wanted,
            groups: IndexMap::new(),
            events: 0,
            matching: 0,
            passing: 0,
            ungrouped: 0,
            found: None,
            scratch: Scratch::default(),
        };
        let options = Options { candidates: true, context: context.clone(), ..Options::default() };
        let detector = Detector::of(vec![Rc::clone(compiled)], Vec::new(), options);
        Ok(Nearest { detector, candidates: Vec::new(), complete: true, state })
    }

    /// Bytes of the current input.
    pub fn push(&mut self, bytes: &[u8]) {
        self.detector.push_through(bytes, &mut self.state);
        self.keep();
    }

    /// The current input is complete.
    pub fn end_input(&mut self) {
        self.detector.end_input_through(&mut self.state);
        self.keep();
    }

    fn keep(&mut self) {
        let found = self.detector.take_candidates();
        match self.candidates.len() + found.len() <= MAX_KEPT {
            true => self.candidates.extend(found),
            false => self.complete = false,
        }
    }

    /// The candidates, one a line, for [`super::explain`]; whether all of them are there.
    pub fn candidates(&self) -> (&[u8], bool) {
        (&self.candidates, self.complete)
    }

    /// What could not be read since the last call.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        self.detector.take_problems()
    }

    /// What has been read so far.
    pub fn stats(&self) -> Stats {
        self.detector.stats()
    }

    /// What was found, in at most so many groups.
    pub fn report(&self, most: usize) -> NearestReport {
        let state = &self.state;
        let mut groups: Vec<Group> = state.groups.values().cloned().collect();
        groups.sort_by(|a, b| a.filters.cmp(&b.filters).then(b.events.cmp(&a.events)));
        groups.truncate(most);
        for failing in groups.iter_mut().flat_map(|g| &mut g.failing) {
            failing.values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        }
        NearestReport {
            events: state.events,
            matching: state.matching,
            passing: state.passing,
            groups,
            ungrouped: state.ungrouped,
            found: state.found.clone(),
        }
    }
}

impl Wanted {
    /// The events where a KQL condition over `AWSCloudTrail` holds.
    pub fn condition(kql: &str) -> Result<Wanted, Vec<Diagnostic>> {
        let catalog: Catalog = crate::detector::Context::default().catalog();
        let before = "AWSCloudTrail | where ";
        let compiled = compile(&format!("{before}{kql}"), &catalog);
        let refused = |message: &str| {
            let d = Diagnostic::error("FP010", message, Span::new(0, kql.len()));
            vec![d.with_hint(
                "write a condition over the columns of AWSCloudTrail: UserIdentityUserName == \"eve\"",
            )]
        };
        let Some(query) = compiled.query else {
            // Places count from where the caller's text begins.
            let back = |at: u32| at.saturating_sub(before.len() as u32);
            let moved = |d: Diagnostic| Diagnostic {
                span: Span { start: back(d.span.start), end: back(d.span.end) },
                ..d
            };
            return Err(compiled.diagnostics.into_iter().map(moved).collect());
        };
        let split = split(&query.plan);
        let only_filters = matches!(&split.root.kind, kql::plan::PlanKind::Leaf(_));
        let [leaf] = &*split.leaves else { return Err(refused("The condition reads another table.")) };
        match &*leaf.stages {
            [Stage::Where(e)] if only_filters => Ok(Wanted::Where(Box::new(Program::new(e)))),
            _ => Err(refused("The condition is not one of an event's own columns.")),
        }
    }
}

fn inputs(compiled: &CompiledRule, context: &Context) -> Vec<Input> {
    let given = |name: &str| context.tables.iter().any(|table| table.name == name);
    let leaves = compiled.split.leaves.iter().filter(|leaf| !given(&leaf.table));
    let of_inputs = leaves.filter(|leaf| &*leaf.table == TABLE || Log::named(&leaf.table).is_some());
    let one = |stage: &Stage| match stage {
        Stage::Where(e) => {
            let parts = conjuncts(e);
            let filter = |e: &Expr| Filter {
                span: e.span,
                program: Program::new(e),
                columns: Program::of(&columns(e)),
            };
            Some(StepOf::Filters(parts.iter().map(filter).collect()))
        }
        _ => {
            let mut span = None;
            stage.for_each_expr(&mut |e| {
                span.get_or_insert(e.span);
            });
            Some(StepOf::Other(span.unwrap_or_default(), CompiledStage::local(stage)?))
        }
    };
    of_inputs
        .map(|leaf| Input {
            log: Log::named(&leaf.table),
            needed: leaf.needed.clone(),
            steps: leaf.stages.iter().filter_map(one).collect(),
        })
        .collect()
}

/// The columns that a filter reads, each once, at most three.
fn columns(e: &Expr) -> Vec<Expr> {
    let mut seen = Vec::new();
    let mut out = Vec::new();
    e.visit(&mut |e| {
        if let ExprKind::Column(i) = e.kind
            && out.len() < 3
            && !seen.contains(&i)
        {
            seen.push(i);
            out.push(e.clone());
        }
    });
    out
}

/// The filters that turned a row away: where each stands, and what it read.
type Failed = Vec<(Span, String)>;

impl State {
    fn look(&mut self, record: &Record<'_>) {
        self.events += 1;
        match record.log {
            None => self.look_at(record, &CachedRow::of(record)),
            Some(log) => self.look_at(record, &CachedRow::of_log(log, record.raw)),
        }
    }

    fn look_at(&mut self, record: &Record<'_>, row: &dyn Columns) {
        let raw = record.raw;
        match &self.wanted {
            // Most records do not hold the text at all.
            Some(Wanted::Id(id)) if self.found.is_none() && memmem::find(raw, id.as_bytes()).is_some() => {
                let event = Event { raw: minified(raw), time: None };
                if *evidence::event_id(&event) == **id {
                    self.found = Some(event.raw);
                }
            }
            Some(Wanted::Number(n)) if *n == self.events => self.found = Some(minified(raw)),
            // The condition is one of events.
            Some(Wanted::Where(condition))
                if record.log.is_some() || !condition.eval(row, &mut self.scratch).is_true() =>
            {
                return;
            }
            _ => {}
        }
        self.matching += 1;
        let mut best: Option<Failed> = None;
        for input in self.inputs.iter().filter(|input| input.log == record.log) {
            let failed = input.failed(row, &mut self.scratch);
            if best.as_ref().is_none_or(|best| failed.len() < best.len()) {
                best = Some(failed);
            }
        }
        match best {
            Some(failed) if !failed.is_empty() => self.turned_away(failed, raw),
            Some(_) => {
                self.passing += 1;
            }
            None => {}
        }
    }

    fn turned_away(&mut self, failed: Failed, raw: &[u8]) {
        let key: Vec<Span> = failed.iter().take(MAX_FAILING).map(|(span, _)| *span).collect();
        if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&key) {
            self.ungrouped += 1;
            return;
        }
        let group = self.groups.entry(key).or_insert_with(|| Group {
            failing: failed
                .iter()
                .take(MAX_FAILING)
                .map(|(span, _)| Failing { span: *span, values: Vec::new(), others: 0 })
                .collect(),
            filters: failed.len(),
            events: 0,
            example: minified(raw),
        });
        group.events += 1;
        group.filters = group.filters.min(failed.len());
        for (failing, (_, value)) in group.failing.iter_mut().zip(failed) {
            let full = failing.values.len() >= MAX_VALUES;
            match failing.values.iter_mut().find(|(known, _)| *known == value) {
                Some((_, count)) => *count += 1,
                None if full => failing.others += 1,
                None => failing.values.push((value, 1)),
            }
        }
    }
}

impl Input {
    /// The filters that turn an event away; of several rows those of the row that comes farthest.
    fn failed(&self, row: &dyn Columns, scratch: &mut Scratch) -> Failed {
        let first = Row { values: stage::needed_columns(row, &self.needed), evidence: Evidence::None };
        let mut rows: Vec<(Row, Failed)> = vec![(first, Vec::new())];
        for (at, step) in self.steps.iter().enumerate() {
            match step {
                StepOf::Filters(filters) => {
                    for (row, failed) in &mut rows {
                        for filter in filters {
                            if !filter.program.eval(&row.values, scratch).is_true() {
                                let values = filter.columns.eval_all(&row.values, scratch);
                                let values: Vec<String> = values.iter().map(shown).collect();
                                failed.push((filter.span, values.join(", ")));
                            }
                        }
                    }
                }
                StepOf::Other(span, stage) => {
                    let one = std::slice::from_ref(stage);
                    let (mut next, mut gone) = (Vec::new(), None);
                    for (row, failed) in rows {
                        let before = next.len();
                        // What is too much for the budget is a row that does not pass.
                        let _ = stage::run(one, row, &mut Budget::default(), scratch, &mut |row| {
                            if next.len() < MAX_ROWS {
                                next.push((row, failed.clone()));
                            }
                        });
                        if next.len() == before {
                            gone = Some(failed);
                        }
                    }
                    if next.is_empty() {
                        // No row is left to ask: this stage, and every filter behind it, says no.
                        let mut failed = gone.unwrap_or_default();
                        failed.push((*span, String::new()));
                        let behind = self.steps.get(at + 1..).unwrap_or_default();
                        failed.extend(behind.iter().flat_map(|step| match step {
                            StepOf::Filters(filters) => {
                                filters.iter().map(|f| (f.span, String::new())).collect()
                            }
                            StepOf::Other(..) => Vec::new(),
                        }));
                        return failed;
                    }
                    rows = next;
                }
            }
        }
        rows.into_iter().map(|(_, failed)| failed).min_by_key(Vec::len).unwrap_or_default()
    }
}

/// A value as a report shows it.
fn shown(value: &Value) -> String {
    const MOST: usize = 120;
    let whole = match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => text.to_string(),
        Value::Bool(b) => b.to_string(),
        value => text::tostring(value, value.own_type().unwrap_or(kql::value::Type::Dynamic)).into_owned(),
    };
    match whole.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", whole.get(..end).unwrap_or_default()),
        None => whole,
    }
}

impl Sink for State {
    fn record(&mut self, record: Record<'_>) {
        self.look(&record);
    }

    /// The detector reports it.
    fn problem(&mut self, _: source::Problem) {}
}
