//! The operators of a pipeline, and the tabular sources that are operators themselves.

use super::{Parsed, Parser, Skip};
use crate::kql::ast::{
    Expr, ExprKind, Find, Join, MakeSeries, MvExpand, Name, Operator, OperatorKind, Ordered, Parameter,
    Parse, ParsePart, Reorder, Scan, ScanStep, Schema, TopNestedLevel,
};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lex::Token;
use crate::value::Type;
use std::rc::Rc;

/// How long one pipeline may be.
const MAX_STAGES: usize = 500;

/// The names of operators with a dash, which the lexer cannot know.
const DASHED: &[&str] = &[
    "mv-expand",
    "mv-apply",
    "make-series",
    "make-graph",
    "project-away",
    "project-keep",
    "project-rename",
    "project-reorder",
    "project-smart",
    "parse-where",
    "parse-kv",
    "top-hitters",
    "top-nested",
    "sample-distinct",
    "graph-match",
    "graph-shortest-paths",
    "graph-to-table",
    "graph-mark-components",
    "graph-where-nodes",
    "graph-where-edges",
    "assert-schema",
    "partition-by",
    "macro-expand",
];

/// Operators Kusto has and Forepost refuses by name.
const REFUSED: &[&str] = &[
    "facet",
    "fork",
    "reduce",
    "make-graph",
    "graph-match",
    "graph-shortest-paths",
    "graph-to-table",
    "graph-mark-components",
    "graph-where-nodes",
    "graph-where-edges",
    "graph",
    "assert-schema",
    "execute_and_cache",
    "macro-expand",
    "partition-by",
];

/// Every operator Kusto has after a `|` and Forepost reads, for "did you mean".
const OPERATORS: &[&str] = &[
    "where",
    "filter",
    "extend",
    "project",
    "project-away",
    "project-keep",
    "project-rename",
    "project-reorder",
    "distinct",
    "take",
    "limit",
    "sample",
    "sort",
    "order",
    "top",
    "count",
    "summarize",
    "join",
    "lookup",
    "union",
    "mv-expand",
    "mvexpand",
    "mv-apply",
    "mvapply",
    "parse",
    "parse-where",
    "parse-kv",
    "serialize",
    "getschema",
    "as",
    "invoke",
    "evaluate",
    "make-series",
    "top-hitters",
    "sample-distinct",
    "top-nested",
    "partition",
    "scan",
    "search",
    "find",
    "render",
    "consume",
];

impl Parser {
    /// A source and the operators behind it; without operators, the source itself.
    pub(super) fn pipe(&mut self) -> Parsed<Expr> {
        self.deeper(|p| {
            let source = p.source_expr()?;
            let mut operators = Vec::new();
            while p.eat("|") {
                if operators.len() >= MAX_STAGES {
                    p.report(Diagnostic::error("FP002", "A pipeline of more than 500 operators.", p.span()));
                    return Err(Skip);
                }
                operators.push(p.operator());
            }
            if operators.is_empty() {
                return Ok(source);
            }
            let span = source.span.to(p.last_span());
            Ok(Expr { kind: ExprKind::Pipe(Box::new(source), operators), span })
        })
    }

    /// A scalar expression, a table, or an operator that needs no input.
    fn source_expr(&mut self) -> Parsed<Expr> {
        let (word, start) = match self.token() {
            Token::Name(w) => (w.clone(), self.span()),
            _ => return self.scalar(),
        };
        let next_is_open = self.peek_is(1, "(");
        let is_source = match word.as_str() {
            "datatable" | "externaldata" | "external_data" => next_is_open,
            "print" => !matches!(self.peek(1), Token::Mark("|" | ")" | ";" | "," | "=") | Token::End),
            "range" => matches!(self.peek(1), Token::Name(_)) && self.peek_word(2, "from"),
            "union" | "search" | "find" | "evaluate" => {
                !matches!(self.peek(1), Token::Mark("|" | ")" | ";" | "," | "=" | ".") | Token::End)
            }
            _ => false,
        };
        if !is_source {
            return self.scalar();
        }
        let name = self.name()?;
        let kind = self.operands(&name)?;
        let span = start.to(self.last_span());
        Ok(Expr { kind: ExprKind::Source(Box::new(Operator { name, kind, span })), span })
    }

    /// The operator after a `|`. What cannot be read is skipped to the next `|`, so that the rest is still checked.
    fn operator(&mut self) -> Operator {
        let start = self.span();
        let name = self.operator_name();
        let result = match &name {
            Some(name) => self.operands(name),
            None => {
                self.report(Diagnostic::error("KS176", "Query operator expected.", start));
                Err(Skip)
            }
        };
        let kind = result.unwrap_or_else(|Skip| {
            self.skip_to(&["|", ";"]);
            OperatorKind::Error
        });
        let name = name.unwrap_or(Name { text: Rc::from(""), span: start });
        Operator { name, kind, span: start.to(self.last_span()) }
    }

