//! Queries that try to hang, overflow or exhaust the engine: each ends, with an answer or a clear error.

use super::answer;
use serde_json::Value;

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("none")
}

#[test]
fn long_pipelines() {
    let stages = |n: usize| format!("range x from 1 to 3 step 1{}", " | where x > 0".repeat(n));
    assert_eq!(answer(&stages(500))["rows"].as_array().map(Vec::len), Some(3));
    assert_eq!(code(&answer(&stages(501))), "FP002");
    // Many short pipelines, each over the one before, are one long one.
    let mut query = "let t0 = range x from 1 to 3 step 1; ".to_owned();
    for i in 1..2000 {
        query += &format!("let t{i} = t{} | where x > 0; ", i - 1);
    }
    assert_eq!(code(&answer(&(query + "t1999"))), "FP002");
    let mut query = "let s0 = 1; ".to_owned();
    for i in 1..2000 {
        query += &format!("let s{i} = toscalar(print s{} + 1); ", i - 1);
    }
    assert_eq!(code(&answer(&(query + "print s1999"))), "FP002");
}

#[test]
fn doubling() {
    let mut query = "let t0 = range x from 1 to 3 step 1; ".to_owned();
    for i in 1..40 {
        query += &format!("let t{i} = union t{0}, t{0}; ", i - 1);
    }
    assert_eq!(code(&answer(&(query.clone() + "t39 | count"))), "E_RUNAWAY_QUERY");
    assert_eq!(answer(&(query + "t10 | count"))["rows"][0][0], 3072);
    let mut query = "let f0 = () { print x = 1 }; ".to_owned();
    for i in 1..25 {
        query += &format!("let f{i} = () {{ union f{0}(), f{0}() }}; ", i - 1);
    }
    assert_eq!(code(&answer(&(query + "f24() | count"))), "FP003");
}

#[test]
fn wide_tables() {
    let mut query = "let t0 = print x = 1, y = 2; ".to_owned();
    for i in 1..40 {
        query += &format!("let t{i} = t{0} | join t{0} on x; ", i - 1);
    }
    assert_eq!(code(&answer(&(query + "t39 | count"))), "FP003");
    let columns = (0..50_000).map(|i| format!("c{i} = {i}")).collect::<Vec<_>>().join(", ");
    assert_eq!(code(&answer(&format!("print {columns}"))), "FP002");
    let tables = vec!["A"; 100_000].join(", ");
    assert_eq!(code(&answer(&format!("let A = print x = 1; union {tables} | count"))), "FP003");
    let levels = vec!["top-nested of x by count()"; 20_000].join(", ");
    assert_eq!(code(&answer(&format!("print x = 1 | {levels}"))), "FP002");
}

#[test]
fn series_and_ranges() {
    let year = "print t = datetime(2024-01-01) | make-series count() on t from datetime(2024-01-01) to datetime(2025-01-01) step";
    assert_eq!(code(&answer(&format!("{year} 1tick"))), "FP102");
    assert_eq!(code(&answer(&format!("{year} 1d"))), "none");
    let apart =
        "datatable(t:long)[-9223372036854775807, 9223372036854775807] | make-series count() on t step 1";
    assert_eq!(code(&answer(apart)), "FP102");
    let many = "range k from 1 to 100000 step 1 | extend t = k % 2 * 1000000 | make-series count() on t from 0 to 1000000 step 1 by k";
    assert_eq!(code(&answer(many)), "E_RUNAWAY_QUERY");
    assert_eq!(code(&answer("range x from 1 to 10000000000 step 1 | count")), "E_RUNAWAY_QUERY");
}

#[test]
fn scans() {
    let steps = |n: usize| (0..n).map(|i| format!("step s{i}: x > {i};")).collect::<String>();
    let scan = |n| format!("range x from 1 to 1000 step 1 | scan with ({}) | count", steps(n));
    assert_eq!(code(&answer(&scan(64))), "none");
    assert_eq!(code(&answer(&scan(65))), "FP002");
}

