//! Steps that need the rows together.

use super::{Expr, MvExpand, Plan};
use crate::value::{Column, Str, Type, Value};
use std::rc::Rc;

/// A key of a sort.
#[derive(Clone)]
pub struct SortKey {
    /// The key.
    pub value: Expr,
    /// `asc`
    pub ascending: bool,
    /// Where nulls go.
    pub nulls_first: bool,
}

/// A step that needs the rows together.
pub enum SetOp {
    /// `sort by`
    Sort(Vec<SortKey>),
    /// `take n`
    Take(Expr),
    /// `sample n`
    Sample(Expr),
    /// `top n by x`
    Top(Expr, SortKey),
    /// `count`
    Count,
    /// `summarize … by …`, and `distinct`: keys first, then aggregates.
    Summarize(Summarize),
    /// Sets columns that depend on the row's place.
    Window(Vec<(usize, Expr)>),
    /// `mv-apply`: a subquery over the items of each row.
    MvApply(Box<MvApply>),
    /// `partition`: a subquery over the rows of each key.
    Partition(Box<Partition>),
    /// `make-series`
    MakeSeries(Box<MakeSeries>),
    /// `top-nested`
    TopNested(Vec<TopNestedLevel>),
    /// `scan`
    Scan(Box<Scan>),
    /// `evaluate pivot(…)` over rows already grouped.
    Pivot(Pivot),
    /// `evaluate narrow()`
    Narrow(Vec<Column>),
    /// `evaluate session_count(…)` and its kin
    Activity(Box<Activity>),
    /// `evaluate schema_merge(PreserveOrder)`
    SchemaMerge(bool),
    /// `evaluate rows_near(condition, before, after)`
    RowsNear(Expr, usize, usize),
}

impl SetOp {
    /// What a query calls it.
    pub fn operator(&self) -> &'static str {
        match self {
            SetOp::Sort(_) => "sort",
            SetOp::Take(_) => "take",
            SetOp::Sample(_) => "sample",
            SetOp::Top(..) => "top",
            SetOp::Count => "count",
            SetOp::Summarize(_) => "summarize",
            SetOp::Window(_) => "extend",
            SetOp::MvApply(_) => "mv-apply",
            SetOp::Partition(_) => "partition",
            SetOp::MakeSeries(_) => "make-series",
            SetOp::TopNested(_) => "top-nested",
            SetOp::Scan(_) => "scan",
            SetOp::Pivot(_) => "evaluate pivot",
            SetOp::Narrow(_) => "evaluate narrow",
            SetOp::Activity(a) => a.name,
            SetOp::SchemaMerge(_) => "evaluate schema_merge",
            SetOp::RowsNear(..) => "evaluate rows_near",
        }
    }

    /// Every expression it evaluates itself; those of subqueries are not among them.
    pub fn for_each_expr(&self, f: &mut dyn FnMut(&Expr)) {
        let aggregates = |aggregates: &[AggregateExpr], f: &mut dyn FnMut(&Expr)| {
            aggregates.iter().flat_map(|a| &a.args).for_each(f);
        };
        match self {
            SetOp::Sort(keys) => keys.iter().for_each(|k| f(&k.value)),
            SetOp::Take(n) | SetOp::Sample(n) => f(n),
            SetOp::Top(n, key) => {
                f(n);
                f(&key.value);
            }
            SetOp::Summarize(s) => {
                s.keys.iter().for_each(&mut *f);
                aggregates(&s.aggregates, f);
            }
            SetOp::Window(sets) => sets.iter().for_each(|(_, e)| f(e)),
            SetOp::MvApply(m) => m.expand.items.iter().for_each(|(e, ..)| f(e)),
            SetOp::Partition(p) => f(&p.key),
            SetOp::MakeSeries(m) => {
                m.by.iter().for_each(&mut *f);
                aggregates(&m.aggregates, f);
                m.results.iter().for_each(&mut *f);
                m.defaults.iter().flatten().for_each(&mut *f);
                f(&m.axis);
                [&m.from, &m.to].into_iter().flatten().for_each(&mut *f);
                f(&m.step);
            }
            SetOp::TopNested(levels) => {
                for level in levels {
                    [&level.count, &level.others].into_iter().flatten().for_each(&mut *f);
                    f(&level.key);
                    aggregates(&level.aggregates, f);
                    f(&level.result);
                }
            }
            SetOp::Scan(s) => {
                s.defaults.iter().for_each(&mut *f);
                for step in &s.steps {
                    f(&step.condition);
                    step.assignments.iter().for_each(|(_, e)| f(e));
                }
            }
            SetOp::RowsNear(condition, ..) => f(condition),
            SetOp::Activity(a) => {
                [&a.id, &a.time, &a.bin].into_iter().for_each(&mut *f);
                [&a.start, &a.end, &a.lookback, &a.period].into_iter().flatten().for_each(&mut *f);
                a.dimensions.iter().for_each(f);
            }
            SetOp::Count | SetOp::Pivot(_) | SetOp::Narrow(_) | SetOp::SchemaMerge(_) => {}
        }
    }
}

/// A subquery that runs again and again, each time over other rows.
pub struct Subquery {
    /// What it does, over [`super::PlanKind::Given`].
    pub plan: Rc<Plan>,
    /// The number of its [`super::PlanKind::Given`].
    pub given: usize,
}

