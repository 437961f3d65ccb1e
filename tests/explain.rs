//! The explanation of a rule says what the detector does, and shows how: over pairs of rules and events
//! drawn at random, and over input that is meant to be too much. `tests/package/explain.test.js` has the shared rules' own cases.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "helpers of tests fail loudly"
)]

#[path = "explain/coverage.rs"]
mod coverage;
#[path = "explain/hostile.rs"]
mod hostile;
#[path = "explain/pairs.rs"]
mod pairs;
#[path = "support/property.rs"]
mod property;
#[path = "explain/shared.rs"]
mod shared;
#[path = "explain/tree.rs"]
mod tree;

use forepost::detector::{Context, Detector, NamedTable, Options, Request, RuleFile, explain};
use forepost::host::json as host_json;
use serde_json::{Value, json};

/// The explanation as hosts have it.
fn explained(rule: &str, events: &[Value], event: Option<usize>, tables: &[NamedTable]) -> Value {
    let records: Vec<String> = events.iter().map(Value::to_string).collect();
    let records: Vec<&[u8]> = records.iter().map(|r| r.as_bytes()).collect();
    let context = &Context::of_tables(tables.to_vec());
    let request = Request { rule, events: &records, event, tick: None, context };
    serde_json::from_str(&host_json::explanation(&explain(&request))).expect("JSON")
}

/// How many alerts a scan of the events makes.
fn scan(rule: &str, events: &[Value]) -> Vec<Value> {
    let file = RuleFile { file: "r.yaml".to_owned(), text: rule.to_owned() };
    let mut d = Detector::new(&[file], Options::default()).unwrap_or_else(|f| panic!("{f:#?}"));
    events.iter().for_each(|e| d.push(format!("{e}\n").as_bytes()));
    d.finish();
    let mut all = Vec::new();
    loop {
        let alerts = d.take_alerts();
        if alerts.is_empty() {
            return all;
        }
        let text = host_json::alerts(&alerts);
        all.extend(text.lines().map(|l| serde_json::from_str::<Value>(l).expect("JSON")));
    }
}

/// A rule of a query.
fn rule(query: &str, more: &str) -> String {
    let query = query.lines().map(|l| format!("  {l}\n")).collect::<String>();
    let schedule = if more.contains("queryFrequency") { "" } else { "queryFrequency: 1d\nqueryPeriod: 1d\n" };
    let trigger = if more.contains("trigger") { "" } else { "triggerOperator: gt\ntriggerThreshold: 0\n" };
    format!(
        "id: 00000000-0000-4000-8000-00000000abcd\nname: Ours\ndescription: d\nseverity: Low\nkind: Scheduled\nversion: 1.0.0\n{schedule}{trigger}{more}query: |\n{query}"
    )
}

/// An event of ours.
fn event(id: usize, time: &str, name: &str, user: &str) -> Value {
    json!({
        "eventVersion": "1.11", "eventTime": time, "eventSource": "ecr.amazonaws.com", "eventName": name,
        "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2",
        "userIdentity": {"type": "IAMUser", "userName": user, "arn": format!("arn:aws:iam::210987654321:user/{user}")},
        "eventID": format!("event-{id}"), "eventType": "AwsApiCall", "recipientAccountId": "210987654321",
    })
}

/// The text of the query at a place.
fn text<'q>(explained: &'q Value, place: &Value) -> &'q str {
    let (start, end) = (place["start"].as_u64().expect("start"), place["end"].as_u64().expect("end"));
    &explained["query"].as_str().expect("the query")[start as usize..end as usize]
}
