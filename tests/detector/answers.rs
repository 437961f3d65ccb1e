//! Queries over files, why a rule matched, tables of the caller's own.

use super::{alerts, detector, event, ndjson, rule, scan_off, ticks};
use forepost::detector::{Context, Options, QueryRun, RuleFile};
use forepost::host::json::answer as answer_json;
use serde_json::{Value, json};

#[test]
fn queries_answer_over_files() {
    let events = [scan_off(1, "2026-03-11T07:00:00Z"), event(2, "2026-03-11T08:00:00Z", "GetObject", "eve")];
    let mut run = QueryRun::new(
        "AWSCloudTrail | summarize n = count() by EventName | sort by EventName asc",
        0,
        &Context::default(),
    )
    .map_err(|d| format!("{d:?}"))
    .expect("a query");
    run.push(&ndjson(&events));
    let got: Value = serde_json::from_str(&answer_json(&run.result())).expect("JSON");
    assert_eq!(got["rows"], json!([["GetObject", 1], ["PutImageScanningConfiguration", 1]]));
}

/// What takes rows batch by batch (`exec/fold`) answers as over all rows at once: here they are kept until the end for their
/// row number.
#[test]
fn rows_in_batches_answer_like_rows_at_once() {
    let at_once = "serialize n_ = row_number() | project-away n_";
    let steps = [
        "count",
        "where EventName startswith 'E1' | count",
        "summarize count(), dcount(EventName), make_set(bin(TimeGenerated, 1d)), arg_max(TimeGenerated, AwsEventId) by UserIdentityUserName",
        "summarize countif(EventName has 'E7'), oldest = min(TimeGenerated), take_any(AwsEventId)",
        "summarize l = make_list(AwsEventId, 5), p = percentile(strlen(AwsEventId), 90) by bin(TimeGenerated, 1h)",
        "where TimeGenerated > ago(3d) | summarize n = count() by EventName | top 3 by n",
        "distinct UserIdentityUserName, EventName | count",
        "where EventName == 'nothing' | count",
        "where EventName == 'nothing' | summarize count()",
        "where EventName == 'nothing' | summarize count() by EventName",
        "project AwsEventId | take 2500",
        "take 3 | project AwsEventId",
        "take 0",
        "top 1500 by EventName | project EventName, AwsEventId",
        "top 5 by TimeGenerated desc | project AwsEventId",
        "where EventName has 'E3' | top 2 by AwsEventId asc | project AwsEventId | extend x = strcat(AwsEventId, '!')",
        "extend e = AwsEventId | union (AWSCloudTrail | summarize n = count() by EventName) | summarize count(), sum(n)",
        "summarize n = count() by EventName | join kind=inner (AWSCloudTrail | where EventName != 'E4' | distinct EventName) on EventName | project EventName, n",
        "where EventName in ((AWSCloudTrail | summarize n = count() by EventName | where n > 114 | project EventName)) | count",
        "extend n = toscalar(AWSCloudTrail | count) | summarize max(n)",
        "mv-expand x = dynamic([1, 2]) to typeof(long) | summarize sum(x) by EventName",
    ];
    let events: Vec<Value> = (0..4_000)
        .map(|i| {
            let time = format!("2026-03-{:02}T{:02}:00:00Z", i % 7 + 1, i % 24);
            event(i, &time, &format!("E{}", i * 31 % 35), ["ana", "bo", "cy"][i as usize % 3])
        })
        .collect();
    let bytes = ndjson(&events);
    let now = ticks("2026-03-08T00:00:00Z");
    for step in steps {
        let mut runs = ["", at_once].map(|before| {
            let query = format!(
                "AWSCloudTrail | {}",
                [before, step].join(if before.is_empty() { "" } else { " | " })
            );
            QueryRun::new(&query, now, &Context::default())
                .map_err(|d| format!("{query}: {d:?}"))
                .expect("a query")
        });
        // The second time over other inputs: nothing of the first is left.
        for input in [&bytes[..], &bytes[..bytes.len() / 3], &[]] {
            let [batches, whole] = runs.each_mut().map(|run| {
                run.push(input);
                answer_json(&run.result())
            });
            assert!(batches == whole && !whole.contains("error"), "{step}\n{batches:.300}\n{whole:.300}");
        }
    }
}

