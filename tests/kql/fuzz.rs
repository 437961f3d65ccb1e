//! Random well-typed expressions over the whole library, for comparing the engine with itself in WebAssembly
//! (`tests/package/fuzz.test.js`). What may stand where is read from the tables of functions and aggregates: a new
//! function is tried as soon as it is there.
//!
//! Left out is only what depends on more than the query, and stands in none of these tables: `now` and `ago` read the
//! clock, which the command takes from the machine; `rand` and `new_guid` the engine refuses.

use super::datatable::datatable;
use super::random_kql::{Chance, Grammar, any, below, derived};
use kql::aggregates;
use kql::functions::{FAMILIES, Function, Kind, Param, Returns};
use kql::syntax::ast::TEXT_OPS;
use kql::value::{Type, datetime};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::fmt::Write;
use std::sync::{Arc, LazyLock};

/// The columns of the table; `x` and `s` are those the examples of aggregates speak of.
pub const COLUMNS: &[(&str, Type)] = &[
    ("b", Type::Bool),
    ("i", Type::Int),
    ("x", Type::Long),
    ("r", Type::Real),
    ("m", Type::Decimal),
    ("t", Type::DateTime),
    ("p", Type::Timespan),
    ("g", Type::Guid),
    ("s", Type::String),
    ("d", Type::Dynamic),
];

/// Ordinary values, the ends of the ranges, and what 32 bits are too few for.
const LITERALS: &[(Type, &[&str])] = &[
    (Type::Bool, &["true", "false", "bool(null)"]),
    (
        Type::Int,
        &["int(0)", "int(1)", "int(-3)", "int(64)", "int(2147483647)", "int(-2147483648)", "int(null)"],
    ),
    (
        Type::Long,
        &[
            "0",
            "1",
            "2",
            "3",
            "7",
            "100",
            "long(-1)",
            "long(-5)",
            "2147483648",
            "4294967295",
            "4294967296",
            "4294967298",
            "long(-4294967296)",
            "1700000000",
            "9007199254740993",
            "9223372036854775807",
            "long(-9223372036854775807)",
            "long(-9223372036854775808)",
            "long(null)",
        ],
    ),
    (
        Type::Real,
        &[
            "0.0",
            "1.0",
            "real(-1.0)",
            "0.5",
            "2.5",
            "0.1",
            "real(-0.0)",
            "1.005",
            "1e15",
            "1e22",
            "123456789.123456789",
            "4294967296.5",
            "1e-5",
            "5e-324",
            "1.7976931348623157e308",
            "real(nan)",
            "real(+inf)",
            "real(-inf)",
            "real(null)",
        ],
    ),
    (
        Type::Decimal,
        &[
            "decimal(0)",
            "decimal(1.10)",
            "decimal(-2.5)",
            "decimal(0.0000000000000000000000000001)",
            "decimal(79228162514264337593543950335)",
            "decimal(null)",
        ],
    ),
    (
        Type::DateTime,
        &[
            "datetime(0001-01-01)",
            "datetime(1970-01-01)",
            "datetime(2020-02-29 23:59:59.9999999)",
            "datetime(2024-12-31 12:30)",
            "datetime(9999-12-31 23:59:59.9999999)",
            "datetime(null)",
        ],
    ),
    (
        Type::Timespan,
        &["0s", "1tick", "1h", "1.5d", "7d", "time(-1.02:03:04.5)", "10675199d", "timespan(null)"],
    ),
    (Type::Guid, &["guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", "guid(null)"]),
    (
        Type::String,
        &[
            "''",
            "'a'",
            "'b'",
            "' A b '",
            "'abcabc'",
            "'İstanbul ǅ ß'",
            "'é😀\\u0000'",
            "'12'",
            "'-1.5e3'",
            "'0x7fffffffffffffff'",
            "'4294967297'",
            "'true'",
            "'2020-02-29T10:00:00+02:00'",
            "'1.02:03:04'",
            "'74be27de-1e4e-49d9-b579-fe0b331d3642'",
            "'{\"a\": [1, 2.50, null], \"b\": {\"c\": \"x\"}}'",
            "'[3, 1, 2]'",
            "'192.168.1.1/24'",
            "'fe80::1%eth0'",
            "'https://u:p@example.com:80/a/b?q=1&r=%C3%A9#f'",
            "'a=1; b=2'",
            "'x,y,\"z \"\"q\"\"\"'",
            "'aGVsbG8='",
            "'<a b=\"1\"><c>2</c></a>'",
            "@'(\\w+)-?(\\d*)'",
            "'[a-c]+'",
            "'%'",
            "'\\\\'",
        ],
    ),
    (
        Type::Dynamic,
        &[
            "dynamic(null)",
            "dynamic(1)",
            "dynamic(1.5)",
            "dynamic('a')",
            "dynamic(true)",
            "dynamic([])",
            "dynamic([1, 2, 3, 2])",
            "dynamic(['b', 'a', null, 'B'])",
            "dynamic([null, 'a', 1, -2.5, {}, [], true])",
            "dynamic([4294967296, -1, 9223372036854775807])",
            "dynamic({})",
            "dynamic({'a': {'b': null, 'c': [1]}, 'b': 'x', '$': 2})",
            "dynamic({'z': 1, 'a': 1e300})",
            "dynamic([datetime(2020-01-01), 1h])",
        ],
    ),
];

