//! Every rule of `../shared/rules` on events of ours: one set it must fire on and one near miss. The alert expected of
//! each stands in `tests/rules/expected.json`; after a deliberate change, `FOREPOST_BLESS=1 cargo test --test rules`
//! writes it anew, to be read before it is committed.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "helpers of tests fail loudly")]

use forepost::detector::{Detector, Options, RuleFile};
use forepost::host::json as host_json;
use serde_json::{Map, Value, json};

const CASES: &str = include_str!("rules/cases.json");

fn shared_rule(name: &str) -> Option<RuleFile> {
    let folder = std::env::var("FOREPOST_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let file = format!("{folder}/rules/{name}.yaml");
    std::fs::read_to_string(&file).ok().map(|text| RuleFile { file, text })
}

/// The base event with a case's differences; `null` stays, what the base lacks is added.
fn event(base: &Value, over: &Value, index: usize) -> Value {
    let mut event = base.clone();
    for (key, value) in over.as_object().expect("an object") {
        event[key] = value.clone();
    }
    event["eventID"] = json!(format!("event-{index}"));
    event["requestID"] = json!(format!("request-{index}"));
    event
}

fn scan(rule: &RuleFile, events: &[Value]) -> Vec<Value> {
    let mut d =
        Detector::new(std::slice::from_ref(rule), Options::default()).unwrap_or_else(|f| panic!("{f:#?}"));
    events.iter().for_each(|e| d.push(format!("{e}\n").as_bytes()));
    d.finish();
    assert_eq!(d.take_problems(), [], "{}", rule.file);
    host_json::alerts(&d.take_alerts()).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
}

/// What is worth keeping of an alert: what an analyst reads, and the rows.
fn summary(alert: &Value) -> Value {
    let properties: Value =
        serde_json::from_str(alert["ExtendedProperties"].as_str().expect("text")).expect("JSON");
    let entities = match alert["Entities"].as_str() {
        Some("") | None => json!([]),
        Some(text) => serde_json::from_str(text).expect("JSON"),
    };
    let rows: Vec<Value> = alert["Evidence"]
        .as_array()
        .expect("evidence")
        .iter()
        .map(|e| {
            let ids: Vec<&Value> =
                e["events"].as_array().expect("events").iter().map(|e| &e["eventID"]).collect();
            let mut row: Map<String, Value> = e["row"].as_object().expect("a row").clone();
            // A whole event in a row says nothing the events do not; its columns are tested with the table.
            row.retain(|_, v| v != "" && !v.is_null());
            json!({"row": row, "events": ids})
        })
        .collect();
    json!({
        "TimeGenerated": alert["TimeGenerated"], "AlertName": alert["AlertName"], "AlertSeverity": alert["AlertSeverity"],
        "StartTime": alert["StartTime"], "EndTime": alert["EndTime"], "Tactics": alert["Tactics"], "Entities": entities,
        "Custom Details": properties["Custom Details"], "Rows": rows,
    })
}

#[test]
fn every_rule_fires_on_its_hit_and_not_on_its_near_miss() {
    let cases: Value = serde_json::from_str(CASES).expect("JSON");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/expected.json");
    let expected: Value =
        std::fs::read_to_string(path).ok().and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default();
    let bless = std::env::var_os("FOREPOST_BLESS").is_some();
    let mut made = Map::new();
    for case in cases["cases"].as_array().expect("cases") {
        let name = case["rule"].as_str().expect("a name");
        let Some(rule) = shared_rule(name) else {
            eprintln!("skipped: the shared rules are not here");
            return;
        };
        let events = |which: &str| -> Vec<Value> {
            let all = case[which].as_array().expect("events");
            all.iter().enumerate().map(|(i, e)| event(&cases["base"], e, i)).collect()
        };
        let hit = scan(&rule, &events("hit"));
        assert!(!hit.is_empty(), "{name} does not fire on its hit");
        // The policies that are created and attached: without the attachment the outer join still fires.
        let miss = scan(&rule, &events("miss"));
        assert!(miss.is_empty(), "{name} fires on its near miss: {}", miss[0]["Evidence"]);
        let got: Vec<Value> = hit.iter().map(summary).collect();
        if !bless {
            assert_eq!(json!(got), expected[name], "{name}");
        }
        made.insert(name.to_owned(), json!(got));
    }
    assert_eq!(made.len(), 38);
    if bless {
        let text = serde_json::to_string_pretty(&Value::Object(made)).expect("JSON");
        std::fs::write(path, text + "\n").expect("it can be written");
    }
}
