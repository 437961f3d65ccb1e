//! Calls: of the library's functions and of functions a query defines.

use super::arguments::result_type;
use super::arguments::wrong_count;
use super::special::SPECIAL;
use super::{Binder, Binding, Bound, Env, Function, Scope};
use crate::aggregates;
use crate::diagnostic::{Diagnostic, Span};
use crate::functions::call::{Detail, Site};
use crate::functions::{self, Kind};
use crate::plan::{CallExpr, Expr, ExprKind, Window, WindowExpr};
use crate::syntax::ast::{self, Argument, LambdaParameter, Name, ParameterType};
use crate::value::{Type, Value};
use std::rc::Rc;

/// Functions of the row's place among the rows, and of chance.
pub const WINDOWS: &[(&str, Window, std::ops::RangeInclusive<usize>)] = &[
    ("new_guid", Window::NewGuid, 0..=0),
    ("next", Window::Next, 1..=3),
    ("prev", Window::Prev, 1..=3),
    ("rand", Window::Rand, 0..=1),
    ("row_cumsum", Window::RowCumsum, 1..=2),
    ("row_number", Window::RowNumber, 0..=2),
    ("row_rank_dense", Window::RowRankDense, 1..=2),
    ("row_rank_min", Window::RowRankMin, 1..=2),
    ("row_window_session", Window::RowWindowSession, 3..=4),
];

const SAVED_HINT: &str = "if the workspace has saved it as a function, supply it: --function FILE";

/// A call as it is written.
pub(super) struct Written<'a> {
    pub name: &'a Name,
    pub args: &'a [Argument],
    pub span: Span,
}

