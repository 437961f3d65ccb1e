//! Every shared rule over its cases.

use super::{explained, scan, text};
use serde_json::{Value, json};

const CASES: &str = include_str!("../rules/cases.json");

/// The rules that are here, each with its events that hit and its near miss; nothing where the shared rules are not.
pub fn cases() -> Vec<(String, String, Vec<Value>, Vec<Value>)> {
    let folder = std::env::var("FOREPOST_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let cases: Value = serde_json::from_str(CASES).expect("JSON");
    let mut all = Vec::new();
    for case in cases["cases"].as_array().expect("cases") {
        let name = case["rule"].as_str().expect("a name");
        let Ok(rule) = std::fs::read_to_string(format!("{folder}/rules/{name}.yaml")) else { continue };
        let events = |which: &str| -> Vec<Value> {
            let all = case[which].as_array().expect("events").iter().enumerate();
            all.map(|(i, over)| {
                let mut event = cases["base"].clone();
                for (key, value) in over.as_object().expect("an object") {
                    event[key] = value.clone();
                }
                event["eventID"] = json!(format!("event-{i}"));
                event
            })
            .collect()
        };
        all.push((name.to_owned(), rule, events("hit"), events("miss")));
    }
    if all.is_empty() {
        eprintln!("skipped: the shared rules are not here");
    }
    all
}

/// Every stage of the query has a value to show.
fn every_stage_has_a_value(name: &str, e: &Value) -> usize {
    let mut stages = 0;
    for branch in e["branches"].as_array().expect("branches") {
        for stage in branch["stages"].as_array().expect("stages") {
            stages += 1;
            assert_eq!(stage["state"], "passed", "{name}: {} in {branch}", text(e, stage));
            let steps = stage["rows"].as_array().expect("rows").iter();
            let steps: usize = steps.map(|row| row["steps"].as_array().expect("steps").len()).sum();
            let made = stage["made"].as_array().expect("made").len();
            // A table, and what takes or sorts rows, is shown by its rows.
            let by_rows = ["table", "union", "take", "limit", "sort", "order", "count", "serialize"]
                .contains(&stage["operator"].as_str().expect("a name"))
                && stage["rowsOut"].as_u64() > Some(0);
            assert!(steps > 0 || made > 0 || by_rows, "{name}: nothing is shown of {}", text(e, stage));
        }
    }
    stages
}

#[test]
fn a_hit_is_an_alert_with_every_stage_and_a_miss_names_the_stage_that_stopped_it() {
    let cases = cases();
    let (mut stages, mut branches) = (0, 0);
    for (name, rule, hit, miss) in &cases {
        let alerts = scan(rule, hit);
        let e = explained(rule, hit, None, &[]);
        assert_eq!(e["verdict"], "alert", "{name}");
        assert_eq!(e["alerts"], json!(alerts.len()), "{name}");
        assert_eq!(e["stopped"], Value::Null, "{name}");
        let overall: Value =
            serde_json::from_str(alerts[0]["ExtendedProperties"].as_str().expect("text")).expect("JSON");
        let grouped = e["run"]["grouping"] == "SingleAlert";
        if grouped {
            assert_eq!(
                overall["Search Query Results Overall Count"],
                json!(e["run"]["rows"].to_string()),
                "{name}"
            );
        }
        stages += every_stage_has_a_value(name, &e);
        branches += e["branches"].as_array().expect("branches").len();
        // Every pipe of the query is a stage of some branch, and every let that is no table has its value.
        let lines =
            e["query"].as_str().expect("text").lines().filter(|l| l.trim_start().starts_with('|')).count();
        let shown: std::collections::BTreeSet<u64> = e["branches"]
            .as_array()
            .expect("branches")
            .iter()
            .flat_map(|b| b["stages"].as_array().expect("stages"))
            .filter(|s| s["operator"] != "table" && s["end"].as_u64() > Some(0))
            .filter_map(|s| s["start"].as_u64())
            .collect();
        assert!(shown.len() >= lines, "{name}: {lines} pipes, {} stages: {shown:?}", shown.len());
        let e = explained(rule, miss, if miss.len() == 1 { Some(0) } else { None }, &[]);
        assert_eq!(e["verdict"], "quiet", "{name}");
        let stopped = &e["stopped"];
        assert!(stopped["at"] == "stage" || stopped["at"] == "trigger", "{name}: {stopped}");
        assert!(!stopped["text"].as_str().expect("text").is_empty(), "{name}: {stopped}");
        println!("{name}: {}", stopped["text"]);
    }
    println!("{} rules, {branches} branches, {stages} stages", cases.len());
    assert!(cases.is_empty() || cases.len() == 38);
}
