//! `parse`, `parse-where`, `parse-kv`: patterns become regular expressions here, once a query.
//! Source: docs/semantics.md#parse; Microsoft's docs, parse and parse-kv operators.

use super::{Binder, Env};
use crate::diagnostic::{Diagnostic, Span};
use crate::functions::pattern::{self, Pattern};
use crate::plan::{Expr, KvMode, Parse, ParseKv, Plan, PlanKind, Stage};
use crate::syntax::ast::{self, ExprKind as Ast, Name, Parameter, ParsePart};
use crate::value::{Column, Type, Value};
use std::rc::Rc;

/// `kind=…`
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Literal texts up to the end of the text: all columns or none.
    Simple,
    /// Literal texts: each column for itself.
    Relaxed,
    /// Texts are regular expressions.
    Regex,
}

impl Binder<'_> {
    pub(super) fn parse_operator(
        &mut self,
        input: &Rc<Plan>,
        parse: &ast::Parse,
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let (mut kind, mut flags) = (Kind::Simple, String::new());
        for p in &parse.parameters {
            match (&*p.name.text, &p.value.kind) {
                ("kind", Ast::Name(word)) if &**word == "simple" => kind = Kind::Simple,
                ("kind", Ast::Name(word)) if &**word == "relaxed" => kind = Kind::Relaxed,
                ("kind", Ast::Name(word)) if &**word == "regex" => kind = Kind::Regex,
                ("kind", _) => {
                    return self.error("KS005", "Expected one of: simple, regex, relaxed", p.value.span);
                }
                ("flags", Ast::Name(word)) if word.chars().all(|c| "imsU".contains(c)) => {
                    flags = word.to_string();
                }
                ("flags", _) => {
                    let message = "Expected regular expression flags: i, m, s, U";
                    return self.error("KS005", message, p.value.span);
                }
                _ => self.bad_parameter(p),
            }
        }
        let source = self.text_source(input, &parse.source, env);
        let mut columns = input.columns.clone();
        let mut found: Vec<(&Name, Type, usize)> = Vec::new();
        for part in &parse.pattern {
            let ParsePart::Column(name, ty) = part else { continue };
            if found.iter().any(|(n, ..)| n.text == name.text) {
                let message = format!("A column with the name '{}' is already declared.", name.text);
                self.report(Diagnostic::error("KS171", message, name.span));
                continue;
            }
            found.push((name, *ty, set_column(&mut columns, &name.text, *ty)));
        }
        let pattern = self.parse_pattern(kind, &flags, &parse.pattern, span)?;
        let group = |i: usize| pattern.capture_names().position(|n| n == Some(&group_name(i)));
        let places = found.iter().enumerate();
        let places = places.filter_map(|(i, (_, ty, at))| Some((group(i)?, *at, *ty))).collect();
        let Some(source) = source else {
            return Some(Plan::new(PlanKind::Error, columns, span, input.open));
        };
        let stage = Parse {
            source,
            filter: parse.filter,
            strict: kind != Kind::Relaxed,
            columns: places,
            width: columns.len(),
            pattern,
        };
        let kind = PlanKind::Stage(Rc::clone(input), Stage::Parse(Rc::new(stage)));
        Some(Plan::new(kind, columns, span, input.open))
    }

    fn text_source(&mut self, input: &Rc<Plan>, source: &ast::Expr, env: &Env) -> Option<Expr> {
        let scope = &self.scope(&input.columns, input.open);
        self.bind_scalar(source, scope, env)
    }

    /// The pattern as one regular expression with a group a column. In simple and relaxed mode it reaches the end
    /// of the text, a column takes as little as it can, and a typed one before a `*` what reads as its type; in
    /// regex mode it need not reach the end, and a column takes as much as it can.
    fn parse_pattern(
        &mut self,
        kind: Kind,
        flags: &str,
        parts: &[ParsePart],
        span: Span,
    ) -> Option<Rc<Pattern>> {
        let literal = kind != Kind::Regex;
        let mut out = if literal { r"(?s)\A".to_owned() } else { r"\A".to_owned() };
        if !flags.is_empty() && !literal {
            out = format!("(?{flags}){out}");
        }
        let ungreedy = !literal && flags.contains('U');
        let (least, most) = if ungreedy { (".*", ".*") } else { (".*?", ".*") };
        let mut index = 0;
        for (i, part) in parts.iter().enumerate() {
            match part {
                ParsePart::Star(_) => out.push_str(least),
                ParsePart::Text(text, _) if literal => out.push_str(&regex::escape(text)),
                ParsePart::Text(text, span) => {
                    if let Err(error) = pattern::compile(text) {
                        return self.bad_regex(&error, *span);
                    }
                    out.push_str(&format!("(?:{text})"));
                }
                ParsePart::Column(name, ty) => {
                    if let Some(ParsePart::Column(..)) = i.checked_sub(1).and_then(|i| parts.get(i)) {
                        return self.error(
                            "KS101",
                            "The column name must follow a string literal",
                            name.span,
                        );
                    }
                    let before_star = matches!(parts.get(i + 1), Some(ParsePart::Star(_)));
                    let body = match (literal, shape(*ty)) {
                        (true, Some(shape)) if before_star => shape,
                        (true, _) => least,
                        (false, Some(shape)) => shape,
                        (false, None) => most,
                    };
                    let optional = if kind == Kind::Relaxed && before_star { "?" } else { "" };
                    out.push_str(&format!("(?P<{}>{body}){optional}", group_name(index)));
                    index += 1;
                }
            }
        }
        if literal {
            out.push_str(r"\z");
        }
        match pattern::compile(&out) {
            Ok(pattern) => Some(pattern),
            Err(error) => self.bad_regex(&error, span),
        }
    }

    pub(super) fn parse_kv(
        &mut self,
        input: &Rc<Plan>,
        operands: (&ast::Expr, &[ast::ColumnDecl], &[Parameter]),
        span: Span,
        env: &Env,
    ) -> Option<Rc<Plan>> {
        let (source, decls, parameters) = operands;
        let source = self.text_source(input, source, env);
        let mut columns = input.columns.clone();
        let keys = self.declared(decls);
        let places = keys
            .iter()
            .map(|c| (Rc::clone(&c.name), set_column(&mut columns, &c.name, c.ty), c.ty))
            .collect();
        let (mut quotes, mut escapes) = (Vec::new(), Vec::new());
        let (mut pair, mut kv, mut greedy, mut pattern) = (None, None, false, None);
        for p in parameters {
            let scope = &self.no_row();
            let value = self.bind_scalar(&p.value, scope, env)?;
            let text = value.as_const().and_then(Value::as_str).unwrap_or_default();
            let chars: Vec<char> = text.chars().collect();
            match (&*p.name.text, chars.as_slice()) {
                ("pair_delimiter", [_, ..]) => pair = Some(text.to_owned()),
                ("kv_delimiter", [_, ..]) => kv = Some(text.to_owned()),
                ("quote", [both]) => quotes.push((*both, *both)),
                ("quote", [open, close]) => quotes.push((*open, *close)),
                ("escape", [one]) => escapes.push(*one),
                ("greedy", _) if value.ty == Type::Bool => {
                    greedy = value.as_const().is_some_and(Value::is_true);
                }
                ("regex", [_, ..]) => match pattern::compile(text) {
                    Ok(regex) if regex.captures_len() == 3 => pattern = Some(regex),
                    Ok(_) => {
                        let message =
                            "The pattern must have two groups: one for the key and one for the value.";
                        return self.error("FP013", message, p.value.span);
                    }
                    Err(error) => return self.bad_regex(&error, p.value.span),
                },
                _ => self.bad_parameter(p),
            }
        }
        let mode = match (pattern, pair, kv) {
            (Some(regex), None, None) => KvMode::Regex(regex),
            (None, Some(pair), Some(kv)) => KvMode::Delimited { pair, kv, greedy },
            (None, None, None) if !greedy => KvMode::Words,
            _ => {
                let message =
                    "parse-kv needs pair_delimiter and kv_delimiter together, or regex, or none of them.";
                return self.error("FP013", message, span);
            }
        };
        let Some(source) = source else {
            return Some(Plan::new(PlanKind::Error, columns, span, input.open));
        };
        let stage = ParseKv { source, columns: places, mode, quotes, escapes, width: columns.len() };
        let kind = PlanKind::Stage(Rc::clone(input), Stage::ParseKv(Rc::new(stage)));
        Some(Plan::new(kind, columns, span, input.open))
    }
}

/// The position of a column that an operator sets: in place if it is there, else behind the others.
pub(super) fn set_column(columns: &mut Vec<Column>, name: &str, ty: Type) -> usize {
    match columns.iter_mut().enumerate().find(|(_, c)| *c.name == *name) {
        Some((i, column)) => {
            column.ty = ty;
            i
        }
        None => {
            columns.push(Column::new(name, ty));
            columns.len() - 1
        }
    }
}

fn group_name(index: usize) -> String {
    format!("forepost_column_{index}")
}

/// What a typed column takes where nothing else says where it ends; `None` for any text.
fn shape(ty: Type) -> Option<&'static str> {
    Some(match ty {
        Type::Int | Type::Long => r"[-+]?\d+",
        Type::Real | Type::Decimal => r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?",
        Type::Bool => r"\w+",
        Type::Guid => r"\{?[0-9a-fA-F-]+\}?",
        Type::Timespan => r"-?[0-9][0-9.:]*",
        Type::DateTime => r"[0-9](?:[-0-9:./TZ ,+]*[0-9Z])?",
        Type::String | Type::Dynamic => return None,
    })
}
