//! Functions that a workspace saves.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use kql::bind::{Catalog, SavedFunction, Table};
use kql::diagnostic::{Diagnostic, Severity};
use kql::exec::late::compile;
use kql::value::{Column, Type};
use std::rc::Rc;

fn catalog(functions: Vec<SavedFunction>) -> Catalog {
    let columns = vec![Column::new("Name", Type::String), Column::new("N", Type::Long)];
    Catalog { tables: vec![Table { name: Rc::from("T"), columns }], functions }
}

fn lets(text: &str) -> Vec<SavedFunction> {
    SavedFunction::of_lets(text).expect(text)
}

fn of_body(name: &str, parameters: &str, body: &str) -> SavedFunction {
    SavedFunction::new(name, parameters, body).expect(body)
}

/// The columns of a query, or what is wrong with it.
fn columns(query: &str, functions: Vec<SavedFunction>) -> Result<Vec<String>, Vec<Diagnostic>> {
    let compiled = compile(query, &catalog(functions));
    let named = |plan: kql::bind::Query| {
        plan.plan.columns.iter().map(|c| format!("{}:{}", c.name, c.ty.name())).collect()
    };
    compiled.query.map(named).ok_or(compiled.diagnostics)
}

#[test]
fn they_are_called_as_kusto_calls_them() {
    let functions = || {
        let mut all = lets(
            "let Wanted = dynamic(['a']); let Actors = (T:(Name:string)) { T | where Name in (Wanted) }; let Half = (x:long, part:long = 2) { x / part };",
        );
        all.push(of_body("Everyone", "", "T\n| project Name // the last line"));
        all.push(of_body("Top", "n:long=5", "let m = n + 1;\nEveryone\n| take m"));
        all
    };
    for (query, wanted) in [
        ("T | invoke Actors()", "Name:string N:long"),
        ("Actors(T) | project N", "N:long"),
        ("Everyone", "Name:string"),
        ("Everyone() | join kind=inner Top(3) on Name", "Name:string Name1:string"),
        ("union Everyone, Top", "Name:string"),
        ("T | extend h = Half(N), q = Half(N, part=4) | project h, q", "h:long q:long"),
        ("let Everyone = T; Everyone", "Name:string N:long"), // what the query lets comes first
        ("let Wanted = 1; T | invoke Actors()", "Name:string N:long"), // a function does not see its caller's names
    ] {
        // A function with parameters must be called.
        if query.starts_with("union") {
            assert!(columns(query, functions()).is_err(), "{query}");
            continue;
        }
        assert_eq!(columns(query, functions()).map(|c| c.join(" ")).as_deref(), Ok(wanted), "{query}");
    }
}

#[test]
fn what_is_wrong_inside_is_said_where_it_is_called() {
    let functions = || {
        let mut all = lets("let Inner = () { T | where Nope == 1 }; let Loop = () { Loop() };");
        all.extend([
            of_body("Outer", "", "Inner() | count"),
            of_body("Ping", "", "Pong()"),
            of_body("Pong", "", "Ping()"),
        ]);
        all
    };
    for (query, code, says) in [
        (
            "T | count; Outer()",
            "KS142",
            "In the saved function 'Outer': In the saved function 'Inner': The name 'Nope'",
        ),
        ("Inner", "KS142", "In the saved function 'Inner'"),
        ("Loop()", "FP022", "calls itself"),
        ("T | union Ping()", "FP022", "In the saved function 'Pong'"),
        ("Outer(1)", "KS119", "Outer"),
        ("Oute()", "KS211", "Oute"),
    ] {
        let found = columns(query, functions()).expect_err(query);
        let first = &found[0];
        assert_eq!(first.code, code, "{query}: {found:?}");
        assert!(first.message.contains(says), "{query}: {}", first.message);
        assert!(first.span.end as usize <= query.len(), "{query}: {first:?}");
        // One without parameters may be one whose author thought that a text of its own is enough.
        let hint = first.hint.as_deref().unwrap_or_default();
        assert_eq!(hint.contains("let Outer = (PARAMETERS)"), code == "KS119", "{query}: {hint}");
    }
}

#[test]
fn a_lambda_makes_a_function() {
    for text in ["(T:(*)) { T | take 2 }", "(T:(*), n:long = 2) {\n  T | take n\n}; // two\n", "() { T };"] {
        let function = SavedFunction::of_lambda("F", text).expect(text);
        let query = if text.starts_with("()") { "F" } else { "T | invoke F()" };
        assert_eq!(columns(query, vec![function]).map(|c| c.len()).ok(), Some(2), "{text}");
    }
    for text in ["T | take 2", "1", "(1)", "() { T }; let g = () { T }", "() { T", "() { T | where ( }", ""] {
        assert!(SavedFunction::of_lambda("F", text).is_none(), "{text}");
    }
    assert!(SavedFunction::of_lambda("F g", "() { T }").is_none());
}

#[test]
fn a_text_that_is_no_function_is_refused() {
    for (name, parameters, body) in [
        ("f", "", "T | where ("),
        ("f", "", "T } ; let g = () { T"),
        ("f", "x:nope", "T"),
        ("f", "", ""),
        ("f g", "", "T"),
        ("1", "", "T"),
        ("f", ") { T }; let h = (", "T"),
    ] {
        let found = SavedFunction::new(name, parameters, body).expect_err(body);
        assert!(found.iter().all(|d| d.span.end as usize <= body.len()), "{body}: {found:?}");
    }
    assert!(SavedFunction::of_lets("let f = () {").is_err());
    assert!(
        SavedFunction::is_lets("let f = () { T };")
            && !SavedFunction::is_lets("let x = 1; T")
            && !SavedFunction::is_lets("")
    );
}

/// Functions that call each other often would make a query of any size.
#[test]
fn what_they_expand_to_is_bounded() {
    let doubling: String =
        (1..60).map(|n| format!("let f{n} = () {{ union f{}(), f{}() }};", n - 1, n - 1)).collect();
    let functions: Vec<_> = std::iter::once(of_body("f0", "", "T"))
        .chain(doubling.split_inclusive("};").flat_map(lets))
        .collect();
    let found = columns("f59()", functions).expect_err("too much");
    assert!(found.iter().any(|d| matches!(d.code, "FP002" | "FP003")), "{found:?}");
}

#[test]
fn a_fuzzy_union_says_what_it_goes_without() {
    let said = |query: &str| {
        let compiled = compile(query, &catalog(lets("let Reads = () { Missing };")));
        assert!(compiled.query.is_some(), "{query}: {:?}", compiled.diagnostics);
        assert!(
            compiled.diagnostics.iter().all(|d| d.code == "FP023" && d.severity == Severity::Information)
        );
        compiled
            .diagnostics
            .iter()
            .map(|d| d.message.split(';').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        said("union isfuzzy=true T, Gone, (AlsoGone | where x == 1), vimGone(pack=true)"),
        ["'Gone' was not supplied", "'AlsoGone' was not supplied", "'vimGone' was not supplied"]
    );
    assert_eq!(said("union isfuzzy=true T, Gone*"), ["No table like 'Gone*' was supplied"]);
    assert_eq!(said("union isfuzzy=true T, Reads()"), ["'Reads' reads a table that was not supplied"]);
    assert_eq!(said("union isfuzzy=true T, T"), [""; 0]);
    let wrong = |query: &str| columns(query, Vec::new()).is_err();
    assert!(
        wrong("union isfuzzy=true Gone")
            && wrong("union T, Gone")
            && wrong("union isfuzzy=true T, (T | where nofunction(Name))")
    );
}
