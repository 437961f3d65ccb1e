//! The function library against its own tables: every example runs, every family is in order.

use forepost::detector::QueryRun;
use forepost::kql::functions::{self, FAMILIES, Kind};
use forepost::kql::{REFUSED_FUNCTIONS, aggregates};
use serde_json::Value;

const NOW: i64 = 639_073_152_000_000_000;

/// The one cell a query yields, in the text form examples are written in; or what went wrong.
fn answer(query: &str) -> Result<String, String> {
    let mut run = QueryRun::new(query, NOW, &[]).map_err(|d| format!("{d:?}"))?;
    let result: Value = serde_json::from_str(&run.result()).map_err(|e| e.to_string())?;
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
    for a in aggregates::AGGREGATES {
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
    let aggregates: Vec<&str> = aggregates::AGGREGATES.iter().map(|a| a.name).collect();
    assert!(aggregates.is_sorted(), "{aggregates:?}");
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
                        Kind::OneOf(types) if types.contains(&forepost::value::Type::Dynamic) => &dynamic,
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
                if let Ok(mut run) = QueryRun::new(&call, NOW, &[]) {
                    assert!(run.result().contains("rows"), "{call}");
                }
            }
        }
    }
}
