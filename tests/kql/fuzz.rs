//! Random well-typed expressions over the whole library, for comparing the engine with itself in WebAssembly
//! (`tests/package/fuzz.test.js`). What may stand where is read from the tables of functions and aggregates: a new
//! function is tried as soon as it is there.
//!
//! Left out is only what depends on more than the query, and stands in none of these tables: `now` and `ago` read the
//! clock, which the command takes from the machine; `rand` and `new_guid` the engine refuses.

use super::datatable::datatable;
use super::random::Random;
use kql::aggregates;
use kql::functions::{FAMILIES, Function, Kind, Param, Returns};
use kql::syntax::ast::TEXT_OPS;
use kql::value::{Type, datetime};

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

/// How deep calls and operators stand in each other.
const DEPTH: usize = 4;

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
    let mut writer = Writer { random: Random::new(seed), calls: Vec::new(), columns: true };
    let cells: Vec<String> = (0..4).flat_map(|_| COLUMNS).map(|(_, ty)| writer.literal(*ty)).collect();
    let table = datatable(COLUMNS, &cells);
    let aggregates = aggregates::sorted();
    let turn = seed as usize % (functions().count() + aggregates.len() + OPERATORS.len());
    if let Some(a) = turn.checked_sub(functions().count()).and_then(|turn| aggregates.get(turn)) {
        writer.calls.push(a.name);
        let args = writer.arguments(a.params, a.name, a.examples, DEPTH, |_, _| None);
        let by = writer.random.one(&["", " by b", " by s"]);
        return Fuzz { query: format!("{table} | summarize {}({args}){by}", a.name), calls: writer.calls };
    }
    writer.columns = writer.random.below(2) == 0;
    let expression = match functions().nth(turn) {
        Some(f) => {
            let want = writer.any_type();
            writer.call(f, want, DEPTH)
        }
        None => writer.operator(OPERATORS[turn - functions().count() - aggregates.len()].0, DEPTH),
    };
    let query = if writer.columns {
        format!("{table} | project {expression}")
    } else {
        format!("print {expression}")
    };
    Fuzz { query, calls: writer.calls }
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

struct Writer {
    random: Random,
    calls: Vec<&'static str>,
    /// Whether there is a row to read.
    columns: bool,
}

impl Writer {
    fn any_type(&mut self) -> Type {
        COLUMNS[self.random.below(COLUMNS.len())].1
    }

    /// An expression of a type.
    fn expression(&mut self, ty: Type, depth: usize) -> String {
        let choice = self.random.below(10);
        if depth == 0 || choice < 2 {
            return self.leaf(ty);
        }
        let operators: Vec<&str> = OPERATORS.iter().filter(|(_, t)| *t == ty).map(|(o, _)| *o).collect();
        if choice < 5 && !operators.is_empty() {
            let operator = self.random.one(&operators);
            return self.operator(operator, depth);
        }
        let all: Vec<&Function> = functions().collect();
        let some: Vec<&Function> = (0..8).map(|_| self.random.one(&all)).collect();
        match some.iter().find(|f| can_be(f, ty)) {
            Some(f) => self.call(f, ty, depth),
            None => format!("to{}({})", ty.name(), self.call(some[0], ty, depth)),
        }
    }

    fn leaf(&mut self, ty: Type) -> String {
        match COLUMNS.iter().find(|(_, t)| *t == ty) {
            Some((column, _)) if self.columns && self.random.below(2) == 0 => (*column).to_owned(),
            _ => self.literal(ty),
        }
    }

    fn literal(&mut self, ty: Type) -> String {
        let bits = self.random.bits();
        match (self.random.below(3), ty) {
            (0, Type::Int) => format!("int({})", bits as i32),
            (0, Type::Long) => format!("long({})", bits as i64 >> self.random.below(64)),
            (0, Type::Real) => format!("real({:e})", self.real()),
            (0, Type::Decimal) => format!("decimal({}.{})", bits as i32, self.random.below(1 << 20)),
            (0, Type::DateTime) => {
                format!("datetime({})", datetime::format((bits % datetime::MAX as u64) as i64))
            }
            (0, Type::Timespan) => format!("{}tick", bits >> (1 + self.random.below(63))),
            (0, Type::Dynamic) => {
                let series: Vec<String> =
                    (0..self.random.below(7)).map(|_| format!("{:e}", self.real())).collect();
                format!("dynamic([{}])", series.join(", "))
            }
            _ => {
                let known = LITERALS.iter().find(|(t, _)| *t == ty).map_or(&[""][..], |(_, known)| known);
                self.random.one(known).to_owned()
            }
        }
    }