    /// The name of an operator, dashes joined.
    fn operator_name(&mut self) -> Option<Name> {
        let Token::Name(first) = self.token() else { return None };
        let start = self.span();
        let mut text = first.clone();
        let mut joined = 1;
        let mut candidate = first.clone();
        for i in 1..5 {
            match self.peek(i) {
                Token::Name(n) if i % 2 == 0 && self.touches(i) => candidate.push_str(n),
                Token::Mark("-") if i % 2 == 1 && self.touches(i) => candidate.push('-'),
                _ => break,
            }
            if DASHED.contains(&candidate.as_str()) {
                (text, joined) = (candidate.clone(), i + 1);
            }
        }
        for _ in 0..joined {
            self.advance();
        }
        Some(Name { text: Rc::from(text), span: start.to(self.last_span()) })
    }

    fn operands(&mut self, name: &Name) -> Parsed<OperatorKind> {
        Ok(match &*name.text {
            "where" | "filter" => {
                self.parameters()?;
                OperatorKind::Where(self.scalar()?)
            }
            "extend" => OperatorKind::Extend(self.list(Self::named)?),
            "project" => {
                OperatorKind::Project(if self.at_end() { Vec::new() } else { self.list(Self::named)? })
            }
            "project-away" => OperatorKind::ProjectAway(self.list(Self::name_pattern)?),
            "project-keep" => OperatorKind::ProjectKeep(self.list(Self::name_pattern)?),
            "project-rename" => OperatorKind::ProjectRename(self.list(Self::named)?),
            "project-reorder" => {
                OperatorKind::ProjectReorder(self.list(|p| Ok((p.name_pattern()?, p.reorder())))?)
            }
            "distinct" => {
                self.parameters()?;
                OperatorKind::Distinct(self.list(Self::named)?)
            }
            "take" | "limit" => {
                self.parameters()?;
                OperatorKind::Take(self.scalar()?)
            }
            "sample" => OperatorKind::Sample(self.scalar()?),
            "sort" | "order" => {
                self.parameters()?;
                self.expect_word("by")?;
                OperatorKind::Sort(self.list(Self::ordered)?)
            }
            "top" => {
                let count = self.scalar()?;
                self.parameters()?;
                self.expect_word("by")?;
                OperatorKind::Top(count, self.ordered()?)
            }
            "count" => {
                if self.eat_word("as") {
                    self.name()?;
                }
                OperatorKind::Count
            }
            "summarize" => self.summarize()?,
            "join" => OperatorKind::Join(self.join()?),
            "lookup" => OperatorKind::Lookup(self.join()?),
            "union" => {
                let parameters = self.parameters()?;
                OperatorKind::Union(parameters, self.list(Self::union_item)?)
            }
            "mv-expand" | "mvexpand" => OperatorKind::MvExpand(self.mv_expand()?),
            "mv-apply" | "mvapply" => {
                let expand = self.mv_expand()?;
                self.expect_word("on")?;
                OperatorKind::MvApply(expand, Box::new(self.subquery()?))
            }
            "parse" | "parse-where" => OperatorKind::Parse(self.parse_pattern(&*name.text == "parse-where")?),
            "parse-kv" => {
                let source = self.scalar()?;
                self.expect_word("as")?;
                self.expect("(")?;
                let columns = self.list_until(")", Self::column_decl)?;
                OperatorKind::ParseKv(source, columns, self.with_properties()?)
            }
            "print" => OperatorKind::Print(self.list(Self::named)?),
            "range" => {
                let column = self.name()?;
                self.expect_word("from")?;
                let from = self.scalar()?;
                self.expect_word("to")?;
                let to = self.scalar()?;
                self.expect_word("step")?;
                OperatorKind::Range(column, from, to, self.scalar()?)
            }
            "datatable" => {
                self.expect("(")?;
                let columns = self.list_until(")", Self::column_decl)?;
                self.expect("[")?;
                OperatorKind::Datatable(columns, self.list_until("]", Self::scalar)?)
            }
            "externaldata" | "external_data" => {
                self.expect("(")?;
                let columns = self.list_until(")", Self::column_decl)?;
                self.expect("[")?;
                let uris = self.list_until("]", Self::scalar)?;
                OperatorKind::ExternalData(columns, uris, self.with_properties()?)
            }
            "serialize" => {
                OperatorKind::Serialize(if self.at_end() { Vec::new() } else { self.list(Self::named)? })
            }
            "getschema" => OperatorKind::GetSchema,
            "as" => {
                self.parameters()?;
                OperatorKind::As(self.name()?)
            }
            "invoke" => OperatorKind::Invoke(self.scalar()?),
            "evaluate" => {
                self.parameters()?;
                let call = self.scalar()?;
                let schema = if self.eat(":") { Some(self.schema()?) } else { None };
                OperatorKind::Evaluate(call, schema)
            }
            "make-series" => OperatorKind::MakeSeries(self.make_series()?),
            "top-hitters" => {
                let count = self.scalar()?;
                self.expect_word("of")?;
                let of = self.named()?;
                let by = if self.eat_word("by") { Some(self.named()?) } else { None };
                OperatorKind::TopHitters(count, of, by)
            }
            "sample-distinct" => {
                let count = self.scalar()?;
                self.expect_word("of")?;
                OperatorKind::SampleDistinct(count, self.named()?)
            }
            "top-nested" => self.top_nested()?,
            "partition" => {
                let mut parameters = self.parameters()?;
                self.expect_word("by")?;
                let key = self.named()?;
                parameters.extend(self.parameters()?);
                let body = self.subquery()?;
                OperatorKind::Partition(parameters, key, Box::new(body))
            }
            "scan" => OperatorKind::Scan(self.scan()?),
            "search" => {
                let parameters = self.parameters()?;
                let tables = if self.eat_word("in") {
                    self.expect("(")?;
                    self.list_until(")", Self::union_item)?
                } else {
                    Vec::new()
                };
                OperatorKind::Search(parameters, tables, self.scalar()?)
            }
            "find" => OperatorKind::Find(self.find()?),
            "render" | "consume" => {
                self.skip_to(&["|", ";"]);
                OperatorKind::Ignored
            }
            word => return self.unknown_operator(word, name),
        })
    }