/// `mv-apply`
pub struct MvApply {
    /// How a row becomes a table.
    pub expand: Rc<MvExpand>,
    /// What runs over that table.
    pub body: Subquery,
    /// Where each output column comes from.
    pub outputs: Vec<ApplyOutput>,
}

/// Where a column of `mv-apply` comes from.
#[derive(Clone, Copy)]
pub enum ApplyOutput {
    /// The row that was expanded.
    Source(usize),
    /// A row of the subquery.
    Body(usize),
}

/// `partition by k (…)`
pub struct Partition {
    /// The key.
    pub key: Expr,
    /// What runs over the rows of a key.
    pub body: Subquery,
    /// The number of the [`super::PlanKind::Given`] that holds the key itself, for `toscalar(k)`.
    pub key_given: usize,
    /// At most so many keys.
    pub most: usize,
}

/// `make-series`: for each key an array an aggregate, an item each step of the axis.
pub struct MakeSeries {
    /// The keys.
    pub by: Vec<Expr>,
    /// The aggregates.
    pub aggregates: Vec<AggregateExpr>,
    /// What is made of the aggregates of a bin: reads their columns.
    pub results: Vec<Expr>,
    /// What stands where a bin has no row; without one, zero.
    pub defaults: Vec<Option<Expr>>,
    /// The axis.
    pub axis: Expr,
    /// Where it starts; without one, at each key's first bin.
    pub from: Option<Expr>,
    /// Where it ends; without one, after each key's last bin.
    pub to: Option<Expr>,
    /// Whether the end itself belongs to it (`in range(…)`).
    pub to_inclusive: bool,
    /// The distance of two items.
    pub step: Expr,
    /// `kind=nonempty`: without rows one series of defaults.
    pub non_empty: bool,
}

/// A level of `top-nested`.
pub struct TopNestedLevel {
    /// How many values; without one, all.
    pub count: Option<Expr>,
    /// The value rows are grouped by.
    pub key: Expr,
    /// What stands for the values that are not among the top.
    pub others: Option<Expr>,
    /// The aggregates.
    pub aggregates: Vec<AggregateExpr>,
    /// What is made of the aggregates of a group: reads their columns.
    pub result: Expr,
    /// Whether the smallest come first.
    pub ascending: bool,
}

/// `scan`: sequences of rows. Expressions read, one behind the other: the row with its declared columns, then the
/// state of every step, each a row with declared columns.
pub struct Scan {
    /// How many columns a row has with its declared columns.
    pub width: usize,
    /// The values of the declared columns where no step sets them.
    pub defaults: Vec<Expr>,
    /// The steps.
    pub steps: Vec<ScanStep>,
    /// Whether the number of the sequence is appended.
    pub match_id: bool,
}

/// A step of `scan`.
pub struct ScanStep {
    /// Which rows match.
    pub condition: Expr,
    /// What a match sets: the position in the row and the value.
    pub assignments: Vec<(usize, Expr)>,
    /// Which matches are output.
    pub output: ScanOutput,
}

/// Which matches of a `scan` step are output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanOutput {
    /// Every one.
    All,
    /// The last of a run of repeated matches.
    Last,
    /// None.
    None,
}

/// `evaluate pivot(…)`: rows of keys, a name and a value become a row a key with a column a name.
pub struct Pivot {
    /// How many keys stand first.
    pub keys: usize,
    /// The names, each an output column behind the keys.
    pub names: Vec<Str>,
    /// What stands where a key has no value of that name.
    pub missing: Value,
}

/// A plugin that counts over windows of a timeline.
pub struct Activity {
    /// Its name, for messages.
    pub name: &'static str,
    /// Which one.
    pub kind: ActivityKind,
    /// Whose activity it is; for percentiles, the value.
    pub id: Expr,
    /// The timeline.
    pub time: Expr,
    /// Where the period starts.
    pub start: Option<Expr>,
    /// Where it ends; the end itself belongs to it.
    pub end: Option<Expr>,
    /// The size of a bin.
    pub bin: Expr,
    /// How far a window looks back.
    pub lookback: Option<Expr>,
    /// Appearances within one period count once, in `active_users_count`.
    pub period: Option<Expr>,
    /// What slices the counts.
    pub dimensions: Vec<Expr>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ActivityKind {
    /// `active_users_count`
    Active {
        /// In how many periods an id must appear.
        least: usize,
    },
    /// `activity_counts_metrics`
    Counts,
    /// `sliding_window_counts`
    Sliding,
    /// `session_count`
    Sessions,
    /// `rolling_percentile`
    Percentile {
        /// Which percentile.
        percent: f64,
        /// How many bins a window has.
        bins: u32,
    },
}

/// `summarize`
pub struct Summarize {
    /// The keys.
    pub keys: Vec<Expr>,
    /// The aggregates.
    pub aggregates: Vec<AggregateExpr>,
}

/// A call of an aggregate.
pub struct AggregateExpr {
    /// Which one.
    pub aggregate: &'static crate::aggregates::Aggregate,
    /// Its arguments.
    pub args: Vec<Expr>,
    /// The type of its result.
    pub ty: Type,
    /// How many columns it fills: one, but for `arg_max(x, *)` and its kin.
    pub width: usize,
}
