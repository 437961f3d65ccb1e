//! Calls: of the library's functions, of functions a query defines, and of the few that are not functions
//! of values (`now`, `toscalar`, `column_ifexists` …).

use super::scalar::fold;
use super::{Binder, Binding, Bound, Env, Function, Scope};
use crate::kql::aggregates;
use crate::kql::ast::{self, Argument, LambdaParameter, Name, ParameterType};
use crate::kql::diagnostic::{Diagnostic, Span};
use crate::kql::functions::call::{Detail, Site, compile_regex};
use crate::kql::functions::{self, Kind, Param, Returns, operators as op};
use crate::kql::plan::{CallExpr, Expr, ExprKind, Plan, PlanKind, Window, WindowExpr};
use crate::value::{Type, Value};
use std::rc::Rc;

/// Functions of the row's place among the rows.
pub const WINDOWS: &[(&str, Window, std::ops::RangeInclusive<usize>)] = &[
    ("next", Window::Next, 1..=3),
    ("prev", Window::Prev, 1..=3),
    ("row_cumsum", Window::RowCumsum, 1..=2),
    ("row_number", Window::RowNumber, 0..=2),
    ("row_rank_dense", Window::RowRankDense, 1..=2),
    ("row_rank_min", Window::RowRankMin, 1..=2),
    ("row_window_session", Window::RowWindowSession, 3..=4),
];

/// Names of functions that are bound here and not in a family's table.
pub const SPECIAL: &[&str] = &[
    "ago",
    "bag_pack_columns",
    "column_ifexists",
    "column_names_of",
    "columnifexists",
    "_GetWatchlist",
    "ingestion_time",
    "iscolumnexists",
    "materialize",
    "now",
    "pack_all",
    "table",
    "toscalar",
    "totable",
];

/// A call as it is written.
struct Written<'a> {
    name: &'a Name,
    args: &'a [Argument],
    span: Span,
}

