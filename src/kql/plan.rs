//! A bound, typed query: every name looked up, every type known.
//!
//! A plan is a graph: `let T = …` used twice is one node with two parents, worked out once a run.

use super::diagnostic::Span;
use super::functions::Eval;
use super::functions::call::Site;
use crate::value::{Column, Str, Type, Value};
use std::collections::HashSet;
use std::rc::Rc;

/// A typed scalar expression over the columns of its operator's input.
#[derive(Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The type of its value.
    pub ty: Type,
    /// Where it was written.
    pub span: Span,
}

/// What a scalar expression is.
#[derive(Clone)]
pub enum ExprKind {
    /// A value.
    Const(Value),
    /// A column of the input row, by position.
    Column(usize),
    /// A function or operator.
    Call(Rc<CallExpr>),
    /// `a and b …`, three-valued.
    And(Vec<Expr>),
    /// `a or b …`, three-valued.
    Or(Vec<Expr>),
    /// `case(p, v, …, else)`: predicates and values in turn, the default last.
    Case(Vec<Expr>),
    /// `now()`: fixed once a run.
    Now,
    /// `toscalar(T)`: first row, first column, worked out once a run.
    Scalar(Rc<Plan>),
    /// The first column of a table as an array: the right side of `x in (T)`.
    List(Rc<Plan>),
    /// A function of the row's place among the rows: `row_number()`, `prev(x)`.
    Window(Rc<WindowExpr>),
}

/// A call of a scalar function or an operator.
#[derive(Clone)]
pub struct CallExpr {
    /// `strlen`, `==`, `.` …
    pub name: &'static str,
    /// The evaluator.
    pub eval: Eval,
    /// The arguments.
    pub args: Vec<Expr>,
    /// What is known of the place.
    pub site: Site,
}

/// A call of a window function.
#[derive(Clone)]
pub struct WindowExpr {
    /// Which one.
    pub function: Window,
    /// Its arguments.
    pub args: Vec<Expr>,
}

/// A window function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// `row_number(start, restart)`
    RowNumber,
    /// `prev(x, offset, default)`
    Prev,
    /// `next(x, offset, default)`
    Next,
    /// `row_cumsum(x, restart)`
    RowCumsum,
    /// `row_rank_dense(x, restart)`
    RowRankDense,
    /// `row_rank_min(x, restart)`
    RowRankMin,
    /// `row_window_session(t, max, gap, restart)`
    RowWindowSession,
}

impl Expr {
    /// A constant.
    pub fn constant(value: Value, ty: Type, span: Span) -> Expr {
        Expr { kind: ExprKind::Const(value), ty, span }
    }

    /// The value, if it is a constant.
    pub fn as_const(&self) -> Option<&Value> {
        match &self.kind {
            ExprKind::Const(v) => Some(v),
            _ => None,
        }
    }

    /// The expressions it is made of.
    pub fn children(&self) -> &[Expr] {
        match &self.kind {
            ExprKind::Call(call) => &call.args,
            ExprKind::Window(call) => &call.args,
            ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Case(items) => items,
            _ => &[],
        }
    }

    /// Whether any part of it satisfies a test.
    pub fn any(&self, test: &mut impl FnMut(&Expr) -> bool) -> bool {
        test(self) || self.children().iter().any(|c| c.any(test))
    }

    /// Whether its value depends on the row alone: not on the clock, another table or the row's place.
    pub fn is_row_local(&self) -> bool {
        !self.any(&mut |e| {
            matches!(e.kind, ExprKind::Now | ExprKind::Scalar(_) | ExprKind::List(_) | ExprKind::Window(_))
        })
    }

    /// Marks the columns it reads.
    pub fn mark_columns(&self, used: &mut [bool]) {
        if let ExprKind::Column(i) = self.kind
            && let Some(slot) = used.get_mut(i)
        {
            *slot = true;
        }
        self.children().iter().for_each(|c| c.mark_columns(used));
    }
}