/// Every operator: `{type}` stands for an expression of the type, other braces for one of the words in
/// them, `{text}` for one of the operators over texts.
const OPERATORS: &[(&str, Type)] = &[
    ("({int} {+ - * / %} {int})", Type::Long),
    ("({long} {+ - * / %} {int})", Type::Long),
    ("({long} {+ - * / %} {long})", Type::Long),
    ("({real} {+ - * / %} {real})", Type::Real),
    ("({long} {+ - * / %} {real})", Type::Real),
    ("({decimal} {+ - * / %} {decimal})", Type::Decimal),
    ("({decimal} {+ - * / %} {real})", Type::Decimal),
    ("({long} {+ - * / %} {decimal})", Type::Decimal),
    ("({dynamic} {+ - * / %} {dynamic})", Type::Dynamic),
    ("({dynamic} {+ - * / %} {real})", Type::Real),
    ("({datetime} {+ -} {timespan})", Type::DateTime),
    ("({datetime} - {datetime})", Type::Timespan),
    ("({datetime} / {timespan})", Type::Real),
    ("({datetime} % {timespan})", Type::Timespan),
    ("({timespan} {+ - %} {timespan})", Type::Timespan),
    ("({timespan} / {timespan})", Type::Real),
    ("({timespan} {* /} {long})", Type::Timespan),
    ("({real} * {timespan})", Type::Timespan),
    ("({timespan} / {real})", Type::Timespan),
    ("({dynamic} {+ -} {timespan})", Type::Timespan),
    ("({+ -}{long})", Type::Long),
    ("({+ -}{real})", Type::Real),
    ("({+ -}{decimal})", Type::Decimal),
    ("({+ -}{timespan})", Type::Timespan),
    ("({+ -}{dynamic})", Type::Dynamic),
    ("({bool} {and or} {bool})", Type::Bool),
    ("({bool} {and or} {dynamic})", Type::Bool),
    ("({bool} {== != <>} {bool})", Type::Bool),
    ("({guid} {== != <>} {guid})", Type::Bool),
    ("({string} {== != <>} {string})", Type::Bool),
    ("({long} {== !=} {string})", Type::Bool),
    ("({dynamic} {== !=} {string})", Type::Bool),
    ("({dynamic} {== != < <= > >=} {long})", Type::Bool),
    ("({dynamic} {< <= > >=} {dynamic})", Type::Bool),
    ("({int} {== != < <= > >=} {long})", Type::Bool),
    ("({long} {== != < <= > >=} {real})", Type::Bool),
    ("({real} {== != < <= > >=} {real})", Type::Bool),
    ("({decimal} {== != < <= > >=} {real})", Type::Bool),
    ("({bool} {== != < <= > >=} {long})", Type::Bool),
    ("({datetime} {== != < <= > >=} {datetime})", Type::Bool),
    ("({timespan} {== != < <= > >=} {timespan})", Type::Bool),
    ("({long} {between !between} ({long} .. {real}))", Type::Bool),
    ("({datetime} {between !between} ({datetime} .. {datetime}))", Type::Bool),
    ("({datetime} {between !between} ({datetime} .. {timespan}))", Type::Bool),
    ("({timespan} {between !between} ({timespan} .. {timespan}))", Type::Bool),
    ("({string} {text} {string})", Type::Bool),
    ("({dynamic} {text} {string})", Type::Bool),
    ("({string} {in !in in~ !in~ has_any has_all} ({string}, {string}))", Type::Bool),
    ("({string} {in !in in~ !in~ has_any has_all} ({dynamic}))", Type::Bool),
    ("({dynamic} {in !in in~ !in~ has_any has_all} ({string}, {dynamic}))", Type::Bool),
    ("({long} {in !in} ({long}, {real}, {string}))", Type::Bool),
    ("({datetime} {in !in} ({datetime}, {dynamic}))", Type::Bool),
    ("({dynamic}).a", Type::Dynamic),
    ("({dynamic})[{string}]", Type::Dynamic),
    ("({dynamic})[{long}]", Type::Dynamic),
];

