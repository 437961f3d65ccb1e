//! The operators of a pipeline, and the tabular sources that are operators themselves.

use super::{Parsed, Parser, Skip};
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::ast::{
    Expr, ExprKind, Join, Name, Named, Operator, OperatorKind, Ordered, Parameter, PartitionBody, Reorder,
};
use crate::syntax::lex::Token;
use crate::syntax::reserved::Place;
use std::rc::Rc;

/// How many columns a table may have on its way through a query.
pub(crate) const MAX_COLUMNS: usize = 4096;
/// How long one pipeline may be.
const MAX_STAGES: usize = 500;

/// The names of operators with a dash, which the lexer cannot know.
const DASHED: &[&str] = &[
    "mv-expand",
    "mv-apply",
    "make-series",
    "make-graph",
    "project-away",
    "project-by-names",
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
pub(crate) const REFUSED: &[&str] = &[
    "facet",
    "fork",
    "reduce",
    "graph-where-nodes",
    "graph-where-edges",
    "graph",
    "assert-schema",
    "execute_and_cache",
    "macro-expand",
    "partition-by",
];

/// Every operator Kusto has after a `|` and Forepost reads, with what it does: for "did you mean" and docs/kql.md.
pub(crate) const OPERATORS: &[(&str, &str)] = &[
    ("where", "Keeps the rows whose predicate is true."),
    ("filter", "The same as `where`."),
    ("extend", "Adds columns, or replaces them."),
    ("project", "Keeps these columns, computed or renamed, in this order."),
    ("project-away", "Drops columns; `*` stands for any letters."),
    ("project-by-names", "Keeps the columns that a dynamic array or a list names."),
    ("project-keep", "Keeps columns in their order; `*` stands for any letters."),
    ("project-rename", "Renames columns."),
    ("project-reorder", "Moves columns to the front."),
    ("distinct", "Each combination of values once."),
    ("take", "So many rows, in no particular order."),
    ("limit", "The same as `take`."),
    ("sample", "So many rows at random."),
    ("sort", "Orders rows."),
    ("order", "The same as `sort`."),
    ("top", "The first rows by an order."),
    ("count", "How many rows there are."),
    ("summarize", "Groups rows and aggregates each group."),
    (
        "join",
        "Joins two tables: inner, innerunique (the default), leftouter, rightouter, fullouter, leftsemi, rightsemi, leftanti, rightanti and their other names.",
    ),
    ("lookup", "Joins columns of a small table."),
    ("union", "Puts tables one below the other; `withsource`, `isfuzzy`, wildcards."),
    ("mv-expand", "A row for each item of an array or bag."),
    ("mvexpand", "The old name of `mv-expand`."),
    ("mv-apply", "A subquery over the items of each row's array."),
    ("mvapply", "The old name of `mv-apply`."),
    ("parse", "Takes columns out of a text."),
    ("parse-where", "The same, and drops rows that do not match."),
    ("parse-kv", "Takes columns out of key-value pairs."),
    ("serialize", "Fixes the order of rows, for functions of their place."),
    ("getschema", "The columns and their types."),
    ("as", "Names the table so far."),
    ("invoke", "Calls a function with the table as its first argument."),
    ("evaluate", "Calls a plugin."),
    ("make-series", "Series over an axis of times or numbers."),
    ("top-hitters", "The most frequent values."),
    ("sample-distinct", "So many distinct values."),
    ("top-nested", "The top values on several levels."),
    ("partition", "A subquery for each value of a column."),
    ("scan", "Steps of a state machine over ordered rows."),
    ("search", "Rows that hold a term in any column."),
    ("find", "Rows of several tables that fulfil a predicate."),
    ("make-graph", "A graph of edges, and nodes."),
    ("graph-match", "Paths of a graph that have a shape."),
    ("graph-shortest-paths", "The shortest paths between nodes."),
    ("graph-to-table", "The nodes or edges of a graph."),
    ("graph-mark-components", "The connected components of a graph."),
    ("render", "Says how to draw the answer; the rows stay as they are."),
    ("consume", "Reads everything and gives nothing."),
];

impl Parser {
    /// A source and the operators behind it; without operators, the source itself.
    pub(super) fn pipe(&mut self) -> Parsed<Expr> {
        self.deeper(|p| {
            let source = p.source_expr()?;
            let mut operators = Vec::new();
            while p.eat("|") {
                if operators.len() >= MAX_STAGES {
                    return p.too_long();
                }
                operators.push(p.operator());
            }
            if operators.is_empty() {
                return Ok(source);
            }
            let span = source.span.to(p.last_span());
            Ok(Expr { kind: ExprKind::Pipe(Box::new(source), operators.into()), span })
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
            "range" => {
                let width = self.name_width(1);
                width > 0 && self.peek_word(1 + width, "from")
            }
            "union" | "search" | "find" | "evaluate" => {
                !matches!(self.peek(1), Token::Mark("|" | ")" | ";" | "," | "=" | ".") | Token::End)
            }
            _ => false,
        };
        if !is_source {
            return self.scalar();
        }
        let name = self.word()?;
        let kind = self.operands(&name)?;
        let span = start.to(self.last_span());
        Ok(Expr { kind: ExprKind::Source(Rc::new(Operator { name, kind, span })), span })
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
    pub(super) fn operator_name(&mut self) -> Option<Name> {
        let Token::Name(first) = self.token() else { return None };
        let start = self.span();
        let mut text = first.clone();
        let mut joined = 1;
        let mut candidate = first.clone();
        for i in 1..6 {
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

    /// The operands of an operator. Those that hold pipelines stand here alone, so that a level of nesting costs little stack.
    fn operands(&mut self, name: &Name) -> Parsed<OperatorKind> {
        match &*name.text {
            "join" => Ok(OperatorKind::Join(self.join()?)),
            "lookup" => Ok(OperatorKind::Lookup(self.join()?)),
            "union" => self.union(),
            "mv-apply" | "mvapply" => self.mv_apply(),
            "partition" => self.partition(),
            _ => self.flat_operands(name),
        }
    }

    fn union(&mut self) -> Parsed<OperatorKind> {
        let parameters = self.parameters()?;
        Ok(OperatorKind::Union(parameters, self.list(Self::union_item)?))
    }

    fn mv_apply(&mut self) -> Parsed<OperatorKind> {
        let expand = self.mv_expand()?;
        self.expect_word("on")?;
        Ok(OperatorKind::MvApply(expand, self.operators_in_parentheses()?))
    }

    fn partition(&mut self) -> Parsed<OperatorKind> {
        let mut parameters = self.parameters()?;
        self.expect_word("by")?;
        // A name alone: what follows in parentheses is no argument of it.
        let name = self.name(Place::Read)?;
        let value = Expr { span: name.span, kind: ExprKind::Name(name.text) };
        let key = Named { names: Vec::new(), tuple: false, value };
        parameters.extend(self.parameters()?);
        let body = if self.eat("{") {
            let query = self.pipe()?;
            self.expect("}")?;
            PartitionBody::Query(Box::new(query))
        } else {
            PartitionBody::Operators(self.operators_in_parentheses()?)
        };
        Ok(OperatorKind::Partition(parameters, key, body))
    }

    fn flat_operands(&mut self, name: &Name) -> Parsed<OperatorKind> {
        Ok(match &*name.text {
            "where" | "filter" => {
                self.parameters()?;
                OperatorKind::Where(self.scalar()?)
            }
            "extend" => OperatorKind::Extend(self.named_list()?),
            "project" => OperatorKind::Project(if self.at_end() { Vec::new() } else { self.named_list()? }),
            "project-away" => OperatorKind::ProjectAway(self.columns(Self::name_pattern)?),
            "project-keep" => OperatorKind::ProjectKeep(self.columns(Self::name_pattern)?),
            "project-rename" => OperatorKind::ProjectRename(self.named_list()?),
            "project-reorder" => {
                OperatorKind::ProjectReorder(self.columns(|p| Ok((p.name_pattern()?, p.reorder())))?)
            }
            "project-by-names" => OperatorKind::ProjectByNames(self.columns(Self::scalar)?),
            "distinct" => {
                self.parameters()?;
                OperatorKind::Distinct(self.named_list()?)
            }
            "take" | "limit" => {
                self.parameters()?;
                OperatorKind::Take(self.scalar()?)
            }
            "sample" => OperatorKind::Sample(self.scalar()?),
            "sort" | "order" => {
                self.parameters()?;
                self.expect_word("by")?;
                OperatorKind::Sort(self.columns(Self::ordered)?)
            }
            "top" => {
                let count = self.scalar()?;
                self.parameters()?;
                self.expect_word("by")?;
                OperatorKind::Top(count, self.ordered()?)
            }
            "count" => {
                let name = if self.eat_word("as") { Some(self.name(Place::Column)?) } else { None };
                OperatorKind::Count(name)
            }
            "summarize" => self.summarize()?,
            "mv-expand" | "mvexpand" => OperatorKind::MvExpand(self.mv_expand()?),
            "parse" | "parse-where" => OperatorKind::Parse(self.parse_pattern(&*name.text == "parse-where")?),
            "parse-kv" => {
                let source = self.scalar()?;
                self.expect_word("as")?;
                self.expect("(")?;
                let columns = self.loose_list_until(")", Self::column_decl)?;
                OperatorKind::ParseKv(source, columns, self.with_properties()?)
            }
            "print" => OperatorKind::Print(self.named_list()?),
            "range" => {
                let column = self.name(Place::Other)?;
                self.expect_word("from")?;
                let from = self.scalar()?;
                self.expect_word("to")?;
                let to = self.scalar()?;
                self.expect_word("step")?;
                OperatorKind::Range(column, from, to, self.scalar()?)
            }
            "datatable" => {
                self.expect("(")?;
                let columns = self.loose_list_until(")", Self::column_decl)?;
                self.expect("[")?;
                OperatorKind::Datatable(columns, self.loose_list_until("]", Self::row_value)?)
            }
            "externaldata" | "external_data" => {
                self.expect("(")?;
                let columns = self.loose_list_until(")", Self::column_decl)?;
                self.expect("[")?;
                let uris = self.list_until("]", Self::scalar)?;
                OperatorKind::ExternalData(columns, uris, self.with_properties()?)
            }
            "serialize" => {
                OperatorKind::Serialize(if self.at_end() { Vec::new() } else { self.named_list()? })
            }
            "getschema" => OperatorKind::GetSchema,
            "as" => {
                self.parameters()?;
                OperatorKind::As(self.name(Place::Other)?)
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
            "scan" => OperatorKind::Scan(self.scan()?),
            "search" => {
                let parameters = self.parameters()?;
                let tables = self.in_tables()?;
                let case_sensitive = parameters
                    .iter()
                    .any(|p| matches!(&p.value.kind, ExprKind::Name(kind) if &**kind == "case_sensitive"));
                OperatorKind::Search(parameters, tables, self.search_predicate(case_sensitive)?)
            }
            "find" => OperatorKind::Find(self.find()?),
            "make-graph" => OperatorKind::MakeGraph(self.make_graph()?),
            "graph-match" => OperatorKind::GraphMatch(self.graph_match(false)?),
            "graph-shortest-paths" => OperatorKind::GraphMatch(self.graph_match(true)?),
            "graph-to-table" => OperatorKind::GraphToTable(self.columns(Self::graph_output)?),
            "graph-mark-components" => {
                OperatorKind::GraphMarkComponents(self.options(&["kind", "with_component_id"])?)
            }
            "render" => self.render()?,
            "consume" => OperatorKind::Ignored,
            word => return self.unknown_operator(word, name),
        })
    }

    fn unknown_operator(&mut self, word: &str, name: &Name) -> Parsed<OperatorKind> {
        let d = if REFUSED.contains(&word) {
            Diagnostic::error("FP010", format!("The operator '{word}' is not supported."), name.span)
        } else {
            let d = Diagnostic::error("KS176", "Query operator expected.", name.span);
            d.with_guess(crate::nearest(word, OPERATORS.iter().map(|(name, _)| *name)))
        };
        self.report(d);
        Err(Skip)
    }

    /// Whether the operator ends here.
    pub(super) fn at_end(&self) -> bool {
        matches!(self.token(), Token::End | Token::Mark("|" | ";" | ")" | "}"))
    }

    /// `kind=inner hint.strategy=broadcast …`
    pub(super) fn parameters(&mut self) -> Parsed<Vec<Parameter>> {
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
            let mut name = self.word()?;
            if self.eat(".") {
                let second = self.word()?;
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

    pub(super) fn parameter_value(&mut self) -> Parsed<Expr> {
        if self.name_width(0) > 0 {
            let name = self.word()?;
            return Ok(Expr { kind: ExprKind::Name(name.text), span: name.span });
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
            let name = p.word()?;
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
        let aggregates = if self.is_word("by") { Vec::new() } else { self.named_list()? };
        let by = if self.eat_word("by") { self.named_list()? } else { Vec::new() };
        if aggregates.is_empty() && by.is_empty() {
            return self.missing_expression();
        }
        Ok(OperatorKind::Summarize(aggregates, by))
    }

    /// A table: a name, a call, or a pipeline in parentheses.
    pub(super) fn union_item(&mut self) -> Parsed<Expr> {
        if self.is("(") {
            return self.subquery();
        }
        let pattern = matches!(self.token(), Token::Mark("*")) || (self.peek_is(1, "*") && self.touches(1));
        if pattern {
            let name = self.name_pattern()?;
            return Ok(Expr { kind: ExprKind::TablePattern(name.text), span: name.span });
        }
        self.scalar()
    }

    /// `( operators )`: a pipeline whose source is given.
    pub(super) fn operators_in_parentheses(&mut self) -> Parsed<Vec<Operator>> {
        self.expect("(")?;
        self.deeper(|p| {
            let mut operators = vec![p.operator()];
            while p.eat("|") {
                if operators.len() >= MAX_STAGES {
                    return p.too_long();
                }
                operators.push(p.operator());
            }
            p.expect(")")?;
            Ok(operators)
        })
    }

    /// `a = x, b, …`
    pub(super) fn named_list(&mut self) -> Parsed<Vec<Named>> {
        self.columns(Self::named)
    }

    /// A list of columns, so not without end: what binds one looks at those before it.
    pub(super) fn columns<T>(&mut self, one: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let start = self.span();
        let items = self.list(one)?;
        self.few_columns(items.len(), start)?;
        Ok(items)
    }

    /// Says so if an operator has more columns than it may.
    pub(super) fn few_columns(&mut self, n: usize, span: Span) -> Parsed<()> {
        if n <= MAX_COLUMNS {
            return Ok(());
        }
        let message = format!("The operator has more than {MAX_COLUMNS} columns.");
        self.report(Diagnostic::error("FP002", message, span));
        Err(Skip)
    }

    fn too_long<T>(&mut self) -> Parsed<T> {
        self.report(Diagnostic::error("FP002", "The pipeline has more than 500 operators.", self.span()));
        Err(Skip)
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
}