/// A node of a plan: what it does and what columns come out. Made by [`Plan::new`].
pub struct Plan {
    /// What it does.
    pub kind: PlanKind,
    /// What comes out.
    pub columns: Vec<Column>,
    /// Where it was written.
    pub span: Span,
    /// Whether the columns are not all known, because something in it could not be bound.
    pub open: bool,
    /// How deep what walks the plan has to go: one for each step of a pipeline, [`Plan::NESTED`] for each table
    /// inside another (a side of a join, `toscalar`). Binding refuses a plan that is too deep.
    pub depth: usize,
}

impl Plan {
    /// The deepest plan a query may have.
    pub const MAX_DEPTH: usize = 600;
    /// What a table inside another adds to the depth: pipelines are walked in loops, tables inside tables by recursion.
    pub const NESTED: usize = 8;

    /// A node over nodes made before.
    pub fn new(kind: PlanKind, columns: Vec<Column>, span: Span, open: bool) -> Plan {
        let input = kind.input().map(Rc::as_ptr);
        let mut depth = 1;
        kind.for_each_plan(&mut |plan| {
            let step = if Some(Rc::as_ptr(plan)) == input { 1 } else { Plan::NESTED };
            depth = depth.max(plan.depth + step);
        });
        Plan { kind, columns, span, open, depth }
    }

    /// Whether a node at or below this one satisfies a test; tables inside expressions are looked at too.
    pub fn any(self: &Rc<Plan>, test: &mut impl FnMut(&Plan) -> bool) -> bool {
        let (mut seen, mut todo) = (HashSet::new(), vec![Rc::clone(self)]);
        while let Some(plan) = todo.pop() {
            if !seen.insert(Rc::as_ptr(&plan)) {
                continue;
            }
            if test(&plan) {
                return true;
            }
            plan.kind.for_each_plan(&mut |below| todo.push(Rc::clone(below)));
        }
        false
    }
}

/// What a node does.
pub enum PlanKind {
    /// Reads a table of the catalog.
    Table(Str),
    /// The rows that a leaf's row stages let through; made when a plan is split.
    Leaf(usize),
    /// The rows that a subquery (`mv-apply`, `partition`) is given; which subquery, by number.
    Given(usize),
    /// Rows written in the query.
    Rows(Vec<Vec<Value>>),
    /// One row.
    Print(Vec<Expr>),
    /// `range x from a to b step c`
    Range(Box<[Expr; 3]>),
    /// Goes row by row: each input row becomes none, one or many, and no other row matters.
    Stage(Rc<Plan>, Stage),
    /// Needs the rows together.
    Set(Rc<Plan>, SetOp),
    /// Two tables by key.
    Join(Box<Join>),
    /// Two tables by network: `evaluate ipv4_lookup(…)`.
    IpLookup(Box<IpLookup>),
    /// Several tables one after the other; where each output column is found in each, `None` for missing.
    Union(Vec<UnionInput>),
    /// Nothing could be bound; reported already.
    Error,
}

impl PlanKind {
    /// The one table it goes over, where it is a step of a pipeline.
    pub fn input(&self) -> Option<&Rc<Plan>> {
        match self {
            PlanKind::Stage(input, _) | PlanKind::Set(input, _) => Some(input),
            _ => None,
        }
    }

    /// Every table it is made of, those inside its expressions too.
    pub fn for_each_plan(&self, f: &mut impl FnMut(&Rc<Plan>)) {
        match self {
            PlanKind::Stage(input, _) => f(input),
            PlanKind::Set(input, op) => {
                f(input);
                match op {
                    SetOp::MvApply(m) => f(&m.body.plan),
                    SetOp::Partition(p) => f(&p.body.plan),
                    _ => {}
                }
            }
            PlanKind::Join(j) => {
                f(&j.left);
                f(&j.right);
            }
            PlanKind::IpLookup(l) => {
                f(&l.left);
                f(&l.right);
            }
            PlanKind::Union(inputs) => inputs.iter().for_each(|i| f(&i.plan)),
            _ => {}
        }
        self.for_each_expr(&mut |e| {
            e.any(&mut |e| {
                if let ExprKind::Scalar(plan) | ExprKind::List(plan) = &e.kind {
                    f(plan);
                }
                false
            });
        });
    }

