//! Row stages: each looks at one row alone.

use super::program::{Columns, Program, Scratch};
use super::row::Row;
use super::{Budget, ExecError};
use crate::functions::call::list_items;
use crate::plan::{Expr, MvExpand, Parse, ParseKv, Stage};
use crate::value::{Bag, Type, Value, convert};
use std::rc::Rc;

/// A stage ready to run.
pub enum CompiledStage {
    /// `where`
    Where(Program),
    /// `extend`: positions and values.
    Extend(Vec<usize>, Program),
    /// `project`
    Project(Program),
    /// `mv-expand`
    MvExpand(Rc<MvExpand>, Program),
    /// `parse`
    Parse(Rc<Parse>, Program),
    /// `parse-kv`
    ParseKv(Rc<ParseKv>, Program),
}

impl CompiledStage {
    /// Compiles a stage; `resolve` fixes what does not depend on the row.
    pub fn new(
        stage: &Stage,
        resolve: &mut dyn FnMut(&Expr) -> Result<Expr, ExecError>,
    ) -> Result<CompiledStage, ExecError> {
        let mut program = |es: &mut dyn Iterator<Item = &Expr>| {
            es.map(&mut *resolve).collect::<Result<Vec<_>, _>>().map(|es| Program::of(&es))
        };
        let one = std::iter::once;
        Ok(match stage {
            Stage::Where(e) => CompiledStage::Where(program(&mut one(e))?),
            Stage::Extend(sets) => CompiledStage::Extend(
                sets.iter().map(|(at, _)| *at).collect(),
                program(&mut sets.iter().map(|(_, e)| e))?,
            ),
            Stage::Project(values) => CompiledStage::Project(program(&mut values.iter())?),
            Stage::MvExpand(m) => {
                CompiledStage::MvExpand(Rc::clone(m), program(&mut m.items.iter().map(|(e, ..)| e))?)
            }
            Stage::Parse(p) => CompiledStage::Parse(Rc::clone(p), program(&mut one(&p.source))?),
            Stage::ParseKv(p) => CompiledStage::ParseKv(Rc::clone(p), program(&mut one(&p.source))?),
        })
    }

    /// Compiles a stage that depends on its row alone.
    pub fn local(stage: &Stage) -> Option<CompiledStage> {
        CompiledStage::new(stage, &mut |e| Ok(e.clone())).ok()
    }

    /// See [`Program::warm`].
    pub fn warm(&self) {
        match self {
            CompiledStage::Where(p)
            | CompiledStage::Extend(_, p)
            | CompiledStage::Project(p)
            | CompiledStage::MvExpand(_, p)
            | CompiledStage::Parse(_, p)
            | CompiledStage::ParseKv(_, p) => p.warm(),
        }
    }

    /// The predicate, if it is a `where`.
    pub fn predicate(&self) -> Option<&Program> {
        match self {
            CompiledStage::Where(p) => Some(p),
            _ => None,
        }
    }
}

/// The first row that stages make of a record, and the stages that are left for it. A `project` reads the record itself; for any other
/// stage a row is made of the columns that are needed: mostly few, but as wide as the table.
pub fn first_row<'s>(
    stages: &'s [CompiledStage],
    record: &dyn Columns,
    needed: &[bool],
    budget: &mut Budget,
    scratch: &mut Scratch,
) -> Result<(Vec<Value>, &'s [CompiledStage]), ExecError> {
    if let Some((CompiledStage::Project(values), rest)) = stages.split_first() {
        let made = values.eval_all(record, scratch);
        budget.keep(&made)?;
        return Ok((made, rest));
    }
    Ok((needed_columns(record, needed), stages))
}

/// The columns of a record that are needed; the others are null.
pub fn needed_columns(record: &dyn Columns, needed: &[bool]) -> Vec<Value> {
    let value = |(i, needed): (usize, &bool)| if *needed { record.column(i) } else { Value::Null };
    needed.iter().enumerate().map(value).collect()
}

/// Runs a row through stages; what comes out goes to `sink`. Expansions whose rows are still to come wait here: no stage calls this
/// again, so that on a small stack a rule may expand as often as it likes.
pub fn run(
    stages: &[CompiledStage],
    row: Row,
    budget: &mut Budget,
    scratch: &mut Scratch,
    sink: &mut dyn FnMut(Row),
) -> Result<(), ExecError> {
    let mut expansions: Vec<(usize, Expansion)> = Vec::new();
    let mut next = Some((0, row));
    while let Some((from, row)) = next {
        expansions.extend(until_expansion(stages, from, row, budget, scratch, sink)?);
        next = None;
        while let Some((from, expansion)) = expansions.last_mut() {
            next = expansion.next(budget)?.map(|row| (*from, row));
            if next.is_some() {
                break;
            }
            expansions.pop();
        }
    }
    Ok(())
}

/// Runs a row through the stages from one on: to the sink, or to an expansion and where its rows go on.
fn until_expansion<'a>(
    stages: &'a [CompiledStage],
    from: usize,
    mut row: Row,
    budget: &mut Budget,
    scratch: &mut Scratch,
    sink: &mut dyn FnMut(Row),
) -> Result<Option<(usize, Expansion<'a>)>, ExecError> {
    for (i, stage) in stages.iter().enumerate().skip(from) {
        match stage {
            CompiledStage::Where(p) => {
                let passes = p.eval(&row.values, scratch).is_true();
                budget.settle()?;
                if !passes {
                    return Ok(None);
                }
            }
            CompiledStage::Extend(places, values) => {
                let made = values.eval_all(&row.values, scratch);
                budget.keep(&made)?;
                for (at, v) in places.iter().zip(made) {
                    set(&mut row.values, *at, v);
                }
            }
            CompiledStage::Project(values) => {
                row.values = values.eval_all(&row.values, scratch);
                budget.keep(&row.values)?;
            }
            CompiledStage::MvExpand(m, programs) => {
                return Ok(Some((i + 1, Expansion::of(m, programs, row, budget, scratch)?)));
            }
            CompiledStage::Parse(p, source) => {
                let stays = parse(p, source, &mut row, scratch);
                budget.keep(&row.values)?;
                if !stays {
                    return Ok(None);
                }
            }
            CompiledStage::ParseKv(p, source) => {
                parse_kv(p, source, &mut row, scratch);
                budget.keep(&row.values)?;
            }
        }
    }
    sink(row);
    Ok(None)
}

