//! Tokens to a syntax tree. Parsing never fails: it returns a tree and diagnostics.
//!
//! `expr` holds the scalar grammar, `operator` the operators of a pipeline; this file holds statements
//! and what both share. An operator that cannot be read is skipped up to the next `|` or `;` of its level,
//! so one pass reports several errors.

mod expr;
mod graph;
mod operands;
mod operator;
mod search;

pub(crate) use operator::{MAX_COLUMNS, OPERATORS, REFUSED};

use super::ast::{
    ColumnDecl, Expr, ExprKind, Lambda, LambdaParameter, Name, ParameterType, Pattern, Statement,
    StatementKind,
};
use super::lex::{Lexeme, LiteralValue, Token, lex};
use super::reserved::{Place, is_reserved};
use crate::diagnostic::{Diagnostic, MAX_DIAGNOSTICS, Span};
use crate::value::{Str, Type, Value};
use std::rc::Rc;

/// How deep expressions may nest.
const MAX_DEPTH: usize = 80;
/// How many operators one chain (`a + b + c …`) may have: the tree leans left, one level each.
const MAX_CHAIN: usize = 200;
/// How many of them may stand in a row where the query nests deeper than [`SHALLOW`].
const MAX_DEEP_CHAIN: usize = 32;
/// What is no deep nesting.
const SHALLOW: usize = 16;
/// How long a query may be, in bytes. Sentinel's own limit is 10,000 characters.
pub const MAX_LENGTH: usize = 1 << 20;

/// The statements of a query and what is wrong with it.
pub fn parse(source: &str) -> (Vec<Statement>, Vec<Diagnostic>) {
    let (statements, diagnostics, _) = parse_in_place(source, None);
    (statements, diagnostics)
}

/// The same of a text that stands for something at a place of another one: there is everything in it. Also, how many tokens it has.
pub fn parse_in_place(source: &str, place: Option<Span>) -> (Vec<Statement>, Vec<Diagnostic>, usize) {
    if source.len() > MAX_LENGTH {
        let d = Diagnostic::error("FP001", "The query is longer than 1 MiB.", Span::new(0, source.len()));
        return (Vec::new(), vec![d], 0);
    }
    let (lexemes, mut diagnostics) = lex(source);
    diagnostics.truncate(MAX_DIAGNOSTICS + 1);
    let mut parser = Parser { lexemes, place, at: 0, diagnostics, depth: 0 };
    let statements = parser.statements(None);
    (statements, parser.diagnostics, parser.lexemes.len())
}

struct Parser {
    lexemes: Vec<Lexeme>,
    /// Where everything is said to stand, if that is elsewhere.
    place: Option<Span>,
    at: usize,
    diagnostics: Vec<Diagnostic>,
    depth: usize,
}

/// The rest of an operator could not be read; the error is reported already.
struct Skip;

type Parsed<T> = Result<T, Skip>;

const END: Token = Token::End;

impl Parser {
    fn token(&self) -> &Token {
        self.lexemes.get(self.at).map_or(&END, |l| &l.token)
    }

    fn peek(&self, ahead: usize) -> &Token {
        self.lexemes.get(self.at + ahead).map_or(&END, |l| &l.token)
    }

    fn span(&self) -> Span {
        let here = self.lexemes.get(self.at).or(self.lexemes.last()).map_or(Span::default(), |l| l.span);
        self.place.unwrap_or(here)
    }

    /// The span of the token before this one.
    fn last_span(&self) -> Span {
        let last =
            self.at.checked_sub(1).and_then(|i| self.lexemes.get(i)).map_or(Span::default(), |l| l.span);
        self.place.unwrap_or(last)
    }

    /// Whether the token `ahead` touches the one before it.
    fn touches(&self, ahead: usize) -> bool {
        match (
            self.lexemes.get(self.at + ahead),
            (self.at + ahead).checked_sub(1).and_then(|i| self.lexemes.get(i)),
        ) {
            (Some(b), Some(a)) => a.span.end == b.span.start,
            _ => false,
        }
    }

    fn advance(&mut self) {
        if self.at + 1 < self.lexemes.len() {
            self.at += 1;
        }
    }

    fn is(&self, mark: &str) -> bool {
        matches!(self.token(), Token::Mark(m) if *m == mark)
    }

    fn peek_is(&self, ahead: usize, mark: &str) -> bool {
        matches!(self.peek(ahead), Token::Mark(m) if *m == mark)
    }

