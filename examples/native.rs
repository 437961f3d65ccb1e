//! The engine without WebAssembly, for tests that compare the two and for profiling:
//! `native query --batch`, `native fuzz COUNT`, `native functions`, `native scan [--rules FILE]… PATH…`,
//! `native check FILE…`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

#[path = "../tests/kql/datatable.rs"]
mod datatable;
#[path = "../tests/kql/fuzz.rs"]
mod fuzz;
#[path = "../tests/support/kql.rs"]
mod random_kql;

use datatable::datatable;
use forepost::detector::{Context, Detector, Options, QueryRun, RuleFile, check};
use forepost::host::batch::query_batch_line;
use forepost::host::json;
use fuzz::{COLUMNS, Fuzz, fuzz, takes};
use kql::functions::Kind;
use kql::value::Type;
use std::io::{BufRead, Read, Write};

/// What `now()` is in all of these: results must not depend on the day.
const NOW: i64 = 639_073_152_000_000_000;

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("query") if args.iter().any(|a| a == "--batch") => batch(),
        Some("query") => query(args.get(1..).unwrap_or_default()),
        Some("fuzz") => queries(args.get(1).and_then(|n| n.parse().ok()).unwrap_or_default()),
        Some("scan") => scan(args.get(1..).unwrap_or_default()),
        Some("functions") => {
            functions();
            Ok(())
        }
        Some("check") => check_files(args.get(1..).unwrap_or_default()),
        _ => {
            eprintln!(
                "usage: native query --batch | query KQL PATH… | fuzz COUNT | scan [--rules FILE]… PATH… | check FILE…"
            );
            std::process::exit(2);
        }
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
    for f in kql::functions::FAMILIES.iter().flat_map(|f| f.functions) {
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
            let query = format!("{} | project {}({})", datatable(COLUMNS, &[]), f.name, args.join(", "));
            println!("{}", serde_json::json!({ "id": format!("{}#{column}", f.name), "query": query }));
        }
    }
    for a in kql::aggregates::sorted() {
        for (i, (example, _)) in a.examples.iter().enumerate() {
            let query = format!("datatable(x:long, s:string)[1,'a', 2,'b', 2,'b'] | summarize {example}");
            println!("{}", serde_json::json!({ "id": format!("{}#{i}", a.name), "query": query }));
        }
    }
}

/// Random queries, and those that once had different answers here and in WebAssembly, one
/// `{"id","query","calls"}` a line.
fn queries(count: u64) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (i, query) in include_str!("../tests/kql/disagreed.kql").lines().enumerate() {
        writeln!(
            out,
            "{}",
            serde_json::json!({ "id": format!("kept {}", i + 1), "query": query, "calls": [] })
        )?;
    }
    for seed in 1..=count {
        let Fuzz { query, calls } = fuzz(seed);
        writeln!(out, "{}", serde_json::json!({ "id": seed, "query": query, "calls": calls }))?;
    }
    out.flush()
}

fn batch() -> std::io::Result<()> {
    let out = std::io::stdout();
    let mut out = out.lock();
    for line in std::io::stdin().lock().lines() {
        writeln!(out, "{}", query_batch_line(&line?, NOW))?;
    }
    Ok(())
}

/// Reads a file piece by piece. The buffer is for all files: to clear a new one costs more than to read a small file.
fn feed(path: &str, chunk: &mut Vec<u8>, mut push: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut file = std::fs::File::open(path)?;
    chunk.resize(1 << 20, 0);
    loop {
        match file.read(chunk)? {
            0 => return Ok(()),
            n => push(chunk.get(..n).unwrap_or_default()),
        }
    }
}

fn query(args: &[String]) -> std::io::Result<()> {
    let Some((kql, paths)) = args.split_first() else { return Ok(()) };
    let refuse = |invalid: forepost::detector::InvalidQuery| -> ! {
        eprintln!("{invalid}");
        std::process::exit(2)
    };
    let mut run = QueryRun::rereading(kql, NOW, &Context::default()).unwrap_or_else(|e| refuse(e));
    let mut chunk = Vec::new();
    loop {
        for path in paths {
            feed(path, &mut chunk, |bytes| run.push(bytes))?;
            run.end_input();
        }
        if !run.reads_again() {
            break;
        }
        run.read_again().unwrap_or_else(|e| refuse(e));
    }
    println!("{}", json::answer(&run.result()));
    eprint!("{}", json::problems(&run.take_problems()));
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
        Err(errors) => {
            errors.findings.iter().for_each(|f| eprintln!("{}", json::finding(f)));
            std::process::exit(2);
        }
    };
    let mut chunk = Vec::new();
    for path in paths {
        feed(path, &mut chunk, |bytes| detector.push(bytes))?;
        detector.end_input();
        // As the package does: only so many problems are kept at once.
        eprint!("{}", json::problems(&detector.take_problems()));
    }
    detector.finish();
    // Some megabytes at a time.
    loop {
        let alerts = detector.take_alerts();
        if alerts.is_empty() {
            break;
        }
        print!("{}", json::alerts(&alerts));
    }
    eprint!("{}", json::problems(&detector.take_problems()));
    eprintln!("{}", json::stats(&detector.stats()));
    Ok(())
}

fn check_files(paths: &[String]) -> std::io::Result<()> {
    let files: Result<Vec<RuleFile>, _> = paths.iter().map(|p| rule_file(p)).collect();
    check(&files?, &Context::default()).iter().for_each(|f| println!("{}", json::finding(f)));
    Ok(())
}
