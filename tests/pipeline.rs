//! The filter's evaluation of single records, on this machine: what its prefilter must not miss, and what it adds.

#![allow(clippy::expect_used, clippy::string_slice, reason = "helpers of tests fail loudly")]

use cloudtrail::source::embedded;
use forepost::detector::{Look, RuleFile, SingleEventEvaluator};
use forepost::host::pipeline::{Pipeline, Verdict};
use serde_json::{Value, json};
use std::path::PathBuf;

fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("FOREPOST_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    path.is_dir().then_some(path)
}

fn shared_rules() -> Vec<RuleFile> {
    let Some(shared) = shared() else { return Vec::new() };
    let files = std::fs::read_dir(shared.join("rules")).expect("rules").map(|f| f.expect("a file").path());
    files
        .map(|path| RuleFile {
            file: path.display().to_string(),
            text: std::fs::read_to_string(&path).expect("text"),
        })
        .collect()
}

/// Events whose names the rules use, each with a few values that rules look for.
fn events(rules: &[RuleFile]) -> Vec<Value> {
    let mut words: Vec<String> = rules
        .iter()
        .flat_map(|r| r.text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .filter(|w| (4..60).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_alphanumeric()))
        .collect();
    words.push("PutImageScanningConfiguration".to_owned());
    words.sort();
    words.dedup();
    let make = |name: &str, error: &str, source: &str| {
        json!({"eventVersion": "1.08", "userIdentity": {"type": "Root", "arn": "arn:aws:iam::1:user/u", "userName": "u@x"},
            "eventTime": "2026-03-12T07:15:00Z", "eventSource": source, "eventName": name, "sourceIPAddress": "198.51.100.7",
            "errorCode": error, "requestParameters": {"imageScanningConfiguration": {"scanOnPush": false}, "userData": "x",
            "publiclyAccessible": true, "policyDocument": "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"},
            "responseElements": {"ConsoleLogin": "Success"}, "additionalEventData": {"MFAUsed": "No"}, "recipientAccountId": "1"})
    };
    let sources = ["ecr.amazonaws.com", "s3.amazonaws.com", "guardduty.amazonaws.com", "kms.amazonaws.com"];
    words
        .iter()
        .flat_map(|w| sources.iter().flat_map(move |s| ["", "AccessDenied"].map(|e| make(w, e, s))))
        .collect()
}

#[test]
fn the_prefilter_misses_nothing_that_a_rule_finds() {
    for rules in [Vec::new(), shared_rules()] {
        let events = events(&rules);
        let mut evaluator = SingleEventEvaluator::new(&rules).unwrap_or_else(|e| panic!("{e:?}"));
        let mut matched = 0;
        for event in &events {
            let raw = event.to_string();
            let name = event["eventName"].as_str().expect("a name");
            let escaped: String = name.bytes().map(|b| format!("\\u{b:04x}")).collect();
            let spellings = [
                raw.clone(),
                raw.replace(&format!("\"{name}\""), &format!("\"{escaped}\"")),
                raw.replace("\"eventName\"", "\"event\\u004eame\""),
                raw.replace("\"eventName\":", "\"eventName\" :\n\t"),
            ];
            for text in spellings {
                let mut found = 0;
                evaluator.evaluate(text.as_bytes(), None, &mut |_| found += 1).expect("evaluated");
                matched += found;
                for record in [
                    text.clone(),
                    json!({"log": text}).to_string(),
                    json!({"log": json!({"message": text}).to_string()}).to_string(),
                ] {
                    assert!(
                        found == 0
                            || evaluator.literal_prefilter().look(record.as_bytes()) == Look::CanMatter,
                        "{record}"
                    );
                }
            }
        }
        assert!(matched > 3, "{matched} matches");
    }
}

#[test]
fn what_is_added_can_be_taken_away_again() {
    let mut pipeline = Pipeline::new(&[], vec!["payload_raw".to_owned()]).expect("rules");
    let event = events(&[]).into_iter().find(|e| e["errorCode"] == "").expect("one");
    let text = event.to_string();
    let once = match pipeline.record(text.as_bytes()) {
        Verdict::Changed(changed) => changed.to_vec(),
        other => panic!("{other:?}"),
    };
    assert_eq!(&*embedded::without_added(&once), text.as_bytes());
    let twice = match pipeline.record(&once) {
        Verdict::Changed(changed) => changed.to_vec(),
        other => panic!("{other:?}"),
    };
    assert_eq!(&*embedded::without_added(&twice), text.as_bytes());
    // A key of that name that no filter has added stays.
    let own = format!("{},\"forepost\":{{\"rules\":1}}}}", &text[..text.len() - 1]);
    assert_eq!(&*embedded::without_added(own.as_bytes()), own.as_bytes());
    // The configured key is looked at first.
    let record = json!({"payload_raw": text, "message": "x"}).to_string();
    assert!(matches!(pipeline.record(record.as_bytes()), Verdict::Changed(_)));
    assert_eq!(pipeline.counters().alerts, 3);
}

#[test]
fn hostile_records_go_on() {
    let mut pipeline = Pipeline::new(&[], Vec::new()).expect("rules");
    let name = "PutImageScanningConfiguration";
    for record in [
        String::new(),
        "{".to_owned(),
        format!("{{\"eventName\":\"{name}\""),
        format!("[\"{name}\"]"),
        format!("{{\"eventName\":\"{name}\"}}"),
        format!("{{\"log\":\"{name}\",\"eventName\":\"\\u00\"}}"),
        format!("{{\"log\":\"{{\\\"eventName\\\":\\\"{name}\\\"\"}}"),
    ] {
        assert!(!matches!(pipeline.record(record.as_bytes()), Verdict::Nothing), "{record}");
    }
}