#[test]
fn rules_read_tables_the_caller_supplies() {
    let ours = rule(
        "AWSCloudTrail | where EventName == 'X' | lookup kind=inner (_GetWatchlist('vips')) on $left.UserIdentityUserName == $right.SearchKey",
        "",
    );
    let table = |name: &str, schema: &str, text: &str| {
        forepost::detector::NamedTable::read(name, schema, text.as_bytes(), false)
    };
    let missing = forepost::detector::check(std::slice::from_ref(&ours), &Context::default());
    assert!(missing.iter().any(|f| f.is_error() && f.message.contains("vips")), "{missing:?}");
    let vips = table("vips", "SearchKey:string, Why:string", "SearchKey,Why\ndana,root\n").expect("a table");
    let mut d = detector(&[ours], Options { context: Context::of_tables(vec![vips]), ..Options::default() });
    d.push(&ndjson(&[
        event(1, "2026-03-11T07:00:00Z", "X", "dana"),
        event(2, "2026-03-11T07:00:00Z", "X", "eve"),
    ]));
    d.finish();
    let got = alerts(&mut d);
    assert_eq!(got[0]["Evidence"].as_array().map(Vec::len), Some(1));
    assert_eq!(got[0]["Evidence"][0]["row"]["Why"], "root");
    let bad = table("t", "a:long, b:foo", "").expect_err("a bad schema");
    assert_eq!((bad.findings[0].code, bad.findings[0].column), ("FP402", 9));
    let bad = table("t", "a:long", "a\nx\n").expect_err("a bad row");
    assert_eq!((bad.findings[0].code, bad.findings[0].line), ("FP402", 2));
}

#[test]
fn an_answer_that_is_too_large_is_an_error() {
    let answer = |rows: usize| -> Value {
        let query =
            format!("range x from 1 to {rows} step 1 | extend s = strrep('{}', 1000)", "x".repeat(60));
        let mut run =
            QueryRun::new(&query, 0, &Context::default()).map_err(|d| format!("{d:?}")).expect("a query");
        serde_json::from_str(&answer_json(&run.result())).expect("JSON")
    };
    assert_eq!(answer(100)["rows"].as_array().map(Vec::len), Some(100));
    let large = answer(3_000);
    assert_eq!(large["error"]["code"], "E_QUERY_RESULT_SET_TOO_LARGE");
    assert!(large.get("rows").is_none());
}

#[test]
fn rules_call_functions_that_the_workspace_saved() {
    let ours = rule("AWSCloudTrail | invoke Callers('X') | project UserIdentityUserName, TimeGenerated", "");
    let missing = forepost::detector::check(std::slice::from_ref(&ours), &Context::default());
    assert!(
        missing
            .iter()
            .any(|f| f.code == "KS211" && f.hint.as_ref().is_some_and(|h| h.contains("--function"))),
        "{missing:?}"
    );
    let mut context = Context::default();
    let text = "let Callers = (T:(EventName:string), name:string) { T | where EventName == name };";
    let file = RuleFile { file: "Callers.kql".to_owned(), text: text.to_owned() };
    context.add_functions(&file).expect("a function");
    assert!(context.add_functions(&file).is_err());
    let mut d =
        detector(std::slice::from_ref(&ours), Options { context: context.clone(), ..Options::default() });
    d.push(&ndjson(&[
        event(1, "2026-03-11T07:00:00Z", "X", "dana"),
        event(2, "2026-03-11T07:00:00Z", "Y", "eve"),
    ]));
    d.finish();
    let alerts = d.take_alerts();
    assert!(alerts.len() == 1 && d.take_problems().is_empty());
}
