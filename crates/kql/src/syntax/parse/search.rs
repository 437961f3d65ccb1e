//! The predicates of `search` and `find`: terms for all columns beside ordinary conditions.
//! Source: Microsoft's docs, search operator.

use super::{Parsed, Parser};
use crate::syntax::ast::{Argument, BinaryOp, Expr, ExprKind, TEXT_OPS, TextMatch, TextOp};
use crate::syntax::lex::{LiteralValue, Token};
use crate::syntax::reserved::Place;
use crate::value::{Type, Value, text};
use std::rc::Rc;

impl Parser {
    /// `"err" and (x == 1 or name:"al*")`
    pub(super) fn search_predicate(&mut self, case_sensitive: bool) -> Parsed<Expr> {
        self.deeper(|p| {
            let mut any = vec![p.search_all(case_sensitive)?];
            while p.eat_word("or") {
                any.push(p.search_all(case_sensitive)?);
            }
            Ok(joined(any, ExprKind::Or))
        })
    }

    fn search_all(&mut self, case_sensitive: bool) -> Parsed<Expr> {
        let mut all = vec![self.search_condition(case_sensitive)?];
        while self.eat_word("and") {
            all.push(self.search_condition(case_sensitive)?);
        }
        Ok(joined(all, ExprKind::And))
    }

    fn search_condition(&mut self, case_sensitive: bool) -> Parsed<Expr> {
        let start = self.span();
        if self.is("*") && self.condition_ends(1) {
            self.advance();
            return Ok(Expr { kind: ExprKind::Literal(Type::Bool, Value::Bool(true)), span: start });
        }
        // A number alone is looked for by its text.
        let term = match self.token() {
            Token::Text(term) => Some(term.clone()),
            Token::Literal(ty, LiteralValue(value)) if ty.is_number() => {
                Some(text::tostring(value, *ty).into_owned())
            }
            _ => None,
        };
        if let Some(term) = term
            && self.condition_ends(1)
        {
            self.advance();
            let all = Expr { kind: ExprKind::Anywhere, span: start };
            return Ok(self.term(all, &term, case_sensitive));
        }
        if self.is_word("not") && self.peek_is(1, "(") {
            let name = self.word()?;
            self.expect("(")?;
            let value = self.search_predicate(case_sensitive)?;
            self.expect(")")?;
            let kind = ExprKind::Call(name, vec![Argument { name: None, value }]);
            return Ok(Expr { kind, span: start.to(self.last_span()) });
        }
        if self.is("(")
            && let Some(close) = self.closing()
            && self.condition_ends(close + 1)
        {
            self.advance();
            let inner = self.search_predicate(case_sensitive)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let width = self.name_width(0);
        if width > 0
            && self.peek_is(width, ":")
            && let Token::Text(term) = self.peek(width + 1)
        {
            let term = term.clone();
            let name = self.name(Place::Read)?;
            self.advance();
            self.advance();
            let column = Expr { kind: ExprKind::Name(name.text), span: name.span };
            return Ok(self.term(column, &term, case_sensitive));
        }
        self.condition()
    }

    /// Whether nothing of this condition follows the token `ahead`.
    fn condition_ends(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            Token::End | Token::Mark("|" | ")" | ";" | "}") => true,
            Token::Name(word) => matches!(word.as_str(), "and" | "or" | "project"),
            _ => false,
        }
    }

    /// How far ahead the bracket that opens here is closed.
    fn closing(&self) -> Option<usize> {
        let mut depth = 0_usize;
        for ahead in 0.. {
            match self.peek(ahead) {
                Token::End => return None,
                Token::Mark("(" | "[" | "{") => depth += 1,
                Token::Mark(")" | "]" | "}") => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(ahead);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// A term as a comparison: where its asterisks stand decides how it is looked for.
    fn term(&self, left: Expr, term: &str, case_sensitive: bool) -> Expr {
        let span = left.span.to(self.last_span());
        let (head, tail) = (term.starts_with('*'), term.ends_with('*'));
        let bare = term.trim_matches('*');
        let (test, text) = match (head, tail) {
            _ if bare.contains('*') => {
                let parts: Vec<String> = bare.split('*').map(regex::escape).collect();
                let edge = |open: bool| if open { "" } else { r"\b" };
                let case = if case_sensitive { "" } else { "(?i)" };
                (TextMatch::Regex, format!("{case}{}{}{}", edge(head), parts.join(".*"), edge(tail)))
            }
            (false, false) => (TextMatch::Has, bare.to_owned()),
            (true, false) => (TextMatch::HasSuffix, bare.to_owned()),
            (false, true) => (TextMatch::HasPrefix, bare.to_owned()),
            (true, true) => (TextMatch::Contains, bare.to_owned()),
        };
        let sensitive = case_sensitive || test == TextMatch::Regex;
        let same = |op: &&TextOp| op.test == test && op.case_sensitive == sensitive && !op.negated;
        let Some(op) = TEXT_OPS.iter().find(same) else { return Expr { kind: ExprKind::Error, span } };
        let value = Value::String(Rc::from(text));
        let right = Expr { kind: ExprKind::Literal(Type::String, value), span: self.last_span() };
        let kind = ExprKind::Binary(BinaryOp::Text(op), self.last_span(), Box::new(left), Box::new(right));
        Expr { kind, span }
    }
}

fn joined(mut items: Vec<Expr>, make: fn(Vec<Expr>) -> ExprKind) -> Expr {
    match (items.len(), items.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            items.extend(last);
            let span = match (items.first(), items.last()) {
                (Some(a), Some(b)) => a.span.to(b.span),
                _ => Default::default(),
            };
            Expr { kind: make(items), span }
        }
    }
}
