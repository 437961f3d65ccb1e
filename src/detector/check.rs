//! Compiles rule files, and finds everything that is wrong with them.

use super::Context;
use super::advice::advice;
use crate::rule::{self, Rule};
use cloudtrail::prefilter::Condition;
use kql::bind::Catalog;
use kql::diagnostic::{Diagnostic, Severity, Span};
use kql::exec::late::{compile, compile_over};
use kql::plan::Plan;
use kql::plan::split::{Leaf, Split, split};
use kql::value::{Column, Str};
use std::cell::{LazyCell, OnceCell};
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
    if files.is_empty() {
        return compile_all(&built_in(), context);
    }
    let catalog = LazyCell::new(|| context.catalog());
    let (mut rules, mut findings) = (Vec::new(), Vec::new());
    let mut ids: HashMap<String, &str> = HashMap::new();
    for file in files {
        let compiled = if context.is_empty() { kept(file) } else { None };
        let Compiled { id, name, rule, findings: found } =
            compiled.unwrap_or_else(|| compile_file(file, context, &catalog));
        findings.extend(found);
        rules.extend(rule);
        let Some(id) = id else { continue };
        if let Some(other) = ids.insert(id.clone(), &file.file) {
            let finding = rule::Finding {
                severity: Severity::Warning,
                code: "FP230",
                message: format!("{other} has the same id {id}; their alerts cannot be distinguished"),
                hint: None,
                line: 1,
                column: 1,
            };
            findings.push(Finding::new(&file.file, name.as_deref(), finding));
        }
    }
    (rules, findings)
}

/// Those of the tables that a query reads without which it does not bind: all but those that only `isfuzzy` names.
pub fn needs(query: &str, mut names: Vec<Str>, catalog: &Catalog) -> Vec<Str> {
    names.sort_unstable();
    names.dedup();
    if names.len() > 1 {
        names.retain(|name| {
            let others = catalog.tables.iter().filter(|table| table.name != *name).cloned().collect();
            let others = Catalog { tables: others, functions: catalog.functions.clone() };
            let compiled = compile_over(query, &others, &mut Vec::new(), &mut |_| None);
            compiled.query.is_none() && compiled.wanting.is_none()
        });
    }
    names
}

/// What became of a rule file.
#[derive(Clone)]
struct Compiled {
    /// The rule's id, also if it cannot run. Hunting queries have none here.
    id: Option<String>,
    name: Option<String>,
    rule: Option<Rc<CompiledRule>>,
    findings: Vec<Finding>,
}

thread_local! {
    /// The built-in rules over `AWSCloudTrail` alone, each compiled once: while the package is built, or when it is first needed.
    static COMPILED: Vec<OnceCell<Compiled>> = rule::BUILT_IN.iter().map(|_| OnceCell::new()).collect();
    /// What they are bound against.
    static CATALOG: Catalog = Context::default().catalog();
}

/// What is kept of a file, if it is a built-in one.
fn kept(file: &RuleFile) -> Option<Compiled> {
    let at = rule::BUILT_IN.iter().position(|(name, text)| file.file == *name && file.text == *text)?;
    COMPILED.with(|all| {
        let cell = all.get(at)?;
        Some(
            cell.get_or_init(|| CATALOG.with(|catalog| compile_file(file, &Context::default(), catalog)))
                .clone(),
        )
    })
}

fn compile_file(RuleFile { file, text }: &RuleFile, context: &Context, catalog: &Catalog) -> Compiled {
    let rule::Loaded { rule, hunt, diagnostics } = rule::load(text);
    let name = rule.as_ref().map(|r| r.name.clone()).or(hunt.as_ref().map(|h| h.name.clone()));
    let finding = |f: rule::Finding| Finding::new(file, name.as_deref(), f);
    let mut findings: Vec<Finding> = diagnostics.into_iter().map(finding).collect();
    if let Some(hunt) = hunt {
        let found = compile_over(&hunt.query.text, catalog, &mut Vec::new(), &mut |_| None).diagnostics;
        findings.extend(found.iter().map(|d| finding(hunt.query.finding(d))));
    }
    let id = rule.as_ref().map(|rule| rule.id.clone());
    let rule = rule.and_then(|rule| {
        let result = compile(&rule.query.text, catalog);
        findings.extend(result.diagnostics.iter().map(|d| finding(rule.query.finding(d))));
        let plan = result.query?.plan;
        if plan.is_random() {
            let message =
                "rand and new_guid cannot be used in a rule: alerts must not depend on random values.";
            let random = Diagnostic::error("FP010", message, Span::default());
            findings.push(finding(rule.query.finding(&random)));
            return None;
        }
        let columns = plan.columns.clone();
        findings.extend(rule.missing_columns(&columns).into_iter().map(finding));
        let split = split(&plan);
        let functions = context.functions.iter().map(|f| f.source().as_bytes());
        let fingerprint = rule::uuid(std::iter::once(rule.query.text.as_bytes()).chain(functions));
        let tables = split.leaves.iter().map(|leaf| Rc::clone(&leaf.table)).collect();
        let needs = needs(&rule.query.text, tables, catalog);
        let file = file.clone();
        Some(Rc::new(CompiledRule { file, rule, plan, split, columns, fingerprint, needs }))
    });
    Compiled { id, name, rule, findings }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A built-in rule is told from others by its name and its text; what is kept of it is what it compiles to.
    #[test]
    fn what_is_kept_is_what_would_be_compiled() {
        let said = |files: &[RuleFile]| {
            let (rules, findings) = compile_all(files, &Context::default());
            (
                rules.iter().map(|r| (r.file.clone(), r.rule.clone(), r.columns.clone())).collect::<Vec<_>>(),
                findings,
            )
        };
        let renamed = |name: &str| -> Vec<RuleFile> {
            built_in().into_iter().map(|f| RuleFile { file: format!("{name}{}", f.file), ..f }).collect()
        };
        let (kept, findings) = said(&[]);
        assert_eq!((kept.len(), &findings), (rule::BUILT_IN.len(), &Vec::new()));
        assert_eq!(said(&built_in()), (kept.clone(), findings));
        let (other, findings) = said(&renamed("my/"));
        assert_eq!(findings, []);
        for ((file, rule, columns), (mine, same, also)) in kept.iter().zip(&other) {
            assert_eq!((format!("my/{file}"), rule, columns), (mine.clone(), same, also));
        }
        // An edited rule is not the one that is kept.
        let mut edited = built_in().remove(0);
        edited.text = edited.text.replace("severity: Medium", "severity: High");
        let (rules, _) = said(&[edited]);
        assert_ne!(rules[0].1, kept[0].1);
        // Twice is twice, and said.
        let twice = [built_in().remove(0), built_in().remove(0)];
        let (rules, findings) = said(&twice);
        assert_eq!((rules.len(), findings.iter().map(|f| f.code).collect::<Vec<_>>()), (2, vec!["FP230"]));
    }
}
