//! Graphs: built of tables, then matched. Source: docs/semantics.md#graphs.

mod components;
mod pattern;

use super::row::{Evidence, Row};
use super::run::Run;
use super::{ExecError, subquery};
use crate::plan::{Graph, GraphQuery, GraphSource, NodeTable};
use crate::syntax::ast::Direction;
use crate::value::key::{self, KeyMap};
use crate::value::{Type, Value, convert, text};

/// A node: its row, see [`GraphSource`], and the events of the rows that tables of nodes have of it.
struct Node {
    row: Vec<Value>,
    evidence: Evidence,
}

/// The edges at each node.
struct Adjacency {
    /// Where the edges of a node start in `ends`; one more behind the last node.
    starts: Vec<usize>,
    /// An edge and the node at its other end.
    ends: Vec<(usize, usize)>,
}

impl Adjacency {
    fn new(nodes: usize, ends: &[(usize, usize)]) -> Adjacency {
        let mut starts = vec![0; nodes + 1];
        for (at, _) in ends {
            if let Some(count) = starts.get_mut(at + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut next = starts.clone();
        let mut sorted = vec![(0, 0); ends.len()];
        for (edge, (at, other)) in ends.iter().enumerate() {
            let Some(place) = next.get_mut(*at) else { continue };
            if let Some(slot) = sorted.get_mut(*place) {
                *slot = (edge, *other);
            }
            *place += 1;
        }
        Adjacency { starts, ends: sorted }
    }

    fn of(&self, node: usize) -> &[(usize, usize)] {
        let start = self.starts.get(node).copied().unwrap_or_default();
        let end = self.starts.get(node + 1).copied().unwrap_or_default();
        self.ends.get(start..end).unwrap_or_default()
    }
}

/// A graph of tables.
struct Network<'r> {
    nodes: Vec<Node>,
    edges: Vec<&'r Row>,
    out: Adjacency,
    into: Adjacency,
}

/// A step along an edge to a node.
#[derive(Clone, Copy)]
struct Hop {
    edge: usize,
    to: usize,
}

impl Network<'_> {
    /// The edges one can walk from a node, by number; `None` behind the last. A loop is one way, not two: where either
    /// direction is wanted, it yields nothing the second time.
    fn hop(&self, node: usize, direction: Direction, i: usize) -> Option<Option<Hop>> {
        let hop = |(edge, to): &(usize, usize)| Hop { edge: *edge, to: *to };
        let (out, into) = (self.out.of(node), self.into.of(node));
        match direction {
            Direction::Forward => out.get(i).map(hop).map(Some),
            Direction::Backward => into.get(i).map(hop).map(Some),
            Direction::Any => match i.checked_sub(out.len()) {
                None => out.get(i).map(hop).map(Some),
                Some(i) => into.get(i).map(hop).map(|hop| (hop.to != node).then_some(hop)),
            },
        }
    }

    /// All of them.
    fn hops(&self, node: usize, direction: Direction) -> impl Iterator<Item = Hop> {
        (0..).map_while(move |i| self.hop(node, direction, i)).flatten()
    }
}

/// The rows of a question about a graph.
pub fn rows(run: &mut Run<'_>, graph: &Graph, width: usize) -> Result<Vec<Row>, ExecError> {
    let source = &graph.source;
    let edges = run.table(&source.edges)?;
    let mut tables = Vec::new();
    for table in &source.nodes {
        tables.push(run.table(&table.plan)?);
    }
    let mut parts: KeyMap<Part<'_>> = KeyMap::default();
    let empty = || Part { edges: Vec::new(), nodes: vec![Vec::new(); tables.len()] };
    let part_of = |row: &Row, column: usize| match source.partition {
        Some(_) => key::key(row.values.get(column)),
        None => key::Key::new(),
    };
    run.budget.charge(edges.len(), 1)?;
    for row in edges.iter() {
        let key = part_of(row, source.partition.unwrap_or_default());
        parts.entry(key).or_insert_with(empty).edges.push(row);
    }
    for (i, (table, rows)) in source.nodes.iter().zip(&tables).enumerate() {
        run.budget.charge(rows.len(), 1)?;
        for row in rows.iter() {
            let part = parts.entry(part_of(row, table.partition)).or_insert_with(empty);
            part.nodes.get_mut(i).into_iter().for_each(|rows| rows.push(row));
        }
    }
    let dependents = graph.body.as_ref().map(|body| subquery::dependents(&body.plan, &[body.given]));
    let mut out = Vec::new();
    for part in parts.into_values() {
        let mut network = build(run, source, part)?;
        components::mark(run, source, &mut network)?;
        finish(source, &mut network);
        let rows = answer(run, &graph.query, network)?;
        match (&graph.body, &dependents) {
            (Some(body), Some(dependents)) => {
                let made = subquery::subquery(run, body, dependents, vec![(body.given, rows)])?;
                run.budget.charge(made.len() + 1, width)?;
                out.extend(made.iter().cloned());
            }
            _ => out.extend(rows),
        }
    }
    Ok(out)
}

