//! Functions that a workspace saves, and queries call by name.
//!
//! A saved function is text. Each call reads it anew with everything in it standing where the call stands: so what is wrong inside
//! is reported at the call, and nothing in a plan points into a text that the query's author does not see.

use super::{Binder, Catalog, Env, Function};
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::ast::{Expr, ExprKind, Statement, StatementKind};
use crate::syntax::parse::{parse, parse_in_place};
use crate::value::Str;
use std::rc::Rc;

/// A function of the caller's, by its text.
#[derive(Clone, Debug)]
pub struct SavedFunction {
    name: Str,
    /// `let` statements, one of which gives `name` a function.
    source: Str,
}

impl SavedFunction {
    /// The functions of a text of `let` statements: each sees the statements before its own. Reports what cannot be read.
    pub fn of_lets(source: &str) -> Result<Vec<SavedFunction>, Vec<Diagnostic>> {
        let (statements, diagnostics) = parse(source);
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        let source: Str = Rc::from(source);
        let saved = |name: &Str| SavedFunction { name: Rc::clone(name), source: Rc::clone(&source) };
        Ok(statements.iter().filter_map(lambda_of).map(|(name, _)| saved(name)).collect())
    }

    /// One function of its name, its parameters (`a:long, T:(b:string)`) and its body. Places in what it reports count from the
    /// beginning of the body.
    pub fn new(name: &str, parameters: &str, body: &str) -> Result<SavedFunction, Vec<Diagnostic>> {
        let error = |message| vec![Diagnostic::error("FP013", message, Span::new(0, body.len()))];
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.starts_with(|c: char| fits(c) && !c.is_ascii_digit()) || !name.chars().all(fits) {
            return Err(error(format!(
                "'{name}' cannot be the name of a function: use letters, digits and _."
            )));
        }
        let head = format!("let {name} = ({parameters}) {{\n");
        let in_body = |at: u32| at.saturating_sub(head.len() as u32).min(body.len() as u32);
        let found = SavedFunction::of_lets(&format!("{head}{body}\n}};")).map_err(|mut diagnostics| {
            for d in &mut diagnostics {
                d.span = Span { start: in_body(d.span.start), end: in_body(d.span.end) };
            }
            diagnostics
        })?;
        // A body with a brace too many would be more than one statement.
        let one = found.into_iter().next().filter(|f| *f.name == *name && parse(&f.source).0.len() == 1);
        one.ok_or_else(|| error(format!("'{name}' with these parameters and this body is not a function.")))
    }

    /// One function of its name, and of its parameters and body as a `let` has them: `(T:(*)) { T | take 2 }`. None if the text is not that.
    pub fn of_lambda(name: &str, text: &str) -> Option<SavedFunction> {
        SavedFunction::new(name, "", "print 0").ok()?;
        let found = SavedFunction::of_lets(&format!("let {name} = {text}\n;"))
            .or_else(|_| SavedFunction::of_lets(&format!("let {name} = {text}")))
            .ok()?;
        let [function] = <[SavedFunction; 1]>::try_from(found).ok()?;
        (parse(&function.source).0.len() == 1).then_some(function)
    }

    /// The `let` statements that make it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a text holds `let` statements alone, so that it makes functions instead of being the body of one.
    pub fn is_lets(source: &str) -> bool {
        let (statements, _) = parse(source);
        !statements.is_empty() && statements.iter().all(|s| matches!(s.kind, StatementKind::Let(..)))
    }

    /// What queries call it.
    pub fn name(&self) -> &Str {
        &self.name
    }
}

/// The name and function of a statement that lets a name be a function.
fn lambda_of(statement: &Statement) -> Option<(&Str, &Expr)> {
    match &statement.kind {
        StatementKind::Let(name, value) if matches!(value.kind, ExprKind::Lambda(_)) => {
            Some((&name.text, value))
        }
        _ => None,
    }
}

impl Catalog {
    /// The saved function of a name.
    pub(super) fn function(&self, name: &str) -> Option<&SavedFunction> {
        self.functions.iter().find(|f| *f.name == *name)
    }
}

impl Binder<'_> {
    /// A saved function, read for a call.
    pub(super) fn saved_function(&mut self, name: &str, span: Span) -> Option<Rc<Function>> {
        let SavedFunction { name, source } = self.catalog.function(name)?;
        if self.calling.contains(name) {
            return self.error("FP022", format!("The saved function '{name}' calls itself."), span);
        }
        let (statements, _, tokens) = parse_in_place(source, Some(span));
        // Texts that call each other could grow without an end: what they say counts.
        self.nodes += tokens;
        self.count(span)?;
        let at = statements.iter().position(|s| lambda_of(s).is_some_and(|(found, _)| found == name))?;
        let (before, after) = statements.split_at(at);
        let (_, value) = after.first().and_then(lambda_of)?;
        let ExprKind::Lambda(lambda) = &value.kind else { return None };
        let env = self.inside(Some(name), |b| b.statements(before, Env::default(), None).0);
        Some(Rc::new(Function { lambda: Rc::clone(lambda), env, saved: Some(Rc::clone(name)) }))
    }

    /// Binds something inside a saved function, if it is one: what is wrong there is said to be.
    pub(super) fn inside<T>(&mut self, saved: Option<&Str>, bind: impl FnOnce(&mut Self) -> T) -> T {
        let Some(name) = saved else { return bind(self) };
        let errors = self.diagnostics.len();
        self.calling.push(Rc::clone(name));
        let bound = bind(self);
        self.calling.pop();
        for d in self.diagnostics.iter_mut().skip(errors) {
            d.message = format!("In the saved function '{name}': {}", d.message);
        }
        bound
    }
}
