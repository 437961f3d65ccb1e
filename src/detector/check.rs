//! Compiles rule files, and finds everything that is wrong with them.

use super::Context;
use super::advice::advice;
use crate::rule::{self, Rule};
use cloudtrail::prefilter::Condition;
use kql::bind::Catalog;
use kql::diagnostic::{Diagnostic, Severity, Span};
use kql::exec::late::compile;
use kql::plan::Plan;
use kql::plan::split::{Leaf, Split, split};
use kql::value::{Column, Str};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

/// A rule file as the host read it.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// Its name, for messages.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// One thing wrong or odd in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The rule's name, if that could be read.
    pub rule: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Kusto's code, or ours.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Finding {
    /// Whether the rule cannot run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    fn new(file: &str, rule: Option<&str>, finding: rule::Finding) -> Finding {
        let rule::Finding { severity, code, message, hint, line, column } = finding;
        Finding {
            file: file.to_owned(),
            rule: rule.map(str::to_owned),
            severity,
            code,
            message,
            hint,
            line,
            column,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { file, code, message, line, column, .. } = self;
        write!(f, "{file}:{line}:{column}: {message} ({code})")
    }
}

/// A rule ready to run.
pub struct CompiledRule {
    /// The file that holds it.
    pub file: String,
    /// The rule.
    pub rule: Rule,
    /// Its query.
    pub plan: Rc<Plan>,
    /// The query in two parts.
    pub split: Split,
    /// What its query yields.
    pub columns: Vec<Column>,
    /// Differs where its filters may: made of its query and of the saved functions.
    pub fingerprint: String,
    /// The tables without which it does not run.
    pub needs: Vec<Str>,
}

/// Everything that is wrong or odd in rule files, and which rules read every event. Rules may refer to
/// the context besides `AWSCloudTrail`.
pub fn check(files: &[RuleFile], context: &Context) -> Vec<Finding> {
    let (compiled, mut findings) = compile_all(files, context);
    for rule in &compiled {
        let advice = advice(rule).into_iter();
        findings.extend(advice.map(|f| Finding::new(&rule.file, Some(&rule.rule.name), f)));
    }
    findings.extend(compiled.iter().filter_map(|c| reads_every_event(c)));
    findings
}

/// A finding for a rule that the prefilter cannot skip any event for.
fn reads_every_event(CompiledRule { file, rule, split, .. }: &CompiledRule) -> Option<Finding> {
    let every = |leaf: &&Leaf| &*leaf.table == super::feed::TABLE && Condition::of(leaf).reads_every_event();
    let reading = split.leaves.iter().filter(every).count();
    let of = match (reading, split.leaves.len()) {
        (0, _) => return None,
        (_, 1) => String::new(),
        (n, all) => format!(" in {n} of the {all} places where the rule reads the table"),
    };
    let diagnostic = Diagnostic {
        severity: Severity::Information,
        ..Diagnostic::error(
            "FP231",
            format!("the rule reads every event: it has no filter on EventName or EventSource alone{of}"),
            Span::default(),
        )
    };
    let hint = "A filter such as EventName == \"…\" or EventSource in (…) lets Forepost skip most events without parsing them.";
    Some(Finding::new(file, Some(&rule.name), rule.query.finding(&diagnostic.with_hint(hint))))
}

/// The built-in rules as files.
pub fn built_in() -> Vec<RuleFile> {
    let file = |(file, text): &(&str, &str)| RuleFile { file: (*file).to_owned(), text: (*text).to_owned() };
    rule::BUILT_IN.iter().map(file).collect()
}

/// Compiles rule files; the built-in ones if there are none.
pub fn compile_all(files: &[RuleFile], context: &Context) -> (Vec<Rc<CompiledRule>>, Vec<Finding>) {
    match files {
        [] if context.is_empty() => {
            COMPILED.with(|kept| kept.get_or_init(|| compile_files(&built_in(), context)).clone())
        }
        [] => compile_files(&built_in(), context),
        _ => compile_files(files, context),
    }
}

/// The tables of a query without which it does not bind: all that it reads but those that only `isfuzzy` names.
pub fn needs(query: &str, leaves: &[Leaf], catalog: &Catalog) -> Vec<Str> {
    let mut names: Vec<Str> = leaves.iter().map(|leaf| Rc::clone(&leaf.table)).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() > 1 {
        names.retain(|name| {
            let others = catalog.tables.iter().filter(|table| table.name != *name).cloned().collect();
            compile(query, &Catalog { tables: others, functions: catalog.functions.clone() }).query.is_none()
        });
    }
    names
}

thread_local! {
    /// The built-in rules over `AWSCloudTrail` alone, compiled once.
    static COMPILED: OnceCell<(Vec<Rc<CompiledRule>>, Vec<Finding>)> = const { OnceCell::new() };
}

fn compile_files(files: &[RuleFile], context: &Context) -> (Vec<Rc<CompiledRule>>, Vec<Finding>) {
    let catalog = context.catalog();
    let (mut compiled, mut findings) = (Vec::new(), Vec::new());
    let mut ids: HashMap<String, &str> = HashMap::new();
    for RuleFile { file, text } in files {
        let loaded = rule::load(text);
        let (rule, hunt) = (loaded.rule, loaded.hunt);
        let name = rule.as_ref().map(|r| r.name.clone()).or(hunt.as_ref().map(|h| h.name.clone()));
        findings.extend(loaded.diagnostics.into_iter().map(|f| Finding::new(file, name.as_deref(), f)));
        if let Some(hunt) = hunt {
            let diagnostics = compile(&hunt.query.text, &catalog).diagnostics;
            findings.extend(
                diagnostics.iter().map(|d| Finding::new(file, name.as_deref(), hunt.query.finding(d))),
            );
        }
        let Some(rule) = rule else { continue };
        let result = compile(&rule.query.text, &catalog);
        findings.extend(
            result.diagnostics.iter().map(|d| Finding::new(file, name.as_deref(), rule.query.finding(d))),
        );
        if let Some(other) = ids.insert(rule.id.to_string(), file) {
            let message =
                format!("{other} has the same id {}; their alerts cannot be distinguished", rule.id);
            let finding = rule::Finding {
                severity: Severity::Warning,
                code: "FP230",
                message,
                hint: None,
                line: 1,
                column: 1,
            };
            findings.push(Finding::new(file, name.as_deref(), finding));
        }
        let Some(query) = result.query else { continue };
        if query.plan.is_random() {
            let message =
                "rand and new_guid cannot be used in a rule: alerts must not depend on random values.";
            let finding = rule.query.finding(&Diagnostic::error("FP010", message, Span::default()));
            findings.push(Finding::new(file, name.as_deref(), finding));
            continue;
        }
        let columns = query.plan.columns.clone();
        findings.extend(
            rule.missing_columns(&columns).into_iter().map(|f| Finding::new(file, name.as_deref(), f)),
        );
        let (split, plan) = (split(&query.plan), query.plan);
        let functions = context.functions.iter().map(|f| f.source().as_bytes());
        let fingerprint = rule::uuid(std::iter::once(rule.query.text.as_bytes()).chain(functions));
        let needs = needs(&rule.query.text, &split.leaves, &catalog);
        let file = file.clone();
        compiled.push(Rc::new(CompiledRule { file, rule, plan, split, columns, fingerprint, needs }));
    }
    (compiled, findings)
}
