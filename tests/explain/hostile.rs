//! Rules and events that are meant to be too much: the explanation is bounded, and says what it leaves out.

use super::{event, explained, rule};
use serde_json::{Value, json};

const MORNING: &str = "2026-03-11T07:00:00Z";
/// No explanation is longer: the limit of its text, and what one stage can add behind it.
const MOST: usize = 6 << 20;

fn size(e: &Value) -> usize {
    e.to_string().len()
}

#[test]
fn a_huge_list_is_cut_and_says_so() {
    let items = (0..700).map(|i| format!("'item-{i}'")).collect::<Vec<_>>().join(",");
    let written = format!("AWSCloudTrail | where EventName in ({items})");
    let made = "let names = range(1, 20000, 1);\nAWSCloudTrail | where EventName in (names)".to_owned();
    for query in [written, made] {
        let e = explained(&rule(&query, ""), &[event(1, MORNING, "Put", "dana")], None, &[]);
        assert_eq!(e["verdict"], "quiet", "{}", e["findings"]);
        assert!(size(&e) < 50_000, "{}", size(&e));
        assert!(e["stopped"]["text"].as_str().expect("text").chars().count() <= 301);
        if query.starts_with("let") {
            assert_eq!(e["lets"][0]["cut"], json!(20_000));
            assert_eq!(e["lets"][0]["value"].as_array().expect("a list").len(), 50);
        }
    }
}

#[test]
fn deep_and_wide_queries_are_bounded() {
    let deep =
        (0..20).fold("EventName == 'x'".to_owned(), |inner, _| format!("({inner} or EventName == 'y')"));
    let nested = (0..6).fold("AWSCloudTrail".to_owned(), |inner, _| {
        format!("({inner} | where EventName != 'z' | join kind=inner AWSCloudTrail on AwsEventId)")
    });
    let long = format!("AWSCloudTrail{}", " | where EventName != 'z'".repeat(300));
    let many = format!("union {}", vec!["(AWSCloudTrail | where EventName == 'q')"; 200].join(", "));
    for query in [format!("AWSCloudTrail | where {deep}"), nested, long, many] {
        let e = explained(&rule(&query, ""), &[event(1, MORNING, "Put", "dana")], None, &[]);
        assert!(e["branches"].as_array().is_some_and(|b| !b.is_empty()), "{query}: {}", e["findings"]);
        assert!(size(&e) < MOST, "{}", size(&e));
    }
}

#[test]
fn a_long_value_is_cut_and_says_so() {
    let mut long = event(1, MORNING, "Put", "dana");
    long["requestParameters"] = json!({"a": "x".repeat(200_000)});
    long["errorMessage"] = json!("\u{202e}\u{0}<b>".repeat(50_000));
    let e = explained(
        &rule("AWSCloudTrail | where ErrorMessage has 'q' or RequestParameters has 'q'", ""),
        &[long],
        None,
        &[],
    );
    assert!(size(&e) < 100_000, "{}", size(&e));
    let steps = e["branches"][0]["stages"][1]["rows"][0]["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|s| s["cut"].as_u64() > Some(100_000)), "{steps:#?}");
}

#[test]
fn evidence_of_a_hundred_thousand_events_is_bounded() {
    let events: Vec<Value> =
        (0..100_000).map(|i| event(i, MORNING, "Put", &format!("user-{}", i % 1000))).collect();
    let ours = rule(
        "AWSCloudTrail | where EventName == 'Put' | summarize n = count() by UserIdentityUserName | where n > 1",
        "",
    );
    let e = explained(&ours, &events, None, &[]);
    assert_eq!(
        (&e["verdict"], &e["run"]["rows"], &e["events"]),
        (&json!("alert"), &json!(1000), &json!(100_000))
    );
    assert_eq!(e["branches"][0]["stages"][1]["rowsIn"], json!(100_000));
    assert!(size(&e) < 200_000, "{}", size(&e));
}

#[test]
fn what_is_no_event_is_quiet() {
    for record in ["{}", "", "[", "null", "{\"eventTime\":5}", "{\"eventName\":{\"a\":[]}}"] {
        let records = [record.as_bytes()];
        let text = rule("AWSCloudTrail | where EventName == 'x'", "");
        let request = forepost::detector::Request { rule: &text, events: &records, ..Default::default() };
        let e = forepost::detector::explain(&request).unwrap_or_else(|e| panic!("{e:?}"));
        assert_eq!(e.verdict.name(), "quiet", "{record}");
    }
    let text = rule("AWSCloudTrail | count", "");
    let e = forepost::detector::explain(&forepost::detector::Request { rule: &text, ..Default::default() });
    assert!(e.is_ok_and(|e| e.alerts == 0), "no event at all");
}
