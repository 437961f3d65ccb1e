//! Graphs: `make-graph` and the operators over what it makes. A graph is no table; only these operators take one.
//! Source: Microsoft's docs, make-graph operator and the pages below it; docs/semantics.md#graphs.

mod pattern;

use super::{Binder, Bound, Env};
use crate::diagnostic::{Diagnostic, Span};
use crate::functions::call::Detail;
use crate::functions::{self};
use crate::plan::{
    Components, Expr, ExprKind, Graph, GraphQuery, GraphSource, NodeTable, Plan, PlanKind, Stage, Subquery,
};
use crate::syntax::ast::{self, ExprKind as Ast, Name, Operator, OperatorKind, Parameter};
use crate::value::{Column, Str, Type};
use std::rc::Rc;

/// A graph and what its nodes and edges look like.
#[derive(Clone)]
pub(super) struct BoundGraph {
    source: GraphSource,
    edges: Vec<Column>,
    /// The properties of nodes.
    nodes: Vec<Column>,
    /// Whether there are more properties that could not be bound.
    open: bool,
}

impl BoundGraph {
    /// The columns of a node's row: see [`GraphSource`].
    fn node_row(&self) -> Vec<Column> {
        let mut row = self.nodes.clone();
        row.extend(
            [
                ("", self.source.id_type),
                (EDGES_IN, Type::Long),
                (EDGES_OUT, Type::Long),
                (ID_TEXT, Type::String),
            ]
            .map(|(name, ty)| Column::new(name, ty)),
        );
        row
    }
}

/// The names of what stands behind a node's properties; no query can write them.
const EDGES_IN: &str = "\0in";
const EDGES_OUT: &str = "\0out";
const ID_TEXT: &str = "\0id";

