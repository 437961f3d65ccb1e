//! What of a leaf's filters depends on an event's name and source alone.

use crate::table::aws_cloudtrail;
use kql::exec::program::{Columns, Program, Scratch};
use kql::functions::call::{Detail, list_items};
pub use kql::functions::operators::fold;
use kql::plan::split::Leaf;
use kql::plan::{Expr, ExprKind, Stage};
use kql::syntax::ast::{ListOp, TextMatch};
use kql::value::{Value, json, meter};

/// An expression put together from columns' expressions may have so many parts.
const MAX_PARTS: usize = 200;

/// A name and a source that no rule means; printable, so that no test of a text's form is fooled.
const NOBODY: (&[u8], &[u8]) = (b"Qz7NoSuchEventNameQz7", b"qz7.no-such-source.invalid");

/// What a record must satisfy to pass a leaf.
pub struct Condition {
    node: Node,
    /// The only names that can satisfy it, folded; `None` if it does not come down to a list.
    names: Option<Vec<String>>,
}

enum Node {
    /// Depends on more than the pair: may be true.
    Unknown,
    /// Depends on the pair alone. The names are the only ones for which it is true, folded, if it says so plainly.
    Known(Program, Option<Vec<String>>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// An event's name and source.
pub struct Pair {
    name: Value,
    source: Value,
    name_at: usize,
    source_at: usize,
}

impl Pair {
    /// From their texts.
    pub fn new(name: &[u8], source: &[u8]) -> Pair {
        let (name_at, source_at) = places();
        let text = |b: &[u8]| Value::text(&json::lossy(b));
        Pair { name: text(name), source: text(source), name_at, source_at }
    }
}

impl Columns for Pair {
    fn column(&self, index: usize) -> Value {
        match index {
            i if i == self.name_at => self.name.clone(),
            i if i == self.source_at => self.source.clone(),
            _ => Value::Null,
        }
    }
}

fn places() -> (usize, usize) {
    let place = |name| aws_cloudtrail::index_of(name).unwrap_or(usize::MAX);
    (place("EventName"), place("EventSource"))
}

impl Condition {
    /// Every event satisfies it.
    pub const ALWAYS: Condition = Condition { node: Node::Unknown, names: None };

    /// No event satisfies it.
    pub const NEVER: Condition = Condition { node: Node::Any(Vec::new()), names: Some(Vec::new()) };

    /// Whether it is [`NEVER`](Self::NEVER), or says as much.
    pub fn is_never(&self) -> bool {
        matches!(&self.node, Node::Any(any) if any.is_empty())
    }

    /// The condition of a leaf over events: of its filters anywhere in it, as each row that comes out has passed all.
    pub fn of(leaf: &Leaf) -> Condition {
        let (name, source) = places();
        let column = |at: usize| {
            let known = at == name || at == source;
            known.then(|| Expr {
                kind: ExprKind::Column(at),
                ty: kql::value::Type::String,
                span: Default::default(),
            })
        };
        let mut columns: Vec<Option<Expr>> = (0..aws_cloudtrail::columns().len()).map(column).collect();
        let mut all = Vec::new();
        for stage in &leaf.stages {
            match stage {
                Stage::Where(e) => all.push(node(e, &columns)),
                Stage::Extend(sets) => {
                    let made: Vec<_> = sets.iter().map(|(at, e)| (*at, put_together(e, &columns))).collect();
                    made.into_iter().for_each(|(at, e)| set(&mut columns, at, e));
                }
                Stage::Project(values) => {
                    columns = values.iter().map(|e| put_together(e, &columns)).collect();
                }
                Stage::MvExpand(m) => {
                    m.items.iter().for_each(|(_, at, _)| set(&mut columns, *at, None));
                    m.item_index.into_iter().for_each(|at| set(&mut columns, at, None));
                }
                Stage::Parse(p) => p.columns.iter().for_each(|(_, at, _)| set(&mut columns, *at, None)),
                Stage::ParseKv(p) => p.columns.iter().for_each(|(_, at, _)| set(&mut columns, *at, None)),
            }
        }
        let node = Node::All(all);
        Condition { names: node.names(), node }
    }

    /// The only names that can satisfy it, [folded](fold), if it comes down to a list: an index over many conditions.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// Whether an event with this name and source can satisfy it.
    pub fn can_pass(&self, pair: &Pair, scratch: &mut Scratch) -> bool {
        self.node.can_be_true(pair, scratch)
    }

    /// Whether it holds for events that the rule does not name: the rule then reads every event.
    pub fn reads_every_event(&self) -> bool {
        self.can_pass(&Pair::new(NOBODY.0, NOBODY.1), &mut Scratch::default())
    }
}

impl Node {
    fn can_be_true(&self, pair: &Pair, scratch: &mut Scratch) -> bool {
        match self {
            Node::Unknown => true,
            Node::Known(program, _) => {
                let passes = program.eval(pair, scratch).is_true();
                // What needs too much for a pair is no answer: the rule's own filter says so of each event.
                meter::take().over || passes
            }
            Node::All(nodes) => nodes.iter().all(|n| n.can_be_true(pair, scratch)),
            Node::Any(nodes) => nodes.iter().any(|n| n.can_be_true(pair, scratch)),
        }
    }
}

impl Node {
    fn names(&self) -> Option<Vec<String>> {
        match self {
            Node::Unknown => None,
            Node::Known(_, names) => names.clone(),
            Node::All(nodes) => nodes.iter().filter_map(Node::names).min_by_key(Vec::len),
            Node::Any(nodes) => {
                let lists = nodes.iter().map(Node::names).collect::<Option<Vec<_>>>()?;
                Some(lists.concat())
            }
        }
    }
}

/// The names of `EventName == "…"`, `=~`, `in (…)` and `in~ (…)`, folded.
fn names_of(e: &Expr) -> Option<Vec<String>> {
    let ExprKind::Call(call) = &e.kind else { return None };
    let (column, rest) = call.args.split_first()?;
    if !matches!(column.kind, ExprKind::Column(at) if at == places().0) {
        return None;
    }
    match call.site.detail {
        Detail::None if call.name == "==" => {}
        Detail::Text(op) if op.test == TextMatch::Equals && !op.negated => {}
        Detail::List(ListOp::In { negated: false, .. }) => {}
        _ => return None,
    }
    let texts = |e: &Expr| -> Option<Vec<String>> {
        let text = |v: &Value| if let Value::String(s) = v { Some(fold(s)) } else { None };
        list_items(e.as_const()?).iter().map(text).collect::<Option<Vec<_>>>()
    };
    Some(rest.iter().map(texts).collect::<Option<Vec<_>>>()?.concat())
}

/// A filter's parts. A row passes a conjunction if it passes all of it, a disjunction if any: what is null counts as
/// false in both, so the parts can be judged one by one.
fn node(e: &Expr, columns: &[Option<Expr>]) -> Node {
    match &e.kind {
        ExprKind::And(items) => Node::All(items.iter().map(|i| node(i, columns)).collect()),
        ExprKind::Or(items) => Node::Any(items.iter().map(|i| node(i, columns)).collect()),
        _ => match put_together(e, columns) {
            Some(e) => Node::Known(Program::new(&e), names_of(&e)),
            None => Node::Unknown,
        },
    }
}

fn set(columns: &mut Vec<Option<Expr>>, at: usize, e: Option<Expr>) {
    if columns.len() <= at {
        columns.resize(at + 1, None);
    }
    if let Some(slot) = columns.get_mut(at) {
        *slot = e;
    }
}

/// An expression over the table's columns instead of its stage's; `None` if it needs more than name and source.
fn put_together(e: &Expr, columns: &[Option<Expr>]) -> Option<Expr> {
    if !e.is_row_local() {
        return None;
    }
    let made = e.with_columns(&|at, _| columns.get(at)?.clone())?;
    let mut parts = 0;
    let large = made.depth() > Expr::MAX_DEPTH
        || made.any(&mut |_| {
            parts += 1;
            parts > MAX_PARTS
        });
    (!large).then_some(made)
}