    fn eat(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        if found {
            self.advance();
        }
        found
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.token(), Token::Name(n) if n == word)
    }

    fn peek_word(&self, ahead: usize, word: &str) -> bool {
        matches!(self.peek(ahead), Token::Name(n) if n == word)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    /// Reports that something else was expected here.
    fn expected<T>(&mut self, what: &str) -> Parsed<T> {
        self.report(Diagnostic::error("KS005", format!("Expected: {what}"), self.span()));
        Err(Skip)
    }

    fn missing_expression<T>(&mut self) -> Parsed<T> {
        self.report(Diagnostic::error("KS006", "Missing expression", self.span()));
        Err(Skip)
    }

    /// One error a place: what follows from the first helps no one.
    fn report(&mut self, diagnostic: Diagnostic) {
        // One more than are shown tells that there are more.
        if self.diagnostics.len() <= MAX_DIAGNOSTICS
            && !self.diagnostics.iter().any(|d| d.span == diagnostic.span)
        {
            self.diagnostics.push(diagnostic);
        }
    }

    fn expect(&mut self, mark: &'static str) -> Parsed<()> {
        if self.eat(mark) { Ok(()) } else { self.expected(mark) }
    }

    fn expect_word(&mut self, word: &'static str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { self.expected(word) }
    }

    /// Runs a parser one level deeper; too deep is an error here, not a stack overflow later.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            let d = Diagnostic::error(
                "FP002",
                format!("The query nests more than {MAX_DEPTH} levels."),
                self.span(),
            )
            .with_hint("move inner parts into let statements");
            self.report(d);
            return Err(Skip);
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Skips to the next mark of this level among `stops`, or the closing bracket of the level.
    fn skip_to(&mut self, stops: &[&str]) {
        let mut depth = 0_usize;
        loop {
            match self.token() {
                Token::End => return,
                Token::Mark(m @ ("(" | "[" | "{")) if depth > 0 || !stops.contains(m) => depth += 1,
                Token::Mark(")" | "]" | "}") if depth == 0 => return,
                Token::Mark(")" | "]" | "}") => depth -= 1,
                Token::Mark(m) if depth == 0 && stops.contains(m) => return,
                _ => {}
            }
            self.advance();
        }
    }

    /// Statements up to the end, or up to the `}` of a lambda.
    fn statements(&mut self, close: Option<&str>) -> Vec<Statement> {
        let mut out = Vec::new();
        loop {
            // A `;` ends a statement; a second one has nothing to end.
            if self.eat(";") && !out.is_empty() && self.is(";") {
                let message = "The incomplete fragment is unexpected.";
                self.report(Diagnostic::error("KS198", message, self.span()));
            }
            while self.eat(";") {}
            if *self.token() == Token::End || close.is_some_and(|c| self.is(c)) {
                return out;
            }
            let (start, before) = (self.span(), self.at);
            let kind = self.statement().unwrap_or_else(|Skip| {
                self.skip_to(&[";"]);
                StatementKind::Error
            });
            out.push(Statement { kind, span: start.to(self.last_span()) });
            if !self.is(";") && *self.token() != Token::End && !close.is_some_and(|c| self.is(c)) {
                let message =
                    if self.at == before { "The incomplete fragment is unexpected." } else { "Expected: ;" };
                let code = if self.at == before { "KS198" } else { "KS005" };
                self.report(Diagnostic::error(code, message, self.span()));
                if self.at == before || self.is(")") || self.is("]") || self.is("}") {
                    self.advance();
                }
                self.skip_to(&[";"]);
            }
        }
    }

    fn statement(&mut self) -> Parsed<StatementKind> {
        let word = match self.token() {
            Token::Name(word) => word.as_str(),
            _ => "",
        };
        let next_is_name = matches!(self.peek(1), Token::Name(_) | Token::Mark("["));
        match word {
            "let" if next_is_name => {
                self.advance();
                let name = self.name(Place::Other)?;
                self.expect("=")?;
                let value = if self.is_lambda() { self.deeper(Self::lambda)? } else { self.pipe()? };
                Ok(StatementKind::Let(name, value))
            }
            "set" if next_is_name => {
                self.advance();
                let name = self.word()?;
                let value = if self.eat("=") { Some(self.scalar()?) } else { None };
                Ok(StatementKind::Set(name, value))
            }
            "declare" if self.peek_word(1, "query_parameters") => {
                self.advance();
                self.advance();
                self.expect("(")?;
                let parameters = self.lambda_parameters()?;
                Ok(StatementKind::Declare(parameters))
            }
            "declare" if self.peek_word(1, "pattern") => self.pattern(),
            "declare" | "alias" | "restrict" if next_is_name => {
                let d = Diagnostic::error(
                    "FP010",
                    format!("The statement '{word}' is not supported."),
                    self.span(),
                );
                self.report(d);
                Err(Skip)
            }
            _ => Ok(StatementKind::Query(self.pipe()?)),
        }
    }

    /// `declare pattern app = (id:string)[scope:string] { ("a").["b"] = { T | take 1 }; … }`, or its name alone.
    fn pattern(&mut self) -> Parsed<StatementKind> {
        self.advance();
        self.advance();
        let name = self.name(Place::Other)?;
        let mut pattern = Pattern { arguments: 0, path: false, cases: Vec::new() };
        if self.eat("=") {
            self.expect("(")?;
            pattern.arguments = self.list_until(")", Self::text_parameter)?.len();
            pattern.path = self.eat("[");
            if pattern.path {
                self.text_parameter()?;
                self.expect("]")?;
            }
            self.expect("{")?;
            while !self.eat("}") {
                self.expect("(")?;
                let start = self.last_span();
                let mut texts = self.list_until(")", Self::text)?;
                if texts.len() != pattern.arguments {
                    let message = format!("The pattern has {} arguments.", pattern.arguments);
                    self.report(Diagnostic::error("KS186", message, start.to(self.last_span())));
                }
                if pattern.path {
                    self.expect(".")?;
                    self.expect("[")?;
                    texts.push(self.text()?);
                    self.expect("]")?;
                }
                self.expect("=")?;
                let body = self.deeper(Self::lambda)?;
                self.expect(";")?;
                if let ExprKind::Lambda(lambda) = body.kind {
                    pattern.cases.push((texts, lambda));
                }
            }
        }
        Ok(StatementKind::Pattern(name, Rc::new(pattern)))
    }

    /// `name:string`
    fn text_parameter(&mut self) -> Parsed<()> {
        let column = self.column_decl()?;
        if column.ty != Type::String {
            let message = "The arguments of a pattern are strings.";
            self.report(Diagnostic::error("KS141", message, column.name.span));
        }
        Ok(())
    }

    /// A string literal.
    fn text(&mut self) -> Parsed<Str> {
        let Token::Text(text) = self.token() else { return self.expected("a string literal") };
        let text = Rc::from(text.as_str());
        self.advance();
        Ok(text)
    }

    /// A name: a bare one, or `['…']`, `["…"]`. A word that needs brackets here is reported, and taken for what was meant.
    fn name(&mut self, place: Place) -> Parsed<Name> {
        if let Token::Name(word) = self.token()
            && is_reserved(word, place)
        {
            let message = format!("The name '{word}' needs to be bracketed as ['{word}'] to be used here.");
            self.report(Diagnostic::error("KS228", message, self.span()));
        }
        self.word()
    }

    /// How many tokens the name is that starts `ahead`; none if there is no name.
    fn name_width(&self, ahead: usize) -> usize {
        let bracketed = || matches!(self.peek(ahead + 1), Token::Text(_)) && self.peek_is(ahead + 2, "]");
        match self.peek(ahead) {
            Token::Name(_) => 1,
            Token::Mark("[") if bracketed() => 3,
            _ => 0,
        }
    }

    /// A name, or a word of the grammar that is written like one.
    fn word(&mut self) -> Parsed<Name> {
        match self.token() {
            Token::Name(text) => {
                let text = Rc::from(text.as_str());
                let span = self.span();
                self.advance();
                Ok(Name { text, span })
            }
            Token::Mark("[") => match (self.peek(1).clone(), self.peek_is(2, "]")) {
                (Token::Text(text), true) => {
                    let start = self.span();
                    self.advance();
                    self.advance();
                    let span = start.to(self.span());
                    self.advance();
                    Ok(Name { text: Rc::from(text), span })
                }
                _ => self.expected("a name"),
            },
            _ => self.expected("a name"),
        }
    }

    /// A name or a name pattern with `*`, as `project-away` takes.
    fn name_pattern(&mut self) -> Parsed<Name> {
        if self.is("[")
            || matches!(self.token(), Token::Name(_)) && !(self.peek_is(1, "*") && self.touches(1))
        {
            return self.name(Place::Other);
        }
        let start = self.span();
        let mut text = String::new();
        loop {
            match self.token() {
                Token::Name(n) if text.is_empty() || self.touches(0) => text.push_str(n),
                Token::Mark("*") if text.is_empty() || self.touches(0) => text.push('*'),
                // `*1`: digits behind an asterisk are part of the name. Their zeros are kept.
                Token::Literal(Type::Long, LiteralValue(Value::Long(n)))
                    if !text.is_empty() && self.touches(0) =>
                {
                    let width = self.span().range().len();
                    text.push_str(&format!("{n:0width$}"));
                }
                _ => break,
            }
            self.advance();
        }
        if text.is_empty() {
            return self.expected("a column name");
        }
        Ok(Name { text: Rc::from(text), span: start.to(self.last_span()) })
    }

    /// Items separated by commas, at least one.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut out = vec![item(self)?];
        while self.eat(",") {
            out.push(item(self)?);
        }
        Ok(out)
    }

    /// Items separated by commas up to a closing mark, which is eaten; none is fine.
    fn list_until<T>(
        &mut self,
        close: &'static str,
        item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let (items, comma) = self.items_until(close, item)?;
        if comma {
            let here = self.last_span().start as usize;
            let d = Diagnostic::error("KS006", "Missing expression", Span::new(here, here));
            self.report(d.with_hint("a list must not end with a comma"));
        }
        Ok(items)
    }

    /// The same where a comma at the end is fine: declared columns, and the values of a `datatable`.
    fn loose_list_until<T>(
        &mut self,
        close: &'static str,
        item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        Ok(self.items_until(close, item)?.0)
    }

    /// The items and whether a comma stands behind the last one.
    fn items_until<T>(
        &mut self,
        close: &'static str,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<(Vec<T>, bool)> {
        let mut out = Vec::new();
        loop {
            if self.eat(close) {
                let comma = !out.is_empty();
                return Ok((out, comma));
            }
            out.push(item(self)?);
            if !self.eat(",") {
                self.expect(close)?;
                return Ok((out, false));
            }
        }
    }

    fn type_name(&mut self) -> Parsed<Type> {
        let Token::Name(word) = self.token() else { return self.expected("a type") };
        let Some(ty) = Type::from_name(word) else {
            let d = Diagnostic::error("KS015", format!("'{word}' is not a type."), self.span()).with_hint(
                "types are bool, int, long, real, decimal, datetime, timespan, guid, string, dynamic",
            );
            self.report(d);
            return Err(Skip);
        };
        self.advance();
        Ok(ty)
    }

    /// `name:type`
    fn column_decl(&mut self) -> Parsed<ColumnDecl> {
        let name = self.name(Place::Column)?;
        self.expect(":")?;
        Ok(ColumnDecl { name, ty: self.type_name()? })
    }

    /// Whether a lambda starts here: `(a:long) {`, `() {`, `(T:(*)) {`, `{`.
    fn is_lambda(&self) -> bool {
        if self.is("{") || (self.is_word("view") && self.peek_is(1, "(")) {
            return true;
        }
        if !self.is("(") {
            return false;
        }
        if self.peek_is(1, ")") {
            return self.peek_is(2, "{");
        }
        let width = self.name_width(1);
        width > 0 && self.peek_is(1 + width, ":")
    }

    fn lambda(&mut self) -> Parsed<Expr> {
        let start = self.span();
        let view = self.eat_word("view");
        let parameters = if self.eat("(") { self.lambda_parameters()? } else { Vec::new() };
        self.expect("{")?;
        let mut statements = self.statements(Some("}"));
        let close = self.span();
        self.expect("}")?;
        let body = match statements.pop().map(|s| s.kind) {
            Some(StatementKind::Query(body)) => body,
            Some(StatementKind::Error) => Expr { kind: ExprKind::Error, span: close },
            _ => return self.missing_body(close),
        };
        let lambda = Lambda { view, parameters, statements, body };
        Ok(Expr { kind: ExprKind::Lambda(Rc::new(lambda)), span: start.to(self.last_span()) })
    }

    fn missing_body<T>(&mut self, at: Span) -> Parsed<T> {
        self.report(Diagnostic::error(
            "KS006",
            "The function has no result; its body must end with an expression.",
            at,
        ));
        Err(Skip)
    }

    /// Parameters up to and with the `)`.
    fn lambda_parameters(&mut self) -> Parsed<Vec<LambdaParameter>> {
        self.list_until(")", |p| {
            let name = p.name(Place::Column)?;
            p.expect(":")?;
            let ty = if p.eat("(") {
                if p.eat("*") {
                    p.expect(")")?;
                    ParameterType::Table(Vec::new())
                } else {
                    ParameterType::Table(p.loose_list_until(")", Self::column_decl)?)
                }
            } else {
                ParameterType::Scalar(p.type_name()?)
            };
            let default = if p.eat("=") { Some(p.scalar()?) } else { None };
            Ok(LambdaParameter { name, ty, default })
        })
    }
}