impl Binder<'_> {
    /// An operator over a graph.
    pub(super) fn graph_operator(
        &mut self,
        graph: &Rc<BoundGraph>,
        operator: &Operator,
        env: &Env,
    ) -> Option<Bound> {
        match &operator.kind {
            OperatorKind::GraphMatch(m) => self.graph_match(graph, m, operator.span, env).map(Bound::Table),
            OperatorKind::GraphToTable(outputs) => {
                self.graph_to_table(graph, outputs, operator).map(Bound::Table)
            }
            OperatorKind::GraphMarkComponents(parameters) => {
                self.mark_components(graph, parameters).map(|g| Bound::Graph(Rc::new(g)))
            }
            OperatorKind::Error => None,
            _ => {
                let message = format!("The operator '{}' does not take a graph.", operator.name.text);
                let d = Diagnostic::error("FP013", message, operator.name.span);
                self.report(d.with_hint("make a table of it first: graph-match … or graph-to-table nodes"));
                None
            }
        }
    }

    /// `make-graph`: a graph, or with `partitioned-by` the rows of the operator inside it.
    pub(super) fn make_graph(
        &mut self,
        input: &Rc<Plan>,
        make: &ast::MakeGraph,
        span: Span,
        env: &Env,
    ) -> Option<Bound> {
        let tables: Vec<Option<Rc<Plan>>> =
            make.nodes.iter().map(|(table, _)| self.bind_table(table, env)).collect();
        let from = self.id_column(input, &make.source);
        let to = self.id_column(input, &make.target);
        let (from, to) = (from?, to?);
        let id_type = self.same_ids(from.ty, to.ty, make.target.span)?;
        let mut graph = BoundGraph {
            source: GraphSource {
                edges: Rc::clone(input),
                from: from.at,
                to: to.at,
                nodes: Vec::new(),
                missing: Vec::new(),
                id_properties: Vec::new(),
                id_type,
                components: Vec::new(),
                partition: None,
            },
            edges: input.columns.clone(),
            nodes: Vec::new(),
            open: input.open,
        };
        let tables: Vec<Rc<Plan>> = tables.into_iter().collect::<Option<_>>()?;
        self.node_columns(&mut graph, &tables);
        for (table, (_, id)) in tables.iter().zip(&make.nodes) {
            self.node_table(&mut graph, table, id)?;
        }
        if let Some(name) = &make.node_id {
            graph.nodes.push(Column { name: Rc::clone(&name.text), ty: id_type });
            graph.source.id_properties.push((0, id_type));
        }
        graph.source.missing = graph.nodes.iter().map(|c| c.ty.missing()).collect();
        let Some((column, operators)) = &make.partition else { return Some(Bound::Graph(Rc::new(graph))) };
        graph.source.partition = Some(self.partition_column(input, column)?);
        for i in 0..graph.source.nodes.len() {
            let Some(table) = graph.source.nodes.get(i).map(|t| Rc::clone(&t.plan)) else { continue };
            let at = self.partition_column(&table, column)?;
            if let Some(slot) = graph.source.nodes.get_mut(i) {
                slot.partition = at;
            }
        }
        self.deeper(span, |b| b.partitioned(graph, operators, env)).map(Bound::Table)
    }

    /// `partitioned-by`: what stands above the graph runs over the answer of each part.
    fn partitioned(&mut self, graph: BoundGraph, operators: &[Operator], env: &Env) -> Option<Rc<Plan>> {
        let (first, rest) = operators.split_first()?;
        if let OperatorKind::GraphMarkComponents(_) = first.kind {
            let message = "The operator 'graph-mark-components' is not allowed in partitioned-by.";
            return self.error("KS177", message, first.name.span);
        }
        let Some(Bound::Table(answer)) = self.graph_operator(&Rc::new(graph), first, env) else {
            return None;
        };
        let PlanKind::Stage(matches, pick) = &answer.kind else { return None };
        let PlanKind::Graph(question) = &matches.kind else { return None };
        let (span, open) = (answer.span, answer.open);
        let (given, source) = self.given(matches.columns.clone(), span, matches.open);
        let picked = Plan::new(PlanKind::Stage(source, pick.clone()), answer.columns.clone(), span, open);
        let plan = self.operators(picked, rest, env)?;
        let columns = plan.columns.clone();
        let graph = Graph {
            source: question.source.clone(),
            query: question.query.clone(),
            body: Some(Subquery { plan, given }),
        };
        Some(Plan::new(PlanKind::Graph(Box::new(graph)), columns, span, open))
    }

    fn partition_column(&mut self, table: &Rc<Plan>, name: &Name) -> Option<usize> {
        let column = self.side_column(table, &name.text, name.span)?;
        match column.kind {
            ExprKind::Column(at) if column.ty != Type::Dynamic => Some(at),
            _ => {
                let message = "The column of partitioned-by cannot be dynamic.";
                self.report(Diagnostic::error("KS116", message, name.span).with_hint("cast it: tostring(…)"));
                None
            }
        }
    }

    /// The properties that tables of nodes give: a name with two types is dynamic, as Microsoft's binder has it.
    fn node_columns(&mut self, graph: &mut BoundGraph, tables: &[Rc<Plan>]) {
        for c in tables.iter().flat_map(|t| &t.columns) {
            match graph.nodes.iter_mut().find(|known| known.name == c.name) {
                Some(known) if known.ty != c.ty => known.ty = Type::Dynamic,
                Some(_) => {}
                None => graph.nodes.push(c.clone()),
            }
        }
        graph.open |= tables.iter().any(|t| t.open);
    }

    fn node_table(&mut self, graph: &mut BoundGraph, table: &Rc<Plan>, id: &Name) -> Option<()> {
        let column = self.id_column(table, id)?;
        self.same_ids(graph.source.id_type, column.ty, id.span)?;
        let place = |c: &Column| graph.nodes.iter().position(|n| n.name == c.name).unwrap_or_default();
        let properties: Vec<usize> = table.columns.iter().map(place).collect();
        let is_dynamic = |i: &usize| graph.nodes.get(*i).is_some_and(|n| n.ty == Type::Dynamic);
        let widened =
            table.columns.iter().zip(&properties).any(|(c, i)| c.ty != Type::Dynamic && is_dynamic(i));
        let plan = if widened {
            let mut columns = table.columns.clone();
            let mut values = Vec::new();
            for (i, (c, property)) in columns.iter_mut().zip(&properties).enumerate() {
                let value = Expr { kind: ExprKind::Column(i), ty: c.ty, span: id.span };
                if is_dynamic(property) {
                    c.ty = Type::Dynamic;
                }
                values.push(self.coerce(value, c.ty));
            }
            let kind = PlanKind::Stage(Rc::clone(table), Stage::Project(values));
            Plan::new(kind, columns, id.span, table.open)
        } else {
            Rc::clone(table)
        };
        if let Some(property) = properties.get(column.at) {
            let ty = graph.nodes.get(*property).map_or(Type::Dynamic, |c| c.ty);
            graph.source.id_properties.push((*property, ty));
        }
        graph.source.nodes.push(NodeTable { plan, id: column.at, properties, partition: 0 });
        Some(())
    }

    /// A column that names nodes.
    fn id_column(&mut self, table: &Rc<Plan>, name: &Name) -> Option<IdColumn> {
        let column = self.side_column(table, &name.text, name.span)?;
        match column.kind {
            ExprKind::Column(at) if column.ty != Type::Dynamic => Some(IdColumn { at, ty: column.ty }),
            _ => {
                let message = "The columns that name nodes cannot be dynamic.";
                let d = Diagnostic::error("KS240", message, name.span);
                self.report(d.with_hint("cast it before make-graph: tostring(…)"));
                None
            }
        }
    }

    /// The type of identifiers of two columns. What Kusto holds for the same node across types is not documented.
    fn same_ids(&mut self, a: Type, b: Type, span: Span) -> Option<Type> {
        match (a, b) {
            _ if a == b => Some(a),
            _ if a.is_integer() && b.is_integer() => Some(Type::Long),
            _ => {
                let message =
                    format!("The columns that name nodes have different types: {}, {}.", a.name(), b.name());
                let d = Diagnostic::error("FP010", message, span);
                self.report(d.with_hint("convert one before make-graph: extend id = tostring(…)"));
                None
            }
        }
    }

    /// `graph-mark-components`: one more property of each node.
    fn mark_components(&mut self, graph: &Rc<BoundGraph>, parameters: &[Parameter]) -> Option<BoundGraph> {
        let (mut components, mut name, mut span): (_, Str, _) =
            (Components::Weak, Rc::from("ComponentId"), Span::default());
        for p in parameters {
            span = p.value.span;
            match (&*p.name.text, &p.value.kind) {
                ("with_component_id", Ast::Name(given)) => name = Rc::clone(given),
                ("kind", Ast::Name(kind)) if &**kind == "weak" => components = Components::Weak,
                ("kind", Ast::Name(kind)) if &**kind == "strong" => components = Components::Strong,
                _ => return self.error("KS005", "Expected one of: weak, strong", p.value.span),
            }
        }
        let mut graph = BoundGraph::clone(graph);
        if graph.nodes.iter().any(|c| c.name == name) {
            let message = format!("A node already has a property with the name '{name}'.");
            return self.error("KS171", message, span);
        }
        graph.nodes.push(Column { name, ty: Type::Long });
        graph.source.components.push(components);
        Some(graph)
    }

    /// `graph-to-table nodes`, `graph-to-table edges`
    fn graph_to_table(
        &mut self,
        graph: &Rc<BoundGraph>,
        outputs: &[ast::GraphOutput],
        operator: &Operator,
    ) -> Option<Rc<Plan>> {
        let [output] = outputs else {
            let message = "graph-to-table with two tables is not supported.";
            let d = Diagnostic::error("FP010", message, operator.name.span);
            self.report(d.with_hint("name the graph with let, and write graph-to-table once for each table"));
            return None;
        };
        let span = operator.span;
        let (query, rows, visible) = match &*output.what.text {
            "nodes" => (GraphQuery::Nodes, graph.node_row(), graph.nodes.len()),
            _ => (GraphQuery::Edges, graph.edges.clone(), graph.edges.len()),
        };
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for p in &output.parameters {
            let Ast::Name(name) = &p.value.kind else { continue };
            let id = match &*p.name.text {
                "with_node_id" => visible + GraphSource::ID,
                "with_source_id" => graph.source.from,
                _ => graph.source.to,
            };
            let value = Expr {
                kind: ExprKind::Column(id),
                ty: rows.get(id).map_or(Type::Dynamic, |c| c.ty),
                span: p.value.span,
            };
            values.push(self.node_hash(value, graph.source.id_type)?);
            columns.push((Column { name: Rc::clone(name), ty: Type::Long }, p.value.span));
        }
        let made = columns.clone();
        for (i, (name, at)) in made.iter().enumerate() {
            let others = made.iter().take(i).map(|(c, _)| c).chain(rows.iter().take(visible));
            if others.into_iter().any(|c| c.name == name.name) {
                let message = format!("A column with the name '{}' is already declared.", name.name);
                return self.error("KS171", message, *at);
            }
        }
        let mut columns: Vec<Column> = columns.into_iter().map(|(c, _)| c).collect();
        for (i, c) in rows.iter().take(visible).enumerate() {
            columns.push(c.clone());
            values.push(Expr { kind: ExprKind::Column(i), ty: c.ty, span });
        }
        let kind = PlanKind::Graph(Box::new(Graph { source: graph.source.clone(), query, body: None }));
        let all = Plan::new(kind, rows, span, graph.open);
        let table = Plan::new(PlanKind::Stage(all, Stage::Project(values)), columns, span, graph.open);
        if let Some(name) = &output.name {
            self.named.push((Rc::clone(&table), Rc::clone(&name.text)));
        }
        Some(table)
    }

    /// The hash by which `graph-to-table` tells nodes apart: measured to be that of the identifier.
    fn node_hash(&mut self, id: Expr, id_type: Type) -> Option<Expr> {
        let (id, span) = (self.coerce(id, id_type), Span::default());
        let hash = functions::find("hash")?;
        Some(self.make_call(hash.name, hash.eval, vec![id], Type::Long, Detail::None, span))
    }
}

struct IdColumn {
    at: usize,
    ty: Type,
}