/// Functions that make much of little, up to a million items: they get numbers of their examples, and others seldom.
const GROWING: &[&str] = &["range", "repeat", "strrep"];

/// How many rules of the grammar stand in each other: three for each call in a call.
const DEPTH: usize = 7;

/// Whether a parameter takes a type without conversion.
pub fn takes(kind: Kind, ty: Type) -> bool {
    match kind {
        Kind::Scalar | Kind::Common => true,
        Kind::NotDynamic => ty != Type::Dynamic,
        Kind::Text => ty == Type::String,
        Kind::TextOrDynamic => matches!(ty, Type::String | Type::Dynamic),
        Kind::Dynamic => ty == Type::Dynamic,
        Kind::Integer => ty.is_integer(),
        Kind::Number => ty.is_number(),
        Kind::Summable => ty.is_number() || matches!(ty, Type::DateTime | Type::Timespan),
        Kind::Bool => ty == Type::Bool,
        Kind::DateTime => ty == Type::DateTime,
        Kind::Timespan => ty == Type::Timespan,
        Kind::Guid => ty == Type::Guid,
        Kind::OneOf(types) => types.contains(&ty),
        Kind::TypeLiteral => false,
    }
}

/// A query and the functions and aggregates it calls.
pub struct Fuzz {
    pub query: String,
    pub calls: Vec<&'static str>,
}

