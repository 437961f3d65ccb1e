//! One query a line in `operators.jsonl`: the columns and rows it yields, or the code of its error.

use serde_json::Value;

const CASES: &str = include_str!("operators.jsonl");

/// `name:type name:type`, as the case file writes columns.
fn columns(answer: &Value) -> String {
    let columns = answer["columns"].as_array().expect("columns");
    let text =
        |c: &Value| format!("{}:{}", c["name"].as_str().unwrap_or("?"), c["type"].as_str().unwrap_or("?"));
    columns.iter().map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_case() {
    let mut wrong = Vec::new();
    for (i, line) in CASES.lines().enumerate() {
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let query = case["query"].as_str().expect("a query");
        let answer = super::answer(query);
        let right = match case.get("error") {
            Some(code) => answer["error"]["code"] == *code,
            None => {
                answer.get("error").is_none()
                    && columns(&answer) == case["columns"].as_str().unwrap_or_default()
                    && answer["rows"] == case["rows"]
            }
        };
        if !right {
            wrong.push(format!("line {}: {query}\n  got  {answer}\n  want {case}", i + 1));
        }
    }
    assert!(CASES.lines().count() > 90, "the case file has been cut");
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// Tables a caller supplies: by name, by watchlist alias, by the address of external data, as a table function.
#[test]
fn tables_the_caller_supplies() {
    use cloudtrail::table::user::{UserTable, parse_schema};
    use forepost::detector::{Context, NamedTable, QueryRun};
    let columns = parse_schema("SearchKey:string, n:long").expect("a schema");
    let (table, problems) =
        UserTable::read(columns, b"{\"SearchKey\":\"a\",\"n\":1}\n{\"SearchKey\":\"b\",\"n\":2}\n", false);
    assert!(problems.is_empty(), "{problems:?}");
    let named = |name: &str| NamedTable { name: name.to_owned(), table: table.clone() };
    let tables = Context::of_tables(["vips", "list.csv", "Parsed"].map(named).into());
    let run = |query: &str| -> Value {
        let mut run = QueryRun::new(query, super::NOW, &tables).expect("the query binds");
        serde_json::from_str(&forepost::host::json::answer(&run.result())).expect("JSON")
    };
    for (query, rows) in [
        ("vips | where n > 1 | project SearchKey", r#"[["b"]]"#),
        ("_GetWatchlist('vips') | summarize sum(n)", "[[3]]"),
        (
            "externaldata(n:real)['https://example.com/lists/list.csv?sig=x'] with (format='csv') | summarize sum(n)",
            "[[3.0]]",
        ),
        ("externaldata(SearchKey:string)['https://example.com/vips.csv.zip'] | count", "[[2]]"),
        ("Parsed() | count", "[[2]]"),
        (
            "union withsource=t vips, Parsed | where n == 1 | project t | sort by t asc",
            r#"[["Parsed"],["vips"]]"#,
        ),
        ("search in (vips) 'b' | project n", "[[2]]"),
        ("print k = 'b' | where k in (_GetWatchlist('vips'))", r#"[["b"]]"#),
        (
            "vips | extend d = bag_pack(SearchKey, n) | evaluate bag_unpack(d) : (*, a:long) | project a",
            "[[1],[null]]",
        ),
    ] {
        assert_eq!(run(query)["rows"], serde_json::from_str::<Value>(rows).expect("rows"), "{query}");
    }
    let refused = |query: &str| match QueryRun::new(query, super::NOW, &tables) {
        Ok(_) => "none",
        Err(found) => found.diagnostics.first().map_or("none", |d| d.code),
    };
    assert_eq!(refused("_GetWatchlist('others')"), "FP020");
    assert_eq!(refused("externaldata(m:long)['https://example.com/list.csv']"), "KS142");
    assert_eq!(refused("vips | extend d = bag_pack(SearchKey, n) | evaluate bag_unpack(d)"), "FP021");
}
