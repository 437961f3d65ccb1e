//! `graph-match` and `graph-shortest-paths`: patterns, and expressions over their variables.
//!
//! An expression reads `x.name` of a node or an edge, and `map(e, …)`, `all(e, …)`, `any(e, …)` of an edge of several
//! hops. Each such value becomes a column of the match's row, under a name no query can write.

use super::{BoundGraph, EDGES_IN, EDGES_OUT, ID_TEXT};
use crate::bind::name::{self, Namer};
use crate::bind::{Binder, Env};
use crate::diagnostic::{Diagnostic, Span};
use crate::functions::call::Detail;
use crate::functions::dynamic;
use crate::plan::split::conjuncts;
use crate::plan::{
    Cycles, Expr, ExprKind, Graph, GraphEdge, GraphPattern, GraphQuery, GraphRead, GraphSource, PathFold,
    Plan, PlanKind, Shortest, Stage,
};
use crate::syntax::ast::{self, Argument, ExprKind as Ast, Name, Parameter, PatternEdge, PatternNode};
use crate::value::{Column, Str, Type, Value};
use std::rc::Rc;

/// What a variable of a pattern stands for: a node or an edge, by number.
#[derive(Clone, Copy)]
enum Variable {
    Node(usize),
    Edge(usize),
    /// An edge of several hops.
    Path(usize),
}

/// A pattern while its expressions are bound.
struct Pattern<'g> {
    graph: &'g BoundGraph,
    node_row: Vec<Column>,
    variables: Vec<(Str, Variable)>,
    nodes: usize,
    edges: Vec<GraphEdge>,
    reads: Vec<GraphRead>,
    /// A column for each read.
    columns: Vec<Column>,
    /// Whether a `where` is bound.
    in_filter: bool,
}

/// A function of a node or an edge and which column it reads.
const NODE_FUNCTIONS: &[(&str, &str, usize)] = &[
    ("node_degree_in", EDGES_IN, GraphSource::EDGES_IN),
    ("node_degree_out", EDGES_OUT, GraphSource::EDGES_OUT),
    ("node_id", ID_TEXT, GraphSource::ID_TEXT),
];

const FOLDS: &[(&str, PathFold)] = &[("all", PathFold::All), ("any", PathFold::Any), ("map", PathFold::Map)];