/// The query of a seed. Neighbouring seeds go through all functions, aggregates and operators in turn.
pub fn fuzz(seed: u64) -> Fuzz {
    static GRAMMARS: LazyLock<[Arc<Grammar>; 2]> = LazyLock::new(|| [false, true].map(grammar));
    let config = Config { rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let runner = &mut TestRunner::new(config);
    let aggregates = aggregates::sorted();
    let turn = seed as usize % (functions().count() + aggregates.len() + OPERATORS.len());
    let aggregate = turn.checked_sub(functions().count()).and_then(|turn| aggregates.get(turn));
    let rule = match (functions().nth(turn), aggregate) {
        (Some(f), _) => format!("call {}", f.name),
        (None, Some(a)) => format!("aggregate {}", a.name),
        (None, None) => format!("operator {}", turn - functions().count() - aggregates.len()),
    };
    let columns = aggregate.is_some() || below(runner, 2) == 0;
    let grammar = &GRAMMARS[usize::from(columns)];
    let expression = any(runner, derived(grammar, &rule, DEPTH));
    let cells: Vec<String> = (0..4)
        .flat_map(|_| COLUMNS)
        .map(|(_, ty)| any(runner, derived(grammar, &format!("literal {}", ty.name()), 0)))
        .collect();
    let table = datatable(COLUMNS, &cells);
    let query = match (aggregate, columns) {
        (Some(_), _) => {
            format!("{table} | summarize {expression}{}", ["", " by b", " by s"][below(runner, 3)])
        }
        (None, true) => format!("{table} | project {expression}"),
        (None, false) => format!("print {expression}"),
    };
    let names = functions().map(|f| f.name).chain(aggregates.iter().map(|a| a.name));
    let calls = names.filter(|name| calls(&expression, name)).collect();
    Fuzz { query, calls }
}

/// Whether an expression calls a function.
fn calls(expression: &str, name: &str) -> bool {
    let call = format!("{name}(");
    expression.match_indices(&call).any(|(at, _)| {
        let before = expression.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

fn functions() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().flat_map(|f| f.functions)
}

/// Whether a call can be made to be of a type; where it cannot, it is converted.
fn can_be(f: &Function, ty: Type) -> bool {
    match f.returns {
        Returns::Type(t) => t == ty,
        Returns::Argument(i) => takes(f.params[i].kind, ty),
        Returns::Common => true,
        Returns::Widest | Returns::TypeLiteral(..) | Returns::With(_) => false,
    }
}

/// The arguments that an example gives a function.
fn known_arguments(example: &'static str, name: &str) -> Vec<&'static str> {
    let mut out = Vec::new();
    let Some((_, rest)) = example.rsplit_once(&format!("{name}(")) else { return out };
    let (mut from, mut depth, mut quoted, mut escaped) = (0, 0, false, false);
    for (i, c) in rest.char_indices() {
        match c {
            '\'' if !escaped => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ',' | ')' if depth == 0 => {
                out.push(rest.get(from..i).unwrap_or_default().trim());
                from = i + 1;
                if c == ')' {
                    break;
                }
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    out.retain(|argument| !argument.is_empty());
    out
}

/// Expressions over the whole library. The rule of a type derives its expressions, `call f` every call of a function, `call f long` those of
/// a type. With columns, there is a row to read.
fn grammar(columns: bool) -> Arc<Grammar> {
    let mut g = Grammar::default();
    g.texts("type", 1, COLUMNS.iter().map(|(_, ty)| ty.name()));
    for (column, ty) in COLUMNS {
        let (name, literal) = (ty.name(), format!("literal {}", ty.name()));
        let known = LITERALS.iter().find(|(t, _)| t == ty).map_or(&[][..], |(_, known)| known);
        g.texts(&literal, 2, known.iter().copied());
        if let Some((_, chance)) = CHANCES.iter().find(|(t, _)| t == ty) {
            g.chance(&literal, 1, *chance);
        }
        g.templates(name, 1, [format!("{{{literal}}}")]);
        if columns {
            g.texts(name, 1, [*column]);
        }
        g.templates(name, 3, OPERATORS.iter().filter(|(_, of)| of == ty).map(|(template, _)| template));
        let calls = functions().filter(|f| can_be(f, *ty)).map(|f| format!("{{call {} {name}}}", f.name));
        g.templates(name, 4, calls);
        g.templates(name, 1, functions().map(|f| format!("to{name}({{call {}}})", f.name)));
    }
    for (i, (operator, _)) in OPERATORS.iter().enumerate() {
        g.templates(&format!("operator {i}"), 1, [operator]);
    }
    g.texts("text", 1, TEXT_OPS.iter().map(|op| op.name));
    for f in functions() {
        let call = format!("call {}", f.name);
        let free = calls_of(&mut g, f.name, f.params, f.examples, &|_, _| None);
        g.templates(&call, 1, free);
        for (_, ty) in COLUMNS.iter().filter(|(_, ty)| can_be(f, *ty)) {
            let of_type = calls_of(&mut g, f.name, f.params, f.examples, &|i, kind| match f.returns {
                Returns::Argument(n) => (n == i && takes(kind, *ty)).then_some(*ty),
                Returns::Common => (kind == Kind::Common).then_some(*ty),
                _ => None,
            });
            g.templates(&format!("{call} {}", ty.name()), 1, of_type);
        }
    }
    for a in aggregates::sorted() {
        let calls = calls_of(&mut g, a.name, a.params, a.examples, &|_, _| None);
        g.templates(&format!("aggregate {}", a.name), 1, calls);
    }
    g.finish()
}

/// Literals of any value.
const CHANCES: &[(Type, Chance)] = &[
    (Type::Int, |r| format!("int({})", bits(r) as i32)),
    (Type::Long, |r| format!("long({})", bits(r) as i64 >> below(r, 64))),
    (Type::Real, |r| format!("real({:e})", real(r))),
    (Type::Decimal, |r| format!("decimal({}.{})", bits(r) as i32, below(r, 1 << 20))),
    (Type::DateTime, |r| format!("datetime({})", datetime::format((bits(r) % datetime::MAX as u64) as i64))),
    (Type::Timespan, |r| format!("{}tick", bits(r) >> (1 + below(r, 63)))),
    (Type::Dynamic, |r| {
        let series: Vec<String> = (0..below(r, 7)).map(|_| format!("{:e}", real(r))).collect();
        format!("dynamic([{}])", series.join(", "))
    }),
];

fn bits(runner: &mut TestRunner) -> u64 {
    any(runner, proptest::num::u64::ANY)
}

/// A number between -1 and 1, one like those in logs, or any at all.
fn real(runner: &mut TestRunner) -> f64 {
    let any = f64::from_bits(bits(runner));
    match below(runner, 4) {
        0 => below(runner, 1 << 30) as f64 / f64::from(1 << 29) - 1.0,
        1 if any.is_finite() => any,
        _ => below(runner, 4001) as f64 / 100.0 - 20.0,
    }
}

/// Templates of a call, with as many arguments as it may have: half of them those of an example, so that they suit each other.
fn calls_of(
    g: &mut Grammar,
    name: &str,
    params: &'static [Param],
    examples: &[(&'static str, &str)],
    pinned: &dyn Fn(usize, Kind) -> Option<Type>,
) -> Vec<String> {
    let own = if GROWING.contains(&name) { 16 } else { 2 };
    let mut examples: Vec<Vec<&str>> =
        examples.iter().map(|(example, _)| known_arguments(example, name)).collect();
    if examples.is_empty() {
        examples.push(Vec::new());
    }
    let has_common = params.iter().any(|p| p.kind == Kind::Common);
    let mut templates = Vec::new();
    for given in given(params) {
        for example in &examples {
            for (_, common) in COLUMNS.iter().take(if has_common { COLUMNS.len() } else { 1 }) {
                let mut call = format!("{name}(");
                for (n, (i, param)) in given.iter().enumerate() {
                    let comma = if n == 0 { "" } else { ", " };
                    let fixed = pinned(*i, param.kind).or((param.kind == Kind::Common).then_some(*common));
                    let argument = match (param.kind, fixed, example.get(n)) {
                        (Kind::TypeLiteral, ..) => "typeof({type})".to_owned(),
                        (_, Some(ty), _) => format!("{{{}}}", ty.name()),
                        (kind, None, known) => format!("{{{}}}", argument(g, kind, known.copied(), own)),
                    };
                    let _ = write!(call, "{comma}{argument}");
                }
                templates.push(call + ")");
            }
        }
    }
    templates.sort_unstable();
    templates.dedup();
    templates
}

/// The rule of an argument: one that is known, or an expression of a type that the parameter takes.
fn argument(g: &mut Grammar, kind: Kind, known: Option<&str>, own: u32) -> String {
    let types: Vec<&str> =
        COLUMNS.iter().filter(|(_, ty)| takes(kind, *ty)).map(|(_, ty)| ty.name()).collect();
    // No braces: this stands in a template.
    let rule =
        format!("{}|{own}|{}", types.join("|"), known.unwrap_or_default()).replace(['{', '}', ' '], "_");
    if !g.has(&rule) {
        if let Some(known) = known {
            g.texts(&rule, own - 1, [known]);
        }
        g.templates(&rule, 1, types.iter().map(|ty| format!("{{{ty}}}")));
    }
    rule
}

/// Which parameters get an argument, each with its place among all of them: some of those that can be left out, and a few groups of those
/// that repeat.
fn given(params: &'static [Param]) -> Vec<Vec<(usize, &'static Param)>> {
    let all: Vec<(usize, &Param)> = params.iter().enumerate().collect();
    match all.iter().position(|(_, p)| p.repeated) {
        None => {
            let least = params.iter().filter(|p| !p.optional).count();
            (least..=params.len()).map(|count| all[..count].to_vec()).collect()
        }
        Some(first) => {
            let group: Vec<_> = all.iter().copied().filter(|(_, p)| p.repeated).collect();
            let of =
                |times: usize| [&all[..first], &group.repeat(times), &all[first + group.len()..]].concat();
            (1..=3).map(of).collect()
        }
    }
}