    /// Every expression it evaluates itself.
    pub fn for_each_expr(&self, f: &mut impl FnMut(&Expr)) {
        match self {
            PlanKind::Print(values) => values.iter().for_each(f),
            PlanKind::Range(parts) => parts.iter().for_each(f),
            PlanKind::Stage(_, stage) => match stage {
                Stage::Where(e) => f(e),
                Stage::Extend(sets) => sets.iter().for_each(|(_, e)| f(e)),
                Stage::Project(values) => values.iter().for_each(f),
                Stage::MvExpand(m) => m.items.iter().for_each(|(e, ..)| f(e)),
                Stage::Parse(p) => f(&p.source),
                Stage::ParseKv(p) => f(&p.source),
            },
            PlanKind::Set(_, op) => op.for_each_expr(f),
            PlanKind::Join(j) => j.left_keys.iter().chain(&j.right_keys).for_each(f),
            PlanKind::IpLookup(l) => {
                [&l.left_key, &l.right_key].into_iter().for_each(&mut *f);
                l.extra.iter().for_each(|(a, b)| [a, b].into_iter().for_each(&mut *f));
            }
            PlanKind::Table(_)
            | PlanKind::Leaf(_)
            | PlanKind::Given(_)
            | PlanKind::Rows(_)
            | PlanKind::Union(_)
            | PlanKind::Error => {}
        }
    }
}

/// An input of a union.
pub struct UnionInput {
    /// The rows.
    pub plan: Rc<Plan>,
    /// For each output column where it comes from.
    pub sources: Vec<UnionSource>,
}

/// Where a column of a union comes from.
#[derive(Clone)]
pub enum UnionSource {
    /// A column of the input.
    Column(usize),
    /// The same for all rows of the input: `withsource`, or the missing value.
    Value(Value),
}

/// A step that looks at one row alone.
#[derive(Clone)]
pub enum Stage {
    /// Keeps the rows where it is true.
    Where(Expr),
    /// Sets columns: position (the next free one appends) and value, all reading the input row.
    Extend(Vec<(usize, Expr)>),
    /// Makes a new row.
    Project(Vec<Expr>),
    /// One row an item.
    MvExpand(Rc<MvExpand>),
    /// Cuts a text into columns.
    Parse(Rc<Parse>),
    /// Cuts a text of keys and values into columns.
    ParseKv(Rc<ParseKv>),
}

/// `mv-expand`
pub struct MvExpand {
    /// What is expanded: the value, the output column, the type asked for.
    pub items: Vec<(Expr, usize, Option<Type>)>,
    /// At most so many rows from one.
    pub limit: usize,
    /// `bagexpansion=array`: a bag's item is `[key, value]`.
    pub bag_as_array: bool,
    /// The column for the item's index.
    pub item_index: Option<usize>,
    /// How many columns the output has.
    pub width: usize,
}

/// `parse`: the pattern as a regular expression, so a hostile text costs no more than its length.
pub struct Parse {
    /// The text.
    pub source: Expr,
    /// The whole pattern.
    pub pattern: Box<regex::Regex>,
    /// Whether rows that do not match are dropped.
    pub filter: bool,
    /// Whether a column whose text is not of its type fails the whole row.
    pub strict: bool,
    /// For each column of the pattern: its group, where it goes and its type.
    pub columns: Vec<(usize, usize, Type)>,
    /// How many columns the output has.
    pub width: usize,
}