    /// A number between -1 and 1, one like those in logs, or any at all.
    fn real(&mut self) -> f64 {
        let any = f64::from_bits(self.random.bits());
        match self.random.below(4) {
            0 => self.random.below(1 << 30) as f64 / f64::from(1 << 29) - 1.0,
            1 if any.is_finite() => any,
            _ => self.random.below(4001) as f64 / 100.0 - 20.0,
        }
    }

    fn operator(&mut self, template: &str, depth: usize) -> String {
        let mut out = String::new();
        for part in template.split_inclusive('}') {
            let (text, hole) = part.trim_end_matches('}').split_once('{').unwrap_or((part, ""));
            out.push_str(text);
            match Type::from_name(hole) {
                Some(ty) => out.push_str(&self.expression(ty, depth - 1)),
                None if hole == "text" => out.push_str(TEXT_OPS[self.random.below(TEXT_OPS.len())].name),
                None => out.push_str(self.random.one(&hole.split(' ').collect::<Vec<_>>())),
            }
        }
        out
    }

    /// A call; where its arguments decide of what type it is, of the one wanted.
    fn call(&mut self, f: &'static Function, want: Type, depth: usize) -> String {
        self.calls.push(f.name);
        let args = self.arguments(f.params, f.name, f.examples, depth, |i, kind| match f.returns {
            Returns::Argument(n) => (n == i && takes(kind, want)).then_some(want),
            Returns::Common => (kind == Kind::Common).then_some(want),
            _ => None,
        });
        format!("{}({args})", f.name)
    }

    fn arguments(
        &mut self,
        params: &'static [Param],
        name: &str,
        examples: &[(&'static str, &str)],
        depth: usize,
        pinned: impl Fn(usize, Kind) -> Option<Type>,
    ) -> String {
        let common = self.any_type();
        let own = if GROWING.contains(&name) { 16 } else { 2 };
        let example = examples.get(self.random.below(examples.len())).map_or("", |(example, _)| *example);
        let known = known_arguments(example, name);
        let mut args = Vec::new();
        for (i, param) in self.given(params) {
            let known = known.get(args.len());
            let fixed = pinned(i, param.kind).or((param.kind == Kind::Common).then_some(common));
            let types: Vec<Type> = match fixed {
                Some(ty) => vec![ty],
                None => COLUMNS.iter().map(|(_, ty)| *ty).filter(|ty| takes(param.kind, *ty)).collect(),
            };
            args.push(if param.kind == Kind::TypeLiteral {
                format!("typeof({})", self.any_type().name())
            } else if let Some(known) = known
                && fixed.is_none()
                && self.random.below(own) != 1
            {
                (*known).to_owned()
            } else {
                let ty = types[self.random.below(types.len())];
                self.expression(ty, depth - 1)
            });
        }
        args.join(", ")
    }

    /// The parameters that get an argument, each with its place among all of them: some of those that can be left out,
    /// and a few groups of those that repeat.
    fn given(&mut self, params: &'static [Param]) -> Vec<(usize, &'static Param)> {
        let all: Vec<(usize, &Param)> = params.iter().enumerate().collect();
        match all.iter().position(|(_, p)| p.repeated) {
            None => {
                let least = params.iter().filter(|p| !p.optional).count();
                let count = least + self.random.below(params.len() - least + 1);
                all[..count].to_vec()
            }
            Some(first) => {
                let group: Vec<_> = all.iter().copied().filter(|(_, p)| p.repeated).collect();
                let mut out = all[..first].to_vec();
                (0..=self.random.below(3)).for_each(|_| out.extend(&group));
                out.extend(&all[first + group.len()..]);
                out
            }
        }
    }
}
