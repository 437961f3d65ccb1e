//! The operands of operators that have a grammar of their own.

use super::{Parsed, Parser, Skip};
use crate::diagnostic::Diagnostic;
use crate::syntax::ast::{
    Expr, ExprKind, Find, MakeSeries, MvExpand, Named, OperatorKind, Parse, ParsePart, Scan, ScanStep,
    Schema, TopNestedLevel,
};
use crate::syntax::lex::Token;
use crate::syntax::reserved::Place;
use crate::value::Type;
use std::rc::Rc;

/// What `render` can draw.
const CHARTS: &[&str] = &[
    "table",
    "list",
    "barchart",
    "piechart",
    "ladderchart",
    "timechart",
    "linechart",
    "anomalychart",
    "pivotchart",
    "areachart",
    "stackedareachart",
    "scatterchart",
    "timepivot",
    "columnchart",
    "timeline",
    "3Dchart",
    "card",
    "treemap",
    "plotly",
    "graph",
    "sankey",
];

impl Parser {
    /// `render timechart with (title="…")`: how to draw is not ours, that it is well formed is.
    pub(super) fn render(&mut self) -> Parsed<OperatorKind> {
        let chart = self.word()?;
        if !CHARTS.contains(&&*chart.text) {
            let d = Diagnostic::error("KS005", format!("Expected one of: {}", CHARTS.join(", ")), chart.span);
            self.report(d);
        }
        if self.is_word("with") {
            self.advance();
            self.expect("(")?;
            self.list_until(")", Self::render_property)?;
        }
        // The older form: properties without `with`.
        while !self.at_end() {
            self.render_property()?;
        }
        Ok(OperatorKind::Ignored)
    }

    /// `title="…"`, `ycolumns=a, b`
    pub(super) fn render_property(&mut self) -> Parsed<()> {
        let name = self.word()?;
        self.expect("=")?;
        self.parameter_value()?;
        if matches!(&*name.text, "ycolumns" | "series" | "anomalycolumns") {
            while self.is(",") && matches!(self.peek(1), Token::Name(_)) && !self.peek_is(2, "=") {
                self.advance();
                self.name(Place::Read)?;
            }
        }
        Ok(())
    }

    pub(super) fn mv_expand(&mut self) -> Parsed<MvExpand> {
        let parameters = self.parameters()?;
        let columns = self.columns(|p| {
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

    pub(super) fn parse_pattern(&mut self, filter: bool) -> Parsed<Parse> {
        let mut parameters = self.parameters()?;
        let source = self.scalar()?;
        parameters.extend(self.parameters()?);
        self.expect_word("with")?;
        let start = self.span();
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
                    let name = self.name(Place::Column)?;
                    let ty = if self.eat(":") { self.type_name()? } else { Type::String };
                    pattern.push(ParsePart::Column(name, ty));
                }
                _ => return self.expected("a string, a column or *"),
            }
        }
        if pattern.is_empty() {
            return self.expected("a pattern");
        }
        self.few_columns(pattern.iter().filter(|part| matches!(part, ParsePart::Column(..))).count(), start)?;
        Ok(Parse { filter, parameters, source, pattern })
    }

    pub(super) fn schema(&mut self) -> Parsed<Schema> {
        self.expect("(")?;
        let mut star = false;
        let columns = self.loose_list_until(")", |p| {
            if p.eat("*") {
                star = true;
                return Ok(None);
            }
            p.column_decl().map(Some)
        })?;
        Ok(Schema { columns: columns.into_iter().flatten().collect(), star })
    }

    pub(super) fn make_series(&mut self) -> Parsed<MakeSeries> {
        let parameters = self.parameters()?;
        let aggregates = self.columns(|p| {
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
        // `on x in range(…)`: here `in` is no operator.
        let width = self.name_width(0);
        let on = if width > 0 && self.peek_word(width, "in") && self.peek_word(width + 1, "range") {
            let name = self.name(Place::Read)?;
            let value = Expr { span: name.span, kind: ExprKind::Name(name.text) };
            Named { names: Vec::new(), tuple: false, value }
        } else {
            self.named()?
        };
        let (mut from, mut to, mut step) = (None, None, None);
        let in_range = self.eat_word("in");
        if in_range {
            self.expect_word("range")?;
            self.expect("(")?;
            from = Some(self.scalar()?);
            self.expect(",")?;
            to = Some(self.scalar()?);
            self.expect(",")?;
            step = Some(self.scalar()?);
            self.expect(")")?;
        } else if self.eat_word("from") {
            from = Some(self.scalar()?);
        }
        if !in_range && self.eat_word("to") {
            to = Some(self.scalar()?);
        }
        if !in_range && self.eat_word("step") {
            step = Some(self.scalar()?);
        }
        let by = if self.eat_word("by") { self.named_list()? } else { Vec::new() };
        Ok(MakeSeries { parameters, aggregates, on, from, to, step, in_range, by })
    }

    pub(super) fn top_nested(&mut self) -> Parsed<OperatorKind> {
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

    pub(super) fn scan(&mut self) -> Parsed<Scan> {
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
            let name = self.name(Place::Column)?;
            let mut output = None;
            if self.is_word("output") && self.peek_is(1, "=") {
                self.advance();
                self.advance();
                output = Some(self.word()?);
            }
            self.eat_word("optional");
            self.expect(":")?;
            let condition = self.scalar()?;
            let assignments = if self.eat("=>") { self.named_list()? } else { Vec::new() };
            self.expect(";")?;
            steps.push(ScanStep { name, output, condition, assignments });
        }
        Ok(Scan { parameters, declare, steps })
    }

    /// `in (…)` of search and find: the tables to look in; none if it is not there.
    pub(super) fn in_tables(&mut self) -> Parsed<Vec<Expr>> {
        if !self.eat_word("in") {
            return Ok(Vec::new());
        }
        self.expect("(")?;
        self.list_until(")", Self::union_item)
    }

    pub(super) fn find(&mut self) -> Parsed<Find> {
        let parameters = self.parameters()?;
        let tables = self.in_tables()?;
        self.eat_word("where");
        let predicate = self.search_predicate(false)?;
        let project = match self.operator_name_is() {
            Some("project") => Some(self.columns(|p| {
                if p.is_word("pack_all") && p.peek_is(1, "(") {
                    let d = Diagnostic::error("FP010", "pack_all() in find is not supported.", p.span());
                    p.report(d);
                    return Err(Skip);
                }
                let name = p.name(Place::Read)?;
                let ty = if p.eat(":") { Some(p.type_name()?) } else { None };
                Ok((name, ty))
            })?),
            _ => None,
        };
        Ok(Find { parameters, tables, predicate, project })
    }

    pub(super) fn operator_name_is(&mut self) -> Option<&'static str> {
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
