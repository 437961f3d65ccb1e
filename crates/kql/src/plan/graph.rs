//! Graphs made of tables, and what is asked of them.

use super::{Expr, Plan, Subquery};
use crate::syntax::ast::Direction;
use crate::value::{Type, Value};
use std::rc::Rc;

/// An operator over the graph of a `make-graph`.
pub struct Graph {
    /// The graph.
    pub source: GraphSource,
    /// What is asked of it.
    pub query: GraphQuery,
    /// `partitioned-by`: what runs over the answer of each part.
    pub body: Option<Subquery>,
}

/// `make-graph`: which tables a graph is made of.
///
/// A node is a row of its properties, those of the tables first, then the marked components; behind them stand its
/// identifier and how many edges come in and go out (see [`GraphSource::ID`]). An edge is its row.
#[derive(Clone)]
pub struct GraphSource {
    /// The edges.
    pub edges: Rc<Plan>,
    /// The column that names where an edge starts.
    pub from: usize,
    /// The column that names where it ends.
    pub to: usize,
    /// The tables of nodes.
    pub nodes: Vec<NodeTable>,
    /// What a node of which nothing is known has as properties, marked components left out.
    pub missing: Vec<Value>,
    /// The properties that are the identifier itself, with their types: set where only an edge names the node.
    pub id_properties: Vec<(usize, Type)>,
    /// The type of identifiers.
    pub id_type: Type,
    /// `graph-mark-components`, each a property.
    pub components: Vec<Components>,
    /// `partitioned-by`: the column of the edges; that of each table of nodes is in [`NodeTable::partition`].
    pub partition: Option<usize>,
}

impl GraphSource {
    /// What stands behind a node's properties: its identifier, the edges in, the edges out.
    pub const ID: usize = 0;
    /// See [`GraphSource::ID`].
    pub const EDGES_IN: usize = 1;
    /// See [`GraphSource::ID`].
    pub const EDGES_OUT: usize = 2;
    /// The identifier as text.
    pub const ID_TEXT: usize = 3;

    /// How many properties a node has.
    pub fn properties(&self) -> usize {
        self.missing.len() + self.components.len()
    }
}

/// A table of nodes.
#[derive(Clone)]
pub struct NodeTable {
    /// The rows.
    pub plan: Rc<Plan>,
    /// The column with the identifier.
    pub id: usize,
    /// For each column which property it is.
    pub properties: Vec<usize>,
    /// The column of `partitioned-by`.
    pub partition: usize,
}

/// What `graph-mark-components` holds for one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Components {
    /// Nodes with a path between them, whichever way the edges go.
    Weak,
    /// Nodes with a path from each to each.
    Strong,
}

/// What is asked of a graph. Each yields rows; what is picked of them are row stages above.
#[derive(Clone)]
pub enum GraphQuery {
    /// The nodes.
    Nodes,
    /// The edges.
    Edges,
    /// The matches of a pattern.
    Match(GraphPattern),
}

/// A pattern of `graph-match` or `graph-shortest-paths`. A match is a row of what [`GraphPattern::reads`] says.
#[derive(Clone)]
pub struct GraphPattern {
    /// How many nodes it has, the same name being the same node.
    pub nodes: usize,
    /// Its edges, in the order they are written.
    pub edges: Vec<GraphEdge>,
    /// Which cycles a match may have.
    pub cycles: Cycles,
    /// `graph-shortest-paths`
    pub shortest: Option<Shortest>,
    /// The values that make a match's row.
    pub reads: Vec<GraphRead>,
    /// What all must hold for a match, over its row.
    pub filters: Vec<Expr>,
}

/// An edge of a pattern: one edge of the graph, or several one behind the other.
#[derive(Clone)]
pub struct GraphEdge {
    /// The node on its left.
    pub left: usize,
    /// The node on its right.
    pub right: usize,
    /// Which way it goes.
    pub direction: Direction,
    /// The least and the largest number of edges.
    pub hops: (u32, u32),
}

/// Which cycles a match may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cycles {
    /// Any.
    All,
    /// Those that do not use an edge twice.
    UniqueEdges,
    /// None.
    None,
}

/// Which of the shortest paths between two nodes are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortest {
    /// One.
    Any,
    /// All that are equally short.
    All,
}

