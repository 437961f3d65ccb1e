//! One event through every rule: what a pipeline's filter can say on its own.
//!
//! The row stages look at one event anyway. Whether the rule alerts can be told from one event alone only where no other
//! event can take the result away again: see [`Monotonicity`]. All else is a candidate, for someone who sees the whole window.

use super::check::{self, CompiledRule};
use super::feed::CachedRow;
use super::literal_prefilter::LiteralPrefilter;
use super::{Finding, RuleErrors, RuleFile};
use crate::rule::{Operator, Rule};
use kql::exec::program::Program;
use kql::exec::row::{Evidence, Row, Rows};
use kql::exec::run::{Run, Table};
use kql::exec::stage::{self, CompiledStage};
use kql::exec::{Budget, ExecError};
use kql::plan::split::Leaf;
use kql::plan::{Expr, Plan, PlanKind, SetOp, Stage};
use kql::value::{Column, Value};
use std::rc::Rc;

/// What one event may cost one rule, in values.
const BUDGET: Budget = Budget { cells: 1_000_000 };

/// Rules that look at events one by one.
pub struct SingleEventEvaluator {
    rules: Vec<SingleRule>,
    prefilter: LiteralPrefilter,
    stack: Vec<Value>,
}

struct SingleRule {
    compiled: Rc<CompiledRule>,
    leaves: Vec<SingleLeaf>,
    /// Whether rows over one event alone make an alert.
    conclusive: bool,
}

struct SingleLeaf {
    stages: Vec<CompiledStage>,
    leading: usize,
    needed: Vec<bool>,
    columns: Vec<Column>,
}

/// How much one event says of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchState {
    /// A scan of everything alerts, with this event in the alert's window.
    Alert,
    /// The event passed the row stages; the rest of its window decides.
    Candidate,
}

impl MatchState {
    /// As it stands in a record.
    pub fn name(self) -> &'static str {
        match self {
            MatchState::Alert => "alert",
            MatchState::Candidate => "candidate",
        }
    }
}

/// A rule that an event matters to.
pub struct Match<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What is sure.
    pub state: MatchState,
    /// For an alert the rows of the query's result, otherwise those of the row stages.
    pub rows: Rows,
}

impl SingleEventEvaluator {
    /// An evaluator of the rules in the files; of the built-in ones if there are none.
    pub fn new(files: &[RuleFile]) -> Result<SingleEventEvaluator, RuleErrors> {
        let (compiled, findings) = check::compile_all(files, &[]);
        if findings.iter().any(Finding::is_error) {
            return Err(RuleErrors { findings });
        }
        let mut prefilter = LiteralPrefilter::default();
        compiled.iter().flat_map(|c| &c.split.leaves).for_each(|leaf| prefilter.add(leaf));
        let rules = compiled.into_iter().map(SingleRule::new).collect();
        Ok(SingleEventEvaluator { rules, prefilter, stack: Vec::new() })
    }

    /// Makes everything that rules otherwise make when an event first needs it.
    pub fn precompile(&self) {
        self.rules.iter().flat_map(|r| &r.leaves).flat_map(|l| &l.stages).for_each(CompiledStage::warm);
        self.rules.iter().filter(|r| r.conclusive).for_each(|r| precompile(&r.compiled.split.root));
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// A cheap look at a record's bytes, however the event is wrapped in them.
    pub fn literal_prefilter(&self) -> &LiteralPrefilter {
        &self.prefilter
    }

    /// The rules that an event, as raw JSON, matters to. A rule that fails over it is the error; the others are told all the
    /// same.
    pub fn evaluate(&mut self, event: &[u8], found: &mut dyn FnMut(Match<'_>)) -> Result<(), ExecError> {
        let row = CachedRow::new(event);
        let mut result = Ok(());
        for rule in &self.rules {
            match rule.evaluate(&row, &mut self.stack) {
                Ok(Some(it)) => found(it),
                Ok(None) => {}
                Err(e) => result = Err(e),
            }
        }
        result
    }
}

impl SingleRule {
    fn new(compiled: Rc<CompiledRule>) -> SingleRule {
        let CompiledRule { rule, split, .. } = &*compiled;
        let trigger = rule.trigger;
        // A silenced rule may pass over the window.
        let conclusive = trigger.operator == Operator::GreaterThan
            && trigger.threshold == 0
            && rule.suppression.is_none()
            && Monotonicity::of(&split.root) > Monotonicity::Open;
        let leaves = split.leaves.iter().map(SingleLeaf::new).collect();
        SingleRule { compiled, leaves, conclusive }
    }

    fn evaluate(
        &self,
        event: &CachedRow<'_>,
        stack: &mut Vec<Value>,
    ) -> Result<Option<Match<'_>>, ExecError> {
        let mut tables: Vec<Table> = Vec::with_capacity(self.leaves.len());
        for leaf in &self.leaves {
            tables.push(Rc::new(leaf.rows(event, stack)?));
        }
        let Some(first) = tables.iter().position(|t| !t.is_empty()) else { return Ok(None) };
        if self.conclusive
            && let Some(time) = event.time()
        {
            let tick = self.compiled.rule.schedule.first_holding(time);
            let rows = Run::new(tick, &tables, BUDGET).table(&self.compiled.split.root)?;
            if !rows.is_empty() {
                let rows = Rows { columns: self.compiled.columns.clone(), rows: Rc::unwrap_or_clone(rows) };
                return Ok(Some(Match { rule: &self.compiled.rule, state: MatchState::Alert, rows }));
            }
        }
        let columns = self.leaves.get(first).map(|l| l.columns.clone()).unwrap_or_default();
        let rows = tables.into_iter().nth(first).map(Rc::unwrap_or_clone).unwrap_or_default();
        Ok(Some(Match {
            rule: &self.compiled.rule,
            state: MatchState::Candidate,
            rows: Rows { columns, rows },
        }))
    }
}

impl SingleLeaf {
    fn new(leaf: &Leaf) -> SingleLeaf {
        let stages: Vec<CompiledStage> = leaf.stages.iter().filter_map(CompiledStage::local).collect();
        let leading = stage::leading_filters(&stages);
        SingleLeaf { leading, stages, needed: leaf.needed.clone(), columns: leaf.columns.clone() }
    }