impl Binder<'_> {
    pub(super) fn graph_match(
        &mut self,
        graph: &BoundGraph,
        m: &ast::GraphMatch,
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let (cycles, shortest) = self.match_options(&m.parameters, m.shortest)?;
        let mut p = Pattern {
            graph,
            node_row: graph.node_row(),
            variables: Vec::new(),
            nodes: 0,
            edges: Vec::new(),
            reads: Vec::new(),
            columns: Vec::new(),
            in_filter: false,
        };
        for walk in &m.sequences {
            let mut left = self.pattern_node(&mut p, &walk.first)?;
            for (edge, node) in &walk.rest {
                let right = self.pattern_node(&mut p, node)?;
                self.pattern_edge(&mut p, edge, left, right, env)?;
                left = right;
            }
        }
        self.check_pattern(&p, m, span)?;
        p.in_filter = true;
        let filter = match &m.filter {
            Some(e) => {
                let e = self.with_reads(&mut p, e, env);
                let columns = p.columns.clone();
                let scope = &self.scope(&columns, graph.open);
                // What cannot be bound is reported; the rest is checked even so.
                self.predicate(&e, scope, env)
                    .or_else(|| Some(Expr::constant(Value::Null, Type::Bool, e.span)))
            }
            None => None,
        };
        p.in_filter = false;
        let mut namer = Namer::new();
        self.reserve(m.project.iter(), &mut namer);
        let (mut columns, mut values, mut open) = (Vec::new(), Vec::new(), false);
        for item in &m.project {
            let value = self.with_reads(&mut p, &item.value, env);
            let row = p.columns.clone();
            let scope = &self.scope(&row, graph.open);
            let Some(e) = self.bind_scalar(&value, scope, env) else {
                self.poison(item);
                open = true;
                continue;
            };
            let bound = ast::Named { value, ..item.clone() };
            for (name, e) in self.destructured(&bound, e, &mut namer)? {
                let name = match (name, name_of(&item.value)) {
                    (Some(name), _) => name,
                    (None, Some(made)) => namer.take_free(&made),
                    (None, None) => namer.unnamed(0),
                };
                columns.push(Column::new(&name, e.ty));
                values.push(e);
            }
        }
        let pattern = GraphPattern {
            nodes: p.nodes,
            edges: p.edges,
            cycles,
            shortest,
            reads: p.reads,
            filters: filter.iter().flat_map(conjuncts).collect(),
        };
        let query = GraphQuery::Match(pattern);
        let kind = PlanKind::Graph(Box::new(Graph { source: graph.source.clone(), query, body: None }));
        let matches = Plan::new(kind, p.columns, span, graph.open);
        Some(Plan::new(PlanKind::Stage(matches, Stage::Project(values)), columns, span, open))
    }

    fn match_options(
        &mut self,
        parameters: &[Parameter],
        shortest: bool,
    ) -> Option<(Cycles, Option<Shortest>)> {
        let mut cycles = Cycles::UniqueEdges;
        let mut paths = shortest.then_some(Shortest::Any);
        for p in parameters {
            let Ast::Name(word) = &p.value.kind else { continue };
            match (&*p.name.text, &**word) {
                ("cycles", "all") => cycles = Cycles::All,
                ("cycles", "none") => cycles = Cycles::None,
                ("cycles", "unique_edges") => cycles = Cycles::UniqueEdges,
                ("output", "any") => paths = Some(Shortest::Any),
                ("output", "all") => paths = Some(Shortest::All),
                ("output", _) => return self.error("KS005", "Expected one of: any, all", p.value.span),
                _ => return self.error("KS005", "Expected one of: all, none, unique_edges", p.value.span),
            }
        }
        Some((cycles, paths))
    }

    fn check_pattern(&mut self, p: &Pattern<'_>, m: &ast::GraphMatch, span: Span) -> Option<()> {
        let mut edges = m.sequences.iter().flat_map(|walk| &walk.rest);
        if m.shortest && (m.sequences.len() > 1 || !edges.any(|(edge, _)| edge.hops.is_some())) {
            let message = "graph-shortest-paths needs one sequence with an edge of variable length.";
            self.report(Diagnostic::error("FP013", message, span).with_hint("for example (a)-[e*1..3]->(b)"));
            return None;
        }
        // All that can be reached from the first node, as far as the edges lead.
        let mut reached = vec![0_usize];
        let mut at = 0;
        while let Some(node) = reached.get(at).copied() {
            at += 1;
            for e in &p.edges {
                for (a, b) in [(e.left, e.right), (e.right, e.left)] {
                    if a == node && !reached.contains(&b) {
                        reached.push(b);
                    }
                }
            }
        }
        if reached.len() < p.nodes {
            let message =
                "The sequences of the pattern must share nodes: only connected patterns are supported.";
            return self.error("FP010", message, span);
        }
        Some(())
    }

    fn pattern_node(&mut self, p: &mut Pattern<'_>, node: &PatternNode) -> Option<usize> {
        if let Some(name) = &node.name {
            match p.variable(&name.text) {
                Some(Variable::Node(i)) => return Some(i),
                Some(_) => return self.variable_twice(name),
                None => p.variables.push((Rc::clone(&name.text), Variable::Node(p.nodes))),
            }
        }
        p.nodes += 1;
        Some(p.nodes - 1)
    }

    fn variable_twice<T>(&mut self, name: &Name) -> Option<T> {
        let message =
            format!("The name '{}' is already declared: an edge needs a name of its own.", name.text);
        self.error("KS199", message, name.span)
    }

    fn pattern_edge(
        &mut self,
        p: &mut Pattern<'_>,
        edge: &PatternEdge,
        left: usize,
        right: usize,
        env: &Env,
    ) -> Option<()> {
        let at = p.edges.len();
        let hops = match &edge.hops {
            Some((least, most)) => {
                let (low, high) = (self.hop_count(least, env)?, self.hop_count(most, env)?);
                if low > high {
                    let message = "The least number of edges is larger than the largest.";
                    return self.error("FP013", message, edge.span);
                }
                (low, high)
            }
            None => (1, 1),
        };
        if let Some(name) = &edge.name {
            if p.variable(&name.text).is_some() {
                return self.variable_twice(name);
            }
            let variable = if edge.hops.is_some() { Variable::Path(at) } else { Variable::Edge(at) };
            p.variables.push((Rc::clone(&name.text), variable));
        }
        p.edges.push(GraphEdge { left, right, direction: edge.direction, hops });
        Some(())
    }

    fn hop_count(&mut self, e: &ast::Expr, env: &Env) -> Option<u32> {
        let bound = self.count_expr(e, env)?;
        match bound.as_const().and_then(Value::as_integer).and_then(|n| u32::try_from(n).ok()) {
            Some(n) => Some(n),
            None => {
                self.error("FP013", "The number of edges must be a constant that is not negative.", e.span)
            }
        }
    }

    /// The expression with what it reads of the pattern's variables as columns of the match's row.
    fn with_reads(&mut self, p: &mut Pattern<'_>, e: &ast::Expr, env: &Env) -> ast::Expr {
        e.map(&mut |e| match &e.kind {
            Ast::Member(of, property) => match &of.kind {
                Ast::Name(name) => {
                    let variable = p.variable(name)?;
                    Some(self.property(p, variable, name, property, e.span))
                }
                _ => None,
            },
            Ast::Name(name) => {
                let variable = p.variable(name)?;
                Some(self.whole(p, variable, e.span))
            }
            Ast::Call(function, args) => self.pattern_call(p, function, args, e.span, env),
            _ => None,
        })
    }

    /// `x.name`
    fn property(
        &mut self,
        p: &mut Pattern<'_>,
        variable: Variable,
        variable_name: &Str,
        property: &Name,
        span: Span,
    ) -> ast::Expr {
        if matches!(variable, Variable::Path(_)) && p.in_filter {
            let message = format!("'{variable_name}' is several edges, each with a '{}'.", property.text);
            let d = Diagnostic::error("FP010", message, span);
            self.report(d.with_hint(format!(
                "say of which it must hold: all({variable_name}, …), any({variable_name}, …) or map({variable_name}, {})",
                property.text
            )));
            return unread(span);
        }
        let properties = match variable {
            Variable::Node(_) => &p.graph.nodes,
            Variable::Edge(_) | Variable::Path(_) => &p.graph.edges,
        };
        let Some(column) = properties.iter().position(|c| c.name == property.text) else {
            let scope = &self.scope(properties, p.graph.open);
            self.unknown_name::<()>(&property.text, property.span, scope, &Env::default());
            return unread(span);
        };
        match variable {
            Variable::Node(node) => p.read_node(node, column, span),
            Variable::Edge(edge) => {
                let ty = p.graph.edges.get(column).map_or(Type::Dynamic, |c| c.ty);
                p.read(GraphRead::Edge { edge, column }, ty, span)
            }
            Variable::Path(edge) => {
                let body = p.edge_column(column, span);
                let read = GraphRead::Path { edge, inner_nodes: false, fold: PathFold::Map, body };
                p.read(read, Type::Dynamic, span)
            }
        }
    }

    /// A variable by itself: its properties as a bag; of several edges, an array of those.
    fn whole(&mut self, p: &mut Pattern<'_>, variable: Variable, span: Span) -> ast::Expr {
        let key = |c: &Column| Value::String(Rc::clone(&c.name));
        let properties = match variable {
            Variable::Node(_) => p.graph.nodes.clone(),
            Variable::Edge(_) => p.graph.edges.clone(),
            Variable::Path(edge) => {
                let mut args = Vec::new();
                for (i, c) in p.graph.edges.iter().enumerate() {
                    args.push(Expr::constant(key(c), Type::String, span));
                    args.push(p.edge_column(i, span));
                }
                let body =
                    self.make_call("bag_pack", dynamic::bag_pack, args, Type::Dynamic, Detail::None, span);
                let read = GraphRead::Path { edge, inner_nodes: false, fold: PathFold::Map, body };
                return p.read(read, Type::Dynamic, span);
            }
        };
        if properties.is_empty() {
            return ast::Expr { kind: Ast::Literal(Type::Dynamic, Value::bag(Default::default())), span };
        }
        let mut args = Vec::new();
        for (column, c) in properties.iter().enumerate() {
            args.push(ast::Expr { kind: Ast::Literal(Type::String, key(c)), span });
            args.push(match variable {
                Variable::Node(node) => p.read_node(node, column, span),
                Variable::Edge(edge) | Variable::Path(edge) => {
                    p.read(GraphRead::Edge { edge, column }, c.ty, span)
                }
            });
        }
        let args = args.into_iter().map(|value| Argument { name: None, value }).collect();
        ast::Expr { kind: Ast::Call(Name { text: Rc::from("bag_pack"), span }, args), span }
    }

    /// A function of the pattern's variables; `None` if it is none.
    fn pattern_call(
        &mut self,
        p: &mut Pattern<'_>,
        function: &Name,
        args: &[Argument],
        span: Span,
        env: &Env,
    ) -> Option<ast::Expr> {
        let variable = |p: &Pattern<'_>, a: &Argument| match &a.value.kind {
            Ast::Name(name) => p.variable(name),
            _ => None,
        };
        if let Some((.., offset)) = NODE_FUNCTIONS.iter().find(|(name, ..)| *name == &*function.text) {
            let node = match args {
                [a] => variable(p, a),
                _ => None,
            };
            let Some(Variable::Node(node)) = node else {
                let message = format!("'{}' needs a node of the pattern.", function.text);
                self.error::<()>("FP013", message, span);
                return Some(unread(span));
            };
            let column = p.graph.nodes.len() + offset;
            return Some(p.read_node(node, column, span));
        }
        if &*function.text == "labels" {
            return match args {
                [a] if variable(p, a).is_some() => Some(no_labels(span)),
                _ => None,
            };
        }
        let (_, fold) = FOLDS.iter().find(|(name, _)| *name == &*function.text)?;
        let [path, body] = args else { return None };
        let (edge, inner_nodes) = match &path.value.kind {
            Ast::Call(inner, of) if &*inner.text == "inner_nodes" => match of.as_slice() {
                [of] => (variable(p, of), true),
                _ => (None, true),
            },
            _ => (variable(p, path), false),
        };
        match edge {
            Some(Variable::Path(edge)) => {
                Some(self.path_read(p, edge, inner_nodes, *fold, &body.value, span, env))
            }
            None if !inner_nodes => None,
            _ => {
                let message = format!("'{}' needs an edge of variable length.", function.text);
                self.error::<()>("FP013", message, path.value.span);
                Some(unread(span))
            }
        }
    }

    /// A value made of all edges of a path, or of the nodes between them.
    #[expect(clippy::too_many_arguments, reason = "what it reads, what it makes of it, and where it stands")]
    fn path_read(
        &mut self,
        p: &mut Pattern<'_>,
        edge: usize,
        inner_nodes: bool,
        fold: PathFold,
        body: &ast::Expr,
        span: Span,
        env: &Env,
    ) -> ast::Expr {
        let row = if inner_nodes { p.node_row.clone() } else { p.graph.edges.clone() };
        let body = body.map(&mut |e| match &e.kind {
            Ast::Call(function, args) if args.is_empty() => {
                if &*function.text == "labels" {
                    return Some(no_labels(e.span));
                }
                let (_, column, _) = NODE_FUNCTIONS.iter().find(|(name, ..)| *name == &*function.text)?;
                if !inner_nodes {
                    let message = format!("'{}' needs nodes: inner_nodes(…).", function.text);
                    self.error::<()>("FP013", message, e.span);
                    return Some(unread(e.span));
                }
                Some(ast::Expr { kind: Ast::Name(Rc::from(*column)), span: e.span })
            }
            _ => None,
        });
        let scope = &self.scope(&row, p.graph.open);
        let bound = match fold {
            PathFold::Map => self.bind_scalar(&body, scope, env),
            PathFold::All | PathFold::Any => self.predicate(&body, scope, env),
        };
        let Some(body) = bound else { return unread(span) };
        let ty = if fold == PathFold::Map { Type::Dynamic } else { Type::Bool };
        p.read(GraphRead::Path { edge, inner_nodes, fold, body }, ty, span)
    }
}