/// A value of a match.
#[derive(Clone)]
pub enum GraphRead {
    /// A column of a node's row.
    Node {
        /// Which node of the pattern.
        node: usize,
        /// Which column.
        column: usize,
    },
    /// A column of the row of an edge that is one edge.
    Edge {
        /// Which edge of the pattern.
        edge: usize,
        /// Which column.
        column: usize,
    },
    /// What is made of all edges, or of all nodes between them, of an edge of the pattern.
    Path {
        /// Which edge of the pattern.
        edge: usize,
        /// Whether of the nodes: `inner_nodes(e)`.
        inner_nodes: bool,
        /// What is made of the values.
        fold: PathFold,
        /// The value of each, over its row.
        body: Expr,
    },
}

/// What is made of the values along a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFold {
    /// `map(e, x)`: an array of them
    Map,
    /// `all(e, p)`: whether all are true
    All,
    /// `any(e, p)`: whether one is true
    Any,
}

impl Graph {
    /// Every table it is made of.
    pub fn for_each_plan(&self, f: &mut dyn FnMut(&Rc<Plan>)) {
        f(&self.source.edges);
        self.source.nodes.iter().for_each(|n| f(&n.plan));
        self.body.iter().for_each(|body| f(&body.plan));
    }

    /// Every expression it evaluates.
    pub fn for_each_expr(&self, f: &mut dyn FnMut(&Expr)) {
        let GraphQuery::Match(pattern) = &self.query else { return };
        pattern.filters.iter().for_each(&mut *f);
        for read in &pattern.reads {
            if let GraphRead::Path { body, .. } = read {
                f(body);
            }
        }
    }

    /// The same question about a graph of other tables, with its expressions replaced.
    pub fn rebuilt(
        &self,
        edges: Rc<Plan>,
        nodes: Vec<Rc<Plan>>,
        body: Option<Subquery>,
        f: &mut dyn FnMut(&Expr) -> Expr,
    ) -> Graph {
        let with_plan = |(table, plan): (&NodeTable, Rc<Plan>)| NodeTable { plan, ..table.clone() };
        let nodes = self.source.nodes.iter().zip(nodes).map(with_plan).collect();
        let query = match &self.query {
            GraphQuery::Nodes => GraphQuery::Nodes,
            GraphQuery::Edges => GraphQuery::Edges,
            GraphQuery::Match(pattern) => {
                let mut pattern = pattern.clone();
                pattern.filters.iter_mut().for_each(|e| *e = f(e));
                for read in &mut pattern.reads {
                    if let GraphRead::Path { body, .. } = read {
                        *body = f(body);
                    }
                }
                GraphQuery::Match(pattern)
            }
        };
        Graph { source: GraphSource { edges, nodes, ..self.source.clone() }, query, body }
    }

    /// Which columns of the edges are read, for the columns of the answer that are.
    pub fn edge_needs(&self, needed: &[bool]) -> Vec<bool> {
        let width = self.source.edges.columns.len();
        let mut read = match &self.query {
            GraphQuery::Nodes => vec![false; width],
            GraphQuery::Edges => (0..width).map(|i| needed.get(i).copied().unwrap_or(false)).collect(),
            GraphQuery::Match(pattern) => pattern.columns_read(false, width),
        };
        [Some(self.source.from), Some(self.source.to), self.source.partition]
            .into_iter()
            .flatten()
            .for_each(|i| mark(&mut read, i));
        read
    }

    /// Which columns of a table of nodes are read.
    pub fn node_needs(&self, table: &NodeTable, needed: &[bool]) -> Vec<bool> {
        let properties = match &self.query {
            GraphQuery::Nodes => needed.to_vec(),
            GraphQuery::Edges => Vec::new(),
            GraphQuery::Match(pattern) => pattern.columns_read(true, self.source.properties()),
        };
        let wanted = |property: &usize| properties.get(*property).copied().unwrap_or(false);
        let mut read: Vec<bool> = table.properties.iter().map(wanted).collect();
        mark(&mut read, table.id);
        if self.source.partition.is_some() {
            mark(&mut read, table.partition);
        }
        read
    }
}

impl GraphPattern {
    /// Which columns of edges, or of nodes, a match reads.
    fn columns_read(&self, of_nodes: bool, width: usize) -> Vec<bool> {
        let mut read = vec![false; width];
        for r in &self.reads {
            match r {
                GraphRead::Node { column, .. } if of_nodes => mark(&mut read, *column),
                GraphRead::Edge { column, .. } if !of_nodes => mark(&mut read, *column),
                GraphRead::Path { inner_nodes, body, .. } if *inner_nodes == of_nodes => {
                    body.mark_columns(&mut read);
                }
                _ => {}
            }
        }
        read
    }
}

fn mark(read: &mut [bool], i: usize) {
    if let Some(slot) = read.get_mut(i) {
        *slot = true;
    }
}
