//! Conversions and tests of types. Source: docs/semantics.md#nulls, #dynamic and #conversions.

use super::call::{Call, shared};
use super::{Function, Naming, Param, Returns, scalar, text_or_dynamic};
use crate::value::{Type, Value, convert, text};

const VALUE: &[Param] = &[scalar("value")];

macro_rules! to {
    ($name:literal, $ty:ident, $doc:literal, $examples:expr) => {
        Function {
            name: $name,
            params: VALUE,
            returns: Returns::Type(Type::$ty),
            naming: Naming::FirstArgument,
            doc: $doc,
            examples: $examples,
            eval: |c| to(c, Type::$ty),
        }
    };
}

macro_rules! test {
    ($name:literal, $doc:literal, $examples:expr, $eval:expr) => {
        Function {
            name: $name,
            params: VALUE,
            returns: Returns::Type(Type::Bool),
            naming: Naming::None,
            doc: $doc,
            examples: $examples,
            eval: $eval,
        }
    };
}

/// The family.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "gettype",
        params: VALUE,
        returns: Returns::Type(Type::String),
        naming: Naming::Prefix("type"),
        doc: "Returns the name of the runtime type. For a dynamic value, that is the type of its content.",
        examples: &[
            ("gettype(1)", "long"),
            ("gettype(dynamic({}))", "dictionary"),
            ("gettype(dynamic(1.5))", "double"),
        ],
        eval: |c| Value::text(type_name(c.arg(0), c.ty(0))),
    },
    test!(
        "isempty",
        "Returns whether a value is an empty string or null.",
        &[("isempty('')", "true"), ("isempty(' ')", "false"), ("isempty(dynamic([]))", "false")],
        |c| Value::Bool(is_empty(c))
    ),
    test!(
        "isfinite",
        "Returns whether a number is neither infinite nor NaN.",
        &[("isfinite(1.0/0.0)", "false")],
        |c| real_test(c, f64::is_finite)
    ),
    test!("isinf", "Returns whether a number is infinite.", &[("isinf(1.0/0.0)", "true")], |c| real_test(
        c,
        f64::is_infinite
    )),
    test!("isnan", "Returns whether a number is NaN.", &[("isnan(0.0/0.0)", "true")], |c| real_test(
        c,
        f64::is_nan
    )),
    test!(
        "isnotempty",
        "Returns whether a value is neither an empty string nor null.",
        &[("isnotempty('a')", "true")],
        |c| Value::Bool(!is_empty(c))
    ),
    test!("isnotnull", "Returns whether a value is not null.", &[("isnotnull(1)", "true")], |c| Value::Bool(
        !c.arg(0).is_null()
    )),
    test!(
        "isnull",
        "Returns whether a value is null. A string is never null.",
        &[("isnull(long(null))", "true"), ("isnull('')", "false")],
        |c| Value::Bool(c.arg(0).is_null())
    ),
    test!("notempty", "The same as isnotempty.", &[("notempty('')", "false")], |c| Value::Bool(!is_empty(c))),
    test!("notnull", "The same as isnotnull.", &[("notnull(1)", "true")], |c| Value::Bool(
        !c.arg(0).is_null()
    )),
    Function {
        name: "parse_json",
        params: &[text_or_dynamic("json_text")],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::FirstArgument,
        doc: "Parses JSON text. Text that is not JSON stays a string; a dynamic value stays unchanged.",
        examples: &[
            ("parse_json('{\"a\": [1, 2]}').a[1]", "2"),
            ("parse_json('abc')", "abc"),
            ("isnull(parse_json(''))", "true"),
        ],
        eval: parse_json,
    },
    Function {
        name: "parsejson",
        params: &[text_or_dynamic("json_text")],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::FirstArgument,
        doc: "The same as parse_json.",
        examples: &[("parsejson('[1]')[0]", "1")],
        eval: parse_json,
    },
    to!(
        "tobool",
        Bool,
        "Converts a value to bool: the texts true and false, or a number (true unless it is zero).",
        &[("tobool('TRUE')", "true"), ("isnull(tobool('yes'))", "true")]
    ),
    to!("toboolean", Bool, "The same as tobool.", &[("toboolean(0)", "false")]),
    to!(
        "todatetime",
        DateTime,
        "Converts text in one of the usual forms to datetime.",
        &[("todatetime('2020-01-02 03:04')", "2020-01-02T03:04:00.0000000Z")]
    ),
    to!("todecimal", Decimal, "Converts a value to decimal.", &[("todecimal('1.50')", "1.50")]),
    to!("todouble", Real, "The same as toreal.", &[("todouble('1.5')", "1.5")]),
    Function {
        name: "todynamic",
        params: &[scalar("value")],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::FirstArgument,
        doc: "Parses JSON text, like parse_json. Other scalars become dynamic unchanged.",
        examples: &[("todynamic('[1,2]')[0]", "1")],
        eval: parse_json,
    },
    to!(
        "toguid",
        Guid,
        "Converts a value to guid.",
        &[("toguid('70fc66f7-8279-44fc-9092-d364d70fce44')", "70fc66f7-8279-44fc-9092-d364d70fce44")]
    ),
    to!(
        "toint",
        Int,
        "Converts a value to int. A real loses its fraction; text must be a whole number.",
        &[("toint('12')", "12"), ("isnull(toint('x'))", "true")]
    ),
    to!(
        "tolong",
        Long,
        "Converts a value to long. A real loses its fraction; text must be a whole number.",
        &[("tolong('12')", "12"), ("tolong(1.9)", "1")]
    ),
    Function {
        name: "toobject",
        params: &[scalar("value")],
        returns: Returns::Type(Type::Dynamic),
        naming: Naming::FirstArgument,
        doc: "The same as todynamic.",
        examples: &[("toobject('[1,2]')[0]", "1")],
        eval: parse_json,
    },
    to!("toreal", Real, "Converts a value to real.", &[("toreal('1.5')", "1.5")]),
    Function {
        name: "tostring",
        params: VALUE,
        returns: Returns::Type(Type::String),
        naming: Naming::FirstArgument,
        doc: "Converts a value to string. Null becomes the empty string.",
        examples: &[
            ("tostring(true)", "True"),
            ("tostring(dynamic({'a':1}))", "{\"a\":1}"),
            ("tostring(1d)", "1.00:00:00"),
        ],
        eval: |c| shared(c.text(0), c.arg(0)),
    },
    to!("totime", Timespan, "The same as totimespan.", &[("totime('1.00:00:00')", "1.00:00:00")]),
    to!(
        "totimespan",
        Timespan,
        "Converts text in one of the usual forms, or a number of ticks, to timespan.",
        &[("totimespan('0.00:01:00')", "00:01:00")]
    ),
];