impl Binder<'_> {
    pub(super) fn bind_call(
        &mut self,
        name: &Name,
        args: &[Argument],
        span: Span,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Bound> {
        if let Some(node) = env.find(&name.text) {
            return match node.binding.clone() {
                Binding::Function(f) => self.call_user_function(&f, name, args, span, scope, env),
                Binding::Pattern(p) => self.call_pattern(&p, args, None, span, scope, env),
                Binding::Error => None,
                // A table or scalar of that name does not hide a function.
                _ => self.library_call(&Written { name, args, span }, scope, env),
            };
        }
        self.library_call(&Written { name, args, span }, scope, env)
    }

    fn library_call(&mut self, call: &Written<'_>, scope: &Scope<'_>, env: &Env) -> Option<Bound> {
        if let Some(bound) = self.special_call(call, scope, env) {
            return bound;
        }
        // Some names are those of an aggregate of one argument and of a function of several.
        let aggregate = aggregates::find(&call.name.text);
        if let Some(f) =
            functions::find(&call.name.text).filter(|_| aggregate.is_none() || call.args.len() > 1)
        {
            return self.function_call(f, call, scope, env).map(Bound::Scalar);
        }
        if let Some(a) = aggregate {
            return self.aggregate_call(a, call.name, call.args, call.span, scope, env).map(Bound::Scalar);
        }
        if let Some((_, window, arity)) = WINDOWS.iter().find(|(n, ..)| *n == &*call.name.text) {
            let bound = self.bind_arguments(call.args, scope, env)?;
            if !arity.contains(&bound.len()) {
                return self.wrong_count(call.name, *arity.start(), Some(*arity.end()));
            }
            self.check_row_order(*window, call.name, call.span)?;
            return self.window_call(*window, bound, call.span).map(Bound::Scalar);
        }
        if self.catalog.function(&call.name.text).is_some() {
            let function = self.saved_function(&call.name.text, call.span)?;
            return self.call_user_function(&function, call.name, call.args, call.span, scope, env);
        }
        // A table function (a parser, say) without arguments can be a table the caller supplies.
        if call.args.is_empty() && self.catalog.tables.iter().any(|t| t.name == call.name.text) {
            return self.given_table(&call.name.text, call.span);
        }
        // Arguments are checked even so: their errors are the author's too.
        for argument in call.args {
            self.bind_any(&argument.value, scope, env);
        }
        let saved: Vec<_> = self.catalog.functions.iter().map(|f| Rc::clone(f.name())).collect();
        let known = functions::names()
            .chain(aggregates::sorted().into_iter().map(|a| a.name))
            .chain(SPECIAL.iter().copied())
            .map(|name| -> &str { name })
            .chain(saved.iter().map(|name| &**name));
        let refused = super::super::REFUSED_FUNCTIONS.iter().find(|(name, _)| *name == &*call.name.text);
        let d = if let Some((name, reason)) = refused {
            let message = format!("The function '{name}' is not supported: {reason}.");
            Diagnostic::error("FP010", message, call.name.span)
        } else {
            let message = format!("The name '{}' does not refer to any known function.", call.name.text);
            Diagnostic::error("KS211", message, call.name.span)
        };
        let near = self.near(&call.name.text, known);
        self.report(match near {
            _ if d.code != "KS211" => d,
            None => d.with_hint(SAVED_HINT),
            near => d.with_guess(near),
        });
        None
    }

    fn bind_arguments(&mut self, args: &[Argument], scope: &Scope<'_>, env: &Env) -> Option<Vec<Expr>> {
        let bound: Vec<Option<Expr>> = args.iter().map(|a| self.bind_scalar(&a.value, scope, env)).collect();
        bound.into_iter().collect::<Option<Vec<_>>>()
    }

    fn window_call(&mut self, function: Window, args: Vec<Expr>, span: Span) -> Option<Expr> {
        if matches!(function, Window::Prev | Window::Next) {
            let offset = args.get(1).and_then(Expr::as_const).and_then(Value::as_integer);
            if let (Some(e), Some(0)) = (args.get(1), offset) {
                return self.error("FP013", "The offset must not be 0.", e.span);
            }
            if let Some(e) = args.get(2).filter(|e| e.reads_row()) {
                return self.error("KS129", "The expression must be a constant.", e.span);
            }
        }
        let first = args.first().map(|a| a.ty);
        let ty = match function {
            Window::Rand => Type::Real,
            Window::NewGuid => Type::Guid,
            Window::RowNumber | Window::RowRankDense | Window::RowRankMin => Type::Long,
            Window::Prev | Window::Next => first.unwrap_or(Type::Dynamic),
            Window::RowCumsum => match first {
                Some(Type::Int) => Type::Long,
                other => other.unwrap_or(Type::Long),
            },
            Window::RowWindowSession => Type::DateTime,
        };
        Some(Expr { kind: ExprKind::Window(Rc::new(WindowExpr { function, args: args.into() })), ty, span })
    }

    /// A call of a library function: counts, types and conversions by its parameters.
    pub(super) fn function_call(
        &mut self,
        f: &'static functions::Function,
        call: &Written<'_>,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Expr> {
        let params = self.spread(f.params, call.args.len(), call.name)?;
        let mut types: Vec<Option<Type>> = Vec::new();
        let mut bound = Vec::new();
        for (argument, param) in call.args.iter().zip(&params) {
            if param.kind == Kind::TypeLiteral {
                types.push(self.type_literal(&argument.value));
                bound.push(Some(Expr::constant(Value::Null, Type::Dynamic, argument.value.span)));
            } else {
                types.push(None);
                bound.push(self.bind_scalar(&argument.value, scope, env));
            }
        }
        let bound: Option<Vec<Expr>> = bound.into_iter().collect();
        let args = self.fit(call.name, bound?, &params)?;
        let mut ty = result_type(f.returns, &args, &params, &types);
        // The one part for which the engine yields a real; measured.
        let part = args.first().and_then(|a| a.as_const().and_then(Value::as_str));
        if f.name == "datetime_diff" && part.is_some_and(|p| p.eq_ignore_ascii_case("week")) {
            ty = Type::Real;
        }
        if f.name == "iff" || f.name == "iif" || f.name == "case" {
            return Some(Expr { kind: ExprKind::Case(args.into()), ty, span: call.span });
        }
        self.check_patterns(&args, &params)?;
        self.check_constants(f.name, &args)?;
        let site = Site {
            types: args.iter().map(|a| a.ty).collect(),
            constant: args.iter().map(|a| a.as_const().is_some()).collect(),
            strict: params.iter().map(|p| p.kind.is_strict()).collect(),
            result: Some(ty),
            detail: Detail::None,
            cache: Default::default(),
        };
        Some(Expr::call(CallExpr { name: f.name, eval: f.eval, args: args.into(), site }, ty, call.span))
    }

    fn type_literal(&mut self, e: &ast::Expr) -> Option<Type> {
        if let ast::ExprKind::TypeOf(types) = &e.kind
            && let [(None, name)] = types.as_slice()
            && let Some(ty) = Type::from_name(&name.text)
        {
            return Some(ty);
        }
        self.error("KS107", "A type literal expected: typeof(…).", e.span)
    }

    /// A call of a function the query defines: its body, with the arguments in the place of the parameters.
    fn call_user_function(
        &mut self,
        f: &Rc<Function>,
        name: &Name,
        args: &[Argument],
        span: Span,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Bound> {
        self.count(span)?;
        let parameters = &f.lambda.parameters;
        let least = parameters.iter().filter(|p| p.default.is_none()).count();
        if args.len() < least || args.len() > parameters.len() {
            let d = wrong_count(name, least, Some(parameters.len()));
            self.report(match &f.saved {
                Some(saved) if parameters.is_empty() => d.with_hint(format!(
                    "a saved function whose file holds a query alone has no parameters: write let {saved} = (PARAMETERS) {{ … }}; in the file"
                )),
                _ => d,
            });
            return None;
        }
        let mut inner = f.env.clone();
        let mut given: Vec<&str> = Vec::new();
        let mut failed = false;
        for argument in args {
            // A named argument goes where it belongs, the others fill what is free from the left.
            let parameter = match &argument.name {
                Some(n) => parameters.iter().find(|p| p.name.text == n.text),
                None => parameters.iter().find(|p| !given.contains(&&*p.name.text)),
            };
            let Some(parameter) = parameter else {
                self.report(Diagnostic::error(
                    "KS142",
                    "The function has no parameter with this name.",
                    argument.value.span,
                ));
                failed = true;
                continue;
            };
            given.push(&parameter.name.text);
            match self.argument(parameter, argument, scope, env) {
                Some(binding) => inner = inner.with(&parameter.name.text, binding, true),
                None => failed = true,
            }
        }
        for parameter in parameters {
            if given.contains(&&*parameter.name.text) {
                continue;
            }
            let Some(default) = &parameter.default else { continue };
            let no_row = &self.no_row();
            match (self.bind_scalar(default, no_row, &f.env), &parameter.ty) {
                (Some(e), ParameterType::Scalar(ty)) => {
                    let e = self.coerce(e, *ty);
                    inner = inner.with(&parameter.name.text, Binding::Scalar(e, None), true);
                }
                _ => failed = true,
            }
        }
        if failed {
            return None;
        }
        let errors = self.diagnostics.len();
        let bound = self.bind_lambda_body(f, inner, scope.id, span);
        if bound.is_none() && self.diagnostics.len() == errors {
            return self.error("FP013", format!("The function '{}' cannot be used here.", name.text), span);
        }
        bound
    }

    fn argument(
        &mut self,
        parameter: &LambdaParameter,
        argument: &Argument,
        scope: &Scope<'_>,
        env: &Env,
    ) -> Option<Binding> {
        let span = argument.value.span;
        match &parameter.ty {
            ParameterType::Scalar(ty) => {
                let e = self.bind_scalar(&argument.value, scope, env)?;
                let e = self.coerce(e, *ty);
                let reads_row = e.any(&mut |e| matches!(e.kind, ExprKind::Column(_)));
                Some(Binding::Scalar(e, reads_row.then_some(scope.id)))
            }
            ParameterType::Table(columns) => match self.bind_any(&argument.value, scope, env)? {
                Bound::Table(plan) => {
                    for c in columns {
                        let found = plan.columns.iter().any(|p| p.name == c.name.text && p.ty == c.ty);
                        if !found && !plan.open {
                            let message = format!(
                                "The table must have a column '{}' of type {}.",
                                c.name.text,
                                c.ty.name()
                            );
                            return self.error("KS249", message, span);
                        }
                    }
                    Some(Binding::Table(plan))
                }
                _ => self.error("KS204", "A tabular value expected.", span),
            },
        }
    }
}
