//! Runs one event through every rule: what a pipeline's filter can decide on its own.
//!
//! Row stages look at one event only. One event decides that the rule alerts only if no further event can take the result
//! away: see [`Monotonicity`]. Any other match is a candidate, which a scan over the whole window decides.

use super::cached_row::CachedRow;
use super::check::{self, CompiledRule};
use super::feed::TABLE;
use super::literal_prefilter::LiteralPrefilter;
use super::{Finding, RuleErrors, RuleFile};
use crate::checked;
use crate::rule::{Operator, Rule};
use cloudtrail::prefilter::{Condition, fold};
use cloudtrail::source::{Envelope, Outline, Record};
use cloudtrail::table::aws_cloudtrail::EventRow;
use kql::exec::program::{Program, Scratch};
use kql::exec::row::{Evidence, Row, Rows};
use kql::exec::run::{Run, Table};
use kql::exec::stage::{self, CompiledStage};
use kql::exec::{Budget, ExecError};
use kql::plan::split::Leaf;
use kql::plan::{Expr, Plan, PlanKind, SetOp, Stage};
use kql::value::{Column, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// How many values one rule may make of one event.
const BUDGET: Budget = Budget::of_cells(1_000_000);

/// Rules that look at events one by one.
pub struct SingleEventEvaluator {
    rules: Vec<SingleRule>,
    by_name: ByName,
    prefilter: LiteralPrefilter,
    scratch: Scratch,
}

/// Which rules an event of some name can matter to, by their place and in their order. Most events matter to few of many rules.
#[derive(Default)]
struct ByName {
    /// By [folded](fold) name.
    listed: HashMap<String, Vec<u32>>,
    /// Those that any other name can matter to.
    others: Vec<u32>,
}

impl ByName {
    fn of(rules: &[Rc<CompiledRule>]) -> ByName {
        let names_of_leaf = |leaf: &Leaf| match &*leaf.table {
            TABLE => Condition::of(leaf).names().map(<[String]>::to_vec),
            _ => None,
        };
        // `None`: names do not decide.
        let names: Vec<Option<Vec<String>>> = rules
            .iter()
            .map(|rule| {
                Some(rule.split.leaves.iter().map(names_of_leaf).collect::<Option<Vec<_>>>()?.concat())
            })
            .collect();
        let places = |name: Option<&String>| {
            let can = |names: &Option<Vec<String>>| {
                names.as_ref().is_none_or(|names| name.is_some_and(|name| names.contains(name)))
            };
            (0..).zip(&names).filter(|(_, names)| can(names)).map(|(place, _)| place).collect::<Vec<u32>>()
        };
        let listed =
            names.iter().flatten().flatten().map(|name| (name.clone(), places(Some(name)))).collect();
        ByName { listed, others: places(None) }
    }

    fn places(&self, name: &str) -> &[u32] {
        self.listed.get(&fold(name)).unwrap_or(&self.others)
    }
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

/// How certain a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchState {
    /// A scan of everything alerts, with this event in the alert's window.
    Alert,
    /// The event passed the row stages; the rest of its window decides.
    Candidate,
}

impl MatchState {
    /// As a record has it.
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
    /// How certain the match is.
    pub state: MatchState,
    /// For an alert the rows of the query's result, otherwise those of the row stages.
    pub rows: Rows,
}

impl SingleEventEvaluator {
    /// An evaluator of the rules in the files; of the built-in ones if there are none.
    pub fn new(files: &[RuleFile]) -> Result<SingleEventEvaluator, RuleErrors> {
        let context = super::Context { only_events: true, ..super::Context::default() };
        let (compiled, findings) = check::compile_all(files, &context);
        if findings.iter().any(Finding::is_error) {
            return Err(RuleErrors { findings });
        }
        let mut prefilter = LiteralPrefilter::default();
        compiled.iter().flat_map(|c| &c.split.leaves).for_each(|leaf| prefilter.add(leaf));
        let by_name = ByName::of(&compiled);
        let rules = compiled.into_iter().map(SingleRule::new).collect();
        Ok(SingleEventEvaluator { rules, by_name, prefilter, scratch: Scratch::default() })
    }

    /// Compiles everything that would otherwise be compiled when an event first needs it.
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

    /// The search that tells cheaply whether a record's bytes can matter to any rule.
    pub fn literal_prefilter(&self) -> &LiteralPrefilter {
        &self.prefilter
    }

    /// Whether an event, as raw JSON, passes the row stages of some rule.
    pub fn passes(&mut self, event: &[u8], outline: Option<Outline<'_>>) -> Result<bool, ExecError> {
        let row = row_of(event, outline);
        let [name, _] = row.row.name_and_source();
        for rule in self.by_name.places(&name).iter().filter_map(|place| self.rules.get(*place as usize)) {
            for leaf in &rule.leaves {
                if !leaf.rows(&row, &mut self.scratch)?.is_empty() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Finds the rules that an event, as raw JSON with what is known of it, matters to. The error is that of a rule that failed; the other rules are
    /// found all the same.
    pub fn evaluate(
        &mut self,
        event: &[u8],
        outline: Option<Outline<'_>>,
        found: &mut dyn FnMut(Match<'_>),
    ) -> Result<(), ExecError> {
        let row = row_of(event, outline);
        let [name, _] = row.row.name_and_source();
        let mut result = Ok(());
        for rule in self.by_name.places(&name).iter().filter_map(|place| self.rules.get(*place as usize)) {
            match rule.evaluate(&row, &mut self.scratch) {
                Ok(Some(it)) => found(it),
                Ok(None) => {}
                Err(e) => result = Err(e),
            }
        }
        result
    }
}

fn row_of<'a>(event: &'a [u8], outline: Option<Outline<'a>>) -> CachedRow<EventRow<'a>> {
    CachedRow::of(&Record { outline, ..Record::new(event, Envelope::Bare, 0) })
}

impl SingleRule {
    fn new(compiled: Rc<CompiledRule>) -> SingleRule {
        let CompiledRule { rule, split, .. } = &*compiled;
        let trigger = rule.trigger;
        // A rule that suppression has silenced skips windows.
        let conclusive = trigger.operator == Operator::GreaterThan
            && trigger.threshold == 0
            && rule.suppression.is_none()
            && Monotonicity::of(&split.root) > Monotonicity::Open;
        let leaves = split.leaves.iter().map(SingleLeaf::new).collect();
        SingleRule { compiled, leaves, conclusive }
    }

    // A frame of its own: whoever takes the match has the stack to himself again.
    #[inline(never)]
    fn evaluate(
        &self,
        event: &CachedRow<EventRow<'_>>,
        scratch: &mut Scratch,
    ) -> Result<Option<Match<'_>>, ExecError> {
        let mut tables: Vec<Table> = Vec::with_capacity(self.leaves.len());
        for leaf in &self.leaves {
            tables.push(Rc::new(leaf.rows(event, scratch)?));
        }
        if tables.iter().all(|t| t.is_empty()) {
            return Ok(None);
        }
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
        let Some((leaf, rows)) = self.leaves.iter().zip(tables).find(|(_, rows)| !rows.is_empty()) else {
            return Ok(None);
        };
        let (columns, rows) = (leaf.columns.clone(), Rc::unwrap_or_clone(rows));
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

    fn rows(&self, event: &CachedRow<EventRow<'_>>, scratch: &mut Scratch) -> Result<Vec<Row>, ExecError> {
        let mut rows = Vec::new();
        if stage::passes(&self.stages, self.leading, event, &mut BUDGET.clone(), scratch)? {
            let values = stage::needed_columns(event, &self.needed);
            let rest = checked::tail(&self.stages, self.leading);
            let row = Row { values, evidence: Evidence::None };
            stage::run(rest, row, &mut BUDGET.clone(), scratch, &mut |row| rows.push(row))?;
        }
        Ok(rows)
    }
}

/// What happens to a plan's rows over one event when more events come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Monotonicity {
    /// They can disappear, or they depend on the clock.
    Open,
    /// There will still be rows, perhaps other ones.
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
                    // A summarize without keys returns a row even without input.
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
