//! `summarize` and `distinct`: groups by key, in the order their first row came.

use super::ExecError;
use super::program::{Columns, Program};
use super::row::{Evidence, Row};
use super::run::Run;
use crate::aggregates::{Aggregate, State};
use crate::plan::{AggregateExpr, Summarize};
use crate::value::codec::{self, Decoder};
use crate::value::key::{self, Key, KeyMap};
use crate::value::{Type, Value, bytes};

struct Group {
    keys: Vec<Value>,
    states: Vec<Box<dyn State>>,
    evidence: Evidence,
}

/// An aggregate, ready to run.
struct Aggregation {
    aggregate: &'static Aggregate,
    args: Program,
    types: Vec<Type>,
    ty: Type,
    width: usize,
}

impl Aggregation {
    fn new(run: &mut Run<'_>, a: &AggregateExpr) -> Result<Aggregation, ExecError> {
        Ok(Aggregation {
            aggregate: a.aggregate,
            args: run.program(&a.args)?,
            types: a.args.iter().map(|e| e.ty).collect(),
            ty: a.ty,
            width: a.width,
        })
    }

    /// Adds a row to a state. `values` is scratch space.
    fn add(
        &self,
        run: &mut Run<'_>,
        state: &mut dyn State,
        row: &dyn Columns,
        values: &mut Vec<Value>,
    ) -> Result<(), ExecError> {
        evaluate(&self.args, run, row, values)?;
        if let Some(i) = self.aggregate.predicate_index() {
            // The predicate decides and does not reach the state.
            if !values.get(i).is_some_and(Value::is_true) {
                return Ok(());
            }
            values.remove(i);
        }
        if !state.takes_nulls() && values.first().is_some_and(Value::is_null) {
            return Ok(());
        }
        let before = state.kept();
        state.update(values);
        match state.kept().saturating_sub(before) {
            0 => Ok(()),
            more => run.budget.charge_kept(more, bytes(values)),
        }
    }
}

/// Puts the values of a program for a row into a vector.
fn evaluate(
    program: &Program,
    run: &mut Run<'_>,
    row: &dyn Columns,
    values: &mut Vec<Value>,
) -> Result<(), ExecError> {
    program.eval_into(row, &mut run.scratch, values);
    run.budget.settle()?;
    Ok(())
}

impl Group {
    fn new(aggregations: &[Aggregation], keys: Vec<Value>) -> Group {
        let states = aggregations.iter().map(|a| (a.aggregate.new)(&a.types)).collect();
        Group { keys, states, evidence: Evidence::None }
    }
}

/// Rows grouped by keys, with the states of aggregates.
pub struct Grouping {
    aggregations: Vec<Aggregation>,
    groups: KeyMap<Group>,
    /// Scratch space: the key of a row, and the arguments of an aggregate.
    key: Key,
    args: Vec<Value>,
}

/// What a group costs besides its keys and results, in values.
const GROUP_OVERHEAD: usize = 8;
/// What a state costs besides what it keeps, in values.
const STATE_OVERHEAD: usize = 4;

impl Grouping {
    /// No groups yet.
    pub fn new(run: &mut Run<'_>, aggregates: &[AggregateExpr]) -> Result<Grouping, ExecError> {
        let aggregations =
            aggregates.iter().map(|a| Aggregation::new(run, a)).collect::<Result<Vec<_>, _>>()?;
        Ok(Grouping { aggregations, groups: KeyMap::default(), key: Key::new(), args: Vec::new() })
    }

    /// The group of some keys, whether or not a row has come for it.
    pub fn seed(&mut self, keys: Vec<Value>) {
        self.groups.entry(key::key(&keys)).or_insert_with(|| Group::new(&self.aggregations, keys));
    }

    /// Adds a row to the group of its keys.
    pub fn add(
        &mut self,
        run: &mut Run<'_>,
        keys: &[Value],
        row: &dyn Columns,
        evidence: &Evidence,
    ) -> Result<(), ExecError> {
        let at = self.group(run, keys)?;
        let Some((_, group)) = self.groups.get_index_mut(at) else { return Ok(()) };
        group.evidence.merge(evidence);
        for (state, a) in group.states.iter_mut().zip(&self.aggregations) {
            a.add(run, state.as_mut(), row, &mut self.args)?;
        }
        Ok(())
    }