/// Whether the row stays.
fn parse(p: &Parse, source: &Program, row: &mut Row, scratch: &mut Scratch) -> bool {
    let text = source.eval(&row.values, scratch);
    match super::parse::cut(p, &text) {
        Some(values) => values.into_iter().for_each(|(at, v)| set(&mut row.values, at, v)),
        None if p.filter => return false,
        None => p.columns.iter().for_each(|(_, at, ty)| set(&mut row.values, *at, ty.missing())),
    }
    true
}

fn parse_kv(p: &ParseKv, source: &Program, row: &mut Row, scratch: &mut Scratch) {
    let text = source.eval(&row.values, scratch);
    for (at, v) in super::parse::key_values(p, &text) {
        set(&mut row.values, at, v);
    }
}

/// Sets a column; one behind the end appends.
pub fn set(values: &mut Vec<Value>, at: usize, v: Value) {
    if values.len() <= at {
        values.resize(at + 1, Value::Null);
    }
    if let Some(slot) = values.get_mut(at) {
        *slot = v;
    }
}

/// `mv-expand`: a null is one row with a null, an empty array or bag none, a bag single-key bags, a scalar itself.
/// Several columns go side by side, the shorter filled with nulls. Source: docs/semantics.md#mv-expand.
pub(super) struct Expansion<'a> {
    expand: &'a MvExpand,
    row: Row,
    lists: Vec<Vec<Value>>,
    count: usize,
    made: usize,
}

impl<'a> Expansion<'a> {
    pub(super) fn of(
        expand: &'a MvExpand,
        programs: &Program,
        row: Row,
        budget: &mut Budget,
        scratch: &mut Scratch,
    ) -> Result<Expansion<'a>, ExecError> {
        let values = programs.eval_all(&row.values, scratch);
        budget.keep(&values)?;
        let lists: Vec<Vec<Value>> = values.into_iter().map(|v| items_of(v, expand.bag_as_array)).collect();
        let count = lists.iter().map(Vec::len).max().unwrap_or(0).min(expand.limit);
        Ok(Expansion { expand, row, lists, count, made: 0 })
    }

    /// The next row.
    pub(super) fn next(&mut self, budget: &mut Budget) -> Result<Option<Row>, ExecError> {
        let (m, i) = (self.expand, self.made);
        if i >= self.count {
            return Ok(None);
        }
        self.made += 1;
        budget.charge(1, m.width)?;
        // Most lists have one item.
        let mut out = if self.made == self.count { std::mem::take(&mut self.row) } else { self.row.clone() };
        for ((_, at, ty), list) in m.items.iter().zip(&self.lists) {
            let item = list.get(i).cloned().unwrap_or_default();
            let item = match ty {
                Some(ty) => typed_item(item, *ty),
                None => item,
            };
            set(&mut out.values, *at, item);
        }
        if let Some(at) = m.item_index {
            set(&mut out.values, at, Value::Long(i as i64));
        }
        budget.settle()?;
        Ok(Some(out))
    }
}

fn items_of(v: Value, bag_as_array: bool) -> Vec<Value> {
    match v {
        Value::Array(items) => Rc::unwrap_or_clone(items).into_items(),
        Value::Bag(bag) => bag
            .iter()
            .map(|(k, v)| {
                if bag_as_array {
                    return Value::array(vec![Value::String(Rc::clone(k)), v.clone()]);
                }
                Value::bag(Bag::from_distinct(vec![(Rc::clone(k), v.clone())]))
            })
            .collect(),
        other => list_items(&other).to_vec(),
    }
}

/// `to typeof(t)`: a number is made of a number only, a bool of a bool or a whole number. Source: docs/semantics.md#mv-expand.
fn typed_item(item: Value, ty: Type) -> Value {
    let kin = |v: &Value| match ty {
        Type::Bool => matches!(v, Value::Bool(_) | Value::Int(_) | Value::Long(_)),
        t if t.is_number() => v.own_type().is_some_and(Type::is_number),
        _ => true,
    };
    match (&item, ty) {
        (_, Type::Dynamic) => item,
        (v, _) if !kin(v) => Value::Null,
        _ => {
            let v = convert::convert(&item, Type::Dynamic, ty);
            if v.is_null() { ty.missing() } else { v }
        }
    }
}

/// The first stages of a leaf run against the record itself, so that a record that does not matter is never
/// taken apart further than its deciding columns.
pub fn leading_filters(stages: &[CompiledStage]) -> usize {
    stages.iter().take_while(|s| s.predicate().is_some()).count()
}

/// Whether a record passes the leading filters. A filter that would need too much for it is an error, not a no.
pub fn passes(
    stages: &[CompiledStage],
    leading: usize,
    record: &dyn Columns,
    budget: &mut Budget,
    scratch: &mut Scratch,
) -> Result<bool, ExecError> {
    let mut filters = stages.iter().take(leading).filter_map(CompiledStage::predicate);
    let passes = filters.all(|p| p.eval(record, scratch).is_true());
    budget.settle()?;
    Ok(passes)
}
