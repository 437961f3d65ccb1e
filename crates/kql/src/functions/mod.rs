//! The function library: one table of [`Function`]s per family. An entry says all there is to know of a
//! function; its examples run as tests, and the same tables print the coverage page.

/// One entry of a family's table: the fields of [`Function`] in order.
macro_rules! function {
    ($name:literal ($($param:expr),* $(,)?) -> $returns:expr, $naming:expr, $doc:literal,
     [$($example:expr),* $(,)?], $eval:expr $(,)?) => {
        Function {
            name: $name,
            params: &[$($param),*],
            returns: $returns,
            naming: $naming,
            doc: $crate::functions::documented($doc),
            examples: if cfg!(target_arch = "wasm32") { &[] } else { &[$($example),*] },
            eval: $eval,
        }
    };
}

pub mod array;
pub mod call;
pub mod conditional;
pub mod conversion;
pub mod datetime;
pub mod dynamic;
pub mod encoding;
pub mod format;
pub mod geo;
pub mod hash;
pub mod ip;
pub mod json_path;
pub mod math;
pub mod operators;
pub mod parsing;
pub mod pattern;
pub mod punycode;
pub mod regex;
pub mod series;
pub mod statistics;
pub mod string;
pub mod terms;
pub mod units;
pub mod xml;
pub mod zone;

use crate::value::{Type, Value};
use call::Call;

/// Evaluates a call. Never fails: Kusto's scalar functions yield null where they cannot answer.
pub type Eval = fn(&Call<'_>) -> Value;

/// A scalar function.
pub struct Function {
    /// As queries write it.
    pub name: &'static str,
    /// Its parameters in order.
    pub params: &'static [Param],
    /// The type of its result.
    pub returns: Returns,
    /// How a column is called that holds its result and has no name of its own.
    pub naming: Naming,
    /// One line.
    pub doc: &'static str,
    /// Calls and what they yield, in the text form of a dynamic; run as tests.
    pub examples: &'static [(&'static str, &'static str)],
    /// The evaluator.
    pub eval: Eval,
}

/// A parameter of a function.
pub struct Param {
    /// As the docs call it.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it can be left out.
    pub optional: bool,
    /// Whether it can be given again; neighbouring repeated parameters repeat as a group (`case`).
    pub repeated: bool,
    /// Whether its argument must be known before any row is read.
    pub fixed: Fixed,
}

/// Whether an argument may come from a row. Source: the argument kinds of Microsoft's binder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// It may.
    No,
    /// It must be a constant.
    Constant,
    /// It must be a literal. Forepost takes any constant, with Kusto's error for what is none.
    Literal,
}

/// What a parameter takes. A dynamic argument is converted where a typed one is asked for.
/// Source: the parameter kinds of Microsoft's binder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any scalar; the evaluator sees nulls.
    Scalar,
    /// Any scalar but dynamic.
    NotDynamic,
    /// A string, and nothing else.
    Text,
    /// A string, or a dynamic taken as its text.
    TextOrDynamic,
    /// A dynamic; the evaluator sees nulls.
    Dynamic,
    /// `int` or `long`.
    Integer,
    /// Any number.
    Number,
    /// A number, timespan or datetime.
    Summable,
    /// `bool`.
    Bool,
    /// `datetime`.
    DateTime,
    /// `timespan`.
    Timespan,
    /// `guid`.
    Guid,
    /// Any scalar; all arguments of this kind are brought to one type; the evaluator sees nulls.
    Common,
    /// `typeof(t)`.
    TypeLiteral,
    /// Any of these types as it is; the evaluator sees nulls.
    OneOf(&'static [Type]),
}

impl Kind {
    /// Whether a null argument makes the result null before the evaluator is asked.
    pub fn is_strict(self) -> bool {
        matches!(
            self,
            Kind::Integer
                | Kind::Number
                | Kind::Summable
                | Kind::Bool
                | Kind::DateTime
                | Kind::Timespan
                | Kind::Guid
        )
    }
}

/// The type of a function's result.
#[derive(Clone, Copy)]
pub enum Returns {
    /// Always this.
    Type(Type),
    /// That of an argument.
    Argument(usize),
    /// The common type of the arguments of kind [`Kind::Common`].
    Common,
    /// The widest number type of all arguments; a time type wins.
    Widest,
    /// The one that the `typeof` argument names, or else the given one.
    TypeLiteral(usize, Type),
    /// Worked out from the types of the arguments.
    With(fn(&[Type]) -> Type),
}

/// `bool`
pub const BOOL: Returns = Returns::Type(Type::Bool);
/// `int`
pub const INT: Returns = Returns::Type(Type::Int);
/// `long`
pub const LONG: Returns = Returns::Type(Type::Long);
/// `real`
pub const REAL: Returns = Returns::Type(Type::Real);
/// `decimal`
pub const DECIMAL: Returns = Returns::Type(Type::Decimal);
/// `datetime`
pub const DATETIME: Returns = Returns::Type(Type::DateTime);
/// `timespan`
pub const TIMESPAN: Returns = Returns::Type(Type::Timespan);
/// `guid`
pub const GUID: Returns = Returns::Type(Type::Guid);
/// `string`
pub const STRING: Returns = Returns::Type(Type::String);
/// `dynamic`
pub const DYNAMIC: Returns = Returns::Type(Type::Dynamic);

