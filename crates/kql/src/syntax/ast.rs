//! The syntax tree: what the text says, before any name is looked up.

use crate::diagnostic::Span;
use crate::value::{Str, Type, Value};
use std::rc::Rc;

/// A name and where it stands.
#[derive(Clone, Debug)]
pub struct Name {
    /// Without brackets and quotes.
    pub text: Str,
    /// With them.
    pub span: Span,
}

/// An expression, scalar or tabular: KQL tells them apart only when names are bound.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of it.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `1`, `"a"`, `1d`, `dynamic([1])`
    Literal(Type, Value),
    /// `EventName`, `['my col']`, `$left`
    Name(Str),
    /// `d.a`, `d['a']` with a constant text
    Member(Box<Expr>, Name),
    /// `d[0]`, `d[key]`
    Index(Box<Expr>, Box<Expr>),
    /// `strlen(s)`, also with tabular arguments
    Call(Name, Vec<Argument>),
    /// `-x`, `+x`
    Sign(bool, Box<Expr>),
    /// `a == b`, `a has b`; the span is the operator's
    Binary(BinaryOp, Span, Box<Expr>, Box<Expr>),
    /// `a and b and c`
    And(Vec<Expr>),
    /// `a or b or c`
    Or(Vec<Expr>),
    /// `x in (1, 2)`, `x has_any ("a", "b")`
    List(ListOp, Span, Box<Expr>, Vec<Expr>),
    /// `x between (1 .. 2)`; true for `!between`
    Between(bool, Box<Expr>, Box<Expr>, Box<Expr>),
    /// `*`, as in `count(*)`, `arg_max(x, *)`, `* has "a"`
    Star,
    /// Where a term of `search` and `find` is looked for: all columns of text, and whole numbers by their text
    Anywhere,
    /// `T | where x | count`
    Pipe(Box<Expr>, Rc<[Operator]>),
    /// A tabular source that is an operator: `print`, `range`, `datatable`, `union` …
    Source(Rc<Operator>),
    /// `(a:long, T:(x:long)) { … }`
    Lambda(Rc<Lambda>),
    /// `T*`, where tables are listed
    TablePattern(Str),
    /// `typeof(long)`, `typeof(x:long, *)`
    TypeOf(Vec<(Option<Name>, Name)>),
    /// What could not be read; reported already.
    Error,
}

impl Expr {
    /// The expression with parts of it replaced where `change` yields something; tables inside it stay as they are.
    pub fn map(&self, change: &mut dyn FnMut(&Expr) -> Option<Expr>) -> Expr {
        if let Some(changed) = change(self) {
            return changed;
        }
        let mut one = |e: &Expr| Box::new(e.map(change));
        let kind = match &self.kind {
            ExprKind::Member(of, name) => ExprKind::Member(one(of), name.clone()),
            ExprKind::Index(of, index) => ExprKind::Index(one(of), one(index)),
            ExprKind::Sign(negative, e) => ExprKind::Sign(*negative, one(e)),
            ExprKind::Binary(op, span, a, b) => ExprKind::Binary(*op, *span, one(a), one(b)),
            ExprKind::Between(not, x, low, high) => ExprKind::Between(*not, one(x), one(low), one(high)),
            ExprKind::And(items) => ExprKind::And(items.iter().map(|e| e.map(change)).collect()),
            ExprKind::Or(items) => ExprKind::Or(items.iter().map(|e| e.map(change)).collect()),
            ExprKind::List(op, span, x, items) => {
                let x = Box::new(x.map(change));
                ExprKind::List(*op, *span, x, items.iter().map(|e| e.map(change)).collect())
            }
            ExprKind::Call(name, args) => {
                let argument = |a: &Argument| Argument { name: a.name.clone(), value: a.value.map(change) };
                ExprKind::Call(name.clone(), args.iter().map(argument).collect())
            }
            other => other.clone(),
        };
        Expr { kind, span: self.span }
    }
}

/// An argument of a call: `x` or `name=x`.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The name before `=`.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// A binary operator that takes two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `==`
    Equal,
    /// `!=`, `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `=~`, `!~`, `has`, `contains_cs`, `matches regex` …: its entry in [`TEXT_OPS`]
    Text(&'static TextOp),
}

impl BinaryOp {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Modulo => "%",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessOrEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterOrEqual => ">=",
            BinaryOp::Text(op) => op.name,
        }
    }
}