#[test]
fn patterns() {
    let big = format!("print s = 'aaaa' | parse kind=regex s with '{}' x", "((a{1,100}){1,100}){1,100}");
    assert!(code(&answer(&big)).starts_with("SEM") || code(&answer(&big)).starts_with("KS"));
    let slow = "range i from 1 to 20 step 1 | extend s = strcat('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', i) | parse kind=regex s with '(a*)*(a*)*(a*)*' x 'b' | count";
    assert_eq!(answer(slow)["rows"][0][0], 20);
    let stars =
        format!("print s = 'ab' | parse s with {} 'z' x:long | project isnull(x)", "* 'a' * 'b' ".repeat(50));
    assert_eq!(answer(&stars)["rows"][0][0], true);
}

#[test]
fn nested_subqueries() {
    let mut body = "summarize s = sum(v)".to_owned();
    for _ in 0..9 {
        body = format!(
            "mv-apply v = pack_array(v, v) to typeof(long) on ({body} | project v = s) | summarize s = sum(v)"
        );
    }
    let query = format!("print d = dynamic([1]) | mv-apply v = d to typeof(long) on ({body})");
    assert_eq!(answer(&query)["rows"][0][1], 512);
    let mut body = "count".to_owned();
    for _ in 0..200 {
        body = format!("partition by x ({body})");
    }
    assert_eq!(code(&answer(&format!("print x = 1 | {body}"))), "FP002");
}

#[test]
fn plugins_over_many_keys() {
    let keys = "range x from 1 to 100000 step 1 | project k = tostring(x)";
    assert_eq!(code(&answer(&format!("{keys} | evaluate pivot(k)"))), "FP104");
    assert_eq!(
        code(&answer(&format!("{keys} | extend d = bag_pack(k, 1) | evaluate bag_unpack(d)"))),
        "FP104"
    );
    let some = "range x from 1 to 300 step 1 | project k = tostring(x), v = x";
    let pivoted = answer(&format!("{some} | evaluate pivot(k, sum(v))"));
    assert_eq!(pivoted["columns"].as_array().map(Vec::len), Some(300));
    // A plug-in over a plug-in: each waits for the one before.
    let chain = "print d = dynamic({'e':{'f':{'g':1}}}) | evaluate bag_unpack(d) | evaluate bag_unpack(e) | evaluate bag_unpack(f)";
    assert_eq!(answer(chain)["rows"][0][0], 1);
}

#[test]
fn expressions_that_double() {
    let lets = |n: usize| {
        let steps: String = (0..n).map(|i| format!("let a{} = a{i} + a{i}; ", i + 1)).collect();
        format!("let a0 = tolong(now() - ago(1s)) / 10000000; {steps}print a{n}")
    };
    assert_eq!(answer(&lets(40))["rows"][0][0], 1_i64 << 40);
    assert_eq!(code(&answer(&lets(350))), "none");
    assert_eq!(code(&answer(&lets(2000))), "FP002");
    let calls = |n: usize| {
        let nested = format!("{}n{}", "f(".repeat(n), ")".repeat(n));
        format!(
            "let f = (x:long) {{ iff(x > 0, x + x, x - x) }}; range n from 1 to 3 step 1 | extend m = {nested}"
        )
    };
    assert_eq!(answer(&calls(20))["rows"][2][1], 3_i64 << 20);
    // A condition that is put below a join, through what computes its columns.
    let stages = " | extend v = v + v".repeat(60);
    let joined = format!("datatable(k:long, v:long)[1, 1] | join (print k = 1) on k{stages} | where v > 0");
    assert_eq!(answer(&joined)["rows"][0][1], 1_i64 << 60);
    // Chains in chains.
    let chains = |n: usize, m: usize| {
        format!("print {}1{}", "(".repeat(n), format!("{})", "+now()".repeat(m)).repeat(n))
    };
    for (n, m) in [(3, 150), (10, 31), (25, 31), (30, 150)] {
        assert_ne!(code(&answer(&chains(n, m))), "none", "{n} chains of {m}");
    }
}