    fn unknown_operator(&mut self, word: &str, name: &Name) -> Parsed<OperatorKind> {
        let d = if REFUSED.contains(&word) {
            Diagnostic::error("FP010", format!("The operator '{word}' is not supported."), name.span)
        } else {
            let d = Diagnostic::error("KS176", "Query operator expected.", name.span);
            match crate::kql::nearest(word, OPERATORS.iter().copied()) {
                Some(near) => d.with_hint(format!("did you mean '{near}'?")),
                None => d,
            }
        };
        self.report(d);
        Err(Skip)
    }

    /// Whether the operator ends here.
    fn at_end(&self) -> bool {
        matches!(self.token(), Token::End | Token::Mark("|" | ";" | ")" | "}"))
    }

    /// `kind=inner hint.strategy=broadcast …`
    fn parameters(&mut self) -> Parsed<Vec<Parameter>> {
        let mut out = Vec::new();
        while let Token::Name(first) = self.token() {
            let dotted =
                self.peek_is(1, ".") && matches!(self.peek(2), Token::Name(_)) && self.peek_is(3, "=");
            let known = matches!(
                first.as_str(),
                "kind"
                    | "withsource"
                    | "with_source"
                    | "isfuzzy"
                    | "bagexpansion"
                    | "with_itemindex"
                    | "flags"
                    | "with_match_id"
                    | "decodeblocks"
                    | "expandoutput"
            );
            let hint = dotted && first == "hint";
            if !hint && (!known || !self.peek_is(1, "=")) {
                break;
            }
            let mut name = self.name()?;
            if self.eat(".") {
                let second = self.name()?;
                name = Name {
                    text: Rc::from(format!("{}.{}", name.text, second.text)),
                    span: name.span.to(second.span),
                };
            }
            self.expect("=")?;
            let value = self.parameter_value()?;
            out.push(Parameter { name, value });
        }
        Ok(out)
    }

    fn parameter_value(&mut self) -> Parsed<Expr> {
        if let Token::Name(word) = self.token() {
            let (text, span) = (Rc::from(word.as_str()), self.span());
            self.advance();
            return Ok(Expr { kind: ExprKind::Name(text), span });
        }
        self.scalar()
    }

    /// `with (a=1, b="x")`, if it is there.
    fn with_properties(&mut self) -> Parsed<Vec<Parameter>> {
        if !self.eat_word("with") {
            return Ok(Vec::new());
        }
        self.expect("(")?;
        self.list_until(")", |p| {
            let name = p.name()?;
            p.expect("=")?;
            Ok(Parameter { name, value: p.parameter_value()? })
        })
    }

