//! Advice on a rule that runs: what its author may want otherwise. Computed on the bound query, so that names have their
//! meaning and values their types; never an error.

use super::check::CompiledRule;
use crate::rule::finding::{self, Code};
use crate::rule::{Connector, Finding, Kind, Position, Rule};
use kql::diagnostic::{Diagnostic, Span};
use kql::plan::{AggregateExpr, Expr, ExprKind, JoinKind, Plan, PlanKind, SetOp, Stage, Summarize};
use kql::value::timespan::{self, DAY, HOUR, MINUTE};
use kql::value::{Type, Value};
use std::rc::Rc;

/// Everything there is to say about a rule, in the order of its text.
pub(super) fn advice(compiled: &CompiledRule) -> Vec<Finding> {
    let CompiledRule { rule, plan, .. } = compiled;
    let mut advice = Advice { rule, found: Vec::new() };
    plan.any(&mut |plan| {
        advice.node(plan);
        false
    });
    advice.legacy_entities(plan);
    advice.found.sort_by_key(|(_, d)| d.span.start);
    // What is written once and read in two branches is said once.
    advice.found.dedup_by(|a, b| a.1 == b.1);
    let mut findings: Vec<_> =
        advice.found.iter().map(|(_, diagnostic)| rule.query.finding(diagnostic)).collect();
    findings.extend(connectors(rule));
    findings
}

struct Advice<'a> {
    rule: &'a Rule,
    found: Vec<(&'static Code, Diagnostic)>,
}

impl Advice<'_> {
    fn add(&mut self, code: &'static Code, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        let diagnostic = Diagnostic { severity: code.severity, ..Diagnostic::error(code.id, message, span) };
        self.found.push((code, diagnostic.with_hint(hint)));
    }

    fn node(&mut self, plan: &Plan) {
        plan.kind.for_each_expr(&mut |e| {
            e.visit(&mut |e| {
                self.ago(e);
                self.text_and_number(e);
            });
        });
        match &plan.kind {
            PlanKind::Table(name) => self.table(name, plan.span),
            PlanKind::Stage(input, Stage::Where(filter)) => self.late_filter(input, filter),
            PlanKind::Join(join) if join.kind == JoinKind::InnerUnique => {
                // The kind's place is before the table.
                let text = self.rule.query.text.get(plan.span.range()).unwrap_or_default();
                if !text.split('(').next().is_some_and(|head| head.contains("kind")) {
                    self.add(
                        finding::JOIN_KIND,
                        plan.span,
                        "a join without a kind is innerunique: of rows on its left side with the same key, it keeps one",
                        "write kind=inner or kind=innerunique, so that readers see it is meant",
                    );
                }
            }
            PlanKind::Set(input, SetOp::Summarize(summarize)) => self.set_size(plan, input, summarize),
            _ => {}
        }
    }

    /// Lists of an alert, and sets of what differs in each event, that are only cut where the alert's details end; said once a
    /// `summarize`. Sets of names stay small by themselves.
    fn set_size(&mut self, plan: &Plan, input: &Plan, summarize: &Summarize) {
        let grows = |name: &str, aggregate: &AggregateExpr| {
            let grows = match aggregate.aggregate.name {
                "make_list" => true,
                "make_set" => aggregate.args.first().is_some_and(|e| reads_event_alone(e, input)),
                _ => false,
            };
            grows && aggregate.args.len() < 2 && self.rule.columns.iter().any(|used| used.column == name)
        };
        let mut at = summarize.keys.len();
        let mut growing: Vec<(&str, &AggregateExpr)> = Vec::new();
        for aggregate in &summarize.aggregates {
            let name = plan.columns.get(at).map_or("", |c| &*c.name);
            if grows(name, aggregate) {
                growing.push((name, aggregate));
            }
            at += aggregate.width;
        }
        let Some((_, first)) = growing.first() else { return };
        let names: Vec<_> = growing.iter().map(|(name, _)| *name).collect();
        let verb = if names.len() == 1 { "grows" } else { "grow" };
        let message = format!(
            "{} {verb} without bound; an alert carries 64 KB of details at most, and what is behind is cut",
            names.join(", ")
        );
        let hint = format!("give each a size, for example {}(…, 100)", first.aggregate.name);
        self.add(finding::SET_SIZE, first.args.first().map_or(input.span, |e| e.span), message, hint);
    }

    /// `ago(7d)` in a rule that sees one day. A bound of `TimeGenerated` that lies before the window only reads as if it did more.
    fn ago(&mut self, e: &Expr) {
        let ExprKind::Call(call) = &e.kind else { return };
        let [from, by] = &*call.args else { return };
        let (ExprKind::Now, ExprKind::Const(Value::Timespan(back))) = (&from.kind, &by.kind) else { return };
        let period = self.rule.schedule.period();
        if call.name == "-" && *back > period {
            let (back, period) = (words(*back), words(period));
            self.add(
                finding::AGO,
                e.span,
                format!("this looks {back} back, but the rule sees the {period} of queryPeriod only"),
                format!("raise queryPeriod to {back}, or look no further back than {period}"),
            );
        }
    }

    fn text_and_number(&mut self, e: &Expr) {
        let ExprKind::Call(call) = &e.kind else { return };
        if !matches!(call.name, "==" | "!=") {
            return;
        }
        // Binding converts the string; a conversion that was written has its own name.
        let converted = |e: &Expr| {
            let number = matches!(e.ty, Type::Int | Type::Long | Type::Real | Type::Decimal);
            number
                && matches!(&e.kind, ExprKind::Call(c) if c.name == "convert" && c.args.iter().all(|a| a.ty == Type::String))
        };
        if call.args.iter().any(converted) {
            self.add(
                finding::TEXT_AND_NUMBER,
                e.span,
                "a string is compared with a number",
                "write the number as a string, or convert the string: toint(…), tolong(…)",
            );
        }
    }

    /// A filter, or a part of one, that reads nothing the extend before it makes.
    fn late_filter(&mut self, input: &Rc<Plan>, filter: &Expr) {
        let PlanKind::Stage(_, Stage::Extend(sets)) = &input.kind else { return };
        let parts = match &filter.kind {
            ExprKind::And(parts) => &parts[..],
            _ => std::slice::from_ref(filter),
        };
        let independent = |part: &&Expr| {
            let mut used = vec![false; input.columns.len()];
            part.mark_columns(&mut used);
            used.contains(&true) && !sets.iter().any(|(column, _)| used.get(*column) == Some(&true))
        };
        let Some(part) = parts.iter().find(independent) else { return };
        // An extend inside a `let` may serve others too.
        let between = input.span.end as usize..part.span.start as usize;
        if self.rule.query.text.get(between).is_some_and(|text| !text.contains(';')) {
            self.add(
                finding::LATE_FILTER,
                part.span,
                "this filter does not need the extend before it",
                "put it into a where before the extend: fewer rows are then worked on",
            );
        }
    }

    fn table(&mut self, name: &str, span: Span) {
        let Some(connectors) = self.rule.connectors.as_ref().filter(|c| !c.is_empty()) else { return };
        // `SecurityEvents (Windows)` names the table and a part of it.
        let names = |t: &String| t.split_whitespace().next().is_some_and(|t| t == name);
        if !connectors.iter().any(|c| c.tables.iter().any(names)) {
            self.add(
                finding::TABLE_UNNAMED,
                span,
                format!("the query reads {name}, which no connector in requiredDataConnectors names"),
                "add the connector that brings the table, with the table under dataTypes",
            );
        }
    }

    /// Columns that stood for entities before there were mappings; whether a mapping names them too makes no difference.
    fn legacy_entities(&mut self, plan: &Rc<Plan>) {
        const KINDS: &[&str] = &["Account", "Host", "IP", "URL", "Process", "FileHash"];
        let legacy = |name: &str| name.strip_suffix("CustomEntity").is_some_and(|kind| KINDS.contains(&kind));
        let mut said: Vec<String> = Vec::new();
        let mut found = Vec::new();
        plan.any(&mut |plan| {
            for column in plan.columns.iter().filter(|c| legacy(&c.name)) {
                if !said.iter().any(|s| **s == *column.name) {
                    said.push(column.name.to_string());
                    let at = self.rule.query.text.find(&*column.name).unwrap_or(0);
                    found.push((column.name.to_string(), Span::new(at, at + column.name.len())));
                }
            }
            false
        });
        for (name, span) in found {
            self.add(
                finding::LEGACY_ENTITY,
                span,
                format!(
                    "{name} is a column of the old entity mapping; the public rule repository refuses it"
                ),
                "give the column another name and map it in entityMappings",
            );
        }
    }
}