#[test]
fn values_that_grow() {
    for (query, operator) in [
        (
            "range i from 1 to 5000 step 1 | scan declare (x:dynamic) with (step s: true => x = pack_array(s.x);) | count",
            "scan",
        ),
        (
            "range i from 1 to 100000 step 1 | scan declare (x:string) with (step s: true => x = strcat(s.x, 'aaaaaaaa');) | count",
            "scan",
        ),
        (
            "range i from 1 to 250 step 1 | extend s = strcat(strrep(strrep('xxxxxxxx', 1000), 1000), i) | count",
            "extend",
        ),
        (
            "range i from 1 to 250 step 1 | project s = pack_array(strcat(strrep(strrep('xxxxxxxx', 1000), 1000), i)) | count",
            "project",
        ),
        (
            "range i from 1 to 250 step 1 | sort by strcat(strrep(strrep('xxxxxxxx', 1000), 1000), i) asc | count",
            "sort",
        ),
        (
            "range i from 1 to 250 step 1 | serialize s = prev(strcat(strrep(strrep('xxxxxxxx', 1000), 1000), i)) | count",
            "extend",
        ),
        (
            "range i from 1 to 250 step 1 | summarize make_list(strcat(strrep(strrep('xxxxxxxx', 1000), 1000), i))",
            "summarize",
        ),
        (
            "range i from 1 to 250 step 1 | summarize count() by strcat(strrep(strrep('xxxxxxxx', 1000), 1000), i)",
            "summarize",
        ),
        ("range i from 1 to 200 step 1 | extend a = range(i, 2000000, 1) | count", "extend"),
        (
            "range i from 1 to 200 step 1 | mv-expand a = pack_array(range(i, 2000000, 1)) | count",
            "mv-expand",
        ),
    ] {
        let answer = answer(query);
        assert_eq!(
            code(&answer),
            "E_RUNAWAY_QUERY",
            "{query}: {}",
            answer.to_string().get(..200).unwrap_or_default()
        );
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(&format!("'{operator}'")), "{query}: {message}");
    }
    // Parts that are shared are small in memory and endless for whoever walks them.
    let doubled = |n: usize, last: &str| {
        format!("print a = pack_array(1, 2){} | {last}", " | extend a = pack_array(a, a)".repeat(n))
    };
    for last in [
        "summarize make_set(a)",
        "project treepath(a)",
        "project strlen(tostring(a))",
        "summarize buildschema(a)",
        "project a",
    ] {
        assert_eq!(code(&answer(&doubled(40, last))), "E_RUNAWAY_QUERY", "{last}");
    }
    let joined = " | extend a = array_concat(a, a)".repeat(30);
    assert_eq!(code(&answer(&format!("print a = range(1, 1000){joined} | count"))), "E_RUNAWAY_QUERY");
    // The same in constants, which are worked out while the query is bound.
    let lets: String = (0..30).map(|i| format!("let a{} = array_concat(a{i}, a{i}); ", i + 1)).collect();
    assert_eq!(code(&answer(&format!("let a0 = range(1, 1000); {lets}print array_length(a30)"))), "FP003");
    // The engine lives on.
    assert_eq!(answer("print 1")["rows"][0][0], 1);
}

#[test]
fn many_names_and_errors() {
    let errors = |query: &str| answer(query)["error"]["code"].as_str().map(str::to_owned);
    let unknown: String = (0..4000).map(|i| format!("let a{i} = zz{i}; ")).collect();
    assert_eq!(errors(&unknown).as_deref(), Some("KS204"));
    assert_eq!(errors(&"\\".repeat(100_000)).as_deref(), Some("KS002"));
    let found = kql::exec::late::compile(&unknown, &Default::default()).diagnostics;
    assert_eq!((found.len(), found.last().map(|d| d.code)), (101, Some("FP003")));
    let lets = |n: usize, value: &str| (0..n).map(|i| format!("let f{i} = {value}; ")).collect::<String>();
    assert_eq!(answer(&format!("{}print 1", lets(4000, "(x:long) { x }")))["rows"][0][0], 1);
    assert_eq!(errors(&format!("{}print 1", lets(5000, "1"))).as_deref(), Some("FP003"));
}