/// What a text operator looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMatch {
    /// The whole text.
    Equals,
    /// Anywhere.
    Contains,
    /// At the start.
    StartsWith,
    /// At the end.
    EndsWith,
    /// As a term.
    Has,
    /// As the start of a term.
    HasPrefix,
    /// As the end of a term.
    HasSuffix,
    /// A regular expression.
    Regex,
}

/// An operator over two texts.
#[derive(Debug, PartialEq, Eq)]
pub struct TextOp {
    /// As it is written, without `!`.
    pub name: &'static str,
    /// What it looks for.
    pub test: TextMatch,
    /// Whether upper and lower case differ.
    pub case_sensitive: bool,
    /// Whether it is the `!` form.
    pub negated: bool,
}

const fn op(name: &'static str, test: TextMatch, case_sensitive: bool, negated: bool) -> TextOp {
    TextOp { name, test, case_sensitive, negated }
}

/// Every text operator of the language. Source: docs/semantics.md#strings.
pub static TEXT_OPS: &[TextOp] = &[
    op("=~", TextMatch::Equals, false, false),
    op("!~", TextMatch::Equals, false, true),
    op("has", TextMatch::Has, false, false),
    op("!has", TextMatch::Has, false, true),
    op("has_cs", TextMatch::Has, true, false),
    op("!has_cs", TextMatch::Has, true, true),
    op("hasprefix", TextMatch::HasPrefix, false, false),
    op("!hasprefix", TextMatch::HasPrefix, false, true),
    op("hasprefix_cs", TextMatch::HasPrefix, true, false),
    op("!hasprefix_cs", TextMatch::HasPrefix, true, true),
    op("hassuffix", TextMatch::HasSuffix, false, false),
    op("!hassuffix", TextMatch::HasSuffix, false, true),
    op("hassuffix_cs", TextMatch::HasSuffix, true, false),
    op("!hassuffix_cs", TextMatch::HasSuffix, true, true),
    op("contains", TextMatch::Contains, false, false),
    op("!contains", TextMatch::Contains, false, true),
    op("contains_cs", TextMatch::Contains, true, false),
    op("!contains_cs", TextMatch::Contains, true, true),
    op("containscs", TextMatch::Contains, true, false),
    op("notcontains", TextMatch::Contains, false, true),
    op("notcontainscs", TextMatch::Contains, true, true),
    op("startswith", TextMatch::StartsWith, false, false),
    op("!startswith", TextMatch::StartsWith, false, true),
    op("startswith_cs", TextMatch::StartsWith, true, false),
    op("!startswith_cs", TextMatch::StartsWith, true, true),
    op("endswith", TextMatch::EndsWith, false, false),
    op("!endswith", TextMatch::EndsWith, false, true),
    op("endswith_cs", TextMatch::EndsWith, true, false),
    op("!endswith_cs", TextMatch::EndsWith, true, true),
    op("matches regex", TextMatch::Regex, true, false),
];

/// An operator over a value and a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListOp {
    /// `in`, `in~`, `!in`, `!in~`
    In {
        /// Whether upper and lower case differ.
        case_sensitive: bool,
        /// Whether it is a `!` form.
        negated: bool,
    },
    /// `has_any`
    HasAny,
    /// `has_all`
    HasAll,
}

impl ListOp {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            ListOp::In { case_sensitive: true, negated: false } => "in",
            ListOp::In { case_sensitive: true, negated: true } => "!in",
            ListOp::In { case_sensitive: false, negated: false } => "in~",
            ListOp::In { case_sensitive: false, negated: true } => "!in~",
            ListOp::HasAny => "has_any",
            ListOp::HasAll => "has_all",
        }
    }
}

/// `name = expr`, `(a, b) = expr` or `expr`.
#[derive(Clone, Debug)]
pub struct Named {
    /// The names before `=`; empty when there is none.
    pub names: Vec<Name>,
    /// Whether they stand in parentheses: then there may be as many as the value has parts.
    pub tuple: bool,
    /// The value.
    pub value: Expr,
}

/// `x asc nulls last`
#[derive(Debug)]
pub struct Ordered {
    /// The key.
    pub value: Named,
    /// `asc`; the default is `desc`.
    pub ascending: bool,
    /// `nulls first`; the default is first for `asc`, last for `desc`.
    pub nulls_first: bool,
}