    fn reorder(&mut self) -> Option<Reorder> {
        let granny = self.is_word("granny") && self.peek_is(1, "-");
        let order = match (self.peek(if granny { 2 } else { 0 }), granny) {
            (Token::Name(w), false) if w == "asc" => Reorder::Ascending,
            (Token::Name(w), false) if w == "desc" => Reorder::Descending,
            (Token::Name(w), true) if w == "asc" => Reorder::GrannyAscending,
            (Token::Name(w), true) if w == "desc" => Reorder::GrannyDescending,
            _ => return None,
        };
        for _ in 0..if granny { 3 } else { 1 } {
            self.advance();
        }
        Some(order)
    }

    fn ordered(&mut self) -> Parsed<Ordered> {
        let value = self.named()?;
        let ascending = self.eat_word("asc");
        if !ascending {
            self.eat_word("desc");
        }
        let nulls_first = if self.eat_word("nulls") {
            let first = self.eat_word("first");
            if !first {
                self.expect_word("last")?;
            }
            first
        } else {
            ascending
        };
        Ok(Ordered { value, ascending, nulls_first })
    }

    fn summarize(&mut self) -> Parsed<OperatorKind> {
        self.parameters()?;
        let aggregates = if self.is_word("by") { Vec::new() } else { self.list(Self::named)? };
        let by = if self.eat_word("by") { self.list(Self::named)? } else { Vec::new() };
        if aggregates.is_empty() && by.is_empty() {
            return self.missing_expression();
        }
        Ok(OperatorKind::Summarize(aggregates, by))
    }

    /// A table: a name, a call, or a pipeline in parentheses.
    fn union_item(&mut self) -> Parsed<Expr> {
        if self.is("(") {
            return self.subquery();
        }
        let pattern = matches!(self.token(), Token::Mark("*")) || (self.peek_is(1, "*") && self.touches(1));
        if pattern {
            let name = self.name_pattern()?;
            let d = Diagnostic::error(
                "FP010",
                format!("The table pattern '{}' is not supported.", name.text),
                name.span,
            )
            .with_hint("name each table");
            self.report(d);
            return Ok(Expr { kind: ExprKind::Error, span: name.span });
        }
        self.scalar()
    }

    /// `( pipeline )`
    fn subquery(&mut self) -> Parsed<Expr> {
        self.expect("(")?;
        let inner = self.pipe()?;
        self.expect(")")?;
        Ok(inner)
    }

    fn join(&mut self) -> Parsed<Join> {
        let parameters = self.parameters()?;
        let right = Box::new(self.union_item()?);
        let on = if self.eat_word("on") {
            self.list(Self::scalar)?
        } else {
            if !self.is_word("where") {
                return self.expected("on");
            }
            let d = Diagnostic::error("FP010", "join … where is not supported.", self.span())
                .with_hint("use on $left.a == $right.b");
            self.report(d);
            return Err(Skip);
        };
        Ok(Join { parameters, right, on })
    }

    fn mv_expand(&mut self) -> Parsed<MvExpand> {
        let parameters = self.parameters()?;
        let columns = self.list(|p| {
            let value = p.named()?;
            let ty = if p.eat_word("to") {
                p.expect_word("typeof")?;
                p.expect("(")?;
                let ty = p.type_name()?;
                p.expect(")")?;
                Some(ty)
            } else {
                None
            };
            Ok((value, ty))
        })?;
        let limit = if self.eat_word("limit") { Some(self.scalar()?) } else { None };
        Ok(MvExpand { parameters, columns, limit })
    }

    fn parse_pattern(&mut self, filter: bool) -> Parsed<Parse> {
        let mut parameters = self.parameters()?;
        let source = self.scalar()?;
        parameters.extend(self.parameters()?);
        self.expect_word("with")?;
        let mut pattern = Vec::new();
        while !self.at_end() {
            let span = self.span();
            match self.token().clone() {
                Token::Mark("*") => {
                    self.advance();
                    pattern.push(ParsePart::Star(span));
                }
                Token::Text(text) => {
                    self.advance();
                    pattern.push(ParsePart::Text(Rc::from(text), span));
                }
                Token::Name(_) | Token::Mark("[") => {
                    let name = self.name()?;
                    let ty = if self.eat(":") { self.type_name()? } else { Type::String };
                    pattern.push(ParsePart::Column(name, ty));
                }
                _ => return self.expected("a text, a column or *"),
            }
        }
        if pattern.is_empty() {
            return self.expected("a pattern");
        }
        Ok(Parse { filter, parameters, source, pattern })
    }

