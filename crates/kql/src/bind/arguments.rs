//! Arguments and parameters: how many, of which types, what is converted.

use super::Binder;
use crate::diagnostic::Diagnostic;
use crate::functions::{Fixed, Kind, Param, Returns};
use crate::functions::{format, pattern, zone};
use crate::plan::Expr;
use crate::syntax::ast::Name;
use crate::value::{Type, Value};

/// The error of a call with too few or too many arguments.
pub(super) fn wrong_count(name: &Name, least: usize, most: Option<usize>) -> Diagnostic {
    let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
    let (code, message) = match most {
        Some(most) if most == least => {
            ("KS119", format!("The function '{}' expects {least} {}.", name.text, plural(least)))
        }
        Some(most) => {
            ("KS120", format!("The function '{}' expects between {least} and {most} arguments.", name.text))
        }
        None => {
            ("KS120", format!("The function '{}' expects at least {least} {}.", name.text, plural(least)))
        }
    };
    Diagnostic::error(code, message, name.span)
}

impl Binder<'_> {
    /// Reports that a call has too few or too many arguments.
    pub(super) fn wrong_count<T>(&mut self, name: &Name, least: usize, most: Option<usize>) -> Option<T> {
        self.report(wrong_count(name, least, most));
        None
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

    /// Arguments brought to what the parameters take.
    pub(super) fn fit(&mut self, name: &Name, args: Vec<Expr>, params: &[&Param]) -> Option<Vec<Expr>> {
        let types = args.iter().map(|a| a.ty.name()).collect::<Vec<_>>().join(", ");
        let common = self.common_type(name, &args, params)?;
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
            let to = match param.fixed {
                _ if arg.as_const().is_some() || to.is_err() => to,
                Fixed::No => to,
                Fixed::Constant if !arg.reads_row() => to,
                Fixed::Constant => Err(("KS129", "The expression must be a constant.".to_owned())),
                Fixed::Literal => Err(("KS131", "The expression must be a literal.".to_owned())),
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

    /// The type that all arguments of kind `Common` share: a dynamic pairs with anything, an int with a long. All numbers widen
    /// in `max_of` and `min_of` alone; elsewhere Kusto wants whole numbers and others told apart.
    fn common_type(&mut self, name: &Name, args: &[Expr], params: &[&Param]) -> Option<Type> {
        let widens = |a: Type, b: Type| {
            a.is_number()
                && b.is_number()
                && (a.is_integer() == b.is_integer() || matches!(&*name.text, "max_of" | "min_of"))
        };
        let mut common: Option<Type> = None;
        for (arg, _) in args.iter().zip(params).filter(|(_, p)| p.kind == Kind::Common) {
            common = Some(match (common, arg.ty) {
                (None | Some(Type::Dynamic), t) => t,
                (Some(c), Type::Dynamic) => c,
                (Some(c), t) if c == t => c,
                (Some(c), t) if widens(c, t) => wider(c, t),
                (Some(c), t) => {
                    let message =
                        format!("The values must have the same type; found {} and {}.", c.name(), t.name());
                    let d = Diagnostic::error("SEM0525", message, arg.span);
                    self.report(
                        d.with_hint("convert one of them, for example with tostring(…) or tolong(…)"),
                    );
                    return None;
                }
            });
        }
        Some(common.unwrap_or(Type::Dynamic))
    }

    /// What Kusto refuses of constant arguments by what they hold.
    pub(super) fn check_constants(&mut self, function: &str, args: &[Expr]) -> Option<()> {
        let constant = |i: usize| args.get(i).and_then(|a| Some((a.as_const()?.as_str()?, a.span)));
        if let Some((text, span)) = constant(1)
            && let Some(message) = bad_format(function, text)
        {
            let d = Diagnostic::error("FP013", message, span);
            self.report(d.with_hint(
                "it is made of the letters in docs/functions.md and the delimiters blank / - : , . _ [ ]",
            ));
            return None;
        }
        if matches!(function, "datetime_local_to_utc" | "datetime_utc_to_local")
            && let Some((name, span)) = constant(1)
            && zone::find(name).is_none()
        {
            let message = format!("There is no time zone '{name}'.");
            self.report(
                Diagnostic::error("FP013", message, span).with_hint("datetime_list_timezones() names them"),
            );
            return None;
        }
        if matches!(function, "extract_all" | "extractall")
            && let Some((text, span)) = constant(0)
            && let Ok(regex) = pattern::compile(text)
            && !(2..=17).contains(&regex.captures_len())
        {
            let message = format!("{function} needs a pattern with 1 to 16 groups.");
            let d = Diagnostic::error("FP013", message, span);
            self.report(d.with_hint("put parentheses around what it shall return"));
            return None;
        }
        Some(())
    }

    /// A pattern that is a constant must compile: a detection with a broken pattern must not load.
    pub(super) fn check_patterns(&mut self, args: &[Expr], params: &[&Param]) -> Option<()> {
        for (arg, _) in args.iter().zip(params).filter(|(_, p)| p.name == "regex") {
            if let Some(Value::String(text)) = arg.as_const()
                && let Err(error) = pattern::compile(text)
            {
                return self.bad_regex(&error, arg.span);
            }
        }
        Some(())
    }
}

/// What is wrong with a format of `format_datetime` or `format_timespan`; `None` for any other function.
fn bad_format(function: &str, text: &str) -> Option<String> {
    let letters = match function {
        "format_datetime" => format::DATETIME_LETTERS,
        "format_timespan" => format::TIMESPAN_LETTERS,
        _ => return None,
    };
    let bad = format::parts(text, letters).err()?;
    Some(format!("The format of {function} cannot hold '{bad}'."))
}

fn exact(ty: Type, want: Type) -> Result<Type, (&'static str, String)> {
    if ty == want || ty == Type::Dynamic {
        return Ok(want);
    }
    Err(("KS107", format!("A value of type {} expected.", want.name())))
}

/// The wider of two numeric types.
pub(super) fn wider(a: Type, b: Type) -> Type {
    let rank = |t: Type| match t {
        Type::Int => 0,
        Type::Long => 1,
        Type::Real => 2,
        _ => 3,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// The type of a call's value.
pub(super) fn result_type(
    returns: Returns,
    args: &[Expr],
    params: &[&Param],
    literals: &[Option<Type>],
) -> Type {
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
