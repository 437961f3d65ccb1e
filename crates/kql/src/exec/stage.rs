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

/// Runs a row through stages; what comes out goes to `sink`.
pub fn run(
    stages: &[CompiledStage],
    mut row: Row,
    budget: &mut Budget,
    scratch: &mut Scratch,
    sink: &mut dyn FnMut(Row),
) -> Result<(), ExecError> {
    for (i, stage) in stages.iter().enumerate() {
        match stage {
            CompiledStage::Where(p) => {
                let passes = p.eval(&row.values, scratch).is_true();
                budget.settle()?;
                if !passes {
                    return Ok(());
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
                let rest = stages.get(i + 1..).unwrap_or_default();
                return expand(m, programs, row, budget, scratch, &mut |row, budget, scratch| {
                    run(rest, row, budget, scratch, sink)
                });
            }
            CompiledStage::Parse(p, source) => {
                let stays = parse(p, source, &mut row, scratch);
                budget.keep(&row.values)?;
                if !stays {
                    return Ok(());
                }
            }
            CompiledStage::ParseKv(p, source) => {
                parse_kv(p, source, &mut row, scratch);
                budget.keep(&row.values)?;
            }
        }
    }
    sink(row);
    Ok(())
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

/// Where the rows of an expansion go on.
type Next<'a> = &'a mut dyn FnMut(Row, &mut Budget, &mut Scratch) -> Result<(), ExecError>;

/// `mv-expand`: a null is one row with a null, an empty array or bag none, a bag single-key bags, a scalar itself.
/// Several columns go side by side, the shorter filled with nulls. Source: docs/semantics.md#mv-expand.
pub(super) fn expand(
    m: &MvExpand,
    programs: &Program,
    row: Row,
    budget: &mut Budget,
    scratch: &mut Scratch,
    next: Next<'_>,
) -> Result<(), ExecError> {
    let values = programs.eval_all(&row.values, scratch);
    budget.keep(&values)?;
    let lists: Vec<Vec<Value>> = values.into_iter().map(|v| items_of(v, m.bag_as_array)).collect();
    let count = lists.iter().map(Vec::len).max().unwrap_or(0).min(m.limit);
    for i in 0..count {
        budget.charge(1, m.width)?;
        let mut out = row.clone();
        for ((_, at, ty), list) in m.items.iter().zip(&lists) {
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
        next(out, budget, scratch)?;
    }
    Ok(())
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
