//! What single expressions yield, of constants and of columns alike, and what is refused of them. Kusto folds constants in one
//! program and reads columns in another; where the two are known to differ, the case says so.

use kql::functions::{FAMILIES, Fixed, Function, Kind, Param};
use serde_json::{Value, json};

/// An operand, an expression over it as `x`, and its value.
const SAME: &[(&str, &str, &str)] = &[
    // Whole numbers wrap, whatever the operator.
    ("long(9223372036854775807)", "x + 1", "-9223372036854775808"),
    ("long(-9223372036854775807)", "x - 2", "9223372036854775807"),
    ("long(4611686018427387904)", "x * 2", "-9223372036854775808"),
    ("long(-9223372036854775808)", "x / -1", "-9223372036854775808"),
    ("long(-9223372036854775808)", "x % -1", "0"),
    ("long(5)", "x / 0", "null"),
    ("long(5)", "x % 0", "null"),
    // The remainder is never negative, of no type.
    ("long(-14)", "x % 12", "10"),
    ("long(14)", "x % -12", "2"),
    ("real(-7.5)", "x % 2", "0.5"),
    ("real(7.5)", "x % -2", "1.5"),
    ("real(-7.5)", "x % -2", "0.5"),
    ("decimal(-7.5)", "x % 2", r#""0.5""#),
    ("decimal(7.5)", "x % decimal(-2)", r#""1.5""#),
    ("timespan(-7h)", "x % 2h", r#""01:00:00""#),
    // Bins: none below zero.
    ("long(-7)", "bin(x, 5)", "-10"),
    ("long(7)", "bin(x, -5)", "null"),
    ("timespan(7h)", "bin(x, -2h)", "null"),
    ("datetime(2020-02-03 04:05)", "bin(x, -1h)", "null"),
    ("datetime(2020-02-03 04:05)", "bin_at(x, -1h, datetime(2020-01-01))", "null"),
    // NaN.
    ("real(nan)", "max_of(x, 1.0)", r#""NaN""#),
    ("real(nan)", "max_of(1.0, x)", r#""NaN""#),
    ("real(nan)", "min_of(1.0, x)", r#""NaN""#),
    ("real(nan)", "sign(x)", "0.0"),
    ("real(nan)", "x == x", "false"),
    ("real(-4)", "sqrt(x)", r#""NaN""#),
    ("real(-4)", "log(x)", "null"),
    ("real(-4)", "log10(x)", "null"),
    // The text of reals, wherever a real becomes text.
    ("real(3)", "tostring(x)", r#""3.0""#),
    ("real(-0.0)", "strcat(x, '')", r#""-0.0""#),
    ("real(2.5e10)", "strcat('<', x, '>')", r#""<25000000000.0>""#),
    ("real(+inf)", "tostring(x)", r#""inf""#),
    ("real(-inf)", "strcat(x)", r#""-inf""#),
    ("real(0.1)", "tostring(x + 0.2)", r#""0.30000000000000007""#),
    ("real(3)", "strlen(tostring(x))", "3"),
    ("real(3)", "tostring(pack_array(x, 1))", r#""[3.0,1]""#),
    ("real(3)", "dynamic_to_json(bag_pack('a', x))", r#""{\"a\":3.0}""#),
    ("real(3)", "strcat_array(pack_array(x, 1), ' ')", r#""3.0 1""#),
    ("real(3)", "tostring(x) == '3'", "false"),
    ("real(3)", "toint(tostring(x))", "null"),
    ("real(nan)", "tostring(pack_array(x))", r#""[\"NaN\"]""#),
    ("dynamic(3.0)", "tostring(x)", r#""3.0""#),
    // Texts as numbers, bools and times.
    ("'0x1F'", "tolong(x)", "31"),
    ("'-0x1F'", "toint(x)", "null"),
    ("'0x1F'", "todouble(x)", "null"),
    ("'0x1F'", "tobool(x)", "true"),
    ("'0x'", "tolong(x)", "null"),
    ("'Inf'", "toreal(x)", r#""Infinity""#),
    ("'-inf'", "toreal(x)", r#""-Infinity""#),
    ("'INF'", "toreal(x)", "null"),
    ("'1e999'", "toreal(x)", r#""Infinity""#),
    ("'2.5'", "totimespan(x)", "null"),
    ("'2'", "totimespan(x)", r#""2.00:00:00""#),
    ("real(2.5)", "todatetime(x)", r#""0001-01-01T00:00:00.0000002Z""#),
    ("dynamic('0x1F')", "todouble(x)", "null"),
    ("dynamic('0x1F')", "tobool(x)", "true"),
    // A decimal beside a real.
    ("decimal(0.1)", "x == 0.1", "true"),
    ("decimal(0.1)", "x in (0.1, 0.2)", "true"),
    ("real(0.1)", "x in (decimal(0.1))", "true"),
    ("decimal(0.1)", "x <= 0.1", "true"),
    ("decimal(0.1)", "x between (0.1 .. 0.2)", "true"),
    // Formats.
    ("datetime(2020-03-05 06:07)", "format_datetime(x, 'ddd MMM yyy h tt')", r#""055 033 2020 6 AM""#),
    ("timespan(-26h)", "format_timespan(x, 'd.hh:mm')", r#""-1.02:00""#),
    ("timespan(-1tick)", "format_timespan(x, 's.fffffff')", r#""-0.0000001""#),
    ("datetime(9999-12-31)", "dayofweek(x)", "null"),
    ("datetime(9999-12-30)", "dayofweek(x)", r#""4.00:00:00""#),
    // Arrays.
    ("dynamic([1, 2])", "array_concat(x, dynamic(null), dynamic({}), dynamic([3]))", "[1,2,3]"),
    ("dynamic(null)", "array_concat(x, x)", "null"),
    ("dynamic([1, null, 2.5])", "array_sum(x)", "3.5"),
    ("dynamic([])", "array_sum(x)", "null"),
    ("long(-1)", "repeat('a', x)", "null"),
    ("''", "indexof('abc', x)", "null"),
    // JSON.
    (r#"'{"a":1e400,"b":[-1e400,1]}'"#, "parse_json(x).b[1]", "1"),
    (r#"'{"a":1e400,"b":1}'"#, "parse_json(x).a > 1e308", "true"),
    (r#"'{"a":1e400,"b":1}'"#, "extract_json('$.b', x, typeof(long))", "1"),
    (r#"'{"a":"1\t","b":1}'"#, "gettype(parse_json(x))", r#""string""#),
    (r#"'{"a":"1\\t","b":1}'"#, "strlen(parse_json(x).a)", "2"),
    (r#"'{"a":01,"b":1}'"#, "gettype(parse_json(x))", r#""string""#),
    // Addresses.
    ("'at 7127.0.0.1'", "has_ipv4(x, '127.0.0.1')", "true"),
    ("'at 7127.0.0.1'", "has_any_ipv4(x, '127.0.0.1')", "false"),
    ("'at (127.0.0.1)'", "has_any_ipv4(x, '127.0.0.1')", "true"),
    ("'at x127.0.0.1'", "has_any_ipv4_prefix(x, '127.')", "false"),
];

/// Where constants and columns differ: the operand, the expression, the value of a constant and of a column.
const DIFFERENT: &[(&str, &str, &str, &str)] = &[
    ("' True '", "tobool(x)", "true", "null"),
    ("' 0 '", "tobool(x)", "false", "null"),
    ("real(+inf)", "tolong(x)", "null", "9223372036854775807"),
    ("real(-inf)", "toint(x)", "null", "-2147483648"),
];

fn cell(query: &str) -> String {
    let answer = super::answer(query);
    let cell = answer["rows"].get(0).and_then(|row| row.get(0));
    cell.map_or_else(|| answer["error"].to_string(), Value::to_string)
}

/// The expression over the operand itself, and over a column of it.
fn both(operand: &str, expression: &str) -> [String; 2] {
    let ty = cell(&format!("print gettype({operand})"));
    let ty = match ty.trim_matches('"') {
        _ if operand.starts_with("dynamic") => "dynamic",
        ty => ty,
    };
    [
        cell(&format!("let x = {operand}; print {expression}")),
        cell(&format!("datatable(x:{ty})[{operand}] | project {expression}")),
    ]
}

#[test]
fn constants_and_columns() {
    let mut wrong = Vec::new();
    let different = DIFFERENT.iter().copied();
    for (operand, expression, constant, column) in
        SAME.iter().map(|(x, e, v)| (*x, *e, *v, *v)).chain(different)
    {
        let got = both(operand, expression);
        if got != [constant, column] {
            wrong.push(format!("{expression} where x is {operand}: {got:?}, want {constant}, {column}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A query over `datatable(x:long, s:string, d:dynamic)[…]` and the code of its error.
const REFUSED: &[(&str, &str)] = &[
    ("extend y = d + d", "KS106"),
    ("extend y = d * d[0]", "KS106"),
    ("extend y = d - d", "KS106"),
    ("extend y = iff(x > 0, x, 1.5)", "SEM0525"),
    ("extend y = case(x > 0, x, x > 1, 1, 1.5)", "SEM0525"),
    ("extend y = coalesce(x, decimal(1))", "SEM0525"),
    ("extend y = coalesce(x)", "KS120"),
    ("extend y = repeat(d, 2)", "KS116"),
    ("extend y = extract_all('a', s)", "FP013"),
    ("extend y = extractall('(?:a)', s)", "FP013"),
    ("extend y = format_datetime(now(), 'yyyy-MM-ddTHH')", "FP013"),
    ("extend y = format_datetime(now(), 't')", "FP013"),
    ("extend y = format_timespan(1h, 'c')", "FP013"),
    ("extend y = format_timespan(1h, '%h')", "FP013"),
    ("extend y = datetime_utc_to_local(now(), 'Mars/Olympus')", "FP013"),
    ("sort by x | extend y = prev(x, 0)", "FP013"),
    ("sort by x | extend y = next(x, 1, x)", "KS129"),
];

#[test]
fn what_kusto_refuses() {
    for (operators, code) in REFUSED {
        let query = format!("datatable(x:long, s:string, d:dynamic)[1, 'a', dynamic([1])] | {operators}");
        assert_eq!(super::answer(&query)["error"]["code"], json!(code), "{query}");
    }
    // What a query works out before its rows is a constant.
    let query = "let p = toscalar(print '(b)'); datatable(s:string)['abc'] | project extract(p, 1, s)";
    assert_eq!(cell(query), r#""b""#);
}

/// Every argument that must be a constant or a literal, tried as a column.
#[test]
fn constant_arguments_are_no_columns() {
    let mut tried = 0;
    for f in FAMILIES.iter().flat_map(|family| family.functions) {
        for (i, param) in f.params.iter().enumerate() {
            let code = match param.fixed {
                Fixed::No => continue,
                Fixed::Constant => "KS129",
                Fixed::Literal => "KS131",
            };
            let query = with_column(f, i);
            assert_eq!(super::answer(&query)["error"]["code"], json!(code), "{query}");
            tried += 1;
        }
    }
    assert!(tried > 25, "only {tried}");
}

/// A call with a column as one argument and literals as those before and behind it, as far as it needs them.
fn with_column(f: &Function, column: usize) -> String {
    let needed = |(i, p): &(usize, &Param)| *i <= column || !p.optional;
    let argument = |(i, p): (usize, &Param)| match (p.kind, i == column) {
        (Kind::Integer | Kind::Number, true) => "n",
        (Kind::Bool, true) => "b",
        (_, true) => "s",
        (Kind::Integer | Kind::Number, false) => "1",
        (Kind::DateTime, false) => "datetime(2020-01-01)",
        (Kind::Timespan, false) => "1h",
        (Kind::Dynamic, false) => "dynamic([1])",
        (Kind::Bool, false) => "true",
        (_, false) if p.name == "captureGroups" => "dynamic([1])",
        (_, false) => "'(a)'",
    };
    let arguments: Vec<&str> = f.params.iter().enumerate().filter(needed).map(argument).collect();
    format!(
        "datatable(n:long, s:string, b:bool)[1, 'a', true] | project y = {}({})",
        f.name,
        arguments.join(", ")
    )
}