    /// The place of the group of some keys, which is made if there is none.
    fn group(&mut self, run: &mut Run<'_>, keys: &[Value]) -> Result<usize, ExecError> {
        self.key.clear();
        key::write(&mut self.key, keys);
        if let Some(at) = self.groups.get_index_of(&*self.key) {
            return Ok(at);
        }
        let group = Group::new(&self.aggregations, keys.to_vec());
        run.budget.charge(1, GROUP_OVERHEAD + STATE_OVERHEAD * group.states.len())?;
        run.budget.charge_kept(0, bytes(&group.keys))?;
        Ok(self.groups.insert_full(self.key.clone(), group).0)
    }

    /// Whether it can be [saved](Self::save) and [merged](Self::merge).
    fn merges(&self) -> bool {
        Group::new(&self.aggregations, Vec::new()).states.iter().all(|state| state.save(&mut Vec::new()))
    }

    /// Appends the groups without their evidence, for [`merge`](Self::merge).
    fn save(&self, out: &mut Vec<u8>) {
        codec::write_length(self.groups.len(), out);
        for group in self.groups.values() {
            codec::write_row(&group.keys, out);
            group.states.iter().for_each(|state| _ = state.save(out));
        }
    }

    /// Takes in the groups that another grouping by the same keys and with the same aggregates has [saved](Self::save), whose rows
    /// come behind its own. False if they are something else.
    fn merge(&mut self, run: &mut Run<'_>, saved: &mut Decoder<'_>) -> Result<bool, ExecError> {
        let Some(groups) = saved.length() else { return Ok(false) };
        for _ in 0..groups {
            let Some(keys) = saved.row() else { return Ok(false) };
            let at = self.group(run, &keys)?;
            let Some((_, group)) = self.groups.get_index_mut(at) else { return Ok(false) };
            for state in &mut group.states {
                let (kept, size) = (state.kept(), saved.0.len());
                if state.merge(saved).is_none() {
                    return Ok(false);
                }
                match state.kept().saturating_sub(kept) {
                    0 => {}
                    more => run.budget.charge_kept(more, size - saved.0.len())?,
                }
            }
        }
        Ok(true)
    }

    /// The groups in the order they came: keys, then each aggregate's columns.
    pub fn finish(self) -> Vec<Row> {
        let aggregations = self.aggregations;
        let finish = |group: Group| {
            let mut values = group.keys;
            for (state, a) in group.states.into_iter().zip(&aggregations) {
                values.extend(state.finish(a.ty, a.width));
            }
            Row { values, evidence: group.evidence }
        };
        self.groups.into_values().map(finish).collect()
    }
}

/// A `summarize` under way.
pub struct Summary {
    keys: Program,
    /// Without keys there is one group, rows or not.
    one: bool,
    grouping: Grouping,
    /// Scratch space: the keys of a row.
    values: Vec<Value>,
}

impl Summary {
    /// Of no rows yet.
    pub fn new(run: &mut Run<'_>, s: &Summarize) -> Result<Summary, ExecError> {
        let keys = run.program(&s.keys)?;
        let grouping = Grouping::new(run, &s.aggregates)?;
        let mut summary = Summary { keys, one: s.keys.is_empty(), grouping, values: Vec::new() };
        summary.seed();
        Ok(summary)
    }

    fn seed(&mut self) {
        if self.one {
            self.grouping.seed(Vec::new());
        }
    }

    /// Adds a row.
    pub fn add(
        &mut self,
        run: &mut Run<'_>,
        row: &dyn Columns,
        evidence: &Evidence,
    ) -> Result<(), ExecError> {
        evaluate(&self.keys, run, row, &mut self.values)?;
        self.grouping.add(run, &self.values, row, evidence)
    }

    /// Whether it can be [saved](Self::save) and [merged](Self::merge).
    pub fn merges(&self) -> bool {
        self.grouping.merges()
    }

    /// Appends the groups, for [`merge`](Self::merge).
    pub fn save(&self, out: &mut Vec<u8>) {
        self.grouping.save(out);
    }

    /// As new.
    pub fn clear(&mut self) {
        self.grouping.groups.clear();
        self.seed();
    }

    /// Takes in what another run of the same `summarize` has [saved](Self::save), whose rows come behind its own. False if it is
    /// something else.
    pub fn merge(&mut self, run: &mut Run<'_>, saved: &mut Decoder<'_>) -> Result<bool, ExecError> {
        self.grouping.merge(run, saved)
    }

    /// The groups and their results: keys first, then each aggregate's columns.
    pub fn finish(self) -> Vec<Row> {
        self.grouping.finish()
    }
}

/// The events behind all rows together.
pub fn evidence_of(rows: &[Row]) -> Evidence {
    let mut evidence = Evidence::None;
    rows.iter().for_each(|row| evidence.merge(&row.evidence));
    evidence
}
