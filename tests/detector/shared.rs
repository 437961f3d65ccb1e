//! The rules, cases and events of `../shared`, where they are.

#![allow(clippy::string_slice, reason = "helpers of tests fail loudly")]

use super::{alerts, detector, ecr, scan, shared, ticks};
use forepost::detector::{Options, RuleFile};
use kql::value::datetime;
use serde_json::{Value, json};
use std::io::Read;

#[test]
fn the_rule_yields_the_expected_rows() {
    let (Some(cases), Some(expected)) = (
        shared("cloudtrail/cases/put_image_scanning_cases.ndjson"),
        shared("cloudtrail/cases/expected_rows.ndjson"),
    ) else {
        return;
    };
    let (got, problems) = scan(&ecr(), [cases.as_slice()]);
    assert_eq!((got.len(), problems.as_str()), (1, ""));
    let time = |v: &mut Value| *v = json!(datetime::format(ticks(v.as_str().expect("a time"))));
    let want: Vec<Value> = String::from_utf8_lossy(&expected)
        .lines()
        .map(|l| {
            let mut row: Value = serde_json::from_str(l).expect("a row");
            time(&mut row["TimeGenerated"]);
            row
        })
        .collect();
    let rows: Vec<Value> = got[0]["Evidence"]
        .as_array()
        .expect("evidence")
        .iter()
        .map(|e| {
            let mut row = e["row"].clone();
            row["eventID"] = e["events"][0]["eventID"].clone();
            row
        })
        .collect();
    assert_eq!(rows.len(), want.len());
    for (row, want) in rows.iter().zip(&want) {
        assert_eq!(row, want);
    }
    // The same file in S3's form, cut at every byte.
    let s3 =
        shared("cloudtrail/cases/123456789012_CloudTrail_us-east-1_20260311T0705Z_AbCdEfGhIjKlMnOp.json.gz")
            .expect("the S3 form");
    let step = if cfg!(debug_assertions) { 13 } else { 1 };
    for cut in (0..=s3.len()).step_by(step) {
        let mut d = detector(&ecr(), Options::default());
        d.push(&s3[..cut]);
        d.push(&s3[cut..]);
        d.finish();
        assert_eq!(alerts(&mut d), got, "cut at {cut}");
    }
}

fn all_rules() -> Vec<RuleFile> {
    let folder = std::env::var("FOREPOST_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let mut names: Vec<_> =
        std::fs::read_dir(format!("{folder}/rules")).expect("rules").flatten().map(|e| e.path()).collect();
    names.sort();
    names
        .iter()
        .map(|p| RuleFile {
            file: p.display().to_string(),
            text: std::fs::read_to_string(p).expect("a rule"),
        })
        .collect()
}

/// Makes a query of the statements before the last one, and of that one.
type Change = fn(&str, &str) -> String;

/// The rule with another query, made of what stands before its last statement and of that statement.
fn with_query(rule: &RuleFile, change: Change) -> RuleFile {
    let (before, after) = rule.text.split_once("query: |\n").expect("a query");
    let inside = |line: &str| line.trim().is_empty() || line.starts_with(' ');
    let length = after.split_inclusive('\n').take_while(|line| inside(line)).map(str::len).sum();
    let (query, rest) = after.split_at(length);
    let last = kql::syntax::parse::parse(query).0.pop().expect("a statement").span;
    let (lets, pipeline) = (&query[..last.start as usize], &query[last.start as usize..last.end as usize]);
    let changed: String =
        change(lets, pipeline).lines().map(|line| format!("  {}\n", line.trim_start())).collect();
    RuleFile { file: rule.file.clone(), text: format!("{before}query: |\n{changed}{rest}") }
}

/// Alerts without the text of the rule's query, which they carry.
fn without_query(mut alerts: Vec<Value>) -> Vec<Value> {
    for alert in &mut alerts {
        let text = alert["ExtendedProperties"].as_str().expect("text");
        let mut properties: Value = serde_json::from_str(text).expect("JSON");
        properties.as_object_mut().expect("an object").remove("Query").expect("the query");
        alert["ExtendedProperties"] = properties;
    }
    alerts
}

/// What must change no alert: a name for the query, a step that does nothing, events in many files and in another order.
#[test]
fn variants_of_the_shared_rules_give_the_same_alerts() {
    let Some(events) = shared("cloudtrail/real_unique.ndjson.gz") else { return };
    let rules = all_rules();
    let (want, problems) = scan(&rules, [events.as_slice()]);
    let changes: [(&str, Change); 3] = [
        ("let", |lets, query| format!("{lets}let Answer = {query};\nAnswer")),
        ("function", |lets, query| format!("{lets}let Answer = () {{\n{query}\n}};\nmaterialize(Answer())")),
        ("identity", |lets, query| {
            format!("{lets}{query}\n| where true | extend Nothing_ = 1 | project-away Nothing_ | as Answer")
        }),
    ];
    for (what, change) in changes {
        let changed: Vec<RuleFile> = rules.iter().map(|rule| with_query(rule, change)).collect();
        let (got, said) = scan(&changed, [events.as_slice()]);
        assert_eq!(said, problems, "by {what}");
        assert!(without_query(got) == without_query(want.clone()), "by {what}");
    }
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(events.as_slice()).read_to_end(&mut text).expect("gzip");
    let mut lines: Vec<&[u8]> = text.split_inclusive(|b| *b == b'\n').collect();
    lines.reverse();
    lines.rotate_left(1000);
    let files: Vec<Vec<u8>> = lines.chunks(500).map(<[&[u8]]>::concat).collect();
    assert!(scan(&rules, files.iter().map(Vec::as_slice)).0 == want, "in files in another order");
}

#[test]
fn all_shared_rules_load_and_run_over_the_real_events() {
    let Some(events) = shared("cloudtrail/real_unique.ndjson.gz") else { return };
    let rules = all_rules();
    assert_eq!(rules.len(), 38);
    let (got, problems) = scan(&rules, [events.as_slice()]);
    // Some were published with another field in the place of eventTime.
    assert!(problems.lines().all(|p| p.contains("\"bad_time\"")), "{problems}");
    assert!(got.len() > 10, "{} alerts", got.len());
}
