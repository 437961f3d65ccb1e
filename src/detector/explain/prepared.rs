//! A rule's query made ready to be watched, and the events it is watched over.

use super::super::check::{self, CompiledRule, Finding};
use super::super::feed::Feed;
use super::super::leaf::Keep;
use super::super::{Context, RuleErrors, RuleFile};
use super::{ExplainedEvent, ExplainedLet, MAX_TRIED, MAX_TRIED_EVENTS, minified};
use crate::rule::{self, Alert, AlertOptions};
use kql::bind::Catalog;
use kql::exec::Budget;
use kql::exec::explain::{self, Branch, Explained};
use kql::exec::late::compile;
use kql::exec::row::{Event, Rows};
use kql::exec::run::{Run, Table};
use kql::plan::split::{Split, split_at_tables};
use kql::value::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// So many `let` statements are worked out by themselves.
const MAX_LETS: usize = 100;

/// A rule that is compiled, and the plan that is watched.
#[derive(Clone)]
struct Compiled {
    rule: Rc<CompiledRule>,
    findings: Vec<Finding>,
    split: Split,
}

impl Compiled {
    fn new(text: &str, context: &Context) -> Result<Compiled, RuleErrors> {
        let file = RuleFile { file: String::new(), text: text.to_owned() };
        let (compiled, findings) = check::compile_all(&[file], context);
        let Some(rule) = compiled.into_iter().next() else { return Err(RuleErrors { findings }) };
        match compile(&rule.rule.query.text, &context.catalog()).query {
            Some(query) => Ok(Compiled { rule, findings, split: split_at_tables(&query.plan) }),
            None => Err(RuleErrors { findings }),
        }
    }
}

/// So many compiled rules are kept: who asks of one event and then of another asks the same rules.
const MAX_COMPILED: usize = 128;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Compiled>> = RefCell::default();
}

/// A compiled rule over `AWSCloudTrail` alone.
fn kept(text: &str) -> Result<Compiled, RuleErrors> {
    if let Some(compiled) = COMPILED.with_borrow(|kept| kept.get(text).cloned()) {
        return Ok(compiled);
    }
    let compiled = Compiled::new(text, &Context::default())?;
    COMPILED.with_borrow_mut(|kept| {
        if kept.len() >= MAX_COMPILED {
            kept.clear();
        }
        kept.insert(text.to_owned(), compiled.clone());
    });
    Ok(compiled)
}

/// See the module.
pub struct Prepared {
    pub rule: Rc<CompiledRule>,
    pub findings: Vec<Finding>,
    pub feed: Feed,
    pub split: Split,
    pub leaves: Range<usize>,
    catalog: Catalog,
}

impl Prepared {
    pub fn new(text: &str, context: &Context) -> Result<Prepared, RuleErrors> {
        let Compiled { rule, findings, split } =
            if context.is_empty() { kept(text)? } else { Compiled::new(text, context)? };
        let mut feed = Feed::new(Keep::Evidence);
        let leaves = feed.add(&split.leaves, &context.tables);
        Ok(Prepared { rule, findings, feed, split, leaves, catalog: context.catalog() })
    }

    /// The event of a record, as the rows that are made of it know it.
    pub fn event(&mut self, record: &[u8]) -> Option<Rc<Event>> {
        let raw = minified(record);
        let leaves = self.feed.leaves(self.leaves.clone());
        leaves.iter().find_map(|leaf| leaf.event(&raw))
    }

    /// The rows of a window, leaf by leaf.
    pub fn window(&mut self, tick: i64) -> Vec<Table> {
        let window = self.rule.rule.schedule.window(tick);
        self.feed.leaves(self.leaves.clone()).iter().map(|leaf| leaf.window(&window)).collect()
    }

    /// The run at a tick, watched.
    pub fn explain(&mut self, tick: i64, event: Option<Rc<Event>>) -> Explained {
        let tables = self.window(tick);
        let mut run = Run::new(tick, &tables, Budget::default());
        explain::explain(&mut run, &self.split, &self.rule.rule.query.text, event)
    }