/// A parameter of an operator: `kind=inner`, `hint.strategy=broadcast`.
#[derive(Debug)]
pub struct Parameter {
    /// `kind`, `hint.strategy`
    pub name: Name,
    /// Its value; a bare word is a [`ExprKind::Name`].
    pub value: Expr,
}

/// A column of a schema: `x:long`.
#[derive(Clone, Debug)]
pub struct ColumnDecl {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
}

/// An operator of a pipeline and where it stands.
#[derive(Debug)]
pub struct Operator {
    /// Its name as written: `mv-expand`.
    pub name: Name,
    /// What it is.
    pub kind: OperatorKind,
    /// All of it.
    pub span: Span,
}

/// What an operator is, with its operands.
#[derive(Debug)]
pub enum OperatorKind {
    /// `where p`, `filter p`
    Where(Expr),
    /// `extend a = x, …`
    Extend(Vec<Named>),
    /// `project a, b = x`
    Project(Vec<Named>),
    /// `project-away a*, b`
    ProjectAway(Vec<Name>),
    /// `project-by-names "a*", dynamic(["b"])`
    ProjectByNames(Vec<Expr>),
    /// `project-keep a*, b`
    ProjectKeep(Vec<Name>),
    /// `project-rename new = old`
    ProjectRename(Vec<Named>),
    /// `project-reorder b, a* asc`
    ProjectReorder(Vec<(Name, Option<Reorder>)>),
    /// `distinct a, b`, `distinct *`
    Distinct(Vec<Named>),
    /// `take n`, `limit n`
    Take(Expr),
    /// `sample n`
    Sample(Expr),
    /// `sort by x`
    Sort(Vec<Ordered>),
    /// `top n by x`
    Top(Expr, Ordered),
    /// `count`, `count as n`
    Count(Option<Name>),
    /// `summarize a = count() by k`
    Summarize(Vec<Named>, Vec<Named>),
    /// `join kind=inner (R) on k`
    Join(Join),
    /// `lookup (R) on k`
    Lookup(Join),
    /// `union kind=outer withsource=s A, B`
    Union(Vec<Parameter>, Vec<Expr>),
    /// `mv-expand a, b to typeof(string) limit 5`
    MvExpand(MvExpand),
    /// `mv-apply x on (…)`: the operators that run over each row's items
    MvApply(MvExpand, Vec<Operator>),
    /// `parse x with …`, `parse-where x with …`
    Parse(Parse),
    /// `parse-kv x as (a:long) with (…)`
    ParseKv(Expr, Vec<ColumnDecl>, Vec<Parameter>),
    /// `print a = 1`
    Print(Vec<Named>),
    /// `range x from 1 to 3 step 1`
    Range(Name, Expr, Expr, Expr),
    /// `datatable(x:long)[1, 2]`
    Datatable(Vec<ColumnDecl>, Vec<Expr>),
    /// `externaldata(x:long)["url"]`
    ExternalData(Vec<ColumnDecl>, Vec<Expr>, Vec<Parameter>),
    /// `serialize`, `serialize n = row_number()`
    Serialize(Vec<Named>),
    /// `getschema`
    GetSchema,
    /// `as name`
    As(Name),
    /// `invoke f(x)`
    Invoke(Expr),
    /// `evaluate plugin(x) : (a:long)`
    Evaluate(Expr, Option<Schema>),
    /// `make-series …`
    MakeSeries(MakeSeries),
    /// `top-hitters n of x by y`
    TopHitters(Expr, Named, Option<Named>),
    /// `sample-distinct n of x`
    SampleDistinct(Expr, Named),
    /// `top-nested …`, each level
    TopNested(Vec<TopNestedLevel>),
    /// `partition by k (…)`
    Partition(Vec<Parameter>, Named, PartitionBody),
    /// `scan with (…)`
    Scan(Scan),
    /// `search "text"`
    Search(Vec<Parameter>, Vec<Expr>, Expr),
    /// `find where p`
    Find(Find),
    /// `make-graph a --> b …`
    MakeGraph(MakeGraph),
    /// `graph-match (x)-[e]->(y) …`, `graph-shortest-paths …`
    GraphMatch(GraphMatch),
    /// `graph-to-table nodes`, each output
    GraphToTable(Vec<GraphOutput>),
    /// `graph-mark-components kind=weak`
    GraphMarkComponents(Vec<Parameter>),
    /// `render timechart`, `consume`: nothing for us to do
    Ignored,
    /// A known operator that is not supported, or one that could not be read; reported already.
    Error,
}