    fn schema(&mut self) -> Parsed<Schema> {
        self.expect("(")?;
        let mut star = false;
        let columns = self.list_until(")", |p| {
            if p.eat("*") {
                star = true;
                return Ok(None);
            }
            p.column_decl().map(Some)
        })?;
        Ok(Schema { columns: columns.into_iter().flatten().collect(), star })
    }

    fn make_series(&mut self) -> Parsed<MakeSeries> {
        let parameters = self.parameters()?;
        let aggregates = self.list(|p| {
            let value = p.named()?;
            let default = if p.eat_word("default") {
                p.expect("=")?;
                Some(p.scalar()?)
            } else {
                None
            };
            Ok((value, default))
        })?;
        self.expect_word("on")?;
        let on = self.named()?;
        let (mut from, mut to, mut step) = (None, None, None);
        if self.is_word("in") {
            let d = Diagnostic::error("FP010", "make-series … in range(…) is not supported.", self.span())
                .with_hint("use from … to … step …");
            self.report(d);
            return Err(Skip);
        }
        if self.eat_word("from") {
            from = Some(self.scalar()?);
        }
        if self.eat_word("to") {
            to = Some(self.scalar()?);
        }
        if self.eat_word("step") {
            step = Some(self.scalar()?);
        }
        let by = if self.eat_word("by") { self.list(Self::named)? } else { Vec::new() };
        Ok(MakeSeries { parameters, aggregates, on, from, to, step, by })
    }

    fn top_nested(&mut self) -> Parsed<OperatorKind> {
        let mut levels = Vec::new();
        loop {
            let count = if self.is_word("of") { None } else { Some(self.scalar()?) };
            self.expect_word("of")?;
            let of = self.named()?;
            let others = if self.eat_word("with") {
                self.expect_word("others")?;
                self.expect("=")?;
                Some(self.scalar()?)
            } else {
                None
            };
            self.expect_word("by")?;
            let by = self.named()?;
            let ascending = self.eat_word("asc");
            if !ascending {
                self.eat_word("desc");
            }
            levels.push(TopNestedLevel { count, of, others, by, ascending });
            if !self.eat(",") {
                return Ok(OperatorKind::TopNested(levels));
            }
            match self.operator_name() {
                Some(name) if &*name.text == "top-nested" => {}
                _ => return self.expected("top-nested"),
            }
        }
    }

    fn scan(&mut self) -> Parsed<Scan> {
        let mut parameters = self.parameters()?;
        let mut declare = Vec::new();
        loop {
            if self.eat_word("declare") {
                self.expect("(")?;
                declare = self.list_until(")", |p| {
                    let column = p.column_decl()?;
                    let default = if p.eat("=") { Some(p.scalar()?) } else { None };
                    Ok((column, default))
                })?;
            } else {
                let more = self.parameters()?;
                if more.is_empty() {
                    break;
                }
                parameters.extend(more);
            }
        }
        if self.is_word("order") || self.is_word("partition") {
            let d = Diagnostic::error(
                "FP010",
                "scan with order by or partition by is not supported.",
                self.span(),
            )
            .with_hint("sort before scan");
            self.report(d);
            return Err(Skip);
        }
        self.expect_word("with")?;
        self.expect("(")?;
        let mut steps = Vec::new();
        while !self.eat(")") {
            self.expect_word("step")?;
            let name = self.name()?;
            let mut output = None;
            if self.is_word("output") && self.peek_is(1, "=") {
                self.advance();
                self.advance();
                output = Some(self.name()?);
            }
            self.eat_word("optional");
            self.expect(":")?;
            let condition = self.scalar()?;
            let assignments = if self.eat("=>") { self.list(Self::named)? } else { Vec::new() };
            self.expect(";")?;
            steps.push(ScanStep { name, output, condition, assignments });
        }
        Ok(Scan { parameters, declare, steps })
    }

    fn find(&mut self) -> Parsed<Find> {
        let parameters = self.parameters()?;
        let tables = if self.eat_word("in") {
            self.expect("(")?;
            self.list_until(")", Self::union_item)?
        } else {
            Vec::new()
        };
        self.eat_word("where");
        let predicate = self.scalar()?;
        let project = match self.operator_name_is() {
            Some("project") => self.list(Self::name)?,
            _ => Vec::new(),
        };
        Ok(Find { parameters, tables, predicate, project })
    }

    fn operator_name_is(&mut self) -> Option<&'static str> {
        let before = self.at;
        match self.operator_name().as_ref().map(|n| &*n.text) {
            Some("project") => Some("project"),
            Some("project-smart") => Some("project-smart"),
            _ => {
                self.at = before;
                None
            }
        }
    }
}