impl Binder<'_> {
    pub(super) fn bind_call(
        &mut self,
        name: &Name,
        args: &[Argument],
        span: Span,
        scope: Scope<'_>,
        env: &Env,
    ) -> Option<Bound> {
        if let Some(node) = env.find(&name.text) {
            return match node.binding.clone() {
                Binding::Function(f) => self.call_user_function(&f, name, args, span, scope, env),
                Binding::Error => None,
                // A table or scalar of that name does not hide a function.
                _ => self.library_call(&Written { name, args, span }, scope, env),
            };
        }
        self.library_call(&Written { name, args, span }, scope, env)
    }

    fn library_call(&mut self, call: &Written<'_>, scope: Scope<'_>, env: &Env) -> Option<Bound> {
        if let Some(bound) = self.special_call(call, scope, env) {
            return bound;
        }
        if let Some(f) = functions::find(&call.name.text) {
            return self.function_call(f, call, scope, env).map(Bound::Scalar);
        }
        if let Some(a) = aggregates::find(&call.name.text) {
            return self.aggregate_call(a, call.name, call.args, call.span, scope, env).map(Bound::Scalar);
        }
        if let Some((_, window, arity)) = WINDOWS.iter().find(|(n, ..)| *n == &*call.name.text) {
            let bound = self.bind_arguments(call.args, scope, env)?;
            if !arity.contains(&bound.len()) {
                return self.wrong_count(call.name, *arity.start(), Some(*arity.end()));
            }
            return self.window_call(*window, bound, call.span).map(Bound::Scalar);
        }
        // A table function (a parser, say) without arguments can be a table the caller supplies.
        if call.args.is_empty() && self.catalog.tables.iter().any(|t| t.name == call.name.text) {
            return self.given_table(&call.name.text, call.span);
        }
        // Arguments are checked even so: their errors are the author's too.
        for argument in call.args {
            self.bind_any(&argument.value, scope, env);
        }
        let known = functions::names()
            .chain(aggregates::AGGREGATES.iter().map(|a| a.name))
            .chain(SPECIAL.iter().copied());
        let refused = super::super::REFUSED_FUNCTIONS.iter().find(|(name, _)| *name == &*call.name.text);
        let d = if let Some((name, reason)) = refused {
            let message = format!("The function '{name}' is not supported: {reason}.");
            Diagnostic::error("FP010", message, call.name.span)
        } else {
            let message = format!("The name '{}' does not refer to any known function.", call.name.text);
            Diagnostic::error("KS211", message, call.name.span)
        };
        let near = super::super::nearest(&call.name.text, known);
        self.report(match near {
            Some(near) if d.code == "KS211" => d.with_hint(format!("did you mean '{near}'?")),
            _ => d,
        });
        None
    }

    fn bind_arguments(&mut self, args: &[Argument], scope: Scope<'_>, env: &Env) -> Option<Vec<Expr>> {
        let bound: Vec<Option<Expr>> = args.iter().map(|a| self.bind_scalar(&a.value, scope, env)).collect();
        bound.into_iter().collect()
    }

    fn wrong_count<T>(&mut self, name: &Name, least: usize, most: Option<usize>) -> Option<T> {
        let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
        let (code, message) = match most {
            Some(most) if most == least => {
                ("KS119", format!("The function '{}' expects {least} {}.", name.text, plural(least)))
            }
            Some(most) => (
                "KS120",
                format!("The function '{}' expects between {least} and {most} arguments.", name.text),
            ),
            None => {
                ("KS120", format!("The function '{}' expects at least {least} {}.", name.text, plural(least)))
            }
        };
        self.error(code, message, name.span)
    }

    /// Functions that are not functions of values. The outer `Option` says whether it is one.
    fn special_call(&mut self, call: &Written<'_>, scope: Scope<'_>, env: &Env) -> Option<Option<Bound>> {
        let (args, span) = (call.args, call.span);
        Some(match &*call.name.text {
            "now" | "ago" => self.clock_call(call, scope, env).map(Bound::Scalar),
            "toscalar" | "materialize" | "totable" => {
                let [argument] = args else { return Some(self.wrong_count(call.name, 1, Some(1))) };
                let inner = self.no_row();
                let bound = match self.bind_any(&argument.value, inner, env) {
                    Some(bound) => bound,
                    None => return Some(None),
                };
                match (&*call.name.text, bound) {
                    ("toscalar", Bound::Table(plan)) => self.first_cell(plan, span).map(Bound::Scalar),
                    ("toscalar", bound @ Bound::Scalar(_)) => Some(bound),
                    (_, bound @ Bound::Table(_)) => Some(bound),
                    _ => self.error("KS204", "A tabular value expected.", argument.value.span),
                }
            }
            "table" => {
                let [argument, ..] = args else { return Some(self.wrong_count(call.name, 1, Some(2))) };
                let text = self.bind_scalar(&argument.value, scope, env)?;
                match text.as_const() {
                    Some(Value::String(name)) => {
                        let inner = self.no_row();
                        self.bind_name(&Rc::clone(name), argument.value.span, inner, &Env::default())
                    }
                    _ => self.error("FP013", "The name of a table must be a constant.", argument.value.span),
                }
            }
            "_GetWatchlist" => {
                let [argument, ..] = args else { return Some(self.wrong_count(call.name, 1, Some(2))) };
                let alias = self.bind_scalar(&argument.value, scope, env)?;
                match alias.as_const() {
                    Some(Value::String(alias)) => self.given_table(alias, argument.value.span),
                    _ => self.error(
                        "FP013",
                        "The name of a watchlist must be a constant.",
                        argument.value.span,
                    ),
                }
            }
            "column_ifexists" | "columnifexists" => {
                self.column_if_exists(call, scope, env).map(Bound::Scalar)
            }
            "iscolumnexists" => {
                let [argument] = args else { return Some(self.wrong_count(call.name, 1, Some(1))) };
                let name = self.bind_scalar(&argument.value, scope, env)?;
                let Some(Value::String(text)) = name.as_const() else {
                    return Some(self.error("FP013", "The name of a column must be a constant.", name.span));
                };
                let there = scope.columns.iter().any(|c| c.name == *text);
                Some(Bound::Scalar(Expr::constant(Value::Bool(there), Type::Bool, span)))
            }
            "pack_all" => self.pack_all(call, scope, env).map(Bound::Scalar),
            "bag_pack_columns" => self.pack_columns(call, scope, env).map(Bound::Scalar),
            "column_names_of" => {
                let [argument] = args else { return Some(self.wrong_count(call.name, 1, Some(1))) };
                let inner = self.no_row();
                match self.bind_any(&argument.value, inner, env) {
                    Some(Bound::Table(plan)) if !plan.open => {
                        let names = plan.columns.iter().map(|c| Value::String(Rc::clone(&c.name))).collect();
                        Some(Bound::Scalar(Expr::constant(Value::array(names), Type::Dynamic, span)))
                    }
                    Some(Bound::Table(_)) | None => None,
                    Some(_) => self.error("KS204", "A tabular value expected.", argument.value.span),
                }
            }
            _ => return None,
        })
    }

    /// A table the caller supplies under the name a function asks for.
    fn given_table(&mut self, name: &str, span: Span) -> Option<Bound> {
        let Some(table) = self.catalog.tables.iter().find(|t| *t.name == *name) else {
            let d = Diagnostic::error("FP020", format!("The data of '{name}' is not given."), span);
            self.report(d.with_hint(format!("supply it as a table named '{name}'")));
            return None;
        };
        let kind = PlanKind::Table(Rc::clone(&table.name));
        Some(Bound::Table(Rc::new(Plan::new(kind, table.columns.clone(), span, false))))
    }

    /// `now(offset)`, `ago(span)`: the clock is fixed once a run.
    fn clock_call(&mut self, call: &Written<'_>, scope: Scope<'_>, env: &Env) -> Option<Expr> {
        let is_now = &*call.name.text == "now";
        let now = match &self.now {
            Some(set) => Expr { span: call.span, ..set.clone() },
            None => Expr { kind: ExprKind::Now, ty: Type::DateTime, span: call.span },
        };
        match call.args {
            [] if is_now => Some(now),
            [argument] => {
                let offset = self.bind_scalar(&argument.value, scope, env)?;
                if !matches!(offset.ty, Type::Timespan | Type::Dynamic) {
                    return self.error("KS107", "A value of type timespan expected.", argument.value.span);
                }
                let offset = self.coerce(offset, Type::Timespan);
                let eval = if is_now { op::add } else { op::subtract };
                let name = if is_now { "+" } else { "-" };
                Some(self.make_call(name, eval, vec![now, offset], Type::DateTime, Detail::None, call.span))
            }
            _ => self.wrong_count(call.name, usize::from(!is_now), Some(1)),
        }
    }

    fn first_cell(&mut self, plan: Rc<Plan>, span: Span) -> Option<Expr> {
        match plan.columns.first() {
            Some(column) => {
                let ty = column.ty;
                Some(Expr { kind: ExprKind::Scalar(plan), ty, span })
            }
            None if plan.open => None,
            None => self.error("FP013", "The table has no column.", span),
        }
    }

    /// The right side of `in` when it is a table: its first column.
    pub(super) fn column_as_list(&mut self, plan: Rc<Plan>, span: Span) -> Option<Expr> {
        if plan.columns.is_empty() {
            return if plan.open { None } else { self.error("FP013", "The table has no column.", span) };
        }
        Some(Expr { kind: ExprKind::List(plan), ty: Type::Dynamic, span })
    }

    fn column_if_exists(&mut self, call: &Written<'_>, scope: Scope<'_>, env: &Env) -> Option<Expr> {
        let [name, otherwise] = call.args else { return self.wrong_count(call.name, 2, Some(2)) };
        let name = self.bind_scalar(&name.value, scope, env)?;
        let Some(Value::String(text)) = name.as_const() else {
            return self.error("FP013", "The name of a column must be a constant.", name.span);
        };
        match scope.columns.iter().position(|c| c.name == *text) {
            Some(i) => {
                let ty = scope.columns.get(i).map_or(Type::Dynamic, |c| c.ty);
                Some(Expr { kind: ExprKind::Column(i), ty, span: call.span })
            }
            None if scope.open => None,
            None => self.bind_scalar(&otherwise.value, scope, env),
        }
    }

    fn pack_all(&mut self, call: &Written<'_>, scope: Scope<'_>, env: &Env) -> Option<Expr> {
        let skip_empty = match call.args {
            [] => false,
            [flag] => self.bind_scalar(&flag.value, scope, env)?.as_const().is_some_and(Value::is_true),
            _ => return self.wrong_count(call.name, 0, Some(1)),
        };
        let mut args = Vec::new();
        for (i, column) in scope.columns.iter().enumerate() {
            args.push(Expr::constant(Value::String(Rc::clone(&column.name)), Type::String, call.span));
            args.push(Expr { kind: ExprKind::Column(i), ty: column.ty, span: call.span });
        }
        let eval = if skip_empty { functions::dynamic::pack_non_empty } else { functions::dynamic::bag_pack };
        Some(self.make_call("pack_all", eval, args, Type::Dynamic, Detail::None, call.span))
    }

    /// `bag_pack_columns(a, b)`: columns by their names.
    fn pack_columns(&mut self, call: &Written<'_>, scope: Scope<'_>, env: &Env) -> Option<Expr> {
        if call.args.is_empty() {
            return self.wrong_count(call.name, 1, None);
        }
        let mut args = Vec::new();
        for argument in call.args {
            let column = self.bind_scalar(&argument.value, scope, env)?;
            let name = match column.kind {
                ExprKind::Column(i) => scope.columns.get(i).map(|c| Rc::clone(&c.name)),
                _ => None,
            };
            let Some(name) = name else {
                return self.error("KS109", "The expression must be a column.", column.span);
            };
            args.push(Expr::constant(Value::String(name), Type::String, column.span));
            args.push(column);
        }
        let eval = functions::dynamic::bag_pack;
        Some(self.make_call("bag_pack_columns", eval, args, Type::Dynamic, Detail::None, call.span))
    }

    fn window_call(&mut self, function: Window, args: Vec<Expr>, span: Span) -> Option<Expr> {
        let first = args.first().map(|a| a.ty);
        let ty = match function {
            Window::RowNumber | Window::RowRankDense | Window::RowRankMin => Type::Long,
            Window::Prev | Window::Next => first.unwrap_or(Type::Dynamic),
            Window::RowCumsum => match first {
                Some(Type::Int) => Type::Long,
                other => other.unwrap_or(Type::Long),
            },
            Window::RowWindowSession => Type::DateTime,
        };
        Some(Expr { kind: ExprKind::Window(Rc::new(WindowExpr { function, args })), ty, span })
    }

    /// A call of a library function: counts, types and conversions by its parameters.
    fn function_call(
        &mut self,
        f: &'static functions::Function,
        call: &Written<'_>,
        scope: Scope<'_>,
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
            return Some(Expr { kind: ExprKind::Case(args), ty, span: call.span });
        }
        self.check_patterns(&args, &params)?;
        let site = Site {
            types: args.iter().map(|a| a.ty).collect(),
            constant: args.iter().map(|a| a.as_const().is_some()).collect(),
            strict: params.iter().map(|p| p.kind.is_strict()).collect(),
            result: Some(ty),
            detail: Detail::None,
            cache: Default::default(),
        };
        Some(fold(CallExpr { name: f.name, eval: f.eval, args, site }, ty, call.span))
    }

    /// One parameter an argument: repeated ones in groups, as often as needed.
    pub(super) fn spread(
        &mut self,
        params: &'static [Param],
        given: usize,
        name: &Name,
    ) -> Option<Vec<&'static Param>> {
        let first = params.iter().position(|p| p.repeated);
        let group = params.iter().filter(|p| p.repeated).count();
        let least = params.iter().filter(|p| !p.optional).count();
        let Some(first) = first else {
            if given < least || given > params.len() {
                return self.wrong_count(name, least, Some(params.len()));
            }
            return Some(params.iter().take(given).collect());
        };
        let after = params.len() - first - group;
        let room = given.checked_sub(first + after).filter(|n| *n >= group && n % group == 0);
        let Some(room) = room.filter(|_| given >= least) else { return self.wrong_count(name, least, None) };
        let (before, rest) = params.split_at(first);
        let (repeat, last) = rest.split_at(group);
        Some(before.iter().chain(repeat.iter().cycle().take(room)).chain(last).collect())
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

    /// Arguments brought to what the parameters take.
    pub(super) fn fit(&mut self, name: &Name, args: Vec<Expr>, params: &[&Param]) -> Option<Vec<Expr>> {
        let types = args.iter().map(|a| a.ty.name()).collect::<Vec<_>>().join(", ");
        let common = self.common_type(&args, params)?;
        let mut fitted = Vec::with_capacity(args.len());
        let mut failed = false;
        for (arg, param) in args.into_iter().zip(params) {
            let (ty, span) = (arg.ty, arg.span);
            let dynamic = ty == Type::Dynamic;
            let to = match param.kind {
                Kind::Scalar | Kind::TypeLiteral => Ok(ty),
                Kind::NotDynamic if !dynamic => Ok(ty),
                Kind::NotDynamic => {
                    Err(("KS116", "The value of type 'dynamic' is not allowed in this context.".to_owned()))
                }
                Kind::Text if ty == Type::String => Ok(ty),
                Kind::Text => Err(("KS141", "The expression must have the type string.".to_owned())),
                Kind::TextOrDynamic if ty == Type::String || dynamic => Ok(ty),
                Kind::TextOrDynamic => {
                    Err(("KS141", "The expression must have one of the types: string or dynamic.".to_owned()))
                }
                Kind::Dynamic if dynamic => Ok(ty),
                Kind::Dynamic => Err(("KS141", "The expression must have the type dynamic.".to_owned())),
                Kind::Integer if ty.is_integer() => Ok(ty),
                Kind::Integer if dynamic => Ok(Type::Long),
                Kind::Integer => Err(("KS134", "The expression value must be an integer.".to_owned())),
                Kind::Number if ty.is_number() => Ok(ty),
                Kind::Number if dynamic => Ok(Type::Real),
                Kind::Number => Err(("KS137", "The expression value must be a number.".to_owned())),
                Kind::Summable if ty.is_number() || matches!(ty, Type::DateTime | Type::Timespan) => Ok(ty),
                Kind::Summable if dynamic => Ok(Type::Real),
                Kind::Summable if name.text.starts_with("sum") => Err((
                    "KS138",
                    "The argument value must be summable: a number, timespan or datetime.".to_owned(),
                )),
                Kind::Summable => Err((
                    "KS127",
                    format!("The function '{}' is not compatible with arguments ({types})", name.text),
                )),

                Kind::Bool => exact(ty, Type::Bool),
                Kind::DateTime => exact(ty, Type::DateTime),
                Kind::Timespan => exact(ty, Type::Timespan),
                Kind::Guid => exact(ty, Type::Guid),
                Kind::Common => Ok(common),
                Kind::OneOf(types) if types.contains(&ty) => Ok(ty),
                Kind::OneOf(types) => {
                    let names: Vec<&str> = types.iter().map(|t| t.name()).collect();
                    let message = format!("The expression must have one of the types: {}.", names.join(", "));
                    Err(("KS141", message))
                }
            };
            match to {
                Ok(to) => fitted.push(if to == ty { arg } else { self.coerce(arg, to) }),
                Err((code, message)) => {
                    failed = true;
                    let span = if code == "KS127" { name.span } else { span };
                    self.report(Diagnostic::error(code, message, span));
                }
            }
        }
        (!failed).then_some(fitted)
    }

    /// The type that all arguments of kind `Common` share: numbers widen, a dynamic pairs with anything.
    fn common_type(&mut self, args: &[Expr], params: &[&Param]) -> Option<Type> {
        let mut common: Option<Type> = None;
        for (arg, _) in args.iter().zip(params).filter(|(_, p)| p.kind == Kind::Common) {
            common = Some(match (common, arg.ty) {
                (None | Some(Type::Dynamic), t) => t,
                (Some(c), Type::Dynamic) => c,
                (Some(c), t) if c == t => c,
                (Some(c), t) if c.is_number() && t.is_number() => wider(c, t),
                (Some(c), t) => {
                    let message =
                        format!("The values must have one type, not {} and {}.", c.name(), t.name());
                    let d = Diagnostic::error("SEM0525", message, arg.span);
                    self.report(d.with_hint("convert one of them: tostring(…), tolong(…) …"));
                    return None;
                }
            });
        }
        Some(common.unwrap_or(Type::Dynamic))
    }

    /// A pattern that is a constant must compile: a detection with a broken pattern must not load.
    fn check_patterns(&mut self, args: &[Expr], params: &[&Param]) -> Option<()> {
        for (arg, _) in args.iter().zip(params).filter(|(_, p)| p.name == "regex") {
            if let Some(Value::String(pattern)) = arg.as_const()
                && let Err(error) = compile_regex(pattern)
            {
                return self.bad_regex(&error, arg.span);
            }
        }
        Some(())
    }

    /// A call of a function the query defines: its body, with the arguments in the place of the parameters.
    fn call_user_function(
        &mut self,
        f: &Rc<Function>,
        name: &Name,
        args: &[Argument],
        span: Span,
        scope: Scope<'_>,
        env: &Env,
    ) -> Option<Bound> {
        self.count(span)?;
        let parameters = &f.lambda.parameters;
        let least = parameters.iter().filter(|p| p.default.is_none()).count();
        if args.len() < least || args.len() > parameters.len() {
            return self.wrong_count(name, least, Some(parameters.len()));
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
                    "The function has no parameter of that name.",
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
            let no_row = self.no_row();
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
            return self.error(
                "FP013",
                format!("The function '{}' could not be used here.", name.text),
                span,
            );
        }
        bound
    }

    fn argument(
        &mut self,
        parameter: &LambdaParameter,
        argument: &Argument,
        scope: Scope<'_>,
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
                            return self.error("KS149", message, span);
                        }
                    }
                    Some(Binding::Table(plan))
                }
                _ => self.error("KS204", "A tabular value expected.", span),
            },
        }
    }
}