/// The conversion of a value. Kusto's front end converts constants, its engine columns, and they differ: of constants a text is
/// trimmed before it is read as a bool, and an infinity is no whole number.
fn to(c: &Call, ty: Type) -> Value {
    let constant = c.site.constant.first() == Some(&true);
    match (c.arg(0), ty) {
        (Value::String(s), Type::Bool) if constant => convert::to_bool(&Value::text(s.trim())),
        (Value::Real(r), Type::Int | Type::Long) if constant && r.is_infinite() => Value::Null,
        (v, _) => convert::convert(v, c.ty(0), ty),
    }
}

/// Whether the text form is empty.
fn is_empty(c: &Call) -> bool {
    match c.arg(0) {
        Value::Null => true,
        Value::String(s) => s.is_empty(),
        _ => false,
    }
}

fn real_test(c: &Call, test: fn(f64) -> bool) -> Value {
    c.real(0).map_or(Value::Null, |r| Value::Bool(test(r)))
}

fn parse_json(c: &Call) -> Value {
    match c.arg(0) {
        Value::String(s) if c.ty(0) == Type::String => convert::parse_json(s),
        other => other.clone(),
    }
}

fn type_name(v: &Value, ty: Type) -> &'static str {
    if ty != Type::Dynamic {
        return ty.name();
    }
    match v {
        Value::Null => "null",
        Value::Array(_) => "array",
        Value::Bag(_) => "dictionary",
        Value::Real(_) => "double",
        other => other.own_type().map_or("null", Type::name),
    }
}

/// The text of a value in the form examples are written in.
pub fn example_text(v: &Value, ty: Type) -> String {
    match v {
        Value::Bool(b) => b.to_string(),
        _ => text::tostring(v, ty).into_owned(),
    }
}
