//! A bound, typed query: every name looked up, every type known.
//!
//! A plan is a graph: `let T = …` used twice is one node with two parents, worked out once a run.

use super::ast::ParsePart;
use super::diagnostic::Span;
use super::functions::Eval;
use super::functions::call::Site;
use crate::value::{Column, Str, Type, Value};
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

/// A node of a plan: what it does and what columns come out.
pub struct Plan {
    /// What it does.
    pub kind: PlanKind,
    /// What comes out.
    pub columns: Vec<Column>,
    /// Where it was written.
    pub span: Span,
    /// Whether the columns are not all known, because something in it could not be bound.
    pub open: bool,
}

/// What a node does.
pub enum PlanKind {
    /// Reads a table of the catalog.
    Table(Str),
    /// The rows that a leaf's row stages let through; made when a plan is split.
    Leaf(usize),
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
    /// Several tables one after the other; where each output column is found in each, `None` for missing.
    Union(Vec<UnionInput>),
    /// Nothing could be bound; reported already.
    Error,
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

/// `parse`
pub struct Parse {
    /// The text.
    pub source: Expr,
    /// The pattern.
    pub mode: ParseMode,
    /// Whether rows that do not match are dropped.
    pub filter: bool,
    /// For each column of the pattern: where it goes and its type.
    pub columns: Vec<(usize, Type)>,
    /// How many columns the output has.
    pub width: usize,
}

/// How a `parse` pattern reads.
pub enum ParseMode {
    /// Literal texts: all columns or none.
    Simple(Vec<ParsePart>),
    /// Literal texts: each column for itself.
    Relaxed(Vec<ParsePart>),
    /// A regular expression with one group a column.
    Regex(Box<regex::Regex>),
}

/// `parse-kv`
pub struct ParseKv {
    /// The text.
    pub source: Expr,
    /// For each column: its key, where it goes and its type.
    pub columns: Vec<(Str, usize, Type)>,
    /// `pair_delimiter`
    pub pair_delimiter: String,
    /// `kv_delimiter`
    pub kv_delimiter: String,
    /// `quote`: opening and closing.
    pub quotes: Vec<(char, char)>,
    /// `escape`
    pub escape: Option<char>,
    /// `greedy`: a value goes on over pair delimiters that no key follows.
    pub greedy: bool,
    /// `regex`: the pattern of a pair, instead of delimiters.
    pub regex: Option<Box<regex::Regex>>,
    /// How many columns the output has.
    pub width: usize,
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
    /// `top n by x`
    Top(Expr, SortKey),
    /// `count`
    Count,
    /// `summarize … by …`, and `distinct`: keys first, then aggregates.
    Summarize(Summarize),
    /// Sets columns that depend on the row's place.
    Window(Vec<(usize, Expr)>),
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
