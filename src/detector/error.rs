//! What the detector's functions fail with.

use super::Finding;
use super::fingerprint::BUILD;
use kql::diagnostic::Diagnostic;
use kql::exec::ExecError;
use std::error::Error;
use std::fmt;

/// Rules or tables that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleErrors {
    /// Everything that is wrong or odd; at least one finding is an error.
    pub findings: Vec<Finding>,
}

/// A query that cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidQuery {
    /// Everything that is wrong or odd with it; at least one diagnostic is an error.
    pub diagnostics: Vec<Diagnostic>,
}

/// A query that ran and has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Kusto's code, or ours.
    pub code: &'static str,
    /// What happened and what to do.
    pub message: String,
}

/// Bytes that a detector or query does not take over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferError {
    /// Nothing that handed over wrote them.
    NoTransfer,
    /// Their end is missing.
    Cut,
    /// Another build of the engine wrote them.
    OtherBuild {
        /// Which.
        build: String,
    },
    /// They are about other rules or another query.
    OtherQuestion,
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TransferError::NoTransfer => f.write_str("these bytes are nothing that a reader has handed over"),
            TransferError::Cut => f.write_str("the end of what a reader has handed over is missing"),
            TransferError::OtherBuild { build } => write!(
                f,
                "build {build} of Forepost has handed this over, and this is build {BUILD}; use one version on all machines"
            ),
            TransferError::OtherQuestion => f.write_str(
                "this was handed over by a reader of other rules, tables or functions, or of another query or now(); give both sides the same",
            ),
        }
    }
}

impl Error for TransferError {}

impl fmt::Display for RuleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.findings.iter().filter(|finding| finding.is_error());
        write_lines(f, errors)
    }
}

impl fmt::Display for InvalidQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(f, &self.diagnostics)
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl Error for RuleErrors {}
impl Error for InvalidQuery {}
impl Error for QueryError {}

impl From<Diagnostic> for QueryError {
    fn from(Diagnostic { code, message, .. }: Diagnostic) -> QueryError {
        QueryError { code, message }
    }
}

impl From<ExecError> for QueryError {
    fn from(ExecError { code, message }: ExecError) -> QueryError {
        QueryError { code, message }
    }
}

fn write_lines<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl IntoIterator<Item = T>,
) -> fmt::Result {
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            writeln!(f)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{NamedTable, QueryRun, RuleFile, SingleEventEvaluator};

    #[test]
    fn errors_say_what_is_wrong() {
        let text = |e: &dyn std::error::Error| e.to_string();
        let file = RuleFile { file: "a.yaml".to_owned(), text: "name: [".to_owned() };
        let rules = SingleEventEvaluator::new(&[file]).err().map(|e| text(&e)).unwrap();
        assert!(rules.starts_with("a.yaml:2:1: ") && rules.contains("FP201"), "{rules}");
        let table = NamedTable::read("t", "a:foo", b"", false).err().map(|e| text(&e)).unwrap();
        assert!(table.starts_with("table t:1:1: ") && table.ends_with("(FP402)"), "{table}");
        let query = QueryRun::new("print x", 0, &crate::detector::Context::default())
            .err()
            .map(|e| text(&e))
            .unwrap();
        assert!(query.ends_with("(KS204)"), "{query}");
    }
}