/// The answer of one graph.
fn answer(run: &mut Run<'_>, query: &GraphQuery, network: Network<'_>) -> Result<Vec<Row>, ExecError> {
    match query {
        GraphQuery::Nodes => node_rows(run, network),
        GraphQuery::Edges => {
            let width = network.edges.first().map_or(0, |row| row.values.len());
            run.budget.charge(network.edges.len(), width)?;
            Ok(network.edges.into_iter().cloned().collect())
        }
        GraphQuery::Match(pattern) => pattern::matches(run, pattern, &network),
    }
}

/// The rows of a graph.
struct Part<'r> {
    edges: Vec<&'r Row>,
    nodes: Vec<Vec<&'r Row>>,
}

/// Nodes in the order in which tables of nodes have them, then those that only edges name.
fn build<'r>(run: &mut Run<'_>, source: &GraphSource, part: Part<'r>) -> Result<Network<'r>, ExecError> {
    let width = source.properties();
    let mut nodes: KeyMap<Node> = KeyMap::default();
    for (table, rows) in source.nodes.iter().zip(&part.nodes) {
        run.budget.charge(rows.len(), width)?;
        for row in rows {
            let id = row.values.get(table.id).cloned().unwrap_or_default();
            let node = nodes.entry(key::key([&id])).or_insert_with(|| Node::new(source, &id));
            node.learn(table, row);
        }
    }
    let mut ends = Vec::with_capacity(part.edges.len());
    for row in &part.edges {
        let mut number = |column: usize| {
            let id = row.values.get(column).cloned().unwrap_or_default();
            let entry = nodes.entry(key::key([&id]));
            let number = entry.index();
            entry.or_insert_with(|| Node::named(source, &id));
            number
        };
        ends.push((number(source.from), number(source.to)));
        run.budget.charge(2, width)?;
    }
    let back: Vec<(usize, usize)> = ends.iter().map(|(from, to)| (*to, *from)).collect();
    let (out, into) = (Adjacency::new(nodes.len(), &ends), Adjacency::new(nodes.len(), &back));
    Ok(Network { nodes: nodes.into_values().collect(), edges: part.edges, out, into })
}

/// Puts behind the properties what a node's row has there.
fn finish(source: &GraphSource, network: &mut Network<'_>) {
    for (i, node) in network.nodes.iter_mut().enumerate() {
        // The identifier was kept at the end while properties were set.
        let id = node.row.get(source.missing.len()).cloned().unwrap_or_default();
        node.row.remove(source.missing.len());
        let text = Value::text(&text::tostring(&id, source.id_type));
        let degree = |a: &Adjacency| Value::Long(a.of(i).len() as i64);
        node.row.extend([id, degree(&network.into), degree(&network.out), text]);
    }
}

fn node_rows(run: &mut Run<'_>, network: Network<'_>) -> Result<Vec<Row>, ExecError> {
    let mut rows = Vec::with_capacity(network.nodes.len());
    for (i, node) in network.nodes.into_iter().enumerate() {
        let mut evidence = node.evidence;
        // Only edges speak of a node that no table has.
        if evidence.events().is_empty() {
            for (edge, _) in network.out.of(i).iter().chain(network.into.of(i)) {
                let Some(row) = network.edges.get(*edge) else { continue };
                run.budget.charge(1, evidence.events().len())?;
                evidence.merge(&row.evidence);
            }
        }
        rows.push(Row { values: node.row, evidence });
    }
    Ok(rows)
}

impl Node {
    /// A node of which nothing is known but its identifier, which stands behind the properties.
    fn new(source: &GraphSource, id: &Value) -> Node {
        let mut row = source.missing.clone();
        row.push(match (id, source.id_type) {
            (Value::Int(n), Type::Long) => Value::Long(i64::from(*n)),
            _ => id.clone(),
        });
        Node { row, evidence: Evidence::None }
    }

    /// A node that only an edge names.
    fn named(source: &GraphSource, id: &Value) -> Node {
        let mut node = Node::new(source, id);
        let id = node.row.last().cloned().unwrap_or_default();
        for (property, ty) in &source.id_properties {
            if let Some(slot) = node.row.get_mut(*property) {
                *slot = if *ty == source.id_type {
                    id.clone()
                } else {
                    convert::convert(&id, source.id_type, *ty)
                };
            }
        }
        node
    }

    /// Takes properties from a row of a table. Where several rows have one, the first that is not empty stays: Kusto
    /// says that it may be any.
    fn learn(&mut self, table: &NodeTable, row: &Row) {
        let is_blank = |v: &Value| v.is_null() || v.as_str().is_some_and(str::is_empty);
        for (property, value) in table.properties.iter().zip(&row.values) {
            if let Some(slot) = self.row.get_mut(*property)
                && is_blank(slot)
            {
                *slot = value.clone();
            }
        }
        self.evidence.merge(&row.evidence);
    }
}
