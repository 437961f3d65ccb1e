//! `make-graph` and the operators over graphs.

use super::{Parsed, Parser, Skip};
use crate::diagnostic::Diagnostic;
use crate::syntax::ast::{
    Direction, Expr, ExprKind, GraphMatch, GraphOutput, MakeGraph, Parameter, PatternEdge, PatternNode, Walk,
};
use crate::syntax::lex::{LiteralValue, Token};
use crate::syntax::reserved::Place;

/// How many nodes and edges a pattern may have.
const MAX_ELEMENTS: usize = 100;

impl Parser {
    pub(super) fn make_graph(&mut self) -> Parsed<MakeGraph> {
        let source = self.name(Place::Read)?;
        self.expect("-->")?;
        let target = self.name(Place::Read)?;
        let (mut nodes, mut node_id, mut partition) = (Vec::new(), None, None);
        if self.eat_word("with") {
            nodes = self.list(|p| {
                let table = p.union_item()?;
                p.expect_word("on")?;
                Ok((table, p.name(Place::Read)?))
            })?;
        } else if self.eat_word("with_node_id") {
            self.expect("=")?;
            node_id = Some(self.name(Place::Column)?);
        }
        if self.is_word("partitioned") && self.peek_is(1, "-") && self.peek_word(2, "by") {
            for _ in 0..3 {
                self.advance();
            }
            let column = self.name(Place::Read)?;
            partition = Some((column, self.operators_in_parentheses()?));
        }
        Ok(MakeGraph { source, target, nodes, node_id, partition })
    }

    /// `kind=weak with_component_id=c`: the named options that are there.
    pub(super) fn options(&mut self, known: &[&str]) -> Parsed<Vec<Parameter>> {
        let mut out = Vec::new();
        while matches!(self.token(), Token::Name(word) if known.contains(&word.as_str()))
            && self.peek_is(1, "=")
        {
            let name = self.word()?;
            self.expect("=")?;
            let value = self.name(Place::Other)?;
            let value = Expr { kind: ExprKind::Name(value.text), span: value.span };
            out.push(Parameter { name, value });
        }
        Ok(out)
    }

    pub(super) fn graph_match(&mut self, shortest: bool) -> Parsed<GraphMatch> {
        let parameters = self.options(if shortest { &["output", "cycles"] } else { &["cycles"] })?;
        let start = self.span();
        let sequences = self.list(Self::walk)?;
        if sequences.iter().map(|s| s.rest.len() + 1).sum::<usize>() > MAX_ELEMENTS {
            let message = format!("The pattern has more than {MAX_ELEMENTS} nodes.");
            self.report(Diagnostic::error("FP002", message, start));
            return Err(Skip);
        }
        let filter = if self.eat_word("where") { Some(self.scalar()?) } else { None };
        self.expect_word("project")?;
        Ok(GraphMatch { shortest, parameters, sequences, filter, project: self.named_list()? })
    }

    fn walk(&mut self) -> Parsed<Walk> {
        let first = self.pattern_node()?;
        let mut rest = Vec::new();
        while self.is("-") || self.is("--") || self.is("-->") || self.is("<") || self.is("<--") {
            rest.push((self.pattern_edge()?, self.pattern_node()?));
        }
        Ok(Walk { first, rest })
    }

    fn pattern_node(&mut self) -> Parsed<PatternNode> {
        let start = self.span();
        self.expect("(")?;
        let name = if self.is(")") { None } else { Some(self.name(Place::Read)?) };
        self.expect(")")?;
        Ok(PatternNode { name, span: start.to(self.last_span()) })
    }

    fn pattern_edge(&mut self) -> Parsed<PatternEdge> {
        let start = self.span();
        let plain = [("-->", Direction::Forward), ("<--", Direction::Backward), ("--", Direction::Any)];
        for (mark, direction) in plain {
            if self.eat(mark) {
                return Ok(PatternEdge { name: None, direction, hops: None, span: start });
            }
        }
        let backward = self.eat("<");
        self.expect("-")?;
        self.expect("[")?;
        let name = if self.is("*") || self.is("]") { None } else { Some(self.name(Place::Read)?) };
        let hops = if self.eat("*") {
            let least = self.hop_count()?;
            self.expect("..")?;
            Some((least, self.hop_count()?))
        } else {
            None
        };
        self.expect("]")?;
        self.expect("-")?;
        let forward = !backward && self.eat(">");
        let direction = match (backward, forward) {
            (true, _) => Direction::Backward,
            (_, true) => Direction::Forward,
            _ => Direction::Any,
        };
        Ok(PatternEdge { name, direction, hops, span: start.to(self.last_span()) })
    }

    /// A whole number or the name of one.
    fn hop_count(&mut self) -> Parsed<Expr> {
        let span = self.span();
        match self.token().clone() {
            Token::Literal(ty, LiteralValue(value)) => {
                self.advance();
                Ok(Expr { kind: ExprKind::Literal(ty, value), span })
            }
            Token::Name(_) => {
                let name = self.name(Place::Read)?;
                Ok(Expr { kind: ExprKind::Name(name.text), span })
            }
            _ => self.expected("a number of edges: *1..3"),
        }
    }

    /// `nodes as N with_node_id=c`
    pub(super) fn graph_output(&mut self) -> Parsed<GraphOutput> {
        if !self.is_word("nodes") && !self.is_word("edges") {
            return self.expected("nodes or edges");
        }
        let what = self.word()?;
        let name = if self.eat_word("as") { Some(self.name(Place::Other)?) } else { None };
        let known: &[&str] =
            if &*what.text == "nodes" { &["with_node_id"] } else { &["with_source_id", "with_target_id"] };
        Ok(GraphOutput { what, name, parameters: self.options(known)? })
    }
}