impl Pattern<'_> {
    fn variable(&self, name: &str) -> Option<Variable> {
        self.variables.iter().find(|(n, _)| **n == *name).map(|(_, v)| *v)
    }

    fn edge_column(&self, column: usize, span: Span) -> Expr {
        let ty = self.graph.edges.get(column).map_or(Type::Dynamic, |c| c.ty);
        Expr { kind: ExprKind::Column(column), ty, span }
    }

    fn read_node(&mut self, node: usize, column: usize, span: Span) -> ast::Expr {
        let ty = self.node_row.get(column).map_or(Type::Dynamic, |c| c.ty);
        self.read(GraphRead::Node { node, column }, ty, span)
    }

    /// The column of a value; what is read twice is one column.
    fn read(&mut self, read: GraphRead, ty: Type, span: Span) -> ast::Expr {
        let same = |known: &GraphRead| match (known, &read) {
            (GraphRead::Node { node: a, column: i }, GraphRead::Node { node: b, column: j })
            | (GraphRead::Edge { edge: a, column: i }, GraphRead::Edge { edge: b, column: j }) => {
                (a, i) == (b, j)
            }
            _ => false,
        };
        let at = match self.reads.iter().position(same) {
            Some(at) => at,
            None => {
                self.columns.push(Column::new(&format!("\0{}", self.reads.len()), ty));
                self.reads.push(read);
                self.reads.len() - 1
            }
        };
        ast::Expr { kind: Ast::Name(Rc::from(format!("\0{at}"))), span }
    }
}

/// The name a value gives its column, as in `project`.
fn name_of(e: &ast::Expr) -> Option<String> {
    match &e.kind {
        // `any` is an aggregate elsewhere.
        Ast::Call(function, _) if FOLDS.iter().any(|(name, _)| *name == &*function.text) => None,
        _ => name::of(e),
    }
}

/// What could not be read; reported already.
fn unread(span: Span) -> ast::Expr {
    ast::Expr { kind: Ast::Error, span }
}

/// Only graph models of a database have labels. Source: Microsoft's docs, labels().
fn no_labels(span: Span) -> ast::Expr {
    ast::Expr { kind: Ast::Literal(Type::Dynamic, Value::array(Vec::new())), span }
}
