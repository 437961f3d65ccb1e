//! The function library against its own tables: every example runs, every family is in order.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use forepost::detector::{Context, QueryRun};
use forepost::host::json::answer as answer_json;
use kql::functions::{self, FAMILIES, Kind};
use kql::{REFUSED_FUNCTIONS, aggregates};
use serde_json::Value;

const NOW: i64 = 639_073_152_000_000_000;

/// The one cell a query yields, in the text form examples are written in; or what went wrong.
fn answer(query: &str) -> Result<String, String> {
    let mut run = QueryRun::new(query, NOW, &Context::default()).map_err(|d| format!("{d:?}"))?;
    let result: Value = serde_json::from_str(&answer_json(&run.result())).map_err(|e| e.to_string())?;
    match result.pointer("/rows/0/0") {
        Some(Value::String(s)) => Ok(s.clone()),
        Some(Value::Number(n)) if n.as_f64().is_some_and(|r| r.fract() == 0.0 && r.abs() < 1e15) => {
            Ok(format!("{}", n.as_f64().unwrap_or_default()))
        }
        Some(other) => Ok(other.to_string()),
        None => Err(result.to_string()),
    }
}

#[test]
fn every_example_of_a_function_holds() {
    let mut wrong = Vec::new();
    for f in FAMILIES.iter().flat_map(|f| f.functions) {
        assert!(!f.examples.is_empty(), "{} has no example", f.name);
        assert!(!f.doc.is_empty(), "{} has no line of documentation", f.name);
        let called = |(e, _): &(&str, &str)| e.contains(&format!("{}(", f.name));
        assert!(f.examples.iter().any(called), "{}: no example calls it", f.name);
        for (example, want) in f.examples {
            match answer(&format!("print x = {example}")) {
                Ok(got) if got == *want => {}
                other => wrong.push(format!("{example}: {other:?}, want {want}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} examples:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_example_of_an_aggregate_holds() {
    let mut wrong = Vec::new();
    for a in aggregates::sorted() {
        assert!(!a.examples.is_empty(), "{} has no example", a.name);
        for (example, want) in a.examples {
            assert!(example.contains(a.name), "{}: {example}", a.name);
            let table = "datatable(x:long, s:string)[1,'a', 2,'b', 2,'b']";
            match answer(&format!("{table} | summarize {example}")) {
                Ok(got) if got == *want => {}
                other => wrong.push(format!("{example}: {other:?}, want {want}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} examples:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every operator over values is told of, and what is told holds.
#[test]
fn every_scalar_operator_has_an_example_that_holds() {
    use kql::syntax::ast::{BinaryOp, ListOp, TEXT_OPS};
    let told: Vec<&str> = kql::coverage::SCALAR_OPERATORS.iter().map(|(name, ..)| *name).collect();
    let symbols =
        ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or", "between", "!between"];
    let lists = ["in", "!in", "in~", "!in~", ListOp::HasAny.text(), ListOp::HasAll.text()];
    let all = TEXT_OPS.iter().map(|op| BinaryOp::Text(op).text()).chain(lists).chain(symbols);
    assert_eq!(all.filter(|name| !told.contains(name)).collect::<Vec<_>>(), Vec::<&str>::new());
    for (name, doc, example, result) in kql::coverage::SCALAR_OPERATORS {
        assert!(example.contains(name) && !doc.is_empty(), "{name}");
        assert_eq!(answer(&format!("print x = {example}")).as_deref(), Ok(*result), "{example}");
    }
}

#[test]
fn tables_are_sorted_and_names_stand_once() {
    let mut all = Vec::new();
    for family in FAMILIES {
        let names: Vec<&str> = family.functions.iter().map(|f| f.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(names, sorted, "{}", family.name);
        all.extend(names);
    }
    let aggregates: Vec<&str> = aggregates::sorted().iter().map(|a| a.name).collect();
    assert!(aggregates.is_sorted_by(|a, b| a < b), "{aggregates:?}");
    assert!(FAMILIES.iter().map(|f| f.name).is_sorted());
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "a name stands twice");
    for (name, reason) in REFUSED_FUNCTIONS {
        assert!(!reason.is_empty() && functions::find(name).is_none(), "{name} is refused and there");
    }
    assert!(REFUSED_FUNCTIONS.iter().map(|(name, _)| name).is_sorted());
}

/// Hostile arguments of every function: whatever they are, there is an answer and no panic.
#[test]
fn no_function_falls_over_what_it_is_given() {
    let text = [
        "''",
        "'é\\u0000\\uD83D\\uDE00'",
        "'\\\\'",
        "'%'",
        "'<'",
        "'/'",
        "'xn--'",
        "'[['",
        "strrep('ab', 1000)",
    ];
    let whole = ["0", "-1", "long(null)", "9223372036854775807", "-9223372036854775807", "int(-2147483647)"];
    let real = ["0.0", "-1.5", "real(nan)", "real(+inf)", "1e308", "real(null)"];
    let dynamic = [
        "dynamic(null)",
        "dynamic([])",
        "dynamic({})",
        "dynamic('x')",
        "dynamic([null, 'a', 1, -2.5, {}, []])",
        "dynamic({'a': {'b': null}, '$': [1]})",
        "dynamic([9223372036854775807, 1])",
    ];
    let date = ["datetime(null)", "datetime(0001-01-01)", "datetime(9999-12-31 23:59:59.9999999)"];
    let span = ["0s", "-1tick", "timespan(null)", "10675199d"];
    for f in FAMILIES.iter().flat_map(|f| f.functions) {
        for variant in 0..24_usize {
            for more in 0..3 {
                let mut args = Vec::new();
                for (i, p) in f.params.iter().enumerate() {
                    let from: &[&str] = match p.kind {
                        Kind::Text | Kind::TextOrDynamic => &text,
                        Kind::Integer => &whole,
                        Kind::Number => {
                            if (variant + i) % 2 == 0 {
                                &whole
                            } else {
                                &real
                            }
                        }
                        Kind::Summable => [&whole[..], &real, &date, &span][(variant / 2) % 4],
                        Kind::Bool => &["true", "false", "bool(null)"],
                        Kind::DateTime => &date,
                        Kind::Timespan => &span,
                        Kind::Guid => &["guid(null)", "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)"],
                        Kind::Dynamic => &dynamic,
                        Kind::TypeLiteral => &["typeof(long)", "typeof(datetime)"],
                        Kind::OneOf(types) if types.contains(&kql::value::Type::Dynamic) => &dynamic,
                        Kind::OneOf(_) => &text,
                        Kind::Scalar | Kind::NotDynamic | Kind::Common => {
                            [&text[..], &whole, &real, &date][variant % 4]
                        }
                    };
                    if p.optional && i >= f.params.len() - more.min(f.params.len()) {
                        continue;
                    }
                    let times = if p.repeated { 2 } else { 1 };
                    args.extend((0..times).map(|t| from[(variant * (i + 1) + t) % from.len()]));
                }
                let call = format!("print x = {}({})", f.name, args.join(", "));
                if let Ok(mut run) = QueryRun::new(&call, NOW, &Context::default()) {
                    assert!(run.result().is_ok(), "{call}");
                }
            }
        }
    }
}

/// What could grow without bound is capped. What a query makes too large is an error, and what a log holds is null or empty;
/// nothing is cut.
#[test]
fn what_could_grow_is_capped() {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;
    const TOO_LARGE: &str = "too large";
    for (query, want) in [
        ("print isnull(repeat(1, 9223372036854775807))", TOO_LARGE),
        ("print array_length(range(1, 9223372036854775807))", "1048576"),
        ("print array_length(range(1.0, real(+inf)))", "1048576"),
        ("print array_length(range(9223372036854775806, 9223372036854775807, 9223372036854775807))", "1"),
        ("print strlen(strrep(strrep(strrep('x', 1024), 1024), 1024))", TOO_LARGE),
        ("print strlen(replace_string(strrep(strrep('x', 1024), 1024), 'x', strrep('y', 1024)))", TOO_LARGE),
        (
            "print strlen(replace_strings(strrep(strrep('x', 1024), 1024), dynamic(['x']), pack_array(strrep('y', 1024))))",
            TOO_LARGE,
        ),
        ("print strlen(replace_regex(strrep(strrep('x', 1024), 64), 'x', strrep('y', 1024)))", TOO_LARGE),
        ("print strlen(punycode_from_string(strrep('é', 1024)))", "1026"),
        ("print isnull(parse_xml(strrep(strrep('<e/>', 1024), 512)))", "true"),
        (
            "print strlen(translate(strrep(strrep('x', 1024), 1024), 'y', strrep(strrep('z', 1024), 8)))",
            "8192",
        ),
        (
            "print strlen(strcat_array(repeat(strrep(strrep('x', 1024), 8), 1024), strrep(strrep('y', 1024), 16)))",
            TOO_LARGE,
        ),
        ("print isnull(repeat(strrep(strrep('x', 1024), 1024), 17))", TOO_LARGE),
        ("print isnull(series_fir(range(1, 100000), range(1, 100000)))", "true"),
    ] {
        match answer(query) {
            Err(error) if want == TOO_LARGE => assert!(error.contains("too large"), "{query}: {error}"),
            answer => assert_eq!(answer.as_deref(), Ok(want), "{query}"),
        }
    }
    // A gzip of 17 MB of one letter in 17 KB.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..17 {
        gzip.write_all(&[b'a'; 1 << 20]).expect("into memory");
    }
    let bomb = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        gzip.finish().expect("into memory"),
    );
    let query = format!("print strlen(gzip_decompress_from_base64_string('{bomb}'))");
    assert_eq!(answer(&query).as_deref(), Ok("0"));
}

/// Names and types of columns where several come of one call, or a name is made of arguments.
#[test]
fn functions_of_several_columns() {
    for (query, want) in [
        (
            "print array_sort_asc(dynamic([2, 1]), dynamic(['b', 'a']))",
            r#"[["array0_sorted","dynamic"],["array1_sorted","dynamic"]]"#,
        ),
        (
            "datatable(d:dynamic)[] | extend (a) = array_sort_desc(d, d)",
            r#"[["d","dynamic"],["a","dynamic"],["d_sorted","dynamic"]]"#,
        ),
        (
            "datatable(y:dynamic)[] | project series_fit_line(y) | project-keep *slope, *fit",
            r#"[["series_fit_line_y_slope","real"],["series_fit_line_y_line_fit","dynamic"]]"#,
        ),
        (
            "datatable(x:long)[] | summarize percentilesw(x, x, 50, 99.9)",
            r#"[["percentile_x_50","long"],["percentile_x_99_9","long"]]"#,
        ),
        (
            "datatable(x:long)[] | project make_datetime(x), make_datetime(x, 1, 1)",
            r#"[["x","datetime"],["Column1","datetime"]]"#,
        ),
        (
            "datatable(a:long, b:real)[] | extend p = bag_pack_columns(a, b)",
            r#"[["a","long"],["b","real"],["p","dynamic"]]"#,
        ),
    ] {
        let mut run =
            QueryRun::new(query, NOW, &Context::default()).unwrap_or_else(|d| panic!("{query}: {d:?}"));
        let result: Value = serde_json::from_str(&answer_json(&run.result())).unwrap_or_default();
        let columns = result["columns"].as_array().cloned().unwrap_or_default();
        let columns: Vec<Value> = columns.iter().map(|c| serde_json::json!([c["name"], c["type"]])).collect();
        assert_eq!(Value::from(columns).to_string(), want, "{query}");
    }
    let error = QueryRun::new(
        "print (a, b, c) = array_sort_asc(dynamic([1]), dynamic([2]))",
        NOW,
        &Context::default(),
    );
    assert!(error.is_err_and(|d| d.diagnostics.iter().any(|d| d.code == "KS150")));
    assert_eq!(
        answer("print x = array_sort_asc(dynamic([2, 1]), dynamic(['b', 'a']))[1][0]").as_deref(),
        Ok("a")
    );
}

/// The pages that people and the command read are what the tables say. `FOREPOST_BLESS=1 cargo test --test functions`
/// writes them anew.
#[test]
fn the_coverage_pages_are_fresh() {
    let entries = kql::coverage::entries();
    let all: Vec<_> = kql::coverage::entries().into_iter().chain(kql::coverage::language()).collect();
    let pages = [
        ("docs/functions.md", kql::coverage::to_markdown(&entries)),
        ("docs/kql.md", kql::coverage::language_to_markdown()),
        ("js/functions.json", kql::coverage::to_json(&all)),
    ];
    for (file, text) in pages {
        let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("FOREPOST_BLESS").is_some() {
            std::fs::create_dir_all(std::path::Path::new(&path).parent().expect("a folder"))
                .expect("a folder");
            std::fs::write(&path, &text).expect("it can be written");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == text, "{file} is stale: FOREPOST_BLESS=1 cargo test --test functions");
    }
    assert!(entries.len() > 300);
}
