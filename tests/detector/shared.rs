//! The rules, cases and events of `../shared`, where they are.

use super::{alerts, detector, scan, shared, ticks};
use forepost::detector::{Options, RuleFile};
use kql::value::datetime;
use serde_json::{Value, json};

#[test]
fn the_rule_yields_the_expected_rows() {
    let (Some(cases), Some(expected)) = (
        shared("cloudtrail/cases/put_image_scanning_cases.ndjson"),
        shared("cloudtrail/cases/expected_rows.ndjson"),
    ) else {
        return;
    };
    let (got, problems) = scan(&[], [cases.as_slice()]);
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
        let mut d = detector(&[], Options::default());
        d.push(&s3[..cut]);
        d.push(&s3[cut..]);
        d.finish();
        assert_eq!(alerts(&mut d), got, "cut at {cut}");
    }
}

#[test]
fn all_shared_rules_load_and_run_over_the_real_events() {
    let Some(events) = shared("cloudtrail/real_unique.ndjson.gz") else { return };
    let folder = std::env::var("FOREPOST_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let mut names: Vec<_> =
        std::fs::read_dir(format!("{folder}/rules")).expect("rules").flatten().map(|e| e.path()).collect();
    names.sort();
    let rules: Vec<RuleFile> = names
        .iter()
        .map(|p| RuleFile {
            file: p.display().to_string(),
            text: std::fs::read_to_string(p).expect("a rule"),
        })
        .collect();
    assert_eq!(rules.len(), 38);
    let (got, problems) = scan(&rules, [events.as_slice()]);
    // Some were published with another field in the place of eventTime.
    assert!(problems.lines().all(|p| p.contains("\"bad_time\"")), "{problems}");
    assert!(got.len() > 10, "{} alerts", got.len());
}