fn exact(ty: Type, want: Type) -> Result<Type, (&'static str, String)> {
    if ty == want || ty == Type::Dynamic {
        return Ok(want);
    }
    Err(("KS107", format!("A value of type {} expected.", want.name())))
}

pub(super) fn wider(a: Type, b: Type) -> Type {
    let rank = |t: Type| match t {
        Type::Int => 0,
        Type::Long => 1,
        Type::Real => 2,
        _ => 3,
    };
    if rank(a) >= rank(b) { a } else { b }
}

fn result_type(returns: Returns, args: &[Expr], params: &[&Param], literals: &[Option<Type>]) -> Type {
    let types: Vec<Type> = args.iter().map(|a| a.ty).collect();
    match returns {
        Returns::Type(t) => t,
        Returns::Argument(i) => types.get(i).copied().unwrap_or(Type::Dynamic),
        Returns::Common => {
            args.iter().zip(params).find(|(_, p)| p.kind == Kind::Common).map_or(Type::Dynamic, |(a, _)| a.ty)
        }
        Returns::Widest => types.into_iter().reduce(wider).unwrap_or(Type::Dynamic),
        Returns::TypeLiteral(i, otherwise) => literals.get(i).copied().flatten().unwrap_or(otherwise),
        Returns::With(f) => f(&types),
    }
}
