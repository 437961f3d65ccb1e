//! What a workspace holds besides the events: tables, and saved functions.

use super::check::Finding;
use super::{NamedTable, RuleErrors, RuleFile};
use crate::rule;
use cloudtrail::table::{aws_cloudtrail, logs};
use kql::bind::{Catalog, SavedFunction, Table};
use kql::diagnostic::{Diagnostic, Severity, line_and_column};
use kql::value::Column;
use std::rc::Rc;

/// What queries can refer to besides `AWSCloudTrail` and the tables of AWS's other logs.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Tables, watchlists among them.
    pub tables: Vec<NamedTable>,
    /// Saved functions.
    pub functions: Vec<SavedFunction>,
    /// Whether the inputs hold CloudTrail events alone: a filter in a pipeline sees nothing else.
    pub only_events: bool,
}

/// Nothing.
const EMPTY: &Context = &Context { tables: Vec::new(), functions: Vec::new(), only_events: false };

impl Default for &Context {
    fn default() -> Self {
        EMPTY
    }
}

impl Context {
    /// Tables alone.
    pub fn of_tables(tables: Vec<NamedTable>) -> Context {
        Context { tables, ..Context::default() }
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.functions.is_empty()
    }

    /// With `AWSCloudTrail` and the tables of other logs, as what queries are bound against. A table that is given stands for the
    /// log's of the same name.
    pub fn catalog(&self) -> Catalog {
        let columns = aws_cloudtrail::columns().iter().map(|c| Column::new(c.name, c.ty)).collect();
        let events = Table { name: Rc::from(super::feed::TABLE), columns };
        let logs = logs::TABLES
            .iter()
            .filter(|log| !self.only_events && self.tables.iter().all(|t| t.name != log.name));
        let log = |log: &&logs::LogTable| Table {
            name: Rc::from(log.name),
            columns: log.columns.iter().map(|c| Column::new(c.name, c.ty)).collect(),
        };
        let given = |t: &NamedTable| Table { name: Rc::from(&*t.name), columns: t.table.columns.clone() };
        Catalog {
            tables: std::iter::once(events)
                .chain(logs.map(log))
                .chain(self.tables.iter().map(given))
                .collect(),
            functions: self.functions.clone(),
        }
    }

    /// Adds the functions of a file: Sentinel's YAML of a function, KQL of `let` statements, or KQL that makes a function of the
    /// file's name: its parameters and body, or its body alone if it has no parameters.
    pub fn add_functions(&mut self, file: &RuleFile) -> Result<(), RuleErrors> {
        for function in functions_of(file)? {
            if self.functions.iter().any(|known| known.name() == function.name()) {
                let message = format!("there is another saved function '{}'", function.name());
                return Err(RuleErrors { findings: vec![finding(&file.file, 1, 1, message)] });
            }
            self.functions.push(function);
        }
        Ok(())
    }
}

fn finding(file: &str, line: usize, column: usize, message: String) -> Finding {
    let (rule, hint) = (None, None);
    Finding {
        file: file.to_owned(),
        rule,
        severity: Severity::Error,
        code: "FP403",
        message,
        hint,
        line,
        column,
    }
}

fn functions_of(RuleFile { file, text }: &RuleFile) -> Result<Vec<SavedFunction>, RuleErrors> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    if matches!(ending.to_ascii_lowercase().as_str(), "yaml" | "yml") {
        return of_yaml(file, text);
    }
    let in_text = |diagnostics: Vec<Diagnostic>| {
        let of = |d: &Diagnostic| {
            let (line, column) = line_and_column(text, d.span.start);
            finding(file, line, column, format!("{} [{}]", d.message, d.code))
        };
        RuleErrors { findings: diagnostics.iter().map(of).collect() }
    };
    if !SavedFunction::is_lets(text) {
        return match SavedFunction::of_lambda(stem, text) {
            Some(function) => Ok(vec![function]),
            None => {
                SavedFunction::new(stem, "", text.trim_end()).map(|function| vec![function]).map_err(in_text)
            }
        };
    }
    let found = SavedFunction::of_lets(text).map_err(in_text)?;
    if found.is_empty() {
        let message = "the file lets no name be a function: let NAME = (PARAMETERS) { … };".to_owned();
        return Err(RuleErrors { findings: vec![finding(file, 1, 1, message)] });
    }
    Ok(found)
}

fn of_yaml(file: &str, text: &str) -> Result<Vec<SavedFunction>, RuleErrors> {
    let of_file = |f: rule::Finding| finding(file, f.line, f.column, f.message);
    let read = rule::function(text)
        .map_err(|found| RuleErrors { findings: found.into_iter().map(of_file).collect() })?;
    let Some(read) = read else {
        let message =
            "not the YAML of a saved function: it has neither FunctionQuery nor ParserQuery".to_owned();
        return Err(RuleErrors { findings: vec![finding(file, 1, 1, message)] });
    };
    // What is missing at the end is missing in the last line, not below it.
    SavedFunction::new(&read.name, &read.parameters, read.body.text.trim_end())
        .map(|function| vec![function])
        .map_err(|found| {
            let of = |d: &Diagnostic| {
                let at = read.body.position(d.span.start);
                finding(file, at.line, at.column, format!("{} [{}]", d.message, d.code))
            };
            RuleErrors { findings: found.iter().map(of).collect() }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_come_from_files_of_three_kinds() {
        let mut context = Context::default();
        let mut add = |file: &str, text: &str| {
            context.add_functions(&RuleFile { file: file.to_owned(), text: text.to_owned() }).map_err(|e| {
                e.findings
                    .iter()
                    .map(|f| format!("{}:{}:{} {}", f.file, f.line, f.column, f.message))
                    .collect::<Vec<_>>()
                    .join("\n")
            })
        };
        assert_eq!(add("dir/Everyone.kql", "// all\nAWSCloudTrail\n| distinct UserIdentityArn"), Ok(()));
        assert_eq!(add("f.kql", "let ActorOf = (T:(UserIdentityArn:string)) { T | take 1 };"), Ok(()));
        assert_eq!(add("p.yaml", "ParserName: vimX\nParserQuery: |\n  AWSCloudTrail\n"), Ok(()));
        assert_eq!(add("Two.kql", "// two\n(T:(*), n:long=2) {\n  T | take n\n}\n"), Ok(()));
        for (file, text, says) in [
            ("h.kql", "(T:(*)) { T | where ( }", "h.kql:1:"),
            ("my-two.kql", "(T:(*)) { T }", "my-two.kql:1:"),
            ("g.kql", "AWSCloudTrail\n| where (", "g.kql:2:"),
            ("f2.kql", "let ActorOf = () { AWSCloudTrail };", "another saved function 'ActorOf'"),
            ("x.kql", "let a = 1;", "lets no name be a function"),
            ("my-file.kql", "AWSCloudTrail", "cannot be the name"),
            ("r.yaml", "id: x\nquery: T\n", "not the YAML of a saved function"),
            ("b.yaml", "ParserName: b\nParserQuery: |\n  AWSCloudTrail\n  | where (\n", "b.yaml:4:"),
            ("empty.kql", "", "empty.kql:1:1"),
        ] {
            let said = add(file, text).expect_err(text);
            assert!(said.contains(says), "{file}: {said}");
        }
        let names: Vec<_> = context.functions.iter().map(|f| f.name().to_string()).collect();
        assert_eq!(names, ["Everyone", "ActorOf", "vimX", "Two"]);
    }
}
