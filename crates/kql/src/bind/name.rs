//! How a column is called that has no name of its own. Source: docs/semantics.md#column-names.

use crate::aggregates;
use crate::functions::{self, Naming};
use crate::syntax::ast;
use crate::syntax::ast::{Argument, Expr, ExprKind};
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// The name an expression gives its column, if it gives one.
pub(super) fn of(e: &Expr) -> Option<String> {
    match &e.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Member(of_what, name) => Some(format!("{}_{}", of(of_what)?, name.text)),
        ExprKind::Index(of_what, index) => Some(format!("{}_{}", of(of_what)?, index_text(index))),
        ExprKind::Call(name, args) => call(name, args),
        _ => None,
    }
}

fn index_text(index: &Expr) -> String {
    match &index.kind {
        ExprKind::Literal(_, Value::Long(n)) => n.to_string().replace('-', "_"),
        _ => String::new(),
    }
}

fn call(name: &ast::Name, args: &[Argument]) -> Option<String> {
    let function = functions::find(&name.text);
    // A name that is both is the function where it has several arguments.
    if let Some(a) = aggregates::find(&name.text).filter(|_| function.is_none() || args.len() < 2) {
        return by(a.naming, name, args);
    }
    let naming = match &*name.text {
        "bin_auto" => Naming::FirstArgument,
        "ingestion_time" => Naming::Fixed("$IngestionTime"),
        _ => function?.naming,
    };
    by(naming, name, args)
}

fn by(naming: Naming, name: &ast::Name, args: &[Argument]) -> Option<String> {
    let first = args.first().and_then(|a| of(&a.value));
    let first_text = || first.clone().unwrap_or_default();
    match naming {
        Naming::FirstArgument => first,
        Naming::OnlyArgument if args.len() == 1 => first,
        Naming::NameAndFirstArgument => Some(format!("{}_{}", name.text, first_text())),
        Naming::Prefix(prefix) => Some(format!("{prefix}_{}", first_text())),
        Naming::TwoArguments(prefix) => {
            let second = args.get(1).and_then(|a| of(&a.value)).unwrap_or_default();
            Some(format!("{prefix}_{}_{second}", first_text()))
        }
        Naming::Fixed(fixed) => Some(fixed.to_owned()),
        Naming::OnlyArgument | Naming::None => None,
    }
}

/// Gives names to the columns of one operator: explicit ones stay, made-up ones get out of their way.
pub(super) struct Namer {
    taken: HashSet<String>,
    /// The number to try next behind a name.
    next: HashMap<String, usize>,
    unnamed: usize,
    prefix: &'static str,
}

impl Namer {
    /// A namer that calls nameless columns `Column1`, `Column2` …
    pub(super) fn new() -> Namer {
        Namer { taken: HashSet::new(), next: HashMap::new(), unnamed: 1, prefix: "Column" }
    }

    /// A namer for `print`: `print_0`, `print_1` … by position.
    pub(super) fn for_print() -> Namer {
        Namer { taken: HashSet::new(), next: HashMap::new(), unnamed: 0, prefix: "print_" }
    }

    /// Whether a name is taken in this operator.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.taken.contains(name)
    }

    /// Takes a name as it is.
    pub(super) fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// Takes a made-up name, with a number behind it if the bare one is taken.
    pub(super) fn take_free(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        // No name becomes free again: the numbers that were taken are not tried twice.
        let mut n = self.next.get(name).copied().unwrap_or(1);
        while self.taken.contains(&free) {
            free = format!("{name}{n}");
            n += 1;
        }
        self.next.insert(name.to_owned(), n);
        self.take(&free);
        free
    }

    /// A name for a column without one; `position` is the column's, for `print`.
    pub(super) fn unnamed(&mut self, position: usize) -> String {
        let n = if self.prefix == "Column" { self.unnamed } else { position };
        self.unnamed += 1;
        let name = format!("{}{n}", self.prefix);
        self.take_free(&name)
    }
}