    /// Rows as those of the rule's query.
    pub fn rows(&self, rows: &Table) -> Rows {
        Rows { columns: self.rule.columns.clone(), rows: (**rows).clone() }
    }

    /// The alerts of a run that had these rows, without evidence.
    pub fn alerts(&self, tick: i64, rows: &Rows) -> Vec<Alert> {
        let options = AlertOptions { evidence: false, ..AlertOptions::default() };
        rule::Run { rule: &self.rule.rule, tick, rows }.alerts(&options)
    }

    /// Of the runs that see the event, or any event, the first of those that come farthest.
    pub fn farthest(
        &mut self,
        event: Option<&ExplainedEvent>,
        watched: Option<&Rc<Event>>,
        events: usize,
        cut: &mut Vec<String>,
    ) -> (Option<i64>, Option<Explained>) {
        let schedule = self.rule.rule.schedule;
        let span = match event {
            Some(event) => event.time.map(|t| (t, t)),
            None => self.feed.times(self.leaves.clone()),
        };
        let Some((first, last)) = span else { return (None, None) };
        let (first, last) = (schedule.first_holding(first), schedule.last_holding(last));
        let all = ((last - first) / schedule.frequency()).max(0) as usize + 1;
        let most = MAX_TRIED.min(MAX_TRIED_EVENTS / events.max(1)).max(1);
        if all > most {
            cut.push(format!(
                "{all} runs see it; {most} of them were tried to find the one that comes farthest."
            ));
        }
        let mut best: Option<(i64, Explained)> = None;
        for i in 0..all.min(most) {
            // Evenly over all of them, the first and the last too.
            let step = if all > most { i * (all - 1) / (most - 1).max(1) } else { i };
            let tick = first.saturating_add(schedule.frequency().saturating_mul(step as i64));
            let explained = self.explain(tick, watched.cloned());
            let left = |e: &Explained| e.way.1.saturating_sub(e.way.0) + usize::from(e.stopped.is_some());
            if best.as_ref().is_none_or(|(_, best)| left(&explained) < left(best)) {
                best = Some((tick, explained));
            }
        }
        match best {
            Some((tick, explained)) => (Some(tick), Some(explained)),
            None => (None, None),
        }
    }

    /// The scalars and lists that `let` statements name, with their values.
    pub fn lets(&self, branches: &[Branch], tick: i64) -> Vec<ExplainedLet> {
        let query = &self.rule.rule.query.text;
        let mut out = Vec::new();
        for (i, one) in explain::lets(query).into_iter().enumerate().take(MAX_LETS) {
            if branches.iter().any(|b| b.of_let == Some(i)) {
                continue;
            }
            let name = query.get(one.name_span.range()).unwrap_or_default();
            let steps = branches.iter().flat_map(|b| &b.stages).flat_map(|s| &s.rows).flat_map(|r| &r.steps);
            let used = steps.filter(|s| s.constant).find(|s| query.get(s.span.range()) == Some(name));
            let value = used.map(|s| s.value.clone()).or_else(|| {
                let before = query.get(..one.span.end as usize).unwrap_or_default();
                self.constant(&format!("{before};\nprint {name}"), tick)
            });
            if let Some(value) = value {
                out.push(ExplainedLet { name: one.name.to_string(), span: one.span, value });
            }
        }
        out
    }

    /// The one value of a query that reads no table.
    fn constant(&self, query: &str, tick: i64) -> Option<Value> {
        let split = split_at_tables(&compile(query, &self.catalog).query?.plan);
        if !split.leaves.is_empty() || split.root.columns.len() != 1 {
            return None;
        }
        let rows = Run::new(tick, &[], Budget::of_cells(1_000_000)).table(&split.root).ok()?;
        rows.first()?.values.first().cloned()
    }
}