/// How `project-reorder` orders what a pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reorder {
    /// `asc`
    Ascending,
    /// `desc`
    Descending,
    /// `granny-asc`
    GrannyAscending,
    /// `granny-desc`
    GrannyDescending,
}

/// The operands of `join` and `lookup`.
#[derive(Debug)]
pub struct Join {
    /// `kind=…`, hints.
    pub parameters: Vec<Parameter>,
    /// The right side.
    pub right: Box<Expr>,
    /// Keys or `$left.a == $right.b` conditions.
    pub on: Vec<Expr>,
}

/// The operands of `mv-expand` and `mv-apply`.
#[derive(Debug)]
pub struct MvExpand {
    /// `bagexpansion=array`, `with_itemindex=i`, `kind=array`
    pub parameters: Vec<Parameter>,
    /// The columns, with `to typeof(t)`.
    pub columns: Vec<(Named, Option<Type>)>,
    /// `limit n`
    pub limit: Option<Expr>,
}

/// The operands of `parse` and `parse-where`.
#[derive(Debug)]
pub struct Parse {
    /// Whether rows that do not match are dropped (`parse-where`).
    pub filter: bool,
    /// `kind=regex flags=…`
    pub parameters: Vec<Parameter>,
    /// The text.
    pub source: Expr,
    /// Texts, stars and columns in order.
    pub pattern: Vec<ParsePart>,
}

/// A part of a `parse` pattern.
#[derive(Clone, Debug)]
pub enum ParsePart {
    /// `"text"`
    Text(Str, Span),
    /// `*`
    Star(Span),
    /// `name:type`
    Column(Name, Type),
}

/// A declared schema: `(a:long, *)`.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The columns.
    pub columns: Vec<ColumnDecl>,
    /// Whether `*` stands at the start: the columns of the input come first.
    pub star: bool,
}

/// The operands of `make-series`.
#[derive(Debug)]
pub struct MakeSeries {
    /// `kind=nonempty`
    pub parameters: Vec<Parameter>,
    /// Aggregates with their `default=`.
    pub aggregates: Vec<(Named, Option<Expr>)>,
    /// `on x`
    pub on: Named,
    /// `from a`
    pub from: Option<Expr>,
    /// `to b`
    pub to: Option<Expr>,
    /// `in range(a, b, s)`: `b` belongs to it, and items stand at multiples of the step
    pub in_range: bool,
    /// `step s`
    pub step: Option<Expr>,
    /// `by k`
    pub by: Vec<Named>,
}

/// A level of `top-nested`.
#[derive(Debug)]
pub struct TopNestedLevel {
    /// `top-nested n of`
    pub count: Option<Expr>,
    /// `of x`
    pub of: Named,
    /// `with others = "text"`
    pub others: Option<Expr>,
    /// `by agg`
    pub by: Named,
    /// `asc`; the default is `desc`.
    pub ascending: bool,
}

/// What `partition` runs for each key.
#[derive(Debug)]
pub enum PartitionBody {
    /// `( operators )`: over the rows of the key
    Operators(Vec<Operator>),
    /// `{ query }`: names its own tables
    Query(Box<Expr>),
}

/// The operands of `scan`.
#[derive(Debug)]
pub struct Scan {
    /// `with_match_id=m`
    pub parameters: Vec<Parameter>,
    /// `declare (x:long = 0)`
    pub declare: Vec<(ColumnDecl, Option<Expr>)>,
    /// The steps.
    pub steps: Vec<ScanStep>,
}

/// A step of `scan`.
#[derive(Debug)]
pub struct ScanStep {
    /// Its name.
    pub name: Name,
    /// `output=last|all|none`
    pub output: Option<Name>,
    /// The condition.
    pub condition: Expr,
    /// `=> a = x, b = y`
    pub assignments: Vec<Named>,
}

/// The operands of `find`.
#[derive(Debug)]
pub struct Find {
    /// `withsource=s`
    pub parameters: Vec<Parameter>,
    /// `in (A, B)`
    pub tables: Vec<Expr>,
    /// `where p`
    pub predicate: Expr,
    /// `project a, b:long`; `None` for `project-smart`
    pub project: Option<Vec<(Name, Option<Type>)>>,
}

