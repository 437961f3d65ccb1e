//! The engine without WebAssembly, for tests that compare the two and for profiling:
//! `native query --batch`, `native functions`, `native scan [--rules FILE]… PATH…`, `native check FILE…`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use forepost::detector::{Detector, Options, QueryRun, RuleFile, check, query_batch_line};
use forepost::kql::functions::Kind;
use forepost::value::Type;
use std::io::{BufRead, Read, Write};

/// What `now()` is in all of these: results must not depend on the day.
const NOW: i64 = 639_073_152_000_000_000;

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("query") if args.iter().any(|a| a == "--batch") => batch(),
        Some("query") => query(args.get(1..).unwrap_or_default()),
        Some("scan") => scan(args.get(1..).unwrap_or_default()),
        Some("functions") => {
            functions();
            Ok(())
        }
        Some("check") => check_files(args.get(1..).unwrap_or_default()),
        _ => {
            eprintln!(
                "usage: native query --batch | query KQL PATH… | scan [--rules FILE]… PATH… | check FILE…"
            );
            std::process::exit(2);
        }
    }
}

const COLUMNS: &[(&str, Type)] = &[
    ("t", Type::String),
    ("i", Type::Int),
    ("n", Type::Long),
    ("r", Type::Real),
    ("m", Type::Decimal),
    ("d", Type::Dynamic),
    ("b", Type::Bool),
    ("w", Type::DateTime),
    ("p", Type::Timespan),
    ("g", Type::Guid),
];

/// Whether a parameter takes a type without conversion.
fn takes(kind: Kind, ty: Type) -> bool {
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

fn literal(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer | Kind::Number | Kind::Summable => "1",
        Kind::Bool => "true",
        Kind::DateTime => "datetime(2020-01-01)",
        Kind::Timespan => "1d",
        Kind::Guid => "guid(null)",
        Kind::Dynamic => "dynamic([1])",
        Kind::OneOf(types) if types.contains(&Type::Dynamic) => "dynamic([1])",
        Kind::TypeLiteral => "typeof(long)",
        _ => "'a'",
    }
}

/// Every example of the library as a query, one `{"id","query","table"}` a line, for comparing with another binder.
fn functions() {
    for f in forepost::kql::functions::FAMILIES.iter().flat_map(|f| f.functions) {
        for (i, (example, _)) in f.examples.iter().enumerate() {
            let id = format!("{}#{i}", f.name);
            println!("{}", serde_json::json!({ "id": id, "query": format!("print {example}") }));
        }
        // And over a column of each type its first parameter takes: names and types depend on it.
        for (column, _) in
            COLUMNS.iter().filter(|(_, ty)| f.params.first().is_some_and(|p| takes(p.kind, *ty)))
        {
            let later = f.params.iter().skip(1).filter(|p| !p.optional).map(|p| literal(p.kind));
            let args: Vec<&str> = std::iter::once(*column).chain(later).collect();
            let table = COLUMNS
                .iter()
                .map(|(name, ty)| format!("{name}:{}", ty.name()))
                .collect::<Vec<_>>()
                .join(", ");
            let query = format!("datatable({table})[] | project {}({})", f.name, args.join(", "));
            println!("{}", serde_json::json!({ "id": format!("{}#{column}", f.name), "query": query }));
        }
    }
    for a in forepost::kql::aggregates::AGGREGATES {
        for (i, (example, _)) in a.examples.iter().enumerate() {
            let query = format!("datatable(x:long, s:string)[1,'a', 2,'b', 2,'b'] | summarize {example}");
            println!("{}", serde_json::json!({ "id": format!("{}#{i}", a.name), "query": query }));
        }
    }
}

fn batch() -> std::io::Result<()> {
    let out = std::io::stdout();
    let mut out = out.lock();
    for line in std::io::stdin().lock().lines() {
        writeln!(out, "{}", query_batch_line(&line?, NOW))?;
    }
    Ok(())
}

fn feed(path: &str, mut push: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut file = std::fs::File::open(path)?;
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(()),
            n => push(chunk.get(..n).unwrap_or_default()),
        }
    }
}

fn query(args: &[String]) -> std::io::Result<()> {
    let Some((kql, paths)) = args.split_first() else { return Ok(()) };
    let mut run = match QueryRun::new(kql, NOW, &[]) {
        Ok(run) => run,
        Err(diagnostics) => {
            diagnostics.iter().for_each(|d| eprintln!("{d:?}"));
            std::process::exit(2);
        }
    };
    for path in paths {
        feed(path, |bytes| run.push(bytes))?;
        run.end_input();
    }
    println!("{}", run.result());
    eprint!("{}", run.take_problems());
    Ok(())
}

fn rule_file(path: &str) -> std::io::Result<RuleFile> {
    Ok(RuleFile { file: path.to_owned(), text: std::fs::read_to_string(path)? })
}

fn scan(args: &[String]) -> std::io::Result<()> {
    let (mut rules, mut paths) = (Vec::new(), Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--rules" => rules.extend(args.next().map(|p| rule_file(p)).transpose()?),
            path => paths.push(path),
        }
    }
    let mut detector = match Detector::new(&rules, Options::default()) {
        Ok(detector) => detector,
        Err(findings) => {
            findings.iter().for_each(|f| eprintln!("{}", f.to_json()));
            std::process::exit(2);
        }
    };
    for path in paths {
        feed(path, |bytes| detector.push(bytes))?;
        detector.end_input();
    }
    detector.finish();
    print!("{}", detector.take_alerts());
    eprint!("{}", detector.take_problems());
    eprintln!("{}", detector.stats());
    Ok(())
}

fn check_files(paths: &[String]) -> std::io::Result<()> {
    let files: Result<Vec<RuleFile>, _> = paths.iter().map(|p| rule_file(p)).collect();
    check(&files?, &[]).iter().for_each(|f| println!("{}", f.to_json()));
    Ok(())
}