/// The list must be there, if empty; and what is said to bring `AWSCloudTrail` must be known to.
fn connectors(rule: &Rule) -> Vec<Finding> {
    if rule.connectors.is_none() && rule.kind == Kind::Scheduled {
        let message = "requiredDataConnectors is missing; the public rule repository demands it";
        let hint = "name the connector and its tables, or write requiredDataConnectors: []";
        let start = Position { line: 1, column: 1 };
        return vec![Finding::new(finding::CONNECTOR, start, message).with_hint(hint)];
    }
    const KNOWN: &[&str] = &["AWS", "AWSS3"];
    let of_ours = rule.connectors.iter().flatten().filter(|c| {
        !c.id.is_empty() && c.tables.iter().any(|t| t == super::feed::TABLE) && !KNOWN.contains(&&*c.id)
    });
    let unknown = |connector: &Connector| {
        let id = finding::shown(&connector.id);
        let message = format!("{id:?} is not a connector that is known to bring {}", super::feed::TABLE);
        let near = kql::nearest(&connector.id, KNOWN.iter().copied()).unwrap_or("AWS or AWSS3");
        Finding::new(finding::UNKNOWN_CONNECTOR, connector.position, message)
            .with_hint(format!("did you mean {near}?"))
    };
    of_ours.map(unknown).collect()
}

/// Whether an expression is a column that is another one in each event: its ids, and whole documents.
fn reads_event_alone(e: &Expr, input: &Plan) -> bool {
    const COLUMNS: &[&str] = &[
        "AdditionalEventData",
        "AwsEventId",
        "AwsRequestId",
        "RequestParameters",
        "Resources",
        "ResponseElements",
        "TimeGenerated",
    ];
    let ExprKind::Column(at) = e.kind else { return false };
    input.columns.get(at).is_some_and(|c| COLUMNS.contains(&&*c.name))
}

/// `14d`, `90m`; .NET's form where no unit fits.
fn words(ticks: i64) -> String {
    let unit = [(DAY, 'd'), (HOUR, 'h'), (MINUTE, 'm')].into_iter().find(|(size, _)| ticks % size == 0);
    unit.map_or_else(|| timespan::format(ticks), |(size, unit)| format!("{}{unit}", ticks / size))
}