/// The operands of `make-graph`.
#[derive(Debug)]
pub struct MakeGraph {
    /// The column of the edges that names where an edge starts.
    pub source: Name,
    /// The column of the edges that names where it ends.
    pub target: Name,
    /// `with N on n, …`: tables of nodes and the columns that name them
    pub nodes: Vec<(Expr, Name)>,
    /// `with_node_id=n`
    pub node_id: Option<Name>,
    /// `partitioned-by k (…)`: a column of edges and nodes, and the operators that run over the graph of each value
    pub partition: Option<(Name, Vec<Operator>)>,
}

/// The operands of `graph-match` and `graph-shortest-paths`.
#[derive(Debug)]
pub struct GraphMatch {
    /// Whether it is `graph-shortest-paths`.
    pub shortest: bool,
    /// `cycles=none`, `output=all`
    pub parameters: Vec<Parameter>,
    /// The pattern: each sequence a walk.
    pub sequences: Vec<Walk>,
    /// `where p`
    pub filter: Option<Expr>,
    /// `project a = x.y, …`
    pub project: Vec<Named>,
}

/// `(a)-[e]->(b)--(c)`
#[derive(Debug)]
pub struct Walk {
    /// Where it starts.
    pub first: PatternNode,
    /// The edges, each with the node it leads to.
    pub rest: Vec<(PatternEdge, PatternNode)>,
}

/// `(a)`, `()`
#[derive(Debug)]
pub struct PatternNode {
    /// Its variable.
    pub name: Option<Name>,
    /// All of it.
    pub span: Span,
}

/// `-[e]->`, `<--`, `-[e*1..3]-`
#[derive(Debug)]
pub struct PatternEdge {
    /// Its variable.
    pub name: Option<Name>,
    /// Which way it is walked.
    pub direction: Direction,
    /// `*1..3`
    pub hops: Option<(Expr, Expr)>,
    /// All of it.
    pub span: Span,
}

/// Which way an edge of a pattern is walked, read from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `-->`: from its source to its target
    Forward,
    /// `<--`: from its target to its source
    Backward,
    /// `--`: either way
    Any,
}

/// An output of `graph-to-table`.
#[derive(Debug)]
pub struct GraphOutput {
    /// `nodes` or `edges`.
    pub what: Name,
    /// `as T`
    pub name: Option<Name>,
    /// `with_node_id=c`, `with_source_id=c`, `with_target_id=c`
    pub parameters: Vec<Parameter>,
}

/// `(a:long, b:string = "x") { let …; body }`
#[derive(Debug)]
pub struct Lambda {
    /// `view`: patterns like `union T*` see it.
    pub view: bool,
    /// The parameters.
    pub parameters: Vec<LambdaParameter>,
    /// Statements before the body.
    pub statements: Vec<Statement>,
    /// What it yields.
    pub body: Expr,
}

/// A parameter of a lambda.
#[derive(Debug)]
pub struct LambdaParameter {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: ParameterType,
    /// `= x`
    pub default: Option<Expr>,
}

/// The type of a lambda's parameter.
#[derive(Debug)]
pub enum ParameterType {
    /// `a:long`
    Scalar(Type),
    /// `T:(x:long)`, `T:(*)`: the columns that must be there
    Table(Vec<ColumnDecl>),
}

/// A statement of a query.
#[derive(Debug)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// All of it.
    pub span: Span,
}

/// A pattern: tables by the texts it is called with.
#[derive(Debug)]
pub struct Pattern {
    /// How many texts stand in parentheses.
    pub arguments: usize,
    /// Whether one more stands behind them.
    pub path: bool,
    /// The texts, the path last, and what they mean.
    pub cases: Vec<(Vec<Str>, Rc<Lambda>)>,
}

/// What a statement is.
#[derive(Debug)]
pub enum StatementKind {
    /// `let name = value`
    Let(Name, Expr),
    /// `set name = value`
    Set(Name, Option<Expr>),
    /// `declare query_parameters(a:long = 1)`
    Declare(Vec<LambdaParameter>),
    /// `declare pattern name = (a:string)[b:string] { ("x").["y"] = { body }; }`
    Pattern(Name, Rc<Pattern>),
    /// A tabular (or scalar) expression.
    Query(Expr),
    /// What could not be read; reported already.
    Error,
}