/// How an unnamed column that holds a call is called. Source: the binder's result-name kinds; docs/semantics.md#column-names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `Column1`, or `print_0`
    None,
    /// The name of its first argument: `tostring(a)` is `a`.
    FirstArgument,
    /// As `FirstArgument`, if it has but one.
    OnlyArgument,
    /// The function's name and the first argument's: `strlen(a)` is `strlen_a`.
    NameAndFirstArgument,
    /// This and the first argument's name: `make_set(a)` is `set_a`.
    Prefix(&'static str),
    /// This and the first two arguments' names: `covariance(a, b)` is `covariance_a_b`.
    TwoArguments(&'static str),
    /// This alone: `count()` is `count_`.
    Fixed(&'static str),
}

macro_rules! param_kinds {
    ($($(#[$doc:meta])* $name:ident = $kind:ident;)*) => {
        $($(#[$doc])* pub const fn $name(name: &'static str) -> Param {
            Param { name, kind: Kind::$kind, optional: false, repeated: false, fixed: Fixed::No }
        })*
    };
}

param_kinds! {
    /// A parameter of kind [`Kind::Scalar`].
    scalar = Scalar;
    /// A parameter of kind [`Kind::NotDynamic`].
    not_dynamic = NotDynamic;
    /// A parameter of kind [`Kind::Text`].
    text = Text;
    /// A parameter of kind [`Kind::TextOrDynamic`].
    text_or_dynamic = TextOrDynamic;
    /// A parameter of kind [`Kind::Dynamic`].
    dynamic = Dynamic;
    /// A parameter of kind [`Kind::Integer`].
    integer = Integer;
    /// A parameter of kind [`Kind::Number`].
    number = Number;
    /// A parameter of kind [`Kind::Summable`].
    summable = Summable;
    /// A parameter of kind [`Kind::Bool`].
    boolean = Bool;
    /// A parameter of kind [`Kind::DateTime`].
    datetime = DateTime;
    /// A parameter of kind [`Kind::Timespan`].
    timespan = Timespan;
    /// A parameter of kind [`Kind::Guid`].
    guid = Guid;
    /// A parameter of kind [`Kind::Common`].
    common = Common;
    /// A parameter of kind [`Kind::TypeLiteral`].
    type_literal = TypeLiteral;
}

/// A parameter of kind [`Kind::OneOf`].
pub const fn one_of(name: &'static str, types: &'static [Type]) -> Param {
    Param { name, kind: Kind::OneOf(types), optional: false, repeated: false, fixed: Fixed::No }
}

/// The same parameter, of a constant.
pub const fn constant(param: Param) -> Param {
    Param { fixed: Fixed::Constant, ..param }
}

/// The same parameter, of a literal.
pub const fn literal(param: Param) -> Param {
    Param { fixed: Fixed::Literal, ..param }
}

/// The same parameter, which can be left out.
pub const fn optional(param: Param) -> Param {
    Param { optional: true, ..param }
}

/// The same parameter, which can be given again.
pub const fn repeated(param: Param) -> Param {
    Param { repeated: true, ..param }
}

/// The text of a document, on a machine that has room for it: the WebAssembly module leaves documents and examples
/// out. They are in `docs/functions.md` and `js/functions.json`, which a test keeps as the tables are.
pub(crate) const fn documented(text: &'static str) -> &'static str {
    if cfg!(target_arch = "wasm32") { "" } else { text }
}

/// A family of the library.
pub struct Family {
    /// As the coverage page calls it.
    pub name: &'static str,
    /// Its functions, sorted by name.
    pub functions: &'static [Function],
}

/// Every family.
pub static FAMILIES: &[Family] = &[
    Family { name: "Arrays and sets", functions: array::FUNCTIONS },
    Family { name: "Conditional", functions: conditional::FUNCTIONS },
    Family { name: "Conversion", functions: conversion::FUNCTIONS },
    Family { name: "Datetime and timespan", functions: datetime::FUNCTIONS },
    Family { name: "Encoding and compression", functions: encoding::FUNCTIONS },
    Family { name: "Formatting", functions: format::FUNCTIONS },
    Family { name: "Geometry", functions: geo::FUNCTIONS },
    Family { name: "Hashing", functions: hash::FUNCTIONS },
    Family { name: "IPv4 and IPv6", functions: ip::FUNCTIONS },
    Family { name: "Math", functions: math::FUNCTIONS },
    Family { name: "Parsing", functions: parsing::FUNCTIONS },
    Family { name: "Property bags", functions: dynamic::FUNCTIONS },
    Family { name: "Regular expressions", functions: regex::FUNCTIONS },
    Family { name: "Series", functions: series::FUNCTIONS },
    Family { name: "Statistics", functions: statistics::FUNCTIONS },
    Family { name: "String", functions: string::FUNCTIONS },
    Family { name: "Units of measure", functions: units::FUNCTIONS },
];

/// The function of a name.
pub fn find(name: &str) -> Option<&'static Function> {
    FAMILIES.iter().flat_map(|f| f.functions).find(|f| f.name == name)
}

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().flat_map(|f| f.functions).map(|f| f.name)
}
