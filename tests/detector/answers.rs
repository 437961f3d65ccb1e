//! Queries over files, why a rule matched, tables of the caller's own.

use super::{alerts, detector, event, ndjson, rule, scan_off};
use forepost::detector::{Options, QueryRun};
use serde_json::{Value, json};

#[test]
fn queries_answer_over_files() {
    let events = [scan_off(1, "2026-03-11T07:00:00Z"), event(2, "2026-03-11T08:00:00Z", "GetObject", "eve")];
    let mut run =
        QueryRun::new("AWSCloudTrail | summarize n = count() by EventName | sort by EventName asc", 0, &[])
            .map_err(|d| format!("{d:?}"))
            .expect("a query");
    run.push(&ndjson(&events));
    let got: Value = serde_json::from_str(&run.result()).expect("JSON");
    assert_eq!(got["rows"], json!([["GetObject", 1], ["PutImageScanningConfiguration", 1]]));
}

#[test]
fn why_a_rule_matched_and_why_it_did_not() {
    let (_, text) = forepost::rule::BUILT_IN[0];
    let why = |e: &Value| -> Value {
        serde_json::from_str(&forepost::detector::explain(text, e.to_string().as_bytes(), &[])).expect("JSON")
    };
    let matched = why(&scan_off(1, "2026-03-11T07:00:00Z"));
    let query = matched["query"].as_str().expect("the query").to_owned();
    let stages = matched["leaves"][0]["stages"].as_array().expect("stages");
    assert!(stages.iter().all(|s| s["passed"] == true), "{matched}");
    assert_eq!(matched["result"], json!({"tick": "2026-03-12T00:00:00.0000000Z", "rows": 1}));
    let value_of = |answer: &Value, text: &str| -> Option<Value> {
        let found = |s: &&Value| {
            let (start, end) = (s["start"].as_u64()? as usize, s["end"].as_u64()? as usize);
            Some(query.get(start..end) == Some(text))
        };
        answer["leaves"][0]["stages"]
            .as_array()?
            .iter()
            .flat_map(|s| s["rows"][0]["steps"].as_array().into_iter().flatten())
            .find(|s| found(s).unwrap_or(false))
            .map(|s| s["value"].clone())
    };
    assert_eq!(value_of(&matched, "scanOnPush"), Some(json!(false)));
    let mut denied = scan_off(2, "2026-03-11T07:00:00Z");
    denied["errorCode"] = json!("AccessDenied");
    let answer = why(&denied);
    let stages = answer["leaves"][0]["stages"].as_array().expect("stages");
    assert_eq!((stages[0]["passed"].clone(), answer["result"]["rows"].clone()), (json!(false), json!(0)));
    assert_eq!(value_of(&answer, "ErrorCode"), Some(json!("AccessDenied")));
    assert_eq!(value_of(&answer, "isempty(ErrorCode)"), Some(json!(false)));
    assert_eq!(value_of(&answer, "isempty(ErrorMessage)"), None, "what was not needed has no value");
    // A rule that does not compile says why.
    let broken: Value = serde_json::from_str(&forepost::detector::explain(
        &text.replace("isempty(ErrorCode)", "isempty(Eror)"),
        b"{}",
        &[],
    ))
    .expect("JSON");
    assert_eq!(broken["findings"][0]["code"], "KS142");
}

#[test]
fn rules_read_tables_the_caller_supplies() {
    let ours = rule(
        "AWSCloudTrail | where EventName == 'X' | lookup kind=inner (_GetWatchlist('vips')) on $left.UserIdentityUserName == $right.SearchKey",
        "",
    );
    let table = |name: &str, schema: &str, text: &str| {
        forepost::detector::NamedTable::read(name, schema, text.as_bytes())
    };
    let missing = forepost::detector::check(std::slice::from_ref(&ours), &[]);
    assert!(missing.iter().any(|f| f.is_error() && f.message.contains("vips")), "{missing:?}");
    let vips = table("vips", "SearchKey:string, Why:string", "SearchKey,Why\ndana,root\n").expect("a table");
    let mut d = detector(&[ours], Options { tables: vec![vips], ..Options::default() });
    d.push(&ndjson(&[
        event(1, "2026-03-11T07:00:00Z", "X", "dana"),
        event(2, "2026-03-11T07:00:00Z", "X", "eve"),
    ]));
    d.finish();
    let got = alerts(&mut d);
    assert_eq!(got[0]["Evidence"].as_array().map(Vec::len), Some(1));
    assert_eq!(got[0]["Evidence"][0]["row"]["Why"], "root");
    let bad = table("t", "a:long, b:foo", "").expect_err("a bad schema");
    assert_eq!((bad[0].code, bad[0].column), ("FP402", 9));
    let bad = table("t", "a:long", "a\nx\n").expect_err("a bad row");
    assert_eq!((bad[0].code, bad[0].line), ("FP402", 2));
}

#[test]
fn an_answer_that_is_too_large_is_an_error() {
    let answer = |rows: usize| -> Value {
        let query =
            format!("range x from 1 to {rows} step 1 | extend s = strrep('{}', 1000)", "x".repeat(60));
        let mut run = QueryRun::new(&query, 0, &[]).map_err(|d| format!("{d:?}")).expect("a query");
        serde_json::from_str(&run.result()).expect("JSON")
    };
    assert_eq!(answer(100)["rows"].as_array().map(Vec::len), Some(100));
    let large = answer(3_000);
    assert_eq!(large["error"]["code"], "E_QUERY_RESULT_SET_TOO_LARGE");
    assert!(large.get("rows").is_none());
}