    fn rows(&self, event: &CachedRow<'_>, stack: &mut Vec<Value>) -> Result<Vec<Row>, ExecError> {
        let mut rows = Vec::new();
        if stage::passes(&self.stages, self.leading, event, stack) {
            let values = event.needed(&self.needed);
            let rest = self.stages.get(self.leading..).unwrap_or_default();
            let row = Row { values, evidence: Evidence::None };
            stage::run(rest, row, &mut BUDGET.clone(), stack, &mut |row| rows.push(row))?;
        }
        Ok(rows)
    }
}

/// What becomes of a plan's rows over one event when more events come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Monotonicity {
    /// They may go, or they depend on the clock.
    Open,
    /// There will be rows, but perhaps others.
    Stays,
    /// The same rows will be among them.
    Same,
}

impl Monotonicity {
    fn of(plan: &Plan) -> Monotonicity {
        match &plan.kind {
            PlanKind::Leaf(_) => Monotonicity::Same,
            PlanKind::Stage(input, stage) => {
                let below = Monotonicity::of(input);
                let (fixed, filters) = match stage {
                    Stage::Where(e) => (e.is_row_local(), true),
                    Stage::Extend(sets) => (local(sets.iter().map(|(_, e)| e)), false),
                    Stage::Project(values) => (local(values), false),
                    Stage::MvExpand(m) => (local(m.items.iter().map(|(e, ..)| e)), true),
                    Stage::Parse(p) => (p.source.is_row_local(), p.filter),
                    Stage::ParseKv(p) => (p.source.is_row_local(), false),
                };
                match fixed {
                    true if filters && below != Monotonicity::Same => Monotonicity::Open,
                    true => below,
                    false => Monotonicity::Open,
                }
            }
            PlanKind::Set(input, op) => {
                let below = Monotonicity::of(input);
                match op {
                    SetOp::Sort(keys) if local(keys.iter().map(|k| &k.value)) => below,
                    SetOp::Take(n) | SetOp::Top(n, _)
                        if n.as_const().and_then(Value::as_integer).is_some_and(|n| n > 0) =>
                    {
                        below.min(Monotonicity::Stays)
                    }
                    SetOp::Window(_) => below.min(Monotonicity::Stays),
                    // Without keys there is a row over nothing, too.
                    SetOp::Summarize(s) if !s.keys.is_empty() && local(&s.keys) => {
                        let arguments = local(s.aggregates.iter().flat_map(|a| &a.args));
                        match (arguments, s.aggregates.is_empty()) {
                            (true, true) => below,
                            (true, false) => below.min(Monotonicity::Stays),
                            (false, _) => Monotonicity::Open,
                        }
                    }
                    _ => Monotonicity::Open,
                }
            }
            PlanKind::Union(inputs) => {
                inputs.iter().map(|i| Monotonicity::of(&i.plan)).min().unwrap_or(Monotonicity::Open)
            }
            _ => Monotonicity::Open,
        }
    }
}

/// Makes what the set stages of a conclusive plan make when they first need it; joins are not conclusive.
fn precompile(plan: &Plan) {
    match &plan.kind {
        PlanKind::Stage(input, stage) => {
            CompiledStage::local(stage).iter().for_each(CompiledStage::warm);
            precompile(input);
        }
        PlanKind::Set(input, op) => {
            let keys: Vec<&Expr> = match op {
                SetOp::Sort(keys) => keys.iter().map(|k| &k.value).collect(),
                SetOp::Top(_, key) => vec![&key.value],
                SetOp::Summarize(s) => {
                    s.keys.iter().chain(s.aggregates.iter().flat_map(|a| &a.args)).collect()
                }
                SetOp::Window(sets) => sets.iter().map(|(_, e)| e).collect(),
                _ => Vec::new(),
            };
            keys.into_iter().for_each(|e| Program::new(e).warm());
            precompile(input);
        }
        PlanKind::Union(inputs) => inputs.iter().for_each(|i| precompile(&i.plan)),
        _ => {}
    }
}

fn local<'a>(expressions: impl IntoIterator<Item = &'a Expr>) -> bool {
    expressions.into_iter().all(Expr::is_row_local)
}
