//! The verdict is the scan's, whatever the rule and the event.

use super::random::Random;
use super::{explained, scan};
use serde_json::{Value, json};

/// How many pairs are drawn.
const PAIRS: usize = 10_000;

/// Rules of ours that use what rules use; with the shared ones, where they are here.
fn rules() -> Vec<String> {
    let queries = [
        "AWSCloudTrail | where EventName == 'PutObject' and isempty(ErrorCode)",
        "let names = dynamic(['PutObject', 'DeleteBucket']); AWSCloudTrail | where EventName in (names) or SourceIpAddress startswith '203.'",
        "let limit = 1; AWSCloudTrail | summarize n = count(), any(EventName) by UserIdentityUserName | where n >= limit",
        "let bad = AWSCloudTrail | where isnotempty(ErrorCode); AWSCloudTrail | where EventName != 'x' | join kind=inner bad on UserIdentityUserName",
        "AWSCloudTrail | where UserIdentityUserName in ((AWSCloudTrail | where EventName == 'DeleteBucket' | project UserIdentityUserName))",
        "union (AWSCloudTrail | where EventName == 'PutObject'), (AWSCloudTrail | where ErrorCode == 'AccessDenied') | project EventName, TimeGenerated",
        "AWSCloudTrail | extend p = parse_json(RequestParameters) | where p.bucketName == 'b' | extend what = case(EventName has 'Put', 'w', EventName has 'Get', 'r', 'o') | where what != 'o'",
        "AWSCloudTrail | where TimeGenerated > ago(12h) | mv-expand r = dynamic([1, 2]) | where r > 1",
        "AWSCloudTrail | join kind=leftanti (AWSCloudTrail | where isempty(ErrorCode)) on EventName",
        "AWSCloudTrail | where EventName == 'PutObject' | count | where Count > 0",
        "let f = (T:(EventName:string)) { T | where EventName == 'GetObject' }; f(AWSCloudTrail) | take 3",
        "AWSCloudTrail | top 1 by TimeGenerated | where not(EventName has_any ('List', 'Get'))",
        "let total = toscalar(AWSCloudTrail | count); AWSCloudTrail | where total > 0 and ErrorCode !in ('', 'AccessDenied')",
        "AWSCloudTrail | sort by TimeGenerated asc | extend before = prev(EventName) | where before != EventName",
    ];
    let triggers =
        ["", "triggerOperator: lt\ntriggerThreshold: 1\n", "triggerOperator: gt\ntriggerThreshold: 1\n"];
    let mut rules = Vec::new();
    for (i, query) in queries.iter().enumerate() {
        let more = match i % 4 {
            0 => format!(
                "queryFrequency: 1h\nqueryPeriod: 3h\nsuppressionEnabled: true\nsuppressionDuration: 2h\n{}",
                triggers[i % 3]
            ),
            _ => triggers[i % 3].to_owned(),
        };
        rules.push(super::rule(query, &more));
    }
    rules.extend(super::shared::cases().into_iter().map(|(_, rule, ..)| rule));
    rules
}

fn random_event(r: &mut Random, hits: &[Value]) -> Value {
    // Half of them are near to some rule, with one thing changed.
    if !hits.is_empty() && r.below(2) == 0 {
        let mut event = r.of(hits).clone();
        match r.below(6) {
            0 => event["errorCode"] = json!("AccessDenied"),
            1 => event["eventName"] = json!(*r.of(&["PutObject", "CreateUser", "GetObject"])),
            2 => event["eventTime"] = json!("not a time"),
            3 => event["requestParameters"] = Value::Null,
            4 => event["sourceIPAddress"] = json!("203.0.113.9"),
            _ => {}
        }
        return event;
    }
    let hour = r.below(24);
    let mut event = super::event(
        r.below(100),
        &format!("2026-03-11T{hour:02}:00:00Z"),
        r.of::<&str>(&["PutObject", "GetObject", "DeleteBucket", "ListBuckets", "x"]),
        r.of::<&str>(&["dana", "eve", "root"]),
    );
    if r.below(3) == 0 {
        event["errorCode"] = json!(*r.of(&["AccessDenied", "Client.Unauthorized"]));
    }
    if r.below(2) == 0 {
        event["requestParameters"] = json!({"bucketName": *r.of(&["b", "c"])});
    }
    event
}

#[test]
fn the_verdict_is_the_scans() {
    let rules = rules();
    let hits: Vec<Value> = super::shared::cases().into_iter().flat_map(|(_, _, hit, _)| hit).collect();
    let mut r = Random::new(22);
    let mut alerted = 0;
    for i in 0..PAIRS {
        let rule = r.of(&rules);
        let event = random_event(&mut r, &hits);
        let alerts = scan(rule, std::slice::from_ref(&event));
        let e = explained(rule, std::slice::from_ref(&event), None, &[]);
        assert_eq!(
            e["verdict"] == "alert",
            !alerts.is_empty(),
            "pair {i}: {rule}\n{event}\n{}",
            e["stopped"]
        );
        assert_eq!(e["alerts"], json!(alerts.len()), "pair {i}: {rule}\n{event}");
        assert_eq!(e["stopped"].is_null(), !alerts.is_empty(), "pair {i}: {}", e["stopped"]);
        alerted += usize::from(!alerts.is_empty());
    }
    println!("{PAIRS} pairs, {alerted} alerts, {} rules", rules.len());
    assert!(alerted > PAIRS / 20 && alerted < PAIRS * 9 / 10);
}

/// Of several events: the one that is looked at is in an alert's evidence if and only if the verdict is alert.
#[test]
fn of_several_events_the_verdict_is_whether_it_is_evidence() {
    let rules = rules();
    let mut r = Random::new(23);
    for i in 0..400 {
        let rule = r.of(&rules[..14]);
        let mut events: Vec<Value> = (0..2 + r.below(5)).map(|_| random_event(&mut r, &[])).collect();
        events.iter_mut().enumerate().for_each(|(n, e)| e["eventID"] = json!(format!("event-{n}")));
        let at = r.below(events.len());
        let id = events[at]["eventID"].clone();
        let is_evidence = scan(rule, &events).iter().any(|alert| {
            let rows = alert["Evidence"].as_array().expect("rows").iter();
            rows.flat_map(|row| row["events"].as_array().expect("events")).any(|e| e["eventID"] == id)
        });
        let e = explained(rule, &events, Some(at), &[]);
        assert_eq!(
            e["verdict"] == "alert",
            is_evidence,
            "pair {i}: {rule}\n{events:#?}\n{at}\n{}",
            e["stopped"]
        );
    }
}