/// `parse-kv`
pub struct ParseKv {
    /// The text.
    pub source: Expr,
    /// For each column: its key, where it goes and its type.
    pub columns: Vec<(Str, usize, Type)>,
    /// How keys and values are told apart.
    pub mode: KvMode,
    /// `quote`: opening and closing.
    pub quotes: Vec<(char, char)>,
    /// `escape`
    pub escapes: Vec<char>,
    /// How many columns the output has.
    pub width: usize,
}

/// How `parse-kv` tells keys and values apart.
pub enum KvMode {
    /// By delimiters.
    Delimited {
        /// `pair_delimiter`
        pair: String,
        /// `kv_delimiter`
        kv: String,
        /// `greedy`: a value goes on over pair delimiters that no key follows.
        greedy: bool,
    },
    /// Words: a key and the word after it.
    Words,
    /// `regex`: the pattern of a pair, its key and its value in groups.
    Regex(Box<regex::Regex>),
}

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
    /// `evaluate rows_near(condition, before, after)`
    RowsNear(Expr, usize, usize),
}

impl SetOp {
    /// Every expression it evaluates itself; those of subqueries are not among them.
    pub fn for_each_expr(&self, f: &mut impl FnMut(&Expr)) {
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
            SetOp::Count | SetOp::Pivot(_) | SetOp::Narrow(_) => {}
        }
    }
}

/// A subquery that runs again and again, each time over other rows.
pub struct Subquery {
    /// What it does, over [`PlanKind::Given`].
    pub plan: Rc<Plan>,
    /// The number of its [`PlanKind::Given`].
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
    /// The number of the [`PlanKind::Given`] that holds the key itself, for `toscalar(k)`.
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

/// `evaluate ipv4_lookup(…)`, `evaluate ipv6_lookup(…)`
pub struct IpLookup {
    /// The rows looked up.
    pub left: Rc<Plan>,
    /// The table of networks.
    pub right: Rc<Plan>,
    /// The address, over the left rows.
    pub left_key: Expr,
    /// The network, over the right rows.
    pub right_key: Expr,
    /// Further columns that must be equal, left and right.
    pub extra: Vec<(Expr, Expr)>,
    /// Which columns of the right side come out.
    pub right_columns: Vec<usize>,
    /// Their types, to fill missing values.
    pub right_types: Vec<Type>,
    /// Whether rows without a match come out too.
    pub unmatched: bool,
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
    pub aggregate: &'static super::aggregates::Aggregate,
    /// Its arguments.
    pub args: Vec<Expr>,
    /// The type of its result.
    pub ty: Type,
    /// How many columns it fills: one, but for `arg_max(x, *)` and its kin.
    pub width: usize,
}

/// `join` and `lookup`
pub struct Join {
    /// The left side.
    pub left: Rc<Plan>,
    /// The right side.
    pub right: Rc<Plan>,
    /// Which rows.
    pub kind: JoinKind,
    /// Key expressions over the left rows.
    pub left_keys: Vec<Expr>,
    /// Key expressions over the right rows.
    pub right_keys: Vec<Expr>,
    /// Which columns of the right side come out.
    pub right_columns: Vec<usize>,
    /// For `lookup` and outer joins nothing else is needed; for `rightouter` missing left values are filled.
    pub left_types: Vec<Type>,
    /// The types of the right columns that come out, to fill missing values.
    pub right_types: Vec<Type>,
}

/// Which rows a join yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// The left side without duplicate keys, then inner.
    InnerUnique,
    /// Every pair.
    Inner,
    /// And left rows without a match.
    LeftOuter,
    /// And right rows without a match.
    RightOuter,
    /// And both.
    FullOuter,
    /// Left rows with a match.
    LeftSemi,
    /// Left rows without a match.
    LeftAnti,
    /// Right rows with a match.
    RightSemi,
    /// Right rows without a match.
    RightAnti,
}
